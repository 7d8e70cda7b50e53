"""dns: every kind of answer and of silence is told apart, over real datagrams on loopback."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedready.ask.dns import Resolvers, name_servers
from fedready.ask.dns_channel import NoReply, Pace, Query, Reply
from fedready.ask.dns_message import name_of, query, read
from fedready.model import Evidence
from fedready.questions import Lookup, Wildcard
from lab.world import World

ESTATE = r"""
target: {sip_domains: [contoso.com]}
dns:
  public:
    contoso.com: |
      @ IN SOA ns1 hostmaster 1 3600 600 86400 60
      _sipfederationtls._tcp 900 IN SRV 100 1 5061 Sip.contoso.com.
      _sipfederationtls._tcp 900 IN SRV 0 0 5061 sip.contoso.com.
      _none._tcp IN SRV 0 0 0 .
      sip 300 IN A 203.0.113.7
      sip 300 IN AAAA 2001:db8::7
      lyncdiscover 600 IN CNAME webdir.online.lync.com.
      dangling IN CNAME nowhere.online.lync.com.
      *.wild 60 IN A 203.0.113.9
      *._tcp.wild 60 IN SRV 0 0 5061 sip.contoso.com.
    online.lync.com: |
      webdir 60 IN A 203.0.113.8
  internal:
    contoso.com: |
      sip 300 IN A 10.0.0.7
