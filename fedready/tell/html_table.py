"""pytest.html, the engineer's second report: our columns in pytest-html's table.

The plugin calls these from pytest-html's hooks of the same purpose. A test report of a check carries its control and
findings in the attributes `fedready_control` and `fedready_findings`; a report without them keeps pytest-html's own cells.
pytest-html writes cells as raw HTML: everything foreign is made inert and escaped here.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from html import escape
from typing import Any, Protocol

from fedready.ledger import alike
from fedready.model import DEPLOYMENT, Control, Finding, Verdict
from fedready.tell.shown import SHORT, inert, shown
from fedready.tell.summary import CONCERN, State, reason_of, state_of

TITLE = "fedready: one row per control"
MOST = 10
"""Findings that a row writes out; readiness.html holds them all."""


STYLE = """
body { color: #1b1d22; font-size: 14px; line-height: 1.4; }
a, .filters button, .collapse button { color: #1f4f96; }
#results-table { color: #1b1d22; font-size: 13px; }
#results-table th, #results-table td { vertical-align: top; overflow-wrap: anywhere; }
#environment-header.collapsed h2:hover::after, #environment-header h2:hover::after { color: #565a63; }
span.passed, .passed .col-result { color: #1c6b43; }
span.error, span.failed, span.xpassed, .error .col-result, .failed .col-result, .xpassed .col-result { color: #b1261d; }
span.skipped, span.xfailed, span.rerun, .skipped .col-result, .xfailed .col-result, .rerun .col-result { color: #575d69; }
"""
"""pytest-html's own greys cannot be read; its `--css` would print the path of the file."""
LEGEND = (
    'The report for people is <a href="readiness.html">readiness.html</a>; every control here leads into it. pytest has '
    "fewer words than we have verdicts: what could not be looked at counts as an error, an advisory as failed, what is "
    "waived as an expected failure, and what does not apply as skipped."
)


class CheckReport(Protocol):
    """The two attributes that the plugin puts on a test report."""

    fedready_control: Control
    fedready_findings: Sequence[Finding]


def above(prefix: list[str]) -> None:
    """`pytest_html_results_summary`: readable colours, and what pytest's words mean here."""
    prefix.append(f"<style>{STYLE}</style><p>{LEGEND}</p>")


def header(cells: list[str]) -> None:
    """`pytest_html_results_table_header`: our columns; Result stays first, for pytest-html filters by its words."""
    result = cells[0]
    cells[:] = [
        result,
        '<th class="sortable" data-column-type="control">Control</th>',
        "<th>Subjects</th>",
        "<th>Verdict</th>",
        "<th>Expected</th>",
        "<th>Observed</th>",
        "<th>Source</th>",
    ]


def row(report: Any, cells: list[str]) -> None:
    """`pytest_html_results_table_row`: the cells of one control; a report that is no check's is fitted to our columns."""
    if not cells:
        return
    result = cells[0]
    control: Control | None = getattr(report, "fedready_control", None)
    if control is None:
        cells[:] = [result, f"<td>{_safe(report.nodeid)}</td>", *["<td></td>"] * 5]
        return
    findings = _Worst(report.fedready_findings)
    link = f'<a href="readiness.html#{escape(control.id, quote=True)}">{_safe(control.id)}</a> {_safe(control.title)}'
    cells[:] = [
        result,
        f'<td class="col-control" style="min-width: 18em">{link}</td>',
        _cell(_subjects(findings), "8em"),
        _cell(_verdicts(findings)),
        _cell(_expected(findings)),
        _cell(_observed(findings)),
        _cell([control.source]),
    ]


def details(report: Any, data: list[str]) -> None:
    """`pytest_html_results_table_html`: what is behind a row: messages and readings, no traceback, no captured output."""
    findings = getattr(report, "fedready_findings", None)
    if findings is None:
        return
    data[:] = ["<br>".join(_safe(line) for line in _lines(_Worst(findings)))]


class _Worst:
    """The findings of a control: how many are in which state, and those that a row writes out, the worst first."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        places: dict[State, list[int]] = {}
        pages = []
        for each in sorted(alike(findings), key=lambda each: CONCERN[state_of(each.standing)]):
            places.setdefault(state_of(each.standing), []).extend(each.places)
            pages.append(each.page)
        self.states = {state: len(found) for state, found in places.items()}
        self.count = sum(self.states.values())
        worst = itertools.chain.from_iterable(map(sorted, places.values()))
        self.first = [pages[0][place] for place in itertools.islice(worst, MOST)]


def _lines(findings: _Worst) -> list[str]:
    lines = []
    for finding in findings.first:
        words = (
            finding.message or finding.note or reason_of(finding) if finding.verdict != "pass" else finding.note or ""
        )
        lines.append(f"{finding.control} {finding.subject}: {state_of(finding).value}. {words}".rstrip())
        if (waiver := finding.waiver) is not None and finding.waived:
            lines.append(f"   waived until {waiver.expires} by {waiver.owner}: {waiver.reason}")
        lines += [f"   {r.question} > {r.path or 'answer'}: {shown(r.value, SHORT)}" for r in finding.readings[:10]]
    return lines + _rest(findings)


def _subjects(findings: _Worst) -> list[str]:
    return [f.subject for f in findings.first] + _rest(findings)


def _rest(findings: _Worst) -> list[str]:
    more = findings.count - MOST
    return [f"and {more:,} more in readiness.html"] if more > 0 else []


def _verdicts(findings: _Worst) -> list[str]:
    if findings.count == 1:
        only = findings.first[0]
        return [f"{state_of(only).word}, {only.severity.value}"]
    return [f"{number:,} {state.value}" for state, number in findings.states.items()]


def _expected(findings: _Worst) -> list[str]:
    return list(dict.fromkeys(shown(f.expected, SHORT) for f in findings.first))


def _observed(findings: _Worst) -> list[str]:
    """What was seen, or why nothing was; each once, with the subject where there is one."""
    values: dict[str, None] = {}
    for finding in findings.first:
        seen = finding.verdict in (Verdict.PASS, Verdict.FAIL)
        words = shown(finding.observed, SHORT) if seen else inert(reason_of(finding), limit=SHORT)
        values[words + (f" ({finding.subject})" if finding.subject != DEPLOYMENT else "")] = None
    return list(values)


def _cell(lines: list[str], width: str = "7em") -> str:
    return f'<td style="overflow-wrap: anywhere; min-width: {width}">{"<br>".join(_safe(line) for line in lines)}</td>'


def _safe(text: str) -> str:
    return escape(inert(text, limit=1_000), quote=True)
