"""The PSRP side: one shell is one runspace pool, one pipeline runs one visible command.

psrpcore reads what the client sends (fragments, messages, the pipeline's commands); everything that is sent back is written
here, as Windows writes it: each message its own stream element, byte order mark, fragments of at most 32 kB.
"""

from __future__ import annotations

import collections
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import psrpcore
from psrpcore.types import PSRPMessageType

from lab import tamper
from lab.clixml import Obj, Primitive, dumps
from lab.faults import Fault, Faults
from lab.log import Command, Log
from lab.records import CmdletError, error_record, information, no_language, private_data, session_capability, state

NO_PIPELINE = uuid.UUID(int=0)
_BOM = b"\xef\xbb\xbf"
_FRAGMENT = 32768  # bytes, as Windows cuts
_OPENED, _COMPLETED, _FAILED, _STOPPED = 2, 4, 5, 3


class NotPsrp(ValueError):
    """What the client sent cannot be read as PSRP."""


class Streams:
    """What a running command writes to."""

    def __init__(self, shell: Shell, pipeline: uuid.UUID, side: str, stopped: threading.Event) -> None:
        self._shell, self._pipeline = shell, pipeline
        self.side, self.stopped = side, stopped

    def output(self, value: Any) -> None:
        self._shell.send(PSRPMessageType.PipelineOutput, dumps(value), self._pipeline)

    def warning(self, text: str) -> None:
        self._shell.send(PSRPMessageType.WarningRecord, dumps(information("Warning", text)), self._pipeline)

    def error(self, error: CmdletError) -> None:
        self._shell.send(PSRPMessageType.ErrorRecord, dumps(error_record(error, stream=True)), self._pipeline)


Parameters = dict[str | None, Any]
Runner = Callable[[str, Parameters, Streams], None]
"""Runs one command by name; raises CmdletError. `None` is the key of a value given without a name."""


