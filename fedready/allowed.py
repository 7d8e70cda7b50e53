"""The allow-list: the only cmdlets that fedready can send. There is no script and no write; README's rights come from here."""

from __future__ import annotations

from dataclasses import dataclass, field

HOST_NAME = "<a host name>"
"""Stands for a parameter that takes a host name (as an A-label), the only thing that is not a literal of this table."""


@dataclass(frozen=True)
class Reduction:
    """How rows about people become numbers on arrival (DESIGN ruling 15). `Count` is always there.

    `counted`: property -> how many rows have each value (for names of policies, providers and kinds of account).
    `held`: property that is a list -> how many rows hold each item (for service plans).
    `filled`: property -> how many rows have anything there.
    `hashed`: property with a SIP address -> salted hashes, by SIP domain. The salt lives in memory for one run only.
    `leaves_out`: hashed property -> (another property, its values whose rows are not hashed), for accounts of no person.
    """

    counted: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    filled: tuple[str, ...] = ()
    hashed: tuple[str, ...] = ()
    leaves_out: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)

    @property
    def properties(self) -> tuple[str, ...]:
        return (*self.counted, *self.held, *self.filled, *self.hashed)


@dataclass(frozen=True)
class Allowed:
    """One cmdlet that may be sent.

    `sides`: where ("onprem", "tenant", "edge"). `rights`: the least role that may run it. `keeps`: the properties that
    evidence may hold; everything else is dropped on arrival. `parameters`: name -> the only values it may have (a switch:
    `(True,)`). `reduces`: set for questions about people, whose rows are never kept. `known_to`: the only side that can
    answer; it is asked on the other one too, to see that it does not.
    """

    name: str
    sides: tuple[str, ...]
    rights: str
    keeps: tuple[str, ...]
    parameters: dict[str, tuple[str | bool, ...]] = field(default_factory=dict)
    reduces: Reduction | None = None
    known_to: str | None = None


READER = "CsViewOnlyAdministrator"
TENANT_READER = "Teams Reader or Global Reader"
LOCAL_READER = "RTCUniversalReadOnlyAdmins, or a local administrator of the Edge"
COUNT = Reduction()


def _table(*rows: Allowed) -> dict[str, Allowed]:
    table = {row.name: row for row in rows}
    if len(table) != len(rows):
        raise AssertionError("a cmdlet stands in the allow-list twice")
    for row in rows:
        if not row.name.startswith(("Get-Cs", "Get-Command", "Get-Module", "Resolve-DnsName")):
            raise AssertionError(f"{row.name} does not read")
    return table


