"""The nouns, frozen, without I/O: Target, Control, Evidence, Snapshot, Finding, Waiver, Run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Literal

import msgspec
from msgspec import field

Json = Any
"""What JSON can hold without floats: None, bool, int, str, list, dict. Never a datetime, never a float."""

PHASES = ("pre-hybrid", "hybrid", "pre-migration", "migrated", "hybrid-disabled")
CLOUDS = ("worldwide", "gcc-high", "dod", "china")

Phase = Literal["pre-hybrid", "hybrid", "pre-migration", "migrated", "hybrid-disabled"]
Cloud = Literal["worldwide", "gcc-high", "dod", "china"]
FederationModel = Literal["open", "closed"]
View = Literal["dns", "https", "tls", "edges", "internal"]
"""What a control may need to be seen from: this machine's place (`from_here`), the Edge servers' own (`endpoints.edges`), or a
resolver inside the network (`resolvers.internal`)."""
DEPLOYMENT = "deployment"
"""The subject of a finding that is about the whole deployment."""


class Verdict(StrEnum):
    """What a control says of one subject (DESIGN: pass is never given to what could not be seen)."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"
    NA = "n/a"
    ERROR = "error"


class Severity(StrEnum):
    """How much a failing control matters; `low` is an advisory, `info` is evidence only."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def blocks(self) -> bool:
        """Does a fail of this severity make the deployment not ready?"""
        return self in (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM)


class Headline(StrEnum):
    """The one line a change board reads."""

    READY = "READY"
    READY_WITH_WAIVERS = "READY WITH WAIVERS"
    NOT_READY = "NOT READY"
    UNDETERMINED = "UNDETERMINED"


CauseKind = Literal[
    "unreachable", "refused", "denied", "not_recognized", "timeout", "malformed", "absent", "too_old", "interrupted", "servfail"
]  # fmt: skip
NOT_THERE = "not in the export"
"""How the cause of evidence begins that a file should have held: one missing file is one cause, whoever wanted it."""


class Frozen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of every noun that people or programs write: strict, frozen, no unknown key.

    Those of which there are hundreds of thousands have `gc=False`: nothing that they hold can lead back to them.
    """


# --------------------------------------------------------------------------- who is asked


class ConnectStep(Frozen, frozen=True, kw_only=True):
    """`connect:` of a winrm endpoint: `Connect-MicrosoftTeams` by application and certificate, never a secret."""

    application_id: str
    tenant_id: str
    certificate_thumbprint: str


class Endpoint(Frozen, frozen=True, kw_only=True):
    """One PowerShell endpoint of the target file.

    `ocspowershell` is https://POOL/OcsPowershell (single cmdlets, no modules); `winrm` is a management host or an Edge.
    """

    kind: Literal["ocspowershell", "winrm"]
    url: str
    auth: Literal["negotiate", "kerberos", "ntlm", "certificate", "basic"] = "negotiate"
    configuration: str = "Microsoft.PowerShell"
    modules: tuple[str, ...] = ()
    connect: ConnectStep | None = None
    max_runspaces: int = 3
    certificate_pem: str | None = None
    certificate_key_pem: str | None = None


class Endpoints(Frozen, frozen=True, kw_only=True):
    """The sessions of an audit: one per side, even on one host."""

    onprem: Endpoint | None = None
    tenant: Endpoint | None = None
    edges: dict[str, Endpoint] = {}


class Edge(Frozen, frozen=True, kw_only=True):
    """The external names of the Access Edge."""

    names: tuple[str, ...] = ()


class Timeouts(Frozen, frozen=True, kw_only=True):
    """Seconds."""

    cmdlet: int = 60
    endpoint: int = 180
    dns: int = 5
    https: int = 10
    run: int = 600


class EvidenceSource(Frozen, frozen=True, kw_only=True):
    """A side, or a single question, that is answered from files instead of live."""

    export: str | None = None
    snapshot: str | None = None


class Target(Frozen, frozen=True, kw_only=True):
    """Who is asked, and as what it is judged: the target file (INTERFACES.md). Never holds a secret."""

    name: str
    phase: Phase | None = None
    cloud: Cloud | None = None
    federation_model: FederationModel = "open"
    tenant_id: str | None = None
    sip_domains: Literal["discover"] | tuple[str, ...] = "discover"
    edge: Edge = field(default_factory=Edge)
    from_here: tuple[Literal["dns", "https", "tls"], ...] = ()
    endpoints: Endpoints = field(default_factory=Endpoints)
    resolvers: dict[str, str] = {}
    ca_file: str | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)
    connect_to: dict[str, str] | None = None
    evidence: dict[str, EvidenceSource] = {}
    max_age_hours: int | None = None
    assumed: tuple[str, ...] = ()  # what nobody said and the program took to be so; never written by people

    @property
    def vantage_points(self) -> tuple[str, ...]:
        """The names of the resolvers that are asked; `system` when the target file gives none."""
        return tuple(self.resolvers) or ("system",)

    @property
    def sides(self) -> tuple[str, ...]:
        """Every PowerShell side by the name that questions use."""
        return ("onprem", "tenant", *self.endpoints.edges)


