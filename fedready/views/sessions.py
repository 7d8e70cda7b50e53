"""What was sent in the sessions of this run."""

from __future__ import annotations

from fedready.desk import Desk
from fedready.model import Unseen


class SentCommands:
    """Every command of the run as it was recorded at the wire."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def commands(self) -> list[tuple[str, str]]:
        """(side, command) pairs.

        Raises:
            Unseen: a cmdlet was answered live, but no record of its sending is there.
        """
        sent = [(s.to, s.command) for s in self._desk.known.sent]
        for place, (to, command) in enumerate(sent):
            self._desk.saw("sent", f"[{place}]", f"{to}: {command}")
        recorded = {f"{to}: {command}" for to, command in sent}
        sides = {*self._desk.target.sides}
        for text, evidence in self._desk.known.entries.items():
            live = evidence.via == "live" and evidence.state == "answered" and text.partition(": ")[0] in sides
            if live and text not in recorded:
                raise Unseen(f"{text} was answered, but the record of what was sent does not hold it")
        return sent
