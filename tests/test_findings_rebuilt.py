"""What a finding prints is enough to judge it again: evidence rebuilt from its readings gives the same verdict."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fedready.model import DEPLOYMENT, PHASES, Evidence, Finding, Reading, Sent, Snapshot
from fedready.snapshot import read
from tests.bites import PART, all_bites, base, bitten
from tests.judging import ROOT, by_key, checks, judge

SNAPSHOTS = sorted((ROOT / "fixtures" / "snapshots").glob("*.json"))


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


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("path", SNAPSHOTS, ids=lambda path: path.stem)
def test_every_finding_can_be_judged_again_from_what_it_prints(path: Path, phase: str) -> None:
    snapshot = read(path)
    for finding in judge(snapshot, phase=phase).findings:
        same_again(snapshot, finding, phase, None)


@pytest.mark.parametrize("bite", all_bites(), ids=lambda bite: bite.id)
def test_so_can_every_finding_of_a_bite(bite: Any) -> None:
    snapshot = base(bite.on)
    target = msgspec.convert({**msgspec.to_builtins(snapshot.target), **bite.target}, type(snapshot.target))
    snapshot = bitten(msgspec.structs.replace(snapshot, target=target), bite.changes())
    for finding in judge(snapshot, phase=bite.phase, cloud=bite.cloud).findings:
        if finding.control in (*bite.turns, *bite.follows):
            same_again(snapshot, finding, bite.phase, bite.cloud)
