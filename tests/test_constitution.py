"""What must hold of the whole: controls and checks are one to one, every row is complete, collecting asks nobody."""

from __future__ import annotations

import ast
import inspect
import json
import sys
from pathlib import Path

import pytest

from fedready.handles import ASKED, HANDLES
from fedready.model import CLOUDS, PHASES
from fedready.words import expectation
from tests.judging import ROOT, baseline, checks
from tests.running import run

CONTROLS = sorted(baseline().controls)


def test_controls_and_checks_are_one_to_one() -> None:
    assert set(checks()) == set(CONTROLS)


def test_checks_stand_in_the_order_of_the_baseline_s_sections() -> None:
    sections = [section.id for section in baseline().sections]
    section_of = {c.id: s.id for s in baseline().sections for c in s.controls}
    assert all(c.section in ("", section_of[c.id]) for c in baseline().controls.values())
    assert len(set(sections)) == len(sections)


@pytest.mark.parametrize("id_", CONTROLS)
def test_every_row_is_complete(id_: str) -> None:
    control = baseline().controls[id_]
    for name in ("title", "why", "symptom", "fix", "rollback", "verify", "source", "asks", "area"):
        assert getattr(control, name).strip(), f"{id_} has no {name}"
    assert id_.startswith(control.area + "-")
    assert control.expected, f"{id_} says nothing of what is expected"
    for phase in PHASES:
        for cloud in CLOUDS:
            wanted = expectation(control, phase, cloud, baseline().clouds[cloud])
            assert wanted.kind == "value" or wanted.reason, (id_, phase, cloud)


@pytest.mark.parametrize("id_", CONTROLS)
def test_every_check_says_in_a_sentence_what_it_is_about(id_: str) -> None:
    function, _ = checks()[id_]
    assert function.__doc__, f"{function.__name__} has no docstring"


def test_every_handle_that_a_check_names_exists() -> None:
    for function, _ in checks().values():
        for name in inspect.signature(function).parameters:
            assert name in HANDLES, f"{function.__name__} asks for {name}, which is no handle"
    assert set(HANDLES) == set(ASKED)


@pytest.mark.parametrize("path", sorted((ROOT / "checks").glob("*.py")), ids=lambda path: path.stem)
def test_a_check_file_imports_only_the_words_of_judging(path: Path) -> None:
    allowed = {"fedready.check", "urllib.parse", "datetime", "re", "itertools", "__future__"}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        modules = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
        assert set(modules) <= allowed, f"{path.name} imports {modules}"


LOADED = r"""
import json, sys, pytest
class Seen:
    def pytest_sessionfinish(self, session):
        print("\nLOADED " + json.dumps(sorted(sys.modules)))
sys.exit(pytest.main(sys.argv[1:], plugins=[Seen()]))
"""
WIRE = {
    "pypsrp",
    "spnego",
    "requests",
    "dns",
    "urllib3",
    "fedready.ask.powershell",
    "fedready.ask.dns",
    "fedready.ask.https",
}


@pytest.mark.parametrize(
    "arguments",
    [["--collect-only", "-q"], ["--snapshot=fixtures/snapshots/healthy.json", "-q"]],
    ids=["collect-only", "snapshot"],
)
def test_no_wire_library_is_imported_without_a_wire(arguments: list[str], tmp_path: Path) -> None:
    ended = run([sys.executable, "-c", LOADED, *arguments, f"--report-dir={tmp_path}"], tmp_path)
    assert ended.code == 0, ended.output
    line = next(line for line in ended.output.splitlines() if line.startswith("LOADED "))
    assert WIRE & set(json.loads(line.removeprefix("LOADED "))) == set()


AFTER_DIALLING = {
    *WIRE,
    "asyncio",
    "cryptography",
    "fedready.ask.exports",
    "fedready.closing",
    "fedready.tell.reports",
    "ssl",
}
"""What is loaded while the network is waited for, and never before: each of them would keep the first question waiting."""


def test_nothing_is_loaded_before_the_dialling_that_could_wait(tmp_path: Path) -> None:
    ended = run([sys.executable, "-c", LOADED, "--collect-only", "-q"], tmp_path)
    line = next(line for line in ended.output.splitlines() if line.startswith("LOADED "))
    assert AFTER_DIALLING & set(json.loads(line.removeprefix("LOADED "))) == set()


def test_collecting_needs_no_target_and_opens_no_socket(tmp_path: Path) -> None:
    guard = "import socket\ndef no(*a, **k): raise SystemExit('a socket was opened')\nsocket.socket.connect = no\n"
    for arguments in (["--collect-only"], ["--fixtures"], ["--markers"], ["--help"]):
        ended = run([sys.executable, "-c", guard + LOADED, *arguments], tmp_path)
        assert ended.code == 0, ended.output
        assert "a socket was opened" not in ended.output
