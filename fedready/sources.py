"""Evidence from files: exported folders and older snapshots in place of the live deployment, and how old it may be."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from fedready import snapshot as sealing
from fedready.ask.rooms import Recorded, endpoint_for
from fedready.model import NOT_THERE, Cause, Endpoint, Endpoints, Evidence, EvidenceSource, Snapshot, Target
from fedready.questions import Question
from fedready.reduce import Salt
from fedready.target import load_target

if TYPE_CHECKING:  # a live audit has no folder to read
    from fedready.ask.exports import Export

SESSION_CONTROLS = {"tenant": "SESS-01", "onprem": "SESS-05"}
"""The control that stands for a side's session (DESIGN ruling 11)."""
MOST_NOTES = 200


class Older:
    """The answers of an older snapshot."""

    def __init__(self, snapshot: Snapshot, name: str) -> None:
        self._snapshot, self._name = snapshot, name

    def answer(self, question: Question) -> Evidence:
        evidence = self._snapshot.entries.get(question.text)
        if evidence is None:
            text = f"{NOT_THERE}: the snapshot {self._name} holds no answer to {question.text}"
            return Evidence(state="failed", cause=Cause(kind="absent", text=text), via="snapshot")
        return replace(evidence, via="snapshot")


class Sources:
    """Everything that `evidence:` of a target names, opened: key -> what answers."""

    def __init__(self, answers: Mapping[str, Recorded]) -> None:
        self.answers = answers

    def noted(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot, once everything was asked, with the files that no question wanted."""
        if not self.answers:
            return snapshot
        from fedready.ask.exports import Export

        exports = {id(source): source for source in self.answers.values() if isinstance(source, Export)}
        notes = [f"ignored: {line}" for export in exports.values() for line in export.ignored()]
        if len(notes) > MOST_NOTES:
            notes[MOST_NOTES:] = [f"ignored: {len(notes) - MOST_NOTES} more files that no question wanted"]
        return replace(snapshot, notes=(*snapshot.notes, *notes)) if notes else snapshot


def open_sources(target: Target) -> Sources:
    """Open every folder and snapshot that the target names, each once.

    Raises:
        Mistake: one is not there, damaged, or has a broken manifest.
    """
    salt = Salt()
    opened: dict[EvidenceSource, Recorded] = {}
    for source in dict.fromkeys(target.evidence.values()):
        if source.export is not None:
            from fedready.ask.exports import Export

            opened[source] = Export(Path(source.export), salt)
        elif source.snapshot is not None:
            opened[source] = Older(sealing.read(Path(source.snapshot)), Path(source.snapshot).name)
    return Sources({key: opened[source] for key, source in target.evidence.items()})


# --------------------------------------------------------------------------- a folder as a target


def export_target(folder: Path) -> Target:
    """The target that an exported folder is: its `target.yaml`, or what can be told from the folder.

    Every PowerShell side comes from the folder; DNS, HTTPS and TLS too, unless this machine may look itself (`from_here`).

    Raises:
        Mistake: no such folder, a broken manifest, or a mistake in its target.yaml.
    """
    from fedready.ask.exports import Export

    export = Export(folder)
    file = export.target_file
    target = load_target(file) if file is not None else _told_by(export)
    here = EvidenceSource(export=folder.as_posix())
    views = [f"dns@{point}" for point in target.vantage_points]
    held = {f"dns@{name.removeprefix('dns-')}" for name in export.folders if name.startswith("dns-")}
    sides = [
        *target.sides,
        *(view for view in views if view in held or "dns" not in target.from_here),
        *(view for view in ("https", "tls") if view not in target.from_here),
    ]
    evidence = {side: here for side in sides if not (side.startswith("dns@") and "dns" in target.evidence)}
    return replace(target, evidence={**evidence, **target.evidence})


def _told_by(export: Export) -> Target:
    """Name, Edges and resolvers by the names of the folders; the rest is assumed, and the report says so."""
    name = re.sub(r"[^a-z0-9]+", "-", export.folder.resolve().name.lower()).strip("-")[:63] or "export"
    edges = [found.removeprefix("edge-") for found in export.folders if found.startswith("edge-")]
    views = [found.removeprefix("dns-") for found in export.folders if found.startswith("dns-")]
    return Target(
        name=name,
        endpoints=Endpoints(edges={edge: Endpoint(kind="winrm", url=f"https://{edge}/") for edge in edges}),
        resolvers={view: "" for view in views if views != ["system"]},
        assumed=(f"name {name}", "SIP domains from Get-CsSipDomain"),
    )


def views_of(target: Target) -> frozenset[str]:
    """`dns`, `https`, `tls`: what can be judged, because this machine sees it or because a file says it."""
    from_files = {re.split("[@:]", key)[0] for key in target.evidence if not key.startswith(("GET ", "TLS "))}
    from_files |= {"https" for key in target.evidence if key.startswith("GET ")}
    from_files |= {"tls" for key in target.evidence if key.startswith("TLS ")}
    return frozenset({"dns", "https", "tls"} & (from_files | set(target.from_here)))


def about_a_session(control: str, target: Target) -> str | None:
    """Why a control about sessions has nothing to say: the answers come from an export, and no session was opened."""
    exported = [side for side in target.sides if (source := target.evidence.get(side)) is not None and source.export]
    live = [side for side in target.sides if side not in target.evidence and endpoint_for(target, side) is not None]
    if control == "SESS-06" and exported and not live:
        return "no session was opened and nothing was sent; every answer comes from an exported folder"
    side = {id_: side for side, id_ in SESSION_CONTROLS.items()}.get(control)
    return f"no session was opened; {side} was answered from an exported folder" if side in exported else None


# --------------------------------------------------------------------------- how old it may be


class Aged(Mapping[str, Evidence]):
    """Entries with every answer that is older than `hours` at the judging time taken back, when it is looked at."""

    def __init__(self, entries: Mapping[str, Evidence], hours: int, judged: dt.datetime) -> None:
        self._entries, self._hours, self._judged = entries, hours, judged

    def __getitem__(self, text: str) -> Evidence:
        return _aged(self._entries[text], self._hours, self._judged)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def _aged(evidence: Evidence, hours: int, judged: dt.datetime) -> Evidence:
    if evidence.state != "answered":
        return evidence
    try:
        asked = dt.datetime.fromisoformat(evidence.asked)
        age = judged - (asked if asked.tzinfo else asked.replace(tzinfo=dt.UTC))
        if age <= dt.timedelta(hours=hours):
            return evidence
        why = f"it was asked {evidence.asked}, {in_words(age)} before judging; at most {hours} h are allowed"
    except ValueError:
        why = f"when it was asked is not known; at most {hours} h are allowed"
    return replace(
        evidence, state="failed", value=None, cause=Cause(kind="too_old", text=f"the answer is too old: {why}")
    )


def in_words(age: dt.timedelta) -> str:
    """`45 min`, `30 h`, `12 days`."""
    minutes = int(age.total_seconds()) // 60
    if minutes < 120:
        return f"{max(minutes, 0)} min"
    return f"{minutes // 60} h" if minutes < 4 * 24 * 60 else f"{minutes // (24 * 60)} days"
