"""What is kept once for many subjects comes back as the finding of each."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import made
from fedready.ledger import SLOT, Ledger, alike
from fedready.model import Cause, Finding, Reading, Severity, Verdict
from fedready.tell.findings import findings_json
from fedready.tell.junit import junit_xml
from fedready.tell.shown import inert
from fedready.tell.spreadsheet import findings_csv
from tests.judging import judge

SUBJECTS = st.sampled_from(
    [
        "contoso.com",
        "a.contoso.com",
        "xn--bcher-kva.example",
        "x.y",
        "deployment",
        "Site:Redmond",
        "1.2",
        "e1.e2",
        SLOT,
        "\ud800.de",
    ]
)
TEXTS = st.lists(
    st.sampled_from(["contoso.com", "evilcontoso.com", "a.contoso.com", "x.y", SLOT, "{}", " and ", "\ud800", "1.2"])
)
WORDS = TEXTS.map("".join)
FINDINGS = st.builds(
    Finding,
    control=st.sampled_from(["DNS-02", "DNS-03"]),
    subject=SUBJECTS,
    verdict=st.sampled_from(Verdict),
    severity=st.sampled_from(Severity),
    observed=st.none()
    | st.integers()
    | WORDS
    | st.dictionaries(WORDS, WORDS, max_size=2)
    | st.lists(WORDS, max_size=2),
    readings=st.lists(st.builds(Reading, question=WORDS, path=WORDS, value=WORDS), max_size=2).map(tuple),
    message=WORDS,
    note=st.none() | WORDS,
    cause=st.none() | st.builds(Cause, kind=st.just("timeout"), text=WORDS),
    caused_by=st.sampled_from([(), ("DNS-01",)]),
)


def by_control(findings: list[Finding]) -> list[Finding]:
    order = list(dict.fromkeys(f.control for f in findings))
    return sorted(findings, key=lambda f: order.index(f.control))


@given(st.lists(FINDINGS, max_size=12))
def test_every_finding_comes_back(findings: list[Finding]) -> None:
    ledger = Ledger.of(findings)
    assert list(ledger) == by_control(findings)
    assert [ledger[place] for place in range(len(ledger))] == by_control(findings)
    assert sum(each.count for each in ledger.alike()) == len(findings)
    for each in ledger.alike():
        assert {f.verdict for f in each} == {each.standing.verdict}
        assert {f.waived for f in each} == {each.standing.waived}
        assert {f.is_root for f in each} == {each.standing.is_root}
        assert [f.subject for f in each] == each.subjects


@given(st.lists(FINDINGS, max_size=12))
def test_only_what_is_changed_changes(findings: list[Finding]) -> None:
    def marked(finding: Finding) -> Finding:
        return msgspec.structs.replace(finding, note="seen") if finding.subject == "x.y" else finding

    after = Ledger.of(findings).changed(marked, Verdict.FAIL, Verdict.UNKNOWN)
    wanted = [marked(f) if f.verdict in (Verdict.FAIL, Verdict.UNKNOWN) else f for f in by_control(findings)]
    assert list(after) == wanted


@given(st.lists(FINDINGS, max_size=12), st.sampled_from([6, 30, None]))
def test_what_is_rendered_once_is_what_is_rendered_each_time(findings: list[Finding], limit: int | None) -> None:
    """Where texts are cut, too: how much is left of one depends on how long the name is."""

    def render(finding: Finding) -> str:
        return f"{finding.subject}|{inert(finding.message, limit=limit)}|{inert(repr(finding.observed), limit=limit)}"

    for page in Ledger.of(findings).pages.values():
        assert list(page.told(render)) == list(page.told(render, one_by_one=True)) == [render(f) for f in page]


def test_findings_that_differ_in_the_name_alone_are_one_pattern() -> None:
    findings = [
        Finding(
            control="DNS-02",
            subject=f"d{n}.example",
            verdict=Verdict.PASS,
            severity=Severity.HIGH,
            observed=[f"sip.d{n}.example"],
        )
        for n in range(100)
    ]
    (each,) = alike(findings)
    assert each.count == 100
    assert each.pattern.observed == [f"sip.{SLOT}"]
    assert each.first == findings[0]


def test_the_number_of_patterns_does_not_grow_with_the_number_of_domains() -> None:
    few, many = (sum(1 for _ in alike(judge(made.snapshot(count)).findings)) for count in (200, 400))
    assert few == many


@pytest.mark.parametrize("kind", made.KINDS)
def test_writers_say_the_same_of_a_ledger_as_of_findings_one_by_one(
    kind: made.Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = judge(made.snapshot(30, kind))
    together = ["".join(junit_xml(run)), "".join(findings_csv(run)), findings_json(run).decode()]
    monkeypatch.setattr("fedready.ledger.Page._open", lambda *_: None)
    assert together == ["".join(junit_xml(run)), "".join(findings_csv(run)), findings_json(run).decode()]
