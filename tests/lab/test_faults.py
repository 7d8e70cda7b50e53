"""Every knob of a PowerShell endpoint does to a stock client what it says, and nothing hangs."""

from __future__ import annotations

import gzip
import socket
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
import requests
from pypsrp.exceptions import AuthenticationError, WinRMError, WSManFaultError
from pypsrp.powershell import PowerShell

from lab.faults import HTTP, BadFault
from lab.tamper import Message, cut, fragments
from lab.world import World

QUESTION = "onprem: Get-CsSipDomain"
CALM = {"read_timeout": 1, "operation_timeout": 1}


@pytest.mark.parametrize(
    ("at", "knob", "more", "error"),
    [
        ("onprem Create", "status", {"status": 503, "body": "<html>busy"}, "503"),
        ("onprem Create", "status", {"status": 403}, "403"),
        ("onprem Create", "unauthorized", {}, "AuthenticationError"),
        ("onprem", "unauthorized", {"nth": 1}, "AuthenticationError"),
        ("onprem Create", "fault", {"code": 1234, "text": "No."}, "1234"),
        ("onprem Create", "quota", {}, "2150859173"),
        ("onprem Create", "access-denied", {}, "Access is denied"),
        ("onprem Receive", "shell-lost", {}, "2150858843"),
        ("onprem Create", "empty-body", {}, "Error"),
        ("onprem Receive", "operation-timeout", {}, "2150858793"),
        ("onprem Create", "wrong-relates-to", {}, "does not match"),
        ("onprem Create", "not-xml", {}, "ParseError"),
        ("onprem Receive", "bad-base64", {}, "Error"),
        ("onprem Create", "redirect", {"to": "/OcsPowershell"}, "TooManyRedirects|WinRM|Error"),
        ("onprem Create", "header-flood", {}, "Error"),
        ("onprem Create", "reset", {}, "ConnectionError"),
        ("onprem Create", "close", {}, "ConnectionError"),
        ("onprem Create", "partial", {}, "Error"),
        ("onprem Create", "partial-reset", {}, "Error"),
        ("onprem Create", "garbage", {}, "ConnectionError"),
        ("onprem Create", "hang", {"seconds": 30}, "ReadTimeout"),
        ("onprem", "pool-broken", {}, "broken"),
        ("onprem", "expired", {}, "certificate has expired"),
        ("onprem", "wrong-name", {}, "certificate is not valid|mismatch"),
        ("onprem", "unknown-ca", {}, "certificate verify failed"),
        ("onprem", "old-version", {}, "protocol version"),
        ("onprem", "no-handshake", {}, "Error"),
    ],
)
def test_pool_does_not_open(world: World, open_pool: Any, at: str, knob: str, more: dict[str, Any], error: str) -> None:
    world.faults.add(at, knob, **more)
    with pytest.raises(Exception, match=r"(?s).*") as wrong, open_pool(world, **CALM):
        pass
    assert any(part in f"{type(wrong.value).__name__} {wrong.value}" for part in error.split("|"))


def test_status_answers_with_headers_and_body(world: World) -> None:
    world.faults.add(
        "onprem", "status", status=418, body="short and stout", headers={"X-Pot": "yes"}, type="text/plain"
    )
    answer = requests.post(f"https://localhost:{world.ports['onprem']}/", verify=str(world.ca_file), timeout=5)
    assert (answer.status_code, answer.text, answer.headers["X-Pot"]) == (418, "short and stout", "yes")


def test_gzip_bomb_is_small_on_the_wire(world: World) -> None:
    world.faults.add("onprem", "gzip", bytes=1_000_000)
    url = f"https://localhost:{world.ports['onprem']}/"
    with requests.post(url, verify=str(world.ca_file), timeout=5, stream=True) as answer:
        sent = answer.raw.read(decode_content=False)
    assert len(sent) < 10_000
    assert len(gzip.decompress(sent)) == 1_000_000