"""
SILENCE = 0.4  # seconds that a test about silence waits


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    path: Path = tmp_path_factory.mktemp("estate") / "names.yaml"
    path.write_text(ESTATE, encoding="utf-8")
    with World(path) as world:
        yield world


@pytest.fixture
def world(estate: World) -> Iterator[World]:
    estate.reset()
    yield estate
    estate.reset()


@contextmanager
def asking(resolvers: dict[str, str], timeout: float = 5.0, **settings: float) -> Iterator[Resolvers]:
    room = Resolvers(resolvers, timeout, **settings)  # type: ignore[arg-type]
    try:
        yield room
    finally:
        room.close()


def ask(world: World, question: Lookup | Wildcard, timeout: float = 5.0) -> Evidence:
    with asking(world.target["resolvers"], timeout) as room:
        return room.ask(question).result(10)


def lookup(world: World, rdtype: str, name: str, timeout: float = 5.0) -> Evidence:
    return ask(world, Lookup("public", rdtype, name), timeout)


# ------------------------------------------------------------------ answers


def test_service_records_are_sorted_and_keep_the_smallest_ttl(world: World) -> None:
    evidence = lookup(world, "SRV", "_sipfederationtls._tcp.contoso.com")
    assert evidence.state == "answered"
    assert evidence.value == {
        "rcode": "NOERROR",
        "answers": ["0 0 5061 sip.contoso.com", "100 1 5061 sip.contoso.com"],
        "ttl": 900,
        "chain": [],
        "over": "udp",
    }
    assert evidence.source == world.target["resolvers"]["public"]
    assert evidence.asked.endswith("Z")


def test_a_service_that_is_not_offered_keeps_its_dot(world: World) -> None:
    assert lookup(world, "SRV", "_none._tcp.contoso.com").value["answers"] == ["0 0 0 ."]


@pytest.mark.parametrize(("rdtype", "address"), [("A", "203.0.113.7"), ("AAAA", "2001:db8::7")])
def test_addresses(world: World, rdtype: str, address: str) -> None:
    assert lookup(world, rdtype, "sip.contoso.com").value["answers"] == [address]


def test_an_alias_is_followed_and_kept(world: World) -> None:
    value = lookup(world, "A", "lyncdiscover.contoso.com").value
    assert value["answers"] == ["203.0.113.8"]
    assert value["chain"] == [{"name": "lyncdiscover.contoso.com", "target": "webdir.online.lync.com", "ttl": 600}]
    assert value["ttl"] == 60


def test_an_alias_asked_for_itself_is_an_answer(world: World) -> None:
    value = lookup(world, "CNAME", "lyncdiscover.contoso.com").value
    assert (value["answers"], value["chain"]) == (["webdir.online.lync.com"], [])


def test_no_such_name_and_no_such_record_are_answers_and_differ(world: World) -> None:
    nothing, empty = lookup(world, "A", "nowhere.contoso.com"), lookup(world, "SRV", "sip.contoso.com")
    assert (nothing.state, nothing.value["rcode"], nothing.value["answers"]) == ("answered", "NXDOMAIN", [])
    assert (empty.state, empty.value["rcode"], empty.value["answers"]) == ("answered", "NOERROR", [])
    assert nothing.value["ttl"] is None


def test_an_alias_that_leads_nowhere(world: World) -> None:
    value = lookup(world, "A", "dangling.contoso.com").value
    assert (value["rcode"], value["answers"], len(value["chain"])) == ("NXDOMAIN", [], 1)


def test_resolvers_are_asked_each_for_itself(world: World) -> None:
    with asking(world.target["resolvers"]) as room:
        futures = [room.ask(Lookup(name, "A", "sip.contoso.com")) for name in ("public", "internal")]
        assert [f.result(10).value["answers"] for f in futures] == [["203.0.113.7"], ["10.0.0.7"]]


def test_an_alias_answered_with_an_empty_end_is_not_asked_again(world: World) -> None:
    value = lookup(world, "AAAA", "lyncdiscover.contoso.com").value
    assert (value["rcode"], value["answers"], len(value["chain"])) == ("NOERROR", [], 1)
    assert len(world.log.dns) == 1


# ------------------------------------------------------------------ wildcards


def test_wildcards_of_addresses_and_services_are_told_apart(world: World) -> None:
    both, none = ask(world, Wildcard("public", "wild.contoso.com")), ask(world, Wildcard("public", "contoso.com"))
    assert (both.value["exists"], both.value["answers"], both.value["srv_exists"]) == (True, ["203.0.113.9"], True)
    assert (none.value["exists"], none.value["answers"], none.value["srv_exists"]) == (False, [], False)
    assert both.value["label"].endswith(".wild.contoso.com")
    assert sorted(asked.rdtype for asked in world.log.dns) == ["A", "A", "SRV", "SRV"]


def test_a_wildcard_probe_that_fails_in_part_has_failed(world: World) -> None:
    world.faults.add("dns@public", "servfail", nth=2)
    evidence = ask(world, Wildcard("public", "contoso.com"))
    assert (evidence.state, evidence.cause and evidence.cause.kind) == ("failed", "servfail")


# ------------------------------------------------------------------ silence and lies


@pytest.mark.parametrize(
    ("knob", "kind"),
    [("servfail", "servfail"), ("refused", "refused"), ("loop", "malformed"), ("timeout", "timeout")],
)
def test_kinds_of_failure(world: World, knob: str, kind: str) -> None:
    world.faults.add("dns@public", knob)
    evidence = lookup(world, "A", "sip.contoso.com", SILENCE)
    assert (evidence.state, evidence.value) == ("failed", None)
    assert evidence.cause is not None
    assert evidence.cause.kind == kind
    assert world.target["resolvers"]["public"] in evidence.cause.text or "sip.contoso.com" in evidence.cause.text


@pytest.mark.parametrize("knob", ["wrong-id", "wrong-question", "garbage"])
def test_answers_that_do_not_fit_are_ignored(world: World, knob: str) -> None:
    world.faults.add("dns@public", knob)
    evidence = lookup(world, "A", "sip.contoso.com", SILENCE)
    assert evidence.cause is not None
    assert evidence.cause.kind == "timeout"
    assert evidence.cause.text.endswith("answers that do not fit the question were ignored")


@pytest.mark.parametrize("knob", ["wrong-id", "wrong-question", "garbage", "timeout"])
def test_asked_again_after_a_lost_or_wrong_answer(world: World, knob: str) -> None:
    world.faults.add("dns@public", knob, nth=1)
    evidence = lookup(world, "A", "sip.contoso.com", 1.0)
    assert evidence.state == "answered"
    assert evidence.value["answers"] == ["203.0.113.7"]


def test_a_late_answer_to_the_first_sending_counts(world: World) -> None:
    world.faults.add("dns@public", "delay", nth=1, seconds=0.3)
    world.faults.add("dns@public", "timeout", nth=2)
    world.faults.add("dns@public", "timeout", nth=3)
    assert lookup(world, "A", "sip.contoso.com", 1.0).state == "answered"


def test_a_cut_answer_is_fetched_over_tcp(world: World) -> None:
    world.faults.add("dns@public", "truncate")
    value = lookup(world, "A", "sip.contoso.com").value
    assert (value["answers"], value["over"]) == (["203.0.113.7"], "tcp")
    assert [asked.over for asked in world.log.dns] == ["udp", "tcp"]


def test_nobody_there_is_unreachable(world: World) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    with asking({"public": f"127.0.0.1:{port}"}, SILENCE) as room:
        evidence = room.ask(Lookup("public", "A", "sip.contoso.com")).result(10)
    assert evidence.cause is not None
    assert evidence.cause.kind == "unreachable"
    assert "resolvers" in evidence.cause.text


def test_a_resolver_that_the_target_does_not_name(world: World) -> None:
    evidence = ask(world, Lookup("elsewhere", "A", "sip.contoso.com"))
    assert evidence.cause is not None
    assert evidence.cause.kind == "absent"
    assert "resolvers.elsewhere" in evidence.cause.text


# ------------------------------------------------------------------ a server of one's own, for what the lab never says


@contextmanager
def server(answer: Callable[[dns.message.Message], bytes | None]) -> Iterator[str]:
    """A name server that answers each datagram by a function; `address:port`."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                try:
                    wire, client = sock.recvfrom(65535)
                except OSError:
                    return
                if not wire:
                    return
                said = answer(dns.message.from_wire(wire))
                if said is not None:
                    sock.sendto(said, client)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        host, port = sock.getsockname()
        yield f"{host}:{port}"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"", (host, port))
        thread.join(5)


