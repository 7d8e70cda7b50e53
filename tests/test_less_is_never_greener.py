"""Less evidence is never greener: whatever is taken away or spoilt, nothing becomes a pass or n/a, and nothing READY."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from fedready.model import Headline, Verdict
from fedready.snapshot import read
from tests.judging import ROOT, judge
from tests.laws import never_greener

SNAPSHOTS = sorted((ROOT / "fixtures" / "snapshots").glob("*.json"))


@pytest.mark.parametrize("path", SNAPSHOTS, ids=lambda path: path.stem)
def test_less_evidence_is_never_greener(path: Path) -> None:
    never_greener(read(path), examples=25 if path.stem == "eleven-domains" else 60)


def test_nothing_at_all_is_undetermined() -> None:
    run = judge(msgspec.structs.replace(read(SNAPSHOTS[0]), entries={}, sent=()))
    assert run.headline is Headline.UNDETERMINED
    assert Verdict.ERROR not in {f.verdict for f in run.findings}
    assert {f.control for f in run.findings if f.verdict is Verdict.PASS} <= {"SESS-06"}
