"""One socket per name server: sends questions, finds the answer that belongs to each, asks again, changes to TCP.

Knows bytes and sockets only (RFC 1035 section 4); what a message means is read in `dns.py`.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from fedready.model import CauseKind

RECEIVE_BUFFER = 4 << 20
"""Bytes. The usual 208 kB lose answers from about a thousand questions in flight (the system may grant less)."""
SHARES = (0.2, 0.3, 0.5)
"""How the time for one question is divided among its first sending and the repeats, each waiting longer."""
_BATCH = 256
_QR, _TC = 0x80, 0x02  # byte 2 of the header: this is an answer; it was cut to fit a datagram


class NoReply(Exception):
    """A name server gave no usable answer: what kind of silence it was, and a sentence about it."""

    def __init__(self, kind: CauseKind, text: str) -> None:
        super().__init__(text)
        self.kind: CauseKind = kind
        self.text = text


@dataclass(frozen=True, slots=True)
class Query:
    """A question as it goes over the wire, without its two bytes of id, and the part that an answer must repeat."""

    after_id: bytes
    question: bytes

    def fits(self, answer: bytes) -> bool:
        """Does this message answer the question? (The id was matched before.)

        A refusal may leave the question out; every other answer repeats it. Letter case is the server's business.
        """
        if len(answer) < 12 or not answer[2] & _QR:
            return False
        if answer[4:6] == b"\0\0":
            return answer[3] & 0x0F in (1, 2, 4, 5)  # FORMERR, SERVFAIL, NOTIMP, REFUSED
        return answer[4:6] == b"\0\1" and answer[12 : 12 + len(self.question)].lower() == self.question


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that fits its question: the whole message, how it came and from whom (`address:port`)."""

    wire: bytes
    over: Literal["udp", "tcp"]
    source: str


class Pace:
    """At most so many datagrams a second, with a short burst allowed: public resolvers drop those who hurry.

    Adaptive: where more than a tenth of the datagrams of a while stay without answer, the server or the way to it drops what
    is too fast, and the pace halves; while hardly any is lost it wins back a quarter. Single names that nobody answers for
    (a broken zone among thousands) change nothing, and a resolver that loses nothing never notices.
    """

    SLOWEST = 1 / 64
    """Of the given rate: below it, waiting longer helps nobody."""
    WHILE = 0.5
    """Seconds that are looked at together: what is lost together has one cause."""
    FEW = 8
    """Datagrams; fewer in a while say nothing."""

    def __init__(self, per_second: float, burst: int) -> None:
        self._least_gap = self._gap = 1.0 / per_second
        self._burst = burst
        self._next = 0.0
        self._since = 0.0
        self._lost = self._answered = 0

    @property
    def per_second(self) -> float:
        """The pace of now."""
        return 1.0 / self._gap

    def lost(self, now: float) -> None:
        """A datagram stayed without answer for as long as one waits."""
        self._lost += 1
        self._look(now)

    def answered(self, now: float) -> None:
        self._answered += 1
        self._look(now)

    def _look(self, now: float) -> None:
        if now - self._since < self.WHILE:
            return
        seen = self._lost + self._answered
        if self._lost >= self.FEW and self._lost > seen / 10:
            self._gap = min(self._gap * 2, self._least_gap / self.SLOWEST)
        elif self._lost <= seen / 50:
            self._gap = max(self._gap / 1.25, self._least_gap)
        self._since, self._lost, self._answered = now, 0, 0

    async def turn(self) -> None:
        """Wait until the next datagram may leave."""
        now = asyncio.get_running_loop().time()
        self._next = max(self._next, now - self._burst * self._gap) + self._gap
        if self._next > now:
            await asyncio.sleep(self._next - now)


class _Flight:
    """A question on its way. `waiter` wakes the asker: an answer, an error from the network, or time to ask again."""

    __slots__ = ("error", "lies", "places", "query", "reply", "waiter")

    def __init__(self, query: Query) -> None:
        self.query = query
        self.places: list[tuple[Channel, int]] = []
        self.reply: Reply | None = None
        self.error: OSError | None = None
        self.lies = 0  # answers with its id and another question, or its question and another id
        self.waiter: asyncio.Future[None] | None = None

    def wake(self) -> None:
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)


