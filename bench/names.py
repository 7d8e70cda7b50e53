"""Asking a name server for many names: with the room of fedready, with dnspython's asyncio, with dnsperf."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dns.asyncquery
import dns.message
import dns.rcode

from bench import made
from bench.rows import NotMeasured
from bench.runs import ROOT
from fedready.ask.dns import Resolvers
from fedready.questions import Lookup


@contextlib.contextmanager
def responders(*asked: tuple[int, float]) -> Iterator[list[int]]:
    """Name servers for (domains, seconds); their ports."""
    words = [str(word) for pair in asked for word in pair]
    command = [sys.executable, "-m", "bench.responder", *words]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def questions(domains: int, most: int) -> list[tuple[str, str]]:
    """(name, type) pairs of what is asked about so many domains, the same in each run."""
    texts = [
        t.partition(": ")[2]
        for t in made.snapshot(domains).entries
        if t.startswith("dns@public: ") and " WILDCARD " not in t
    ]
    pairs = [(name, kind) for kind, _, name in (text.partition(" ") for text in texts)]
    if len(pairs) < most:
        raise ValueError(f"{domains} domains give only {len(pairs)} questions")
    return pairs[:most]


def ours(port: int, asked: list[tuple[str, str]], in_flight: int) -> tuple[float, float]:
    """Seconds, and seconds of CPU of this process; every answer read and checked."""
    cpu, begun = time.process_time(), time.perf_counter()
    room = Resolvers({"public": f"127.0.0.1:{port}"}, 10, in_flight=in_flight, rate=1e6)
    futures = [room.ask(Lookup("public", kind, name)) for name, kind in asked]
    states = {future.result().state for future in futures}
    cost = time.perf_counter() - begun, time.process_time() - cpu
    room.close()
    if states != {"answered"}:
        raise RuntimeError(f"not every question was answered: {states}")
    return cost


def dnspython(port: int, asked: list[tuple[str, str]], in_flight: int) -> tuple[float, float]:
    """The same with dns.asyncquery, so many workers that each ask one question at a time."""

    async def worker(waiting: Iterator[tuple[str, str]]) -> None:
        for name, kind in waiting:
            query = dns.message.make_query(name, kind)
            answer = await dns.asyncquery.udp(query, "127.0.0.1", timeout=10, port=port)
            if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
                raise RuntimeError(answer.to_text())

    async def every() -> None:
        waiting = iter(asked)
        await asyncio.gather(*(worker(waiting) for _ in range(in_flight)))

    cpu, begun = time.process_time(), time.perf_counter()
    asyncio.run(every())
    return time.perf_counter() - begun, time.process_time() - cpu


def dnsperf(port: int, asked: list[tuple[str, str]], in_flight: int, folder: Path) -> float:
    """Seconds that dnsperf needs for the same names, from its first datagram to the last answer.

    Raises:
        NotMeasured: it is not installed.
    """
    program = shutil.which("dnsperf")
    if program is None:
        raise NotMeasured("dnsperf is not installed (Debian: apt-get install dnsperf)")
    file = folder / "names.txt"
    file.write_text("".join(f"{name} {kind}\n" for name, kind in asked), encoding="utf-8")
    command = [
        program, "-s", "127.0.0.1", "-p", str(port), "-d", str(file), "-n", "1", "-c", "1", "-T", "1", "-q", str(in_flight),
        "-b", "8192",
    ]  # fmt: skip
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lost = next(line for line in said.splitlines() if "Queries lost" in line)
    if not lost.split()[2] == "0":
        raise RuntimeError(lost)
    line = next(line for line in said.splitlines() if "Run time (s)" in line)
    return float(line.split()[-1])
