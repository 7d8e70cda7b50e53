"""H: start-up of an audit with eight foreign pytest plugins installed, over none: collecting the checks, nothing asked.

The plugins of foreign.txt are put into bench/.foreign by pip, once; without them the row is not measured.
"""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

from bench.rows import NotMeasured, Row, in_turn
from bench.runs import ROOT, timed

MEASURE, TARGET, MUST = "start-up with eight foreign pytest plugins over none", 1.05, 1.2
LIST = Path(__file__).with_name("foreign.txt")
FOLDER = Path(__file__).with_name(".foreign")


def install() -> None:
    """Put the plugins where only this row finds them.

    Raises:
        NotMeasured: pip cannot get them.
    """
    if not FOLDER.exists():
        command = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--target",
            str(FOLDER),
        ]
        done = subprocess.run([*command, "-r", str(LIST)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise NotMeasured(f"pip could not install {LIST.name}: {done.stderr.strip().splitlines()[-1]}")
    wanted = [line for line in LIST.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    found = {
        one.name
        for one in importlib.metadata.distributions(path=[str(FOLDER)])
        if one.entry_points.select(group="pytest11")
    }
    if missing := sorted(set(wanted) - found):
        raise NotMeasured(f"{FOLDER.name} lacks {', '.join(missing)}: remove the folder and run again")


def measure() -> list[Row]:
    install()
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q"]
    with_them = {"PYTHONPATH": os.pathsep.join((str(ROOT), str(FOLDER)))}
    pairs = in_turn(lambda: timed(command, environ=with_them).cpu, lambda: timed(command).cpu, 9)
    return [pairs.row("H", MEASURE, "s CPU", TARGET, MUST)]
