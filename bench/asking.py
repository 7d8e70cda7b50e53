"""Asking in this process: what the catalogue wants to know, of a lab that runs here, near or round by round."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import yaml

from bench import made
from bench.relay import InRounds
from fedready.ask import plan
from fedready.ask.progress import Silent
from fedready.catalogue import load_baseline
from fedready.handles import ASKED
from fedready.inquiry import Inquiry, Known
from fedready.model import Endpoints, Evidence, Snapshot, Target, Unseen
from fedready.questions import Cmdlet
from fedready.snapshot import read
from fedready.target import load_target
from lab.world import World


class LastAnswer(Silent):
    """Calls back at every answer with its endpoint; what is wanted is the last call."""

    def __init__(self, call: Callable[[str], None]) -> None:
        self._call = call

    def ended(self, endpoint: str, text: str, evidence: Evidence) -> None:
        self._call(endpoint)


def everything() -> tuple[Inquiry, ...]:
    """What a run of all controls asks."""
    return tuple(dict.fromkeys(inquiry for inquiries in ASKED.values() for inquiry in inquiries))


def at_most(cmdlets: int) -> tuple[Inquiry, ...]:
    """What a run asks, cut to so many cmdlets per side: the first that come, and whatever DNS, HTTPS and TLS needs no other.

    The table speaks of twelve. The catalogue may ask fewer of one side, and by now asks more of the other.
    """
    healthy = read(made.HEALTHY)
    known = Known(healthy.target, load_baseline().clouds, healthy.entries)
    chosen: dict[Inquiry, None] = {}
    asked: dict[str, Cmdlet] = {}
    for inquiry in everything():
        wanted = {q.text: q for each in _with_needs(inquiry) for q in _cmdlets(each, known)}
        count = Counter(question.side for question in (asked | wanted).values())
        if max(count.values(), default=0) <= cmdlets:
            asked |= wanted
            chosen[inquiry] = None
    return tuple(chosen)


def _with_needs(inquiry: Inquiry) -> list[Inquiry]:
    return [inquiry, *(each for need in inquiry.needs for each in _with_needs(need))]


def _cmdlets(inquiry: Inquiry, known: Known) -> list[Cmdlet]:
    try:
        return [question for question in inquiry.questions(known) if isinstance(question, Cmdlet)]
    except Unseen:
        return []


def with_endpoints(target: Target, **changed: Any) -> Target:
    """The target with both endpoints changed."""
    sides = {side: msgspec.structs.replace(getattr(target.endpoints, side), **changed) for side in ("onprem", "tenant")}
    return msgspec.structs.replace(target, endpoints=Endpoints(edges=target.endpoints.edges, **sides))


def ask(
    target_file: Path,
    environ: Mapping[str, str],
    *,
    inquiries: tuple[Inquiry, ...] | None = None,
    progress: Any = None,
    **endpoint: Any,
) -> Snapshot:
    """Ask, live.

    Args:
        inquiries: what; everything where left out.
        endpoint: what is changed at both endpoints, such as `max_runspaces`.
    """
    os.environ.update(environ)
    target = with_endpoints(load_target(target_file), **endpoint)
    return plan.ask(target, load_baseline().clouds, inquiries or everything(), progress=progress)


@contextmanager
def round_by_round(world: World, quiet: float) -> Iterator[InRounds]:
    """Put a relay that counts round trips before every address of a lab's target file."""
    content: dict[str, Any] = world.target
    places = [f"tcp={a}" for a in sorted(set(content["connect_to"].values()))]
    places += [f"udp={a}" for a in sorted(set(content["resolvers"].values()))]
    with InRounds(places, quiet) as relay:
        content["connect_to"] = {name: relay.to[f"tcp={a}"] for name, a in content["connect_to"].items()}
        content["resolvers"] = {name: relay.to[f"udp={a}"] for name, a in content["resolvers"].items()}
        world.target_file.write_text(yaml.safe_dump(content), encoding="utf-8")
        yield relay
