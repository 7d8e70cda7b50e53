"""How a list of domains looks after it crossed the wire. What cannot be told apart is unreadable, never guessed.

Remoting may flatten a nested object to its text, or keep it as an object; what a program read and wrote again may be a bare
list. `AllowedDomains` says "everybody" by a marker without members, so an empty object needs its type to be understood.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from fedready.model import Json
from fedready.questions import NotAllowed, a_label

MARKER = "allowallknowndomains"
LIST = "allowlist"
SHOWN = 80

_BETWEEN = re.compile(r"\s*[,;]\s*|\s+")
_WRAPPED = re.compile(r"domain=(.+)", re.IGNORECASE)
_DOTNET = ("microsoft.rtc.", "system.", "deserialized.")


@dataclass(frozen=True)
class DomainList:
    """`open`: everybody. `list`: these domains. `nobody`: a list without an entry. `unreadable`: `why` says why."""

    reading: Literal["open", "list", "nobody", "unreadable"]
    domains: frozenset[str] = frozenset()
    why: str = ""


OPEN = DomainList("open")
NOBODY = DomainList("nobody")


class _Unreadable(ValueError):
    """No list of domains; the text says why."""


def allowed_domains(value: Json) -> DomainList:
    """The four readings of `AllowedDomains`, whatever its shape.

    >>> allowed_domains("AllowAllKnownDomains").reading, allowed_domains("Domain=b.com,Domain=a.com").reading
    ('open', 'list')
    >>> allowed_domains([]).reading, allowed_domains({}).reading
    ('nobody', 'unreadable')
    """
    try:
        return _allowed(value)
    except _Unreadable as wrong:
        return DomainList("unreadable", why=str(wrong))


def blocked_domains(value: Json) -> DomainList:
    """The readings of `BlockedDomains`: a list, perhaps an empty one (null, after `-BlockedDomains $null`), or unreadable.

    >>> sorted(blocked_domains(["Domain=B.com", {"Domain": "a.com"}]).domains), blocked_domains(None).reading
    (['a.com', 'b.com'], 'nobody')
    """
    try:
        if value is None:
            return NOBODY
        if isinstance(value, dict) and not {"Domain", "#text"} & set(value):
            raise _Unreadable("an object without entries, of which nothing says that it is an empty list")
        return _text(value) if isinstance(value, str) else _of(value if isinstance(value, list) else [value])
    except _Unreadable as wrong:
        return DomainList("unreadable", why=str(wrong))


def one_domain(value: Json) -> str | None:
    """One entry of a list (`Domain=a.com`, `a.com`, an object with `Domain`) in comparable form; None if it is none."""
    try:
        return _entry(value)
    except _Unreadable:
        return None


def _allowed(value: Json) -> DomainList:
    if isinstance(value, str):
        return OPEN if _is_marker(value) else NOBODY if not value.strip() else _text(value)
    if isinstance(value, list):
        if len(value) == 1 and _marks_open(value[0]):
            return OPEN
        return _of(value)
    if isinstance(value, dict):
        return _object(value)
    raise _Unreadable(f"neither a text, a list nor an object: {_short(value)}")


def _object(value: dict[str, Json]) -> DomainList:
    kind = _last(value.get("#type"))
    if "AllowedDomain" in value:
        if kind == MARKER:
            raise _Unreadable("the type says everybody, and yet there is a list")
        inside = value["AllowedDomain"]
        if inside is None or inside == "":
            return NOBODY
        if isinstance(inside, str):
            return _text(inside)
        return _of(inside if isinstance(inside, list) else [inside])
    if kind == MARKER:
        return OPEN
    if "Domain" in value:
        return _of([value])
    text = value.get("#text")
    if isinstance(text, str) and text.strip():
        return OPEN if _is_marker(text) else _text(text)
    if kind == LIST and text == "":
        return NOBODY
    raise _Unreadable("an empty object: it may mean everybody or nobody, and its type does not say which")


def _of(items: Sequence[Json]) -> DomainList:
    domains = frozenset(_entry(item) for item in items)
    return DomainList("list", domains) if domains else NOBODY


def _text(text: str) -> DomainList:
    return _of(_BETWEEN.split(text.strip()))


def _entry(item: Json) -> str:
    text = item.get("Domain", item.get("#text")) if isinstance(item, dict) else item
    if not isinstance(text, str):
        raise _Unreadable(f"an entry that is no domain: {_short(item)}")
    wrapped = _WRAPPED.fullmatch(text.strip())
    try:
        name = a_label(wrapped[1] if wrapped else text)
    except NotAllowed:
        raise _Unreadable(f"an entry that is no domain: {_short(text)}") from None
    if "." not in name or (not wrapped and name.startswith(_DOTNET)):
        raise _Unreadable(f"an entry that is no domain: {_short(text)}")
    return name


def _marks_open(item: Json) -> bool:
    if isinstance(item, dict):
        return _last(item.get("#type")) == MARKER and "AllowedDomain" not in item
    return isinstance(item, str) and _is_marker(item)


def _is_marker(text: str) -> bool:
    return _last(text.strip()) == MARKER and not re.search(r"[\s,;=]", text.strip())


def _last(type_name: Json) -> str:
    return type_name.rpartition(".")[2].casefold() if isinstance(type_name, str) else ""


def _short(value: Json) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."
