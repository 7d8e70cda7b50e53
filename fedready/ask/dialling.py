"""Connections that go where they were told, and answers that end in time and in size: the lower half of `pinning`."""

from __future__ import annotations

import http.client
import io
import math
import socket
import ssl
import threading
import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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


class Aborted(PinningError):
    """Somebody else ended the exchange."""


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
    wanted = (f"{name}:{port}", f"[{name}]:{port}")
    # As a rule it is written in small letters, and there may be thousands.
    to = next((connect_to[key] for key in wanted if key in connect_to), None)
    if to is None:
        to = next((value for key, value in connect_to.items() if key.lower() in wanted), None)
    if to is None:
        raise NotListed(f"{name}:{port} is not listed in connect_to and is not dialled; list it or drop connect_to")
    dialled, _, number = to.rpartition(":")
    if not dialled or not number.isdecimal():
        raise ValueError(f"connect_to: {to!r} is not host:port")
    return dialled.strip("[]"), int(number)


class Addresses:
    """Looks every name up once, so that all connections of a session reach the same server behind a name."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asking: dict[tuple[str, int], threading.Lock] = {}
        self._found: dict[tuple[str, int], list[Any]] = {}

    def of(self, host: str, port: int) -> list[Any]:
        """As socket.getaddrinfo; the system's look-up may take its own time.

        Raises:
            socket.gaierror: the name is not known, or cannot be looked up now.
        """
        with self._lock:
            asking = self._asking.setdefault((host, port), threading.Lock())
        with asking:  # one name's look-up never waits for another's
            if (host, port) not in self._found:
                try:
                    self._found[host, port] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                except UnicodeError as wrong:
                    raise socket.gaierror(socket.EAI_NONAME, str(wrong)) from None
            return self._found[host, port]


@dataclass(frozen=True)
class Peer:
    """Who answered: the TLS version as ssl names it (`TLSv1.3`) and the leaf certificate, DER."""

    version: str
    certificate: bytes


@dataclass(frozen=True)
class Carried:
    """What the connection has to know about the request that it carries."""

    address: tuple[str, int]
    ends: float  # time.monotonic()
    cap: int  # bytes
    addresses: Addresses
    dialled: weakref.WeakSet[HTTPConnection]
    aborted: threading.Event

    def left(self) -> float:
        """Seconds that are left.

        Raises:
            DeadlineExceeded: none is.
            Aborted: it was ended by another thread.
        """
        if self.aborted.is_set():
            raise Aborted("the exchange was ended")
        left = self.ends - time.monotonic()
        if left <= 0:
            raise DeadlineExceeded("the answer was not complete within its time")
        return left


carried = threading.local()  # .request: a connection is dialled and its answer begun in the thread that sends


class _BoundedIO(io.RawIOBase):
    """The byte stream under an HTTP answer, with the request's deadline before every read and its cap after."""

    def __init__(self, stream: io.RawIOBase, sock: socket.socket, request: Carried) -> None:
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
        self.fp = io.BufferedReader(_BoundedIO(stream, sock, carried.request))
        self.peer: Peer | None = None
        if isinstance(sock, ssl.SSLSocket):
            self.peer = Peer(sock.version() or "", sock.getpeercert(binary_form=True) or b"")


class _Dialling(HTTPConnection):
    """Dials the request's address; everything else believes that it is connected to the URL's host."""

    response_class = _Answer

    def _new_conn(self) -> socket.socket:
        request: Carried = carried.request
        host, port = request.address
        refused: Exception | None = None
        try:
            found = request.addresses.of(host, port)
        except socket.gaierror as unknown:
            raise NameResolutionError(host, self, unknown) from unknown
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


class Pool(HTTPConnectionPool):
    ConnectionCls = _Dialling


class TlsPool(HTTPSConnectionPool):
    ConnectionCls = _DiallingTls
