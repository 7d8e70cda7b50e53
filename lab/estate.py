"""An estate, read, merged and checked: what the lab is built from. `lab/schema.py` says how the file is written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from fedready.model import Target
from fedready.yamlmarks import Mistake, nearest
from lab.autodiscover import Page
from lab.dns import BadZone, read_zones
from lab.faults import BadFault, Faults
from lab.layers import FOLDER, Where, merged
from lab.schema import Answer, Change, EstateFile, FaultRow, PageRow, Side, TlsRow

EVERYWHERE = "everywhere"
_QUESTION = re.compile(r"[A-Z][A-Za-z]*-[A-Za-z]+(?: .+)?")
_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


@dataclass(frozen=True)
class Estate:
    """An estate, merged and checked."""

    name: str
    path: Path
    shape: str
    target: dict[str, Any]
    waivers: list[dict[str, Any]]
    sides: dict[str, Side]
    dns: dict[str, dict[str, str]]
    https: dict[str, Page]
    tls: dict[str, TlsRow]
    faults: tuple[FaultRow, ...]
    where: Where

    @property
    def listeners(self) -> tuple[str, ...]:
        """The names that `at` of a fault may begin with."""
        return (*self.sides, *(f"dns@{name}" for name in self.dns))

    def arm(self, faults: Faults) -> None:
        """Put the estate's own faults in force.

        Raises:
            Mistake: a fault that cannot be.
        """
        for number, row in enumerate(self.faults):
            more = {key: value for key, value in msgspec.structs.asdict(row).items() if value is not None}
            for key in ("at", "do", "nth", "seconds"):
                more.pop(key, None)
            try:
                seconds = 5.0 if row.seconds is None else float(row.seconds)
                faults.add(row.at, row.do, nth=row.nth, seconds=seconds, **more)
            except BadFault as wrong:
                what, _, mend = str(wrong).partition(". ")
                raise self.where.mistake(what, mend, "faults", number) from None
            except ValueError:
                raise self.where.mistake(
                    "seconds is no number", "Write seconds, such as 2 or 0.5.", "faults", number
                ) from None


def load_estate(path: str | Path) -> Estate:
    """Read an estate file and everything it extends.

    Args:
        path: a file, or the bare name of an estate of `fixtures/estates`.

    Raises:
        Mistake: the file or one of its values is not right; names file, line and remedy.
    """
    file = Path(path)
    if not file.suffix and not file.exists():
        file = FOLDER / f"{file.name}.yaml"
        if not file.exists():
            known = ", ".join(sorted(p.stem for p in FOLDER.glob("*.yaml")))
            raise Mistake(path, 0, "there is no such estate", f"Give a file, or one of: {known}.")
    data, lines = merged(file)
    where = Where(lines, file)
    read = msgspec.convert(data, EstateFile, strict=True)
    target = {"name": file.stem, **(read.target or {})}
    sides = {"onprem": _side("onprem", read.onprem, where), "tenant": _side("tenant", read.tenant, where)}
    for name, questions in (read.edges or {}).items():
        sides[name] = _side(name, questions, where, "edges")
    changed = _changed(sides, read.set or {}, where)
    pages = {url: _page(url, row, where) for url, row in (read.https or {}).items() if row is not None}
    tls = {place: row for place, row in (read.tls or {}).items() if row is not None}
    for place in tls:
        if not re.fullmatch(r"[A-Za-z0-9._-]+:\d{1,5}", place):
            raise where.mistake(f"{place} is no host:port", "Write it as in sip.contoso.com:5061.", "tls", place)
    _check_target(target, where)
    estate = Estate(
        file.stem, file, read.shape or "string", target, [dict(row) for row in read.waivers or ()], changed,
        _zones(read.dns or {}, target, where), pages, tls, read.faults or (), where,
    )  # fmt: skip
    estate.arm(Faults(estate.listeners))
    return estate


def _check_target(target: dict[str, Any], where: Where) -> None:
    """A target without addresses must be a right target but for them."""
    fields = {field.encode_name for field in msgspec.structs.fields(Target)}
    for key in target:
        if key in ("resolvers", "ca_file", "connect_to"):
            raise where.mistake(f"{key} is filled in by the lab", f"Remove {key}.", "target", key)
        if key not in fields:
            mend = f"Remove it or correct its name.{nearest(key, fields)}"
            raise where.mistake(f"the key {key} is not known in a target", mend, "target", key)
    addressed = {key: value for key, value in target.items() if key != "endpoints"}
    for key, value in addressed.items():
        try:
            msgspec.convert({"name": target["name"], key: value}, Target, strict=True)
        except msgspec.ValidationError as wrong:
            raise where.mistake(f"target: {wrong}", "Write it as in a target file.", "target", key) from None


def split_question(text: str) -> tuple[str, list[str]]:
    """The command of a question text and the names of its parameters."""
    command, _, rest = text.partition(" ")
    return command, re.findall(r"(?:^| )-([A-Z][A-Za-z]+)(?= |$)", rest)


def _side(name: str, questions: Mapping[str, Answer | None] | None, where: Where, *above: str) -> dict[str, Answer]:
    side: dict[str, Answer] = {}
    for text, answer in (questions or {}).items():
        bare = text.removeprefix(f"{name}: ")
        if not _QUESTION.fullmatch(bare):
            mend = "Write a cmdlet with its parameters, as in `Get-CsOnlineSipDomain -DomainStatus All`."
            raise where.mistake(f"{text} is no question for {name}", mend, *above, name, text)
        if answer is not None:
            side[bare] = answer
    return side


def _changed(sides: dict[str, dict[str, Answer]], changes: Mapping[str, Any], where: Where) -> dict[str, Side]:
    made: dict[str, Side] = {name: dict(side) for name, side in sides.items()}
    for question, wanted in changes.items():
        name, _, text = question.partition(": ")
        answer = sides.get(name, {}).get(text)
        if answer is None or answer.rows is None:
            raise where.mistake(
                f"there are no rows of {question} to change", "Name a question that has rows.", "set", question
            )
        rows = [msgspec.to_builtins(row) for row in answer.rows]
        for change in (wanted,) if isinstance(wanted, Change) else wanted:
            if not _apply(rows, change):
                raise where.mistake(
                    f"{question} has no {change.path}",
                    "Write [row].Property, or Property of the only row.",
                    "set",
                    question,
                )
        made[name] = {**made[name], text: msgspec.structs.replace(answer, rows=tuple(rows))}
    return made


def _apply(rows: list[Any], change: Change) -> bool:
    """Change one value; `[n]` alone is a whole row. False where the path leads nowhere."""
    steps = [int(index) if index else name for index, name in _STEP.findall(change.path)]
    if steps and isinstance(steps[0], str):
        if len(rows) != 1:
            return False
        steps.insert(0, 0)
    holder: Any = rows
    try:
        for step in steps[:-1]:
            holder = holder[step]
        if change.delete:
            del holder[steps[-1]]
        elif isinstance(holder, list) and steps[-1] == len(holder):
            holder.append(change.value)
        else:
            holder[steps[-1]] = change.value
    except (LookupError, TypeError):
        return False
    return True


def _page(url: str, row: PageRow, where: Where) -> Page:
    if not re.fullmatch(r"https?://[A-Za-z0-9._:-]+/\S*", url):
        raise where.mistake(f"{url} is no web address", "Write it whole, as in https://host/path.", "https", url)
    return Page(row.status, row.headers, row.body, row.certificate)


def _zones(dns: Mapping[str, Any], target: Mapping[str, Any], where: Where) -> dict[str, dict[str, str]]:

    read = {
        name: {".": zones} if isinstance(zones, str) else {k: v for k, v in zones.items() if v}
        for name, zones in dns.items()
        if zones
    }
    everywhere = read.pop(EVERYWHERE, {})
    views = {name: {**everywhere, **zones} for name, zones in read.items()}
    if everywhere and not views:
        raise where.mistake("zones everywhere, but no resolver", "Add a resolver such as `public: {}`.", "dns")
    for name, zones in views.items():
        try:
            read_zones(zones)
        except BadZone as wrong:
            owner = name if wrong.zone in read[name] else EVERYWHERE
            path = ("dns", owner) if wrong.zone == "." else ("dns", owner, wrong.zone)
            what = f"line {wrong.line} of the zone {wrong.zone} is no record: {wrong.what}"
            raise where.mistake(what, "Write records as in a zone file.", *path) from None
    return views
