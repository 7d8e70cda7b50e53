"""L: the lab, from its start as a process to the line that says it listens. No other lab exists; the other side is one second."""

from __future__ import annotations

import subprocess
import sys
import time

from bench.rows import AT_LEAST, Row, alone
from bench.runs import ROOT

MEASURE, TARGET, MUST = "s from starting the lab to ready", 0.3, 0.5


def start() -> float:
    """Seconds until a lab that is started now is ready."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", "lab", "--estate", "healthy"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as lab:
        assert lab.stdout is not None
        lab.stdout.readline()
        seconds = time.perf_counter() - begun
        lab.terminate()
    return seconds


def measure() -> list[Row]:
    start()
    each = [start() for _ in range(AT_LEAST + 4)]
    return [alone("L", MEASURE, each, "s", TARGET, MUST, other="1 s")]
