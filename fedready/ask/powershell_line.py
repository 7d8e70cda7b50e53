"""The line to a PowerShell endpoint, and what it may carry. Nothing here knows pypsrp, which is loaded while it is dialled."""

from __future__ import annotations

from typing import Any

import requests

from fedready.ask.credentials import client_certificate
from fedready.ask.pinning import PinnedAdapter
from fedready.ask.powershell_causes import Redirected
from fedready.ask.routes import Addresses
from fedready.ask.trust import ssl_context
from fedready.model import Endpoint, Target

ANSWER_CAP = 4_000_000
"""Bytes of one WSMan answer; a server sends at most its MaxEnvelopeSize, half a megabyte."""


class Line(PinnedAdapter):
    """One connection to an endpoint, used by one thread at a time. A redirect is refused where it is seen."""

    def __init__(self, endpoint: Endpoint, target: Target, addresses: Addresses) -> None:
        self._url = endpoint.url
        context = ssl_context(target.ca_file, client_certificate(endpoint))
        super().__init__(
            target.connect_to, context, cap=ANSWER_CAP, deadline=target.timeouts.endpoint, addresses=addresses
        )

    def connect(self, ends: float) -> None:
        """Connect before there is anything to ask. `ends` is a moment of time.monotonic().

        Raises:
            Exception: as `PinnedAdapter.dial` does.
        """
        self.ends = ends
        self.dial(self._url)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        answer = super().send(request, *args, **kwargs)
        if 300 <= answer.status_code < 400:
            answer.close()
            raise Redirected(answer.headers.get("Location", "nowhere"))
        return answer
