"""A stock pypsrp client against the lab's PowerShell endpoints."""

from __future__ import annotations

import re
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pypsrp.exceptions import AuthenticationError, WinRMError, WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool

from fedready.allowed import ALLOWED
from lab.soap import Request
from lab.world import World
from lab.wsman import Service

COMPLETED, FAILED = 4, 5


@pytest.fixture(scope="module")
def plain_lab() -> Iterator[World]:
    with World("healthy", plain=True) as world:
        yield world


@pytest.mark.parametrize("auth", ["basic", "ntlm", "negotiate"])
def test_session_over_https(world: World, open_pool: Any, ask_in: Any, auth: str) -> None:
    with open_pool(world, auth=auth) as pool:
        providers = ask_in(pool, "Get-CsHostingProvider")
    assert providers.state == COMPLETED
    assert [row["Name"] for row in providers.rows()] == ["SkypeforBusinessOnline", "ExchangeOnline"]
    assert providers.rows()[0]["SipClientPort"] == 443
    assert providers.rows()[1]["AutodiscoverUrl"] is None
    assert [command.user for command in world.log.commands] == [world.users["onprem"]]


@pytest.mark.parametrize("auth", ["ntlm", "negotiate"])
def test_session_over_http_is_encrypted(plain_lab: World, open_pool: Any, ask_in: Any, auth: str) -> None:
    plain_lab.reset()
    plain_lab.faults.add("onprem", "encryption-required")
    with open_pool(plain_lab, auth=auth) as pool:
        assert len(ask_in(pool, "Get-CsSipDomain").rows()) == 2
    assert plain_lab.target["endpoints"]["onprem"]["url"] == "http://pool.contoso.com/OcsPowershell"


def test_unencrypted_body_is_refused_where_encryption_is_required(plain_lab: World, open_pool: Any) -> None:
    plain_lab.reset()
    plain_lab.faults.add("onprem", "encryption-required")
    with pytest.raises(WinRMError), open_pool(plain_lab, auth="basic", encryption="never"):
        pass


def test_wrong_password_is_refused(world: World, open_pool: Any) -> None:
    for auth in ("basic", "negotiate"):
        with pytest.raises(AuthenticationError), open_pool(world, auth=auth, password="wrong"):
            pass


def test_account_of_the_other_side_is_refused(world: World, open_pool: Any) -> None:
    with pytest.raises(AuthenticationError), open_pool(world, "onprem", auth="basic", username=world.users["tenant"]):
        pass


def test_channel_binding_is_enforced(world: World, open_pool: Any) -> None:
    with pytest.raises(AuthenticationError), open_pool(world, auth="ntlm", negotiate_send_cbt=False):
        pass
    world.faults.add("onprem", "binding-other")
    with pytest.raises(AuthenticationError), open_pool(world, auth="ntlm"):
        pass
    world.faults.clear()
    world.faults.add("onprem", "binding-ignored")
    with open_pool(world, auth="ntlm", negotiate_send_cbt=False):
        pass


def test_offers_can_be_narrowed(world: World, open_pool: Any) -> None:
    world.faults.add("onprem", "auth-offers", offers=["Basic"])
    with pytest.raises(AuthenticationError), open_pool(world, auth="negotiate"):
        pass
    with open_pool(world, auth="basic"):
        pass


@pytest.mark.parametrize(
    ("command", "parameters", "error"),
    [
        ("Set-CsHostingProvider", {}, "CommandNotFoundException"),
        ("Get-CsHostingProvider", {"Nonsense": 1}, "NamedParameterNotFound,Get-CsHostingProvider"),
        ("Get-CsHostingProvider | Select-Object *", {}, "ScriptsNotAllowed"),
        ("Get-CsTenant", {}, "CommandNotFoundException"),
        ("Import-Module", {"Name": "MicrosoftTeams"}, "CommandNotFoundException"),
    ],
)
def test_restricted_runspace_refuses(
    world: World, ask: Any, command: str, parameters: dict[str, Any], error: str
) -> None:
    refused = ask(world, "onprem", command, **parameters)
    assert refused.state == FAILED
    assert refused.errors == [error]
    assert refused.output == []


def test_several_commands_in_one_pipeline_are_refused(world: World, open_pool: Any) -> None:
    with open_pool(world) as pool:
        shell = PowerShell(pool).add_cmdlet("Get-CsSipDomain").add_cmdlet("Get-CsHostingProvider")
        shell.invoke()
    assert [e.fq_error for e in shell.streams.error] == ["ScriptsNotAllowed"]
    assert world.log.commands[-1].text.startswith("script: ")


def test_command_and_parameter_names_ignore_case(world: World, ask: Any) -> None:
    users = ask(world, "onprem", "get-csuser", filter='HostingProvider -eq "SRV:"', resultsize="Unlimited")
    assert len(users.output) == 12
    assert users.rows()[0]["HostingProvider"] == "SRV:"


def test_get_command_shows_only_what_is_visible(world: World, ask: Any) -> None:
    assert ask(world, "onprem", "Get-Command", Name="Set-CsHostingProvide*").output == []
    assert [r["Name"] for r in ask(world, "onprem", "Get-Command", Name="Get-CsSip*").rows()] == ["Get-CsSipDomain"]
    missing = ask(world, "tenant", "Get-Command", Name="Set-CsTenantFederationConfiguration")
    assert (missing.state, missing.errors) == (FAILED, ["CommandNotFoundException"])