def test_unauthorised_at_the_second_step_of_ntlm(world: World, open_pool: Any) -> None:
    world.faults.add("onprem", "unauthorized", nth=2)
    with pytest.raises((AuthenticationError, WinRMError)), open_pool(world, auth="ntlm"):
        pass


def test_drip_never_ends_by_itself(world: World) -> None:
    world.faults.add("onprem", "drip", interval=0.05)
    url = f"https://localhost:{world.ports['onprem']}/"
    with requests.post(url, verify=str(world.ca_file), timeout=1, stream=True) as answer:
        assert answer.raw.read(3) == b"<<<"


def test_slow_pool_opens_late(world: World, open_pool: Any) -> None:
    world.faults.add("onprem", "slow-pool", seconds=0.3)
    begun = time.monotonic()
    with open_pool(world):
        assert time.monotonic() - begun >= 0.3


@pytest.mark.parametrize(
    "knob",
    ["fragment-wrong", "fragment-missing", "fragment-truncated", "fragment-overlong", "message-unknown", "message-short",
     "bad-utf8", "pipeline-pool-broken", "state-empty"],
)  # fmt: skip
def test_spoilt_message_is_noticed_by_the_client(world: World, open_pool: Any, ask_in: Any, knob: str) -> None:
    world.faults.add(QUESTION, knob)
    with open_pool(world, **CALM) as pool, pytest.raises(Exception, match=r"(?s).*"):
        ask_in(pool, "Get-CsSipDomain")


