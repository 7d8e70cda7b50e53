"""YAML that people write, read strictly: plain data, and for every value the line it stands on.

The reading is narrower than YAML 1.1 on purpose. Only `true` and `false` are booleans, only plain decimals are numbers,
dates and versions stay text, keys are always text. Anchors, aliases, tags and a second document are refused, so a small
file cannot grow in memory and no value can stand for another.
"""

from __future__ import annotations

import difflib
import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec
import yaml

Struct = TypeVar("Struct", bound=msgspec.Struct)
PathKey = tuple[str | int, ...]

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LONGEST = 32 * 2**20  # bytes; ten thousand SIP domains are half a megabyte
_DEEPEST = 40
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_LOOKS_BOOLEAN = frozenset({"yes", "no", "on", "off", "true", "false"})


class Mistake(Exception):
    """A mistake in a file that somebody wrote. Its text is `FILE:LINE: what is wrong. The sentence that mends it.`

    `file` is the path as it was given, `line` counts from 1 (0: the file as a whole), `what` has no final dot.
    """

    def __init__(self, file: str | Path, line: int, what: str, mend: str) -> None:
        self.file, self.line, self.what, self.mend = str(file), line, visible(what), visible(mend)
        where = f"{self.file}:{line}" if line else self.file
        super().__init__(f"{visible(where)}: {self.what}. {self.mend}")


@dataclass(frozen=True)
class Marked:
    """What a file says (`data`: None, bool, int, str, list, dict) and where it says it."""

    path: Path
    data: Any
    lines: dict[PathKey, int] = field(repr=False)

    def line_of(self, *path: str | int) -> int:
        """The line of a value, or of the nearest thing around it.

        >>> marked.line_of("endpoints", "onprem", "url")    # doctest: +SKIP
        7
        """
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, 1)

    def mistake(self, what: str, mend: str, *path: str | int) -> Mistake:
        """A Mistake that points at the value under `path`."""
        return Mistake(self.path, self.line_of(*path), what, mend)

    def under(self, *path: str | int) -> Marked:
        """One branch of the file, with paths that begin there."""
        data: Any = self.data
        for step in path:
            data = data[step]
        lines = {key[len(path) :]: line for key, line in self.lines.items() if key[: len(path)] == path}
        return Marked(self.path, data, lines)

    def as_struct(self, kind: type[Struct], *, hidden: Iterable[str] = ()) -> Struct:
        """This file as a struct of `fedready/model.py`, strictly. `hidden` fields are the program's own.

        Raises:
            Mistake: an unknown or missing key, or a value of another type.
        """
        if isinstance(self.data, dict) and not any(key in self.data for key in hidden):
            try:
                return msgspec.convert(self.data, kind, strict=True)
            except msgspec.ValidationError:
                pass  # `_locate` below says the same with a line and a remedy
        _locate(self, kind, self.data, (), frozenset(hidden))
        raise AssertionError(f"{kind.__name__} was refused, but no value of {self.path} is to blame")


def load_marked(path: str | Path) -> Marked:
    """Read a YAML file.

    Raises:
        Mistake: the file is missing, unreadable, not UTF-8, too long, no YAML, or uses what is refused here.
    """
    file = Path(path)
    text = _read(file)
    builder = _Builder(file)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        what = f"this is not YAML: {wrong.problem or wrong.context}"
        mend = "Check indentation, colons and quotes on this line and the one before"
        raise Mistake(file, mark.line + 1 if mark else 0, what, mend + ".") from None
    except yaml.reader.ReaderError as wrong:
        line = text.count("\n", 0, wrong.position) + 1
        mend = "Remove it or write it as an escape."
        raise Mistake(file, line, "a character here is not allowed in YAML", mend) from None
    return Marked(file, builder.root, builder.lines)


