"""What can be asked, as values. A question that is not in these tables cannot be built: there is no script and no write."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Literal

from fedready.model import Target

Side = str  # "onprem", "tenant" or the name of an Edge in the target file


class NotAllowed(ValueError):
    """Somebody tried to build a question that this read-only suite does not ask."""


@dataclass(frozen=True)
class Allowed:
    """One cmdlet that may be sent.

    `sides`: where ("onprem", "tenant", "edge"). `parameters`: name -> the only values it may have (a switch: `(True,)`).
    `keeps`: the properties that evidence may hold; everything else is dropped on arrival. `rights`: the least role that
    may run it. `reduces`: how rows about people are reduced on arrival, so that no row about a person is ever kept.
    """

    name: str
    sides: tuple[str, ...]
    rights: str
    keeps: tuple[str, ...]
    parameters: dict[str, tuple[str | bool, ...]]
    reduces: Literal["count"] | None = None
    module: str = ""


READER = "CsViewOnlyAdministrator"
TENANT_READER = "Teams Reader or Global Reader"


def _table(*rows: Allowed) -> dict[str, Allowed]:
    table = {row.name: row for row in rows}
    if len(table) != len(rows):
        raise AssertionError("a cmdlet stands in the allow-list twice")
    for row in rows:
        if not row.name.startswith(("Get-Cs", "Get-Command", "Get-Module", "Resolve-DnsName")):
            raise AssertionError(f"{row.name} does not read")
    return table


ALLOWED: dict[str, Allowed] = _table(
    Allowed(
        "Get-CsAccessEdgeConfiguration",
        ("onprem",),
        READER,
        (
            "Identity", "AllowAnonymousUsers", "AllowFederatedUsers", "AllowOutsideUsers", "RoutingMethod",
            "EnablePartnerDiscovery", "DiscoveredPartnerVerificationLevel", "BeClearingHouse", "DefaultRouteFqdn",
            "VerificationLevel", "IsPublicProvider",
        ),
        {},
    ),
    Allowed(
        "Get-CsHostingProvider",
        ("onprem",),
        READER,
        (
            "Identity", "Name", "ProxyFqdn", "VerificationLevel", "Enabled", "EnabledSharedAddressSpace",
            "HostsOCSUsers", "IsLocal", "AutodiscoverUrl", "SipClientPort",
        ),
        {},
    ),
    Allowed("Get-CsSipDomain", ("onprem",), READER, ("Identity", "Name", "IsDefault"), {}),
    Allowed("Get-CsManagementConnection", ("onprem", "tenant"), READER, ("StoreProvider", "SqlServer", "SqlInstance"), {}),
    Allowed(
        "Get-CsUser", ("onprem",), READER, (),
        {"Filter": ('HostingProvider -eq "SRV:"',), "ResultSize": ("Unlimited",)},
        reduces="count",
    ),
    Allowed(
        "Get-CsTenantFederationConfiguration",
        ("tenant",),
        TENANT_READER,
        (
            "Identity", "SharedSipAddressSpace", "AllowFederatedUsers", "AllowedDomains", "BlockedDomains",
            "BlockAllSubdomains", "TreatDiscoveredPartnersAsUnverified",
        ),
        {},
    ),
    Allowed(
        "Get-CsTenant",
        ("tenant", "onprem"),
        TENANT_READER,
        (
            "TenantId", "DisplayName", "SipDomain", "ServiceInstance", "DirSyncEnabled", "LastSyncTimeStamp",
            "TeamsUpgradeEffectiveMode", "TeamsUpgradeOverridePolicy", "TeamsUpgradePolicyIsReadOnly",
        ),
        {},
    ),
    Allowed("Get-CsOnlineSipDomain", ("tenant",), TENANT_READER, ("Name", "Status", "DomainStatus"), {"DomainStatus": ("All",)}),
    Allowed(
        "Get-CsOnlineUser", ("tenant",), TENANT_READER, (),
        {"Filter": ("OnPremHostingProvider -ne $null",), "ResultSize": ("Unlimited",)},
        reduces="count",
    ),
    Allowed(
        "Get-Command", ("onprem", "tenant"), "any account", ("Name", "ModuleName"),
        {"Name": ("Set-CsHostingProvide*", "Set-CsTenantFederationConfiguratio*")},
    ),
    Allowed(
        "Get-Module", ("tenant",), "any account of the management host", ("Name", "Version"),
        {"ListAvailable": (True,), "Name": ("LyncOnlineConnector,MicrosoftTeams,SkypeOnlineConnector",)},
    ),
)  # fmt: skip
"""The allow-list: the only cmdlets that fedready can send. README's list of rights is generated from it."""


