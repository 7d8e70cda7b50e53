"""What every view needs: to look at several things at once, and to refuse evidence of another shape."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from fedready.desk import Desk, Row
from fedready.model import DEPLOYMENT, Unseen
from fedready.questions import Cmdlet, Question

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
    if not isinstance(value, dict) or not value.keys() >= set(keys):
        raise Unseen(f"{question.text}: the evidence has not the shape of an answer", question=question.text)
    return value


class Listed:
    """The rows of an answer by what they name, for checks that look one name up: a subject costs its own rows, not all.

    Looking a name up leaves a reading `[Name=contoso.com].Name` for each row that has it (what is then read of the row stands
    below the same path), or `[Name=contoso.com]`, null, where none has. Then the first row is a reading too: a list without
    the name is another answer than no list.

    Args:
        key: the property that names.
        also: what else of a row belongs to every look.
        name_of: the name of a raw row in comparable form; raises Unseen for a row that could be the one in question.
    """

    def __init__(
        self,
        desk: Desk,
        question: Cmdlet,
        key: str,
        name_of: Callable[[dict[str, Any]], str],
        also: tuple[str, ...] = (),
    ) -> None:
        self._desk, self._question, self._key, self._also = desk, question, key, also
        self._index = _index(desk, question, key, name_of)
        self._found: dict[str, list[Row]] = {}
        if desk.subject != DEPLOYMENT:
            self.rows(desk.subject)  # whoever is judged by this list is looked up in it

    def rows(self, name: str) -> list[Row]:
        """The rows that have this name, each touched."""
        if name not in self._found:
            path, text = f"[{self._key}={name}]", self._question.text
            self._found[name] = [Row(self._desk, text, f"{path}.", row) for row in self._index.get(name, ())]
            if not self._found[name]:
                self._desk.saw(text, path, None)
                for first in self._desk.known.rows(self._question)[:1]:
                    self._touch(Row(self._desk, text, "[0].", first))
            for row in self._found[name]:
                self._touch(row)
        return self._found[name]

    def __contains__(self, name: str) -> bool:
        return bool(self.rows(name))

    def _touch(self, row: Row) -> None:
        for name in (self._key, *self._also):
            _ = row[name]


def _index(
    desk: Desk, question: Cmdlet, key: str, name_of: Callable[[dict[str, Any]], str]
) -> dict[str, list[dict[str, Any]]]:
    """Made once for all subjects of a control; so is the finding out that it cannot be made."""
    place = ("listed", question, key)
    if place not in desk.kept:
        index: dict[str, list[dict[str, Any]]] = {}
        try:
            for row in desk.known.rows(question):
                if key not in row:
                    raise Unseen(f"{question.text} returned no property {key}", question=question.text)
                index.setdefault(name_of(row), []).append(row)
            desk.kept[place] = index
        except Unseen as missing:
            desk.kept[place] = missing
    kept = desk.kept[place]
    if isinstance(kept, Unseen):
        raise Unseen(str(kept), question=kept.question, cause=kept.cause, caused_by=kept.caused_by)
    found: dict[str, list[dict[str, Any]]] = kept
    return found
