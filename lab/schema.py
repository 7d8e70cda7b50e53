"""The keys of an estate file: a deployment for the lab, as people write it.

```yaml
extends: healthy              # another estate of the same folder
shape: string                 # or deep: do nested objects cross the wire as text (depth 1) or as objects
target: {...}                 # the target file without addresses; the lab fills in endpoints, resolvers, connect_to, ca_file
waivers: [...]                # the waivers file
onprem:                       # likewise tenant: and edges: {edge01: ...}. Keys are question texts, with or without "onprem: "
  Get-CsSipDomain:
    type: [Microsoft.Rtc.Management.Xds.SipDomain]
    rows: [{Name: contoso.com, IsDefault: true}]
  Get-CsUser -Filter HostingProvider -eq "SRV:" -ResultSize Unlimited: {count: 12}     # made-up users
  Get-CsUser -ResultSize Unlimited:        # in groups: `each` holds properties, <address> stands for the user's SIP address
    people: [{count: 12}, {count: 3, domain: fabrikam.com, each: {HostingProvider: sipfed.online.lync.com}}]
  Get-CsTenant: {error: {kind: denied}}        # not_recognized | denied | terminating | nonterminating, with message, id
set:                          # change single values of rows, after everything else
  "onprem: Get-CsHostingProvider": [{path: "[0].Enabled", value: false}, {path: "[1].Name", delete: true}]
dns: {everywhere: {contoso.com: ZONE TEXT}, public: {...}}      # or a resolver with one zone text of absolute names
https: {"https://host/path": {status: 200, headers: {...}, body: TEXT or mapping, certificate: right}}
tls: {"sip.contoso.com:5061": {certificate: right, names: [sip.contoso.com], ask_client_certificate: false}}
faults: [{at: "tenant Create", do: status, status: 503, nth: 1}]
```

A value in a row: null, true, a number, a text; a list (a List of String); a mapping with `type`: a primitive
(`{type: U64, value: 443}`; `{type: DT, ago: 30}` is half an hour before it is asked), an object
(`{type: X, text: T, members: {...}}`) or a typed list (`{type: X, list: [...]}`).
`AllowedDomains` is `open` or a list of domains, `BlockedDomains` a list of domains.

`extends` merges mapping into mapping, key by key, as deep as both sides are mappings. Everything else replaces: a list is never
merged. A key whose value is null is deleted (inside a list, so in rows, null is a value like any other).
Zones under `everywhere` are there at each resolver that has no zone of that name of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from fedready.model import Frozen

ErrorKind = Literal["not_recognized", "denied", "terminating", "nonterminating"]
Certificate = Literal["right", "wrong-name", "expired", "unknown-ca", "old-version"]


class Failure(Frozen, frozen=True, kw_only=True):
    """`error:` of an answer."""

    kind: ErrorKind = "terminating"
    message: str = ""
    id: str = ""


class People(Frozen, frozen=True, kw_only=True):
    """A group of made-up users. Numbers go on from group to group, so that two sides can have the same people."""

    count: int
    domain: str = "contoso.com"
    each: dict[str, Any] = {}


class Answer(Frozen, frozen=True, kw_only=True):
    """What one cmdlet question answers."""

    type: tuple[str, ...] | None = None
    rows: tuple[Any, ...] | None = None
    count: int | None = None
    people: tuple[People, ...] | None = None
    error: Failure | None = None


Side = Mapping[str, Answer]


class Change(Frozen, frozen=True, kw_only=True):
    """One entry of `set:`."""

    path: str
    value: Any = None
    delete: bool = False


class PageRow(Frozen, frozen=True, kw_only=True):
    """What one URL answers; a body that is no text is sent as JSON."""

    status: int = 200
    headers: dict[str, str] = {}
    body: Any = None
    certificate: Certificate = "right"


class TlsRow(Frozen, frozen=True, kw_only=True):
    """One SIP listener."""

    certificate: Certificate = "right"
    names: tuple[str, ...] = ()
    ask_client_certificate: bool = False


class FaultRow(Frozen, frozen=True, kw_only=True):
    """One entry of `faults:`; see `lab/faults.py` for places and knobs."""

    at: str
    do: str
    nth: int | None = None
    seconds: int | str | None = None
    status: int | None = None
    headers: dict[str, str] | None = None
    body: str | None = None
    type: str | None = None
    to: str | None = None
    bytes: int | None = None
    code: int | None = None
    text: str | None = None
    xml: str | None = None
    offers: tuple[str, ...] | None = None


class EstateFile(Frozen, frozen=True, kw_only=True):
    """The keys of an estate file. Every value may be null, which deletes what the extended estate has."""

    extends: str | None = None
    shape: Literal["string", "deep"] | None = None
    target: dict[str, Any] | None = None
    waivers: tuple[dict[str, Any], ...] | None = None
    onprem: dict[str, Answer | None] | None = None
    tenant: dict[str, Answer | None] | None = None
    edges: dict[str, dict[str, Answer | None] | None] | None = None
    set: dict[str, tuple[Change, ...] | Change] | None = None
    dns: dict[str, dict[str, str | None] | str | None] | None = None
    https: dict[str, PageRow | None] | None = None
    tls: dict[str, TlsRow | None] | None = None
    faults: tuple[FaultRow, ...] | None = None
