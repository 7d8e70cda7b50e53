"""What went wrong on the way to a web address: an observation about it, or a reason why nothing could be seen."""

from __future__ import annotations

import socket
import ssl
import traceback
from collections.abc import Iterator
from typing import Any

from urllib3.exceptions import NewConnectionError
from urllib3.exceptions import TimeoutError as Urllib3Timeout

from fedready.ask.https_shape import clean
from fedready.ask.pinning import DeadlineExceeded, NotListed, PinningError
from fedready.model import Cause, CauseKind, Json

_NO_SUCH_NAME = {
    getattr(socket, name) for name in ("EAI_NONAME", "EAI_NODATA", "EAI_ADDRFAMILY") if hasattr(socket, name)
} | {11001, 11004}  # the same two on Windows: WSAHOST_NOT_FOUND and WSANO_DATA


class Fault(Exception):
    """What was observed instead of an answer: the stage it happened at, and a sentence."""

    def __init__(self, stage: str, text: str) -> None:
        super().__init__(text)
        self.value: Json = {"stage": stage, "text": clean(text)}


class NotSeen(Exception):
    """The probe could not look; that says nothing about the address."""

    def __init__(self, kind: CauseKind, text: str) -> None:
        super().__init__(text)
        self.cause = Cause(kind=kind, text=clean(text))


def explain(error: Exception, host: str) -> Fault | NotSeen:
    """What an exception of requests means. They come wrapped several times over; what is inside decides."""
    parts = list(_within(error))
    host = clean(host)
    if found := _first(parts, PinningError):
        if isinstance(found, DeadlineExceeded):
            return _late(host)
        return NotSeen("refused" if isinstance(found, NotListed) else "malformed", str(found))
    if found := _first(parts, ssl.SSLCertVerificationError):
        why = getattr(found, "verify_message", "") or str(found)
        return Fault("certificate", f"the certificate of {host} is not valid: {why}")
    if found := _first(parts, socket.gaierror):
        if found.errno in _NO_SUCH_NAME:
            return Fault("dns", f"{host} does not exist in DNS as this machine sees it")
        return NotSeen("servfail", f"the name {host} could not be looked up: {found.strerror or found}")
    lost = next((part for part in reversed(parts) if type(part) is OSError or type(part) in _NETWORK), None)
    why = (lost.strerror if isinstance(lost, OSError) else None) or str(parts[-1])
    if _first(parts, NewConnectionError):
        return Fault("tcp", f"{host} cannot be connected to: {why}")
    if _first(parts, TimeoutError, Urllib3Timeout):  # NewConnectionError, above, is one of these by descent only
        return _late(host)
    if found := _first(parts, ssl.SSLError):
        return Fault("tls", f"no TLS with {host}: {found.reason or found}")
    if lost is not None and _shaking_hands(lost):
        return Fault("tls", f"no TLS with {host}: {why}")
    return Fault("http", f"{host} did not answer with HTTP: {why}")


def _late(host: str) -> NotSeen:
    return NotSeen("timeout", f"{host} did not answer in full within the time for https")


_NETWORK = (ConnectionRefusedError, ConnectionResetError, ConnectionAbortedError, BrokenPipeError, PermissionError)


def _first(parts: list[BaseException], *kinds: type[BaseException]) -> Any:
    return next((part for part in parts if isinstance(part, kinds)), None)


def _within(error: BaseException) -> Iterator[BaseException]:
    """An exception and those it was made of, the outermost first."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop(0)
        if id(one) not in seen:
            seen.add(id(one))
            yield one
            parts = (*one.args, getattr(one, "reason", None), one.__cause__, one.__context__)
            waiting += [part for part in parts if isinstance(part, BaseException)]


def _shaking_hands(error: BaseException) -> bool:
    """Was the connection lost before there was TLS? urllib3 does not say; the traceback does."""
    return any(frame.f_code.co_name == "do_handshake" for frame, _ in traceback.walk_tb(error.__traceback__))
