"""readiness.html in a browser: with and without script, on paper and on a phone, by keyboard, and under attack."""

from __future__ import annotations

import functools
import re
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests import made_runs as made

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
RUNS = ("ready", "ready_with_waivers", "not_ready", "undetermined", "hostile")


@functools.cache
def axe_source() -> str:
    """axe-core, as the package for Playwright brings it along."""
    return resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def violations(page: Any) -> list[str]:
    """What axe finds, every rule on, best practices too."""
    page.evaluate(axe_source())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations', 'incomplete']})")
    return [
        f"{v['id']}: {node['target']} {node['failureSummary']}" for v in found["violations"] for node in v["nodes"]
    ]  # fmt: skip


def visible(page: Any, selector: str) -> list[str]:
    return [e.inner_text() for e in page.query_selector_all(selector) if e.is_visible()]


def rows(page: Any) -> list[str]:
    """The ids of the rows that the table shows, in order."""
    return [
        e.get_attribute("data-control")
        for e in page.query_selector_all("table.findings tr[data-control]")
        if e.is_visible()
    ]


# --------------------------------------------------------------------------- complete without a script


@pytest.mark.parametrize("name", RUNS)
def test_axe_finds_nothing_in_either_scheme(opens: Any, name: str) -> None:
    for scheme in ("light", "dark"):
        page = opens(getattr(made, name)(), color_scheme=scheme)
        page.click("#expand")
        assert violations(page) == []


def test_axe_finds_nothing_on_a_phone_and_without_script(opens: Any) -> None:
    assert violations(opens(made.not_ready(), width=320)) == []
    page = opens(made.not_ready(), policy=POLICY)
    assert violations(page) == []


def test_without_a_script_everything_is_there_and_no_control_is_dead(opens: Any) -> None:
    page = opens(made.not_ready(), java_script_enabled=False)
    assert not page.locator("#filters").is_visible()
    assert page.locator("button:visible").count() == 0
    text = page.inner_text("main")
    for needed in ("Not ready", "Blockers", "Action plan", "AlwaysVerifiable", "Every control, in the article's order"):
        assert needed in text
    page.locator('details[data-control="EDGE-01"] > summary').click()
    assert page.locator('details[data-control="EDGE-01"] .readings').is_visible()


def test_a_link_opens_a_closed_control_without_a_script(opens: Any) -> None:
    page = opens(made.not_ready(), java_script_enabled=False)
    page.click('table.findings a[href="#EDGE-01"]')
    assert page.locator('details[data-control="EDGE-01"] .about').is_visible()


def test_under_the_strictest_policy_it_looks_the_same_and_the_script_stays_silent(opens: Any) -> None:
    page = opens(made.not_ready(), policy=POLICY)
    assert not page.locator("#filters").is_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).fontSize") == "40px"
    assert page.evaluate("document.querySelectorAll('.strip svg.icon').length") == 4
    assert page.evaluate("getComputedStyle(document.querySelector('.strip .icon')).color") == "rgb(177, 38, 29)"
    assert page.requested == ["https://report.invalid/readiness.html"]


@pytest.mark.parametrize("name", RUNS)
def test_the_page_asks_for_nothing_but_itself(opens: Any, name: str) -> None:
    page = opens(getattr(made, name)())
    page.click("#expand")
    assert len(page.requested) == 1
    assert page.complaints == []


# --------------------------------------------------------------------------- first screen, paper, small screens


@pytest.mark.parametrize("name", ["ready", "ready_with_waivers", "not_ready", "undetermined"])
def test_the_first_screen_holds_it_all(opens: Any, name: str) -> None:
    page = opens(getattr(made, name)())
    for selector in ("h1", ".strip", ".blockers", "#coverage", "#since", "#waivers", ".facts .digest"):
        box = page.locator(selector).first.bounding_box()
        assert box["y"] + box["height"] <= 720, selector
    assert not page.locator(".signoff").is_visible()


def test_every_state_has_a_shape_and_a_word_of_its_own(opens: Any) -> None:
    page = opens(made.not_ready())
    for badge in page.query_selector_all(".badge"):
        assert badge.text_content().strip()
        assert badge.query_selector("use").get_attribute("href").startswith("#i-")
    for place in page.query_selector_all(".strip li"):
        assert place.query_selector(".words").text_content().strip()
    shapes = page.evaluate("[...document.querySelectorAll('symbol')].map(s => s.innerHTML)")
    assert len(set(shapes)) == len(shapes) == 8


