"""The probe of an Autodiscover address, hop by hop."""

from __future__ import annotations

from typing import Any

from fedready.desk import Desk
from fedready.model import Unseen
from fedready.questions import Get
from fedready.views.looking import shaped, structured
from fedready.views.providers import Providers


class AutodiscoverProbe:
    """The anonymous GET of the provider's AutodiscoverUrl, hop by hop."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def url(self) -> str:
        return Providers(self._desk).autodiscover_url()

    def fault(self, *stages: str) -> str | None:
        """What went wrong at one of these stages (`dns`, `tcp`, `tls`, `certificate`, `scheme`, `redirect`, `http`), if anything.

        Raises:
            Unseen: the probe has no answer, or ended elsewhere before these stages could show.
        """
        question, value = self._answer()
        fault = value["fault"]
        self._desk.saw(question.text, "fault", fault)
        if fault is None:
            return None
        if fault["stage"] in stages:
            return str(fault["text"])
        if set(stages) <= REACHING and self._hops(question, value):
            return None
        raise Unseen(f"{question.text}: {fault['text']}", question=question.text, caused_by=(_owner(fault),))

    def stage(self) -> str:
        """Where the probe ended early, or an empty text."""
        fault = self._answer()[1]["fault"]
        return str(fault["stage"]) if fault else ""

    def was_redirected(self) -> bool:
        """Did the address answer before the fault?"""
        question, value = self._answer()
        return bool(self._hops(question, value))

    def last_hop(self) -> dict[str, Any]:
        """The last answer: `status`, `shape`, `url`, `excerpt`.

        Raises:
            Unseen: no answer came, because of a fault that AUTO-01 to AUTO-03 name.
        """
        question, value = self._answer()
        fault = value["fault"]
        self._desk.saw(question.text, "fault", fault)
        if fault is not None or not self._hops(question, value):
            text = fault["text"] if fault else "no answer"
            raise Unseen(f"{question.text}: {text}", question=question.text, caused_by=(_owner(fault),))
        hop = shaped(question, value["hops"][-1], ("status", "shape"))
        shaped(question, hop["shape"], ("kind", "links"))
        for key in ("status", "shape"):
            self._desk.saw(question.text, f"hops[-1].{key}", hop[key])
        return hop

    def _hops(self, question: Get, value: dict[str, Any]) -> list[Any]:
        """The answers on the way; the first one's status is the reading that there was one."""
        hops: list[Any] = shaped(question, value, ("hops",))["hops"]
        if hops:
            self._desk.saw(question.text, "hops[0].status", shaped(question, hops[0], ("status",))["status"])
        else:
            self._desk.saw(question.text, "hops", [])
        return hops

    def _answer(self) -> tuple[Get, dict[str, Any]]:
        question = Get(self.url())
        value = structured(self._desk, question, ("fault",))
        if value["fault"] is not None:
            shaped(question, value["fault"], ("stage", "text"))
        return question, value


REACHING = {"dns", "tcp", "tls", "certificate"}
"""The stages of reaching a host. Once it has answered, they are behind us."""


def _owner(fault: dict[str, Any] | None) -> str:
    """The control that a fault of the probe belongs to."""
    return {"scheme": "AUTO-02", "redirect": "AUTO-03", "http": "AUTO-05"}.get(
        fault["stage"] if fault else "", "AUTO-01"
    )
