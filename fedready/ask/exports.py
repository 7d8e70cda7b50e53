"""A folder of what an administrator exported, as a place that answers questions. It is read, never trusted.

Files are found by a manifest or by name (`export_names.py`), whatever the case of their letters. One that answers nothing is
listed, never guessed at.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fedready.ask.clock import utc_text
from fedready.ask.export_dns import value_of_error, value_of_rows
from fedready.ask.export_manifest import Listed, read_manifests
from fedready.ask.export_names import (
    SUFFIXES,
    at_the_top,
    file_of,
    not_held,
    wildcard_probes,
)
from fedready.ask.export_people import numbers_of
from fedready.ask.export_values import MAX_BYTES, Unreadable, row_of, rows_of
from fedready.ask.powershell_causes import Where, cause_of_record
from fedready.model import NOT_THERE, Cause, CauseKind, Endpoint, Evidence, Json
from fedready.questions import Cmdlet, Get, Lookup, Question, Tls, Wildcard
from fedready.reduce import Rows, Salt
from fedready.yamlmarks import Mistake

MOST_FILES = 20_000
TARGET_FILE = "target.yaml"
_STREAMS = ("WarningRecord", "VerboseRecord", "DebugRecord", "InformationRecord", "ProgressRecord")
"""What a cmdlet says beside its answer; it is in a file where all streams were redirected."""


@dataclass(frozen=True)
class _Found:
    """One file that answers one question."""

    path: str  # relative to the folder, with /
    asked: str
    account: str | None


class Export:
    """The answers of one folder. `answer` never raises."""

    def __init__(self, folder: Path, salt: Salt | None = None) -> None:
        """Look at what is there and read the manifests.

        Raises:
            Mistake: there is no such folder, or a manifest is broken.
        """
        self.folder = folder
        self._salt = salt or Salt()
        self._used: set[str] = set()
        self._about_sessions: set[str] = set()
        self._missing: dict[
            str, list[str]
        ] = {}  # folder and cmdlet, in small letters -> the names that were looked for
        if not folder.is_dir():
            what = "this is no folder" if folder.exists() else "there is no such folder"
            raise Mistake(folder, 0, what, "Give the folder that holds the exported files.")
        self._files, self._strangers = _walk(folder)
        by_name = {path.casefold(): path for path in self._files}
        self._listed: dict[str, Listed] = read_manifests(folder, [p for p in self._files if _is_manifest(p)], by_name)
        claimed = {listed.path for listed in self._listed.values()}
        self._named: dict[str, list[str]] = {}
        for path in self._files:
            stem, dot, ending = path.rpartition(".")
            if path not in claimed and dot + ending.casefold() in SUFFIXES and not _is_manifest(path):
                self._named.setdefault(stem.casefold(), []).append(path)

    @property
    def folders(self) -> tuple[str, ...]:
        """The names of the folders that hold files, in small letters: `onprem`, `edge-edge01`, `dns-public`."""
        found = {path.partition("/")[0].casefold() for path in self._files if "/" in path}
        listed = {_folder_of(text) for text in self._listed}
        return tuple(sorted(found | (listed - {""})))

    @property
    def target_file(self) -> Path | None:
        """`target.yaml` in the folder, whatever the case of its letters."""
        found = next((path for path in self._files if path.casefold() == TARGET_FILE), None)
        return self.folder / found if found else None

    def ignored(self) -> list[str]:
        """Every file that no question wanted so far, with why, as a sentence without final dot."""
        said = [f"{path} is no file of an export" for path in self._strangers]
        listed = {entry.path: text for text, entry in self._listed.items()}
        for path in self._files:
            if path in self._used or path.casefold() == TARGET_FILE or _is_manifest(path):
                continue
            if path in self._about_sessions:
                why = " (an export does not show what a session of the audit can do)"
            elif path in listed:
                why = f" (the manifest says {listed[path]})"
            else:
                asked = self._missing.get(path.partition(".")[0].casefold(), ())
                why = f" (asked is {' or '.join(asked[:2])})" if asked else ""
            said.append(f"{path} belongs to no question that was asked{why}")
        return sorted(said)

    def answer(self, question: Question) -> Evidence:
        """What the folder says to a question, or why it says nothing."""
        if isinstance(question, Wildcard):
            return self._wildcard(question)
        cause = not_held(question)
        if cause is not None or isinstance(question, Get | Tls):
            if isinstance(question, Cmdlet) and isinstance(found := self._find(question), _Found):
                self._about_sessions.add(found.path)
            return Evidence(state="failed", cause=cause, via="export")
        found = self._find(question)
        if isinstance(found, Cause):
            wanted = file_of(question)
            self._missing.setdefault(wanted.partition(".")[0].casefold(), []).append(wanted)
            return Evidence(state="failed", cause=found, via="export")
        self._used.add(found.path)
        result = self._read(question, found)
        about: dict[str, Any] = {"asked": found.asked, "source": found.path, "account": found.account, "via": "export"}
        if isinstance(result, Cause):
            return Evidence(state="failed", cause=result, **about)
        return Evidence(state="answered", value=result, **about)

    # ------------------------------------------------------------- finding

    def _find(self, question: Cmdlet | Lookup) -> _Found | Cause:
        listed = self._listed.get(question.text.casefold())
        if listed is not None:
            if listed.path not in self._files:
                return _cause("absent", f"{NOT_THERE}: the manifest names {listed.path}, and it is not there")
            return _Found(listed.path, listed.time or self._written(listed.path), listed.account)
        names = [file_of(question), at_the_top(question)]
        paths = [path for name in names if name for path in self._named.get(name.casefold(), ())]
        if not paths:
            return _cause(
                "absent", f"{NOT_THERE}: there is no {file_of(question)}.xml and no such .json in {self._name}"
            )
        if len(paths) > 1:
            return _cause("malformed", f"two files answer {question.text}: {' and '.join(sorted(paths)[:2])}; keep one")
        return _Found(paths[0], self._written(paths[0]), None)

    @property
    def _name(self) -> str:
        return self.folder.name or "the folder"

    def _written(self, path: str) -> str:
        """When a file was last written. Copying may change that; the manifest's time wins."""
        try:
            return utc_text((self.folder / path).stat().st_mtime)
        except (OSError, OverflowError, ValueError):
            return ""

    # ------------------------------------------------------------- reading

    def _read(self, question: Cmdlet | Lookup, found: _Found) -> Json | Cause:
        try:
            rows = rows_of(self._content(found.path), Path(found.path).suffix.casefold())
            rows = [row for row in rows if not _is_side_stream(row)]
            error = next((row for row in rows if _is_error(row)), None)
            if error is not None:
                return _said_by_error(_as_record(error), question, found)
            if isinstance(question, Lookup):
                return value_of_rows(rows, question)
            return self._rows(question, rows)
        except Unreadable as wrong:
            return _cause("malformed", f"{found.path} cannot be read: {wrong}")

    def _rows(self, question: Cmdlet, rows: list[Json]) -> Json:
        reduction = question.allowed.reduces
        if reduction is not None and (numbers := numbers_of(rows, reduction)) is not None:
            return numbers
        kept = Rows(question.allowed, self._salt)
        for row in rows:
            kept.add(row_of(row) if isinstance(row, dict) else row)
        return kept.value

    def _content(self, path: str) -> bytes:
        file = self.folder / path
        try:
            if not file.resolve().is_relative_to(self.folder.resolve()):
                raise Unreadable("it is a link that leads out of the folder")
            if file.stat().st_size > MAX_BYTES:
                raise Unreadable(f"it is longer than {MAX_BYTES // 1_000_000} MB")
            return file.read_bytes()
        except OSError as wrong:
            raise Unreadable(wrong.strerror or str(wrong)) from None

    def _wildcard(self, question: Wildcard) -> Evidence:
        """From two look-ups of a made-up name: as a host, and as a service."""
        hosts, services = (self.answer(probe) for probe in wildcard_probes(question))
        for half in (hosts, services):
            if half.state != "answered":
                return half
        exists = [bool(half.value["answers"] or half.value["chain"]) for half in (hosts, services)]
        return Evidence(
            state="answered",
            value={
                "label": wildcard_probes(question)[0].name,
                "exists": exists[0],
                "answers": hosts.value["answers"],
                "srv_exists": exists[1],
            },
            asked=min(hosts.asked, services.asked),
            source=hosts.source,
            account=hosts.account,
            via="export",
        )