def test_unknown_is_grey_and_not_the_colour_of_pass(opens: Any) -> None:
    page = opens(made.undetermined())
    colours = page.evaluate("[...document.querySelectorAll('.strip .icon')].map(e => getComputedStyle(e).color)")
    names = page.evaluate("[...document.querySelectorAll('.strip strong')].map(e => e.textContent)")
    assert dict(zip(names, colours, strict=True)) == {
        "On-premises": "rgb(28, 107, 67)", "DNS": "rgb(28, 107, 67)", "Tenant": "rgb(87, 93, 105)",
        "Autodiscover": "rgb(28, 107, 67)",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["not_ready", "undetermined", "ready"])
def test_page_one_on_paper_holds_headline_blockers_and_sign_off(opens: Any, tmp_path: Path, name: str) -> None:
    page = opens(getattr(made, name)(), color_scheme="dark")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 687, "height": 1_000})  # 182 mm between the margins of @page, at 96 px an inch
    box = page.locator(".signoff").bounding_box()
    assert box["y"] + box["height"] < 1_020  # 270 mm
    first = page.inner_text(".first")
    for needed in ("Sign-off", "Name", "Role", "Decision", "Date", "Coverage", "0 writes", "sha256:"):
        assert needed in first
    assert page.evaluate("getComputedStyle(document.querySelector('.first')).breakAfter") == "page"
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator("nav").is_visible()


@pytest.mark.parametrize("name", ["not_ready", "undetermined", "ready", "many"])
def test_page_one_of_the_pdf_reads_as_it_should(opens: Any, pdf_text: Any, name: str) -> None:
    page = opens(made.many(1_000) if name == "many" else getattr(made, name)())
    pdf = page.pdf(prefer_css_page_size=True)
    first, second = " ".join(pdf_text(pdf, 1).split()), " ".join(pdf_text(pdf, 2).split())
    headline = {"ready": "Ready", "undetermined": "Undetermined"}.get(name, "Not ready")
    for needed in (
        headline,
        "On-premises",
        "Coverage",
        "Assessed",
        "0 writes",
        "sha256:",
        "Since the last run",
        "Waivers",
    ):
        assert needed in first
    for needed in ("Sign-off", "Name", "Role", "Date", "Decision", "go with conditions", "Signature"):
        assert needed in first
        assert needed not in second or needed in ("Name", "Date", "Role")
    assert re.search(r"1 ?/ ?\d+$", first)
    assert "Every control, in the article's order" in second


def test_the_sections_at_a_glance_count_controls_and_lead_to_their_rows(opens: Any) -> None:
    page = opens(made.not_ready())
    cells = [e.inner_text().split() for e in page.query_selector_all(".overview tbody tr:nth-child(2) td")]
    heads = [e.inner_text() for e in page.query_selector_all(".overview thead th")]
    assert dict(zip(heads[1:], cells, strict=True)) == {
        "Fail": ["3"], "Unknown": [], "Waived": ["1"], "Advisory": [], "Pass": ["1"], "Not applicable": [],
    }  # fmt: skip
    page.get_by_role("button", name="Severity").click()
    page.click(".overview tbody tr:nth-child(2) a")
    expect(page.locator("tbody[data-section='Hosting provider'] tr.section")).to_be_in_viewport()
    assert page.locator("th[aria-sort]").count() == 0


def test_each_answer_says_of_whom_and_when(opens: Any) -> None:
    page = opens(made.not_ready())
    text = page.locator("#EDGE-02 .readings .whom").first.inner_text()
    assert text == "pool.contoso.com, 2026-01-02T03:04:06Z as CONTOSO\\auditor"


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("script", [True, False])
def test_320_pixels_need_no_sideways_scrolling(opens: Any, name: str, script: bool) -> None:
    page = opens(getattr(made, name)(), width=320, java_script_enabled=script)
    if script:
        page.click("#expand")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_400_per_cent_zoom_of_a_desktop_needs_no_sideways_scrolling(opens: Any) -> None:
    page = opens(made.not_ready(), width=320, height=180, device_scale_factor=4)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.evaluate("document.querySelector('h1').getBoundingClientRect().right") <= 320


