"""Fixes, rollbacks and verifications as a reader needs them: what is to be copied apart from the words around it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter

from fedready.tell.shown import inert

LIMIT = 200_000
"""Characters of one instruction: a DNS record for each of a thousand domains fits."""

_COMMAND = re.compile(
    r"""\s*(?:
        \(?[A-Z][A-Za-z]+-[A-Z]\w+(?=[\s)]|$)                 # Set-CsHostingProvider ..., (Get-CsTenant).TenantId
      | \$\w+\s*=                                             # $list = ...
      | (?:nslookup|dig|curl|openssl)\s
      | \S+\.\s+(?:\d+\s+)?IN\s+[A-Z]+\s                      # _sipfederationtls._tcp.contoso.com. 3600 IN SRV ...
    )""",
    re.VERBOSE,
)


def is_command(line: str) -> bool:
    """Is this line there to be copied, rather than read?

    >>> is_command("Set-CsHostingProvider -Identity x"), is_command("Set the value."), is_command("`Get-CsUser`")
    (True, False, True)
    """
    bare = line.strip()
    return _quoted(bare) or bool(_COMMAND.match(bare))


def blocks(text: str) -> Iterator[tuple[bool, str]]:
    """An instruction as (is it there to be copied, text), in order, made inert. A comment line is a sentence."""
    for command, lines in groupby(_lines(text), key=itemgetter(0)):
        words = [line for _, line in lines]
        yield command, "\n".join(words) if command else " ".join(words)


def _lines(text: str) -> Iterator[tuple[bool, str]]:
    for line in inert(text, lines=True, limit=LIMIT).splitlines():
        bare = line.strip()
        if not bare:
            continue
        if is_command(bare):
            yield True, bare.strip("`") if _quoted(bare) else line.rstrip()
        else:
            yield False, bare.removeprefix("#").lstrip()


def merged(texts: Iterable[str]) -> str:
    """Several instructions as one: every line once, in order, so that a record per domain stands under one sentence."""
    lines = (line for text in texts for line in inert(text, lines=True, limit=LIMIT).splitlines())
    return "\n".join(dict.fromkeys(line for line in lines if line.strip()))


def _quoted(bare: str) -> bool:
    return len(bare) > 2 and bare[0] == bare[-1] == "`" and bare.count("`") == 2
