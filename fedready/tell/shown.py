"""How a foreign value is written down: inert, visible, short. Every writer goes through here."""

from __future__ import annotations

import re
from typing import Any

from fedready.model import Json

SHORT = 300
"""Characters of a value in a table, a terminal line or a blocker."""
LONG = 2_000
"""Characters of a value where there is room for it."""


_PLACEHOLDER = re.compile(r"\{\{ *(\w+) *\}\}")


def generic(text: str) -> str:
    """A text of the catalogue for no subject in particular.

    >>> generic("Users of {{subject}} do not sign in.")
    'Users of <subject> do not sign in.'
    """
    return _PLACEHOLDER.sub(r"<\1>", text)


def inert(text: str, *, lines: bool = False, limit: int | None = None, length: int | None = None) -> str:
    """Foreign text with every invisible character made visible, so that it can neither act nor mislead.

    Control, bidirectional, zero-width and private characters, lone surrogates and exotic spaces become their code
    point. `lines` keeps line feeds. `limit` cuts, and says so; `length` is that of the whole text where `text` is its beginning.

    >>> inert("evil\\u202etxt.exe")
    'evil⟨U+202E⟩txt.exe'
    >>> inert("a\\nb", lines=True)
    'a\\nb'
    """
    more = 0
    length = length or len(text)
    if limit is not None and length > limit + 24:  # the remark is no shorter than that
        more = length - limit
        text = text[:limit]
    if not text.isprintable() and not (lines and text.replace("\n", "").isprintable()):
        text = "".join(c if c.isprintable() or (lines and c == "\n") else f"⟨U+{ord(c):04X}⟩" for c in text)
    return f"{text}⟨… {more:,} more characters⟩" if more else text


def shown(value: Json, limit: int = LONG) -> str:
    """A value of evidence or baseline as one line of text: bare at the top, JSON-like inside lists and objects.

    Booleans are spelled as PowerShell prints them. The empty text is `""`, a leading or trailing space is made
    visible, because both decide verdicts.

    >>> shown(True), shown(None), shown(""), shown("x ")
    ('True', 'null', '""', 'x⟨U+0020⟩')
    >>> shown(["a", 1, {"b": None}])
    '["a", 1, {b: null}]'
    """
    if isinstance(value, str):
        if not value:
            return '""'
        kept = value.strip(" ")
        if kept == value:
            return inert(value, limit=limit)
        start = len(value) - len(value.lstrip(" "))
        end = len(value) - start - len(kept)
        # A value of a million spaces is cut like any other.
        return f"{_spaces(start)}{inert(kept, limit=limit)}{_spaces(end)}"
    return inert("".join(_pieces(value, limit)), limit=limit)


def _spaces(count: int) -> str:
    return "⟨U+0020⟩" * count if count < 4 else f"⟨{count} × U+0020⟩"


def _pieces(value: Any, room: int) -> list[str]:
    """The text of a nested value in pieces, without ever building much more than there is room for."""
    pieces: list[str] = []
    left = [room + 1]

    def put(text: str) -> None:
        pieces.append(text)
        left[0] -= len(text)

    def walk(part: Any, depth: int) -> None:
        if left[0] <= 0:
            return
        if part is None:
            put("null")
        elif isinstance(part, bool):
            put("True" if part else "False")
        elif isinstance(part, str):
            put('"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"')
        elif isinstance(part, dict | list | tuple) and depth > 20:
            put("…")
        elif isinstance(part, dict):
            put("{")
            for number, (key, inner) in enumerate(part.items()):
                put(f"{', ' if number else ''}{key}: ")
                walk(inner, depth + 1)
                if left[0] <= 0:
                    return
            put("}")
        elif isinstance(part, list | tuple):
            put("[")
            for number, inner in enumerate(part):
                put(", " if number else "")
                walk(inner, depth + 1)
                if left[0] <= 0:
                    return
            put("]")
        else:
            put(str(part))

    walk(value, 0)
    return pieces


def storable(value: Json) -> Json:
    """The same value with lone surrogates made visible: what cannot be written as UTF-8 is no reason to lose a report."""
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            return "".join(f"⟨U+{ord(c):04X}⟩" if 0xD800 <= ord(c) <= 0xDFFF else c for c in value)
        return value
    if isinstance(value, dict):
        return {storable(key): storable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [storable(inner) for inner in value]
    return value
