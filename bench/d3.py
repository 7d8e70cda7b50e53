"""D3: wall that 10,000 SIP domains add to an audit, over what their DNS questions must take at the careful defaults.

The whole audit, live: PowerShell of the lab, DNS of a name server at 50 ms. What must be: questions of one resolver x round trip /
64 in flight, or questions / 1,500 a second, whichever is longer. One run takes minutes, so there is one pair.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from pathlib import Path

from bench import made
from bench.distance import Lab
from bench.names import responders
from bench.rows import Row
from bench.runs import Cost, audit
from fedready.ask.dns import IN_FLIGHT, RATE
from fedready.model import Snapshot
from fedready.snapshot import read

MEASURE, TARGET, MUST = "wall added by 10,000 domains over what DNS must take", 1.10, 1.3
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


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(folder, 1)
        small, few = run(folder, 1)
        large, many = run(folder, DOMAINS)
    questions = datagrams(many) - datagrams(few)
    must_take = questions * max(DISTANCE / IN_FLIGHT, 1 / RATE)
    added = large.seconds - small.seconds
    cpu = (large.cpu - small.cpu) / (len(many.entries) - len(few.entries)) * 1e6
    return [
        Row(
            "D3",
            f"{MEASURE} ({questions:,} questions a resolver)",
            f"{added:.1f} s",
            f"{must_take:.1f} s",
            round(added / must_take, 3),
            TARGET,
            MUST,
            "1 pair",
        ),
        Row("D3", "peak memory of that audit, live, MiB", f"{large.peak:.0f} MiB", "1", round(large.peak, 1)),
        Row("D3", "us CPU a record of that audit, live", f"{large.cpu:.1f} s", f"{small.cpu:.1f} s", round(cpu, 1)),
    ]
