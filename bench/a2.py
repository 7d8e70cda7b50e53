"""A2: round trips on the critical path of asking, to its last answer. Counted round by round, without a clock.

With twelve cmdlets per endpoint, as the table says, and with the whole catalogue, which is reported.
"""

from __future__ import annotations

from bench.asking import LastAnswer, ask, at_most, everything, round_by_round
from bench.rows import AT_LEAST, Row
from fedready.inquiry import Inquiry
from lab.world import World

MEASURE, TARGET, MUST = "round trips on the critical path", 13.0, 18.0
CMDLETS = 12
QUIET = 0.3
"""Seconds without a word after which a round is over."""


def count(
    auth: str, runspaces: int, inquiries: tuple[Inquiry, ...], quiet: float = QUIET
) -> tuple[int, dict[str, int]]:
    """Round trips to the last answer, and per endpoint to its own last one.

    A client that thinks for longer than `quiet` makes the count larger, never smaller.
    """
    last: dict[str, int] = {}
    with World("healthy") as world, round_by_round(world, quiet) as relay:

        def ended(endpoint: str) -> None:
            last[endpoint] = relay.rounds.count

        progress = LastAnswer(ended)
        ask(
            world.target_file, world.environ, inquiries=inquiries, progress=progress, auth=auth, max_runspaces=runspaces
        )
    return max(last.values()), last


def measure() -> list[Row]:
    rows = []
    for runspaces, target, must in ((3, TARGET, MUST), (12, 11.0, 14.0)):
        for auth, what, inquiries in (
            ("basic", f"{CMDLETS} cmdlets an endpoint", at_most(CMDLETS)),
            ("ntlm", f"{CMDLETS} cmdlets an endpoint", at_most(CMDLETS)),
            ("basic", "the whole catalogue", everything()),
        ):
            counts = sorted(
                (count(auth, runspaces, inquiries) for _ in range(AT_LEAST)), key=lambda counted: counted[0]
            )
            found, each = counts[AT_LEAST // 2]
            spread = f"{counts[0][0]} to {counts[-1][0]}"
            told = ", ".join(f"{name} {number}" for name, number in sorted(each.items()))
            goal = (target, must) if auth == "basic" and inquiries != everything() else (None, None)
            measure = f"{MEASURE}, {runspaces} runspaces, {auth}, {what}"
            rows.append(Row("A2", measure, f"{found} ({told})", "1", found, *goal, spread))
    return rows
