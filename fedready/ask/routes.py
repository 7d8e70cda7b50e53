"""Where to connect to, and the connection itself: the part of dialling that needs nothing but the standard library."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

ConnectTo = Mapping[str, str]
"""`connect_to` of the target file: "host:port" of a URL -> "host:port" to dial."""


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


def route_of(connect_to: ConnectTo | None, url: str) -> tuple[str, int]:
    """Where to dial for a URL.

    Raises:
        NotListed, ValueError: as `route` does.
    """
    parts = urlsplit(url)
    return route(connect_to, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))


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


def connected(found: Iterable[Any], limit: Callable[[], float]) -> socket.socket:
    """A TCP connection to the first of these addresses that accepts one.

    Args:
        found: as socket.getaddrinfo returns them.
        limit: the seconds that an attempt may take; may raise, which ends the attempts.

    Raises:
        OSError: what became of the last of them.
    """
    refused: OSError = ConnectionError("no address")
    for family, kind, protocol, _, address in found:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(limit())
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.connect(address)
        except BaseException as wrong:
            sock.close()
            if not isinstance(wrong, OSError):
                raise
            refused = wrong
        else:
            return sock
    raise refused


class Ahead:
    """A connection that is begun while what will use it is still being loaded. Nobody is told if there is none.

    Args:
        address: host and port, from `route`.
        addresses: as those of whoever will use it.
        ends: a moment of time.monotonic().
    """

    def __init__(self, address: tuple[str, int], addresses: Addresses, ends: float) -> None:
        self._made: Future[socket.socket | None] = Future()
        self._lock = threading.Lock()
        threading.Thread(target=self._connect, args=(address, addresses, ends), daemon=True).start()

    def _connect(self, address: tuple[str, int], addresses: Addresses, ends: float) -> None:
        made = None
        with suppress(OSError):
            made = connected(addresses.of(*address), lambda: max(0.001, ends - time.monotonic()))
        self._made.set_result(made)

    def take(self) -> socket.socket | None:
        """The connection, for the first who asks; None afterwards, and where there is none."""
        with self._lock:
            made, self._made = self._made.result(), Future()
            self._made.set_result(None)
            return made
