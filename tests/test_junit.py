"""junit.xml: what a build server makes of each verdict."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from fedready.model import Headline, Run
from fedready.tell.junit import junit_xml
from tests import made_runs as made


def suites(run: Run) -> ET.Element:
    return ET.fromstring("".join(junit_xml(run)).encode("utf-8"))


def case(root: ET.Element, control: str) -> ET.Element:
    (found,) = [c for c in root.iter("testcase") if c.attrib["name"].startswith(control)]
    return found


def outcome(root: ET.Element, control: str) -> list[str]:
    return [child.tag for child in case(root, control)]


def test_every_verdict_has_its_element() -> None:
    root = suites(made.not_ready())
    assert outcome(root, "EDGE-01") == []
    assert outcome(root, "EDGE-02") == ["failure"]
    assert outcome(root, "DNS-08") == ["error"]
    assert outcome(root, "HOST-06") == ["skipped"]
    assert outcome(root, "AUTO-01") == ["skipped"]
    assert outcome(root, "AUTO-05") == ["system-out"]


def test_unknown_says_its_cause_and_waived_says_who_answers() -> None:
    root = suites(made.not_ready())
    error = case(root, "DNS-08").find("error")
    assert error is not None
    assert (error.attrib["type"], error.attrib["message"]) == (
        "servfail",
        "dns@public answered SERVFAIL for webdir.online.lync.com",
    )
    skipped = case(root, "HOST-06").find("skipped")
    assert skipped is not None
    assert skipped.attrib["message"].startswith("waived until 2026-03-31 by Ada Lovelace: ")


def test_a_failure_holds_expected_observed_reading_and_fix() -> None:
    failure = case(suites(made.not_ready()), "EDGE-04").find("failure")
    assert failure is not None
    assert failure.attrib["message"] == "expected UseDnsSrvRouting, observed UseDefaultRouting"
    text = failure.text or ""
    assert "observed: UseDefaultRouting" in text
    assert "read: onprem: Get-CsAccessEdgeConfiguration > [0]" in text
    assert "fix: Set-CsAccessEdgeConfiguration" in text


def test_a_suite_per_section_and_totals_that_add_up() -> None:
    root = suites(made.not_ready())
    assert [s.attrib["name"] for s in root] == [s.title for s in made.SECTIONS]
    for suite in root:
        assert int(suite.attrib["tests"]) == len(suite.findall("testcase"))
        assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
        assert int(suite.attrib["errors"]) == len(suite.findall("testcase/error"))
        assert int(suite.attrib["skipped"]) == len(suite.findall("testcase/skipped"))
    for total in ("tests", "failures", "errors", "skipped"):
        assert int(root.attrib[total]) == sum(int(s.attrib[total]) for s in root)


def test_not_run_is_skipped_with_its_reason() -> None:
    skipped = case(suites(made.undetermined()), "EDGE-99").find("skipped")
    assert skipped is not None
    assert skipped.attrib["message"] == "not run: deselected by -k"


def test_a_note_on_a_pass_is_output() -> None:
    findings = made.change(made.healthy(), "HOST-01", note="The Identity is Office365.")
    root = suites(made.run(findings, Headline.READY))
    assert outcome(root, "HOST-01") == ["system-out"]


def test_hostile_text_leaves_well_formed_xml_without_what_xml_forbids() -> None:
    text = "".join(junit_xml(made.hostile()))
    root = ET.fromstring(text.encode("utf-8"))
    assert len(list(root.iter("testcase"))) == len(made.hostile().findings)
    assert text.replace("\n", "").isprintable()
    assert all(len(e.attrib.get("message", "")) < 3_000 for e in root.iter())


def test_it_is_written_as_it_goes() -> None:
    pieces = junit_xml(made.many(100))
    assert next(pieces).startswith("<?xml")
    assert sum(1 for _ in pieces) > 600
