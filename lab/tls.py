"""TLS handshakes of the lab's single-host listeners, and the SIP listener that shows nothing but its certificate."""

from __future__ import annotations

import socket
import ssl
from typing import Protocol

from lab.certificates import Authority
from lab.faults import Faults
from lab.listener import Handler, Server
from lab.log import Log


class Host(Protocol):
    """A listener with one certificate."""

    names: tuple[str, ...]

    @property
    def tls_places(self) -> tuple[str, ...]: ...


def handshake(
    raw: socket.socket, host: Host, authority: Authority, faults: Faults, log: Log, *,
    certificate: str = "right", ask_client: bool = False,
) -> ssl.SSLSocket | None:  # fmt: skip
    """The server's half of a handshake, with the certificate that the estate or a fault wants.

    Raises:
        OSError: the client went away or refused the certificate.
    """
    fault = faults.hit("tls", *host.tls_places)
    if fault is not None and fault.do == "no-handshake":
        return None
    kind = fault.do if fault is not None else certificate
    try:
        secured = authority.context(kind, host.names, ask_client=ask_client).wrap_socket(raw, server_side=True)
    except OSError as wrong:
        log.handshakes.append(f"{host.tls_places[0]}: {kind}: {type(wrong).__name__}")
        raise
    log.handshakes.append(f"{host.tls_places[0]}: {kind}: {secured.version()}")
    return secured


class SipListener(Server):
    """SIP over TLS as far as an audit looks at it: the handshake, then silence until the client goes."""

    def __init__(
        self, place: str, *, certificate: str, names: tuple[str, ...] = (), ask_client: bool, authority: Authority,
        faults: Faults, log: Log, delay: float,
    ) -> None:  # fmt: skip
        self.place = place
        self.names: tuple[str, ...] = names or (place.rpartition(":")[0],)
        super().__init__(
            f"TLS {place}", SipHandler, delay=delay,
            secure=lambda raw: handshake(
                raw, self, authority, faults, log, certificate=certificate, ask_client=ask_client
            ),
        )  # fmt: skip

    @property
    def tls_places(self) -> tuple[str, ...]:
        return (f"TLS {self.place}",)


class SipHandler(Handler):
    """Answers nothing: the audit ends before any SIP is spoken."""

    def handle(self) -> None:
        self.connection.settimeout(30)
        self.connection.recv(1)
