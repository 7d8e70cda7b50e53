"""Read fixtures/bites: one change each to a healthy snapshot, and what that change turns."""

from __future__ import annotations

import copy
import functools
import re
from pathlib import Path
from typing import Any

import msgspec

from fedready.model import Cause, Evidence, Frozen, Json, Sent, Snapshot
from fedready.snapshot import read
from fedready.yamlmarks import load_marked
from tests.judging import ROOT

PART = re.compile(r"\[(-?\d+)\]|\.?([^.\[\]]+)")


class Change(Frozen, kw_only=True):
    """One place of one answer: `path` as in a Reading, `value` or `delete`; `failed` spoils the whole answer instead."""

    path: str = ""
    value: Json | msgspec.UnsetType = msgspec.UNSET
    delete: bool = False
    failed: str | None = None


class Bite(Frozen, kw_only=True):
    """What is set, whom it turns, and who follows with `caused_by`.

    `owns`: those of `follows` that can fail only together with what they follow. `notes`: who stays a pass and says more.
    """

    id: str
    on: str = "healthy"
    phase: str | None = None
    cloud: str | None = None
    target: dict[str, Any] = {}
    given: dict[str, Json] = {}
    set: dict[str, Change | list[Change]]
    turns: tuple[str, ...]
    follows: tuple[str, ...] = ()
    owns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def circumstances(self) -> list[tuple[str, Change]]:
        """What is other than in the snapshot before anything is bitten: `given`, by `question` or `question > path`."""
        places = ((place.partition(" > "), value) for place, value in self.given.items())
        return [(question, Change(path=path, value=value)) for (question, _, path), value in places]

    def bites(self) -> list[tuple[str, Change]]:
        """What is bitten."""
        return [(q, c) for q, cs in self.set.items() for c in (cs if isinstance(cs, list) else [cs])]

    def changes(self) -> list[tuple[str, Change]]:
        """Everything that the bitten snapshot has other than the one it starts from."""
        return [*self.circumstances(), *self.bites()]


@functools.cache
def all_bites() -> tuple[Bite, ...]:
    """Every bite of every file; ids are unique."""
    found: dict[str, Bite] = {}
    for path in sorted((ROOT / "fixtures" / "bites").glob("*.yaml")):
        for row in load_marked(path).data:
            bite = msgspec.convert(row, Bite)
            assert bite.id not in found, f"{path.name}: the bite {bite.id} stands there twice"
            found[bite.id] = bite
    return tuple(found.values())


@functools.cache
def base(name: str) -> Snapshot:
    """The snapshot that a bite starts from."""
    return read(Path(ROOT / "fixtures" / "snapshots" / f"{name}.json"))


def bitten(snapshot: Snapshot, changes: list[tuple[str, Change]]) -> Snapshot:
    """The snapshot with these changes; a question that it does not hold is a mistake of the bite."""
    entries = dict(snapshot.entries)
    sent = list(snapshot.sent)
    for question, change in changes:
        if question == "sent":
            assert isinstance(change.value, dict)
            sent.append(msgspec.convert(change.value, Sent))
            continue
        if question not in entries:
            assert change.path == "", f"the snapshot holds no answer to {question!r}"
            assert change.value is not msgspec.UNSET, f"the snapshot holds no answer to {question!r}"
            entries[question] = Evidence(state="answered", value=change.value, asked=snapshot.run.started)
            continue
        entry = entries[question]
        if change.failed is not None:
            entries[question] = failed(entry, change.failed)
        elif change.delete and change.path == "":
            del entries[question]
        elif change.path == "":
            entries[question] = msgspec.structs.replace(entry, state="answered", cause=None, value=change.value)
        else:
            entries[question] = msgspec.structs.replace(entry, value=edited(entry.value, change))
    return msgspec.structs.replace(snapshot, entries=entries, sent=tuple(sent))


def failed(entry: Evidence, kind: str) -> Evidence:
    """The same question without an answer."""
    cause = msgspec.convert({"kind": kind, "text": f"made to fail: {kind}"}, Cause)
    return msgspec.structs.replace(entry, state="failed", value=None, cause=cause)


def edited(value: Any, change: Change) -> Any:
    """`value` with one place set or deleted."""
    value = copy.deepcopy(value)
    keys: list[Any] = [int(i) if i else name for i, name in PART.findall(change.path)]
    if isinstance(value, list) and isinstance(keys[0], str):
        keys.insert(0, 0)
    holder = value
    for key in keys[:-1]:
        holder = holder[key]
    if change.delete:
        assert keys[-1] in holder or isinstance(holder, list), f"there is nothing at {change.path}"
        del holder[keys[-1]]
    else:
        holder[keys[-1]] = change.value
    return value
