"""Estate files: a deployment for the lab, read strictly.

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
  Get-CsTenant: {error: {kind: denied}}        # not_recognized | denied | terminating | nonterminating, with message, id
set:                          # change single values of rows, after everything else
  "onprem: Get-CsHostingProvider": [{path: "[0].Enabled", value: false}, {path: "[1].Name", delete: true}]
dns: {everywhere: {contoso.com: ZONE TEXT}, public: {...}}      # or a resolver with one zone text of absolute names
https: {"https://host/path": {status: 200, headers: {...}, body: TEXT or mapping, certificate: right}}
tls: {"sip.contoso.com:5061": {certificate: right, ask_client_certificate: false}}
faults: [{at: "tenant Create", do: status, status: 503, nth: 1}]
```

A value in a row: null, true, a number, a text; a list (a List of String); a mapping with `type`: a primitive
(`{type: U64, value: 443}`; `{type: DT, ago: 30}` is half an hour before it is asked, in minutes), an object (`{type: X, text: T, members: {...}}`) or a typed list (`{type: X, list: [...]}`).
`AllowedDomains` is `open` or a list of domains, `BlockedDomains` a list of domains.

`extends` merges mapping into mapping, key by key, as deep as both sides are mappings. Everything else replaces: a list is never
merged. A key whose value is null is deleted (inside a list, so in rows, null is a value like any other).
Zones under `everywhere` are there at each resolver that has no zone of that name of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from fedready.model import Frozen, Target
from fedready.yamlmarks import Marked, Mistake, PathKey, load_marked, nearest
from lab.autodiscover import Page
from lab.faults import KNOBS, BadFault, Faults

FOLDER = Path(__file__).resolve().parent.parent / "fixtures" / "estates"
EVERYWHERE = "everywhere"
_ERROR_KINDS = Literal["not_recognized", "denied", "terminating", "nonterminating"]
_CERTIFICATE = Literal["right", "wrong-name", "expired", "unknown-ca", "old-version"]
_QUESTION = re.compile(r"[A-Z][A-Za-z]*-[A-Za-z]+(?: .+)?")
_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


class Failure(Frozen, kw_only=True):
    """`error:` of an answer."""

    kind: _ERROR_KINDS = "terminating"
    message: str = ""
    id: str = ""


class Answer(Frozen, kw_only=True):
    """What one cmdlet question answers."""

    type: tuple[str, ...] | None = None
    rows: tuple[Any, ...] | None = None
    count: int | None = None
    error: Failure | None = None


Side = Mapping[str, Answer]


class Change(Frozen, kw_only=True):
    """One entry of `set:`."""

    path: str
    value: Any = None
    delete: bool = False


class _PageRow(Frozen, kw_only=True):
    status: int = 200
    headers: dict[str, str] = {}
    body: Any = None
    certificate: _CERTIFICATE = "right"


class TlsRow(Frozen, kw_only=True):
    """One SIP listener."""

    certificate: _CERTIFICATE = "right"
    ask_client_certificate: bool = False


class _FaultRow(Frozen, kw_only=True):
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


class _File(Frozen, kw_only=True):
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
    https: dict[str, _PageRow | None] | None = None
    tls: dict[str, TlsRow | None] | None = None
    faults: tuple[_FaultRow, ...] | None = None


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
    faults: tuple[_FaultRow, ...]
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
                raise self.where.mistake("seconds is no number", "Write seconds, such as 2 or 0.5.", "faults", number) from None


@dataclass(frozen=True)
class Where:
    """Which file and line a merged value comes from."""

    lines: Mapping[PathKey, tuple[Path, int]]
    path: Path

    def mistake(self, what: str, mend: str, *path: str | int) -> Mistake:
        while path and path not in self.lines:
            path = path[:-1]
        file, line = self.lines.get(path, (self.path, 1))
        return Mistake(file, line, what, mend)


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
    data, lines = _merged(file, ())
    where = Where(lines, file)
    read = msgspec.convert(data, _File, strict=True)
    target = {"name": file.stem, **(read.target or {})}
    sides = {"onprem": _side("onprem", read.onprem, where), "tenant": _side("tenant", read.tenant, where)}
    for name, questions in (read.edges or {}).items():
        sides[name] = _side(name, questions, where, "edges")
    sides = _changed(sides, read.set or {}, where)
    pages = {url: _page(url, row, where) for url, row in (read.https or {}).items() if row is not None}
    tls = {place: row for place, row in (read.tls or {}).items() if row is not None}
    for place in tls:
        if not re.fullmatch(r"[A-Za-z0-9._-]+:\d{1,5}", place):
            raise where.mistake(f"{place} is no host:port", "Write it as in sip.contoso.com:5061.", "tls", place)
    _check_target(target, where)
    estate = Estate(
        file.stem, file, read.shape or "string", target, [dict(row) for row in read.waivers or ()], sides,
        _zones(read.dns or {}, target, where), pages, tls, read.faults or (), where,
    )  # fmt: skip
    estate.arm(Faults(estate.listeners))
    return estate


def _merged(file: Path, extended: tuple[Path, ...]) -> tuple[dict[str, Any], dict[PathKey, tuple[Path, int]]]:
    marked = load_marked(file)
    _check(marked)
    data: dict[str, Any] = marked.data
    lines = {path: (file, line) for path, line in marked.lines.items()}
    parent = data.pop("extends", None)
    if parent is None:
        return {key: _without_null(value) for key, value in data.items() if value is not None}, lines
    base = next((p for p in (file.parent / f"{parent}.yaml", FOLDER / f"{parent}.yaml") if p.exists()), None)
    if base is None:
        known = [p.stem for p in (*file.parent.glob("*.yaml"), *FOLDER.glob("*.yaml"))]
        raise marked.mistake(f"there is no estate {parent}", f"Name an existing estate.{nearest(parent, known)}", "extends")
    if base.resolve() in extended or base.resolve() == file.resolve():
        raise marked.mistake(f"{parent} extends this estate in turn", "Let one of the two stand alone.", "extends")
    below, below_lines = _merged(base, (*extended, file.resolve()))
    return merge(below, data), below_lines | lines


def merge(below: Any, above: Any) -> Any:
    """`extends`: mappings merge key by key, everything else replaces, null deletes a key."""
    if not isinstance(above, dict):
        return above
    merged = dict(below) if isinstance(below, dict) else {}
    for key, value in above.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def _without_null(value: Any) -> Any:
    return merge({}, value) if isinstance(value, dict) else value


def _check(marked: Marked) -> None:
    if not isinstance(marked.data, dict):
        raise marked.mistake("this is no estate", "Begin with keys such as `extends:` or `onprem:`.")
    marked.as_struct(_File)
    for number, row in enumerate(marked.data.get("faults") or ()):
        if row["do"] not in KNOBS:
            near = nearest(row["do"], KNOBS) or f" Known knobs: {', '.join(KNOBS)}."
            raise marked.mistake(f"{row['do']} is no fault knob", f"Correct it.{near}", "faults", number, "do")


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
            raise where.mistake(f"there are no rows of {question} to change", "Name a question that has rows.", "set", question)
        rows = [msgspec.to_builtins(row) for row in answer.rows]
        for change in (wanted,) if isinstance(wanted, Change) else wanted:
            if not _apply(rows, change):
                raise where.mistake(f"{question} has no {change.path}", "Write [row].Property, or Property of the only row.", "set", question)
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


def _page(url: str, row: _PageRow, where: Where) -> Page:
    if not re.fullmatch(r"https?://[A-Za-z0-9._:-]+/\S*", url):
        raise where.mistake(f"{url} is no web address", "Write it whole, as in https://host/path.", "https", url)
    return Page(row.status, row.headers, row.body, row.certificate)


def _zones(dns: Mapping[str, Any], target: Mapping[str, Any], where: Where) -> dict[str, dict[str, str]]:
    from lab.dns import BadZone, read_zones  # here, because dnspython's zones take longest to import

    read = {name: {".": zones} if isinstance(zones, str) else {k: v for k, v in zones.items() if v} for name, zones in dns.items() if zones}
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
