"""A1: wall of a whole audit over the network floor of the same critical path, both as processes, 50 ms of distance.

The floor (floor.py) makes as many connections, and as many requests on them, as the audit that was just looked at. Reported
beside it: a suite of pytest, pytest-html and the libraries of the wire with as many tests, all of them empty, that does the floor's
part before the first. That is what an audit would take if nothing of its own took any time.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.distance import Lab
from bench.made import HEALTHY
from bench.rows import Row, in_turn
from bench.runs import ROOT, audit, empty_tests, timed
from fedready.catalogue import load_baseline
from fedready.model import Snapshot
from fedready.snapshot import read

MEASURE, TARGET, MUST = "audit over its network floor, 50 ms", 1.25, 1.5
BESIDE = "audit over an empty suite of pytest, pytest-html, pypsrp that does the floor's part, 50 ms"
DISTANCE = 0.05
FLOOR = Path(__file__).with_name("floor.py")
EMPTY_SUITE = """
import runpy
import sys

import dns.message
import pypsrp.powershell
import pytest
import requests
import yaml


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop():
    sys.argv[1:] = [PLAN]
    runpy.run_path(FLOOR)
"""
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


def empty_suite(folder: Path, plan: Path, tests: int) -> list[str]:
    """The command of a suite that does the floor's part and nothing else, with the options of an audit."""
    suite = folder / "suite"
    suite.mkdir(exist_ok=True)
    names = f"PLAN, FLOOR = {str(plan)!r}, {str(FLOOR)!r}\n"
    (suite / "conftest.py").write_text(names + EMPTY_SUITE, encoding="utf-8")
    empty_tests(suite, tests)
    report = f"--html={suite / 'report.html'}"
    options = ["-c", str(ROOT / "pytest.ini"), f"--rootdir={suite}", "--self-contained-html", report, str(suite)]
    return [sys.executable, "-m", "pytest", "-q", *options]


def one(folder: Path, runspaces: int, seconds: float) -> Iterator[Row]:
    """One setting: over the floor, and over a suite that has nothing of its own."""
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
        cmdlets = Counter(text.partition(":")[0] for text in asked.entries)
        what = f"cmdlets of {seconds:g} s, {runspaces} runspaces ({cmdlets['onprem']} and {cmdlets['tenant']} cmdlets)"
        pairs = in_turn(ours, lambda: timed([sys.executable, "-I", str(FLOOR), str(plan)]).seconds)
        yield pairs.row("A1", f"{MEASURE}, {what}", "s", TARGET, MUST)
        bare = empty_suite(folder, plan, tests=len(load_baseline().controls))
        pairs = in_turn(ours, lambda: timed(bare).seconds)
        yield pairs.row("A1", f"{BESIDE}, {what}", "s", None, None)


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        settings = [(runspaces, seconds) for seconds in (0.0, 0.3) for runspaces in (3, 12)]
        return [row for runspaces, seconds in settings for row in one(Path(folder), runspaces, seconds)]
