"""`fedready explain` ends with what the latest run found of the control."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fedready.latest import latest_run, said_of
from tests.judging import ROOT

SAMPLE = ROOT / "reports" / "sample"


@pytest.fixture(params=["link", "file"])
def reports(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder of reports whose `latest` is a link, or a text file where links are refused."""
    if request.param == "link":
        (tmp_path / "latest").symlink_to(SAMPLE, target_is_directory=True)
    else:
        (tmp_path / "latest").write_text(f"{SAMPLE}\n", encoding="utf-8")
    return tmp_path


def test_the_finding_of_the_latest_run_is_told(reports: Path) -> None:
    said = said_of("host-06", reports)
    assert "Latest run of contoso" in said
    assert "fail (waived)  deployment: VerificationLevel is AlwaysVerifiable" in said
    assert said_of("DNS-02", reports).count("pass") == 2


def test_no_run_says_nothing(tmp_path: Path) -> None:
    assert latest_run(tmp_path) is None
    assert said_of("HOST-06", tmp_path) == ""
    assert said_of("HOST-06", tmp_path / "nowhere") == ""


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"findings": [{}]}', '{"findings": [{"control": "HOST-06"}]}'])
def test_a_run_that_cannot_be_read_says_nothing(content: str, tmp_path: Path) -> None:
    (tmp_path / "latest").mkdir()
    (tmp_path / "latest" / "findings.json").write_text(content, encoding="utf-8")
    assert said_of("HOST-06", tmp_path) == ""


def test_hostile_text_stays_inert(tmp_path: Path) -> None:
    told = json.loads((SAMPLE / "findings.json").read_text(encoding="utf-8"))
    for finding in told["findings"]:
        finding["message"] = "\x1b[31mred\u202e"
    (tmp_path / "latest").mkdir()
    (tmp_path / "latest" / "findings.json").write_text(json.dumps(told), encoding="utf-8")
    said = said_of("HOST-06", tmp_path)
    assert "\x1b" not in said
    assert "\u202e" not in said
