"""The words that give nobody away: those of the documentation, of the cmdlets and of this program itself.

Sharing keeps these and replaces every other word. What is harmless is listed, what is secret cannot be.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from fedready import model
from fedready.allowed import ALLOWED
from fedready.model import Baseline

PACKAGE = Path(__file__).resolve().parent.parent

SEPARATOR = r"\x00-,./:-@\[-^`{-\x7f\s⟨⟩…‘’“”–—·×"  # noqa: RUF001
TOKEN = rf"[^{SEPARATOR}]+"
"""A word as texts are taken apart: letters, digits, hyphen, underscore, and whatever is not ASCII."""

LABELS = frozenset(
    [
        "sip",
        "sipinternal",
        "sipexternal",
        "sipfed",
        "sipdir",
        "webdir",
        "lyncdiscover",
        "lyncdiscoverinternal",
        "autodiscover",
        "meet",
        "dialin",
        "access",
        "edge",
        "av",
        "webconf",
        "wac",
        "ucupdates-r2",
        "www",
        "mail",
        "random",
        "lync",
        "s4b",
        "skype",
        "_sip",
        "_sips",
        "_tls",
        "_tcp",
        "_udp",
        "_sipfederationtls",
        "_sipinternaltls",
        "_sipinternal",
        "_xmpp-server",
        "_autodiscover",
    ]
)
"""Labels of host names that every deployment has."""

KEPT_HOSTS = frozenset(
    [
        "exap.um.outlook.com",
        "push.lync.com",
        "federation.messenger.msn.com",
        "lyncdiscover.lync.com",
        "login.microsoftonline.com",
        "login.microsoftonline.us",
        "login.partner.microsoftonline.cn",
        "outlook.office365.com",
        "autodiscover.outlook.com",
        "microsoft.com",
        "learn.microsoft.com",
    ]
)
"""Names of Microsoft's that are the same for everybody."""

KEPT_SUFFIXES = (
    "partner.onmschina.cn", "onmicrosoft.com", "onmicrosoft.us", "sharepoint.com", "outlook.com", "office365.com",
    "infra.lync.com", "lync.com", "skypeforbusiness.us", "lync.cn", "skype.com", "microsoft.com",
)  # fmt: skip
"""Domains of Microsoft's below which a label may name a customer or a machine: the end stays, the rest is replaced."""

_CALENDAR = "mon tue wed thu fri sat sun jan feb mar apr may jun jul aug sep oct nov dec gmt utc z t"
_COMMON = (
    "a an and are as at be been but by can cannot could did do does for from had has have if in into is it its may must "
    "no not of off on once one only or other out over so than that the their them then there these they this to too up was "
    "were what when where which while who will with would you your access account allowed attempt authentication check "
    "closed command connect connected connection could denied error exception execute exist expected failed file forbidden "
    "found gateway html head body title div span script http https host ip json xml invalid kerberos login method module "
    "name names network ntlm object operation path permission permissions pipeline please policy powershell process program "
    "proxy quota reached refused remote request reset response rights run server service session shell spelling status "
    "system term timed timeout tls ssl token try unauthorized unavailable unexpected unknown user users value verify version "
    "web windows winrm wsman application charset utf-8 text type content length cache-control no-cache private public "
    "max-age microsoft-iis nginx apache date keep-alive oauth self redirect xframe href links applications basic bearer "
    "negotiate nextlink noerror nxdomain servfail skypeforbusinessonline exchangeonline microsoftcommunicationsonline "
    "csadministrator modeandnotifications sfbonpremuser dirsyncedonpremsfbuser sfbonlyuser teamsonlyuser"
)
_EXAMPLES = frozenset({"contoso", "fabrikam", "litwareinc", "northwind", "adatum", "woodgrove"})
"""Names that documentation makes up. They stand in our sentences, but where an answer holds one it is somebody's name."""


@dataclass(frozen=True)
class Vocabulary:
    """`keywords` mean something to this program and are never replaced; `words` stay unless somebody is called so."""

    keywords: frozenset[str]
    words: frozenset[str]


def vocabulary(baseline: Baseline, checks: Path) -> Vocabulary:
    """The harmless words of a baseline, of the checks in a folder, of the cmdlets and of this program, in lower case."""
    keywords = set(_parts(LABELS)) | set(_of_nouns()) | set(_of_cmdlets())
    words = {*_CALENDAR.split(), *_COMMON.split()}
    for text in _constants(checks):
        (words if " " in text else keywords).update(_tokens(text))
    for control in baseline.controls.values():
        keywords.update(_tokens(control.id), *map(_tokens, _strings(control.expected)), *map(_tokens, control.cases))
    for text in _strings(msgspec.to_builtins(baseline)):
        words.update(_tokens(text))
    for section in baseline.sections:
        keywords.update(_tokens(section.id))
    return Vocabulary(frozenset(keywords - _EXAMPLES), frozenset(words - _EXAMPLES))


@functools.cache
def _constants(checks: Path) -> frozenset[str]:
    """Every text in the program and the checks that is no docstring: what they compare with, and what they say."""
    found = set()
    for path in [*PACKAGE.rglob("*.py"), *checks.glob("*.py")]:
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare:
                found.add(node.value)
    return frozenset(found)


def _of_cmdlets() -> Iterator[str]:
    for allowed in ALLOWED.values():
        reduced = allowed.reduces.properties if allowed.reduces else ()
        yield from _parts((allowed.name, *allowed.keeps, *allowed.parameters, *reduced))
        for values in allowed.parameters.values():
            for value in values:
                yield from _tokens(str(value))


def _of_nouns() -> Iterator[str]:
    for noun in vars(model).values():
        if isinstance(noun, type) and issubclass(noun, msgspec.Struct):
            yield from _parts((*noun.__struct_fields__, *noun.__struct_encode_fields__))


def _parts(names: Any) -> Iterator[str]:
    for name in names:
        yield from _tokens(name)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _strings(key)
            yield from _strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner)


_DOTTED = re.compile(rf"{TOKEN}(?:[.@]{TOKEN})+")
_TOKEN = re.compile(TOKEN)


def _tokens(text: str) -> set[str]:
    """The words of a text, whole and by the parts between hyphens. What stands in a host name is no word."""
    found: set[str] = set()
    for token in _TOKEN.findall(_DOTTED.sub(" ", text.lower())):
        found.add(token.strip("-"))
        found.update(part for part in re.split("[-_]", token) if part)
    return found - {""}
