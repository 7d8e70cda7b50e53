"""Write CLIXML as Windows PowerShell's remoting serialiser does.

RefIds from 0 per message, repeated type names as TNRef, shared objects as Ref, adapted properties (Props) before extended
ones (MS), everything below the depth flattened to its ToString, `<S></S>` but `<Nil />`. The tests compare the result byte
for byte with messages recorded from Windows hosts.
"""

from __future__ import annotations

import re
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

ENUM = ("System.Enum", "System.ValueType", "System.Object")
OBJECT_ARRAY = ("System.Object[]", "System.Array", "System.Object")
HASHTABLE = ("System.Collections.Hashtable", "System.Object")

_ESCAPED = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\U00010000-\U0010ffff]")
_EMPTY_TEXT = re.compile(rb"<(S|ToString)( [^<>]*)? />")


@dataclass(frozen=True)
class Primitive:
    """A value that is told by its element: `Primitive("Version", "6.2.1")`, `Primitive("U64", "443")`."""

    tag: str
    text: str


@dataclass(frozen=True)
class Enum:
    """A .NET enumeration value; below the top level only its name crosses the wire."""

    type: str
    name: str
    value: int


@dataclass(eq=False)
class Obj:
    """A .NET object. `props` are adapted properties, `notes` extended ones, `depth` its own serialisation depth."""

    types: Sequence[str]
    props: Mapping[str, Any] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)
    text: str | None = None
    depth: int = 1


@dataclass(eq=False)
class Listing:
    """A .NET collection of any type."""

    items: Sequence[Any]
    types: Sequence[str] = OBJECT_ARRAY


@dataclass(eq=False)
class Dictionary:
    """A .NET dictionary of any type."""

    items: Mapping[Any, Any]
    types: Sequence[str] = HASHTABLE


@dataclass(frozen=True)
class Raw:
    """Ready-made CLIXML: how the lab sends what no serialiser would write."""

    xml: bytes


def dumps(value: Any) -> bytes:
    """The CLIXML of one value, UTF-8, without byte order mark."""
    if isinstance(value, Raw):
        return value.xml
    return _EMPTY_TEXT.sub(rb"<\1\2></\1>", ET.tostring(_Writer().element(value, 1), encoding="utf-8"))


def escape(text: str) -> str:
    """CLIXML's own escapes: `_x000A_` for control characters and every half of a surrogate pair.

    >>> escape("a\\nb_x")
    'a_x000A_b_x005F_x'
    """
    return _ESCAPED.sub(_escaped, re.sub("(?i)_(x)", r"_x005F_\1", text))


def _escaped(match: re.Match[str]) -> str:
    units = match.group(0).encode("utf-16-be", "surrogatepass").hex().upper()
    return "".join(f"_x{units[i : i + 4]}_" for i in range(0, len(units), 4))


class _Writer:
    """One message: the references that were given out so far."""

    def __init__(self) -> None:
        self._refs: dict[int, int] = {}
        self._type_refs: dict[tuple[str, ...], int] = {}
        self._next = 0
        self._alive: list[Any] = []  # id() is only unique among objects that live

    def element(self, value: Any, depth: int, name: str | None = None) -> ET.Element:
        made = self._element(value, depth)
        if name is not None:  # .NET writes N before RefId
            attributes = dict(made.attrib)
            made.attrib.clear()
            made.set("N", escape(name))
            made.attrib.update(attributes)
        return made

    def _element(self, value: Any, depth: int) -> ET.Element:
        if value is None:
            return ET.Element("Nil")
        if isinstance(value, Enum):
            return self._enum(value) if depth >= 1 else _text("S", value.name)
        if (primitive := _primitive(value)) is not None:
            return _text(primitive.tag, primitive.text)
        if id(value) in self._refs:
            return ET.Element("Ref", RefId=str(self._refs[id(value)]))
        if isinstance(value, Obj):
            depth = max(depth, value.depth) if depth >= 1 else depth
            return (
                self._object(value, depth)
                if depth >= 1
                else _text("S", value.types[0] if value.text is None else value.text)
            )
        if isinstance(value, list | tuple):
            value = Listing(value)
        elif isinstance(value, Mapping):
            value = Dictionary(value)
        if isinstance(value, Listing):
            made = self._open(value, value.types)
            ET.SubElement(made, "LST").extend([self._element(item, max(depth, 0)) for item in value.items])
            return made
        if isinstance(value, Dictionary):
            return self._dictionary(value, depth)
        raise TypeError(f"CLIXML has no form for {type(value).__name__}")

    def _open(self, value: Any, types: Sequence[str]) -> ET.Element:
        made = ET.Element("Obj", RefId=str(self._next))
        self._refs[id(value)] = self._next
        self._alive.append(value)
        self._next += 1
        key = tuple(types)
        if key in self._type_refs:
            ET.SubElement(made, "TNRef", RefId=str(self._type_refs[key]))
        elif key:
            self._type_refs[key] = len(self._type_refs)
            names = ET.SubElement(made, "TN", RefId=str(self._type_refs[key]))
            for type_name in key:
                ET.SubElement(names, "T").text = type_name
        return made

    def _enum(self, value: Enum) -> ET.Element:
        made = self._open(value, (value.type, *ENUM))
        made.append(_text("ToString", value.name))
        ET.SubElement(made, "I32").text = str(value.value)
        return made

    def _dictionary(self, value: Dictionary, depth: int) -> ET.Element:
        made = self._open(value, value.types)
        entries = ET.SubElement(made, "DCT")
        for key, item in value.items.items():
            entry = ET.SubElement(entries, "En")
            entry.append(self.element(key, depth, "Key"))
            entry.append(self.element(item, depth, "Value"))
        return made

    def _object(self, value: Obj, depth: int) -> ET.Element:
        made = self._open(value, value.types)
        if value.text is not None:
            made.append(_text("ToString", value.text))
        for tag, members in (("Props", value.props), ("MS", value.notes)):
            if members:
                ET.SubElement(made, tag).extend([self.element(item, depth - 1, key) for key, item in members.items()])
        return made


def _primitive(value: Any) -> Primitive | None:
    if isinstance(value, Primitive):
        return value
    if isinstance(value, bool):
        return Primitive("B", str(value).lower())
    if isinstance(value, int):
        return Primitive("I32" if -(2**31) <= value < 2**31 else "I64", str(value))
    if isinstance(value, str):
        return Primitive("S", value)
    return Primitive("G", str(value)) if isinstance(value, uuid.UUID) else None


def _text(tag: str, text: str) -> ET.Element:
    made = ET.Element(tag)
    made.text = escape(text)
    return made
