"""What a benchmark says: a figure of ours beside the other side's, measured in turn, and how it is kept."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results.json"
OCCASIONS = Path(__file__).parent / "occasions.json"
OF_EACH = 3
"""Occasions on which a measure was taken that are remembered."""
AT_LEAST = 5
"""Figures that a median is taken of. What is counted or is a size comes out the same each time, and is taken once."""
COUNTED = "counted"
"""The spread of what comes out the same each time."""


class NotMeasured(Exception):
    """The other side is not here. The text says what to install. A row never passes by absence."""


@dataclass(frozen=True)
class Row:
    """One measured line. `ratio`, `target` and `must` are in the same unit; smaller is better everywhere."""

    row: str
    measure: str
    ours: str
    other: str
    ratio: float | None
    target: float | None = None
    must: float | None = None
    spread: str = ""
    at: str = field(default_factory=lambda: dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))

    @property
    def verdict(self) -> str:
        """How it stands against its target and its must."""
        if self.ratio is None:
            return "not measured"
        if self.target is None or self.must is None:
            return "reported"
        if self.ratio <= self.target:
            return "on target"
        return "within must" if self.ratio <= self.must else "BELOW MUST"

    def __str__(self) -> str:
        if self.ratio is None:
            return f"{self.row:<3} {self.measure}: not measured: {self.other}"
        goal = "" if self.target is None else f"; target {self.target:g}, must {self.must:g}"
        spread = f" [{self.spread}]" if self.spread else ""
        return (
            f"{self.row:<3} {self.measure}: {self.ours} / {self.other} = {self.ratio:.4g}{spread}{goal}: {self.verdict}"
        )


@dataclass(frozen=True)
class Pairs:
    """Figures of both sides, taken in turn."""

    ours: tuple[float, ...]
    other: tuple[float, ...]

    @property
    def ratios(self) -> list[float]:
        return [a / b for a, b in zip(self.ours, self.other, strict=True)]

    def row(
        self, name: str, measure: str, unit: str, target: float | None, must: float | None, *, digits: int = 3
    ) -> Row:
        """The medians of both sides and of the ratios within the pairs, with the smallest and the largest of these."""
        return Row(
            row=name,
            measure=measure,
            ours=f"{statistics.median(self.ours):.{digits}f} {unit}",
            other=f"{statistics.median(self.other):.{digits}f} {unit}",
            ratio=round(statistics.median(self.ratios), 4),
            target=target,
            must=must,
            spread=f"{min(self.ratios):.3g} to {max(self.ratios):.3g}",
        )


def alone(
    name: str,
    measure: str,
    figures: Sequence[float],
    unit: str,
    target: float | None = None,
    must: float | None = None,
    *,
    other: str = "1",
    digits: int = 3,
) -> Row:
    """The row of a figure that stands for itself: its median, with the smallest and the largest."""
    median = statistics.median(figures)
    return Row(
        row=name,
        measure=measure,
        ours=f"{median:.{digits}f} {unit}",
        other=other,
        ratio=round(median, 4),
        target=target,
        must=must,
        spread=f"{min(figures):.4g} to {max(figures):.4g}",
    )


def in_turn(ours: Callable[[], float], other: Callable[[], float], pairs: int = AT_LEAST) -> Pairs:
    """Take both sides' figures alternately, whoever begins changing from pair to pair, after one run of each unmeasured."""
    ours()
    other()
    left: list[float] = []
    right: list[float] = []
    for number in range(pairs):
        if number % 2:
            right.append(other())
            left.append(ours())
        else:
            left.append(ours())
            right.append(other())
    return Pairs(tuple(left), tuple(right))


def machine(*, load: bool = True) -> str:
    """What it is measured on, and how busy that is."""
    cpus = os.cpu_count() or 0
    busy = f", load {os.getloadavg()[0]:.1f}" if load and hasattr(os, "getloadavg") else ""
    return f"{platform.system()} {platform.machine()}, {cpus} CPUs{busy}, Python {platform.python_version()}"


def keep(rows: Sequence[Row], file: Path = RESULTS) -> None:
    """Put rows into results.json; those of the same name that were there before go. Their figures join those of other occasions."""
    occasions = file.with_name(OCCASIONS.name)
    new = {row.row for row in rows}
    old = [entry for entry in _read(file) if entry["row"] not in new]
    _write(file, sorted([*old, *map(asdict, rows)], key=lambda e: (e["row"], e["measure"])))
    taken = _read(occasions)
    for row in rows:
        same = [entry for entry in taken if entry["measure"] == row.measure and entry["row"] == row.row]
        taken = [entry for entry in taken if entry not in same]
        figure = {"row": row.row, "measure": row.measure, "at": row.at, "ratio": row.ratio, "spread": row.spread}
        taken += [*same, figure][-OF_EACH:]
    _write(occasions, sorted(taken, key=lambda e: (e["row"], e["measure"], e["at"])))


def _read(file: Path) -> list[dict[str, Any]]:
    return list(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else []


def _write(file: Path, entries: Sequence[dict[str, Any]]) -> None:
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
    file.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
