"""Asking in this process: everything that the catalogue wants to know, of a lab that runs here or elsewhere."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from fedready.ask import plan
from fedready.ask.progress import Silent
from fedready.catalogue import load_baseline
from fedready.handles import ASKED
from fedready.model import Endpoints, Evidence, Snapshot, Target
from fedready.target import load_target
from lab.world import World


class LastAnswer(Silent):
    """Calls back at every answer; what is wanted is the last call."""

    def __init__(self, call: Any) -> None:
        self._call = call

    def ended(self, endpoint: str, text: str, evidence: Evidence) -> None:
        self._call(endpoint)


def with_endpoints(target: Target, **changed: Any) -> Target:
    """The target with both endpoints changed."""
    sides = {side: msgspec.structs.replace(getattr(target.endpoints, side), **changed) for side in ("onprem", "tenant")}
    return msgspec.structs.replace(target, endpoints=Endpoints(edges=target.endpoints.edges, **sides))


def ask(target_file: Path, environ: Mapping[str, str], *, progress: Any = None, **endpoint: Any) -> Snapshot:
    """Ask everything that any control looks at.

    Args:
        endpoint: what is changed at both endpoints, such as `max_runspaces`.
    """
    os.environ.update(environ)
    target = with_endpoints(load_target(target_file), **endpoint)
    inquiries = dict.fromkeys(inquiry for inquiries in ASKED.values() for inquiry in inquiries)
    return plan.ask(target, load_baseline().clouds, inquiries, progress=progress)


def ask_everything(world: World, **endpoint: Any) -> Snapshot:
    """The same of a lab in this process."""
    return ask(world.target_file, world.environ, **endpoint)
