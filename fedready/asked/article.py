"""What the article's own controls need asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from fedready.compare import fqdn, in_domain
from fedready.inquiry import Inquiry, Known, asked_once
from fedready.model import CloudNames, Unseen
from fedready.questions import Cmdlet, Get, Lookup, NotAllowed, Question, Wildcard, a_label

ACCESS_EDGE = Cmdlet("onprem", "Get-CsAccessEdgeConfiguration")
HOSTING_PROVIDERS = Cmdlet("onprem", "Get-CsHostingProvider")
SIP_DOMAINS = Cmdlet("onprem", "Get-CsSipDomain")
ONPREM_USERS = Cmdlet("onprem", "Get-CsUser", (("Filter", 'HostingProvider -eq "SRV:"'), ("ResultSize", "Unlimited")))
ONLINE_USERS_WITH_ONPREM_HOME = Cmdlet("tenant", "Get-CsOnlineUser", (("Filter", "OnPremHostingProvider -ne $null"),))
TENANT_FEDERATION = Cmdlet("tenant", "Get-CsTenantFederationConfiguration")
TENANT = Cmdlet("tenant", "Get-CsTenant")
TENANT_ASKED_ONPREM = Cmdlet("onprem", "Get-CsTenant")
MANAGEMENT_CONNECTION_ASKED_ONLINE = Cmdlet("tenant", "Get-CsManagementConnection")
MODULES = Cmdlet(
    "tenant",
    "Get-Module",
    (("ListAvailable", True), ("Name", "LyncOnlineConnector,MicrosoftTeams,SkypeOnlineConnector")),
)
# With a wildcard, "there is no such command" is an empty answer; without one it would be an error like any other.
ONPREM_WRITING_COMMAND = Cmdlet("onprem", "Get-Command", (("Name", "Set-CsHostingProvide*"),))
TENANT_WRITING_COMMAND = Cmdlet("tenant", "Get-Command", (("Name", "Set-CsTenantFederationConfiguratio*"),))


def sip_domains(known: Known) -> tuple[str, ...]:
    """Every SIP domain of the deployment as an A-label, in the order of the answer, without repeats.

    Raises:
        Unseen: `sip_domains: discover` and the list could not be read, is empty, or holds what is no domain.
    """
    if known.target.sip_domains != "discover":
        return tuple(dict.fromkeys(a_label(d) for d in known.target.sip_domains))
    names = [row.get("Name") for row in known.rows(SIP_DOMAINS)]
    try:
        domains = tuple(dict.fromkeys(a_label(name) for name in names if isinstance(name, str)))
    except NotAllowed as wrong:
        raise Unseen(f"{SIP_DOMAINS.text}: {wrong}", question=SIP_DOMAINS.text) from None
    if not domains or len([n for n in names if not isinstance(n, str)]):
        raise Unseen(f"{SIP_DOMAINS.text}: no readable list of SIP domains", question=SIP_DOMAINS.text)
    return domains


def default_sip_domain(known: Known) -> str | None:
    """The default SIP domain, where the answer says which one it is."""
    if known.target.sip_domains != "discover":
        return None
    defaults = [fqdn(row.get("Name")) for row in known.rows(SIP_DOMAINS) if row.get("IsDefault") is True]
    return defaults[0] if len(defaults) == 1 else None


def autodiscover_urls(known: Known) -> tuple[str, ...]:
    """The AutodiscoverUrl of every hosting provider that has one inside a Microsoft 365 cloud; nothing else is probed."""
    urls = []
    for row in known.rows(HOSTING_PROVIDERS):
        url = row.get("AutodiscoverUrl")
        if isinstance(url, str) and probes(url, known.clouds):
            urls.append(url)
    return tuple(dict.fromkeys(urls))


def probes(url: str, clouds: Mapping[str, CloudNames]) -> bool:
    """Is this an address that may be probed: a web address on a host of a Microsoft 365 cloud?"""
    try:
        host = urlsplit(url).hostname
        Get(url)
    except (ValueError, NotAllowed):
        return False
    return host is not None and any(in_domain(host, cloud.suffix) for cloud in clouds.values())


def is_host_name(name: str) -> bool:
    """Can DNS be asked for this name? Answers from outside may hold anything."""
    try:
        a_label(name)
    except NotAllowed:
        return False
    return True


def at_every_resolver(known: Known, *asked: tuple[str, str]) -> list[Question]:
    """(type, name) pairs, asked at each vantage point of the target. What is no host name is left out: judging says so."""
    return [
        Lookup(resolver, rdtype, name)
        for resolver in known.target.vantage_points
        for rdtype, name in asked
        if is_host_name(name)
    ]


DISCOVER_SIP_DOMAINS = Inquiry(
    "SIP domains", lambda known: (SIP_DOMAINS,) if known.target.sip_domains == "discover" else ()
)
DISCOVER_PROVIDERS = asked_once(HOSTING_PROVIDERS)

SIPFED = Inquiry(
    "sipfed names",
    lambda known: at_every_resolver(known, *((t, c.sipfed) for c in known.clouds.values() for t in ("A", "AAAA"))),
)

FEDERATION_SRV = Inquiry(
    "federation SRV records",
    lambda known: [
        question
        for domain in sip_domains(known)
        for resolver in known.target.vantage_points
        for question in (
            Lookup(resolver, "SRV", f"_sipfederationtls._tcp.{domain}"),
            Wildcard(resolver, domain),
        )
    ],
    (DISCOVER_SIP_DOMAINS,),
)


def _targets_and_edges(known: Known) -> list[Question]:
    names = [a_label(name) for name in known.target.edge.names]
    for domain in sip_domains(known):
        for resolver in known.target.vantage_points:
            try:
                names += srv_targets(known, resolver, domain)
            except Unseen:
                continue  # this domain's finding says so; the other domains' targets are still asked
    return at_every_resolver(known, *((t, n) for n in dict.fromkeys(names) for t in ("A", "AAAA")))


def srv_targets(known: Known, resolver: str, domain: str) -> list[str]:
    """The host names that the federation SRV of a domain points to, as one resolver sees it; `.` is left out."""
    value = known.value(Lookup(resolver, "SRV", f"_sipfederationtls._tcp.{domain}"))
    return [r.target for r in (Srv.read(text) for text in value["answers"]) if r.target]


@dataclass(frozen=True)
class Srv:
    """One SRV record. `target` is "" for `.`: the service is not offered (RFC 2782)."""

    priority: int
    weight: int
    port: int
    target: str

    @classmethod
    def read(cls, text: str) -> Srv:
        """Read `0 0 5061 sip.contoso.com`, as evidence holds it."""
        priority, weight, port, target = text.split()
        return cls(int(priority), int(weight), int(port), "" if target == "." else fqdn(target))

    def __str__(self) -> str:
        return f"{self.priority} {self.weight} {self.port} {self.target or '.'}"


SRV_TARGET_ADDRESSES = Inquiry("addresses of SRV targets and Edge names", _targets_and_edges, (FEDERATION_SRV,))

WEBDIR_HOSTS = Inquiry(
    "hosts of the provider's AutodiscoverUrl",
    lambda known: at_every_resolver(
        known,
        *(
            (t, h)
            for h in dict.fromkeys(fqdn(urlsplit(u).hostname) for u in autodiscover_urls(known))
            for t in ("A", "AAAA")
        ),
    ),
    (DISCOVER_PROVIDERS,),
)

AUTODISCOVER = Inquiry(
    "the provider's AutodiscoverUrl",
    lambda known: [Get(url) for url in autodiscover_urls(known)],
    (DISCOVER_PROVIDERS,),
)
