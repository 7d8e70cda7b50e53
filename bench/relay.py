"""A distance without root: everything between two sockets is held, for half a round trip each way, or round by round.

`python -m bench.relay SECONDS tcp=HOST:PORT ... udp=HOST:PORT ...` prints one line of JSON, from each address to the one where the
relay listens for it. What loopback does in no time and a distance does not, TCP's own handshake, is added to what a connection
sends first: it is held for a whole round trip longer.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol


class Hold(Protocol):
    """Decides when something may pass."""

    def pass_on(self, way: Way, deliver: Callable[[], None]) -> None:
        """Call `deliver` when its time has come, in the order of a way."""


class Way:
    """One direction of one connection or association. `out` leads to the server, `first` until something has passed."""

    def __init__(self, *, out: bool, handshake: bool) -> None:
        self.out, self.first = out, handshake and out
        self.waiting: deque[tuple[float, Callable[[], None]]] = deque()


class Delay:
    """A constant round trip."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def pass_on(self, way: Way, deliver: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + self._seconds / 2 + (self._seconds if way.first else 0.0)
        way.first = False
        if way.waiting:
            due = max(due, way.waiting[-1][0])
        way.waiting.append((due, deliver))
        if len(way.waiting) == 1:
            loop.call_at(due, self._due, way)

    def _due(self, way: Way) -> None:
        loop = asyncio.get_running_loop()
        while way.waiting and way.waiting[0][0] <= loop.time() + 0.0002:
            way.waiting.popleft()[1]()
        if way.waiting:
            loop.call_at(way.waiting[0][0], self._due, way)


class Rounds:
    """No clock in what is counted: answers are held until nobody has anything more to say, then all pass at once.

    `count` is the number of such rounds: the length of the longest chain of round trips so far. A client that needs longer than
    `quiet` seconds to think can only make it larger.
    """

    def __init__(self, quiet: float) -> None:
        self._quiet = quiet
        self._held: list[Callable[[], None]] = []
        self._active = 0.0
        self.count = 0

    def pass_on(self, way: Way, deliver: Callable[[], None]) -> None:
        self._active = asyncio.get_running_loop().time()
        if way.out and not way.first and not way.waiting:
            deliver()
            return
        if way.out:
            way.waiting.append((0.0, deliver))  # what follows the first stays behind it
            if way.first:
                way.first = False
                self._held.append(lambda: self._flush(way))
            return
        self._held.append(deliver)

    def _flush(self, way: Way) -> None:
        while way.waiting:
            way.waiting.popleft()[1]()

    async def run(self) -> None:
        """Release round after round, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._quiet / 8)
            if self._held and loop.time() - self._active >= self._quiet:
                held, self._held = self._held, []
                self.count += 1
                self._active = loop.time()
                for deliver in held:
                    deliver()


class _End(asyncio.Protocol):
    """One end of a relayed connection."""

    def __init__(self, hold: Hold, out: bool, handshake: bool, opened: list[Any]) -> None:
        self._opened = opened
        self.transport: Any = None
        self.other: _End | None = None
        self._hold, self._way, self._early = hold, Way(out=out, handshake=handshake), list[bytes | None]()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._opened.append(transport)

    def data_received(self, data: bytes) -> None:
        self._pass(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._pass(None)

    def join(self, other: _End) -> None:
        """From now on what comes goes to the other end."""
        self.other = other
        early, self._early = self._early, []
        for data in early:
            self._pass(data)

    def _pass(self, data: bytes | None) -> None:
        if self.other is None:
            self._early.append(data)
            return
        to = self.other.transport
        self._hold.pass_on(self._way, (lambda: to.write(data)) if data is not None else to.close)


class _Datagrams(asyncio.DatagramProtocol):
    """The server's side of one client's datagrams, or the listening side of all."""

    def __init__(self, received: Callable[[bytes, Any], None]) -> None:
        self._received = received

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._received(data, addr)


async def tcp(address: tuple[str, int], hold: Hold, opened: list[Any]) -> str:
    """Relay TCP connections to an address; returns where."""
    loop = asyncio.get_running_loop()

    def accepted() -> _End:
        near = _End(hold, out=True, handshake=True, opened=opened)

        async def reach() -> None:
            try:
                _, far = await loop.create_connection(
                    lambda: _End(hold, out=False, handshake=False, opened=opened), *address
                )
            except OSError:
                near.transport.abort()  # nobody is there, and the client is to know
                return
            far.join(near)
            near.join(far)

        tasks.add(task := loop.create_task(reach()))
        task.add_done_callback(tasks.discard)
        return near

    tasks: set[asyncio.Task[None]] = set()
    server = await loop.create_server(accepted, "127.0.0.1", 0, backlog=256)
    opened.append(server)
    return "{}:{}".format(*server.sockets[0].getsockname())


async def udp(address: tuple[str, int], hold: Hold, opened: list[Any]) -> str:
    """Relay datagrams to an address; returns where."""
    loop = asyncio.get_running_loop()
    far: dict[Any, Any] = {}

    def outward(data: bytes, client: Any) -> None:
        if client not in far:
            far[client] = None, Way(out=True, handshake=False), Way(out=False, handshake=False), [data]
            tasks.add(task := loop.create_task(reach(client)))
            task.add_done_callback(tasks.discard)
            return
        transport, way, _, early = far[client]
        if transport is None:
            early.append(data)
            return
        hold.pass_on(way, lambda: transport.sendto(data))

    async def reach(client: Any) -> None:
        _, way, back, early = far[client]

        def inward(data: bytes, _: Any) -> None:
            hold.pass_on(back, lambda: near.sendto(data, client))

        transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(inward), remote_addr=address)
        opened.append(transport)
        far[client] = transport, way, back, early
        for data in early:
            hold.pass_on(way, lambda data=data: transport.sendto(data))

    tasks: set[asyncio.Task[None]] = set()
    near, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(outward), local_addr=("127.0.0.1", 0))
    opened.append(near)
    return "{}:{}".format(*near.get_extra_info("sockname"))


async def relays(places: list[str], hold: Hold, opened: list[Any]) -> dict[str, str]:
    """`tcp=HOST:PORT` or `udp=HOST:PORT` -> where it is relayed. What was opened, and has to be closed, goes to `opened`."""
    found = {}
    for place in places:
        kind, _, text = place.partition("=")
        host, _, port = text.rpartition(":")
        found[place] = await {"tcp": tcp, "udp": udp}[kind]((host, int(port)), hold, opened)
    return found


class InRounds:
    """Relays in a thread of this process that count rounds."""

    def __init__(self, places: list[str], quiet: float = 0.3) -> None:
        self._places, self.rounds, self._opened = places, Rounds(quiet), list[Any]()

    def __enter__(self) -> InRounds:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.to = asyncio.run_coroutine_threadsafe(relays(self._places, self.rounds, self._opened), self._loop).result(
            10
        )
        asyncio.run_coroutine_threadsafe(self.rounds.run(), self._loop)
        return self

    def __exit__(self, *_: object) -> None:
        async def end() -> None:
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for one in self._opened:
                one.close()
            await asyncio.sleep(0.05)  # closing is done in the loop's next turns

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


async def _main(seconds: float, places: list[str]) -> None:
    print(json.dumps(await relays(places, Delay(seconds), [])), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main(float(sys.argv[1]), sys.argv[2:]))
