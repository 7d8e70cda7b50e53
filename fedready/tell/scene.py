"""What was looked at: the four places of the first screen, the SIP domains and the tenant, in words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from fedready import asked
from fedready.inquiry import Known
from fedready.ledger import alike
from fedready.model import Control, Finding, LookedAt, Run, Unseen
from fedready.shelf import facts
from fedready.tell.summary import CONCERN, NOT_FROM_HERE, State, area_of, state_of


@dataclass(frozen=True)
class Place:
    """One of On-premises, DNS, Tenant, Autodiscover: its worst state and how often each state was seen."""

    name: str
    state: State
    words: str
    where: str


_PLACES = {"onprem": "On-premises", "dns": "DNS", "tenant": "Tenant", "autodiscover": "Autodiscover"}
_AREA_PLACE = {
    "EDGE": "onprem",
    "HOST": "onprem",
    "TLS": "onprem",
    "TEN": "tenant",
    "DNS": "dns",
    "AUTO": "autodiscover",
}
_OWNER_PLACE = {"on-premises": "onprem", "tenant": "tenant", "dns": "dns"}
_SESSION_PLACE = {"SESS-01": "tenant", "SESS-05": "onprem"}


def place_of(control: Control, finding: Finding) -> str | None:
    """Which of the four places a finding speaks of; None where it speaks of none, or of several."""
    place = _AREA_PLACE.get(area_of(control.id))
    if place:
        return place
    sides = {r.question.partition(":")[0] for r in finding.readings}
    if len(sides) == 1:
        side = sides.pop()
        return side if side in ("onprem", "tenant") else None
    if not sides and (session := next((c for c in finding.caused_by if c in _SESSION_PLACE), None)):
        return _SESSION_PLACE[session]
    return _OWNER_PLACE.get(control.owner)


def places(run: Run) -> list[Place]:
    """The strip of the first screen, from left to right."""
    seen: dict[str, Counter[State]] = {name: Counter() for name in _PLACES}
    hidden: set[str] = set()
    controls = run.baseline.controls
    for each in alike(run.findings):
        pattern = each.pattern
        place = place_of(controls[pattern.control], pattern)
        if place:
            state = state_of(pattern)
            seen[place][state] += each.count
            if state is State.NA and NOT_FROM_HERE in pattern.message:
                hidden.add(place)
    nothing = {
        name: "not looked at" if name in hidden or not states else "does not apply" for name, states in seen.items()
    }
    return [Place(_PLACES[name], *_sum_up(states, nothing[name]), _where(run, name)) for name, states in seen.items()]


def _sum_up(states: Counter[State], nothing: str) -> tuple[State, str]:
    judged = {state: count for state, count in states.items() if state is not State.NA}
    if not judged:
        return State.NA, nothing
    worst, every = min(judged, key=CONCERN.__getitem__), sum(judged.values())
    words = {
        State.FAIL: "failing",
        State.ERROR: "not judged",
        State.UNKNOWN: "unknown",
        State.WAIVED: "waived",
        State.ADVISORY: "advised",
        State.PASS: "as documented",
    }
    if worst is State.PASS:
        return worst, "all as documented" if every > 1 else "as documented"
    count = judged[worst]
    if count == every:
        return worst, words[worst] if count == 1 else f"all {count:,} {words[worst]}"
    return worst, f"{count:,} of {every:,} {words[worst]}"


def _where(run: Run, place: str) -> str:
    """What was asked there, in a few words."""
    names = looked_at(run).places.get(place, ())
    if len(names) > _NAMED:
        return f"{names[0]} and {len(names) - 1:,} more"
    return ", ".join(names)


_NAMED = 2
"""Hosts or resolvers of a place that are named."""


# --------------------------------------------------------------------------- who was asked


def looked_at(run: Run) -> LookedAt:
    """Who was asked about what: as the run carries it, else drawn from its snapshot."""
    if run.looked_at is not None:
        return run.looked_at
    known = Known(run.target, run.baseline.clouds, run.snapshot.entries)
    return LookedAt(
        sip_domains=_sip_domains(known),
        tenant=_tenant(known),
        accounts=tuple(dict.fromkeys(one.account for one in facts(run.snapshot.entries) if one.account)),
        endpoints=tuple(_endpoints(run)),
        places=_places_asked(run),
    )


def ranks(run: Run) -> dict[str, int]:
    """The order of endpoints: the sides first, then the resolvers, as the target names them."""
    names = (*run.target.sides, *(f"dns@{name}" for name in run.target.vantage_points))
    return {name: rank for rank, name in enumerate(names)}


def host(where: str) -> str:
    """`mgmt.contoso.com:5986` of a web address; anything else as it is."""
    return where.partition("//")[2].partition("/")[0] or where


def _endpoints(run: Run) -> list[tuple[str, str]]:
    """(name, where) of everything that was asked, each once."""
    every = facts(run.snapshot.entries)
    seen = {(one.endpoint, one.source): None for one in every if one.source and one.kind == ""}
    order = ranks(run)
    pairs = sorted(seen, key=lambda pair: order.get(pair[0], len(order)))
    for prefix, name in (("GET ", "https"), ("TLS ", "tls")):
        hosts = list(dict.fromkeys(host(one.endpoint) for one in every if one.kind == prefix))
        if hosts:
            pairs.append((name, hosts[0] + (f" and {len(hosts) - 1:,} more" if len(hosts) > 1 else "")))
    return pairs


def _places_asked(run: Run) -> dict[str, tuple[str, ...]]:
    every = facts(run.snapshot.entries)

    def hosts(side: str) -> tuple[str, ...]:
        sources = (one.source for one in every if one.endpoint == side and one.source.startswith("http"))
        return tuple(dict.fromkeys(host(source) for source in sources))

    return {
        "onprem": hosts("onprem"),
        "dns": run.target.vantage_points,
        "tenant": hosts("tenant"),
        "autodiscover": tuple(dict.fromkeys(host(one.endpoint) for one in every if one.kind == "GET ")),
    }


def _sip_domains(known: Known) -> tuple[str, ...] | None:
    try:
        return asked.sip_domains(known)
    except (Unseen, ValueError):
        return None


def _tenant(known: Known) -> str:
    """The tenant by the name and id that it gave itself, or the id of the target file, or that it was not seen."""
    try:
        row = known.rows(asked.TENANT)[0]
    except (Unseen, IndexError):
        return f"tenant {known.target.tenant_id} (not seen)" if known.target.tenant_id else "tenant not seen"
    name, number = row.get("DisplayName"), row.get("TenantId")
    words = [str(part) for part in (name, number) if isinstance(part, str) and part]
    return "tenant " + (f"{words[0]} ({words[1]})" if len(words) == 2 else "".join(words) or "without a name")


# --------------------------------------------------------------------------- in words


def tenant_words(run: Run) -> str:
    """`tenant Contoso (6f9a...)`, or that it was not seen."""
    return looked_at(run).tenant


def domain_words(run: Run, most: int = 3) -> str:
    """`2 SIP domains: contoso.com, fabrikam.com`."""
    domains = looked_at(run).sip_domains
    if domains is None:
        return "SIP domains not seen"
    if len(domains) == 1:
        return f"SIP domain {domains[0]}"
    named = ", ".join(domains[:most])
    more = len(domains) - most
    return f"{len(domains):,} SIP domains: {named}" + (f" and {more:,} more" if more > 0 else "")
