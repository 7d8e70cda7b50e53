"""The last lines on the terminal: headline, blockers, what could not be seen and why, counts, where the report is."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

from fedready.model import Headline, Run
from fedready.tell.scene import domain_words, tenant_words
from fedready.tell.shown import SHORT, inert, shown
from fedready.tell.summary import (
    Named,
    advisories,
    blind_spots,
    blockers,
    coverage,
    live_waivers,
    sentence,
    subject_words,
)

MOST = 5
"""Blockers, causes and advisories that are named; the report names them all."""

_RED, _YELLOW, _GREEN, _BOLD, _DIM, _OFF = "\x1b[31m", "\x1b[33m", "\x1b[32m", "\x1b[1m", "\x1b[2m", "\x1b[0m"
_HEADLINE_COLOUR = {
    Headline.READY: _GREEN,
    Headline.READY_WITH_WAIVERS: _GREEN,
    Headline.NOT_READY: _RED,
    Headline.UNDETERMINED: _YELLOW,
}


def ending(run: Run, report: Path | None = None, *, colour: bool = False, width: int = 100) -> list[str]:
    """The ending of an audit as lines of text.

    Args:
        run: what was judged.
        report: the report to point to, if one was written.
        colour: put ANSI colours around the labels; what was observed never carries any.
        width: columns to wrap prose at. Commands are never wrapped: they are there to be copied.
    """
    paint = _Paint(colour)
    return list(_lines(run, report, paint, max(width, 40)))


class _Paint:
    def __init__(self, colour: bool) -> None:
        self.colour = colour

    def __call__(self, text: str, *codes: str) -> str:
        return "".join(codes) + text + _OFF if self.colour and codes else text


def _lines(run: Run, report: Path | None, paint: _Paint, width: int) -> Iterator[str]:
    yield ""
    qualifiers = "".join(f"  [{inert(q)}]" for q in run.qualifiers)
    yield paint(run.headline.value, _BOLD, _HEADLINE_COLOUR[run.headline]) + qualifiers
    yield from _prose(sentence(run), 0, width)
    yield from _prose(f"{run.target.name}, {run.cloud}: {domain_words(run)}; {tenant_words(run)}", 0, width)
    stands = blockers(run)
    if stands and run.headline is Headline.NOT_READY:
        yield from _named("Blockers", stands, paint, _RED, width)
    spots = blind_spots(run)
    if spots:
        yield ""
        yield paint("Could not be looked at", _BOLD, _YELLOW)
        for spot in spots[:MOST]:
            checks = "1 check" if spot.count == 1 else f"{spot.count:,} checks"
            yield from _prose(f"{spot.root}, {checks}: {spot.reason}", 2, width)
        yield from _more(len(spots), "cause")
    if low := advisories(run):
        yield ""
        yield paint("Advisories", _BOLD)
        for named in low[:MOST]:
            what = named.first.message or f"observed {shown(named.first.observed, SHORT)}"
            yield from _prose(f"{_title(named, run)}: {what}", 2, width)
        yield from _more(len(low), "advisory")
    yield from _waivers(run, paint, width)
    yield from _notes(run, paint, width)
    yield ""
    yield from _prose(_counts(run), 0, width)
    if report is not None:
        yield f"Report: {inert(str(report))}"


def _named(heading: str, named: list[Named], paint: _Paint, code: str, width: int) -> Iterator[str]:
    yield ""
    yield paint(heading, _BOLD, code)
    for item in named[:MOST]:
        first = item.first
        yield from _prose(f"{_title(item, run=None)} ({item.severity.value})", 2, width)
        who = f" ({inert(first.subject)})" if len(item.findings) > 1 else ""
        yield f"    observed  {shown(first.observed, SHORT)}{who}"
        yield f"    expected  {shown(first.expected, SHORT)}"
        if len(item.findings) > 1:
            yield from _prose(f"and {len(item.findings) - 1:,} more: {', '.join(item.subjects[1:4])}", 14, width)
        for number, line in enumerate((first.fix or item.control.fix).splitlines()):
            yield f"    {'fix' if number == 0 else '':<10}{inert(line, limit=1_000)}"
    yield from _more(len(named), "blocker")


def _title(item: Named, run: Run | None) -> str:
    subjects = (
        subject_words(item.subjects, run) if run else ("" if item.first.subject == "deployment" else item.first.subject)
    )
    return f"{item.control.id}  {item.control.title}" + (f" - {subjects}" if subjects else "")


def _waivers(run: Run, paint: _Paint, width: int) -> Iterator[str]:
    live = live_waivers(run)
    if not (live or run.expired_waivers or run.unused_waivers):
        return
    yield ""
    yield paint("Waivers", _BOLD)
    for waiver in live[:MOST]:
        text = f"{waiver.control} ({waiver.subject}) until {waiver.expires}, {waiver.owner}: {waiver.reason}"
        yield from _prose(text, 2, width)
    yield from _more(len(live), "waiver")
    for waiver in run.expired_waivers:
        yield from _prose(f"expired {waiver.expires}: {waiver.control} ({waiver.subject}), {waiver.owner}", 2, width)
    for waiver in run.unused_waivers:
        yield from _prose(f"not needed: {waiver.control} ({waiver.subject}), {waiver.owner}", 2, width)


def _notes(run: Run, paint: _Paint, width: int) -> Iterator[str]:
    """How asking went, and what the files of an export hold beside answers."""
    if run.snapshot.notes:
        yield ""
        yield paint("Notes", _BOLD)
        for note in run.snapshot.notes[:MOST]:
            yield from _prose(note, 2, width)
        yield from _more(len(run.snapshot.notes), "note")


def _counts(run: Run) -> str:
    seen = coverage(run)
    counts = run.counts
    parts = [
        f"Assessed {seen.assessed:,} of {seen.applicable:,} checks",
        f"{counts.passed:,} pass",
        f"{counts.fail:,} fail" + (f" ({counts.waived:,} waived)" if counts.waived else ""),
        f"{counts.unknown:,} unknown",
    ]
    parts += [f"{counts.error:,} error"] if counts.error else []
    parts += [f"{seen.not_applicable:,} not applicable"] if seen.not_applicable else []
    parts += [f"{seen.not_from_here:,} not from here"] if seen.not_from_here else []
    parts += [f"{counts.not_run:,} controls not run"] if counts.not_run else []
    return f"{', '.join(parts)}; {run.reads.sent:,} reads, {run.reads.writes:,} writes."


def _more(count: int, noun: str) -> Iterator[str]:
    more = count - MOST
    if more > 0:
        plural = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
        yield f"  and {more:,} more {noun if more == 1 else plural}"


def _prose(text: str, indent: int, width: int) -> list[str]:
    space = " " * indent
    wrapped = textwrap.wrap(
        inert(text, limit=1_000),
        width,
        initial_indent=space,
        subsequent_indent=space + "  " if indent else "",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return wrapped or [space.rstrip()]
