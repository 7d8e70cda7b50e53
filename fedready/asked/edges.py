"""What is asked on the Edge servers themselves, where the target file has endpoints for them."""

from __future__ import annotations

from urllib.parse import urlsplit

from fedready.asked.article import DISCOVER_SIP_DOMAINS, sip_domains
from fedready.compare import fqdn
from fedready.inquiry import Inquiry, Known
from fedready.model import Target
from fedready.questions import Cmdlet


def edge_sides(target: Target) -> dict[str, str]:
    """The host name of each Edge server -> its side; the side's own name where two endpoints share a host."""
    hosts = [fqdn(urlsplit(endpoint.url).hostname) for endpoint in target.endpoints.edges.values()]
    sides = list(target.endpoints.edges)
    return {host if hosts.count(host) == 1 else side: side for host, side in zip(hosts, sides, strict=True)}


def edge_servers(known: Known) -> tuple[str, ...]:
    """The host name of each Edge server that the target file has an endpoint for."""
    return tuple(edge_sides(known.target))


def local_settings(side: str) -> Cmdlet:
    """The Access Edge configuration as the Edge's own copy of the central store has it."""
    return Cmdlet(side, "Get-CsAccessEdgeConfiguration", (("LocalStore", True),))


def external_certificate(side: str) -> Cmdlet:
    return Cmdlet(side, "Get-CsCertificate", (("Type", "AccessEdgeExternal"),))


def federation_srv_at(side: str, domain: str) -> Cmdlet:
    """The federation SRV record as the Edge's own resolver gives it."""
    name = f"_sipfederationtls._tcp.{domain}"
    return Cmdlet(side, "Resolve-DnsName", (("DnsOnly", True), ("Name", name), ("Type", "SRV")))


EDGE_SETTINGS = Inquiry(
    "settings in each Edge's local copy", lambda known: [local_settings(side) for side in known.target.endpoints.edges]
)
EDGE_CERTIFICATES = Inquiry(
    "external certificate of each Edge", lambda known: [external_certificate(e) for e in known.target.endpoints.edges]
)
EDGE_SRV = Inquiry(
    "federation SRV records as each Edge sees them",
    lambda known: [
        federation_srv_at(side, domain) for side in known.target.endpoints.edges for domain in sip_domains(known)
    ],
    (DISCOVER_SIP_DOMAINS,),
)
