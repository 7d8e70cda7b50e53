"""Good-byes: every server is told that its session is over. A courtesy to them, and never a reason to wait for long."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from contextlib import suppress

from fedready.ask.rooms import Room

CLOSING = 5.0
"""Seconds that all of them together may take."""


class GoodByes:
    """Said to all servers at once, and waited for later: the answers can be judged while they travel."""

    def __init__(self) -> None:
        self._threads: list[threading.Thread] = []
        self._ends = 0.0

    def say(self, rooms: Iterable[Room]) -> None:
        """Close every room, each in a thread of its own. Does not wait; Ctrl-C leaves the rest unsaid."""
        self._ends = time.monotonic() + CLOSING
        with suppress(KeyboardInterrupt):
            for room in rooms:
                self._threads.append(threading.Thread(target=_close, args=(room,), daemon=True))
                self._threads[-1].start()

    def wait(self) -> None:
        """Wait until they are said, but not longer than CLOSING. Never raises; Ctrl-C ends the waiting."""
        with suppress(KeyboardInterrupt):
            for thread in self._threads:
                thread.join(max(0.0, self._ends - time.monotonic()))


def _close(room: Room) -> None:
    with suppress(Exception):  # the answers are in; what a server says to a good-bye changes none of them
        room.close()
