"""A name server that costs little and answers late: `python -m bench.responder DOMAINS SECONDS [DOMAINS SECONDS ...]`.

It knows what the made-up snapshot of so many domains holds of DNS, whatever the resolver, and says NXDOMAIN to the rest. Answers are
ready-made messages; each leaves when its time has come. Prints its ports as one line of JSON.
"""

from __future__ import annotations

import json
import select
import socket
import sys
import time
from collections import deque

from bench import made

_TYPES = {"A": 1, "CNAME": 5, "AAAA": 28, "SRV": 33}


def wire(name: str) -> bytes:
    """A name as a message holds it, without compression."""
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


def answers(domains: int) -> dict[bytes, bytes]:
    """The question section -> a message without its id."""
    found: dict[bytes, bytes] = {}
    for text, evidence in made.snapshot(domains).entries.items():
        if not text.startswith("dns@") or " WILDCARD " in text or evidence.state != "answered":
            continue
        kind, _, name = text.partition(": ")[2].partition(" ")
        question = wire(name) + _TYPES[kind].to_bytes(2, "big") + b"\0\1"
        records = [_record(link["name"], "CNAME", link["target"], link["ttl"]) for link in evidence.value["chain"]]
        owner = evidence.value["chain"][-1]["target"] if records else name
        records += [_record(owner, kind, answer, evidence.value["ttl"] or 60) for answer in evidence.value["answers"]]
        code = 3 if evidence.value["rcode"] == "NXDOMAIN" else 0
        header = bytes([0x81, 0x80 | code, 0, 1]) + len(records).to_bytes(2, "big") + b"\0\0\0\0"
        found[question] = header + question + b"".join(records)
    return found


def _record(owner: str, kind: str, text: str, ttl: int) -> bytes:
    if kind == "A":
        data = socket.inet_aton(text)
    elif kind == "AAAA":
        data = socket.inet_pton(socket.AF_INET6, text)
    elif kind == "CNAME":
        data = wire(text)
    else:
        *numbers, target = text.split()
        data = b"".join(int(number).to_bytes(2, "big") for number in numbers) + wire(target)
    return (
        wire(owner)
        + _TYPES[kind].to_bytes(2, "big")
        + b"\0\1"
        + ttl.to_bytes(4, "big")
        + len(data).to_bytes(2, "big")
        + data
    )


def serve(sockets: dict[int, tuple[dict[bytes, bytes], float]], listening: dict[int, socket.socket]) -> None:
    """Answer for ever."""
    late: dict[int, deque[tuple[float, bytes, object]]] = {number: deque() for number in sockets}
    while True:
        now = time.monotonic()
        due = [queue[0][0] for queue in late.values() if queue]
        ready, _, _ = select.select(list(listening), [], [], max(0.0, min(due) - now) if due else None)
        for number in ready:
            known, seconds = sockets[number]
            one, queue = listening[number], late[number]
            for _ in range(64):
                try:
                    datagram, client = one.recvfrom(2048)
                except BlockingIOError:
                    break
                question = _question(datagram)
                answer = known.get(question.lower()) or b"\x81\x83\0\1\0\0\0\0\0\0" + question
                queue.append((time.monotonic() + seconds, datagram[:2] + answer, client))
        now = time.monotonic()
        for number, queue in late.items():
            while queue and queue[0][0] <= now:
                _, message, client = queue.popleft()
                listening[number].sendto(message, client)  # type: ignore[arg-type]


def _question(datagram: bytes) -> bytes:
    end = datagram.index(b"\0", 12) + 5
    return datagram[12:end]


def main(words: list[str]) -> None:
    sockets: dict[int, tuple[dict[bytes, bytes], float]] = {}
    listening: dict[int, socket.socket] = {}
    for domains, seconds in zip(words[::2], words[1::2], strict=True):
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        one.bind(("127.0.0.1", 0))
        one.setblocking(False)
        sockets[one.fileno()] = answers(int(domains)), float(seconds)
        listening[one.fileno()] = one
    print(json.dumps([one.getsockname()[1] for one in listening.values()]), flush=True)
    serve(sockets, listening)


if __name__ == "__main__":
    main(sys.argv[1:])