# --------------------------------------------------------------------------- what was answered


class Cause(Frozen, frozen=True, kw_only=True, gc=False):
    """Why there is no answer: a kind for programs, a sentence for people (with what would help)."""

    kind: CauseKind
    text: str


class Evidence(Frozen, frozen=True, kw_only=True, gc=False, rename={"source": "from", "account": "as"}):
    """The answer to one question, or why there is none.

    `value` holds JSON only. Cmdlet: a list of rows (dicts; `#type` is the .NET type name); the other rooms of `ask/` say theirs.
    """

    state: Literal["answered", "failed", "not_asked"]
    value: Json = None
    cause: Cause | None = None
    asked: str = ""
    ms: int = 0
    source: str = ""
    account: str | None = None
    via: Literal["live", "export", "snapshot"] = "live"


class Sent(Frozen, frozen=True, kw_only=True, gc=False):
    """One command as it left this machine, recorded at the wire. `to` is the side."""

    to: str
    command: str


class RunFacts(Frozen, frozen=True, kw_only=True):
    """When and how the evidence was asked. Times are UTC, `2026-01-02T03:04:05Z`."""

    id: str
    started: str
    ended: str = ""
    selection: str = ""


class Snapshot(Frozen, frozen=True, kw_only=True):
    """All evidence of one run, enough to judge again without network (snapshot.json)."""

    schema_version: int = 1
    tool: str = ""
    run: RunFacts
    target: Target
    entries: Mapping[str, Evidence] = {}
    sent: tuple[Sent, ...] = ()
    notes: tuple[str, ...] = ()  # sentences about the sources: files that answer nothing, servers that slowed us
    digest: str = ""


# --------------------------------------------------------------------------- what is expected


class Case(Frozen, frozen=True, kw_only=True):
    """A way to fail that has its own severity and words. One that `stands_alone` is never laid to another control.

    `explains`: other controls whose fails are laid to this one: control -> its cases (none: whatever the case).
    """

    stands_alone: bool = False
    explains: dict[str, tuple[str, ...]] = {}
    severity: Severity | None = None
    symptom: str | None = None
    fix: str | None = None
    rollback: str | None = None
    verify: str | None = None


class Control(Frozen, frozen=True, kw_only=True):
    """One row of the baseline. Texts may hold `{{name}}` placeholders (see `catalogue.fill`)."""

    id: str
    title: str
    section: str = ""
    area: str = ""
    scope: Literal["article", "suite", "extension"]
    severity: Severity
    owner: Literal["on-premises", "tenant", "dns", "network", "auditor"]
    expected: dict[str, Any] = {}
    why: str
    symptom: str
    fix: str
    rollback: str = ""
    verify: str
    source: str
    certainty: Literal["verified", "third-party", "inferred", "recalled"]
    asks: str = ""
    needs_view: View | tuple[View, ...] | None = None
    follows: tuple[str, ...] = ()
    cases: dict[str, Case] = {}

    @property
    def views(self) -> tuple[View, ...]:
        """Every view that is needed."""
        return self.needs_view if isinstance(self.needs_view, tuple) else (self.needs_view,) if self.needs_view else ()


class Section(Frozen, frozen=True, kw_only=True):
    """A heading of the article, with the controls that stand under it."""

    id: str
    title: str
    article: str = ""
    controls: tuple[Control, ...] = ()


class CloudNames(Frozen, frozen=True, kw_only=True):
    """The names of one Microsoft 365 cloud; `inferred` lists the keys that no page states."""

    sipfed: str
    sipdir: str
    webdir: str
    autodiscover: str
    suffix: str
    source: str
    inferred: tuple[str, ...] = ()


class Baseline(Frozen, frozen=True, kw_only=True):
    """The documents as data."""

    version: str
    title: str
    clouds: dict[str, CloudNames]
    sections: tuple[Section, ...]
    digest: str = ""

    @property
    def controls(self) -> dict[str, Control]:
        return {c.id: c for s in self.sections for c in s.controls}


