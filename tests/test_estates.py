"""Every estate of the lab, audited live over the real protocols: its headline, and what stands behind it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fedready.questions import reads
from fedready.snapshot import read
from lab.world import World
from tests.judging import ROOT, by_key, judge
from tests.record import ask_lab, normal
from tests.running import Ended, audit

ESTATES = ROOT / "fixtures" / "estates"

HEADLINES = {
    "healthy": ("READY", 0),
    "contoso": ("READY WITH WAIVERS", 0),
    "drifted": ("NOT READY", 1),
    "default-routing": ("NOT READY", 1),
    "half-disabled": ("NOT READY", 1),
    "tenant-unreachable": ("UNDETERMINED", 10),
    "gcc-high": ("READY", 0),
    "closed-federation": ("READY", 0),
    "china": ("READY", 0),
    "dod": ("READY", 0),
    "pre-hybrid": ("READY", 0),
    "migrated": ("READY", 0),
    "hybrid-disabled": ("READY", 0),
    "with-edges": ("READY", 0),
    "stale-edge": ("NOT READY", 1),
    "two-edge-pools": ("NOT READY", 1),
    "split-horizon": ("NOT READY", 1),
    "eleven-domains": ("NOT READY", 1),
}


def audit_of(name: str, folder: Path) -> tuple[Ended, World]:
    """The estate's audit, and the lab as it was left, with its log."""
    world = World(ESTATES / f"{name}.yaml")
    with world:
        files = ["--target", world.target_file, "--waivers", world.waivers_file]
        ended = audit(*files, report_dir=folder / name, environ=world.environ)
    return ended, world


@pytest.mark.parametrize("name", sorted(HEADLINES))
def test_the_headline_of_an_estate(name: str, tmp_path: Path) -> None:
    ended, world = audit_of(name, tmp_path)
    headline, code = HEADLINES[name]
    findings = ended.findings
    assert (findings["headline"], ended.code) == (headline, code), ended.output
    assert findings["qualifiers"] == []
    assert "Traceback" not in ended.output
    assert {f["verdict"] for f in findings["findings"]} <= {"pass", "fail", "unknown", "n/a"}
    for file in ("readiness.html", "findings.json", "snapshot.json", "junit.xml", "pytest.html"):
        assert (ended.folder / file).stat().st_size > 500, file
    only_reads(world)
    parity(ended, world)


ROOTS = {
    "default-routing": "EDGE-04",
    "half-disabled": "XS-07",
    "tenant-unreachable": "SESS-01",
}


@pytest.mark.parametrize("name", sorted(ROOTS))
def test_one_wrong_thing_is_one_red_line(name: str) -> None:
    """Whatever else fails or cannot be seen says "see ..." of the one cause."""
    run = judge(normal(ask_lab(name)))
    assert {f.control for f in run.findings if f.is_root} == {ROOTS[name]}
    assert len([f for f in run.findings if f.caused_by]) > 3


def only_reads(world: World) -> None:
    """What the lab received was on the allow-list, command by command and verb by verb."""
    assert world.log.commands
    for command in world.log.commands:
        assert reads(command.text.removeprefix(f"{command.side}: ")), command
    assert {request.action for request in world.log.http} <= {"", "Create", "Command", "Receive", "Signal", "Delete"}
    assert {request.verb for request in world.log.http if request.listener == "https"} <= {"GET", "HEAD"}


def parity(ended: Ended, world: World) -> None:
    """The live audit's findings are those of its snapshot, judged again."""
    again = by_key(judge(read(ended.folder / "snapshot.json")))
    live = {(f["control"], f["subject"]): f for f in ended.findings["findings"]}
    assert live.keys() == again.keys()
    for key, finding in live.items():
        assert finding["verdict"] == again[key].verdict.value, key
        assert finding["message"] == again[key].message, key
        assert finding["caused_by"] == list(again[key].caused_by), key


def roots(ended: Ended) -> set[tuple[str, str]]:
    findings = ended.findings["findings"]
    return {
        (f["control"], f["subject"]) for f in findings if f["verdict"] in ("fail", "unknown") and not f["caused_by"]
    }


def test_two_federating_edge_pools_are_one_red_line(tmp_path: Path) -> None:
    """Each pool may have a certificate of its own; that both federate is the fault."""
    ended, _ = audit_of("two-edge-pools", tmp_path)
    assert roots(ended) == {("EDGE-10", "deployment")}


def test_an_edge_that_was_left_behind(tmp_path: Path) -> None:
    """The replica explains the settings; what the Edge's resolver says and which certificate it has are faults of their own."""
    ended, world = audit_of("stale-edge", tmp_path)
    assert roots(ended) == {
        ("SESS-07", "edge02.contoso.com"),
        ("DNS-04", "contoso.com"),
        ("DNS-04", "fabrikam.com"),
        ("TLS-03", "edge01.contoso.com"),
        ("TLS-03", "edge02.contoso.com"),
    }
    follows = {f["control"]: f["caused_by"] for f in ended.findings["findings"] if f["caused_by"]}
    assert follows == {"EDGE-09": ["SESS-07"]}
    assert {command.side for command in world.log.commands} == {"onprem", "tenant", "edge01", "edge02"}


def test_every_estate_of_the_lab_has_its_headline_here() -> None:
    assert {path.stem for path in ESTATES.glob("*.yaml")} == set(HEADLINES)


@pytest.mark.parametrize("name", ["healthy", "with-edges", "eleven-domains"])
def test_a_recording_is_what_the_lab_answers_today(name: str) -> None:
    kept = read(ROOT / "fixtures" / "snapshots" / f"{name}.json")
    today = normal(ask_lab(name))
    assert today.entries.keys() == kept.entries.keys()
    for question, entry in today.entries.items():
        assert entry == kept.entries[question], f"{question} is stale: run `make snapshots`"
