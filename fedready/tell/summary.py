"""What the first screen and the last lines of the terminal say: blockers, causes, coverage, waivers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from fedready.ledger import Alike, Page, Standing, alike
from fedready.model import DEPLOYMENT, Control, Finding, Headline, NotRun, Run, Severity, Verdict, Waiver

SEVERITY_ORDER = {severity: rank for rank, severity in enumerate(Severity)}

SHARE_EDITION = "share edition: names are aliases"
"""The qualifier of a run whose names were replaced."""


class State(StrEnum):
    """A verdict as a reader sees it: what is waived or merely advised is not a red line. In order of concern."""

    FAIL = "fail"
    ERROR = "error"
    UNKNOWN = "unknown"
    WAIVED = "waived"
    ADVISORY = "advisory"
    PASS = "pass"
    NA = "n/a"
    NOT_RUN = "not run"

    @property
    def word(self) -> str:
        return "Not applicable" if self is State.NA else self.value.capitalize()

    @property
    def slug(self) -> str:
        """The name of its shape and colour in the style sheet."""
        return self.value.replace("/", "").replace(" ", "")


CONCERN = {state: rank for rank, state in enumerate(State)}


_STATES = {
    Verdict.UNKNOWN: State.UNKNOWN,
    Verdict.ERROR: State.ERROR,
    Verdict.PASS: State.PASS,
    Verdict.NA: State.NA,
}


def state_of(finding: Finding | Standing) -> State:
    """How one finding is shown."""
    if finding.verdict is Verdict.FAIL:
        if finding.waived:
            return State.WAIVED
        return State.FAIL if finding.severity.blocks else State.ADVISORY
    return _STATES[finding.verdict]


def chosen(findings: Iterable[Finding], wanted: Callable[[Standing], bool]) -> list[Finding]:
    """The findings that are wanted for what is counted of them, in order."""
    pages: dict[int, tuple[Page, list[int]]] = {}
    for each in alike(findings):
        if wanted(each.standing):
            pages.setdefault(id(each.page), (each.page, []))[1].extend(each.places)
    return [page[place] for page, places in pages.values() for place in sorted(places)]


def _of_state(run: Run, state: State) -> list[Finding]:
    return chosen(run.findings, lambda standing: state_of(standing) is state)


@dataclass(frozen=True)
class Named:
    """A control with those of its findings that are meant, worst severity first."""

    control: Control
    findings: tuple[Finding, ...]

    @property
    def severity(self) -> Severity:
        return min((f.severity for f in self.findings), key=SEVERITY_ORDER.__getitem__)

    @property
    def first(self) -> Finding:
        return self.findings[0]

    @property
    def subjects(self) -> tuple[str, ...]:
        return tuple(f.subject for f in self.findings)


def _by_control(run: Run, findings: Iterable[Finding]) -> list[Named]:
    """Findings gathered under their controls, worst severity first, then in the article's order."""
    controls = run.baseline.controls
    gathered: dict[str, list[Finding]] = {}
    for finding in findings:
        gathered.setdefault(finding.control, []).append(finding)
    order = {name: rank for rank, name in enumerate(controls)}
    named = [
        Named(controls[name], tuple(sorted(found, key=lambda f: SEVERITY_ORDER[f.severity])))
        for name, found in gathered.items()
    ]
    return sorted(named, key=lambda n: (SEVERITY_ORDER[n.severity], order[n.control.id]))


def _roots(findings: list[Finding]) -> list[Finding]:
    """Those that nothing else in the list explains.

    A dependant whose cause is not in the list itself (waived, say) stays: a red headline always has a name under it.
    """
    causes = {f.control for f in findings if f.is_root}
    known = {f.control: f.caused_by for f in findings}

    def explained(finding: Finding) -> bool:
        seen: set[str] = set()
        ahead = list(finding.caused_by)
        while ahead:
            control = ahead.pop()
            if control in causes:
                return True
            if control not in seen:
                seen.add(control)
                ahead += known.get(control, ())
        return False

    return [f for f in findings if f.is_root or not explained(f)]


def failing(run: Run) -> list[Named]:
    """The red lines: root fails of a severity that blocks, not waived."""
    return _by_control(run, _roots(_of_state(run, State.FAIL)))


def unseen(run: Run) -> list[Named]:
    """What could not be looked at and would decide the headline: root unknowns and errors of a blocking severity."""
    blind = chosen(run.findings, lambda f: f.verdict in (Verdict.UNKNOWN, Verdict.ERROR) and f.severity.blocks)
    return _by_control(run, _roots(blind))


def blockers(run: Run) -> list[Named]:
    """What stands between this run and READY: its fails, or where there is none, what could not be seen."""
    if run.headline is Headline.NOT_READY:
        return failing(run)
    return unseen(run) if run.headline is Headline.UNDETERMINED else []


def advisories(run: Run) -> list[Named]:
    """Root fails of severity low."""
    return _by_control(run, _roots(_of_state(run, State.ADVISORY)))


def waived(run: Run) -> list[Named]:
    """Root fails that somebody answers for."""
    return _by_control(run, _roots(_of_state(run, State.WAIVED)))


