"""progress: what is told while asking goes on, in lines and on a terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from fedready.ask.progress import Lines, Progress, Silent, Tallies, Tally, plain, wanted
from fedready.model import Cause, Evidence
from fedready.tell.progress import REDRAWS, Live, Rate, progress_for, time_left

ANSWERED = Evidence(state="answered", value=[])
DENIED = Evidence(state="failed", cause=Cause(kind="denied", text="CsViewOnlyAdministrator is missing"))
NOT_ASKED = Evidence(state="not_asked", cause=Cause(kind="absent", text="not from here"))


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def told(progress: Progress) -> None:
    """A small audit."""
    progress.deadline("onprem", 180)
    progress.asked("onprem", "onprem: Get-CsSipDomain")
    progress.asked("onprem", "onprem: Get-CsHostingProvider")
    progress.ended("onprem", "onprem: Get-CsSipDomain", ANSWERED)
    progress.ended("onprem", "onprem: Get-CsHostingProvider", DENIED)
    progress.ended("dns@public", "dns@public: A sip.contoso.com", NOT_ASKED)
    progress.over()


# ------------------------------------------------------------------ counting


def test_counts() -> None:
    tallies = Tallies(Clock())
    told(tallies)
    onprem, public = tallies.by_endpoint["onprem"], tallies.by_endpoint["dns@public"]
    assert (onprem.asked, onprem.answered, onprem.failed, onprem.not_asked, onprem.done) == (2, 1, 1, 0, 2)
    assert (onprem.ends, onprem.now) == (180.0, {})
    assert (public.asked, public.not_asked, public.ends) == (0, 1, None)


# ------------------------------------------------------------------ lines


def test_lines() -> None:
    to = io.StringIO()
    told(Lines(to, Clock()))
    assert to.getvalue().splitlines() == [
        "onprem: asking, 180 s at most",
        "onprem: no answer to onprem: Get-CsHostingProvider: CsViewOnlyAdministrator is missing",
        "onprem: 1 answered, 1 failed",
        "dns@public: 0 answered, 0 failed, 1 not asked",
    ]


def test_counts_come_every_few_seconds_and_not_with_every_question() -> None:
    to, clock = io.StringIO(), Clock()
    lines = Lines(to, clock)
    lines.deadline("dns@public", 600)
    for n in range(1000):
        lines.asked("dns@public", f"q{n}")
    for n in range(999):
        clock.now += 1 / 128
        lines.ended("dns@public", f"q{n}", ANSWERED)
    assert to.getvalue().splitlines() == [
        "dns@public: asking, 600 s at most",
        "dns@public: 640 answered, 0 failed, 360 waiting",
    ]


def test_thousands_of_failures_are_not_thousands_of_lines() -> None:
    to = io.StringIO()
    lines = Lines(to, Clock())
    lines.deadline("dns@public", 600)
    for n in range(1000):
        lines.asked("dns@public", f"q{n}")
    for n in range(1000):
        lines.ended("dns@public", f"q{n}", DENIED)
    lines.over()
    assert len(to.getvalue().splitlines()) == 5


def test_what_servers_say_cannot_draw_on_the_terminal() -> None:
    to = io.StringIO()
    lines = Lines(to, Clock())
    lines.ended(
        "onprem", "q", Evidence(state="failed", cause=Cause(kind="denied", text="a\x1b[2Jb\nonprem: 9 answered"))
    )
    assert to.getvalue() == "onprem: no answer to q: a [2Jb onprem: 9 answered\n"


# ------------------------------------------------------------------ which one


@pytest.mark.parametrize(
    ("ci", "expected"), [("true", False), ("1", False), ("TRUE", False), ("", True), ("false", True)]
)
def test_quiet_in_ci(ci: str, expected: bool) -> None:
    assert wanted({"CI": ci}) is expected


def test_the_view_that_fits() -> None:
    file, terminal = io.StringIO(), Terminal()
    assert isinstance(progress_for(to=file, environment={}), Lines)
    assert isinstance(progress_for(to=file, environment={"CI": "true"}), Silent)
    assert isinstance(progress_for(to=file, asked_for=True, environment={"CI": "true"}), Lines)
    assert isinstance(progress_for(to=terminal, environment={}), Live)
    assert isinstance(progress_for(to=terminal, environment={"CI": "true"}), Silent)
    assert isinstance(progress_for(to=terminal, environment={"TERM": "dumb"}), Lines)
    assert isinstance(progress_for(quiet=True, to=terminal, environment={}), Silent)
    assert isinstance(plain(file, environment={}), Lines)


def test_silence_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    told(Silent())
    assert capsys.readouterr() == ("", "")


# ------------------------------------------------------------------ the live view


def drawn(live: Live) -> str:
    console = Console(file=io.StringIO(), width=110)
    console.print(live.table())
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_the_table_says_what_is_asked_and_how_long_it_takes() -> None:
    clock = Clock()
    live = Live(Terminal(), clock)
    try:
        live.deadline("dns@public", 600)
        for n in range(3000):
            live.asked("dns@public", f"dns@public: A n{n}.example")
        drawn(live)
        clock.now = 2.0
        for n in range(1000):
            live.ended("dns@public", f"dns@public: A n{n}.example", DENIED if n == 7 else ANSWERED)
        head, row = (line.split() for line in drawn(live).strip().splitlines())
    finally:
        live.over()
    assert head == ["asking", "asked", "answered", "failed", "a", "second", "left", "now"]
    assert row == ["dns@public", "3000", "999", "1", "500", "~4", "s", "dns@public:", "A", "n1000.example"]


def test_brackets_in_a_name_are_no_markup() -> None:
    live = Live(Terminal(), Clock())
    live.asked("onprem", "onprem: [bold]Get[/bold]")
    assert "[bold]Get[/bold]" in drawn(live)


def test_the_screen_is_given_back() -> None:
    terminal = Terminal()
    told(progress_for(to=terminal, environment={}))
    assert terminal.getvalue().count("\x1b[?25l") == terminal.getvalue().count("\x1b[?25h") == 1


def test_a_view_that_never_began_can_end() -> None:
    terminal = Terminal()
    progress_for(to=terminal, environment={}).over()
    assert terminal.getvalue() == ""


def test_redrawn_a_few_times_a_second() -> None:
    live = Live(Terminal(), Clock())
    assert REDRAWS <= 2  # drawing the table takes milliseconds each time
    assert live._screen.refresh_per_second == REDRAWS
    assert live._screen.auto_refresh


# ------------------------------------------------------------------ times


def test_the_rate_is_of_the_last_seconds() -> None:
    rate = Rate()
    assert rate.at(0.0, 0) == 0.0
    assert rate.at(2.0, 200) == 100.0
    for tenth in range(21, 100):
        rate.at(tenth / 10, 200)
    assert rate.at(10.0, 200) == 0.0


@pytest.mark.parametrize(
    ("asked", "done", "rate", "ends", "expected"),
    [
        (200, 100, 10.0, 60.0, "~10 s"),
        (200, 100, 1.0, 60.0, "30 s at most"),
        (1, 0, 0.0, 60.0, "30 s at most"),
        (1, 0, 0.0, 20.0, "0 s at most"),
        (1, 0, 0.0, None, ""),
        (10, 0, 5.0, None, "~2 s"),
    ],
)
def test_time_left(asked: int, done: int, rate: float, ends: float | None, expected: str) -> None:
    tally = Tally(begun=0.0, ends=ends, asked=asked, answered=done, now={"q": None})
    assert time_left(tally, rate, 30.0) == expected


def test_no_time_is_left_when_all_is_done() -> None:
    assert time_left(Tally(begun=0.0, ends=60.0, asked=1, answered=1), 1.0, 30.0) == ""
