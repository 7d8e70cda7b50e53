"""Which questions a report lists one by one, and what it says of each: when, of whom, as whom, and what came of it."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import msgspec

from fedready.model import Cause, Evidence, Finding, Frozen, Run
from fedready.tell.groups import Folded
from fedready.tell.scene import ranks
from fedready.tell.shown import inert, storable

RAW = 6_000
"""Characters of a raw answer; snapshot.json holds all of it."""
READINGS = 30
"""Readings of a finding in the table of what was read; the rest is in findings.json."""
MOST_ASKED = 120
"""Questions that are listed one by one beyond those that a written-out finding refers to."""


@dataclass(frozen=True)
class Asked:
    """One question as the report lists it."""

    anchor: str
    question: str
    entry: Evidence
    raw: str


class AskedPart(Frozen, frozen=True, kw_only=True, omit_defaults=True, rename={"source": "from", "account": "as"}):
    """One question in findings.json: everything but the answer, which is in snapshot.json."""

    state: Literal["answered", "failed", "not_asked"]
    asked: str = ""
    ms: int = 0
    source: str = ""
    account: str | None = None
    via: Literal["live", "export", "snapshot"] = "live"
    cause: Cause | None = None

    @classmethod
    def of(cls, entry: Evidence) -> AskedPart:
        return cls(**{name: getattr(entry, name) for name in cls.__struct_fields__})

    @property
    def entry(self) -> Evidence:
        """The evidence again, without its answer."""
        return Evidence(**{name: getattr(self, name) for name in self.__struct_fields__})


def questions_of(finding: Finding) -> tuple[str, ...]:
    """Every question behind a finding, each once, in the order in which it was looked at."""
    return tuple(dict.fromkeys(filter(None, (*(r.question for r in finding.readings), finding.unanswered))))


def shown_questions_of(finding: Finding) -> tuple[str, ...]:
    """Those of them that the table of what was read names."""
    read = (reading.question for reading in finding.readings[:READINGS])
    return tuple(dict.fromkeys(filter(None, (*read, finding.unanswered))))


def listed(run: Run, controls: Iterable[Folded]) -> list[str]:
    """The questions worth a line each: those behind what is written out, then the others up to a number."""
    needed = {q for item in controls for group in item.written_out for q in shown_questions_of(group.first)}
    order = ranks(run)

    def place(question: str) -> tuple[int, str]:
        return order.get(question.partition(":")[0], len(order)), question

    entries = run.snapshot.entries
    others = heapq.nsmallest(MOST_ASKED, (question for question in entries if question not in needed), key=place)
    return sorted([*(question for question in needed if question in entries), *others], key=place)


def described(run: Run, questions: Iterable[str]) -> list[Asked]:
    """The same questions with their answers, for the evidence section."""
    entries = run.snapshot.entries
    return [
        Asked(f"asked-{number}", question, entries[question], _raw(entries[question]))
        for number, question in enumerate(questions, 1)
    ]


def _raw(entry: Evidence) -> str:
    if entry.value is None:
        return ""
    kept: list[str] = []
    length = 0
    # A list of ten thousand rows is counted, not built.
    for piece in json.JSONEncoder(indent=1, ensure_ascii=False, sort_keys=True).iterencode(storable(entry.value)):
        if length <= RAW + 24:
            kept.append(piece)
        length += len(piece)
    return inert("".join(kept), lines=True, limit=RAW, length=length)


def parts(run: Run, questions: Iterable[str]) -> dict[str, dict[str, object]]:
    """The same questions as findings.json lists them."""
    return {q: msgspec.to_builtins(AskedPart.of(run.snapshot.entries[q])) for q in questions}
