"""E1: size of readiness.html at 60,000 findings, in MB; and at 60, 6,000 and 60,000 over pytest-html's, made in the same call."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench import made
from bench.findings import of_findings
from bench.pytest_html import report_of
from bench.rows import COUNTED, Row
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
        rows.append(Row("E1", measure, f"{size:.2f} MB", "1 MB", round(size, 3), *goal, COUNTED))
    with tempfile.TemporaryDirectory() as folder:
        for count in (60, 6_000, FINDINGS):
            ours = len(readiness_html(of_findings(count, "1 % bad"))) / 1e6
            other = report_of(count, Path(folder)).stat().st_size / 1e6
            measure = f"MB at {count:,} findings over pytest-html's report of as many"
            rows.append(Row("E1", measure, f"{ours:.2f} MB", f"{other:.2f} MB", round(ours / other, 4), spread=COUNTED))
    return rows
