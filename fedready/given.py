"""What was given on the command line, as values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from fedready.yamlmarks import Mistake

FILE_OPTIONS = ("--target", "--snapshot", "--export", "--baseline", "--waivers", "--report-dir")


def joined(arguments: Sequence[str]) -> list[str]:
    """`--target FILE` as `--target=FILE`, likewise the other options that take a path.

    >>> joined(["-q", "--target", "a.yaml"])
    ['-q', '--target=a.yaml']
    """
    out: list[str] = []
    for argument in arguments:
        if out and out[-1] in FILE_OPTIONS:
            out[-1] += f"={argument}"
        else:
            out.append(argument)
    return out


def moment(text: str | None) -> dt.datetime | None:
    """The time of `--as-of`; one without a zone is UTC.

    Raises:
        Mistake: it is no day and no time.
    """
    try:
        given = dt.datetime.fromisoformat(text) if text else None
    except ValueError:
        mend = "Write 2026-01-02 or 2026-01-02T03:04:05Z."
        raise Mistake("fedready", 0, f"--as-of {text} is not a time", mend) from None
    return given.replace(tzinfo=given.tzinfo or dt.UTC) if given else None


def hours(text: str | None) -> int | None:
    """The hours of `--max-age`.

    Raises:
        Mistake: it is no whole number of hours.
    """
    if text is not None and not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) > 0):
        raise Mistake("fedready", 0, f"--max-age {text} is no number of hours", "Write a whole number, such as 48.")
    return int(text) if text else None
