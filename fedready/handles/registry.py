"""How a function becomes a handle, and the registry from which the plan of a run is derived."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fedready.desk import Desk, Row
from fedready.inquiry import Inquiry

ASKED: dict[str, tuple[Inquiry, ...]] = {}
"""Handle -> what has to be asked for it. The plan of a run is the union over the handles that its checks name."""

HANDLES: dict[str, Callable[..., Any]] = {}
"""Handle -> the plain function, for judging outside a pytest session."""

DESK = pytest.StashKey[Desk]()


def asks(*inquiries: Inquiry) -> Callable[[Callable[..., Any]], Any]:
    """Make a function a handle and declare what it needs asked."""

    def declare(function: Callable[..., Any]) -> Any:
        ASKED[function.__name__] = inquiries
        HANDLES[function.__name__] = function
        return pytest.fixture(function)

    return declare


class Subject(str):
    """Stands for the subject of the call that is about to run; the plugin puts the real one in its place."""


class Single:
    """The only row of an answer, looked up when a property is touched."""

    def __init__(self, find: Callable[[], Row]) -> None:
        self._find = find

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._find(), name)

    def __getitem__(self, name: str) -> Any:
        return self._find()[name]

    def has(self, name: str) -> bool:
        return self._find().has(name)
