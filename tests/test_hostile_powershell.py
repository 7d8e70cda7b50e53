"""Whatever an endpoint does, a question ends within its time as a named cause: never an answer, a hang or a traceback."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from fedready.model import Evidence
from lab.faults import CMDLET, HTTP, POOL, PSRP, TLS, WSMAN
from lab.world import World
from tests.power import DOMAINS, PROVIDERS, asking

SHORT, GRACE = 0.5, 2.0
"""Seconds: the time-outs of cases that use them up, and what a busy machine may add."""
QUESTION = DOMAINS.text


@pytest.fixture(scope="module")
def secure() -> Iterator[World]:
    with World("healthy") as world:
        yield world


@pytest.fixture(scope="module")
def sealed() -> Iterator[World]:
    """Over HTTP, every message encrypted by NTLM."""
    with World("healthy", plain=True) as world:
        yield world


def failed(evidence: Evidence, *kinds: str) -> str:
    """Is this a failure of one of these kinds, said in one line?"""
    assert evidence.state == "failed", evidence.value
    assert evidence.value is None
    assert evidence.cause is not None
    assert evidence.cause.kind in kinds, evidence.cause
    assert evidence.cause.text.isprintable()
    assert len(evidence.cause.text) < 500
    assert "Traceback" not in evidence.cause.text
    return evidence.cause.text


@pytest.fixture(autouse=True)
def hardly_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that never has room for us is not waited for."""
    monkeypatch.setattr("fedready.ask.powershell.QUOTA_PAUSES", (0.01, 0.02))


def ask_spoilt(
    world: World, at: str, do: str, *, cmdlet: float = SHORT, endpoint: float = 10, **more: Any
) -> list[Evidence]:
    """Ask two questions of an endpoint that misbehaves; both must end in time."""
    world.reset()
    world.faults.add(at, do, **more)
    with asking(world, cmdlet=cmdlet, endpoint=endpoint, max_runspaces=1) as power:
        began = time.monotonic()
        answers = power.ask(DOMAINS, PROVIDERS)
        assert time.monotonic() - began < min(2 * cmdlet, endpoint) + GRACE
    world.reset()
    return answers


def short_if(kinds: tuple[str, ...]) -> float:
    """Only what hangs needs a short time-out; what answers is given time on a busy machine."""
    return SHORT if "timeout" in kinds else 5


BROKEN_EXCHANGES = [
    ("status", {"status": 400}, ("refused",)),
    ("status", {"status": 403}, ("denied",)),
    ("status", {"status": 404}, ("refused",)),
    ("status", {"status": 405, "body": "<html>no</html>"}, ("refused",)),
    ("status", {"status": 413}, ("refused",)),
    ("status", {"status": 500, "body": "<html><body>Server Error"}, ("refused",)),
    ("status", {"status": 500, "body": "<html><body>x</body></html>"}, ("refused",)),
    ("status", {"status": 500, "body": "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"}, ("malformed",)),
    ("status", {"status": 502}, ("refused",)),
    ("status", {"status": 503}, ("refused",)),
    ("status", {"status": 200, "body": "<html>sign in</html>"}, ("malformed",)),
    ("status", {"status": 200, "body": ""}, ("malformed",)),
    ("unauthorized", {}, ("refused",)),
    ("hang", {"seconds": 4}, ("timeout",)),
    ("delay", {"seconds": 4}, ("timeout",)),
    ("reset", {}, ("unreachable",)),
    ("close", {}, ("unreachable",)),
    ("partial", {}, ("unreachable",)),
    ("partial-reset", {}, ("unreachable",)),
    ("drip", {}, ("timeout",)),
    ("garbage", {}, ("unreachable",)),
    ("redirect", {"to": "https://elsewhere.example/"}, ("refused",)),
    ("redirect", {"status": 307}, ("refused",)),
    ("gzip", {"bytes": 5_000_000}, ("malformed",)),
    ("header-flood", {}, ("unreachable", "malformed")),
]
BROKEN_WSMAN = [
    ("fault", {"code": 12345, "text": "Something\x0b is\nwrong " + "x" * 5000}, ("refused",)),
    ("wrong-relates-to", {}, ("malformed",)),
    ("shell-lost", {}, ("refused",)),
    ("quota", {}, ("refused",)),
    ("access-denied", {}, ("denied",)),
    ("operation-timeout", {}, ("timeout",)),
    ("not-xml", {}, ("malformed",)),
    ("empty-body", {}, ("malformed", "timeout", "refused")),
    ("bad-base64", {}, ("malformed",)),
    ("doctype", {}, ("malformed",)),
]
BROKEN_PSRP = [
    ("fragment-wrong", {}, ("malformed",)),
    ("fragment-missing", {}, ("malformed",)),
    ("fragment-duplicate", {}, ("malformed",)),
    ("fragment-truncated", {}, ("malformed",)),
    ("fragment-overlong", {}, ("malformed",)),
    ("object-endless", {}, ("malformed", "timeout")),
    ("message-short", {}, ("malformed",)),
    ("bad-utf8", {}, ("malformed",)),
    ("state-bad", {}, ("malformed",)),
    ("state-empty", {}, ("malformed",)),
    ("state-none", {}, ("timeout",)),
    ("pipeline-pool-broken", {}, ("refused", "malformed")),
    ("message-unknown", {}, ("malformed",)),
]
RAW = {
    "cut short": "<Obj><S>",
    "no XML": "hello",
    "nothing": "",
    "entity bomb": "<!DOCTYPE s [<!ENTITY a 'lol'><!ENTITY b '&a;&a;&a;'>]><S>&b;</S>",
    "nested 900 deep": "<Obj RefId='0'><LST>"
    + "".join(f"<Obj RefId='{i}'><LST>" for i in range(1, 900))
    + "</LST></Obj>" * 900,
    "nested 20000 deep": "<LST>" * 20000 + "</LST>" * 20000,
    "cyclic": '<Obj RefId="0"><Props><Ref N="me" RefId="0"/></Props></Obj>',
    "reference to nothing": '<Obj RefId="0"><Props><Ref N="a" RefId="9"/></Props></Obj>',
    "boolean": '<Obj RefId="0"><Props><B N="Enabled">maybe</B></Props></Obj>',
    "number": '<Obj RefId="0"><Props><I32 N="Port">99999999999</I32></Props></Obj>',
    "unknown element": '<Obj RefId="0"><Props><Frob N="Enabled">1</Frob></Props></Obj>',
    "twice": '<Obj RefId="0"><Props><B N="Enabled">true</B><B N="Enabled">false</B></Props></Obj>',
    "twice in another case": '<Obj RefId="0"><Props><B N="Enabled">true</B><B N="enabled">false</B></Props></Obj>',
}
BROKEN_CMDLET = [
    ("missing", {}, ("not_recognized",)),
    ("denied", {}, ("denied",)),
    ("slow", {"seconds": 4}, ("timeout",)),
    ("error", {"text": "Object reference\nnot set"}, ("refused",)),
    ("error-after-output", {}, ("refused",)),
    ("endless-output", {}, ("timeout",)),
]
BENIGN = {"warning", "empty"}
EVERYWHERE = BROKEN_EXCHANGES + BROKEN_WSMAN


