"""Record what the lab answers for an estate as a snapshot that is the same each time: `python -m tests.record [ESTATE ...]`.

The evidence is what the product really received over the wire. Only what differs from run to run is put right: times,
durations, ports, the random label of the wildcard probe, and the lab's names for its certificates.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from fedready import snapshot as sealing
from fedready.ask import plan
from fedready.ask.rooms import live
from fedready.handles import ASKED
from fedready.inquiry import Inquiry
from fedready.model import Sent, Snapshot
from fedready.reduce import Salt
from fedready.target import load_target
from lab.world import World
from tests.judging import ROOT, baseline

FROZEN = "2026-01-02T03:04:05Z"
RECORDED = ("healthy", "contoso", "drifted", "closed-federation", "with-edges", "migrated", "eleven-domains")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
RECENT = 7 * 24 * 60
"""Minutes. What is older is a date of its own, such as the end of a certificate."""
SERIAL = re.compile(r"(Testing (?:CA|cert) #)[\w-]{16}")
LOOPBACK = re.compile(r"127\.0\.0\.1:\d+")


def everything() -> tuple[Inquiry, ...]:
    """What a run of all controls asks."""
    return tuple(dict.fromkeys(inquiry for inquiries in ASKED.values() for inquiry in inquiries))


@contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    """The lab's throw-away credentials, where the product looks for them."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def ask_lab(estate: str, folder: Path | None = None) -> Snapshot:
    """Ask the lab everything, live over PSRP, DNS, HTTPS and TLS."""
    with World((folder or ROOT / "fixtures" / "estates") / f"{estate}.yaml") as world, environment(world.environ):
        target = load_target(world.target_file)
        sent: list[Sent] = []
        rooms = live(
            target,
            baseline().clouds,
            sent.append,
            lambda: 1767323045.0,
            Salt(b"not secret: the lab's people are made up"),
        )
        asked = plan.ask(target, baseline().clouds, everything(), open_room=rooms, run_id="recorded", tool="fedready")
        return msgspec.structs.replace(asked, sent=tuple(sent))


def normal(recorded: Snapshot) -> Snapshot:
    """The snapshot without what differs from run to run."""
    data: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(recorded, entries=dict(recorded.entries)))
    for text, entry in data["entries"].items():
        if text.startswith(("onprem: ", "tenant: ")) and entry["asked"]:
            entry["value"] = since(entry["value"], entry["asked"])
        entry.update(ms=0, asked=FROZEN if entry["asked"] else "")
        if text.startswith("GET ") and isinstance(entry["value"], dict):
            for hop in entry["value"]["hops"]:
                hop["headers"].pop("date", None)
        if ": WILDCARD " in text and isinstance(entry["value"], dict):
            entry["value"]["label"] = "random." + entry["value"]["label"].partition(".")[2]
    data["run"].update(started=FROZEN, ended=FROZEN)
    data["sent"] = sorted(data["sent"], key=lambda s: (s["to"], s["command"]))
    data["target"].update(ca_file=None, connect_to=None)
    text = SERIAL.sub(r"\1lab", LOOPBACK.sub("127.0.0.1:53", msgspec.json.encode(data).decode()))
    return sealing.seal(msgspec.json.decode(text, type=Snapshot))


def since(value: Any, asked: str) -> Any:
    """Moments of the last days as they would be if FROZEN were now; to the minute, so that recording takes no part in it."""
    if isinstance(value, list):
        return [since(item, asked) for item in value]
    if isinstance(value, dict):
        return {key: since(item, asked) for key, item in value.items()}
    if not isinstance(value, str) or not MOMENT.fullmatch(value):
        return value
    minutes = round((dt.datetime.fromisoformat(asked) - dt.datetime.fromisoformat(value)).total_seconds() / 60)
    if abs(minutes) > RECENT:
        return value
    moved = dt.datetime.fromisoformat(FROZEN) - dt.timedelta(minutes=minutes)
    return moved.strftime("%Y-%m-%dT%H:%M:%SZ")


def main(estates: tuple[str, ...]) -> None:
    for estate in estates:
        path = ROOT / "fixtures" / "snapshots" / f"{estate}.json"
        path.write_bytes(sealing.to_bytes(normal(ask_lab(estate))))
        print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main(tuple(sys.argv[1:]) or RECORDED)
