"""pytest as the auditor: options, the moment of asking, verdicts on reports. `reporting.py` has the end of a run.

With these, `handles` and `check` the only rooms that know pytest. Inert for runs that select no control.
"""

from __future__ import annotations

import atexit
import contextlib
import datetime as dt
import gc
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from fedready import reporting
from fedready.audit import Audit, Options, one_source, plan_of, utc
from fedready.desk import Desk
from fedready.given import hours, joined, moment
from fedready.handles import ASKED, DESK, MODULES, Subject
from fedready.judge import worst
from fedready.ledger import Page
from fedready.model import Control, Verdict
from fedready.stash import AUDIT, FINDINGS, FOLDER, GOOD_BYES, PROGRESS, STOPPING, Progress
from fedready.stopping import INTERRUPTED, Stopping
from fedready.yamlmarks import Mistake


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("fedready", "audit of a Skype for Business hybrid")
    group.addoption("--target", metavar="FILE", help="ask the live deployment that this target file describes")
    group.addoption(
        "--snapshot", metavar="FILE", help="judge the snapshot.json of an earlier run again, without network"
    )
    group.addoption("--export", metavar="DIR", help="judge a folder that an administrator exported")
    group.addoption("--max-age", metavar="HOURS", help="evidence that is older when it is judged is unknown")
    group.addoption("--phase", metavar="NAME", help="judge as if the deployment were in this phase")
    group.addoption("--cloud", metavar="NAME", help="judge as if the tenant were in this cloud")
    group.addoption("--baseline", metavar="FILE", help="another baseline than the one that comes with fedready")
    group.addoption("--waivers", metavar="FILE", help="deviations that somebody answers for")
    group.addoption("--sip-domain", metavar="NAME", action="append", default=[], help="judge only this SIP domain")
    group.addoption("--report-dir", metavar="DIR", help="put the files of this run right into DIR")
    group.addoption(
        "--as-of", metavar="TIME", help="judge waivers and ages as of this day or UTC time (2026-01-02[T03:04:05Z])"
    )


def options_of(config: pytest.Config) -> Options:
    """The plugin's options as the audit wants them.

    Raises:
        Mistake: `--as-of` is no day and no time, or `--max-age` no number of hours.
    """

    def path(name: str) -> Path | None:
        value = config.getoption(name)
        return Path(value) if value else None

    return Options(
        target=path("--target"),
        snapshot=path("--snapshot"),
        export=path("--export"),
        phase=config.getoption("--phase"),
        cloud=config.getoption("--cloud"),
        baseline=path("--baseline"),
        waivers=path("--waivers"),
        sip_domains=tuple(config.getoption("--sip-domain")),
        max_age_hours=hours(config.getoption("--max-age")),
        as_of=moment(config.getoption("--as-of")),
    )


# --------------------------------------------------------------------------- before and during collection


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | pytest.ExitCode | None:
    """Start over when a file of ours misled pytest.

    pytest looks for pytest.ini before it knows our options, and takes the value in `--target /elsewhere/file` for a path of
    tests. Written as `--target=/elsewhere/file` it cannot. Only where no pytest.ini was found is anything changed.
    """
    given = list(config.invocation_params.args)
    rewritten = joined(given)
    if config.inipath is not None or rewritten == given or not Path("pytest.ini").is_file():
        return None
    return pytest.main(rewritten)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    for module in (*MODULES, reporting):
        config.pluginmanager.register(module, module.__name__)
    config.addinivalue_line("markers", "control(id, per): the control of the baseline that this check judges")
    for name, what in (
        ("article", "a setting or step that the article itself states"),
        ("suite", "a value of the article, looked at by DNS or HTTP"),
        ("extension", "from the wider documentation"),
        *(
            (severity, f"a control of severity {severity}")
            for severity in ("critical", "high", "medium", "low", "info")
        ),
        *((area.lower(), f"the controls {area}-nn") for area in AREAS),
    ):
        config.addinivalue_line("markers", f"{name}: {what}")
    if config.option.collectonly or getattr(config.option, "help", False) or config.getoption("--fixtures", False):
        return
    options = _or_usage_error(lambda: options_of(config))
    if len(options.sources) > 1:
        _or_usage_error(lambda: one_source(options))
    if len(options.sources) == 1:
        from fedready.tell.folder import open_run_folder

        # An audit only gathers: its answers and findings stay to the end, and looking through them all for garbage, again
        # and again, is a sixth of the work at 10,000 domains.
        gc.set_threshold(50_000, 20, 50)
        # Nor does Python find anything in its own search as it ends, which is a tenth of a small audit's work.
        atexit.register(gc.freeze)
        audit = _or_usage_error(lambda: Audit.load(options))
        config.stash[AUDIT] = audit
        given = config.getoption("--report-dir")
        folder = _or_usage_error(
            lambda: open_run_folder(
                audit.target.name,
                utc(dt.datetime.now(dt.UTC)),
                base=Path(config.rootpath) / "reports",
                report_dir=Path(given) if given else None,
            )
        )
        config.stash[FOLDER] = folder
        config.option.htmlpath = str(folder.path_for("pytest.html"))
        config.option.self_contained_html = True


