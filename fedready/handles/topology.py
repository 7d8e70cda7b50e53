"""Handles: Edge pools, replicas and location of the central store, builds."""

from __future__ import annotations

from fedready import asked as ask
from fedready.desk import Desk
from fedready.handles.registry import Single, asks
from fedready.inquiry import asked_once
from fedready.views.topology import Builds, EdgePools, Replica, Stores


@asks(asked_once(ask.EDGE_SERVICES))
def edge_pools(desk: Desk) -> EdgePools:
    return EdgePools(desk)


@asks(asked_once(ask.REPLICAS))
def replica(desk: Desk) -> Single:
    return Single(Replica(desk).row)


@asks(asked_once(ask.MANAGEMENT_CONNECTION), asked_once(ask.STORE_LOCATION))
def stores(desk: Desk) -> Stores:
    return Stores(desk)


@asks(asked_once(ask.PATCH_VERSIONS))
def builds(desk: Desk) -> Builds:
    return Builds(desk)
