"""Asks everything that the selected controls need, each question once, everything at the same time.

A derived inquiry (the addresses of an SRV target, say) is asked as soon as the answers that it needs are there. Whatever
happens, what was seen is kept: a run that is stopped, or over its time, says of the rest that it was not asked.
"""

from __future__ import annotations

import queue
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress

from msgspec.structs import replace

from fedready.ask.clock import Clock, utc_text
from fedready.ask.good_byes import GoodByes
from fedready.ask.progress import Progress, Silent
from fedready.ask.rooms import OpenRoom, Recorded, Room, Unopened, live, not_asked_here
from fedready.inquiry import Inquiry, Known
from fedready.model import Cause, CauseKind, CloudNames, Evidence, RunFacts, Sent, Snapshot, Target, Unseen
from fedready.questions import Cmdlet, Question, endpoint_of
from fedready.shelf import Gathering, facts

AHEAD = 1000
"""Questions of one endpoint that are with its room at a time; tens of thousands more wait here, where they cost little."""
_SLICE = 0.5  # seconds: on Windows a wait for a queue does not notice Ctrl-C before it ends


def ask(
    target: Target,
    clouds: Mapping[str, CloudNames],
    inquiries: Iterable[Inquiry],
    *,
    selection: str = "",
    progress: Progress | None = None,
    tool: str = "",
    clock: Clock = time.time,
    recorded: Mapping[str, Recorded] | None = None,
    run_id: str | None = None,
    open_room: OpenRoom | None = None,
    on_broken: Callable[[Exception], None] | None = None,
    good_byes: GoodByes | None = None,
    meanwhile: Callable[[], object] | None = None,
) -> Snapshot:
    """Ask, and keep every answer and every reason for none.

    Args:
        target: who is asked, and how long it may take (`timeouts.run`).
        clouds: the names of the Microsoft 365 clouds, from the baseline.
        inquiries: what the selected controls look at; what these need is asked with them.
        selection: how the controls were selected, for the record.
        progress: is told about every question.
        tool: name and version of this program.
        clock: the time of day, seconds since 1970.
        recorded: key of `evidence:` in the target file -> what answers in its place (opened by `fedready/sources.py`).
        run_id: the id of the run; made from the time where it is not given.
        open_room: opens the room of an endpoint; the ones with a wire where it is not given.
        on_broken: is told of a fault of our own that ended the asking; what was seen is returned all the same. Where it is
            not given, the fault is raised.
        good_byes: says good-bye to the servers; whoever gives it waits for it, once there is nothing else to do. What ended
            early waits here.
        meanwhile: what there is to do here while the first answers are on their way.

    Returns:
        The evidence, not sealed yet. `interrupted(snapshot)` says whether somebody stopped the run.
    """
    sent: list[Sent] = []
    started = utc_text(clock())
    progress = progress or Silent()
    asking = _Asking(
        target,
        clouds,
        open_room or live(target, clouds, sent.append, clock),
        progress,
        recorded or {},
    )
    try:
        asking.run(inquiries, meanwhile)
    except Exception as bug:
        if on_broken is None:
            raise
        on_broken(bug)
        asking.give_up("interrupted", f"fedready broke before the answer came ({type(bug).__name__}: {bug})")
    finally:
        progress.over()
        leaving = good_byes or GoodByes()
        leaving.say(asking.rooms)
        if good_byes is None or asking.ended_early:
            leaving.wait()
    return Snapshot(
        tool=tool,
        run=RunFacts(
            id=run_id or f"{started.replace('-', '').replace(':', '')}-{uuid.uuid4().hex[:8]}",
            started=started,
            ended=utc_text(clock()),
            selection=selection,
        ),
        target=target,
        entries=asking.entries.shelf(_refused_as_meant(asking.put, asking.entries)),
        sent=tuple(sent),
        notes=tuple(remark for room in asking.rooms for remark in getattr(room, "remarks", ())),
    )


def interrupted(snapshot: Snapshot) -> bool:
    """Did somebody stop this run before everything was asked? An older run that answers for a side does not count."""
    return any(each.cause == "interrupted" and each.via == "live" for each in facts(snapshot.entries))


def _as_meant(question: Question, evidence: Evidence) -> Evidence:
    """A side that does not know what only the other side knows has answered: with nothing, as it should."""
    if (
        isinstance(question, Cmdlet)
        and question.is_out_of_place
        and evidence.cause is not None
        and evidence.cause.kind == "not_recognized"
    ):
        return replace(evidence, state="answered", value=[], cause=None)
    return evidence


