"""One snapshot judged for every phase: which controls turn, against a table written by hand from the catalogue (section 7)."""

from __future__ import annotations

import pytest

from fedready.model import PHASES, Run, Verdict
from tests.bites import base
from tests.judging import judge

TURNS: dict[str, dict[str, set[str]]] = {
    "pre-hybrid": {
        "reported": {"EDGE-01", "EDGE-02", "EDGE-03", "EDGE-04", "HOST-01", "TEN-01", "DNS-02"},
        "n/a": {
            "HOST-02", "HOST-03", "HOST-04", "HOST-05", "HOST-06", "HOST-07", "HOST-08", "HOST-09",
            "DNS-08", "AUTO-01", "AUTO-02", "AUTO-03", "AUTO-04", "AUTO-05",
        },
        "fail": set(),
    },
    "hybrid": {"reported": set(), "n/a": set(), "fail": set()},
    "pre-migration": {"reported": set(), "n/a": set(), "fail": set()},
    "migrated": {"reported": set(), "n/a": set(), "fail": set()},
    "hybrid-disabled": {
        "reported": {"EDGE-01", "EDGE-02", "EDGE-03", "EDGE-04"},
        "n/a": {
            "HOST-01", "HOST-02", "HOST-03", "HOST-04", "HOST-05", "HOST-06", "HOST-07", "HOST-08", "HOST-09",
            "DNS-08", "AUTO-01", "AUTO-02", "AUTO-03", "AUTO-04", "AUTO-05",
        },
        "fail": {"TEN-01", "DNS-02"},
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
