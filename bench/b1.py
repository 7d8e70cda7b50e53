"""B1: CPU of a whole audit of one small estate, live against the lab, over bare pytest with 70 empty items."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.distance import Lab
from bench.rows import Row, in_turn
from bench.runs import audit, bare_pytest

MEASURE, TARGET, MUST = "own CPU of an audit over pytest with 70 empty items", 3.0, 4.0


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as name, Lab("healthy") as lab:
        folder = Path(name)
        pairs = in_turn(
            lambda: audit(["--target", str(lab.target)], folder / "out", environ=lab.environ).cpu,
            lambda: bare_pytest(folder, 70).cpu,
            9,
        )
    return [pairs.row("B1", MEASURE, "s CPU", TARGET, MUST)]
