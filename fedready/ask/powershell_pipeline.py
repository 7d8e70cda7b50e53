"""A cmdlet as it is sent: the message that creates its pipeline ([MS-PSRP] 2.2.2.10, 2.2.3.11 to 2.2.3.13).

pypsrp writes the same, byte for byte, in a millisecond that all lanes need at the same moment. What is written here is one
cmdlet and its parameters; there is no way to write a script.
"""

from __future__ import annotations

import re
import struct
import uuid
from collections.abc import Iterator, Mapping
from itertools import count

from fedready.ask.powershell_messages import CREATE_PIPELINE
from fedready.model import Json

SERVER = 2
"""Where a message goes ([MS-PSRP] 2.2.1)."""

_TO_ESCAPE = re.compile(r"_(?=[xX])|[\x00-\x1f\x7f-\x9f\U00010000-\U0010ffff]")
_LIST = (
    "<T>System.Collections.Generic.List`1[[System.Management.Automation.PSObject, System.Management.Automation, "
    "Version=1.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35]]</T><T>System.Object</T>"
)
_ARRAY = "<T>System.Object[]</T><T>System.Array</T><T>System.Object</T>"
_HEAD = (
    '<Obj RefId="0"><MS><B N="NoInput">true</B>'
    '<Obj RefId="1" N="ApartmentState"><TN RefId="0"><T>System.Management.Automation.Runspaces.ApartmentState</T>'
    "<T>System.Enum</T><T>System.ValueType</T><T>System.Object</T></TN><ToString>UNKNOWN</ToString><I32>2</I32></Obj>"
    '<Obj RefId="2" N="RemoteStreamOptions"><TN RefId="1">'
    "<T>System.Management.Automation.Runspaces.RemoteStreamOptions</T>"
    "<T>System.Enum</T><T>System.ValueType</T><T>System.Object</T></TN>"
    "<ToString>AddInvocationInfo</ToString><I32>15</I32></Obj>"
    '<B N="AddToHistory">false</B>'
    '<Obj RefId="3" N="HostInfo"><MS><B N="_isHostNull">true</B><B N="_isHostUINull">true</B>'
    '<B N="_isHostRawUINull">true</B><B N="_useRunspaceHost">true</B></MS></Obj>'
    '<Obj RefId="4" N="PowerShell"><MS><B N="IsNested">false</B><Nil N="ExtraCmds" />'
    f'<Obj RefId="5" N="Cmds"><TN RefId="2">{_LIST}</TN><LST><Obj RefId="6"><MS>'
)
_KIND = '<B N="IsScript">false</B><Nil N="UseLocalScope" />'
_MERGED_TYPE = (
    '<TN RefId="3"><T>System.Management.Automation.Runspaces.PipelineResultTypes</T>'
    "<T>System.Enum</T><T>System.ValueType</T><T>System.Object</T></TN>"
)
_MERGED = '<Obj RefId="{}" N="Merge{}">{}<ToString>None</ToString><I32>0</I32></Obj>'
_LATER = {(2, 2): ("Error", "Warning", "Verbose", "Debug"), (2, 3): ("Information",)}
"""Streams that can be merged since a version of the protocol; none is."""
_TAIL = (
    '</MS></Obj></LST></Obj><Nil N="History" /><B N="RedirectShellErrorOutputPipe">false</B></MS></Obj>'
    '<B N="IsNested">false</B></MS></Obj>'
)


def message(name: str, parameters: Mapping[str, Json], *, pool: str, pipeline: str, protocol: str) -> bytes:
    """The message that runs one cmdlet as a pipeline of its own.

    Args:
        name: of the cmdlet.
        parameters: name -> a text, True for a switch, or a list of texts.
        pool: the id of the session.
        pipeline: the id of the new pipeline.
        protocol: the version that the server speaks, such as 2.3.
    """
    header = struct.pack("<II", SERVER, CREATE_PIPELINE) + uuid.UUID(pool).bytes_le + uuid.UUID(pipeline).bytes_le
    spoken = tuple(int(part) for part in protocol.split("."))
    return header + "".join(_create(name, parameters, spoken)).encode("utf-8", "xmlcharrefreplace")


def _create(name: str, parameters: Mapping[str, Json], spoken: tuple[int, ...]) -> Iterator[str]:
    number = count(7)
    yield f'{_HEAD}<S N="Cmd">{_escaped(name)}</S>{_KIND}'
    yield _MERGED.format(next(number), "MyResult", _MERGED_TYPE)
    for stream in ("ToResult", "PreviousResults"):
        yield _MERGED.format(next(number), stream, '<TNRef RefId="3" />')
    yield f'<Obj RefId="{next(number)}" N="Args"><TNRef RefId="2" />'
    yield from _arguments(parameters, number)
    yield "</Obj>"
    for since, streams in _LATER.items():
        for stream in streams if spoken >= since else ():
            yield _MERGED.format(next(number), stream, '<TNRef RefId="3" />')
    yield _TAIL


def _arguments(parameters: Mapping[str, Json], number: Iterator[int]) -> Iterator[str]:
    if not parameters:
        yield "<LST />"
        return
    yield "<LST>"
    array = f'<TN RefId="4">{_ARRAY}</TN>'
    for name, value in parameters.items():
        yield f'<Obj RefId="{next(number)}"><MS><S N="N">{_escaped(name)}</S>'
        if value is True:
            yield '<B N="V">true</B>'
        elif isinstance(value, list):
            texts = "".join(map(_text, value))
            yield f'<Obj RefId="{next(number)}" N="V">{array}<LST>{texts}</LST></Obj>'
            array = '<TNRef RefId="4" />'
        else:
            yield _text(value, ' N="V"')
        yield "</MS></Obj>"
    yield "</LST>"


def _text(value: Json, attribute: str = "") -> str:
    """A value.

    Raises:
        TypeError: it is no text.
    """
    if not isinstance(value, str):
        raise TypeError(f"a parameter of type {type(value).__name__}")
    return f"<S{attribute}>{_escaped(value)}</S>" if value else f"<S{attribute} />"


def _escaped(text: str) -> str:
    """[MS-PSRP] 2.2.5.3.2, and XML."""
    text = _TO_ESCAPE.sub(_units, text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _units(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be").hex().upper()
    return "".join(f"_x{units[at : at + 4]}_" for at in range(0, len(units), 4))