def reply(query: dns.message.Message, *records: str, rcode: int = 0) -> bytes:
    response = dns.message.make_response(query)
    response.set_rcode(dns.rcode.Rcode(rcode))
    for record in records:
        response.answer.append(dns.rrset.from_text(*record.split(" ", 4)))  # type: ignore[arg-type]
    return response.to_wire()


def one(resolver: str, question: Lookup | None = None, timeout: float = 2.0) -> Evidence:
    with asking({"public": resolver}, timeout) as room:
        return room.ask(question or Lookup("public", "A", "a0.example")).result(10)


def chain(length: int) -> Callable[[dns.message.Message], bytes]:
    """a0 -> a1 -> ... one alias an answer, as a server that does not chase them gives."""

    def answer(query: dns.message.Message) -> bytes:
        name = query.question[0].name.to_text()
        number = int(name[1 : name.index(".")])
        if number == length:
            return reply(query, f"{name} 60 IN A 203.0.113.1")
        return reply(query, f"{name} 60 IN CNAME a{number + 1}.example.")

    return answer


def test_aliases_are_followed_by_further_questions() -> None:
    with server(chain(8)) as address:
        value = one(address).value
    assert value["answers"] == ["203.0.113.1"]
    assert [link["target"] for link in value["chain"]] == [f"a{n}.example" for n in range(1, 9)]


def test_more_aliases_than_eight_are_not_followed() -> None:
    with server(chain(9)) as address:
        evidence = one(address)
    assert evidence.cause is not None
    assert (evidence.cause.kind, evidence.cause.text) == (
        "malformed",
        "a0.example has more than 8 aliases (CNAME) in a row",
    )


