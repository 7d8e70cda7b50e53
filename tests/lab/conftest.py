"""One lab for all of these tests, asked by clients that are not ours: pypsrp, dnspython, ssl."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import dns.message
import dns.query
import pytest
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from lab.world import World


@pytest.fixture(scope="session")
def healthy_lab() -> Iterator[World]:
    with World("healthy") as world:
        yield world


@pytest.fixture
def world(healthy_lab: World) -> Iterator[World]:
    """The healthy estate, with an empty log and without faults."""
    healthy_lab.reset()
    yield healthy_lab
    healthy_lab.reset()


@dataclass
class Answered:
    """What pypsrp made of one pipeline."""

    state: int
    output: list[Any]
    errors: list[str]
    warnings: list[str]

    def rows(self) -> list[dict[str, Any]]:
        return [dict(row.adapted_properties) for row in self.output]


@contextlib.contextmanager
def runspaces(world: World, side: str = "onprem", max_runspaces: int = 1, **settings: Any) -> Iterator[RunspacePool]:
    """An open runspace pool of a stock pypsrp."""
    given = {
        "port": world.ports[side], "ssl": not world.plain, "auth": "basic",
        "path": "OcsPowershell" if side == "onprem" else "wsman",
        "username": world.users[side], "password": world.password, "cert_validation": str(world.ca_file), "no_proxy": True,
        "read_timeout": 4, "operation_timeout": 2, "reconnection_backoff": 0,
    }  # fmt: skip
    given.update(settings)
    with contextlib.closing(WSMan("127.0.0.1", **given)) as wsman:
        pool = RunspacePool(wsman, max_runspaces=max_runspaces)
        pool.open()
        try:
            yield pool
        finally:
            with contextlib.suppress(Exception):  # a lab that misbehaves may refuse even that
                pool.close()


def invoke(pool: RunspacePool, command: str, **parameters: Any) -> Answered:
    """One command with parameters; a command with a space in it is sent as a script."""
    shell = PowerShell(pool)
    shell = shell.add_script(command) if " " in command else shell.add_cmdlet(command)
    for name, value in parameters.items():
        shell.add_parameter(name, value)
    output = shell.invoke()
    return Answered(
        shell.state, output, [e.fq_error for e in shell.streams.error], [w.message for w in shell.streams.warning]
    )


@pytest.fixture
def open_pool() -> Callable[..., contextlib.AbstractContextManager[RunspacePool]]:
    return runspaces


@pytest.fixture
def ask() -> Callable[..., Answered]:
    """Ask one question over a session of its own."""

    def asked(world: World, side: str, command: str, **parameters: Any) -> Answered:
        with runspaces(world, side) as pool:
            return invoke(pool, command, **parameters)

    return asked


@pytest.fixture
def ask_in() -> Callable[..., Answered]:
    return invoke


@pytest.fixture
def dig() -> Callable[..., dns.message.Message]:
    """One DNS question over UDP, or over TCP."""

    def asked(
        world: World, name: str, rdtype: str, at: str = "public", *, tcp: bool = False, seconds: float = 1
    ) -> dns.message.Message:
        query = dns.message.make_query(name, rdtype)
        send = dns.query.tcp if tcp else dns.query.udp
        return send(query, "127.0.0.1", timeout=seconds, port=world.ports[f"dns@{at}"])

    return asked


@pytest.fixture
def fetch() -> Callable[..., str]:
    """One HTTPS request by a client that checks the certificate against the name; the whole answer as text."""

    def fetched(world: World, host: str, path: str, verb: str = "GET") -> str:
        context = ssl.create_default_context(cafile=str(world.ca_file))
        with (
            socket.create_connection(("127.0.0.1", world.ports["https"]), 5) as raw,
            context.wrap_socket(raw, server_hostname=host) as secured,
        ):
            secured.sendall(f"{verb} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            answer = b""
            while chunk := secured.recv(65536):
                answer += chunk
            return answer.decode()

    return fetched
