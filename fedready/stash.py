"""What an audit keeps in pytest's stash between one hook and the next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from fedready.audit import Audit
from fedready.ledger import Page
from fedready.stopping import Stopping

AUDIT = pytest.StashKey[Audit]()
FOLDER = pytest.StashKey[Any]()
FINDINGS = pytest.StashKey[Page]()
PROGRESS = pytest.StashKey["Progress"]()
CLOSING = pytest.StashKey[Any]()
STOPPING = pytest.StashKey[Stopping]()
GOOD_BYES = pytest.StashKey[Any]()


@dataclass
class Progress:
    """How far an audit has come.

    `selected` are the controls of this run, `broken` those that a fault of ours kept from being judged, `stopped` is set
    when Ctrl-C ended the asking, `trouble` are sentences for the user and `exit_code` what they lead to.
    """

    selected: list[str]
    broken: dict[str, str] = field(default_factory=dict)
    stopped: bool = False
    trouble: list[str] = field(default_factory=list)
    exit_code: int | None = None
