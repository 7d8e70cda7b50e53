"""One cause, one red line: which finding explains which. Pure: no I/O, no pytest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from fedready.ledger import Ledger
from fedready.model import DEPLOYMENT, NOT_THERE, Control, Finding, Verdict
from fedready.sources import SESSION_CONTROLS

Key = tuple[str, str]
"""(control, subject) of a finding."""


def attribute(findings: Iterable[Finding], controls: Mapping[str, Control]) -> Ledger:
    """Say of each fail and unknown which other finding explains it (`caused_by`); what nothing explains is a root.

    A fail is explained by a fail, an unknown by a fail or an unknown: of a control that its check named, of its side's
    session, of a control that it follows, or of an earlier control that wanted the same answer. Nothing explains itself.
    Before all that, a failing case may say which other fails it explains (`explains:` in the baseline).
    """
    ledger = Ledger.of(findings)
    concerns = ledger.of_verdict(*_CONCERNS)
    by_key: dict[Key, Finding] = {(f.control, f.subject): f for f in concerns}
    family = Family(by_key, ledger)
    claims = _claims(concerns, controls)
    order = {id_: place for place, id_ in enumerate(controls)}
    earlier = sorted(concerns, key=lambda f: (order.get(f.control, len(order)), f.subject != DEPLOYMENT))
    first_without: dict[str, Finding] = {}
    for f in earlier:
        whole = f.cause is not None and (f.cause.kind != "absent" or f.cause.text.startswith(NOT_THERE))
        if f.verdict is Verdict.UNKNOWN and f.unanswered and whole:
            first_without.setdefault(f.unanswered, f)

    def explains(parent_id: str, f: Finding, *, named: bool = False) -> bool:
        fails = f.verdict is Verdict.FAIL
        enough = (Verdict.FAIL,) if fails else _CONCERNS
        return any(parent is not f and parent.verdict in enough for parent in family.parents(parent_id, f, named))

    def causes(f: Finding) -> tuple[str, ...]:
        if f.verdict not in (Verdict.FAIL, Verdict.UNKNOWN) or f.control not in controls:
            return ()
        if f.case and controls[f.control].cases[f.case].stands_alone:
            return ()
        claimed = claims.get((f.control, f.case)) or claims.get((f.control, None))
        if f.verdict is Verdict.FAIL and claimed:
            return claimed
        named = tuple(c for c in f.caused_by if explains(c, f, named=True))
        if named:
            return named
        if f.verdict is Verdict.UNKNOWN and (session := _session_of(f, by_key)):
            return (session,)
        followed = tuple(p for p in controls[f.control].follows if explains(p, f))
        if followed:
            return followed
        if f.control in SESSION_CONTROLS.values():
            return ()  # it stands for its side; whoever else wanted the same answer follows it
        first = first_without.get(f.unanswered or "")
        if first is None or f.verdict is not Verdict.UNKNOWN or first.control == f.control:
            return ()
        return (first.control,) if first.subject in (f.subject, DEPLOYMENT) else ()

    caused = {key: causes(f) for key, f in by_key.items()}
    for f in earlier:
        _no_circle(f, caused, family)

    def attributed(f: Finding) -> Finding:
        found = caused[f.control, f.subject]
        return f if found == f.caused_by else msgspec.structs.replace(f, caused_by=found)

    return ledger.changed(attributed, *_CONCERNS)


_CONCERNS = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.ERROR)


class Family:
    """Which findings of another control a finding can be laid to. Those that pass explain nothing and are not among them."""

    def __init__(self, by_key: Mapping[Key, Finding], ledger: Ledger) -> None:
        self._by_key = by_key
        self._ledger = ledger
        self._subjects: dict[str, frozenset[str]] = {}
        self._of: dict[str, list[Finding]] = {}
        for (control, _), f in by_key.items():
            self._of.setdefault(control, []).append(f)

    def parents(self, parent_id: str, f: Finding, named: bool = False) -> list[Finding]:
        """The one about the same subject, or about the deployment. What is about the deployment is about every subject.

        A control that the check itself named explains it though its subjects are of another kind: a SIP domain's record
        is explained by the certificate of an Edge name.
        """
        for subject in (f.subject, DEPLOYMENT):
            if subject in self._judged(parent_id):
                parent = self._by_key.get((parent_id, subject))
                return [parent] if parent is not None else []
        return self._of.get(parent_id, []) if named or f.subject == DEPLOYMENT else []

    def _judged(self, control: str) -> frozenset[str]:
        if control not in self._subjects:
            self._subjects[control] = frozenset(self._ledger.page(control).subjects)
        return self._subjects[control]


def _claims(
    findings: Iterable[Finding], controls: Mapping[str, Control]
) -> dict[tuple[str, str | None], tuple[str, ...]]:
    """(control, case, or None for whatever case) -> the failing controls whose case says that it explains it."""
    claims: dict[tuple[str, str | None], tuple[str, ...]] = {}
    for f in findings:
        if f.verdict is Verdict.FAIL and f.case and f.control in controls:
            for control, cases in controls[f.control].cases[f.case].explains.items():
                for case in cases or (None,):
                    claims[control, case] = tuple(dict.fromkeys((*claims.get((control, case), ()), f.control)))
    return claims


def _no_circle(f: Finding, caused: dict[Key, tuple[str, ...]], family: Family) -> None:
    """Drop the causes of `f` that lead back to it."""

    def leads_back(parent_id: str) -> bool:
        waiting, seen = [(parent_id, f)], set()
        while waiting:
            id_, child = waiting.pop()
            for parent in family.parents(id_, child):
                if parent is f:
                    return True
                if (parent.control, parent.subject) not in seen:
                    seen.add((parent.control, parent.subject))
                    waiting += [(c, parent) for c in caused[parent.control, parent.subject]]
        return False

    key = (f.control, f.subject)
    if caused[key]:
        caused[key] = tuple(c for c in caused[key] if not leads_back(c))


def _session_of(f: Finding, by_key: Mapping[Key, Finding]) -> str | None:
    """The session control of the side that did not answer, when that session is why."""
    side = (f.unanswered or "").partition(": ")[0]
    session = by_key.get((SESSION_CONTROLS.get(side, ""), DEPLOYMENT))
    if session is None or session.verdict not in (Verdict.UNKNOWN, Verdict.FAIL) or session.control == f.control:
        return None
    looked_at = {session.unanswered, *(reading.question for reading in session.readings)}
    same_cause = session.cause is not None and session.cause == f.cause
    return session.control if f.unanswered in looked_at or same_cause else None
