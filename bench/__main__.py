"""`python -m bench [ROW ...]`: measure the rows, print a line each, keep them in bench/results.json.

`python -m bench --document` writes what is kept there into docs/performance.md.
"""

from __future__ import annotations

import importlib
import subprocess
import sys

from bench import document
from bench.rows import NotMeasured, Row, keep, machine
from bench.runs import ROOT

ROWS = ("A1", "A2", "A3", "A4", "B1", "B2", "C1", "C2", "D1", "D2", "D3", "E1", "E2", "F1", "G", "H", "L")


def main(wanted: list[str]) -> int:
    """Returns 0; 4 for a row that does not exist. A figure is never a reason to fail: machines differ."""
    if wanted == ["--document"]:
        document.write()
        return 0
    unknown = [name for name in wanted if name.upper() not in ROWS]
    if unknown:
        print(f"There is no row {', '.join(unknown)}. Choose of: {' '.join(ROWS)}.", file=sys.stderr)
        return 4
    names = [name.upper() for name in wanted] or list(ROWS)
    if len(names) == 1:
        _measure(names[0])
        return 0
    for name in names:  # in a process of its own, or what one row leaves in memory would slow the next one down
        subprocess.run([sys.executable, "-m", "bench", name], cwd=ROOT, check=True)
    return 0


def _measure(name: str) -> None:
    print(f"# {machine()}", flush=True)
    module = importlib.import_module(f"bench.{name.lower()}")
    try:
        rows: list[Row] = module.measure()
    except NotMeasured as missing:
        rows = [Row(name, module.MEASURE, "", str(missing), None, module.TARGET, module.MUST)]
    keep(rows)
    for row in rows:
        print(row, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
