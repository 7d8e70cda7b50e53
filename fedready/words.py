"""What is expected of a control in one phase and cloud, and texts with their `{{placeholders}}` filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from fedready.model import CLOUDS, PHASES, CloudNames, Control, FederationModel, Frozen, Json
from fedready.yamlmarks import is_hidden, visible

CLOUD_PLACEHOLDERS = frozenset({"sipfed", "sipdir", "webdir", "autodiscover", "suffix"})
PLACEHOLDERS = CLOUD_PLACEHOLDERS | frozenset(
    {"observed", "subject", "identity", "expected", "phase", "cloud", "domain", "resolver", "name", "side", "edge"}
)
"""Every name that may stand between `{{` and `}}` in the baseline; another one is refused when it is read."""

FEDERATION_MODELS: tuple[FederationModel, ...] = ("open", "closed")

ABOVE = "<the value shown above>"
"""Stands in a command for a value that must not be pasted into a shell."""

_PLACEHOLDER = re.compile(r"\{\{ *([A-Za-z_][A-Za-z0-9_]*) *\}\}")
_QUOTED = re.compile(r"[\"'‘’‚‛“”„]\{\{|\}\}[\"'‘’‚‛“”„]")
_BARE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_SINGLE_QUOTES = re.compile("['‘’‚‛]")
_ENDS_A_WORD = re.compile(r"[`),;:.]?(?:\s|$)|[`),;]")


class Expectation(Frozen, frozen=True, kw_only=True):
    """What a control expects: a value to compare with, nothing (`n/a`, with the reason), or a value only to report."""

    kind: Literal["value", "n/a", "report"]
    value: Json = None
    reason: str = ""


class WrongExpectation(ValueError):
    """An `expected:` of the baseline that answers no phase or cloud; `path` leads to the part that is wrong."""

    def __init__(self, what: str, mend: str, path: tuple[str, ...]) -> None:
        super().__init__(what)
        self.what, self.mend, self.path = what, mend, path


def expectation(
    control: Control, phase: str, cloud: str, names: CloudNames, model: FederationModel = "open"
) -> Expectation:
    """What `control` expects in a phase of a cloud, and in open or closed federation where that makes a difference.

    Cloud placeholders are filled; `{{subject}}` and the like stay.

    A control without `expected` compares in its own code: its expectation is the value None.

    Raises:
        WrongExpectation: the row has no answer for this phase or cloud. A loaded baseline has one for all.
    """
    if not control.expected:
        return Expectation(kind="value")
    return _answer(control.expected, phase, cloud, cloud_values(names), model)


def cloud_values(names: CloudNames) -> dict[str, str]:
    """The placeholders of a cloud and their values."""
    return {name: getattr(names, name) for name in sorted(CLOUD_PLACEHOLDERS)}


def check_expected(expected: Mapping[str, Any], names: Mapping[str, CloudNames]) -> None:
    """See that a row answers every phase in every cloud and federation model.

    Raises:
        WrongExpectation: it does not, or a key is no phase or cloud.
    """
    if not expected:
        return
    _known_keys(expected, PHASES, "phase", ())
    for phase in PHASES:
        for cloud in names:
            for model in FEDERATION_MODELS:
                _answer(expected, phase, cloud, cloud_values(names[cloud]), model)
    for phase, answer in expected.items():
        if isinstance(answer, dict) and set(answer) == {"cloud"} and isinstance(answer["cloud"], dict):
            _known_keys(answer["cloud"], CLOUDS, "cloud", (phase, "cloud"))


def _known_keys(given: Mapping[str, Any], known: tuple[str, ...], noun: str, path: tuple[str, ...]) -> None:
    for key in given:
        if key != "any" and key not in known:
            raise WrongExpectation(f"{key} is no {noun}", f"Write any, {', '.join(known)}.", (*path, key))


def _answer(expected: Mapping[str, Any], phase: str, cloud: str, values: Mapping[str, Json], model: str) -> Expectation:
    key = phase if phase in expected else "any"
    if key not in expected:
        mend = f"Add {phase}: or any: to the row."
        raise WrongExpectation(f"nothing is expected in the phase {phase}", mend, ())
    answer = _one(expected[key], cloud, values, (key,), model)
    if answer.kind != "report":
        return answer
    for other in ("any", "hybrid"):  # what a report-only value is shown beside
        if other != key and other in expected:
            beside = _one(expected[other], cloud, values, (other,), model)
            if beside.kind == "value":
                return Expectation(kind="report", value=beside.value, reason=answer.reason)
    return answer


_FORMS = ("n/a", "report", "value", "cloud", "federation_model")


def _one(raw: Any, cloud: str, values: Mapping[str, Json], path: tuple[str, ...], model: str) -> Expectation:
    if not isinstance(raw, dict):
        return Expectation(kind="value", value=_filled(raw, values))
    if len(raw) != 1 or next(iter(raw)) not in _FORMS:
        mend = f"A block here has exactly one of the keys {', '.join(_FORMS)}; a block as a value goes under value:."
        raise WrongExpectation(f"a block with the keys {', '.join(raw) or '(none)'} says nothing here", mend, path)
    form, said = next(iter(raw.items()))
    if form == "value":
        return Expectation(kind="value", value=_filled(said, values))
    if form == "cloud":
        if not isinstance(said, dict) or not (cloud in said or "any" in said):
            mend = f"Add {cloud}: or any: under cloud:."
            raise WrongExpectation(f"nothing is expected in the cloud {cloud}", mend, (*path, form))
        key = cloud if cloud in said else "any"
        return _one(said[key], cloud, values, (*path, form, key), model)
    if form == "federation_model":
        if not isinstance(said, dict) or set(said) != set(FEDERATION_MODELS):
            mend = "Write open: and closed: under federation_model:, and nothing else."
            raise WrongExpectation("federation_model has not exactly two answers", mend, (*path, form))
        return _one(said[model], cloud, values, (*path, form, model), model)
    if not isinstance(said, str) or not said.strip():
        raise WrongExpectation(f"{form} gives no reason", "Write the reason as a sentence.", (*path, form))
    return Expectation(kind="n/a" if form == "n/a" else "report", reason=fill(said, values))


def _filled(value: Any, values: Mapping[str, Json]) -> Json:
    if isinstance(value, str):
        return fill(value, values)
    if isinstance(value, list):
        return [_filled(item, values) for item in value]
    if isinstance(value, dict):
        return {key: _filled(item, values) for key, item in value.items()}
    return value


# --------------------------------------------------------------------------- texts


def placeholders(text: str) -> Iterator[str]:
    """The names between `{{` and `}}` in a text, known or not."""
    return (match[1] for match in _PLACEHOLDER.finditer(text))


def quoted_placeholder(text: str) -> bool:
    """Does a text put quotes around a placeholder? A command brings its own, so this would undo them."""
    return _QUOTED.search(text) is not None


def fill(text: str, values: Mapping[str, Json], *, quote: bool = False) -> str:
    """Put values into `{{placeholders}}`, once: what a value brings along is never filled again.

    A placeholder without a value stays, so the cloud's names (ours) can be filled before what was observed (hostile).
    With `quote` (commands: fix, rollback, verify) a value becomes a PowerShell literal; inside a longer word only a
    bare name may stand; what cannot be pasted safely becomes `<the value shown above>`.

    >>> fill("Set-CsHostingProvider -Identity {{identity}}", {"identity": "O'Neil"}, quote=True)
    "Set-CsHostingProvider -Identity 'O''Neil'"
    """

    def put(match: re.Match[str]) -> str:
        name = match[1]
        if name not in values:
            return match[0]
        if not quote:
            return said(values[name])
        before = text[: match.start()][-1:]
        alone = (not before or before in "`(,;=:" or before.isspace()) and _ENDS_A_WORD.match(text, match.end())
        return literal(values[name]) if alone else _bare(values[name])

    return _PLACEHOLDER.sub(put, text)


def literal(value: Json) -> str:
    """A value as a PowerShell literal that cannot end early, or `<the value shown above>`.

    PowerShell takes the typographic single quotes for the plain one, so they are doubled too
    (about_Quoting_Rules; `CharExtensions.IsSingleQuote` in PowerShell's tokenizer).
    """
    if value is None:
        return "$null"
    if isinstance(value, bool):
        return "$true" if value else "$false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        if any(is_hidden(c) for c in value):
            return ABOVE
        return "'" + _SINGLE_QUOTES.sub(lambda quote: quote[0] * 2, value) + "'"
    if isinstance(value, list):
        items = [literal(item) for item in value]
        return ABOVE if ABOVE in items else "@(" + ", ".join(items) + ")"
    return ABOVE


def _bare(value: Json) -> str:
    plain = isinstance(value, str | int) and not isinstance(value, bool)
    return str(value) if plain and _BARE.fullmatch(str(value)) else ABOVE


def said(value: Json) -> str:
    """A value in a sentence: PowerShell's True and False, lists with commas, hidden characters made visible."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, bool | int):
        return str(value)
    if isinstance(value, list):
        return ", ".join(said(item) for item in value) or "(empty list)"
    return visible(json.dumps(value, ensure_ascii=False, sort_keys=True))
