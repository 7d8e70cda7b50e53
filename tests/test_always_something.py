"""Whatever happens to an audit, a whole report of what was seen is found afterwards, or the earlier one as it was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from fedready.snapshot import read
from lab.world import World
from tests.judging import ROOT
from tests.running import Ended, audit, own_environment

HEALTHY = ROOT / "fixtures" / "snapshots" / "healthy.json"
REPORTS = {"readiness.html", "findings.json", "snapshot.json", "junit.xml", "pytest.html"}
posix = pytest.mark.skipif(
    os.name != "posix", reason="Windows sends Ctrl-C to a whole console, the tests' own included"
)


def breaking(where: str, folder: Path, *arguments: str) -> Ended:
    """Replay the healthy snapshot with a fault of ours planted."""
    options = ["--snapshot", HEALTHY, "-p", "tests.breaking", *arguments]
    return audit(*options, report_dir=folder, environ={"BREAK": where})


def an_old_report(folder: Path) -> dict[str, bytes]:
    """A folder with a report of an earlier run in it, and its content."""
    folder.mkdir()
    for name in REPORTS:
        (folder / name).write_bytes(b"of an earlier run")
    return content(folder)


def content(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def apart(folder: Path) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """What stands in the folder itself, and what was kept apart from it."""
    every = content(folder)
    kept = {Path(name).name: data for name, data in every.items() if Path(name).parent.name == "incomplete"}
    return {name: data for name, data in every.items() if Path(name).parent == Path()}, kept


def whole(ended: Ended) -> dict[str, Any]:
    """See that everything there is a whole report of one run; returns its findings."""
    assert {p.name for p in ended.folder.iterdir()} >= REPORTS, ended.output
    no_half_files(ended)
    assert not [p for p in ended.folder.iterdir() if p.read_bytes() == b"of an earlier run"]
    findings = ended.findings
    assert findings["evidence_digest"] == read(ended.folder / "snapshot.json").digest
    assert findings["headline"] in (ended.folder / "readiness.html").read_text(encoding="utf-8")
    assert findings["exit_code"] == ended.code
    return findings


def no_half_files(ended: Ended) -> None:
    assert not [p for p in ended.folder.rglob("*") if "partial" in p.name], list(ended.folder.rglob("*"))
    assert "Traceback" not in ended.output, ended.output
    assert "INTERNALERROR" not in ended.output, ended.output


def verdict_of(findings: dict[str, Any], control: str) -> dict[str, Any]:
    return next(f for f in findings["findings"] if f["control"] == control)


# --------------------------------------------------------------------------- a fault of ours


@pytest.mark.parametrize("how", ["bug", "exit"])
def test_a_check_that_breaks_is_an_error_and_never_ready(how: str, tmp_path: Path) -> None:
    an_old_report(tmp_path / "r")
    ended = breaking(f"HOST-04={how}", tmp_path / "r")
    findings = whole(ended)
    broken = verdict_of(findings, "HOST-04")
    assert broken["verdict"] == "error"
    assert "the check broke" in broken["message"]
    assert (findings["headline"], ended.code) == ("UNDETERMINED", 10)
    assert findings["not_run"] == []


def test_ctrl_c_between_two_checks_leaves_the_rest_unknown(tmp_path: Path) -> None:
    an_old_report(tmp_path / "r")
    ended = breaking("HOST-04=ctrl-c", tmp_path / "r")
    assert ended.code == 2, ended.output
    findings = whole(ended)
    assert verdict_of(findings, "EDGE-01")["verdict"] == "pass"
    stopped = verdict_of(findings, "HOST-04")
    assert (stopped["verdict"], stopped["cause"]["kind"]) == ("unknown", "interrupted")
    assert findings["headline"] == "UNDETERMINED"
    assert "partial: interrupted" in findings["qualifiers"]
    assert findings["not_run"] == []


def test_what_x_left_out_was_not_reached(tmp_path: Path) -> None:
    ended = audit(
        "--snapshot", HEALTHY, "-x", "-p", "tests.breaking", report_dir=tmp_path, environ={"BREAK": "HOST-04=bug"}
    )
    findings = whole(ended)
    assert {n["reason"] for n in findings["not_run"]} == {"not reached"}
    assert findings["headline"] == "UNDETERMINED"
    assert findings["qualifiers"][0].startswith("partial: ")


@pytest.mark.parametrize(
    ("writer", "file"),
    [("junit_xml", "junit.xml"), ("readiness_html", "readiness.html"), ("findings_text", "findings.json")],
)
def test_a_writer_that_breaks_costs_its_own_file(writer: str, file: str, tmp_path: Path) -> None:
    an_old_report(tmp_path / "r")
    ended = breaking(f"{writer}=bug", tmp_path / "r")
    assert ended.code == 3, ended.output
    no_half_files(ended)
    left = content(tmp_path / "r")
    assert set(left) >= REPORTS - {file}
    assert file not in left
    assert b"of an earlier run" not in left.values()
    assert read(tmp_path / "r" / "snapshot.json").digest == read(HEALTHY).digest
    assert f"fedready broke while writing {file} (RuntimeError: made to break" in " ".join(ended.output.split())


def test_when_nothing_can_be_told_the_evidence_is_kept_and_the_old_report_stands(tmp_path: Path) -> None:
    old = an_old_report(tmp_path / "r")
    ended = breaking("looking=bug", tmp_path / "r")
    assert ended.code == 3, ended.output
    no_half_files(ended)
    left, kept = apart(tmp_path / "r")
    assert left == old
    assert kept == {"snapshot.json": HEALTHY.read_bytes()}
    assert "The evidence is kept" in ended.output


def test_ctrl_c_while_the_report_is_written_leaves_the_old_one(tmp_path: Path) -> None:
    old = an_old_report(tmp_path / "r")
    ended = breaking("readiness_html=ctrl-c", tmp_path / "r")
    assert ended.code == 2, ended.output
    no_half_files(ended)
    left, kept = apart(tmp_path / "r")
    assert left == old
    assert kept["snapshot.json"] == HEALTHY.read_bytes()


def test_a_summary_that_cannot_be_told_costs_nothing_but_itself(tmp_path: Path) -> None:
    ended = breaking("summary=bug", tmp_path / "r")
    assert ended.code == 0, ended.output
    assert whole(ended)["headline"] == "READY"
    assert "The summary could not be told" in ended.output


# --------------------------------------------------------------------------- a full disk


@posix
@pytest.mark.parametrize("room", [2_000, 400_000])
def test_a_full_disk_leaves_the_old_report(room: int, tmp_path: Path) -> None:
    """No file may be larger than `room` bytes: the first time nothing fits, the second time the evidence does."""
    old = an_old_report(tmp_path / "r")
    ended = run_limited(room, tmp_path / "r", "--snapshot", HEALTHY)
    assert ended.code == 4, ended.output
    no_half_files(ended)
    left, kept = apart(tmp_path / "r")
    assert left == old
    assert kept.get("snapshot.json") == (HEALTHY.read_bytes() if room > len(HEALTHY.read_bytes()) else None)
    assert "make room or name another folder with --report-dir DIR" in " ".join(ended.output.split())


def run_limited(room: int, folder: Path, *arguments: object) -> Ended:
    import resource

    command = [sys.executable, "-m", "pytest", *map(str, arguments), "--report-dir", str(folder)]
    ended = subprocess.run(
        command, cwd=ROOT, env=own_environment(), capture_output=True, text=True, timeout=120, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
    )  # fmt: skip
    return Ended(ended.returncode, ended.stdout + ended.stderr, folder)


# --------------------------------------------------------------------------- while asking, live


@contextmanager
def a_tenant_that_hangs(**timeouts: int) -> Iterator[World]:
    """The healthy estate with a tenant that takes a connection and says nothing more."""
    with World(ROOT / "fixtures" / "estates" / "healthy.yaml") as world:
        world.faults.add("tenant Create", "hang", seconds=60.0)
        target = yaml.safe_load(world.target_file.read_text(encoding="utf-8"))
        target["timeouts"] = timeouts
        world.target_file.write_text(yaml.safe_dump(target), encoding="utf-8")
        yield world


def test_a_deadline_keeps_what_was_seen(tmp_path: Path) -> None:
    an_old_report(tmp_path / "r")
    with a_tenant_that_hangs(run=3) as world:
        ended = audit("--target", world.target_file, report_dir=tmp_path / "r", environ=world.environ)
    findings = whole(ended)
    assert (findings["headline"], ended.code) == ("UNDETERMINED", 10), ended.output
    assert verdict_of(findings, "EDGE-01")["verdict"] == "pass"
    late = verdict_of(findings, "SESS-01")
    assert (late["verdict"], late["cause"]["kind"]) == ("unknown", "timeout")
    assert "timeouts.run" in late["message"]


def test_a_fault_of_ours_while_asking_keeps_what_was_seen(tmp_path: Path) -> None:
    an_old_report(tmp_path / "r")
    with World(ROOT / "fixtures" / "estates" / "healthy.yaml") as world:
        environ = {**world.environ, "BREAK": "asking=bug"}
        ended = audit("--target", world.target_file, "-p", "tests.breaking", report_dir=tmp_path / "r", environ=environ)
    findings = whole(ended)
    assert (findings["headline"], ended.code) == ("UNDETERMINED", 3), ended.output
    assert findings["reads"]["answered"] >= 10
    assert "fedready broke (RuntimeError: made to break" in " ".join(ended.output.split())
    assert any(f["cause"] and f["cause"]["kind"] == "interrupted" for f in findings["findings"])


@posix
def test_ctrl_c_while_asking_keeps_what_was_seen(tmp_path: Path) -> None:
    """What has come is judged and written, the rest is unknown."""
    an_old_report(tmp_path / "r")
    with a_tenant_that_hangs(run=60) as world:
        ended, seconds = stopped(1, world, tmp_path / "r")
    assert ended.code == 2, ended.output
    assert seconds < 15
    findings = whole(ended)
    assert findings["headline"] == "UNDETERMINED"
    assert "partial: interrupted" in findings["qualifiers"]
    assert verdict_of(findings, "EDGE-01")["verdict"] == "pass"
    left = verdict_of(findings, "SESS-01")
    assert (left["verdict"], left["cause"]["kind"]) == ("unknown", "interrupted")
    states = {entry.state for entry in read(tmp_path / "r" / "snapshot.json").entries.values()}
    assert {"answered", "not_asked"} <= states


@posix
@pytest.mark.parametrize("times", [2, 4])
def test_ctrl_c_again_ends_at_once_without_half_files(times: int, tmp_path: Path) -> None:
    """Wherever it strikes (in the good-byes, which hang here, in judging, in writing): the new report or the old one."""
    old = an_old_report(tmp_path / "r")
    with a_tenant_that_hangs(run=60) as world:
        world.faults.add("onprem Delete", "hang", seconds=60.0)
        ended, seconds = stopped(times, world, tmp_path / "r")
    assert ended.code == 2, ended.output
    assert seconds < 15
    no_half_files(ended)
    left, kept = apart(tmp_path / "r")
    if left == old:
        assert "snapshot.json" in kept
    else:
        assert "partial: interrupted" in whole(ended)["qualifiers"]


@posix
def test_ctrl_c_leaves_a_run_of_its_own_below_reports(tmp_path: Path) -> None:
    """The default folder: a whole run, and `latest` points to it."""
    for name in ("pytest.ini", "conftest.py", "checks", "fixtures"):
        (tmp_path / name).symlink_to(ROOT / name)
    with a_tenant_that_hangs(run=60) as world:
        ended, _ = stopped(1, world, None, cwd=tmp_path)
    assert ended.code == 2, ended.output
    runs = [p for p in (tmp_path / "reports").rglob("*") if p.is_dir() and p.parent.name == "healthy"]
    assert len(runs) == 1
    assert json.loads((tmp_path / "reports" / "latest" / "findings.json").read_text(encoding="utf-8"))["exit_code"] == 2
    no_half_files(Ended(2, ended.output, tmp_path / "reports"))


def stopped(times: int, world: World, folder: Path | None, cwd: Path = ROOT) -> tuple[Ended, float]:
    """Run an audit, press Ctrl-C when it is far enough (then again, half a second apart), and see how long it takes to end."""
    command = [sys.executable, "-m", "pytest", f"--target={world.target_file}"]
    command += ["--report-dir", str(folder)] if folder else []
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=own_environment(world.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        waited_until(lambda: far_enough(world), process)
        pressed = time.monotonic()
        for again in range(times):
            if again:
                time.sleep(0.5)  # two signals at the same moment are one
            process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
        return Ended(process.returncode, output, folder or cwd), time.monotonic() - pressed
    finally:
        process.kill()
        process.wait()


def far_enough(world: World) -> bool:
    """Most is asked on-premises, and the tenant was tried."""
    tried = any(request.listener == "tenant" and request.action == "Create" for request in world.log.http)
    return tried and len(world.log.commands) >= 15


def waited_until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    ends = time.monotonic() + 60
    while not condition():
        if process.poll() is not None or time.monotonic() > ends:
            process.kill()
            pytest.fail(f"it was never asked that far:\n{process.communicate()[0]}")
        time.sleep(0.02)
