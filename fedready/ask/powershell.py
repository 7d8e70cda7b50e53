"""Ask a PowerShell endpoint: one session per side, one pipeline per cmdlet, as many at a time as the endpoint allows."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from fedready.ask import credentials as sign_in
from fedready.ask.clixml import ClixmlError, read
from fedready.ask.clock import Clock, utc_text
from fedready.ask.powershell_causes import Where, cause_of, cause_of_record, said
from fedready.ask.powershell_messages import COMPLETED, STOPPED
from fedready.model import Cause, Endpoint, Evidence, Json, Sent, Target
from fedready.questions import Allowed, Cmdlet

if TYPE_CHECKING:  # pypsrp and requests are imported when a session is opened, not before
    from fedready.ask.powershell_session import Lane, Outcome

MAX_ROWS = 100_000
"""Rows that an answer may keep. Lists of that length are asked as a count, never as rows."""
NEEDS_NO_STEP = "Get-Module"
"""What can still be asked when a module could not be imported or the sign-in behind it failed."""


@dataclass(eq=False)
class _Asked:
    """A question on its way."""

    question: Cmdlet
    future: Future[Evidence] = field(default_factory=Future)
    began: float = 0.0  # the side's clock; 0: nobody has begun
    since: float = 0.0  # time.monotonic()


class PowerShellSide:
    """Asks cmdlets of one endpoint. Thread-safe; neither method raises, and no future carries an exception.

    The session is opened when the first question comes. Each lane is a thread with a connection of its own, and there are
    as many as `max_runspaces` (one where modules are imported, for those live in one runspace). A cmdlet has
    `timeouts.cmdlet` seconds, the whole side `timeouts.endpoint` from its first question on.

    Args:
        side: as questions name it.
        endpoint: the side's endpoint in the target file.
        target: for its time-outs, `connect_to` and CA.
        on_sent: is told about every command as it was serialised; called from the lanes' threads.
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
        clock: Clock = time.time,
    ) -> None:
        self._side, self._endpoint, self._target, self._on_sent, self._clock = side, endpoint, target, on_sent, clock
        self._one_runspace = bool(endpoint.modules or endpoint.connect)
        self._max_lanes = 1 if self._one_runspace else max(1, endpoint.max_runspaces)
        self._changed = threading.Condition()
        self._waiting: deque[_Asked] = deque()
        self._open: dict[_Asked, None] = {}
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._first: Lane | None = None
        self._lanes: list[Lane] = []
        self._no_session: Cause | None = None
        self._no_step: Cause | None = None
        self._ends: float | None = None
        self._closing = False
        self._timer: threading.Timer | None = None
        self.closing_error: Exception | None = None
        """Why the session could not be ended at the server; it then ends by itself, after its idle time."""
        try:
            self._credentials = sign_in.find(side, endpoint) if credentials is None else credentials
        except sign_in.NoCredentials as missing:
            self._credentials = sign_in.Credentials()
            self._no_session = Cause(kind="refused", text=str(missing))
        self._where = Where(side, sign_in.variable(side), endpoint, self._credentials.user)
        self._no_session = self._no_session or _refused_in_the_clear(endpoint)

    def ask(self, question: Cmdlet) -> Future[Evidence]:
        """Begin to ask; the future holds the evidence, or the cause of there being none."""
        asked = _Asked(question)
        with self._changed:
            self._open[asked] = None
            refused = self._no_session
            if refused is None and not self._closing:
                if self._ends is None:
                    self._start_clock()
                self._waiting.append(asked)
                if self._idle < len(self._waiting) and len(self._threads) < self._max_lanes:
                    self._start_lane()
                self._changed.notify()
                return asked.future
        if refused is None:
            self._interrupt([asked])
        else:
            self._fail(asked, refused)
        return asked.future

    def close(self) -> None:
        """End the session. What is still open becomes `not_asked`, interrupted. Waits a few seconds at most."""
        with self._changed:
            self._closing = True
            interrupted = list(self._open)
            self._waiting.clear()
            self._changed.notify_all()
            lanes, threads = list(self._lanes), list(self._threads)
        if self._timer is not None:
            self._timer.cancel()
        self._interrupt(interrupted)
        if interrupted:
            for lane in lanes:
                lane.adapter.abort()
        until = time.monotonic() + 4
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))

    # ------------------------------------------------------------------ time

    def _start_clock(self) -> None:
        self._ends = time.monotonic() + self._target.timeouts.endpoint
        # The lanes end by themselves in time; the timer is for a lane that hangs where no deadline reaches (a name look-up).
        self._timer = threading.Timer(self._target.timeouts.endpoint + 0.5, self._expire)
        self._timer.daemon = True
        self._timer.start()

    def _expire(self) -> None:
        with self._changed:
            late = list(self._open)
            self._waiting.clear()
        for asked in late:
            self._fail(asked, self._too_late())

    def _too_late(self) -> Cause:
        seconds = self._target.timeouts.endpoint
        text = f"{self._endpoint.url} did not answer everything within {seconds} s; raise timeouts: endpoint: if it is slow"
        return Cause(kind="timeout", text=text)

    # ------------------------------------------------------------------ lanes

    def _start_lane(self) -> None:
        number = len(self._threads)
        thread = threading.Thread(target=self._run_lane, args=(number,), name=f"{self._side} {number}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _run_lane(self, number: int) -> None:
        lane = self._open_session() if number == 0 else self._join_session()
        if lane is not None:
            self._serve(lane)
            if lane is self._first:
                self._end_session(lane)

    def _open_session(self) -> Lane | None:
        lane = None
        try:
            from fedready.ask.powershell_session import Lane, Session

            session = Session(
                self._side, self._endpoint, self._target, self._credentials, self._max_lanes, self._on_sent
            )
            lane = Lane(session)
            with self._changed:
                self._lanes.append(lane)
            lane.open(self._ends or 0)
            self._no_step = self._opening_steps(lane)
        except Exception as error:
            self._give_up(lane, error)
            return None
        with self._changed:
            self._first = lane
            self._changed.notify_all()
        return lane

    def _give_up(self, lane: Lane | None, error: Exception) -> None:
        """There is no session: every question of this side has the same cause, at once."""
        cause = cause_of(error, self._where)
        with self._changed:
            self._no_session = cause
            failed = list(self._open)
            self._waiting.clear()
            self._changed.notify_all()
        for asked in failed:
            self._fail(asked, cause)
        if lane is not None and lane.pool.shell.opened:
            self._end_session(lane)

    def _join_session(self) -> Lane | None:
        from fedready.ask.powershell_session import Lane

        with self._changed:
            self._changed.wait_for(lambda: self._first or self._no_session or self._closing)
            if self._first is None or self._closing:
                return None
            lane = Lane(self._first.session, self._first)
            self._lanes.append(lane)
            return lane

    def _end_session(self, lane: Lane) -> None:
        try:
            lane.close()
        except Exception as error:  # a courtesy that failed; the evidence is complete without it
            self.closing_error = error

    def _serve(self, lane: Lane) -> None:
        while True:
            with self._changed:
                self._idle += 1
                self._changed.wait_for(lambda: self._waiting or self._closing)
                self._idle -= 1
                if self._closing:
                    return
                asked = self._waiting.popleft()
            if not self._ask(lane, asked):
                return

    # ------------------------------------------------------------------ one question

    def _ask(self, lane: Lane, asked: _Asked) -> bool:
        """Ask one question; False when this lane is of no use and has handed the question back."""
        from fedready.ask.powershell_session import lost_before_it_began

        question, ends = asked.question, self._ends or 0
        asked.began, asked.since = self._clock(), time.monotonic()
        if asked.since >= ends:
            self._fail(asked, self._too_late())
            return True
        if self._no_step is not None and question.name != NEEDS_NO_STEP:
            self._fail(asked, self._no_step)
            return True
        rows = _Rows(question.allowed)
        try:
            outcome = lane.run(
                question.name, _sent_values(question), min(asked.since + self._target.timeouts.cmdlet, ends), rows.add
            )
        except Exception as error:
            if lane is not self._first and not lane.useful and lost_before_it_began(lane, error) and self._hand_back(asked):
                return False
            self._fail(asked, self._in_time(cause_of(error, self._where), question))
            with suppress(Exception):  # the pipeline is given up either way
                lane.stop()
            return True
        cause = self._cause_of_outcome(outcome, question.text.partition(": ")[2], question.allowed.rights)
        if cause is None:
            self._end(asked, "answered", value=rows.value)
        else:
            self._fail(asked, cause)
        return True

    def _hand_back(self, asked: _Asked) -> bool:
        with self._changed:
            if asked not in self._open:
                return False
            self._waiting.appendleft(asked)
            self._max_lanes = 1  # the endpoint wants no further connections; the first one asks the rest
            self._changed.notify_all()
            return True

    def _in_time(self, cause: Cause, question: Cmdlet) -> Cause:
        if cause.kind != "timeout":
            return cause
        seconds = self._target.timeouts.cmdlet
        text = f"{question.name} did not end within {seconds} s; raise timeouts: cmdlet: in the target file if it is slow"
        return Cause(kind="timeout", text=text)

    def _cause_of_outcome(self, outcome: Outcome, command: str, rights: str) -> Cause | None:
        """None for success: the pipeline is completed and has reported no error."""
        if outcome.errors:
            return cause_of_record(outcome.record, command, rights, self._where)
        if outcome.state == COMPLETED:
            return None
        if outcome.state == STOPPED:
            return Cause(kind="refused", text=f"{command.split()[0]} was stopped by {self._endpoint.url}; run again")
        return Cause(kind="refused", text=f"{command.split()[0]} failed at {self._endpoint.url} without saying why")

    def _opening_steps(self, lane: Lane) -> Cause | None:
        """Import the modules, sign in behind them. These two commands are all that there is; see questions.ALLOWED."""
        steps: list[tuple[str, dict[str, Json]]] = [("Import-Module", {"Name": name}) for name in self._endpoint.modules]
        if self._endpoint.connect is not None:
            connect = self._endpoint.connect
            steps.append(
                (
                    "Connect-MicrosoftTeams",
                    {
                        "ApplicationId": connect.application_id,
                        "CertificateThumbprint": connect.certificate_thumbprint,
                        "TenantId": connect.tenant_id,
                    },
                )
            )
        for name, parameters in steps:
            ends = min(time.monotonic() + self._target.timeouts.cmdlet, self._ends or 0)
            try:
                outcome = lane.run(name, parameters, ends, lambda xml: None)
                cause = self._cause_of_outcome(outcome, name, "the session that it opens")
            except Exception as error:
                cause = cause_of(error, self._where)
                with suppress(Exception):
                    lane.stop()
            if cause is not None:
                return Cause(kind=cause.kind, text=f"the session's opening step {name} failed: {cause.text}")
        return None

    # ------------------------------------------------------------------ evidence

    def _fail(self, asked: _Asked, cause: Cause) -> None:
        self._end(asked, "failed", cause=cause)

    def _interrupt(self, every: list[_Asked]) -> None:
        for asked in every:
            cause = Cause(kind="interrupted", text="the run was stopped before this was answered; run again")
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


class _Rows:
    """An answer as it arrives: each row cut to what evidence may hold, or only counted."""

    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed
        self._names = {name.lower(): name for name in allowed.keeps}
        self._rows: list[Json] = []
        self._count = 0

    def add(self, xml: str) -> None:
        row = read(xml)
        self._count += 1
        if self._allowed.reduces == "count":
            if not isinstance(row, dict):
                raise ClixmlError(f"{self._allowed.name} returned something that is no object")
            return
        if self._count > MAX_ROWS:
            raise ClixmlError(f"{self._allowed.name} returned more than {MAX_ROWS} rows")
        self._rows.append(self._kept(row) if isinstance(row, dict) else row)

    def _kept(self, row: dict[str, Json]) -> dict[str, Json]:
        named = ((name if name.startswith("#") else self._names.get(name.lower()), value) for name, value in row.items())
        return {name: value for name, value in named if name is not None}

    @property
    def value(self) -> list[Json]:
        return [{"Count": self._count}] if self._allowed.reduces == "count" else self._rows


def _sent_values(question: Cmdlet) -> dict[str, Json]:
    """A question's parameters as they are sent: a list of names is an array of texts, a switch is True."""
    return {
        key: value.split(",") if isinstance(value, str) and "," in value and " " not in value else value
        for key, value in question.parameters
    }


def _refused_in_the_clear(endpoint: Endpoint) -> Cause | None:
    if endpoint.url.lower().startswith("https://"):
        return None
    if endpoint.auth in ("basic", "certificate") or not endpoint.url.lower().startswith("http://"):
        text = f"auth: {endpoint.auth} needs https, and {said(endpoint.url)} is not; nothing was sent"
        return Cause(kind="refused", text=text)
    return None
