"""F1: wall of 1,000 HTTPS probes, a host each, over curl's parallel transfers with as many in flight; 20 ms of distance.

With as many as an audit has, and with 64.

Both check the certificates. The web server (web.py) is the same for both, behind the relay.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.rows import NotMeasured, Row, in_turn
from bench.runs import ROOT
from bench.web import ZONE
from fedready.ask.https import AT_ONCE, Prober
from fedready.questions import Get

MEASURE, TARGET, MUST = "1,000 HTTPS probes over curl -Z, 20 ms", 1.5, 1.5
PROBES, DISTANCE = 1_000, 0.02
HOSTS = [f"h{number}.{ZONE}" for number in range(PROBES)]


def ours(address: str, ca_file: Path, at_once: int) -> float:
    """Seconds for all probes; each has to have seen status 200."""
    begun = time.perf_counter()
    prober = Prober(
        [ZONE], connect_to={f"{host}:443": address for host in HOSTS}, ca_file=str(ca_file), timeout=30, at_once=at_once
    )
    found = [future.result() for future in [prober.ask(Get(f"https://{host}/")) for host in HOSTS]]
    seconds = time.perf_counter() - begun
    prober.close()
    statuses = {hop["status"] for evidence in found for hop in (evidence.value or {}).get("hops", [{"status": None}])}
    if statuses != {200}:
        raise RuntimeError(f"not every probe was answered: {statuses}")
    return seconds


def curl(program: str, address: str, ca_file: Path, at_once: int) -> float:
    """Seconds of the whole process, for the same addresses."""
    config = ca_file.with_name("addresses")
    config.write_text("".join(f'url = "https://{host}/"\noutput = "/dev/null"\n' for host in HOSTS), encoding="utf-8")
    command = [
        program, "--no-progress-meter", "--show-error", "--fail", "--parallel", "--parallel-max", str(at_once),
        "--parallel-immediate", "--cacert", str(ca_file), "--connect-to", f"::{address}", "--config", str(config),
    ]  # fmt: skip
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begun


def _started(*words: str) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen([sys.executable, "-m", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline()


def _row(address: str, ca_file: Path, program: str, at_once: int) -> Row:
    pairs = in_turn(lambda: ours(address, ca_file, at_once), lambda: curl(program, address, ca_file, at_once))
    return pairs.row("F1", f"{MEASURE}, {at_once} in flight", "s", TARGET, MUST)


def measure() -> list[Row]:
    program = shutil.which("curl")
    if program is None:
        raise NotMeasured("curl is not installed (Debian: apt-get install curl)")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server, line = _started("bench.web", name)
        near = json.loads(line)
        relay, line = _started("bench.relay", str(DISTANCE), f"tcp={near}")
        try:
            far = json.loads(line)[f"tcp={near}"]
            ca_file = folder / "ca.pem"
            return [_row(far, ca_file, program, at_once) for at_once in (AT_ONCE, 64)]
        finally:
            for process in (relay, server):
                process.terminate()
                process.wait(10)
                if process.stdout is not None:
                    process.stdout.close()
