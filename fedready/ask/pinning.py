"""HTTP that goes where it was told, for as long as it was told, and reads no more than it was told.

`PinnedAdapter` is mounted on a `requests.Session` with `harden`:

* `connect_to` (host:port of the URL -> host:port to dial) moves only the TCP connection: URL, SNI, Host header and the
  certificate check stay those of the real name. With a map, a host:port that is not listed is refused.
* One request, from dialling to the last byte of its body, ends within `deadline` seconds, whatever the server drips.
* No answer is longer than `cap` bytes, and none may be compressed (a small answer could unpack to any size).
* No redirect is followed, no proxy and nothing else is taken from the environment, certificates are always checked.

An answer is handed on unread. Channel bindings (RFC 5929) need that: the authentication looks at the TLS socket behind
a 401.
"""

from __future__ import annotations

import functools
import http.client
import io
import math
import socket
import ssl
import sys
import threading
import time
import weakref
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

ConnectTo = Mapping[str, str]
"""`connect_to` of the target file: "host:port" of a URL -> "host:port" to dial."""

HEADER_ALLOWANCE = 128 * 1024
"""Bytes of an answer that are not its body: status line, headers, chunk sizes."""


class PinningError(Exception):
    """An exchange that this machine itself ended. Not an OSError: urllib3 would wrap that in words of its own."""


class NotListed(PinningError):
    """`connect_to` is given and the host:port is not in it."""


class DeadlineExceeded(PinningError):
    """The request was not over within its time."""


class TooLarge(PinningError):
    """The answer is longer than its cap."""


class Encoded(PinningError):
    """The answer is compressed, though `identity` was asked for."""


def route(connect_to: ConnectTo | None, host: str, port: int) -> tuple[str, int]:
    """Where to dial for a host and port.

    Raises:
        NotListed: there is a map and the host:port is not in it.
        ValueError: the map's entry is not `host:port`.

    >>> route({"webdir.online.lync.com:443": "127.0.0.1:4443"}, "WebDir.online.lync.com.", 443)
    ('127.0.0.1', 4443)
    >>> route(None, "pool.contoso.com", 443)
    ('pool.contoso.com', 443)
    """
    name = host.strip("[]").rstrip(".").lower()
    if connect_to is None:
        return name, port
    listed = {key.lower(): value for key, value in connect_to.items()}
    to = listed.get(f"{name}:{port}") or listed.get(f"[{name}]:{port}")
    if to is None:
        raise NotListed(f"{name}:{port} is not listed in connect_to and is not dialled; list it or drop connect_to")
    dialled, _, number = to.rpartition(":")
    if not dialled or not number.isdecimal():
        raise ValueError(f"connect_to: {to!r} is not host:port")
    return dialled.strip("[]"), int(number)


@functools.cache
def _openssl_context(ca_file: str | None, certificate: tuple[str, str | None] | None) -> ssl.SSLContext:
    """Loading the system's store takes tens of milliseconds, so it is done once for the process."""
    return _finished(ssl.create_default_context(), ca_file, certificate)


def ssl_context(ca_file: str | None = None, certificate: tuple[str, str | None] | None = None) -> ssl.SSLContext:
    """The TLS settings of every connection: the system's trust store, and the target's CA beside it.

    A target's CA is trusted in addition, because one audit meets both worlds: the pool has a certificate of the
    company's CA, the Microsoft 365 cloud one of a public CA.

    Args:
        ca_file: a PEM file with CA certificates.
        certificate: PEM files of a client certificate and of its key (None: the key is in the same file).

    Raises:
        OSError: a file cannot be read; ssl.SSLError, which is one too, when it holds no certificate.
    """
    defaults = ssl.get_default_verify_paths()
    if sys.platform not in ("win32", "darwin") and (defaults.cafile or defaults.capath):
        return _openssl_context(ca_file, certificate)
    import truststore  # the operating system verifies; a context each, for it is locked while it shakes hands

    return _finished(truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ca_file, certificate)


