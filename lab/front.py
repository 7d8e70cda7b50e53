"""A PowerShell endpoint: HTTP or HTTPS, sign-in, message encryption, one WSMan service behind one path."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from lab import log as seen
from lab.authentication import ENCRYPTED_TYPE, Authentication
from lab.certificates import Authority
from lab.faults import Fault, Faults
from lab.listener import SOAP, Handler, Server
from lab.soap import Request
from lab.tls import handshake
from lab.wsman import Service

OFFERS = ("Negotiate", "NTLM", "Basic")


class Front(Server):
    """One PowerShell endpoint of the estate."""

    def __init__(
        self, side: str, *, path: str, names: tuple[str, ...], users: tuple[str, ...], service: Service, faults: Faults,
        log: seen.Log, authority: Authority | None, delay: float = 0.0,
    ) -> None:  # fmt: skip
        self.side, self.path, self.names, self.users = side, path.casefold(), names, users
        self.service, self.faults, self.log, self.authority = service, faults, log, authority
        secure = None if authority is None else lambda raw: handshake(raw, self, authority, faults, log)
        super().__init__(side, FrontHandler, secure=secure, delay=delay)

    @property
    def tls_places(self) -> tuple[str, ...]:
        return (self.side,)

    def binding(self, fault: Fault | None) -> bytes | None:
        """The channel binding that sign-in must carry, or None where none is looked at."""
        if self.authority is None or (fault is not None and fault.do == "binding-ignored"):
            return None
        if fault is not None and fault.do == "binding-other":
            return b"\0" * 32
        return self.authority.binding("right", self.names)

    def close(self) -> None:
        self.service.close()
        super().close()


class FrontHandler(Handler):
    """One connection, which is exactly the scope of an NTLM sign-in."""

    server: Front

    def setup(self) -> None:
        super().setup()
        self.authentication = Authentication(self.server.users)

    def do_POST(self) -> None:  # noqa: N802  http.server looks for this name
        front = self.server
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if front.delay:
            front.stopping.wait(front.delay)
        host = self.headers.get("Host", "")
        if (fault := front.faults.hit("http", front.side)) is not None and self.misbehave(fault):
            front.log.http.append(seen.Request(front.side, self.command, host, self.path))
            return
        if self.path.split("?")[0].casefold() != front.path:
            front.log.http.append(seen.Request(front.side, self.command, host, self.path))
            return self.reply(404)
        strict = front.faults.hit("auth", front.side)
        offers = tuple(strict.more.get("offers", ())) if strict is not None and strict.do == "auth-offers" else OFFERS
        signed_in, token = self.authentication.step(
            self.headers.get("Authorization", ""), offers, front.binding(strict)
        )
        if not signed_in:
            front.log.http.append(seen.Request(front.side, self.command, host, self.path))
            if self.authentication.problem:
                front.log.refused.append(f"{front.side}: {self.authentication.problem}")
            headers = [("WWW-Authenticate", token)] if token else [("WWW-Authenticate", offer) for offer in offers]
            return self.reply(401, headers=headers)
        sealed_only = strict is not None and strict.do == "encryption-required" and front.authority is None
        return self._soap(body, [("WWW-Authenticate", token)] if token else [], sealed_only)

    def _refuse(self) -> None:
        """WSMan knows no verb but POST; whoever tries another is written down."""
        self.server.log.http.append(
            seen.Request(self.server.side, self.command, self.headers.get("Host", ""), self.path)
        )
        self.close_connection = True
        self.reply(405)

    do_GET = do_HEAD = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = _refuse  # noqa: N815

    def _soap(self, body: bytes, headers: list[tuple[str, str]], sealed_only: bool) -> None:
        front, host = self.server, self.headers.get("Host", "")
        encrypted = self.headers.get("Content-Type", "").startswith("multipart/encrypted")
        if not body:  # a client that will encrypt signs in with an empty request first
            front.log.http.append(seen.Request(front.side, self.command, host, self.path))
            return self.reply(200, headers=headers)
        try:
            request = Request(self.authentication.unwrap(body) if encrypted else body)
        except (ValueError, ET.ParseError) as wrong:
            front.log.refused.append(f"{front.side}: {wrong}")
            return self.reply(400, headers=headers)
        front.log.http.append(seen.Request(front.side, self.command, host, self.path, request.action))
        if sealed_only and not encrypted:
            return self.reply(500, headers=headers)
        if (wire := front.faults.hit("http", *front.service.places(request))) is not None and self.misbehave(wire):
            return None
        scheme = "http" if front.authority is None else "https"
        status, answer = front.service.handle(request, self.authentication.user or "", f"{scheme}://{host}{self.path}")
        if encrypted:
            return self.reply(status, self.authentication.wrap(answer), ENCRYPTED_TYPE, headers)
        return self.reply(status, answer, SOAP, headers)