def ids(rows: list[tuple[str, dict[str, Any], tuple[str, ...]]]) -> list[str]:
    return [" ".join([f"{n}", do, *(str(v)[:20] for v in more.values())]) for n, (do, more, _) in enumerate(rows)]


@pytest.mark.parametrize(("do", "more", "kinds"), EVERYWHERE, ids=ids(EVERYWHERE))
@pytest.mark.parametrize("action", ["Create", "Receive"])
def test_a_session_that_does_not_open(
    secure: World, action: str, do: str, more: dict[str, Any], kinds: tuple[str, ...]
) -> None:
    if (action, do) == ("Create", "bad-base64"):
        action = "Receive"  # there is no base64 in the answer to Create
    for evidence in ask_spoilt(secure, f"onprem {action}", do, endpoint=short_if(kinds), **more):
        failed(evidence, *kinds)


BROKEN_ANSWERS = EVERYWHERE + BROKEN_PSRP + BROKEN_CMDLET


@pytest.mark.parametrize(("do", "more", "kinds"), BROKEN_ANSWERS, ids=ids(BROKEN_ANSWERS))
def test_an_answer_that_breaks_spoils_no_other(
    secure: World, do: str, more: dict[str, Any], kinds: tuple[str, ...]
) -> None:
    spoilt, sound = ask_spoilt(secure, QUESTION, do, cmdlet=short_if(kinds), **more)
    failed(spoilt, *kinds)
    assert sound.state == "answered", sound.cause


@pytest.mark.parametrize("xml", RAW.values(), ids=RAW.keys())
def test_clixml_that_nobody_writes(secure: World, xml: str) -> None:
    spoilt, sound = ask_spoilt(secure, QUESTION, "raw", cmdlet=5, xml=xml)
    assert "could not be read" in failed(spoilt, "malformed")
    assert sound.state == "answered"


ENCRYPTED = [
    row
    for row in BROKEN_ANSWERS
    if row[0] in ("reset", "partial-reset", "drip", "hang", "unauthorized", "slow", "status")
]


@pytest.mark.parametrize(("do", "more", "kinds"), ENCRYPTED, ids=ids(ENCRYPTED))
def test_an_encrypted_connection_recovers(sealed: World, do: str, more: dict[str, Any], kinds: tuple[str, ...]) -> None:
    """The keys belong to the connection: after a broken exchange both are made anew."""
    spoilt, sound = ask_spoilt(sealed, QUESTION, do, cmdlet=short_if(kinds), **more)
    failed(spoilt, *kinds)
    assert sound.state == "answered", sound.cause


@pytest.mark.parametrize("do", ["hang", "drip", "reset", "status", "garbage", "redirect", "header-flood"])
def test_a_front_that_is_no_endpoint_at_all(secure: World, do: str) -> None:
    for evidence in ask_spoilt(secure, "onprem", do, endpoint=SHORT, seconds=4):
        failed(evidence, "timeout", "unreachable", "refused", "malformed")


TRUST = {
    "wrong-name": "unreachable", "expired": "unreachable", "unknown-ca": "unreachable", "old-version": "unreachable",
    "no-handshake": "unreachable",
}  # fmt: skip


@pytest.mark.parametrize("do", TLS)
def test_an_endpoint_that_is_not_trusted_gets_no_credentials(secure: World, do: str) -> None:
    for evidence in ask_spoilt(secure, "onprem", do, endpoint=SHORT, seconds=4):
        text = failed(evidence, "unreachable", "timeout")
        assert "pool.contoso.com" in text
    assert [request for request in secure.log.http if request.listener == "onprem"] == []


@pytest.mark.parametrize("do", POOL)
def test_a_pool_that_does_not_start(secure: World, do: str) -> None:
    for evidence in ask_spoilt(secure, "onprem", do, endpoint=SHORT, seconds=4):
        failed(evidence, "timeout", "refused")


def test_the_matrix_holds_every_knob() -> None:
    tried = {do for do, _, _ in BROKEN_ANSWERS} | {"raw"} | BENIGN
    assert tried == set(HTTP) | set(WSMAN) | set(PSRP) | set(CMDLET)
    assert set(TRUST) == set(TLS)
