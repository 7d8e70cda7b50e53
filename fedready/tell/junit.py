"""junit.xml: a suite per section, a case per finding, written as it goes so that sixty thousand cases need no memory.

What could not be seen is an `<error>`, never a `<failure>`; a waived fail and what does not apply are `<skipped>`; an
advisory passes with a line of output.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from xml.sax.saxutils import escape, quoteattr

from fedready.ledger import Ledger, Page
from fedready.model import Finding, NotRun, Run, Section
from fedready.tell.shown import SHORT, inert, shown
from fedready.tell.summary import State, reason_of, state_of


def junit_xml(run: Run) -> Iterator[str]:
    """The document in pieces, UTF-8 to be."""
    findings = Ledger.of(run.findings)
    not_run = {n.control: n for n in run.not_run}
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    states = _count(findings.pages.values()) + Counter({State.NOT_RUN: len(run.not_run)})
    yield f"<testsuites name={_attr(f'fedready {run.target.name}')} {_totals(states)}>\n"
    for section in run.baseline.sections:
        yield from _suite(run, section, findings, not_run)
    yield "</testsuites>\n"


def _suite(run: Run, section: Section, findings: Ledger, not_run: dict[str, NotRun]) -> Iterator[str]:
    states = _count(findings.page(control.id) for control in section.controls)
    states[State.NOT_RUN] = sum(control.id in not_run for control in section.controls)
    if not states.total():
        return
    stamp = run.judged.removesuffix("Z")
    yield f" <testsuite name={_attr(section.title)} timestamp={_attr(stamp)} {_totals(states)}>\n"
    for control in section.controls:
        title = f"{control.id} {control.title}"
        yield from findings.page(control.id).told(partial(_whole_case, section.id, title))
        if control.id in not_run:
            name = _attr(f"{control.id} {control.title}")
            yield f"  <testcase classname={_attr(section.id)} name={name}>"
            yield f"<skipped message={_attr('not run: ' + not_run[control.id].reason)}/></testcase>\n"
    yield " </testsuite>\n"


def _count(pages: Iterable[Page]) -> Counter[State]:
    states: Counter[State] = Counter()
    for page in pages:
        for each in page.alike():
            states[state_of(each.standing)] += each.count
    return states


def _totals(states: Counter[State]) -> str:
    failures = states[State.FAIL]
    errors = states[State.UNKNOWN] + states[State.ERROR]
    skipped = states[State.WAIVED] + states[State.NA] + states[State.NOT_RUN]
    return f'tests="{states.total()}" failures="{failures}" errors="{errors}" skipped="{skipped}"'


def _whole_case(classname: str, title: str, finding: Finding) -> str:
    return "".join(_case(classname, title, finding))


def _case(classname: str, title: str, finding: Finding) -> Iterator[str]:
    name = f"{title} [{finding.subject}]"
    state = state_of(finding)
    yield f"  <testcase classname={_attr(classname)} name={_attr(name)}"
    if state is State.PASS and not finding.note:
        yield "/>\n"
        return
    yield ">"
    if state is State.FAIL:
        yield f"<failure type={_attr(finding.severity.value)} message={_attr(_short(finding))}>{_text(_long(finding))}</failure>"
    elif state in (State.UNKNOWN, State.ERROR):
        kind = finding.cause.kind if finding.cause else state.value
        yield f"<error type={_attr(kind)} message={_attr(reason_of(finding))}>{_text(_long(finding))}</error>"
    elif state is State.WAIVED and finding.waiver:
        until = f"waived until {finding.waiver.expires} by {finding.waiver.owner}: {finding.waiver.reason}"
        yield f"<skipped message={_attr(until)}/>"
    elif state is State.NA:
        yield f"<skipped message={_attr('not applicable: ' + finding.message)}/>"
    elif state is State.ADVISORY:
        yield f"<system-out>{_text('advisory: ' + _short(finding))}</system-out>"
    else:
        yield f"<system-out>{_text('note: ' + (finding.note or ''))}</system-out>"
    yield "</testcase>\n"


def _short(finding: Finding) -> str:
    if finding.message:
        return finding.message
    return f"expected {shown(finding.expected, SHORT)}, observed {shown(finding.observed, SHORT)}"


def _long(finding: Finding) -> str:
    lines = [
        f"expected: {shown(finding.expected)}",
        f"observed: {shown(finding.observed)}",
        *(f"read: {r.question} > {r.path or 'answer'}: {shown(r.value, SHORT)}" for r in finding.readings[:20]),
        *(f"caused by: {cause}" for cause in finding.caused_by),
        *(f"{label}: {text}" for label, text in (("fix", finding.fix), ("verify", finding.verify)) if text),
    ]
    return "\n" + "\n".join(lines) + "\n"


def _attr(text: str) -> str:
    return quoteattr(inert(text, limit=2_000))


def _text(text: str) -> str:
    return escape(inert(text, lines=True, limit=10_000))
