"""Findings, and what of them is said of many subjects in the same words: that is kept once, with the names beside it.

Ten thousand domains that are as documented have ten thousand findings of a control and one pattern. Whoever counts looks at the
patterns; whoever writes a line for each finding renders the pattern and puts the names in.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from sys import intern
from typing import NamedTuple, overload

import msgspec

from fedready.model import Finding, Severity, Verdict
from fedready.spool import Spool

SLOT = "⟦subject⟧"
"""Stands in a pattern for the subject's name. No writer changes it, as none changes a host name."""
_SLOT = SLOT.encode()
_LONGEST = "x." * 126 + "x"
_NAME = re.compile(r"(?=.*[a-z_])[a-z0-9_-]+(?:\.[a-z0-9_-]+)+")
"""The subjects whose name can be left open: in every format such a name stands as it is."""
_decode = msgspec.json.Decoder(Finding).decode


class Standing(NamedTuple):
    """What is counted of a finding."""

    verdict: Verdict
    severity: Severity
    waived: bool
    is_root: bool

    @property
    def is_advisory(self) -> bool:
        return self.verdict is Verdict.FAIL and not self.severity.blocks


_STANDINGS: dict[Standing, Standing] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Alike:
    """Findings of one control that differ in nothing but the name of the subject.

    `places`: where they stand among the control's findings.
    """

    page: Page
    number: int
    places: Sequence[int]

    @property
    def pattern(self) -> Finding:
        """The finding with `SLOT` for the name; itself where it is alone."""
        return self.page.pattern(self.number) if self.count > 1 else self.first

    @property
    def first(self) -> Finding:
        return self.page[self.places[0]]

    @property
    def standing(self) -> Standing:
        return self.page.standings[self.number]

    @property
    def subjects(self) -> list[str]:
        return [self.page.subjects[place] for place in self.places]

    @property
    def count(self) -> int:
        return len(self.places)

    def __iter__(self) -> Iterator[Finding]:
        return (self.page[place] for place in self.places)


class Page(Sequence[Finding]):
    """The findings of one control, in the order of its subjects."""

    def __init__(self, control: str, findings: Iterable[Finding], spool: Spool) -> None:
        self.control = control
        self.subjects: list[str] = []
        self._spool = spool
        self._numbers = array("I")  # of each finding, its pattern
        self._bounds = array("Q")  # of each pattern, where it begins and ends
        self.standings: list[Standing] = []  # of each pattern
        self._odd: dict[int, Finding] = {}  # by place: what cannot be written down
        self._alike: list[Alike] | None = None
        known: dict[bytes, int] = {}
        for finding in findings:
            self._numbers.append(self._number(finding, len(self.subjects), known))
            self.subjects.append(intern(finding.subject))

    def _number(self, finding: Finding, place: int, known: dict[bytes, int]) -> int:
        """The number of a finding's pattern; a new one is written down."""
        try:
            written = msgspec.json.encode(finding)
        except (UnicodeEncodeError, OverflowError):  # half a character, a number without end
            written = _SLOT
        if _SLOT in written:  # somebody's own text: it is kept as it is
            self._odd[place] = finding
            written = b"%d" % place
        elif _NAME.fullmatch(finding.subject):
            written = written.replace(finding.subject.encode(), _SLOT)
        number = known.get(written)
        if number is None:
            number = known[written] = len(self._bounds) // 2
            start = self._spool.put(written)
            self._bounds.extend((start, start + len(written)))
            standing = Standing(finding.verdict, finding.severity, finding.waived, finding.is_root)
            self.standings.append(_STANDINGS.setdefault(standing, standing))
        return number

    def replaced(self, changed: Mapping[int, Finding]) -> Page:
        """The same page with other findings at some places."""
        page = Page(self.control, (), self._spool)
        page.subjects, page._bounds, page.standings = self.subjects, self._bounds[:], self.standings[:]
        page._numbers, page._odd = self._numbers[:], {k: f for k, f in self._odd.items() if k not in changed}
        known: dict[bytes, int] = {}
        for place, finding in changed.items():
            page._numbers[place] = page._number(finding, place, known)
        return page

    def _written(self, number: int) -> bytes:
        return self._spool.get(self._bounds[2 * number], self._bounds[2 * number + 1])

    def pattern(self, number: int) -> Finding:
        return _decode(self._written(number))

    def __len__(self) -> int:
        return len(self.subjects)

    @overload
    def __getitem__(self, place: int) -> Finding: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Finding, ...]: ...
    def __getitem__(self, place: int | slice) -> Finding | tuple[Finding, ...]:
        if isinstance(place, slice):
            return tuple(self[each] for each in range(*place.indices(len(self))))
        place = range(len(self))[place]
        if place in self._odd:
            return self._odd[place]
        return _decode(self._written(self._numbers[place]).replace(_SLOT, self.subjects[place].encode()))

    def alike(self) -> list[Alike]:
        """The findings by their patterns, in the order in which these were first met."""
        if self._alike is None:
            found: dict[int, array[int]] = {}
            for place, number in enumerate(self._numbers):
                if number not in found:
                    found[number] = array("I")
                found[number].append(place)
            self._alike = [Alike(self, number, places) for number, places in found.items()]
        return self._alike

    def told(self, render: Callable[[Finding], str], *, one_by_one: bool = False) -> Iterator[str]:
        """What `render` makes of each finding, in order; of findings that are alike it is made once.

        Args:
            one_by_one: what is rendered depends on more than the finding, so nothing can be made once.
        """
        if one_by_one:
            yield from map(render, self)
            return
        count = Counter(self._numbers)
        made: dict[int, str | None] = {}
        for place, number in enumerate(self._numbers):
            if count[number] > 1 and number not in made:
                made[number] = self._open(number, render)
            text = made.get(number)
            yield render(self[place]) if text is None else text.replace(SLOT, self.subjects[place])

    def _open(self, number: int, render: Callable[[Finding], str]) -> str | None:
        """A pattern rendered, with the names left open; None where the length of a name would change more than the name.

        Texts are cut where they are too long. What stays whole with the longest name stays whole with every one.
        """
        written = self._written(number)
        text = render(_decode(written))
        longest = render(_decode(written.replace(_SLOT, _LONGEST.encode())))
        return text if text.replace(SLOT, _LONGEST) == longest else None


