"""Names in DNS: which vantage point decides, what each of them saw, and what only a wildcard answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from fedready.ask.https import REDACTABLE
from fedready.asked import BELOW_WILDCARDS, LYNCDISCOVER
from fedready.desk import Desk
from fedready.inquiry import Known
from fedready.model import Cause, Evidence, Finding, Snapshot, Unseen, Verdict
from fedready.questions import Get
from fedready.views.lyncdiscover import SERVER
from fedready.views.vantage import Sight, inside, outside
from tests.bites import base
from tests.judging import baseline, by_key, changed, judge

NAME = "_sipfederationtls._tcp.fabrikam.com"


def targeted(snapshot: Snapshot, **settings: Any) -> Snapshot:
    return msgspec.structs.replace(snapshot, target=msgspec.structs.replace(snapshot.target, **settings))


def seen_at(**entries: Evidence) -> Snapshot:
    """The healthy snapshot with other answers for the federation record of fabrikam.com, by resolver."""
    healthy = base("healthy")
    answers = {f"dns@{point}: SRV {NAME}": evidence for point, evidence in entries.items()}
    snapshot = changed(healthy, {**healthy.entries, **answers})
    return targeted(snapshot, resolvers={point: "127.0.0.1:53" for point in entries})


def srv(*answers: Any, ttl: int | None = 300, rcode: str = "NOERROR", chain: list[Any] | None = None) -> Evidence:
    value = {"rcode": rcode, "answers": list(answers), "ttl": ttl, "chain": chain or [], "over": "udp"}
    return Evidence(state="answered", value=value)


NOTHING = srv(ttl=None, rcode="NXDOMAIN")
SILENT = Evidence(state="failed", cause=Cause(kind="timeout", text="did not answer"))


def sight(snapshot: Snapshot) -> Sight:
    known = Known(snapshot.target, baseline().clouds, snapshot.entries)
    desk = Desk(known, baseline().controls["DNS-02"], "hybrid", "worldwide", None, lambda _: None)
    return Sight(desk, NAME, "SRV")


def finding(snapshot: Snapshot, control: str, subject: str = "fabrikam.com", **situation: Any) -> Finding:
    return by_key(judge(snapshot, only={control}, **situation))[control, subject]


# ------------------------------------------------------------------ which vantage point decides


@pytest.mark.parametrize(
    ("names", "public", "internal"),
    [
        ((), ("system",), ()),
        (("quad9", "cloudflare"), ("quad9", "cloudflare"), ()),
        (("public", "internal", "edge"), ("public",), ("internal",)),
        (("internal", "quad9"), ("quad9",), ("internal",)),
    ],
)
def test_a_resolver_s_name_is_its_role(
    names: tuple[str, ...], public: tuple[str, ...], internal: tuple[str, ...]
) -> None:
    target = targeted(base("healthy"), resolvers=dict.fromkeys(names, "127.0.0.1:53")).target
    assert (outside(target), inside(target)) == (public, internal)


def test_without_a_public_view_it_is_unknown_and_says_what_helps() -> None:
    inner = targeted(base("healthy"), resolvers={"internal": "127.0.0.1:53"})
    with pytest.raises(Unseen, match=r"add resolvers\.public"):
        outside(inner.target)
    assert finding(inner, "DNS-02").verdict is Verdict.UNKNOWN


def test_the_public_view_decides_and_the_internal_one_is_named() -> None:
    hidden = finding(seen_at(public=srv("0 0 5061 sip.fabrikam.com"), internal=NOTHING), "DNS-02")
    assert hidden.verdict is Verdict.PASS
    assert hidden.note is not None
    assert hidden.note.startswith(
        "split horizon: public: 0 0 5061 sip.fabrikam.com (TTL 300); internal: does not exist"
    )
    outer = finding(seen_at(public=NOTHING, internal=srv("0 0 5061 sip.fabrikam.com")), "DNS-02")
    assert (outer.verdict, outer.case) == (Verdict.FAIL, "missing")
    assert outer.note is not None
    assert "internal: 0 0 5061 sip.fabrikam.com (TTL 300)" in outer.note


def test_what_others_saw_is_told_where_the_public_view_is_silent() -> None:
    found = finding(seen_at(public=SILENT, internal=srv("0 0 5061 sip.fabrikam.com")), "DNS-02")
    assert found.verdict is Verdict.UNKNOWN
    assert found.note == "public: not seen (timeout); internal: 0 0 5061 sip.fabrikam.com (TTL 300)"


def test_internal_records_are_not_judged_without_an_internal_resolver() -> None:
    outer = targeted(base("healthy"), resolvers={"public": "127.0.0.1:53"})
    (found,) = judge(outer, only={"DNS-10"}, phase="hybrid-disabled").findings
    assert found.verdict is Verdict.NA
    assert found.message.startswith("not from here")
    assert "resolvers.internal" in found.message


# ------------------------------------------------------------------ what each of them saw


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        (srv("0 0 5061 sip.fabrikam.com"), "0 0 5061 sip.fabrikam.com (TTL 300)"),
        (srv("0 0 5061 a.fabrikam.com", "0 0 5061 b.fabrikam.com", ttl=0), "0 0 5061 a.fabrikam.com, 0 0 5061 b.fabrikam.com (TTL 0)"),
        (NOTHING, "does not exist"),
        (srv(ttl=None), "has no such record"),
        (SILENT, "not seen (timeout)"),
        (Evidence(state="answered", value="nonsense"), "not seen (answered)"),
        (
            srv("0 0 5061 x.example", chain=[{"name": NAME, "target": "y.example", "ttl": 60}]),
            "an alias of y.example, 0 0 5061 x.example (TTL 300)",
        ),
        (srv(chain=[{"name": NAME, "target": "y.example", "ttl": 60}]), "an alias of y.example, which has no such record (TTL 300)"),
    ],
)  # fmt: skip
def test_a_sight_in_words(entry: Evidence, text: str) -> None:
    assert sight(seen_at(public=entry)).text() == f"public: {text}"


def test_hostile_answers_stay_in_their_line() -> None:
    told = sight(seen_at(public=srv("0 0 5061 a\x1b[31m\r\nb\u202ec"))).text()
    assert told.isprintable()
    assert "\u202e" not in told


def test_alike_answers_are_told_once_and_the_public_view_first() -> None:
    same = srv("0 0 5061 sip.fabrikam.com")
    told = sight(seen_at(edge=NOTHING, internal=same, quad9=same)).text()
    assert told == "quad9, internal: 0 0 5061 sip.fabrikam.com (TTL 300); edge: does not exist"


@pytest.mark.parametrize(
    ("public", "internal", "split"),
    [
        (srv("0 0 5061 a", ttl=1), srv("0 0 5061 a", ttl=9), ""),
        (srv("0 0 5061 a"), NOTHING, "hidden"),
        (srv("0 0 5061 a"), srv("0 0 5061 b"), "different"),
        (NOTHING, srv("0 0 5061 b"), "different"),
        (srv("0 0 5061 a"), SILENT, ""),
        (SILENT, srv("0 0 5061 b"), ""),
    ],
)
def test_split_horizon(public: Evidence, internal: Evidence, split: str) -> None:
    assert sight(seen_at(public=public, internal=internal)).split() == split


# ------------------------------------------------------------------ wildcards


def test_names_below_are_asked_only_where_a_wildcard_is() -> None:
    eleven = base("eleven-domains")
    asked = BELOW_WILDCARDS.questions(Known(eleven.target, baseline().clouds, eleven.entries))
    texts = {question.text for question in asked}
    assert texts
    assert {text.rpartition(".wingtip")[2] for text in texts} == {".example"}
    assert "dns@public: WILDCARD _sipfederationtls._tcp.wingtip.example" in texts


def test_what_only_a_wildcard_answers_is_not_there() -> None:
    """In the lab's zone sip and _sip._tls are records of their own, and everything else is the wildcard's."""
    eleven = base("eleven-domains")
    found = {c: finding(eleven, c, "wingtip.example") for c in ("DNS-02", "DNS-05", "DNS-06", "DNS-07")}
    assert {c: f.case for c, f in found.items()} == {
        "DNS-02": "wildcard", "DNS-05": None, "DNS-06": None, "DNS-07": "wildcard",
    }  # fmt: skip
    assert "wildcard" in (found["DNS-05"].note or "")


def test_a_record_that_says_what_the_wildcard_says_is_still_a_record() -> None:
    healthy = base("healthy")
    same = {"label": "random.fabrikam.com", "exists": True, "answers": ["131.107.255.20"], "srv_exists": False}
    below = {"label": "random.lyncdiscover.fabrikam.com", "exists": False, "answers": [], "srv_exists": False}
    entries = {
        **healthy.entries,
        "dns@public: WILDCARD fabrikam.com": Evidence(state="answered", value=same),
        "dns@public: WILDCARD lyncdiscover.fabrikam.com": Evidence(state="answered", value=below),
    }
    assert finding(changed(healthy, entries), "DNS-07").verdict is Verdict.PASS
    del entries["dns@public: WILDCARD lyncdiscover.fabrikam.com"]
    assert finding(changed(healthy, entries), "DNS-07").verdict is Verdict.UNKNOWN


# ------------------------------------------------------------------ many domains


def many(number: int) -> Snapshot:
    """The healthy snapshot with `number` twins of fabrikam.com, each with an Edge name of its own."""
    healthy = base("healthy")
    names = [f"d{place}.example" for place in range(number)]
    entries = dict(healthy.entries)
    for text, evidence in healthy.entries.items():
        if text.startswith("dns@") and text.endswith("fabrikam.com"):
            raw = msgspec.json.encode(evidence).decode()
            for name in names:
                twin = msgspec.json.decode(raw.replace("fabrikam.com", name), type=Evidence)
                entries[text.replace("fabrikam.com", name)] = twin
    edge = msgspec.structs.replace(healthy.target.edge, names=("sip.contoso.com", *(f"sip.{name}" for name in names)))
    return targeted(changed(healthy, entries), sip_domains=tuple(names), edge=edge)


def looks(number: int) -> Iterator[int]:
    """How much each finding looked at."""
    controls = {"DNS-02", "DNS-03", "DNS-05", "DNS-06", "DNS-07", "DNS-11", "DNS-12", "DNS-13"}
    for found in judge(many(number), only=controls).findings:
        assert found.verdict is Verdict.PASS, found
        yield len(found.readings)


def test_a_finding_looks_at_its_own_domain_however_many_there_are() -> None:
    assert max(looks(5)) == max(looks(60))


# ------------------------------------------------------------------ the on-premises Autodiscover service


def test_nothing_but_lyncdiscover_of_a_sip_domain_is_probed() -> None:
    healthy = base("healthy")
    asked = list(LYNCDISCOVER.questions(Known(healthy.target, baseline().clouds, healthy.entries)))
    assert asked == [Get("https://lyncdiscover.contoso.com/"), Get("https://lyncdiscover.fabrikam.com/")]


def test_the_name_of_a_server_is_a_reading_and_never_a_word() -> None:
    found = finding(base("healthy"), "AUTO-06")
    (reading,) = [r for r in found.readings if r.path == f"hops[-1].headers.{SERVER}"]
    assert SERVER in REDACTABLE
    assert reading.value == "fe01.contoso.com"
    assert reading.value not in f"{found.note}{found.message}{found.observed}"