def _finished(
    context: ssl.SSLContext, ca_file: str | None, certificate: tuple[str, str | None] | None
) -> ssl.SSLContext:
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    if certificate is not None:
        context.load_cert_chain(*certificate)
    return context


@dataclass(frozen=True)
class Peer:
    """Who answered: the TLS version as ssl names it (`TLSv1.3`) and the leaf certificate, DER."""

    version: str
    certificate: bytes


@dataclass(frozen=True)
class _Request:
    """What the connection has to know about the request that it carries."""

    address: tuple[str, int]
    ends: float  # time.monotonic()
    cap: int  # bytes
    dialled: weakref.WeakSet[HTTPConnection]

    def left(self) -> float:
        """Seconds that are left.

        Raises:
            DeadlineExceeded: none is.
        """
        left = self.ends - time.monotonic()
        if left <= 0:
            raise DeadlineExceeded("the answer was not complete within its time")
        return left


_carried = threading.local()  # .request: a connection is dialled and its answer begun in the thread that sends


class _BoundedIO(io.RawIOBase):
    """The byte stream under an HTTP answer, with the request's deadline before every read and its cap after."""

    def __init__(self, stream: io.RawIOBase, sock: socket.socket, request: _Request) -> None:
        self.stream, self._sock, self.request = stream, sock, request  # channel bindings are taken from `_sock`
        self.idle, self.count = sock.gettimeout(), 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self.request.left()
        self._sock.settimeout(left if self.idle is None else min(self.idle, left))
        try:
            read: int | None = self.stream.readinto(buffer)
        except TimeoutError:
            self.request.left()
            raise
        self.count += read or 0
        if self.count > self.request.cap + HEADER_ALLOWANCE:
            raise TooLarge(f"the answer is longer than {self.request.cap} bytes")
        return read

    def close(self) -> None:
        super().close()
        self.stream.close()


