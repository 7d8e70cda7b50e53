"""What can be asked, as values. What the allow-list does not hold cannot be built as a question."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from fedready.allowed import ALLOWED, HOST_NAME, Allowed
from fedready.model import Target

Side = str  # "onprem", "tenant" or the name of an Edge in the target file


class NotAllowed(ValueError):
    """Somebody tried to build a question that this read-only suite does not ask."""


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
            if not _permits(allowed.parameters.get(key, ()), value):
                raise NotAllowed(f"{self.name} -{key} {value} is not on the allow-list")
        object.__setattr__(self, "parameters", tuple(sorted(self.parameters)))

    @property
    def allowed(self) -> Allowed:
        return ALLOWED[self.name]

    @property
    def is_out_of_place(self) -> bool:
        """Is this asked where nobody should be able to answer it?"""
        return self.allowed.known_to not in (None, self.side)

    @cached_property
    def text(self) -> str:
        words = [f"-{k}" if v is True else f"-{k} {v}" for k, v in self.parameters]
        return " ".join([f"{self.side}: {self.name}", *words])


def _permits(values: tuple[str | bool, ...], value: str | bool) -> bool:
    if any(
        value is allowed or (value == allowed and type(value) is type(allowed))
        for allowed in values
        if allowed != HOST_NAME
    ):
        return True
    if HOST_NAME not in values or not isinstance(value, str):
        return False
    try:
        return a_label(value) == value
    except NotAllowed:
        return False


_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


@lru_cache(8192)
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
    if len(text) > 253 or not _NAME.fullmatch(text):
        raise NotAllowed(f"{name!r} is not a host name")
    return text


RECORD_TYPES = ("A", "AAAA", "CNAME", "SRV")


@dataclass(frozen=True, slots=True)
class Lookup:
    """`dns@public: SRV _sipfederationtls._tcp.contoso.com`, one name and type at one resolver."""

    resolver: str
    rdtype: str
    name: str
    text: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.rdtype not in RECORD_TYPES:
            raise NotAllowed(f"record type {self.rdtype} is not asked")
        name = a_label(self.name)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "text", f"dns@{self.resolver}: {self.rdtype} {name}")


@dataclass(frozen=True, slots=True)
class Wildcard:
    """`dns@public: WILDCARD contoso.com`, a random label under a domain: does everything exist there?

    `rdtype` is the type that is asked for the random label (A; SRV names live two labels down and need a probe of their own).
    """

    resolver: str
    name: str
    text: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        name = a_label(self.name)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "text", f"dns@{self.resolver}: WILDCARD {name}")


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
    name, *_ = command.split(" ")
    if name in OPENING_STEPS:
        return True
    allowed = ALLOWED.get(name)
    if allowed is None:
        return False
    return any(_fits(command.partition(" ")[2], order, allowed) for order in _calls(allowed))


def _calls(allowed: Allowed) -> list[tuple[str, ...]]:
    """Every set of parameter names that a call may have, in alphabetical order."""
    calls: list[tuple[str, ...]] = [()]
    for key in sorted(allowed.parameters):
        calls += [(*call, key) for call in calls]
    return calls


def _fits(text: str, keys: tuple[str, ...], allowed: Allowed) -> bool:
    """Is `text` a call with exactly these parameters, each with a value that the table allows?"""
    if not keys:
        return text == ""
    key, *rest = keys
    for value in allowed.parameters[key]:
        if value is True:
            head = f"-{key}"
        elif value == HOST_NAME:
            given = text.removeprefix(f"-{key} ").split(" ", 1)[0]
            if not text.startswith(f"-{key} ") or not _permits((HOST_NAME,), given):
                continue
            head = f"-{key} {given}"
        else:
            head = f"-{key} {value}"
        if text == head and not rest:
            return True
        if rest and text.startswith(head + " ") and _fits(text[len(head) + 1 :], tuple(rest), allowed):
            return True
    return False


def asks_something(text: str) -> bool:
    """Is this the text of a question that could be built? (keys of `evidence:` in a target file, of a manifest)

    >>> asks_something("onprem: Get-CsSipDomain"), asks_something("onprem: Set-CsSipDomain")
    (True, False)
    """
    where, _, what = text.partition(": ")
    kind, _, name = what.partition(" ")
    try:
        if text.startswith("GET "):
            return Get(text.removeprefix("GET ")).text == text
        if text.startswith("TLS "):
            host, _, port = text.removeprefix("TLS ").rpartition(":")
            return port.isdecimal() and Tls(host, int(port)).text == text
        if where.startswith("dns@"):
            resolver = where.removeprefix("dns@")
            asked = Wildcard(resolver, name) if kind == "WILDCARD" else Lookup(resolver, kind, name)
            return bool(resolver) and asked.text == text
    except NotAllowed:
        return False
    sides = ALLOWED[kind].sides if kind in ALLOWED else ()
    return reads(what) and (where in sides or (bool(where) and where not in ("onprem", "tenant") and "edge" in sides))
