"""Handles: handshakes with the cloud and with the own Access Edge."""

from __future__ import annotations

from fedready import asked as ask
from fedready.desk import Desk
from fedready.handles.registry import Subject, asks
from fedready.views.tls import EdgeHandshakes, Handshake


@asks(ask.SIPFED_TLS)
def sipfed_tls(desk: Desk) -> Handshake:
    return Handshake(desk, desk.names.sipfed, ask.FEDERATION_PORT)


@asks(ask.WEBDIR_TLS)
def webdir_tls(desk: Desk) -> Handshake:
    return Handshake(desk, desk.names.webdir, ask.CLIENT_PORT)


@asks(ask.EDGE_TLS)
def edge_tls(desk: Desk) -> EdgeHandshakes:
    return EdgeHandshakes(desk)


@asks()
def edge_name() -> Subject:
    return Subject("edge_name")


@asks()
def certificate_name() -> Subject:
    return Subject("certificate_name")
