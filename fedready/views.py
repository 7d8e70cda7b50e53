"""The answers as a check wants to look at them. Every look leaves a Reading at the desk; what is not there is Unseen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from fedready.compare import fqdn, same_fqdn
from fedready.desk import Desk, Row
from fedready.inquiry import (
    HOSTING_PROVIDERS,
    Srv,
    default_sip_domain,
    probes,
)
from fedready.model import Unseen
from fedready.questions import Cmdlet, Get, Lookup, Question, Wildcard, a_label

T = TypeVar("T")


def every(items: Iterable[T], judge: Callable[[T], object]) -> None:
    """Judge each of several views; a fail in one is a fail, and only when none fails is one that was not seen unknown."""
    unseen: Unseen | None = None
    for item in items:
        try:
            judge(item)
        except Unseen as missing:
            unseen = unseen or missing
    if unseen is not None:
        raise unseen


class Providers:
    """`Get-CsHostingProvider`: found by ProxyFqdn, never by Identity (DESIGN ruling 1)."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def rows(self) -> list[Row]:
        return self._desk.rows(HOSTING_PROVIDERS)

    def of_cloud(self) -> list[Row]:
        """The rows whose ProxyFqdn is the cloud's."""
        return [row for row in self.rows() if same_fqdn(row.ProxyFqdn, self._desk.names.sipfed)]

    def in_hybrid_form(self) -> list[Row]:
        """The rows that claim the shared SIP address space and host users: a provider for hybrid, whatever its proxy."""
        return [row for row in self.rows() if row.EnabledSharedAddressSpace is True and row.HostsOCSUsers is True]

    def for_hybrid(self) -> list[Row]:
        """The rows that are meant for hybrid: the cloud's, or, when there is none, those in hybrid form.

        Raises:
            Unseen: no row is; HOST-01 says so.
        """
        rows = self.of_cloud() or self.in_hybrid_form()
        if not rows:
            raise Unseen(
                f"{HOSTING_PROVIDERS.text}: no provider is meant for hybrid", question=HOSTING_PROVIDERS.text,
                caused_by=("HOST-01",),
            )  # fmt: skip
        return rows

    def claiming_hybrid(self) -> list[Row]:
        """The cloud's rows and those in hybrid form; a voicemail provider is neither."""
        cloud = self._desk.names.sipfed
        return [
            row
            for row in self.rows()
            if same_fqdn(row.ProxyFqdn, cloud) or (row.EnabledSharedAddressSpace is True and row.HostsOCSUsers is True)
        ]

    def of_this_cloud(self) -> Row:
        """The one row with the cloud's proxy.

        Raises:
            Unseen: there is none, or more than one; HOST-01 says so.
        """
        rows = self.of_cloud()
        if len(rows) != 1:
            raise Unseen(
                f"{HOSTING_PROVIDERS.text}: {len(rows)} rows have the proxy {self._desk.names.sipfed}, so there is no "
                "single row to judge",
                question=HOSTING_PROVIDERS.text,
                caused_by=("HOST-01",),
            )
        row = rows[0]
        self._desk.bound["identity"] = row.peek("Identity")
        return row

    def autodiscover_url(self) -> str:
        """The AutodiscoverUrl of the cloud's provider.

        Raises:
            Unseen: it is empty or no address that may be probed; HOST-08 says so.
        """
        url = self.of_this_cloud().AutodiscoverUrl
        if not isinstance(url, str) or not probes(url, self._desk.known.clouds):
            raise Unseen(
                "the provider's AutodiscoverUrl is not an address of Microsoft 365, so it was not probed",
                question=HOSTING_PROVIDERS.text,
                caused_by=("HOST-08",),
            )
        return url

    def autodiscover_host(self) -> str:
        return fqdn(urlsplit(self.autodiscover_url()).hostname)


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


def structured(desk: Desk, question: Question, keys: tuple[str, ...]) -> dict[str, Any]:
    """An answer that must be an object with these keys.

    Raises:
        Unseen: no answer, or one of another shape.
    """
    return shaped(question, desk.value(question), keys)


