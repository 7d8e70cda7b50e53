"""readiness.html as text: what stands where, how it folds, how plan and first screen choose, and that nothing acts."""

from __future__ import annotations

import html
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedready.model import Cause, Finding, Headline, Run, Severity, Verdict
from fedready.tell import instructions, scene, summary
from fedready.tell.groups import folded
from fedready.tell.plan import action_plan
from fedready.tell.readiness import prose, readiness_html
from fedready.tell.shown import inert, shown, storable
from fedready.tell.summary import State
from tests import made_runs as made


def page(run: Run) -> str:
    return readiness_html(run).decode("utf-8")


def words(markup: str) -> str:
    """The text of some markup, on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup)).split())


def part(markup: str, name: str) -> str:
    """The text of the section with this id."""
    start = markup.index(f'id="{name}"')
    end = markup.find('<section id="', start)
    return words("<" + markup[start : end if end > 0 else markup.index("<footer")])


# --------------------------------------------------------------------------- shown


@given(st.text())
def test_inert_text_is_printable_and_says_every_other_character(text: str) -> None:
    assert inert(text).isprintable()
    assert all(f"U+{ord(c):04X}" in inert(text) for c in text if not c.isprintable())


@given(st.text(alphabet=st.characters(categories=["L", "N", "P"])))
def test_printable_text_stays_what_it_is(text: str) -> None:
    assert inert(text) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "True"),
        (False, "False"),
        (None, "null"),
        (12, "12"),
        ("UseDnsSrvRouting", "UseDnsSrvRouting"),
        ("", '""'),
        (" ", "⟨U+0020⟩"),
        ("contoso.com ", "contoso.com⟨U+0020⟩"),
        ("     x", "⟨5 × U+0020⟩x"),
        (["True", True], '["True", True]'),
        ({"Name": "a\u202eb"}, '{Name: "a⟨U+202E⟩b"}'),
        ('quote"d', 'quote"d'),
        (['quote"d'], '["quote\\"d"]'),
        ([], "[]"),
    ],
)
def test_a_value_is_shown_so_that_no_two_kinds_look_alike(value: object, text: str) -> None:
    assert shown(value) == text


def test_a_long_value_is_cut_and_says_so() -> None:
    assert shown("x" * 50_000, 100) == "x" * 100 + "⟨… 49,900 more characters⟩"
    assert len(shown([{"a": "y" * 50_000}] * 1_000, 100)) < 200


def test_a_deep_value_does_not_recurse_for_ever() -> None:
    deep: list[object] = []
    for _ in range(10_000):
        deep = [deep]
    assert shown(deep).startswith("[[[")
    assert "…" in shown(deep)


def test_storable_keeps_everything_but_lone_surrogates() -> None:
    assert storable({"a\ud800": ["\udfff", "ü", 1, None]}) == {"a⟨U+D800⟩": ["⟨U+DFFF⟩", "ü", 1, None]}


def test_backticks_become_code_and_an_odd_one_stays() -> None:
    assert prose("use `<Set>` now") == "use <code>&lt;Set&gt;</code> now"
    assert prose("one ` only <b>") == "one ` only &lt;b&gt;"


# --------------------------------------------------------------------------- first screen


def test_the_same_run_gives_the_same_bytes() -> None:
    assert readiness_html(made.not_ready()) == readiness_html(made.not_ready())


def test_the_first_screen_names_headline_phase_domains_tenant_and_what_was_sent() -> None:
    text = part(page(made.not_ready()), "summary")
    for needed in (
        "Not ready",
        "phase hybrid",
        "contoso.com, fabrikam.com",
        "tenant Contoso (11111111-2222-3333-4444-555555555555)",
        "No earlier run to compare.",
        "8 reads, 0 writes",
        "sha256:" + "4f1c9ae2" * 8,
        "CONTOSO\\auditor",
        "pool.contoso.com",
        "1 in use , the next ends 2026-03-31",
        "Sign-off",
    ):
        assert needed in text


def test_blockers_are_roots_by_severity_and_at_most_five() -> None:
    run = made.not_ready()
    assert [b.control.id for b in summary.blockers(run)] == [
        "EDGE-02",
        "EDGE-04",
        "HOST-02",
        "TEN-01",
        "HOST-08",
        "DNS-02",
    ]
    text = part(page(run), "summary")
    assert "and 1 more in the table" in text
    assert "DNS-02 The federation SRV" not in text
    assert "UseDefaultRouting instead of UseDnsSrvRouting" in text


def test_a_waived_root_leaves_its_dependant_as_the_blocker() -> None:
    findings = made.fail(made.healthy(), "EDGE-04", "UseDefaultRouting", waiver=made.WAIVER)
    findings = made.fail(findings, "EDGE-03", None, caused_by=("EDGE-04",))
    run = made.run(findings, Headline.NOT_READY)
    assert [b.control.id for b in summary.blockers(run)] == ["EDGE-03"]


def test_a_chain_of_causes_has_one_blocker() -> None:
    findings = made.fail(made.healthy(), "HOST-01", 0)
    findings = made.fail(findings, "HOST-02", None, caused_by=("HOST-01",))
    findings = made.fail(findings, "HOST-03", None, caused_by=("HOST-02",))
    assert [b.control.id for b in summary.failing(made.run(findings, Headline.NOT_READY))] == ["HOST-01"]


def test_undetermined_names_the_root_that_could_not_be_seen_and_groups_what_follows() -> None:
    run = made.undetermined()
    assert [b.control.id for b in summary.blockers(run)] == ["SESS-01"]
    (spot,) = summary.blind_spots(run)
    assert (spot.count, spot.root) == (3, "SESS-01")
    text = part(page(run), "summary")
    assert "Assessed 17 of 21 checks. 3 could not be looked at" in text
    assert "partial: 17 of 19 controls" in text
    assert "tenant not seen" in text
    assert "Nothing that was seen blocks." in text


def test_a_timeout_of_many_domains_is_one_cause() -> None:
    spots = summary.blind_spots(made.many(1_000))
    assert [(spot.root, spot.count) for spot in spots] == [("DNS-02", 5)]


def test_unknowns_caused_by_a_fail_stand_under_that_fail() -> None:
    findings = made.fail(made.healthy(), "AUTO-01", "refused", message="the connection was refused")
    findings = made.blind(findings, "AUTO-05", "absent", "no answer", caused_by=("AUTO-01",))
    (spot,) = summary.blind_spots(made.run(findings, Headline.NOT_READY))
    assert (spot.root, spot.reason) == ("AUTO-01", "the connection was refused")


def test_not_from_here_is_counted_on_the_first_screen_and_is_no_pass() -> None:
    cover = summary.coverage(made.not_ready())
    assert (cover.assessed, cover.applicable, cover.blind, cover.not_from_here, cover.not_applicable) == (
        18,
        20,
        1,
        1,
        0,
    )
    assert "1 not from here" in part(page(made.not_ready()), "summary")


def test_grey_is_not_green() -> None:
    states = {p.name: p for p in scene.places(made.undetermined())}
    assert states["Tenant"].state is State.UNKNOWN
    assert states["On-premises"].state is State.PASS
    blank = [f for f in made.healthy() if not f.control.startswith("AUTO")]
    places = {p.name: p for p in scene.places(made.run(blank, Headline.READY))}
    assert (places["Autodiscover"].state, places["Autodiscover"].words) == (State.NA, "not looked at")


def test_ready_says_that_nothing_blocks_and_has_no_plan() -> None:
    text = page(made.ready())
    assert "Nothing blocks, nothing is waived, nothing is advised." in words(text)
    assert 'id="plan"' not in text


def test_expired_and_unneeded_waivers_are_on_the_first_screen() -> None:
    run = msgspec.structs.replace(made.ready(), expired_waivers=(made.WAIVER,), unused_waivers=(made.WAIVER,))
    text = part(page(run), "summary")
    assert "1 expired and no longer counts: HOST-06 (2026-03-31)" in text
    assert "1 no longer needed: HOST-06" in text


def test_a_write_raises_alarm() -> None:
    run = made.ready()
    assert 'class="alarm"' not in page(run)
    assert 'class="alarm"' in page(msgspec.structs.replace(run, reads=msgspec.structs.replace(run.reads, writes=1)))


# --------------------------------------------------------------------------- folding


def test_the_table_keeps_the_articles_order() -> None:
    ids = re.findall(r'data-control="([A-Z]+-\d+)" data-group', page(made.ready()))
    assert ids == [c.id for s in made.SECTIONS for c in s.controls]


def test_every_domain_of_concern_is_named_and_passing_ones_are_folded() -> None:
    run = made.many(1_000)
    text = page(run)
    folds = {f.control.id: f for f in folded(run)}["DNS-02"]
    assert [(g.state, g.count) for g in folds.groups] == [(State.FAIL, 10), (State.UNKNOWN, 5), (State.PASS, 985)]
    assert folds.groups[0].observed == "NXDOMAIN"
    assert folds.groups[2].observed == "0 0 5061 sip.{domain}"
    for finding in run.findings:
        if finding.verdict is not Verdict.PASS:
            assert finding.subject in text


def test_a_thousand_different_fails_are_all_there_in_one_line_each() -> None:
    control = made.BASELINE.controls["DNS-02"]
    findings = [f for f in made.healthy() if f.control != "DNS-02"]
    for number, domain in enumerate(made.domains(1_000)):
        one = made.passing(control, domain)
        findings.append(
            msgspec.structs.replace(one, verdict=Verdict.FAIL, observed=f"10 0 5061 other-{number}.example.net")
        )
    text = page(made.run(findings, Headline.NOT_READY, 1_000))
    assert all(f"other-{number}.example.net" in text for number in range(1_000))
    assert len(text) < 600_000


def test_six_thousand_findings_stay_small() -> None:
    run = made.many(1_000)
    text = page(run)
    assert len(run.findings) > 6_000
    assert len(text.encode()) < 400_000
    assert text.count("<") < 12_000


def test_not_run_controls_are_listed_with_their_reason() -> None:
    assert "EDGE-99 Something wider deselected by -k Not run" in words(page(made.undetermined()))


def test_what_was_asked_of_whom_and_when_is_in_the_report() -> None:
    text = part(page(made.undetermined()), "evidence")
    assert "onprem: Get-CsHostingProvider answered in 41 ms" in text
    assert "2026-01-02T03:04:06Z at https://pool.contoso.com/OcsPowershell as CONTOSO\\auditor , live" in text
    assert "tenant: Get-CsTenant no answer" in text


def test_placeholders_of_the_catalogue_do_not_reach_the_reader() -> None:
    control = msgspec.structs.replace(
        made.BASELINE.controls["EDGE-01"], symptom="The domain {{subject}} fails.", why="{{ phase }}"
    )
    section = msgspec.structs.replace(made.SECTIONS[0], controls=(control,))
    run = made.run([made.passing(control)], Headline.READY)
    text = page(msgspec.structs.replace(run, baseline=msgspec.structs.replace(made.BASELINE, sections=(section,))))
    assert "{{" not in text
    assert "The domain &lt;subject&gt; fails." in text


# --------------------------------------------------------------------------- action plan


def steps(run: Run) -> list[tuple[str, ...]]:
    return [s.turns for s in action_plan(run).steps]


def test_the_plan_goes_from_the_edge_to_the_tenant_and_says_what_follows() -> None:
    plan = action_plan(made.not_ready())
    assert [s.turns for s in plan.steps] == [
        ("EDGE-04",), ("EDGE-02",), ("HOST-02",), ("HOST-08",), ("DNS-02",), ("TEN-01",), ("AUTO-05",),
    ]  # fmt: skip
    assert [s.number for s in plan.steps] == list(range(1, 8))
    assert plan.steps[0].follows == ("EDGE-03",)
    assert [owner for owner, _ in plan.by_owner] == [
        "On-premises administrator", "DNS administrator", "Tenant administrator", "Network administrator",
    ]  # fmt: skip


def test_switching_off_begins_with_dns_and_ends_with_the_provider() -> None:
    run = msgspec.structs.replace(made.not_ready(), phase="hybrid-disabled")
    order = [turns[0].partition("-")[0] for turns in steps(run)][:-1]  # the advisory is last in any case
    assert order == ["DNS", "TEN", "HOST", "HOST", "EDGE", "EDGE"]
    assert "Do not begin while users are still homed on-premises." in words(page(run))


def test_a_waived_fail_is_no_step() -> None:
    assert ("HOST-06",) not in steps(made.ready_with_waivers())


def test_one_command_that_answers_two_controls_is_one_step() -> None:
    fix = "Set-CsAccessEdgeConfiguration -UseDnsSrvRouting -EnablePartnerDiscovery $true"
    findings = made.fail(made.healthy(), "EDGE-03", False, fix=fix)
    findings = made.fail(findings, "EDGE-04", "UseDefaultRouting", fix=fix)
    assert steps(made.run(findings, Headline.NOT_READY)) == [("EDGE-04", "EDGE-03")]


def test_a_record_per_domain_is_in_one_step_under_one_sentence() -> None:
    (step,) = [s for s in action_plan(made.not_ready()).steps if s.turns == ("DNS-02",)]
    assert list(instructions.blocks(step.fix)) == [
        (False, "Add to the zone:"),
        (
            True,
            "_sipfederationtls._tcp.contoso.com. 3600 IN SRV 0 0 5061 sip.contoso.com.\n"
            "_sipfederationtls._tcp.fabrikam.com. 3600 IN SRV 0 0 5061 sip.fabrikam.com.",
        ),
    ]


@pytest.mark.parametrize(
    ("line", "copied"),
    [
        ("Set-CsHostingProvider -Identity 'x' -Enabled $true", True),
        ("(Get-CsAccessEdgeConfiguration).AllowOutsideUsers   # expected True", True),
        ("Get-CsHostingProvider | Format-List *", True),
        ("$list = New-Object Collections.Generic.List[String]", True),
        ("_sip._tls.contoso.com. 3600 IN SRV 0 0 443 sip.contoso.com.", True),
        ("# Nothing to change in your zones.", False),
        ("Delete the new record.", False),
        ("Re-enable the rule.", False),
    ],
)
def test_what_is_to_be_copied_is_told_from_words(line: str, copied: bool) -> None:
    assert list(instructions.blocks(line)) == [(copied, line.removeprefix("# "))]


# --------------------------------------------------------------------------- hostile


def test_hostile_values_are_text_and_nothing_else() -> None:
    text = page(made.hostile())
    assert text.count("<script>") == 1
    assert text.count("</script>") == 1
    assert "<img" not in text
    assert not re.search(r'(?:href|src)="(?!#)', text)
    assert text.replace("\n", "").isprintable()
    assert "⟨U+202E⟩" in text
    assert "⟨U+D800⟩" in text
    assert "x" * 10_000 not in text


def test_the_page_loads_nothing() -> None:
    for run in (made.not_ready(), made.hostile()):
        text = page(run)
        assert not re.search(r"<(?:link|img|iframe|object|embed|audio|video|base|form action)", text)
        assert "@import" not in text
        assert "url(" not in text
        assert "default-src 'none'" in text


def test_an_interrupted_run_without_evidence_still_has_a_report() -> None:
    run = made.ready()
    bare = msgspec.structs.replace(
        run, findings=(), ended="", headline=Headline.UNDETERMINED,
        snapshot=msgspec.structs.replace(run.snapshot, entries={}, digest=""), qualifiers=("interrupted",),
    )  # fmt: skip
    text = words(page(bare))
    assert "SIP domains not seen" in text
    assert "nothing answered" in text
    assert "not sealed" in text


def test_a_finding_without_words_still_says_something() -> None:
    finding = Finding(control="EDGE-01", verdict=Verdict.UNKNOWN, severity=Severity.HIGH)
    assert summary.reason_of(finding) == "no reason was given"
    with_cause = msgspec.structs.replace(finding, cause=Cause(kind="timeout", text="no answer in 5 s"))
    assert summary.reason_of(with_cause) == "no answer in 5 s"


def test_what_slowed_the_asking_is_in_the_evidence() -> None:
    run = made.ready()
    noted = msgspec.structs.replace(run.snapshot, notes=("asking waited 3 s for the <pool>",))
    text = part(page(msgspec.structs.replace(run, snapshot=noted)), "evidence")
    assert "Notes: 1 asking waited 3 s for the <pool>" in text
