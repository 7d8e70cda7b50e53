"""Fixes, rollbacks and verifications as a reader needs them: what is to be copied apart from the words around it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from fedready.tell.shown import inert

LIMIT = 200_000
"""Characters of one instruction: a DNS record for each of a thousand domains fits."""

_COMMAND = re.compile(
    r"""\s*(?:
        [A-Z][A-Za-z]+-[A-Z]\w+(?=\s|$)                       # Set-CsHostingProvider ...
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
    """An instruction as (is it there to be copied, text), in order, made inert."""
    kept: list[str] = []
    kind = False
    for line in inert(text, lines=True, limit=LIMIT).splitlines():
        bare = line.strip()
        if not bare:
            continue
        command = is_command(bare)
        if kept and command is not kind:
            yield kind, "\n".join(kept)
            kept = []
        kind = command
        kept.append(bare.strip("`") if _quoted(bare) else line.rstrip())
    if kept:
        yield kind, "\n".join(kept)


def merged(texts: Iterable[str]) -> str:
    """Several instructions as one: every line once, in order, so that a record per domain stands under one sentence."""
    lines = (line for text in texts for line in inert(text, lines=True, limit=LIMIT).splitlines())
    return "\n".join(dict.fromkeys(line for line in lines if line.strip()))


def _quoted(bare: str) -> bool:
    return len(bare) > 2 and bare[0] == bare[-1] == "`" and bare.count("`") == 2
