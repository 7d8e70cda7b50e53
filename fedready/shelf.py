"""Evidence as its file has it, one line an entry, and looked up there: an answer takes memory only while it is looked at."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import ItemsView, Iterable, Iterator, Mapping, Sequence, ValuesView
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from fedready.model import Evidence
from fedready.spool import Spool

AT_HAND = 1024
"""Answers that stay taken apart: what a control looks at again and again, whatever the number of subjects."""
_AT_ONCE = 512
_text = msgspec.json.Decoder(dict[str, msgspec.Raw])
_entry = msgspec.json.Decoder(dict[str, Evidence])


class Facts(NamedTuple):
    """What a report says of all answers together.

    `kind` is `GET ` or `TLS ` for what is asked of an address, which is then the `endpoint`; otherwise that is `onprem`,
    `dns@public`, ...
    """

    kind: str
    endpoint: str
    source: str
    account: str | None
    via: str
    state: str
    cause: str | None
    has_value: bool

    @classmethod
    def of(cls, text: str, evidence: Evidence) -> Facts:
        kind = text[:4] if text.startswith(("GET ", "TLS ")) else ""
        endpoint = text[4:] if kind else text.partition(":")[0]
        cause = evidence.cause.kind if evidence.cause else None
        said = evidence.source, evidence.account, evidence.via, evidence.state, cause, evidence.value is not None
        return cls(kind, endpoint, *said)


def facts(entries: Mapping[str, Evidence]) -> Mapping[Facts, int]:
    """How many entries share the same facts, in the order in which these were first met."""
    if isinstance(entries, Shelf):
        return entries.facts
    return Counter(Facts.of(text, evidence) for text, evidence in entries.items())


class _Lines:
    """The lines, and where each question's is. As the keys of a dict the questions alone would need more memory than all else."""

    def __init__(self) -> None:
        self.spool = Spool()
        self.starts = array("Q")
        self.slots = array("I", [0])  # a hash table of the lines' numbers, the first being 1

    def find_by(self, hashes: Sequence[int]) -> None:
        """Make the lines findable by the hashes of their questions."""
        self.slots = array("I", bytes(self.slots.itemsize << (2 * len(hashes)).bit_length()))
        mask = len(self.slots) - 1
        for number, code in enumerate(hashes, 1):
            slot = code & mask
            while self.slots[slot]:
                slot = (slot + 1) & mask
            self.slots[slot] = number

    def taken(self, text: str) -> Evidence | None:
        mask = len(self.slots) - 1
        slot = hash(text) & mask
        while number := self.slots[slot]:
            found = _entry.decode(b"{%b}" % self.spool.get(self.starts[number - 1], self.starts[number] - 1)).get(text)
            if found is not None:
                return found
            slot = (slot + 1) & mask
        return None

    def __iter__(self) -> Iterator[bytes]:
        for number in range(0, len(self.starts) - 1, _AT_ONCE):
            last = min(number + _AT_ONCE, len(self.starts) - 1)
            yield from self.spool.get(self.starts[number], self.starts[last] - 1).split(b"\n")


class Shelf(Mapping[str, Evidence]):
    """Question -> evidence, in the order of the questions' texts.

    Args:
        lines: `"question":{...}` each, canonical, in order.

    Raises:
        ValueError: a line is no entry, or out of order.
    """

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = _Lines()
        self.facts: Counter[Facts] = Counter()
        before, hashes = "", array("q")
        for line in lines:
            ((text, evidence),) = _entry.decode(b"{%b}" % line).items()
            if text <= before and hashes:
                raise ValueError(f"{text} is out of order")
            before = text
            hashes.append(hash(text))
            self.facts[Facts.of(text, evidence)] += 1
            self._lines.starts.append(self._lines.spool.put(line + b"\n"))
        self._lines.starts.append(self._lines.spool.size)
        self._lines.find_by(hashes)
        self._at_hand = lru_cache(AT_HAND)(self._lines.taken)

    def __getitem__(self, text: str) -> Evidence:
        found = self._at_hand(text)
        if found is None:
            raise KeyError(text)
        return found

    def __len__(self) -> int:
        return len(self._lines.starts) - 1

    def __iter__(self) -> Iterator[str]:
        return (text for line in self._lines for text in _text.decode(b"{%b}" % line))

    def __contains__(self, text: object) -> bool:
        return isinstance(text, str) and self._at_hand(text) is not None

    def get(self, text: str, default: Any = None) -> Any:
        return self._at_hand(text) or default

    def items(self) -> ItemsView[str, Evidence]:
        return _Items(self)

    def values(self) -> ValuesView[Evidence]:
        return _Values(self)

    def lines(self) -> Iterator[bytes]:
        """Every entry as its file has it."""
        return iter(self._lines)

    def _each(self) -> Iterator[tuple[str, Evidence]]:
        for line in self._lines:
            yield from _entry.decode(b"{%b}" % line).items()


class _Items(ItemsView[str, Evidence]):
    _mapping: Shelf

    def __iter__(self) -> Iterator[tuple[str, Evidence]]:
        return self._mapping._each()


class _Values(ValuesView[Evidence]):
    _mapping: Shelf

    def __iter__(self) -> Iterator[Evidence]:
        return (evidence for _, evidence in self._mapping._each())
