"""What kind of document an Autodiscover address answered with, and the links in it.

Two shapes are documented ([MS-OCDISCWS] 2.2.3; catalogue section 5): JSON with `_links`, and XML whose root is
AutodiscoverResponse. Anything else is named, never trusted: the body comes from whoever answered.
"""

from __future__ import annotations

import json
from typing import Any
from xml.parsers import expat

from fedready.model import Json

MAX_LINKS = 64
MAX_TEXT = 500
"""Characters of one header, link or token that are kept."""
_EXCERPT = 200


class _NotTheShape(Exception):
    pass


def shape_of(body: bytes) -> Json:
    """`{"kind": "json" | "xml" | "other" | "none", "links": {token in lower case: address}}`."""
    if not body.strip():
        return {"kind": "none", "links": {}}
    for kind, read in (("json", _json_links), ("xml", _xml_links)):
        try:
            return {"kind": kind, "links": read(body)}
        except _NotTheShape:
            continue
    return {"kind": "other", "links": {}}


def _json_links(body: bytes) -> dict[str, str]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):  # no JSON, no Unicode, or nested to make a reader fall over
        raise _NotTheShape from None
    links = document.get("_links") if isinstance(document, dict) else None
    if not isinstance(links, dict):
        raise _NotTheShape
    found = ((token, link.get("href")) for token, link in links.items() if isinstance(link, dict))
    return _kept(found)


def _xml_links(body: bytes) -> dict[str, str]:
    """Read without building a tree; a DOCTYPE (and with it every entity of one's own) ends the reading."""
    parser = expat.ParserCreate(namespace_separator=" ")
    found: list[tuple[str | None, str | None]] = []
    depth = 0

    def refuse(*_: object) -> None:
        raise _NotTheShape

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        local = name.rpartition(" ")[2]
        if depth == 0 and local != "AutodiscoverResponse":
            raise _NotTheShape
        if local == "Link":
            found.append((attributes.get("token"), attributes.get("href")))
        depth += 1

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError):  # LookupError: an encoding that nobody knows
        raise _NotTheShape from None
    return _kept(found)


def _kept(links: Any) -> dict[str, str]:
    kept: dict[str, str] = {}
    for token, href in links:
        if isinstance(token, str) and isinstance(href, str) and len(kept) < MAX_LINKS:
            kept[clean(token).lower()] = clean(href)
    return kept


def clean(text: str, limit: int = MAX_TEXT) -> str:
    """Text from outside as it may be kept: printable, one line, not longer than `limit` characters.

    >>> clean("a\\x1b[31m\\r\\nb")
    'a [31m  b'
    """
    kept = text[:limit]
    return kept if kept.isprintable() else "".join(c if c.isprintable() else " " for c in kept)


def excerpt(body: bytes) -> str:
    """The first 200 characters of a body."""
    return clean(body[: 4 * _EXCERPT].decode("utf-8", "replace"), _EXCERPT)
