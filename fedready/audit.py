"""One audit from its sources to its findings: what is asked, what is judged, what is said of the whole. No pytest here."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fedready import __version__, snapshot
from fedready.asked import certificate_names, edge_names, edge_servers, replicas, sip_domains
from fedready.asked.federation import either_side_s_sip_domains, policies
from fedready.catalogue import DEFAULT_BASELINE, load_baseline, load_waivers
from fedready.causes import attribute
from fedready.desk import Desk
from fedready.inquiry import Inquiry, Known
from fedready.judge import EXIT_CODES, count, headline, judge, not_applicable, writes
from fedready.ledger import Ledger, Page
from fedready.model import (
    CLOUDS,
    DEPLOYMENT,
    PHASES,
    Baseline,
    Cause,
    Control,
    Finding,
    Json,
    NotRun,
    Reads,
    Run,
    Snapshot,
    Target,
    Unseen,
    Verdict,
    View,
    Waiver,
)
from fedready.questions import NotAllowed, a_label, reads
from fedready.shelf import facts
from fedready.sources import Aged, Sources, about_a_session, export_target, open_sources, views_of
from fedready.target import load_target
from fedready.waiving import Waived, waive
from fedready.words import Expectation, expectation
from fedready.yamlmarks import Mistake

TOOL = f"fedready {__version__}"

DOMAINS_OF = {"sip_domain": sip_domains, "shared_domain": either_side_s_sip_domains}
"""What a control is judged per, where that is a list of SIP domains."""

SUBJECTS: dict[str, Callable[[Known], tuple[str, ...]]] = {
    "certificate_name": certificate_names,
    "edge": edge_servers,
    "edge_name": edge_names,
    "policy": policies,
    "replica": replicas,
}
"""What a control is judged per, where that is something else. Each raises Unseen when it cannot be read."""


@dataclass(frozen=True)
class Options:
    """What the caller chose. Exactly one of `target`, `snapshot` and `export` names the source of evidence."""

    target: Path | None = None
    snapshot: Path | None = None
    export: Path | None = None
    phase: str | None = None
    cloud: str | None = None
    baseline: Path | None = None
    waivers: Path | None = None
    sip_domains: tuple[str, ...] = ()
    as_of: dt.datetime | None = None
    max_age_hours: int | None = None

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(f"--{name}" for name in ("target", "snapshot", "export") if getattr(self, name) is not None)


def out_of_view(view: View, target: Target) -> str:
    """Why this machine cannot judge what needs this view, and how it could; empty where it can (DESIGN ruling 13).

    Decided by the target file alone: no answer, and no lack of one, makes a control n/a.
    """
    if view == "edges":
        if target.endpoints.edges:
            return ""
        return (
            "only the Edge servers themselves can show this (add endpoints.edges to the target file, and an account of "
            "each Edge in FEDREADY_<its name>_USER and _PASSWORD)"
        )
    if view == "internal":
        if "internal" in target.resolvers:
            return ""
        return "no resolver of the target file sees DNS as it is inside the network (add resolvers.internal)"
    if view in views_of(target):
        return ""
    return (
        f"this machine does not see {view.upper()} as the deployment does (add {view} to from_here in the target file "
        "where it does)"
    )


def one_source(options: Options) -> None:
    """Raises Mistake when no source of evidence is chosen, or two."""
    if not options.sources:
        raise Mistake(
            "fedready", 0, "no source of evidence was chosen",
            "Give --target FILE to ask the live deployment, --snapshot FILE to judge an earlier answer again, or "
            "--export DIR to judge what an administrator exported.",
        )  # fmt: skip
    if len(options.sources) > 1:
        raise Mistake(
            "fedready", 0, f"{' and '.join(options.sources)} were both given", "Choose one source of evidence."
        )


def _target_of(options: Options, kept: Snapshot | None) -> Target:
    """The target of the one source that was chosen."""
    if kept is not None:
        return kept.target
    if options.export is not None:
        return export_target(options.export)
    assert options.target is not None
    return load_target(options.target)


def utc(moment: dt.datetime) -> str:
    """`2026-01-02T03:04:05Z`."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Audit:
    """The state of one audit: first `load`, then `ask`, then `judge` each control, then `finish`."""

    options: Options
    target: Target
    baseline: Baseline
    waivers: tuple[Waiver, ...]
    kept: Snapshot | None = None
    sources: Sources = field(default_factory=lambda: Sources({}))
    now: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    findings: Ledger = field(default_factory=Ledger)
    not_reached: set[str] = field(default_factory=set)
    _known: tuple[Snapshot, Known] | None = None
    _domains: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def load(cls, options: Options) -> Audit:
        """Read target or snapshot, baseline and waivers.

        Raises:
            Mistake: a file is wrong; it names file and line and the sentence that mends it.
        """
        baseline = load_baseline(options.baseline or DEFAULT_BASELINE)
        waivers = load_waivers(options.waivers, baseline) if options.waivers else ()
        kept = snapshot.read(options.snapshot) if options.snapshot else None
        one_source(options)
        target = _target_of(options, kept)
        for option, value, known in (("--phase", options.phase, PHASES), ("--cloud", options.cloud, CLOUDS)):
            if value is not None and value not in known:
                raise Mistake("fedready", 0, f"{option} {value} is not known", f"Choose one of: {', '.join(known)}.")
        for domain in options.sip_domains:
            try:
                a_label(domain)
            except NotAllowed as wrong:
                raise Mistake("fedready", 0, f"--sip-domain: {wrong}", "Give a domain such as contoso.com.") from None
        sources = Sources({}) if kept else open_sources(target)
        return cls(options, target, baseline, waivers, kept, sources)

    def keep(self, asked: Snapshot) -> None:
        """This is the evidence to judge; the target is the one that it holds."""
        self.kept, self.target = asked, asked.target

    @property
    def phase(self) -> str:
        return self.options.phase or self.target.phase or "hybrid"

    @property
    def cloud(self) -> str:
        return self.options.cloud or self.target.cloud or "worldwide"

    @property
    def snapshot(self) -> Snapshot:
        if self.kept is None:
            raise RuntimeError("nothing was asked yet")
        return self.kept

    @property
    def max_age_hours(self) -> int | None:
        """How old evidence may be when it is judged; None: however old."""
        return self.options.max_age_hours or self.target.max_age_hours

    @property
    def known(self) -> Known:
        """What is known now, for checks and for what follows from answers. What is too old is not known."""
        kept = self.snapshot
        if self._known is None or self._known[0] is not kept:
            hours, judged = self.max_age_hours, self.options.as_of or self.now
            entries = Aged(kept.entries, hours, judged) if hours else kept.entries
            self._known = (kept, Known(kept.target, self.baseline.clouds, entries, kept.sent))
            self._domains = {}
        return self._known[1]

    def expectation(self, control: Control) -> Expectation:
        """What the control expects here: in this phase, of this cloud, from where this machine stands."""
        names = self.baseline.clouds[self.cloud]
        wanted = expectation(control, self.phase, self.cloud, names, self.target.federation_model)
        if (session := about_a_session(control.id, self.target)) is not None:
            return Expectation(kind="n/a", reason=f"export: {session}")
        reason = next(filter(None, (out_of_view(view, self.target) for view in control.views)), "")
        if wanted.kind != "n/a" and reason:
            return Expectation(kind="n/a", reason=f"not from here: {reason}")
        return wanted

    def desk(self, control: Control) -> Desk:
        """A desk to judge this control at."""
        controls = self.baseline.controls

        def documented(id_: str) -> Json:
            return self.expectation(controls[id_]).value

        return Desk(self.known, control, self.phase, self.cloud, documented(control.id), documented)

    def judge(self, desk: Desk, per: str | None, call: Callable[[Desk], object]) -> Page:
        """Judge the desk's control for each of its subjects. `call` runs the check."""
        page = self.findings.write(desk.control.id, self._judged(desk, per, call))
        desk.clear()
        return page

    def _judged(self, desk: Desk, per: str | None, call: Callable[[Desk], object]) -> Iterator[Finding]:
        wanted = self.expectation(desk.control)
        if wanted.kind == "n/a":
            yield not_applicable(desk.control, wanted.reason)
            return
        try:
            subjects = self.subjects(per)
        except Unseen as unseen:
            yield judge(desk, DEPLOYMENT, wanted, _raises(unseen))
            return
        for subject in subjects:
            yield judge(desk, subject, wanted, lambda: call(desk))

    def subjects(self, per: str | None) -> tuple[str, ...]:
        """The subjects of a control.

        Raises:
            Unseen: they cannot be read, or `--sip-domain` leaves none.
        """
        if per is None:
            return (DEPLOYMENT,)
        if per in SUBJECTS:
            return SUBJECTS[per](self.known)
        if per not in DOMAINS_OF:
            raise LookupError(f"a control cannot be judged per {per}")
        known = self.known
        if per not in self._domains:
            self._domains[per] = DOMAINS_OF[per](known)
        every = self._domains[per]
        if not self.options.sip_domains:
            return every
        chosen = {a_label(name) for name in self.options.sip_domains}
        missing = chosen - set(every)
        if missing:
            raise Unseen(f"--sip-domain {', '.join(sorted(missing))}: not a SIP domain of this deployment")
        return tuple(domain for domain in every if domain in chosen)

    def waived(self, findings: Iterable[Finding], at: dt.datetime) -> Waived:
        """The findings with the waivers that are alive at this moment (`--as-of` wins)."""
        return waive(findings, self.waivers, (self.options.as_of or at).astimezone(dt.UTC).date())

    def standing(self, page: Page, at: dt.datetime) -> Page:
        """The findings of one control as they stand now, with waivers; the causes among what was judged before are known."""
        if not self.waivers or not any(each.standing.verdict is Verdict.FAIL for each in page.alike()):
            return page
        all_so_far = attribute(self.findings, self.baseline.controls)
        return self.waived(all_so_far, at).findings.page(page.control)

    def make_up(self, selected: Iterable[str], *, stopped: bool, broken: Mapping[str, str]) -> None:
        """Say of each selected control that was not judged why: never a silent gap, and never READY because of one.

        Args:
            selected: the controls that were to be judged.
            stopped: somebody stopped the run, so what is left is unknown. Otherwise it was not reached (`-x`) and not run.
            broken: control -> the fault of ours that kept it from being judged.
        """
        for id_ in selected:
            if id_ in self.findings.pages:
                continue
            if not (stopped or id_ in broken):
                self.not_reached.add(id_)
                continue
            control = self.baseline.controls[id_]
            if id_ in broken:
                text, verdict = f"the check broke: {broken[id_]}", Verdict.ERROR
                cause = Cause(kind="malformed", text=text)
            else:
                text, verdict = "the run was stopped before this was judged; start it again", Verdict.UNKNOWN
                cause = Cause(kind="interrupted", text=text)
            missing = Finding(control=id_, verdict=verdict, severity=control.severity, message=text, cause=cause)
            self.findings.write(id_, [missing])

    def finish(self, judged_at: dt.datetime, *, interrupted: bool = False) -> Run:
        """Everything that is said of this audit."""
        controls = self.baseline.controls
        order = {id_: place for place, id_ in enumerate(controls)}
        pages = sorted(self.findings.pages.values(), key=lambda page: order.get(page.control, len(order)))
        findings = attribute(self.findings.with_pages(pages), controls)
        waived = self.waived(findings, judged_at)
        not_run = tuple(
            NotRun(control=c, reason="not reached" if c in self.not_reached else "not selected")
            for c in controls
            if c not in self.findings.pages
        )
        line = headline(waived.findings)
        states: Counter[str] = Counter()
        for one, number in facts(self.snapshot.entries).items():
            states[one.state] += number * (one.via == "live")
        return Run(
            id=self.snapshot.run.id,
            started=self.snapshot.run.started,
            ended=self.snapshot.run.ended,
            judged=utc(self.options.as_of or judged_at),
            tool=TOOL,
            target=self.target,
            phase=self.phase,
            cloud=self.cloud,
            baseline=self.baseline,
            snapshot=self.snapshot,
            headline=line,
            qualifiers=self._qualifiers(not_run, interrupted),
            exit_code=EXIT_CODES[line],
            counts=count(waived.findings, len(not_run)),
            reads=Reads(
                sent=states["answered"] + states["failed"],
                answered=states["answered"],
                failed=states["failed"],
                writes=writes(self.snapshot, reads),
            ),
            findings=waived.findings,
            not_run=not_run,
            unused_waivers=waived.unused,
            expired_waivers=waived.expired,
        )

    def _qualifiers(self, not_run: Sequence[NotRun], interrupted: bool) -> tuple[str, ...]:
        said = []
        if not_run:
            extensions = {c.id for c in self.baseline.controls.values() if c.scope != "article"}
            article_only = {n.control for n in not_run} == extensions
            every = len(self.baseline.controls)
            said.append("article only" if article_only else f"partial: {every - len(not_run)} of {every} controls")
        if self.options.sip_domains:
            said.append(f"partial: only the SIP domains {', '.join(a_label(d) for d in self.options.sip_domains)}")
        if interrupted or any(one.cause == "interrupted" for one in facts(self.snapshot.entries)):
            said.append("partial: interrupted")
        for noun, chosen, stated, assumed in (
            ("phase", self.options.phase, self.target.phase, "hybrid"),
            ("cloud", self.options.cloud, self.target.cloud, "worldwide"),
        ):
            if chosen is not None and chosen != stated:
                said.append(f"what if: {noun} {chosen}")
            elif chosen is None and stated is None:
                said.append(f"assumed: {noun} {assumed}")
        said += [f"assumed: {what}" for what in self.target.assumed]
        return tuple(said)


def _raises(unseen: Unseen) -> Callable[[], object]:
    def check() -> object:
        raise unseen

    return check


def plan_of(names: Iterable[str], asked: dict[str, tuple[Inquiry, ...]]) -> tuple[Inquiry, ...]:
    """The inquiries of the named handles, each once, in the order in which they are met."""
    return tuple(dict.fromkeys(inquiry for name in names for inquiry in asked.get(name, ())))
