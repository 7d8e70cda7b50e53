"""Edges: what needs their place is decided by the target file, and what they answer is read as they mean it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import yaml

from fedready.ask import plan
from fedready.ask.powershell_causes import says_there_is_nothing
from fedready.asked import edge_sides, federation_srv_at
from fedready.inquiry import Inquiry
from fedready.model import Endpoint, Endpoints, Evidence, Finding, Snapshot, Target, Verdict
from fedready.target import load_target
from lab.world import World
from tests.bites import base
from tests.judging import baseline, by_key, judge
from tests.record import environment

NEED_EDGES = {"EDGE-09", "TLS-03", "DNS-04"}
CERTIFICATE = "edge02: Get-CsCertificate -Type AccessEdgeExternal"
ENDS = {  # name -> (error id, message, rows before it)
    "none": ("DNS_ERROR_RCODE_NAME_ERROR", "DNS name does not exist", None),
    "norecord": ("DNS_INFO_NO_RECORDS", "No records found for given DNS query", None),
    "servfail": ("DNS_ERROR_RCODE_SERVER_FAILURE", "DNS server failure", None),
    "slow": ("ERROR_TIMEOUT", "This operation returned because the timeout period expired", None),
    "refused": ("DNS_ERROR_RCODE_REFUSED", "DNS operation refused", None),
    "half": ("DNS_ERROR_RCODE_NAME_ERROR", "DNS name does not exist", [{"Name": "half.example", "Type": "SRV"}]),
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Evidence]:
    """What the product makes of the ways in which Resolve-DnsName ends, over the wire."""
    estate = tmp_path_factory.mktemp("edges") / "edge.yaml"
    questions = {name: federation_srv_at("edge01", f"{name}.example") for name in ENDS}
    edge: dict[str, Any] = {}
    for name, (id_, message, rows) in ENDS.items():
        error = {
            "kind": "nonterminating",
            "message": message,
            "id": f"{id_},Microsoft.DnsClient.Commands.ResolveDnsName",
        }
        edge[questions[name].text] = {"rows": rows, "error": error}
    content = {"target": {"sip_domains": ["contoso.com"]}, "edges": {"edge01": edge}}
    estate.write_text(yaml.safe_dump(content), encoding="utf-8")
    with World(estate) as world, environment(world.environ):
        target = load_target(world.target_file)
        asked = plan.ask(target, baseline().clouds, [Inquiry("all", lambda known: questions.values())])
    return {name: asked.entries[question.text] for name, question in questions.items()}


@pytest.mark.parametrize("name", ["none", "norecord"])
def test_that_dns_has_nothing_is_an_answer(answers: dict[str, Evidence], name: str) -> None:
    assert (answers[name].state, answers[name].value, answers[name].cause) == ("answered", [], None)


@pytest.mark.parametrize(
    ("name", "kind"), [("servfail", "servfail"), ("slow", "timeout"), ("refused", "refused"), ("half", "refused")]
)
def test_that_dns_failed_is_none(answers: dict[str, Evidence], name: str, kind: str) -> None:
    assert answers[name].state == "failed"
    assert answers[name].cause is not None
    assert answers[name].cause.kind == kind


def test_only_resolve_dnsname_may_say_so() -> None:
    record = {"FullyQualifiedErrorId": "DNS_ERROR_RCODE_NAME_ERROR,Microsoft.DnsClient.Commands.ResolveDnsName"}
    assert says_there_is_nothing(record, "Resolve-DnsName -Name x -Type SRV")
    assert not says_there_is_nothing(record, "Get-CsSipDomain")
    assert not says_there_is_nothing({"FullyQualifiedErrorId": "DNS_ERROR_RCODE_NAME_ERRORS"}, "Resolve-DnsName")
    for odd in (None, "text", [], {}, {"FullyQualifiedErrorId": None}):
        assert not says_there_is_nothing(odd, "Resolve-DnsName")


# --------------------------------------------------------------------------- whose place it is


def with_edges(target: Target, edges: dict[str, Endpoint]) -> Target:
    endpoints = msgspec.structs.replace(target.endpoints, edges=edges)
    return msgspec.structs.replace(target, endpoints=endpoints)


def test_without_endpoints_of_edges_they_are_not_from_here_whatever_was_answered() -> None:
    snapshot = base("with-edges")
    without = msgspec.structs.replace(snapshot, target=with_edges(snapshot.target, {}))
    found = {f.control: f for f in judge(without).findings if f.control in NEED_EDGES}
    assert {f.verdict for f in found.values()} == {Verdict.NA}
    assert all("not from here" in f.message and "endpoints.edges" in f.message for f in found.values())
    assert judge(without).headline == "READY"


def test_with_endpoints_that_nobody_answers_they_are_unknown_never_not_from_here() -> None:
    snapshot = base("with-edges")
    kept = {text: e for text, e in snapshot.entries.items() if not text.startswith("edge0")}
    run = judge(msgspec.structs.replace(snapshot, entries=kept))
    assert {f.verdict for f in run.findings if f.control in NEED_EDGES} == {Verdict.UNKNOWN}
    assert run.headline == "UNDETERMINED"


@pytest.mark.parametrize(
    ("control", "view"), [("TLS-01", "tls"), ("DNS-04", "dns"), ("XS-08", "dns"), ("XS-08", "tls")]
)
def test_every_view_is_needed(control: str, view: str) -> None:
    snapshot = base("with-edges")
    here = tuple(v for v in snapshot.target.from_here if v != view)
    run = judge(msgspec.structs.replace(snapshot, target=msgspec.structs.replace(snapshot.target, from_here=here)))
    (found,) = [f for f in run.findings if f.control == control]
    assert found.verdict is Verdict.NA
    assert f"add {view} to from_here" in found.message


def test_a_server_is_called_by_its_host_and_by_its_name_where_two_share_one() -> None:
    def edge(host: str) -> Endpoint:
        return Endpoint(kind="winrm", url=f"https://{host}:5986/wsman")

    def sides(**edges: Endpoint) -> dict[str, str]:
        return edge_sides(Target(name="x", endpoints=Endpoints(edges=edges)))

    assert sides(a=edge("Edge01.Contoso.com"), b=edge("edge02.contoso.com")) == {
        "edge01.contoso.com": "a",
        "edge02.contoso.com": "b",
    }
    assert sides(a=edge("gate.contoso.com"), b=edge("gate.contoso.com")) == {"a": "a", "b": "b"}


# --------------------------------------------------------------------------- the certificate


def changed(question: str, **values: Any) -> Snapshot:
    snapshot = base("with-edges")
    entry = snapshot.entries[question]
    entries = {**snapshot.entries, question: msgspec.structs.replace(entry, value=[{**entry.value[0], **values}])}
    return msgspec.structs.replace(snapshot, entries=entries)


def certificate_of(snapshot: Snapshot, server: str) -> Finding:
    return by_key(judge(snapshot, only={"TLS-03"}))["TLS-03", server]


@pytest.mark.parametrize(
    ("until", "case", "severity"),
    [
        ("2026-02-01T03:04:05Z", None, "high"),
        ("2026-02-01T03:04:04Z", "expires-soon", "low"),
        ("2026-01-09T03:04:05Z", "expires-soon", "low"),
        ("2026-01-09T03:04:04Z", "expired", "high"),
        ("2026-01-01T00:00:00Z", "expired", "high"),
    ],
)
def test_days_are_counted_from_when_it_was_asked(until: str, case: str | None, severity: str) -> None:
    found = certificate_of(changed(CERTIFICATE, NotAfter=until), "edge02.contoso.com")
    assert (found.case, found.severity.value) == (case, severity)


def test_servers_of_two_pools_may_differ_and_of_unknown_pools_cannot_be_judged() -> None:
    different = changed(CERTIFICATE, Thumbprint="00" * 20)
    computers = different.entries["onprem: Get-CsComputer"]
    rows = [{**row, "Pool": "edge2.contoso.com"} if "edge02" in row["Fqdn"] else row for row in computers.value]

    def judged(rows: list[dict[str, Any]]) -> Verdict:
        entries = {**different.entries, "onprem: Get-CsComputer": msgspec.structs.replace(computers, value=rows)}
        return certificate_of(msgspec.structs.replace(different, entries=entries), "edge01.contoso.com").verdict

    assert judged(computers.value) is Verdict.FAIL
    assert judged(rows) is Verdict.PASS
    assert judged(rows[:2]) is Verdict.UNKNOWN


def test_a_date_that_is_none_is_unknown() -> None:
    for until in ("soon", None, 7, "2026-01-05"):
        assert certificate_of(changed(CERTIFICATE, NotAfter=until), "edge02.contoso.com").verdict is Verdict.UNKNOWN


def test_the_lab_s_accounts_are_the_edges_own() -> None:
    """Each Edge is asked with its own account: workgroup machines know nobody else."""
    accounts = {
        text.partition(": ")[0]: e.account for text, e in base("with-edges").entries.items() if "edge0" in text[:6]
    }
    assert accounts == {"edge01": r"CONTOSO\edge01-auditor", "edge02": r"CONTOSO\edge02-auditor"}
