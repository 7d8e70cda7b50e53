"""What the name servers of the target say: every question at once, each with its answer or the reason for none.

A stub's work (RFC 1034 section 5.3.1): recursion is asked for; aliases are followed as far as the answer holds them and
by further questions to the same server where it does not. Sockets, repeats and TCP are in `dns_channel.py`.
"""

from __future__ import annotations

import asyncio
import ipaddress
import threading
import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future

import dns.name
import dns.rcode

from fedready.ask.clock import Clock
from fedready.ask.dns_channel import Channel, NoReply, Pace, Query, Reply, exchange
from fedready.ask.dns_evidence import Answer, InHand, LookupInHand, WildcardInHand, random_label, stopped
from fedready.ask.dns_message import TYPES, Message, host, name_of, query, read
from fedready.ask.loading import LOADING
from fedready.model import Cause, Evidence
from fedready.questions import Lookup, Wildcard

MAX_ALIASES = 8
"""How many CNAMEs are followed, and how many further questions that may take."""
IN_FLIGHT = 64
"""Questions that wait for an answer at one resolver at a time."""
RATE = 1500
"""Datagrams a second to one resolver; public resolvers limit a client somewhere above a thousand."""
MAX_NAME_SERVERS = 3  # of the system's configuration, as the C library does (resolv.conf(5), MAXNS)


def follow(message: Message, owner: dns.name.Name, rdtype: str, into: Answer) -> dns.name.Name:
    """Collect the records of `owner`, or follow its aliases within this message; the name at which it ended.

    Raises:
        NoReply: the aliases go round in a circle or are too many.
    """
    while message.records:
        found = message.records.get((owner, TYPES[rdtype]))
        if found is not None:
            into.ttls.append(found.ttl)
            into.answers = sorted(found.texts)
            return owner
        alias = message.records.get((owner, TYPES["CNAME"]))
        if alias is None or alias.target is None:
            return owner
        into.ttls.append(alias.ttl)
        into.chain.append({"name": host(owner), "target": host(alias.target), "ttl": alias.ttl})
        owner = alias.target
        if any(link["name"] == host(owner) for link in into.chain):
            raise NoReply("malformed", f"the aliases (CNAME) of {into.chain[0]['name']} go round in a circle")
        if len(into.chain) > MAX_ALIASES:
            raise NoReply("malformed", f"{into.chain[0]['name']} has more than {MAX_ALIASES} aliases (CNAME) in a row")
    return owner


def _says_no_more(message: Message, owner: dns.name.Name) -> bool:
    """Does the authority section say that the answer ends here (RFC 2308 section 2.2)?"""
    return any(owner.is_subdomain(zone) for zone in message.negative)


def name_servers(text: str) -> list[tuple[str, int]]:
    """The name servers behind an entry of `resolvers`: `address:port`, `[address]:port`, an address, or `system`.

    Raises:
        NoReply: no such form, or the system has no name server configured.
    """
    if text == "system":
        with LOADING:
            import dns.resolver  # reads resolv.conf, or the registry

        try:
            found = [str(one) for one in dns.resolver.Resolver().nameservers]
        except (dns.resolver.NoResolverConfiguration, OSError) as wrong:
            text = f"this machine has no name server configured ({wrong}); add `resolvers` to the target file"
            raise NoReply("absent", text) from None
        return [(address, 53) for address in found[:MAX_NAME_SERVERS]]
    host, colon, port = text.rpartition(":") if text.count(":") == 1 or "]:" in text else (text, "", "53")
    try:
        address = str(ipaddress.ip_address(host.strip("[]")))
        number = int(port)
        if not 0 < number < 65536:
            raise ValueError(port)
    except ValueError:
        wrong_form = f'resolver {text!r} is not "address:port"; write e.g. "9.9.9.9:53" or "[2620:fe::fe]:53"'
        raise NoReply("malformed", wrong_form) from None
    return [(address, number)]


