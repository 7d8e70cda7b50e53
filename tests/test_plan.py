"""plan: every question once, everything at the same time, and whatever happens, what was seen is kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from fedready.ask import good_byes, plan
from fedready.ask.good_byes import GoodByes
from fedready.ask.plan import ask, interrupted
from fedready.asked import (
    AUTODISCOVER,
    DISCOVER_PROVIDERS,
    DISCOVER_SIP_DOMAINS,
    FEDERATION_SRV,
    HOSTING_PROVIDERS,
    SIP_DOMAINS,
    SIPFED,
    SRV_TARGET_ADDRESSES,
    TENANT,
    TENANT_FEDERATION,
    WEBDIR_HOSTS,
)
from fedready.inquiry import Inquiry, Known, asked_once
from fedready.model import (
    Cause,
    CloudNames,
    Endpoint,
    Endpoints,
    Evidence,
    EvidenceSource,
    RunFacts,
    Snapshot,
    Target,
    Timeouts,
    Unseen,
)
from fedready.questions import Cmdlet, Get, Lookup, Question, endpoint_of
from fedready.sources import Older
from lab.world import World

CLOUDS = {
    "worldwide": CloudNames(
        sipfed="sipfed.online.lync.com",
        sipdir="sipdir.online.lync.com",
        webdir="webdir.online.lync.com",
        autodiscover="https://webdir.online.lync.com/Autodiscover/AutodiscoverService.svc/root",
        suffix="online.lync.com",
        source="https://learn.microsoft.com/",
    )
}
POOL = Endpoint(kind="ocspowershell", url="https://pool.contoso.com/OcsPowershell")
MANAGEMENT = Endpoint(kind="winrm", url="https://mgmt.contoso.com:5986/wsman")


def target(**changes: Any) -> Target:
    settings: dict[str, Any] = {
        "name": "contoso",
        "from_here": ("dns", "https"),
        "endpoints": Endpoints(onprem=POOL, tenant=MANAGEMENT),
        "resolvers": {"public": "127.0.0.1:9"},
    }
    return Target(**(settings | changes))


def answered(value: Any) -> Evidence:
    return Evidence(state="answered", value=value, asked="2026-01-02T03:04:05Z")


class Room:
    """A room without a wire: answers by a function, in a thread of its own where the function may wait."""

    def __init__(self, answer: Callable[[Question], Evidence | None]) -> None:
        self.answer, self.asked, self.closed = answer, list[Question](), 0

    def ask(self, question: Question) -> Future[Evidence]:
        self.asked.append(question)
        future: Future[Evidence] = Future()

        def work() -> None:
            evidence = self.answer(question)
            if evidence is not None:
                future.set_result(evidence)

        threading.Thread(target=work, daemon=True).start()
        return future

    def close(self) -> None:
        self.closed += 1


class Rooms:
    """Opens a `Room` per endpoint and remembers them all."""

    def __init__(self, answer: Callable[[Question], Evidence | None]) -> None:
        self.answer, self.opened = answer, list[Room]()

    def __call__(self, question: Question) -> Room:
        self.opened.append(Room(self.answer))
        return self.opened[-1]

    @property
    def texts(self) -> list[str]:
        return [question.text for room in self.opened for question in room.asked]


class Events:
    """A progress that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, ...]] = []

    def deadline(self, endpoint: str, seconds: float) -> None:
        self.told.append(("deadline", endpoint))

    def asked(self, endpoint: str, text: str) -> None:
        self.told.append(("asked", endpoint, text))

    def ended(self, endpoint: str, text: str, evidence: Evidence) -> None:
        self.told.append(("ended", endpoint, text, evidence.state))

    def over(self) -> None:
        self.told.append(("over",))


def estate(question: Question) -> Evidence:
    """What a healthy estate of two domains answers."""
    match question:
        case Cmdlet(name="Get-CsSipDomain"):
            return answered([{"Name": "contoso.com", "IsDefault": True}, {"Name": "fabrikam.com", "IsDefault": False}])
        case Cmdlet(name="Get-CsHostingProvider"):
            return answered([{"AutodiscoverUrl": "https://webdir.online.lync.com/root"}, {"AutodiscoverUrl": None}])
        case Lookup(rdtype="SRV"):
            domain = question.name.removeprefix("_sipfederationtls._tcp.")
            return answered(
                {"rcode": "NOERROR", "answers": [f"0 0 5061 sip.{domain}"], "ttl": 1, "chain": [], "over": "udp"}
            )
    return answered([])


