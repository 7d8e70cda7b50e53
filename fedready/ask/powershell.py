"""Ask a PowerShell endpoint: one session per side, one pipeline per cmdlet, as many at a time as the endpoint allows.

A lane is a thread with a connection of its own; all lanes of a side use the one session that the first of them opens.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from fedready.ask import credentials as sign_in
from fedready.ask import powershell_cmdlet as cmdlet
from fedready.ask.clock import Clock, utc_text
from fedready.ask.loading import LOADING
from fedready.ask.powershell_causes import Where, cause_of, over_quota, refused_in_the_clear
from fedready.ask.routes import Addresses, Ahead, NotListed, route_of
from fedready.ask.trust import load_ahead
from fedready.model import Cause, Endpoint, Evidence, Json, Sent, Target
from fedready.questions import Cmdlet
from fedready.reduce import Salt

if TYPE_CHECKING:  # pypsrp and requests are imported when a session is opened, not before
    from fedready.ask.powershell_line import Line
    from fedready.ask.powershell_session import Lane

NEEDS_NO_STEP = "Get-Module"
"""What can still be asked when a module could not be imported, or the sign-in behind it failed."""
CLOSING = 4.0
"""Seconds that ending a session may take."""
QUOTA_PAUSES = (1.0, 2.0, 4.0, 8.0)
"""Seconds between two attempts at a server that has too much of this account's going on: sessions end by themselves."""


@dataclass(eq=False)
class _Asked:
    """A question on its way."""

    question: Cmdlet
    future: Future[Evidence] = field(default_factory=Future)
    began: float = 0.0  # the side's clock; 0: nobody has begun
    since: float = 0.0  # time.monotonic()
    handed_back: bool = False


