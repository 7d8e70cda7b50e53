"""Run an audit as a user does: pytest as a program of its own, in a folder of the project."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.judging import ROOT


@dataclass(frozen=True)
class Ended:
    """What a program left behind."""

    code: int
    output: str
    folder: Path

    @property
    def findings(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "findings.json").read_text(encoding="utf-8")))


def audit(*arguments: str | Path, report_dir: Path, environ: dict[str, str] | None = None, cwd: Path = ROOT) -> Ended:
    """`python -m pytest ARGUMENTS --report-dir DIR`."""
    command = [sys.executable, "-m", "pytest", *map(str, arguments), "--report-dir", str(report_dir)]
    return run(command, report_dir, environ, cwd)


def run(command: list[str], folder: Path, environ: dict[str, str] | None = None, cwd: Path = ROOT) -> Ended:
    """Any program, with this project's environment and nothing of the test session's."""
    ended = subprocess.run(
        command,
        cwd=cwd,
        env=own_environment(environ),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Ended(ended.returncode, ended.stdout + ended.stderr, folder)


def own_environment(more: dict[str, str] | None = None) -> dict[str, str]:
    """This session's environment without what is meant for its own pytest, and some more."""
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "COV_", "FEDREADY_"))}
    return {**keep, "CI": "true", **(more or {})}
