"""A snapshot and waivers under other names: which value is a name as a whole, which is a text with names in it."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from fedready import snapshot as sealing
from fedready.model import Json, Snapshot, Waiver
from fedready.sharing.aliases import Aliases

_FILES = frozenset({"ca_file", "certificate_pem", "certificate_key_pem", "export", "snapshot"})
_DISTINGUISHED = frozenset({"subject", "issuer"})
_TYPE = re.compile(r"(?:Deserialized\.|Selected\.)*(?:Microsoft|System)(?:\.[A-Z][A-Za-z0-9]*)+(?:[`+\[\],\dA-Za-z]*)")


def renamed(data: dict[str, Any], aliases: Aliases) -> Snapshot:
    """The snapshot under other names, sealed with a digest of its own."""
    target = data["target"]
    for name in (*target["endpoints"]["edges"], *target["resolvers"]):
        aliases.side(name)
    for entry in data["entries"].values():
        if entry["as"]:
            aliases.account(entry["as"])
    run = {**data["run"], "id": "shared", "selection": aliases.text(data["run"]["selection"])}
    entries = {aliases.text(text): _entry(entry, aliases) for text, entry in data["entries"].items()}
    renamed = {
        **{key: _value(value, aliases) for key, value in data.items() if key not in ("target", "run", "entries")},
        "run": run,
        "target": {**_value(target, aliases), "name": aliases.whole("estate-", target["name"])},
        "entries": dict(sorted(entries.items())),
        "digest": "",
    }
    return sealing.seal(msgspec.convert(renamed, Snapshot))


def _entry(entry: dict[str, Any], aliases: Aliases) -> dict[str, Any]:
    account = entry["as"] and aliases.account(entry["as"])
    return {key: account if key == "as" else _value(value, aliases, key) for key, value in entry.items()}


def _value(value: Json, aliases: Aliases, key: str = "") -> Json:
    """Any value of evidence or target, down to its last text."""
    if isinstance(value, str):
        return _text(value, aliases, key)
    if isinstance(value, dict):
        return {aliases.text(name): _value(inner, aliases, name) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_value(inner, aliases, key) for inner in value]
    return value


def _text(value: str, aliases: Aliases, key: str) -> str:
    if key == "#type" and _TYPE.fullmatch(value):
        return value
    if key == "DisplayName":
        return aliases.whole("Organisation ", value)
    if key in _FILES:
        return aliases.whole("file-", value)
    if key.lower() in _DISTINGUISHED:
        return aliases.distinguished(value)
    return aliases.text(value)


def renamed_waiver(waiver: Waiver, aliases: Aliases) -> Waiver:
    """A waiver whose people, reasons and tickets have other names. What it accepts stays equal to what is observed."""
    accepts = waiver.accepts if waiver.accepts is msgspec.UNSET else _value(waiver.accepts, aliases)
    return msgspec.structs.replace(
        waiver,
        subject=waiver.subject if waiver.subject == "all" else aliases.text(waiver.subject),
        accepts=accepts,
        reason=aliases.whole("reason ", waiver.reason),
        owner=aliases.whole("owner ", waiver.owner),
        ticket=aliases.whole("ticket ", waiver.ticket),
        approver=aliases.whole("approver ", waiver.approver),
        file=aliases.whole("file-", waiver.file),
    )