class PowerShellSide:
    """Asks cmdlets of one endpoint. Thread-safe; neither method raises, and no future carries an exception.

    The session is opened when the first question comes. There are as many lanes as `max_runspaces` allows and questions
    need; one where modules are imported, for those live in one runspace. A cmdlet has `timeouts.cmdlet` seconds, the whole
    side `timeouts.endpoint` from its first question on. A session that does not open fails every question, at once.

    Args:
        side: as questions name it.
        endpoint: the side's endpoint in the target file.
        target: for its time-outs, `connect_to` and CA.
        on_sent: is told about every command as it was serialised; called from the lanes' threads.
        salt: the run's salt for what is said of people, shared by both sides; made anew when left out.
        credentials: who signs in; looked up here (which may ask on a terminal) where not given.
        clock: the time of day, seconds since 1970.
    """

    def __init__(
        self,
        side: str,
        endpoint: Endpoint,
        target: Target,
        *,
        on_sent: Callable[[Sent], None],
        credentials: sign_in.Credentials | None = None,
        salt: Salt | None = None,
        clock: Clock = time.time,
    ) -> None:
        self._endpoint, self._target, self._on_sent, self._clock = endpoint, target, on_sent, clock
        self._salt = salt or Salt()
        missing: Cause | None = None
        try:
            self._credentials = sign_in.find(side, endpoint) if credentials is None else credentials
        except sign_in.NoCredentials as nobody:
            self._credentials, missing = sign_in.Credentials(), Cause(kind="refused", text=str(nobody))
        self._where = Where(side, sign_in.variable(side), endpoint, self._credentials.user)
        self._max_lanes = 1 if endpoint.modules or endpoint.connect else max(1, endpoint.max_runspaces)

        self._changed = threading.Condition()  # guards everything below
        self._waiting: deque[_Asked] = deque()
        self._open: dict[_Asked, None] = {}
        self._threads: list[threading.Thread] = []
        self._lines: list[Line] = []
        self._first: Lane | None = None  # the lane that has opened the session
        self._addresses = Addresses()
        self._ahead: Ahead | None = None
        self._dialled = False  # is the first lane's line there, or known not to be?
        self._idle = 0
        self._no_session = missing or refused_in_the_clear(endpoint)
        self._no_step: Cause | None = None
        self._ends = 0.0
        self._timer: threading.Timer | None = None
        self._closing = False
        self.closing_error: Exception | None = None
        """Why the session could not be ended at the server; it then ends by itself, after its idle time."""
        self.lost_lanes: list[Exception] = []
        """Why lanes beside the first could not be used; their questions were asked by the first."""
        self._waited = 0.0  # seconds, for the server to have room for us

    def ask(self, question: Cmdlet) -> Future[Evidence]:
        """Begin to ask; the future holds the evidence, or the cause of there being none."""
        asked = _Asked(question)
        with self._changed:
            self._open[asked] = None
            refused, closing = self._no_session, self._closing
            if refused is None and not closing:
                if self._timer is None:
                    self._start_clock()
                    self._load()
                self._waiting.append(asked)
                if self._idle < len(self._waiting) and len(self._threads) < self._max_lanes:
                    self._start_lane()
                if self._idle:  # who still opens or dials finds the question afterwards
                    self._changed.notify_all()
        if closing:
            self._interrupt([asked])
        elif refused is not None:
            self._fail([asked], refused)
        return asked.future

    @property
    def remarks(self) -> list[str]:
        """What made the asking slower than the target file allows, as sentences."""
        said = []
        if self._waited:
            text = f"had too much of {self._where.who} going on; asking waited {self._waited:.0f} s for it to have less"
            said.append(f"{self._endpoint.url} {text}")
        for error in self.lost_lanes:
            said.append(f"one connection less than max_runspaces: allows was used: {cause_of(error, self._where).text}")
        return list(dict.fromkeys(said))

    def close(self) -> None:
        """End the session; what is still open is `not_asked`, interrupted. Takes CLOSING seconds at most."""
        with self._changed:
            self._closing = True
            interrupted, lines, threads = list(self._open), list(self._lines), list(self._threads)
            self._waiting.clear()
            self._changed.notify_all()
        if self._timer is not None:
            self._timer.cancel()
            threads.append(self._timer)
        self._interrupt(interrupted)
        if interrupted:
            for line in lines:
                line.abort()
        until = time.monotonic() + CLOSING
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _start_clock(self) -> None:
        seconds = self._target.timeouts.endpoint
        self._ends = time.monotonic() + seconds
        # Lanes end in time by themselves; this is for one that hangs where no deadline reaches, such as a name look-up.
        self._timer = threading.Timer(seconds + 0.5, self._expire)
        self._timer.daemon = True
        self._timer.start()

    def _load(self) -> None:
        """Load what a line is made of, here and not in the threads of the lanes, which all want it at once.

        What takes its time without this program's doing is begun before: a connection, and the trust store.
        """
        with suppress(NotListed, ValueError):  # whoever dials is told
            address = route_of(self._target.connect_to, self._endpoint.url)
            self._ahead = Ahead(address, self._addresses, self._ends)
        load_ahead(self._target.ca_file, sign_in.client_certificate(self._endpoint))
        with suppress(ImportError), LOADING:
            import fedready.ask.powershell_line  # noqa: F401

    def _expire(self) -> None:
        with self._changed:
            late = list(self._open)
            self._waiting.clear()
        self._fail(late, self._deadline().cause(self._endpoint.url))

    def _deadline(self) -> cmdlet.Deadline:
        return cmdlet.Deadline.sooner(self._target.timeouts, self._ends)

    # ------------------------------------------------------------------ lanes

    def _start_lane(self) -> None:
        run = self._run_first_lane if not self._threads else self._run_lane
        name = f"{self._where.side} {len(self._threads)}"
        self._threads.append(threading.Thread(target=run, name=name, daemon=True))
        self._threads[-1].start()

    def _line(self) -> Line:
        from fedready.ask.powershell_line import Line  # `_load` has it loaded

        line = Line(self._endpoint, self._target, self._addresses)
        with self._changed:
            self._lines.append(line)
        return line

    def _dial_first(self, dialled: Future[Line]) -> None:
        try:
            line = self._line()
            line.ahead = self._ahead
            with suppress(Exception):  # the session, which cannot be opened then, says why
                line.connect(self._ends)
            dialled.set_result(line)
        except Exception as error:
            dialled.set_exception(error)
        finally:
            if self._ahead is not None and (unused := self._ahead.take()) is not None:
                unused.close()

    def _lane(self, line: Line) -> Lane:
        with LOADING:
            from fedready.ask.powershell_session import Lane

        return Lane(self._where, self._credentials, self._max_lanes, self._on_sent, line)

    def _run_first_lane(self) -> None:
        lane = None
        dialled: Future[Line] = Future()
        try:
            threading.Thread(target=self._dial_first, args=(dialled,), daemon=True).start()
            with LOADING:  # it takes as long as a connection to a server far away
                import fedready.ask.powershell_session  # noqa: F401
            line = dialled.result()
            with self._changed:
                self._dialled = True
                self._changed.notify_all()
            lane = self._opened(line)
            self._no_step = cmdlet.take_steps(lane, self._where, self._target.timeouts, self._ends)
        except Exception as error:
            late = time.monotonic() >= self._ends
            self._give_up(self._deadline().cause(self._endpoint.url) if late else cause_of(error, self._where))
        else:
            with self._changed:
                self._first = lane
                self._changed.notify_all()
            self._serve(lane)
        if lane is not None:
            try:
                lane.close()
            except Exception as error:  # a courtesy that failed; the evidence is complete without it
                self.closing_error = error

    def _opened(self, line: Line) -> Lane:
        """The lane with the session open; where the server has no room for another, it is asked again, more and more slowly.

        Raises:
            Exception: as `Lane.open` does.
        """
        for pause in (*QUOTA_PAUSES, None):
            lane = self._lane(line)
            try:
                lane.open(self._ends)
                break
            except Exception as error:
                if pause is None or not over_quota(error) or not self._waits(pause):
                    raise
                lane.hang_up()  # whoever signs in anew needs a connection on which nobody has
        return lane

    def _waits(self, seconds: float) -> bool:
        """Wait for a server that has too much of ours going on; False where there is no time for that."""
        begun = time.monotonic()
        if begun + seconds >= self._ends:
            return False
        with self._changed:
            stopped = self._changed.wait_for(lambda: self._closing, seconds)
            self._waited += time.monotonic() - begun
        return not stopped

    def _run_lane(self) -> None:
        line = lane = None
        try:
            with self._changed:  # the first is ahead of the others, for they wait for its session in any case
                self._changed.wait_for(lambda: self._dialled or self._no_session or self._closing)
                if self._no_session or self._closing:
                    return
            line = self._line()
            line.connect(self._ends)  # while the first lane still opens the session
            lane = self._lane(line)
            with self._changed:
                self._changed.wait_for(lambda: self._first or self._no_session or self._closing)
            if self._first is not None and not self._closing:
                lane.join(self._first)
                self._serve(lane)
        except Exception as error:
            self._lost(error)
        finally:
            if lane is not None:
                lane.hang_up()
            elif line is not None:
                line.close()

    def _give_up(self, cause: Cause) -> None:
        """There is no session: every question of this side has the same cause."""
        with self._changed:
            self._no_session = cause
            failed = list(self._open)
            self._waiting.clear()
            self._changed.notify_all()
        self._fail(failed, cause)

    def _lost(self, error: Exception) -> None:
        """The endpoint gives us no further connection; the first lane asks the rest."""
        with self._changed:
            self._max_lanes = 1
            if not self._closing:  # then it is we who end it
                self.lost_lanes.append(error)

    def _serve(self, lane: Lane) -> None:
        while True:
            with self._changed:
                self._idle += 1
                self._changed.wait_for(lambda: self._waiting or self._closing)
                self._idle -= 1
                if self._closing:
                    return
                asked = self._waiting.popleft()
            try:
                self._ask(lane, asked)
            except cmdlet.NotBegun as lost:
                throttled = over_quota(lost.why) and self._waits(QUOTA_PAUSES[0])
                usable = lane is self._first or (lane.useful and not throttled)
                if not self._hand_back(asked, lost.why, lane_is_usable=usable):
                    self._fail([asked], cause_of(lost.why, self._where))
                if not usable:
                    return
            cmdlet.give_up(lane)

    def _hand_back(self, asked: _Asked, why: Exception, *, lane_is_usable: bool) -> bool:
        """Put a question back that the server has not begun: once, for a connection may die between two questions."""
        with self._changed:
            if not lane_is_usable:
                self._lost(why)
            if asked.handed_back or asked not in self._open:
                return False
            asked.handed_back = True
            self._waiting.appendleft(asked)
            self._changed.notify_all()
            return True

    def _ask(self, lane: Lane, asked: _Asked) -> None:
        asked.began, asked.since = self._clock(), time.monotonic()
        deadline = self._deadline()
        if deadline.over:
            self._fail([asked], deadline.cause(self._endpoint.url))
        elif self._no_step is not None and asked.question.name != NEEDS_NO_STEP:
            self._fail([asked], self._no_step)
        else:
            answer = cmdlet.ask(lane, asked.question, self._where, deadline, self._salt)
            if isinstance(answer, Cause):
                self._fail([asked], answer)
            else:
                self._end(asked, "answered", value=answer)

    # ------------------------------------------------------------------ evidence

    def _fail(self, every: Iterable[_Asked], cause: Cause) -> None:
        for asked in every:
            self._end(asked, "failed", cause=cause)

    def _interrupt(self, every: Iterable[_Asked]) -> None:
        cause = Cause(kind="interrupted", text="the run was stopped before this was answered; run again")
        for asked in every:
            self._end(asked, "not_asked", cause=cause)

    def _end(
        self,
        asked: _Asked,
        state: Literal["answered", "failed", "not_asked"],
        *,
        value: Json = None,
        cause: Cause | None = None,
    ) -> None:
        """The first to know how a question ended says so."""
        evidence = Evidence(
            state=state,
            value=value,
            cause=cause,
            asked=utc_text(asked.began or self._clock()),
            ms=round(1000 * (time.monotonic() - asked.since)) if asked.since else 0,
            source=self._endpoint.url,
            account=self._where.account,
        )
        with self._changed:
            if asked not in self._open:
                return
            del self._open[asked]
        with suppress(InvalidStateError):  # cancelled by whoever asked
            asked.future.set_result(evidence)
