"""One cmdlet on one lane: what is sent, which rows are kept, and what counts as an answer."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fedready.ask.clixml import ClixmlError, read
from fedready.ask.powershell_causes import Where, cause_of, cause_of_record, says_there_is_nothing
from fedready.ask.powershell_messages import COMPLETED, STOPPED
from fedready.model import Cause, Json, Timeouts
from fedready.questions import Cmdlet
from fedready.reduce import Rows, Salt

if TYPE_CHECKING:  # pypsrp and requests are imported when a session is opened, not before
    from fedready.ask.powershell_session import Lane, Outcome

MAX_ROWS = 100_000
"""Rows that an answer may keep. Lists of that length are asked as a count, never as rows."""


class NotBegun(Exception):
    """The lane failed before the server had the cmdlet, in a way in which another connection may not fail."""

    def __init__(self, why: Exception) -> None:
        super().__init__(str(why))
        self.why = why


@dataclass(frozen=True)
class Deadline:
    """Until when a cmdlet may run, and which time-out of the target file says so."""

    ends: float  # time.monotonic()
    seconds: int
    named: str  # timeouts: cmdlet, timeouts: endpoint

    @classmethod
    def sooner(cls, timeouts: Timeouts, endpoint_ends: float) -> Deadline:
        """The deadline of a cmdlet that begins now."""
        ends = time.monotonic() + timeouts.cmdlet
        if ends <= endpoint_ends:
            return cls(ends, timeouts.cmdlet, "timeouts: cmdlet")
        return cls(endpoint_ends, timeouts.endpoint, "timeouts: endpoint")

    @property
    def over(self) -> bool:
        return time.monotonic() >= self.ends

    def cause(self, what: str) -> Cause:
        """The cause `timeout`, in the words of this deadline."""
        text = f"{what} did not answer within {self.seconds} s; if it is slow, raise {self.named}: in the target file"
        return Cause(kind="timeout", text=text)


def ask(lane: Lane, question: Cmdlet, where: Where, deadline: Deadline, salt: Salt) -> list[Json] | Cause:
    """Ask one question: its rows, cut and reduced as they arrive, or why there are none. Never longer than the deadline.

    Raises:
        NotBegun: nothing was asked; try again.
    """
    from fedready.ask.powershell_session import lost_before_it_began

    rows = Rows(question.allowed, salt)

    def take(xml: str) -> None:
        if len(rows) >= MAX_ROWS and question.allowed.reduces is None:
            raise ClixmlError(f"{question.name} returned more than {MAX_ROWS} rows")
        rows.add(read(xml))

    try:
        outcome = lane.run(question.name, sent_values(question), deadline.ends, take)
    except Exception as error:  # pypsrp and what is below it raise nearly anything at a hostile answer
        if lost_before_it_began(lane, error):
            raise NotBegun(error) from error
        return deadline.cause(question.name) if deadline.over else cause_of(error, where)
    command = question.text.partition(": ")[2]
    if outcome.errors == 1 and not len(rows) and says_there_is_nothing(outcome.record, command):
        return []
    return cause_of_outcome(outcome, command, question.allowed.rights, where) or rows.value


def take_steps(lane: Lane, where: Where, timeouts: Timeouts, endpoint_ends: float) -> Cause | None:
    """Import the target's modules and sign in behind them. These two commands are the only ones beside ALLOWED.

    Returns:
        None, or why a step failed.
    """
    steps: list[tuple[str, dict[str, Json]]] = [("Import-Module", {"Name": name}) for name in where.endpoint.modules]
    if (connect := where.endpoint.connect) is not None:
        parameters = {
            "ApplicationId": connect.application_id,
            "CertificateThumbprint": connect.certificate_thumbprint,
            "TenantId": connect.tenant_id,
        }
        steps.append(("Connect-MicrosoftTeams", parameters))
    for name, parameters in steps:
        deadline = Deadline.sooner(timeouts, endpoint_ends)
        try:
            outcome = lane.run(name, parameters, deadline.ends, lambda xml: None)
            cause = cause_of_outcome(outcome, name, "that this session configuration gives", where)
        except Exception as error:
            cause = deadline.cause(name) if deadline.over else cause_of(error, where)
            give_up(lane)
        if cause is not None:
            return Cause(kind=cause.kind, text=f"the opening step {name} failed: {cause.text}")
    return None


def give_up(lane: Lane) -> None:
    """Stop what the lane has begun and not ended. The evidence is there already; this is for the server's sake."""
    with suppress(Exception):
        lane.stop()


def cause_of_outcome(outcome: Outcome, command: str, rights: str, where: Where) -> Cause | None:
    """None for success: the pipeline is completed and has reported no error (partial output is not judged)."""
    if outcome.errors:
        return cause_of_record(outcome.record, command, rights, where)
    if outcome.state == COMPLETED:
        return None
    how = "was stopped" if outcome.state == STOPPED else "failed without saying why"
    return Cause(kind="refused", text=f"{command.split()[0]} {how} at {where.endpoint.url}; run again")


def sent_values(question: Cmdlet) -> dict[str, Json]:
    """A question's parameters as they are sent: a list of names is an array of texts, a switch is True."""
    return {
        key: value.split(",") if isinstance(value, str) and "," in value and " " not in value else value
        for key, value in question.parameters
    }
