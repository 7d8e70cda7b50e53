"""Read, write and seal a snapshot: all evidence of one run, enough to judge it again anywhere."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec

from fedready.model import Snapshot
from fedready.yamlmarks import Mistake

SCHEMA_VERSION = 1
_in_order = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def canonical(data: Any) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces: the one form that a digest is taken of.

    Half a surrogate pair, which UTF-8 cannot hold, becomes a question mark: no answer can keep a run from being written.
    """
    return _in_order(data).encode("utf-8", "replace")


_LATER = {"": ("notes",), "target": ("assumed", "max_age_hours")}
"""Keys that came after the first files were written. They are left out where they say nothing, so that an older file keeps
its digest."""


def _as_written(snapshot: Snapshot) -> dict[str, Any]:
    """The snapshot as its file has it."""
    data: dict[str, Any] = msgspec.to_builtins(snapshot)
    for part, keys in _LATER.items():
        holder = data[part] if part else data
        for key in keys:
            if holder[key] in (None, [], ()):
                del holder[key]
    return data


def digest_of(snapshot: Snapshot) -> str:
    """`sha256:...` over everything but the digest itself. It shows damage, not forgery."""
    data = _as_written(snapshot)
    del data["digest"]
    return "sha256:" + hashlib.sha256(canonical(data)).hexdigest()


def seal(snapshot: Snapshot) -> Snapshot:
    """The same snapshot with its digest."""
    return msgspec.structs.replace(snapshot, digest=digest_of(snapshot))


def to_bytes(snapshot: Snapshot) -> bytes:
    """The file's content; a line per entry, so that two snapshots can be compared with any diff program."""
    data = _as_written(snapshot)
    entries = data.pop("entries")
    head = canonical(data)[1:-1].decode("utf-8")
    lines = ",\n".join(f"{_in_order(key)}:{_in_order(value)}" for key, value in sorted(entries.items()))
    return f'{{{head},\n"entries":{{\n{lines}\n}}}}\n'.encode("utf-8", "replace")


def from_bytes(content: bytes) -> Snapshot:
    """What `to_bytes` wrote. What is judged live comes through here too, so that judging it again gives the same bytes.

    Raises:
        ValueError: that is no snapshot.
    """
    return msgspec.convert(json.loads(content), Snapshot)


def read(path: Path) -> Snapshot:
    """Read a snapshot and check its digest.

    Raises:
        Mistake: no such file, not a snapshot, a version this program does not know, or damaged.
    """
    name = str(path)
    try:
        content = path.read_bytes()
    except OSError as wrong:
        raise Mistake(name, 0, f"cannot be read: {wrong.strerror}", "Give the path of a snapshot.json.") from None
    try:
        data = json.loads(content)
        version = data.get("schema_version") if isinstance(data, dict) else None
        if version != SCHEMA_VERSION:
            raise Mistake(
                name, 1, f"schema_version is {version!r}, this program reads {SCHEMA_VERSION}",
                "Judge it with the version of fedready that wrote it.",
            )  # fmt: skip
        snapshot = msgspec.convert(data, Snapshot)
    except (ValueError, RecursionError) as wrong:  # msgspec's and json's errors are ValueErrors
        raise Mistake(name, 1, f"is not a snapshot: {wrong}", "Give the snapshot.json of a run.") from None
    if digest_of(snapshot) != snapshot.digest:
        raise Mistake(
            name, 1, "the digest does not fit the content: the file was damaged or edited",
            "Copy it again from the folder of its run.",
        )  # fmt: skip
    return snapshot