AREAS = ("EDGE", "HOST", "TEN", "XS", "USER", "DNS", "AUTO", "TLS", "SESS")


def _or_usage_error(action: Any) -> Any:
    from fedready.tell.folder import CannotWrite

    try:
        return action()
    except (Mistake, CannotWrite) as wrong:
        raise pytest.UsageError(str(wrong)) from None


def _control_mark(item: pytest.Item) -> pytest.Mark | None:
    return item.get_closest_marker("control")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    marked = [(item, mark) for item in items if (mark := _control_mark(item)) is not None]
    if not marked:
        return
    controls = _controls(config)
    for item, mark in marked:
        control = controls.get(mark.args[0])
        if control is None:
            raise pytest.UsageError(
                f"{item.nodeid}: the baseline has no control {mark.args[0]}. Add its row, or mend the id."
            )
        for name in (control.scope, control.severity.value, control.area.lower()):
            item.add_marker(name)


def _controls(config: pytest.Config) -> dict[str, Control]:
    audit = config.stash.get(AUDIT, None)
    if audit is None:
        from fedready.catalogue import DEFAULT_BASELINE, load_baseline

        given = config.getoption("--baseline")
        baseline = _or_usage_error(lambda: load_baseline(Path(given) if given else DEFAULT_BASELINE))
        return dict(baseline.controls)
    return dict(audit.baseline.controls)


