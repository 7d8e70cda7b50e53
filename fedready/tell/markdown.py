"""action-plan.md: the action plan as text to paste into a ticket. What was observed stands in code only, where nothing acts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from fedready.model import Run
from fedready.tell.instructions import blocks
from fedready.tell.plan import Plan, Step, action_plan
from fedready.tell.shown import generic, inert
from fedready.tell.summary import blind_spots, sentence

_BEFORE, _AFTER = "(\"'\u201c\u2018", ".,;:!?)\"'\u201d\u2019"
_PLAIN = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_MARKS = re.compile(r"([!-/:-@\[-`{-~])")


def action_plan_md(run: Run) -> Iterator[str]:
    """The file in pieces, UTF-8 to be. CommonMark without HTML and without links."""
    plan = action_plan(run)
    yield f"# Action plan: {code(run.target.name)}\n\n"
    yield f"**{run.headline.value}** {prose(sentence(run))}\n\n"
    yield f"Judged {code(run.judged)} against baseline {code(run.baseline.version)}, evidence {code(run.snapshot.digest)}.\n\n"
    for qualifier in run.qualifiers:
        yield f"- {prose(qualifier)}\n"
    yield "\n" if run.qualifiers else ""
    yield from _blind(run)
    if not plan.steps:
        yield "There is nothing to do: nothing that was seen asks for a change.\n"
        return
    yield f"{prose(plan.order)} The numbers run through all owners. This is text: nothing here was run.\n\n"
    yield from _overview(plan)
    for owner, steps in plan.by_owner:
        yield f"\n## {owner}\n"
        for step in steps:
            yield from _step(step)


def _blind(run: Run) -> Iterator[str]:
    spots = blind_spots(run)
    if spots:
        count = sum(spot.count for spot in spots)
        yield f"{count:,} {'check' if count == 1 else 'checks'} could not be looked at, so more may have to be done:\n\n"
        for spot in spots:
            yield f"- {code(spot.root)} {prose(inert(spot.reason, limit=600))}\n"
        yield "\n"


def _overview(plan: Plan) -> Iterator[str]:
    for step in plan.steps:
        yield f"{step.number}. {step.owner}: {prose(generic(step.title))}\n"


def _step(step: Step) -> Iterator[str]:
    yield f"\n### {step.number}\\. {prose(generic(step.title))}\n\n"
    yield f"Severity {step.severity.value}" + (f", for {code(step.subjects)}" if step.subjects else "") + ".\n"
    for label, text in (("Do", step.fix), ("Check", step.verify), ("Take back", step.rollback)):
        if text:
            yield f"\n**{label}**\n"
            for command, block in blocks(text):
                yield f"\n{fenced(block) if command else prose(block)}\n"
    yield f"\n**Turns green** {_ids(step.turns)}" + (f"; with it {_ids(step.follows)}" if step.follows else "") + "\n"


def _ids(controls: Iterable[str]) -> str:
    return ", ".join(code(control) for control in controls)


def prose(text: str) -> str:
    """A sentence as Markdown text. Words that are no plain words (names, addresses, values) become code.

    Escaping alone does not do: some programs make links of bare addresses, escaped or not.

    >>> prose("Add `Set-Cs` for www.contoso.com, then *wait*.")
    'Add `Set-Cs` for `www.contoso.com`, then `*wait*`.'
    """
    parts = inert(text).strip(" ").split("`")
    if len(parts) % 2 == 0:
        return _words("\u02cb".join(parts))  # a lone backtick would open code
    return "".join(code(part) if number % 2 else _words(part) for number, part in enumerate(parts) if part)


def _words(text: str) -> str:
    return "".join(_word(word) if word.strip(" ") else word for word in re.split(r"( +)", text))


def _word(word: str) -> str:
    inner = word.lstrip(_BEFORE)
    core = inner.rstrip(_AFTER)
    before, after = word[: len(word) - len(inner)], inner[len(core) :]
    if core.isdigit() and after:  # "1." would begin a list
        return f"{_escaped(before)}{core}\\{after[0]}{_escaped(after[1:])}"
    if core and not _PLAIN.fullmatch(core):
        core = "\\-" if core == "-" else code(core)
    return f"{_escaped(before)}{core}{_escaped(after)}"


def _escaped(text: str) -> str:
    """Full stops, commas and the like stay as they are: they mean nothing to Markdown after a word."""
    return _MARKS.sub(lambda sign: sign[0] if sign[0] in ".,;:?'" else "\\" + sign[0], text)


def code(text: str) -> str:
    """A code span that its text cannot end."""
    text = inert(text, limit=2_000) or " "
    fence = "`" * (_longest(text) + 1)
    space = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{space}{text}{space}{fence}"


def fenced(text: str) -> str:
    """A code block that its text cannot end."""
    fence = "`" * max(3, _longest(text) + 1)
    return f"{fence}\n{inert(text, lines=True)}\n{fence}"


def _longest(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
