"""Ctrl-C, press by press. Whole programs are stopped in test_always_something.py."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from fedready.stopping import Stopping
from fedready.tell.folder import RunFolder, open_run_folder


class Left(BaseException):
    """Stands for the end of the program."""


def leave(code: int) -> NoReturn:
    raise Left(code)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return open_run_folder("contoso", "2026-01-02T03:04:05Z", report_dir=tmp_path)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def stopping(folder: RunFolder, said: list[str]) -> Iterator[Stopping]:
    before = signal.getsignal(signal.SIGINT)
    made = Stopping(folder, said.append, leave)
    made.begin()
    yield made
    signal.signal(signal.SIGINT, before)


def press() -> None:
    signal.raise_signal(signal.SIGINT)


def test_the_first_press_is_an_interrupt_and_the_second_ends_the_program(stopping: Stopping, said: list[str]) -> None:
    with pytest.raises(KeyboardInterrupt):
        press()
    with pytest.raises(Left, match="2"):
        press()
    assert said == ["Stopped at once."]


def test_while_asking_the_second_press_ends_the_good_byes_and_the_third_the_program(stopping: Stopping) -> None:
    with stopping.asking():
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                press()
        with pytest.raises(Left):
            press()


def test_a_press_while_the_evidence_is_written_waits(stopping: Stopping) -> None:
    done = []

    def write() -> None:
        with stopping.deferred():
            press()
            done.append("written")

    with pytest.raises(KeyboardInterrupt):
        write()
    assert done == ["written"]
    with stopping.deferred():
        done.append("a press before is not told twice")


def test_evidence_is_kept_when_the_program_ends_at_once(
    stopping: Stopping, folder: RunFolder, said: list[str], tmp_path: Path
) -> None:
    folder.write("snapshot.json", b"{}")
    with pytest.raises(KeyboardInterrupt):
        press()
    with pytest.raises(Left):
        press()
    kept = tmp_path / "incomplete" / "snapshot.json"
    assert said == [f"Stopped at once. The evidence is kept: {kept}"]
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [kept]


def test_a_report_that_is_being_moved_is_moved(stopping: Stopping, folder: RunFolder) -> None:
    with pytest.raises(KeyboardInterrupt):
        press()
    folder.is_moving = True
    press()


def test_ctrl_c_is_given_back_unless_it_was_pressed(stopping: Stopping) -> None:
    stopping.end()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    stopping.begin()
    with pytest.raises(KeyboardInterrupt):
        press()
    stopping.end()
    press()  # all is written, the program is leaving: nothing happens
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_who_listens_already_is_left_alone(folder: RunFolder) -> None:
    def theirs(number: int, frame: object) -> None:
        """Somebody else's."""

    before = signal.signal(signal.SIGINT, theirs)
    try:
        Stopping(folder, print, leave).begin()
        assert signal.getsignal(signal.SIGINT) is theirs
    finally:
        signal.signal(signal.SIGINT, before)
