"""powershell: what is asked, kept, sent and said, over real WSMan with real sign-in."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import Any

import msgspec
import pytest
import requests
from pypsrp.powershell import PowerShell

from fedready.ask.credentials import Credentials
from fedready.ask.powershell_session import Lane
from fedready.ask.powershell_wsman import Numbered, wsman
from fedready.ask.routes import Ahead
from fedready.model import ConnectStep, Endpoint, Evidence
from fedready.questions import Cmdlet
from lab.world import World
from tests.power import ACCESS_EDGE, DOMAINS, MODULES, PROVIDERS, TENANT, USERS, Asking, asking

FOUR = (DOMAINS, PROVIDERS, ACCESS_EDGE, USERS)
WRITING = Cmdlet("onprem", "Get-Command", (("Name", "Set-CsHostingProvide*"),))


@pytest.fixture(scope="module")
def https_lab() -> Iterator[World]:
    with World("healthy") as world:
        yield world


@pytest.fixture(scope="module")
def sealed_lab() -> Iterator[World]:
    """Over HTTP, every message encrypted by NTLM."""
    with World("healthy", plain=True) as world:
        yield world


@pytest.fixture
def world(https_lab: World) -> World:
    https_lab.reset()
    return https_lab


@pytest.fixture
def sealed(sealed_lab: World) -> World:
    sealed_lab.reset()
    return sealed_lab


def cause_text(evidence: Evidence, kind: str) -> str:
    assert (evidence.state, evidence.value) == ("failed", None)
    assert evidence.cause is not None
    assert evidence.cause.kind == kind
    return evidence.cause.text


def actions(world: World) -> Counter[str]:
    return Counter(request.action for request in world.log.http)


# --------------------------------------------------------------------------- answers


def test_rows_hold_what_evidence_may_hold(world: World) -> None:
    with asking(world) as power:
        providers, domains = power.ask(PROVIDERS, DOMAINS)
    assert providers.state == "answered"
    assert providers.value[0] == {
        "#type": "Microsoft.Rtc.Management.WritableConfig.Settings.Edge.DisplayHostingProvider",
        "Identity": "SkypeforBusinessOnline",
        "Name": "SkypeforBusinessOnline",
        "ProxyFqdn": "sipfed.online.lync.com",
        "VerificationLevel": "UseSourceVerification",
        "Enabled": True,
        "EnabledSharedAddressSpace": True,
        "HostsOCSUsers": True,
        "IsLocal": False,
        "AutodiscoverUrl": "https://webdir.online.lync.com/Autodiscover/AutodiscoverService.svc/root",
        "SipClientPort": 443,
    }
    assert providers.value[1]["AutodiscoverUrl"] is None
    assert [row["Name"] for row in domains.value] == ["contoso.com", "fabrikam.com"]
    assert (providers.source, providers.account) == (world.url("onprem"), world.users["onprem"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", providers.asked)
    assert 0 <= providers.ms < 15000
    assert providers.via == "live"


def test_properties_that_are_not_on_the_list_are_dropped(world: World) -> None:
    with asking(world) as power:
        (edge,) = power.ask(ACCESS_EDGE)
    assert "AllowFederatedUsers" in edge.value[0]
    assert "DnsSrvCacheRecordCount" not in edge.value[0]


def test_of_people_only_numbers_arrive(world: World) -> None:
    with asking(world) as power:
        (users,) = power.ask(USERS)
    assert users.value[0]["Count"] == 12
    assert "labperson" not in msgspec.json.encode(users).decode().lower()


def test_nothing_returned_is_an_empty_list(world: World) -> None:
    with asking(world) as power:
        (writing,) = power.ask(WRITING)
    assert (writing.state, writing.value) == ("answered", [])


def test_a_list_of_names_is_an_array_and_a_switch_is_true(world: World) -> None:
    with asking(world, "tenant") as power:
        (modules,) = power.ask(MODULES)
        assert [sent.command for sent in power.sent] == [MODULES.text.partition(": ")[2]]
    assert modules.value == [
        {"#type": "System.Management.Automation.PSModuleInfo", "Name": "MicrosoftTeams", "Version": "6.9.0"}
    ]
    assert [command.text for command in world.log.commands] == [MODULES.text.partition(": ")[2]]


def test_warnings_beside_an_answer_do_not_spoil_it(world: World) -> None:
    world.faults.add(DOMAINS.text, "warning")
    with asking(world) as power:
        (domains,) = power.ask(DOMAINS)
    assert len(domains.value) == 2


# --------------------------------------------------------------------------- requests


@pytest.mark.parametrize("auth", ["negotiate", "ntlm", "basic"])
@pytest.mark.parametrize("runspaces", [1, 3, 8])
def test_one_shell_and_two_requests_for_a_cmdlet(world: World, runspaces: int, auth: str) -> None:
    with asking(world, max_runspaces=runspaces, auth=auth) as power:
        assert {evidence.state for evidence in power.ask(*FOUR)} == {"answered"}
    seen = actions(world)
    assert (seen["Create"], seen["Delete"], seen["Signal"]) == (1, 1, 0)
    assert seen["Command"] == len(FOUR)
    assert seen["Receive"] <= 2 + 3 * len(FOUR)  # 2 to open; the lab decides in how many pieces it answers
    assert world.log.refused == []  # channel bindings are enforced there


def test_one_after_the_other_a_cmdlet_is_two_requests(world: World) -> None:
    """With one lane hardly anything depends on timing: Command and Receive for each, and no Signal after a normal end."""
    with asking(world, max_runspaces=1, auth="basic") as power:
        for question in FOUR:
            power.ask(question)
    seen = actions(world)
    assert 2 + 4 <= seen.pop("Receive") < 2 + 2 * 4  # a busy lab may answer one in two pieces
    assert seen == {"Create": 1, "Command": 4, "Delete": 1}


@pytest.mark.parametrize("kind", ["https", "sealed"])
def test_lanes_hammered_under_ntlm(request: pytest.FixtureRequest, kind: str) -> None:
    """Eight connections in one shell, hundreds of pipelines: every answer is that of its own question."""
    world: World = request.getfixturevalue("world" if kind == "https" else "sealed")
    interval = sys.getswitchinterval()
    sys.setswitchinterval(5e-5)
    try:
        with asking(world, max_runspaces=8, endpoint=60, cmdlet=60, auth="ntlm") as power:
            power.seconds = 60
            expected = {question: power.ask(question)[0].value for question in FOUR[:3]}
            answers = power.ask(*FOUR[:3] * 50)
            assert power.side.lost_lanes == []
    finally:
        sys.setswitchinterval(interval)
    for question, evidence in zip(FOUR[:3] * 50, answers, strict=True):
        assert evidence.value == expected[question], evidence.cause
    assert actions(world)["Create"] == 1
    assert Counter(command.text for command in world.log.commands) == {
        question.text.partition(": ")[2]: 51 for question in FOUR[:3]
    }
    assert len(power.sent) == 153


def test_cmdlets_overlap(world: World) -> None:
    for question in FOUR[:3]:
        world.faults.add(question.text, "slow", seconds=1.5)
    with asking(world, max_runspaces=3) as power:
        power.ask(WRITING)
        began = time.monotonic()
        answers = power.ask(*FOUR[:3])
        assert power.side.lost_lanes == [], world.log.refused
    assert {evidence.state for evidence in answers} == {"answered"}
    assert time.monotonic() - began < 4.5, "one after the other"


def test_an_unencrypted_endpoint_never_sees_a_message_in_the_clear(sealed: World) -> None:
    sealed.faults.add("onprem", "encryption-required")
    with asking(sealed, auth="negotiate") as power:
        (domains,) = power.ask(DOMAINS)
    assert domains.state == "answered"


# --------------------------------------------------------------------------- what was sent


def test_what_was_sent_is_read_back_from_the_wire(world: World) -> None:
    with asking(world) as power:
        power.ask(*FOUR)
        assert sorted((sent.to, sent.command) for sent in power.sent) == sorted(
            ("onprem", question.text.partition(": ")[2]) for question in FOUR
        )
    assert sorted(c.text for c in world.log.commands) == sorted(sent.command for sent in power.sent)


def test_the_first_connection_is_the_one_that_was_begun_before_pypsrp_was_there(world: World) -> None:
    taken: list[socket.socket | None] = []
    take = Ahead.take

    def noted(ahead: Ahead) -> socket.socket | None:
        taken.append(take(ahead))
        return taken[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ahead, "take", noted)
        with asking(world, max_runspaces=1) as power:
            assert power.ask(DOMAINS)[0].state == "answered"
            first = first_lane(power)
            (connection,) = first.adapter._dialled
            assert taken[0] is not None
            assert connection.sock is not None
    assert all(later is None for later in taken[1:])


def first_lane(power: Asking) -> Lane:
    assert power.side._first is not None
    return power.side._first


def test_what_somebody_smuggles_in_is_recorded_as_what_it_is(world: World) -> None:
    with asking(world, max_runspaces=1) as power:
        power.ask(DOMAINS)
        lane, ends = first_lane(power), time.monotonic() + 5
        lane.run("Set-CsHostingProvider", {"Identity": "x", "Enabled": True}, ends, lambda xml: None)
        PowerShell(lane.pool).add_script("Remove-Item C:\\").begin_invoke()
        PowerShell(lane.pool).add_cmdlet("Get-CsUser").add_cmdlet("Remove-CsUser").begin_invoke()
        two = (
            PowerShell(lane.pool)
            .add_cmdlet("Get-CsUser")
            .add_statement()
            .add_cmdlet("Grant-CsPolicy")
            .add_argument("x")
        )
        two.begin_invoke()
        PowerShell(lane.pool).add_script("#" * 600_000).begin_invoke()  # too long for one request
        with pytest.raises(Exception, match="500|fault|Fault"):
            lane.pool.shell.command("cmd.exe", ["dir"], command_id="6A9E6D7C-0000-4000-8000-000000000001")
        sent = [each.command for each in power.sent]
    assert sent[:5] == [
        "Get-CsSipDomain",
        "Set-CsHostingProvider -Identity x -Enabled",
        "script: Remove-Item C:\\",
        "Get-CsUser | Remove-CsUser",
        "Get-CsUser; Grant-CsPolicy x",
    ]
    assert sent[5].startswith("script: ####")
    assert len(sent[5]) == 600_008
    assert sent[6] == "process: cmd.exe"
    assert "unreadable" in sent[7]


# --------------------------------------------------------------------------- opening steps

CONNECT = ConnectStep(application_id="app", tenant_id="ten", certificate_thumbprint="AB12")


def test_opening_steps_come_first_in_one_runspace(world: World) -> None:
    with asking(world, "tenant", modules=("MicrosoftTeams",), connect=CONNECT, max_runspaces=5) as power:
        tenant, modules = power.ask(TENANT, MODULES)
        assert [sent.command for sent in power.sent[:2]] == [
            "Import-Module -Name MicrosoftTeams",
            "Connect-MicrosoftTeams -ApplicationId app -CertificateThumbprint AB12 -TenantId ten",
        ]
        assert len(power.side._lines) == 1
    assert (tenant.state, modules.state) == ("answered", "answered")


def test_a_failed_step_fails_what_stands_on_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.answers._OPENING", {"import-module": ("Name",)})
    with asking(world, "tenant", modules=("MicrosoftTeams",), connect=CONNECT) as power:
        tenant, modules = power.ask(TENANT, MODULES)
    text = cause_text(tenant, "not_recognized")
    assert text.startswith("the opening step Connect-MicrosoftTeams failed: Connect-MicrosoftTeams is not visible to ")
    assert modules.state == "answered"  # which modules there are is what explains it
    assert [command.text.split()[0] for command in world.log.commands] == [
        "Import-Module",
        "Connect-MicrosoftTeams",
        "Get-Module",
    ]


# --------------------------------------------------------------------------- causes


def test_a_wrong_password(world: World) -> None:
    secret = "never-to-be-seen"
    with asking(world, credentials=Credentials(world.users["onprem"], secret)) as power:
        answers = power.ask(DOMAINS, PROVIDERS)
    for evidence in answers:
        assert cause_text(evidence, "refused") == (
            r"401: the account CONTOSO\onprem-auditor was not accepted by https://pool.contoso.com/OcsPowershell; "
            "check FEDREADY_ONPREM_USER and FEDREADY_ONPREM_PASSWORD"
        )
    assert secret not in repr(answers)
    assert power.sent == []


def test_a_kind_of_sign_in_that_is_not_offered(world: World) -> None:
    world.faults.add("onprem", "auth-offers", offers=["Basic"])
    with asking(world) as power:
        (evidence,) = power.ask(DOMAINS)
    assert cause_text(evidence, "refused") == (
        "401: https://pool.contoso.com/OcsPowershell does not offer negotiate; set auth: to what it offers ('Basic')"
    )


def test_channel_bindings_are_sent(world: World) -> None:
    world.faults.add("onprem", "binding-other")
    with asking(world) as power:
        (evidence,) = power.ask(DOMAINS)
    assert cause_text(evidence, "refused").startswith("401: ")


def test_a_configuration_that_is_not_there(world: World) -> None:
    with asking(world, configuration="No.Such") as power:
        (evidence,) = power.ask(DOMAINS)
    assert cause_text(evidence, "refused") == (
        "https://pool.contoso.com/OcsPowershell has no session configuration No.Such; correct it in the target file"
    )


def test_no_right_to_a_session(world: World) -> None:
    world.faults.add("onprem Create", "access-denied")
    with asking(world) as power:
        (evidence,) = power.ask(DOMAINS)
    assert cause_text(evidence, "denied") == (
        r"https://pool.contoso.com/OcsPowershell knows the account CONTOSO\onprem-auditor but denies it a session; "
        "it must be a member of CsViewOnlyAdministrator and enabled for remote PowerShell"
    )


def test_too_many_sessions(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fedready.ask.powershell.QUOTA_PAUSES", (0.01, 0.02))
    world.faults.add("onprem Create", "quota")
    with asking(world) as power:
        (evidence,) = power.ask(DOMAINS)
    assert "has too many sessions of CONTOSO" in cause_text(evidence, "refused")
    assert sum(request.action == "Create" for request in world.log.http) == 3


@pytest.mark.parametrize("kind", ["https", "sealed"])
@pytest.mark.parametrize("action", ["Create", "Command"])
def test_a_server_with_too_much_of_ours_is_asked_more_slowly(
    request: pytest.FixtureRequest, kind: str, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fedready.ask.powershell.QUOTA_PAUSES", (0.01, 0.02))
    world: World = request.getfixturevalue("world" if kind == "https" else "sealed")
    world.faults.add(f"onprem {action}", "quota", nth=1)
    with asking(world) as power:
        answers = power.ask(*FOUR)
        (remark,) = power.side.remarks
    assert {evidence.state for evidence in answers} == {"answered"}
    assert "had too much of CONTOSO" in remark
    assert "going on; asking waited" in remark


@pytest.mark.parametrize(
    ("do", "kind", "text"),
    [
        (
            "missing",
            "not_recognized",
            r"Get-CsSipDomain is not visible to CONTOSO\onprem-auditor; it needs the role CsViewOnlyAdministrator",
        ),
        (
            "denied",
            "denied",
            r"Get-CsSipDomain denies CONTOSO\onprem-auditor the answer: Access Denied.; "
            "it needs the role CsViewOnlyAdministrator",
        ),
        ("error-after-output", "refused", "Get-CsSipDomain reported an error: The LDAP server is unavailable."),
    ],
)
def test_what_a_cmdlet_says_is_said(world: World, do: str, kind: str, text: str) -> None:
    world.faults.add(DOMAINS.text, do)
    with asking(world) as power:
        (evidence,) = power.ask(DOMAINS)
    assert cause_text(evidence, kind) == text


def test_nobody_listens(world: World) -> None:
    with asking(world, connect_to={"pool.contoso.com:443": "127.0.0.1:1"}) as power:
        (evidence,) = power.ask(DOMAINS)
    assert cause_text(evidence, "unreachable").startswith("https://pool.contoso.com/OcsPowershell cannot be reached: ")


def test_a_host_that_is_not_listed(world: World) -> None:
    with asking(world, connect_to={}) as power:
        (evidence,) = power.ask(DOMAINS)
    assert "pool.contoso.com:443 is not listed in connect_to" in cause_text(evidence, "unreachable")


def test_a_ca_that_is_not_given(world: World) -> None:
    with asking(world, ca_file=None) as power:
        (evidence,) = power.ask(DOMAINS)
    text = cause_text(evidence, "unreachable")
    assert "was not trusted: " in text
    assert text.endswith("give its CA as ca_file:, or its right name as url:")


def test_a_ca_file_that_is_not_there(world: World) -> None:
    with asking(world, ca_file="/nowhere/ca.pem") as power:
        (evidence,) = power.ask(DOMAINS)
    assert cause_text(evidence, "refused").startswith("/nowhere/ca.pem cannot be used: ")


def test_a_password_never_goes_over_http(sealed: World) -> None:
    with asking(sealed, auth="basic") as power:
        (evidence,) = power.ask(DOMAINS)
    assert cause_text(evidence, "refused") == (
        "auth: basic needs https, and http://pool.contoso.com/OcsPowershell is not; nothing was sent"
    )
    assert sealed.log.http == []


def test_without_credentials_every_question_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FEDREADY_ONPREM_USER", raising=False)
    monkeypatch.delenv("FEDREADY_ONPREM_PASSWORD", raising=False)
    monkeypatch.setattr("fedready.ask.powershell.sign_in.terminal_prompt", lambda text: None)
    with asking(world, auth="ntlm", credentials=None) as power:
        assert power.side._no_session is None  # the lab's own, where the test gives none
    monkeypatch.setattr("tests.power.Credentials", lambda user, password: None)
    with asking(world, auth="ntlm") as power:
        (evidence,) = power.ask(DOMAINS)
    assert cause_text(evidence, "refused") == (
        "auth: ntlm of onprem needs an account; set FEDREADY_ONPREM_USER and FEDREADY_ONPREM_PASSWORD"
    )
    assert world.log.http == []


# --------------------------------------------------------------------------- time


def test_a_cmdlet_that_is_over_its_time_is_stopped_and_the_next_one_asked(world: World) -> None:
    world.faults.add(DOMAINS.text, "slow", seconds=20)
    with asking(world, cmdlet=0.5, max_runspaces=1) as power:
        slow, sound = power.ask(DOMAINS, PROVIDERS)
    assert cause_text(slow, "timeout") == (
        "Get-CsSipDomain did not answer within 0.5 s; if it is slow, raise timeouts: cmdlet: in the target file"
    )
    assert 450 <= slow.ms < 2000
    assert sound.state == "answered"
    assert actions(world)["Signal"] == 1


def test_the_endpoint_s_time_ends_everything(world: World) -> None:
    for question in FOUR[:3]:
        world.faults.add(question.text, "slow", seconds=20)
    with asking(world, endpoint=0.8, max_runspaces=1) as power:
        began = time.monotonic()
        answers = power.ask(*FOUR[:3])
        assert time.monotonic() - began < 2
    for evidence in answers:
        assert "within 0.8 s; if it is slow, raise timeouts: endpoint: " in cause_text(evidence, "timeout")


def test_a_lane_that_hangs_where_no_deadline_reaches(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as a name look-up by the system: the questions end without the lane."""
    released = threading.Event()
    monkeypatch.setattr(Lane, "open", lambda lane, ends: released.wait(20))
    with asking(world, endpoint=0.3) as power:
        (evidence,) = power.ask(DOMAINS)
        released.set()
    assert "did not answer within 0.3 s" in cause_text(evidence, "timeout")


