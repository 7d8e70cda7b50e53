"""A pytest plugin for audits under test: every use of a socket, down to the interpreter's own, is refused and written down."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def pytest_configure() -> None:
    told = Path(os.environ["SOCKETS_USED"])

    def refuse(event: str, arguments: tuple[object, ...]) -> None:
        if event.startswith("socket."):
            with told.open("a", encoding="utf-8") as stream:
                stream.write(f"{event} {arguments}\n")
            raise OSError(f"no sockets here: {event}")

    sys.addaudithook(refuse)
