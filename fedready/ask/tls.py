"""Handshakes that end before any data: who answers at a host and port, with which certificate and version.

The certificate is always checked. What the server shows is overheard from the handshake itself, so that a certificate
that is refused can be told, and one that was shown before a server ends the handshake for want of ours (mutual TLS).

No such name, no connection and no TLS are observations. A time-out and a look-up that failed are `failed`.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from fedready.ask.certificate import facts
from fedready.ask.clock import Clock, utc_text
from fedready.ask.https_faults import Fault, NotSeen, explain
from fedready.ask.https_shape import clean
from fedready.ask.routes import ConnectTo, NotListed, route
from fedready.ask.trust import own_ssl_context
from fedready.ask.workers import Workers
from fedready.model import Cause, Evidence, Json
from fedready.questions import Tls

HANDSHAKE, CERTIFICATE, CERTIFICATE_REQUEST = 22, 11, 13  # RFC 8446, 5.1 and 4
TLS_1_3 = 0x0304
VERSIONS = {0x0303: "TLSv1.2", TLS_1_3: "TLSv1.3"}
TOO_OLD = ("UNSUPPORTED_PROTOCOL", "VERSION_TOO_LOW", "TLSV1_ALERT_PROTOCOL_VERSION")
"""What OpenSSL says when a server speaks only versions that this machine refuses: older than TLS 1.2."""


@dataclass
class Shown:
    """What a server has shown so far in one handshake."""

    version: int = 0
    certificate: bytes = b""  # the body of its Certificate message
    asks_for_one: bool = False

    def leaf(self) -> bytes:
        """The server's own certificate, DER; empty where none was shown.

        TLS 1.3 (RFC 8446, 4.4.2) puts a context of one length byte before the list of TLS 1.2 (RFC 5246, 7.4.2).
        """
        body = self.certificate[1 + self.certificate[0] :] if self.version == TLS_1_3 else self.certificate
        length = int.from_bytes(body[3:6], "big")
        return body[6 : 6 + length]


class Handshakes:
    """Shakes hands, a few at a time.

    Args:
        connect_to: the target's map, see `routes.route`.
        ca_file: a PEM file trusted beside the system's CAs.
        timeout: seconds for one question, from the look-up of the name to the end of the handshake.
        clock: seconds since 1970 for `Evidence.asked`.
        at_once: handshakes at the same time.
    """

    def __init__(
        self,
        *,
        connect_to: ConnectTo | None = None,
        ca_file: str | None = None,
        timeout: float = 10.0,
        clock: Clock = time.time,
        at_once: int = 16,
    ) -> None:
        self._connect_to, self._ca_file, self._timeout, self._clock = connect_to, ca_file, timeout, clock
        self._workers = Workers[Tls]("tls", "TLS", self._evidence, at_once=at_once)
        self._lock = threading.Lock()
        self._made: ssl.SSLContext | None = None
        self._here = threading.local()  # .shown: a handshake is overheard in the thread that shakes

    def ask(self, question: Tls) -> Future[Evidence]:
        """Shake hands with one place. The future never carries an exception."""
        return self._workers.ask(question)

    def close(self) -> None:
        """Stop; what has no answer yet is `not_asked`. Never waits for a server."""
        self._workers.close()

    def _evidence(self, question: Tls) -> Evidence:
        asked, begun = utc_text(self._clock()), time.monotonic()
        state: Any = "answered"
        value: Json = None
        cause: Cause | None = None
        try:
            value = self._look(question.host, question.port, begun + self._timeout)
        except Fault as fault:
            value = {"connected": False, "fault": {"too_old": False, **fault.value}}
        except NotSeen as why:
            state, cause = "failed", why.cause
        except Exception as slip:  # a question must never be lost to a mistake of ours
            state = "failed"
            cause = Cause(kind="malformed", text=clean(f"could not be asked: {type(slip).__name__}: {slip}"))
        ms = round((time.monotonic() - begun) * 1000)
        return Evidence(state=state, value=value, cause=cause, asked=asked, ms=ms, source="TLS")

    def _look(self, host: str, port: int, ends: float) -> Json:
        """Connect and shake hands.

        Raises:
            Fault: nobody answers there, or nobody that speaks TLS.
            NotSeen: that could not be seen.
        """
        context = self._context()
        raw = self._dial(host, port, ends)
        shown = self._here.shown = Shown()
        try:
            raw.settimeout(_left(host, port, ends))
            secured = context.wrap_socket(raw, server_hostname=host)
        except ssl.SSLCertVerificationError as refused:
            raw.close()
            return _value(shown, verified=False, why=refused.verify_message or str(refused))
        except TimeoutError:
            raw.close()
            raise _late(host, port) from None
        except OSError as ended:
            raw.close()
            if not shown.certificate:
                return _no_tls(host, port, ended)
            if type(context) is not ssl.SSLContext:  # the system's own check comes after a handshake that is whole
                text = f"{host}:{port} ended the handshake before its certificate was checked: {ended}"
                raise NotSeen("refused", text) from None
            return _value(shown, verified=True)
        with secured:
            if not shown.certificate:  # ssl shakes no hands on a connection that is gone already, and does not say so
                return _no_tls(host, port, ConnectionResetError("the connection was broken off"))
            return _value(shown, verified=True)

    def _context(self) -> ssl.SSLContext:
        with self._lock:
            if self._made is None:
                try:
                    self._made = own_ssl_context(self._ca_file)
                except OSError as wrong:
                    text = f"ca_file {self._ca_file} cannot be used: {wrong.strerror or wrong}"
                    raise NotSeen("absent", f"{text}; name a PEM file of CA certificates") from None
                inner: Any = getattr(self._made, "_ctx", self._made)  # truststore's context has ssl's inside
                inner._msg_callback = self._overhear
            return self._made

    def _overhear(self, _conn: Any, direction: str, version: int, content: int, kind: int, data: bytes) -> None:
        if direction != "read" or content != HANDSHAKE:
            return
        shown: Shown = self._here.shown
        if kind == CERTIFICATE:
            shown.version, shown.certificate = int(version), data[4:]
        elif kind == CERTIFICATE_REQUEST:
            shown.asks_for_one = True

    def _dial(self, host: str, port: int, ends: float) -> socket.socket:
        try:
            place = route(self._connect_to, host, port)
        except NotListed as why:
            raise NotSeen("refused", str(why)) from None
        try:
            found = socket.getaddrinfo(*place, type=socket.SOCK_STREAM)
        except socket.gaierror as unknown:
            raise explain(unknown, host) from None
        except UnicodeError:
            raise Fault("dns", f"{host} is no name that DNS could hold") from None
        last: OSError | None = None
        for family, kind, protocol, _, address in found:
            sock = socket.socket(family, kind, protocol)
            try:
                sock.settimeout(_left(host, port, ends))
                sock.connect(address)
            except (OSError, NotSeen) as wrong:
                sock.close()
                if isinstance(wrong, NotSeen):
                    raise
                last = wrong
            else:
                return sock
        if isinstance(last, TimeoutError):
            raise _late(host, port)
        lost = (last.strerror or str(last)) if last else "no address"
        raise Fault("tcp", f"{host}:{port} cannot be connected to: {lost}")


def _left(host: str, port: int, ends: float) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise _late(host, port)
    return left


def _late(host: str, port: int) -> NotSeen:
    text = f"{host}:{port} gave no answer within the time for https; a firewall that drops it would look the same"
    return NotSeen("timeout", text)


def _value(shown: Shown, *, verified: bool, why: str | None = None) -> Json:
    version = VERSIONS.get(shown.version, hex(shown.version))
    return {
        "connected": True,
        "version": version,
        "certificate": facts(shown.leaf(), version),
        "verified": verified,
        "verify_error": None if why is None else clean(why),
        "client_certificate_asked": shown.asks_for_one,
        "fault": None,
    }


def _no_tls(host: str, port: int, ended: OSError) -> Json:
    reason = getattr(ended, "reason", None) or ended.strerror or str(ended)
    too_old = reason in TOO_OLD
    text = f"no TLS with {host}:{port}: {reason}"
    if too_old:
        text = f"{host}:{port} speaks only versions older than TLS 1.2 ({reason})"
    return {"connected": False, "fault": {"stage": "tls", "text": clean(text), "too_old": too_old}}
