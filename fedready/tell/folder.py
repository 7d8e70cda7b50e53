"""A run's folder: written as `.partial` and renamed, readable by its owner only, never half a file."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
import sys
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType

PARTIAL = ".partial"
LATEST = "latest"
INCOMPLETE = "incomplete"


class CannotWrite(Exception):
    """The report cannot be written; the text says where, why and what to do."""


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as wrong:
        reason = wrong.strerror or type(wrong).__name__
        raise CannotWrite(f"{path}: {reason}; make room or name another folder with --report-dir DIR") from wrong


class RunFolder:
    """Where the files of one run go: written aside, moved to where they belong when all are whole.

    `path` is where the files will be found at the end; until `finish()` they stand somewhere else, so writers call
    `write(name, ...)`, or ask `path_for(name)`. A context manager: leaving it by an exception finishes nothing.
    """

    def __init__(self, path: Path, base: Path | None) -> None:
        self.path = path
        self._base = base
        self._moves_latest = True
        self._work = path.with_name(path.name + PARTIAL) if base else path / f".{os.getpid()}{PARTIAL}"
        self._by_others: set[str] = set()
        self._without: set[str] = set()
        self._finished = False
        self.is_moving = False

    def path_for(self, name: str) -> Path:
        """Where a writer that insists on a path of its own (pytest-html) may put `name`; it is moved with the others."""
        self._by_others.add(name)
        with _explained(self.path / name):
            self._work.mkdir(mode=0o700, exist_ok=True)
        return self._work / name

    def write(self, name: str, content: bytes | Iterable[str]) -> Path:
        """Write one file whole or not at all; returns where it will be found.

        Raises:
            CannotWrite: the disk is full, the folder is not ours, ...
        """
        aside = self._work / f".{name}{PARTIAL}"
        with _explained(self.path / name):
            self._work.mkdir(mode=0o700, exist_ok=True)
            try:
                with open(aside, "wb", opener=_owner_only) as stream:
                    if isinstance(content, bytes):
                        stream.write(content)
                    else:
                        pieces = iter(content)
                        while batch := "".join(itertools.islice(pieces, 500)):
                            stream.write(batch.encode("utf-8"))
                os.replace(aside, self._work / name)
            except BaseException:  # Ctrl-C too: never half a file
                aside.unlink(missing_ok=True)
                raise
        return self.path / name

    def holds(self, name: str) -> bool:
        """Was this file written already?"""
        return (self._work / name).is_file()

    def without(self, name: str) -> None:
        """This file could not be made: neither a half one nor that of an earlier run stands beside the others."""
        self._without.add(name)
        (self._work / name).unlink(missing_ok=True)

    def finish(self) -> Path:
        """Give every file and the folder its final name, and move `latest`; returns the folder.

        Raises:
            CannotWrite: see `write`.
        """
        if self._finished:
            return self.path
        self.is_moving = True
        try:
            with _explained(self.path):
                try:
                    self._move()
                except KeyboardInterrupt:  # a few renames: not to be left in the middle
                    self._move()
                    raise
        finally:
            self.is_moving = False
        return self.path

    def _move(self) -> None:
        if self._finished:
            return
        staged = sorted(self._work.iterdir()) if self._work.exists() else []
        if os.name == "posix":
            for file in staged:
                file.chmod(0o600)
        if self._base is not None:
            if staged or not self.path.exists():
                self.path = _renamed(self._work, self.path)
            if self._moves_latest:
                _point_latest(self._base, self.path)
        else:
            for file in staged:
                os.replace(file, self.path / file.name)
            for name in self._without:
                (self.path / name).unlink(missing_ok=True)
            if self._work.exists():
                self._work.rmdir()
        self._finished = True

    def set_aside(self) -> Path | None:
        """Keep what was written where it is no report, for the evidence's sake; None if the evidence is not among it.

        An earlier report stays as it is. Used when a report cannot be completed.
        """
        if self._finished or not (self._work / "snapshot.json").is_file():
            self.abandon()
            return None
        for name in self._by_others:  # who knows whether they are whole
            (self._work / name).unlink(missing_ok=True)
        final = self.path / INCOMPLETE if self._base is None else self.path.with_name(f"{self.path.name}-{INCOMPLETE}")
        shutil.rmtree(final, ignore_errors=True)
        self._work.rename(final)
        self._finished = True
        return final

    def abandon(self) -> None:
        """Take back a folder into which nothing worth keeping was written."""
        if not self._finished:
            shutil.rmtree(self._work, ignore_errors=True)
        self._finished = True

    def __enter__(self) -> RunFolder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, wrong: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.finish()
        elif self._base is None:
            self.abandon()


def open_run_folder(
    target: str,
    started: str,
    *,
    base: Path = Path("reports"),
    report_dir: Path | None = None,
    moves_latest: bool = True,
) -> RunFolder:
    """Make the folder of a run.

    Args:
        target: the target's name.
        started: when the run began, `2026-01-02T03:04:05Z`.
        base: the default folder, which holds `latest` too.
        report_dir: put the files right here instead, and leave `latest` alone.
        moves_latest: False for what holds no report.

    Raises:
        CannotWrite: the folder cannot be made.
    """
    if report_dir is not None:
        with _explained(report_dir):
            if not report_dir.is_dir():
                report_dir.mkdir(parents=True)
                _owner_only_folder(report_dir)
        return RunFolder(report_dir, None)
    stamp = re.sub(r"[^0-9TZ]", "", started)
    above = base / (re.sub(r"[^A-Za-z0-9-]", "_", target) or "target")
    with _explained(above):
        above.mkdir(parents=True, exist_ok=True)
        for name in _names(stamp):
            folder = RunFolder(above / name, base)
            if folder.path.exists():
                continue
            try:
                folder._work.mkdir(mode=0o700)
            except FileExistsError:
                continue  # another run of the same second is being written
            _owner_only_folder(folder._work)
            folder._moves_latest = moves_latest
            return folder
    raise AssertionError("there is always a next name")


def fault(bug: BaseException) -> str:
    """A fault of our own in one line, with the place in the program: what a report about it needs."""
    place = traceback.extract_tb(bug.__traceback__)[-1:]
    where = f", {Path(place[0].filename).name}:{place[0].lineno}" if place else ""
    said = " ".join(str(bug).split())
    return f"{type(bug).__name__}: {said[:300]}{where}" if said else f"{type(bug).__name__}{where}"


def latest(named: Path) -> Path:
    """The folder that `reports/latest` stands for where it is a one-line text file; any other path as it is."""
    if named.name == LATEST and named.is_file():
        with _explained(named):
            return named.parent / named.read_text(encoding="utf-8").strip()
    return named


def _names(stamp: str) -> Iterator[str]:
    yield stamp
    number = 1
    while True:
        number += 1
        yield f"{stamp}-{number}"


def _renamed(work: Path, path: Path) -> Path:
    """Rename `work` to `path`, or to the next free name if another run took it meanwhile."""
    stamp = re.sub(r"-\d+$", "", path.name)
    for name in [path.name, *(f"{stamp}-{n}" for n in range(2, 1_000))]:
        final = path.with_name(name)
        if final.exists():
            continue
        work.rename(final)
        return final
    raise FileExistsError(f"no free name beside {path}")


def _point_latest(base: Path, path: Path) -> None:
    pointer = base / LATEST
    where = Path(os.path.relpath(path, base))
    aside = base / f".latest.{os.getpid()}{PARTIAL}"
    aside.unlink(missing_ok=True)
    try:
        aside.symlink_to(where, target_is_directory=True)
    except (OSError, NotImplementedError):  # Windows without the right to make links
        aside.write_text(where.as_posix() + "\n", encoding="utf-8")
    try:
        os.replace(aside, pointer)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _owner_only_folder(path: Path) -> None:
    # On Windows a folder inherits who may read it; chmod there only knows read-only.
    if sys.platform != "win32":
        path.chmod(0o700)