def test_aliases_in_a_circle() -> None:
    def answer(query: dns.message.Message) -> bytes:
        name = query.question[0].name.to_text()
        return reply(query, f"{name} 60 IN CNAME {'a1' if name.startswith('a0') else 'a0'}.example.")

    with server(answer) as address:
        evidence = one(address)
    assert evidence.cause is not None
    assert (evidence.cause.kind, evidence.cause.text) == (
        "malformed",
        "the aliases (CNAME) of a0.example go round in a circle",
    )


def test_records_of_other_names_are_not_taken() -> None:
    with server(lambda query: reply(query, "evil.example. 60 IN A 203.0.113.66")) as address:
        assert one(address).value["answers"] == []


def test_a_fitting_head_with_a_broken_rest_is_malformed() -> None:
    with server(lambda query: reply(query, "a0.example. 60 IN A 203.0.113.1")[:-3]) as address:
        evidence = one(address)
    assert evidence.cause is not None
    assert evidence.cause.kind == "malformed"


@pytest.mark.parametrize("rcode", [dns.rcode.NOTAUTH, dns.rcode.YXDOMAIN])
def test_codes_that_are_no_answer(rcode: int) -> None:
    with server(lambda query: reply(query, rcode=rcode)) as address:
        evidence = one(address)
    assert evidence.cause is not None
    assert evidence.cause.kind == "malformed"


def test_a_server_that_does_not_know_edns_is_asked_without() -> None:
    def answer(query: dns.message.Message) -> bytes:
        if query.edns >= 0:
            return reply(query, rcode=dns.rcode.FORMERR)
        return reply(query, "a0.example. 60 IN A 203.0.113.1")

    with server(answer) as address:
        assert one(address).value["answers"] == ["203.0.113.1"]


def test_letter_case_is_the_servers_business() -> None:
    def answer(query: dns.message.Message) -> bytes:
        return reply(query, "A0.EXAMPLE. 60 IN A 203.0.113.1").replace(b"\x02a0\x07example", b"\x02A0\x07EXAMPLE")

    with server(answer) as address:
        assert one(address).value["answers"] == ["203.0.113.1"]


def test_ids_are_random_and_the_port_is_shared() -> None:
    ids = []

    def answer(query: dns.message.Message) -> bytes:
        ids.append(query.id)
        return reply(query)

    with server(answer) as address, asking({"public": address}) as room:
        for future in [room.ask(Lookup("public", "A", f"a{n}.example")) for n in range(50)]:
            assert future.result(10).state == "answered"
    assert len(set(ids)) > 45
    assert ids != sorted(ids)


def test_no_more_than_so_many_at_a_time() -> None:
    lock, held = threading.Lock(), list[int]()
    waiting = 0

    def answer(query: dns.message.Message) -> bytes | None:
        with lock:
            held.append(query.id)
        return None

    with server(answer) as address, asking({"public": address}, 0.5, in_flight=4) as room:
        futures = [room.ask(Lookup("public", "A", f"a{n}.example")) for n in range(8)]
        futures[0].result(10)
        waiting = sum(not future.done() for future in futures)
        first_round = set(held[:4])
    assert waiting >= 4
    assert len(first_round) == 4


def test_the_rate_is_capped() -> None:
    with server(lambda query: reply(query)) as address, asking({"public": address}, in_flight=5, rate=50) as room:
        begun = time.monotonic()
        for future in [room.ask(Lookup("public", "A", f"a{n}.example")) for n in range(20)]:
            assert future.result(10).state == "answered"
        assert time.monotonic() - begun > (20 - 5 - 1) / 50  # a floor that no fast machine gets under


def test_the_pace_halves_where_much_is_lost_and_comes_back() -> None:
    pace = Pace(1000, burst=8)
    now = 0.0
    for _ in range(3):
        now += Pace.WHILE
        for _ in range(40):
            pace.lost(now - Pace.WHILE / 2)
        pace.answered(now)
    assert pace.per_second == pytest.approx(125)
    for _ in range(30):
        now += Pace.WHILE
        pace.answered(now)
    assert pace.per_second == pytest.approx(1000)


