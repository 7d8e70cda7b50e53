"""Numbers of people that an export holds: the counts that the export script wrote, in the shape of evidence."""

from __future__ import annotations

from fedready.allowed import Reduction
from fedready.ask.export_values import UNSEEN, Unreadable
from fedready.model import Json
from fedready.reduce import EMPTY

_MEASURED = frozenset({"Average", "Sum", "Maximum", "Minimum", "Property", "StandardDeviation"})
"""What Measure-Object says beside the count."""


def numbers_of(rows: list[Json], reduction: Reduction) -> list[Json] | None:
    """The evidence that one row of counts is; None where the rows are people themselves.

    Raises:
        Unreadable: they are counts, but do not add up.
    """
    row = rows[0] if len(rows) == 1 else None
    if not isinstance(row, dict) or not isinstance(row.get("Count"), int) or isinstance(row["Count"], bool):
        return None
    tallied = (*reduction.counted, *reduction.filled, *reduction.held)
    if {name for name in row if not name.startswith("#")} - {"Count", *_MEASURED} - set(tallied):
        return None
    every = row["Count"]
    numbers: dict[str, Json] = {"Count": every}
    for name in tallied:
        if name in row:
            counts = numbers[name] = _tally(name, row[name])
            short_of_all = name not in reduction.held and sum(counts.values()) != every
            if every < 0 or short_of_all or any(not 0 < number <= every for number in counts.values()):
                raise Unreadable(f"the numbers of {name} do not add up to the {every} people that were counted")
    missing = {name: "an export holds no addresses of people, not even hashed" for name in reduction.hashed}
    return [numbers | ({UNSEEN: missing} if missing else {})]


def _tally(name: str, value: Json) -> dict[str, int]:
    """`Name` and `Count` of each group (Group-Object), or an object of name -> number."""
    if isinstance(value, dict) and not {"Name", "Count"} <= set(value):
        groups = [(key, number) for key, number in value.items() if not key.startswith("#")]
    else:
        listed = value if isinstance(value, list) else [] if value is None else [value]
        if not all(isinstance(group, dict) for group in listed):
            raise Unreadable(f"the numbers of {name} are not names and counts")
        groups = [(group.get("Name"), group.get("Count")) for group in listed]
    counts: dict[str, int] = {}
    for key, number in groups:
        key = EMPTY if key in (None, "") else key
        if not isinstance(key, str) or not isinstance(number, int) or isinstance(number, bool) or key in counts:
            raise Unreadable(f"the numbers of {name} are not names and counts")
        counts[key] = number
    return dict(sorted(counts.items()))
