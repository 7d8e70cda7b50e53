"""B2: start-up of the commands that touch no network, over `python -c pass`."""

from __future__ import annotations

import sys

from bench.rows import Row, in_turn
from bench.runs import timed

MEASURE, TARGET, MUST = "start-up over python -c pass", 8.0, 12.0
COMMANDS = (("--version",), ("controls",), ("explain", "HOST-04"))


def measure() -> list[Row]:
    rows = []
    for words in COMMANDS:
        pairs = in_turn(
            lambda words=words: timed([sys.executable, "-m", "fedready", *words]).seconds,
            lambda: timed([sys.executable, "-c", "pass"]).seconds,
            15,
        )
        rows.append(pairs.row("B2", f"fedready {' '.join(words)}: {MEASURE}", "s", TARGET, MUST))
    return rows
