"""Where one check looks at evidence. What is touched is noted as a Reading; what cannot be seen raises Unseen."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, NoReturn

from fedready.inquiry import Known
from fedready.model import DEPLOYMENT, CloudNames, Control, Json, Reading, Target, Unseen
from fedready.questions import Cmdlet, Question

NOTHING = object()
"""A check did not say what it observed; the last reading is."""


UNSEEN = "#unseen"
"""In a row of an export: property -> why the file does not tell its value."""


class Failed(AssertionError):
    """A check says that the documented value is not there, in its own words."""

    def __init__(self, message: str, *, case: str | None = None, observed: Json = None, advisory: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.case = case
        self.observed = observed
        self.advisory = advisory


class Desk:
    """One control being judged: the evidence, the phase and cloud it is judged for, and what it has looked at so far."""

    def __init__(
        self,
        known: Known,
        control: Control,
        phase: str,
        cloud: str,
        expected: Json,
        documented: Callable[[str], Json],
    ) -> None:
        self.documented = documented
        self.known = known
        self.control = control
        self.phase = phase
        self.cloud = cloud
        self.expected = expected
        self.subject = DEPLOYMENT
        self.trail: list[Reading] = []
        self._records: dict[tuple[str, str], Json] = {}  # what was read of DNS
        self.notes: list[str] = []
        self.bound: dict[str, Json] = {}
        self.shown: Json = NOTHING
        self.kept: dict[Any, Any] = {}  # what a view works out once for all subjects of the control

    @property
    def target(self) -> Target:
        return self.known.target

    @property
    def names(self) -> CloudNames:
        return self.known.clouds[self.cloud]

    def clear(self) -> None:
        """Everything is judged here: what was worked out for it goes, whoever still holds the desk."""
        self.start(DEPLOYMENT)
        self.kept = {}

    def start(self, subject: str) -> None:
        """Begin to judge one subject: nothing looked at yet."""
        self.subject = subject
        self.trail = []
        self._records = {}
        self.notes = []
        self.shown = NOTHING
        self.bound = {"subject": subject}

    def saw(self, question: str, path: str, value: Json) -> None:
        # A record is looked at for several reasons and said once; a cmdlet's repeated rows are rows of their own.
        if question.startswith("dns@"):
            place = question, path
            if place in self._records and self._records[place] == value:
                return
            self._records[place] = value
        self.trail.append(Reading(question=question, path=path, value=value))

    def value(self, question: Question) -> Any:
        """The whole answer of a question that is not a cmdlet. The caller notes what it looks at."""
        return self.known.value(question)

    def rows(self, question: Cmdlet) -> list[Row]:
        """Every row of an answer; their number is a reading."""
        rows = self.known.rows(question)
        if len(rows) != 1:
            self.saw(question.text, "#", len(rows))
        return [Row(self, question.text, f"[{i}]." if len(rows) != 1 else "", row) for i, row in enumerate(rows)]

    def only(self, question: Cmdlet) -> Row:
        """The row of a cmdlet that answers with exactly one.

        Raises:
            Unseen: none, or more than one.
        """
        rows = self.rows(question)
        if len(rows) != 1:
            raise Unseen(f"{question.text} answered with {len(rows)} rows instead of one", question=question.text)
        return rows[0]

    def answers(self, question: Cmdlet) -> bool:
        """Does a side answer this cmdlet? A side that does not know it has the answer `[]` (see `ask/plan.py`).

        Raises:
            Unseen: the side was not reached or did not say.
        """
        rows = self.known.rows(question)
        self.saw(question.text, "#", len(rows))
        return bool(rows)


class Row:
    """One object of a cmdlet's answer. Touching a property leaves a reading; a property that is absent is Unseen."""

    __slots__ = ("_desk", "_path", "_question", "_row")

    def __init__(self, desk: Desk, question: str, path: str, row: dict[str, Any]) -> None:
        self._desk = desk
        self._question = question
        self._path = path
        self._row = row

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> Any:
        try:
            value = self._row[name]
        except KeyError:
            noted = self._row.get(UNSEEN)
            why = noted.get(name) if isinstance(noted, dict) else None
            text = f"{name}: {why}" if why else f"returned no property {name}"
            raise Unseen(f"{self._question} {text}", question=self._question) from None
        self._desk.saw(self._question, self._path + name, value)
        return value

    def peek(self, name: str) -> Any:
        """A property for the words of the report, not for a verdict: no reading, None when absent."""
        return self._row.get(name)

    def has(self, name: str) -> bool:
        """Is the property there at all? An absent property is not False."""
        return name in self._row

    @property
    def type_name(self) -> str:
        """The .NET type, as evidence keeps it."""
        return str(self["#type"])

    def __repr__(self) -> str:
        return f"<row of {self._question}>"


AT: ContextVar[Desk] = ContextVar("the desk of the check that runs")


def note(text: str) -> None:
    """Worth saying, without harm: the control passes and the report shows the sentence."""
    AT.get().notes.append(text)


def show(observed: Json) -> None:
    """What the finding shows under observed, where the last thing that was looked at would not tell."""
    AT.get().shown = observed


def fail(message: str, *, case: str | None = None, observed: Json = None) -> NoReturn:
    """The documented value is not there. `case` picks the severity and words of one way to fail from the baseline."""
    desk = AT.get()
    if case is not None and case not in desk.control.cases:
        raise LookupError(f"{desk.control.id} has no case {case!r} in the baseline")
    raise Failed(message, case=case, observed=observed)


def advise(message: str, *, observed: Json = None) -> NoReturn:
    """A deviation that is only worth an advisory: a fail of severity low."""
    raise Failed(message, observed=observed, advisory=True)


def bind(**values: Json) -> None:
    """Name values for the placeholders of fix, rollback and verify (`{{identity}}` ...)."""
    AT.get().bound.update(values)
