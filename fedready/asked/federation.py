"""What both sides are asked about whom they federate with: lists, policies, SIP domains, the mode of the tenant."""

from __future__ import annotations

from fedready.asked.article import SIP_DOMAINS
from fedready.compare import in_domain
from fedready.inquiry import Inquiry, Known
from fedready.model import Unseen
from fedready.questions import Cmdlet, NotAllowed, a_label

ALLOWED_DOMAINS = Cmdlet("onprem", "Get-CsAllowedDomain")
BLOCKED_DOMAINS = Cmdlet("onprem", "Get-CsBlockedDomain")
PUBLIC_PROVIDERS = Cmdlet("onprem", "Get-CsPublicProvider")
ONPREM_POLICIES = Cmdlet("onprem", "Get-CsExternalAccessPolicy")
TENANT_POLICIES = Cmdlet("tenant", "Get-CsExternalAccessPolicy")
ONLINE_SIP_DOMAINS = Cmdlet("tenant", "Get-CsOnlineSipDomain", (("DomainStatus", "All"),))
UPGRADE_POLICY = Cmdlet("tenant", "Get-CsTeamsUpgradePolicy", (("Identity", "Global"),))

BOTH_SIP_DOMAIN_LISTS = Inquiry("SIP domains of both sides", lambda known: (SIP_DOMAINS, ONLINE_SIP_DOMAINS))

MICROSOFTS_OWN = "onmicrosoft.com"
"""Below it every tenant has a name of Microsoft's; it is never a SIP domain that both sides share (XS-04)."""

STATUSES = {"enabled": True, "disabled": False}
"""`Get-CsOnlineSipDomain` > `Status`. Another word is not understood, and so unknown."""


def named(value: object, question: Cmdlet, property_: str) -> str:
    """The text of a property that names something: a text, or an object whose ToString came instead.

    Raises:
        Unseen: it is neither, or empty.
    """
    text = value.get("#text") if isinstance(value, dict) else value
    if not isinstance(text, str) or not text.strip():
        raise Unseen(f"{question.text}: {property_} is not readable", question=question.text)
    return text.strip()


def domain_name(value: object, question: Cmdlet, property_: str) -> str:
    """The same for a property that names a domain, in comparable form.

    Raises:
        Unseen: it is no domain.
    """
    try:
        return a_label(named(value, question, property_))
    except NotAllowed as wrong:
        raise Unseen(f"{question.text}: {property_}: {wrong}", question=question.text) from None


def is_enabled(status: object) -> bool:
    """Is a SIP domain enabled online?

    Raises:
        Unseen: the status is neither Enabled nor Disabled.
    """
    word = named(status, ONLINE_SIP_DOMAINS, "Status")
    if word.casefold() not in STATUSES:
        question = ONLINE_SIP_DOMAINS.text
        raise Unseen(f"{question}: the status {word!r} is neither Enabled nor Disabled", question=question)
    return STATUSES[word.casefold()]


def policies(known: Known) -> tuple[str, ...]:
    """The Identity of every external access policy on-premises, in the order of the answer.

    Raises:
        Unseen: the policies could not be read, or there is none: even a fresh installation has Global.
    """
    names = [named(row.get("Identity"), ONPREM_POLICIES, "Identity") for row in known.rows(ONPREM_POLICIES)]
    if not names:
        raise Unseen(f"{ONPREM_POLICIES.text} showed no policy, not even Global", question=ONPREM_POLICIES.text)
    return tuple(dict.fromkeys(names))


def either_side_s_sip_domains(known: Known) -> tuple[str, ...]:
    """Every SIP domain that is there on-premises, or enabled online under a name that is not Microsoft's own.

    Raises:
        Unseen: one of the two lists could not be read. Half of them would hide what only the other side has.
    """
    onprem = [domain_name(row.get("Name"), SIP_DOMAINS, "Name") for row in known.rows(SIP_DOMAINS)]
    online = [
        domain_name(row.get("Name"), ONLINE_SIP_DOMAINS, "Name")
        for row in known.rows(ONLINE_SIP_DOMAINS)
        if is_enabled(row.get("Status"))
    ]
    if not onprem:
        raise Unseen(f"{SIP_DOMAINS.text}: no readable list of SIP domains", question=SIP_DOMAINS.text)
    return tuple(dict.fromkeys((*onprem, *(name for name in online if not in_domain(name, MICROSOFTS_OWN)))))
