"""Whom each side federates with: domain lists, policies, SIP domains, and the tenant's own circumstances."""

from __future__ import annotations

import datetime as dt
from typing import Any

from fedready.asked import ONPREM_USERS, SIP_DOMAINS, TENANT, TENANT_FEDERATION, sip_domains
from fedready.asked.federation import (
    ALLOWED_DOMAINS,
    BLOCKED_DOMAINS,
    ONLINE_SIP_DOMAINS,
    ONPREM_POLICIES,
    TENANT_POLICIES,
    domain_name,
    is_enabled,
    named,
)
from fedready.compare import fqdn, same_policy
from fedready.desk import Desk, Row
from fedready.model import DEPLOYMENT, Json, Unseen
from fedready.questions import Cmdlet
from fedready.views.domain_lists import DomainList, allowed_domains, blocked_domains, one_domain
from fedready.views.looking import Listed

CLOCKS_MAY_DIFFER = 3600
"""Seconds that a moment may lie after the one at which it was asked."""


class TenantDomains:
    """`AllowedDomains` and `BlockedDomains` of the tenant."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def allowed(self) -> DomainList:
        """Open, a list, or nobody.

        Raises:
            Unseen: no answer, or one that cannot be told apart; TEN-04 says so.
        """
        return self._readable("AllowedDomains", "TEN-04")

    def blocked(self) -> frozenset[str]:
        """The domains of the block list.

        Raises:
            Unseen: no answer, or one that cannot be understood; TEN-05 says so.
        """
        return self._readable("BlockedDomains", "TEN-05").domains

    def blocks_subdomains(self) -> bool:
        return self._desk.only(TENANT_FEDERATION)["BlockAllSubdomains"] is not False

    def _readable(self, name: str, owner: str) -> DomainList:
        row = self._desk.only(TENANT_FEDERATION)
        try:
            value: Json = row[name]
        except Unseen as missing:
            raise Unseen(str(missing), question=missing.question, cause=missing.cause, caused_by=(owner,)) from None
        found = allowed_domains(value) if name == "AllowedDomains" else blocked_domains(value)
        if found.reading == "unreadable":
            text = f"{TENANT_FEDERATION.text}: {name} cannot be read: {found.why}"
            raise Unseen(text, question=TENANT_FEDERATION.text, caused_by=(owner,))
        return found


class OnpremDomains:
    """`Get-CsAllowedDomain` and `Get-CsBlockedDomain`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def allowed(self) -> frozenset[str]:
        return frozenset(self._domain(row, ALLOWED_DOMAINS) for row in self._desk.rows(ALLOWED_DOMAINS))

    def blocked(self) -> frozenset[str]:
        return frozenset(self._domain(row, BLOCKED_DOMAINS) for row in self._desk.rows(BLOCKED_DOMAINS))

    def pinned(self) -> list[tuple[str, str]]:
        """(domain, proxy) of every allowed domain with a proxy of its own."""
        rows = [(self._domain(row, ALLOWED_DOMAINS), row.ProxyFqdn) for row in self._desk.rows(ALLOWED_DOMAINS)]
        unreadable = [domain for domain, proxy in rows if proxy is not None and not isinstance(proxy, str)]
        if unreadable:
            raise Unseen(f"{ALLOWED_DOMAINS.text}: ProxyFqdn is no text", question=ALLOWED_DOMAINS.text)
        return [(domain, fqdn(proxy)) for domain, proxy in rows if proxy and proxy.strip()]

    def _domain(self, row: Row, question: Cmdlet) -> str:
        domain = one_domain(row.Domain)
        if domain is None:
            raise Unseen(f"{question.text}: an entry whose Domain is no domain", question=question.text)
        return domain


class OnlineDomains(Listed):
    """The SIP domains of the tenant. One that stands there twice is enabled only if both rows say so."""

    def __getitem__(self, domain: str) -> bool:
        return all([is_enabled(row["Status"]) for row in self.rows(domain)])

    def get(self, domain: str, otherwise: bool) -> bool:
        """As of a dict."""
        return self[domain] if self.rows(domain) else otherwise