@dataclass(frozen=True)
class Cmdlet:
    """`onprem: Get-CsHostingProvider`, one command with literal parameters.

    >>> Cmdlet("onprem", "Get-CsHostingProvider").text
    'onprem: Get-CsHostingProvider'
    """

    side: Side
    name: str
    parameters: tuple[tuple[str, str | bool], ...] = ()

    def __post_init__(self) -> None:
        allowed = ALLOWED.get(self.name)
        if allowed is None:
            raise NotAllowed(f"{self.name} is not on the allow-list of reading cmdlets")
        kind = self.side if self.side in ("onprem", "tenant") else "edge"
        if kind not in allowed.sides:
            raise NotAllowed(f"{self.name} is not asked of {self.side}")
        for key, value in self.parameters:
            if value not in allowed.parameters.get(key, ()):
                raise NotAllowed(f"{self.name} -{key} {value} is not on the allow-list")
        object.__setattr__(self, "parameters", tuple(sorted(self.parameters)))

    @property
    def allowed(self) -> Allowed:
        return ALLOWED[self.name]

    @property
    def text(self) -> str:
        words = [f"-{k}" if v is True else f"-{k} {v}" for k, v in self.parameters]
        return " ".join([f"{self.side}: {self.name}", *words])


_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")


def a_label(name: str) -> str:
    """A host name as DNS carries it: lower case, punycode, no final dot.

    Raises:
        NotAllowed: the name is empty, too long or not a host name.

    >>> a_label("Bücher.Example.")
    'xn--bcher-kva.example'
    """
    text = name.strip().rstrip(".").lower()
    if not text.isascii():
        import idna  # only where a name asks for it

        try:
            text = idna.encode(text, uts46=True).decode("ascii")
        except idna.IDNAError as wrong:
            raise NotAllowed(f"{name!r} is not a host name: {wrong}") from None
    if not text or len(text) > 253 or not all(_LABEL.fullmatch(label) for label in text.split(".")):
        raise NotAllowed(f"{name!r} is not a host name")
    return text


RECORD_TYPES = ("A", "AAAA", "CNAME", "SRV")


@dataclass(frozen=True)
class Lookup:
    """`dns@public: SRV _sipfederationtls._tcp.contoso.com`, one name and type at one resolver."""

    resolver: str
    rdtype: str
    name: str

    def __post_init__(self) -> None:
        if self.rdtype not in RECORD_TYPES:
            raise NotAllowed(f"record type {self.rdtype} is not asked")
        object.__setattr__(self, "name", a_label(self.name))

    @property
    def text(self) -> str:
        return f"dns@{self.resolver}: {self.rdtype} {self.name}"


@dataclass(frozen=True)
class Wildcard:
    """`dns@public: WILDCARD contoso.com`, a random label under a domain: does everything exist there?

    `rdtype` is the type that is asked for the random label (A; SRV names live two labels down and need a probe of their own).
    """

    resolver: str
    name: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", a_label(self.name))

    @property
    def text(self) -> str:
        return f"dns@{self.resolver}: WILDCARD {self.name}"


@dataclass(frozen=True)
class Get:
    """`GET https://...`, one anonymous probe of an Autodiscover address. http is kept as written: it is a finding."""

    url: str

    def __post_init__(self) -> None:
        if not self.url.isprintable() or not self.url.lower().startswith(("http://", "https://")) or " " in self.url:
            raise NotAllowed(f"{self.url!r} is not a web address")

    @property
    def text(self) -> str:
        return f"GET {self.url}"


@dataclass(frozen=True)
class Tls:
    """`TLS sip.contoso.com:5061`, a handshake that ends before any data."""

    host: str
    port: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "host", a_label(self.host))

    @property
    def text(self) -> str:
        return f"TLS {self.host}:{self.port}"


Question = Cmdlet | Lookup | Wildcard | Get | Tls


def is_global(address: str) -> bool:
    """Is this an address of the public Internet? (DESIGN ruling 14)"""
    return ipaddress.ip_address(address).is_global


def endpoint_of(question: Question, target: Target) -> str:
    """Which line of the progress view and which group of the report a question belongs to."""
    if isinstance(question, Cmdlet):
        return question.side
    if isinstance(question, Lookup | Wildcard):
        return f"dns@{question.resolver}"
    return "https" if isinstance(question, Get) else "tls"


OPENING_STEPS = ("Import-Module", "Connect-MicrosoftTeams")
"""What may be sent to prepare a session (DESIGN ruling 16). They change nothing but the session itself."""


def reads(command: str) -> bool:
    """Is this command, as recorded at the wire, one that only reads: on the allow-list, or an opening step?

    >>> reads("Get-CsSipDomain"), reads("Set-CsHostingProvider -Enabled True"), reads("Get-CsSipDomain | Remove-Item")
    (True, False, False)
    """
    name = command.split(" ", 1)[0]
    if name in OPENING_STEPS:
        return True
    allowed = ALLOWED.get(name)
    return allowed is not None and any(
        command == Cmdlet(allowed.sides[0], name, parameters).text.partition(": ")[2]
        for parameters in _every_call(allowed)
    )


def _every_call(allowed: Allowed) -> list[tuple[tuple[str, str | bool], ...]]:
    calls: list[tuple[tuple[str, str | bool], ...]] = [()]
    for key, values in allowed.parameters.items():
        calls += [(*call, (key, value)) for call in calls for value in values]
    return calls