class Waiver(Frozen, frozen=True, kw_only=True):
    """A fail that somebody answers for, until a day, for one value."""

    control: str
    subject: str
    accepts: Json | msgspec.UnsetType = msgspec.UNSET
    reason: str
    owner: str
    ticket: str = ""
    approver: str = ""
    expires: str
    file: str = ""
    line: int = 0


# --------------------------------------------------------------------------- what is said


class Reading(Frozen, frozen=True, kw_only=True, gc=False):
    """One "this check looked at `question` > `path` and saw `value`", left by a handle, never written by hand.

    `path`: `""` whole value, `#` number of rows, `Prop` of the only row, `[2].Prop` of the third, `Prop.Sub` below,
    `[Name=contoso.com].Prop` of each row that was looked up by name, `[Name=contoso.com]` null where there is none.
    """

    question: str
    path: str
    value: Json = None


class Finding(Frozen, frozen=True, kw_only=True, gc=False):
    """Control + subject + verdict, with everything that was looked at (findings.json).

    `unanswered` is the question whose missing answer made it unknown; `caused_by` names the controls that explain it.
    """

    control: str
    subject: str = DEPLOYMENT
    verdict: Verdict
    severity: Severity
    expected: Json = None
    observed: Json = None
    readings: tuple[Reading, ...] = ()
    message: str = ""
    note: str | None = None
    cause: Cause | None = None
    unanswered: str | None = None
    caused_by: tuple[str, ...] = ()
    waiver: Waiver | None = None
    case: str | None = None
    symptom: str = ""
    fix: str = ""
    rollback: str = ""
    verify: str = ""

    @property
    def waived(self) -> bool:
        return self.verdict is Verdict.FAIL and self.waiver is not None

    @property
    def is_root(self) -> bool:
        """Is this a fail, unknown or error that nothing else explains?"""
        return self.verdict in (Verdict.FAIL, Verdict.UNKNOWN, Verdict.ERROR) and not self.caused_by

    @property
    def is_advisory(self) -> bool:
        return self.verdict is Verdict.FAIL and not self.severity.blocks


class Counts(Frozen, frozen=True, kw_only=True):
    """Findings by verdict; `roots` are fails and unknowns that nothing else explains; `not_run` counts controls."""

    passed: int = field(default=0, name="pass")
    fail: int = 0
    unknown: int = 0
    na: int = field(default=0, name="n/a")
    error: int = 0
    waived: int = 0
    roots: int = 0
    not_run: int = 0


class Reads(Frozen, frozen=True, kw_only=True):
    """What was sent: questions sent, answered, failed; `writes` is counted at the wire and must be 0."""

    sent: int = 0
    answered: int = 0
    failed: int = 0
    writes: int = 0


class NotRun(Frozen, frozen=True, kw_only=True):
    """A control that was selected out or not reached."""

    control: str
    reason: str


class LookedAt(Frozen, frozen=True, kw_only=True):
    """Who was asked about what, in few words. Kept with the findings, so that a report can be made from them again.

    `sip_domains`: None where the list could not be read. `endpoints`: (name, where). `places`: hosts or resolvers of each of
    `onprem`, `dns`, `tenant`, `autodiscover`.
    """

    sip_domains: tuple[str, ...] | None = None
    tenant: str = ""
    accounts: tuple[str, ...] = ()
    endpoints: tuple[tuple[str, str], ...] = ()
    places: dict[str, tuple[str, ...]] = {}


class Run(Frozen, frozen=True, kw_only=True):
    """One judged audit: what every writer in `tell/` is given."""

    id: str
    started: str
    ended: str
    judged: str
    tool: str
    target: Target
    phase: str
    cloud: str
    baseline: Baseline
    snapshot: Snapshot
    headline: Headline
    qualifiers: tuple[str, ...] = ()
    exit_code: int = 0
    counts: Counts = field(default_factory=Counts)
    reads: Reads = field(default_factory=Reads)
    findings: Sequence[Finding] = ()
    not_run: tuple[NotRun, ...] = ()
    unused_waivers: tuple[Waiver, ...] = ()
    expired_waivers: tuple[Waiver, ...] = ()
    looked_at: LookedAt | None = None
    """Drawn from the snapshot where it is None."""


class Unseen(Exception):
    """What a check wanted to look at could not be seen. Becomes `unknown`, never `fail` (and no AttributeError)."""

    def __init__(
        self, text: str, *, question: str = "", cause: Cause | None = None, caused_by: tuple[str, ...] = ()
    ) -> None:
        super().__init__(text)
        self.question = question
        self.caused_by = caused_by
        self.cause = cause or Cause(kind="absent", text=text)
