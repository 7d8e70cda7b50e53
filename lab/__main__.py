"""`python -m lab --estate FILE [-- COMMAND ...]`: run an estate, alone or around a command."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
from types import FrameType

from fedready.yamlmarks import Mistake
from lab.world import World

USAGE, NOT_FOUND = 4, 127


def main(arguments: list[str]) -> int:
    """Run the lab.

    Returns:
        0 after SIGTERM or Ctrl-C, the command's own exit status, 4 for an estate that is not right.
    """
    own, separator, command = _split(arguments)
    options = _parser().parse_args(own)
    if separator and not command:
        print("lab: there is no command after --. Write one, or leave -- out.", file=sys.stderr)
        return USAGE
    stop = threading.Event()
    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda number, frame: stop.set())
    try:
        world = World(options.estate, plain=options.http)
    except Mistake as wrong:
        print(wrong, file=sys.stderr)
        return USAGE
    with world:
        if command:
            return _run(command, world, stop)
        print(json.dumps(world.ready), flush=True)
        while not stop.wait(0.5):  # Windows delivers Ctrl-C only between waits
            pass
    return 0


def _split(arguments: list[str]) -> tuple[list[str], bool, list[str]]:
    if "--" not in arguments:
        return arguments, False, []
    at = arguments.index("--")
    return arguments[:at], True, arguments[at + 1 :]


def _parser() -> argparse.ArgumentParser:
    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> None:  # type: ignore[override]
            print(f"lab: {message}. Write: {self.format_usage().removeprefix('usage: ').strip()}", file=sys.stderr)
            raise SystemExit(USAGE)

    parser = Parser(
        prog="python -m lab",
        description="A loopback estate over real protocols. Prints one line of JSON when it listens.",
        usage="python -m lab --estate FILE [--http] [-- COMMAND ... {target} ... {waivers}]",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--estate", required=True, metavar="FILE", help="an estate file, or the name of one of fixtures/estates"
    )
    parser.add_argument(
        "--http", action="store_true", help="PowerShell over HTTP with message encryption instead of HTTPS"
    )
    return parser


def _run(command: list[str], world: World, stop: threading.Event) -> int:
    """Run the command with the lab's files and credentials. Ctrl-C reaches it by itself; SIGTERM is passed on."""
    known = {"{target}": world.target_file, "{waivers}": world.waivers_file, "{ca_file}": world.ca_file}
    words = []
    for word in command:
        for name, file in known.items():
            word = word.replace(name, str(file))
        words.append(word)
    environ = {name: value for name, value in os.environ.items() if name != "NTLM_USER_FILE"} | world.environ
    try:
        process = subprocess.Popen(words, env=environ)
    except OSError as wrong:
        print(f"lab: {words[0]} cannot be run ({wrong.strerror}). Give a command that exists.", file=sys.stderr)
        return NOT_FOUND

    def pass_on(number: int, frame: FrameType | None) -> None:
        stop.set()
        process.terminate()

    signal.signal(signal.SIGTERM, pass_on)
    status = process.wait()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
