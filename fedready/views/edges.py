"""What the Edge servers themselves answer: their local settings, their certificate, and DNS as they see it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from fedready.asked import (
    COMPUTERS,
    Srv,
    edge_sides,
    external_certificate,
    federation_srv_at,
    local_settings,
)
from fedready.compare import fqdn
from fedready.desk import Desk, Row
from fedready.model import Unseen
from fedready.questions import Cmdlet


class EdgeServer:
    """The Edge server that is the subject."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def settings(self) -> Row:
        """The Access Edge configuration of its own copy of the store."""
        return self._desk.only(local_settings(self._side()))

    def certificate(self) -> EdgeCertificate:
        return EdgeCertificate(self._desk, self._desk.subject, self._side())

    def other_certificates(self) -> list[EdgeCertificate]:
        sides = edge_sides(self._desk.target)
        return [EdgeCertificate(self._desk, host, side) for host, side in sides.items() if host != self._desk.subject]

    def pools(self) -> dict[str, str]:
        """Each server of the topology -> its pool."""
        return {fqdn(row.Fqdn): fqdn(row.Pool) for row in self._desk.rows(COMPUTERS)}

    def _side(self) -> str:
        return edge_sides(self._desk.target)[self._desk.subject]


class EdgeCertificate:
    """`Get-CsCertificate -Type AccessEdgeExternal` on one Edge server."""

    def __init__(self, desk: Desk, server: str, side: str) -> None:
        self._desk = desk
        self.server = server
        self._question = external_certificate(side)

    def thumbprint(self) -> str:
        text = self._desk.only(self._question).Thumbprint
        if not isinstance(text, str) or not text.strip():
            raise Unseen(f"{self._question.text}: the thumbprint cannot be read", question=self._question.text)
        return text.strip().casefold()

    def is_there(self) -> bool:
        """Is there such a certificate at all? Its absence is an answer without rows."""
        return self._desk.answers(self._question)

    def days_left(self) -> int:
        """Whole days from when it was asked until NotAfter; negative when that is over."""
        until = self._desk.only(self._question).NotAfter
        return (moment(until, self._question) - moment(asked(self._desk, self._question), self._question)).days

    def shows(self) -> Row:
        return self._desk.only(self._question)


def asked(desk: Desk, question: Cmdlet) -> str:
    """When a question was asked: ages count from then (DESIGN section 4)."""
    return desk.known.entries[question.text].asked


def moment(text: object, question: Cmdlet) -> dt.datetime:
    """`2026-01-02T03:04:05Z` as a moment.

    Raises:
        Unseen: it is none.
    """
    try:
        return dt.datetime.strptime(str(text), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=dt.UTC)
    except ValueError:
        raise Unseen(f"{question.text}: a date cannot be read", question=question.text) from None


class EdgeSrv:
    """The federation SRV records of the subject as one Edge server's resolver gives them."""

    def __init__(self, desk: Desk, server: str, side: str) -> None:
        self._desk = desk
        self.server = server
        self._question = federation_srv_at(side, desk.subject)

    def records(self) -> list[Srv]:
        """Only the records of the name itself; the answer may bring addresses and an SOA along."""
        return [Srv(*self._numbers(row), fqdn(self._text(row.NameTarget))) for row in self._rows()]

    def _rows(self) -> Iterator[Row]:
        for row in self._desk.rows(self._question):
            if str(row.Type).upper() == "SRV":
                yield row

    def _numbers(self, row: Row) -> tuple[int, int, int]:
        priority, weight, port = row.Priority, row.Weight, row.Port
        if not all(isinstance(n, int) and not isinstance(n, bool) for n in (priority, weight, port)):
            raise Unseen(f"{self._question.text}: the record cannot be read", question=self._question.text)
        return priority, weight, port

    def _text(self, value: object) -> str:
        if not isinstance(value, str):
            raise Unseen(f"{self._question.text}: the record cannot be read", question=self._question.text)
        return "" if value in (".", "") else value


class EdgeDns:
    """The federation SRV records of the subject on every Edge server."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def servers(self) -> list[EdgeSrv]:
        return [EdgeSrv(self._desk, host, side) for host, side in edge_sides(self._desk.target).items()]
