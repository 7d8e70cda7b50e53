"""What a finding prints is enough to judge it again: evidence rebuilt from its readings gives the same verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from fedready.model import PHASES
from fedready.snapshot import read
from tests.bites import all_bites, base, bitten
from tests.judging import ROOT, judge
from tests.laws import same_again

SNAPSHOTS = sorted((ROOT / "fixtures" / "snapshots").glob("*.json"))


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("path", SNAPSHOTS, ids=lambda path: path.stem)
def test_every_finding_can_be_judged_again_from_what_it_prints(path: Path, phase: str) -> None:
    snapshot = read(path)
    for finding in judge(snapshot, phase=phase).findings:
        same_again(snapshot, finding, phase, None)


@pytest.mark.parametrize("bite", all_bites(), ids=lambda bite: bite.id)
def test_so_can_every_finding_of_a_bite(bite: Any) -> None:
    snapshot = base(bite.on)
    target = msgspec.convert({**msgspec.to_builtins(snapshot.target), **bite.target}, type(snapshot.target))
    snapshot = bitten(msgspec.structs.replace(snapshot, target=target), bite.changes())
    for finding in judge(snapshot, phase=bite.phase, cloud=bite.cloud).findings:
        if finding.control in (*bite.turns, *bite.follows):
            same_again(snapshot, finding, bite.phase, bite.cloud)
