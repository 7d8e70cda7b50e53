"""D3: wall that 10,000 SIP domains add to an audit, over what their DNS questions must take at the careful defaults.

The whole audit, live: PowerShell of the lab, DNS of a name server at 50 ms. What must be: questions of one resolver x round trip /
64 in flight, or questions / 1,500 a second, whichever is longer. What one domain takes is taken in turn.

The progress of that audit is measured beside it (progress.py), for the difference of two audits is lost in what differs between them
anyway: processor time of a whole process that counts as many questions and draws the table for as many seconds.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

from bench import made
from bench.distance import Lab
from bench.names import responders
from bench.rows import AT_LEAST, Pairs, Row, alone
from bench.runs import Cost, audit, timed
from fedready.ask.dns import IN_FLIGHT, RATE
from fedready.model import Snapshot
from fedready.snapshot import read

MEASURE, TARGET, MUST = "wall added by 10,000 domains over what DNS must take", 1.10, 1.3
PROGRESS = 0.02
DOMAINS, DISTANCE = 10_000, 0.05


def estate(folder: Path, domains: int) -> Path:
    """The healthy estate with so many SIP domains on both sides; DNS is answered elsewhere."""
    names = made.domains(domains)
    onprem = [{"Identity": name, "Name": name, "IsDefault": not place} for place, name in enumerate(names)]
    content = {
        "extends": "healthy",
        "target": {"from_here": ["dns"], "edge": {"names": [f"sip.{made.FIRST}"]}, "timeouts": {"run": 1800}},
        "onprem": {"Get-CsSipDomain": {"rows": onprem}},
        "tenant": {
            "Get-CsOnlineSipDomain -DomainStatus All": {"rows": [{"Name": n, "Status": "Enabled"} for n in names]}
        },
    }
    file = folder / "many.yaml"
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


def datagrams(asked: Snapshot) -> int:
    """How many questions the busiest resolver was sent; a wildcard probe is two."""
    count: Counter[str] = Counter()
    for text in asked.entries:
        if text.startswith("dns@"):
            count[text.partition(":")[0]] += 2 if " WILDCARD " in text else 1
    return max(count.values())


def run(folder: Path, domains: int, distance: float = DISTANCE) -> tuple[Cost, Snapshot]:
    """What an audit took, and what it asked."""
    with Lab(str(estate(folder, domains))) as lab, responders((domains, distance), (domains, distance)) as ports:
        lab.content["resolvers"] = dict(
            zip(("public", "internal"), (f"127.0.0.1:{port}" for port in ports), strict=True)
        )
        lab.write()
        out = folder / f"out-{domains}"
        cost = audit(["--target", str(lab.target)], out, environ=lab.environ, codes=(0, 1, 10))
        return cost, read(out / "snapshot.json")


def progress(questions: int, seconds: float) -> float:
    """CPU seconds of a process that shows the progress of so many questions for so long."""
    command = [sys.executable, "-m", "bench.progress", str(questions), str(seconds)]
    return timed(command, environ={"TERM": "xterm", "COLUMNS": "120"}, terminal=True).cpu


def measure() -> list[Row]:
    added: list[float] = []
    must_take: list[float] = []
    peaks: list[float] = []
    each: list[float] = []
    cpu: list[float] = []
    shown: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(folder, 1)
        for _ in range(AT_LEAST):
            small, few = run(folder, 1)
            large, many = run(folder, DOMAINS)
            questions = datagrams(many) - datagrams(few)
            must_take.append(questions * max(DISTANCE / IN_FLIGHT, 1 / RATE))
            added.append(large.seconds - small.seconds)
            peaks.append(large.peak)
            each.append((large.cpu - small.cpu) / (len(many.entries) - len(few.entries)) * 1e6)
            cpu.append(large.cpu)
            shown.append(progress(len(many.entries), large.seconds))
    pairs = Pairs(tuple(added), tuple(must_take))
    beside = Pairs(tuple(shown), tuple(cpu))
    return [
        pairs.row("D3", f"{MEASURE} ({questions:,} questions a resolver)", "s", TARGET, MUST, digits=1),
        alone("D3", "peak memory of that audit, live, MiB", peaks, "MiB", digits=0),
        alone("D3", "us CPU a record of that audit, live", each, "us", digits=0),
        beside.row(
            "D3", "CPU of showing the progress of that audit, over its own", "s CPU", PROGRESS, PROGRESS, digits=2
        ),
    ]
