"""Which file of an export folder answers which question, by its name: `onprem/Get-CsService.EdgeServer.xml`."""

from __future__ import annotations

import re

from fedready.model import NOT_THERE, Cause
from fedready.questions import Cmdlet, Get, Lookup, Question, Tls, Wildcard

SUFFIXES = (".xml", ".json")
WILDCARD_LABEL = "fedready-wildcard-probe"
"""The made-up label that an export asks for, below a domain and as `_<label>._tcp`: does every name exist there?"""

_OTHER = re.compile(r"[^A-Za-z0-9-]")


def folder_of(side: str) -> str:
    """`onprem`, `tenant`, `edge-<name>` of an Edge."""
    return side if side in ("onprem", "tenant") else f"edge-{side}"


def stem_of(name: str, parameters: tuple[tuple[str, str | bool], ...] = ()) -> str:
    """The name of a question's file without folder and ending.

    >>> stem_of("Get-CsOnlineSipDomain", (("DomainStatus", "All"),))
    'Get-CsOnlineSipDomain.DomainStatus-All'
    """
    words = [key if value is True else f"{key}-{value}" for key, value in sorted(parameters)]
    return ".".join(_OTHER.sub("_", word) for word in [name, *words])


def file_of(question: Cmdlet | Lookup) -> str:
    """Folder and name of a question's file, without ending.

    >>> file_of(Lookup("public", "SRV", "_sipfederationtls._tcp.contoso.com"))
    'dns-public/Resolve-DnsName.Name-_sipfederationtls__tcp_contoso_com.Type-SRV'
    """
    if isinstance(question, Lookup):
        name = stem_of("Resolve-DnsName", (("Name", question.name), ("Type", question.rdtype)))
        return f"dns-{question.resolver}/{name}"
    return f"{folder_of(question.side)}/{stem_of(question.name, question.parameters)}"


def at_the_top(question: Cmdlet | Lookup) -> str | None:
    """The name that answers a question without a folder: that of a cmdlet that only one side is meant to answer."""
    if isinstance(question, Lookup):
        return None
    allowed = question.allowed
    homes = (allowed.known_to,) if allowed.known_to else tuple(s for s in allowed.sides if s != "edge")
    return stem_of(question.name, question.parameters) if homes == (question.side,) else None


def not_held(question: Question) -> Cause | None:
    """Why no export can answer a question, where none can."""
    text = ""
    if isinstance(question, Get | Tls):
        view = "https" if isinstance(question, Get) else "tls"
        text = f"an export cannot hold {question.text}; where this machine may look itself, say from_here: [{view}]"
    elif isinstance(question, Cmdlet) and about_the_session(question):
        text = "an export does not show what a session of the audit can do; ask this side live"
    return Cause(kind="absent", text=f"{NOT_THERE}: {text}") if text else None


def about_the_session(question: Cmdlet) -> bool:
    """Is this asked only to see what a session of the audit offers?"""
    return question.is_out_of_place or question.name == "Get-Command"


def wildcard_probes(question: Wildcard) -> tuple[Lookup, Lookup]:
    """The two questions that stand for a wildcard probe in an export."""
    return (
        Lookup(question.resolver, "A", f"{WILDCARD_LABEL}.{question.name}"),
        Lookup(question.resolver, "SRV", f"_{WILDCARD_LABEL}._tcp.{question.name}"),
    )