class Channel:
    """One name server, one connected UDP socket: the kernel drops what comes from anybody else."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.name = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._random = b""
        self.strays = 0  # datagrams that are nobody's answer at all
        self._socket: socket.socket | None = None
        self._flights: dict[int, _Flight] = {}
        self._recent: deque[int] = deque(maxlen=1024)  # a repeated question is often answered twice: no lie

    def send(self, flight: _Flight) -> None:
        """Send a question, under the id it already has here or a new random one.

        Raises:
            OSError: there is no way to the server.
        """
        number = next((n for channel, n in flight.places if channel is self), None)
        if number is None:
            number = self._random_id()
            self._flights[number] = flight
            flight.places.append((self, number))
        with suppress(BlockingIOError):  # a full buffer is a lost datagram: the repeat sends it again
            self._open().send(number.to_bytes(2, "big") + flight.query.after_id)

    def _random_id(self) -> int:
        """An id that nobody can guess and no question in flight has."""
        while True:
            if not self._random:
                self._random = secrets.token_bytes(1024)  # one by one they would be a third of the cost of sending
            number = int.from_bytes(self._random[:2], "big")
            self._random = self._random[2:]
            if number not in self._flights:
                return number

    def forget(self, number: int) -> None:
        """This question is over; a late second answer to it is not counted as a lie."""
        self._flights.pop(number, None)
        self._recent.append(number)

    def close(self) -> None:
        """Give the socket back."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def _open(self) -> socket.socket:
        if self._socket is None:
            one = socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET, socket.SOCK_DGRAM)
            try:
                one.setblocking(False)
                with suppress(OSError):
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
                one.connect((self.host, self.port))
            except OSError:
                one.close()
                raise
            asyncio.get_running_loop().add_reader(one, self._read)
            self._socket = one
        return self._socket

    def _read(self) -> None:
        if self._socket is None:
            return
        for _ in range(_BATCH):  # then the loop's other work has its turn
            try:
                datagram = self._socket.recv(65535)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:  # "port unreachable" came back: it says of nobody in particular
                for flight in list(self._flights.values()):
                    flight.error = error
                    flight.wake()
                return
            self._deliver(datagram)

    def _deliver(self, datagram: bytes) -> None:
        number = int.from_bytes(datagram[:2], "big")
        found = self._flights.get(number)
        if found is not None and found.query.fits(datagram):
            found.reply = Reply(datagram, "udp", self.name)
            found.wake()
        elif found is not None:
            found.lies += 1
        elif number not in self._recent:
            meant = [flight for flight in self._flights.values() if flight.query.fits(datagram)]
            for flight in meant:
                flight.lies += 1
            self.strays += not meant


async def exchange(channels: Sequence[Channel], query: Query, deadline: float, pace: Pace) -> Reply:
    """Ask one question: over UDP, again when nothing comes, over TCP when the answer was cut short.

    Args:
        channels: the name servers in order; a repeat goes to the next one (one server: to the same).
        deadline: time of the running loop at which asking ends.

    Raises:
        NoReply: time-out, no way to the server, or an answer over TCP that does not fit.
    """
    loop = asyncio.get_running_loop()
    begun, strays = loop.time(), sum(channel.strays for channel in channels)
    flight = _Flight(query)
    try:
        used = 0.0
        for attempt, share in enumerate(SHARES):
            await pace.turn()
            used += share
            flight.waiter = loop.create_future()
            try:
                channels[attempt % len(channels)].send(flight)
            except OSError as error:
                flight.error = error
                continue
            timer = loop.call_at(begun + (deadline - begun) * used, flight.wake)
            try:
                await flight.waiter
            finally:
                timer.cancel()
            if flight.reply is not None:
                pace.answered(loop.time())
                break
            if flight.error is None:
                pace.lost(loop.time())
    finally:
        for channel, number in flight.places:
            channel.forget(number)
    if flight.reply is None:
        lies = flight.lies + sum(channel.strays for channel in channels) - strays
        raise _silence(channels, flight.error, deadline - begun, lies)
    if flight.reply.wire[2] & _TC:
        channel = next(c for c in channels if c.name == flight.reply.source)
        return await _over_tcp(channel, query, deadline)
    return flight.reply


def _silence(channels: Sequence[Channel], error: OSError | None, seconds: float, lies: int) -> NoReply:
    who = ", ".join(channel.name for channel in channels)
    if error is not None and not lies:
        return NoReply("unreachable", f"{who} cannot be reached: {reason(error)}; check `resolvers` in the target file")
    text = f"{who} did not answer within {seconds:.0f} s"
    if lies:
        text += "; answers that do not fit the question were ignored"
    return NoReply("timeout", text)


async def _over_tcp(channel: Channel, query: Query, deadline: float) -> Reply:
    try:
        async with asyncio.timeout_at(deadline):
            reader, writer = await asyncio.open_connection(channel.host, channel.port)
            try:
                number = secrets.token_bytes(2)
                wire = number + query.after_id
                writer.write(len(wire).to_bytes(2, "big") + wire)
                await writer.drain()
                answer = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
            finally:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()
    except TimeoutError:
        raise NoReply("timeout", f"{channel.name} cut the answer short and did not send it over TCP in time") from None
    except asyncio.IncompleteReadError:
        raise NoReply("malformed", f"{channel.name} closed the TCP connection within its answer") from None
    except OSError as error:
        text = f"{channel.name} cut the answer short and cannot be reached over TCP: {reason(error)}"
        raise NoReply("unreachable", f"{text}; open TCP port {channel.port}") from None
    if answer[:2] != number or not query.fits(answer):
        raise NoReply("malformed", f"{channel.name} answered another question over TCP")
    return Reply(answer, "tcp", channel.name)


def reason(error: OSError) -> str:
    """The system's words for a network error, without numbers."""
    return (error.strerror or str(error) or type(error).__name__).lower()
