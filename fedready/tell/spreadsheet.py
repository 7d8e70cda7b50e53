"""findings.csv: a row per finding, for spreadsheets. RFC 4180, UTF-8 with a byte order mark, no cell that a program computes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import partial

from fedready.ledger import Ledger
from fedready.model import Finding, Run, Verdict
from fedready.tell.shown import generic, inert, shown
from fedready.tell.summary import State, reason_of, state_of

COLUMNS = (
    "control", "title", "section", "subject", "verdict", "severity", "expected", "observed", "message", "caused by",
    "waived until", "waiver owner", "owner", "fix", "verify", "rollback",
)  # fmt: skip
CELL = 30_000
"""Characters; Excel takes no more than 32,767."""
_COMPUTED = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a cell begins that a spreadsheet would compute; some programs take the full-width signs for the plain ones."""

_QUOTED = re.compile(r'[,;"\n]')


def findings_csv(run: Run) -> Iterator[str]:
    """The file in pieces, UTF-8 to be. What is to be done stands in the rows that ask for it."""
    yield "\ufeff" + _row(COLUMNS)
    about = {
        control.id: (f"{_cell(control.id)},{_cell(generic(control.title))},{_cell(section.title)}", control.owner)
        for section in run.baseline.sections
        for control in section.controls
    }
    for page in Ledger.of(run.findings).pages.values():
        yield from page.told(partial(_line, *about[page.control]))
    for missed in run.not_run:
        control, owner = about[missed.control]
        yield f"{control},{_row(('', State.NOT_RUN, '', '', '', missed.reason, '', '', '', owner, '', '', ''))}"


def _line(control: str, owner: str, finding: Finding) -> str:
    return f"{control},{_row(_cells(finding, owner))}"


def _cells(finding: Finding, owner: str) -> tuple[str, ...]:
    state = state_of(finding)
    seen = state not in (State.UNKNOWN, State.ERROR, State.NA)
    words = finding.message or finding.note or "" if seen else reason_of(finding)
    waiver = finding.waiver if finding.waived else None
    todo = (finding.fix, finding.verify, finding.rollback) if finding.verdict is Verdict.FAIL else ("", "", "")
    return (
        finding.subject, state, finding.severity,
        "" if state is State.NA else shown(finding.expected), shown(finding.observed) if seen else "",
        words, " ".join(finding.caused_by), waiver.expires if waiver else "", waiver.owner if waiver else "",
        owner, *todo,
    )  # fmt: skip


def _row(cells: Iterable[str]) -> str:
    return ",".join([_cell(cell) if cell else "" for cell in cells]) + "\r\n"


def _cell(text: str) -> str:
    """One cell. An apostrophe in front tells a spreadsheet that what follows is text.

    >>> _cell("=HYPERLINK(1)"), _cell('he said "no" twice'), _cell("contoso.com")
    ("'=HYPERLINK(1)", '"he said ""no"" twice"', 'contoso.com')
    """
    text = inert(text, lines=True, limit=CELL)
    if text.lstrip(" ").startswith(_COMPUTED):
        text = "'" + text
    if _QUOTED.search(text):
        return '"' + text.replace('"', '""') + '"'
    return text
