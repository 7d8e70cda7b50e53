"""readiness.html: one file, complete without a script, for the board, the manager and the administrator."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from fedready.model import Headline, Reading, Run, Section, Waiver
from fedready.shelf import facts
from fedready.tell import scene, summary
from fedready.tell.asked import READINGS, described, listed
from fedready.tell.compiled import Compiled
from fedready.tell.groups import Folded, folded
from fedready.tell.instructions import blocks
from fedready.tell.plan import OWNERS, action_plan
from fedready.tell.provenance import age
from fedready.tell.shown import SHORT, generic, inert, shown
from fedready.tell.summary import State

TEMPLATES = Path(__file__).parent / "templates"
HEADLINE_STATE = {
    Headline.READY: State.PASS,
    Headline.READY_WITH_WAIVERS: State.WAIVED,
    Headline.NOT_READY: State.FAIL,
    Headline.UNDETERMINED: State.UNKNOWN,
}


def readiness_html(run: Run) -> bytes:
    """The report as UTF-8 bytes; the same run always gives the same bytes."""
    style = (TEMPLATES / "readiness.css").read_text(encoding="utf-8")
    script = (TEMPLATES / "readiness.js").read_text(encoding="utf-8")
    controls = folded(run)
    asked = described(run, listed(run, controls))
    seen = scene.looked_at(run)
    html = (
        _environment()
        .get_template("readiness.html.j2")
        .render(
            run=run,
            summary=summary,
            scene=scene,
            age=age,
            state=HEADLINE_STATE[run.headline],
            State=State,
            controls=controls,
            known=set(run.baseline.controls),
            plan=action_plan(run),
            owners=OWNERS,
            asked=asked,
            unlisted=len(run.snapshot.entries) - len(asked),
            has_answers=any(one.has_value for one in facts(run.snapshot.entries)),
            anchors={a.question: a.anchor for a in asked},
            accounts=seen.accounts,
            endpoints=seen.endpoints,
            style=Markup(style),
            script=Markup(script),
            script_digest=base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii"),
        )
    )
    return html.encode("utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES, encoding="utf-8"),
        bytecode_cache=Compiled(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        inert=inert,
        shown=shown,
        prose=prose,
        blocks=blocks,
        brief=brief,
        clipped=clipped,
        generic=generic,
        host=scene.host,
        groupby_section=by_section,
        by_question=by_question,
        given=given,
    )
    environment.tests["alpha"] = str.isalpha
    environment.globals.update(SHORT=SHORT, READINGS=READINGS)
    return environment


def by_section(controls: list[Folded]) -> list[tuple[Section, list[Folded]]]:
    """The controls under the headings of the article."""
    return [
        (items[0].section, items) for _, each in groupby(controls, key=lambda c: c.section.id) if (items := list(each))
    ]


def by_question(readings: Iterable[Reading]) -> list[tuple[str, list[Reading]]]:
    """The readings in order; those that follow each other out of one answer stand together."""
    return [(question, list(each)) for question, each in groupby(readings, key=lambda r: r.question)]


def given(waiver: Waiver) -> set[str]:
    """The names of what somebody wrote into a waiver; the rest was left out."""
    return {name for name, value in msgspec.structs.asdict(waiver).items() if value is not msgspec.UNSET}


def brief(value: Any, limit: int = 80) -> str:
    """A value or sentence for the first screen; whole further down."""
    return clipped(shown(value, 4 * limit), limit)


def clipped(text: str, limit: int) -> str:
    """A sentence cut with an ellipsis, for places that point to the whole of it."""
    text = inert(text, limit=4 * limit)
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    words, _, part = cut.rpartition(" ")
    return (words if words and len(part) <= 12 else cut).rstrip(" ,;:") + "…"  # a long name is cut where it must be


def prose(text: str) -> Markup:
    """A sentence of the catalogue: what stands in backticks is code, everything is escaped."""
    parts = inert(text, lines=True, limit=4_000).split("`")
    if len(parts) % 2 == 0:
        return escape("`".join(parts))
    pieces = (
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part) for number, part in enumerate(parts)
    )
    return Markup("").join(pieces)
