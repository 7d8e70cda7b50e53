"""D2: peak memory of judging and telling 10,000 SIP domains, over one domain; and the peak itself."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench import made
from bench.rows import Row, alone, in_turn
from bench.runs import audit

MEASURE, TARGET, MUST = "peak memory, 10,000 domains over 1", 2.0, 3.0


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        large, small = made.write(folder, 10_000), made.write(folder, 1)

        def peak(file: Path) -> float:
            return audit(["--snapshot", str(file)], folder / "out").peak

        pairs = in_turn(lambda: peak(large), lambda: peak(small))
    return [
        pairs.row("D2", MEASURE, "MiB", TARGET, MUST, digits=0),
        alone("D2", "peak memory at 10,000 domains, MiB", pairs.ours, "MiB", 128.0, 384.0, digits=0),
    ]
