"""What an answer becomes on arrival: only the properties on the allow-list, and of people only numbers and salted hashes."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import Counter
from typing import Any

from fedready.allowed import Allowed, Reduction

ABSENT = "#absent"
"""In a count: rows that do not have the property at all. A check must not take them for empty ones."""

EMPTY = "#empty"


class Salt:
    """One salt for a run: the same person hashes the same on both sides of one run, and nowhere else.

    `id` names the salt without telling it, so that hashes of two runs are never compared by mistake.
    """

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or secrets.token_bytes(32)
        self.id = hashlib.sha256(b"id of " + self._key).hexdigest()[:16]

    def hash(self, text: str) -> str:
        return hmac.new(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:16]


class Rows:
    """Takes the rows of one answer as they arrive and keeps of each what evidence may hold."""

    def __init__(self, allowed: Allowed, salt: Salt) -> None:
        self._names = {
            name.lower(): name for name in (*allowed.keeps, *(allowed.reduces.properties if allowed.reduces else ()))
        }
        self._reduction = allowed.reduces
        self._salt = salt
        self._rows: list[Any] = []
        self._count = 0
        self._counted: dict[str, Counter[str]] = {}
        self._hashed: dict[str, dict[str, set[str]]] = {}
        if self._reduction is not None:
            self._counted = {name: Counter() for name in _numbers(self._reduction)}
            self._hashed = {name: {} for name in self._reduction.hashed}

    def __len__(self) -> int:
        return self._count

    def add(self, row: object) -> None:
        """One row. A row that is no object of a reduced question counts, and lacks every property."""
        self._count += 1
        if self._reduction is None:
            self._rows.append(self._kept(row) if isinstance(row, dict) else row)
        else:
            self._reduce(self._kept(row) if isinstance(row, dict) else {}, self._reduction)

    @property
    def value(self) -> list[Any]:
        """What evidence holds: the rows, or one row of numbers."""
        if self._reduction is None:
            return self._rows
        numbers: dict[str, Any] = {name: dict(sorted(counter.items())) for name, counter in self._counted.items()}
        for name, domains in self._hashed.items():
            numbers[name] = {
                "salt": self._salt.id,
                "domains": {d: sorted(domains[d]) for d in sorted(domains)},
                "total": sum(len(found) for found in domains.values()),
            }
        return [{"Count": self._count, **numbers}]

    def _kept(self, row: dict[str, Any]) -> dict[str, Any]:
        named = (
            (name if name.startswith("#") else self._names.get(name.lower()), value) for name, value in row.items()
        )
        return {name: value for name, value in named if name is not None}

    def _reduce(self, row: dict[str, Any], reduction: Reduction) -> None:
        for name in reduction.counted:
            self._counted[name][_word(row[name]) if name in row else ABSENT] += 1
        for name in reduction.filled:
            self._counted[name][
                ABSENT if name not in row else EMPTY if row[name] in (None, "", [], {}) else "filled"
            ] += 1
        for name in reduction.held:
            held = row.get(name, ABSENT)
            items = (
                {ABSENT}
                if held is ABSENT
                else {_item(i) for i in (held if isinstance(held, list) else [held])} - {EMPTY}
            )
            self._counted[name].update(items)
        for name in reduction.hashed:
            decider, values = reduction.leaves_out.get(name, ("", ()))
            if row.get(decider) not in values:
                self._hash(name, row)

    def _hash(self, name: str, row: dict[str, Any]) -> None:
        domains = self._hashed[name]
        if name not in row:
            domains.setdefault(ABSENT, set()).add(self._salt.hash(f"{self._count}"))
            return
        address = str(row[name] or "").strip().casefold().removeprefix("sip:")
        if address:
            domains.setdefault(address.rpartition("@")[2], set()).add(self._salt.hash(address))


def _numbers(reduction: Reduction) -> tuple[str, ...]:
    return (*reduction.counted, *reduction.filled, *reduction.held)


def _word(value: object) -> str:
    if value is None or value == "":
        return EMPTY
    if isinstance(value, dict):
        return str(value.get("Name") or value.get("#text") or value.get("#type") or EMPTY)
    return str(value)


def _item(value: object) -> str:
    """The name of one service plan, however it is written: a text, or an object that names it."""
    if isinstance(value, dict):
        for key in ("Capability", "SubscribedPlanId", "ServicePlanName", "Name", "#text"):
            if value.get(key):
                return str(value[key])
        return EMPTY
    return _word(value)
