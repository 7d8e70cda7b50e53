"""What the benchmarks count: shells, requests, round trips, packages, modules. No time is asserted anywhere."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench import a2, a3, g, made
from bench.__main__ import ROWS, main
from bench.asking import at_most, everything
from bench.findings import of_findings
from bench.rows import Pairs, Row, alone, keep
from bench.runs import ROOT
from fedready import snapshot as sealing
from fedready.model import Headline
from fedready.tell.readiness import readiness_html
from tests.judging import judge

WIRE = ("pypsrp", "spnego", "dns", "requests", "urllib3", "cryptography", "truststore")


def test_an_endpoint_has_one_shell_and_a_cmdlet_two_requests() -> None:
    found = a3.load(3)
    assert set(found) == {"onprem", "tenant"}
    for side, (shells, requests) in found.items():
        assert shells == 1, side
        assert requests == 2, side


def test_round_trips_on_the_critical_path() -> None:
    found, each = a2.count("basic", 12, at_most(12), quiet=0.4)
    assert found <= a2.MUST, each


def test_packages_of_an_audit() -> None:
    assert len(g.packages()) <= g.MUST


@pytest.mark.parametrize("words", ["--version", "controls", "explain HOST-04", "--help"])
def test_commands_without_a_network_import_no_wire_library(words: str) -> None:
    code = (
        "import sys; from fedready.cli import main\n"
        f"try: main({words.split()!r})\nexcept SystemExit: pass\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(done.stderr.split())
    assert "fedready" in loaded
    assert not loaded & {*WIRE, "pytest", "jinja2", "rich"}


def test_judging_a_snapshot_imports_no_wire_library(tmp_path: Path) -> None:
    file = made.write(tmp_path, 3)
    code = (
        "import sys, pytest\n"
        f"code = pytest.main(['-q', '--snapshot={file}', '--report-dir={tmp_path / 'out'}'])\n"
        "print(int(code), *sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    code_text, *loaded = done.stderr.splitlines()[-1].split()
    assert code_text == "0", done.stdout
    assert not set(loaded) & {"pypsrp", "spnego", "requests", "urllib3"}


# --------------------------------------------------------------------------- made-up estates


@pytest.mark.parametrize("count", [1, 10, 100])
def test_a_made_up_estate_is_healthy_and_the_same_each_time(count: int) -> None:
    one = made.snapshot(count)
    assert sealing.to_bytes(one) == sealing.to_bytes(made.snapshot(count))
    run = judge(one)
    assert run.headline is Headline.READY
    assert {f.subject for f in run.findings if f.control == "DNS-02"} == set(made.domains(count))


@pytest.mark.parametrize(
    ("kind", "headline"),
    [("1 % bad", Headline.NOT_READY), ("all bad", Headline.NOT_READY), ("all unknown", Headline.UNDETERMINED)],
)
def test_the_other_kinds_are_what_they_say(kind: made.Kind, headline: Headline) -> None:
    assert judge(made.snapshot(120, kind)).headline is headline


def test_no_reading_and_no_byte_of_the_report_grows_with_the_square_of_the_domains() -> None:
    sizes = {}
    for count in (150, 300):
        run = judge(made.snapshot(count, "all bad"))
        sizes[count] = sum(len(f.readings) for f in run.findings), len(readiness_html(run))
    assert sizes[300][0] < 2.1 * sizes[150][0]
    assert sizes[300][1] < 2.1 * sizes[150][1]


def test_as_many_findings_as_wanted() -> None:
    assert 3_000 <= len(of_findings(3_000).findings) < 3_400


# --------------------------------------------------------------------------- keeping figures


def test_the_newest_run_of_a_row_replaces_the_older(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    keep([Row("A1", "x", "1 s", "1 s", 1.0), Row("A1", "y", "1 s", "1 s", 1.0), Row("B1", "z", "", "", 2.0)], file)
    keep([Row("A1", "x", "3 s", "1 s", 3.0, 1.0, 2.0)], file)
    kept = json.loads(file.read_text(encoding="utf-8"))
    assert [(row["row"], row["ratio"]) for row in kept] == [("A1", 3.0), ("B1", 2.0)]
    assert set(kept[0]) == {"row", "measure", "ours", "other", "ratio", "target", "must", "spread", "at"}


def test_a_row_says_how_it_stands() -> None:
    pairs = Pairs((2.0, 2.2, 1.8), (1.0, 1.0, 1.0))
    assert pairs.row("A1", "x", "s", 2.0, 3.0).verdict == "on target"
    assert pairs.row("A1", "x", "s", 1.0, 3.0).verdict == "within must"
    assert pairs.row("A1", "x", "s", 1.0, 1.5).verdict == "BELOW MUST"
    assert "not measured" in str(Row("C1", "x", "", "dnsperf is not installed", None, 1.0, 2.0))


def test_the_spread_is_of_the_same_call() -> None:
    assert Pairs((2.0, 2.2, 1.8), (1.0, 2.0, 1.0)).row("A1", "x", "s", 2.0, 3.0).spread == "1.1 to 2"
    row = alone("E2", "x", [3.0, 1.0, 2.5], "MiB", 2.0, 3.0, digits=0)
    assert (row.ours, row.ratio, row.spread, row.verdict) == ("2 MiB", 2.5, "1 to 3", "within must")


def test_every_row_has_a_file_and_another_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ROWS:
        assert (ROOT / "bench" / f"{name.lower()}.py").is_file()
    assert main(["Z9"]) == 4
    assert "There is no row Z9" in capsys.readouterr().err


def test_twelve_cmdlets_an_endpoint_are_a_part_of_everything() -> None:
    assert set(at_most(12)) < set(everything())
