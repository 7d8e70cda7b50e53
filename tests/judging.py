"""Judge a snapshot in this process, without a pytest session: the checks' own functions over the same Audit.

`test_plugin.py` shows that both ways give the same findings.
"""

from __future__ import annotations

import datetime as dt
import functools
import importlib.util
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from fedready import snapshot as sealing
from fedready.audit import Audit, Options
from fedready.catalogue import load_baseline
from fedready.desk import Desk
from fedready.handles import ASKED, HANDLES, Subject
from fedready.model import Baseline, Finding, Run, Snapshot, Waiver

ROOT = Path(__file__).resolve().parent.parent
NOW = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)


@functools.cache
def baseline() -> Baseline:
    return load_baseline()


@functools.cache
def checks() -> dict[str, tuple[Callable[..., Any], str | None]]:
    """Control id -> (the check's function, what it is judged per), in the order of the files."""
    found: dict[str, tuple[Callable[..., Any], str | None]] = {}
    for path in sorted((ROOT / "checks").glob("test_*.py")):
        spec = importlib.util.spec_from_file_location(f"checks_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for function in vars(module).values():
            for mark in getattr(function, "pytestmark", []):
                if mark.name == "control":
                    assert mark.args[0] not in found, f"{mark.args[0]} has two checks"
                    found[mark.args[0]] = (function, mark.kwargs["per"])
    return found


def handle(name: str, desk: Desk) -> Any:
    """The handle that pytest would give a check."""
    if name == "desk":
        return desk
    function = HANDLES[name]
    return function(**{inner: handle(inner, desk) for inner in inspect.signature(function).parameters})


def judge(
    snapshot: Snapshot,
    *,
    phase: str | None = None,
    cloud: str | None = None,
    waivers: tuple[Waiver, ...] = (),
    only: set[str] | None = None,
) -> Run:
    """Judge every control (or only some) over a snapshot."""
    audit = Audit(Options(phase=phase, cloud=cloud), snapshot.target, baseline(), waivers, sealing.seal(snapshot))
    for control, (check, per) in checks().items():
        if only is not None and control not in only:
            continue
        desk = audit.desk(baseline().controls[control])
        arguments = {name: handle(name, desk) for name in inspect.signature(check).parameters}

        def call(desk: Desk, check: Callable[..., Any] = check, arguments: dict[str, Any] = arguments) -> object:
            return check(**{k: desk.subject if isinstance(v, Subject) else v for k, v in arguments.items()})

        audit.judge(desk, per, call)
    return audit.finish(NOW)


def by_key(run: Run) -> dict[tuple[str, str], Finding]:
    return {(f.control, f.subject): f for f in run.findings}


def changed(snapshot: Snapshot, entries: dict[str, Any]) -> Snapshot:
    """The snapshot with other entries."""
    return msgspec.structs.replace(snapshot, entries=entries)


def questions_of(control: str) -> Iterator[str]:
    """The names of the inquiries behind a control's handles."""
    check, _ = checks()[control]
    for name in inspect.signature(check).parameters:
        yield from (inquiry.name for inquiry in ASKED[name])
