"""What the lab was asked: every HTTP request with its verb, every cmdlet with its parameters, every DNS question."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Request:
    """One HTTP request. `action` is the WSMan action where there is one; `server_name` what TLS asked for (SNI)."""

    listener: str
    verb: str
    host: str
    path: str
    action: str = ""
    server_name: str | None = None


@dataclass(frozen=True)
class Command:
    """One pipeline as it arrived. `text` is spelt like a question's text; a script or several commands begin with `script:`."""

    side: str
    user: str
    text: str


@dataclass(frozen=True)
class Asked:
    """One DNS question."""

    resolver: str
    rdtype: str
    name: str
    over: str


@dataclass
class Log:
    """Everything since the start or the last `clear`. Appending to a list is atomic, so no lock."""

    http: list[Request] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    dns: list[Asked] = field(default_factory=list)
    handshakes: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def clear(self) -> None:
        for kept in (self.http, self.commands, self.dns, self.handshakes, self.refused):
            kept.clear()
