"""reports/sample is what this version writes, byte for byte: `make docs` writes it again."""

from __future__ import annotations

from pathlib import Path

from tests.judging import ROOT
from tests.running import audit

SAMPLE = ROOT / "reports" / "sample"
FROZEN = "2026-11-23T12:00:00Z"
NOT_KEPT = {"pytest.html"}
"""pytest-html writes how long each check took, which no two runs share."""


def test_the_sample_is_what_this_version_writes(tmp_path: Path) -> None:
    options = ["--waivers", "fixtures/waivers/contoso.yaml", "--as-of", FROZEN]
    ended = audit("--snapshot", "fixtures/snapshots/contoso.json", *options, report_dir=tmp_path)
    assert ended.code == 0, ended.output
    kept = {path.name for path in SAMPLE.iterdir()} - NOT_KEPT
    assert kept == {path.name for path in tmp_path.iterdir()} - NOT_KEPT
    for name in sorted(kept):
        assert (SAMPLE / name).read_bytes() == (tmp_path / name).read_bytes(), f"{name} is stale: run `make docs`"
