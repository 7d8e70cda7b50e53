"""One bite of each kind of question, over the real protocols: a cmdlet, a record, a probe, a handshake."""

from __future__ import annotations

from pathlib import Path

import pytest

from fedready.model import Finding, Verdict
from tests.judging import by_key, judge
from tests.record import ask_lab, normal

BITES = {
    "a cmdlet": (
        """
set:
  "onprem: Get-CsAccessEdgeConfiguration":
    - {path: AllowOutsideUsers, value: false}
""",
        {("EDGE-01", "fail")},
    ),
    "a cmdlet of the tenant": (
        """
set:
  "tenant: Get-CsTenantFederationConfiguration":
    - {path: SharedSipAddressSpace, value: false}
""",
        {("TEN-01", "fail")},
    ),
    "a cmdlet that is refused": (
        """
faults:
  - {at: "onprem: Get-CsPublicProvider", do: denied}
""",
        {("HOST-12", "unknown")},
    ),
    "a record": (
        """
faults:
  - {at: "dns@public: SRV _sipfederationtls._tcp.fabrikam.com", do: servfail}
""",
        {("DNS-02", "unknown")},
    ),
    "a probe": (
        """
https:
  https://webdir.online.lync.com/Autodiscover/AutodiscoverService.svc/root:
    status: 403
""",
        {("AUTO-05", "fail")},
    ),
    "a handshake": (
        """
tls:
  "sip.contoso.com:5061": {certificate: wrong-name}
""",
        {("TLS-02", "fail")},
    ),
}


def worse(before: dict[tuple[str, str], Finding], after: dict[tuple[str, str], Finding]) -> set[tuple[str, str]]:
    """What is a fail or unknown now, was not before, and is laid to nothing else."""
    bad = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.ERROR)
    return {
        (f.control, f.verdict.value)
        for key, f in after.items()
        if f.verdict in bad and not f.caused_by and (key not in before or before[key].verdict not in bad)
    }


@pytest.fixture(scope="module")
def healthy() -> dict[tuple[str, str], Finding]:
    return by_key(judge(normal(ask_lab("healthy"))))


@pytest.mark.parametrize("kind", sorted(BITES))
def test_a_bite_in_the_lab_turns_its_control(
    kind: str, healthy: dict[tuple[str, str], Finding], tmp_path: Path
) -> None:
    text, turns = BITES[kind]
    (tmp_path / "bitten.yaml").write_text(f"extends: healthy\n{text}", encoding="utf-8")
    after = by_key(judge(normal(ask_lab("bitten", tmp_path))))
    assert worse(healthy, after) == turns
