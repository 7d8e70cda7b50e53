"""PSRP messages cut into fragments, rightly or as a fault asks."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lab.faults import Fault

PIPELINE_STATE, PIPELINE_OUTPUT, POOL_STATE = 0x41006, 0x41004, 0x21005
_START, _END = 1, 2
_CLIENT = 1
_ENDLESS = 2**40  # an object id that no other message has


@dataclass(frozen=True)
class Message:
    """One PSRP message before it is cut (MS-PSRP 2.2.1)."""

    kind: int
    pool: uuid.UUID
    pipeline: uuid.UUID
    body: bytes

    @property
    def packed(self) -> bytes:
        return struct.pack("<II", _CLIENT, self.kind) + self.pool.bytes_le + self.pipeline.bytes_le + self.body


def fragment(object_id: int, number: int, flags: int, data: bytes, length: int | None = None) -> bytes:
    """One fragment (MS-PSRP 2.2.4)."""
    return struct.pack(">QQBI", object_id, number, flags, len(data) if length is None else length) + data


def cut(object_id: int, data: bytes, size: int) -> list[bytes]:
    """The fragments of one packed message."""
    parts = [data[start : start + size] for start in range(0, len(data), size)]
    last = len(parts) - 1
    return [
        fragment(object_id, number, (_START if number == 0 else 0) | (_END if number == last else 0), part)
        for number, part in enumerate(parts)
    ]


def fragments(object_id: int, message: Message, size: int, fault: Fault | None) -> list[bytes]:
    """The fragments of a message, spoiled where the fault is about a message of this kind."""
    if fault is None:
        return cut(object_id, message.packed, size)
    if message.kind == PIPELINE_OUTPUT:
        return list(_output(object_id, message, size, fault))
    if message.kind == PIPELINE_STATE:
        return list(_final(object_id, message, size, fault))
    return cut(object_id, message.packed, size)


def _output(object_id: int, message: Message, size: int, fault: Fault) -> Iterator[bytes]:
    data = message.packed
    third = max(1, len(data) // 3)
    match fault.do:
        case "fragment-wrong":
            yield fragment(object_id, 5, _START | _END, data)
        case "fragment-missing":
            parts = cut(object_id, data, third)
            yield from parts[:1] + parts[2:]
        case "fragment-duplicate":
            parts = cut(object_id, data, third)
            yield from parts[:1] + parts
        case "fragment-truncated":
            yield fragment(object_id, 0, _START | _END, data)[:10]
        case "fragment-overlong":
            yield fragment(object_id, 0, _START | _END, data, length=10**6)
        case "object-endless":
            yield fragment(_ENDLESS, 0, _START, data)
        case "message-unknown":
            yield from cut(object_id, replace(message, kind=0x99).packed, size)
        case "message-short":
            yield fragment(object_id, 0, _START | _END, b"12345")
        case "bad-utf8":
            yield from cut(object_id, replace(message, body=b"<S>\xff\xfe</S>").packed, size)
        case "raw":
            yield from cut(
                object_id, replace(message, body=str(fault.more.get("xml", "<Obj><S>")).encode()).packed, size
            )
        case _:
            yield from cut(object_id, data, size)


def _final(object_id: int, message: Message, size: int, fault: Fault) -> Iterator[bytes]:
    match fault.do:
        case "state-bad":
            body = b'<Obj RefId="0"><MS><I32 N="PipelineState">77</I32></MS></Obj>'
            yield from cut(object_id, replace(message, body=body).packed, size)
        case "state-empty":
            yield from cut(object_id, replace(message, body=b'<Obj RefId="0"><MS></MS></Obj>').packed, size)
        case "pipeline-pool-broken":
            body = b'<Obj RefId="0"><MS><I32 N="RunspaceState">5</I32></MS></Obj>'
            yield from cut(
                object_id, replace(message, kind=POOL_STATE, pipeline=uuid.UUID(int=0), body=body).packed, size
            )
        case _:
            yield from cut(object_id, message.packed, size)


def endless_fragment(number: int) -> bytes:
    """One more piece, neither start nor end, of an object that never ends."""
    return fragment(_ENDLESS, number, 0, b"x" * 100_000)
