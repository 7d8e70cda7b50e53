"""DNS messages as bytes: the question, and what of an answer matters here (RFC 1035 section 4, RFC 2782, RFC 6891).

Names are taken apart by dnspython, which knows every trick of compression pointers. Its whole message reader makes an
object of each record of each section and costs three times as much: too much at tens of thousands of answers.
"""

from __future__ import annotations

import re
import socket
import struct
from dataclasses import dataclass, field

import dns.name
import dns.rcode
import dns.wire

from fedready.ask.dns_channel import NoReply, Query, Reply

TYPES = {"A": 1, "CNAME": 5, "AAAA": 28, "SRV": 33}
_CNAME, _SOA, _OPT = 5, 6, 41
_IN = 1
_FAMILIES = {1: (socket.AF_INET, 4), 28: (socket.AF_INET6, 16)}
_EDNS = b"\0\0\x29\x04\xd0\0\0\0\0\0\0"  # answers up to 1232 bytes fit every path without fragments (DNS flag day 2020)
_HEADER = 12
_TO_THE_QUESTION = bytes([0xC0, _HEADER])  # the question's name, as the owner of nearly every record is written
_PLAIN = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")
_RCODES = {int(code): dns.rcode.to_text(code) for code in dns.rcode.Rcode}


@dataclass(slots=True)
class Records:
    """The records of one name and type: their texts, or the name that an alias leads to; the smallest TTL."""

    ttl: int
    texts: set[str] = field(default_factory=set)
    target: dns.name.Name | None = None


@dataclass(slots=True)
class Message:
    """What of an answer matters: the code, the records of the answer section, the zones whose SOA says "no more"."""

    code: int
    records: dict[tuple[dns.name.Name, int], Records] = field(default_factory=dict)
    negative: list[dns.name.Name] = field(default_factory=list)

    @property
    def rcode(self) -> str:
        """`NOERROR`, `NXDOMAIN`, ..."""
        return _RCODES.get(self.code) or dns.rcode.to_text(dns.rcode.Rcode.make(self.code))


def name_of(text: str) -> dns.name.Name:
    """The name of a text, as `dns.name.from_text` reads it: that knows escapes and IDNA, and takes four times as long.

    Raises:
        dns.exception.DNSException: it is no name.
    """
    if _PLAIN.fullmatch(text):
        return dns.name.Name([*text.rstrip(".").encode("ascii").split(b"."), b""])
    return dns.name.from_text(text)


def query(name: dns.name.Name, rdtype: str, *, edns: bool = True) -> Query:
    """The question for a name and type, recursion desired."""
    question = (name.to_wire() or b"") + TYPES[rdtype].to_bytes(2, "big") + _IN.to_bytes(2, "big")
    header = b"\x01\0\0\1\0\0\0\0\0" + (b"\1" if edns else b"\0")
    return Query(header + question + (_EDNS if edns else b""), question.lower())


def read(reply: Reply, asked: Query, name: dns.name.Name) -> Message:
    """The message of a reply, every record of which must be readable.

    Args:
        asked: what the reply fits.
        name: the one in it.

    Raises:
        NoReply: malformed.
    """
    try:
        return _read(reply.wire, asked, name)
    except Exception:  # hostile bytes: whatever the reading trips over, the answer is not readable
        raise NoReply("malformed", f"{reply.source} sent an answer that is not a DNS message") from None


def _read(wire: bytes, asked: Query, asked_name: dns.name.Name) -> Message:
    questions, *counts = struct.unpack_from("!4H", wire, 4)
    parser = dns.wire.Parser(wire, _HEADER + (len(asked.question) if questions else 0))
    message = Message(wire[3] & 0x0F)
    for section, count in enumerate(counts):
        for _ in range(count):
            if questions and wire.startswith(_TO_THE_QUESTION, parser.current):
                parser.seek(parser.current + 2)
                name = asked_name
            else:
                name = dns.name.from_wire_parser(parser)
            kind, of_class, ttl, size = parser.get_struct("!HHIH")
            if section == 0 and of_class == _IN and kind in TYPES.values():
                with parser.restrict_to(size):
                    _add(message, name, kind, ttl if ttl < 1 << 31 else 0, parser)  # RFC 2181 section 8
                continue
            parser.get_bytes(size)
            if section == 1 and kind == _SOA:
                message.negative.append(name)
            elif section == 2 and kind == _OPT:
                message.code |= (ttl >> 24) << 4
    if parser.remaining():
        raise ValueError("bytes after the last record")
    return message


def _add(message: Message, name: dns.name.Name, kind: int, ttl: int, parser: dns.wire.Parser) -> None:
    records = message.records.get((name, kind))
    if records is None:
        records = message.records[name, kind] = Records(ttl)
    records.ttl = min(records.ttl, ttl)
    if kind in _FAMILIES:
        family, length = _FAMILIES[kind]
        records.texts.add(socket.inet_ntop(family, parser.get_bytes(length)))
        return
    priority, weight, port = (0, 0, 0) if kind == _CNAME else parser.get_struct("!HHH")
    target = dns.name.from_wire_parser(parser)
    if kind == _CNAME:
        records.target = records.target or target
        records.texts.add(host(target))
    else:
        records.texts.add(f"{priority} {weight} {port} {host(target)}")


def host(name: dns.name.Name) -> str:
    """A name as evidence holds it: lower case, no final dot, `.` for the root; odd bytes escaped as in zone files."""
    return name.to_text(omit_final_dot=True).lower()