def test_single_names_without_answer_do_not_slow_the_rest() -> None:
    pace = Pace(1000, burst=8)
    for tick in range(2000):
        now = tick * 0.01
        (pace.lost if tick % 50 == 0 else pace.answered)(now)
    assert pace.per_second == pytest.approx(1000)


@given(st.lists(st.booleans(), max_size=500))
def test_the_pace_keeps_its_bounds(outcomes: list[bool]) -> None:
    pace = Pace(1000, burst=8)
    for tick, lost in enumerate(outcomes):
        (pace.lost if lost else pace.answered)(tick * 0.2)
        assert 1000 * Pace.SLOWEST <= pace.per_second + 1e-6 <= 1000 + 1e-3


def test_a_dead_server_is_not_waited_for_thousands_of_times() -> None:
    asked = []

    def answer(query: dns.message.Message) -> None:
        asked.append(query.id)

    with server(answer) as address, asking({"public": address}, 0.1, in_flight=8) as room:
        futures = [room.ask(Lookup("public", "A", f"a{n}.example")) for n in range(200)]
        kinds = {future.result(10).cause.kind for future in futures}  # type: ignore[union-attr]
        last = futures[-1].result()
    assert kinds == {"timeout"}
    assert last.cause is not None
    assert "not asked further" in last.cause.text
    assert len(asked) < 100


def test_thousands_of_questions(world: World) -> None:
    with asking(world.target["resolvers"], rate=100_000) as room:
        futures = [room.ask(Lookup("public", "A", f"n{n}.wild.contoso.com")) for n in range(2000)]
        answers = {future.result(30).value["answers"][0] for future in futures}
    assert answers == {"203.0.113.9"}


# ------------------------------------------------------------------ the end


def test_closing_leaves_no_question_without_evidence() -> None:
    with server(lambda query: None) as address:
        room = Resolvers({"public": address}, 30.0, in_flight=2)
        futures: list[Future[Evidence]] = [room.ask(Lookup("public", "A", f"a{n}.example")) for n in range(6)]
        futures.append(room.ask(Wildcard("public", "example")))
        room.close()
    states = [(f.result(1).state, f.result(1).cause.kind) for f in futures]  # type: ignore[union-attr]
    assert states == [("not_asked", "interrupted")] * 7
    assert room.ask(Lookup("public", "A", "late.example")).result(1).state == "not_asked"


def test_closing_a_room_that_was_never_used() -> None:
    Resolvers({}, 1.0).close()


# ------------------------------------------------------------------ pure functions


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9.9.9.9:5353", ("9.9.9.9", 5353)),
        ("9.9.9.9", ("9.9.9.9", 53)),
        ("[2620:fe::fe]:5353", ("2620:fe::fe", 5353)),
        ("2620:fe::fe", ("2620:fe::fe", 53)),
        ("[2620:fe::fe]", ("2620:fe::fe", 53)),
    ],
)
def test_addresses_of_resolvers(text: str, expected: tuple[str, int]) -> None:
    assert name_servers(text) == [expected]


@pytest.mark.parametrize("text", ["dns.google:53", "9.9.9.9:", "9.9.9.9:0", "9.9.9.9:65536", "", ":53", "9.9.9.9:x"])
def test_what_is_no_address_of_a_resolver(text: str) -> None:
    with pytest.raises(NoReply, match="address:port") as caught:
        name_servers(text)
    assert caught.value.kind == "malformed"


LABELS = st.text("abcxyz0189-_ \\.\u00e9", min_size=1, max_size=12).map(lambda text: text.encode("utf-8"))
NAMES = st.lists(LABELS, min_size=1, max_size=4).map(lambda labels: dns.name.Name([*labels, b""]))
TTLS = st.integers(0, 2**31 - 1)
RECORDS = st.one_of(
    st.tuples(NAMES, TTLS, st.just("A"), st.ip_addresses(v=4).map(str)),
    st.tuples(NAMES, TTLS, st.just("AAAA"), st.ip_addresses(v=6).map(str)),
    st.tuples(NAMES, TTLS, st.just("SRV"), st.tuples(st.integers(0, 65535), NAMES).map(lambda t: f"0 1 {t[0]} {t[1]}")),
    st.tuples(NAMES, TTLS, st.just("TXT"), st.just('"v=spf1 -all"')),
)


