"""A3: load on an audited server, counted by the lab: shells per endpoint, and requests per cmdlet.

Requests for opening (Create, two Receives), signing in and closing (Delete) are not counted to the cmdlets. Counted at a
distance: a server that is asked before a cmdlet has ended answers in pieces, which is the server's choice.
"""

from __future__ import annotations

from collections import Counter

from bench.asking import ask, round_by_round
from bench.rows import COUNTED, Row
from lab.world import World

MEASURE, TARGET, MUST = "shells per endpoint", 1.0, 1.0
OPENING_RECEIVES = 2


def load(runspaces: int) -> dict[str, tuple[int, float]]:
    """Endpoint -> how many shells were created, and how many requests a cmdlet took."""
    with World("healthy") as world, round_by_round(world, 0.1):
        ask(world.target_file, world.environ, max_runspaces=runspaces)
        seen = Counter((request.listener, request.action) for request in world.log.http)
        cmdlets = Counter(command.side for command in world.log.commands)
    found = {}
    for side, count in cmdlets.items():
        beside = seen[side, "Create"] + seen[side, "Delete"] + seen[side, ""] + OPENING_RECEIVES * seen[side, "Create"]
        every = sum(number for (listener, _), number in seen.items() if listener == side)
        found[side] = seen[side, "Create"], (every - beside) / count
    return found


def measure() -> list[Row]:
    rows = []
    for runspaces in (3, 12):
        found = load(runspaces)
        shells = max(shells for shells, _ in found.values())
        requests = max(requests for _, requests in found.values())
        rows.append(Row("A3", f"{MEASURE}, {runspaces} runspaces", f"{shells}", "1", shells, TARGET, MUST, COUNTED))
        rows.append(
            Row(
                "A3",
                f"requests per cmdlet, {runspaces} runspaces",
                f"{requests:g}",
                "1",
                round(requests, 3),
                2.0,
                2.0,
                COUNTED,
            )
        )
    return rows
