"""Judged runs with about as many findings as wanted, without a pytest session: what the writers are given."""

from __future__ import annotations

from bench import made
from fedready.model import Run
from tests.judging import judge


def per_domain() -> int:
    """How many findings a further SIP domain adds."""
    few, more = (len(judge(made.snapshot(count)).findings) for count in (200, 300))  # TLS is in neither
    return (more - few) // 100


def of_findings(wanted: int, kind: made.Kind = "healthy") -> Run:
    """A run with at least so many findings: as many SIP domains as that takes."""
    return judge(made.snapshot(-(-wanted // max(1, per_domain())), kind))
