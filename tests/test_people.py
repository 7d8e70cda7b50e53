"""People are numbers and salted hashes: nobody's name or address leaves the room that asked, and nothing is compared by mistake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from fedready.allowed import ALLOWED
from fedready.desk import Desk
from fedready.inquiry import Known
from fedready.model import Evidence, Finding, Snapshot, Unseen, Verdict
from fedready.questions import Cmdlet
from fedready.reduce import Rows, Salt
from fedready.views.people import People
from lab.world import World
from tests.bites import base
from tests.judging import baseline, by_key, judge
from tests.record import ask_lab
from tests.running import audit

ONLINE, ONPREM = "tenant: Get-CsOnlineUser", "onprem: Get-CsUser -ResultSize Unlimited"
REPORTS = ("readiness.html", "findings.json", "snapshot.json", "junit.xml", "pytest.html")
SOMEBODY = ("labperson", "aylin", "dagny", "mats.lab", "@contoso.com", "@fabrikam.com", "sip:")


NAMED = "-p pytest_metadata.plugin -p pytest_html.plugin -p no:cacheprovider"
WITH_LOGGING = f"addopts=--disable-plugin-autoload {NAMED} --import-mode=importlib"
"""pytest.ini leaves pytest's logging out of an audit; here it is wanted, so that nothing can hide in a log."""


def told(text: str) -> list[str]:
    return [word for word in SOMEBODY if word in text.casefold()]


def test_nobody_of_the_lab_reaches_a_report_or_the_log(tmp_path: Path) -> None:
    """The lab answers with made-up people in every question about users; a verbose, logging run says nothing of them."""
    log = tmp_path / "audit.log"
    with World("healthy") as world:
        ended = audit(
            f"--target={world.target_file}",
            *("-o", WITH_LOGGING, "-v", "-rA", "--log-level=DEBUG", f"--log-file={log}", "--log-file-level=DEBUG"),
            report_dir=tmp_path / "out",
            environ=world.environ,
        )
        asked = {command.text for command in world.log.commands}
    assert ended.code == 0, ended.output
    assert {"Get-CsOnlineUser", "Get-CsUser -ResultSize Unlimited"} <= {
        text.partition(": ")[2] or text for text in asked
    }
    for file in REPORTS:
        text = (ended.folder / file).read_text(encoding="utf-8")
        assert "USER-04" in text or file == "snapshot.json"
        assert told(text) == [], file
    assert told(ended.output) == []
    assert told(log.read_text(encoding="utf-8")) == []


def test_the_lab_does_send_people() -> None:
    """Otherwise the test above could not fail: the answers that were reduced did hold names and addresses."""
    rows = Rows(ALLOWED["Get-CsSipDomain"], Salt())
    rows.add({"Name": "sip:aylin.labperson0000@contoso.com"})
    assert told(str(rows.value))
    value = ask_lab("healthy").entries[ONLINE].value
    assert value[0]["Count"] == 47
    assert value[0]["AccountType"] == {"ResourceAccount": 2, "SfBOnPremUser": 12, "User": 33}
    assert {domain: len(hashes) for domain, hashes in value[0]["SipAddress"]["domains"].items()} == {
        "contoso.com": 42,
        "fabrikam.com": 3,
    }


# --------------------------------------------------------------------------- on arrival


def reduced(cmdlet: str, *rows: dict[str, Any], salt: Salt | None = None) -> dict[str, Any]:
    taken = Rows(ALLOWED[cmdlet], salt or Salt(b"a"))
    for row in rows:
        taken.add(row)
    return dict(taken.value[0])


def test_accounts_of_no_person_have_no_address() -> None:
    value = reduced(
        "Get-CsOnlineUser",
        {"SipAddress": "sip:a@contoso.com", "AccountType": "User", "OnPremSipAddress": "sip:a@contoso.com"},
        {"SipAddress": "sip:b@contoso.com", "AccountType": "ResourceAccount", "OnPremSipAddress": "sip:b@contoso.com"},
        {"SipAddress": "sip:c@contoso.com", "AccountType": "Guest", "OnPremSipAddress": None},
        {"SipAddress": "sip:d@contoso.com", "AccountType": "IneligibleUser", "OnPremSipAddress": ""},
        {"SipAddress": "SIP:E@Contoso.com", "OnPremSipAddress": "sip:e@contoso.com"},
    )
    assert value["SipAddress"]["total"] == len(value["SipAddress"]["domains"]["contoso.com"]) == 2
    assert value["OnPremSipAddress"]["total"] == 3
    assert value["Count"] == 5


def test_one_person_hashes_the_same_on_both_sides_of_a_run_only() -> None:
    salt = Salt()
    here = reduced("Get-CsUser", {"SipAddress": "sip:Ada@Contoso.com"}, salt=salt)["SipAddress"]
    there = reduced("Get-CsOnlineUser", {"SipAddress": "ada@contoso.com"}, salt=salt)["SipAddress"]
    other = reduced("Get-CsUser", {"SipAddress": "sip:ada@contoso.com"}, salt=Salt())["SipAddress"]
    assert here == there
    assert other["salt"] != here["salt"]
    assert other["domains"] != here["domains"]


# --------------------------------------------------------------------------- judged


def with_row(snapshot: Snapshot, question: str, **values: Any) -> Snapshot:
    entry = snapshot.entries[question]
    value = [{**entry.value[0], **values}]
    entries = {**snapshot.entries, question: msgspec.structs.replace(entry, value=value)}
    return msgspec.structs.replace(snapshot, entries=entries)


def finding(snapshot: Snapshot, control: str, subject: str = "deployment", phase: str | None = None) -> Finding:
    return by_key(judge(snapshot, phase=phase, only={control}))[control, subject]


