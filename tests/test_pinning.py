"""pinning: goes where it was told, ends when it was told, reads no more than it was told."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import trustme

from fedready.ask.pinning import (
    Aborted,
    Addresses,
    DeadlineExceeded,
    Encoded,
    NotListed,
    PinnedAdapter,
    TooLarge,
    harden,
    peer_of,
    route,
)
from fedready.ask.trust import ssl_context

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def listener(answer: Callable[[socket.socket, bytes], None], tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server on loopback that gives each connection's request (up to the blank line) to `answer`."""
    server = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def one(plain: socket.socket) -> None:
        try:
            with tls.wrap_socket(plain, server_side=True) if tls else plain as sock:
                while not over.is_set():
                    request = b""
                    while b"\r\n\r\n" not in request:
                        got = sock.recv(65536)
                        if not got:
                            return
                        request += got
                    answer(sock, request)
        except OSError:
            return  # the client hung up, which is what these tests are about

    def accept() -> None:
        while True:
            try:
                plain, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(plain,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield server.getsockname()[1]
    finally:
        over.set()
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def plain(answer: bytes) -> Callable[[socket.socket, bytes], None]:
    return lambda sock, request: sock.sendall(answer)


def dripping(head: bytes, drop: bytes, seconds: float) -> Callable[[socket.socket, bytes], None]:
    def answer(sock: socket.socket, request: bytes) -> None:
        sock.sendall(head)
        for _ in range(1000):
            sock.sendall(drop)
            time.sleep(seconds)

    return answer


def session(port: int, *, cap: int = 10_000, deadline: float = 5, **where: str) -> requests.Session:
    to = where or {"web": f"127.0.0.1:{port}"}
    names = {"web": "web.contoso.com:80", "other": "other.contoso.com:80"}
    pins = {names[key]: value for key, value in to.items()}
    return harden(requests.Session(), PinnedAdapter(pins, ssl_context(), cap=cap, deadline=deadline))


def test_only_the_connection_moves() -> None:
    seen = []

    def answer(sock: socket.socket, request: bytes) -> None:
        seen.append(request)
        sock.sendall(OK)

    with listener(answer) as port, session(port) as s:
        got = s.get("http://web.contoso.com/root?x=1")
    assert (got.text, got.url) == ("ok", "http://web.contoso.com/root?x=1")
    assert seen[0].startswith(b"GET /root?x=1 HTTP/1.1\r\n")
    assert b"\r\nHost: web.contoso.com\r\n" in seen[0]
    assert b"\r\nAccept-Encoding: identity\r\n" in seen[0]


def test_a_host_that_is_not_listed_is_refused_before_anything_is_looked_up() -> None:
    with session(1) as s, pytest.raises(NotListed, match=r"^evil\.example:80 is not listed in connect_to"):
        s.get("http://evil.example/")
    with session(1) as s, pytest.raises(NotListed, match=r"^web\.contoso\.com:8080 "):
        s.get("http://web.contoso.com:8080/")


def test_routes() -> None:
    pins = {"Pool.contoso.com:443": "[::1]:4443", "[2001:db8::1]:443": "127.0.0.1:1"}
    assert route(pins, "pool.CONTOSO.com.", 443) == ("::1", 4443)
    assert route(pins, "2001:db8::1", 443) == ("127.0.0.1", 1)
    assert route(None, "pool.contoso.com", 5986) == ("pool.contoso.com", 5986)
    with pytest.raises(ValueError, match="is not host:port"):
        route({"a.example:443": "127.0.0.1"}, "a.example", 443)


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n", b"x", id="body"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", id="chunks"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x", id="header"),
        pytest.param(b"HTTP/1.1 ", b"", id="nothing"),
        pytest.param(b"", b"HTTP/1.1 100 Continue\r\n\r\n", id="continue"),
    ],
)
def test_a_dripping_answer_ends_with_the_deadline(head: bytes, drop: bytes) -> None:
    with listener(dripping(head, drop, 0.03)) as port, session(port, deadline=0.3) as s:
        began = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            s.get("http://web.contoso.com/")
        assert 0.25 < time.monotonic() - began < 1.5


