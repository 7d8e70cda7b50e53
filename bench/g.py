"""G: packages that an audit needs installed. Counted, not timed."""

from __future__ import annotations

import re

from bench.rows import COUNTED, Row
from bench.runs import ROOT

MEASURE, TARGET, MUST = "packages in requirements.txt", 25.0, 28.0


def packages() -> list[str]:
    """The packages that are locked for an audit."""
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    return re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE)


def measure() -> list[Row]:
    count = len(packages())
    return [Row("G", MEASURE, f"{count}", "1", count, TARGET, MUST, COUNTED)]
