"""The live view of an audit on a terminal: per endpoint what is asked, answered, failed, how fast, and the time left."""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TextIO

from fedready.ask.progress import Progress, Silent, Tallies, Tally, plain, wanted

if TYPE_CHECKING:  # rich is imported where a terminal is
    from rich.console import ConsoleRenderable

REDRAWS = 2
"""A second. Drawing takes some 3 ms; what is counted between two of them costs only the counting."""
_WINDOW = 4.0  # seconds that the shown rate is taken over


class Live(Tallies):
    """A table that is redrawn while questions are out, and gone when asking is over."""

    def __init__(self, to: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        from rich.console import Console
        from rich.live import Live as Screen

        super().__init__(clock)
        self._rates: dict[str, Rate] = {}
        self._console = Console(file=to)
        self._screen = Screen(
            console=self._console,
            get_renderable=self.table,
            refresh_per_second=REDRAWS,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def deadline(self, endpoint: str, seconds: float) -> None:
        super().deadline(endpoint, seconds)
        self._screen.start()  # not before: until now somebody may be typing a password

    def over(self) -> None:
        self._screen.stop()

    def table(self) -> ConsoleRenderable:
        """What is drawn now."""
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, expand=True)
        for heading in ("asking", "asked", "answered", "failed", "a second", "left"):
            table.add_column(heading, justify="left" if heading == "asking" else "right", no_wrap=True)
        table.add_column("now", ratio=1, no_wrap=True, overflow="ellipsis")
        now = self.clock()
        with self.lock:
            for endpoint, tally in self.by_endpoint.items():
                rate = self._rates.setdefault(endpoint, Rate()).at(now, tally.done)
                cells = (
                    endpoint,
                    str(tally.asked),
                    str(tally.answered),
                    str(tally.failed) if tally.failed else "",
                    f"{rate:.0f}" if rate >= 1 and tally.now else "",
                    time_left(tally, rate, now),
                    next(iter(tally.now), "") if tally.now else "done",
                )
                # Text, not str: square brackets in an answer must not become colours
                table.add_row(*(Text(cell, style=_style(tally, i)) for i, cell in enumerate(cells)))
        return table


class Rate:
    """How many a second, over the last few seconds."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def at(self, now: float, done: int) -> float:
        """The rate at a moment, with the count of that moment."""
        self._seen.append((now, done))
        while now - self._seen[0][0] > _WINDOW and len(self._seen) > 2:
            self._seen.popleft()
        then, before = self._seen[0]
        return (done - before) / (now - then) if now > then else 0.0


def time_left(tally: Tally, rate: float, now: float) -> str:
    """When it is expected to be done, or when it will be given up if that comes first.

    >>> time_left(Tally(begun=0.0, ends=60.0, asked=200, answered=100, now={"q": None}), 10.0, 30.0)
    '~10 s'
    >>> time_left(Tally(begun=0.0, ends=60.0, asked=1, now={"q": None}), 0.0, 30.0)
    '30 s at most'
    """
    if not tally.now:
        return ""
    expected = (tally.asked - tally.done) / rate if rate > 0 else None
    limit = None if tally.ends is None else max(0.0, tally.ends - now)
    if expected is not None and (limit is None or expected < limit):
        return f"~{expected:.0f} s"
    return "" if limit is None else f"{limit:.0f} s at most"


def _style(tally: Tally, column: int) -> str:
    if column == 3 and tally.failed:
        return "bold red"
    return "" if tally.now else "dim"


def progress_for(
    *,
    quiet: bool = False,
    asked_for: bool = False,
    to: TextIO | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Progress:
    """The view that fits: a live one on a terminal, else plain lines; nothing when quiet, or under CI unless asked for.

    Args:
        to: where to write; standard error where it is not given.
    """
    stream = to or sys.stderr
    if quiet:
        return Silent()
    if stream.isatty() and wanted(environment) and environment.get("TERM") != "dumb":
        return Live(stream)
    return plain(stream, asked_for=asked_for, environment=environment)
