"""findings.csv: a row per finding that a spreadsheet reads as text."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedready.model import Run
from fedready.tell import spreadsheet
from fedready.tell.spreadsheet import COLUMNS, findings_csv
from tests import made_runs as made


def rows(run: Run) -> list[dict[str, str]]:
    text = "".join(findings_csv(run))
    assert text.startswith("\ufeffcontrol,title,")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True))


@pytest.mark.parametrize("name", ["ready", "ready_with_waivers", "not_ready", "undetermined", "hostile"])
def test_a_row_for_each_finding_and_each_control_that_was_not_run(name: str) -> None:
    run = getattr(made, name)()
    found = rows(run)
    assert [row["control"] for row in found] == [f.control for f in run.findings] + [n.control for n in run.not_run]
    assert all(set(row) == set(COLUMNS) for row in found)


def test_what_a_row_says() -> None:
    found = {row["control"]: row for row in rows(made.not_ready())}
    assert (found["EDGE-04"]["expected"], found["EDGE-04"]["observed"]) == ("UseDnsSrvRouting", "UseDefaultRouting")
    assert found["EDGE-04"]["fix"].startswith("Set-CsAccessEdgeConfiguration")
    assert found["EDGE-01"]["fix"] == ""
    assert found["EDGE-03"]["caused by"] == "EDGE-04"
    assert (found["HOST-06"]["verdict"], found["HOST-06"]["waived until"]) == ("waived", "2026-03-31")
    assert found["DNS-08"]["message"] == "dns@public answered SERVFAIL for webdir.online.lync.com"
    assert found["DNS-02"]["fix"].count("\n") == 1


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\uff1d1", '=HYPERLINK("x","y")']
)
def test_a_cell_that_would_be_computed_is_text(text: str) -> None:
    (cell,) = next(csv.reader([spreadsheet._cell(text)]))
    assert cell.lstrip()[0] in "'⟨"


@given(st.text(max_size=200))
def test_every_cell_reads_back_in_one_piece_and_computes_nothing(text: str) -> None:
    line = ",".join([spreadsheet._cell(text), "next"])
    (cells,) = csv.reader(io.StringIO(line, newline=""), strict=True)
    assert len(cells) == 2
    assert not cells[0].lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert cells[0].replace("\n", "").isprintable()


def test_no_cell_is_longer_than_a_spreadsheet_takes() -> None:
    assert all(len(cell) < 32_767 for row in rows(made.hostile()) for cell in row.values())


def test_lines_end_as_the_standard_says() -> None:
    text = "".join(findings_csv(made.ready()))
    assert text.count("\r\n") == 1 + len(made.ready().findings)
    assert text.endswith("\r\n")
