"""readiness.html: one file, complete without a script, for the board, the manager and the administrator."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from fedready.model import Evidence, Headline, Run, Section
from fedready.tell import scene, summary
from fedready.tell.groups import Folded, folded
from fedready.tell.instructions import blocks
from fedready.tell.plan import OWNERS, action_plan
from fedready.tell.provenance import origins
from fedready.tell.shown import SHORT, inert, shown, storable
from fedready.tell.summary import State

TEMPLATES = Path(__file__).parent / "templates"
RAW = 6_000
"""Characters of a raw answer; snapshot.json holds all of it."""
MOST_ASKED = 120
"""Questions that are listed one by one beyond those that a written-out finding refers to."""

HEADLINE_STATE = {
    Headline.READY: State.PASS,
    Headline.READY_WITH_WAIVERS: State.WAIVED,
    Headline.NOT_READY: State.FAIL,
    Headline.UNDETERMINED: State.UNKNOWN,
}


_PLACEHOLDER = re.compile(r"\{\{ *(\w+) *\}\}")


@dataclass(frozen=True)
class Asked:
    """One question as the evidence section shows it."""

    anchor: str
    question: str
    entry: Evidence
    raw: str


def readiness_html(run: Run) -> bytes:
    """The report as UTF-8 bytes; the same run always gives the same bytes."""
    style = (TEMPLATES / "readiness.css").read_text(encoding="utf-8")
    script = (TEMPLATES / "readiness.js").read_text(encoding="utf-8")
    controls = folded(run)
    asked, unlisted = _asked(run, controls)
    html = (
        _environment()
        .get_template("readiness.html.j2")
        .render(
            run=run,
            summary=summary,
            scene=scene,
            origins=origins,
            state=HEADLINE_STATE[run.headline],
            State=State,
            controls=controls,
            known=set(run.baseline.controls),
            plan=action_plan(run),
            owners=OWNERS,
            asked=asked,
            unlisted=unlisted,
            anchors={a.question: a.anchor for a in asked},
            accounts=_distinct(e.account for e in run.snapshot.entries.values()),
            endpoints=_endpoints(run),
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
        host=host,
        groupby_section=by_section,
    )
    environment.tests["alpha"] = str.isalpha
    environment.globals.update(SHORT=SHORT)
    return environment


def generic(text: str) -> str:
    """A text of the catalogue for no subject in particular: `{{subject}}` is left open as `{subject}`."""
    return _PLACEHOLDER.sub(r"{\1}", text)


def by_section(controls: list[Folded]) -> list[tuple[Section, list[Folded]]]:
    """The controls under the headings of the article."""
    return [
        (items[0].section, items) for _, each in groupby(controls, key=lambda c: c.section.id) if (items := list(each))
    ]


def host(where: str) -> str:
    """`mgmt.contoso.com:5986` of a web address; anything else as it is."""
    return where.partition("//")[2].partition("/")[0] or where


def brief(value: Any, limit: int = 80) -> str:
    """A value or sentence for the first screen; whole further down."""
    return clipped(shown(value, 4 * limit), limit)


def clipped(text: str, limit: int) -> str:
    """A sentence cut with an ellipsis, for places that point to the whole of it."""
    text = inert(text, limit=4 * limit)
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def prose(text: str) -> Markup:
    """A sentence of the catalogue: what stands in backticks is code, everything is escaped."""
    parts = inert(text, lines=True, limit=4_000).split("`")
    if len(parts) % 2 == 0:
        return escape("`".join(parts))
    pieces = (
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part) for number, part in enumerate(parts)
    )
    return Markup("").join(pieces)


def _distinct(values: Iterator[str | None] | Any) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))


def _order(run: Run) -> dict[str, int]:
    """The sides first, then the resolvers, as the target names them."""
    names = (*run.target.sides, *(f"dns@{name}" for name in run.target.vantage_points))
    return {name: rank for rank, name in enumerate(names)}


def _endpoints(run: Run) -> list[tuple[str, str]]:
    """(name, where) of everything that was asked, each once."""
    seen: dict[tuple[str, str], None] = {}
    for question, entry in run.snapshot.entries.items():
        if entry.source and not question.startswith(("GET ", "TLS ")):
            seen[(question.partition(":")[0], entry.source)] = None
    order = _order(run)
    pairs = sorted(seen, key=lambda pair: order.get(pair[0], len(order)))
    for prefix in ("GET ", "TLS "):
        hosts = _distinct(host(q.removeprefix(prefix)) for q in run.snapshot.entries if q.startswith(prefix))
        if hosts:
            more = f" and {len(hosts) - 1:,} more" if len(hosts) > 1 else ""
            pairs.append(("https" if prefix == "GET " else "tls", f"{hosts[0]}{more}"))
    return pairs


def _asked(run: Run, controls: list[Folded]) -> tuple[list[Asked], int]:
    """The questions worth a line each: those a written-out concern refers to, then the others up to a number."""
    needed = {reading.question for item in controls for group in item.written_out for reading in group.first.readings}
    chosen: list[Asked] = []
    room = MOST_ASKED
    order = _order(run)
    entries = sorted(run.snapshot.entries.items(), key=lambda e: order.get(e[0].partition(":")[0], len(order)))
    for question, entry in entries:
        if question not in needed:
            if room <= 0:
                continue
            room -= 1
        chosen.append(Asked(f"asked-{len(chosen) + 1}", question, entry, _raw(entry)))
    return chosen, len(run.snapshot.entries) - len(chosen)


def _raw(entry: Evidence) -> str:
    text = json.dumps(storable(entry.value), indent=1, ensure_ascii=False)
    return inert(text, lines=True, limit=RAW)
