"""What resolvers say: addresses and aliases of host names, and SRV records of a SIP domain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from fedready.asked import Srv, default_sip_domain, is_host_name
from fedready.compare import in_domain
from fedready.desk import Desk
from fedready.model import Unseen
from fedready.questions import Lookup, Wildcard, a_label
from fedready.views.looking import structured
from fedready.views.vantage import Sight, outside

FEDERATION, CLIENT = "_sipfederationtls._tcp", "_sip._tls"


class Addresses:
    """What one resolver says of one host name: its addresses, over both families, and the aliases on the way."""

    def __init__(self, desk: Desk, resolver: str, name: str) -> None:
        self._desk = desk
        self.resolver = resolver
        self.name = name

    def all(self) -> list[str]:
        """Every IPv4 and IPv6 address, sorted; empty when the name does not exist or has none.

        Raises:
            Unseen: the resolver did not answer for one of the two families. One alone could hide what the other says.
        """
        if not is_host_name(self.name):
            raise Unseen(f"the record leads to {self.name!r}, which is no host name")
        found: list[str] = []
        for rdtype in ("A", "AAAA"):
            found += look_up(self._desk, Lookup(self.resolver, rdtype, self.name))["answers"]
        return sorted(found)

    def aliases(self) -> list[str]:
        """The names that this one is an alias (CNAME) of, in order; empty when it has records of its own."""
        return aliases(self._desk, Lookup(self.resolver, "A", self.name))

    def seen(self) -> list[str]:
        """Aliases and addresses together, as a finding shows them."""
        return [*self.aliases(), *self.all()]


def look_up(desk: Desk, question: Lookup) -> dict[str, Any]:
    """The answer of a look-up, noted as two readings: what the server said, and the records.

    Raises:
        Unseen: no answer, or evidence that is none.
    """
    value = structured(desk, question, ("rcode", "answers"))
    if not isinstance(value["answers"], list) or not all(isinstance(text, str) for text in value["answers"]):
        raise Unseen(f"{question.text}: the evidence has not the shape of an answer", question=question.text)
    desk.saw(question.text, "rcode", value["rcode"])
    desk.saw(question.text, "answers", value["answers"])
    return value


def aliases(desk: Desk, question: Lookup) -> list[str]:
    """The targets of the aliases that were followed for this question.

    Raises:
        Unseen: no answer, or evidence that is none.
    """
    chain = structured(desk, question, ("chain",))["chain"]
    targets: list[str] = []
    for link in chain if isinstance(chain, list) else [None]:
        target = link.get("target") if isinstance(link, dict) else None
        if not isinstance(target, str):
            raise Unseen(f"{question.text}: the evidence has not the shape of an answer", question=question.text)
        targets.append(target)
    desk.saw(question.text, "chain", chain)
    return targets


def wildcard(
    desk: Desk, resolver: str, domain: str, name: str, *, service: bool = False
) -> Literal["", "beside", "only"]:
    """Does a wildcard answer for names like `name`, and is that the `only` reason why `name` exists? Then it is not present.

    Where a made-up name of the domain exists, a made-up name below `name` is looked at: a wildcard stops at a name that
    has records of its own (RFC 4592 section 3.3.1), so an answer below shows that `name` has none.
    """
    host, srv = _made_up(desk, Wildcard(resolver, domain), "exists", "srv_exists")
    if not host and not srv:
        return ""
    if _made_up(desk, Wildcard(resolver, name), "srv_exists" if service else "exists") == [True]:
        return "only"
    return "beside" if (srv if service else host) else ""


def _made_up(desk: Desk, question: Wildcard, *keys: str) -> list[bool]:
    value = structured(desk, question, keys)
    for key in keys:
        if not isinstance(value[key], bool):
            raise Unseen(f"{question.text}: the evidence has not the shape of an answer", question=question.text)
        desk.saw(question.text, key, value[key])
    return [value[key] for key in keys]


def edge_names(desk: Desk) -> frozenset[str]:
    """The Edge names of the target file.

    Raises:
        Unseen: it has none.
    """
    names: frozenset[str] | None = desk.kept.get("edges")
    if names is None:
        names = desk.kept["edges"] = frozenset(a_label(name) for name in desk.target.edge.names)
    if not names:
        raise Unseen("the target file names no Edge: add `edge: {names: [...]}` with its external names")
    return names


def not_of_the_edge(desk: Desk, resolver: str, addresses: list[str]) -> list[str]:
    """Those of some addresses that no Edge name has at this resolver.

    Raises:
        Unseen: the target file names no Edge, or the addresses of one were not seen and could be these.
    """
    owners = _owners(desk, resolver)
    for edge in sorted({owners[address] for address in addresses if address in owners}):
        Addresses(desk, resolver, edge).all()  # the reading that it is so
    strange = [address for address in addresses if address not in owners]
    if strange:
        for edge in sorted(edge_names(desk)):
            Addresses(desk, resolver, edge).all()  # every one has to be seen before this can be said
    return strange


def _owners(desk: Desk, resolver: str) -> dict[str, str]:
    """Address -> an Edge name that has it at this resolver; worked out once, for there may be thousands of domains."""
    owners: dict[str, str] | None = desk.kept.get(("owners", resolver))
    if owners is None:
        owners = {}
        for edge in sorted(edge_names(desk)):
            for rdtype in ("A", "AAAA"):
                evidence = desk.known.entries.get(Lookup(resolver, rdtype, edge).text)
                value = evidence.value if evidence is not None else None
                found = value.get("answers") if isinstance(value, dict) else None
                texts = found if isinstance(found, list) else []
                owners |= {address: edge for address in texts if isinstance(address, str) and address not in owners}
        desk.kept["owners", resolver] = owners
    return owners


class Names:
    """One host name as every vantage point of the target sees it."""

    def __init__(self, desk: Desk, name: str | Callable[[], str]) -> None:
        self._desk = desk
        self._name = name

    def views(self) -> list[Addresses]:
        name = a_label(self._name() if callable(self._name) else self._name)
        return [Addresses(self._desk, resolver, name) for resolver in self._desk.target.vantage_points]


class SrvView:
    """The SRV records of one service of one SIP domain as one resolver sees them."""

    def __init__(self, desk: Desk, resolver: str, domain: str, service: str = FEDERATION) -> None:
        self._desk = desk
        self.resolver = resolver
        self.domain = domain
        self.name = f"{service}.{domain}"

    def records(self) -> list[Srv]:
        question = Lookup(self.resolver, "SRV", self.name)
        answer = look_up(self._desk, question)
        try:
            return [Srv.read(text) for text in answer["answers"]]
        except (ValueError, AttributeError):
            text = f"{question.text}: the evidence holds no readable SRV record"
            raise Unseen(text, question=question.text) from None

    def wildcard(self) -> Literal["", "beside", "only"]:
        """Is a wildcard `beside` the record, or the `only` reason why there is one?"""
        return wildcard(self._desk, self.resolver, self.domain, self.name, service=True)

    def target(self, host: str) -> Addresses:
        """The host that a record names, at this resolver."""
        return Addresses(self._desk, self.resolver, host)

    def not_of_the_edge(self, addresses: list[str]) -> list[str]:
        """Those of some addresses that no Edge name has at this resolver."""
        return not_of_the_edge(self._desk, self.resolver, addresses)

    def reaches_edge(self, host: str) -> bool:
        """Is `host` one of the Edge's names, or is every address of it an address of an Edge name at this resolver?

        Raises:
            Unseen: the target file names no Edge, or an address could not be looked up.
        """
        if host in edge_names(self._desk):
            return True
        addresses = self.target(host).all()
        return bool(addresses) and not self.not_of_the_edge(addresses)


class SrvRecords:
    """One service of the subject, from the vantage points that decide, and from the others for the record."""

    def __init__(self, desk: Desk, service: str) -> None:
        self._desk = desk
        self._service = service

    def deciding(self) -> list[SrvView]:
        """The public view (see `vantage.py`)."""
        return [SrvView(self._desk, p, self._desk.subject, self._service) for p in outside(self._desk.target)]

    def sight(self) -> Sight:
        """What each vantage point saw, TTLs included."""
        return Sight(self._desk, f"{self._service}.{self._desk.subject}", "SRV")

    @property
    def is_default_domain(self) -> bool:
        kept = self._desk.kept
        if "default" not in kept:
            kept["default"] = default_sip_domain(self._desk.known)
        return bool(kept["default"] == self._desk.subject)


def in_a_cloud(desk: Desk, name: str) -> bool:
    """Does a name belong to a Microsoft 365 cloud, whichever?"""
    return any(in_domain(name, cloud.suffix) for cloud in desk.known.clouds.values())
