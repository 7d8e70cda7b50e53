"""From checks to findings, and from findings to the headline. Pure: no I/O, no pytest."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

import msgspec

from fedready.desk import AT, NOTHING, Desk, Failed
from fedready.ledger import Alike, alike
from fedready.model import (
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
)
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