@given(st.lists(RECORDS, max_size=6), st.integers(0, 23), st.booleans())
def test_answers_are_read_as_dnspython_reads_them(rows: list[tuple[Any, ...]], rcode: int, edns: bool) -> None:
    question = dns.message.make_query("a.example", "A", use_edns=edns or rcode > 15)
    response = dns.message.make_response(question)
    response.set_rcode(dns.rcode.Rcode(rcode))
    for name, ttl, rdtype, text in rows:
        section = response.find_rrset(
            response.answer, name, dns.rdataclass.IN, dns.rdatatype.from_text(rdtype), create=True
        )
        section.add(dns.rdata.from_text("IN", rdtype, text), ttl)
    wire = response.to_wire()
    message = read(Reply(wire, "udp", "test"), query(name_of("a.example"), "A"), name_of("a.example"))
    theirs = {
        (rrset.name, int(rrset.rdtype)): (rrset.ttl, {str(rdata).lower().removesuffix(".") for rdata in rrset})
        for rrset in dns.message.from_wire(wire).answer
        if rrset.rdtype != dns.rdatatype.TXT
    }
    assert message.code == rcode
    ours = {key: (found.ttl, found.texts) for key, found in message.records.items()}
    assert ours == theirs


@given(st.one_of(st.text("aZ0-_.", max_size=300), st.text("a.\\@\u00e9\n ", max_size=20), st.text(max_size=8)))
def test_names_are_read_as_dnspython_reads_them(text: str) -> None:
    try:
        theirs = dns.name.from_text(text)
    except dns.exception.DNSException as wrong:
        with pytest.raises(type(wrong)):
            name_of(text)
    else:
        assert name_of(text).labels == theirs.labels


@given(st.data())
def test_damaged_answers_are_read_or_refused(data: st.DataObject) -> None:
    response = dns.message.make_response(dns.message.make_query("a.example", "SRV", use_edns=True))
    response.answer.append(dns.rrset.from_text("a.example.", 60, "IN", "CNAME", "b.example."))
    response.answer.append(dns.rrset.from_text("b.example.", 60, "IN", "SRV", "0 0 5061 sip.example."))
    wire = bytearray(response.to_wire())
    for _ in range(data.draw(st.integers(1, 4))):
        wire[data.draw(st.integers(12, len(wire) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(wire[: data.draw(st.integers(12, len(wire)))])
    with suppress(NoReply):
        message = read(Reply(cut, "udp", "test"), query(name_of("a.example"), "SRV"), name_of("a.example"))
        texts = [text for records in message.records.values() for text in records.texts]
        assert all(text.isprintable() and " " not in text.split(" ", 3)[-1] for text in texts)


@pytest.mark.parametrize("answer", [b"", b"\0" * 11, b"\0\0\x01\0\0\1" + b"\0" * 6, b"\0\0\x81\0\0\0" + b"\0" * 6])
def test_what_fits_no_question(answer: bytes) -> None:
    query = Query(b"", b"\x01a\0\0\1\0\1")
    assert not query.fits(answer)


def test_a_machine_without_sockets_is_told_and_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The event loop needs a socket of its own; when there is none left, every question says so, early or late."""

    def none_left() -> object:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("asyncio.SelectorEventLoop", none_left)
    with asking({"public": "127.0.0.1:53"}) as room:
        for _ in range(2):
            evidence = room.ask(Lookup("public", "A", "sip.contoso.com")).result(10)
            assert evidence.state == "failed"
            assert evidence.cause is not None
            assert (evidence.cause.kind, "Too many open files" in evidence.cause.text) == ("unreachable", True)
