"""Findings folded for reading: per control, those that say the same of different subjects stand together."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from fedready.ledger import Alike, Ledger, Page
from fedready.model import DEPLOYMENT, Control, Finding, NotRun, Run, Section
from fedready.tell.shown import SHORT, inert, shown
from fedready.tell.summary import CONCERN, SEVERITY_ORDER, State, kind_of, state_of

FULL = 20
"""Groups of concern per control that are written out with readings and fix; the others follow as one line a subject."""
PASSING = 5
"""Groups of a control that need no attention and are written out."""


@dataclass(frozen=True)
class Group:
    """Findings of one control that a reader cannot tell apart but for the subject's name (what was read may differ)."""

    anchor: str
    state: State
    parts: tuple[Alike, ...]
    expected: str
    observed: str
    message: str
    kind: str
    same_as: str = ""
    """The anchor of the group before it that lists the same subjects, where they are many: they are listed there."""

    @cached_property
    def first(self) -> Finding:
        return self.parts[0].first

    @property
    def count(self) -> int:
        return sum(each.count for each in self.parts)

    @property
    def findings(self) -> Iterator[Finding]:
        """In the order of the subjects."""
        return (self.parts[0].page[place] for place in self._places)

    @property
    def names(self) -> tuple[str, ...]:
        """The subjects, in order."""
        return tuple(self.parts[0].page.subjects[place] for place in self._places)

    @property
    def _places(self) -> Iterable[int]:
        return heapq.merge(*(each.places for each in self.parts))

    @property
    def as_documented(self) -> bool:
        """Did it pass on a value that says nothing by itself?"""
        return self.state is State.PASS and self.first.observed in (None, [], {}, "") and self.observed != self.expected

    @property
    def who(self) -> str:
        """The subject, or how many there are."""
        return inert(self.first.subject) if self.count == 1 else f"{self.count:,} {self.kind}s"

    @property
    def subjects(self) -> str:
        """Every subject, one a line."""
        return "\n".join(map(inert, self.names))


@dataclass(frozen=True)
class Folded:
    """A control with its groups, the most worrying first."""

    control: Control
    section: Section
    state: State
    groups: tuple[Group, ...]
    not_run: NotRun | None

    @property
    def concerns(self) -> tuple[Group, ...]:
        return tuple(g for g in self.groups if CONCERN[g.state] < CONCERN[State.PASS])

    @property
    def written_out(self) -> tuple[Group, ...]:
        return (*self.concerns[:FULL], *self._calm[:PASSING])

    @property
    def worried_lines(self) -> str:
        """The concerns beyond `FULL`, one line a subject: complete, but short."""
        return "\n".join(_line(f, g.state) for g in self.concerns[FULL:] for f in g.findings)

    @property
    def calm_lines(self) -> str:
        return "\n".join(_line(f, g.state) for g in self._calm[PASSING:] for f in g.findings)

    @property
    def tally(self) -> list[tuple[State, int]]:
        """How many subjects are in which state, the most worrying first."""
        count: dict[State, int] = {}
        for group in self.groups:
            count[group.state] = count.get(group.state, 0) + group.count
        return list(count.items())

    @property
    def _calm(self) -> tuple[Group, ...]:
        return tuple(g for g in self.groups if CONCERN[g.state] >= CONCERN[State.PASS])


def _line(finding: Finding, state: State) -> str:
    words = finding.message or f"observed {shown(finding.observed, SHORT)}"
    return f"{inert(finding.subject)}  {state.value}: {inert(words, limit=SHORT)}"


def folded(run: Run) -> list[Folded]:
    """Every control of the baseline that was judged or listed as not run, in the article's order."""
    found = Ledger.of(run.findings).pages
    not_run = {n.control: n for n in run.not_run}
    result = []
    lists: dict[tuple[str, ...], str] = {}
    for section in run.baseline.sections:
        for control in section.controls:
            if control.id not in found and control.id not in not_run:
                continue
            groups = _groups(found[control.id], run) if control.id in found else ()
            state = groups[0].state if groups else State.NOT_RUN
            item = Folded(control, section, state, groups, not_run.get(control.id))
            result.append(replace(item, groups=_listed_once(item, lists)))
    return result


def _listed_once(item: Folded, lists: dict[tuple[str, ...], str]) -> tuple[Group, ...]:
    """The groups, with `same_as` where a group written out before, of whatever control, lists the same subjects."""
    written = {group.anchor for group in item.written_out}
    groups = []
    for group in item.groups:
        if group.anchor in written and group.count > FULL:
            before = lists.setdefault(group.names, group.anchor)
            group = replace(group, same_as=before if before != group.anchor else "")
        groups.append(group)
    return tuple(groups)


def _groups(page: Page, run: Run) -> tuple[Group, ...]:
    gathered: dict[tuple[object, ...], list[Alike]] = {}
    for each in page.alike():
        gathered.setdefault(_likeness(each.pattern), []).append(each)
    alike = sorted(
        gathered.values(), key=lambda g: (CONCERN[state_of(g[0].standing)], SEVERITY_ORDER[g[0].standing.severity])
    )
    return tuple(_group(f"{page.control}.{number}", tuple(found), run) for number, found in enumerate(alike, 1))


def _group(anchor: str, parts: tuple[Alike, ...], run: Run) -> Group:
    first = parts[0].first
    kind = kind_of(first.subject, run)
    slot = (first.subject, f"{{{kind}}}") if len(parts) > 1 or parts[0].count > 1 else ("", "")
    return Group(
        anchor=anchor,
        state=state_of(first),
        parts=parts,
        expected=_without(shown(first.expected), *slot),
        observed=_without(shown(first.observed), *slot),
        message=_without(inert(first.message, limit=2_000), *slot),
        kind=kind,
    )


def _likeness(finding: Finding) -> tuple[object, ...]:
    subject = finding.subject if finding.subject != DEPLOYMENT else ""
    waiver = finding.waiver
    return (
        state_of(finding),
        finding.severity,
        _without(shown(finding.expected), subject, "{}"),
        _without(shown(finding.observed), subject, "{}"),
        _without(finding.message, subject, "{}"),
        _without(finding.note or "", subject, "{}"),
        finding.case,
        finding.cause.kind if finding.cause else None,
        finding.caused_by,
        (waiver.owner, waiver.expires, waiver.reason) if waiver else None,
    )


def _without(text: str, subject: str, slot: str) -> str:
    """The text with the subject's name left open, so that two domains that say the same look the same."""
    return text.replace(subject, slot) if subject and subject != DEPLOYMENT else text
