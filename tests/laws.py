"""Two laws of every audit, as functions over a snapshot: a finding says all it was judged from, and less is never greener."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from fedready.model import DEPLOYMENT, Cause, Evidence, Finding, Headline, Reading, Sent, Snapshot, Verdict
from tests.bites import PART
from tests.judging import by_key, checks, judge

# --------------------------------------------------------------------------- a finding says all


def put(holder: Any, path: str, value: Any) -> Any:
    """`holder` with `value` at `path`; whatever has to be there on the way is made."""
    keys: list[Any] = [int(i) if i else name for i, name in PART.findall(path)]
    if not keys:
        return value
    key, rest = keys[0], path
    if isinstance(key, int):
        items = list(holder or [])
        place = key if key >= 0 else max(len(items) + key, 0)
        items += [{}] * (place + 1 - len(items))
        rest = path.partition("]")[2].removeprefix(".")
        items[place] = put(items[place], rest, value)
        return items
    rest = path.removeprefix(".").removeprefix(key).removeprefix(".")
    return {**(holder or {}), key: put((holder or {}).get(key), rest, value)}


LOOKED_UP = re.compile(r"\[(\w+)=([^]]+)\](?:\.(.+))?")
"""`[Name=contoso.com].Status`: of the row whose Name is this. Each reading of the Name itself is another such row."""


def row_looked_up(
    value: list[Any], seen: dict[str, dict[str, Any]], key: str, name: str, property_: str | None, read: Any
) -> list[Any]:
    if property_ is None:
        return value
    if property_ == key:
        seen[name] = {}
        value = [*value, seen[name]]
    seen[name][property_] = read
    return value


def rebuilt_value(readings: list[Reading]) -> Any:
    """The answer that these readings were taken from, as far as they tell."""
    cmdlet = not readings[0].question.startswith(("dns@", "GET ", "TLS "))
    value: Any = [] if cmdlet else {}
    looked_up: dict[str, dict[str, Any]] = {}
    for reading in readings:
        if named := LOOKED_UP.fullmatch(reading.path):
            value = row_looked_up(value, looked_up, *named.groups(), reading.value)
        elif reading.path == "#":
            value = [value[i] if i < len(value) else {} for i in range(reading.value)]
        elif cmdlet and reading.path and not reading.path.startswith("["):
            value = put(value or [{}], f"[0].{reading.path}", reading.value)
        else:
            value = put(value, reading.path, reading.value)
    return value


def rebuilt(snapshot: Snapshot, finding: Finding) -> Snapshot:
    """A snapshot that holds nothing but the finding's readings."""
    groups: dict[str, list[Reading]] = defaultdict(list)
    for reading in finding.readings:
        groups[reading.question].append(reading)
    sent = tuple(
        Sent(to=str(r.value).partition(": ")[0], command=str(r.value).partition(": ")[2])
        for r in groups.pop("sent", [])
    )
    entries = {
        question: Evidence(state="answered", value=rebuilt_value(readings), via="snapshot", asked=snapshot.run.started)
        for question, readings in groups.items()
    }
    target = snapshot.target
    if checks()[finding.control][1] == "sip_domain" and finding.subject != DEPLOYMENT:
        target = msgspec.structs.replace(target, sip_domains=(finding.subject,))
    return msgspec.structs.replace(snapshot, target=target, entries=entries, sent=sent)


def same_again(snapshot: Snapshot, finding: Finding, phase: str | None, cloud: str | None) -> None:
    again = by_key(judge(rebuilt(snapshot, finding), phase=phase, cloud=cloud, only={finding.control}))
    subject = finding.subject if (finding.control, finding.subject) in again else DEPLOYMENT
    assert again[finding.control, subject].verdict == finding.verdict, (finding, again)


# --------------------------------------------------------------------------- less is never greener

SPOILT = ("unreachable", "refused", "timeout", "malformed", "interrupted", "too_old", "servfail", "absent")
GREEN = (Verdict.PASS, Verdict.NA)


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
def poorer(draw: st.DrawFn, snapshot: Snapshot) -> Snapshot:
    """The snapshot, knowing less in a few places."""
    entries = dict(snapshot.entries)
    for key in draw(st.lists(st.sampled_from(sorted(entries)), min_size=1, max_size=6, unique=True)):
        spoilt = spoil(draw, entries[key])
        if spoilt is None:
            del entries[key]
        else:
            entries[key] = spoilt
    return msgspec.structs.replace(snapshot, entries=entries)


def never_greener(snapshot: Snapshot, examples: int) -> None:
    """Less evidence never moves a finding to pass or n/a, nor a headline to READY; no control vanishes, none breaks."""
    before = judge(snapshot)
    old = by_key(before)

    @settings(max_examples=examples, database=None)
    @given(poor=poorer(snapshot))
    def check(poor: Snapshot) -> None:
        after = judge(poor)
        new = by_key(after)
        assert {control for control, _ in old} == {control for control, _ in new}, "a control vanished"
        broken = [f"{f.control}: {f.message}" for f in after.findings if f.verdict is Verdict.ERROR]
        assert not broken
        for key, finding in new.items():
            if finding.verdict in GREEN and key in old:
                assert old[key].verdict is finding.verdict, (key, old[key].verdict, finding.verdict, finding.message)
        if before.headline in (Headline.NOT_READY, Headline.UNDETERMINED):
            assert after.headline in (Headline.NOT_READY, Headline.UNDETERMINED)

    check()
