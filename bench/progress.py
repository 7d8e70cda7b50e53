"""What showing the progress takes: `python -m bench.progress QUESTIONS SECONDS`, with standard error on a terminal.

Counts so many questions of two resolvers and draws the table as often as an audit of so many seconds does, as fast as it goes.
"""

from __future__ import annotations

import sys

from fedready.model import Evidence
from fedready.tell.progress import REDRAWS, Live

ENDPOINTS = ("dns@internal", "dns@public", "https", "onprem", "tenant", "tls")
BUSY = ENDPOINTS[:2]


def show(questions: int, seconds: float) -> None:
    """All questions are out at the beginning, as they are with ten thousand domains, and end one after the other."""
    live = Live(sys.stderr)
    for endpoint in ENDPOINTS:
        live.deadline(endpoint, seconds)
        live.asked(endpoint, f"{endpoint}: the last one")
    texts = [(BUSY[n % 2], f"{BUSY[n % 2]}: SRV _sipfederationtls._tcp.d{n}.example") for n in range(questions)]
    for endpoint, text in texts:
        live.asked(endpoint, text)
    answered = Evidence(state="answered", value=[], source="127.0.0.1:53")
    draws = max(1, round(seconds * REDRAWS))
    for number, (endpoint, text) in enumerate(texts, 1):
        live.ended(endpoint, text, answered)
        if number * draws // questions > (number - 1) * draws // questions:
            live._screen.refresh()
    live.over()


if __name__ == "__main__":
    show(int(sys.argv[1]), float(sys.argv[2]))
