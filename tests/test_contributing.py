"""The moves of CONTRIBUTING, made in a copy of the project: a row, a function, a bite. Nothing else is needed."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from tests.judging import ROOT
from tests.running import run

ROW = """
  - id: HOST-77
    title: The provider's name says what it is
    area: HOST
    scope: extension
    severity: medium
    owner: on-premises
    expected: {any: SkypeforBusinessOnline}
    why: A control that a test adds, to see that three moves are enough.
    symptom: Nobody knows what the provider is for.
    fix: Set-CsHostingProvider -Identity {{identity}} -Name {{expected}}
    rollback: Set-CsHostingProvider -Identity {{identity}} -Name {{observed}}
    verify: (Get-CsHostingProvider -Identity {{identity}}).Name   # expected {{expected}}
    source: tests/test_contributing.py
    certainty: verified
    asks: Get-CsHostingProvider > Name
    follows: [HOST-01, HOST-02]
"""
CHECK = '''

@control("HOST-77")
def test_name(hosting_provider, expected):
    """The name tells administrators what the provider is for."""
    assert hosting_provider.Name == expected
'''
BITE = """
- id: HOST-77-renamed
  set: {"onprem: Get-CsHostingProvider": {path: "[0].Name", value: something else}}
  turns: [HOST-77]
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project as a contributor has it, with the three moves made."""
    skipped = shutil.ignore_patterns(
        ".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", "build", "reports", "pictures"
    )
    project = tmp_path / "project"
    shutil.copytree(ROOT, project, ignore=skipped)
    for name, text in (
        ("fixtures/baselines/hybrid-2026.11/20_hosting_provider.yaml", ROW),
        ("checks/test_20_hosting_provider.py", CHECK),
        ("fixtures/bites/HOST.yaml", BITE),
    ):
        with (project / name).open("a", encoding="utf-8") as file:
            file.write(text)
    return project


def test_a_control_is_a_row_a_function_and_a_bite(copy: Path) -> None:
    here = {"PYTHONPATH": str(copy)}
    judged = run(
        [sys.executable, "-m", "pytest", "-q", "--snapshot=fixtures/snapshots/healthy.json", f"--report-dir={copy / 'out'}"],
        copy / "out", here, copy,
    )  # fmt: skip
    assert judged.code == 0, judged.output
    assert [f["verdict"] for f in judged.findings["findings"] if f["control"] == "HOST-77"] == ["pass"]

    written = run([sys.executable, "-m", "fedready", "docs", "--write"], copy, here, copy)
    assert written.code == 0, written.output
    page = (copy / "docs" / "controls.md").read_text(encoding="utf-8")
    assert "HOST-77 The provider's name says what it is" in page
    assert "HOST-77-renamed" in page
    told = run([sys.executable, "-m", "fedready", "controls", "--json"], copy, here, copy)
    assert "HOST-77" in json.dumps(json.loads(told.output))

    plugins = ["-p", "no:randomly", "-q", "-k", "HOST-77 or owns_a_bite or one_to_one"]
    bitten = run(
        [sys.executable, "-m", "pytest", "tests/test_bites.py", "tests/test_constitution.py", *plugins],
        copy,
        here,
        copy,
    )
    assert bitten.code == 0, bitten.output
    assert " 5 passed" in bitten.output or " passed" in bitten.output.splitlines()[-1]


def test_a_control_without_a_bite_is_noticed(copy: Path) -> None:
    bites = copy / "fixtures" / "bites" / "HOST.yaml"
    bites.write_text(bites.read_text(encoding="utf-8").replace(BITE, ""), encoding="utf-8")
    ended = run(
        [sys.executable, "-m", "pytest", "tests/test_bites.py", "-q", "--assert=rewrite", "-k", "owns_a_bite"],
        copy,
        {"PYTHONPATH": str(copy)},
        copy,
    )
    assert ended.code == 1
    assert "HOST-77" in ended.output
