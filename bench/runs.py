"""Processes that are measured: an audit, bare pytest, any command; each from the folder of this project."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    command: Sequence[str],
    *,
    environ: Mapping[str, str] | None = None,
    codes: Iterable[int] = (0,),
    cwd: Path = ROOT,
    terminal: bool = False,
) -> Cost:
    """Run a command and measure it; where `terminal`, what it says goes to one (not on Windows).

    Raises:
        Unfit: it ended with another exit code than expected.
    """
    env = {**os.environ, "PYTHONPATH": str(ROOT), "CI": "true", **(environ or {})}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # nobody compiles everything again for each run
    full = [sys.executable, "-I", "-S", str(TIMED), *command]
    with _terminal() if terminal else contextlib.nullcontext(subprocess.PIPE) as errors:
        done = subprocess.run(full, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=errors, text=True, check=True)
    cost = Cost(**json.loads(done.stdout))
    if cost.code not in codes:
        raise Unfit(f"{' '.join(command)} ended with {cost.code}:\n{(done.stderr or '')[-2000:]}")
    return cost


@contextlib.contextmanager
def _terminal() -> Iterator[int]:
    """The end of a pseudo-terminal that a program may write to. Whatever it writes is read and forgotten."""
    reading, writing = os.openpty()

    def forget() -> None:
        with contextlib.suppress(OSError):  # so Linux says that nobody writes any more
            while os.read(reading, 65536):
                pass

    reader = threading.Thread(target=forget, daemon=True)
    reader.start()
    try:
        yield writing
    finally:
        os.close(writing)
        reader.join(10)
        os.close(reading)


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