def _refused_as_meant(asked: Mapping[str, Cmdlet], entries: Mapping[str, Evidence]) -> dict[str, Evidence]:
    """The same for a side that knows the cmdlet but ends it with an error, as a host with both modules does.

    Only where the side answered something else: otherwise it is the session that refuses, and nothing is known.
    """
    answers = {text: entries[text] for text in asked}
    answering = {
        question.side
        for text, question in asked.items()
        if not question.is_out_of_place and answers[text].state == "answered"
    }
    return {
        text: replace(answer, state="answered", value=[], cause=None)
        for text, answer in answers.items()
        if answer.cause is not None and answer.cause.kind in ("denied", "refused")
        if asked[text].is_out_of_place and asked[text].side in answering
    }


class _Lane:
    """The questions of one endpoint: its room, those that are with it, and those that wait."""

    def __init__(self, name: str, room: Room) -> None:
        self.name, self.room = name, room
        self.waiting: deque[Question] = deque()
        self.out = 0
        self.begun = False


class _Asking:
    """One run. Everything here happens in the caller's thread; the rooms' threads only put answers into `_inbox`."""

    def __init__(
        self,
        target: Target,
        clouds: Mapping[str, CloudNames],
        open_room: OpenRoom,
        progress: Progress,
        recorded: Mapping[str, Recorded],
    ) -> None:
        self.entries = Gathering()
        self.put: dict[str, Cmdlet] = {}  # every cmdlet that was put to a side
        self.ended_early = False
        self._target, self._open_room, self._progress, self._recorded = target, open_room, progress, recorded
        self._known = Known(target, clouds, self.entries)
        self._ends = time.monotonic() + target.timeouts.run
        self._inbox: queue.SimpleQueue[tuple[Question, Evidence]] = queue.SimpleQueue()
        self._lanes: dict[str, _Lane] = {}
        # Question without an answer yet -> the inquiries that wait for it.
        self._open: dict[str, tuple[Inquiry, ...]] = {}
        self._missing: dict[Inquiry, int] = {}  # inquiry -> how many needs, then answers, it still waits for
        self._dependants: dict[Inquiry, list[Inquiry]] = {}

    def run(self, inquiries: Iterable[Inquiry], meanwhile: Callable[[], object] | None = None) -> None:
        """Ask until nothing is open, the time is up or Ctrl-C comes."""
        try:
            ready = [inquiry for inquiry in self._with_needs(inquiries) if not self._missing[inquiry]]
            self._expand(ready)
            if meanwhile is not None:
                meanwhile()
            while self._open:
                left = self._ends - time.monotonic()
                if left <= 0:
                    limit = f"the time for the whole run ({self._target.timeouts.run} s) was over"
                    self.give_up("timeout", f"{limit} before the answer came; raise timeouts.run")
                    return
                with suppress(queue.Empty):
                    self._take(*self._inbox.get(timeout=min(left, _SLICE)))
        except KeyboardInterrupt:
            self.give_up("interrupted", "the run was stopped before the answer came; start it again")

    @property
    def rooms(self) -> list[Room]:
        """Every room that was opened, once."""
        return list({id(lane.room): lane.room for lane in self._lanes.values()}.values())

    # ------------------------------------------------------------- what is asked next

    def _with_needs(self, inquiries: Iterable[Inquiry]) -> list[Inquiry]:
        """Every inquiry once, with all that they need."""
        waiting, found = list(inquiries), dict[Inquiry, None]()
        while waiting:
            inquiry = waiting.pop(0)
            if inquiry in found:
                continue
            found[inquiry] = None
            needs = set(inquiry.needs)
            self._missing[inquiry] = len(needs)
            for need in needs:
                self._dependants.setdefault(need, []).append(inquiry)
            waiting += inquiry.needs
        return list(found)

    def _expand(self, ready: list[Inquiry]) -> None:
        """Turn inquiries into questions; those that are complete at once make others ready."""
        to_ask: list[tuple[int, Question]] = []  # with how much follows from it
        while ready:
            inquiry = ready.pop(0)
            alone, ahead = (inquiry,), self._ahead(inquiry)
            for question in self._questions(inquiry):
                if question.text in self.entries:
                    continue
                if question.text not in self._open:
                    self._open[question.text] = alone
                    to_ask.append((ahead, question))
                else:
                    self._open[question.text] += alone
                self._missing[inquiry] += 1
            if not self._missing[inquiry]:
                ready += self._complete(inquiry)
        # The slowest endpoints are dialled first, and asked first what the most has to wait for.
        to_ask.sort(key=lambda each: (not isinstance(each[1], Cmdlet), -each[0]))
        cmdlets = [question for _, question in to_ask if isinstance(question, Cmdlet)]
        for together in (cmdlets, [question for _, question in to_ask if not isinstance(question, Cmdlet)]):
            # Opening a lane may ask for a password: all of them before any progress. It also imports what the lane needs,
            # so the lanes of PowerShell, whose way is the longest, are on it before the others' libraries are loaded.
            lanes = [self._lane_for(question) for question in together]
            for question, lane in zip(together, lanes, strict=True):
                if lane is not None:
                    self._put(question, lane)
            for lane in self._lanes.values():
                self._feed(lane)

    def _questions(self, inquiry: Inquiry) -> list[Question]:
        """The questions of an inquiry; none where what they follow from was not seen (judging says so).

        Recorded evidence may have any shape, so an answer that cannot be taken apart counts as not seen.
        """
        try:
            return list({question.text: question for question in inquiry.questions(self._known)}.values())
        except (Unseen, ValueError, TypeError, LookupError, AttributeError):
            return []

    def _ahead(self, inquiry: Inquiry) -> int:
        """How many inquiries come after this one, one after the other, at most."""
        return max((1 + self._ahead(dependant) for dependant in self._dependants.get(inquiry, ())), default=0)

    def _complete(self, inquiry: Inquiry) -> list[Inquiry]:
        """This inquiry has all its answers: the ones that waited for nothing else are ready."""
        ready = []
        for dependant in self._dependants.get(inquiry, ()):
            self._missing[dependant] -= 1
            if not self._missing[dependant]:
                ready.append(dependant)
        return ready

    # ------------------------------------------------------------- to the rooms and back

    def _lane_for(self, question: Question) -> _Lane | None:
        """The lane of a question's endpoint; None where the question is answered here."""
        endpoint = endpoint_of(question, self._target)
        evidence = self._from_file(endpoint, question) or not_asked_here(question, self._target)
        if evidence is not None:
            self._inbox.put((question, evidence))
            return None
        if endpoint not in self._lanes:
            self._lanes[endpoint] = _Lane(endpoint, self._room(question))
        return self._lanes[endpoint]

    def _put(self, question: Question, lane: _Lane) -> None:
        if not lane.begun:
            lane.begun = True
            limit = self._target.timeouts.endpoint if isinstance(question, Cmdlet) else self._target.timeouts.run
            self._progress.deadline(lane.name, max(0.0, min(limit, self._ends - time.monotonic())))
        lane.waiting.append(question)
        self._progress.asked(lane.name, question.text)

    def _room(self, question: Question) -> Room:
        """The room of a question's endpoint. Every resolver is asked by the same one."""
        endpoint = endpoint_of(question, self._target)
        if endpoint.startswith("dns@"):
            for name, lane in self._lanes.items():
                if name.startswith("dns@"):
                    return lane.room
        try:
            return self._open_room(question)
        except Exception as wrong:  # a library that is not there, say: this endpoint is unknown, the others are not
            return Unopened(f"{endpoint} cannot be asked: {wrong}")

    def _from_file(self, endpoint: str, question: Question) -> Evidence | None:
        """What `evidence:` of the target file says: of this question, of its endpoint, or of all resolvers."""
        keys = (question.text, endpoint, "dns" if endpoint.startswith("dns@") else endpoint)
        key = next((key for key in keys if key in self._target.evidence), None)
        if key is None:
            return None
        if key in self._recorded:
            return self._recorded[key].answer(question)
        text = f"evidence.{key} of the target file could not be used in this run"
        return Evidence(state="failed", cause=Cause(kind="absent", text=text), via="snapshot")

    def _feed(self, lane: _Lane) -> None:
        while lane.waiting and lane.out < AHEAD:
            question = lane.waiting.popleft()
            lane.out += 1

            def arrived(future: Future[Evidence], question: Question = question) -> None:
                self._inbox.put((question, future.result()))

            lane.room.ask(question).add_done_callback(arrived)

    def _take(self, question: Question, evidence: Evidence) -> None:
        """An answer came: keep it, ask the next of its endpoint and whatever it makes possible."""
        if question.text not in self._open:
            return
        evidence = _as_meant(question, evidence)
        self.entries.put(question.text, evidence)
        if isinstance(question, Cmdlet):
            self.put[question.text] = question
        waiting = self._open.pop(question.text)
        endpoint = endpoint_of(question, self._target)
        self._progress.ended(endpoint, question.text, evidence)
        ready = []
        for inquiry in waiting:
            self._missing[inquiry] -= 1
            if not self._missing[inquiry]:
                ready += self._complete(inquiry)
        if ready:
            self._expand(ready)
        lane = self._lanes.get(endpoint)
        if lane is not None:
            lane.out -= 1
            self._feed(lane)

    def give_up(self, kind: CauseKind, text: str) -> None:
        """Keep what has arrived by now; the rest was not asked."""
        self.ended_early = True
        with suppress(queue.Empty):
            while self._open:
                question, evidence = self._inbox.get_nowait()
                if self._open.pop(question.text, None) is not None:
                    self.entries.put(question.text, evidence)
        for question_text in self._open:
            if question_text not in self.entries:
                self.entries.put(question_text, Evidence(state="not_asked", cause=Cause(kind=kind, text=text)))
        self._open.clear()
