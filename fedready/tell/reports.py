"""Every file that is made from a Run, written into its folder: the writers together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from fedready.model import Run
from fedready.tell.findings import findings_text
from fedready.tell.folder import CannotWrite, RunFolder, fault
from fedready.tell.junit import junit_xml
from fedready.tell.markdown import action_plan_md
from fedready.tell.readiness import readiness_html
from fedready.tell.scene import looked_at
from fedready.tell.spreadsheet import findings_csv


class WriterBroke(Exception):
    """A fault of our own in one of the writers; the text names the files that could not be made."""


def write_all(run: Run, folder: RunFolder) -> dict[str, Path]:
    """Write every report that is made from a Run; returns where each will be found once the folder is finished.

    Raises:
        CannotWrite: see `RunFolder.write`.
        WriterBroke: a writer of ours broke; the other files are whole.
    """
    run = msgspec.structs.replace(run, looked_at=looked_at(run))
    return _write(run, folder, {"findings.json": findings_text, **_reports()})


def write_reports(run: Run, folder: RunFolder) -> dict[str, Path]:
    """Write what people and build servers read: everything but findings.json, from which it can be made again.

    Raises:
        CannotWrite, WriterBroke: see `write_all`.
    """
    return _write(run, folder, _reports())


def _reports() -> dict[str, Callable[[Run], bytes | Iterable[str]]]:
    return {
        "junit.xml": junit_xml,
        "findings.csv": findings_csv,
        "action-plan.md": action_plan_md,
        "readiness.html": readiness_html,
    }


def _write(run: Run, folder: RunFolder, writers: dict[str, Callable[[Run], bytes | Iterable[str]]]) -> dict[str, Path]:
    paths: dict[str, Path] = {}
    broken: list[str] = []
    for name, writer in writers.items():
        try:
            paths[name] = folder.write(name, writer(run))
        except CannotWrite:
            raise
        except Exception as bug:  # one report less is no reason to lose the others
            folder.without(name)
            broken.append(f"{name} ({fault(bug)})")
    if broken:
        raise WriterBroke(f"fedready broke while writing {', '.join(broken)}; the other files are whole")
    return paths