def test_closing_interrupts_what_is_open(world: World) -> None:
    for question in FOUR[:3]:
        world.faults.add(question.text, "slow", seconds=20)
    with asking(world, max_runspaces=2) as power:
        futures = [power.side.ask(question) for question in FOUR[:3]]
        until = time.monotonic() + 5
        while len(world.log.commands) < 2 and time.monotonic() < until:
            time.sleep(0.01)
        began = time.monotonic()
        power.side.close()
        assert time.monotonic() - began < 3
        answers = [future.result(0) for future in futures]
        (late,) = power.ask(DOMAINS)
    for evidence in (*answers, late):
        assert evidence.state == "not_asked"
        assert evidence.cause is not None
        assert evidence.cause.kind == "interrupted"
    assert power.side.closing_error is None
    assert actions(world)["Delete"] == 1


def test_no_thread_stays(world: World) -> None:
    with asking(world, max_runspaces=3) as power:
        power.ask(*FOUR)
        threads = [*power.side._threads, power.side._timer]
    assert [thread for thread in threads if thread is not None and thread.is_alive()] == []


def test_a_session_that_cannot_be_ended_is_noted(world: World) -> None:
    world.faults.add("onprem Delete", "status", status=503)
    with asking(world) as power:
        (evidence,) = power.ask(DOMAINS)
    assert evidence.state == "answered"
    assert power.side.closing_error is not None