def _walk(folder: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The files of a folder and of the folders in it, relative and sorted; and what else is there.

    Raises:
        Mistake: it cannot be read, or holds more than any export.
    """
    files: list[str] = []
    strangers: list[str] = []

    def look(here: Path, above: str) -> None:
        with os.scandir(here) as entries:
            for entry in sorted(entries, key=lambda e: e.name):
                if entry.is_file():
                    files.append(above + entry.name)
                elif entry.is_dir() and not above:
                    look(here / entry.name, f"{entry.name}/")
                else:
                    strangers.append(above + entry.name)
                if len(files) + len(strangers) > MOST_FILES:
                    mend = "Give the folder that holds the exported files."
                    raise Mistake(folder, 0, f"more than {MOST_FILES} files lie here", mend)

    try:
        look(folder, "")
    except OSError as wrong:
        raise Mistake(folder, 0, f"cannot be read: {wrong.strerror}", "Make it readable for this account.") from None
    return tuple(files), tuple(strangers)


def _is_manifest(path: str) -> bool:
    name = path.casefold()
    return "/" not in name and name.startswith("manifest") and name.endswith(".json")


def _folder_of(text: str) -> str:
    side = text.partition(": ")[0]
    if side.startswith("dns@"):
        return f"dns-{side.removeprefix('dns@')}"
    return side if side in ("onprem", "tenant") else f"edge-{side}" if side else ""


def _cause(kind: CauseKind, text: str) -> Cause:
    return Cause(kind=kind, text=text)


# --------------------------------------------------------------------------- errors instead of answers


def _last_type(row: Json) -> str:
    return str(row.get("#type", "")).rpartition(".")[2] if isinstance(row, dict) else ""


def _is_side_stream(row: Json) -> bool:
    return _last_type(row) in _STREAMS


def _is_error(row: Json) -> bool:
    if not isinstance(row, dict):
        return False
    kind = _last_type(row)
    return kind.endswith(("ErrorRecord", "Exception")) or {"FullyQualifiedErrorId", "Exception"} <= set(row)


def _as_record(row: dict[str, Json]) -> dict[str, Json]:
    """An error in the form that remoting gives it, whichever form was exported: a record, or its exception alone."""
    if "FullyQualifiedErrorId" not in row and isinstance(row.get("ErrorRecord"), dict):
        row = {"Exception": row, **row["ErrorRecord"]}
    elif "FullyQualifiedErrorId" not in row and "Exception" not in row:
        row = {"Exception": row, "ErrorCategory_Reason": _last_type(row)}
    category = row.get("CategoryInfo")
    if isinstance(category, dict):
        number = {"PermissionDenied": 18}.get(str(category.get("Category")), category.get("Category"))
        row = {"ErrorCategory_Category": number, "ErrorCategory_Reason": category.get("Reason"), **row}
    return row


def _said_by_error(record: dict[str, Json], question: Cmdlet | Lookup, found: _Found) -> Json | Cause:
    if isinstance(question, Lookup):
        said = value_of_error(str(record.get("FullyQualifiedErrorId") or ""))
        if said is not None:
            return said
    command = question.text.partition(": ")[2] if isinstance(question, Cmdlet) else "Resolve-DnsName"
    right = question.allowed.rights if isinstance(question, Cmdlet) else "that may resolve names"
    account = found.account or "the account that exported it"
    cause = cause_of_record(record, command, right, Where("", "", Endpoint(kind="winrm", url=""), account))
    return Cause(kind=cause.kind, text=f"{found.path} holds an error instead of an answer: {cause.text}")
