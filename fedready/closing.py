"""The end of an audit, however it came: what is said of it and what is left on disk. No pytest here.

Whatever happens, one of two things is found afterwards: a whole report of what was seen, or the earlier one as it was, with
the evidence kept beside it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from fedready.audit import Audit
from fedready.model import Run
from fedready.snapshot import to_text
from fedready.stopping import INTERRUPTED
from fedready.tell.folder import CannotWrite, RunFolder, fault
from fedready.tell.reports import WriterBroke, write_all

BROKEN, UNWRITTEN = 3, 4
"""Exit codes, as pytest means them: a fault of the program, something that a person has to mend."""
REPORT_IT = "This is a fault of fedready: please report it."


@dataclass(frozen=True)
class Closing:
    """How an audit ended.

    `run` is None where nothing could be said of it, `report` where none was written. `exit_code` is None where the
    headline decides. `trouble` are sentences for the user.
    """

    run: Run | None
    report: Path | None
    exit_code: int | None
    trouble: tuple[str, ...]


def close(
    audit: Audit,
    folder: RunFolder,
    selected: Iterable[str],
    *,
    stopped: bool = False,
    broken: Mapping[str, str] | None = None,
    trouble: Iterable[str] = (),
    exit_code: int | None = None,
) -> Closing:
    """Judge the whole of an audit and write everything. Never raises, not even for Ctrl-C.

    Args:
        audit: what was asked and judged so far.
        folder: where the files go.
        selected: the controls that were to be judged.
        stopped: somebody pressed Ctrl-C; what was not judged is unknown.
        broken: control -> the fault of ours that kept it from being judged.
        trouble: what went wrong before, in sentences.
        exit_code: what the program ends with where it is not the headline that decides.
    """
    said = list(trouble)
    run: Run | None = None
    try:
        if not folder.holds("snapshot.json"):  # first: all else can be made of it again
            folder.write("snapshot.json", to_text(audit.snapshot))
        audit.make_up(selected, stopped=stopped, broken=broken or {})
        run = audit.finish(dt.datetime.now(dt.UTC), interrupted=stopped)
        if exit_code is not None:
            run = msgspec.structs.replace(run, exit_code=exit_code)
        try:
            write_all(run, folder)
        except WriterBroke as broke:
            said.append(f"{broke}. {REPORT_IT}")
            exit_code = BROKEN
        folder.finish()
        return Closing(run, folder.path / "readiness.html", exit_code, tuple(said))
    except CannotWrite as wrong:
        said.append(f"The report was not written: {wrong}.")
        exit_code = UNWRITTEN
    except KeyboardInterrupt:
        said.append("The report was not written: stopped again.")
        exit_code = INTERRUPTED
    except Exception as bug:
        said.append(f"The report was not written: fedready broke ({fault(bug)}). {REPORT_IT}")
        exit_code = BROKEN
    said += _kept(folder)
    return Closing(run, None, exit_code, tuple(said))


def _kept(folder: RunFolder) -> list[str]:
    try:
        aside = folder.set_aside()
    except OSError as wrong:
        return [f"The evidence could not be kept either: {wrong.strerror}."]
    if aside is None:
        return []
    return [f"The evidence is kept; once there is room: python -m pytest --snapshot {aside / 'snapshot.json'}"]