class _Answer(http.client.HTTPResponse):
    """An HTTP answer that is read through `_BoundedIO` and remembers who gave it."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        stream = self.fp.detach()
        self.fp = io.BufferedReader(_BoundedIO(stream, sock, _carried.request))
        self.peer: Peer | None = None
        if isinstance(sock, ssl.SSLSocket):
            self.peer = Peer(sock.version() or "", sock.getpeercert(binary_form=True) or b"")


class _Dialling(HTTPConnection):
    """Dials the request's address; everything else believes that it is connected to the URL's host."""

    response_class = _Answer

    def _new_conn(self) -> socket.socket:
        request: _Request = _carried.request
        host, port = request.address
        refused: Exception | None = None
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as wrong:
            cause = wrong if isinstance(wrong, socket.gaierror) else socket.gaierror(socket.EAI_NONAME, str(wrong))
            raise NameResolutionError(host, self, cause) from cause
        for family, kind, protocol, _, address in found:
            sock = socket.socket(family, kind, protocol)
            try:
                sock.settimeout(min(request.left(), self.timeout or math.inf))
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.connect(address)
            except BaseException as wrong:
                sock.close()
                if not isinstance(wrong, OSError):
                    raise
                refused = wrong
            else:
                sock.settimeout(min(request.left(), self.timeout or math.inf))  # TLS is part of connecting
                request.dialled.add(self)
                return sock
        if isinstance(refused, TimeoutError):
            raise ConnectTimeoutError(self, f"{host}:{port} did not accept a connection in time") from refused
        raise NewConnectionError(self, f"{host}:{port}: {refused}") from refused


class _DiallingTls(_Dialling, HTTPSConnection):
    answered = False

    def getresponse(self) -> Any:
        self.answered = True
        return super().getresponse()

    @property
    def is_connected(self) -> bool:
        """TLS 1.3 servers send tickets after the handshake; unread, they look to urllib3 like the end of a connection."""
        return super().is_connected if self.answered else self.sock is not None


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Dialling


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _DiallingTls


class PinnedAdapter(HTTPAdapter):
    """A requests adapter with the properties that this module's text promises.

    Args:
        connect_to: the target's map, or None to dial the URL's own host.
        context: from `ssl_context`; shared between adapters.
        cap: bytes, the longest body.
        deadline: seconds, the longest a request may take from dialling to the last byte.

    `ends` (time.monotonic(), None: no such moment) ends every request at that moment, if it comes before the deadline.
    An adapter may be used by several threads; `ends` then holds for all of them.
    """

    def __init__(self, connect_to: ConnectTo | None, context: ssl.SSLContext, *, cap: int, deadline: float) -> None:
        self.connect_to, self.context, self.cap, self.deadline = connect_to, context, cap, deadline
        self.ends: float | None = None
        self._dialled: weakref.WeakSet[HTTPConnection] = weakref.WeakSet()
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> Any:
        host, _ = super().build_connection_pool_key_attributes(request, True)
        return host, {"ssl_context": self.context, "cert_reqs": "CERT_REQUIRED"} if host["scheme"] == "https" else {}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Nothing to set: the context is shared, and what it trusts is decided once."""

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """Send one request. `timeout` (seconds, or connect and read) works within the deadline; the rest is ignored.

        Raises:
            PinningError: one of the four reasons above.
            requests.RequestException: as requests does.
        """
        self._carry(str(request.url))
        answer = super().send(request, stream=True, timeout=self.deadline if timeout is None else timeout)
        try:
            self._refuse(answer.headers)
        except PinningError:
            answer.close()
            raise
        return answer

    def _carry(self, url: str) -> None:
        parts = urlsplit(url)
        address = route(self.connect_to, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
        ends = time.monotonic() + self.deadline
        _carried.request = _Request(
            address, ends if self.ends is None else min(ends, self.ends), self.cap, self._dialled
        )
        _carried.request.left()

    def dial(self, url: str) -> None:
        """Connect, and shake hands, ahead of the first request to this URL's host.

        Raises:
            PinningError: not listed, or not in time.
            urllib3.exceptions.HTTPError, OSError: no connection; ssl.SSLError, an OSError, no trust.
        """
        self._carry(url)
        request = requests.Request("GET", url).prepare()
        pool: Any = self.get_connection_with_tls_context(request, True)
        connection = pool._get_conn()
        connection.connect()
        pool._put_conn(connection)

    def abort(self) -> None:
        """End every exchange that is under way in other threads: their reads fail at once."""
        for connection in list(self._dialled):
            sock = connection.sock
            if sock is not None:
                with suppress(OSError):  # closed already
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def _refuse(self, headers: Mapping[str, str]) -> None:
        encoding = headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in ("", "identity"):
            raise Encoded(f"the answer is compressed ({encoding[:40]!r}), which was not asked for")
        length = headers.get("Content-Length", "0")
        if length.isdecimal() and (len(length) > 15 or int(length) > self.cap):
            raise TooLarge(f"the answer is longer than {self.cap} bytes")


def harden(session: requests.Session, adapter: PinnedAdapter) -> requests.Session:
    """Mount the adapter for http and https; take nothing from the environment; follow no redirect; ask for plain bytes.

    A redirect is handed on like any other answer, whatever `allow_redirects` says.
    """
    session.trust_env = False
    session.proxies = {}
    session.verify = True
    session.cert = None  # a client certificate is in the context
    session.get_redirect_target = _nowhere  # type: ignore[method-assign, assignment]
    session.headers["Accept-Encoding"] = "identity"
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def _nowhere(answer: requests.Response) -> None:
    """Requests sees no redirect in any answer, so it follows none (`max_redirects = 0` would hide the answer)."""


def peer_of(answer: requests.Response) -> Peer | None:
    """Who gave this answer; None over http. Works before and after the body was read."""
    return getattr(getattr(answer.raw, "_original_response", None), "peer", None)
