"""Every shape in which a list of domains can arrive, and what is made of it. What cannot be told apart is never guessed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedready.model import Finding, Verdict
from fedready.views.domain_lists import allowed_domains, blocked_domains, one_domain
from tests.bites import Change, base, bitten
from tests.judging import judge

EDGE = "Microsoft.Rtc.Management.WritableConfig.Settings.Edge"
TENANT = "tenant: Get-CsTenantFederationConfiguration"
OPEN = {"#type": f"{EDGE}.AllowAllKnownDomains"}
LIST = f"{EDGE}.AllowList"
PATTERN = f"{EDGE}.DomainPattern"
GENERIC = "System.Collections.Generic.List`1[[Microsoft.Rtc.Management.WritableConfig.Settings.Edge.DomainPattern]]"
BOTH = frozenset({"contoso.com", "fabrikam.com"})

SHAPES: dict[str, tuple[Any, str, frozenset[str]]] = {
    # ---------------------------------------------------------------- everybody
    "the marker as text": ("AllowAllKnownDomains", "open", frozenset()),
    "the marker's full type as text": (f"{EDGE}.AllowAllKnownDomains", "open", frozenset()),
    "the marker as an object": (OPEN, "open", frozenset()),
    "the marker with its text": ({**OPEN, "#text": "AllowAllKnownDomains"}, "open", frozenset()),
    "the marker after a second hop": ({"#type": f"Deserialized.{EDGE}.AllowAllKnownDomains"}, "open", frozenset()),
    "the marker's text under another type": ({"#type": "System.Object", "#text": "AllowAllKnownDomains"}, "open", frozenset()),
    "the marker in a list": ([OPEN], "open", frozenset()),
    "the marker's text in a list": (["AllowAllKnownDomains"], "open", frozenset()),
    # ---------------------------------------------------------------- a list
    "a flat text": ("Domain=contoso.com,Domain=fabrikam.com", "list", BOTH),
    "a flat text with spaces": (" Domain=Fabrikam.com. , domain=CONTOSO.com ", "list", BOTH),
    "a flat text of one": ("Domain=contoso.com", "list", frozenset({"contoso.com"})),
    "a flat text without the wrapper": ("contoso.com fabrikam.com", "list", BOTH),
    "a list of texts": (["contoso.com", "fabrikam.com"], "list", BOTH),
    "a list of wrapped texts": (["Domain=contoso.com", "Domain=fabrikam.com", "Domain=contoso.com"], "list", BOTH),
    "a list of objects": ([{"#type": PATTERN, "Domain": "contoso.com"}, {"Domain": "fabrikam.com"}], "list", BOTH),
    "a list of objects without members": ([{"#type": PATTERN, "#text": "Domain=contoso.com"}, "fabrikam.com"], "list", BOTH),
    "an object with AllowedDomain": ({"#type": LIST, "AllowedDomain": [{"Domain": "contoso.com"}, "Domain=fabrikam.com"]}, "list", BOTH),
    "an object with AllowedDomain and no type": ({"AllowedDomain": ["contoso.com", "fabrikam.com"]}, "list", BOTH),
    "an object with one AllowedDomain": ({"AllowedDomain": {"Domain": "contoso.com"}}, "list", frozenset({"contoso.com"})),
    "an object with AllowedDomain as text": ({"AllowedDomain": "Domain=contoso.com,Domain=fabrikam.com"}, "list", BOTH),
    "an AllowList by its text": ({"#type": LIST, "#text": "Domain=contoso.com,Domain=fabrikam.com"}, "list", BOTH),
    "a single pattern": ({"#type": PATTERN, "Domain": "contoso.com"}, "list", frozenset({"contoso.com"})),
    "another alphabet": (["Domain=bücher.example", "xn--bcher-kva.example"], "list", frozenset({"xn--bcher-kva.example"})),
    # ---------------------------------------------------------------- nobody
    "an empty list": ([], "nobody", frozenset()),
    "an empty text": ("", "nobody", frozenset()),
    "an AllowList without an entry": ({"#type": LIST, "AllowedDomain": []}, "nobody", frozenset()),
    "an AllowList of nothing": ({"#type": LIST, "AllowedDomain": None}, "nobody", frozenset()),
    "an AllowList whose text is empty": ({"#type": LIST, "#text": ""}, "nobody", frozenset()),
    "no type, and an empty AllowedDomain": ({"AllowedDomain": []}, "nobody", frozenset()),
    # ---------------------------------------------------------------- cannot be told apart
    "an empty object": ({}, "unreadable", frozenset()),
    "an empty object of no telling type": ({"#type": "System.Management.Automation.PSCustomObject"}, "unreadable", frozenset()),
    "an AllowList whose entries did not arrive": ({"#type": LIST}, "unreadable", frozenset()),
    "an AllowList that is only its type": ({"#type": LIST, "#text": LIST}, "unreadable", frozenset()),
    "the type of a list as text": (LIST, "unreadable", frozenset()),
    "the type of a generic list as text": (GENERIC, "unreadable", frozenset()),
    "the marker with a list in it": ({**OPEN, "AllowedDomain": ["contoso.com"]}, "unreadable", frozenset()),
    "the marker beside a domain": (["AllowAllKnownDomains", "contoso.com"], "unreadable", frozenset()),
    "entries that are only types": ([PATTERN, PATTERN], "unreadable", frozenset()),
    "an entry that is null": (["contoso.com", None], "unreadable", frozenset()),
    "an entry without a domain": ([{"#type": PATTERN}], "unreadable", frozenset()),
    "a wildcard": (["*.contoso.com"], "unreadable", frozenset()),
    "a text cut short": ("Domain=contoso.com,Domain=fab...", "unreadable", frozenset()),
    "a text with a hole": ("Domain=contoso.com,,Domain=fabrikam.com", "unreadable", frozenset()),
    "raw XML": ("<LST><Obj/></LST>", "unreadable", frozenset()),
    "a word": ("open", "unreadable", frozenset()),
    "null": (None, "unreadable", frozenset()),
    "a truth value": (True, "unreadable", frozenset()),
    "a number": (0, "unreadable", frozenset()),
    "a list in a list": ([["contoso.com"]], "unreadable", frozenset()),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_the_four_readings_of_allowed_domains(shape: str) -> None:
    value, reading, domains = SHAPES[shape]
    found = allowed_domains(value)
    assert (found.reading, found.domains) == (reading, domains)
    assert bool(found.why) == (reading == "unreadable")


BLOCKED: dict[str, tuple[Any, str, frozenset[str]]] = {
    "an empty list": ([], "nobody", frozenset()),
    "null, as -BlockedDomains $null leaves it": (None, "nobody", frozenset()),
    "a list of texts": (["Domain=contoso.com", "fabrikam.com."], "list", BOTH),
    "a list of objects": ([{"#type": PATTERN, "Domain": "Contoso.com"}, {"Domain": "fabrikam.com"}], "list", BOTH),
    "a flat text": ("Domain=contoso.com,Domain=fabrikam.com", "list", BOTH),
    "a single pattern": ({"Domain": "contoso.com"}, "list", frozenset({"contoso.com"})),
    "an empty object": ({}, "unreadable", frozenset()),
    "a collection whose entries did not arrive": ({"#type": GENERIC}, "unreadable", frozenset()),
    "the type of a list as text": (GENERIC, "unreadable", frozenset()),
    "an empty text": ("", "unreadable", frozenset()),
    "everybody": ("AllowAllKnownDomains", "unreadable", frozenset()),
    "a truth value": (False, "unreadable", frozenset()),
}


@pytest.mark.parametrize("shape", BLOCKED)
def test_the_readings_of_blocked_domains(shape: str) -> None:
    value, reading, domains = BLOCKED[shape]
    found = blocked_domains(value)
    assert (found.reading, found.domains) == (reading, domains)


labels = st.from_regex(r"[a-z]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
names = st.builds("{}.{}".format, labels, st.sampled_from(["com", "example", "co.uk"]))
lists = st.lists(names, min_size=1, max_size=8)
spelt = st.sampled_from([str, str.upper, "{}.".format, "Domain={}".format, "domain={}".format])


@given(lists, st.data())
def test_every_shape_of_one_list_reads_the_same(domains: list[str], data: st.DataObject) -> None:
    texts = [data.draw(spelt)(name) for name in data.draw(st.permutations(domains))]
    shapes = [
        texts,
        ",".join(texts),
        " , ".join(texts),
        [{"Domain": text} for text in texts],
        {"#type": LIST, "AllowedDomain": [{"#type": PATTERN, "Domain": text} for text in texts]},
        {"AllowedDomain": texts},
        {"#type": LIST, "#text": ",".join(texts)},
    ]
    assert {(allowed_domains(s).reading, allowed_domains(s).domains) for s in shapes} == {("list", frozenset(domains))}
    assert {blocked_domains(s).domains for s in shapes[:4]} == {frozenset(domains)}


anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=30), names),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(["#type", "#text", "Domain", "AllowedDomain", "x"]), inner, max_size=4),
    ),
    max_leaves=10,
)


@given(anything)
def test_whatever_arrives_is_read_or_unreadable_and_only_the_marker_opens(value: Any) -> None:
    for read in (allowed_domains, blocked_domains):
        found = read(value)
        assert found.reading in ("open", "list", "nobody", "unreadable")
        assert bool(found.domains) == (found.reading == "list")
        if found.reading == "open":
            assert "allowallknowndomains" in repr(value).casefold()


@given(lists)
def test_one_spoilt_entry_spoils_the_list(domains: list[str]) -> None:
    for spoilt in (None, {}, {"spoilt": True}, 7, ["a.com"], "...", "<Obj/>"):
        assert allowed_domains([*domains, spoilt]).reading == "unreadable"
        assert blocked_domains([*domains, spoilt]).reading == "unreadable"


def test_one_domain() -> None:
    assert one_domain("Domain=Contoso.com") == one_domain({"Domain": "contoso.com."}) == "contoso.com"
    assert one_domain({}) is one_domain(None) is one_domain("contoso") is one_domain(PATTERN) is None


# --------------------------------------------------------------------------- what the checks make of it


def judged(control: str, *changes: tuple[str, Change], on: str = "healthy", **target: Any) -> list[Finding]:
    snapshot = base(on)
    snapshot = msgspec.structs.replace(snapshot, target=msgspec.structs.replace(snapshot.target, **target))
    run = judge(bitten(snapshot, list(changes)), only={control})
    return [f for f in run.findings if f.control == control]


@pytest.mark.parametrize("shape", SHAPES)
def test_ten_04_says_of_every_shape_what_it_is(shape: str) -> None:
    value, reading, _ = SHAPES[shape]
    (found,) = judged("TEN-04", (TENANT, Change(path="AllowedDomains", value=value)))
    wanted = {"open": Verdict.PASS, "list": Verdict.PASS, "nobody": Verdict.FAIL, "unreadable": Verdict.UNKNOWN}
    assert found.verdict is wanted[reading], found.message


def allowed(*domains: str) -> tuple[str, Change]:
    rows = [{"Identity": name, "Domain": name, "ProxyFqdn": None} for name in domains]
    return "onprem: Get-CsAllowedDomain", Change(value=rows)


def online(*domains: str) -> tuple[str, Change]:
    return TENANT, Change(path="AllowedDomains", value=[f"Domain={name}" for name in domains])


def test_lists_are_compared_whatever_their_order_case_and_alphabet() -> None:
    (found,) = judged(
        "XS-02", allowed("Adatum.COM.", "bücher.example"), online("xn--bcher-kva.example", "adatum.com"),
        on="closed-federation",
    )  # fmt: skip
    assert (found.verdict, found.note) == (Verdict.PASS, None)


def test_what_is_left_out_is_named_and_nothing_else_is_left_out() -> None:
    (found,) = judged("XS-02", allowed("a.example", "push.lync.com"), online("a.example", "live.com", "x.hotmail.com"),
                      on="closed-federation")  # fmt: skip
    assert found.verdict is Verdict.PASS
    assert found.note == "not compared: push.lync.com on-premises, live.com online, x.hotmail.com online"
    for onprem, tenant in (("live.com", "a.example"), ("a.example", "push.lync.com"), ("a.example", "olive.com")):
        (found,) = judged("XS-02", allowed("a.example", onprem), online("a.example", tenant), on="closed-federation")
        assert found.verdict is Verdict.FAIL, (onprem, tenant)


@given(st.sets(names, max_size=5), st.sets(names, max_size=5))
def test_any_difference_of_two_lists_is_told_from_both_sides(onprem: set[str], tenant: set[str]) -> None:
    (found,) = judged("XS-02", allowed(*sorted(onprem)), online(*sorted(tenant)), on="closed-federation")
    assert (found.verdict is Verdict.PASS) == (onprem == tenant)
    if onprem - tenant:
        assert f"missing online: {', '.join(sorted(onprem - tenant))}" in found.message
    if tenant - onprem:
        assert f"missing on-premises: {', '.join(sorted(tenant - onprem))}" in found.message


@pytest.mark.parametrize(
    ("model", "discovery", "domains", "verdict", "case"),
    [
        ("open", True, "AllowAllKnownDomains", "pass", None),
        ("open", True, ["a.com"], "fail", "open-onprem-closed-online"),
        ("open", True, [], "fail", "open-onprem-closed-online"),
        ("open", False, "AllowAllKnownDomains", "fail", "closed-onprem-open-online"),
        ("open", False, ["a.com"], "fail", "both-closed"),
        ("closed", False, ["a.com"], "pass", None),
        ("closed", True, ["a.com"], "fail", "open-onprem-closed-online"),
        ("closed", False, "AllowAllKnownDomains", "fail", "closed-onprem-open-online"),
        ("closed", True, "AllowAllKnownDomains", "fail", "both-open"),
        ("open", True, {}, "unknown", None),
        ("closed", False, {}, "unknown", None),
    ],
)
def test_both_sides_follow_the_model(model: str, discovery: bool, domains: Any, verdict: str, case: str | None) -> None:
    (found,) = judged(
        "XS-01",
        ("onprem: Get-CsAccessEdgeConfiguration", Change(path="EnablePartnerDiscovery", value=discovery)),
        (TENANT, Change(path="AllowedDomains", value=domains)),
        federation_model=model,
    )
    assert (found.verdict.value, found.case) == (verdict, case)


def test_lists_do_not_apply_in_open_federation_whatever_is_there() -> None:
    for changes in ((), (allowed("a.com"), online("b.com")), ((TENANT, Change(path="AllowedDomains", delete=True)),)):
        (found,) = judged("XS-02", *changes)
        assert found.verdict is Verdict.NA
        assert "federation_model" in found.message


def test_an_own_domain_below_a_blocked_one() -> None:
    blocked = (TENANT, Change(path="BlockedDomains", value=["Domain=wingtip.example"]))
    below = {"sip_domains": ("eu.wingtip.example", "notwingtip.example")}
    (first, second) = judged("TEN-05", blocked, **below)
    assert {first.verdict, second.verdict} == {Verdict.PASS}
    both = (blocked, (TENANT, Change(path="BlockAllSubdomains", value=True)))
    (first, second) = judged("TEN-05", *both, **below)
    assert (first.case, second.verdict) == ("parent-blocked", Verdict.PASS)


@pytest.mark.parametrize(
    ("row", "verdict", "said"),
    [
        ({"RoutingMethod": "UseDefaultRouting", "#type": f"{EDGE}.DisplayAccessEdgeSettingsDefaultRoute",
          "DefaultRouteFqdn": "edge.contoso.com", "IsPublicProvider": False}, "fail", "DefaultRouteFqdn edge.contoso.com"),
        ({"RoutingMethod": "UseDefaultRouting", "#type": "x"}, "fail", "the next hop is not shown"),
        ({"RoutingMethod": "UseDnsSrvRouting", "#type": f"{EDGE}.DisplayAccessEdgeSettingsDefaultRoute"}, "fail", "object"),
        ({"RoutingMethod": "UseDnsSrvRouting", "#type": "x", "DefaultRouteFqdn": "a.com"}, "pass", "without effect"),
        ({"RoutingMethod": "UseDnsSrvRouting"}, "unknown", "#type"),
    ],
)  # fmt: skip
def test_the_object_of_default_routing_is_another_one(row: dict[str, Any], verdict: str, said: str) -> None:
    (found,) = judged("EDGE-07", ("onprem: Get-CsAccessEdgeConfiguration", Change(value=[row])))
    assert found.verdict.value == verdict, found.message
    assert said in f"{found.message} {found.note}"


# --------------------------------------------------------------------------- the age of the last synchronisation


@pytest.mark.parametrize(
    ("last", "verdict", "said"),
    [
        ("2026-01-02T02:34:05Z", "pass", None),  # asked at 2026-01-02T03:04:05Z
        ("2026-01-02T00:04:05Z", "pass", None),
        ("2026-01-01T22:04:05Z", "pass", "5 hours before"),
        ("2026-01-01T02:04:05Z", "fail", "25 hours before"),
        (None, "fail", "never"),
        ("2026-01-02T03:34:05Z", "pass", None),
        ("2026-01-03T03:04:05Z", "unknown", "clocks disagree"),
        ("yesterday", "unknown", "no moment"),
        ("2026-01-02T02:34:05", "unknown", "no moment"),
        (7, "unknown", "no moment"),
    ],
)
def test_ages_count_from_when_it_was_asked(last: Any, verdict: str, said: str | None) -> None:
    (found,) = judged("TEN-09", ("tenant: Get-CsTenant", Change(path="LastSyncTimeStamp", value=last)))
    assert found.verdict.value == verdict
    assert (said or "") in (found.message or found.note or "")
    assert found.verdict is not Verdict.FAIL or found.is_advisory
