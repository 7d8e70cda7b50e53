"""findings.json: the run as other programs read it. The layout is declared once; the published schema is made from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from fedready.ledger import Ledger
from fedready.model import (
    Cause,
    Control,
    Counts,
    Finding,
    Frozen,
    Headline,
    Json,
    LookedAt,
    NotRun,
    Reading,
    Reads,
    Run,
    Section,
    Severity,
    Snapshot,
    Target,
    Verdict,
    Waiver,
)
from fedready.shelf import facts
from fedready.tell import asked
from fedready.tell.asked import AskedPart
from fedready.tell.groups import folded
from fedready.tell.provenance import Provenance, provenance
from fedready.tell.scene import looked_at
from fedready.tell.shown import generic, storable


class RunPart(Frozen, frozen=True, kw_only=True):
    """When and by what: the only place with times of the run."""

    id: str
    started: str
    ended: str
    judged: str
    tool: str


class BaselinePart(Frozen, frozen=True, kw_only=True):
    """Which documents were judged against."""

    version: str
    digest: str
    title: str = ""


class ControlPart(Frozen, frozen=True, kw_only=True):
    """What a control says, whatever was found."""

    title: str
    section: str
    scope: Literal["article", "suite", "extension"]
    source: str
    certainty: Literal["verified", "third-party", "inferred", "recalled"]
    why: str
    symptom: str
    severity: Severity
    owner: Literal["on-premises", "tenant", "dns", "network", "auditor"]
    asks: str = ""


class SectionPart(Frozen, frozen=True, kw_only=True):
    """A heading of the article, with the ids of the controls that stand under it."""

    id: str
    title: str
    article: str
    controls: tuple[str, ...]


class FindingPart(Frozen, frozen=True, kw_only=True):
    """One control on one subject."""

    control: str
    subject: str
    verdict: Verdict
    severity: Severity
    expected: Json
    observed: Json
    readings: tuple[Reading, ...]
    message: str
    note: str | None
    caused_by: tuple[str, ...]
    waiver: Waiver | None
    fix: str
    rollback: str
    verify: str
    cause: Cause | None = None
    case: str | None = None
    evidence: tuple[Provenance, ...] | UnsetType = UNSET
    """The answers behind it that came from a file; left out where all were asked in this run."""
    symptom: str | UnsetType = UNSET
    """Only where the finding's symptom is not the control's."""
    unanswered: str | UnsetType = UNSET
    """The question whose missing answer made it unknown."""


class Findings(Frozen, frozen=True, kw_only=True):
    """The whole of findings.json."""

    schema_version: Literal[1] = 1
    run: RunPart
    target: str
    phase: Literal["pre-hybrid", "hybrid", "pre-migration", "migrated", "hybrid-disabled"]
    cloud: Literal["worldwide", "gcc-high", "dod", "china"]
    baseline: BaselinePart
    evidence_digest: str
    headline: Headline
    qualifiers: tuple[str, ...]
    exit_code: int
    counts: Counts
    reads: Reads
    controls: dict[str, ControlPart]
    findings: tuple[FindingPart, ...]
    not_run: tuple[NotRun, ...]
    unused_waivers: tuple[Waiver, ...] = ()
    expired_waivers: tuple[Waiver, ...] = ()
    sections: tuple[SectionPart, ...] = ()
    looked_at: LookedAt = LookedAt()
    target_file: Target | None = None
    notes: tuple[str, ...] = ()
    asked: dict[str, AskedPart] = {}
    """Those questions that the report lists; snapshot.json has all of them, with their answers."""


def findings_json(run: Run) -> bytes:
    """The run as canonical JSON, whole."""
    return "".join(findings_text(run)).encode("utf-8")


def findings_text(run: Run) -> Iterator[str]:
    """The run as canonical JSON in pieces: keys in the documented order, one finding a line, a line feed at the end."""
    controls = run.baseline.controls
    head = {
        "schema_version": 1,
        "run": {"id": run.id, "started": run.started, "ended": run.ended, "judged": run.judged, "tool": run.tool},
        "target": run.target.name,
        "phase": run.phase,
        "cloud": run.cloud,
        "baseline": {"version": run.baseline.version, "digest": run.baseline.digest, "title": run.baseline.title},
        "evidence_digest": run.snapshot.digest,
        "headline": run.headline,
        "qualifiers": run.qualifiers,
        "exit_code": run.exit_code,
        "counts": run.counts,
        "reads": run.reads,
    }
    yield "{"
    for number, (key, value) in enumerate(head.items()):
        yield f"{',' if number else ''}\n {_text(key)}: {_text(value)}"
    pages = Ledger.of(run.findings).pages
    spoken_of = pages.keys() | {n.control for n in run.not_run}
    yield ',\n "controls": {'
    for number, control in enumerate(c for c in controls.values() if c.id in spoken_of):
        yield f"{',' if number else ''}\n  {_text(control.id)}: {_text(control_part(control))}"
    yield '\n },\n "findings": ['
    # Where an answer comes from a file, a finding says when that was asked: each its own.
    from_files = any(one.via != "live" for one in facts(run.snapshot.entries))
    comma = ""
    for page in pages.values():
        render = partial(_line, controls.get(page.control), run.snapshot if from_files else None)
        for line in page.told(render, one_by_one=from_files):
            yield comma + line
            comma = ","
    yield "\n ]"
    for key, value in (
        ("not_run", run.not_run),
        ("unused_waivers", run.unused_waivers),
        ("expired_waivers", run.expired_waivers),
        ("sections", [_section_part(section, spoken_of) for section in run.baseline.sections]),
        ("looked_at", looked_at(run)),
        ("target_file", run.target),
        ("notes", run.snapshot.notes),
    ):
        yield f",\n {_text(key)}: {_text(value)}"
    yield ',\n "asked": {'
    for number, (question, part) in enumerate(asked.parts(run, asked.listed(run, folded(run))).items()):
        yield f"{',' if number else ''}\n  {_text(question)}: {_text(part)}"
    yield "\n }\n}\n"


def control_part(control: Control) -> ControlPart:
    """What findings.json says of a control."""
    said: dict[str, Any] = {name: getattr(control, name) for name in ControlPart.__struct_fields__}
    for name in ("title", "why", "symptom", "source", "asks"):
        said[name] = generic(said[name])
    return ControlPart(**said)


def _section_part(section: Section, spoken_of: set[str]) -> SectionPart:
    ids = tuple(control.id for control in section.controls if control.id in spoken_of)
    return SectionPart(id=section.id, title=section.title, article=section.article, controls=ids)


def _line(control: Control | None, snapshot: Snapshot | None, finding: Finding) -> str:
    return f"\n  {_text(_finding_part(finding, control, snapshot))}"


def _finding_part(finding: Finding, control: Control | None, snapshot: Snapshot | None) -> FindingPart:
    said = {name: getattr(finding, name) for name in FindingPart.__struct_fields__ if name != "evidence"}
    said["evidence"] = (provenance(finding, snapshot) if snapshot is not None else ()) or UNSET
    said["unanswered"] = finding.unanswered or UNSET
    if control is not None and finding.symptom in ("", control.symptom):
        said["symptom"] = UNSET
    return FindingPart(**said)


def _text(value: Any) -> str:
    try:
        return msgspec.json.encode(value).decode("utf-8")
    except UnicodeEncodeError:  # a lone surrogate, which no UTF-8 can hold
        return msgspec.json.encode(storable(msgspec.to_builtins(value))).decode("utf-8")


def schemas() -> dict[str, dict[str, Any]]:
    """The published schemas by file name, derived from the declarations that write and read the files."""
    published = {}
    for name, noun, title in (
        ("findings.schema.json", Findings, "findings.json of a fedready run"),
        ("snapshot.schema.json", Snapshot, "snapshot.json of a fedready run"),
    ):
        schema = msgspec.json.schema(noun)
        published[name] = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **schema}
    return published


def schema_text(schema: dict[str, Any]) -> str:
    """A schema as the file in docs/schema holds it."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