class _Resolver:
    """One entry of `resolvers`: its name servers, the questions that wait, and the workers that ask them."""

    def __init__(self, text: str, timeout: float, in_flight: int, rate: float) -> None:
        self.text, self.timeout, self.in_flight = text, timeout, in_flight
        self.pace = Pace(rate, burst=in_flight)
        self.waiting: deque[tuple[str, str, InHand]] = deque()
        self.workers: set[asyncio.Task[None]] = set()
        self.channels: list[Channel] = []
        self.lost = 0  # questions in a row without any answer
        self.silence: NoReply | None = None

    def add(self, name: str, rdtype: str, hand: InHand) -> None:
        self.waiting.append((name, rdtype, hand))
        if len(self.workers) < self.in_flight:
            task = asyncio.get_running_loop().create_task(self._work())
            self.workers.add(task)
            task.add_done_callback(self.workers.discard)

    async def stop(self) -> None:
        """Everything that has no answer yet is given up."""
        workers = list(self.workers)
        for task in workers:
            task.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        for _, _, hand in self.waiting:
            hand.failed(NoReply("interrupted", "the audit was stopped before this was asked"))
        for channel in self.channels:
            channel.close()

    async def _work(self) -> None:
        while self.waiting:
            name, rdtype, hand = self.waiting.popleft()
            hand.begin()
            try:
                hand.answered(rdtype, await self._look_up(name, rdtype))
            except NoReply as silence:
                hand.failed(silence)
            except asyncio.CancelledError:
                hand.failed(NoReply("interrupted", "the audit was stopped before the answer came"))
                raise
            except Exception as slip:  # a question must never be lost to a mistake of ours
                hand.failed(NoReply("malformed", f"the answer could not be read: {type(slip).__name__}: {slip}"))

    async def _look_up(self, name: str, rdtype: str) -> Answer:
        if not self.channels:
            self.channels = [Channel(host, port) for host, port in name_servers(self.text)]
        answer, owner = Answer(), name_of(name)
        deadline = asyncio.get_running_loop().time() + self.timeout
        while True:
            message = await self._ask(owner, rdtype, deadline, answer)
            answer.rcode = message.rcode
            end = follow(message, owner, rdtype, answer)
            if answer.answers or answer.rcode == "NXDOMAIN" or end == owner or _says_no_more(message, end):
                return answer
            owner = end

    async def _ask(self, name: dns.name.Name, rdtype: str, deadline: float, answer: Answer) -> Message:
        """One question to these servers; what is neither an answer nor NXDOMAIN is no reply."""
        for edns in (True, False):
            question = query(name, rdtype, edns=edns)
            reply = await self._exchange(question, deadline)
            message = read(reply, question, name)
            if not (edns and message.code in (dns.rcode.FORMERR, dns.rcode.NOTIMP)):
                break  # an old server may not know EDNS (RFC 6891 section 7): it is asked once more without
        answer.source = reply.source
        if reply.over == "tcp":
            answer.over = "tcp"
        if message.code == dns.rcode.SERVFAIL:
            raise NoReply("servfail", f"{reply.source} could not find out (SERVFAIL)")
        if message.code == dns.rcode.REFUSED:
            text = f"{reply.source} refused the question (REFUSED); name a resolver that serves this machine"
            raise NoReply("refused", text)
        if message.code not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            raise NoReply("malformed", f"{reply.source} answered {message.rcode}")
        return message

    async def _exchange(self, question: Query, deadline: float) -> Reply:
        if self.silence is not None:
            raise self.silence
        try:
            reply = await exchange(self.channels, question, deadline, self.pace)
        except NoReply as silence:
            self.lost += silence.kind in ("timeout", "unreachable")
            if self.lost >= max(2 * self.in_flight, 16):  # dead, and thousands more would each wait for their time-out
                text = f"{silence.text}; nor did it answer {self.lost} questions before, so it is not asked further"
                self.silence = NoReply(silence.kind, text)
            raise
        self.lost = 0
        return reply


class Resolvers:
    """Asks every resolver of the target at the same time, in a thread of its own.

    Args:
        resolvers: name -> `address:port`; the name `system` need not stand here.
        timeout: seconds for one name and type, its repeats and aliases included.
        in_flight: questions that wait at one resolver at a time.
        rate: datagrams a second to one resolver.
        clock: seconds since 1970 for `Evidence.asked`.
    """

    def __init__(
        self,
        resolvers: Mapping[str, str],
        timeout: float,
        *,
        in_flight: int = IN_FLIGHT,
        rate: float = RATE,
        clock: Clock = time.time,
    ) -> None:
        self._clock = clock
        self._resolvers = {
            name: _Resolver(text, timeout, in_flight, rate) for name, text in {"system": "system", **resolvers}.items()
        }
        self._lock = threading.Lock()
        self._inbox: list[tuple[Lookup | Wildcard, Future[Evidence]]] = []
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event
        self._closed = False
        self._woken = False
        self._broken: Evidence | None = None

    def ask(self, question: Lookup | Wildcard) -> Future[Evidence]:
        """Ask one question. The future never carries an exception; what goes wrong is evidence of state `failed`."""
        future: Future[Evidence] = Future()
        with self._lock:
            if self._closed or self._broken is not None:
                future.set_result(self._broken or stopped())
                return future
            self._inbox.append((question, future))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="dns", daemon=True)
                self._thread.start()
            elif self._loop is not None and not self._woken:
                self._woken = True
                self._loop.call_soon_threadsafe(self._take)
        return future

    def close(self) -> None:
        """Stop asking. What has no answer yet is `not_asked`, cause interrupted. Never waits for a server."""
        with self._lock:
            self._closed = True
            thread, loop = self._thread, self._loop
            if loop is not None:
                loop.call_soon_threadsafe(self._stop.set)
        if thread is not None:
            thread.join(timeout=5)

    def _run(self) -> None:
        # The selector loop everywhere: Windows' own default has no add_reader, and stops reading after an ICMP error.
        try:
            with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                runner.run(self._serve())
        except (
            Exception
        ) as wrong:  # no file descriptor left for the loop's own socket, say: nobody waits for this thread
            text = f"DNS cannot be asked from here ({type(wrong).__name__}: {wrong})"
            with self._lock:
                self._broken = Evidence(state="failed", cause=Cause(kind="unreachable", text=text))
                left, self._inbox = self._inbox, []
            for _, future in left:
                future.set_result(self._broken)

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        with self._lock:
            self._loop = asyncio.get_running_loop()
            if self._closed:
                self._stop.set()
        self._take()
        try:
            await self._stop.wait()
        finally:
            with self._lock:
                self._loop = None
                left, self._inbox = self._inbox, []
            for resolver in self._resolvers.values():
                await resolver.stop()
            for _, future in left:
                future.set_result(stopped())

    def _take(self) -> None:
        with self._lock:
            self._woken = False
            taken, self._inbox = self._inbox, []
        for question, future in taken:
            resolver = self._resolvers.get(question.resolver)
            if resolver is None:
                text = f"the target file has no resolver `{question.resolver}`: add resolvers.{question.resolver}"
                future.set_result(Evidence(state="failed", cause=Cause(kind="absent", text=text)))
            elif isinstance(question, Lookup):
                resolver.add(question.name, question.rdtype, LookupInHand(future, resolver.text, self._clock))
            else:
                probe = WildcardInHand(question.name, future, resolver.text, self._clock)
                resolver.add(probe.label, "A", probe)
                resolver.add(f"_{random_label()}._tcp.{question.name}", "SRV", probe)
