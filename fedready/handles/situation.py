"""The circumstances of a check: its desk, what is expected, the phase, the cloud, the subject."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fedready.desk import Desk
from fedready.handles.registry import DESK, Subject, asks
from fedready.model import CloudNames, Json, Target


@asks()
def desk(request: pytest.FixtureRequest) -> Desk:
    stash: pytest.Stash = request.node.stash
    return stash[DESK]


@asks()
def expected(desk: Desk) -> Json:
    return desk.expected


@asks()
def sip_domain() -> Subject:
    return Subject("sip_domain")


@asks()
def cloud(desk: Desk) -> CloudNames:
    return desk.names


@asks()
def phase(desk: Desk) -> str:
    return desk.phase


@asks()
def cloud_suffixes(desk: Desk) -> tuple[str, ...]:
    return tuple(cloud.suffix for cloud in desk.known.clouds.values())


@asks()
def documented(desk: Desk) -> Callable[[str], Json]:
    return desk.documented


@asks()
def audited(desk: Desk) -> Target:
    return desk.target