def test_tenant_runspace_opens_its_module_and_connects(world: World, open_pool: Any, ask_in: Any) -> None:
    with open_pool(world, "tenant") as pool:
        assert ask_in(pool, "Import-Module", Name="MicrosoftTeams").state == COMPLETED
        connected = ask_in(pool, "Connect-MicrosoftTeams", ApplicationId="a", TenantId="t", CertificateThumbprint="c")
        assert connected.rows()[0]["TenantId"] == "t"
        names = ["LyncOnlineConnector", "MicrosoftTeams", "SkypeOnlineConnector"]
        modules = ask_in(pool, "Get-Module", ListAvailable=None, Name=names)
    assert [(row["Name"], row["Version"]) for row in modules.rows()] == [("MicrosoftTeams", "6.9.0")]
    assert world.log.commands[-1].text == f"Get-Module -ListAvailable -Name {','.join(names)}"


def test_every_allowed_cmdlet_is_answered_on_its_side(world: World, open_pool: Any, ask_in: Any) -> None:
    wrong_side = {("onprem", "Get-CsTenant"), ("tenant", "Get-CsManagementConnection")}
    for side in ("onprem", "tenant"):
        with open_pool(world, side) as pool:
            for name, allowed in ALLOWED.items():
                if side not in allowed.sides:
                    continue
                parameters = {key: values[0] for key, values in allowed.parameters.items()}
                answered = ask_in(pool, name, **parameters)
                expected = ["CommandNotFoundException"] if (side, name) in wrong_side else []
                assert answered.errors == expected, (side, name)


def test_pipelines_run_side_by_side_up_to_the_runspaces(world: World, open_pool: Any) -> None:
    world.faults.add("onprem: Get-CsSipDomain", "slow", seconds=0.4)
    with open_pool(world, max_runspaces=3) as pool:
        begun = time.monotonic()
        shells = [PowerShell(pool).add_cmdlet("Get-CsSipDomain") for _ in range(4)]
        for shell in shells:
            shell.begin_invoke()
        for shell in shells:
            shell.end_invoke()
        taken = time.monotonic() - begun
    assert [shell.state for shell in shells] == [COMPLETED] * 4
    assert 0.8 <= taken < 1.6  # three at once, then the fourth


def test_message_that_cannot_be_read_is_a_fault(world: World, open_pool: Any) -> None:
    """This client spells the call id of SetMaxRunspaces as no specification does."""
    with open_pool(world) as pool, pytest.raises(WSManFaultError, match="cannot process the request"):
        pool.max_runspaces = 3
    assert "ci" in world.log.refused[0]


def test_slow_command_can_be_stopped(world: World, open_pool: Any) -> None:
    world.faults.add("onprem: Get-CsSipDomain", "slow", seconds=30)
    with open_pool(world) as pool:
        shell = PowerShell(pool).add_cmdlet("Get-CsSipDomain")
        shell.begin_invoke()
        shell.stop()
    assert "Signal" in [request.action for request in world.log.http]


def test_log_has_every_verb_and_action(world: World, ask: Any) -> None:
    ask(world, "onprem", "Get-CsSipDomain")
    assert {request.verb for request in world.log.http} == {"POST"}
    assert [r.action for r in world.log.http if r.action] == [
        "Create",
        "Receive",
        "Receive",
        "Command",
        "Receive",
        "Delete",
    ]


def test_unknown_configuration_and_path(world: World, open_pool: Any) -> None:
    with open_pool(world) as pool, pytest.raises(WSManFaultError, match="resource URI"):
        RunspacePool(pool.connection, configuration_name="No.Such").open()
    with pytest.raises(WinRMError, match="404"), open_pool(world, path="elsewhere"):
        pass


# --------------------------------------------------------------------------- structure against recordings

RECORDED: dict[str, str] = yaml.safe_load(
    (Path(__file__).parent / "recordings" / "soap.yaml").read_text(encoding="utf-8")
)


def element_paths(envelope: str, prefix: str = "") -> set[str]:
    def walk(element: ET.Element, above: str) -> Iterator[str]:
        path = f"{above}/{element.tag}"
        yield path
        for child in element:
            yield from walk(child, path)

    return set(walk(ET.fromstring(envelope), prefix))


class Tap(Service):
    """Keeps the answers, by action."""

    kept: dict[str, str]

    def handle(self, request: Request, user: str, url: str) -> tuple[int, bytes]:
        status, answer = super().handle(request, user, url)
        found = re.search(rb"<a:Action>[^<]*/(\w+)</a:Action>", answer)
        assert found is not None
        name = found[1].decode() + (", the last" if b"CommandState" in answer else "")
        self.kept[name] = answer.decode()
        return status, answer


def test_answers_have_the_elements_that_windows_sends(
    world: World, ask: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    Tap.kept = {}
    front = next(server for server in world._servers if getattr(server, "side", "") == "onprem")
    monkeypatch.setattr(front.service, "__class__", Tap)
    ask(world, "onprem", "Get-CsSipDomain")
    assert set(RECORDED) <= set(Tap.kept)
    for name, recorded in RECORDED.items():
        assert element_paths(Tap.kept[name]) == element_paths(recorded), name
