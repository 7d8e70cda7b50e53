"""Waivers: what somebody answers for, until a day. A waived fail stays a fail. Pure: no I/O, no pytest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from fedready.ledger import Ledger
from fedready.model import DEPLOYMENT, Finding, Verdict, Waiver


@dataclass(frozen=True)
class Waived:
    """Findings with their waivers, and the waivers that did nothing."""

    findings: Ledger
    unused: tuple[Waiver, ...]
    expired: tuple[Waiver, ...]


def waive(findings: Iterable[Finding], waivers: Sequence[Waiver], today: dt.date) -> Waived:
    """Put live waivers on the fails that they accept. A waiver lives through its last day (UTC) and never hides unknown.

    A waiver with `accepts` holds only while the observed value is that one. A fail that is laid to waived fails only is
    waived with them: one cause, one red line, one waiver.
    """
    expired = tuple(w for w in waivers if dt.date.fromisoformat(w.expires) < today)
    live = [w for w in waivers if w not in expired]
    used: set[int] = set()

    def accepted(f: Finding) -> Finding:
        for w in live:
            if w.control == f.control and w.subject in ("all", f.subject) and _accepts(w, f):
                used.add(id(w))
                return msgspec.structs.replace(f, waiver=w)
        return f

    ledger = Ledger.of(findings)
    if live:
        ledger = ledger.changed(accepted, Verdict.FAIL)
    inherited = _inherit(ledger) if used else ledger
    return Waived(inherited, tuple(w for w in live if id(w) not in used), expired)


def _inherit(ledger: Ledger) -> Ledger:
    by_key = {(f.control, f.subject): f for f in ledger.of_verdict(Verdict.FAIL)}

    def waiver_of(f: Finding, above: tuple[str, ...] = ()) -> Waiver | None:
        if f.waiver is not None or not f.caused_by or f.control in above:
            return f.waiver
        causes = [by_key.get((c, f.subject)) or by_key.get((c, DEPLOYMENT)) for c in f.caused_by]
        waivers = [waiver_of(c, (*above, f.control)) if c is not None else None for c in causes]
        return waivers[0] if all(w is not None for w in waivers) else None

    def inherited(f: Finding) -> Finding:
        waiver = waiver_of(f)
        return msgspec.structs.replace(f, waiver=waiver) if waiver is not None and f.waiver is None else f

    return ledger.changed(inherited, Verdict.FAIL)


def _accepts(waiver: Waiver, f: Finding) -> bool:
    if waiver.accepts is msgspec.UNSET:
        return True
    return type(waiver.accepts) is type(f.observed) and waiver.accepts == f.observed
