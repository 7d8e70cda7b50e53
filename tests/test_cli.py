"""The console script: what it prints, and how it ends."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fedready import __version__, cli, index, manual
from fedready.catalogue import load_baseline

ROOT = Path(__file__).parent.parent


def test_controls_lists_every_control_once_in_the_order_of_the_article(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["controls"]) == 0
    ids = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    assert ids == list(load_baseline().controls)


def test_controls_as_json_are_the_whole_rows(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["controls", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["digest"] == load_baseline().digest
    assert [row["id"] for row in said["controls"]] == list(load_baseline().controls)
    assert all(row["why"] and row["source"] for row in said["controls"])


def test_explain_says_everything_about_a_control(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", "host-04"]) == 0
    said = capsys.readouterr().out
    for wanted in ("HOST-04", "EnabledSharedAddressSpace", "pre-hybrid", "Why", "Fix", "Rollback", "Verify", "Source"):
        assert wanted in said
    assert "{{" not in said


@pytest.mark.parametrize("control", list(load_baseline().controls))
def test_every_control_can_be_explained(control: str) -> None:
    said = manual.explained(load_baseline(), control)
    assert "{{" not in said
    assert len(said.splitlines()) > 10


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "COMMAND"),
        (["contrls"], "contrls"),
        (["explain"], "ID"),
        (["explain", "HOST-4"], "Did you mean HOST-04?"),
        (["controls", "--baseline", "nowhere"], "nowhere: there is no such file. Give the path"),
        (["controls", "--colour"], "--colour"),
        (["docs"], "--write"),
    ],
)
def test_a_wrong_command_ends_with_4_and_one_line(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code: object = cli.main(arguments)
    except SystemExit as ended:
        code = ended.code
    said = capsys.readouterr()
    assert code == 4
    assert says in said.err
    assert len(said.err.strip().splitlines()) == 1
    assert said.out == ""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fedready", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=30,
        check=False,
    )


def test_the_version_is_said() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout.strip()) == (0, f"fedready {__version__}")


def test_the_index_says_what_the_baseline_says() -> None:
    for arguments in (["controls"], ["controls", "--json"], ["explain", "TEN-02"]):
        quick = run(*arguments)
        slow = run(*arguments, "--baseline", "fixtures/baselines/hybrid-2026.11")
        assert (quick.returncode, quick.stdout) == (slow.returncode, slow.stdout)


def test_the_version_and_the_listing_load_no_wire() -> None:
    code = (
        "import sys\nfrom fedready import cli\ncli.main(['controls'])\n"
        "wires = {'pypsrp', 'requests', 'dns', 'pytest', 'rich', 'jinja2', 'socket'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(wires)) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=30, check=False
    )
    assert (done.returncode, done.stderr.strip()) == (0, "")


def test_a_changed_baseline_is_read_and_not_the_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(index.BASELINE, tmp_path / "baseline")
    monkeypatch.setattr(index.fingerprint, "__defaults__", (tmp_path / "baseline",))
    assert index.ready_made("controls") is not None
    with (tmp_path / "baseline" / "10_access_edge.yaml").open("a", encoding="utf-8") as file:
        file.write("# reviewed\n")
    assert index.ready_made("controls") is None


def test_a_broken_index_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "FILE", tmp_path / "index.json")
    for text in (None, "{", "[]", '{"fingerprint": 1}'):
        if text is not None:
            index.FILE.write_text(text, encoding="utf-8")
        assert index.ready_made("controls") is None
        assert cli.main(["controls"]) == 0
