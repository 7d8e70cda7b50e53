"""`python -m lab` as a person or a Makefile runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAB = [sys.executable, "-m", "lab"]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*LAB, *words], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_line_when_ready_and_an_end_on_signals(number: signal.Signals) -> None:
    begun = time.monotonic()
    with subprocess.Popen(
        [*LAB, "--estate", "contoso"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        ready = json.loads(process.stdout.readline())
        assert time.monotonic() - begun < 5
        assert {"estate", "target", "waivers", "ca_file", "ports", "users", "environ"} <= set(ready)
        assert "HOST-06" in Path(ready["waivers"]).read_text(encoding="utf-8")
        assert set(ready["environ"]) == {
            f"FEDREADY_{side}_{what}" for side in ("ONPREM", "TENANT") for what in ("USER", "PASSWORD")
        }
        process.send_signal(number)
        rest, errors = process.communicate(timeout=5)
    assert (process.returncode, rest, errors) == (0, "", "")
    assert not Path(ready["target"]).parent.exists()


def test_command_gets_files_and_credentials_and_its_status_is_ours() -> None:
    program = (
        "import os,sys; print(open(sys.argv[1]).read().splitlines()[0]); print(open(sys.argv[2]).read().strip());"
        "print(os.environ['FEDREADY_ONPREM_USER'], 'NTLM_USER_FILE' in os.environ); sys.exit(7)"
    )
    done = run(
        "--estate", "fixtures/estates/healthy.yaml", "--", sys.executable, "-c", program, "{target}", "{waivers}"
    )
    assert done.stdout.splitlines() == ["name: healthy", "[]", r"CONTOSO\onprem-auditor False"]
    assert (done.returncode, done.stderr) == (7, "")


def test_sigterm_reaches_the_command() -> None:
    program = "import time; print('here', flush=True); time.sleep(60)"
    words = [*LAB, "--estate", "healthy", "--", sys.executable, "-c", program]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        process.terminate()
        assert process.wait(5) == 128 + signal.SIGTERM


def test_command_that_does_not_exist() -> None:
    done = run("--estate", "healthy", "--", "no-such-program")
    assert done.returncode == 127
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--estate", "nowhere"], "there is no such estate"),
        (["--estate", "nowhere.yaml"], "nowhere.yaml: there is no such file"),
        ([], "--estate"),
        (["--estate", "healthy", "--nonsense"], "--nonsense"),
        (["--estate", "healthy", "--"], "no command"),
    ],
)
def test_bad_usage_is_one_line_and_exit_4(words: list[str], said: str) -> None:
    done = run(*words)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (4, "", 1)
    assert said in done.stderr


def test_bad_estate_is_one_line_with_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "estate.yaml"
    file.write_text("extends: healthy\nfaults:\n  - {at: onprem, do: statuss}\n", encoding="utf-8")
    done = run("--estate", str(file))
    assert done.returncode == 4
    assert done.stderr == f"{file}:3: statuss is no fault knob. Correct it. Did you mean status?{os.linesep}"


def test_help_names_the_command() -> None:
    assert "--estate FILE" in run("--help").stdout
