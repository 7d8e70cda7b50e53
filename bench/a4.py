"""A4: wall of 12 cmdlets of 0.3 s at one endpoint with 12 runspaces and 50 ms of distance, over sequential pypsrp.

Both sides in this process, from nothing but imports to the last answer: what everybody writes (open a pool, invoke one cmdlet
after the other), and the room of fedready that asks an endpoint.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from bench.asking import with_endpoints
from bench.distance import Lab
from bench.rows import Row, in_turn
from fedready.ask.credentials import Credentials
from fedready.ask.powershell import PowerShellSide
from fedready.model import Target
from fedready.questions import Cmdlet
from fedready.target import load_target

MEASURE, TARGET, MUST = "12 cmdlets of 0.3 s over sequential pypsrp", 0.16, 0.4
RUNSPACES, SECONDS, DISTANCE = 12, 0.3, 0.05
NAMES = (
    "Get-CsAccessEdgeConfiguration", "Get-CsHostingProvider", "Get-CsSipDomain", "Get-CsAllowedDomain", "Get-CsBlockedDomain",
    "Get-CsPublicProvider", "Get-CsExternalAccessPolicy", "Get-CsConfigurationStoreLocation", "Get-CsManagementConnection",
    "Get-CsManagementStoreReplicationStatus", "Get-CsServerPatchVersion", "Get-CsTenant",
)  # fmt: skip


def estate(folder: Path, seconds: float, names: tuple[str, ...] = NAMES) -> Path:
    """The healthy estate with every one of these cmdlets taking its time."""
    faults = "".join(f"  - {{at: 'onprem: {name}', do: slow, seconds: {seconds}}}\n" for name in names)
    file = folder / "slow.yaml"
    file.write_text(f"extends: healthy\nfaults:\n{faults}", encoding="utf-8")
    return file


def ours(target: Target, user: Credentials) -> float:
    """Seconds to the last answer, one question after the other being handed over."""
    assert target.endpoints.onprem is not None
    begun = time.perf_counter()
    side = PowerShellSide("onprem", target.endpoints.onprem, target, on_sent=lambda sent: None, credentials=user)
    answers = [side.ask(Cmdlet("onprem", name)) for name in NAMES]
    states = [answer.result().state for answer in answers]
    seconds = time.perf_counter() - begun
    side.close()
    if states.count("failed") > 1:  # Get-CsTenant is not known there
        raise RuntimeError(f"not every cmdlet was answered: {states}")
    return seconds


def sequential(lab: Lab, user: Credentials) -> float:
    """The same with pypsrp as its manual shows it."""
    host, port = lab.address("onprem")
    begun = time.perf_counter()
    wsman: Any = WSMan(
        host, port=port, ssl=True, path="OcsPowershell", auth="basic", username=user.user, password=user.password,
        cert_validation=lab.content["ca_file"], no_proxy=True,
    )  # fmt: skip
    with RunspacePool(wsman, configuration_name="Microsoft.PowerShell") as pool:
        for name in NAMES:
            shell = PowerShell(pool)
            shell.add_cmdlet(name)
            shell.invoke()
        seconds = time.perf_counter() - begun
    wsman.close()
    return seconds


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, Lab(str(estate(Path(folder), SECONDS)), delay=DISTANCE) as lab:
        lab.check_distance()
        user = Credentials(lab.environ["FEDREADY_ONPREM_USER"], lab.environ["FEDREADY_ONPREM_PASSWORD"])
        target = with_endpoints(load_target(lab.target), auth="basic", max_runspaces=RUNSPACES)
        pairs = in_turn(lambda: ours(target, user), lambda: sequential(lab, user))
    return [pairs.row("A4", MEASURE, "s", TARGET, MUST)]