# --------------------------------------------------------------------------- asking


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Ask everything that the selected checks need, before the first of them runs."""
    config = session.config
    checks = [item for item in session.items if _control_mark(item) is not None]
    if config.option.collectonly or not checks or session.testsfailed:
        return
    if getattr(config.option, "numprocesses", None) or hasattr(config, "workerinput"):
        raise pytest.UsageError("checks are never distributed: leave out -n. Asking is concurrent already.")
    _or_usage_error(lambda: one_source(options_of(config)))
    audit: Audit = config.stash[AUDIT]
    controls = [mark.args[0] for item in checks if (mark := _control_mark(item)) is not None]
    progress = config.stash[PROGRESS] = Progress(list(dict.fromkeys(controls)))
    stopping = config.stash[STOPPING] = Stopping(config.stash[FOLDER], lambda text: _say(config, text))
    stopping.begin()
    if audit.kept is not None:
        return
    from fedready.ask import plan
    from fedready.ask.good_byes import GoodByes
    from fedready.snapshot import seal, shelved, to_text
    from fedready.tell.folder import CannotWrite, fault

    def broke(bug: Exception) -> None:
        from fedready.closing import BROKEN, REPORT_IT

        progress.trouble.append(f"The asking ended early: fedready broke ({fault(bug)}). {REPORT_IT}")
        progress.exit_code = BROKEN

    inquiries = plan_of((name for item in checks for name in getattr(item, "fixturenames", ())), ASKED)
    good_byes = config.stash[GOOD_BYES] = GoodByes()
    with stopping.asking():
        asked = plan.ask(
            audit.target,
            audit.baseline.clouds,
            inquiries,
            selection=_selection(config),
            progress=_progress(config),
            tool=f"fedready {_version()}",
            recorded=audit.sources.answers,
            on_broken=broke,
            good_byes=good_byes,
            meanwhile=_load_reports,
        )
    if plan.interrupted(asked) and progress.exit_code is None:
        progress.stopped, progress.exit_code = True, INTERRUPTED
    with stopping.deferred():
        audit.keep(seal(shelved(audit.sources.noted(asked))))
        with contextlib.suppress(CannotWrite):  # it is tried again at the end, which tells what is wrong
            config.stash[FOLDER].write("snapshot.json", to_text(audit.snapshot))


def _load_reports() -> None:
    """Load what is needed after the last answer, so that it is there by then."""
    import fedready.closing
    import fedready.tell.html_table
    import fedready.tell.terminal  # noqa: F401


def _say(config: pytest.Config, text: str) -> None:
    """A last sentence on the terminal, past whatever captures it."""
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        with contextlib.suppress(RuntimeError, OSError):  # the terminal was in the middle of a line
            reporter.ensure_newline()
            reporter.write_line(text)
            reporter.flush()


def _selection(config: pytest.Config) -> str:
    words = [
        f"-m {config.option.markexpr}" if config.option.markexpr else "",
        f"-k {config.option.keyword}" if config.option.keyword else "",
    ]
    return " ".join(word for word in words if word)


def _version() -> str:
    from fedready import __version__

    return __version__


def _progress(config: pytest.Config) -> Any:
    from fedready.tell.progress import progress_for

    return progress_for(quiet=config.option.verbose < 0)


# --------------------------------------------------------------------------- judging


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Put a desk where handles look for it. Handles never raise in set-up."""
    mark = _control_mark(item)
    if mark is None:
        return
    audit: Audit = item.config.stash[AUDIT]
    item.stash[DESK] = audit.desk(audit.baseline.controls[mark.args[0]])


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> object | None:
    """Run a check once for each subject of its control; what comes of it are findings, not exceptions."""
    mark = _control_mark(pyfuncitem)
    if mark is None:
        return None
    audit: Audit = pyfuncitem.config.stash[AUDIT]
    desk = pyfuncitem.stash[DESK]
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    check = pyfuncitem.obj

    about = [name for name, handle in arguments.items() if isinstance(handle, Subject)]

    def call(desk: Desk) -> object:
        for name in about:
            arguments[name] = desk.subject
        return check(**arguments)

    pyfuncitem.stash[FINDINGS] = audit.judge(desk, mark.kwargs.get("per"), call)
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    mark = _control_mark(item)
    if mark is not None and FINDINGS not in item.stash and call.excinfo is not None and PROGRESS in item.config.stash:
        from fedready.tell.folder import fault

        said = item.config.stash[PROGRESS].broken[mark.args[0]] = fault(call.excinfo.value)
        report.outcome, report.when, report.longrepr = "failed", "setup", f"{mark.args[0]}: the check broke: {said}"
        return report
    if mark is None or call.when != "call" or FINDINGS not in item.stash:
        return report
    findings = item.stash[FINDINGS]
    vars(report)["fedready_control"] = item.config.stash[AUDIT].baseline.controls[findings.control]
    waived = item.config.stash[AUDIT].standing(findings, dt.datetime.now(dt.UTC))
    vars(report)["fedready_findings"] = waived
    stands = worst(waived)
    report.longrepr = None
    if stands.verdict is Verdict.NA:
        report.outcome, report.longrepr = "skipped", (str(item.path), 0, f"n/a: {stands.message}")
    elif stands.verdict is Verdict.FAIL and stands.waived:
        report.outcome, report.wasxfail = "skipped", f"waived: {stands.waiver.reason if stands.waiver else ''}"
    elif stands.verdict is Verdict.FAIL:
        report.outcome, report.longrepr = "failed", _text(waived, Verdict.FAIL)
    elif stands.verdict in (Verdict.UNKNOWN, Verdict.ERROR):
        report.outcome, report.when, report.longrepr = "failed", "setup", _text(waived, stands.verdict)
    return report


def _text(page: Page, verdict: Verdict) -> str:
    from fedready.yamlmarks import visible

    places = sorted(place for each in page.alike() if each.standing.verdict is verdict for place in each.places)
    said = [f"{f.control} {f.subject}: {f.message}" for f in map(page.__getitem__, places[:20])]
    more = [f"... and {len(places) - 20} more"] if len(places) > 20 else []
    return "\n".join(visible(line) for line in [*said, *more])
