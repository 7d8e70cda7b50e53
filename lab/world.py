"""The whole estate behind one context manager: start, target file, environment, log, faults, end."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import yaml

from lab.answers import Commands
from lab.authentication import ACCOUNTS
from lab.autodiscover import Web
from lab.certificates import Authority
from lab.dns import Resolver
from lab.estate import Estate, load_estate
from lab.faults import Faults
from lab.front import Front
from lab.listener import Server
from lab.log import Log
from lab.tls import SipListener
from lab.wsman import Service

DEFAULT_URLS = {"onprem": "https://pool.contoso.com/OcsPowershell", "tenant": "https://mgmt.contoso.com:5986/wsman"}
_KINDS = {"onprem": "ocspowershell"}


class World:
    """A running estate.

    >>> with World("healthy") as world:                       # doctest: +SKIP
    ...     world.faults.add("tenant Create", "status", status=503)
    ...     subprocess.run([..., "--target", world.target_file], env=os.environ | world.environ)
    ...     world.log.commands

    Attributes:
        faults: rules of misbehaviour; `reset` returns to the estate's own.
        log: everything that was asked.
        target_file, waivers_file, ca_file: what the lab wrote into its own folder.
        environ: FEDREADY_<SIDE>_USER and _PASSWORD with throw-away credentials.
        users: side -> user name; `password` is the same for all.
        ports: listener -> port on 127.0.0.1.
    """

    def __init__(self, estate: str | Path | Estate, *, plain: bool = False, delay: float = 0.0) -> None:
        """Prepare an estate.

        Args:
            estate: a file, the name of one of `fixtures/estates`, or an estate that was read.
            plain: PowerShell over HTTP (with message encryption where the client signs in by Negotiate) instead of HTTPS.
            delay: seconds of waiting once per connection, TLS handshake, request and datagram: a made-up distance.

        Raises:
            fedready.yamlmarks.Mistake: the estate is not right.
        """
        self.estate = estate if isinstance(estate, Estate) else load_estate(estate)
        self.plain, self.delay = plain, delay
        self.log = Log()
        self.faults = Faults(self.estate.listeners)
        self.password = ACCOUNTS.password
        self.users = {side: rf"CONTOSO\{side}-auditor" for side in self.estate.sides}
        self.ports: dict[str, int] = {}
        self._servers: list[Server | Resolver] = []
        self._unreachable: list[socket.socket] = []
        self._refused: dict[str, int] = {}

    # ------------------------------------------------------------------ life

    def __enter__(self) -> World:
        self.directory = Path(tempfile.mkdtemp(prefix="fedready-lab-"))
        ACCOUNTS.enter(list(self.users.values()))
        try:
            self.estate.arm(self.faults)
            self._authority = Authority(self.directory)
            self.ca_file = self._authority.file
            self._start()
            self.target_file = self.directory / "target.yaml"
            self.waivers_file = self.directory / "waivers.yaml"
            self._write(self.target_file, self.target)
            self._write(self.waivers_file, self.estate.waivers)
            self.faults.listening = True
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        closing = [threading.Thread(target=server.close) for server in self._servers]
        for thread in closing:
            thread.start()
        for thread in closing:
            thread.join()
        for bound in self._unreachable:
            bound.close()
        self._servers, self._unreachable = [], []
        ACCOUNTS.leave(list(self.users.values()))
        shutil.rmtree(self.directory, ignore_errors=True)

    def reset(self) -> None:
        """Forget what was asked and return to the estate's own faults."""
        self.log.clear()
        self.faults.clear()
        self.faults.listening = False
        self.estate.arm(self.faults)
        self.faults.listening = True

    # ------------------------------------------------------------------ listeners

    def _start(self) -> None:
        estate, faults, log = self.estate, self.faults, self.log
        for side in estate.sides:
            self._add(side, self._front(side))
        for name, zones in estate.dns.items():
            self._add(f"dns@{name}", Resolver(name, zones, delay=self.delay, faults=faults, log=log))
        for scheme in sorted({urlsplit(url).scheme for url in estate.https}):
            self._add(
                scheme, Web(scheme, estate.https, authority=self._authority, delay=self.delay, faults=faults, log=log)
            )
        for url in estate.https:
            scheme, host = urlsplit(url).scheme, urlsplit(url).hostname
            if faults.hit("listener", f"{scheme} {host}", f"GET {url}") is not None:
                self._refused[url] = self._closed_port()
        for place, row in estate.tls.items():
            listener = SipListener(
                place, certificate=row.certificate, names=row.names, ask_client=row.ask_client_certificate,
                authority=self._authority, delay=self.delay, faults=faults, log=log,
            )  # fmt: skip
            self._add(f"TLS {place}", listener)

    def _add(self, name: str, server: Server | Resolver) -> None:
        if self.faults.hit("listener", name) is not None:
            server.close()
            self.ports[name] = self._closed_port()
            return
        self._servers.append(server)
        server.start()
        self.ports[name] = server.port

    def _closed_port(self) -> int:
        """A port that is ours, so that nobody else answers there, and refuses connections."""
        bound = socket.socket()
        bound.bind(("127.0.0.1", 0))
        self._unreachable.append(bound)
        return int(bound.getsockname()[1])

    def _front(self, side: str) -> Front:
        parts = urlsplit(self.url(side))
        commands = Commands(side, self.estate.sides[side], shape=self.estate.shape, faults=self.faults)
        configuration = str(self._endpoint(side).get("configuration", "Microsoft.PowerShell"))
        service = Service(side, configurations=(configuration,), run=commands.run, faults=self.faults, log=self.log)
        return Front(
            side, path=parts.path or "/", names=(parts.hostname or "", "127.0.0.1", "localhost"), users=(self.users[side],),
            service=service, faults=self.faults, log=self.log, authority=None if self.plain else self._authority,
            delay=self.delay,
        )  # fmt: skip

    # ------------------------------------------------------------------ what an audit is given

    def _endpoint(self, side: str) -> Mapping[str, Any]:
        endpoints = self.estate.target.get("endpoints") or {}
        found = endpoints.get(side) if side in DEFAULT_URLS else (endpoints.get("edges") or {}).get(side)
        return found or {}

    def url(self, side: str) -> str:
        """The address by which the target file names an endpoint."""
        url = str(self._endpoint(side).get("url") or DEFAULT_URLS.get(side) or f"https://{side}.contoso.com:5986/wsman")
        return url.replace("https://", "http://", 1) if self.plain else url

    @property
    def target(self) -> dict[str, Any]:
        """The target file's content: the estate's, with every address on loopback."""
        named: dict[str, Any] = {
            side: {
                "kind": _KINDS.get(side, "winrm"),
                "auth": "negotiate",
                **self._endpoint(side),
                "url": self.url(side),
            }
            for side in self.estate.sides
        }
        edges = {side: named.pop(side) for side in list(named) if side not in DEFAULT_URLS}
        return {
            **self.estate.target,
            "endpoints": named | ({"edges": edges} if edges else {}),
            "resolvers": {name: f"127.0.0.1:{self.ports[f'dns@{name}']}" for name in self.estate.dns},
            "ca_file": str(self.ca_file),
            "connect_to": self.connect_to,
        }

    @property
    def connect_to(self) -> dict[str, str]:
        """Every host and port of the estate -> where it listens."""
        places = {_place(self.url(side)): self.ports[side] for side in self.estate.sides}
        places |= {place: self.ports[f"TLS {place}"] for place in self.estate.tls}
        # A web host shakes hands too, so it stands for a handshake with its port.
        places |= {_place(url): self._refused.get(url, self.ports[urlsplit(url).scheme]) for url in self.estate.https}
        return {place: f"127.0.0.1:{port}" for place, port in places.items()}

    @property
    def environ(self) -> dict[str, str]:
        """The environment variables that hold the lab's credentials."""
        values: dict[str, str] = {}
        for side, user in self.users.items():
            prefix = f"FEDREADY_{side.upper().replace('-', '_')}"
            values |= {f"{prefix}_USER": user, f"{prefix}_PASSWORD": self.password}
        return values

    @property
    def ready(self) -> dict[str, Any]:
        """What `python -m lab` prints when it listens."""
        return {
            "estate": self.estate.name, "target": str(self.target_file), "waivers": str(self.waivers_file),
            "ca_file": str(self.ca_file), "ports": self.ports, "users": self.users, "environ": self.environ,
        }  # fmt: skip

    def _write(self, file: Path, content: Any) -> None:
        file.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
        with contextlib.suppress(NotImplementedError):
            os.chmod(file, 0o600)


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
