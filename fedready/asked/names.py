"""What has to be asked about the names of each SIP domain, and about those of the Edge's services."""

from __future__ import annotations

from fedready.asked.article import DISCOVER_SIP_DOMAINS, Srv, at_every_resolver, sip_domains
from fedready.asked.topology import EDGE_SERVICES
from fedready.inquiry import Inquiry, Known, asked_once
from fedready.model import Unseen
from fedready.questions import Get, Lookup, Question, Wildcard


def _under_each_domain(name: str, *asked: tuple[str, str]) -> Inquiry:
    """(type, label) pairs under every SIP domain, at every vantage point."""

    def questions(known: Known) -> list[Question]:
        domains = sip_domains(known)
        return at_every_resolver(known, *((t, f"{label}.{d}") for d in domains for t, label in asked))

    return Inquiry(name, questions, (DISCOVER_SIP_DOMAINS,))


SIP_HOSTS = _under_each_domain("host sip of each SIP domain", ("A", "sip"), ("AAAA", "sip"))
LYNCDISCOVER_HOSTS = _under_each_domain(
    "host lyncdiscover of each SIP domain", ("A", "lyncdiscover"), ("AAAA", "lyncdiscover")
)
CLIENT_SRV = _under_each_domain("client SRV records", ("SRV", "_sip._tls"))
INTERNAL_RECORDS = _under_each_domain(
    "records for clients inside", ("A", "lyncdiscoverinternal"), ("SRV", "_sipinternaltls._tcp")
)

EDGE_HOSTS = Inquiry(
    "addresses of the Edge names of the target file",
    lambda known: at_every_resolver(known, *((t, name) for name in known.target.edge.names for t in ("A", "AAAA"))),
)


def _client_targets(known: Known) -> list[Question]:
    names: dict[str, None] = {}
    for domain in sip_domains(known):
        for resolver in known.target.vantage_points:
            try:
                answers = known.value(Lookup(resolver, "SRV", f"_sip._tls.{domain}"))["answers"]
            except Unseen:
                continue  # this domain's finding says so; the other domains' targets are still asked
            names |= {record.target: None for record in map(Srv.read, answers) if record.target}
    return at_every_resolver(known, *((t, name) for name in names for t in ("A", "AAAA")))


CLIENT_SRV_ADDRESSES = Inquiry("addresses of the targets of client SRV records", _client_targets, (CLIENT_SRV,))

WILDCARDS = Inquiry(
    "wildcards of SIP domains",
    lambda known: [Wildcard(resolver, d) for d in sip_domains(known) for resolver in known.target.vantage_points],
    (DISCOVER_SIP_DOMAINS,),
)

UNDER_A_WILDCARD = (
    "_sipfederationtls._tcp", "_sip._tls", "sip", "lyncdiscover", "lyncdiscoverinternal", "_sipinternaltls._tcp",
)  # fmt: skip
"""Names that could be there only because a wildcard makes every name exist."""


def _below_names(known: Known) -> list[Question]:
    """Where a made-up name exists, made-up names below the looked-for ones: only a name without records lets them exist."""
    questions: list[Question] = []
    for domain in sip_domains(known):
        for resolver in known.target.vantage_points:
            try:
                probe = known.value(Wildcard(resolver, domain))
            except Unseen:
                continue
            if probe["exists"] or probe["srv_exists"]:
                questions += [Wildcard(resolver, f"{label}.{domain}") for label in UNDER_A_WILDCARD]
    return questions


BELOW_WILDCARDS = Inquiry("names below a wildcard", _below_names, (WILDCARDS,))

EDGE_SERVICE_HOSTS = Inquiry(
    "addresses of the Edge's services",
    lambda known: at_every_resolver(
        known,
        *(
            (t, row[name])
            for row in known.rows(EDGE_SERVICES)
            for name in ("DataEdgeExternalFqdn", "AVEdgeExternalFqdn")
            if isinstance(row.get(name), str)
            for t in ("A", "AAAA")
        ),
    ),
    (asked_once(EDGE_SERVICES),),
)


def lyncdiscover(domain: str) -> Get:
    """The address at which clients of a SIP domain begin. It is the only one outside Microsoft 365 that is probed."""
    return Get(f"https://lyncdiscover.{domain}/")


LYNCDISCOVER = Inquiry(
    "the on-premises Autodiscover service of each SIP domain",
    lambda known: [lyncdiscover(domain) for domain in sip_domains(known)],
    (DISCOVER_SIP_DOMAINS,),
)
