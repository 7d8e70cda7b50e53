"""The topology, the builds of its servers, and the replicas of its central store."""

from __future__ import annotations

from fedready.asked.article import is_host_name, sip_domains
from fedready.inquiry import Known
from fedready.model import Unseen
from fedready.questions import Cmdlet, a_label

EDGE_SERVICES = Cmdlet("onprem", "Get-CsService", (("EdgeServer", True),))
REPLICAS = Cmdlet("onprem", "Get-CsManagementStoreReplicationStatus")
MANAGEMENT_CONNECTION = Cmdlet("onprem", "Get-CsManagementConnection")
STORE_LOCATION = Cmdlet("onprem", "Get-CsConfigurationStoreLocation")
PATCH_VERSIONS = Cmdlet("onprem", "Get-CsServerPatchVersion")
COMPUTERS = Cmdlet("onprem", "Get-CsComputer")
ADMIN_ROLES = Cmdlet("onprem", "Get-CsAdminRole")

FEDERATION_PORT = 5061


def replicas(known: Known) -> tuple[str, ...]:
    """The host name of every replica of the central store.

    Raises:
        Unseen: they could not be read, or there is none.
    """
    names = [row.get("ReplicaFqdn") for row in known.rows(REPLICAS)]
    hosts = [a_label(name) for name in names if isinstance(name, str) and is_host_name(name)]
    if not hosts or len(hosts) < len(names):
        raise Unseen(f"{REPLICAS.text}: no readable list of replicas", question=REPLICAS.text)
    return tuple(dict.fromkeys(hosts))


def edge_names(known: Known) -> tuple[str, ...]:
    """The external names of the Access Edge: those of the target file, else those of the topology.

    Raises:
        Unseen: neither names one.
    """
    named = known.target.edge.names or [
        str(row.get("AccessEdgeExternalFqdn") or "")
        for row in known.rows(EDGE_SERVICES)
        if row.get("AccessEdgeExternalSipPort") == FEDERATION_PORT
    ]
    hosts = tuple(dict.fromkeys(a_label(name) for name in named if is_host_name(name)))
    if not hosts:
        raise Unseen(
            "neither the target file nor the topology names an Edge: add `edge: {names: [...]}` with its external names",
            question=EDGE_SERVICES.text,
        )
    return hosts


def certificate_names(known: Known) -> tuple[str, ...]:
    """What the certificate of the Access Edge has to hold: its own names, and sip of every SIP domain.

    Raises:
        Unseen: the Edge's names or the SIP domains could not be read.
    """
    return tuple(dict.fromkeys([*edge_names(known), *(f"sip.{domain}" for domain in sip_domains(known))]))