def test_reduced_motion_is_respected(opens: Any) -> None:
    def behaviour(motion: str) -> str:
        page = opens(made.ready(), reduced_motion=motion)
        value: str = page.evaluate("getComputedStyle(document.querySelector('summary'), '::before').transitionDuration")
        return value

    assert (behaviour("reduce"), behaviour("no-preference")) == ("0s", "0.12s")


# --------------------------------------------------------------------------- the script


def test_filters_narrow_table_and_controls_and_say_how_many(opens: Any) -> None:
    page = opens(made.not_ready())
    total = len(rows(page))
    page.select_option("#f-state", "unknown")
    assert rows(page) == ["DNS-08"]
    assert page.inner_text("#shown") == f"1 of {total} rows"
    assert visible(page, "details.control .title") == ["The Autodiscover host resolves"]
    assert visible(page, ".chapter h3") == ["Federation DNS"]
    page.click("button[type=reset]")
    expect(page.locator("#shown")).to_have_text(f"{total} rows")
    page.select_option("#f-severity", "low")
    assert rows(page) == ["AUTO-05"]
    page.select_option("#f-severity", "")
    page.select_option("#f-section", "Hosting provider")
    assert rows(page) == ["HOST-01", "HOST-02", "HOST-03", "HOST-06", "HOST-08"]
    page.fill("#f-text", "alwaysverifiable")
    assert rows(page) == ["HOST-06"]
    page.fill("#f-text", "there is no such thing")
    assert rows(page) == []
    assert page.inner_text("#shown") == f"0 of {total} rows"


def test_a_subject_is_found_in_a_folded_list(opens: Any) -> None:
    page = opens(made.many(300))
    page.fill("#f-subject", "d0123.example.com")
    assert set(rows(page)) == {"EDGE-01", "DNS-01", "DNS-02", "DNS-08", "AUTO-01", "AUTO-05"}
    page.fill("#f-subject", "d0099.example.com")
    page.select_option("#f-state", "fail")
    assert rows(page) == ["DNS-02"]


def test_sorting_by_severity_and_verdict_and_back_to_the_article(opens: Any) -> None:
    page = opens(made.not_ready())
    article = rows(page)
    verdict = page.get_by_role("button", name="Verdict")
    verdict.click()
    states = [e.get_attribute("data-state") for e in page.query_selector_all("tr[data-control]") if e.is_visible()]
    assert states == sorted(states, key=["fail", "unknown", "waived", "advisory", "pass", "n/a"].index)
    assert page.locator("th[aria-sort]").get_attribute("aria-sort") == "ascending"
    page.get_by_role("button", name="Severity").click()
    assert page.locator("th[aria-sort]").count() == 1
    assert rows(page)[-1] == "AUTO-05"
    for _ in range(2):
        page.get_by_role("button", name="Severity").click()
    assert rows(page) == article
    assert page.locator("th[aria-sort]").count() == 0


def test_a_deep_link_opens_its_control(opens: Any) -> None:
    page = opens(made.ready(), fragment="#HOST-06")
    expect(page.locator('details[data-control="HOST-06"] > summary')).to_be_focused()
    assert page.locator('details[data-control="HOST-06"]').evaluate("e => e.open")
    assert not page.locator('details[data-control="HOST-08"]').evaluate("e => e.open")
    expect(page.locator('details[data-control="HOST-06"] > summary')).to_be_in_viewport()


def test_a_deep_link_to_a_filtered_control_brings_it_back(opens: Any) -> None:
    page = opens(made.not_ready())
    page.select_option("#f-state", "unknown")
    page.evaluate("location.hash = '#HOST-01'")
    expect(page.locator('details[data-control="HOST-01"]')).to_be_visible()


@pytest.mark.parametrize("fragment", ["#nothing", "#%", "#%22onload=", "#f-text"])
def test_a_strange_fragment_does_no_harm(opens: Any, fragment: str) -> None:
    page = opens(made.ready(), fragment=fragment)
    assert page.locator("#filters").is_visible()
    assert page.complaints == []


