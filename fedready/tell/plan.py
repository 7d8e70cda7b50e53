"""The action plan: who has to do what, in an order that breaks nothing on the way. Text only; nothing here is run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fedready.ledger import alike
from fedready.model import Finding, Run, Severity, Verdict
from fedready.tell.instructions import merged
from fedready.tell.summary import Named, advisories, area_of, failing, subject_words

OWNERS = {
    "on-premises": "On-premises administrator",
    "tenant": "Tenant administrator",
    "dns": "DNS administrator",
    "network": "Network administrator",
    "auditor": "Auditor",
}

_SWITCHING_ON = ("SESS", "PORT", "TLS", "EDGE", "HOST", "DNS", "TEN", "AUTO", "XS", "USER")
# Documented for switching hybrid off: first nobody is left, then DNS, then the tenant, then the provider.
_SWITCHING_OFF = ("SESS", "USER", "DNS", "TEN", "HOST", "EDGE", "AUTO", "XS", "TLS", "PORT")
# Without DNS SRV routing there can be no hosting provider; one provider row must exist before its values are set.
_FIRST = {"EDGE-04": 0, "HOST-09": 0, "HOST-01": 1, "HOST-02": 2, "TEN-10": 0}
_LATER = 9

ORDER_WORDS = {
    False: "The Edge first, then its hosting provider, then DNS, then the tenant: each step rests on the one before.",
    True: "DNS first, then the tenant, then the hosting provider, as the documentation for switching hybrid off says. "
    "Do not begin while users are still homed on-premises.",
}


@dataclass(frozen=True)
class Step:
    """One thing to do. `turns` are the controls that it answers, `follows` those that turn green with them."""

    number: int
    owner: str
    title: str
    subjects: str
    severity: Severity
    fix: str
    rollback: str
    verify: str
    symptom: str
    turns: tuple[str, ...]
    follows: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """The steps, numbered through over all owners, in a safe order."""

    steps: tuple[Step, ...]
    order: str

    @property
    def by_owner(self) -> list[tuple[str, tuple[Step, ...]]]:
        """The steps of each owner, who has the first step first."""
        owners = dict.fromkeys(step.owner for step in self.steps)
        return [(owner, tuple(s for s in self.steps if s.owner == owner)) for owner in owners]


def action_plan(run: Run) -> Plan:
    """What turns the red lines green: one step per root fail, advisories last, like commands merged."""
    off = run.phase == "hybrid-disabled"
    areas = _SWITCHING_OFF if off else _SWITCHING_ON
    order = {name: rank for rank, name in enumerate(run.baseline.controls)}

    def rank(item: Named) -> tuple[int, int, int]:
        area = area_of(item.control.id)
        return (
            areas.index(area) if area in areas else len(areas),
            _FIRST.get(item.control.id, _LATER),
            order[item.control.id],
        )

    steps: list[list[Named]] = []
    for items in (failing(run), advisories(run)):
        known: dict[tuple[str, str], list[Named]] = {}
        for item in sorted(items, key=rank):
            key = (item.control.owner, _texts(item, "fix"))
            if key in known and key[1]:
                known[key].append(item)
            else:
                known[key] = [item]
                steps.append(known[key])
    return Plan(tuple(_step(n, items, run) for n, items in enumerate(steps, 1)), ORDER_WORDS[off])


def _step(number: int, items: list[Named], run: Run) -> Step:
    first = items[0]
    turns = tuple(item.control.id for item in items)
    subjects = tuple(dict.fromkeys(s for item in items for s in item.subjects))
    return Step(
        number=number,
        owner=OWNERS[first.control.owner],
        title=" · ".join(item.control.title for item in items),
        subjects=subject_words(subjects, run),
        severity=first.severity,
        fix=_texts(first, "fix"),
        rollback=merged(_texts(item, "rollback") for item in items),
        verify=merged(_texts(item, "verify") for item in items),
        symptom=first.first.symptom or first.control.symptom,
        turns=turns,
        follows=_dependants(run.findings, turns),
    )


def _texts(item: Named, name: str) -> str:
    """The words of every finding, each once, in order: a DNS record per domain, a command only once."""
    return merged(getattr(f, name) for f in item.findings)


def _dependants(findings: Iterable[Finding], roots: tuple[str, ...]) -> tuple[str, ...]:
    """Controls whose fail or unknown is explained by one of the roots, directly or through another."""
    waiting = [
        each.first
        for each in alike(findings)
        if each.standing.verdict in (Verdict.FAIL, Verdict.UNKNOWN) and not each.standing.is_root
    ]
    explained = set(roots)
    found: dict[str, None] = {}
    grown = True
    while grown:
        grown = False
        for finding in waiting:
            if finding.control not in explained and explained.intersection(finding.caused_by):
                explained.add(finding.control)
                found[finding.control] = None
                grown = True
    return tuple(found)
