"""A lab at a distance: its own process, and between it and the suite a relay that holds everything for a round trip."""

from __future__ import annotations

import http.client
import json
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import yaml

from bench.runs import ROOT, Unfit


class Lab:
    """An estate of the lab in a process of its own; `change` may rewrite what the target file says.

    Args:
        estate: the name of an estate, or a file.
        delay: seconds of a round trip, 0 for none.
    """

    def __init__(self, estate: str, *, delay: float = 0.0) -> None:
        self._estate, self._delay = estate, delay
        self._processes: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Lab:
        self._folder = tempfile.TemporaryDirectory()
        self.ready = self._started("-m", "lab", "--estate", self._estate)
        self.environ: dict[str, str] = self.ready["environ"]
        self.content: dict[str, Any] = yaml.safe_load(Path(self.ready["target"]).read_text(encoding="utf-8"))
        self.target = Path(self._folder.name) / "target.yaml"
        if self._delay:
            self._put_away()
        self.write()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in reversed(self._processes):
            process.terminate()
            process.wait(10)
            if process.stdout is not None:
                process.stdout.close()
        self._folder.cleanup()

    def write(self) -> Path:
        """Write the target file again, after `content` was changed."""
        self.target.write_text(yaml.safe_dump(self.content, sort_keys=False), encoding="utf-8")
        return self.target

    def endpoints(self, **changed: object) -> None:
        """Change both endpoints: `auth`, `max_runspaces`."""
        for side in ("onprem", "tenant"):
            self.content["endpoints"][side] |= changed
        self.write()

    def address(self, side: str) -> tuple[str, int]:
        """Where an endpoint is dialled."""
        host, _, port = self.content["connect_to"][_place(self.content["endpoints"][side]["url"])].rpartition(":")
        return host, int(port)

    def check_distance(self) -> float:
        """Measure the relay against its known figure: TCP, TLS and one request are three round trips.

        Raises:
            Unfit: it is off by more than a quarter; nothing that is measured here would mean anything.
        """
        context = ssl.create_default_context(cafile=self.content["ca_file"])
        context.check_hostname = False
        seconds = []
        for _ in range(3):
            host, port = self.address("onprem")
            begun = time.perf_counter()
            connection = http.client.HTTPSConnection(host, port, context=context)
            connection.request("POST", "/none", body=b"x" * 1000)
            connection.getresponse().read()
            seconds.append(time.perf_counter() - begun)
            connection.close()
        if not 3 * self._delay <= min(seconds) <= 1.25 * 3 * self._delay:
            raise Unfit(f"three round trips of {self._delay} s took {min(seconds):.3f} s")
        return min(seconds) / 3

    def _put_away(self) -> None:
        tcp = sorted(set(self.content["connect_to"].values()))
        udp = sorted(set(self.content["resolvers"].values()))
        moved = self._started(
            "-m", "bench.relay", str(self._delay), *(f"tcp={a}" for a in tcp), *(f"udp={a}" for a in udp)
        )
        self.content["connect_to"] = {place: moved[f"tcp={a}"] for place, a in self.content["connect_to"].items()}
        self.content["resolvers"] = {name: moved[f"udp={a}"] for name, a in self.content["resolvers"].items()}

    def _started(self, *words: str) -> dict[str, Any]:
        process = subprocess.Popen([sys.executable, *words], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self._processes.append(process)
        assert process.stdout is not None
        ready: dict[str, Any] = json.loads(process.stdout.readline())
        return ready


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 443}"
