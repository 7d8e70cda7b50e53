"""One PowerShell session at an endpoint: a RunspacePool, and one or several connections that run pipelines in it.

With `powershell_wsman` the only module that touches what pypsrp keeps to itself; tests/test_powershell.py names what that
is. pypsrp speaks WSMan and PSRP towards the server; what comes back is taken apart here, so that a broken answer is an
error and never a value.

Connections: a `Lane` is a WSMan object of its own (an NTLM or Kerberos context belongs to one connection) that uses the
shell which the first lane has opened. What lanes share is what must be unique in a shell: the numbers of fragments.
"""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests
from pypsrp.complex_objects import RunspacePoolState
from pypsrp.exceptions import AuthenticationError, WinRMTransportError, WSManFaultError
from pypsrp.shell import CommandState, SignalCode
from pypsrp.wsman import NAMESPACES

from fedready.ask.clixml import read
from fedready.ask.credentials import Credentials
from fedready.ask.pinning import DeadlineExceeded, harden
from fedready.ask.powershell_causes import OPERATION_TIMEOUT, Where
from fedready.ask.powershell_line import Line
from fedready.ask.powershell_messages import (
    ERROR_RECORD,
    PIPELINE_OUTPUT,
    PIPELINE_STATE,
    RUNNING_STATES,
    SIDE_STREAMS,
    Fragments,
    Malformed,
    SentCommands,
)
from fedready.ask.powershell_pipeline import message as create_pipeline
from fedready.ask.powershell_wsman import POLL, Numbered, refuse_doctype, runspace_pool, wsman
from fedready.model import Json, Sent

GRACE = 2.0
"""Seconds for the courtesies: to stop a pipeline that is over its time, to close the session."""


@dataclass
class Outcome:
    """How a pipeline ended: its state, and the first of the errors that it reported."""

    state: int = 2
    record: Json = None
    errors: int = 0

    def reported(self, record: Json) -> None:
        self.record = record if self.errors == 0 else self.record
        self.errors += 1


