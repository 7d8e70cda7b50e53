"""Questions about people and what belongs to them. All of them are reduced to numbers and salted hashes on arrival.

Get-CsOnlineUser is asked without -ResultSize: since version 4.0 of MicrosoftTeams it takes numbers only, and without it
everybody is returned (Get-CsOnlineUser).
"""

from __future__ import annotations

from fedready.questions import Cmdlet

ALL_ONPREM_USERS = Cmdlet("onprem", "Get-CsUser", (("ResultSize", "Unlimited"),))
ALL_ONLINE_USERS = Cmdlet("tenant", "Get-CsOnlineUser")

HOMED_THINGS = tuple(
    Cmdlet("onprem", name)
    for name in (
        "Get-CsHybridApplicationEndpoint",
        "Get-CsMeetingRoom",
        "Get-CsCommonAreaPhone",
        "Get-CsAnalogDevice",
        "Get-CsExUmContact",
        "Get-CsRgsWorkflow",
    )
)
"""What can be homed on-premises beside users."""
