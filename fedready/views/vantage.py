"""Where DNS is seen from, and which vantage points decide. No other place says so.

A vantage point is a resolver of the target file; its name is its role:

| name | what it sees | it decides |
|---|---|---|
| `internal` | the view inside the network | DNS-09 (web conferencing), DNS-10 |
| `edge` | what the Edge's own resolver says | nothing; it is shown beside the others |
| any other: `public`, `system`, `quad9` | the public view | DNS-02, 03, 05 to 07, 09, 11 to 13 |

DNS-01 and DNS-08 are about Microsoft's own names, which have to be right from everywhere: each vantage point decides.
An internal view that differs from the public one is split horizon: named, and failed only where a control is about it.
"""

from __future__ import annotations

from typing import Any, Literal

from fedready.desk import Desk
from fedready.model import Evidence, Target, Unseen
from fedready.questions import Lookup
from fedready.words import said

INTERNAL = "internal"
EDGE = "edge"


def outside(target: Target) -> tuple[str, ...]:
    """The vantage points of the public view.

    Raises:
        Unseen: the target file names only `internal` and `edge` ones.
    """
    points = tuple(point for point in target.vantage_points if point not in (INTERNAL, EDGE))
    if not points:
        raise Unseen("no resolver of the target file sees the public view: add resolvers.public")
    return points


def inside(target: Target) -> tuple[str, ...]:
    """The vantage point of the internal view; none where the target file has no resolver of that name."""
    return (INTERNAL,) if INTERNAL in target.vantage_points else ()


class Sight:
    """What each vantage point saw of one name, for the words of a finding. It never raises and decides nothing."""

    def __init__(self, desk: Desk, name: str, *rdtypes: str) -> None:
        self._desk, self._name, self._rdtypes = desk, name, rdtypes
        points = sorted(desk.target.vantage_points, key=lambda point: (point in (INTERNAL, EDGE), point == EDGE))
        self._seen = {point: self._look(point) for point in points}

    def text(self) -> str:
        """`public: 0 0 5061 sip.contoso.com (TTL 300); internal: does not exist`."""
        groups: dict[str, list[str]] = {}
        for point, answers in self._seen.items():
            groups.setdefault(_told(answers), []).append(point)
        return "; ".join(f"{', '.join(points)}: {text}" for text, points in groups.items())

    def split(self) -> Literal["", "hidden", "different"]:
        """How the internal view differs from the public one: it does not know the name, or knows something else."""
        internal = self._records(INTERNAL)
        others = [self._records(point) for point in self._seen if point not in (INTERNAL, EDGE)]
        if internal is None or all(other is None or other == internal for other in others):
            return ""
        return "different" if any(answers or aliases for answers, aliases in internal) else "hidden"

    def _look(self, point: str) -> list[Evidence]:
        found = []
        for rdtype in self._rdtypes:
            question = Lookup(point, rdtype, self._name).text
            evidence = self._desk.known.entries.get(question, _NOT_ASKED)
            if _readable(evidence):
                self._desk.saw(question, "", evidence.value)
            found.append(evidence)
        return found

    def _records(self, point: str) -> list[Any] | None:
        answers = self._seen.get(point)
        if answers is None or not all(_readable(evidence) for evidence in answers):
            return None
        return [(evidence.value["answers"], [_target(a) for a in evidence.value["chain"]]) for evidence in answers]


_NOT_ASKED = Evidence(state="not_asked")


def _readable(evidence: Evidence) -> bool:
    value = evidence.value
    return (
        evidence.state == "answered"
        and isinstance(value, dict)
        and isinstance(value.get("answers"), list)
        and isinstance(value.get("chain"), list)
    )


def _target(alias: Any) -> Any:
    return alias.get("target") if isinstance(alias, dict) else alias


def _told(answers: list[Evidence]) -> str:
    """The records of one name at one vantage point, in words."""
    for evidence in answers:
        if not _readable(evidence):
            return f"not seen ({evidence.cause.kind if evidence.cause else evidence.state.replace('_', ' ')})"
    values = [evidence.value for evidence in answers]
    aliases = list(dict.fromkeys(said(_target(alias)) for value in values for alias in value["chain"]))
    records = [said(record) for value in values for record in value["answers"]]
    ttls = [value["ttl"] for value in values if isinstance(value.get("ttl"), int)]
    if not aliases and not records:
        gone = all(value.get("rcode") == "NXDOMAIN" for value in values)
        return "does not exist" if gone else "has no such record"
    alias = f"an alias of {', then '.join(aliases)}" if aliases else ""
    shown = ", ".join(records) or "which has no such record"
    ttl = f" (TTL {min(ttls)})" if ttls else ""
    return f"{alias}{', ' if alias else ''}{shown}{ttl}"
