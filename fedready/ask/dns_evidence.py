"""What a DNS answer is as evidence, and the questions that wait to become it."""

from __future__ import annotations

import secrets
import time
from concurrent.futures import Future
from dataclasses import dataclass, field

from fedready.ask.clock import Clock, utc_text
from fedready.ask.dns_channel import NoReply
from fedready.model import Cause, Evidence, Json

_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_STOPPED = "the audit was stopped before this was asked"


@dataclass(slots=True)
class Answer:
    """What one name and type led to; built up while aliases are followed."""

    rcode: str = "NOERROR"
    answers: list[str] = field(default_factory=list)
    chain: list[dict[str, Json]] = field(default_factory=list)
    ttls: list[int] = field(default_factory=list)
    over: str = "udp"
    source: str = ""

    @property
    def exists(self) -> bool:
        """Is anything there under this name and type, be it an alias that leads nowhere?"""
        return bool(self.answers or self.chain)

    @property
    def value(self) -> Json:
        """The evidence of a Lookup."""
        ttl = min(self.ttls, default=None)
        return {"rcode": self.rcode, "answers": self.answers, "ttl": ttl, "chain": self.chain, "over": self.over}


class InHand:
    """A question in hand; becomes evidence when it, or both halves of a wildcard probe, are answered."""

    __slots__ = ("_asked", "_begun", "_clock", "_future", "_settled", "_source")

    def __init__(self, future: Future[Evidence], source: str, clock: Clock) -> None:
        self._future, self._source, self._clock = future, source, clock
        self._asked, self._begun, self._settled = "", 0.0, False

    def begin(self) -> None:
        """The first datagram leaves now."""
        if not self._asked:
            self._asked, self._begun = utc_text(self._clock()), time.monotonic()

    def answered(self, half: str, answer: Answer) -> None:
        raise NotImplementedError

    def settle(self, value: Json, source: str) -> None:
        self._set(Evidence(state="answered", value=value, asked=self._asked, ms=self._ms(), source=source))

    def failed(self, silence: NoReply) -> None:
        self._set(
            Evidence(
                state="not_asked" if silence.kind == "interrupted" else "failed",
                cause=Cause(kind=silence.kind, text=silence.text),
                asked=self._asked,
                ms=self._ms(),
                source=self._source,
            )
        )

    def _set(self, evidence: Evidence) -> None:
        if not self._settled:  # the other half of a probe may have failed before
            self._settled = True
            self._future.set_result(evidence)

    def _ms(self) -> int:
        return round((time.monotonic() - self._begun) * 1000) if self._asked else 0


class LookupInHand(InHand):
    __slots__ = ()

    def answered(self, half: str, answer: Answer) -> None:
        self.settle(answer.value, answer.source)


class WildcardInHand(InHand):
    """Does any name exist under a domain? A random one is asked for an address, another for a service."""

    __slots__ = ("label", "_halves")

    def __init__(self, name: str, future: Future[Evidence], source: str, clock: Clock) -> None:
        super().__init__(future, source, clock)
        self.label = f"{random_label()}.{name}"
        self._halves: dict[str, Answer] = {}

    def answered(self, half: str, answer: Answer) -> None:
        self._halves[half] = answer
        if len(self._halves) == 2:
            addresses, services = self._halves["A"], self._halves["SRV"]
            value = {
                "label": self.label,
                "exists": addresses.exists,
                "answers": addresses.answers,
                "srv_exists": services.exists,
            }
            self.settle(value, answer.source)


def random_label() -> str:
    """A name that nobody has registered: 36^16 are possible."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(16))


def stopped() -> Evidence:
    """A question that came after the end."""
    return Evidence(state="not_asked", cause=Cause(kind="interrupted", text=_STOPPED))