class Shell:
    """One WSMan shell. Every call into psrpcore and every queue is guarded by one lock, because psrpcore has none."""

    def __init__(self, shell_id: str, *, side: str, user: str, run: Runner, faults: Faults, log: Log) -> None:
        self.id, self.side, self.user = shell_id, side, user
        self._run, self._faults, self._log = run, faults, log
        self._pool: psrpcore.ServerRunspacePool = psrpcore.ServerRunspacePool()
        self._changed = threading.Condition()
        self._queues: dict[uuid.UUID | None, collections.deque[bytes]] = collections.defaultdict(collections.deque)
        self._done: set[uuid.UUID] = set()
        self._delivered: set[uuid.UUID | None] = set()
        self._stops: dict[uuid.UUID, threading.Event] = {}
        self._tampering: dict[uuid.UUID, Fault] = {}
        self._objects = 0
        self._runspaces = threading.Semaphore(1)
        self._closing = threading.Event()
        self._opening = True
        self._endless = 0
        self._begun: set[uuid.UUID | None] = set()
        self.questions: dict[str, str] = {}

    # ------------------------------------------------------------------ what comes in

    def feed(self, data: bytes) -> None:
        """Take fragments from the client.

        Raises:
            NotPsrp: the client does not speak PSRP, or not as psrpcore reads it.
        """
        with self._changed:
            self._pool.receive_data(psrpcore.PSRPPayload(data, psrpcore.StreamType.default, None))
            while (event := self._next_event()) is not None:
                self._react(event)
            while self._pool.data_to_send() is not None:
                pass  # psrpcore's own answers are not what Windows writes

    def _next_event(self) -> Any:
        try:
            return self._pool.next_event()
        except (psrpcore.PSRPCoreError, LookupError, ValueError, TypeError, AttributeError) as wrong:
            raise NotPsrp(f"{type(wrong).__name__}: {wrong}") from wrong

    def command(self, pipeline: uuid.UUID, data: bytes) -> None:
        """Begin a pipeline."""
        with self._changed:
            psrpcore.ServerPipeline(self._pool, pipeline)
            self._stops[pipeline] = threading.Event()
        self.feed(data)

    def _react(self, event: Any) -> None:
        name = type(event).__name__
        if name == "SessionCapabilityEvent":
            self.send(PSRPMessageType.SessionCapability, dumps(session_capability()), pool_id=uuid.UUID(int=0))
        elif name == "InitRunspacePoolEvent":
            self._runspaces = threading.Semaphore(max(1, event.max_runspaces))
            threading.Thread(target=self._open, daemon=True).start()
        elif name == "CreatePipelineEvent":
            begun = self._register(event.pipeline_id, event.pipeline)
            threading.Thread(target=self._pipeline, args=(event.pipeline_id, *begun), daemon=True).start()
        elif name in ("SetMaxRunspacesEvent", "SetMinRunspacesEvent", "ResetRunspaceStateEvent"):
            self._availability(event.ci, True)
        elif name == "GetAvailableRunspacesEvent":
            self._availability(event.ci, Primitive("I64", str(self._pool.max_runspaces)))
        elif name == "GetCommandMetadataEvent":
            self._finish(event.pipeline_id, no_language("Get-Command"))

    def _availability(self, call: int, answer: Any) -> None:
        members = {"SetMinMaxRunspacesResponse": answer, "ci": Primitive("I64", str(call))}
        self.send(PSRPMessageType.RunspaceAvailability, dumps(Obj((), notes=members)))

    def _open(self) -> None:
        slow = self._faults.hit("pool", self.side)
        if slow is not None and slow.do == "slow-pool":
            self._closing.wait(slow.seconds)
        broken = slow is not None and slow.do == "pool-broken"
        self.send(PSRPMessageType.ApplicationPrivateData, dumps(private_data()))
        self.send(PSRPMessageType.RunspacePoolState, dumps(state("RunspaceState", 5 if broken else _OPENED)))

    # ------------------------------------------------------------------ one pipeline

    def _register(self, pipeline: uuid.UUID, asked: Any) -> tuple[Any, Parameters, str]:
        """Know the question before Command is answered: a fault at it must hit the first Receive already."""
        commands = list(asked.commands)
        single = commands[0] if len(commands) == 1 and not commands[0].is_script else None
        parameters = _parameters(single) if single else {}
        text = (
            question_text(single.command_text, parameters)
            if single
            else f"script: {' | '.join(c.command_text for c in commands)}"
        )
        question = f"{self.side}: {text}"
        self._log.commands.append(Command(self.side, self.user, text))
        with self._changed:
            self.questions[str(pipeline).upper()] = question
            fault = self._faults.hit("psrp", question, f"{self.side}: {text.split(' ')[0]}")
            if fault is not None:
                self._tampering[pipeline] = fault
        return single, parameters, text

    def _pipeline(self, pipeline: uuid.UUID, single: Any, parameters: Parameters, text: str) -> None:
        failed: CmdletError | None = None
        with self._runspaces:
            streams = Streams(self, pipeline, self.side, self._stops[pipeline])
            try:
                if single is None:
                    raise no_language(text.removeprefix("script: "))
                self._run(single.command_text, parameters, streams)
            except CmdletError as error:
                if error.terminating:
                    failed = error
                else:
                    streams.error(error)
        self._finish(pipeline, failed)

    def _finish(self, pipeline: uuid.UUID, failed: CmdletError | None) -> None:
        tampering = self._tampering.get(pipeline)
        if tampering is not None and tampering.do in ("state-none", "object-endless"):
            return
        number = _FAILED if failed else _STOPPED if self._stops[pipeline].is_set() else _COMPLETED
        body = dumps(state("PipelineState", number, failed))
        with self._changed:
            self.send(PSRPMessageType.PipelineState, body, pipeline)
            self._done.add(pipeline)
            self._changed.notify_all()

    # ------------------------------------------------------------------ what goes out

    def send(
        self, kind: PSRPMessageType, xml: bytes, pipeline: uuid.UUID | None = None, *, pool_id: uuid.UUID | None = None
    ) -> None:
        """Queue one message for the pool or a pipeline."""
        with self._changed:
            pool = self._pool.runspace_pool_id if pool_id is None else pool_id
            fault = self._tampering.get(pipeline) if pipeline else None
            if kind == PSRPMessageType.PipelineOutput and fault is not None and fault.do == "object-endless":
                if pipeline in self._begun:
                    return  # the first object has not ended, so there is no second
                self._begun.add(pipeline)
            message = tamper.Message(kind.value, pool, pipeline or NO_PIPELINE, _BOM + xml)
            self._objects += 1
            for chunk in tamper.fragments(self._objects, message, _FRAGMENT, fault):
                self._queues[pipeline].append(chunk)
            self._changed.notify_all()

    def receive(self, pipeline: uuid.UUID | None, seconds: float, room: int) -> tuple[list[bytes], bool] | None:
        """Wait until there is something for the pool or a pipeline: the chunks and whether it is done; None on time-out."""
        end = time.monotonic() + seconds
        with self._changed:
            queue = self._queues[pipeline]
            endless = pipeline is not None and self._is_endless(pipeline)
            while not queue and not self._closing.is_set() and not endless:
                left = end - time.monotonic()
                if left <= 0:
                    return None
                self._changed.wait(left)
            if endless and not queue:
                self._endless += 1
                queue.append(tamper.endless_fragment(self._endless))
            # Windows answers the first Receive of a pool with the messages before the state, and the second with it.
            most = 2 if pipeline is None and self._opening else len(queue)
            if pipeline is None:
                self._opening = False
            taken: list[bytes] = []
            size = 0
            while queue and len(taken) < most and (not taken or size + len(queue[0]) * 4 // 3 < room):
                size += len(queue[0]) * 4 // 3 + 200
                taken.append(queue.popleft())
            done = pipeline is not None and pipeline in self._done and not queue
            if done:
                self._delivered.add(pipeline)
            return taken, done

    def _is_endless(self, pipeline: uuid.UUID) -> bool:
        fault = self._tampering.get(pipeline)
        return fault is not None and fault.do == "object-endless"

    def signal(self, pipeline: uuid.UUID, code: str) -> None:
        """Stop or forget a pipeline."""
        with self._changed:
            if pipeline in self._stops:
                self._stops[pipeline].set()
            if code.endswith("/Terminate"):
                self._pool.pipeline_table.pop(pipeline, None)
                self._queues.pop(pipeline, None)

    def knows(self, pipeline: uuid.UUID) -> bool:
        """Is there still anything to receive from this pipeline?"""
        return pipeline in self._stops and pipeline not in self._delivered

    @property
    def closed(self) -> bool:
        return self._closing.is_set()

    def close(self) -> None:
        """End every pipeline and wake every wait."""
        with self._changed:
            self._closing.set()
            for stop in self._stops.values():
                stop.set()
            self._changed.notify_all()


def _parameters(command: Any) -> Parameters:
    found: Parameters = {}
    for name, value in command.parameters:
        found[None if name is None else str(name).lstrip("-").rstrip(":")] = (
            True if value is None else value
        )  # a switch
    return found


def question_text(name: str, parameters: Parameters) -> str:
    """A command as questions spell it: parameters in alphabetical order, a switch without value, a list with commas."""
    words = [name]
    for key, value in sorted(parameters.items(), key=lambda item: item[0] or ""):
        shown = ",".join(str(v) for v in value) if isinstance(value, list | tuple) else str(value)
        words.append(shown if key is None else f"-{key}" if value is True else f"-{key} {shown}")
    return " ".join(words)