EVERYTHING = (
    asked_once(TENANT), asked_once(TENANT_FEDERATION), DISCOVER_SIP_DOMAINS, DISCOVER_PROVIDERS, SIPFED, FEDERATION_SRV,
    SRV_TARGET_ADDRESSES, WEBDIR_HOSTS, AUTODISCOVER,
)  # fmt: skip


# ------------------------------------------------------------------ what is asked


def test_everything_once_with_what_follows_from_answers() -> None:
    rooms = Rooms(estate)
    snapshot = ask(target(), CLOUDS, EVERYTHING, open_room=rooms, tool="fedready 1", selection="-m article", run_id="r")
    assert sorted(rooms.texts) == list(snapshot.entries)
    assert len(rooms.texts) == len(set(rooms.texts))
    assert {"dns@public: SRV _sipfederationtls._tcp.fabrikam.com", "dns@public: AAAA sip.fabrikam.com"} <= set(
        rooms.texts
    )
    assert {"dns@public: WILDCARD contoso.com", "dns@public: A webdir.online.lync.com"} <= set(rooms.texts)
    assert "GET https://webdir.online.lync.com/root" in rooms.texts
    assert all(evidence.state == "answered" for evidence in snapshot.entries.values())
    assert (snapshot.tool, snapshot.run.selection, snapshot.run.id, snapshot.digest) == (
        "fedready 1",
        "-m article",
        "r",
        "",
    )
    assert [room.closed for room in rooms.opened] == [1, 1, 1, 1]


def test_needs_are_asked_although_only_the_last_inquiry_is_wanted() -> None:
    rooms = Rooms(estate)
    ask(target(), CLOUDS, [SRV_TARGET_ADDRESSES], open_room=rooms)
    assert rooms.texts[0] == SIP_DOMAINS.text
    assert "dns@public: A sip.contoso.com" in rooms.texts


def test_nothing_wanted_opens_nothing() -> None:
    rooms = Rooms(estate)
    assert ask(target(), CLOUDS, [], open_room=rooms).entries == {}
    assert rooms.opened == []


def test_every_resolver_is_asked_by_one_room() -> None:
    rooms = Rooms(estate)
    ask(target(resolvers={"public": "127.0.0.1:9", "internal": "127.0.0.2:9"}), CLOUDS, [SIPFED], open_room=rooms)
    assert len(rooms.opened) == 1
    assert len(rooms.texts) == 4


def test_two_inquiries_share_a_question() -> None:
    rooms = Rooms(estate)
    extra = Inquiry("domains again", lambda known: (SIP_DOMAINS,))
    follows = Inquiry("after", lambda known: (Lookup("public", "A", known.rows(SIP_DOMAINS)[0]["Name"]),), (extra,))
    ask(target(), CLOUDS, [DISCOVER_SIP_DOMAINS, extra, follows], open_room=rooms)
    assert rooms.texts == [SIP_DOMAINS.text, "dns@public: A contoso.com"]


def test_an_inquiry_of_no_questions_does_not_hold_up_what_needs_it() -> None:
    nothing = Inquiry("nothing", lambda known: ())
    after = Inquiry("after", lambda known: (TENANT,), (nothing, nothing))
    rooms = Rooms(estate)
    ask(target(), CLOUDS, [after], open_room=rooms)
    assert rooms.texts == [TENANT.text]


# ------------------------------------------------------------------ at the same time


def test_sides_overlap() -> None:
    """Each side answers only after the other was asked: one after the other would never end."""
    begun = {"onprem": threading.Event(), "tenant": threading.Event()}

    def answer(question: Question) -> Evidence:
        assert isinstance(question, Cmdlet)
        begun[question.side].set()
        assert begun["tenant" if question.side == "onprem" else "onprem"].wait(10)
        return answered([])

    snapshot = ask(target(), CLOUDS, [asked_once(TENANT), DISCOVER_PROVIDERS], open_room=Rooms(answer))
    assert [evidence.state for evidence in snapshot.entries.values()] == ["answered", "answered"]


