"""C1: wall of asking DNS over dnsperf: the same names, 256 in flight, 50 ms, answers read and checked on our side."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.names import dnsperf, ours, questions, responders
from bench.rows import Row, in_turn

MEASURE, TARGET, MUST = "DNS wall over dnsperf, 256 in flight, 50 ms", 1.05, 1.25
IN_FLIGHT, DISTANCE, DOMAINS, QUESTIONS = 256, 0.05, 1_500, 10_000


def measure() -> list[Row]:
    asked = questions(DOMAINS, QUESTIONS)
    with tempfile.TemporaryDirectory() as folder, responders((DOMAINS, DISTANCE)) as (port,):
        alone = ours(port, asked[:1], 1)[0]
        if not DISTANCE <= alone <= 1.5 * DISTANCE:
            raise RuntimeError(f"one question took {alone:.3f} s at {DISTANCE} s of distance")
        pairs = in_turn(lambda: ours(port, asked, IN_FLIGHT)[0], lambda: dnsperf(port, asked, IN_FLIGHT, Path(folder)))
    return [pairs.row("C1", f"{MEASURE} ({QUESTIONS:,} questions)", "s", TARGET, MUST)]
