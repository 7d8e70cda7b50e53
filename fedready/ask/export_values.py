"""What stands in one file of an export, as the plain values that evidence holds. Nothing is guessed.

`.xml` is what Export-Clixml wrote, `.json` what ConvertTo-Json did, in UTF-8 or UTF-16 with or without a byte order mark.
JSON forgets types: an enumeration may be a number there, a moment `/Date(...)/`, a version an object. What has a known
form is put back; a number where none belongs is left out of the row and noted under `#unseen`, property -> why.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from fedready.ask.clixml import ClixmlError, read_export
from fedready.ask.clixml_values import moment, short
from fedready.model import Json

MAX_BYTES = 128_000_000
"""The longest file that is read."""

UNSEEN = "#unseen"

NUMBERS = frozenset({
    "SipClientPort", "AccessEdgeExternalSipPort", "AccessEdgeInternalSipPort", "AccessEdgeClientSipPort", "Count",
    "TTL", "Priority", "Weight", "Port",
})  # fmt: skip
"""The properties whose value is a number. A number anywhere else is an enumeration that lost its name."""

DEEP = frozenset({"AllowedDomains", "BlockedDomains", "AssignedPlan", "UserValidationErrors"})
"""Properties that are read as objects. Any other object is its text, as it is when it comes over the wire."""


class Unreadable(ValueError):
    """The file is nothing that PowerShell wrote, or too long."""


def rows_of(content: bytes, suffix: str) -> list[Json]:
    """The objects in a file; an empty list where it holds none.

    Raises:
        Unreadable: anything is wrong with it; the text says what.

    >>> rows_of(b'{"VerificationLevel": "AlwaysVerifiable", "@odata.type": "#x"}', ".json")
    [{'VerificationLevel': 'AlwaysVerifiable'}]
    """
    text = decoded(content)
    if not text.strip():
        raise Unreadable(
            "the file is empty, which a cmdlet that failed leaves behind too; for an answer without objects write [] "
            "or use Export-Clixml"
        )
    try:
        values = read_export(text) if suffix == ".xml" else _from_json(text)
    except ClixmlError as wrong:
        raise Unreadable(str(wrong)) from None
    if len(values) == 1 and isinstance(values[0], list):  # Export-Clixml -InputObject: one list instead of its items
        values = values[0]
    return [_plain(value) for value in values if value is not None]


def row_of(row: dict[str, Json]) -> dict[str, Json]:
    """A row as it would have come over the wire: names of enumerations, texts of objects, a plain `#type`."""
    kept: dict[str, Json] = {}
    unseen: dict[str, str] = {}
    for name, value in row.items():
        known = next((n for n in (*NUMBERS, *DEEP) if n.casefold() == name.casefold()), name)
        if name == "#type":
            kept[name] = _type_name(str(value))
        elif name.startswith("#") and name != "#text":
            continue  # our own marks; no cmdlet has such a property
        elif isinstance(value, int) and not isinstance(value, bool) and known not in NUMBERS:
            unseen[name] = f"the export holds the number {value} instead of a name; export with Export-Clixml"
        elif isinstance(value, dict) and "#text" in value and known not in DEEP:
            kept[name] = value["#text"]
        else:
            kept[name] = value
    return kept | ({UNSEEN: unseen} if unseen else {})


def decoded(content: bytes) -> str:
    """The text of a file.

    Raises:
        Unreadable: neither UTF-8 nor UTF-16.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif len(content) > 1 and 0 in content[:2]:  # the first character is "<", "[" or "{": one of its bytes is zero
        encoding = "utf-16-be" if content[0] == 0 else "utf-16-le"
    else:
        encoding = "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise Unreadable("neither UTF-8 nor UTF-16; export it again") from None


def _type_name(name: str) -> str:
    """`Selected.Deserialized.A.B` -> `A.B`."""
    while name.startswith(("Deserialized.", "Selected.")):
        name = name.partition(".")[2]
    return name


def _plain(value: Json) -> Json:
    if isinstance(value, dict):
        return {k: _type_name(v) if k == "#type" and isinstance(v, str) else _plain(v) for k, v in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


# --------------------------------------------------------------------------- JSON


def _from_json(text: str) -> list[Json]:
    try:
        value = json.loads(
            text,
            parse_float=str,
            parse_int=_integer,
            parse_constant=_no_constant,
            object_pairs_hook=_object,
        )
    except (ValueError, RecursionError) as wrong:
        why = "nested too deeply" if isinstance(wrong, RecursionError) else str(wrong)
        raise Unreadable(f"not JSON as ConvertTo-Json writes it: {short(why)}") from None
    if isinstance(value, dict) and set(value) == {"value"} and isinstance(value["value"], list):
        value = value["value"]  # what is left of {"@odata.context": ..., "value": [...]}
    if isinstance(value, list):
        return value
    return [] if value is None else [_moment_in(value)]


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= 20 else digits


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is no JSON")


def _object(pairs: list[tuple[str, Json]]) -> Json:
    """One object, without `@odata` noise; the forms in which ConvertTo-Json writes what JSON has no word for undone."""
    members: dict[str, Json] = {}
    for name, value in pairs:
        if name in members:
            raise ValueError(f"the name {short(name)!r} twice in one object")
        if "@odata." not in name and not name.startswith(("@odata", "#")):
            members[name] = _moment_in(value)
    names = set(members)
    if names == {"value", "Value"} and isinstance(members["Value"], str):
        return members["Value"]  # an enumeration that was read from a remote session
    if names == {"value", "Count"} and isinstance(members["value"], list):
        return members["value"]  # a list, as Windows PowerShell writes some
    if {"value", "DateTime"} <= names <= {"value", "DateTime", "DisplayHint"}:
        return members["value"]
    if {"Major", "Minor", "Build", "Revision"} <= names and all(isinstance(v, int) for v in members.values()):
        parts = [members[part] for part in ("Major", "Minor", "Build", "Revision")]
        return ".".join(str(part) for part in parts if part >= 0)
    if len({name.casefold() for name in names}) < len(names):
        raise ValueError("two names that differ in case only")
    return members


_DATE = re.compile(r"/Date\((-?\d{1,18})(?:[+-]\d{4})?\)/")
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)?")


def _moment_in(value: Any) -> Json:
    """A moment as evidence holds it, anything else as it is."""
    if isinstance(value, list):
        return [_moment_in(item) for item in value]
    if not isinstance(value, str):
        return value
    if match := _DATE.fullmatch(value):
        try:
            found = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(match[1]))
        except OverflowError:
            return value
        return found.replace(tzinfo=None, microsecond=0).isoformat() + "Z"
    if _ISO.fullmatch(value):
        try:
            return moment(value)
        except ClixmlError:
            return value
    return value
