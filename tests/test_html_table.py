"""pytest.html: our columns, escaped, linked into readiness.html."""

from __future__ import annotations

import re
from types import SimpleNamespace

from fedready.tell import html_table
from tests import made_runs as made


def report(control: str, run: str = "not_ready") -> SimpleNamespace:
    findings = tuple(f for f in getattr(made, run)().findings if f.control == control)
    return SimpleNamespace(
        nodeid="checks/x.py::y", fedready_control=made.BASELINE.controls[control], fedready_findings=findings
    )


def cells(control: str, run: str = "not_ready") -> list[str]:
    row = ["<td>Failed</td>", "<td>node</td>", "<td>1 ms</td>", "<td></td>"]
    html_table.row(report(control, run), row)
    return row


def words(cell: str) -> str:
    return re.sub(r"<[^>]+>", "", cell)


def test_header_and_row_have_the_same_columns() -> None:
    head = ["<th>Result</th>", "<th>Test</th>", "<th>Duration</th>", "<th>Links</th>"]
    html_table.header(head)
    assert len(head) == len(cells("EDGE-04")) == 7
    assert head[0] == "<th>Result</th>"


def test_a_row_links_to_the_control_and_shows_both_values() -> None:
    row = "".join(cells("EDGE-04"))
    assert 'href="readiness.html#EDGE-04"' in row
    assert [words(cell) for cell in cells("EDGE-04")[4:6]] == ["UseDnsSrvRouting", "UseDefaultRouting"]
    assert "Fail, critical" in row


def test_a_row_that_could_not_be_judged_says_why() -> None:
    assert words(cells("DNS-08")[5]) == "dns@public answered SERVFAIL for webdir.online.lync.com"


def test_a_row_over_many_subjects_counts_and_names_the_worst_first() -> None:
    row = cells("DNS-02", "ready")
    assert "contoso.com<br>fabrikam.com" in row[2]
    assert "2 pass" in row[3]


def test_what_is_waived_says_who_answers_for_it() -> None:
    data = ["<p>log</p>"]
    html_table.details(report("HOST-06"), data)
    assert words(cells("HOST-06")[3]) == "Waived, high"
    assert "waived until 2026-03-31 by Ada Lovelace" in data[0]


def test_hostile_cells_are_text() -> None:
    for control in made.BASELINE.controls:
        row = "".join(cells(control, "hostile"))
        data = ["<p>Traceback (most recent call last)</p>"]
        html_table.details(report(control, "hostile"), data)
        for text in (row, data[0]):
            assert "<script" not in text
            assert "<img" not in text
            assert text.isprintable()
        assert "Traceback" not in data[0]


def test_a_report_that_is_no_checks_is_fitted_to_the_columns() -> None:
    row = ["<td>Passed</td>", "<td>a</td>", "<td>b</td>", "<td>c</td>"]
    html_table.row(SimpleNamespace(nodeid="tests/<b>"), row)
    assert len(row) == 7
    assert "tests/&lt;b&gt;" in row[1]
    data = ["kept"]
    html_table.details(SimpleNamespace(), data)
    assert data == ["kept"]
