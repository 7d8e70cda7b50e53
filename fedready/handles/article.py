"""The handles of the article's own controls: Access Edge, hosting provider, tenant, DNS, Autodiscover, sessions."""

from __future__ import annotations

from collections.abc import Callable

from fedready import asked as ask
from fedready.desk import Desk, Row
from fedready.handles.registry import Single, asks
from fedready.inquiry import asked_once
from fedready.views.autodiscover import AutodiscoverProbe
from fedready.views.dns import FEDERATION, Names, SrvRecords
from fedready.views.providers import Providers
from fedready.views.sessions import SentCommands
from fedready.views.users import UserCount


@asks(asked_once(ask.ACCESS_EDGE))
def access_edge(desk: Desk) -> Single:
    return Single(lambda: desk.only(ask.ACCESS_EDGE))


@asks(ask.DISCOVER_PROVIDERS)
def hosting_providers(desk: Desk) -> Providers:
    return Providers(desk)


@asks(ask.DISCOVER_PROVIDERS)
def hosting_provider(desk: Desk) -> Single:
    return Single(Providers(desk).of_this_cloud)


@asks(asked_once(ask.TENANT_FEDERATION))
def tenant_federation(desk: Desk) -> Single:
    return Single(lambda: desk.only(ask.TENANT_FEDERATION))


@asks(asked_once(ask.ONPREM_USERS))
def onprem_users(desk: Desk) -> UserCount:
    return UserCount(desk, ask.ONPREM_USERS)


@asks(asked_once(ask.ONLINE_USERS_WITH_ONPREM_HOME))
def online_users_with_onprem_home(desk: Desk) -> UserCount:
    return UserCount(desk, ask.ONLINE_USERS_WITH_ONPREM_HOME)


@asks(ask.SIPFED)
def sipfed(desk: Desk) -> Names:
    return Names(desk, desk.names.sipfed)


@asks(ask.DISCOVER_SIP_DOMAINS, ask.FEDERATION_SRV, ask.SRV_TARGET_ADDRESSES, ask.WILDCARDS, ask.BELOW_WILDCARDS)
def federation_srv(desk: Desk) -> SrvRecords:
    return SrvRecords(desk, FEDERATION)


@asks(ask.WEBDIR_HOSTS)
def webdir(desk: Desk) -> Names:
    return Names(desk, lambda: Providers(desk).autodiscover_host())


@asks(ask.AUTODISCOVER)
def autodiscover(desk: Desk) -> AutodiscoverProbe:
    return AutodiscoverProbe(desk)


@asks(asked_once(ask.TENANT))
def tenant(desk: Desk) -> Single:
    return Single(lambda: desk.only(ask.TENANT))


@asks(asked_once(ask.MODULES))
def modules(desk: Desk) -> Callable[[], list[Row]]:
    return lambda: desk.rows(ask.MODULES)


@asks(asked_once(ask.ONPREM_WRITING_COMMAND), asked_once(ask.TENANT_WRITING_COMMAND))
def writing_commands(desk: Desk) -> Callable[[], list[Row]]:
    return lambda: [*desk.rows(ask.ONPREM_WRITING_COMMAND), *desk.rows(ask.TENANT_WRITING_COMMAND)]


@asks(asked_once(ask.SIP_DOMAINS))
def sip_domain_list(desk: Desk) -> Callable[[], list[Row]]:
    return lambda: desk.rows(ask.SIP_DOMAINS)


@asks(asked_once(ask.TENANT_ASKED_ONPREM), asked_once(ask.MANAGEMENT_CONNECTION_ASKED_ONLINE))
def wrong_side_answers(desk: Desk) -> Callable[[], list[str]]:
    return lambda: [
        q.text for q in (ask.TENANT_ASKED_ONPREM, ask.MANAGEMENT_CONNECTION_ASKED_ONLINE) if desk.answers(q)
    ]


@asks()
def sent(desk: Desk) -> SentCommands:
    return SentCommands(desk)