def test_keys_search_and_walk_and_can_be_switched_off(opens: Any) -> None:
    page = opens(made.ready())
    focused = "document.activeElement.closest('details')?.dataset.control || document.activeElement.id"
    page.keyboard.press("/")
    assert page.evaluate(focused) == "f-text"
    assert page.input_value("#f-text") == ""
    page.keyboard.type("jk/")
    assert page.input_value("#f-text") == "jk/"
    page.keyboard.press("Escape")
    expect(page.locator("#f-text")).to_have_value("")
    page.evaluate("document.activeElement.blur()")
    for key, control in (("j", "EDGE-01"), ("j", "EDGE-02"), ("k", "EDGE-01"), ("k", "EDGE-01")):
        page.keyboard.press(key)
        assert page.evaluate(focused) == control
    page.keyboard.press("Enter")
    assert page.locator('details[data-control="EDGE-01"]').evaluate("e => e.open")
    page.uncheck("#keys")
    page.keyboard.press("/")
    assert page.evaluate(focused) == "keys"


def test_a_walk_by_tab_begins_with_the_skip_link_and_is_visible_all_the_way(opens: Any) -> None:
    page = opens(made.not_ready())
    seen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                """() => { const e = document.activeElement, s = getComputedStyle(e), b = e.getBoundingClientRect();
                return [e.textContent.trim().slice(0, 30), s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2,
                        b.width > 0 && b.bottom > 0 && b.top < innerHeight]; }"""
            )
        )
        page.wait_for_timeout(0)
    assert [s[0] for s in seen[:3]] == ["Skip to the summary", "Summary", "Table"]
    assert [s for s in seen if not s[1]] == []


def test_copying_a_command(opens: Any) -> None:
    page = opens(made.not_ready(), permissions=["clipboard-read", "clipboard-write"])
    page.locator("#plan .copy").first.click()
    expect(page.locator("#plan .copy").first).not_to_have_text("Copy")
    if page.locator("#plan .copy").first.inner_text() == "Copied":
        copied = page.evaluate("navigator.clipboard.readText()")
    else:
        copied = page.evaluate("getSelection().toString()")
    assert copied == "Set-CsAccessEdgeConfiguration -UseDnsSrvRouting -EnablePartnerDiscovery $true"


def test_expanding_everything_and_back(opens: Any) -> None:
    page = opens(made.ready())
    count = "[...document.querySelectorAll('#controls details.control')].filter(d => d.open).length"
    assert page.evaluate(count) == 0
    page.click("#expand")
    assert page.evaluate(count) == len(made.BASELINE.controls)
    page.click("#expand")
    assert page.evaluate(count) == 0


# --------------------------------------------------------------------------- hostile and large


def test_hostile_values_do_nothing_and_cannot_reorder_the_page(opens: Any) -> None:
    page = opens(made.hostile())
    page.click("#expand")
    page.fill("#f-text", "</script><script>alert(4)</script>")
    assert page.complaints == []
    assert len(page.requested) == 1
    assert page.evaluate("document.scripts.length") == 1
    assert page.evaluate("document.images.length") == 0
    links = page.evaluate("[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))")
    assert all(link.startswith("#") for link in links)
    handlers = (
        "[...document.querySelectorAll('*')].flatMap(e => [...e.attributes]).filter(a => /^on/.test(a.name)).length"
    )
    assert page.evaluate(handlers) == 0
    text = page.evaluate("document.body.textContent")
    assert not re.search("[\x00-\x08\x0e-\x1f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)


def test_right_to_left_values_leave_the_words_around_them_in_place(opens: Any) -> None:
    page = opens(made.hostile())
    assert page.evaluate("[...document.querySelectorAll('.value')].every(e => e.tagName === 'BDI')")
    assert page.evaluate(
        "[...document.querySelectorAll('bdi')].every(e => getComputedStyle(e).unicodeBidi === 'isolate')"
    )


def test_six_thousand_findings_stay_small_and_searchable(opens: Any) -> None:
    page = opens(made.many(1_000))
    assert page.evaluate("document.querySelectorAll('*').length") < 6_000
    assert len(page.query_selector_all("tr[data-control]")) < 60
    assert page.evaluate("document.documentElement.outerHTML.length") < 400_000
    page.fill("#f-text", "d0999.example.com")
    assert "DNS-02" in rows(page)
    assert page.complaints == []
