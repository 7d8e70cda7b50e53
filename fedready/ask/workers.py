"""Threads that put questions, a few at a time, and never lose one: what rooms share that ask each question by itself."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from fedready.model import Cause, Evidence

Q = TypeVar("Q")


class Workers(Generic[Q]):
    """Calls `answer` for each question in daemon threads; the futures never carry an exception.

    Args:
        name: of the room, for its threads.
        source: `Evidence.source` of what was not asked any more.
        answer: question -> evidence. Never raises.
        at_once: questions at the same time.
    """

    def __init__(self, name: str, source: str, answer: Callable[[Q], Evidence], *, at_once: int = 16) -> None:
        self._name, self._source, self._answer, self._at_once = name, source, answer, at_once
        self._waiting: queue.SimpleQueue[tuple[Q, Future[Evidence]] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._open: set[Future[Evidence]] = set()
        self._threads = 0
        self._closed = False

    def ask(self, question: Q) -> Future[Evidence]:
        """Begin to ask."""
        future: Future[Evidence] = Future()
        with self._lock:
            if self._closed:
                future.set_result(self._stopped())
                return future
            self._open.add(future)
            self._waiting.put((question, future))
            if self._threads < min(self._at_once, len(self._open)):
                self._threads += 1
                threading.Thread(target=self._work, name=f"{self._name}-{self._threads}", daemon=True).start()
        return future

    def close(self) -> None:
        """Stop. What has no answer yet is `not_asked`, cause interrupted. Never waits for a server."""
        with self._lock:
            self._closed = True
            for _ in range(self._threads):
                self._waiting.put(None)
            left = list(self._open)
        for future in left:
            self._settle(future, self._stopped())

    def _settle(self, future: Future[Evidence], evidence: Evidence) -> None:
        with self._lock:
            if future not in self._open:
                return  # close() was quicker
            self._open.remove(future)
        future.set_result(evidence)

    def _work(self) -> None:
        while (work := self._waiting.get()) is not None:
            question, future = work
            if not self._closed:
                self._settle(future, self._answer(question))

    def _stopped(self) -> Evidence:
        text = "the audit was stopped before the answer came"
        return Evidence(state="not_asked", cause=Cause(kind="interrupted", text=text), source=self._source)
