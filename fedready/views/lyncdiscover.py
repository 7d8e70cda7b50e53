"""The on-premises Autodiscover service of a SIP domain, asked once and anonymously."""

from __future__ import annotations

from typing import Any

from fedready.asked import lyncdiscover
from fedready.compare import host_of
from fedready.desk import Desk
from fedready.model import Unseen
from fedready.questions import Get
from fedready.views.looking import shaped, structured

SERVER = "x-ms-server-fqdn"
"""The header with the internal name of a server. Its reading is kept; `ask.https.REDACTABLE` lets writers leave it out."""


class OnPremisesAutodiscover:
    """The anonymous GET of `https://lyncdiscover.<the subject>/`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def fault(self) -> tuple[str, str] | None:
        """Where and how the probe ended early: (stage, text).

        Raises:
            Unseen: the probe has no answer.
        """
        question, value = self._answer()
        fault = value["fault"]
        self._desk.saw(question.text, "fault", fault)
        if fault is None:
            return None
        shaped(question, fault, ("stage", "text"))
        return str(fault["stage"]), str(fault["text"])

    def last_hop(self) -> dict[str, Any]:
        """The last answer: `url`, `status`, `shape`.

        Raises:
            Unseen: no answer came; AUTO-06 says why.
        """
        fault = self.fault()
        question, value = self._answer()
        if fault is not None:
            raise Unseen(f"{question.text}: {fault[1]}", question=question.text, caused_by=("AUTO-06",))
        hops = shaped(question, value, ("hops",))["hops"]
        if not isinstance(hops, list) or not hops:
            raise Unseen(f"{question.text}: the evidence holds no answer", question=question.text)
        hop = shaped(question, hops[-1], ("url", "status", "shape"))
        shape = shaped(question, hop["shape"], ("kind", "links"))
        shaped(question, shape["links"], ())
        for key in ("url", "status", "shape"):
            self._desk.saw(question.text, f"hops[-1].{key}", hop[key])
        return hop

    def names_a_server(self, hop: dict[str, Any]) -> bool:
        """Does an answer carry the internal name of a server? Then the name is a reading."""
        headers = hop.get("headers")
        if not isinstance(headers, dict) or SERVER not in headers:
            return False
        self._desk.saw(lyncdiscover(self._desk.subject).text, f"hops[-1].headers.{SERVER}", headers[SERVER])
        return True

    def ways_on(self) -> list[str]:
        """The hosts that the answer sends clients of moved users to: by redirect, or by a link for hybrid."""
        hop = self.last_hop()
        links = hop["shape"]["links"]
        return [host_of(hop["url"]), *(host_of(links[token]) for token in ("hybrid", "redirect") if token in links)]

    def _answer(self) -> tuple[Get, dict[str, Any]]:
        question = lyncdiscover(self._desk.subject)
        return question, structured(self._desk, question, ("fault",))
