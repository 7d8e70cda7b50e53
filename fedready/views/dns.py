"""What resolvers say: addresses of names, and the federation SRV records of a SIP domain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fedready.asked import Srv, default_sip_domain, is_host_name
from fedready.desk import Desk
from fedready.model import Unseen
from fedready.questions import Lookup, Wildcard, a_label
from fedready.views.looking import structured


class Addresses:
    """What one resolver says of one host name: its addresses, over both families."""

    def __init__(self, desk: Desk, resolver: str, name: str) -> None:
        self._desk = desk
        self.resolver = resolver
        self.name = name

    def all(self) -> list[str]:
        """Every IPv4 and IPv6 address, sorted; empty when the name does not exist or has none.

        Raises:
            Unseen: the resolver did not answer for one of the two families. One alone could hide what the other says.
        """
        found: list[str] = []
        for rdtype in ("A", "AAAA"):
            answer = look_up(self._desk, Lookup(self.resolver, rdtype, self.name))
            found += answer["answers"]
        return sorted(found)


def look_up(desk: Desk, question: Lookup) -> dict[str, Any]:
    """The answer of a look-up, noted as two readings: what the server said, and the records."""
    value = structured(desk, question, ("rcode", "answers"))
    desk.saw(question.text, "rcode", value["rcode"])
    desk.saw(question.text, "answers", value["answers"])
    return value


class Names:
    """One host name as every vantage point of the target sees it."""

    def __init__(self, desk: Desk, name: str | Callable[[], str]) -> None:
        self._desk = desk
        self._name = name

    def views(self) -> list[Addresses]:
        name = a_label(self._name() if callable(self._name) else self._name)
        return [Addresses(self._desk, resolver, name) for resolver in self._desk.target.vantage_points]


class SrvView:
    """The federation SRV records of one SIP domain as one resolver sees them."""

    def __init__(self, desk: Desk, resolver: str, domain: str) -> None:
        self._desk = desk
        self.resolver = resolver
        self.domain = domain
        self.name = f"_sipfederationtls._tcp.{domain}"

    def records(self) -> list[Srv]:
        answer = look_up(self._desk, Lookup(self.resolver, "SRV", self.name))
        try:
            return [Srv.read(text) for text in answer["answers"]]
        except (ValueError, AttributeError):
            question = Lookup(self.resolver, "SRV", self.name).text
            raise Unseen(f"{question}: the evidence holds no readable SRV record", question=question) from None

    def from_wildcard(self) -> bool:
        """Does a made-up service name under this domain exist too? Then the record may be a wildcard's."""
        question = Wildcard(self.resolver, self.domain)
        value = structured(self._desk, question, ("srv_exists",))
        self._desk.saw(question.text, "srv_exists", value["srv_exists"])
        return value["srv_exists"] is True

    def reaches_edge(self, host: str) -> bool:
        """Is `host` one of the Edge's names, or is every address of it an address of an Edge name at this resolver?

        Raises:
            Unseen: the target file names no Edge, or an address could not be looked up.
        """
        edges = [a_label(name) for name in self._desk.target.edge.names]
        if not edges:
            raise Unseen("the target file names no Edge: add `edge: {names: [...]}` with its external names")
        if host in edges:
            return True
        if not is_host_name(host):
            return False
        addresses = Addresses(self._desk, self.resolver, host).all()
        of_edge = {a for edge in edges for a in Addresses(self._desk, self.resolver, edge).all()}
        return bool(addresses) and set(addresses) <= of_edge


class FederationSrv:
    """`_sipfederationtls._tcp.<the subject>` from the vantage points that decide, and from the others for the record."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def deciding(self) -> list[SrvView]:
        """The `public` resolver if the target names one, else every resolver of the target."""
        points = self._desk.target.vantage_points
        return [SrvView(self._desk, p, self._desk.subject) for p in (("public",) if "public" in points else points)]

    @property
    def is_default_domain(self) -> bool:
        return default_sip_domain(self._desk.known) == self._desk.subject

    @property
    def sipfed_of_any_cloud(self) -> tuple[str, ...]:
        return tuple(cloud.sipfed for cloud in self._desk.known.clouds.values())
