"""Handshakes: who answered, with which certificate and version, and whether the certificate was accepted."""

from __future__ import annotations

from typing import Any

from fedready.asked import CLIENT_PORT, EDGE_SERVICES, FEDERATION_PORT, SIP_DOMAINS, edge_names
from fedready.compare import covers
from fedready.desk import Desk
from fedready.model import Unseen
from fedready.questions import Tls
from fedready.views.federation import see_own_sip_domains
from fedready.views.looking import shaped, structured

CONNECTED = ("version", "certificate", "verified", "verify_error")


class Handshake:
    """The handshake with one host and port."""

    def __init__(self, desk: Desk, host: str, port: int) -> None:
        self._desk = desk
        self.host, self.port = host, port
        self._question = Tls(host, port)

    @property
    def place(self) -> str:
        return f"{self.host}:{self.port}"

    def fault(self) -> dict[str, Any] | None:
        """Why there was no TLS: `stage` (dns, tcp, tls), `text`, `too_old`. None when there was.

        Raises:
            Unseen: that was not seen.
        """
        value = structured(self._desk, self._question, ("connected",))
        connected = value["connected"]
        self._desk.saw(self._question.text, "connected", connected)
        if connected is True:
            return None
        if connected is not False:
            raise self._unseen("whether there was a connection")
        fault = shaped(self._question, shaped(self._question, value, ("fault",))["fault"], ("stage", "text", "too_old"))
        if fault["stage"] not in ("dns", "tcp", "tls") or not isinstance(fault["too_old"], bool):
            raise self._unseen("where it ended")
        self._desk.saw(self._question.text, "fault", fault)
        return fault

    def problem(self) -> str | None:
        """Why the certificate is refused here, or None.

        Raises:
            Unseen: there was no certificate to see.
        """
        value = self._shown()
        if value["verified"] is True:
            return None
        if value["verified"] is not False:
            raise self._unseen("whether the certificate is good")
        return str(value["verify_error"] or "not valid")

    def names(self) -> list[str]:
        """The DNS names on the certificate."""
        names = self._certificate()["names"]
        if not isinstance(names, list):
            raise self._unseen("the names on the certificate")
        return [str(name) for name in names]

    def is_for(self, host: str) -> bool:
        """Does the certificate hold this name?"""
        return covers(self.names(), host)

    def issuer(self) -> str:
        """Who issued the certificate."""
        return str(self._certificate()["issuer"])

    def has_expired(self) -> bool:
        """Was the certificate out of date when it was asked?"""
        until = self._certificate()["not_after"]
        asked = self._desk.known.entries[self._question.text].asked
        if not isinstance(until, str) or len(until) != len(asked):
            raise self._unseen("until when the certificate holds")
        return until < asked

    def version(self) -> str:
        """The version that was negotiated, such as `TLSv1.3`."""
        version = self._shown()["version"]
        if not isinstance(version, str):
            raise self._unseen("the version")
        return version

    def _certificate(self) -> dict[str, Any]:
        return shaped(self._question, self._shown()["certificate"], ("names", "issuer", "not_after"))

    def _shown(self) -> dict[str, Any]:
        value = shaped(self._question, structured(self._desk, self._question, ("connected",)), CONNECTED)
        for key in CONNECTED:
            self._desk.saw(self._question.text, key, value[key])
        return value

    def _unseen(self, what: str) -> Unseen:
        return Unseen(f"{self._question.text}: the evidence does not say {what}", question=self._question.text)


class EdgeHandshakes:
    """The handshakes with the external names of the Access Edge."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def names(self) -> tuple[str, ...]:
        """The names that were asked, and, as readings, where they and the SIP domains come from."""
        target = self._desk.target
        if not target.edge.names:
            for row in self._desk.rows(EDGE_SERVICES):
                if row.AccessEdgeExternalSipPort == FEDERATION_PORT:
                    row["AccessEdgeExternalFqdn"]
        if SIP_DOMAINS.text in self._desk.known.entries:
            see_own_sip_domains(self._desk, self._desk.subject.removeprefix("sip."))
        return edge_names(self._desk.known)

    def hold(self, host: str) -> bool:
        """Does a certificate that the Edge shows on the federation port hold this name?

        Raises:
            Unseen: none that was seen does, and not all were seen.
        """
        unseen: Unseen | None = None
        for handshake in map(self.federation, self.names()):
            try:
                if handshake.fault() is not None:
                    text = f"no certificate was shown at {handshake.place}"
                    raise Unseen(text, caused_by=("TLS-02", "TLS-04"))
                if handshake.is_for(host):
                    return True
            except Unseen as missing:
                unseen = unseen or missing
        if unseen is not None:
            raise unseen
        return False

    def federation(self, name: str) -> Handshake:
        return Handshake(self._desk, name, FEDERATION_PORT)

    def on_both_ports(self, name: str) -> list[Handshake]:
        return [Handshake(self._desk, name, port) for port in (FEDERATION_PORT, CLIENT_PORT)]
