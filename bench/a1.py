"""A1: wall of a whole audit over the network floor of the same critical path, both as processes, 50 ms of distance.

The floor (floor.py) makes as many connections, and as many requests on them, as the audit that was just looked at.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from bench.distance import Lab
from bench.made import HEALTHY
from bench.rows import Row, in_turn
from bench.runs import audit, timed
from fedready.model import Snapshot
from fedready.snapshot import read

MEASURE, TARGET, MUST = "audit over its network floor, 50 ms", 1.25, 1.5
DISTANCE = 0.05
FLOOR = Path(__file__).with_name("floor.py")
DNS_STEPS = 2
"""A name, and the address of what it leads to."""


def slow_estate(folder: Path, seconds: float) -> Path:
    """The healthy estate; every cmdlet takes its time."""
    texts = [text for text in read(HEALTHY).entries if text.startswith(("onprem: ", "tenant: "))] if seconds else []
    faults = [{"at": text, "do": "slow", "seconds": seconds} for text in texts]
    file = folder / "slow.yaml"
    file.write_text(json.dumps({"extends": "healthy", "faults": faults}), encoding="utf-8")
    return file


def floor_plan(lab: Lab, asked: Snapshot, runspaces: int, seconds: float) -> dict[str, Any]:
    """What floor.py has to do to have made the audit's round trips."""
    count = Counter(text.partition(":")[0] for text in asked.entries)
    web = next(address for place, address in lab.content["connect_to"].items() if place.startswith("webdir."))
    return {
        "ca_file": lab.content["ca_file"],
        "endpoints": [[lab.address(side), count[side]] for side in ("onprem", "tenant")],
        "runspaces": runspaces,
        "seconds": seconds,
        "resolver": _split(lab.content["resolvers"]["public"]),
        "dns": DNS_STEPS,
        "web": _split(web),
        "gets": sum(text.startswith("GET ") for text in asked.entries),
    }


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host, int(port)


def one(folder: Path, runspaces: int, seconds: float) -> Row:
    """One setting."""
    with Lab(str(slow_estate(folder, seconds)), delay=DISTANCE) as lab:
        lab.check_distance()
        lab.content["sip_domains"] = ["contoso.com"]
        lab.endpoints(auth="basic", max_runspaces=runspaces)
        out = folder / f"out-{runspaces}-{seconds}"

        def ours() -> float:
            return audit(["--target", str(lab.target)], out, environ=lab.environ, codes=(0, 1, 10)).seconds

        ours()
        asked = read(out / "snapshot.json")
        plan = folder / "plan.json"
        plan.write_text(json.dumps(floor_plan(lab, asked, runspaces, seconds)), encoding="utf-8")
        pairs = in_turn(ours, lambda: timed([sys.executable, "-I", str(FLOOR), str(plan)]).seconds)
        cmdlets = Counter(text.partition(":")[0] for text in asked.entries)
    what = f"{MEASURE}, cmdlets of {seconds:g} s, {runspaces} runspaces"
    return pairs.row("A1", f"{what} ({cmdlets['onprem']} and {cmdlets['tenant']} cmdlets)", "s", TARGET, MUST)


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        return [one(Path(folder), runspaces, seconds) for seconds in (0.0, 0.3) for runspaces in (3, 12)]
