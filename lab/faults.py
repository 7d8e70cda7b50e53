"""Misbehaviour on demand: which knob, where, at which time of asking.

`at` says where:

* a question, as snapshots spell it: `onprem: Get-CsHostingProvider`, `dns@public: SRV _sipfederationtls._tcp.contoso.com`,
  `GET https://webdir.online.lync.com/...`, `TLS sip.contoso.com:5061`;
* a listener: `onprem`, `tenant`, an Edge's name, `dns@public`, `https`, `https webdir.online.lync.com` (one host of it);
* one WSMan action of a listener: `onprem Create`, `tenant Receive` (Identify, Create, Command, Receive, Signal, Delete).

`refuse` (no listener at all) is decided when the lab starts, so it stands in the estate file.
A knob of the kind `http` or `wsman` at a cmdlet question hits the Receives of that command. `nth` counts how often the place was
reached (1 is the first time); without it the fault is there every time.

What some knobs read beside `seconds` (hang, delay, slow, slow-pool): `status` of status and redirect, `body`, `type` and
`headers` of status, `headers` of unauthorized, `to` of redirect, `bytes` of gzip, `code` and `text` of fault, `text` of warning,
error and error-after-output, `xml` of raw, `offers` of auth-offers, `interval` (seconds between two bytes, from Python) of drip.
"""

from __future__ import annotations

import difflib
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

HTTP = (
    "status", "unauthorized", "hang", "delay", "reset", "close", "partial", "partial-reset", "drip", "garbage", "redirect",
    "gzip", "header-flood",
)  # fmt: skip
WSMAN = (
    "fault", "wrong-relates-to", "shell-lost", "quota", "access-denied", "operation-timeout", "not-xml", "empty-body",
    "bad-base64", "doctype",
)  # fmt: skip
POOL = ("slow-pool", "pool-broken")
PSRP = (
    "fragment-wrong", "fragment-missing", "fragment-duplicate", "fragment-truncated", "fragment-overlong", "object-endless",
    "message-unknown", "message-short", "bad-utf8", "state-bad", "state-empty", "state-none", "pipeline-pool-broken", "raw",
)  # fmt: skip
CMDLET = ("missing", "denied", "empty", "slow", "warning", "error", "error-after-output", "endless-output")
TLS = ("wrong-name", "expired", "unknown-ca", "old-version", "no-handshake")
AUTH = ("auth-offers", "binding-ignored", "binding-other", "encryption-required")
DNS = (
    "servfail", "refused", "nxdomain", "timeout", "truncate", "tcp-only", "wrong-id", "wrong-question", "garbage", "delay",
    "loop",
)  # fmt: skip
AUTODISCOVER = ("redirect-loop", "wrong-json", "mismatch")
LISTENER = ("refuse",)

FAMILIES: dict[str, tuple[str, ...]] = {
    "http": HTTP, "wsman": WSMAN, "pool": POOL, "psrp": PSRP, "cmdlet": CMDLET, "tls": TLS, "auth": AUTH, "dns": DNS,
    "autodiscover": AUTODISCOVER, "listener": LISTENER,
}  # fmt: skip
KNOBS = tuple(sorted({knob for knobs in FAMILIES.values() for knob in knobs}))

_FITTING = {
    "dns": ("dns", "listener"),
    "https": ("http", "tls", "autodiscover", "listener"),
    "TLS": ("tls", "listener"),
    "listener": ("http", "wsman", "pool", "auth", "tls", "listener"),
    "action": ("http", "wsman"),
    "cmdlet": ("http", "wsman", "psrp", "cmdlet"),
}
ACTIONS = ("Identify", "Create", "Command", "Send", "Receive", "Signal", "Delete", "Get")


class BadFault(ValueError):
    """A fault that cannot be: an unknown knob, or a knob that has no effect at that place."""


@dataclass
class Fault:
    """One rule. `more` holds what a knob needs beside its name (status, headers, body, code, text, xml, offers, bytes)."""

    at: str
    do: str
    nth: int | None = None
    seconds: float = 5.0
    more: dict[str, Any] = field(default_factory=dict)
    reached: int = 0


class Faults:
    """The rules in force. Safe to change while the lab answers."""

    def __init__(self, listeners: Iterable[str]) -> None:
        self.listeners = tuple(listeners)
        self.listening = False
        self._rules: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, at: str, do: str, *, nth: int | None = None, seconds: float = 5.0, **more: Any) -> Fault:
        """Put a rule in force.

        Args:
            at: a question, a listener or a WSMan action of a listener (see the module).
            do: the knob.
            nth: only the nth time that the place is reached, counted from 1; None is every time.
            seconds: for how long, where the knob takes time.

        Raises:
            BadFault: no such place or knob, or the knob has no effect there.
        """
        kind = self._kind(at)
        allowed = [knob for family in _FITTING[kind] for knob in FAMILIES[family]]
        if do not in allowed:
            near = difflib.get_close_matches(do, allowed, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Knobs of this place: {', '.join(allowed)}."
            raise BadFault(f"{do} is no knob of {at}. {hint}")
        if do in LISTENER and self.listening:
            raise BadFault(f"{do} comes too late. Write it into the estate file: it is decided when the lab starts.")
        if nth is not None and nth < 1:
            raise BadFault("nth counts from 1. Leave it out for every time.")
        rule = Fault(at, do, nth, seconds, more)
        with self._lock:
            self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """Take every rule away."""
        with self._lock:
            self._rules.clear()

    def hit(self, family: str, *places: str) -> Fault | None:
        """The first rule of a family in force at one of these places, counting that the place was reached."""
        if not self._rules:
            return None
        wanted = {place.casefold() for place in places}
        struck = None
        with self._lock:
            for rule in self._rules:
                if rule.do in FAMILIES[family] and rule.at.casefold() in wanted:
                    rule.reached += 1
                    if struck is None and rule.nth in (None, rule.reached):
                        struck = rule
        return struck

    def _kind(self, at: str) -> str:
        first, _, rest = at.partition(" ")
        if first in ("GET", "https", "http"):
            return "https"
        if first == "TLS":
            return "TLS"
        name = first.removesuffix(":")
        if name not in self.listeners:
            known = ", ".join(self.listeners)
            raise BadFault(f"{at} is no place of this estate. Begin with one of: {known}, https, GET, TLS.")
        if name.startswith("dns@"):
            return "dns"
        if first.endswith(":"):
            return "cmdlet"
        if rest and rest not in ACTIONS:
            raise BadFault(f"{rest} is no WSMan action. Write one of: {', '.join(ACTIONS)}.")
        return "action" if rest else "listener"