def test_an_absolute_end_comes_before_the_deadline() -> None:
    with listener(dripping(b"", b"", 1)) as port, session(port) as s:
        adapter = s.get_adapter("http://")
        assert isinstance(adapter, PinnedAdapter)
        adapter.ends = time.monotonic() + 0.2
        with pytest.raises(DeadlineExceeded):
            s.get("http://web.contoso.com/")
        with pytest.raises(DeadlineExceeded):
            s.get("http://web.contoso.com/")


def test_a_silent_tls_peer_ends_with_the_deadline(tmp_path: Path) -> None:
    server = socket.create_server(("127.0.0.1", 0))
    pins = {"web.contoso.com:443": f"127.0.0.1:{server.getsockname()[1]}"}
    with server, harden(requests.Session(), PinnedAdapter(pins, ssl_context(), cap=100, deadline=0.3)) as s:
        began = time.monotonic()
        with pytest.raises((DeadlineExceeded, requests.Timeout)):
            s.get("https://web.contoso.com/")
        assert time.monotonic() - began < 1.5


def endless(sock: socket.socket, request: bytes) -> None:
    sock.sendall(b"HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        sock.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")


def test_no_answer_is_longer_than_the_cap() -> None:
    with listener(endless) as port, session(port) as s, pytest.raises(TooLarge, match="longer than 10000 bytes"):
        s.get("http://web.contoso.com/")
    said = b"HTTP/1.1 200 OK\r\nContent-Length: 10001\r\n\r\n"
    with listener(plain(said)) as port, session(port) as s, pytest.raises(TooLarge):
        s.get("http://web.contoso.com/")


def test_a_compressed_answer_is_refused() -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    said = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    with listener(plain(said + bomb)) as port, session(port, cap=10**6) as s, pytest.raises(Encoded, match="'gzip'"):
        s.get("http://web.contoso.com/")


def test_no_redirect_is_followed() -> None:
    away = b"HTTP/1.1 307 Away\r\nLocation: http://other.contoso.com/\r\nContent-Length: 0\r\n\r\n"
    visited = []
    with (
        listener(lambda sock, request: visited.append(request)) as other,
        listener(plain(away)) as port,
        session(port, web=f"127.0.0.1:{port}", other=f"127.0.0.1:{other}") as s,
    ):
        assert s.post("http://web.contoso.com/", data=b"secret").status_code == 307
        assert s.get("http://web.contoso.com/", allow_redirects=True).status_code == 307
    assert visited == []


def test_proxies_and_bundles_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
    with listener(plain(OK)) as port, session(port) as s:
        assert s.get("http://web.contoso.com/").text == "ok"


