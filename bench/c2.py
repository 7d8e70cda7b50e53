"""C2: CPU a query over dnspython's asyncio, the same names, 64 in flight, no distance."""

from __future__ import annotations

from bench.names import dnspython, ours, questions, responders
from bench.rows import Row, in_turn

MEASURE, TARGET, MUST = "DNS CPU a query over dnspython asyncio", round(1 / 1.8, 3), round(1 / 1.4, 3)
IN_FLIGHT, DOMAINS, QUESTIONS = 64, 1_500, 10_000


def measure() -> list[Row]:
    asked = questions(DOMAINS, QUESTIONS)
    with responders((DOMAINS, 0.0)) as (port,):
        pairs = in_turn(
            lambda: ours(port, asked, IN_FLIGHT)[1] / QUESTIONS * 1e6,
            lambda: dnspython(port, asked, IN_FLIGHT)[1] / QUESTIONS * 1e6,
        )
    return [pairs.row("C2", MEASURE, "us", TARGET, MUST, digits=0)]
