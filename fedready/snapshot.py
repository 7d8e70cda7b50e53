"""Read, write and seal a snapshot: all evidence of one run, enough to judge it again anywhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import msgspec

from fedready.model import Evidence, Snapshot
from fedready.shelf import Shelf, canonical, line_of
from fedready.yamlmarks import Mistake

SCHEMA_VERSION = 1
_LATER = {"": ("notes",), "target": ("assumed", "max_age_hours")}
"""Keys that came after the first files were written. They are left out where they say nothing, so that an older file keeps
its digest."""


def _but_entries(snapshot: Snapshot) -> dict[str, Any]:
    """The snapshot as its file has it, without the entries: tens of thousands are written one by one."""
    data: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(snapshot, entries={}))
    del data["entries"]
    for part, keys in _LATER.items():
        holder = data[part] if part else data
        for key in keys:
            if holder[key] in (None, [], ()):
                del holder[key]
    return data


def _entries(entries: Mapping[str, Evidence]) -> Iterator[bytes]:
    if isinstance(entries, Shelf):
        yield from entries.lines()
        return
    for text, evidence in sorted(entries.items()):
        yield line_of(text, evidence)


def shelved(snapshot: Snapshot) -> Snapshot:
    """The same snapshot with its entries put by. What is judged live comes through here too, so that judging it again gives
    the same bytes."""
    head = msgspec.json.decode(canonical(_but_entries(snapshot)), type=Snapshot)
    entries = snapshot.entries
    return msgspec.structs.replace(head, entries=entries if isinstance(entries, Shelf) else Shelf(_entries(entries)))


def digest_of(snapshot: Snapshot) -> str:
    """`sha256:...` over the canonical form of everything but the digest itself. It shows damage, not forgery."""
    data = _but_entries(snapshot)
    del data["digest"]
    found = hashlib.sha256()
    for number, key in enumerate(sorted([*data, "entries"])):
        found.update(b"%s%s:" % (b"," if number else b"{", canonical(key)))
        if key == "entries":
            found.update(b"{")
            for place, entry in enumerate(_entries(snapshot.entries)):
                found.update(b"," + entry if place else entry)
            found.update(b"}")
        else:
            found.update(canonical(data[key]))
    found.update(b"}")
    return f"sha256:{found.hexdigest()}"


def seal(snapshot: Snapshot) -> Snapshot:
    """The same snapshot with its digest."""
    return msgspec.structs.replace(snapshot, digest=digest_of(snapshot))


def to_text(snapshot: Snapshot) -> Iterator[str]:
    """The file's content in pieces; a line per entry, so that two snapshots can be compared with any diff program."""
    yield f'{canonical(_but_entries(snapshot))[:-1].decode("utf-8")},\n"entries":{{\n'
    for number, entry in enumerate(_entries(snapshot.entries)):
        yield (",\n" if number else "") + entry.decode("utf-8")
    yield "\n}}\n"


def to_bytes(snapshot: Snapshot) -> bytes:
    """The file's content, whole."""
    return "".join(to_text(snapshot)).encode("utf-8")


def _line_by_line(stream: IO[bytes]) -> Snapshot:
    """What `to_text` wrote, never whole in memory.

    Raises:
        ValueError: it is laid out in another way, or is no snapshot.
    """
    head = stream.readline()
    if not head.endswith(b",\n") or stream.readline() != b'"entries":{\n':
        raise ValueError("another layout")
    snapshot = msgspec.json.decode(head[:-2] + b"}", type=Snapshot)
    return msgspec.structs.replace(snapshot, entries=Shelf(_lines_of(stream)))


def _lines_of(stream: IO[bytes]) -> Iterator[bytes]:
    for line in stream:
        if line == b"}}\n" or line == b"\n":
            break
        yield line.removesuffix(b"\n").removesuffix(b",")
    if stream.read() not in (b"", b"}}\n"):
        raise ValueError("another layout")


def _parsed(name: str, content: bytes) -> Snapshot:
    try:
        data = json.loads(content)
        version = data.get("schema_version") if isinstance(data, dict) else None
        if version != SCHEMA_VERSION:
            raise Mistake(
                name, 1, f"schema_version is {version!r}, this program reads {SCHEMA_VERSION}",
                "Judge it with the version of fedready that wrote it.",
            )  # fmt: skip
        return shelved(msgspec.convert(data, Snapshot))
    except (ValueError, RecursionError) as wrong:  # msgspec's and json's errors are ValueErrors
        raise Mistake(name, 1, f"is not a snapshot: {wrong}", "Give the snapshot.json of a run.") from None


def read(path: Path) -> Snapshot:
    """Read a snapshot and check its digest.

    Raises:
        Mistake: no such file, not a snapshot, a version this program does not know, or damaged.
    """
    name = str(path)
    try:
        with path.open("rb") as stream:
            with suppress(ValueError, RecursionError):  # then it is looked at again, to say what is wrong with it
                snapshot = _line_by_line(stream)
                if snapshot.schema_version == SCHEMA_VERSION and digest_of(snapshot) == snapshot.digest:
                    return snapshot
            stream.seek(0)
            content = stream.read()
    except OSError as wrong:
        raise Mistake(name, 0, f"cannot be read: {wrong.strerror}", "Give the path of a snapshot.json.") from None
    snapshot = _parsed(name, content)
    if digest_of(snapshot) != snapshot.digest:
        raise Mistake(
            name, 1, "the digest does not fit the content: the file was damaged or edited",
            "Copy it again from the folder of its run.",
        )  # fmt: skip
    return snapshot