class Lane:
    """One connection of a session. Used by one thread at a time."""

    def __init__(
        self,
        where: Where,
        credentials: Credentials,
        max_runspaces: int,
        on_sent: Callable[[Sent], None],
        line: Line,
    ) -> None:
        endpoint, self._side, self._on_sent = where.endpoint, where.side, on_sent
        self.wsman = wsman(endpoint, credentials)
        transport = self.wsman.transport
        self.adapter = line
        transport.session = harden(transport._build_session(), line)
        self._send, transport.send = transport.send, self._guarded
        self._sent, self._hollow = SentCommands(), 0
        self.pool = runspace_pool(self.wsman, endpoint.configuration, max_runspaces)
        self.begun: str | None = None  # the pipeline that the server has accepted and not ended yet
        self.useful = False  # has it ever run a pipeline to its end?

    def join(self, first: Lane) -> None:
        """Use the shell that another lane has opened, as if it were ours."""
        pool, other = self.pool, first.pool
        self.wsman.session_id = first.wsman.session_id
        self.wsman.max_envelope_size = first.wsman.max_envelope_size
        self.wsman.max_payload_size = first.wsman.max_payload_size
        self.wsman.transport.session.cookies = first.wsman.transport.session.cookies  # load balancers: the same server
        pool.id, pool.state, pool.protocol_version = other.id, other.state, other.protocol_version
        pool._fragmenter, pool._serializer = other._fragmenter, other._serializer
        pool.shell.id, pool.shell.opened = other.shell.id, True
        pool.shell.resource_uri, pool.shell._selector_set = other.shell.resource_uri, other.shell._selector_set

    # ------------------------------------------------------------------ the wire

    def _guarded(self, message: bytes, *, retries_on_read_timeout: int = 0, timeout: Any = None) -> bytes:
        """Every request of this lane: recorded as it is serialised, sent once, its answer looked at before XML is read."""
        for command in self._sent.of(message):
            self._on_sent(Sent(to=self._side, command=command))
        began = time.monotonic()
        try:
            answer: bytes = self._send(message, timeout=timeout)
        except WinRMTransportError as error:
            if error.code != 500:  # 500 carries WSMan's own faults; another status is the end of this sign-in
                self._forget()
            refuse_doctype(str(error.response_text))
            self._pace(message, began, b"")
            raise
        except Exception:
            self._forget()
            raise
        try:
            refuse_doctype(answer.decode("utf-8"))
        except UnicodeDecodeError:
            raise Malformed("an answer that is not UTF-8") from None
        self._pace(message, began, answer)
        return answer

    def _forget(self) -> None:
        """After a broken exchange: a new connection next time, and new keys for the messages on it."""
        self.wsman.transport.encryption = None
        self.adapter.close()

    def _pace(self, message: bytes, began: float, answer: bytes) -> None:
        """A server that says "nothing yet" at once, for ever, is not asked faster and faster."""
        hollow = b"/Receive<" in message and b"Stream" not in answer and time.monotonic() - began < 0.05
        self._hollow = self._hollow + 1 if hollow else 0
        if self._hollow > 3:
            pause = min(0.01 * 2 ** (self._hollow - 3), 0.5)
            left = pause if self.adapter.ends is None else self.adapter.ends - time.monotonic()
            time.sleep(max(0.0, min(pause, left)))

    # ------------------------------------------------------------------ pipelines

    def open(self, ends: float) -> None:
        """Open the session: one shell at the server. `ends` is a moment of time.monotonic().

        Raises:
            Exception: whatever pypsrp and what is below it raise; `powershell_causes.cause_of` tells the cause.
        """
        self.adapter.ends = ends
        self.pool._fragmenter = Numbered(self.pool._fragmenter)
        try:
            self.pool.open()
        except WSManFaultError as fault:
            if fault.code != OPERATION_TIMEOUT or self.pool.state != RunspacePoolState.NEGOTIATION_SENT:
                raise
        while self.pool.state == RunspacePoolState.NEGOTIATION_SENT:  # the server takes longer than POLL to start it
            try:
                self.pool._receive()
            except WSManFaultError as fault:
                if fault.code != OPERATION_TIMEOUT:
                    raise
        if self.pool.state != RunspacePoolState.OPENED:
            raise Malformed("the session did not open")

    def run(self, name: str, parameters: dict[str, Json], ends: float, on_output: Callable[[str], None]) -> Outcome:
        """Run one cmdlet as a pipeline of its own; every object that it returns goes to `on_output` as CLIXML.

        Raises:
            Exception: as `open` does. If `begun` is set then, the server has a pipeline that may still run.
        """
        self.adapter.ends = ends
        fragments, outcome = Fragments(), Outcome()
        self.begun = pipeline = self._begin(name, parameters)
        while outcome.state in RUNNING_STATES:
            self._receive(pipeline, fragments, outcome, on_output)
        self.begun, self.useful = None, True
        return outcome

    def _begin(self, name: str, parameters: dict[str, Json]) -> str:
        """Send a cmdlet; returns the id under which the server runs it."""
        pool, id_ = self.pool, str(uuid.uuid4()).upper()
        message = create_pipeline(name, parameters, pool=pool.id, pipeline=id_, protocol=pool.protocol_version)
        first, *rest = pool._fragmenter.cut(message)
        begun = pool.shell.command("", arguments=[base64.b64encode(first).decode()], command_id=id_)
        running: str = begun.findtext("rsp:CommandResponse/rsp:CommandId", namespaces=NAMESPACES) or id_
        for fragment in rest:
            pool.shell.send("stdin", fragment, command_id=running)
        return running

    def _receive(self, pipeline: str, fragments: Fragments, outcome: Outcome, on_output: Callable[[str], None]) -> None:
        left = (self.adapter.ends or 0) - time.monotonic()
        if left <= 0:
            raise DeadlineExceeded("the cmdlet did not end within its time")
        try:
            state, _, streams = self.pool.shell.receive(
                "stdout", command_id=pipeline, timeout=max(1, min(POLL, int(left)))
            )
        except WSManFaultError as fault:
            if fault.code != OPERATION_TIMEOUT:
                raise
            return
        for message in fragments.feed(streams["stdout"]):
            if outcome.state not in RUNNING_STATES:
                raise Malformed("output after the end of the pipeline")
            if message.type == PIPELINE_OUTPUT:
                on_output(message.xml)
            elif message.type == ERROR_RECORD:
                outcome.reported(read(message.xml))
            elif message.type == PIPELINE_STATE:
                _ended(read(message.xml), outcome)
            elif message.type not in SIDE_STREAMS:
                raise Malformed(f"a message of type {message.type:#x} in a pipeline")
        if state == CommandState.DONE and outcome.state in RUNNING_STATES:
            raise Malformed("the pipeline ended without saying how")

    def stop(self) -> None:
        """Stop the pipeline that is over its time, so that it does not hold a runspace. Takes GRACE seconds at most.

        Raises:
            Exception: as `open` does.
        """
        pipeline, self.begun = self.begun, None
        if pipeline is not None:
            self.adapter.ends = time.monotonic() + GRACE
            self.pool.shell.signal(SignalCode.PS_CTRL_C, pipeline)

    def close(self) -> None:
        """End the session at the server. Takes GRACE seconds at most.

        Raises:
            Exception: as `open` does.
        """
        self.adapter.resume()
        self.adapter.ends = time.monotonic() + GRACE
        try:
            self.pool.close()  # sends nothing where nothing was opened
        finally:
            self.hang_up()

    def hang_up(self) -> None:
        """Close the connection; the session at the server stays."""
        self.wsman.close()


def lost_before_it_began(lane: Lane, error: Exception) -> bool:
    """Has this lane failed in a way in which another lane may not, and before the server had accepted the pipeline?"""
    kinds = (AuthenticationError, WinRMTransportError, WSManFaultError, requests.ConnectionError)
    return lane.begun is None and isinstance(error, kinds) and not isinstance(error, requests.Timeout)


def _ended(value: Json, outcome: Outcome) -> None:
    state = value.get("PipelineState") if isinstance(value, dict) else None
    if type(state) is not int or not 0 <= state <= 6:
        raise Malformed(f"a pipeline in state {state!r:.40}")
    outcome.state = state
    if value.get("ExceptionAsErrorRecord") is not None:
        outcome.reported(value["ExceptionAsErrorRecord"])
