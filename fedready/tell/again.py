"""A run read back from its files, so that its reports can be written again: byte for byte the same."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import UNSET

from fedready import snapshot as sealing
from fedready.model import Baseline, Control, Finding, Run, RunFacts, Section, Snapshot
from fedready.tell.findings import FindingPart, Findings, SectionPart
from fedready.tell.folder import latest
from fedready.yamlmarks import Mistake

FINDINGS, SNAPSHOT = "findings.json", "snapshot.json"
_WHERE = "Give the folder of a run, like reports/latest, or its findings.json."


def run_folder(named: Path) -> Path:
    """The folder that somebody means by a run: the folder itself, its findings.json, or `reports/latest`.

    Raises:
        Mistake: there is no findings.json.
    """
    folder = latest(named)
    if folder.name == FINDINGS and folder.is_file():
        folder = folder.parent
    if not (folder / FINDINGS).is_file():
        raise Mistake(named, 0, f"holds no {FINDINGS}", _WHERE)
    return folder


def run_of(folder: Path) -> Run:
    """The run whose files are in this folder. Without snapshot.json it lacks the raw answers and nothing else.

    Raises:
        Mistake: a file is damaged, too old, or from another run than the other.
    """
    path = folder / FINDINGS
    file = _findings(path)
    target = file.target_file
    if target is None or (file.controls and not file.sections):
        mend = f"Judge its evidence again: python -m pytest --snapshot {folder / SNAPSHOT} --report-dir DIR"
        raise Mistake(path, 0, "was written by a version that kept too little to make reports from it", f"{mend}.")
    facts = RunFacts(id=file.run.id, started=file.run.started, ended=file.run.ended)
    snapshot = Snapshot(
        tool=file.run.tool,
        run=facts,
        target=target,
        entries={question: part.entry for question, part in file.asked.items()},
        notes=file.notes,
        digest=file.evidence_digest,
    )
    beside = folder / SNAPSHOT
    if beside.exists():
        snapshot = sealing.read(beside)
        if snapshot.digest != file.evidence_digest:
            raise Mistake(
                beside, 0, f"is not the evidence that {path} was judged from",
                "Put the snapshot.json of the same run beside it, or take this one away.",
            )  # fmt: skip
    baseline = _baseline(path, file)
    controls = baseline.controls
    return Run(
        id=file.run.id,
        started=file.run.started,
        ended=file.run.ended,
        judged=file.run.judged,
        tool=file.run.tool,
        target=target,
        phase=file.phase,
        cloud=file.cloud,
        baseline=baseline,
        snapshot=snapshot,
        headline=file.headline,
        qualifiers=file.qualifiers,
        exit_code=file.exit_code,
        counts=file.counts,
        reads=file.reads,
        findings=tuple(_finding(part, controls[part.control]) for part in file.findings),
        not_run=file.not_run,
        unused_waivers=file.unused_waivers,
        expired_waivers=file.expired_waivers,
        looked_at=file.looked_at,
    )


def _findings(path: Path) -> Findings:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Findings)
    except OSError as wrong:
        raise Mistake(path, 0, f"cannot be read: {wrong.strerror}", _WHERE) from None
    except (ValueError, RecursionError) as wrong:  # msgspec's errors are ValueErrors
        raise Mistake(path, 1, f"is not a run's findings: {wrong}", _WHERE) from None


def _baseline(path: Path, file: Findings) -> Baseline:
    listed = {control for section in file.sections for control in section.controls}
    spoken_of = {f.control for f in file.findings} | {n.control for n in file.not_run}
    if missing := sorted((listed | spoken_of) - file.controls.keys() or spoken_of - listed):
        raise Mistake(path, 1, f"says nothing of the control {missing[0]}", "Take the file as its run wrote it.")
    return Baseline(
        version=file.baseline.version,
        title=file.baseline.title,
        clouds={},
        sections=tuple(_section(part, file) for part in file.sections),
        digest=file.baseline.digest,
    )


def _section(part: SectionPart, file: Findings) -> Section:
    controls = tuple(
        Control(id=id_, **msgspec.structs.asdict(file.controls[id_]), fix="", verify="") for id_ in part.controls
    )
    return Section(id=part.id, title=part.title, article=part.article, controls=controls)


def _finding(part: FindingPart, control: Control) -> Finding:
    said = msgspec.structs.asdict(part)
    del said["evidence"]  # it is in the snapshot
    said["symptom"] = control.symptom if part.symptom is UNSET else part.symptom
    said["unanswered"] = None if part.unanswered is UNSET else part.unanswered
    return Finding(**said)
