"""Which room of `ask/` answers which endpoint. A room and its library are imported when its first question comes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, Protocol

from fedready.ask.clock import Clock
from fedready.ask.loading import LOADING
from fedready.model import Cause, CloudNames, Endpoint, Evidence, Sent, Target
from fedready.questions import Cmdlet, Get, Lookup, Question, Tls, Wildcard
from fedready.reduce import Salt


class Room(Protocol):
    """Asks questions of one kind. Neither method raises; the future never carries an exception.

    A room may have `remarks`: sentences about how asking went, which become notes of the snapshot.
    """

    def ask(self, question: Any) -> Future[Evidence]:
        """Begin to ask."""

    def close(self) -> None:
        """Stop; what is still open ends as `not_asked`."""


class Recorded(Protocol):
    """Answers from files instead of asking: a folder that was exported, an older snapshot."""

    def answer(self, question: Question) -> Evidence:
        """What the files say, or why they say nothing. Never raises."""


OpenRoom = Callable[[Question], Room]
"""Opens the room of a question's endpoint."""


class Unopened:
    """The room of an endpoint that could not be opened."""

    def __init__(self, text: str) -> None:
        self._evidence = Evidence(state="failed", cause=Cause(kind="unreachable", text=text))

    def ask(self, question: Question) -> Future[Evidence]:
        future: Future[Evidence] = Future()
        future.set_result(self._evidence)
        return future

    def close(self) -> None:
        """Nothing was opened."""


def endpoint_for(target: Target, side: str) -> Endpoint | None:
    """The endpoint of a PowerShell side, if the target file has one."""
    if side in ("onprem", "tenant"):
        return target.endpoints.onprem if side == "onprem" else target.endpoints.tenant
    return target.endpoints.edges.get(side)


def not_asked_here(question: Question, target: Target) -> Evidence | None:
    """Why this question is not put to anybody, where it is not: no endpoint, or not judged from this machine."""
    if isinstance(question, Cmdlet):
        if endpoint_for(target, question.side) is not None:
            return None
        key = question.side if question.side in ("onprem", "tenant") else f"edges.{question.side}"
        text = f"the target file has no endpoint `{question.side}`: add endpoints.{key}"
        return Evidence(state="failed", cause=Cause(kind="absent", text=text))
    view = "dns" if isinstance(question, Lookup | Wildcard) else "https" if isinstance(question, Get) else "tls"
    if view in target.from_here:
        return None
    return Evidence(state="not_asked", cause=Cause(kind="absent", text="not from here"))


def live(
    target: Target,
    clouds: Mapping[str, CloudNames],
    on_sent: Callable[[Sent], None],
    clock: Clock,
    salt: Salt | None = None,
) -> OpenRoom:
    """The rooms with a wire, each with the target's addresses and time-outs."""

    salt = salt or Salt()

    def open_room(question: Question) -> Room:
        if isinstance(question, Cmdlet):
            with LOADING:
                from fedready.ask.powershell import PowerShellSide

            endpoint = endpoint_for(target, question.side)
            if endpoint is None:
                raise LookupError(question.side)
            return PowerShellSide(question.side, endpoint, target, on_sent=on_sent, salt=salt)
        if isinstance(question, Lookup | Wildcard):
            with LOADING:
                from fedready.ask.dns import Resolvers

            return Resolvers(target.resolvers, target.timeouts.dns, clock=clock)
        if isinstance(question, Get):
            with LOADING:
                from fedready.ask.https import Prober

            return Prober(
                {cloud.suffix for cloud in clouds.values()},
                connect_to=target.connect_to,
                ca_file=target.ca_file,
                timeout=target.timeouts.https,
                clock=clock,
            )
        if isinstance(question, Tls):
            with LOADING:
                from fedready.ask.tls import Handshakes

            return Handshakes(
                connect_to=target.connect_to, ca_file=target.ca_file, timeout=target.timeouts.https, clock=clock
            )
        raise LookupError(f"no room asks {question.text}")

    return open_room
