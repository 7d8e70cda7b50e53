"""Users as numbers and salted hashes: how many have each value, and which addresses one side knows and the other does not."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from fedready.desk import Desk
from fedready.model import Unseen
from fedready.questions import Cmdlet, NotAllowed, a_label
from fedready.reduce import ABSENT, EMPTY
from fedready.views.looking import shaped
from fedready.views.users import UserCount


class People(UserCount):
    """What a question about users was reduced to."""

    def counts(self, name: str) -> dict[str, int]:
        """How many users have each value of a property.

        Raises:
            Unseen: a user came without the property, or the numbers do not add up to all users.
        """
        counts = self._numbers(name)
        if sum(counts.values()) != self.number():
            raise self._unseen(f"the numbers by {name} do not add up to all users")
        return counts

    def holding(self, name: str) -> dict[str, int]:
        """How many users hold each item of a list; a user may hold several, or none.

        Raises:
            Unseen: a user came without the property.
        """
        return self._numbers(name)

    def filled(self, name: str) -> int:
        """How many users have anything in a property.

        Raises:
            Unseen: a user came without the property.
        """
        return sum(number for value, number in self.counts(name).items() if value != EMPTY)

    def addresses(self, name: str, domain: str) -> Addresses:
        """The salted hashes of the addresses in one SIP domain. Nothing is noted: `compared` notes what decides.

        Raises:
            Unseen: a user came without the property, or hashes are missing.
        """
        salt, by_domain = self._by_domain(name)
        return Addresses(self._desk, self._question, name, domain, salt, by_domain.get(domain, frozenset()))

    def _by_domain(self, name: str) -> tuple[str, dict[str, frozenset[str]]]:
        """The salt, and the hashes by SIP domain; taken apart once for all domains."""
        kept = self._desk.kept
        place = ("addresses", self._question, name)
        if place in kept:
            apart: tuple[str, dict[str, frozenset[str]]] = kept[place]
            return apart
        question = self._question
        row = self._desk.known.rows(question)[0] if len(self._desk.known.rows(question)) == 1 else {}
        if name not in row:
            raise Unseen(f"{question.text} returned no property {name}", question=question.text)
        value = shaped(question, row[name], ("salt", "domains", "total"))
        domains = value["domains"]
        if not isinstance(domains, dict) or not all(isinstance(found, list) for found in domains.values()):
            raise self._unseen(f"the addresses of {name} cannot be read")
        if ABSENT in domains:
            raise self._unseen(f"users came without {name}")
        if sum(len(found) for found in domains.values()) != value["total"]:
            raise self._unseen(f"addresses of {name} are missing")
        hashes: dict[str, set[str]] = {}
        for key, found in domains.items():
            with suppress(NotAllowed):
                hashes.setdefault(a_label(key), set()).update(map(str, found))
        kept[place] = str(value["salt"]), {domain: frozenset(each) for domain, each in hashes.items()}
        return self._by_domain(name)

    def _numbers(self, name: str) -> dict[str, int]:
        counts = self._desk.only(self._question)[name]
        readable = isinstance(counts, dict) and all(
            isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in counts.values()
        )
        if not readable:
            raise self._unseen(f"the numbers by {name} cannot be read")
        if counts.get(ABSENT):
            raise self._unseen(f"{counts[ABSENT]} users came without {name}")
        return dict(counts)

    def _unseen(self, text: str) -> Unseen:
        return Unseen(f"{self._question.text}: {text}", question=self._question.text)


@dataclass(frozen=True)
class Addresses:
    """Salted hashes of the addresses that one question found in one SIP domain."""

    desk: Desk
    question: Cmdlet
    name: str
    domain: str
    salt: str
    hashes: frozenset[str]

    def without(self, other: Addresses) -> int:
        """How many of these addresses the other question did not find. The readings hold only what decides: those.

        Raises:
            Unseen: the two were salted in different runs, so that nothing can be compared.
        """
        self._same_run(other)
        missing = self.hashes - other.hashes
        self._decides(missing)
        other._decides(frozenset())
        return len(missing)

    def differing(self, other: Addresses) -> tuple[int, int]:
        """How many addresses only this question found, and how many only the other. The readings hold only those.

        Raises:
            Unseen: as `without`.
        """
        self._same_run(other)
        here, there = self.hashes - other.hashes, other.hashes - self.hashes
        self._decides(here)
        other._decides(there)
        return len(here), len(there)

    def _same_run(self, other: Addresses) -> None:
        if not self.salt or self.salt != other.salt:
            text = f"{self.question.text} and {other.question.text} were asked in different runs and cannot be compared"
            raise Unseen(text, question=other.question.text)

    def _decides(self, hashes: frozenset[str]) -> None:
        value = {"salt": self.salt, "domains": {self.domain: sorted(hashes)}, "total": len(hashes)}
        self.desk.saw(self.question.text, self.name, value)
