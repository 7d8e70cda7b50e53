"""https: what an anonymous GET of an Autodiscover address may see, over TLS on loopback."""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

from fedready.ask.certificate import facts
from fedready.ask.https import ACCEPT, MAX_BODY, MAX_HEADERS, REDACTABLE, Prober
from fedready.ask.https_shape import clean, excerpt, shape_of
from fedready.model import Evidence
from fedready.questions import Get
from lab.world import World

HOST = "webdir.online.lync.com"
ROOT = f"https://{HOST}/root"
SUFFIXES = ("online.lync.com", "online.gov.skypeforbusiness.us")
JSON = '{"_links": {"self": {"href": "https://webdir.online.lync.com/root"}, "Redirect": {"href": "https://webdir1A.online.lync.com/root"}}}'
XML = (
    '<?xml version="1.0"?><AutodiscoverResponse xmlns="http://schemas.microsoft.com/rtc/2012/03/autodiscover" '
    'AccessLocation="External"><Root><Link token="User" href="https://webdir.online.lync.com/root/user"/></Root>'
    "</AutodiscoverResponse>"
)
ESTATE = f"""
target: {{sip_domains: [contoso.com]}}
https:
  "{ROOT}": {{status: 200, headers: {{X-MS-Server-Fqdn: fe01.corp.example}}, body: {JSON}}}
  "https://{HOST}/xml": {{status: 200, body: '{XML}'}}
  "https://{HOST}/empty": {{status: 200}}
  "https://{HOST}/forbidden": {{status: 403, body: "<html>no</html>"}}
  "https://{HOST}/once": {{status: 302, headers: {{Location: /root}}}}
  "https://{HOST}/forest": {{status: 301, headers: {{Location: "https://webdir1a.online.lync.com/root"}}}}
  "https://webdir1a.online.lync.com/root": {{status: 200, body: {JSON}}}
  "https://{HOST}/0": {{status: 302, headers: {{Location: "/1"}}}}
  "https://{HOST}/1": {{status: 302, headers: {{Location: "/2"}}}}
  "https://{HOST}/2": {{status: 307, headers: {{Location: "/3"}}}}
  "https://{HOST}/3": {{status: 308, headers: {{Location: "/4"}}}}
  "https://{HOST}/4": {{status: 303, headers: {{Location: "/5"}}}}
  "https://{HOST}/5": {{status: 302, headers: {{Location: "/root"}}}}
  "https://{HOST}/circle": {{status: 302, headers: {{Location: "/circle2"}}}}
  "https://{HOST}/circle2": {{status: 302, headers: {{Location: "/circle"}}}}
  "https://{HOST}/nowhere": {{status: 302}}
  "https://wrong.online.lync.com/root": {{status: 200, certificate: wrong-name}}
  "https://expired.online.lync.com/root": {{status: 200, certificate: expired}}
  "https://unknown.online.lync.com/root": {{status: 200, certificate: unknown-ca}}
  "https://old.online.lync.com/root": {{status: 200, certificate: old-version}}
  "https://lyncdiscover.contoso.com/": {{status: 200, body: {JSON}}}
  "https://web.contoso.com/root": {{status: 200, body: {JSON}}}
"""


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    path: Path = tmp_path_factory.mktemp("estate") / "web.yaml"
    path.write_text(ESTATE, encoding="utf-8")
    with World(path) as world:
        yield world


@pytest.fixture
def world(estate: World) -> Iterator[World]:
    estate.reset()
    yield estate
    estate.reset()


@contextmanager
def probing(connect_to: dict[str, str] | None, ca_file: Path | None, timeout: float = 5.0) -> Iterator[Prober]:
    room = Prober(SUFFIXES, connect_to=connect_to, ca_file=str(ca_file) if ca_file else None, timeout=timeout)
    try:
        yield room
    finally:
        room.close()


def probe(world: World, url: str, timeout: float = 5.0) -> Evidence:
    with probing(world.connect_to, world.ca_file, timeout) as room:
        return room.ask(Get(url)).result(20)


def fault(evidence: Evidence) -> tuple[str, str]:
    assert evidence.state == "answered", evidence.cause
    return evidence.value["fault"]["stage"], evidence.value["fault"]["text"]


# ------------------------------------------------------------------ answers


