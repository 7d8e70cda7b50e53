"""How an audit tells what it is doing while it asks: a protocol, and plain lines where no terminal is."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TextIO

from fedready.model import Evidence


class Progress(Protocol):
    """What `plan.ask` tells as it goes. Called from one thread; must be cheap: tens of thousands of questions are normal.

    `endpoint` is the name that `questions.endpoint_of` gives (`onprem`, `dns@public`, `https`), `text` the question's.
    """

    def deadline(self, endpoint: str, seconds: float) -> None:
        """An endpoint begins to be asked; it has this long."""

    def asked(self, endpoint: str, text: str) -> None:
        """A question was handed over."""

    def ended(self, endpoint: str, text: str, evidence: Evidence) -> None:
        """It is answered, failed, or will not be asked."""

    def over(self) -> None:
        """Asking is over: give the screen back."""


@dataclass(slots=True)
class Tally:
    """Where one endpoint stands. `ends` is a moment of `time.monotonic()`."""

    begun: float
    ends: float | None = None
    asked: int = 0
    answered: int = 0
    failed: int = 0
    not_asked: int = 0
    now: dict[str, None] = field(default_factory=dict)  # the questions that are out, the oldest first

    @property
    def done(self) -> int:
        return self.answered + self.failed + self.not_asked

    def count(self, evidence: Evidence) -> None:
        if evidence.state == "answered":
            self.answered += 1
        elif evidence.state == "failed":
            self.failed += 1
        else:
            self.not_asked += 1


class Tallies:
    """The counting that every view needs. Safe to read from the thread that draws."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.lock = threading.Lock()
        self.by_endpoint: dict[str, Tally] = {}

    def deadline(self, endpoint: str, seconds: float) -> None:
        with self.lock:
            self._of(endpoint).ends = self.clock() + seconds

    def asked(self, endpoint: str, text: str) -> None:
        with self.lock:
            tally = self._of(endpoint)
            tally.asked += 1
            tally.now[text] = None

    def ended(self, endpoint: str, text: str, evidence: Evidence) -> None:
        with self.lock:
            tally = self._of(endpoint)
            tally.now.pop(text, None)
            tally.count(evidence)

    def over(self) -> None:
        """Nothing to give back."""

    def _of(self, endpoint: str) -> Tally:
        tally = self.by_endpoint.get(endpoint)
        if tally is None:
            tally = self.by_endpoint[endpoint] = Tally(self.clock())
        return tally


class Silent:
    """No progress at all."""

    def deadline(self, endpoint: str, seconds: float) -> None:
        """Nothing."""

    def asked(self, endpoint: str, text: str) -> None:
        """Nothing."""

    def ended(self, endpoint: str, text: str, evidence: Evidence) -> None:
        """Nothing."""

    def over(self) -> None:
        """Nothing."""


class Lines(Tallies):
    """Plain lines for a log: what fails at once (the first of an endpoint in words), counts now and then and at the end."""

    EVERY = 5.0
    """Seconds between two lines of counts."""
    FAILURES = 3
    """Failed questions of an endpoint that are told one by one; the rest is in the counts and in the report."""

    def __init__(self, to: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock)
        self._to = to
        self._told = clock()

    def deadline(self, endpoint: str, seconds: float) -> None:
        super().deadline(endpoint, seconds)
        self._say(f"{endpoint}: asking, {seconds:.0f} s at most")

    def ended(self, endpoint: str, text: str, evidence: Evidence) -> None:
        super().ended(endpoint, text, evidence)
        tally = self.by_endpoint[endpoint]
        if evidence.state == "failed" and tally.failed <= self.FAILURES:
            self._say(f"{endpoint}: no answer to {text}: {evidence.cause.text if evidence.cause else 'no cause given'}")
        if self.clock() - self._told >= self.EVERY:
            for name, each in self.by_endpoint.items():
                if each.now:
                    self._say(self._standing(name, each))

    def over(self) -> None:
        for endpoint, tally in self.by_endpoint.items():
            self._say(self._standing(endpoint, tally))

    def _standing(self, endpoint: str, tally: Tally) -> str:
        words = [f"{tally.answered} answered", f"{tally.failed} failed"]
        if tally.not_asked:
            words.append(f"{tally.not_asked} not asked")
        if tally.now:
            words.append(f"{len(tally.now)} waiting")
        return f"{endpoint}: " + ", ".join(words)

    def _say(self, line: str) -> None:
        self._told = self.clock()
        printable = "".join(c if c.isprintable() else " " for c in line)
        print(printable, file=self._to, flush=True)


def wanted(environment: Mapping[str, str] = os.environ) -> bool:
    """Should progress be shown unasked? Not in a continuous-integration run, whose log is read afterwards."""
    return environment.get("CI", "").lower() not in ("true", "1")


def plain(
    to: TextIO | None = None, *, asked_for: bool = False, environment: Mapping[str, str] = os.environ
) -> Progress:
    """Plain lines on standard error; nothing under `CI=true` unless asked for."""
    return Lines(to or sys.stderr) if asked_for or wanted(environment) else Silent()
