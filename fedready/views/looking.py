"""What every view needs: to look at several things at once, and to refuse evidence of another shape."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from fedready.desk import Desk
from fedready.model import Unseen
from fedready.questions import Question

T = TypeVar("T")


def every(items: Iterable[T], judge: Callable[[T], object]) -> None:
    """Judge each of several views; a fail in one is a fail, and only when none fails is one that was not seen unknown."""
    unseen: Unseen | None = None
    for item in items:
        try:
            judge(item)
        except Unseen as missing:
            unseen = unseen or missing
    if unseen is not None:
        raise unseen


def structured(desk: Desk, question: Question, keys: tuple[str, ...]) -> dict[str, Any]:
    """An answer that must be an object with these keys.

    Raises:
        Unseen: no answer, or one of another shape.
    """
    return shaped(question, desk.value(question), keys)


def shaped(question: Question, value: Any, keys: tuple[str, ...]) -> dict[str, Any]:
    """An object of evidence that has these keys; what has not is Unseen, never a default."""
    if not isinstance(value, dict) or not all(key in value for key in keys):
        raise Unseen(f"{question.text}: the evidence has not the shape of an answer", question=question.text)
    return value
