"""The handles of federation on both sides: lists, policies, SIP domains, the mode of the tenant, and how they agree."""

from __future__ import annotations

from collections.abc import Callable

from fedready import asked as ask
from fedready.asked import federation as asked
from fedready.desk import Desk, Row
from fedready.handles.registry import Single, Subject, asks
from fedready.inquiry import asked_once
from fedready.views.federation import ExternalAccess, OnpremDomains, SipDomains, Synchronisation, TenantDomains
from fedready.views.phase_parts import PhaseParts


@asks()
def policy() -> Subject:
    return Subject("policy")


@asks()
def shared_domain() -> Subject:
    return Subject("shared_domain")


@asks(asked_once(ask.TENANT_FEDERATION))
def tenant_domains(desk: Desk) -> TenantDomains:
    return TenantDomains(desk)


@asks(asked_once(asked.ALLOWED_DOMAINS), asked_once(asked.BLOCKED_DOMAINS))
def onprem_domains(desk: Desk) -> OnpremDomains:
    return OnpremDomains(desk)


@asks(asked_once(asked.PUBLIC_PROVIDERS))
def public_providers(desk: Desk) -> Callable[[], list[Row]]:
    return lambda: desk.rows(asked.PUBLIC_PROVIDERS)


@asks(asked_once(asked.ONPREM_POLICIES), asked_once(ask.ONPREM_USERS))
def onprem_policies(desk: Desk) -> ExternalAccess:
    return ExternalAccess(desk)


@asks(asked_once(asked.TENANT_POLICIES))
def tenant_policies(desk: Desk) -> ExternalAccess:
    return ExternalAccess(desk)


@asks(asked.BOTH_SIP_DOMAIN_LISTS)
def both_sip_domains(desk: Desk) -> SipDomains:
    return SipDomains(desk)


@asks(ask.DISCOVER_SIP_DOMAINS, asked_once(ask.TENANT))
def own_sip_domains(desk: Desk) -> SipDomains:
    return SipDomains(desk)


@asks(asked_once(ask.TENANT))
def synchronisation(desk: Desk) -> Synchronisation:
    return Synchronisation(desk)


@asks(asked_once(asked.UPGRADE_POLICY))
def upgrade_policy(desk: Desk) -> Single:
    return Single(lambda: desk.only(asked.UPGRADE_POLICY))


@asks(ask.DISCOVER_PROVIDERS, asked_once(ask.TENANT_FEDERATION), ask.DISCOVER_SIP_DOMAINS, ask.FEDERATION_SRV)
def phase_parts(desk: Desk) -> PhaseParts:
    return PhaseParts(desk)
