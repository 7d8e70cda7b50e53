"""D1: CPU that a further record costs, from 1,000 to 10,000 SIP domains, every report written.

A record is one answer in the evidence. The snapshot is read, judged and told; what asking costs is row C2. Both sizes run in
turn, and the slope is taken of each pair.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from bench import made
from bench.rows import AT_LEAST, Row
from bench.runs import audit

MEASURE, TARGET, MUST = "us CPU a record, 1,000 to 10,000 domains", 40.0, 100.0
SMALL, LARGE = 1_000, 10_000
CODES = (0, 1, 10)


def slopes(folder: Path, kind: made.Kind) -> tuple[list[float], list[float], list[float]]:
    """Microseconds a record, and the CPU seconds of both sizes, for each pair of runs."""
    files = {size: made.write(folder, size, kind) for size in (SMALL, LARGE)}
    records = len(made.snapshot(LARGE, kind).entries) - len(made.snapshot(SMALL, kind).entries)
    cpu: dict[int, list[float]] = {size: [] for size in files}
    for _ in range(AT_LEAST):
        for size, file in files.items():
            cpu[size].append(audit(["--snapshot", str(file)], folder / "out", codes=CODES).cpu)
    each = [(large - small) / records * 1e6 for small, large in zip(cpu[SMALL], cpu[LARGE], strict=True)]
    return each, cpu[SMALL], cpu[LARGE]


def measure() -> list[Row]:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for kind in made.KINDS:
            each, small, large = slopes(Path(folder), kind)
            rows.append(
                Row(
                    "D1",
                    f"{MEASURE}, {kind}",
                    f"{statistics.median(large):.2f} s",
                    f"{statistics.median(small):.2f} s",
                    round(statistics.median(each), 1),
                    *((TARGET, MUST) if kind in ("healthy", "1 % bad") else (None, None)),
                    f"{min(each):.1f} to {max(each):.1f}",
                )
            )
    return rows