def test_a_connection_is_used_again() -> None:
    with listener(plain(OK)) as port, session(port) as s:
        for _ in range(3):
            assert s.get("http://web.contoso.com/").text == "ok"
        adapter = s.get_adapter("http://")
        assert isinstance(adapter, PinnedAdapter)
        pool = adapter.poolmanager.connection_from_url("http://web.contoso.com/")
        assert pool.num_connections == 1


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def test_certificates_are_checked_against_the_real_name(authority: trustme.CA, tmp_path: Path) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf = authority.issue_cert("web.contoso.com")
    leaf.configure_cert(tls)
    asked = []
    tls.sni_callback = lambda sock, name, context: asked.append(name)
    ca = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca))
    with listener(plain(OK), tls) as port:
        pins = {f"{name}:443": f"127.0.0.1:{port}" for name in ("web.contoso.com", "sip.contoso.com")}
        with harden(requests.Session(), PinnedAdapter(pins, ssl_context(str(ca)), cap=100, deadline=5)) as s:
            got = s.get("https://web.contoso.com/")
            peer = peer_of(got)
            assert (got.text, asked) == ("ok", ["web.contoso.com"])
            assert peer is not None
            assert peer.version == "TLSv1.3"
            assert ssl.DER_cert_to_PEM_cert(peer.certificate).encode() == leaf.cert_chain_pems[0].bytes()
            with pytest.raises(requests.exceptions.SSLError, match="sip.contoso.com"):
                s.get("https://sip.contoso.com/", verify=False)
        with harden(requests.Session(), PinnedAdapter(pins, ssl_context(), cap=100, deadline=5)) as s:
            s.verify = False
            with pytest.raises(requests.exceptions.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
                s.get("https://web.contoso.com/")


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with session(port) as s, pytest.raises(requests.ConnectionError, match="refused|Refused"):
        s.get("http://web.contoso.com/")


@pytest.mark.parametrize("when", ["waiting for the answer", "before it"])
def test_an_exchange_can_be_aborted_by_another_thread(when: str) -> None:
    asked = threading.Event()

    def silent(sock: socket.socket, request: bytes) -> None:
        asked.set()
        time.sleep(0.2)

    with listener(silent) as port, session(port, deadline=20) as s:
        adapter = s.get_adapter("http://")
        assert isinstance(adapter, PinnedAdapter)
        if when == "before it":
            adapter.abort()
        else:
            threading.Thread(target=lambda: asked.wait(5) and adapter.abort()).start()
        began = time.monotonic()
        with pytest.raises((Aborted, requests.ConnectionError)):
            s.get("http://web.contoso.com/")
        assert time.monotonic() - began < 2
        with pytest.raises(Aborted):
            s.get("http://web.contoso.com/")
    with listener(plain(OK)) as port:
        adapter.connect_to = {"web.contoso.com:80": f"127.0.0.1:{port}"}
        adapter.resume()
        assert s.get("http://web.contoso.com/").text == "ok"
        s.close()


def test_a_client_certificate_is_shown(authority: trustme.CA, tmp_path: Path) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("web.contoso.com").configure_cert(tls)
    authority.configure_trust(tls)
    tls.verify_mode = ssl.CERT_REQUIRED
    ca, pem = tmp_path / "ca.crt", tmp_path / "auditor.crt"
    authority.cert_pem.write_to_path(str(ca))
    authority.issue_cert("auditor@contoso.com").private_key_and_cert_chain_pem.write_to_path(str(pem))
    seen = []

    def answer(sock: socket.socket, request: bytes) -> None:
        assert isinstance(sock, ssl.SSLSocket)
        seen.append((sock.getpeercert() or {}).get("subjectAltName"))
        sock.sendall(OK)

    with listener(answer, tls) as port:
        pins = {"web.contoso.com:443": f"127.0.0.1:{port}"}
        context = ssl_context(str(ca), (str(pem), None))
        with harden(requests.Session(), PinnedAdapter(pins, context, cap=100, deadline=5)) as s:
            assert s.get("https://web.contoso.com/").text == "ok"
        nobody = PinnedAdapter(pins, ssl_context(str(ca)), cap=100, deadline=5)
        with harden(requests.Session(), nobody) as s, pytest.raises(requests.RequestException):
            s.get("https://web.contoso.com/")
    assert seen == [(("email", "auditor@contoso.com"),)]


def test_a_dialled_connection_is_the_one_that_is_used(authority: trustme.CA, tmp_path: Path) -> None:
    """Also under TLS 1.3, whose unread tickets look like the end of a connection."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("web.contoso.com").configure_cert(tls)
    ca = tmp_path / "ca.crt"
    authority.cert_pem.write_to_path(str(ca))
    handshakes = []
    tls.sni_callback = lambda sock, name, context: handshakes.append(name)
    with listener(plain(OK), tls) as port:
        adapter = PinnedAdapter({"web.contoso.com:443": f"127.0.0.1:{port}"}, ssl_context(str(ca)), cap=100, deadline=5)
        with harden(requests.Session(), adapter) as s:
            adapter.dial("https://web.contoso.com/")
            time.sleep(0.05)
            for _ in range(2):
                assert s.get("https://web.contoso.com/").text == "ok"
    assert handshakes == ["web.contoso.com"]


def test_a_name_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up = []

    def look_up(host: str, port: int, **kind: int) -> list[object]:
        looked_up.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", served))]

    addresses = Addresses()
    with listener(plain(OK)) as served:
        monkeypatch.setattr("fedready.ask.routes.socket.getaddrinfo", look_up)
        for _ in range(2):
            adapter = PinnedAdapter(None, ssl_context(), cap=100, deadline=5, addresses=addresses)
            with harden(requests.Session(), adapter) as s:
                assert s.get("http://pool.contoso.com/").text == "ok"
    assert looked_up == ["pool.contoso.com"]
