"""Evidence as its file has it, one line an entry, and looked up there: an answer takes memory only while it is looked at."""

from __future__ import annotations

import json
import struct
from array import array
from collections import Counter
from collections.abc import ItemsView, Iterable, Iterator, Mapping, ValuesView
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from fedready.model import Evidence
from fedready.spool import Spool

AT_HAND = 1024
"""Answers that stay taken apart: what a control looks at again and again, whatever the number of subjects."""
_AT_ONCE = 512
_PLACE = struct.Struct("QQQ")
_ALL_BITS = (1 << 64) - 1
_text = msgspec.json.Decoder(dict[str, msgspec.Raw])
_entry = msgspec.json.Decoder(dict[str, Evidence])
_in_order = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def canonical(data: Any) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces: the one form that a digest is taken of.

    Half a surrogate pair, which UTF-8 cannot hold, becomes a question mark: no answer can keep a run from being written.
    """
    try:
        return msgspec.json.encode(data, order="sorted")
    except UnicodeEncodeError:  # the same bytes, at a tenth of the speed
        return _in_order(msgspec.to_builtins(data)).encode("utf-8", "replace")


def line_of(text: str, evidence: Evidence) -> bytes:
    """A question and its evidence as their file has them."""
    return canonical(text) + b":" + canonical(evidence)


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
    """The lines, and where each question's is. As the keys of a dict the questions alone would need more memory than all else.

    Ctrl-C at any moment leaves them whole: a line is there or it is not. (It may be there and not be found.)
    """

    def __init__(self) -> None:
        self._spool = Spool()
        self._places = array("Q")  # of each line its beginning, its end and the hash of its question
        self._slots = array("I", bytes(64))  # a hash table of the lines' numbers, the first being 1

    def __len__(self) -> int:
        return len(self._places) // 3

    def add(self, text: str, line: bytes) -> None:
        """Put a question's line behind the others. That it has none yet is up to the caller."""
        start, code = self._spool.put(line), hash(text) & _ALL_BITS
        self._places.frombytes(_PLACE.pack(start, start + len(line), code))  # all three or none
        if 2 * len(self) > len(self._slots):
            slots = array("I", bytes(2 * self._slots.itemsize * len(self._slots)))
            for number, code in enumerate(self._places[2::3], 1):
                _take_slot(slots, code, number)
            self._slots = slots
        else:
            _take_slot(self._slots, code, len(self))

    def taken(self, text: str) -> Evidence | None:
        """The evidence of a question, if it has any."""
        code, mask = hash(text) & _ALL_BITS, len(self._slots) - 1
        slot = code & mask
        while number := self._slots[slot]:
            if self._places[3 * number - 1] == code:
                found = _entry.decode(b"{%b}" % self.line(number - 1)).get(text)
                if found is not None:
                    return found
            slot = (slot + 1) & mask
        return None

    def line(self, place: int) -> bytes:
        return self._spool.get(self._places[3 * place], self._places[3 * place + 1])

    def __iter__(self) -> Iterator[bytes]:
        for first in range(0, len(self._places), 3 * _AT_ONCE):
            places = self._places[first : first + 3 * _AT_ONCE]
            start = places[0]
            block = self._spool.get(start, places[-2])
            for begin, end in zip(places[::3], places[1::3], strict=True):
                yield block[begin - start : end - start]


def _take_slot(slots: array[int], code: int, number: int) -> None:
    mask = len(slots) - 1
    slot = code & mask
    while slots[slot]:
        slot = (slot + 1) & mask
    slots[slot] = number


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
        before = ""
        for line in lines:
            ((text, evidence),) = _entry.decode(b"{%b}" % line).items()
            if text <= before and len(self._lines):
                raise ValueError(f"{text} is out of order")
            before = text
            self.facts[Facts.of(text, evidence)] += 1
            self._lines.add(text, line)
        self._at_hand = lru_cache(AT_HAND)(self._lines.taken)

    def __getitem__(self, text: str) -> Evidence:
        found = self._at_hand(text)
        if found is None:
            raise KeyError(text)
        return found

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[str]:
        return _questions(self._lines)

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


def _questions(lines: Iterable[bytes]) -> Iterator[str]:
    return (text for line in lines for text in _text.decode(b"{%b}" % line))


class _Items(ItemsView[str, Evidence]):
    _mapping: Shelf

    def __iter__(self) -> Iterator[tuple[str, Evidence]]:
        return self._mapping._each()


class _Values(ValuesView[Evidence]):
    _mapping: Shelf

    def __iter__(self) -> Iterator[Evidence]:
        return (evidence for _, evidence in self._mapping._each())


class Gathering(Mapping[str, Evidence]):
    """Question -> evidence while the answers still come, in the order in which they do.

    Where Ctrl-C came while an answer was put in, it may be put in again: the first one stands.
    """

    def __init__(self) -> None:
        self._lines = _Lines()
        self._at_hand = lru_cache(AT_HAND)(self._found)  # what is not there yet is looked for again

    def put(self, text: str, evidence: Evidence) -> None:
        """Keep an answer.

        Raises:
            ValueError: the question has one already.
        """
        if text in self:
            raise ValueError(f"{text} was answered already")
        self._lines.add(text, line_of(text, evidence))

    def _found(self, text: str) -> Evidence:
        found = self._lines.taken(text)
        if found is None:
            raise KeyError(text)
        return found

    def __getitem__(self, text: str) -> Evidence:
        return self._at_hand(text)

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[str]:
        return _questions(self._lines)

    def shelf(self, instead: Mapping[str, Evidence]) -> Shelf:
        """All of it in the order of the questions' texts.

        Args:
            instead: what stands in the place of an answer that came.
        """
        places: dict[str, int] = {}
        for place, text in enumerate(self):
            places.setdefault(text, place)
        return Shelf(
            line_of(text, instead[text]) if text in instead else self._lines.line(places[text])
            for text in sorted(places)
        )
