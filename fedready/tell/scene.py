"""What was looked at: the four places of the first screen, the SIP domains and the tenant, in words."""

from __future__ import annotations

from dataclasses import dataclass

from fedready import asked
from fedready.inquiry import Known
from fedready.model import Control, Finding, Run, Unseen
from fedready.tell.summary import CONCERN, State, area_of, state_of


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
    seen: dict[str, list[State]] = {name: [] for name in _PLACES}
    controls = run.baseline.controls
    for finding in run.findings:
        place = place_of(controls[finding.control], finding)
        if place:
            seen[place].append(state_of(finding))
    return [Place(_PLACES[name], *_sum_up(states), _where(run, name)) for name, states in seen.items()]


def _sum_up(states: list[State]) -> tuple[State, str]:
    judged = [s for s in states if s is not State.NA]
    if not judged:
        return State.NA, "not looked at"
    worst = min(judged, key=CONCERN.__getitem__)
    words = {
        State.FAIL: "failing",
        State.ERROR: "not judged",
        State.UNKNOWN: "unknown",
        State.WAIVED: "waived",
        State.ADVISORY: "advised",
        State.PASS: "as documented",
    }
    if worst is State.PASS:
        return worst, "all as documented" if len(judged) > 1 else "as documented"
    count = judged.count(worst)
    if count == len(judged):
        return worst, words[worst] if count == 1 else f"all {count:,} {words[worst]}"
    return worst, f"{count:,} of {len(judged):,} {words[worst]}"


def _where(run: Run, place: str) -> str:
    """What was asked there, in a few words."""
    entries = run.snapshot.entries
    if place == "dns":
        return ", ".join(run.target.vantage_points)
    prefix = "GET " if place == "autodiscover" else f"{place}: "
    sources = (e.source for text, e in entries.items() if text.startswith(prefix) and e.source.startswith("http"))
    hosts = dict.fromkeys(s.partition("//")[2].partition("/")[0] for s in sources)
    if place == "autodiscover":
        asked = (text.partition("//")[2].partition("/")[0] for text in entries if text.startswith("GET "))
        hosts = dict.fromkeys(asked)
    return ", ".join(h for h in hosts if h)


def sip_domains(run: Run) -> tuple[str, ...] | None:
    """The SIP domains that were judged; None where the list could not be read."""
    known = Known(run.target, run.baseline.clouds, run.snapshot.entries)
    try:
        return asked.sip_domains(known)
    except (Unseen, ValueError):
        return None


def tenant_words(run: Run) -> str:
    """The tenant by the name and id that it gave itself, or the id of the target file, or that it was not seen."""
    known = Known(run.target, run.baseline.clouds, run.snapshot.entries)
    try:
        row = known.rows(asked.TENANT)[0]
    except (Unseen, IndexError):
        return f"tenant {run.target.tenant_id} (not seen)" if run.target.tenant_id else "tenant not seen"
    name, number = row.get("DisplayName"), row.get("TenantId")
    words = [str(part) for part in (name, number) if isinstance(part, str) and part]
    return "tenant " + (f"{words[0]} ({words[1]})" if len(words) == 2 else "".join(words) or "without a name")


def domain_words(run: Run, most: int = 3) -> str:
    """`2 SIP domains: contoso.com, fabrikam.com`."""
    domains = sip_domains(run)
    if domains is None:
        return "SIP domains not seen"
    if len(domains) == 1:
        return f"SIP domain {domains[0]}"
    named = ", ".join(domains[:most])
    more = len(domains) - most
    return f"{len(domains):,} SIP domains: {named}" + (f" and {more:,} more" if more > 0 else "")