def shaped(question: Question, value: Any, keys: tuple[str, ...]) -> dict[str, Any]:
    """An object of evidence that has these keys; what has not is Unseen, never a default."""
    if not isinstance(value, dict) or not all(key in value for key in keys):
        raise Unseen(f"{question.text}: the evidence has not the shape of an answer", question=question.text)
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


class UserCount:
    """How many users a question found; the users themselves are never kept."""

    def __init__(self, desk: Desk, question: Cmdlet) -> None:
        self._desk = desk
        self._question = question

    def number(self) -> int:
        value = self._desk.only(self._question)["Count"]
        if isinstance(value, bool) or not isinstance(value, int):
            raise Unseen(f"{self._question.text}: the count is not a number", question=self._question.text)
        return value


class AutodiscoverProbe:
    """The anonymous GET of the provider's AutodiscoverUrl, hop by hop."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def url(self) -> str:
        return Providers(self._desk).autodiscover_url()

    def fault(self, *stages: str) -> str | None:
        """What went wrong at one of these stages (`dns`, `tcp`, `tls`, `certificate`, `scheme`, `redirect`, `http`), if anything.

        Raises:
            Unseen: the probe has no answer, or ended elsewhere before these stages could show.
        """
        question, value = self._answer()
        fault = value["fault"]
        self._desk.saw(question.text, "fault", fault)
        if fault is None:
            return None
        if fault["stage"] in stages:
            return str(fault["text"])
        if value["hops"] and set(stages) <= REACHING:
            self._desk.saw(question.text, "hops[0].status", shaped(question, value["hops"][0], ("status",))["status"])
            return None
        raise Unseen(f"{question.text}: {fault['text']}", question=question.text, caused_by=(_owner(fault),))

    def stage(self) -> str:
        """Where the probe ended early, or an empty text."""
        fault = self._answer()[1]["fault"]
        return str(fault["stage"]) if fault else ""

    def was_redirected(self) -> bool:
        """Did the address answer before the fault?"""
        return bool(self._answer()[1]["hops"])

    def last_hop(self) -> dict[str, Any]:
        """The last answer: `status`, `shape`, `url`, `excerpt`.

        Raises:
            Unseen: no answer came, because of a fault that AUTO-01 to AUTO-03 name.
        """
        question, value = self._answer()
        fault = value["fault"]
        if fault is not None or not value["hops"]:
            self._desk.saw(question.text, "fault", fault)
            text = fault["text"] if fault else "no answer"
            raise Unseen(f"{question.text}: {text}", question=question.text, caused_by=(_owner(fault),))
        hop = shaped(question, value["hops"][-1], ("status", "shape"))
        shaped(question, hop["shape"], ("kind", "links"))
        for key in ("status", "shape"):
            self._desk.saw(question.text, f"hops[-1].{key}", hop[key])
        return hop

    def _answer(self) -> tuple[Get, dict[str, Any]]:
        question = Get(self.url())
        value = structured(self._desk, question, ("hops", "fault"))
        if value["fault"] is not None:
            shaped(question, value["fault"], ("stage", "text"))
        return question, value


REACHING = {"dns", "tcp", "tls", "certificate"}
"""The stages of reaching a host. Once it has answered, they are behind us."""


def _owner(fault: dict[str, Any] | None) -> str:
    """The control that a fault of the probe belongs to."""
    return {"scheme": "AUTO-02", "redirect": "AUTO-03", "http": "AUTO-05"}.get(
        fault["stage"] if fault else "", "AUTO-01"
    )


class SentCommands:
    """Every command of the run as it was recorded at the wire."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def commands(self) -> list[tuple[str, str]]:
        """(side, command) pairs.

        Raises:
            Unseen: a cmdlet was answered live, but no record of its sending is there.
        """
        sent = [(s.to, s.command) for s in self._desk.known.sent]
        for place, (to, command) in enumerate(sent):
            self._desk.saw("sent", f"[{place}]", f"{to}: {command}")
        recorded = {f"{to}: {command}" for to, command in sent}
        sides = {*self._desk.target.sides}
        for text, evidence in self._desk.known.entries.items():
            live = evidence.via == "live" and evidence.state == "answered" and text.partition(": ")[0] in sides
            if live and text not in recorded:
                raise Unseen(f"{text} was answered, but the record of what was sent does not hold it")
        return sent
