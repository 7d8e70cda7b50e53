"""`manifest*.json` of an export folder: which file answers which question, when it was asked, and by whom."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fedready.ask.clixml import ClixmlError
from fedready.ask.clixml_values import moment, short
from fedready.ask.export_values import MAX_BYTES, Unreadable, decoded
from fedready.yamlmarks import Mistake

_MEND = "Export again, or remove the manifest: the files are then found by their names."


@dataclass(frozen=True)
class Listed:
    """What a manifest says of one question."""

    path: str
    time: str
    account: str | None


def read_manifests(folder: Path, names: Sequence[str], files: Mapping[str, str]) -> dict[str, Listed]:
    """What the manifests say: question in small letters -> its file. Where two speak of one question, the later one holds.

    Args:
        names: the manifests, relative to the folder.
        files: the folder's files, small letters -> as they are written.

    Raises:
        Mistake: one cannot be read, or does not say what a manifest says.
    """
    every: list[tuple[str, str, Listed]] = []
    for name in names:
        every += [(listed.time, text, listed) for text, listed in _read(folder / name, files).items()]
    return {text: listed for _, text, listed in sorted(every, key=lambda item: item[0])}


def _read(path: Path, files: Mapping[str, str]) -> dict[str, Listed]:
    data = _load(path)
    account = _text(path, data, "account") or None
    time = _time(path, data)
    listed: dict[str, Listed] = {}
    entries = data.get("files", [])
    if isinstance(entries, dict):  # one file: ConvertTo-Json of a list of one may write its only item
        entries = [entries]
    if not isinstance(entries, list):
        raise Mistake(path, 0, "files is no list", _MEND)
    for place, entry in enumerate(entries):
        if not isinstance(entry, dict) or not all(isinstance(entry.get(k), str) for k in ("file", "question")):
            raise Mistake(path, 0, f"entry {place + 1} of files has no file and question", _MEND)
        file = entry["file"].replace("\\", "/").removeprefix("./")
        if file.startswith("/") or ":" in file or ".." in file.split("/"):
            raise Mistake(path, 0, f"{short(file)} lies outside the folder", _MEND)
        text = " ".join(entry["question"].split())
        if text.casefold() in listed:
            raise Mistake(path, 0, f"{short(text)} is answered by two files", _MEND)
        listed[text.casefold()] = Listed(files.get(file.casefold(), file), _time(path, entry) or time, account)
    return listed


def _load(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise Mistake(path, 0, "is longer than any manifest", _MEND)
        data = json.loads(decoded(path.read_bytes()))
    except OSError as wrong:
        raise Mistake(path, 0, f"cannot be read: {wrong.strerror}", "Make it readable for this account.") from None
    except json.JSONDecodeError as wrong:
        raise Mistake(path, wrong.lineno, f"is no JSON: {wrong.msg}", _MEND) from None
    except (Unreadable, ValueError, RecursionError) as wrong:
        raise Mistake(path, 0, f"cannot be read: {wrong}", _MEND) from None
    if not isinstance(data, dict):
        raise Mistake(path, 1, "is no manifest: it holds no object with files", _MEND)
    if data.get("schema_version", 1) != 1:
        raise Mistake(path, 0, f"schema_version is {data['schema_version']!r}, this program reads 1", _MEND)
    return data


def _text(path: Path, data: dict[str, Any], key: str) -> str:
    value = data.get(key) or ""
    if not isinstance(value, str):
        raise Mistake(path, 0, f"{key} is no text", _MEND)
    return value


def _time(path: Path, data: dict[str, Any]) -> str:
    text = _text(path, data, "time")
    try:
        return moment(text) if text else ""
    except ClixmlError:
        raise Mistake(path, 0, f"time is {short(text)!r}, no date and time", _MEND) from None
