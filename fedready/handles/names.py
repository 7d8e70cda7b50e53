"""The handles of names in DNS and of the on-premises Autodiscover service."""

from __future__ import annotations

from fedready import asked as ask
from fedready.desk import Desk
from fedready.handles.registry import asks
from fedready.inquiry import asked_once
from fedready.views.dns import CLIENT, SrvRecords
from fedready.views.lyncdiscover import OnPremisesAutodiscover
from fedready.views.names import EdgeServiceHosts, Host, InternalRecords


@asks(ask.SIP_HOSTS, ask.EDGE_HOSTS, ask.WILDCARDS, ask.BELOW_WILDCARDS)
def sip_host(desk: Desk) -> Host:
    return Host(desk, "sip")


@asks(ask.LYNCDISCOVER_HOSTS, ask.WILDCARDS, ask.BELOW_WILDCARDS)
def lyncdiscover_host(desk: Desk) -> Host:
    return Host(desk, "lyncdiscover")


@asks(ask.CLIENT_SRV, ask.CLIENT_SRV_ADDRESSES, ask.EDGE_HOSTS, ask.WILDCARDS, ask.BELOW_WILDCARDS)
def client_srv(desk: Desk) -> SrvRecords:
    return SrvRecords(desk, CLIENT)


@asks(asked_once(ask.EDGE_SERVICES), ask.EDGE_SERVICE_HOSTS)
def edge_service_hosts(desk: Desk) -> EdgeServiceHosts:
    return EdgeServiceHosts(desk)


@asks(ask.INTERNAL_RECORDS, ask.SIP_HOSTS, ask.LYNCDISCOVER_HOSTS, ask.WILDCARDS, ask.BELOW_WILDCARDS)
def internal_records(desk: Desk) -> InternalRecords:
    return InternalRecords(desk)


@asks(ask.LYNCDISCOVER)
def on_premises_autodiscover(desk: Desk) -> OnPremisesAutodiscover:
    return OnPremisesAutodiscover(desk)
