"""Judge a snapshot as the tests want it: every control, at a fixed time, with the baseline that comes along.

`test_plugin.py` shows that both ways give the same findings.
"""

from __future__ import annotations

import datetime as dt
import functools
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from fedready import snapshot as sealing
from fedready.audit import Audit, Options
from fedready.catalogue import load_baseline
from fedready.handles import ASKED
from fedready.model import Baseline, Finding, Run, Snapshot, Waiver
from fedready.rejudge import checks, handle, judge_all

__all__ = ["NOW", "ROOT", "baseline", "by_key", "changed", "checks", "handle", "judge", "questions_of"]

ROOT = Path(__file__).resolve().parent.parent
NOW = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)


@functools.cache
def baseline() -> Baseline:
    return load_baseline()


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
    judge_all(audit, only)
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