def test_a_derived_question_does_not_wait_for_what_it_does_not_need() -> None:
    """The tenant answers only after the web was asked, which needs the hosting providers alone."""
    probed = threading.Event()

    def answer(question: Question) -> Evidence:
        if isinstance(question, Get):
            probed.set()
        if question == TENANT:
            assert probed.wait(10)
        return estate(question)

    snapshot = ask(target(), CLOUDS, [asked_once(TENANT), AUTODISCOVER], open_room=Rooms(answer))
    assert snapshot.entries[TENANT.text].state == "answered"


def test_what_is_slow_is_asked_first() -> None:
    order: list[str] = []
    rooms = Rooms(estate)

    def open_room(question: Question) -> Room:
        order.append(endpoint_of(question, target()))
        return rooms(question)

    ask(target(), CLOUDS, [SIPFED, DISCOVER_PROVIDERS], open_room=open_room)
    assert order == ["onprem", "dns@public"]


def test_no_more_than_so_many_are_handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "AHEAD", 5)
    lock, most, now = threading.Lock(), 0, 0

    def answer(question: Question) -> Evidence:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.002)  # long enough for the others of the five to arrive
        with lock:
            now -= 1
        return answered({})

    many = Inquiry("many", lambda known: [Lookup("public", "A", f"n{n}.contoso.com") for n in range(60)])
    snapshot = ask(target(), CLOUDS, [many], open_room=Rooms(answer))
    assert len(snapshot.entries) == 60
    assert 1 <= most <= 5


# ------------------------------------------------------------------ what cannot be asked


@pytest.mark.parametrize(
    "evidence",
    [
        Evidence(state="failed", cause=Cause(kind="denied", text="no")),
        answered([]),
        answered("not a list"),
        answered([{"Name": None}]),
    ],
    ids=["denied", "empty", "no list", "no name"],
)
def test_what_follows_from_an_answer_that_was_not_seen_is_not_asked(evidence: Evidence) -> None:
    rooms = Rooms(lambda question: evidence)
    snapshot = ask(target(), CLOUDS, [SRV_TARGET_ADDRESSES], open_room=rooms)
    assert list(snapshot.entries) == [SIP_DOMAINS.text]
    assert snapshot.entries[SIP_DOMAINS.text] == evidence


@pytest.mark.parametrize(
    "slip", [Unseen("no"), KeyError("answers"), TypeError("no"), ValueError("no"), AttributeError("no")]
)
def test_an_answer_of_another_shape_hurts_only_what_follows_from_it(slip: Exception) -> None:
    def questions(known: Known) -> Iterator[Question]:
        yield TENANT_FEDERATION
        raise slip

    snapshot = ask(target(), CLOUDS, [Inquiry("broken", questions), asked_once(TENANT)], open_room=Rooms(estate))
    assert list(snapshot.entries) == [TENANT.text]


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (TENANT, "the target file has no endpoint `tenant`: add endpoints.tenant"),
        (
            Cmdlet("edge01", "Get-CsCertificate", (("Type", "AccessEdgeExternal"),)),
            "the target file has no endpoint `edge01`: add endpoints.edges.edge01",
        ),
    ],
    ids=["tenant", "edge"],
)
def test_a_side_without_endpoint(question: Question, words: str) -> None:
    rooms = Rooms(estate)
    snapshot = ask(target(endpoints=Endpoints(onprem=POOL)), CLOUDS, [asked_once(question)], open_room=rooms)
    evidence = snapshot.entries[question.text]
    assert (evidence.state, evidence.cause) == ("failed", Cause(kind="absent", text=words))
    assert rooms.opened == []


@pytest.mark.parametrize(
    ("view", "left_out"),
    [("dns", "GET https://webdir.online.lync.com/root"), ("https", "dns@public: A webdir.online.lync.com")],
)
def test_what_cannot_be_judged_from_here_is_not_asked(view: str, left_out: str) -> None:
    rooms = Rooms(estate)
    snapshot = ask(target(from_here=(view,)), CLOUDS, [AUTODISCOVER, WEBDIR_HOSTS], open_room=rooms)
    assert snapshot.entries[left_out] == Evidence(state="not_asked", cause=Cause(kind="absent", text="not from here"))
    assert left_out not in rooms.texts
    assert HOSTING_PROVIDERS.text in rooms.texts