def test_fragment_sent_twice(world: World) -> None:
    """This client either notices or reads nonsense; what matters is that the fragment really stood there twice."""
    message = Message(0x41004, uuid.UUID(int=1), uuid.UUID(int=2), b"x" * 300)
    fault = world.faults.add(QUESTION, "fragment-duplicate")
    pieces = fragments(7, message, 32768, fault)
    assert pieces[0] == pieces[1]
    assert pieces[1:] == cut(7, message.packed, len(message.packed) // 3)


def test_state_that_does_not_exist(world: World, open_pool: Any, ask_in: Any) -> None:
    world.faults.add(QUESTION, "state-bad")
    with open_pool(world) as pool:
        assert ask_in(pool, "Get-CsSipDomain").state == 77


@pytest.mark.parametrize("knob", ["state-none", "object-endless"])
def test_pipeline_that_never_ends(world: World, open_pool: Any, knob: str) -> None:
    world.faults.add(QUESTION, knob)
    with open_pool(world) as pool:
        shell = PowerShell(pool).add_cmdlet("Get-CsSipDomain")
        shell.begin_invoke()
        for _ in range(3):
            shell.poll_invoke(timeout=1)
        assert shell.state not in (3, 4, 5)
        received = [request for request in world.log.http if request.action == "Receive"]
    assert len(received) >= 3


def test_raw_clixml(world: World, ask: Any) -> None:
    world.faults.add(QUESTION, "raw", xml="<S>not what you asked for</S>")
    assert ask(world, "onprem", "Get-CsSipDomain").output[0] == "not what you asked for"


def test_cmdlet_knobs(world: World, ask: Any) -> None:
    expectations = {
        "missing": (5, 0, ["CommandNotFoundException"]),
        "denied": (4, 0, ["AccessDenied,Microsoft.Rtc.Management.Get-CsSipDomain"]),
        "empty": (4, 0, []),
        "warning": (4, 2, []),
        "error": (5, 0, ["ManagementError,Microsoft.Rtc.Management.Get-CsSipDomain"]),
        "error-after-output": (4, 2, ["ManagementError,Microsoft.Rtc.Management.Get-CsSipDomain"]),
    }
    for knob, (state, rows, errors) in expectations.items():
        world.faults.clear()
        world.faults.add(QUESTION, knob, text="The lab says so.")
        answered = ask(world, "onprem", "Get-CsSipDomain")
        assert (answered.state, len(answered.output), answered.errors) == (state, rows, errors), knob
        assert answered.warnings == (["The lab says so."] if knob == "warning" else [])


def test_fault_counts_its_own_place(world: World, open_pool: Any, ask_in: Any) -> None:
    world.faults.add(QUESTION, "empty", nth=2)
    with open_pool(world) as pool:
        counts = []
        for _ in range(3):
            ask_in(pool, "Get-CsHostingProvider")
            counts.append(len(ask_in(pool, "Get-CsSipDomain").output))
    assert counts == [2, 0, 2]


def test_http_knob_at_a_question_hits_only_that_question(world: World, open_pool: Any, ask_in: Any) -> None:
    world.faults.add(QUESTION, "status", status=500, body="<x/>")
    with open_pool(world) as pool:
        assert len(ask_in(pool, "Get-CsHostingProvider").output) == 2
        with pytest.raises((WinRMError, WSManFaultError)):
            ask_in(pool, "Get-CsSipDomain")


def test_refused_endpoint() -> None:
    with World("tenant-unreachable") as world:
        place = world.target["connect_to"]["mgmt.contoso.com:5986"]
        with pytest.raises(requests.ConnectionError):
            requests.get(f"https://{place}/", timeout=2)


def test_refused_web_host(tmp_path: Path) -> None:
    file = tmp_path / "dark.yaml"
    file.write_text("extends: healthy\nfaults: [{at: https webdir.online.lync.com, do: refuse}]\n", encoding="utf-8")
    with World(file) as world:
        host, _, port = world.target["connect_to"]["webdir.online.lync.com:443"].partition(":")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((host, int(port)), 2)
        assert world.target["connect_to"]["lyncdiscover.contoso.com:443"] == f"127.0.0.1:{world.ports['https']}"
        world.reset()
        with pytest.raises(BadFault, match="too late"):
            world.faults.add("tenant", "refuse")


def test_document_type_and_other_verbs(world: World) -> None:
    """What our own client must refuse is really sent: a DOCTYPE in SOAP."""
    url = f"https://localhost:{world.ports['onprem']}/OcsPowershell"
    given: dict[str, Any] = {
        "verify": str(world.ca_file),
        "timeout": 5,
        "auth": (world.users["onprem"], world.password),
    }
    world.faults.add("onprem Get", "doctype")
    action = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get"
    soap = (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
        ' xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"><s:Header>'
        f"<a:Action>{action}</a:Action><a:MessageID>uuid:1</a:MessageID><w:ResourceURI>x/config</w:ResourceURI>"
        "</s:Header><s:Body/></s:Envelope>"
    )
    assert requests.post(url, soap, **given).text.startswith('<!DOCTYPE s [<!ENTITY a "lol">]>')
    world.faults.clear()
    assert "MaxEnvelopeSizekb>500<" in requests.post(url, soap, **given).text
    assert requests.post(url, "<s:Envelope", **given).status_code == 400
    assert requests.delete(url, **given).status_code == 405
    assert world.log.http[-1].verb == "DELETE"


def test_output_without_end_can_be_stopped(world: World, open_pool: Any) -> None:
    world.faults.add(QUESTION, "endless-output")
    with open_pool(world) as pool:
        shell = PowerShell(pool).add_cmdlet("Get-CsSipDomain")
        shell.begin_invoke()
        while len(shell.output) < 50:
            shell.poll_invoke(timeout=1)
        shell.stop()
    assert "Get-CsSipDomain" in world.log.commands[-1].text


def test_knobs_are_refused_where_they_do_nothing(world: World) -> None:
    for at, knob in (("dns@public", "reset"), ("TLS a:1", "hang"), (QUESTION, "servfail"), ("nowhere", "reset")):
        with pytest.raises(BadFault):
            world.faults.add(at, knob)
    assert "hang" in HTTP
