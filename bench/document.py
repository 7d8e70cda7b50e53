"""The figures of bench/results.json as the table of docs/performance.md: `python -m bench --document` writes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench.rows import OCCASIONS, RESULTS, Row, machine

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- figures: written by `python -m bench --document` -->", "<!-- end of figures -->"


def table(results: list[dict[str, Any]], occasions: list[dict[str, Any]]) -> str:
    """A line for each measure; `before` are the figures of earlier occasions with the same program, the last one last."""
    lines = [
        "| row | measure | ours | other side | ratio or figure | spread | target | must | stands | before |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for entry in results:
        row = Row(**entry)
        ratio = "not measured" if row.ratio is None else f"{row.ratio:g}"
        goals = ["" if goal is None else f"{goal:g}" for goal in (row.target, row.must)]
        before = [
            f"{e['ratio']:g}" + (f" ({e['spread']})" if e["spread"] else "")
            for e in occasions
            if (e["row"], e["measure"]) == (row.row, row.measure) and e["at"] != row.at and e["ratio"] is not None
        ]
        cells = [row.row, row.measure, row.ours, row.other, ratio, row.spread, *goals, row.verdict, "; ".join(before)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def write() -> None:
    """Put the newest figures, when they were taken and the machine into the document."""
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    occasions = json.loads(OCCASIONS.read_text(encoding="utf-8"))
    taken = sorted(entry["at"] for entry in results)
    text = DOCUMENT.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    where = f"Taken from {taken[0]} to {taken[-1]} on: {machine(load=False)}."
    DOCUMENT.write_text(f"{head}{BEGIN}\n\n{where}\n\n{table(results, occasions)}\n\n{END}{tail}", encoding="utf-8")
