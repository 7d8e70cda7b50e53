"""What is known of people: numbers only."""

from __future__ import annotations

from fedready.desk import Desk
from fedready.model import Unseen
from fedready.questions import Cmdlet


class UserCount:
    """How many users a question found; the users themselves are never kept."""

    def __init__(self, desk: Desk, question: Cmdlet) -> None:
        self._desk = desk
        self._question = question

    def number(self) -> int:
        value = self._desk.only(self._question)["Count"]
        if isinstance(value, bool) or not isinstance(value, int):
            raise Unseen(f"{self._question.text}: the count is not a number", question=self._question.text)
        return value
