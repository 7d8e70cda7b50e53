"""What has to be asked before a handle can answer: questions, and questions that follow from other answers.

Everything here is a pure function of what is already known; asking is done in `ask/plan.py`, looking in `handles.py`.
What is asked never depends on phase, cloud or verdict, so that one snapshot can be judged for another phase or cloud.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fedready.model import Cause, CloudNames, Evidence, Sent, Target, Unseen
from fedready.questions import Cmdlet, Question

Row = dict[str, Any]


@dataclass(frozen=True)
class Known:
    """The target, the clouds' names and the answers so far."""

    target: Target
    clouds: Mapping[str, CloudNames]
    entries: Mapping[str, Evidence]
    sent: tuple[Sent, ...] = ()

    def value(self, question: Question) -> Any:
        """The answer to a question.

        Raises:
            Unseen: there is no answer; it carries the question and the cause.
        """
        evidence = self.entries.get(question.text)
        if evidence is None:
            raise Unseen(f"{question.text} was not asked", question=question.text)
        if evidence.state != "answered":
            cause = evidence.cause or Cause(kind="absent", text="no answer")
            raise Unseen(f"{question.text}: {cause.text}", question=question.text, cause=cause)
        return evidence.value

    def rows(self, question: Cmdlet) -> list[Row]:
        """The rows of a cmdlet's answer.

        Raises:
            Unseen: no answer, or an answer that is not a list of objects.
        """
        value = self.value(question)
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            cause = Cause(kind="malformed", text="the answer is not a list of objects")
            raise Unseen(f"{question.text}: {cause.text}", question=question.text, cause=cause)
        return value


@dataclass(frozen=True)
class Inquiry:
    """A set of questions under one name. `needs` are asked first; `questions` is pure and may raise Unseen."""

    name: str
    questions: Callable[[Known], Iterable[Question]] = field(compare=False)
    needs: tuple[Inquiry, ...] = ()


def asked_once(question: Question, *needs: Inquiry) -> Inquiry:
    """The inquiry that is one fixed question."""
    return Inquiry(question.text, lambda known: (question,), needs)
