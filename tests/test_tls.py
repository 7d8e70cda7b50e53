"""tls: what a handshake that ends before any data may see of whoever answers, over TLS on loopback."""

from __future__ import annotations

import datetime
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import trustme
import truststore

from fedready.ask.tls import Handshakes
from fedready.model import Evidence
from fedready.questions import Tls
from lab.world import World

HOST = "sip.contoso.com"
NAMES = ("sip.contoso.com", "sip.fabrikam.com")
ASKED = 1767323045.0
ESTATE = """
target: {sip_domains: [contoso.com]}
tls:
  right.contoso.com:5061: {names: [right.contoso.com, sip.fabrikam.com]}
  mutual.contoso.com:5061: {ask_client_certificate: true}
  wrong.contoso.com:5061: {certificate: wrong-name}
  expired.contoso.com:5061: {certificate: expired}
  unknown.contoso.com:5061: {certificate: unknown-ca}
  old.contoso.com:5061: {certificate: old-version}
"""


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(ca: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(str(path))
    return str(path)


@contextmanager
def server(answer: Callable[[socket.socket], object], times: int = 1) -> Iterator[str]:
    """A place on loopback that answers each connection in its own way; gives `127.0.0.1:port`."""
    listening = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        for _ in range(times):
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                try:
                    answer(connection)
                except OSError:
                    continue  # the client is done with us: that is what is being tested

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.close()


def speaks_tls(
    ca: trustme.CA, *names: str, version: ssl.TLSVersion | None = None, client: ssl.VerifyMode = ssl.CERT_NONE
) -> Callable[[socket.socket], object]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*(names or NAMES)).configure_cert(context)
    ca.configure_trust(context)
    context.verify_mode = client
    if version is not None:
        context.maximum_version = version

    def answer(raw: socket.socket) -> None:
        with context.wrap_socket(raw, server_side=True) as secured:
            secured.recv(1)

    return answer


def ask(place: str | None, *, ca_file: str | None = None, timeout: float = 5.0, host: str = HOST) -> Evidence:
    connect_to = {f"{host}:5061": place} if place else {}
    room = Handshakes(connect_to=connect_to, ca_file=ca_file, timeout=timeout, clock=lambda: ASKED)
    try:
        return room.ask(Tls(host, 5061)).result(timeout + 5)
    finally:
        room.close()


def seen(evidence: Evidence) -> dict[str, Any]:
    assert evidence.state == "answered", evidence
    assert (evidence.source, evidence.asked, evidence.via) == ("TLS", "2026-01-02T03:04:05Z", "live")
    return dict(evidence.value)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("client", [ssl.CERT_NONE, ssl.CERT_OPTIONAL, ssl.CERT_REQUIRED])
def test_what_a_good_server_shows(
    ca: trustme.CA, ca_file: str, version: ssl.TLSVersion, client: ssl.VerifyMode
) -> None:
    """With a client certificate demanded, TLS 1.2 ends in an alert: by then the server has shown its own, and that counts."""
    with server(speaks_tls(ca, version=version, client=client)) as place:
        value = seen(ask(place, ca_file=ca_file))
    certificate = value.pop("certificate")
    assert value == {
        "connected": True,
        "version": version.name.replace("_", "."),
        "verified": True,
        "verify_error": None,
        "client_certificate_asked": client is not ssl.CERT_NONE,
        "fault": None,
    }
    assert certificate["names"] == list(NAMES)
    assert {"subject", "issuer", "not_after"} <= set(certificate)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_certificate_that_is_refused_is_told_all_the_same(ca: trustme.CA, version: ssl.TLSVersion) -> None:
    with server(speaks_tls(ca, version=version)) as place:
        value = seen(ask(place))
    assert (value["connected"], value["verified"]) == (True, False)
    assert "certificate" in value["verify_error"]
    assert value["certificate"]["names"] == list(NAMES)


@pytest.fixture
def system_verifies(monkeypatch: pytest.MonkeyPatch, ca_file: str) -> None:
    """As on Windows and macOS: the operating system checks the certificate, after the handshake."""

    def context(ca: str | None = None, *_: Any) -> ssl.SSLContext:
        made = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if ca is not None:
            made.load_verify_locations(cafile=ca)
        return made

    monkeypatch.setattr("fedready.ask.tls.own_ssl_context", context)


