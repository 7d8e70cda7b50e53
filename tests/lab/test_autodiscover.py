"""The web of an estate, and the certificates that TLS shows by name."""

from __future__ import annotations

import json
import socket
import ssl
from typing import Any

import pytest

from lab.world import World

ROOT = "/Autodiscover/AutodiscoverService.svc/root"
WEBDIR = "webdir.online.lync.com"


def parts(answer: str) -> tuple[int, dict[str, str], str]:
    head, _, body = answer.partition("\r\n\r\n")
    status, *headers = head.split("\r\n")
    pairs = (header.partition(": ") for header in headers)
    return int(status.split(" ")[1]), {name.lower(): value for name, _, value in pairs}, body


def test_each_host_has_its_certificate_and_document(world: World, fetch: Any) -> None:
    status, headers, body = parts(fetch(world, WEBDIR, ROOT))
    assert (status, headers["content-type"]) == (200, "application/json")
    assert {"self", "user", "redirect"} <= set(json.loads(body)["_links"])
    _, headers, _ = parts(fetch(world, "lyncdiscover.contoso.com", "/"))
    assert headers["x-ms-server-fqdn"] == "fe01.contoso.com"
    assert world.log.handshakes == [f"https {WEBDIR}: right", "https lyncdiscover.contoso.com: right"]


def test_path_ignores_case_a_final_slash_and_the_query(world: World, fetch: Any) -> None:
    assert parts(fetch(world, WEBDIR, ROOT.lower() + "/?originalDomain=contoso.com"))[0] == 200
    assert parts(fetch(world, WEBDIR, "/elsewhere"))[0] == 404


def test_other_verbs_are_refused_and_written_down(world: World, fetch: Any) -> None:
    assert parts(fetch(world, WEBDIR, ROOT, "DELETE"))[0] == 405
    assert parts(fetch(world, WEBDIR, ROOT, "HEAD"))[2] == ""
    assert [request.verb for request in world.log.http] == ["DELETE", "HEAD"]


def test_unknown_host_gets_no_certificate(world: World, fetch: Any) -> None:
    with pytest.raises(ssl.SSLError):
        fetch(world, "elsewhere.example", "/")


@pytest.mark.parametrize(
    ("knob", "said"),
    [
        ("wrong-name", "Hostname mismatch"),
        ("expired", "certificate has expired"),
        ("unknown-ca", "unable to get local issuer"),
        ("old-version", "protocol version"),
    ],
)
@pytest.mark.parametrize("at", [f"https {WEBDIR}", f"GET https://{WEBDIR}{ROOT}"])
def test_certificate_can_be_wrong(world: World, fetch: Any, at: str, knob: str, said: str) -> None:
    world.faults.add(at, knob)
    with pytest.raises(ssl.SSLError, match=said):
        fetch(world, WEBDIR, ROOT)
    assert parts(fetch(world, "lyncdiscover.contoso.com", "/"))[0] == 200


def test_sip_listener_shows_its_certificate_and_faults(world: World) -> None:
    place = "sip.contoso.com:5061"

    def version() -> str | None:
        context = ssl.create_default_context(cafile=str(world.ca_file))
        with (
            socket.create_connection(("127.0.0.1", world.ports[f"TLS {place}"]), 5) as raw,
            context.wrap_socket(raw, server_hostname="sip.contoso.com") as secured,
        ):
            return secured.version()

    assert version() == "TLSv1.3"
    for knob in ("wrong-name", "expired", "unknown-ca", "old-version", "no-handshake"):
        world.faults.clear()
        world.faults.add(f"TLS {place}", knob)
        with pytest.raises(ssl.SSLError):
            version()


def test_redirect_loop_wrong_document_and_status(world: World, fetch: Any) -> None:
    question = f"GET https://{WEBDIR}{ROOT}"
    world.faults.add(question, "redirect-loop")
    status, headers, _ = parts(fetch(world, WEBDIR, ROOT))
    assert (status, headers["location"]) == (302, f"https://{WEBDIR}{ROOT}")
    world.faults.clear()
    world.faults.add(question, "wrong-json")
    assert json.loads(parts(fetch(world, WEBDIR, ROOT))[2]) == {"links": []}
    world.faults.clear()
    world.faults.add(question, "mismatch")
    assert "invalid" in parts(fetch(world, WEBDIR, ROOT))[1]["location"]
    world.faults.clear()
    world.faults.add("https", "status", status=503, body="busy", nth=2)
    assert [parts(fetch(world, WEBDIR, ROOT))[0] for _ in range(3)] == [200, 503, 200]


@pytest.mark.parametrize("knob", ["reset", "close", "garbage", "partial", "partial-reset"])
def test_broken_connections(world: World, fetch: Any, knob: str) -> None:
    world.faults.add("https", knob)
    try:
        answer = fetch(world, WEBDIR, ROOT)
    except OSError:
        return
    assert "_links" not in answer
