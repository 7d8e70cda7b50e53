"""PSRP's messages, as bytes: put together what arrives, read back what leaves ([MS-PSRP] 2.2.1, 2.2.4).

Nothing here knows pypsrp: what it serialises is read again by other code, so that the record of what was sent does not
depend on what we meant to send.
"""

from __future__ import annotations

import base64
import struct
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field

from fedready.ask.clixml import ClixmlError, read
from fedready.model import Json

CREATE_PIPELINE = 0x00021006
PIPELINE_OUTPUT = 0x00041004
ERROR_RECORD = 0x00041005
PIPELINE_STATE = 0x00041006
SIDE_STREAMS = (0x00041007, 0x00041008, 0x00041009, 0x00041010, 0x00041011, 0x00041100)
"""Debug, verbose, warning, progress, information, host call: what a pipeline says beside its answer. Never judged."""

STOPPED, COMPLETED, FAILED = 3, 4, 5
RUNNING_STATES = (0, 1, 2)

MAX_MESSAGE = 32_000_000
"""Bytes of one message while its fragments are collected; what may be read of it is less (clixml.MAX_CHARACTERS)."""

_FRAGMENT = struct.Struct(">QQBI")
_HEADER = struct.Struct("<II16s16s")
_BOM = b"\xef\xbb\xbf"

_SHELL = "{http://schemas.microsoft.com/wbem/wsman/1/windows/shell}"


class Malformed(ValueError):
    """Bytes that are no PSRP."""


@dataclass(frozen=True)
class Message:
    """One PSRP message: its type, and its CLIXML (or "")."""

    type: int
    xml: str


@dataclass
class Fragments:
    """Puts messages together from fragments. One for each stream of bytes: a pipeline's, or what a session sends."""

    _begun: dict[int, list[bytes]] = field(default_factory=dict)
    _size: int = 0

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages that these bytes complete.

        Raises:
            Malformed: a fragment is cut, repeated, missing or too much.
        """
        at = 0
        while at < len(data):
            if len(data) - at < _FRAGMENT.size:
                raise Malformed("a fragment is cut within its header")
            number, part, flags, length = _FRAGMENT.unpack_from(data, at)
            at += _FRAGMENT.size
            if len(data) - at < length:
                raise Malformed("a fragment is shorter than it says")
            whole = self._add(number, part, flags, data[at : at + length])
            at += length
            if whole is not None:
                yield _message(whole)

    def _add(self, number: int, part: int, flags: int, data: bytes) -> bytes | None:
        starts, ends = bool(flags & 1), bool(flags & 2)
        parts = self._begun.setdefault(number, [])
        if part != len(parts) or starts != (part == 0):
            raise Malformed(f"fragment {part} of a message where fragment {len(parts)} was due")
        self._size += len(data)
        if self._size > MAX_MESSAGE:
            raise Malformed(f"a message of more than {MAX_MESSAGE} bytes")
        parts.append(data)
        if not ends:
            return None
        whole = b"".join(self._begun.pop(number))
        self._size -= len(whole)
        return whole


def _message(data: bytes) -> Message:
    if len(data) < _HEADER.size:
        raise Malformed("a message is cut within its header")
    _, kind, _, _ = _HEADER.unpack_from(data)
    try:
        return Message(kind, data[_HEADER.size :].removeprefix(_BOM).decode("utf-8"))
    except UnicodeDecodeError:
        raise Malformed("a message that is not UTF-8") from None


# --------------------------------------------------------------------------- what leaves


def fragments_of(message: bytes, number: int, longest: int) -> Iterator[bytes]:
    """A message in fragments that carry `longest` bytes of it at most."""
    for part, at in enumerate(range(0, len(message), longest)):
        piece = message[at : at + longest]
        flags = (part == 0) | (at + longest >= len(message)) << 1
        yield _FRAGMENT.pack(number, part, flags, len(piece)) + piece


class SentCommands:
    """Reads the commands out of the requests of one session, as they are about to leave."""

    def __init__(self) -> None:
        self._fragments = Fragments()

    def of(self, envelope: bytes) -> list[str]:
        """The commands in a WSMan request, before it is encrypted. A script shows as `script: ...`."""
        root = ET.fromstring(envelope)
        commands = []
        for line in root.iter(_SHELL + "CommandLine"):
            if text := (line.findtext(_SHELL + "Command") or "").strip():
                commands.append(f"process: {text}")
        carried = [*root.iter(_SHELL + "Arguments"), *root.iter(_SHELL + "Stream")]
        carried += root.iter("{http://schemas.microsoft.com/powershell}creationXml")
        for element in carried:
            try:
                for message in self._fragments.feed(base64.b64decode(element.text or "", validate=True)):
                    if message.type == CREATE_PIPELINE:
                        commands.append(pipeline_text(read(message.xml)))
            except (Malformed, ClixmlError, ValueError) as wrong:
                commands.append(f"unreadable: {wrong}")  # counted as a write: nobody can say that it was a read
        return commands


def pipeline_text(create: Json) -> str:
    """A CREATE_PIPELINE message as one would type it: `Get-CsUser -Filter ... -ResultSize Unlimited`.

    Raises:
        ClixmlError: it is none.
    """
    try:
        power_shell = create["PowerShell"]
        statements = [each["Cmds"] for each in power_shell.get("ExtraCmds") or ()] or [power_shell["Cmds"]]
        return "; ".join(" | ".join(_command_text(command) for command in statement) for statement in statements)
    except (KeyError, TypeError, AttributeError):
        raise ClixmlError("a pipeline without commands") from None


def _command_text(command: dict[str, Json]) -> str:
    name = str(command["Cmd"])
    words = [f"script: {name}" if command["IsScript"] is not False else name]
    for argument in command.get("Args") or ():
        key, value = argument.get("N"), argument.get("V")
        if key is not None:
            words.append(f"-{str(key).lstrip('-').rstrip(':')}")
        if key is None or value is not True:
            words.append(",".join(map(str, value)) if isinstance(value, list) else str(value))
    return " ".join(words)