ALLOWED: dict[str, Allowed] = _table(
    # ---------------------------------------------------------------- on-premises
    Allowed(
        "Get-CsAccessEdgeConfiguration",
        ("onprem", "edge"),
        READER,
        (
            "Identity", "AllowAnonymousUsers", "AllowFederatedUsers", "AllowOutsideUsers", "RoutingMethod",
            "EnablePartnerDiscovery", "DiscoveredPartnerVerificationLevel", "BeClearingHouse", "DefaultRouteFqdn",
            "VerificationLevel", "IsPublicProvider",
        ),
        {"LocalStore": (True,)},
    ),
    Allowed(
        "Get-CsHostingProvider",
        ("onprem",),
        READER,
        (
            "Identity", "Name", "ProxyFqdn", "VerificationLevel", "Enabled", "EnabledSharedAddressSpace",
            "HostsOCSUsers", "IsLocal", "AutodiscoverUrl", "SipClientPort",
        ),
    ),
    Allowed("Get-CsPublicProvider", ("onprem",), READER, ("Identity", "Name", "ProxyFqdn", "Enabled")),
    Allowed("Get-CsAllowedDomain", ("onprem",), READER, ("Identity", "Domain", "ProxyFqdn")),
    Allowed("Get-CsBlockedDomain", ("onprem",), READER, ("Identity", "Domain")),
    Allowed("Get-CsSipDomain", ("onprem",), READER, ("Identity", "Name", "IsDefault")),
    Allowed(
        "Get-CsService",
        ("onprem",),
        READER,
        (
            "Identity", "PoolFqdn", "SiteId", "Registrar", "AccessEdgeExternalFqdn", "AccessEdgeExternalSipPort",
            "AccessEdgeInternalSipPort", "AccessEdgeClientSipPort", "DataEdgeExternalFqdn", "AVEdgeExternalFqdn",
            "InternalInterfaceFqdn",
        ),
        {"EdgeServer": (True,)},
    ),
    Allowed("Get-CsManagementConnection", ("onprem", "tenant"), READER, ("StoreProvider", "SqlServer", "SqlInstance"), known_to="onprem"),
    Allowed("Get-CsConfigurationStoreLocation", ("onprem",), READER, ("BackEndServer",)),
    Allowed("Get-CsManagementStoreReplicationStatus", ("onprem",), READER, ("ReplicaFqdn", "UpToDate", "LastStatusReport")),
    Allowed("Get-CsServerPatchVersion", ("onprem",), READER, ("ComponentName", "Version")),
    Allowed("Get-CsComputer", ("onprem",), READER, ("Pool", "Fqdn")),
    Allowed("Get-CsAdminRole", ("onprem",), READER, ("Identity",)),
    Allowed(
        "Get-CsUser",
        ("onprem",),
        READER,
        (),
        {"Filter": ('HostingProvider -eq "SRV:"',), "ResultSize": ("Unlimited",)},
        Reduction(counted=("HostingProvider", "ExternalAccessPolicy"), hashed=("SipAddress",)),
    ),
    Allowed("Get-CsHybridApplicationEndpoint", ("onprem",), READER, (), reduces=COUNT),
    Allowed("Get-CsMeetingRoom", ("onprem",), READER, (), reduces=COUNT),
    Allowed("Get-CsCommonAreaPhone", ("onprem",), READER, (), reduces=COUNT),
    Allowed("Get-CsAnalogDevice", ("onprem",), READER, (), reduces=COUNT),
    Allowed("Get-CsExUmContact", ("onprem",), READER, (), reduces=COUNT),
    Allowed("Get-CsRgsWorkflow", ("onprem",), READER, (), reduces=COUNT),
    # ---------------------------------------------------------------- both sides
    Allowed(
        "Get-CsExternalAccessPolicy",
        ("onprem", "tenant"),
        f"{READER} on-premises, {TENANT_READER} online",
        ("Identity", "EnableFederationAccess", "EnableOutsideAccess", "CommunicationWithExternalOrgs"),
    ),
    Allowed(
        "Get-Command",
        ("onprem", "tenant"),
        "any account",
        ("Name", "ModuleName"),
        {"Name": ("Set-CsHostingProvide*", "Set-CsTenantFederationConfiguratio*")},
    ),
    # ---------------------------------------------------------------- tenant
    Allowed(
        "Get-CsTenantFederationConfiguration",
        ("tenant",),
        TENANT_READER,
        (
            "Identity", "SharedSipAddressSpace", "AllowFederatedUsers", "AllowedDomains", "BlockedDomains",
            "BlockAllSubdomains", "TreatDiscoveredPartnersAsUnverified", "AllowPublicUsers",
        ),
    ),
    Allowed(
        "Get-CsTenant",
        ("tenant", "onprem"),
        TENANT_READER,
        (
            "TenantId", "DisplayName", "SipDomain", "ServiceInstance", "DirSyncEnabled", "LastSyncTimeStamp",
            "TeamsUpgradeEffectiveMode", "TeamsUpgradeOverridePolicy", "TeamsUpgradePolicyIsReadOnly",
        ),
        known_to="tenant",
    ),
    Allowed(
        "Get-CsOnlineSipDomain", ("tenant",), TENANT_READER, ("Name", "Status", "DomainStatus"), {"DomainStatus": ("All",)}
    ),
    Allowed("Get-CsTeamsUpgradePolicy", ("tenant",), TENANT_READER, ("Identity", "Mode"), {"Identity": ("Global",)}),
    Allowed(
        "Get-CsOnlineUser",
        ("tenant",),
        TENANT_READER,
        (),
        {"Filter": ("OnPremHostingProvider -ne $null",)},
        Reduction(
            counted=("InterpretedUserType", "AccountType"),
            held=("AssignedPlan",),
            filled=("UserValidationErrors",),
            hashed=("SipAddress", "OnPremSipAddress"),
            leaves_out={"SipAddress": ("AccountType", ("Guest", "IneligibleUser", "ResourceAccount"))},
        ),
    ),
    Allowed(
        "Get-Module",
        ("tenant",),
        "any account of the management host",
        ("Name", "Version"),
        {"ListAvailable": (True,), "Name": ("LyncOnlineConnector,MicrosoftTeams,SkypeOnlineConnector",)},
    ),
    # ---------------------------------------------------------------- on an Edge
    Allowed(
        "Get-CsCertificate",
        ("edge",),
        LOCAL_READER,
        ("Thumbprint", "Subject", "AlternativeNames", "Issuer", "NotBefore", "NotAfter"),
        {"Type": ("AccessEdgeExternal",)},
    ),
    Allowed(
        "Resolve-DnsName",
        ("edge",),
        "any account of the Edge",
        ("Name", "Type", "TTL", "NameTarget", "NameHost", "Priority", "Weight", "Port", "IPAddress"),
        {"Name": (HOST_NAME,), "Type": ("A", "SRV"), "DnsOnly": (True,)},
    ),
)  # fmt: skip
