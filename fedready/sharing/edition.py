"""The share edition: a run under other names, for those who may see its verdicts but not whose they are.

Only the evidence is renamed. Everything else is made anew from it, by the same checks and writers, so no name can hide in
a sentence that was built from one. The edition exists only if every verdict came out as before.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import random
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from fedready import snapshot as sealing
from fedready.asked import sip_domains
from fedready.audit import Audit, Options
from fedready.catalogue import DEFAULT_BASELINE, load_baseline
from fedready.compare import fqdn, host_of
from fedready.inquiry import Known
from fedready.model import Baseline, NotRun, Run, Snapshot, Unseen, Waiver
from fedready.rejudge import CHECKS, judge_all
from fedready.sharing.aliases import Aliases
from fedready.sharing.renaming import renamed, renamed_waiver
from fedready.sharing.vocabulary import TOKEN, vocabulary
from fedready.shelf import canonical
from fedready.tell.findings import Findings
from fedready.tell.folder import CannotWrite, RunFolder, latest
from fedready.tell.reports import WriterBroke, write_all
from fedready.tell.summary import SHARE_EDITION
from fedready.yamlmarks import Mistake

ONLY_DOMAINS = "partial: only the SIP domains "


@dataclass(frozen=True)
class Shared:
    """A share edition in memory. `aliases` leads back and is nobody's but the owner's."""

    run: Run
    aliases: Aliases
    names: frozenset[str]
    """The hosts and domains that were replaced, as far as the run is about them."""


def share_folder(
    folder: Path, *, out: Path | None, map_file: Path | None, baseline: Path | None, drawn: random.Random
) -> list[str]:
    """Make the edition of a run's folder and write it; returns what there is to say of it.

    Raises:
        Mistake: see `share`, `write` and `write_map`.
    """
    folder = latest(folder).resolve()  # reports/latest is a link, or a line of text
    out = out or folder.with_name(folder.name + "-shared")
    if map_file is not None and (map_file.exists() or map_file.resolve().parent in (out.resolve(), folder)):
        mend = "Give a new file outside of the folders of reports: it undoes the aliases."
        raise Mistake(map_file, 0, "cannot hold the map", mend)
    shared = share(folder, baseline=baseline, drawn=drawn)
    write(shared, out)
    said = [f"Share edition: {out}", f"{shared.run.headline.value}, as before; names are aliases."]
    if map_file is not None:
        write_map(shared, map_file)
        said.append(f"What they stand for: {map_file}. Keep it to yourself.")
    return said


def share(folder: Path, *, baseline: Path | None = None, drawn: random.Random | None = None) -> Shared:
    """Make the share edition of a run's folder.

    Args:
        folder: holds snapshot.json and findings.json.
        baseline: the baseline that it was judged against, where that is not the one that comes with fedready.
        drawn: where aliases come from; the system's randomness where it is not given.

    Raises:
        Mistake: a file is missing or damaged, or the verdicts would not be the same.
    """
    kept, findings = sealing.read(folder / "snapshot.json"), _findings(folder / "findings.json")
    documents = load_baseline(baseline or DEFAULT_BASELINE)
    _belong_together(folder, kept, findings, documents)
    data = msgspec.to_builtins(kept, enc_hook=dict)  # the shelf of its entries
    told = msgspec.to_builtins(findings)
    taken = {token.lower() for text in _texts([data, told["findings"], told["qualifiers"]]) for token in _TOKENS(text)}
    aliases = Aliases(vocabulary(documents, CHECKS), documents.clouds, taken, drawn or random.SystemRandom())
    for _ in range(2):  # a name may be met as a mere word before it is known to be one
        aliases.again()
        snapshot = renamed(data, aliases)
        waivers = [
            (renamed_waiver(waiver, aliases), at and (at[0], aliases.text(at[1]))) for waiver, at in _waivers(findings)
        ]
    run = _judged(snapshot, findings, documents, waivers, aliases)
    _same_verdicts(folder, findings, run, aliases)
    return Shared(run, aliases, frozenset(name for name in _own_names(kept, documents) if aliases.text(name) != name))


def write(shared: Shared, out: Path) -> None:
    """Write the edition into a new folder, whole or not at all.

    Raises:
        Mistake: the folder is there already or cannot be written, or a name is left in a file.
    """
    if out.exists():
        raise Mistake(out, 0, "is there already", "Give another folder with --out DIR.")
    work = out.with_name(out.name + ".partial")
    try:
        work.mkdir(parents=True, mode=0o700)
        with RunFolder(work, None) as folder:
            folder.write("snapshot.json", sealing.to_text(shared.run.snapshot))
            write_all(shared.run, folder)
        _nothing_left(shared, work, out)
        work.rename(out)
    except (OSError, CannotWrite, WriterBroke) as wrong:
        reason = getattr(wrong.__cause__ or wrong, "strerror", None) or wrong
        raise Mistake(
            out, 0, f"cannot be written: {reason}", "Make room, or give another folder with --out DIR."
        ) from None
    finally:
        shutil.rmtree(work, ignore_errors=True)


def write_map(shared: Shared, file: Path) -> None:
    """Write what each alias stands for, readable by its owner only.

    Raises:
        Mistake: the file is there already, or cannot be written.
    """
    text = json.dumps(shared.aliases.originals, ensure_ascii=True, indent=1) + "\n"
    try:
        with open(file, "x", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as stream:
            stream.write(text)
    except OSError as wrong:
        raise Mistake(file, 0, f"cannot be written: {wrong.strerror}", "Give a new file with --map FILE.") from None


# --------------------------------------------------------------------------- what was judged


def _findings(path: Path) -> Findings:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Findings)
    except OSError as wrong:
        raise Mistake(path, 0, f"cannot be read: {wrong.strerror}", "Give the folder of a run.") from None
    except (ValueError, RecursionError) as wrong:
        raise Mistake(path, 1, f"is not a run's findings: {wrong}", "Give the folder of a run.") from None


def _belong_together(folder: Path, kept: Snapshot, findings: Findings, documents: Baseline) -> None:
    again = f"Judge it again first: python -m pytest --snapshot {folder / 'snapshot.json'} --report-dir DIR"
    if findings.evidence_digest != kept.digest:
        raise Mistake(folder / "findings.json", 0, "belongs to another snapshot.json", f"{again}.")
    if findings.baseline.digest != documents.digest:
        what = f"was judged against the baseline {findings.baseline.version}, which is not this one"
        raise Mistake(folder / "findings.json", 0, what, f"Give it with --baseline FILE. {again}.")


def _waivers(findings: Findings) -> list[tuple[Waiver, tuple[str, str] | None]]:
    """Every waiver of the run once, with the finding that it was put on: those that were used come first."""
    found: dict[bytes, tuple[Waiver, tuple[str, str] | None]] = {}
    for finding in findings.findings:
        if finding.waiver is not None and finding.waiver.control == finding.control:
            found.setdefault(
                canonical(msgspec.to_builtins(finding.waiver)),
                (finding.waiver, (finding.control, finding.subject)),
            )
    for waiver in (*findings.unused_waivers, *findings.expired_waivers):
        found.setdefault(canonical(msgspec.to_builtins(waiver)), (waiver, None))
    return list(found.values())


# --------------------------------------------------------------------------- judged again


def _judged(
    snapshot: Snapshot,
    findings: Findings,
    documents: Baseline,
    waivers: Iterable[tuple[Waiver, tuple[str, str] | None]],
    aliases: Aliases,
) -> Run:
    only = next(
        (q.removeprefix(ONLY_DOMAINS).split(", ") for q in findings.qualifiers if q.startswith(ONLY_DOMAINS)), []
    )
    judged_at = dt.datetime.fromisoformat(findings.run.judged)
    options = Options(
        phase=findings.phase, cloud=findings.cloud, as_of=judged_at, sip_domains=tuple(map(aliases.text, only))
    )
    audit = Audit(options, snapshot.target, documents, (), snapshot)
    judge_all(audit, {finding.control for finding in findings.findings})
    observed = {(f.control, f.subject): f.observed for f in audit.findings}
    # What a list holds is accepted in any order of names, so the order of the new ones is taken over.
    audit.waivers = tuple(
        msgspec.structs.replace(w, accepts=observed[at]) if at in observed and w.accepts is not msgspec.UNSET else w
        for w, at in waivers
    )
    run = audit.finish(judged_at)
    return msgspec.structs.replace(
        run,
        qualifiers=(*map(aliases.text, findings.qualifiers), SHARE_EDITION),
        exit_code=findings.exit_code,
        not_run=tuple(NotRun(control=n.control, reason=aliases.text(n.reason)) for n in findings.not_run),
    )


def _same_verdicts(folder: Path, before: Findings, after: Run, aliases: Aliases) -> None:
    """Raises Mistake when anything was judged otherwise under the new names."""
    old = {(f.control, aliases.text(f.subject)): (_said(f), f.subject) for f in before.findings}
    new = {(f.control, f.subject): _said(f) for f in after.findings}
    for key in [*old, *(key for key in new if key not in old)]:
        was, subject = old.get(key, (None, key[1]))
        now = new.get(key)
        if was != now:
            what = f"under other names {key[0]} of {subject} would be {now} instead of {was}"
            mend = "Nothing was shared. Judge the snapshot again with this version and share that run."
            raise Mistake(folder / "findings.json", 0, what, mend)
    if before.headline != after.headline:
        raise Mistake(
            folder / "findings.json", 0, f"under other names it would be {after.headline}", "Nothing was shared."
        )


def _said(finding: Any) -> tuple[str, str, str | None, tuple[str, ...], bool]:
    return (
        finding.verdict.value, finding.severity.value, finding.case, tuple(sorted(finding.caused_by)),
        finding.waiver is not None,
    )  # fmt: skip


# --------------------------------------------------------------------------- nothing is left

_TOKENS: Callable[[str], list[str]] = re.compile(TOKEN).findall
_NAMES: Callable[[str], list[str]] = re.compile(rf"{TOKEN}(?:\.{TOKEN})*").findall


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _own_names(kept: Snapshot, documents: Baseline) -> Iterator[str]:
    """The SIP domains, the Edge's names and the servers that were asked."""
    with contextlib.suppress(Unseen, ValueError):  # a list that could not be read holds none
        yield from sip_domains(Known(kept.target, documents.clouds, kept.entries))
    yield from map(fqdn, kept.target.edge.names)
    yield from filter(None, (host_of(entry.source) for entry in kept.entries.values()))


def _nothing_left(shared: Shared, work: Path, out: Path) -> None:
    """Look once more: not a single replaced SIP domain, Edge or server may stand in a file.

    Raises:
        Mistake: one does.
    """
    for path in sorted(work.iterdir()):
        for name in set(_NAMES(path.read_text(encoding="utf-8").lower())):
            labels = name.split(".")
            for start in range(len(labels) - 1):
                if ".".join(labels[start:]) in shared.names:
                    what = f"{path.name} would still hold {name}"
                    raise Mistake(out, 0, what, "Nothing was shared. This is a fault of fedready: please report it.")