def hashes(salt: str, **domains: list[str]) -> dict[str, Any]:
    named = {name.replace("_", "."): found for name, found in domains.items()}
    return {"salt": salt, "domains": named, "total": sum(map(len, named.values()))}


@pytest.mark.parametrize("control", ["USER-04", "USER-08"])
def test_hashes_of_two_runs_are_never_compared(control: str) -> None:
    entry = base("healthy").entries[ONPREM].value[0]["SipAddress"]
    found = finding(with_row(base("healthy"), ONPREM, SipAddress={**entry, "salt": "other"}), control, "contoso.com")
    assert found.verdict is Verdict.UNKNOWN
    assert "different runs" in found.message


def test_only_the_domain_that_lacks_somebody_fails() -> None:
    salt = base("healthy").entries[ONPREM].value[0]["SipAddress"]["salt"]
    snapshot = with_row(
        base("healthy"), ONLINE, SipAddress=hashes(salt, Contoso_com=["0" * 16], partner_example=["1" * 16])
    )
    assert finding(snapshot, "USER-04", "contoso.com").verdict is Verdict.FAIL
    assert finding(snapshot, "USER-04", "fabrikam.com").verdict is Verdict.PASS
    readings = [r.value for r in finding(snapshot, "USER-04", "contoso.com").readings if r.question == ONLINE]
    assert readings == [{"salt": salt, "domains": {"contoso.com": ["0" * 16]}, "total": 1}]


def test_what_people_came_without_is_unknown() -> None:
    salt = base("healthy").entries[ONPREM].value[0]["SipAddress"]["salt"]
    for control, question, values in (
        ("USER-03", ONPREM, {"HostingProvider": {"#absent": 45}}),
        ("USER-03", ONPREM, {"HostingProvider": {"SRV:": 12}}),  # the numbers do not add up to all 45 users
        ("USER-05", ONLINE, {"UserValidationErrors": {"#absent": 47}}),
        ("USER-05", ONLINE, {"UserValidationErrors": {"#empty": 46}}),
        ("USER-05", ONLINE, {"UserValidationErrors": {"#empty": True}}),
    ):
        assert finding(with_row(base("healthy"), question, **values), control).verdict is Verdict.UNKNOWN, (
            control,
            values,
        )
    absent = {"salt": salt, "domains": {"#absent": ["0" * 16]}, "total": 1}
    assert (
        finding(with_row(base("healthy"), ONLINE, SipAddress=absent), "USER-04", "contoso.com").verdict
        is Verdict.UNKNOWN
    )
    short = {"salt": salt, "domains": {}, "total": 45}
    assert (
        finding(with_row(base("healthy"), ONLINE, SipAddress=short), "USER-04", "contoso.com").verdict
        is Verdict.UNKNOWN
    )


@pytest.mark.parametrize(
    ("plans", "verdict"),
    [
        ({"MCOProfessional": 12, "Teams": 12}, Verdict.PASS),
        ({"mcostandard": 12, "TEAMS1": 12, "MCOEV": 3}, Verdict.PASS),
        (
            {"MCOProfessional": 7, "MCOSTANDARD": 5, "Teams": 12},
            Verdict.UNKNOWN,
        ),  # twelve people, or seven with five twice
        ({"MCOProfessional": 7, "MCOSTANDARD": 4, "Teams": 12}, Verdict.FAIL),
        ({"MCOProfessional": 12}, Verdict.FAIL),
        ({}, Verdict.FAIL),
        ({"#absent": 12}, Verdict.UNKNOWN),
        ({"Microsoft.Rtc.Management.Plan": 12}, Verdict.UNKNOWN),  # an object that came as its type's name
    ],
)
def test_licences_by_the_names_of_the_plans(plans: dict[str, int], verdict: Verdict) -> None:
    question = "tenant: Get-CsOnlineUser -Filter OnPremHostingProvider -ne $null"
    found = finding(with_row(base("healthy"), question, AssignedPlan=plans), "USER-07", phase="pre-migration")
    assert found.verdict is verdict, found


@pytest.mark.parametrize(
    ("versions", "case"),
    [
        (("7.0.2046.385", "7.0.2046.0"), None),  # an update raises only the components that it changes
        (("7.0.2046.384", "7.0.2046.0"), "too-old"),
        (("6.0.9319.619",), None),
        (("6.0.9319.72", "7.0.2046.530"), "too-old"),
        (("8.0.1.2",), None),  # newer than all that are documented
        (("4.0.7577.0",), "too-old"),
        (("5.0.8308.1182", "6.0.9319.619", "7.0.2046.385"), "three-versions"),
    ],
)
def test_builds_for_moves(versions: tuple[str, ...], case: str | None) -> None:
    rows = [{"ComponentName": f"part {number}", "Version": version} for number, version in enumerate(versions)]
    snapshot = base("healthy")
    entry = msgspec.structs.replace(snapshot.entries["onprem: Get-CsServerPatchVersion"], value=rows)
    snapshot = msgspec.structs.replace(
        snapshot, entries={**snapshot.entries, "onprem: Get-CsServerPatchVersion": entry}
    )
    assert finding(snapshot, "USER-09", phase="pre-migration").case == case


def test_counts_that_are_no_numbers_are_unseen() -> None:
    question = Cmdlet("onprem", "Get-CsUser", (("ResultSize", "Unlimited"),))
    for value in ("many", {"SRV:": -1}, {"SRV:": "12"}, None):
        entries = {question.text: Evidence(state="answered", value=[{"Count": 12, "HostingProvider": value}])}
        known = Known(base("healthy").target, baseline().clouds, entries)
        desk = Desk(known, baseline().controls["USER-03"], "hybrid", "worldwide", None, lambda _: None)
        with pytest.raises(Unseen):
            People(desk, question).counts("HostingProvider")
