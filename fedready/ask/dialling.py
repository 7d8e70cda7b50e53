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
from dataclasses import dataclass
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from fedready.ask.routes import Aborted, Addresses, Ahead, DeadlineExceeded, TooLarge, connected

HEADER_ALLOWANCE = 128 * 1024
"""Bytes of an answer that are not its body: status line, headers, chunk sizes."""


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
    ahead: Ahead | None = None  # a connection to that address, begun already

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

        def limit() -> float:
            return min(request.left(), self.timeout or math.inf)

        sock = request.ahead.take() if request.ahead is not None else None
        try:
            sock = sock or connected(request.addresses.of(host, port), limit)
        except socket.gaierror as unknown:
            raise NameResolutionError(host, self, unknown) from unknown
        except TimeoutError as refused:
            raise ConnectTimeoutError(self, f"{host}:{port} did not accept a connection in time") from refused
        except OSError as refused:
            raise NewConnectionError(self, f"{host}:{port}: {refused}") from refused
        sock.settimeout(limit())  # TLS is part of connecting
        request.dialled.add(self)
        return sock


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
