"""From checks to findings, causes, waivers and the headline."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedready.causes import attribute
from fedready.check import advise, bind, fail, note
from fedready.desk import Desk
from fedready.inquiry import Known
from fedready.judge import EXIT_CODES, command, count, headline, judge, worst
from fedready.model import Cause, Finding, Headline, Severity, Unseen, Verdict, Waiver
from fedready.waiving import waive
from fedready.words import Expectation
from tests.bites import base
from tests.judging import baseline

VALUE = Expectation(kind="value", value=True)
REPORT = Expectation(kind="report", value=True, reason="not yet")


def desk(control: str = "HOST-03") -> Desk:
    kept = base("healthy")
    known = Known(kept.target, baseline().clouds, kept.entries)
    return Desk(known, baseline().controls[control], "hybrid", "worldwide", True, lambda id_: True)


def finding(control: str = "HOST-03", verdict: str = "pass", severity: str = "high", **more: Any) -> Finding:
    return Finding(control=control, verdict=Verdict(verdict), severity=Severity(severity), **more)


# --------------------------------------------------------------------------- one check


def test_a_check_that_returns_passes() -> None:
    assert judge(desk(), "deployment", VALUE, lambda: None).verdict is Verdict.PASS


def test_a_note_is_said_of_a_pass() -> None:
    assert judge(desk(), "deployment", VALUE, lambda: note("by the way")).note == "by the way"


def test_a_bare_assertion_fails_with_a_sentence_of_ours() -> None:
    def check() -> None:
        at.saw("onprem: Get-CsHostingProvider", "[0].Enabled", False)
        assert False is True

    at = desk()
    found = judge(at, "deployment", VALUE, check)
    assert (found.verdict, found.message) == (Verdict.FAIL, "Enabled is False, expected True")
    assert found.observed is False
    assert found.fix
    assert found.verify


def test_a_case_brings_its_own_severity_and_words() -> None:
    found = judge(desk("AUTO-01"), "deployment", VALUE, lambda: fail("it broke", case="tcp"))
    case = baseline().controls["AUTO-01"].cases["tcp"]
    assert (found.case, found.severity, found.symptom) == ("tcp", case.severity, case.symptom)


def test_a_case_that_the_baseline_has_not_is_our_bug() -> None:
    found = judge(desk(), "deployment", VALUE, lambda: fail("it broke", case="nonsense"))
    assert found.verdict is Verdict.ERROR


def test_an_advisory_is_a_fail_of_severity_low() -> None:
    found = judge(desk(), "deployment", VALUE, lambda: advise("hm"))
    assert (found.verdict, found.severity, found.is_advisory) == (Verdict.FAIL, Severity.LOW, True)


def test_what_cannot_be_seen_is_unknown() -> None:
    def check() -> None:
        raise Unseen(
            "no answer", question="onprem: Get-CsHostingProvider", cause=Cause(kind="timeout", text="too slow")
        )

    found = judge(desk(), "deployment", VALUE, check)
    assert (found.verdict, found.unanswered) == (Verdict.UNKNOWN, "onprem: Get-CsHostingProvider")
    assert found.cause == Cause(kind="timeout", text="too slow")
    assert found.observed is None


@pytest.mark.parametrize("bug", [KeyError("x"), AttributeError("x"), RecursionError("x"), TypeError("x")])
def test_a_check_that_breaks_is_a_finding_of_its_own(bug: Exception) -> None:
    def check() -> None:
        raise bug

    found = judge(desk(), "deployment", VALUE, check)
    assert found.verdict is Verdict.ERROR
    assert type(bug).__name__ in found.message


def test_where_a_control_only_reports_a_fail_is_evidence() -> None:
    found = judge(desk(), "deployment", REPORT, lambda: fail("it is off"))
    assert (found.verdict, found.severity) == (Verdict.PASS, Severity.INFO)
    assert found.note == "only reported in this phase (not yet): it is off"


def test_what_was_seen_for_one_subject_is_not_said_of_the_next() -> None:
    at = desk()
    judge(at, "one", VALUE, lambda: (at.saw("q", "p", 1), note("n")))
    found = judge(at, "two", VALUE, lambda: None)
    assert (found.readings, found.note, found.subject) == ((), None, "two")


def test_a_hostile_value_cannot_end_the_command_it_stands_in() -> None:
    def check() -> None:
        bind(identity="x'; Remove-CsUser -Identity 'y")
        at.saw("q", "p", "’; Remove-Item C:\\")
        fail("no")

    at = desk("HOST-06")
    found = judge(at, "deployment", VALUE, check)
    assert "'x''; Remove-CsUser -Identity ''y'" in found.fix
    assert "'’’; Remove-Item C:\\'" in found.rollback


def test_a_placeholder_without_a_value_is_a_word_to_fill_in() -> None:
    assert command("Set-X -Identity {{identity}}", {}) == "Set-X -Identity <identity>"


# --------------------------------------------------------------------------- causes

CONTROLS = baseline().controls


def caused(*findings: Finding) -> dict[str, tuple[str, ...]]:
    return {f.control: f.caused_by for f in attribute(findings, CONTROLS)}


def test_a_fail_is_explained_by_a_fail_only() -> None:
    assert caused(finding("EDGE-04", "fail"), finding("EDGE-03", "fail"))["EDGE-03"] == ("EDGE-04",)
    assert caused(finding("EDGE-04", "unknown"), finding("EDGE-03", "fail"))["EDGE-03"] == ()
    assert caused(finding("EDGE-04", "pass"), finding("EDGE-03", "fail"))["EDGE-03"] == ()


def test_an_unknown_follows_its_side_s_session() -> None:
    cause = Cause(kind="unreachable", text="nobody there")
    lost = {"verdict": "unknown", "cause": cause}
    said = caused(
        finding("SESS-01", **lost, unanswered="tenant: Get-CsTenant"),
        finding("TEN-01", **lost, unanswered="tenant: Get-CsTenantFederationConfiguration"),
        finding("HOST-03", **lost, unanswered="onprem: Get-CsHostingProvider"),
    )
    assert said == {"SESS-01": (), "TEN-01": ("SESS-01",), "HOST-03": ()}
    wanted = {**lost, "unanswered": "tenant: Get-CsTenant"}
    assert caused(finding("TEN-09", **wanted), finding("SESS-01", **wanted)) == {"TEN-09": ("SESS-01",), "SESS-01": ()}


def test_of_those_that_wanted_the_same_answer_the_first_is_the_root() -> None:
    lost = {
        "verdict": "unknown",
        "cause": Cause(kind="denied", text="no"),
        "unanswered": "onprem: Get-CsAccessEdgeConfiguration",
    }
    assert caused(*(finding(c, **lost) for c in ("EDGE-04", "EDGE-02", "EDGE-01"))) == {
        "EDGE-04": ("EDGE-01",),
        "EDGE-02": ("EDGE-01",),
        "EDGE-01": (),
    }


def test_what_is_about_the_deployment_follows_any_subject() -> None:
    one = finding("DNS-02", "fail", subject="contoso.com")
    other = finding("DNS-02", "pass", subject="fabrikam.com")
    assert caused(one, other, finding("XS-07", "fail"))["XS-07"] == ("DNS-02",)
    assert caused(other, finding("XS-07", "fail"))["XS-07"] == ()


def test_a_case_may_say_which_other_fails_it_explains() -> None:
    half = finding("XS-07", "fail", case="half-way")
    assert caused(half, finding("TEN-01", "fail")) == {"XS-07": (), "TEN-01": ("XS-07",)}
    assert caused(half, finding("DNS-02", "fail", case="points-to-cloud"))["DNS-02"] == ("XS-07",)
    assert caused(half, finding("DNS-02", "fail", case="wrong-port"))["DNS-02"] == ()
    assert caused(finding("XS-07", "fail", case="not-shared"), finding("TEN-01", "fail"))["TEN-01"] == ()


def test_whatever_a_case_explains_is_a_control_with_that_case() -> None:
    for control in CONTROLS.values():
        for case in control.cases.values():
            for other, cases in case.explains.items():
                assert case.stands_alone or control.id not in CONTROLS[other].follows, (control.id, other)
                assert set(cases) <= set(CONTROLS[other].cases), (control.id, other)


def test_a_control_that_did_not_run_explains_nothing() -> None:
    assert caused(finding("HOST-03", "unknown", caused_by=("HOST-01",)))["HOST-03"] == ()


ids = st.sampled_from(sorted(CONTROLS))
findings = st.lists(
    st.builds(
        finding,
        ids,
        st.sampled_from(["pass", "fail", "unknown", "n/a", "error"]),
        st.sampled_from([s.value for s in Severity]),
        subject=st.sampled_from(["deployment", "contoso.com"]),
        unanswered=st.sampled_from([None, "onprem: Get-CsHostingProvider", "tenant: Get-CsTenant"]),
        cause=st.sampled_from([None, Cause(kind="timeout", text="t")]),
    ),
    max_size=25,
    unique_by=lambda f: (f.control, f.subject),
)


GREEN = (Verdict.PASS, Verdict.NA)


@given(findings)
def test_every_trail_of_causes_ends_at_a_root(found: list[Finding]) -> None:
    said = attribute(found, CONTROLS)
    by_key = {(f.control, f.subject): f for f in said}
    bad = [f for f in said if f.verdict in (Verdict.FAIL, Verdict.UNKNOWN)]
    assert not bad or any(f.is_root for f in said)
    for f in bad:
        seen: set[str] = set()
        while f.caused_by:
            assert f.control not in seen, f"{f.control} explains itself"
            seen.add(f.control)
            parent = by_key.get((f.caused_by[0], f.subject)) or by_key.get((f.caused_by[0], "deployment"))
            if parent is None:  # what is about the deployment is about every subject
                assert f.subject == "deployment"
                parent = next(p for p in said if p.control == f.caused_by[0] and p.verdict not in GREEN)
            f = parent


# --------------------------------------------------------------------------- waivers

TODAY = dt.date(2026, 11, 23)


def waiver(control: str = "HOST-03", subject: str = "all", expires: str = "2027-01-01", **more: Any) -> Waiver:
    return Waiver(control=control, subject=subject, reason="r", owner="o", expires=expires, **more)


def test_a_waiver_holds_for_its_control_subject_value_and_time() -> None:
    failing = finding("HOST-03", "fail", observed=False)
    assert waive([failing], [waiver()], TODAY).findings[0].waived
    assert waive([failing], [waiver(accepts=False)], TODAY).findings[0].waived
    for other in (
        waiver(accepts=0),
        waiver(accepts=True),
        waiver(accepts=None),
        waiver("HOST-04"),
        waiver(subject="contoso.com"),
        waiver(expires="2026-11-22"),
    ):
        assert not waive([failing], [other], TODAY).findings[0].waived


def test_unused_and_expired_waivers_are_told() -> None:
    said = waive([finding("HOST-03", "pass")], [waiver(), waiver(expires="2020-01-01")], TODAY)
    assert (len(said.unused), len(said.expired)) == (1, 1)


@pytest.mark.parametrize("verdict", ["pass", "unknown", "error", "n/a"])
def test_a_waiver_never_hides_anything_but_a_fail(verdict: str) -> None:
    assert waive([finding("HOST-03", verdict)], [waiver()], TODAY).findings[0].waiver is None


def test_what_is_laid_to_waived_fails_only_is_waived_with_them() -> None:
    six, nine = finding("HOST-06", "fail"), finding("HOST-09", "fail", caused_by=("HOST-06",))
    three = finding("HOST-03", "fail")
    both = msgspec.structs.replace(nine, caused_by=("HOST-06", "HOST-03"))
    assert waive([six, nine], [waiver("HOST-06")], TODAY).findings[1].waived
    assert not waive([six, three, both], [waiver("HOST-06")], TODAY).findings[2].waived


# --------------------------------------------------------------------------- headline


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([], Headline.READY),
        ([finding(verdict="pass"), finding(verdict="n/a")], Headline.READY),
        ([finding(verdict="fail", severity="low")], Headline.READY),
        ([finding(verdict="unknown", severity="low")], Headline.READY),
        ([finding(verdict="fail", severity="medium", waiver=waiver())], Headline.READY_WITH_WAIVERS),
        ([finding(verdict="unknown", severity="medium")], Headline.UNDETERMINED),
        ([finding(verdict="error", severity="high")], Headline.UNDETERMINED),
        ([finding(verdict="unknown"), finding(verdict="fail", severity="medium")], Headline.NOT_READY),
        ([finding(verdict="fail", waiver=waiver()), finding(verdict="unknown")], Headline.UNDETERMINED),
    ],
)
def test_the_headline(found: list[Finding], said: Headline) -> None:
    assert headline(found) is said
    assert EXIT_CODES[said] == {"READY": 0, "READY WITH WAIVERS": 0, "NOT READY": 1, "UNDETERMINED": 10}[said.value]


@given(findings)
def test_counts_add_up(found: list[Finding]) -> None:
    counts = count(found, 3)
    assert counts.passed + counts.fail + counts.unknown + counts.na + counts.error == len(found)
    assert counts.roots <= counts.fail + counts.unknown + counts.error
    assert counts.not_run == 3


@given(findings.filter(bool))
def test_the_finding_that_stands_for_a_control_is_never_better_than_another(found: list[Finding]) -> None:
    stands = worst(found)
    if stands.verdict is Verdict.PASS:
        assert {f.verdict for f in found} <= {Verdict.PASS, Verdict.NA}
