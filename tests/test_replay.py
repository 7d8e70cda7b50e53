"""Judging a snapshot again, without a network: the findings of the live audit, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.world import World
from tests.judging import ROOT
from tests.running import Ended, audit

AS_OF = "2026-12-01T00:00:00Z"
HEALTHY = ROOT / "fixtures" / "snapshots" / "healthy.json"


def replay(snapshot: Path, *arguments: str | Path, folder: Path) -> Ended:
    """`pytest --snapshot` with every socket refused; fails if one was tried, even if nobody noticed."""
    used = folder.with_suffix(".sockets")
    options = ["--snapshot", snapshot, "-p", "tests.without_sockets", *arguments]
    ended = audit(*options, report_dir=folder, environ={"SOCKETS_USED": str(used)})
    assert not used.exists(), used.read_text(encoding="utf-8")
    return ended


@pytest.mark.parametrize("estate", ["contoso", "drifted", "tenant-unreachable"])
def test_a_replay_says_what_the_live_audit_said(estate: str, tmp_path: Path) -> None:
    with World(ROOT / "fixtures" / "estates" / f"{estate}.yaml") as world:
        waivers = ["--waivers", world.waivers_file, "--as-of", AS_OF]
        live = audit("--target", world.target_file, *waivers, report_dir=tmp_path / "live", environ=world.environ)
        again = replay(tmp_path / "live" / "snapshot.json", *waivers, folder=tmp_path / "again")
    assert again.code == live.code, again.output
    names = {p.name for p in live.folder.iterdir()} - {"pytest.html"}
    assert names >= {"findings.json", "snapshot.json", "junit.xml", "readiness.html"}
    for name in sorted(names):
        assert (again.folder / name).read_bytes() == (live.folder / name).read_bytes(), name


def test_another_phase_and_cloud_are_said_to_be_a_what_if(tmp_path: Path) -> None:
    ended = replay(HEALTHY, "--phase", "hybrid-disabled", "--cloud", "china", folder=tmp_path / "r")
    assert ended.findings["headline"] == "NOT READY"
    assert {"what if: phase hybrid-disabled", "what if: cloud china"} <= set(ended.findings["qualifiers"])
    assert ended.findings["evidence_digest"] == replay(HEALTHY, folder=tmp_path / "as-is").findings["evidence_digest"]


def test_the_refusal_of_sockets_is_one(tmp_path: Path) -> None:
    """The same plugin on a live audit: everything is unreachable, and the use of sockets is written down."""
    used = tmp_path / "used"
    with World(ROOT / "fixtures" / "estates" / "healthy.yaml") as world:
        environ = {**world.environ, "SOCKETS_USED": str(used)}
        target = ["--target", world.target_file, "-p", "tests.without_sockets"]
        ended = audit(*target, report_dir=tmp_path / "r", environ=environ)
        assert not world.log.http
    assert used.exists()
    assert ended.findings["headline"] == "UNDETERMINED", ended.output
    assert ended.findings["reads"]["answered"] == 0