class SipDomains:
    """The SIP domains of both sides."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def own(self) -> frozenset[str]:
        """The deployment's SIP domains: those of the target file, or those that the on-premises side lists."""
        return own_sip_domains(self._desk)

    def onprem(self) -> Listed:
        """The on-premises side's list.

        Raises:
            Unseen: a name cannot be read: that row could be the domain in question.
        """
        return _onprem(self._desk)

    def online(self) -> OnlineDomains:
        """Domain -> is it enabled?

        Raises:
            Unseen: a name or a status of any row cannot be read: that row could be the domain in question.
        """

        def name_of(row: dict[str, Any]) -> str:
            if "Status" not in row:
                raise Unseen(f"{ONLINE_SIP_DOMAINS.text} returned no property Status", question=ONLINE_SIP_DOMAINS.text)
            is_enabled(row["Status"])
            return domain_name(row["Name"], ONLINE_SIP_DOMAINS, "Name")

        return OnlineDomains(self._desk, ONLINE_SIP_DOMAINS, "Name", name_of, ("Status",))

    def of_tenant(self) -> frozenset[str]:
        """`Get-CsTenant` > `SipDomain`."""
        found = blocked_domains(self._desk.only(TENANT).SipDomain)  # the same shapes: a list of domains, or its text
        if found.reading == "unreadable":
            raise Unseen(f"{TENANT.text}: SipDomain cannot be read: {found.why}", question=TENANT.text)
        return found.domains


def own_sip_domains(desk: Desk) -> frozenset[str]:
    """The deployment's SIP domains."""
    see_own_sip_domains(desk, desk.subject)
    if "own SIP domains" not in desk.kept:
        desk.kept["own SIP domains"] = frozenset(sip_domains(desk.known))
    found: frozenset[str] = desk.kept["own SIP domains"]
    return found


def see_own_sip_domains(desk: Desk, domain: str) -> None:
    """Leave readings of where the SIP domains come from: of one domain its row, of the deployment every row."""
    if desk.target.sip_domains != "discover":
        return
    if desk.subject != DEPLOYMENT:
        _ = domain in _onprem(desk)
        return
    for row in desk.rows(SIP_DOMAINS):
        _ = row.Name


def _onprem(desk: Desk) -> Listed:
    return Listed(desk, SIP_DOMAINS, "Name", lambda row: domain_name(row["Name"], SIP_DOMAINS, "Name"))


class ExternalAccess:
    """The external access policies of both sides."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def of_subject(self) -> Row:
        """The on-premises policy that is being judged."""
        return self._find(ONPREM_POLICIES, self._desk.subject)

    def of_tenant(self) -> Row:
        """The tenant's Global policy."""
        return self._find(TENANT_POLICIES, "Global")

    def holders(self) -> str:
        """How many users on-premises hold the policy that is being judged, as words of a sentence."""
        try:
            counts = self._desk.only(ONPREM_USERS)["ExternalAccessPolicy"]
        except Unseen:
            return "how many users hold it could not be read"
        if not isinstance(counts, dict) or "#absent" in counts:
            return "how many users hold it could not be read"
        subject = self._desk.subject
        wanted = "#empty" if same_policy(subject, "Global") else subject
        number = sum(n for name, n in counts.items() if same_policy(name, wanted) and isinstance(n, int))
        if wanted == "#empty":
            return f"{number} users on-premises have no policy assigned to themselves"
        return f"{number} users on-premises hold it" if "site:" not in subject.casefold() else "it holds for a site"

    def _find(self, question: Cmdlet, identity: str) -> Row:
        rows = [(named(row.Identity, question, "Identity"), row) for row in self._desk.rows(question)]
        found = [row for name, row in rows if same_policy(name, identity)]
        if len(found) != 1:
            text = f"{question.text}: {len(found)} policies are called {identity}"
            raise Unseen(text, question=question.text)
        return found[0]


class Synchronisation:
    """When the directory was synchronised, seen from when it was asked."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def age(self) -> int | None:
        """Seconds from the last synchronisation to the moment at which the tenant was asked; None: never.

        Raises:
            Unseen: the moment is not there, is no moment, or lies in the future.
        """
        last = self._desk.only(TENANT).LastSyncTimeStamp
        if last is None:
            return None
        asked = self._desk.known.entries[TENANT.text].asked
        try:
            seconds = int((_moment(asked) - _moment(last)).total_seconds())
        except (TypeError, ValueError):
            text = f"{TENANT.text}: LastSyncTimeStamp is no moment, or it is not known when it was asked"
            raise Unseen(text, question=TENANT.text) from None
        if seconds < -CLOCKS_MAY_DIFFER:
            text = f"{TENANT.text}: LastSyncTimeStamp lies after the moment at which it was asked: the clocks disagree"
            raise Unseen(text, question=TENANT.text)
        return max(seconds, 0)


def _moment(text: object) -> dt.datetime:
    if not isinstance(text, str) or not text.endswith("Z"):
        raise ValueError("no moment in UTC")
    return dt.datetime.fromisoformat(text)