def test_json_with_everything_that_is_kept(world: World) -> None:
    evidence = probe(world, ROOT)
    assert (evidence.state, evidence.source, evidence.account, evidence.via) == ("answered", "GET", None, "live")
    value = evidence.value
    assert value["fault"] is None
    (hop,) = value["hops"]
    assert (hop["url"], hop["status"]) == (ROOT, 200)
    assert hop["shape"] == {
        "kind": "json",
        "links": {"self": "https://webdir.online.lync.com/root", "redirect": "https://webdir1A.online.lync.com/root"},
    }
    assert hop["headers"]["x-ms-server-fqdn"] == "fe01.corp.example"
    assert set(REDACTABLE) <= set(hop["headers"])
    assert hop["excerpt"].startswith('{"_links"')
    certificate = value["certificate"]
    assert certificate["names"] == [HOST]
    assert certificate["version"] == "TLSv1.3"
    assert certificate["not_after"].endswith("Z")


def test_one_get_and_nothing_that_signs_in(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NETRC", "/dev/null")
    probe(world, ROOT)
    assert [(r.verb, r.host, r.path) for r in world.log.http] == [("GET", HOST, "/root")]


def test_xml(world: World) -> None:
    (hop,) = probe(world, f"https://{HOST}/xml").value["hops"]
    assert hop["shape"] == {"kind": "xml", "links": {"user": "https://webdir.online.lync.com/root/user"}}


@pytest.mark.parametrize(
    ("path", "status", "kind"), [("empty", 200, "none"), ("forbidden", 403, "other"), ("gone", 404, "other")]
)
def test_any_status_and_body_is_an_observation(world: World, path: str, status: int, kind: str) -> None:
    value = probe(world, f"https://{HOST}/{path}").value
    assert value["fault"] is None
    assert (value["hops"][0]["status"], value["hops"][0]["shape"]["kind"]) == (status, kind)


# ------------------------------------------------------------------ redirects


@pytest.mark.parametrize(
    ("path", "urls"),
    [
        ("once", [f"https://{HOST}/once", ROOT]),
        ("forest", [f"https://{HOST}/forest", "https://webdir1a.online.lync.com/root"]),
    ],
)
def test_a_redirect_inside_the_cloud_is_followed(world: World, path: str, urls: list[str]) -> None:
    value = probe(world, f"https://{HOST}/{path}").value
    assert [hop["url"] for hop in value["hops"]] == urls
    assert (value["hops"][-1]["status"], value["fault"]) == (200, None)


def test_five_redirects_are_followed_and_no_more(world: World) -> None:
    five, six = probe(world, f"https://{HOST}/1"), probe(world, f"https://{HOST}/0")
    assert ([hop["status"] for hop in five.value["hops"]], five.value["fault"]) == (
        [302, 307, 308, 303, 302, 200],
        None,
    )
    assert fault(six) == ("redirect", "more than 5 redirects")
    assert len(six.value["hops"]) == 6


def test_redirects_in_a_circle(world: World) -> None:
    stage, text = fault(probe(world, f"https://{HOST}/circle"))
    assert stage == "redirect"
    assert "circle" in text
    assert len(world.log.http) == 2


@pytest.mark.parametrize(
    ("location", "stage"),
    [
        ("https://autodiscover.example/root", "redirect"),
        ("https://webdir.online.lync.com.evil.example/", "redirect"),
        ("https://evilonline.lync.com/", "redirect"),
        ("https://webdir.online.gov.skypeforbusiness.us/root", "redirect"),
        ("http://webdir.online.lync.com/root", "scheme"),
        ("https://user:secret@webdir.online.lync.com/root", "redirect"),
        ("ftp://webdir.online.lync.com/", "redirect"),
        ("https://[::1", "redirect"),
        ("https://webdir.online.lync.com:99999/", "redirect"),
        ("javascript:alert(1)", "redirect"),
    ],
)
def test_a_redirect_out_of_the_cloud_or_to_http_is_not_followed(world: World, location: str, stage: str) -> None:
    world.faults.add(f"GET {ROOT}", "redirect", to=location)
    evidence = probe(world, ROOT)
    assert fault(evidence)[0] == stage
    assert [hop["status"] for hop in evidence.value["hops"]] == [302]
    assert len(world.log.http) == 1


@pytest.mark.parametrize("location", ["/", "https://web.contoso.com/root", ROOT])
def test_lyncdiscover_may_send_on_inside_its_domain_or_into_a_cloud(world: World, location: str) -> None:
    world.faults.add("GET https://lyncdiscover.contoso.com/", "redirect", nth=1, to=location)
    value = probe(world, "https://lyncdiscover.contoso.com/").value
    ends = ("redirect", 1) if location == "/" else (None, 2)  # back to where it began is a circle
    assert ((value["fault"] or {}).get("stage"), len(value["hops"])) == ends


@pytest.mark.parametrize(
    ("location", "stage"),
    [
        ("https://fabrikam.com/", "redirect"),
        ("https://evilcontoso.com/", "redirect"),
        ("https://contoso.com.evil.example/", "redirect"),
        ("http://web.contoso.com/root", "scheme"),
    ],
)
def test_lyncdiscover_may_not_send_on_elsewhere(world: World, location: str, stage: str) -> None:
    world.faults.add("GET https://lyncdiscover.contoso.com/", "redirect", to=location)
    assert fault(probe(world, "https://lyncdiscover.contoso.com/"))[0] == stage
    assert len(world.log.http) == 1


def test_a_redirect_to_nowhere_is_a_status_like_another(world: World) -> None:
    value = probe(world, f"https://{HOST}/nowhere").value
    assert (value["hops"][-1]["status"], value["fault"]) == (302, None)


# ------------------------------------------------------------------ faults are observations


@pytest.mark.parametrize(
    ("host", "stage", "words"),
    [
        ("wrong", "certificate", "Hostname mismatch"),
        ("expired", "certificate", "expired"),
        ("unknown", "certificate", "issuer certificate"),
        ("old", "tls", "PROTOCOL_VERSION"),
    ],
)
def test_certificates_and_tls(world: World, host: str, stage: str, words: str) -> None:
    evidence = probe(world, f"https://{host}.online.lync.com/root")
    found, text = fault(evidence)
    assert found == stage
    assert words.lower() in text.lower().replace(" ", "_" if "_" in words else " ")
    assert f"{host}.online.lync.com" in text
    assert (evidence.value["hops"], evidence.value["certificate"]) == ([], None)
    assert world.log.http == []


def test_http_is_not_dialled(world: World) -> None:
    evidence = probe(world, f"http://{HOST}/root")
    assert fault(evidence)[0] == "scheme"
    assert evidence.value["hops"] == []
    assert world.log.http == []


def look_up_with(number: int, monkeypatch: pytest.MonkeyPatch, world: World) -> Evidence:
    """The probe of a machine whose name resolution says this: no test may ask a real resolver."""

    def say(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(number, "the system's words")

    monkeypatch.setattr(socket, "getaddrinfo", say)
    return probe(world, ROOT)


def test_a_name_that_does_not_exist(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    stage, text = fault(look_up_with(socket.EAI_NONAME, monkeypatch, world))
    assert stage == "dns"
    assert HOST in text


def test_a_name_that_cannot_be_looked_up_now_was_not_seen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    evidence = look_up_with(socket.EAI_AGAIN, monkeypatch, world)
    assert (evidence.state, evidence.cause and evidence.cause.kind) == ("failed", "servfail")


def test_nobody_there(world: World) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        with probing({f"{HOST}:443": f"127.0.0.1:{held.getsockname()[1]}"}, world.ca_file) as room:
            stage, text = fault(room.ask(Get(ROOT)).result(20))
    assert stage == "tcp"
    assert "refused" in text.lower()


@pytest.mark.parametrize("knob", ["garbage", "reset", "close", "partial", "partial-reset", "header-flood"])
def test_what_is_not_http(world: World, knob: str) -> None:
    world.faults.add("https", knob)
    assert fault(probe(world, ROOT))[0] == "http"


@contextmanager
def raw(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Something that listens and does what a function says with the first connection; `host:port`."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                answer(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        thread.join(10)


def test_a_connection_lost_while_shaking_hands_is_a_tls_fault(world: World) -> None:
    def hang_up(connection: socket.socket) -> None:
        connection.recv(10)

    with raw(hang_up) as place, probing({f"{HOST}:443": place}, world.ca_file) as room:
        assert fault(room.ask(Get(ROOT)).result(20))[0] == "tls"


def test_something_that_does_not_speak_tls(world: World) -> None:
    def smtp(connection: socket.socket) -> None:
        connection.sendall(b"220 mail.example ESMTP\r\n")
        connection.recv(1000)

    with raw(smtp) as place, probing({f"{HOST}:443": place}, world.ca_file) as room:
        assert fault(room.ask(Get(ROOT)).result(20))[0] == "tls"


# ------------------------------------------------------------------ what could not be seen


def test_a_server_that_hangs(world: World) -> None:
    world.faults.add("https", "hang", seconds=3)
    evidence = probe(world, ROOT, 0.3)
    assert (evidence.state, evidence.cause and evidence.cause.kind) == ("failed", "timeout")
    assert evidence.ms < 2000


def test_a_server_that_drips(world: World) -> None:
    world.faults.add("https", "drip", interval=0.05)
    evidence = probe(world, ROOT, 0.4)
    assert (evidence.state, evidence.cause and evidence.cause.kind) == ("failed", "timeout")
    assert evidence.ms < 2000


def test_a_handshake_that_never_ends(world: World) -> None:
    over = threading.Event()
    with raw(lambda _: over.wait(5) or None) as place, probing({f"{HOST}:443": place}, world.ca_file, 0.3) as room:
        evidence = room.ask(Get(ROOT)).result(20)
        over.set()
    assert (evidence.state, evidence.cause and evidence.cause.kind) == ("failed", "timeout")


def test_the_time_is_for_all_redirects_together(world: World) -> None:
    world.faults.add("https", "delay", seconds=0.25)
    evidence = probe(world, f"https://{HOST}/1", 0.6)
    assert (evidence.state, evidence.cause and evidence.cause.kind) == ("failed", "timeout")
    assert len(world.log.http) <= 3


def test_a_body_that_is_too_long(world: World) -> None:
    world.faults.add("https", "status", status=200, body="x" * (MAX_BODY + 1))
    evidence = probe(world, ROOT)
    assert (evidence.state, evidence.cause and evidence.cause.kind) == ("failed", "malformed")
    assert evidence.cause is not None
    assert str(MAX_BODY) in evidence.cause.text


def test_a_body_without_end(world: World) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(context)

    def pour(connection: socket.socket) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) as tls:
                tls.recv(4096)
                tls.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                while True:
                    tls.sendall(b"x" * 65536)
        except OSError:
            return  # the prober hung up, which is what is wanted

    with authority.cert_pem.tempfile() as ca, raw(pour) as place, probing({f"{HOST}:443": place}, Path(ca)) as room:
        evidence = room.ask(Get(ROOT)).result(20)
    assert (evidence.state, evidence.cause and evidence.cause.kind) == ("failed", "malformed")


def test_a_compressed_body_is_not_unpacked(world: World) -> None:
    world.faults.add("https", "gzip", bytes=5_000_000)
    evidence = probe(world, ROOT)
    assert (evidence.state, evidence.cause and evidence.cause.kind) == ("failed", "malformed")


def test_a_host_that_connect_to_does_not_list(world: World) -> None:
    evidence = probe(world, "https://unlisted.online.lync.com/root")
    assert (evidence.state, evidence.cause and evidence.cause.kind) == ("failed", "refused")
    assert evidence.cause is not None
    assert "unlisted.online.lync.com:443" in evidence.cause.text
    assert "connect_to" in evidence.cause.text


def test_a_user_name_in_the_address_is_never_sent(world: World) -> None:
    evidence = probe(world, f"https://user:secret@{HOST}/root")
    assert (evidence.state, evidence.cause and evidence.cause.kind) == ("failed", "malformed")
    assert evidence.cause is not None
    assert "secret" not in evidence.cause.text
    assert world.log.http == []


def test_a_ca_file_that_is_not_there(world: World, tmp_path: Path) -> None:
    with probing(world.connect_to, tmp_path / "no.pem") as room:
        evidence = room.ask(Get(ROOT)).result(20)
    assert (evidence.state, evidence.cause and evidence.cause.kind) == ("failed", "absent")
    assert evidence.cause is not None
    assert "no.pem" in evidence.cause.text


def test_an_address_that_requests_cannot_ask(world: World) -> None:
    evidence = probe(world, "https://*.online.lync.com/root")
    assert (evidence.state, evidence.cause and evidence.cause.kind) == ("failed", "malformed")


# ------------------------------------------------------------------ many, and the end


def test_slow_addresses_are_waited_for_together(world: World) -> None:
    """Each answers only when all have come: one after another would never end."""
    count = 6
    barrier = threading.Barrier(count)
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("*.online.lync.com").configure_cert(context)
    server = socket.create_server(("127.0.0.1", 0))

    def one(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as tls:
            tls.recv(4096)
            barrier.wait(10)
            tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    def serve() -> None:
        for _ in range(count):
            connection, _address = server.accept()
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    places = {f"h{n}.online.lync.com:443": f"127.0.0.1:{server.getsockname()[1]}" for n in range(count)}
    with server, authority.cert_pem.tempfile() as ca, probing(places, Path(ca)) as room:
        futures = [room.ask(Get(f"https://h{n}.online.lync.com/")) for n in range(count)]
        assert [future.result(20).state for future in futures] == ["answered"] * count


def test_closing_waits_for_nobody(world: World) -> None:
    over = threading.Event()
    with raw(lambda _: over.wait(10) or None) as place:
        room = Prober(SUFFIXES, connect_to={f"{HOST}:443": place}, ca_file=str(world.ca_file), timeout=20, at_once=1)
        futures: list[Future[Evidence]] = [room.ask(Get(ROOT)), room.ask(Get(f"https://{HOST}/xml"))]
        room.close()
        ends = [(f.result(0).state, f.result(0).cause.kind) for f in futures]  # type: ignore[union-attr]
        over.set()
    assert ends == [("not_asked", "interrupted")] * 2
    assert room.ask(Get(ROOT)).result(0).state == "not_asked"


# ------------------------------------------------------------------ documents


@pytest.mark.parametrize(
    ("body", "kind", "links"),
    [
        (b"", "none", {}),
        (b" \r\n", "none", {}),
        (
            JSON.encode(),
            "json",
            {"self": "https://webdir.online.lync.com/root", "redirect": "https://webdir1A.online.lync.com/root"},
        ),
        (b"\xef\xbb\xbf" + b'{"_links": {}}', "json", {}),
        (b'{"_links": {"self": "text", "user": {"href": 1}, "a": {"href": "b"}}}', "json", {"a": "b"}),
        (b'{"links": {}}', "other", {}),
        (b'{"_links": []}', "other", {}),
        (b"[" * 100_000, "other", {}),
        (b'{"_links":' * 50_000, "other", {}),
        (b'{"_links": {"a": {"href": "' + b"9" * 6000 + b'"}}}', "json", {"a": "9" * 500}),
        (b"1" * 6000, "other", {}),
        (b"\xff\xfe\x00", "other", {}),
        (XML.encode(), "xml", {"user": "https://webdir.online.lync.com/root/user"}),
        (XML.encode("utf-16"), "xml", {"user": "https://webdir.online.lync.com/root/user"}),
        (b"<AutodiscoverResponse/>", "xml", {}),
        (b"<html><body>Sign in</body></html>", "other", {}),
        (b"<a><AutodiscoverResponse/></a>", "other", {}),
        (b"<AutodiscoverResponse><Link token='a' href='b'/>", "other", {}),
        (b"<!DOCTYPE AutodiscoverResponse><AutodiscoverResponse/>", "other", {}),
        (
            b"<!DOCTYPE a [<!ENTITY b 'c'>]><AutodiscoverResponse><Link token='a' href='&b;'/></AutodiscoverResponse>",
            "other",
            {},
        ),
        (b"<?xml version='1.0' encoding='x-none'?><AutodiscoverResponse/>", "other", {}),
        (b"<AutodiscoverResponse>" + b"<a>" * 100_000, "other", {}),
    ],
    ids=lambda value: hashlib.sha1(value).hexdigest()[:8] if isinstance(value, bytes) else "",
)
def test_shapes(body: bytes, kind: str, links: dict[str, str]) -> None:
    assert shape_of(body) == {"kind": kind, "links": links}


def test_no_more_links_than_sensible() -> None:
    body = "{" + '"_links": {' + ",".join(f'"{n}": {{"href": "x"}}' for n in range(1000)) + "}}"
    assert len(shape_of(body.encode())["links"]) == 64


def test_text_from_outside_is_one_printable_line() -> None:
    assert clean("a\x1b[31m\r\n\u202eb\u2028c" + "d" * 1000, 12) == "a [31m   b c"
    assert excerpt(b"\xff\x00" + "ü".encode() * 500) == "\ufffd " + "ü" * 198


def test_headers_are_capped(world: World) -> None:
    flood = {f"X-{n:02}": "v" * 2000 for n in range(60)}
    world.faults.add("https", "unauthorized", headers=flood)
    (hop,) = probe(world, ROOT).value["hops"]
    assert hop["status"] == 401
    assert len(hop["headers"]) == MAX_HEADERS
    assert max(len(value) for value in hop["headers"].values()) == 500


def test_a_certificate_that_cannot_be_read_has_no_facts() -> None:
    assert facts(b"not a certificate", "TLSv1.2") is None


def test_both_documented_types_are_accepted() -> None:
    assert ACCEPT == "application/json, application/vnd.microsoft.rtc.autodiscover+xml;v=1;q=0.8"
