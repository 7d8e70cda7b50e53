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

import socket
import ssl
import threading
import time
import weakref
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection

from fedready.ask.dialling import Carried, Peer, Pool, TlsPool, carried
from fedready.ask.routes import (
    Aborted,
    Addresses,
    Ahead,
    ConnectTo,
    DeadlineExceeded,
    Encoded,
    NotListed,
    PinningError,
    TooLarge,
    route,
    route_of,
)

__all__ = [
    "Aborted", "Addresses", "ConnectTo", "DeadlineExceeded", "Encoded", "NotListed", "Peer", "PinnedAdapter", "PinningError",
    "TooLarge", "harden", "peer_of", "route",
]  # fmt: skip


class PinnedAdapter(HTTPAdapter):
    """A requests adapter with the properties that this module's text promises.

    Args:
        connect_to: the target's map, or None to dial the URL's own host.
        context: from `trust.ssl_context`; shared between adapters.
        cap: bytes, the longest body.
        deadline: seconds, the longest a request may take from dialling to the last byte.
        addresses: shared by adapters that must reach the same server behind a name.

    `ahead`, where it is set, is the first connection, begun before the adapter was there.
    `ends` (time.monotonic(), None: no such moment) ends every request at that moment, if it comes before the deadline.
    An adapter may be used by several threads; `ends` then holds for all of them.
    """

    def __init__(
        self,
        connect_to: ConnectTo | None,
        context: ssl.SSLContext,
        *,
        cap: int,
        deadline: float,
        addresses: Addresses | None = None,
    ) -> None:
        self.connect_to, self.context, self.cap, self.deadline = connect_to, context, cap, deadline
        self.addresses = addresses or Addresses()
        self.ends: float | None = None
        self.ahead: Ahead | None = None
        self._dialled: weakref.WeakSet[HTTPConnection] = weakref.WeakSet()
        self._aborted = threading.Event()
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": Pool, "https": TlsPool}

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
        address = route_of(self.connect_to, url)
        ends = time.monotonic() + self.deadline
        ends = ends if self.ends is None else min(ends, self.ends)
        carried.request = Carried(address, ends, self.cap, self.addresses, self._dialled, self._aborted, self.ahead)
        carried.request.left()

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
        try:
            connection.connect()
        except BaseException:
            connection.close()
            raise
        pool._put_conn(connection)

    def abort(self) -> None:
        """End every exchange that is under way in other threads, and refuse new ones until `resume`."""
        self._aborted.set()
        for connection in list(self._dialled):
            sock = connection.sock
            if sock is not None:
                with suppress(OSError):  # closed already
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def close(self) -> None:
        """Close every connection, also one whose answer nobody has read."""
        super().close()
        for connection in list(self._dialled):
            connection.close()

    def resume(self) -> None:
        """Allow new exchanges after `abort`; those that it ended stay ended."""
        self._aborted = threading.Event()

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
