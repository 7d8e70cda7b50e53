"""Handles: what the Edge servers themselves answer."""

from __future__ import annotations

from fedready import asked as ask
from fedready.desk import Desk
from fedready.handles.registry import Single, asks
from fedready.inquiry import asked_once
from fedready.views.edges import EdgeDns, EdgeServer


@asks(ask.EDGE_SETTINGS)
def local_settings(desk: Desk) -> Single:
    return Single(EdgeServer(desk).settings)


@asks(ask.EDGE_CERTIFICATES, asked_once(ask.COMPUTERS))
def edge_server(desk: Desk) -> EdgeServer:
    return EdgeServer(desk)


@asks(ask.EDGE_SRV)
def edge_dns(desk: Desk) -> EdgeDns:
    return EdgeDns(desk)