def test_a_room_that_cannot_be_opened_harms_no_other() -> None:
    rooms = Rooms(estate)

    def open_room(question: Question) -> Room:
        if question == TENANT:
            raise ImportError("gssapi is not installed")
        return rooms(question)

    snapshot = ask(target(), CLOUDS, [asked_once(TENANT), DISCOVER_PROVIDERS], open_room=open_room)
    cause = snapshot.entries[TENANT.text].cause
    assert cause is not None
    assert "gssapi is not installed" in cause.text
    assert snapshot.entries[HOSTING_PROVIDERS.text].state == "answered"


# ------------------------------------------------------------------ recorded evidence


def recorded(entries: dict[str, Evidence]) -> Snapshot:
    return Snapshot(run=RunFacts(id="old", started="2026-01-01T00:00:00Z"), target=target(), entries=entries)


def test_a_side_is_answered_from_a_snapshot_and_asks_nobody() -> None:
    rooms = Rooms(estate)
    half = target(evidence={"onprem": EvidenceSource(snapshot="old.json")})
    old = {SIP_DOMAINS.text: estate(SIP_DOMAINS)}
    snapshot = ask(
        half,
        CLOUDS,
        [FEDERATION_SRV, DISCOVER_PROVIDERS],
        open_room=rooms,
        recorded={"onprem": Older(recorded(old), "old.json")},
    )
    assert snapshot.entries[SIP_DOMAINS.text].via == "snapshot"
    assert "dns@public: WILDCARD fabrikam.com" in snapshot.entries
    missing = snapshot.entries[HOSTING_PROVIDERS.text]
    assert (missing.state, missing.cause and missing.cause.kind) == ("failed", "absent")
    assert missing.cause is not None
    assert "old.json" in missing.cause.text
    assert len(rooms.opened) == 1


# ------------------------------------------------------------------ the end of a run


def never(question: Question) -> Evidence | None:
    return estate(question) if question == HOSTING_PROVIDERS else None


def test_the_time_for_the_run() -> None:
    rooms = Rooms(never)
    short = target(timeouts=Timeouts(run=1))
    snapshot = ask(short, CLOUDS, [asked_once(TENANT), DISCOVER_PROVIDERS], open_room=rooms)
    assert snapshot.entries[HOSTING_PROVIDERS.text].state == "answered"
    late = snapshot.entries[TENANT.text]
    assert (late.state, late.cause and late.cause.kind) == ("not_asked", "timeout")
    assert late.cause is not None
    assert "timeouts.run" in late.cause.text
    assert not interrupted(snapshot)
    assert all(room.closed for room in rooms.opened)


class CtrlC(Events):
    """Somebody presses Ctrl-C when the first answer is shown."""

    def ended(self, endpoint: str, text: str, evidence: Evidence) -> None:
        super().ended(endpoint, text, evidence)
        raise KeyboardInterrupt


def test_ctrl_c_keeps_what_was_seen() -> None:
    rooms, progress = Rooms(never), CtrlC()
    inquiries = [asked_once(TENANT), DISCOVER_PROVIDERS, AUTODISCOVER]
    snapshot = ask(target(), CLOUDS, inquiries, open_room=rooms, progress=progress)
    assert snapshot.entries[HOSTING_PROVIDERS.text].state == "answered"
    left = snapshot.entries[TENANT.text]
    assert (left.state, left.cause and left.cause.kind) == ("not_asked", "interrupted")
    assert interrupted(snapshot)
    assert all(room.closed for room in rooms.opened)
    assert progress.told[-1] == ("over",)


def test_answers_that_lay_ready_when_the_run_was_stopped_are_kept() -> None:
    second = threading.Event()

    def answer(question: Question) -> Evidence:
        if question != HOSTING_PROVIDERS:
            second.set()
        return estate(question)

    class Slow(CtrlC):
        def ended(self, endpoint: str, text: str, evidence: Evidence) -> None:
            assert second.wait(10)
            deadline = time.monotonic() + 10
            while asking[0]._inbox.qsize() == 0 and time.monotonic() < deadline:
                time.sleep(0.001)
            super().ended(endpoint, text, evidence)

    asking: list[Any] = []
    original = plan._Asking.run

    def run(self: Any, *arguments: Any) -> None:
        asking.append(self)
        original(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan._Asking, "run", run)
        snapshot = ask(
            target(), CLOUDS, [DISCOVER_PROVIDERS, asked_once(TENANT)], open_room=Rooms(answer), progress=Slow()
        )
    assert [evidence.state for evidence in snapshot.entries.values()] == ["answered", "answered"]