@pytest.mark.usefixtures("system_verifies")
def test_where_the_system_verifies(ca: trustme.CA, ca_file: str) -> None:
    with server(speaks_tls(ca, client=ssl.CERT_OPTIONAL)) as place:
        good = seen(ask(place, ca_file=ca_file))
    assert (good["verified"], good["client_certificate_asked"]) == (True, True)
    assert good["certificate"]["names"] == list(NAMES)
    with server(speaks_tls(ca)) as place:
        refused = seen(ask(place))
    assert (refused["verified"], refused["certificate"]["names"]) == (False, list(NAMES))


@pytest.mark.usefixtures("system_verifies")
def test_where_the_system_verifies_an_alert_comes_before_its_check(ca: trustme.CA, ca_file: str) -> None:
    """What was shown was not checked yet, so nothing is said of it: neither that it is good nor that it is bad."""
    with server(speaks_tls(ca, version=ssl.TLSVersion.TLSv1_2, client=ssl.CERT_REQUIRED)) as place:
        evidence = ask(place, ca_file=ca_file)
    assert (evidence.state, evidence.cause and evidence.cause.kind) == ("failed", "refused")


def test_a_certificate_for_another_name_is_told(ca: trustme.CA, ca_file: str) -> None:
    with server(speaks_tls(ca, "other.contoso.com")) as place:
        value = seen(ask(place, ca_file=ca_file))
    assert (value["verified"], value["certificate"]["names"]) == (False, ["other.contoso.com"])
    assert "sip.contoso.com" in value["verify_error"]


def test_the_lab_s_listeners(tmp_path: Path) -> None:
    estate = tmp_path / "listeners.yaml"
    estate.write_text(ESTATE, encoding="utf-8")
    with World(estate) as world:
        room = Handshakes(connect_to=world.connect_to, ca_file=str(world.ca_file))
        asked = {
            n: room.ask(Tls(f"{n}.contoso.com", 5061))
            for n in ("right", "mutual", "wrong", "expired", "unknown", "old")
        }
        value = {name: dict(future.result(20).value) for name, future in asked.items()}
        room.close()
    assert value["right"]["certificate"]["names"] == ["right.contoso.com", "sip.fabrikam.com"]
    assert value["right"]["verified"] is True
    assert (value["mutual"]["verified"], value["mutual"]["client_certificate_asked"]) == (True, True)
    assert [value[n]["verified"] for n in ("wrong", "expired", "unknown")] == [False, False, False]
    assert "expired" in value["expired"]["verify_error"]
    until = datetime.datetime.fromisoformat(value["expired"]["certificate"]["not_after"])
    assert until < datetime.datetime.now(datetime.UTC)
    assert value["old"]["connected"] is False
    assert (value["old"]["fault"]["stage"], value["old"]["fault"]["too_old"]) == ("tls", True)
    assert "older than TLS 1.2" in value["old"]["fault"]["text"]


def test_the_lab_s_listener_that_hangs_up() -> None:
    with World("healthy") as world:
        world.faults.add("TLS sip.contoso.com:5061", "no-handshake")
        value = seen(ask(world.connect_to[f"{HOST}:5061"], ca_file=str(world.ca_file)))
    assert (value["connected"], value["fault"]["stage"], value["fault"]["too_old"]) == (False, "tls", False)


def resets(raw: socket.socket) -> None:
    raw.recv(1)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize(
    "answer",
    [lambda raw: raw.sendall(b"220 smtp ready\r\n"), lambda raw: raw.close(), resets],
    ids=["text", "close", "reset"],
)
def test_what_is_no_tls_is_a_fault(answer: Callable[[socket.socket], object]) -> None:
    with server(answer) as place:
        value = seen(ask(place))
    assert (value["connected"], value["fault"]["stage"], value["fault"]["too_old"]) == (False, "tls", False)


