"""E1: size of readiness.html at 60,000 findings, in MB. pytest-html needs 40."""

from __future__ import annotations

from bench import made
from bench.findings import of_findings
from bench.rows import Row
from fedready.tell.readiness import readiness_html

MEASURE, TARGET, MUST = "MB of readiness.html at 60,000 findings", 1.0, 4.0
FINDINGS = 60_000


def measure() -> list[Row]:
    rows = []
    for kind in made.KINDS:
        run = of_findings(FINDINGS, kind)
        size = len(readiness_html(run)) / 1e6
        goal = (TARGET, MUST) if kind in ("1 % bad", "all bad") else (None, None)
        measure = f"{MEASURE}, {kind} ({len(run.findings):,})"
        rows.append(Row("E1", measure, f"{size:.2f} MB", "1 MB", round(size, 3), *goal))
    return rows