class Ledger(Sequence[Finding]):
    """All findings of a run, a page for each control."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self._spool = Spool()

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Ledger:
        """A ledger of these findings; those of a control come together."""
        if isinstance(findings, Ledger):
            return findings
        gathered: dict[str, list[Finding]] = {}
        for finding in findings:
            gathered.setdefault(finding.control, []).append(finding)
        ledger = cls()
        for control, each in gathered.items():
            ledger.write(control, each)
        return ledger

    def write(self, control: str, findings: Iterable[Finding]) -> Page:
        """Add the page of a control."""
        page = self.pages[control] = Page(control, findings, self._spool)
        return page

    def page(self, control: str) -> Page:
        """The page of a control; an empty one where it has no findings."""
        return self.pages.get(control) or Page(control, (), self._spool)

    def with_pages(self, pages: Iterable[Page]) -> Ledger:
        """A ledger of these pages, which stand in this one or come of it."""
        ledger = Ledger()
        ledger.pages = {page.control: page for page in pages}
        ledger._spool = self._spool
        return ledger

    def changed(self, change: Callable[[Finding], Finding], *verdicts: Verdict) -> Ledger:
        """The same ledger with each finding of these verdicts as `change` returns it."""
        pages = []
        for page in self.pages.values():
            places = [place for each in page.alike() if each.standing.verdict in verdicts for place in each.places]
            new = {place: after for place in places if (after := change(before := page[place])) is not before}
            pages.append(page.replaced(new) if new else page)
        return self.with_pages(pages)

    def of_verdict(self, *verdicts: Verdict) -> list[Finding]:
        """The findings of these verdicts, in order."""
        return [
            page[place]
            for page in self.pages.values()
            for place in sorted(
                place for each in page.alike() if each.standing.verdict in verdicts for place in each.places
            )
        ]

    def alike(self) -> Iterator[Alike]:
        """The findings of every page by their patterns."""
        for page in self.pages.values():
            yield from page.alike()

    def __len__(self) -> int:
        return sum(map(len, self.pages.values()))

    def __iter__(self) -> Iterator[Finding]:
        return (finding for page in self.pages.values() for finding in page)

    @overload
    def __getitem__(self, place: int) -> Finding: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Finding, ...]: ...
    def __getitem__(self, place: int | slice) -> Finding | tuple[Finding, ...]:
        if isinstance(place, slice):
            return tuple(self)[place]
        for page in self.pages.values():
            if 0 <= place < len(page):
                return page[place]
            place -= len(page)
        raise IndexError(place)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]


def alike(findings: Iterable[Finding]) -> Iterable[Alike]:
    """Findings by their patterns, wherever they stand."""
    return findings.alike() if isinstance(findings, Page | Ledger) else Ledger.of(findings).alike()
