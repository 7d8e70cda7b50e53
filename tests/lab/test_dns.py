"""The resolvers of an estate, asked by dnspython."""

from __future__ import annotations

import time
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from lab.dns import BadZone, Resolver, read_zones
from lab.faults import Faults
from lab.log import Asked, Log
from lab.world import World

SRV = "_sipfederationtls._tcp.contoso.com"


def texts(response: Any) -> list[str]:
    return [item.to_text() for rrset in response.answer for item in rrset]


def test_records_of_every_kind(world: World, dig: Any) -> None:
    assert texts(dig(world, SRV, "SRV")) == ["0 0 5061 sip.contoso.com."]
    assert texts(dig(world, "sip.contoso.com", "A")) == ["131.107.255.10"]
    assert texts(dig(world, "sipfed.online.lync.com", "AAAA")) == ["2603:1063::10"]
    assert world.log.dns[0] == Asked("public", "SRV", SRV, "udp")


def test_alias_is_chased_across_zones() -> None:
    zones = {
        "contoso.com": "lyncdiscover IN CNAME webdir.online.lync.com.",
        "online.lync.com": "webdir IN A 52.112.64.12",
    }
    resolver = Resolver("public", zones, faults=Faults(["dns@public"]), log=Log())
    try:
        query = dns.message.make_query("lyncdiscover.contoso.com", "A")
        _, wire = resolver.answer(query.to_wire(), "udp")
        assert wire is not None
        assert texts(dns.message.from_wire(wire)) == ["webdir.online.lync.com.", "52.112.64.12"]
    finally:
        resolver.close()


@pytest.mark.parametrize("tcp", [False, True])
def test_absent_name_and_absent_type_are_told_apart(world: World, dig: Any, tcp: bool) -> None:
    absent = dig(world, "lyncdiscoverinternal.contoso.com", "A", tcp=tcp)
    assert absent.rcode() == dns.rcode.NXDOMAIN
    assert absent.authority
    for name in ("sip.contoso.com", "_tcp.contoso.com", "contoso.com"):  # with records, without, an apex without
        empty = dig(world, name, "TXT", tcp=tcp)
        assert (empty.rcode(), empty.answer) == (dns.rcode.NOERROR, [])


def test_views_differ(world: World, dig: Any) -> None:
    assert texts(dig(world, "lyncdiscoverinternal.contoso.com", "A", "internal")) == ["131.107.254.30"]
    assert world.log.dns[-1].resolver == "internal"


def test_wildcard_answers_for_names_that_are_not_there() -> None:
    zone = read_zones({"contoso.com": "* IN A 131.107.1.1\nsip IN A 131.107.1.2"})
    assert zone.get_rdataset("*.contoso.com.", "A") is not None
    resolver = Resolver(
        "public", {"contoso.com": "* IN A 131.107.1.1\nsip IN TXT x"}, faults=Faults(["dns@public"]), log=Log()
    )
    try:
        for name, expected in (
            ("random.contoso.com", ["131.107.1.1"]),
            ("a.b.contoso.com", ["131.107.1.1"]),
            ("sip.contoso.com", []),
        ):
            _, wire = resolver.answer(dns.message.make_query(name, "A").to_wire(), "udp")
            assert wire is not None
            assert texts(dns.message.from_wire(wire)) == expected
    finally:
        resolver.close()


@pytest.mark.parametrize(
    ("knob", "rcode"), [("servfail", "SERVFAIL"), ("refused", "REFUSED"), ("nxdomain", "NXDOMAIN")]
)
def test_response_codes_on_demand(world: World, dig: Any, knob: str, rcode: str) -> None:
    world.faults.add(f"dns@public: SRV {SRV}", knob)
    assert dns.rcode.to_text(dig(world, SRV, "SRV").rcode()) == rcode
    assert dig(world, "sip.contoso.com", "A").rcode() == dns.rcode.NOERROR
    assert dig(world, SRV, "SRV", "internal").rcode() == dns.rcode.NOERROR


def test_truncated_answer_is_whole_over_tcp(world: World, dig: Any) -> None:
    world.faults.add("dns@public", "truncate")
    short = dig(world, SRV, "SRV")
    assert short.flags & dns.flags.TC
    assert not short.answer
    assert texts(dig(world, SRV, "SRV", tcp=True)) == ["0 0 5061 sip.contoso.com."]


@pytest.mark.parametrize("knob", ["timeout", "tcp-only"])
def test_silence(world: World, dig: Any, knob: str) -> None:
    world.faults.add("dns@public", knob)
    with pytest.raises(dns.exception.Timeout):
        dig(world, SRV, "SRV", seconds=0.2)
    if knob == "tcp-only":
        assert texts(dig(world, SRV, "SRV", tcp=True))


@pytest.mark.parametrize(
    ("knob", "error"), [("wrong-id", dns.query.BadResponse), ("wrong-question", dns.query.BadResponse)]
)
def test_answer_to_something_else(world: World, dig: Any, knob: str, error: type[Exception]) -> None:
    world.faults.add("dns@public", knob)
    with pytest.raises(error):
        dig(world, SRV, "SRV", tcp=True)


def test_garbage(world: World, dig: Any) -> None:
    world.faults.add("dns@public", "garbage")
    with pytest.raises(dns.exception.DNSException):
        dig(world, SRV, "SRV", tcp=True)


def test_alias_to_itself(world: World, dig: Any) -> None:
    world.faults.add("dns@public", "loop")
    assert texts(dig(world, "sip.contoso.com", "A")) == ["sip.contoso.com."]


def test_delay_does_not_hold_up_other_questions(world: World, dig: Any) -> None:
    world.faults.add(f"dns@public: SRV {SRV}", "delay", seconds=0.8)
    begun = time.monotonic()
    dig(world, "sip.contoso.com", "A")
    assert time.monotonic() - begun < 0.8
    dig(world, SRV, "SRV")
    assert time.monotonic() - begun >= 0.8


def test_bad_record_is_named_with_its_line() -> None:
    with pytest.raises(BadZone) as wrong:
        read_zones({"contoso.com": "sip IN A 131.107.1.1\nsip IN A here\n"})
    assert (wrong.value.zone, wrong.value.line) == ("contoso.com", 2)
