"""Evidence on the shelf is the evidence that was put there."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedready import shelf, spool
from fedready.model import Cause, Evidence
from fedready.shelf import Gathering, Shelf, facts, line_of
from tests.bites import base
from tests.judging import ROOT

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
VALUES = st.recursive(st.none() | st.booleans() | st.integers(-5, 5) | TEXTS, lambda v: st.lists(v, max_size=3))
EVIDENCE = st.builds(
    Evidence,
    state=st.sampled_from(["answered", "failed", "not_asked"]),
    value=VALUES,
    cause=st.none() | st.builds(Cause, kind=st.sampled_from(["timeout", "denied"]), text=TEXTS),
    source=TEXTS,
    account=st.none() | TEXTS,
    via=st.sampled_from(["live", "export"]),
)
QUESTIONS = TEXTS | TEXTS.map("GET ".__add__) | TEXTS.map("dns@public: A ".__add__)


def shelf_of(entries: Mapping[str, Evidence]) -> Shelf:
    return Shelf(line_of(text, entry) for text, entry in sorted(entries.items()))


@given(st.dictionaries(QUESTIONS, EVIDENCE, max_size=20), TEXTS, st.sampled_from([1, 4 << 20]))
def test_it_is_the_mapping_that_was_put_there(entries: dict[str, Evidence], other: str, batch: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "BATCH", batch)
        patch.setattr(shelf, "AT_HAND", 2)
        put = shelf_of(entries)
    assert put == entries
    assert list(put) == sorted(entries)
    assert list(put.items()) == sorted(entries.items())
    assert [put[text] for text in entries] == list(entries.values())
    assert put.get(other) == entries.get(other)
    assert (other in put) == (other in entries)
    assert facts(put) == facts(entries)


def test_a_question_that_was_not_asked_is_missing() -> None:
    put = shelf_of({"onprem: Get-CsSipDomain": Evidence(state="answered")})
    with pytest.raises(KeyError):
        put["tenant: Get-CsTenant"]


@pytest.mark.parametrize(
    "lines",
    [
        [b'"b":{"state":"answered"}', b'"a":{"state":"answered"}'],
        [b'"a":{"state":"answered"}'] * 2,
        [b'"a":{}'],
        [b"x"],
    ],
)
def test_what_is_no_entry_or_out_of_order_is_refused(lines: list[bytes]) -> None:
    with pytest.raises(ValueError, match=r"order|missing|malformed|invalid|JSON"):
        Shelf(lines)


@pytest.mark.parametrize("path", sorted((ROOT / "fixtures" / "snapshots").glob("*.json")), ids=lambda p: p.stem)
def test_whole_snapshots_read_alike_from_shelf_and_dict(path: Path) -> None:
    entries = base(path.stem).entries
    assert facts(shelf_of(entries)) == facts(dict(entries))


@given(st.dictionaries(QUESTIONS, EVIDENCE, max_size=30), EVIDENCE, st.randoms())
def test_answers_are_gathered_as_they_come_and_shelved_in_order(
    entries: dict[str, Evidence], other: Evidence, chance: Random
) -> None:
    coming = list(entries)
    chance.shuffle(coming)
    gathered = Gathering()
    for place, text in enumerate(coming):
        assert text not in gathered
        gathered.put(text, entries[text])
        assert gathered[text] == entries[text]
        assert list(gathered) == coming[: place + 1]
    instead = dict.fromkeys(coming[::3], other)
    shelved = gathered.shelf(instead)
    assert list(shelved) == sorted(entries)
    assert shelved == entries | instead


def test_a_question_is_answered_once() -> None:
    gathered = Gathering()
    gathered.put("tenant: Get-CsTenant", Evidence(state="answered"))
    with pytest.raises(ValueError, match="Get-CsTenant was answered already"):
        gathered.put("tenant: Get-CsTenant", Evidence(state="failed"))
    assert gathered["tenant: Get-CsTenant"].state == "answered"


@pytest.mark.parametrize("batch", [1, 4 << 20])
def test_ctrl_c_at_any_moment_leaves_every_answer_whole(monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    """An answer that is being put in is there afterwards or it is not; what is put in then is not in its way."""
    monkeypatch.setattr(spool, "BATCH", batch)
    before = {f"dns@public: A {name}.example": Evidence(state="answered", value=name) for name in "cab" * 11}
    first, then = Evidence(state="answered", value="came"), Evidence(state="not_asked")
    moment = 0
    while True:
        gathered = Gathering()
        for text, evidence in [*before.items(), *((f"GET {n}", then) for n in range(5))]:
            gathered.put(text, evidence)
        pressed = interrupted_at(moment, lambda gathered=gathered: gathered.put("GET https://x", first))
        if "GET https://x" not in gathered:
            gathered.put("GET https://x", then)
        gathered.put("GET https://y", then)
        shelved = gathered.shelf({})
        assert shelved["GET https://x"] in ((first, then) if pressed else (first,))
        assert len(shelved) == len(before) + 7
        assert all(shelved[text] == evidence for text, evidence in before.items())
        assert shelved["GET https://y"] == then
        if not pressed:
            break
        moment += 1
    assert moment > 100


def interrupted_at(moment: int, work: Callable[[], object]) -> bool:
    """Run it, with Ctrl-C pressed before its n-th instruction in the shelf or the spool; was there one such?"""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> object:
        nonlocal count
        if frame.f_code.co_filename not in (shelf.__file__, spool.__file__):
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            count += 1
            if count > moment:
                raise KeyboardInterrupt
        return trace

    traced = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(traced)
    return False
