"""Two texts mean the same thing, or they do not: the rules of the catalogue, with their edges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedready.compare import domain_set, in_domain, same_domains, same_fqdn, same_url
from tests.judging import baseline

CLOUDS = baseline().clouds
SUFFIXES = [cloud.suffix for cloud in CLOUDS.values()]
EXPECTED = CLOUDS["worldwide"].autodiscover

names = st.from_regex(r"[a-z][a-z0-9]{0,8}(\.[a-z][a-z0-9]{1,8}){1,2}", fullmatch=True)


@given(names)
def test_case_and_final_dot_do_not_matter(name: str) -> None:
    assert same_fqdn(name, name.upper() + ".")


@given(names, names)
def test_same_fqdn_is_symmetric(one: str, other: str) -> None:
    assert same_fqdn(one, other) == same_fqdn(other, one) == (one == other)


@pytest.mark.parametrize("value", [None, "", "   "])
def test_nothing_is_no_host(value: object) -> None:
    assert not same_fqdn(value, value)


@given(names, names)
def test_in_domain_holds_at_label_boundaries_only(name: str, domain: str) -> None:
    assert in_domain(domain, domain)
    assert in_domain(f"{name}.{domain}", domain)
    assert not in_domain(f"evil{domain}", domain)
    assert not in_domain(domain, f"{name}.{domain}")


def test_nothing_is_in_no_domain() -> None:
    assert not in_domain("contoso.com", "")
    assert not in_domain("", "contoso.com")


@given(st.lists(names))
def test_same_domains_ignores_order_wrapper_and_case(domains: list[str]) -> None:
    assert same_domains(domains, [f"Domain={d.upper()}." for d in reversed(domains)])


def test_similar_domains_are_not_the_same() -> None:
    assert not same_domains(["olivetree.com"], ["live.com"])
    assert domain_set(["Bücher.example"]) == {"xn--bcher-kva.example"}


@pytest.mark.parametrize(
    "url",
    [EXPECTED, EXPECTED + "/", EXPECTED.upper().replace("HTTPS", "https"), EXPECTED.replace("webdir.", "WebDir.")],
)
def test_the_documented_url_in_any_spelling(url: str) -> None:
    compared = same_url(url, EXPECTED, SUFFIXES)
    assert (compared.same, compared.note) == (True, None)


def test_a_forest_host_passes_with_a_note() -> None:
    compared = same_url(EXPECTED.replace("webdir.", "webdir2e."), EXPECTED, SUFFIXES)
    assert compared.same
    assert compared.note is not None


@pytest.mark.parametrize(
    ("url", "case"),
    [
        (None, "empty"),
        ("", "empty"),
        (EXPECTED.replace("https:", "http:"), "http"),
        (EXPECTED.replace("Autodiscover", "Autodisccover"), "double-c"),
        (CLOUDS["china"].autodiscover, "other-cloud"),
        (EXPECTED.replace("webdir", "sipdir"), "other"),
        (EXPECTED.replace("webdir.online.lync.com", "webdir.online.lync.com.evil.example"), "other"),
        (EXPECTED.replace("https://", "https://user:pass@"), "other"),
        (EXPECTED + "?x=1", "other"),
        (EXPECTED.replace(".com/", ".com:8443/"), "other"),
        ("https://[", "other"),
        (12, "other"),
        ("webdir.online.lync.com", "other"),
    ],
)
def test_each_way_to_be_wrong_has_its_case(url: object, case: str) -> None:
    compared = same_url(url, EXPECTED, SUFFIXES)
    assert (compared.same, compared.case) == (False, case)
    assert compared.text
    assert case in baseline().controls["HOST-08"].cases


@given(st.text())
def test_no_text_breaks_it(url: str) -> None:
    same_url(url, EXPECTED, SUFFIXES)
