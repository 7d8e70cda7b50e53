"""pytest.html as an audit leaves it, in a browser: every kind of row, links into readiness.html, nothing of ours in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from lab.world import World
from tests.judging import ROOT
from tests.running import Ended, audit

BUILD_SERVER = {"GITLAB_CI": "true", "GITLAB_USER_EMAIL": "nobody@example.com", "CI_PROJECT_DIR": "/srv/secret-place"}


@pytest.fixture(scope="module", params=["contoso", "drifted"])
def ended(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ended]:
    """contoso has waived fails and advisories, drifted fails and unknowns; what does not apply is in both."""
    with World(ROOT / "fixtures" / "estates" / f"{request.param}.yaml") as world:
        files = ["--target", world.target_file, "--waivers", world.waivers_file]
        folder = tmp_path_factory.mktemp(request.param)
        yield audit(*files, report_dir=folder, environ={**world.environ, **BUILD_SERVER})


@pytest.fixture
def page(browser: Any, ended: Ended) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto((ended.folder / "pytest.html").as_uri())
    expect(page.locator("#results-table .col-control").first).to_be_visible()
    yield page
    context.close()


def shown(page: Any) -> dict[str, tuple[str, str]]:
    """Control -> (pytest's word, our verdict) of every row."""
    rows = page.query_selector_all("tr.collapsible")
    cells = [[cell.inner_text() for cell in row.query_selector_all("td")] for row in rows]
    return {row[1].split()[0]: (row[0], row[3]) for row in cells}


def test_one_row_per_control_with_pytests_word_and_ours(page: Any, ended: Ended) -> None:
    found = shown(page)
    assert set(found) == {finding["control"] for finding in ended.findings["findings"]}
    words = {(word, re.split(r"[,\n]", verdict)[0].split(" ", 1)[-1].lower()) for word, verdict in found.values()}
    expected = {
        "contoso": {("XFailed", "waived"), ("Failed", "advisory"), ("Skipped", "applicable"), ("Passed", "pass")},
        "drifted": {("Failed", "fail"), ("Error", "unknown"), ("Skipped", "applicable"), ("Passed", "pass")},
    }
    assert expected[ended.findings["target"]] <= words
    assert page.complaints == []


def test_a_control_leads_into_readiness_html(page: Any, ended: Ended) -> None:
    page.click("a[href='readiness.html#HOST-06']")
    page.wait_for_url("**/readiness.html#HOST-06")
    expect(page.locator('details[data-control="HOST-06"] > summary')).to_be_focused()


def test_filters_of_pytest_html_work_on_our_rows(page: Any) -> None:
    page.uncheck("input[data-test-result='passed']")
    expect(page.locator("tbody.passed")).to_have_count(0)
    assert "Passed" not in {word for word, _ in shown(page).values()}
    assert shown(page)


def test_no_traceback_no_path_and_nothing_of_the_build_server(page: Any, ended: Ended) -> None:
    text = (ended.folder / "pytest.html").read_text(encoding="utf-8")
    for leak in ("Traceback", str(ROOT), *BUILD_SERVER.values()):
        assert leak == "true" or leak not in text, leak
    for key in ("GITLAB_USER_EMAIL", "CI_PROJECT_DIR"):
        row = page.locator("#environment tr", has_text=key)
        assert set(row.locator("td").last.inner_text().strip()) == {"▓"}
    page.get_by_text("Show all details").click()
    logs = "\n".join(e.inner_text() for e in page.query_selector_all(".log"))
    assert ".py" not in logs


def test_it_can_be_read(page: Any) -> None:
    colours = page.evaluate(
        "[...document.querySelectorAll('#results-table td, #environment td')].map(e => getComputedStyle(e).color)"
    )
    assert not {"rgb(153, 153, 153)", "rgb(255, 165, 0)", "rgb(255, 0, 0)"} & set(colours)
