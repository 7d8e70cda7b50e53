"""Read CLIXML strictly into plain values: nothing is guessed, nothing unknown is passed on.

CLIXML is how PowerShell writes objects, on the wire and in files ([MS-PSRP] 2.2.5). Every value here is None, bool,
int, str, list or dict:

* an object with members is a dict of them with `#type`, its first .NET type name without `Deserialized.`; below another
  object it also keeps its text, if it has one, as `#text`; an object without members is `#type` and `#text`;
* an enumeration value is its name; any collection (LST, IE, STK, QUE) is a list; a dictionary (DCT) is a dict;
* a moment is `2026-01-02T03:04:05Z` (one without a zone is taken as UTC); a decimal, a floating-point number, a version
  number, a time span, a GUID and bytes (base64) stay the text that was sent; of a secure string only the type stays.

Texts are what UTF-8 can hold: half a surrogate pair becomes U+FFFD. Everything else that no PowerShell writes is one
error class, `ClixmlError`, whatever is wrong with it.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET

from fedready.ask.clixml_values import PRIMITIVES, ClixmlError, short, unescape
from fedready.model import Json

__all__ = ["ClixmlError", "read", "read_export"]

MAX_CHARACTERS = 8_000_000
"""The longest message that is read. One object, even a large policy, is far below."""
MAX_EXPORT_CHARACTERS = 64_000_000
MAX_DEPTH = 48
MAX_VALUES = 400_000
"""The most values that a message may expand to, references followed: a few hundred bytes could stand for gigabytes."""
MAX_EXPORT_VALUES = 8_000_000

EXPORT_NAMESPACE = "{http://schemas.microsoft.com/powershell/2004/04}"


def read(xml: str) -> Json:
    """The value of one message, as it crosses the wire.

    Raises:
        ClixmlError: anything is wrong with it.

    >>> read('<Obj RefId="0"><TN RefId="0"><T>A.B</T></TN><Props><B N="Enabled">true</B></Props></Obj>')
    {'#type': 'A.B', 'Enabled': True}
    """
    return _Reader(MAX_VALUES).read(_root(xml, MAX_CHARACTERS))


def read_export(xml: str) -> list[Json]:
    """The values of an Export-Clixml file, already decoded from UTF-8 or UTF-16.

    Raises:
        ClixmlError: anything is wrong with it.
    """
    root = _root(xml.removeprefix("\ufeff"), MAX_EXPORT_CHARACTERS)
    if root.tag != EXPORT_NAMESPACE + "Objs":
        raise ClixmlError(f"this is no Export-Clixml file: it begins with <{short(root.tag)}>")
    for element in root.iter():
        element.tag = element.tag.removeprefix(EXPORT_NAMESPACE)
    reader = _Reader(MAX_EXPORT_VALUES)
    return [reader.read(element) for element in root]


def _root(xml: str, limit: int) -> ET.Element:
    if len(xml) > limit:
        raise ClixmlError(f"a message of {len(xml)} characters; the most that is read is {limit}")
    if "<!DOCTYPE" in xml:
        raise ClixmlError("a DOCTYPE in CLIXML")
    try:
        return ET.fromstring(xml)
    except (ET.ParseError, ValueError) as wrong:  # ValueError: not encodable, an unknown encoding, a NUL
        raise ClixmlError(f"not well-formed: {wrong}") from None


class _Reader:
    """One message or file: the references that were given out, and how much may still be read."""

    def __init__(self, values: int) -> None:
        self._left = values
        self._objects: dict[str, tuple[Json, int] | None] = {}  # value and its size; None while it is being read
        self._types: dict[str, tuple[str, ...]] = {}

    def read(self, element: ET.Element, depth: int = 0) -> Json:
        primitive = PRIMITIVES.get(element.tag)
        self._left -= 1
        if self._left < 0 or depth > MAX_DEPTH:
            raise ClixmlError("more values than any answer holds" if self._left < 0 else "nested too deeply")
        if primitive is not None:
            if len(element) or _filled(element.tail):
                raise ClixmlError(f"<{element.tag}> holds elements, or text follows it")
            return primitive(element.text or "")
        _blank(element)
        if element.tag == "Obj":
            return self._object(element, depth)
        if element.tag == "Ref":
            return self._reference(element)
        if element.tag in ("LST", "IE", "STK", "QUE"):
            return [self.read(child, depth + 1) for child in element]
        if element.tag == "DCT":
            return self._dictionary(element, depth)
        raise ClixmlError(f"unknown element <{short(element.tag)}>")

    def _reference(self, element: ET.Element) -> Json:
        found = self._objects.get(_attribute(element, "RefId"), ())
        if not found:
            raise ClixmlError("a cyclic object" if found is None else "a reference to nothing")
        value, size = found
        self._left -= size  # it will be written out again
        return value

    def _object(self, element: ET.Element, depth: int) -> Json:
        number = _attribute(element, "RefId")
        if number in self._objects:
            raise ClixmlError(f"two objects with RefId {short(number)}")
        self._objects[number] = None
        before = self._left
        value = self._value(element, depth)
        self._objects[number] = (value, before - self._left)
        return value

    def _value(self, element: ET.Element, depth: int) -> Json:
        types: tuple[str, ...] = ()
        text: str | None = None
        groups: dict[str, dict[str, Json]] = {}
        base: list[Json] = []
        for part in element:
            if _filled(part.tail):
                raise ClixmlError(f"text after <{short(part.tag)}>")
            if part.tag in ("TN", "TNRef"):
                types = self._type_names(part)
            elif part.tag == "ToString":
                text = unescape(part.text or "")
            elif part.tag in ("Props", "MS"):
                if part.tag in groups:
                    raise ClixmlError(f"<{part.tag}> twice")
                groups[part.tag] = self._members(part, depth)
            else:
                base.append(self.read(part, depth + 1))
        if len(base) > 1:
            raise ClixmlError("an object with two values")
        if "System.Enum" in types:
            if not text:
                raise ClixmlError(f"a {short(types[0])} without its name")
            return text
        if base:
            return base[0]  # what PowerShell glued to a text, a number or a list says nothing about it
        value: dict[str, Json] = {"#type": types[0]} if types else {}
        members = _merged(groups.get("Props", {}), groups.get("MS", {}))
        if text is not None and (depth or not members):
            value["#text"] = text
        return value | members

    def _type_names(self, element: ET.Element) -> tuple[str, ...]:
        number = _attribute(element, "RefId")
        if element.tag == "TNRef":
            if number not in self._types:
                raise ClixmlError("a reference to type names that were not given")
            return self._types[number]
        if any(name.tag != "T" or len(name) for name in element):
            raise ClixmlError("a type name that is none")
        self._types[number] = tuple(unescape(name.text or "").removeprefix("Deserialized.") for name in element)
        return self._types[number]

    def _members(self, element: ET.Element, depth: int) -> dict[str, Json]:
        _blank(element)
        members: dict[str, Json] = {}
        for member in element:
            name = unescape(_attribute(member, "N"))
            if name in members or name in ("#type", "#text"):
                raise ClixmlError(f"the member {short(name)} a second time")
            members[name] = self.read(member, depth + 1)
        if len({name.lower() for name in members}) < len(members):
            raise ClixmlError("two members whose names differ in case only")  # PowerShell has no such object
        return members

    def _dictionary(self, element: ET.Element, depth: int) -> dict[str, Json]:
        entries: dict[str, Json] = {}
        for entry in element:
            _blank(entry)
            if entry.tag != "En" or [part.get("N") for part in entry] != ["Key", "Value"]:
                raise ClixmlError("a dictionary entry that is not a key and a value")
            key = self.read(entry[0], depth + 1)
            if not isinstance(key, str | int) or isinstance(key, bool):
                raise ClixmlError("a dictionary whose key is neither a text nor a number")
            if str(key) in entries:
                raise ClixmlError(f"the key {short(str(key))} twice")
            entries[str(key)] = self.read(entry[1], depth + 1)
        return entries


def _merged(adapted: dict[str, Json], extended: dict[str, Json]) -> dict[str, Json]:
    """An extended member hides the adapted one of its name, as in PowerShell."""
    hidden = {name.lower() for name in extended}
    return {name: value for name, value in adapted.items() if name.lower() not in hidden} | extended


def _attribute(element: ET.Element, name: str) -> str:
    value = element.get(name)
    if value is None:
        raise ClixmlError(f"<{short(element.tag)}> without {name}")
    return value


def _blank(element: ET.Element) -> None:
    """Around elements there is white space at most."""
    if _filled(element.text) or _filled(element.tail):
        raise ClixmlError(f"text in or after <{short(element.tag)}>")


def _filled(text: str | None) -> bool:
    return bool(text) and not str(text).isspace()
