"""Made-up estates of any size: what the healthy estate says of its second domain is said of every further one.

Deterministic: the same size and kind give the same bytes. Nothing here knows a control; whatever the catalogue asks about
fabrikam.com in fixtures/snapshots/healthy.json is asked about 10,000 domains.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from fedready import snapshot as sealing
from fedready.model import Cause, Evidence, Snapshot

HEALTHY = Path(__file__).resolve().parent.parent / "fixtures" / "snapshots" / "healthy.json"
FIRST, PATTERN = "contoso.com", "fabrikam.com"
Kind = Literal["healthy", "1 % bad", "all bad", "all unknown", "healthy from a cache"]
KINDS: tuple[Kind, ...] = ("healthy", "1 % bad", "all bad", "all unknown", "healthy from a cache")
"""From a cache no two domains come with the same TTLs, so no two say quite the same."""
MOST_ON_ONE_CERTIFICATE = 100
"""With more SIP domains than that, TLS is not among what is seen from here."""
SIZES = (1, 10, 100, 1_000, 10_000)


def domains(count: int) -> list[str]:
    """contoso.com and so many others that it is `count`. The names look alike as a company's brands do not."""
    return [FIRST, *(f"{_WORDS[n % 50]}{n * 7919 % 100_003:x}.{_WORDS[n % 37]}.example" for n in range(1, count))]


_WORDS = (
    "adatum", "alpine", "amber", "arbor", "ash", "atlas", "aurora", "bay", "birch", "blue", "bright", "canyon",
    "cedar", "clear", "cobalt", "coral", "crest", "delta", "dune", "east", "ember", "fern", "field", "flint", "fox",
    "glen", "grove", "harbor", "haven", "hazel", "iris", "ivory", "jade", "juniper", "kite", "lake", "lark",
    "laurel", "linden", "lumen", "maple", "mesa", "mint", "moss", "north", "oak", "ocean", "olive", "opal", "orchid"
)  # fmt: skip


def snapshot(count: int, kind: Kind = "healthy") -> Snapshot:
    """A sealed snapshot of so many SIP domains."""
    healthy = sealing.read(HEALTHY)
    names = domains(count)
    entries: dict[str, Evidence] = {}
    for text, evidence in healthy.entries.items():
        if text.startswith("TLS ") and (count > MOST_ON_ONE_CERTIFICATE or PATTERN in text):
            continue  # the Edge of a made-up estate has one name, and no certificate holds a thousand
        if PATTERN in text:
            made = _each(text, evidence, names[1:])
            entries.update((t, _turned(e, t, number, kind)) for number, (t, e) in enumerate(made, 1))
        else:
            value = _spread(evidence.value, names[1:])
            entries[text] = _turned(msgspec.structs.replace(evidence, value=value), text, 0, kind)
    edges = tuple(name for name in healthy.target.edge.names if PATTERN not in name)
    views = tuple(v for v in healthy.target.from_here if v != "tls" or count <= MOST_ON_ONE_CERTIFICATE)
    edge = msgspec.structs.replace(healthy.target.edge, names=edges)
    target = msgspec.structs.replace(healthy.target, name=f"made-{count}", edge=edge, from_here=views)
    made_of = msgspec.structs.replace(healthy, target=target, entries=dict(sorted(entries.items())))
    return sealing.seal(made_of)


def _each(text: str, evidence: Evidence, names: list[str]) -> Iterator[tuple[str, Evidence]]:
    pattern = json.dumps(evidence.value)
    for name in names:
        value = json.loads(pattern.replace(PATTERN, name))
        yield text.replace(PATTERN, name), msgspec.structs.replace(evidence, value=value)


def _spread(value: Any, names: list[str]) -> Any:
    """A list in which something stands for the second domain alone gets one of it for every other domain."""
    if isinstance(value, dict):
        return {key: _spread(inner, names) for key, inner in value.items()}
    if not isinstance(value, list):
        return value
    out: list[Any] = []
    for inner in value:
        pattern = json.dumps(inner)
        if PATTERN in pattern and FIRST not in pattern:
            out += [json.loads(pattern.replace(PATTERN, name)) for name in names]
        else:
            out.append(_spread(inner, names))
    return out


def _turned(evidence: Evidence, text: str, number: int, kind: Kind) -> Evidence:
    """What DNS says of a domain, spoilt where the kind wants it: another port in the SRV record, or no answer at all."""
    if not text.startswith("dns@") or FIRST in text and kind == "1 % bad":
        return evidence
    if kind == "all unknown":
        cause = Cause(kind="timeout", text=f"{evidence.source} did not answer within 5 s")
        return msgspec.structs.replace(evidence, state="failed", value=None, cause=cause)
    if kind == "healthy from a cache" and isinstance(evidence.value.get("ttl"), int):
        left = 1 + (evidence.value["ttl"] - number * 7919) % evidence.value["ttl"]
        return msgspec.structs.replace(evidence, value={**evidence.value, "ttl": left})
    if " SRV " in text and (kind == "all bad" or (kind == "1 % bad" and number and number % 100 == 1)):
        answers = [answer.replace(" 5061 ", " 5062 ") for answer in evidence.value["answers"]]
        return msgspec.structs.replace(evidence, value={**evidence.value, "answers": answers})
    return evidence


def write(folder: Path, count: int, kind: Kind = "healthy") -> Path:
    """The snapshot as a file."""
    file = folder / f"{count}-{kind.replace(' % ', '-percent-').replace(' ', '-')}.json"
    if not file.exists():
        file.write_bytes(sealing.to_bytes(snapshot(count, kind)))
    return file