def test_what_slowed_the_asking_is_noted() -> None:
    class Slowed(Room):
        remarks = ("the pool had too much going on",)

    def opened(question: Question) -> Room:
        return Slowed(estate) if isinstance(question, Cmdlet) and question.side == "onprem" else Room(estate)

    snapshot = ask(target(), CLOUDS, [asked_once(TENANT), DISCOVER_PROVIDERS], open_room=opened)
    assert snapshot.notes == ("the pool had too much going on",)


@pytest.mark.parametrize("slip", [RuntimeError("no"), OSError("no")])
def test_closing_masks_no_result(slip: Exception) -> None:
    class Bad(Room):
        def close(self) -> None:
            raise slip

    snapshot = ask(target(), CLOUDS, [asked_once(TENANT)], open_room=lambda _: Bad(estate))
    assert snapshot.entries[TENANT.text].state == "answered"


def test_closing_never_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(good_byes, "CLOSING", 0.1)
    over = threading.Event()

    class Slow(Room):
        def close(self) -> None:
            over.wait(30)

    begun = time.monotonic()
    snapshot = ask(target(), CLOUDS, [asked_once(TENANT), DISCOVER_PROVIDERS], open_room=lambda _: Slow(estate))
    over.set()
    assert time.monotonic() - begun < 10
    assert len(snapshot.entries) == 2


def test_good_byes_are_waited_for_by_whoever_says_them() -> None:
    said, may_end = threading.Event(), threading.Event()

    class Slow(Room):
        def close(self) -> None:
            may_end.wait(5)
            said.set()

    later = GoodByes()
    snapshot = ask(target(), CLOUDS, [asked_once(TENANT)], open_room=lambda _: Slow(estate), good_byes=later)
    assert snapshot.entries[TENANT.text].state == "answered"
    assert not said.is_set()
    may_end.set()
    later.wait()
    assert said.is_set()


def test_a_run_that_was_stopped_waits_for_its_good_byes() -> None:
    rooms, said = Rooms(never), threading.Event()

    class Slow(GoodByes):
        def wait(self) -> None:
            super().wait()
            said.set()

    inquiries = [asked_once(TENANT), DISCOVER_PROVIDERS]
    ask(target(), CLOUDS, inquiries, open_room=rooms, progress=CtrlC(), good_byes=Slow())
    assert said.is_set()
    assert all(room.closed for room in rooms.opened)


# ------------------------------------------------------------------ what is told


def test_progress_hears_of_every_question() -> None:
    events = Events()
    ask(target(from_here=()), CLOUDS, [asked_once(TENANT), SIPFED], open_room=Rooms(estate), progress=events)
    assert ("deadline", "tenant") in events.told
    assert events.told.index(("deadline", "tenant")) < events.told.index(("asked", "tenant", TENANT.text))
    assert ("ended", "tenant", TENANT.text, "answered") in events.told
    assert ("ended", "dns@public", "dns@public: A sipfed.online.lync.com", "not_asked") in events.told
    assert not [told for told in events.told if told[:2] == ("asked", "dns@public")]
    assert events.told[-1] == ("over",)


def test_times_are_utc_and_of_the_clock_that_was_given() -> None:
    ticks = iter([1767323045.0, 1767323105.9])
    snapshot = ask(target(), CLOUDS, [], clock=lambda: next(ticks))
    assert (snapshot.run.started, snapshot.run.ended) == ("2026-01-02T03:04:05Z", "2026-01-02T03:05:05Z")
    assert snapshot.run.id.startswith("20260102T030405Z-")


# ------------------------------------------------------------------ with every wire


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World("healthy") as world:
        yield world


def test_a_whole_estate_over_the_wire(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from fedready.target import load_target

    for name, value in world.environ.items():
        monkeypatch.setenv(name, value)
    world.reset()
    snapshot = ask(load_target(world.target_file), CLOUDS, EVERYTHING)
    silent = {text: evidence.cause for text, evidence in snapshot.entries.items() if evidence.state != "answered"}
    assert silent == {}
    assert {sent.to for sent in snapshot.sent} == {"onprem", "tenant"}
    assert "dns@public: SRV _sipfederationtls._tcp.fabrikam.com" in snapshot.entries
    assert [entry["Name"] for entry in snapshot.entries[SIP_DOMAINS.text].value] == ["contoso.com", "fabrikam.com"]
    assert {request.verb for request in world.log.http if request.listener == "https"} == {"GET"}
