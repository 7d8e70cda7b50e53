"""One change, one red line: each bite turns exactly what it names, and without the evidence the same controls are unknown."""

from __future__ import annotations

import msgspec
import pytest

from fedready.model import Finding, Snapshot, Target, Verdict
from tests.bites import Bite, Change, all_bites, base, bitten
from tests.judging import baseline, by_key, judge

WORSE = {Verdict.PASS: 0, Verdict.NA: 0, Verdict.UNKNOWN: 1, Verdict.FAIL: 2, Verdict.ERROR: 3}


def start(bite: Bite) -> Snapshot:
    snapshot = base(bite.on)
    target = msgspec.convert({**msgspec.to_builtins(snapshot.target), **bite.target}, Target)
    return bitten(msgspec.structs.replace(snapshot, target=target), bite.circumstances())


def turned(before: dict[tuple[str, str], Finding], after: dict[tuple[str, str], Finding]) -> list[Finding]:
    """Findings that are worse than before, or that are there only now and not a pass."""
    worse = []
    for key, finding in after.items():
        old = before.get(key)
        if WORSE[finding.verdict] > (WORSE[old.verdict] if old else 0):
            worse.append(finding)
    return worse


@pytest.mark.parametrize("bite", all_bites(), ids=lambda bite: bite.id)
def test_a_bite_turns_exactly_what_it_names(bite: Bite) -> None:
    snapshot = start(bite)
    before = judge(snapshot, phase=bite.phase, cloud=bite.cloud)
    after = judge(bitten(snapshot, bite.changes()), phase=bite.phase, cloud=bite.cloud)
    worse = turned(by_key(before), by_key(after))
    said = [f"{f.control} {f.subject} {f.verdict}: {f.message} {f.caused_by}" for f in worse]
    assert {f.control for f in worse if not f.caused_by} == set(bite.turns), said
    assert {f.control for f in worse if f.caused_by} == set(bite.follows), said
    assert {f.verdict for f in worse if f.control in (*bite.turns, *bite.owns)} <= {Verdict.FAIL}, said
    assert set(bite.owns) <= set(bite.follows), said
    remarks = [
        {(f.control, f.subject): f.note for f in run.findings if f.control in bite.notes} for run in (before, after)
    ]
    assert all(remarks[1].get(key) != note for key, note in remarks[0].items()), remarks
    for finding in worse:
        if finding.verdict is Verdict.FAIL:
            assert finding.message, finding
            assert finding.fix, finding
            assert finding.verify, finding
            assert "{{" not in finding.fix + finding.rollback + finding.verify + finding.symptom, finding


def deletions() -> list[tuple[Bite, str, Change]]:
    """The same places as the bites', with nothing there."""
    seen = set()
    out = []
    for bite in all_bites():
        for question, change in bite.bites():
            if (
                question != "sent"
                and bite.turns
                and (question, change.path, bite.phase) not in seen
                and not change.delete
            ):
                seen.add((question, change.path, bite.phase))
                out.append((bite, question, Change(path=change.path, delete=True)))
    return out


DELETIONS = [pytest.param(*each, id=f"{each[0].id}: {each[1]} > {each[2].path or 'answer'}") for each in deletions()]


@pytest.mark.parametrize(("bite", "question", "change"), DELETIONS)
def test_without_the_evidence_it_is_unknown(bite: Bite, question: str, change: Change) -> None:
    snapshot = start(bite)
    before = by_key(judge(snapshot, phase=bite.phase, cloud=bite.cloud))
    after = judge(bitten(snapshot, [(question, change)]), phase=bite.phase, cloud=bite.cloud)
    worse = turned(before, by_key(after))
    said = [f"{f.control} {f.subject} {f.verdict}: {f.message}" for f in worse]
    assert {f.verdict for f in worse} == {Verdict.UNKNOWN}, said
    assert {f.control for f in worse} & set(bite.turns), said
    assert all(
        f.verdict is not Verdict.PASS
        for f in by_key(after).values()
        if f.control in {w.control for w in worse} and f in worse
    )


def test_every_control_owns_a_bite() -> None:
    owned = {control for bite in all_bites() for control in (*bite.turns, *bite.owns, *bite.notes)}
    assert owned == set(baseline().controls), "a control without a bite could be a control that cannot fail"


def test_a_bite_of_a_question_that_nobody_asks_is_refused() -> None:
    bite = Bite(id="x", set={"onprem: Get-CsNothing": Change(path="A", value=1)}, turns=("EDGE-01",))
    with pytest.raises(AssertionError, match="holds no answer"):
        bitten(base("healthy"), bite.changes())


def test_the_healthy_snapshot_is_healthy() -> None:
    run = judge(base("healthy"))
    assert [f for f in run.findings if f.verdict not in (Verdict.PASS, Verdict.NA)] == []
