"""What time it was when something was asked, as evidence writes it."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], float]
"""Seconds since 1970, UTC, as `time.time` gives them."""


def utc_text(seconds: float) -> str:
    """A moment as evidence holds it.

    >>> utc_text(1767323045.9)
    '2026-01-02T03:04:05Z'
    """
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
