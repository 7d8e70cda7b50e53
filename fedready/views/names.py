"""Host names of a SIP domain and of the Edge's services as the vantage points see them."""

from __future__ import annotations

from typing import Literal

from fedready.asked import EDGE_SERVICES, is_host_name
from fedready.desk import Desk
from fedready.model import Unseen
from fedready.questions import Lookup, a_label
from fedready.views.dns import Addresses, aliases, edge_names, in_a_cloud, look_up, not_of_the_edge, wildcard
from fedready.views.vantage import Sight, inside, outside


class HostView(Addresses):
    """One host of the subject as one resolver sees it."""

    def __init__(self, desk: Desk, resolver: str, domain: str, label: str) -> None:
        super().__init__(desk, resolver, f"{label}.{domain}")
        self._domain = domain

    def wildcard(self) -> Literal["", "beside", "only"]:
        """Is a wildcard `beside` the host, or the `only` reason why it exists?"""
        return wildcard(self._desk, self.resolver, self._domain, self.name)

    def leads_to_cloud(self) -> bool:
        """Is it an alias of a name of Microsoft 365?"""
        return any(in_a_cloud(self._desk, alias) for alias in self.aliases())

    def reaches_edge(self) -> bool:
        """Is it a name of the Edge, an alias of one, or does it share its addresses at this resolver?

        Raises:
            Unseen: the target file names no Edge, or an address could not be looked up.
        """
        if {self.name, *self.aliases()} & set(edge_names(self._desk)):
            return True
        return not not_of_the_edge(self._desk, self.resolver, self.all())


class Host:
    """`<label>.<the subject>`: `sip`, `lyncdiscover`."""

    def __init__(self, desk: Desk, label: str) -> None:
        self._desk = desk
        self._label = label

    def deciding(self) -> list[HostView]:
        """The public view (see `vantage.py`)."""
        return [HostView(self._desk, p, self._desk.subject, self._label) for p in outside(self._desk.target)]

    def sight(self) -> Sight:
        """What each vantage point saw, TTLs included."""
        return Sight(self._desk, f"{self._label}.{self._desk.subject}", "A", "AAAA")


class EdgeServiceHosts:
    """The external names of the web conferencing and A/V Edge services."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def views(self) -> list[Addresses]:
        """Each name at each resolver of the public view, the web conferencing name at the internal one too.

        Raises:
            Unseen: the topology was not read, has no Edge, or an Edge has no such name.
        """
        target = self._desk.target
        everywhere = (*outside(target), *inside(target))
        services = self._desk.rows(EDGE_SERVICES)
        if not services:
            raise Unseen(f"{EDGE_SERVICES.text}: the topology has no Edge", caused_by=("EDGE-10",))
        wanted: dict[tuple[str, str], None] = {}
        for service in services:
            for name, points in (
                (service.DataEdgeExternalFqdn, everywhere),
                (service.AVEdgeExternalFqdn, outside(target)),
            ):
                if not isinstance(name, str) or not is_host_name(name):
                    what = "an Edge has no external name for web conferencing or A/V"
                    raise Unseen(f"{EDGE_SERVICES.text}: {what}", question=EDGE_SERVICES.text)
                wanted |= dict.fromkeys((point, a_label(name)) for point in points)
        return [Addresses(self._desk, point, name) for point, name in wanted]


class InternalRecords:
    """Records for clients inside, which are to go with the servers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def left(self, point: str) -> list[str]:
        """What of them is left at one resolver, by name. A wildcard's answer is none of them."""
        domain = self._desk.subject
        left = [
            name
            for name, rdtype in ((f"lyncdiscoverinternal.{domain}", "A"), (f"_sipinternaltls._tcp.{domain}", "SRV"))
            if self._exists(Lookup(point, rdtype, name))
        ]
        if point in inside(self._desk.target):
            for label in ("lyncdiscover", "sip"):
                host = HostView(self._desk, point, domain, label)
                if host.seen() and not host.leads_to_cloud() and host.wildcard() != "only":
                    left.append(host.name)
        return left

    def points(self) -> tuple[str, ...]:
        """The internal view, and the public one, where these records never belong."""
        return (*inside(self._desk.target), *outside(self._desk.target))

    def _exists(self, question: Lookup) -> bool:
        there = bool(look_up(self._desk, question)["answers"] or aliases(self._desk, question))
        if not there:
            return False
        service = question.rdtype == "SRV"
        return wildcard(self._desk, question.resolver, self._desk.subject, question.name, service=service) != "only"
