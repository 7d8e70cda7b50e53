"""Where a finding's answers come from when nobody was asked for them in this run, and how old they are."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from msgspec import field

from fedready.model import Finding, Frozen, Snapshot
from fedready.sources import in_words
from fedready.tell.asked import questions_of


class Provenance(Frozen, frozen=True, kw_only=True):
    """One answer that a finding looked at and that came from a file. `asked` is UTC; empty where nothing was found."""

    question: str
    via: Literal["export", "snapshot"]
    asked: str
    source: str = field(name="from")


def provenance(finding: Finding, snapshot: Snapshot) -> tuple[Provenance, ...]:
    """Every answer from a file that stands behind a finding, each once, in the order in which it was looked at."""
    found = []
    for question in questions_of(finding):
        entry = snapshot.entries.get(question)
        if entry is not None and entry.via != "live":
            found.append(Provenance(question=question, via=entry.via, asked=entry.asked, source=entry.source))
    return tuple(found)


def age(asked: str, judged: str) -> str:
    """`3 days old`; empty where one of the two is no time."""
    try:
        passed = dt.datetime.fromisoformat(judged) - dt.datetime.fromisoformat(asked)
    except (ValueError, TypeError):
        return ""
    return f"{in_words(passed)} old" if passed >= dt.timedelta(0) else "later than the judging"
