"""One snapshot judged for every phase: which controls turn, against a table written by hand from the catalogue (section 7)."""

from __future__ import annotations

import pytest

from fedready.model import PHASES, Run, Verdict
from tests.bites import base
from tests.judging import judge

TURNS: dict[str, dict[str, set[str]]] = {
    "pre-hybrid": {
        "reported": {
            "EDGE-01", "EDGE-02", "EDGE-03", "EDGE-04", "EDGE-05", "EDGE-06", "EDGE-07", "EDGE-08", "EDGE-10",
            "EDGE-11", "EDGE-12", "HOST-01", "HOST-13", "TEN-01", "TEN-03", "TEN-04", "TEN-05", "TEN-07",
            "TEN-08", "TEN-09", "TEN-10", "TEN-11", "TEN-12", "DNS-02", "DNS-03", "DNS-05", "DNS-06", "DNS-07",
            "DNS-09", "DNS-11", "DNS-13", "AUTO-06", "XS-01", "XS-03", "XS-04", "XS-05", "XS-07", "XS-08",
            "USER-01", "USER-02", "USER-03", "USER-05", "USER-08", "TLS-02", "TLS-04",
        },
        "n/a": {
            "EDGE-09", "HOST-02", "HOST-03", "HOST-04", "HOST-05", "HOST-06", "HOST-07", "HOST-08", "HOST-09",
            "HOST-10", "HOST-11", "HOST-14", "HOST-15", "DNS-04", "DNS-08", "DNS-10", "AUTO-01", "AUTO-02",
            "AUTO-03", "AUTO-04", "AUTO-05", "AUTO-07", "XS-02", "XS-06", "USER-04", "USER-06", "USER-07",
            "USER-09", "USER-10", "TLS-01", "TLS-03", "TLS-05",
        },
        "fail": set(),
    },
    "hybrid": {
        "reported": {
            "TEN-12", "DNS-13", "USER-01", "USER-02", "USER-06", "USER-09",
        },
        "n/a": {
            "EDGE-09", "HOST-14", "DNS-04", "DNS-10", "XS-02", "USER-07", "USER-10", "TLS-03",
        },
        "fail": set(),
    },
    "pre-migration": {
        "reported": {
            "TEN-12", "DNS-13", "USER-01", "USER-02", "USER-06", "USER-10",
        },
        "n/a": {
            "EDGE-09", "HOST-14", "DNS-04", "DNS-10", "XS-02", "TLS-03",
        },
        "fail": set(),
    },
    "migrated": {
        "reported": {
            "TEN-10", "TEN-12", "DNS-13", "USER-02", "USER-06", "USER-09",
        },
        "n/a": {
            "EDGE-09", "HOST-14", "DNS-04", "DNS-10", "XS-02", "USER-07", "USER-10", "TLS-03",
        },
        "fail": {
            "USER-01",
        },
    },
    "hybrid-disabled": {
        "reported": {
            "EDGE-01", "EDGE-02", "EDGE-03", "EDGE-04", "EDGE-05", "EDGE-06", "EDGE-07", "EDGE-08", "EDGE-12",
            "TEN-03", "TEN-04", "TEN-05", "TEN-07", "TEN-09", "TEN-11", "TEN-12", "DNS-13", "SESS-07",
        },
        "n/a": {
            "EDGE-09", "EDGE-10", "EDGE-11", "HOST-01", "HOST-02", "HOST-03", "HOST-04", "HOST-05", "HOST-06",
            "HOST-07", "HOST-08", "HOST-09", "HOST-10", "HOST-11", "HOST-12", "HOST-15", "DNS-03", "DNS-04",
            "DNS-08", "DNS-09", "AUTO-01", "AUTO-02", "AUTO-03", "AUTO-04", "AUTO-05", "AUTO-06", "AUTO-07",
            "XS-01", "XS-02", "XS-03", "XS-04", "XS-05", "XS-06", "XS-08", "USER-03", "USER-04", "USER-07",
            "USER-08", "USER-09", "USER-10", "TLS-01", "TLS-02", "TLS-03", "TLS-04", "TLS-05",
        },
        "fail": {
            "HOST-14", "TEN-01", "TEN-10", "DNS-02", "DNS-05", "DNS-06", "DNS-07", "DNS-10", "XS-07", "USER-01",
            "USER-02",
        },
    },
}  # fmt: skip
"""What a deployment in hybrid (the estate `healthy`) gets when it is judged for each phase; what is not named passes."""


def seen(run: Run) -> dict[str, set[str]]:
    return {
        "reported": {f.control for f in run.findings if f.severity == "info" and f.verdict is Verdict.PASS},
        "n/a": {f.control for f in run.findings if f.verdict is Verdict.NA},
        "fail": {f.control for f in run.findings if f.verdict is Verdict.FAIL},
    }


@pytest.mark.parametrize("phase", PHASES)
def test_the_controls_that_turn_in_a_phase(phase: str) -> None:
    run = judge(base("healthy"), phase=phase)
    assert seen(run) == TURNS[phase]
    assert not [f for f in run.findings if f.verdict in (Verdict.UNKNOWN, Verdict.ERROR)]


def test_the_phase_is_judged_and_never_asked() -> None:
    runs = [judge(base("healthy"), phase=phase) for phase in PHASES]
    assert len({run.snapshot.digest for run in runs}) == 1
