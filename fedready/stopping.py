"""What Ctrl-C does during an audit: the first ends it in good order, a further one at once. Neither leaves half a file."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import NoReturn

from fedready.tell.folder import RunFolder

INTERRUPTED = 2
"""The exit code, as pytest has it."""


class Stopping:
    """Takes Ctrl-C over from Python between `begin` and `end`, in the main thread of a program that had not taken it itself.

    Args:
        folder: where the run is written. What is staged there when the program ends at once is kept apart or taken back.
        say: tells the user a last sentence.
        leave: ends the program with an exit code, at once.
    """

    def __init__(
        self, folder: RunFolder, say: Callable[[str], None], leave: Callable[[int], NoReturn] = os._exit
    ) -> None:
        self.presses = 0
        self._folder, self._say, self._leave = folder, say, leave
        self._asking = self._deferred = self._ours = False

    def begin(self) -> None:
        """Listen for Ctrl-C."""
        main = threading.current_thread() is threading.main_thread()
        if main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._pressed)
            self._ours = True

    def end(self) -> None:
        """Give Ctrl-C back. Where it was pressed, all is written and the program is leaving: a further one changes nothing.

        (A handler of ours would not do: Python takes it away in the middle of its own shutdown, and the exit code with it.)
        """
        if self._ours:
            signal.signal(signal.SIGINT, signal.SIG_IGN if self.presses else signal.default_int_handler)
            self._ours = False

    @contextlib.contextmanager
    def asking(self) -> Iterator[None]:
        """While asking, the second press ends the good-byes; what was seen is still judged."""
        self._asking = True
        try:
            yield
        finally:
            self._asking = False

    @contextlib.contextmanager
    def deferred(self) -> Iterator[None]:
        """For the moment in which the evidence is sealed and written: a first press waits until it is safe."""
        before, self._deferred = self.presses, True
        try:
            yield
        finally:
            self._deferred = False
        if self.presses > before:
            raise KeyboardInterrupt

    def _pressed(self, number: int, frame: FrameType | None) -> None:
        self.presses += 1
        if self.presses == 1 and self._deferred:
            return
        if self.presses == 1 or (self._asking and self.presses == 2):
            raise KeyboardInterrupt
        if self._folder.is_moving:  # a few renames, and the new report is there
            return
        try:
            kept = self._folder.set_aside()
            self._say(
                f"Stopped at once. The evidence is kept: {kept / 'snapshot.json'}" if kept else "Stopped at once."
            )
        finally:
            self._leave(INTERRUPTED)
