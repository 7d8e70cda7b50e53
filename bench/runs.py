"""Processes that are measured: an audit, bare pytest, any command; each from the folder of this project."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TIMED = Path(__file__).with_name("timed.py")


@dataclass(frozen=True)
class Cost:
    """What a run took: seconds on the clock, seconds of CPU, MiB at the peak."""

    seconds: float
    cpu: float
    peak: float
    code: int


class Unfit(RuntimeError):
    """A run ended otherwise than it should; its figures would mean nothing."""


def timed(
    command: Sequence[str], *, environ: Mapping[str, str] | None = None, codes: Iterable[int] = (0,), cwd: Path = ROOT
) -> Cost:
    """Run a command and measure it.

    Raises:
        Unfit: it ended with another exit code than expected.
    """
    env = {**os.environ, "PYTHONPATH": str(ROOT), "CI": "true", **(environ or {})}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # nobody compiles everything again for each run
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(TIMED), *command], cwd=cwd, env=env, capture_output=True, text=True, check=True
    )
    cost = Cost(**json.loads(done.stdout))
    if cost.code not in codes:
        raise Unfit(f"{' '.join(command)} ended with {cost.code}:\n{done.stderr[-2000:]}")
    return cost


def audit(
    source: Sequence[str], folder: Path, *, environ: Mapping[str, str] | None = None, codes: Iterable[int] = (0,)
) -> Cost:
    """Measure one audit. `source` is `--target FILE` or `--snapshot FILE`, `folder` where its files go."""
    command = [sys.executable, "-m", "pytest", "-q", "=".join(source), f"--report-dir={folder}"]
    return timed(command, environ=environ, codes=codes)


def empty_tests(folder: Path, items: int) -> Path:
    """Write a file of so many tests that do nothing."""
    tests = folder / "test_empty.py"
    tests.write_text("".join(f"def test_{n}():\n    pass\n\n\n" for n in range(items)), encoding="utf-8")
    return tests


def bare_pytest(folder: Path, items: int) -> Cost:
    """Measure pytest alone with so many empty items, without plugins."""
    tests = empty_tests(folder, items)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, str(tests)]
    return timed(command, environ={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}, cwd=folder)
