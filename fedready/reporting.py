"""The end of an audit under pytest: the files of the run, the summary on the terminal, pytest-html's table."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from typing import Any

import pytest

from fedready.judge import worst
from fedready.stash import AUDIT, CLOSING, FOLDER, GOOD_BYES, PROGRESS, STOPPING
from fedready.stopping import INTERRUPTED


def pytest_report_teststatus(report: Any) -> tuple[str, str, str] | None:
    """An advisory is a fail that blocks nothing: pytest's line of counts says so."""
    findings = getattr(report, "fedready_findings", None)
    if findings and report.outcome == "failed" and worst(findings).is_advisory:
        return "advisory", "a", "ADVISORY"
    return None


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> Generator[None]:
    config = session.config
    audit, progress = config.stash.get(AUDIT, None), config.stash.get(PROGRESS, None)
    if audit is None or audit.kept is None or progress is None:
        return (yield)
    from fedready.closing import BROKEN, UNWRITTEN, close
    from fedready.tell.folder import fault

    folder = config.stash[FOLDER]
    stopped = progress.stopped or exitstatus == pytest.ExitCode.INTERRUPTED
    exit_code = progress.exit_code
    try:
        yield
    except KeyboardInterrupt:  # while pytest-html writes
        folder.without("pytest.html")
        stopped, exit_code = True, INTERRUPTED
    except Exception as wrong:
        folder.without("pytest.html")
        progress.trouble.append(f"pytest.html was not written ({fault(wrong)}).")
        exit_code = UNWRITTEN if isinstance(wrong, OSError) else BROKEN
    _take_out_pytest_html(config)
    decides = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    closing = close(
        audit,
        folder,
        progress.selected,
        stopped=stopped,
        broken=progress.broken,
        trouble=progress.trouble,
        exit_code=exit_code if decides else int(exitstatus),
    )
    config.stash[CLOSING] = closing
    if closing.exit_code is not None:
        session.exitstatus = closing.exit_code
    elif closing.run is not None:
        session.exitstatus = closing.run.exit_code


def _take_out_pytest_html(config: pytest.Config) -> None:
    """pytest-html has written its file by now; its closing line would name the folder before it is renamed."""
    from pytest_html.basereport import BaseReport

    for plugin in list(config.pluginmanager.get_plugins()):
        if isinstance(plugin, BaseReport):
            config.pluginmanager.unregister(plugin)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    closing = config.stash.get(CLOSING, None)
    if closing is None:
        return
    from fedready.tell.folder import fault
    from fedready.tell.terminal import ending

    terminalreporter.ensure_newline()
    if closing.run is not None:
        try:
            lines = ending(closing.run, closing.report, colour=terminalreporter._tw.hasmarkup)
        except Exception as bug:
            lines = [f"The summary could not be told: fedready broke ({fault(bug)}). Report: {closing.report}"]
        for line in lines:
            terminalreporter.write_line(line)
    for sentence in closing.trouble:
        terminalreporter.write_line(sentence, red=True)


def pytest_unconfigure(config: pytest.Config) -> None:
    good_byes = config.stash.get(GOOD_BYES, None)
    if good_byes is not None:
        good_byes.wait()
    stopping = config.stash.get(STOPPING, None)
    if stopping is not None:
        stopping.end()
    folder = config.stash.get(FOLDER, None)
    if folder is not None:
        with contextlib.suppress(OSError):  # nobody is left to be told
            folder.set_aside()


def pytest_html_report_title(report: Any) -> None:
    from fedready.tell import html_table

    report.title = html_table.TITLE


def pytest_html_results_summary(prefix: list[str]) -> None:
    from fedready.tell import html_table

    html_table.above(prefix)


def pytest_html_results_table_header(cells: list[str]) -> None:
    from fedready.tell import html_table

    html_table.header(cells)


def pytest_html_results_table_row(report: Any, cells: list[str]) -> None:
    from fedready.tell import html_table

    html_table.row(report, cells)


def pytest_html_results_table_html(report: Any, data: list[str]) -> None:
    from fedready.tell import html_table

    html_table.details(report, data)
