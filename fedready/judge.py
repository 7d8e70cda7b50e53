"""From checks to findings, and from findings to the headline. Pure: no I/O, no pytest."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from fedready.desk import AT, NOTHING, Desk, Failed
from fedready.ledger import Alike, Ledger, alike
from fedready.model import (
    DEPLOYMENT,
    NOT_THERE,
    Cause,
    Control,
    Counts,
    Finding,
    Headline,
    Json,
    Severity,
    Snapshot,
    Unseen,
    Verdict,
    Waiver,
)
from fedready.sources import SESSION_CONTROLS
from fedready.words import Expectation, cloud_values, fill, said

_TEXTS = ("symptom", "fix", "rollback", "verify")


def not_applicable(control: Control, reason: str) -> Finding:
    """The control does not apply in this phase, cloud or place."""
    return Finding(control=control.id, verdict=Verdict.NA, severity=control.severity, message=reason)


def judge(desk: Desk, subject: str, expectation: Expectation, check: Callable[[], object]) -> Finding:
    """Run one check for one subject and say what came of it.

    `report` expectations never fail: what would be a fail is told as evidence. Anything that is neither an assertion nor
    Unseen is our own bug: verdict error.
    """
    desk.start(subject)
    token = AT.set(desk)
    control = desk.control
    severity = Severity.INFO if expectation.kind == "report" else control.severity
    verdict, message = Verdict.PASS, ""
    cause: Cause | None = None
    unanswered: str | None = None
    caused_by: tuple[str, ...] = ()
    failed: Failed | None = None
    try:
        check()
    except Unseen as unseen:
        verdict, message, cause = Verdict.UNKNOWN, str(unseen), unseen.cause
        unanswered, caused_by = unseen.question or None, unseen.caused_by
    except Failed as deviation:
        verdict, failed, message = Verdict.FAIL, deviation, deviation.message
    except AssertionError:
        verdict = Verdict.FAIL
    except Exception as bug:  # a crashing check is a finding of its own, never a missing one
        verdict, message = Verdict.ERROR, f"the check broke: {type(bug).__name__}: {bug}"
        cause = Cause(kind="malformed", text=message)
    finally:
        AT.reset(token)
    observed = desk.trail[-1].value if desk.trail and verdict is not Verdict.UNKNOWN else None
    if desk.shown is not NOTHING and verdict is not Verdict.UNKNOWN:
        observed = desk.shown
    if failed is not None and failed.observed is not None:
        observed = failed.observed
    if verdict is Verdict.FAIL and not message:
        last = desk.trail[-1].path.rpartition("].")[2] if desk.trail else control.title
        message = f"{last} is {said(observed)}, expected {said(desk.expected)}"
    case_name = failed.case if failed else None
    note = "; ".join(desk.notes) or None
    if verdict is Verdict.FAIL and expectation.kind == "report":
        verdict, note, message = Verdict.PASS, f"only reported in this phase ({expectation.reason}): {message}", ""
    case = control.cases.get(case_name) if case_name and verdict is Verdict.FAIL else None
    if verdict is Verdict.FAIL:
        severity = (case and case.severity) or (Severity.LOW if failed and failed.advisory else severity)
    found = Finding(
        control=control.id,
        subject=subject,
        verdict=verdict,
        severity=severity,
        expected=desk.expected,
        observed=observed,
        readings=tuple(desk.trail),
        message=message,
        note=note,
        cause=cause,
        unanswered=unanswered,
        caused_by=caused_by,
    )
    if verdict is not Verdict.FAIL:
        return found
    texts = {name: (case and getattr(case, name)) or getattr(control, name) for name in _TEXTS}
    values = {
        **cloud_values(desk.names),
        **desk.bound,
        "observed": observed,
        "expected": desk.expected,
        "subject": subject,
    }
    return msgspec.structs.replace(
        found,
        case=case_name,
        symptom=fill(texts["symptom"], values),
        fix=command(texts["fix"], values),
        rollback=command(texts["rollback"], values),
        verify=command(texts["verify"], values),
    )


def command(text: str, values: Mapping[str, Json]) -> str:
    """A command with its values as PowerShell literals; what has no value stays a word in angle brackets to fill in."""
    return re.sub(r"\{\{ *(\w+) *\}\}", r"<\1>", fill(text, values, quote=True))


# --------------------------------------------------------------------------- one cause, one red line


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


# --------------------------------------------------------------------------- waivers


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


# --------------------------------------------------------------------------- the headline


def headline(findings: Iterable[Finding]) -> Headline:
    """The one line (DESIGN section 4): a blocking fail, else a blocking unknown, else waivers, else ready."""
    stand = {each.standing for each in alike(findings)}
    if any(f.verdict is Verdict.FAIL and not f.waived and f.severity.blocks for f in stand):
        return Headline.NOT_READY
    if any(f.verdict in (Verdict.UNKNOWN, Verdict.ERROR) and f.severity.blocks for f in stand):
        return Headline.UNDETERMINED
    if any(f.waived for f in stand):
        return Headline.READY_WITH_WAIVERS
    return Headline.READY


EXIT_CODES = {Headline.READY: 0, Headline.READY_WITH_WAIVERS: 0, Headline.NOT_READY: 1, Headline.UNDETERMINED: 10}


def count(findings: Iterable[Finding], not_run: int) -> Counts:
    """Findings by verdict. `waived` are also counted as fail: a waiver never turns a fail into a pass."""
    by: Counter[str] = Counter()
    for each in alike(findings):
        by[each.standing.verdict] += each.count
        by["waived"] += each.count * each.standing.waived
        by["roots"] += each.count * each.standing.is_root
    return Counts(
        passed=by[Verdict.PASS],
        fail=by[Verdict.FAIL],
        unknown=by[Verdict.UNKNOWN],
        na=by[Verdict.NA],
        error=by[Verdict.ERROR],
        waived=by["waived"],
        roots=by["roots"],
        not_run=not_run,
    )


def worst(findings: Iterable[Finding]) -> Finding:
    """The finding that stands for a control: error, then an unwaived fail, unknown, an advisory, a waived fail, pass, n/a."""

    def rank(each: Alike) -> int:
        f = each.standing
        if f.verdict is Verdict.ERROR:
            return 0
        if f.verdict is Verdict.FAIL:
            return 4 if f.waived else 3 if f.is_advisory else 1
        return {Verdict.UNKNOWN: 2, Verdict.PASS: 5, Verdict.NA: 6}[f.verdict]

    return min(alike(findings), key=rank).first


def writes(snapshot: Snapshot, is_reading: Callable[[str], bool]) -> int:
    """How many commands left this machine that do not read. 0, or the audit itself is a finding."""
    return sum(not is_reading(sent.command) for sent in snapshot.sent)
