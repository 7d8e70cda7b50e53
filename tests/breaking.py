"""A pytest plugin for the tests of the tests' subject: it breaks fedready where the environment variable BREAK says."""

from __future__ import annotations

import os
from typing import Any, NoReturn

import pytest

from fedready.ask import plan
from fedready.tell import reports, terminal

FAULTS = {"bug": RuntimeError("made to break"), "exit": SystemExit(0), "ctrl-c": KeyboardInterrupt()}


def _raise(fault: BaseException) -> Any:
    def broken(*arguments: object, **named: object) -> NoReturn:
        raise fault

    return broken


def pytest_configure() -> None:
    where, _, how = os.environ["BREAK"].partition("=")
    if where == "asking":
        real, answers = plan._Asking._take, []

        def take(self: Any, *arguments: Any) -> None:
            real(self, *arguments)
            answers.append(arguments)
            if len(answers) == 10:
                raise FAULTS[how]

        plan._Asking._take = take
    elif where == "summary":
        terminal.ending = _raise(FAULTS[how])
    elif where == "looking":
        reports.looked_at = _raise(FAULTS[how])
    elif not where.isupper():
        setattr(reports, where, _raise(FAULTS[how]))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[Any]) -> None:
    where, _, how = os.environ["BREAK"].partition("=")
    for item in items:
        if item.get_closest_marker("control").args[0] == where:
            item.obj = _raise(FAULTS[how])