def _read(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            raw = stream.read(_LONGEST + 1)
    except FileNotFoundError:
        raise Mistake(file, 0, "there is no such file", "Give the path of an existing YAML file.") from None
    except IsADirectoryError:
        raise Mistake(file, 0, "this is a folder", "Give the path of a YAML file.") from None
    except OSError as wrong:
        mend = "Make the file readable for this account."
        raise Mistake(file, 0, f"the file cannot be read ({wrong.strerror})", mend) from None
    if len(raw) > _LONGEST:
        raise Mistake(file, 0, f"the file is longer than {_LONGEST // 2**20} MiB", "Give the file that was meant.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = raw.count(b"\n", 0, wrong.start) + 1
        raise Mistake(file, line, "the file is not UTF-8", "Save it again with the encoding UTF-8.") from None


class _Builder:
    """Takes the parser's events one by one, without recursion, so that depth is ours to bound."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.root: Any = None
        self.lines: dict[PathKey, int] = {(): 1}
        self._open: list[tuple[dict[str, Any] | list[Any], PathKey]] = []
        self._key: list[str | None] = []
        self._documents = 0

    def take(self, event: Any) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise self._refuse(line, "a second document begins here (---)", "Keep one document in one file.")
        elif isinstance(event, yaml.AliasEvent):
            raise self._refuse(line, f"an alias (*{event.anchor}) is not read here", "Write the value out.")
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._open.pop()
            self._key.pop()
        elif isinstance(event, yaml.NodeEvent):
            if event.anchor:
                raise self._refuse(line, f"an anchor (&{event.anchor}) is not read here", "Remove it.")
            self._node(event, line)

    def _node(self, event: Any, line: int) -> None:
        holder = self._open[-1][0] if self._open else None
        is_key = isinstance(holder, dict) and self._key[-1] is None
        if isinstance(event, yaml.ScalarEvent):
            if event.tag is not None and event.tag != "!":
                raise self._refuse(line, f"a tag ({event.tag}) is not read here", "Remove the tag.")
            if is_key:
                self._begin_key(event.value, line)
            else:
                self._put(self._scalar(event, line), line)
            return
        if event.tag is not None:
            raise self._refuse(line, f"a tag ({event.tag}) is not read here", "Remove the tag.")
        if is_key:
            mend = "Put the value in quotes: a text that begins with { or [ needs them."
            raise self._refuse(line, "a key must be a text", mend)
        if len(self._open) >= _DEEPEST:
            raise self._refuse(line, f"more than {_DEEPEST} levels lie inside one another", "Write it flatter.")
        made: dict[str, Any] | list[Any] = {} if isinstance(event, yaml.MappingStartEvent) else []
        self._open.append((made, self._put(made, line)))
        self._key.append(None)

    def _begin_key(self, key: str, line: int) -> None:
        holder, path = self._open[-1]
        if key in holder:
            first = self.lines[(*path, key)]
            what = f"the key {key} stands here for the second time (first on line {first})"
            raise self._refuse(line, what, "Keep one of the two.")
        if key == "<<":
            raise self._refuse(line, "a merge key (<<) is not read here", "Write the keys out.")
        self.lines[(*path, key)] = line
        self._key[-1] = key

    def _put(self, value: Any, line: int) -> PathKey:
        """Put a value into what is open. Returns its path."""
        if not self._open:
            self.root = value
            self.lines[()] = line
            return ()
        holder, path = self._open[-1]
        if isinstance(holder, dict):
            key = self._key[-1]
            assert key is not None
            holder[key] = value
            self._key[-1] = None
            return (*path, key)
        holder.append(value)
        path = (*path, len(holder) - 1)
        self.lines[path] = line
        return path

    def _scalar(self, event: Any, line: int) -> Any:
        text: str = event.value
        if event.style is not None and event.style != "":  # quoted or a block: always text
            return text
        if text in _NULLS:
            return None
        if text in ("true", "false"):
            return text == "true"
        if _INTEGER.fullmatch(text):
            return int(text)
        if text.casefold() in _LOOKS_BOOLEAN:
            plain = "true" if text.casefold() in ("yes", "on", "true") else "false"
            what = f"{text} is true or false to some programs and a text to others"
            raise self._refuse(line, what, f"Write {plain}, or put a text in quotes.")
        return text

    def _refuse(self, line: int, what: str, mend: str) -> Mistake:
        return Mistake(self.file, line, what, mend)


# --------------------------------------------------------------------------- what is wrong, and where


def _locate(marked: Marked, kind: Any, data: Any, path: PathKey, hidden: frozenset[str] = frozenset()) -> None:
    """Find the first value that `kind` refuses and raise the Mistake that mends it."""
    if get_origin(kind) in (Union, UnionType):
        if data is None and NoneType in get_args(kind):
            return
        fitting = [k for k in get_args(kind) if _holds(k, data)]
        if len(fitting) == 1:
            kind = fitting[0]
    if isinstance(data, dict) and _is_struct(kind):
        _locate_in_struct(marked, kind, data, path, hidden)
    elif isinstance(data, dict) and get_origin(kind) is dict:
        for key, value in data.items():
            _locate(marked, get_args(kind)[1], value, (*path, key))
    elif isinstance(data, list) and get_origin(kind) is tuple:
        for index, value in enumerate(data):
            _locate(marked, get_args(kind)[0], value, (*path, index))
    try:
        msgspec.convert(data, kind, strict=True)
    except msgspec.ValidationError:
        name = next((str(step) for step in reversed(path) if isinstance(step, str)), "the file")
        choices = _choices(kind)
        near = nearest(data, choices) if isinstance(data, str) else ""
        quotes = " Put it in quotes." if isinstance(data, int) and describe(kind).startswith("a text") else ""
        raise marked.mistake(f"{name} is {shown(data)}", f"Write {describe(kind)}.{near}{quotes}", *path) from None


def _locate_in_struct(marked: Marked, kind: Any, data: dict[str, Any], path: PathKey, hidden: frozenset[str]) -> None:
    fields = {f.encode_name: f for f in msgspec.structs.fields(kind) if f.encode_name not in hidden}
    for key in data:
        if key not in fields:
            mend = nearest(key, fields) or f" Known here: {', '.join(fields)}."
            raise marked.mistake(f"the key {key} is not known", "Remove it or correct its name." + mend, *path, key)
    for name, wanted in fields.items():
        if name in data:
            _locate(marked, wanted.type, data[name], (*path, name))
        elif wanted.required:
            raise marked.mistake(f"the key {name} is missing", f"Add {name}: {describe(wanted.type)}.", *path)


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _holds(kind: Any, data: Any) -> bool:
    if isinstance(data, dict):
        return _is_struct(kind) or get_origin(kind) is dict
    return isinstance(data, list) and get_origin(kind) is tuple


def _choices(kind: Any) -> list[str]:
    if get_origin(kind) is Literal:
        return [str(choice) for choice in get_args(kind)]
    if get_origin(kind) in (Union, UnionType):
        return [choice for member in get_args(kind) for choice in _choices(member)]
    return [str(member.value) for member in kind] if hasattr(kind, "__members__") else []


def describe(kind: Any) -> str:
    """What a value of a type looks like, in words."""
    plain = {bool: "true or false", int: "a whole number", str: "a text", NoneType: "null", Any: "a value"}
    if kind in plain:
        return plain[kind]
    if choices := _choices(kind):
        others = [describe(k) for k in get_args(kind) if get_origin(kind) is not Literal and not _choices(k)]
        return " or ".join([choices[0] if len(choices) == 1 else "one of " + ", ".join(choices), *others])
    origin, members = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return " or ".join(describe(member) for member in members)
    if origin is tuple:
        return f"a list ([...]), each of it {describe(members[0])}"
    if origin is dict:
        return f"a block of `name: value` lines, each value {describe(members[1])}"
    if _is_struct(kind):
        return f"a block with the keys {', '.join(f.encode_name for f in msgspec.structs.fields(kind))}"
    return str(kind)


def nearest(word: str, known: Iterable[str]) -> str:
    """` Did you mean hybrid?`, or nothing."""
    spelt = {k.casefold(): k for k in known}
    near = difflib.get_close_matches(word.casefold(), spelt, n=5)
    if not near:
        return ""
    ratio = {k: difflib.SequenceMatcher(None, k, word.casefold()).ratio() for k in near}
    first = min(k for k in near if ratio[k] == ratio[near[0]])  # of those that are as near, the same one each time
    return f" Did you mean {spelt[first]}?"


def shown(value: Any) -> str:
    """A value of a file in an error line, cut short."""
    if isinstance(value, dict | list):
        return "a block" if isinstance(value, dict) else "a list"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:56] + '..."'


def visible(text: str) -> str:
    r"""Text that cannot move the cursor, reverse itself or hide: control and format characters become `\uXXXX`.

    >>> visible("a\u202eb\n")
    'a\\u202eb\\u000a'
    """
    if text.isprintable():  # nothing of those kinds is
        return text
    return "".join(f"\\u{ord(c):04x}" if is_hidden(c) else c for c in text)


def is_hidden(character: str) -> bool:
    """Is this a control, format (bidi, zero width), surrogate, private or unassigned character, or a line separator?"""
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
