"""A PowerShellSide at a side of the lab, as the PowerShell tests ask it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from fedready.ask.credentials import Credentials
from fedready.ask.powershell import PowerShellSide
from fedready.model import Evidence, Sent, Target, Timeouts
from fedready.questions import Cmdlet
from lab.world import World

DOMAINS = Cmdlet("onprem", "Get-CsSipDomain")
PROVIDERS = Cmdlet("onprem", "Get-CsHostingProvider")
ACCESS_EDGE = Cmdlet("onprem", "Get-CsAccessEdgeConfiguration")
USERS = Cmdlet("onprem", "Get-CsUser", (("Filter", 'HostingProvider -eq "SRV:"'), ("ResultSize", "Unlimited")))
MODULES = Cmdlet(
    "tenant",
    "Get-Module",
    (("ListAvailable", True), ("Name", "LyncOnlineConnector,MicrosoftTeams,SkypeOnlineConnector")),
)
TENANT = Cmdlet("tenant", "Get-CsTenant")


@dataclass
class Asking:
    """A side that is being asked, and what it has sent."""

    side: PowerShellSide
    sent: list[Sent] = field(default_factory=list)
    seconds: float = 20

    def ask(self, *questions: Cmdlet) -> list[Evidence]:
        """All at once; the answers in the order of the questions."""
        futures = [self.side.ask(question) for question in questions]
        return [future.result(self.seconds) for future in futures]


@contextmanager
def asking(
    world: World,
    side: str = "onprem",
    *,
    credentials: Credentials | None = None,
    cmdlet: float = 10,
    endpoint: float = 15,
    connect_to: dict[str, str] | None = None,
    ca_file: str | None = "",
    **changes: Any,
) -> Iterator[Asking]:
    """Ask a side of the lab; `changes` are changes of its endpoint in the target file."""
    target = msgspec.structs.replace(
        msgspec.convert(world.target, Target),
        timeouts=Timeouts(cmdlet=cmdlet, endpoint=endpoint),  # type: ignore[arg-type]  # short ones, for short tests
    )
    if connect_to is not None:
        target = msgspec.structs.replace(target, connect_to=connect_to)
    if ca_file != "":
        target = msgspec.structs.replace(target, ca_file=ca_file)
    sides = {"onprem": target.endpoints.onprem, "tenant": target.endpoints.tenant, **target.endpoints.edges}
    given = sides[side]
    assert given is not None
    sent: list[Sent] = []
    room = PowerShellSide(
        side,
        msgspec.structs.replace(given, **changes),
        target,
        on_sent=sent.append,
        credentials=credentials or Credentials(world.users[side], world.password),
    )
    found = Asking(room, sent)
    try:
        yield found
    finally:
        room.close()