def test_a_connection_that_is_gone_before_the_handshake_is_no_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """ssl takes a socket without a peer for one that will be connected later, and hands it back without a handshake."""
    dial = Handshakes._dial

    def dial_too_late(*arguments: Any) -> socket.socket:
        raw = dial(*arguments)
        with suppress(ConnectionResetError):
            raw.recv(1)
        return raw

    def resets_later(raw: socket.socket) -> None:
        time.sleep(0.05)  # the connection must stand before it is broken off
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    monkeypatch.setattr(Handshakes, "_dial", dial_too_late)
    with server(resets_later) as place:
        value = seen(ask(place))
    assert (value["connected"], value["fault"]["stage"]) == (False, "tls")


def test_a_refused_connection_is_a_fault() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
    value = seen(ask(place))
    assert (value["connected"], value["fault"]["stage"]) == (False, "tcp")


@pytest.mark.parametrize(
    ("error", "state", "kind"),
    [
        (socket.gaierror(socket.EAI_NONAME, "unknown"), "answered", None),
        (socket.gaierror(socket.EAI_AGAIN, "try again"), "failed", "servfail"),
    ],
)
def test_a_name_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, error: OSError, state: str, kind: str | None
) -> None:
    def look_up(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    room = Handshakes()
    evidence = room.ask(Tls(HOST, 5061)).result(10)
    room.close()
    assert evidence.state == state
    if kind is None:
        assert evidence.value["fault"]["stage"] == "dns"
    else:
        assert evidence.cause is not None
        assert evidence.cause.kind == kind


def test_who_never_answers_was_not_seen() -> None:
    stop = threading.Event()
    with server(lambda raw: stop.wait(10)) as place:
        evidence = ask(place, timeout=0.3)
        stop.set()
    assert (evidence.state, evidence.cause and evidence.cause.kind) == ("failed", "timeout")
    assert evidence.ms < 3000


def test_who_answers_byte_by_byte_ends_in_time_too() -> None:
    stop = threading.Event()

    def drips(raw: socket.socket) -> None:
        raw.recv(4096)
        for byte in b"\x16\x03\x03\x40\x00\x02" + bytes(200):
            raw.sendall(bytes([byte]))
            if stop.wait(0.05):
                return

    with server(drips) as place:
        evidence = ask(place, timeout=0.4)
        stop.set()
    assert (evidence.state, evidence.cause and evidence.cause.kind) == ("failed", "timeout")
    assert evidence.ms < 3000


def test_a_place_that_is_not_listed_is_not_dialled() -> None:
    evidence = ask(None)
    assert (evidence.state, evidence.cause and evidence.cause.kind) == ("failed", "refused")
    assert evidence.cause is not None
    assert "connect_to" in evidence.cause.text


def test_a_ca_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    evidence = ask("127.0.0.1:9", ca_file=str(tmp_path / "none.pem"))
    assert evidence.cause is not None
    assert "none.pem" in evidence.cause.text


def test_close_ends_what_is_open() -> None:
    stop = threading.Event()
    with server(lambda raw: stop.wait(10)) as place:
        room = Handshakes(connect_to={f"{HOST}:5061": place}, timeout=10)
        future = room.ask(Tls(HOST, 5061))
        room.close()
        evidence = future.result(2)
        stop.set()
    assert (evidence.state, evidence.cause and evidence.cause.kind) == ("not_asked", "interrupted")
    later = room.ask(Tls(HOST, 5061)).result(2)
    assert later.state == "not_asked"


def test_many_at_once_do_not_hear_each_other(ca: trustme.CA, ca_file: str) -> None:
    """A handshake is overheard in its own thread: twelve servers, twelve certificates, no mix-up."""
    hosts = [f"sip{n}.contoso.com" for n in range(12)]
    with ExitStack() as stack:
        connect_to = {f"{h}:5061": stack.enter_context(server(speaks_tls(ca, h))) for h in hosts}
        room = Handshakes(connect_to=connect_to, ca_file=ca_file)
        asked = {h: room.ask(Tls(h, 5061)) for h in hosts}
        names = {h: future.result(20).value["certificate"]["names"] for h, future in asked.items()}
        room.close()
    assert names == {h: [h] for h in hosts}