def live_waivers(run: Run) -> list[Waiver]:
    """The waivers that were used, the next to expire first, each once."""
    patterns = (each.pattern for each in alike(run.findings) if each.standing.waived)
    used = {(w.control, w.subject, w.expires, w.reason): w for f in patterns if (w := f.waiver)}
    return sorted(used.values(), key=lambda w: (w.expires, w.control, w.subject))


# --------------------------------------------------------------------------- what could not be looked at


@dataclass(frozen=True)
class Blind:
    """Findings that could not be judged for one and the same reason: how many, and of which controls."""

    reason: str
    count: int
    controls: tuple[str, ...]
    root: str
    """The control that stands for the reason."""


def blind_spots(run: Run) -> list[Blind]:
    """Every unknown and error, gathered by cause, the largest group first. Dependants stand with their root.

    The root may be a fail: what cannot be judged because another setting is wrong is one cause, that setting.
    """
    first_of: dict[str, Finding] = {}
    for each in alike(run.findings):
        if (
            each.standing.verdict in (Verdict.FAIL, Verdict.UNKNOWN, Verdict.ERROR)
            and each.page.control not in first_of
        ):
            first_of[each.page.control] = each.first

    def root_of(finding: Finding) -> Finding:
        seen = {finding.control}
        while ahead := next((c for c in finding.caused_by if c in first_of and c not in seen), None):
            seen.add(ahead)
            finding = first_of[ahead]
        return finding

    gathered: dict[tuple[str, str], list[Alike]] = {}
    lead: dict[tuple[str, str], Finding] = {}
    for each in alike(run.findings):
        if each.standing.verdict not in (Verdict.UNKNOWN, Verdict.ERROR):
            continue
        root = root_of(each.first)
        # One time-out per SIP domain is one cause: the kind counts, and the control, not the name in the sentence.
        key = (root.control, root.cause.kind if root.cause else root.message)
        gathered.setdefault(key, []).append(each)
        lead.setdefault(key, root)
    spots = [
        Blind(
            reason=reason_of(lead[key]),
            count=sum(each.count for each in found),
            controls=tuple(dict.fromkeys(each.page.control for each in found)),
            root=key[0],
        )
        for key, found in gathered.items()
    ]
    return sorted(spots, key=lambda spot: -spot.count)


def reason_of(finding: Finding) -> str:
    """Why a finding is what it is, in a sentence."""
    return (finding.cause.text if finding.cause else "") or finding.message or "no reason was given"


@dataclass(frozen=True)
class Coverage:
    """How much of what applies was looked at. Counted in checks: one control on one subject."""

    assessed: int
    applicable: int
    blind: int
    not_applicable: int
    not_from_here: int
    not_run: tuple[NotRun, ...]


NOT_FROM_HERE = "not from here"


def coverage(run: Run) -> Coverage:
    """What was assessed of what applies; a control that was not run counts as one check that was not."""
    patterns = list(alike(run.findings))
    blind = sum(p.count for p in patterns if p.standing.verdict in (Verdict.UNKNOWN, Verdict.ERROR))
    outside = [p for p in patterns if p.standing.verdict is Verdict.NA]
    not_from_here = sum(p.count for p in outside if NOT_FROM_HERE in p.pattern.message)
    not_applicable = sum(p.count for p in outside) - not_from_here
    applicable = len(run.findings) - not_applicable - not_from_here
    return Coverage(
        assessed=applicable - blind,
        applicable=applicable + not_from_here + len(run.not_run),
        blind=blind,
        not_applicable=not_applicable,
        not_from_here=not_from_here,
        not_run=run.not_run,
    )


# --------------------------------------------------------------------------- words


def area_of(control: str) -> str:
    """`HOST` of `HOST-06`."""
    return control.partition("-")[0]


def sentence(run: Run) -> str:
    """The headline in words."""
    phase = run.phase
    if run.headline is Headline.READY:
        return f"Configured as the documentation says for phase {phase}."
    if run.headline is Headline.READY_WITH_WAIVERS:
        count = len(waived(run))
        deviations = (
            "one deviation that somebody answers for" if count == 1 else f"{count} deviations that people answer for"
        )
        return f"Configured as the documentation says for phase {phase}, but for {deviations}."
    if run.headline is Headline.NOT_READY:
        count = len(failing(run))
        return f"Not configured as the documentation says for phase {phase}: {count} {'cause' if count == 1 else 'causes'}."
    count = sum(spot.count for spot in blind_spots(run))
    checks = "one check" if count == 1 else f"{count:,} checks"
    return f"It cannot be said whether this is ready for phase {phase}: {checks} could not be looked at."


def subject_words(subjects: tuple[str, ...], run: Run, most: int = 2) -> str:
    """`contoso.com`, `3 domains`, or nothing where the subject is the deployment."""
    others = [s for s in subjects if s != DEPLOYMENT]
    if not others:
        return ""
    if len(others) <= most:
        return ", ".join(others)
    return f"{len(others):,} {kind_of(others[0], run)}s"


def kind_of(subject: str, run: Run) -> str:
    """What a subject is: `domain`, `Edge` or `subject`."""
    if subject in run.target.edge.names or subject in run.target.endpoints.edges:
        return "Edge"
    return "domain" if "." in subject else "subject"