def test_the_first_lane_asks_what_other_lanes_cannot(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(lane: Lane, first: Lane) -> None:
        raise requests.ConnectionError("one connection is enough for you")

    monkeypatch.setattr(Lane, "join", refuse)
    with asking(world, max_runspaces=3) as power:
        assert {evidence.state for evidence in power.ask(*FOUR)} == {"answered"}
        for thread in power.side._threads[1:]:
            thread.join(5)
        assert [str(error) for error in power.side.lost_lanes] == ["one connection is enough for you"] * 2
        (remark,) = power.side.remarks
        assert remark.startswith("one connection less than max_runspaces: allows was used: https://pool.contoso.com/")


def test_a_question_that_a_lane_could_not_begin_is_handed_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    run, second = Lane.run, threading.Event()

    def failing(lane: Lane, name: str, *args: Any) -> Any:
        if threading.current_thread().name != "onprem 0":
            second.set()
            raise requests.ConnectionError("no")
        second.wait(10)  # so that the second lane gets a question at all
        return run(lane, name, *args)

    monkeypatch.setattr(Lane, "run", failing)
    with asking(world, max_runspaces=2) as power:
        assert {evidence.state for evidence in power.ask(*FOUR)} == {"answered"}
        assert [str(error) for error in power.side.lost_lanes] == ["no"]


@pytest.mark.parametrize("kind", ["https", "sealed"])
def test_a_connection_that_dies_between_two_questions_costs_no_answer(
    request: pytest.FixtureRequest, kind: str
) -> None:
    world: World = request.getfixturevalue("world" if kind == "https" else "sealed")
    world.faults.add("onprem Command", "reset", nth=2)
    with asking(world, max_runspaces=1) as power:
        assert {evidence.state for evidence in power.ask(*FOUR)} == {"answered"}
    assert actions(world)["Command"] == len(FOUR) + 1
    assert len(power.sent) == len(FOUR) + 1  # it left this machine twice


def test_a_connection_that_dies_every_time_is_not_tried_for_ever(world: World) -> None:
    world.faults.add("onprem Command", "reset")
    with asking(world, max_runspaces=1) as power:
        for evidence in power.ask(DOMAINS, PROVIDERS):
            assert "cannot be reached" in cause_text(evidence, "unreachable")
    assert actions(world)["Command"] == 4


def test_a_proxy_of_the_environment_gets_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with asking(world) as power:
        (evidence,) = power.ask(DOMAINS)
    assert evidence.state == "answered"


@pytest.mark.parametrize("auth", ["kerberos", "negotiate"])
def test_no_ticket_and_no_logged_on_user(world: World, monkeypatch: pytest.MonkeyPatch, auth: str) -> None:
    monkeypatch.setenv("KRB5_CONFIG", "/nowhere/krb5.conf")
    monkeypatch.setenv("KRB5CCNAME", "FILE:/nowhere/cache")
    monkeypatch.delenv("NTLM_USER_FILE")  # where pyspnego would find the lab's own account
    with asking(world, auth=auth, credentials=Credentials()) as power:
        (evidence,) = power.ask(DOMAINS)
    text = cause_text(evidence, "refused")
    assert "FEDREADY_ONPREM_USER" in text or "fedready[kerberos]" in text


# --------------------------------------------------------------------------- pypsrp


def test_what_pypsrp_keeps_to_itself_is_still_there(world: World) -> None:
    assert version("pypsrp").startswith("0.9.")
    with asking(world) as power:
        power.ask(DOMAINS)
        lane = first_lane(power)
        pool, transport = lane.pool, lane.wsman.transport
        for owner, names in (
            (pool, ("_fragmenter", "_serializer", "_receive", "_process_runspacepool_warning", "shell", "pipelines")),
            (pool.shell, ("_selector_set", "opened", "resource_uri", "id", "wsman")),
            (transport, ("_build_session", "session", "send", "encryption", "endpoint", "wrap_required")),
            (lane.wsman, ("session_id", "max_envelope_size", "max_payload_size")),
            (PowerShell(pool), ("_command_id", "id")),
        ):
            assert [name for name in names if not hasattr(owner, name)] == []
        assert type(pool._fragmenter) is Numbered


def test_importing_costs_nothing_before_a_session_is_opened() -> None:
    program = (
        "import sys, fedready.ask.powershell\n"
        "print([m for m in ('pypsrp', 'requests', 'urllib3', 'spnego', 'cryptography') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_two_sides_may_be_made_at_the_same_moment() -> None:
    """Every WSMan registers its namespaces with ElementTree anew, taking out those of the other."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    endpoint = Endpoint(kind="winrm", url="https://one.example/wsman", auth="basic")
    try:
        with ThreadPoolExecutor(8) as threads:
            made = [threads.submit(wsman, endpoint, Credentials("user", "password")) for _ in range(200)]
            assert {done.result().transport.endpoint for done in made} == {"https://one.example:443/wsman"}
    finally:
        sys.setswitchinterval(interval)
