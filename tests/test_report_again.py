"""`fedready report`: the reports of a run made again from its files, byte for byte."""

from __future__ import annotations

import json
import webbrowser
from pathlib import Path

import msgspec
import pytest

from fedready import cli
from fedready import snapshot as sealing
from fedready.model import Run
from fedready.tell.again import run_of
from fedready.tell.findings import findings_json
from fedready.tell.folder import open_run_folder
from fedready.tell.readiness import readiness_html
from fedready.tell.reports import write_all
from tests import made_runs as made

REPORTS = ("action-plan.md", "findings.csv", "junit.xml", "readiness.html")


def hostile_as_sent() -> Run:
    """Without the lone surrogate: no wire brings one, and UTF-8 holds none."""
    text = msgspec.json.encode(msgspec.to_builtins(_mapped(made.hostile())))
    return msgspec.json.decode(text, type=Run)


def _mapped(run: Run) -> Run:
    def clean(value: object) -> object:
        if isinstance(value, str):
            return value.replace("\ud800", "\ufffd")
        if isinstance(value, dict):
            return {clean(key): clean(inner) for key, inner in value.items()}
        return [clean(inner) for inner in value] if isinstance(value, list | tuple) else value

    return msgspec.convert(clean(msgspec.to_builtins(run)), Run)


RUNS = {
    "ready": made.ready, "ready_with_waivers": made.ready_with_waivers, "not_ready": made.not_ready,
    "undetermined": made.undetermined, "many": lambda: made.many(300), "hostile": hostile_as_sent,
}  # fmt: skip


def written(name: str, folder: Path) -> Run:
    """A run's folder as an audit leaves it."""
    run = RUNS[name]()
    run = msgspec.structs.replace(run, snapshot=sealing.seal(run.snapshot))
    with open_run_folder(run.target.name, run.started, report_dir=folder) as into:
        into.write("snapshot.json", sealing.to_bytes(run.snapshot))
        write_all(run, into)
    return run


@pytest.mark.parametrize("name", RUNS)
def test_every_report_is_made_again_byte_for_byte(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(name, tmp_path / "run")
    assert cli.main(["report", str(tmp_path / "run"), "--out", str(tmp_path / "again")]) == 0
    assert sorted(p.name for p in (tmp_path / "again").iterdir()) == sorted(REPORTS)
    assert sorted(capsys.readouterr().out.split()) == sorted(str(tmp_path / "again" / name) for name in REPORTS)
    for report in REPORTS:
        assert (tmp_path / "again" / report).read_bytes() == (tmp_path / "run" / report).read_bytes(), report
    assert findings_json(run_of(tmp_path / "run")) == (tmp_path / "run" / "findings.json").read_bytes()


@pytest.mark.parametrize("name", ["not_ready", "undetermined", "many"])
def test_without_snapshot_json_only_the_raw_answers_are_missing(name: str, tmp_path: Path) -> None:
    written(name, tmp_path)
    whole = (tmp_path / "readiness.html").read_text(encoding="utf-8")
    (tmp_path / "snapshot.json").unlink()
    page = readiness_html(run_of(tmp_path)).decode("utf-8")
    assert "The answers themselves are only there." in page
    before, after = (text.partition('<section id="evidence"') for text in (whole, page))
    assert after[0] == before[0]
    assert "<pre>" not in after[2]
    assert "onprem: Get-CsHostingProvider" in after[2]


def test_in_place_and_by_its_findings_json(tmp_path: Path) -> None:
    written("not_ready", tmp_path)
    (tmp_path / "readiness.html").write_text("spoilt", encoding="utf-8")
    assert cli.main(["report", str(tmp_path / "findings.json")]) == 0
    assert "Not ready" in (tmp_path / "readiness.html").read_text(encoding="utf-8")


def test_latest_as_a_text_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written("ready", tmp_path / "reports" / "contoso" / "20260102T030405Z")
    (tmp_path / "reports" / "latest").write_text("contoso/20260102T030405Z\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["report"]) == 0


@pytest.mark.parametrize("starts", [True, False])
def test_a_browser_is_opened_when_asked(
    starts: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written("ready", tmp_path)
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda address: opened.append(address) or starts)
    assert cli.main(["report", str(tmp_path)]) == 0
    assert opened == []
    capsys.readouterr()
    assert cli.main(["report", str(tmp_path), "--open"]) == 0
    assert opened == [(tmp_path / "readiness.html").as_uri()]
    assert ("No browser could be started here." in capsys.readouterr().err) is not starts


def refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert cli.main(["report", str(folder)]) == 4
    said = capsys.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    return said.err


def test_what_is_no_run_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "holds no findings.json. Give the folder of a run" in refused(tmp_path, capsys)
    (tmp_path / "findings.json").write_text('{"schema_version": 1}', encoding="utf-8")
    assert "is not a run's findings" in refused(tmp_path, capsys)


def test_evidence_of_another_run_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written("not_ready", tmp_path)
    other = sealing.seal(msgspec.structs.replace(made.ready().snapshot, tool="another"))
    (tmp_path / "snapshot.json").write_bytes(sealing.to_bytes(other))
    assert "is not the evidence that" in refused(tmp_path, capsys)


def test_a_file_of_an_older_version_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written("not_ready", tmp_path)
    file = json.loads((tmp_path / "findings.json").read_text(encoding="utf-8"))
    for key in ("sections", "looked_at", "target_file", "notes", "asked"):
        del file[key]
    (tmp_path / "findings.json").write_text(json.dumps(file), encoding="utf-8")
    assert "Judge its evidence again: python -m pytest --snapshot" in refused(tmp_path, capsys)


def test_a_finding_of_a_control_that_is_not_described_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written("not_ready", tmp_path)
    file = json.loads((tmp_path / "findings.json").read_text(encoding="utf-8"))
    del file["controls"]["EDGE-02"]
    (tmp_path / "findings.json").write_text(json.dumps(file), encoding="utf-8")
    assert "says nothing of the control EDGE-02" in refused(tmp_path, capsys)
