"""YAML -> Baseline, Target, Waivers. Every mistake is one line: file, line, what is wrong, what mends it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from fedready.index import BASELINE
from fedready.model import CLOUDS, Baseline, CloudNames, Control, Frozen, Section, Waiver
from fedready.target import load_target, refuse_secrets
from fedready.words import (
    PLACEHOLDERS,
    Expectation,
    WrongExpectation,
    check_expected,
    expectation,
    fill,
    placeholders,
    quoted_placeholder,
)
from fedready.yamlmarks import Marked, Mistake, load_marked, nearest, shown

__all__ = [
    "DEFAULT_BASELINE", "Expectation", "Marked", "Mistake", "expectation", "fill", "load_baseline", "load_marked",
    "load_target", "load_waivers", "read_baseline",
]  # fmt: skip

DEFAULT_BASELINE = BASELINE
"""The documents as data, as they come with this version."""
READY_MADE = Path(__file__).resolve().parent / "baseline.json"
"""The same, read and found free of mistakes when `make docs` was run: reading YAML is a thirtieth of a small audit's work."""

_CONTROL_ID = re.compile(r"[A-Z]{2,5}-\d{2}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_COMMANDS = ("fix", "rollback", "verify")


class _BaselineFile(Frozen, frozen=True, kw_only=True):
    """baseline.yaml: the version, the clouds' names, and the section files in the order of the article."""

    version: str
    title: str
    clouds: dict[str, CloudNames]
    sections: tuple[str, ...]


class _ReadyMade(Frozen, frozen=True, kw_only=True):
    """baseline.json: what `read_baseline` made of the files that have this digest."""

    files: str
    baseline: Baseline


def load_baseline(path: str | Path = DEFAULT_BASELINE) -> Baseline:
    """A baseline: ready made where it comes with this version and its files are as they were, read otherwise.

    Raises:
        Mistake: see `read_baseline`.
    """
    if path == DEFAULT_BASELINE:
        with suppress(OSError, msgspec.DecodeError):  # then it is read, which says the same or what is wrong
            made = msgspec.json.decode(READY_MADE.read_bytes(), type=_ReadyMade)
            if made.files == _digest_of_files(DEFAULT_BASELINE):
                return made.baseline
    return read_baseline(path)


def ready_made() -> str:
    """What baseline.json has to hold."""
    made = _ReadyMade(files=_digest_of_files(DEFAULT_BASELINE), baseline=read_baseline(DEFAULT_BASELINE))
    return msgspec.json.format(msgspec.json.encode(made), indent=1).decode() + "\n"


def _digest_of_files(folder: Path) -> str:
    """Over every byte of a baseline's files, but not over how lines end: git may have changed that."""
    seen = hashlib.sha256()
    for file in sorted(folder.glob("*.yaml")):
        content = file.read_bytes().replace(b"\r\n", b"\n")
        seen.update(f"{file.name} {len(content)}\n".encode() + content)
    return "sha256:" + seen.hexdigest()


def read_baseline(path: str | Path = DEFAULT_BASELINE) -> Baseline:
    """Read a baseline: its folder, or the `baseline.yaml` in it.

    `Control.section` becomes the id of its section and `Control.area` the letters of its own id, unless
    the row says otherwise. `digest` is over the data of all files, not over their spelling.

    Raises:
        Mistake: anything that a person has to mend.
    """
    file = Path(path)
    file = file / "baseline.yaml" if file.is_dir() else file
    marked = load_marked(file)
    head = marked.as_struct(_BaselineFile)
    for cloud in head.clouds:
        if cloud not in CLOUDS:
            raise marked.mistake(f"{cloud} is no cloud", f"Write one of {', '.join(CLOUDS)}.", "clouds", cloud)
    if missing := [cloud for cloud in CLOUDS if cloud not in head.clouds]:
        raise marked.mistake(f"the cloud {missing[0]} is missing", f"Add {missing[0]}: with its names.", "clouds")

    sections: list[Section] = []
    datas: list[Any] = []
    first_seen: dict[str, str] = {}
    for index, name in enumerate(head.sections):
        if name != Path(name).name or not name.endswith(".yaml"):
            mend = "Give the name of a .yaml file in the same folder."
            raise marked.mistake(f"{shown(name)} is no file of this folder", mend, "sections", index)
        part = load_marked(file.parent / name)
        sections.append(_section(part, part.as_struct(Section, hidden=()), head.clouds, first_seen))
        datas.append(part.data)
    _known_follows(file.parent, head.sections, sections, set(first_seen))
    return Baseline(
        version=head.version,
        title=head.title,
        clouds=head.clouds,
        sections=tuple(sections),
        digest=_digest({"baseline": marked.data, "sections": datas}),
    )


def _digest(data: Any) -> str:
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()


def _section(part: Marked, section: Section, clouds: dict[str, CloudNames], first_seen: dict[str, str]) -> Section:
    controls = []
    for index, control in enumerate(section.controls):
        at = ("controls", index)
        if not _CONTROL_ID.fullmatch(control.id):
            mend = "Write capitals, a hyphen and two digits, like HOST-04."
            raise part.mistake(f"{shown(control.id)} is no id of a control", mend, *at, "id")
        here = f"{part.path.name}:{part.line_of(*at, 'id')}"
        if first := first_seen.get(control.id):
            what = f"the control {control.id} stands here for the second time (first in {first})"
            raise part.mistake(what, "Ids are never used twice: take the next free one.", *at, "id")
        first_seen[control.id] = here
        for name in ("title", "why", "symptom", "fix", "verify", "source"):
            if not getattr(control, name).strip():
                raise part.mistake(f"{name} of {control.id} is empty", "Write it: every control has one.", *at, name)
        for path, text in _texts(control):
            _check_text(part, text, at + path)
        try:
            check_expected(control.expected, clouds)
        except WrongExpectation as wrong:
            what = f"expected of {control.id}: {wrong.what}"
            raise part.mistake(what, wrong.mend, *at, "expected", *wrong.path) from None
        area = control.area or control.id.partition("-")[0]
        controls.append(msgspec.structs.replace(control, section=control.section or section.id, area=area))
    return msgspec.structs.replace(section, controls=tuple(controls))


def _texts(control: Control) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text of a row that may hold placeholders, with its path."""
    yield from _texts_in(msgspec.to_builtins(control), ())


def _texts_in(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts_in(inner, (*path, key))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _texts_in(inner, (*path, index))


def _check_text(part: Marked, text: str, path: tuple[str | int, ...]) -> None:
    for name in placeholders(text):
        if name not in PLACEHOLDERS:
            mend = f"Write one of {', '.join(sorted(PLACEHOLDERS))}." + nearest(name, PLACEHOLDERS)
            raise part.mistake(f"the placeholder {name} is not known", mend, *path)
    if path[-1] in _COMMANDS and quoted_placeholder(text):
        mend = "Take the quotes away: the value brings its own."
        raise part.mistake("a placeholder stands in quotes", mend, *path)


def _known_follows(folder: Path, files: tuple[str, ...], sections: list[Section], known: set[str]) -> None:
    for name, section in zip(files, sections, strict=True):
        for index, control in enumerate(section.controls):
            for place, other in enumerate(control.follows):
                if other not in known or other == control.id:
                    part = load_marked(folder / name)  # read again only to point at the line
                    fault = "itself" if other == control.id else "no control"
                    what = f"{control.id} follows {other}, which is {fault}"
                    raise part.mistake(what, "Name another control." + nearest(other, known), "controls", index,
                                       "follows", place)  # fmt: skip


def load_waivers(path: str | Path, baseline: Baseline) -> tuple[Waiver, ...]:
    """Read a waivers file: a list. Each waiver keeps the file and line it stands on. An empty file waives nothing.

    Raises:
        Mistake: anything that a person has to mend; also a control that the baseline does not have.
    """
    marked = load_marked(path)
    if marked.data is None:
        return ()
    if not isinstance(marked.data, list):
        raise marked.mistake("this is no list of waivers", "Begin each waiver with `- control: NAME`.")
    refuse_secrets(marked)
    waivers: list[Waiver] = []
    seen: dict[tuple[str, str], int] = {}
    for index in range(len(marked.data)):
        waiver = _waiver(marked.under(index), baseline)
        key = (waiver.control, waiver.subject.casefold())
        if key in seen:
            what = f"{waiver.control} is waived for {waiver.subject} twice (first on line {seen[key]})"
            raise marked.mistake(what, "Keep one of the two.", index)
        seen[key] = waiver.line
        waivers.append(waiver)
    return tuple(waivers)


def _waiver(marked: Marked, baseline: Baseline) -> Waiver:
    waiver = marked.as_struct(Waiver, hidden=("file", "line"))
    for name in ("control", "subject", "reason", "owner", "expires"):
        if not getattr(waiver, name).strip():
            raise marked.mistake(f"{name} is empty", f"Write the {name}: a waiver without one is not accepted.", name)
    if waiver.control not in baseline.controls:
        mend = "Write the id of a control (`fedready controls` lists them)."
        mend += nearest(waiver.control, baseline.controls)
        raise marked.mistake(f"{shown(waiver.control)} is no control of the baseline", mend, "control")
    try:
        day = dt.date.fromisoformat(waiver.expires) if _DAY.fullmatch(waiver.expires) else None
    except ValueError:
        day = None
    if day is None:
        raise marked.mistake(f"expires is {shown(waiver.expires)}", "Write a date, like 2027-01-31.", "expires")
    return msgspec.structs.replace(waiver, file=str(marked.path), line=marked.line_of())
