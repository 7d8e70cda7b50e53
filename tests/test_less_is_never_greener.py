"""Less evidence is never greener: whatever is taken away or spoilt, nothing becomes a pass or n/a, and nothing READY."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fedready.model import Cause, Evidence, Headline, Run, Snapshot, Verdict
from fedready.snapshot import read
from tests.judging import ROOT, by_key, judge

SNAPSHOTS = sorted((ROOT / "fixtures" / "snapshots").glob("*.json"))
SPOILT = ("unreachable", "refused", "timeout", "malformed", "interrupted", "too_old", "servfail", "absent")
GREEN = (Verdict.PASS, Verdict.NA)


@functools.cache
def kept(path: Path) -> Snapshot:
    return read(path)


@functools.cache
def whole(path: Path) -> Run:
    return judge(kept(path))


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a value that could be missing."""
    found = [at] if at else []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += places(inner, (*at, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value[:4]):
            found += places(inner, (*at, index))
    return found


def without(value: Any, at: tuple[Any, ...]) -> Any:
    """The value without what stands there. Elements of a list are spoilt instead: a shorter list is another answer."""
    if isinstance(value, dict):
        if len(at) == 1:
            return {k: v for k, v in value.items() if k != at[0]}
        return {**value, at[0]: without(value[at[0]], at[1:])}
    if len(at) == 1:
        return [{"spoilt": True} if i == at[0] else v for i, v in enumerate(value)]
    return [without(v, at[1:]) if i == at[0] else v for i, v in enumerate(value)]


def spoil(draw: st.DrawFn, entry: Evidence) -> Evidence | None:
    """One way to know less of an answer."""
    how = draw(st.sampled_from(("gone", "failed", "less", "not JSON's shape")))
    if how == "gone":
        return None
    if how == "less" and (inside := places(entry.value)):
        return msgspec.structs.replace(entry, value=without(entry.value, draw(st.sampled_from(inside))))
    if how == "not JSON's shape":
        return msgspec.structs.replace(
            entry, value=draw(st.sampled_from((None, "text", 7, {}, {"rcode": "?"}, [None])))
        )
    cause = Cause(kind=draw(st.sampled_from(SPOILT)), text="spoilt")  # type: ignore[arg-type]
    return msgspec.structs.replace(entry, state="failed", value=None, cause=cause)


@st.composite
def poorer(draw: st.DrawFn, path: Path) -> Snapshot:
    """The snapshot, knowing less in a few places."""
    snapshot = kept(path)
    entries = dict(snapshot.entries)
    for key in draw(st.lists(st.sampled_from(sorted(entries)), min_size=1, max_size=6, unique=True)):
        spoilt = spoil(draw, entries[key])
        if spoilt is None:
            del entries[key]
        else:
            entries[key] = spoilt
    return msgspec.structs.replace(snapshot, entries=entries)


@pytest.mark.parametrize("path", SNAPSHOTS, ids=lambda path: path.stem)
def test_less_evidence_is_never_greener(path: Path) -> None:
    @settings(max_examples=100)
    @given(snapshot=poorer(path))
    def check(snapshot: Snapshot) -> None:
        before, after = whole(path), judge(snapshot)
        old, new = by_key(before), by_key(after)
        assert {control for control, _ in old} == {control for control, _ in new}, "a control vanished"
        assert not [f for f in after.findings if f.verdict is Verdict.ERROR], [
            f for f in after.findings if f.verdict == "error"
        ]
        lists_known = {subject for _, subject in old} == {subject for _, subject in new}
        for key, finding in new.items():
            if key in old:
                greener = finding.verdict in GREEN and old[key].verdict is not finding.verdict
                assert not greener, (key, old[key].verdict, finding.verdict, finding.message)
            elif not lists_known:
                assert finding.verdict is not Verdict.NA
        if before.headline in (Headline.NOT_READY, Headline.UNDETERMINED):
            assert after.headline in (Headline.NOT_READY, Headline.UNDETERMINED)

    check()


def test_nothing_at_all_is_undetermined() -> None:
    run = judge(msgspec.structs.replace(kept(SNAPSHOTS[0]), entries={}, sent=()))
    assert run.headline is Headline.UNDETERMINED
    assert Verdict.ERROR not in {f.verdict for f in run.findings}
    assert {f.control for f in run.findings if f.verdict is Verdict.PASS} <= {"SESS-06"}
