"""Judging what an administrator exported: the findings of the live audit, as far as files can hold the question."""

from __future__ import annotations

import datetime as dt
import functools
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from fedready.ask import plan
from fedready.ask.export_values import Unreadable, decoded, row_of, rows_of
from fedready.ask.exports import Export
from fedready.model import Evidence, Run, Snapshot, Target
from fedready.questions import Cmdlet, Lookup, Wildcard
from fedready.snapshot import read, seal
from fedready.sources import Aged, export_target, open_sources
from fedready.yamlmarks import Mistake
from tests.exporting import SHAPES, Shape, as_json, as_xml, error, question_of, write_export, write_file
from tests.judging import ROOT, baseline, by_key, judge
from tests.record import ask_lab, everything

PROVIDERS = Cmdlet("onprem", "Get-CsHostingProvider")
SIP_DOMAINS = Cmdlet("onprem", "Get-CsSipDomain")
SRV = Lookup("public", "SRV", "_sipfederationtls._tcp.contoso.com")
ROW = {"Identity": "LyncOnline", "ProxyFqdn": "sipfed.online.lync.com", "VerificationLevel": "UseSourceVerification"}
SAMPLES = ROOT / "fixtures" / "exports"


@functools.cache
def live(estate: str) -> Snapshot:
    """What the lab answered, over the wire."""
    return read(ROOT / "fixtures" / "snapshots" / "healthy.json") if estate == "healthy" else ask_lab(estate)


@functools.cache
def judged_live(estate: str) -> Run:
    return judge(live(estate))


def target_yaml(target: Target, *more: str) -> str:
    """The target.yaml that an administrator would put beside the files: everything but endpoints."""
    return "\n".join([
        f"name: {target.name}",
        f"phase: {target.phase}",
        f"cloud: {target.cloud}",
        f"edge: {{names: [{', '.join(target.edge.names)}]}}",
        "resolvers: {public: '127.0.0.1:53', internal: '127.0.0.1:53'}",
        *more,
    ])  # fmt: skip


def ask_export(folder: Path) -> Snapshot:
    """Everything that a run of all controls asks, answered by the folder alone."""
    target = export_target(folder)
    sources = open_sources(target)
    asked = plan.ask(target, baseline().clouds, everything(), recorded=sources.answers, open_room=no_room)
    return seal(sources.noted(asked))


def no_room(question: object) -> Any:
    raise AssertionError(f"{question} was asked live")


def holds(finding: Any, shape: Shape) -> bool:
    """Does an export hold everything that the live finding looked at? JSON has no names of types."""
    return not any(
        (shape.suffix == ".json" and r.path.endswith("#type"))
        or r.question.startswith(("GET ", "TLS "))
        or "Get-Command" in r.question
        or r.question in ("sent", "onprem: Get-CsTenant", "tenant: Get-CsManagementConnection")
        or r.path.rpartition("].")[2].startswith(("SipAddress", "OnPremSipAddress"))
        for r in finding.readings
    )


@pytest.mark.parametrize("estate", ["healthy", "drifted"])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_the_findings_of_the_live_audit(shape: str, estate: str, tmp_path: Path) -> None:
    write_export(live(estate), tmp_path, SHAPES[shape])
    (tmp_path / "target.yaml").write_text(target_yaml(live(estate).target), encoding="utf-8")
    snapshot = ask_export(tmp_path)
    assert snapshot.notes == ()
    exported, seen = by_key(judge(snapshot)), by_key(judged_live(estate))
    compared = 0
    for key, finding in seen.items():
        if key[0] in ("SESS-01", "SESS-05", "SESS-06"):
            assert exported[key].verdict == "n/a"
            assert exported[key].message.startswith("export: no session was opened")
        elif finding.verdict == "n/a":
            assert key not in exported or exported[key].verdict == "n/a", key
        elif finding.verdict == "unknown" or not holds(finding, SHAPES[shape]):
            assert exported[key].verdict in ("unknown", finding.verdict), key
        else:
            compared += 1
            assert (exported[key].verdict, exported[key].message) == (finding.verdict, finding.message), key
            assert exported[key].severity == finding.severity, key
            assert same(exported[key].observed, finding.observed), key
    assert compared > 40
    assert not {f.verdict for f in exported.values()} & {"error"}


def same(exported: Any, live: Any) -> bool:
    """Equal, but for what only a resolver knows: over which protocol it answered."""

    def without(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: without(v) for k, v in value.items() if k not in ("over", "#type", "label")}
        return [without(v) for v in value] if isinstance(value, list) else value

    return bool(without(exported) == without(live))


@pytest.mark.parametrize("estate", ["healthy", "drifted"])
def test_the_whole_command_over_an_export(estate: str, tmp_path: Path) -> None:
    from tests.running import audit

    write_export(live(estate), tmp_path / "saved")
    (tmp_path / "saved" / "notes.txt").write_text("from Anna", encoding="utf-8")
    ended = audit("--export", tmp_path / "saved", report_dir=tmp_path / "out")
    findings = ended.findings
    assert (findings["headline"], ended.code) == {"healthy": ("UNDETERMINED", 10), "drifted": ("NOT READY", 1)}[estate]
    assert findings["qualifiers"] == [
        "assumed: phase hybrid", "assumed: cloud worldwide", "assumed: name saved",
        "assumed: SIP domains from Get-CsSipDomain",
    ]  # fmt: skip
    assert findings["reads"] == {"sent": 0, "answered": 0, "failed": 0, "writes": 0}
    host = next(f for f in findings["findings"] if f["control"] == "HOST-06")
    assert [(e["question"], e["via"], e["from"]) for e in host["evidence"]] == [
        (PROVIDERS.text, "export", "onprem/Get-CsHostingProvider.xml")
    ]
    assert "ignored: notes.txt belongs to no question" in ended.output
    report = (ended.folder / "readiness.html").read_text(encoding="utf-8")
    assert "notes.txt belongs to no question" in report
    assert re.search(
        r">export <bdi>onprem/Get-CsHostingProvider.xml</bdi>, <time [^>]*>[^<]+</time>, \d+ (days|h|min) old<", report
    )
    again = audit("--snapshot", ended.folder / "snapshot.json", report_dir=tmp_path / "again")
    assert {k: v for k, v in again.findings.items() if k != "run"} == {k: v for k, v in findings.items() if k != "run"}


# ------------------------------------------------------------------ what stands in a file


def answer(folder: Path, question: Any = PROVIDERS) -> Evidence:
    return Export(folder).answer(question)


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def cause(evidence: Evidence) -> tuple[str, str]:
    assert evidence.state == "failed"
    assert evidence.cause is not None
    return evidence.cause.kind, evidence.cause.text


def test_a_real_file_of_windows_is_read() -> None:
    custom = rows_of((SAMPLES / "custom-object.xml").read_bytes(), ".xml")
    assert [row["ProxyAddress"] for row in custom] == ["proxy.contoso.com:8080"]
    assert custom[0]["HttpProxyDifference"] is False
    remote = rows_of((SAMPLES / "remote-objects.xml").read_bytes(), ".xml")
    assert remote[0]["#type"] == "Microsoft.Exchange.Monitoring.ActiveMonitoring.MonitoringOverrideObject"


@pytest.mark.parametrize("name", [
    "onprem/Get-CsHostingProvider.xml", "ONPREM/get-cshostingprovider.XML", "OnPrem/GET-CSHOSTINGPROVIDER.Xml",
    "Get-CsHostingProvider.xml",
])  # fmt: skip
def test_names_are_matched_without_regard_to_case(name: str, tmp_path: Path) -> None:
    put(tmp_path, name, as_xml([ROW]))
    evidence = answer(tmp_path)
    assert evidence.value == [{"#type": "System.Management.Automation.PSCustomObject", **ROW}]
    assert (evidence.source, evidence.via) == (name, "export")


def test_the_time_of_a_file_is_when_it_was_asked(tmp_path: Path) -> None:
    path = put(tmp_path, "onprem/Get-CsHostingProvider.xml", as_xml([ROW]))
    os.utime(path, (1767323045, 1767323045))
    assert answer(tmp_path).asked == "2026-01-02T03:04:05Z"


@pytest.mark.parametrize("content", [as_xml([]), f"{as_xml([])[:-7]}<Nil /></Objs>"])
def test_a_file_without_objects_is_an_empty_answer(content: str, tmp_path: Path) -> None:
    put(tmp_path, "onprem/Get-CsHostingProvider.xml", content)
    assert (answer(tmp_path).state, answer(tmp_path).value) == ("answered", [])


@pytest.mark.parametrize("content", ["[]", "null", " [ ]\r\n", '{"@odata.context": "x", "value": []}'])
def test_json_without_objects_is_an_empty_answer(content: str, tmp_path: Path) -> None:
    put(tmp_path, "onprem/Get-CsHostingProvider.json", content)
    assert answer(tmp_path).value == []


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\xff\xfe", b" \r\n"])
@pytest.mark.parametrize("suffix", [".xml", ".json"])
def test_a_file_of_nothing_is_not_an_answer(content: bytes, suffix: str, tmp_path: Path) -> None:
    """A cmdlet that failed leaves it, and a full disk does."""
    put(tmp_path, f"onprem/Get-CsHostingProvider{suffix}", content)
    kind, text = cause(answer(tmp_path))
    assert kind == "malformed"
    assert "the file is empty" in text


def test_a_missing_file_is_not_in_the_export(tmp_path: Path) -> None:
    kind, text = cause(answer(tmp_path))
    assert kind == "absent"
    assert text.startswith("not in the export: there is no onprem/Get-CsHostingProvider.xml")


def test_two_files_for_one_question_are_no_answer(tmp_path: Path) -> None:
    put(tmp_path, "onprem/Get-CsHostingProvider.xml", as_xml([ROW]))
    put(tmp_path, "onprem/Get-CsHostingProvider.json", as_json([ROW]))
    kind, text = cause(answer(tmp_path))
    assert (kind, "keep one" in text) == ("malformed", True)


@pytest.mark.parametrize("prefix", ["", "Deserialized."])
@pytest.mark.parametrize(("identity", "category", "kind", "words"), [
    ("CommandNotFoundException", "ObjectNotFound", "not_recognized", "needs the role CsViewOnlyAdministrator"),
    ("AccessDenied,Microsoft.Rtc", "PermissionDenied", "denied", "needs the role CsViewOnlyAdministrator"),
    ("ManagementError", "InvalidOperation", "refused", "the store is away"),
])  # fmt: skip
def test_an_error_record_is_a_cause(
    identity: str, category: str, kind: str, words: str, prefix: str, tmp_path: Path
) -> None:
    rows = [ROW, error("the store is away", identity, category)]
    for content, suffix in ((as_xml(rows, Shape(prefix=prefix)), ".xml"), (as_json(rows), ".json")):
        path = put(tmp_path, f"onprem/Get-CsHostingProvider{suffix}", content)
        found, text = cause(answer(tmp_path))
        assert found == kind
        assert "holds an error instead of an answer" in text
        assert words in text
        path.unlink()


def test_an_enumeration_that_lost_its_name_is_unknown_for_that_property_only(tmp_path: Path) -> None:
    numbers = {"VerificationLevel": 2}
    put(tmp_path, "onprem/Get-CsHostingProvider.json", as_json([ROW], lambda name, value: numbers.get(name, value)))
    (row,) = answer(tmp_path).value
    assert "VerificationLevel" not in row
    assert "the number 2 instead of a name" in row["#unseen"]["VerificationLevel"]
    assert row["ProxyFqdn"] == ROW["ProxyFqdn"]


def test_numbers_of_enumerations_never_turn_an_export_green(tmp_path: Path) -> None:
    write_export(live("healthy"), tmp_path, SHAPES["json-utf8"])
    (tmp_path / "target.yaml").write_text(target_yaml(live("healthy").target), encoding="utf-8")
    rows = live("healthy").entries[PROVIDERS.text].value
    put(tmp_path, "onprem/Get-CsHostingProvider.json", as_json(rows, lambda n, v: 1 if n == "VerificationLevel" else v))
    finding = by_key(judge(ask_export(tmp_path)))["HOST-06", "deployment"]
    assert finding.verdict == "unknown"
    assert "the number 1 instead of a name" in finding.message


def test_every_number_of_the_healthy_estate_is_known_as_one() -> None:
    for text, entry in live("healthy").entries.items():
        if entry.state == "answered" and isinstance(entry.value, list):
            assert not [row for row in entry.value if "#unseen" in row_of(row)], text


@pytest.mark.parametrize(("value", "read_as"), [
    ("/Date(1767323045123)/", "2026-01-02T03:04:05Z"),
    ("/Date(-62135596800000)/", "0001-01-01T00:00:00Z"),
    ("/Date(1767323045000+0100)/", "2026-01-02T03:04:05Z"),
    ("2026-01-02T03:04:05.1234567Z", "2026-01-02T03:04:05Z"),
    ("2026-01-02T04:04:05+01:00", "2026-01-02T03:04:05Z"),
    ({"value": "/Date(1767323045123)/", "DisplayHint": 2, "DateTime": "Friday"}, "2026-01-02T03:04:05Z"),
    ({"value": 2, "Value": "AlwaysVerifiable"}, "AlwaysVerifiable"),
    ({"Major": 6, "Minor": 9, "Build": 0, "Revision": -1, "MajorRevision": -1, "MinorRevision": -1}, "6.9.0"),
    ({"value": ["a", "b"], "Count": 2}, ["a", "b"]),
    (True, True),
    (None, None),
    ("", ""),
    (1.5, "1.5"),
    ("2026-13-45T00:00:00Z", "2026-13-45T00:00:00Z"),
])  # fmt: skip
def test_what_json_has_no_word_for(value: Any, read_as: Any) -> None:
    assert rows_of(json.dumps([{"P": value}]).encode(), ".json") == [{"P": read_as}]


@pytest.mark.parametrize("content", [
    '{"a": 1, "a": 2}', '{"Name": 1, "name": 2}', "{", "[1,", '{"a": NaN}', "[" * 20_000, "Identity : Global", '"\ud800"',
])  # fmt: skip
def test_what_is_no_json_is_unreadable(content: str) -> None:
    with pytest.raises(Unreadable):
        rows_of(content.encode("utf-8", "surrogatepass"), ".json")


@pytest.mark.parametrize(
    "content", ["<Objs>", "<html/>", "<!DOCTYPE Objs []><Objs/>", as_xml([ROW])[:-30], "#< CLIXML"]
)
def test_what_is_no_clixml_is_unreadable(content: str, tmp_path: Path) -> None:
    put(tmp_path, "onprem/Get-CsHostingProvider.xml", content)
    assert cause(answer(tmp_path))[0] == "malformed"


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(Unreadable, match="neither UTF-8 nor UTF-16"):
        decoded(b"\x80\x81\x82")


def test_objects_come_as_their_text_as_over_the_wire() -> None:
    identity = {"#type": "Microsoft.Rtc.Management.Xds.XdsGlobalIdentity", "#text": "Global", "Scope": "Global"}
    marker = {"#type": "Edge.AllowAllKnownDomains", "#text": "AllowAllKnownDomains"}
    row = row_of({"Identity": identity, "AllowedDomains": marker, "#type": "Selected.Deserialized.A.B"})
    assert row == {"Identity": "Global", "AllowedDomains": marker, "#type": "A.B"}


def test_our_own_marks_cannot_be_brought_along() -> None:
    row = row_of({"#unseen": {"Enabled": "x"}, "Enabled": 1, "#type": "A"})
    assert row["#unseen"] == {"Enabled": "the export holds the number 1 instead of a name; export with Export-Clixml"}
    assert row_of({"#unseen": "x", "Name": "a"}) == {"Name": "a"}


def test_a_link_that_leads_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    outside = put(tmp_path, "elsewhere.xml", as_xml([ROW]))
    folder = tmp_path / "saved"
    (folder / "onprem").mkdir(parents=True)
    try:
        (folder / "onprem" / "Get-CsHostingProvider.xml").symlink_to(outside)
    except OSError:
        return  # Windows without the right to make links: there is nothing to follow
    kind, text = cause(answer(folder))
    assert (kind, "leads out of the folder" in text) == ("malformed", True)


@pytest.mark.parametrize("shape", ["xml-utf8", "xml-utf16-bom", "json-utf8"])
def test_half_a_file_is_never_an_answer(shape: str, tmp_path: Path) -> None:
    write_export(live("healthy"), tmp_path, SHAPES[shape])
    questions = [q for q in map(question_of, live("healthy").entries) if q is not None]
    cut = 0
    for path in tmp_path.rglob("*.*"):
        content = path.read_bytes()
        if path.suffix == ".json" and len(content) < 4:
            path.unlink()  # `[]`: there is nothing to cut
        elif path.is_file():
            cut += 1
            path.write_bytes(content[: len(content) // 2])
    assert cut > 30
    export = Export(tmp_path)
    assert {export.answer(question).state for question in questions} == {"failed"}


# ------------------------------------------------------------------ people


PEOPLE = Cmdlet("onprem", "Get-CsUser", (("Filter", 'HostingProvider -eq "SRV:"'), ("ResultSize", "Unlimited")))
PEOPLE_FILE = "onprem/Get-CsUser.Filter-HostingProvider_-eq__SRV__.ResultSize-Unlimited.json"


def test_numbers_of_people_are_evidence(tmp_path: Path) -> None:
    groups = {"HostingProvider": [{"Name": "SRV:", "Count": 12}], "ExternalAccessPolicy": [{"Name": "", "Count": 12}]}
    put(tmp_path, PEOPLE_FILE, json.dumps({"Count": 12, **groups}))
    (row,) = answer(tmp_path, PEOPLE).value
    assert (row["Count"], row["HostingProvider"], row["ExternalAccessPolicy"]) == (12, {"SRV:": 12}, {"#empty": 12})
    assert "SipAddress" not in row
    assert "no addresses of people" in row["#unseen"]["SipAddress"]


@pytest.mark.parametrize(
    "groups", [[{"Name": "SRV:", "Count": 11}], [{"Name": "SRV:"}], "SRV:", [{"Name": "a", "Count": -1}]]
)
def test_numbers_that_do_not_add_up_are_no_answer(groups: Any, tmp_path: Path) -> None:
    put(tmp_path, PEOPLE_FILE, json.dumps({"Count": 12, "HostingProvider": groups}))
    assert cause(answer(tmp_path, PEOPLE))[0] == "malformed"


def test_people_themselves_are_counted_and_dropped(tmp_path: Path) -> None:
    rows = [
        {"HostingProvider": "SRV:", "SipAddress": f"sip:anna{n}@contoso.com", "DisplayName": "Anna"} for n in range(3)
    ]
    put(tmp_path, PEOPLE_FILE, as_json(rows))
    evidence = answer(tmp_path, PEOPLE)
    assert evidence.value[0]["Count"] == 3
    assert "anna" not in json.dumps(evidence.value).lower()


# ------------------------------------------------------------------ DNS


def test_a_name_that_does_not_exist_is_an_observation(tmp_path: Path) -> None:
    name = "dns-public/Resolve-DnsName.Name-_sipfederationtls__tcp_contoso_com.Type-SRV.xml"
    put(
        tmp_path, name, as_xml([error("x : DNS name does not exist", "DNS_ERROR_RCODE_NAME_ERROR,Microsoft.DnsClient")])
    )
    assert answer(tmp_path, SRV).value["rcode"] == "NXDOMAIN"
    put(tmp_path, name, as_xml([error("x : server failure", "DNS_ERROR_RCODE_SERVER_FAILURE,Microsoft.DnsClient")]))
    assert cause(answer(tmp_path, SRV))[0] == "servfail"
    put(tmp_path, name, as_xml([error("x : timeout", "ERROR_TIMEOUT,Microsoft.DnsClient")]))
    assert cause(answer(tmp_path, SRV))[0] == "timeout"


def test_types_of_records_may_be_numbers(tmp_path: Path) -> None:
    row = {
        "Name": "_sipfederationtls._tcp.CONTOSO.com",
        "Type": 33,
        "TTL": 60,
        "Priority": 0,
        "Weight": 5,
        "Port": 5061,
    }
    rows = [row | {"NameTarget": "Sip.contoso.com."}, {"Name": "sip.contoso.com", "Type": 1, "IPAddress": "1.2.3.4"}]
    put(tmp_path, "dns-public/Resolve-DnsName.Name-_sipfederationtls__tcp_contoso_com.Type-SRV.json", json.dumps(rows))
    value = answer(tmp_path, SRV).value
    assert (value["answers"], value["ttl"], value["rcode"]) == (["0 5 5061 sip.contoso.com"], 60, "NOERROR")


@pytest.mark.parametrize("change", [
    {"Name": "_sipfederationtls._tcp.fabrikam.com"}, {"Port": "5061"}, {"Port": 70000}, {"NameTarget": "a b"}, {"Name": None},
])  # fmt: skip
def test_records_of_another_name_or_shape_are_no_answer(change: dict[str, Any], tmp_path: Path) -> None:
    row = {"Name": SRV.name, "Type": "SRV", "Priority": 0, "Weight": 5, "Port": 5061, "NameTarget": "sip.contoso.com"}
    write_file(
        tmp_path / "dns-public/Resolve-DnsName.Name-_sipfederationtls__tcp_contoso_com.Type-SRV",
        [row | change],
        Shape(),
    )
    assert cause(answer(tmp_path, SRV))[0] == "malformed"


def test_a_wildcard_is_seen_by_a_made_up_name(tmp_path: Path) -> None:
    question = Wildcard("public", "contoso.com")
    host = {"Name": "fedready-wildcard-probe.contoso.com", "Type": "A", "TTL": 1, "IPAddress": "131.107.9.9"}
    put(tmp_path, "dns-public/Resolve-DnsName.Name-fedready-wildcard-probe_contoso_com.Type-A.json", as_json([host]))
    assert cause(answer(tmp_path, question))[0] == "absent"
    put(tmp_path, "dns-public/Resolve-DnsName.Name-_fedready-wildcard-probe__tcp_contoso_com.Type-SRV.json", "[]")
    value = answer(tmp_path, question).value
    assert (value["exists"], value["srv_exists"], value["answers"]) == (True, False, ["131.107.9.9"])


# ------------------------------------------------------------------ manifest, folder, ignored files


def manifest(folder: Path, *files: dict[str, str], name: str = "manifest.json", **more: Any) -> None:
    put(folder, name, json.dumps({"time": "2026-01-02T03:04:05Z", "account": "CONTOSO\\anna", "files": files, **more}))


def test_a_manifest_wins_over_names(tmp_path: Path) -> None:
    put(tmp_path, "onprem/Get-CsHostingProvider.xml", as_xml([]))
    put(tmp_path, "onprem/first.xml", as_xml([ROW]))
    manifest(tmp_path, {"file": "onprem\\FIRST.xml", "question": PROVIDERS.text}, name="Manifest.JSON")
    evidence = answer(tmp_path)
    assert len(evidence.value) == 1
    assert (evidence.asked, evidence.account, evidence.source) == (
        "2026-01-02T03:04:05Z",
        "CONTOSO\\anna",
        "onprem/first.xml",
    )


def test_a_file_that_the_manifest_gives_another_meaning_answers_nothing_else(tmp_path: Path) -> None:
    put(tmp_path, "onprem/Get-CsSipDomain.xml", as_xml([ROW]))
    manifest(
        tmp_path, {"file": "onprem/Get-CsSipDomain.xml", "question": PROVIDERS.text, "time": "2026-02-03T00:00:00Z"}
    )
    assert answer(tmp_path).asked == "2026-02-03T00:00:00Z"
    assert cause(answer(tmp_path, SIP_DOMAINS))[0] == "absent"


def test_a_file_that_only_the_manifest_knows_is_absent(tmp_path: Path) -> None:
    manifest(tmp_path, {"file": "onprem/gone.xml", "question": PROVIDERS.text})
    assert "the manifest names onprem/gone.xml" in cause(answer(tmp_path))[1]


def test_the_later_of_two_manifests_holds(tmp_path: Path) -> None:
    put(tmp_path, "a.xml", as_xml([ROW]))
    put(tmp_path, "b.xml", as_xml([]))
    manifest(
        tmp_path, {"file": "a.xml", "question": PROVIDERS.text}, name="manifest-2.json", time="2026-03-01T00:00:00Z"
    )
    manifest(
        tmp_path, {"file": "b.xml", "question": PROVIDERS.text}, name="manifest-9.json", time="2026-02-01T00:00:00Z"
    )
    assert answer(tmp_path).source == "a.xml"


@pytest.mark.parametrize(("content", "says"), [
    ("{", "manifest.json:1: is no JSON"),
    ("[]", "holds no object with files"),
    ('{"files": 3}', "files is no list"),
    ('{"files": [{"file": "a.xml"}]}', "entry 1 of files has no file and question"),
    ('{"files": [{"file": "../a.xml", "question": "x"}]}', "../a.xml lies outside the folder"),
    ('{"files": [{"file": "C:/a.xml", "question": "x"}]}', "lies outside the folder"),
    ('{"files": [], "time": "yesterday"}', "'yesterday', no date and time"),
    ('{"files": [], "schema_version": 2}', "schema_version is 2"),
    (b"\x80\x80\x80", "neither UTF-8 nor UTF-16"),
])  # fmt: skip
def test_a_broken_manifest_is_a_mistake(content: str | bytes, says: str, tmp_path: Path) -> None:
    put(tmp_path, "manifest.json", content)
    with pytest.raises(Mistake, match="manifest.json") as mistake:
        Export(tmp_path)
    assert says in str(mistake.value)


def test_files_that_answer_nothing_are_listed(tmp_path: Path) -> None:
    put(tmp_path, "onprem/Get-CsHostingProvider.xml", as_xml([ROW]))
    put(tmp_path, "tenant/Get-CsOnlineSipDomain.xml", as_xml([]))
    put(tmp_path, "onprem/Get-Command.Name-Set-CsHostingProvide_.xml", as_xml([]))
    put(tmp_path, "onprem/Get-CsHostingProvder.xml", as_xml([]))
    put(tmp_path, "onprem/deeper/file.xml", as_xml([]))
    put(tmp_path, "readme.txt", "hello")
    snapshot = ask_export(tmp_path)
    assert snapshot.notes == (
        "ignored: onprem/Get-Command.Name-Set-CsHostingProvide_.xml belongs to no question that was asked (an export does not "
        "show what a session of the audit can do)",
        "ignored: onprem/Get-CsHostingProvder.xml belongs to no question that was asked",
        "ignored: onprem/deeper is no file of an export",
        "ignored: readme.txt belongs to no question that was asked",
        "ignored: tenant/Get-CsOnlineSipDomain.xml belongs to no question that was asked (asked is "
        "tenant/Get-CsOnlineSipDomain.DomainStatus-All)",
    )
    assert snapshot.entries["onprem: Get-Command -Name Set-CsHostingProvide*"].state == "failed"


def test_a_bare_folder_with_one_file_judges_what_it_can(tmp_path: Path) -> None:
    put(tmp_path, "Get-CsHostingProvider.json", as_json(live("healthy").entries[PROVIDERS.text].value))
    verdicts = {f.control: f.verdict for f in judge(ask_export(tmp_path)).findings}
    assert {verdicts[f"HOST-0{n}"].value for n in range(1, 9)} == {"pass"}
    assert verdicts["EDGE-01"] == "unknown"
    assert verdicts["SESS-05"] == "n/a"


def test_what_is_missing_is_one_cause(tmp_path: Path) -> None:
    put(tmp_path, "onprem/Get-CsHostingProvider.xml", as_xml([ROW]))
    findings = by_key(judge(ask_export(tmp_path)))
    assert findings["EDGE-01", "deployment"].caused_by == ()
    assert findings["EDGE-02", "deployment"].caused_by == ("EDGE-01",)


# ------------------------------------------------------------------ the folder as a target


def test_a_folder_tells_name_edges_and_resolvers(tmp_path: Path) -> None:
    folder = tmp_path / "Contoso (2026)"
    put(folder, "edge-Edge01/Get-CsCertificate.Type-AccessEdgeExternal.xml", as_xml([]))
    put(folder, "dns-public/x.txt", "")
    target = export_target(folder)
    assert (target.name, list(target.endpoints.edges), list(target.resolvers)) == (
        "contoso-2026",
        ["edge01"],
        ["public"],
    )
    assert target.phase is target.cloud is None
    assert set(target.evidence) == {"onprem", "tenant", "edge01", "dns@public", "https", "tls"}
    assert answer(folder, Cmdlet("edge01", "Get-CsCertificate", (("Type", "AccessEdgeExternal"),))).value == []


def test_a_target_file_may_let_this_machine_look_itself(tmp_path: Path) -> None:
    put(tmp_path, "target.yaml", "name: half\nfrom_here: [https, dns]\n")
    assert set(export_target(tmp_path).evidence) == {"onprem", "tenant", "tls"}
    put(tmp_path, "dns-system/x.txt", "")
    assert set(export_target(tmp_path).evidence) == {"onprem", "tenant", "tls", "dns@system"}


def test_what_an_export_cannot_hold_is_unknown_with_what_would_help(tmp_path: Path) -> None:
    write_export(live("healthy"), tmp_path)
    findings = by_key(judge(ask_export(tmp_path)))
    auto, tls = findings["AUTO-01", "deployment"], findings["TLS-01", "deployment"]
    assert (auto.verdict, tls.verdict) == ("unknown", "unknown")
    assert "say from_here: [https]" in auto.message
    assert "say from_here: [tls]" in tls.message


# ------------------------------------------------------------------ age


def test_an_answer_that_is_too_old_is_unknown() -> None:
    judged = dt.datetime(2026, 1, 3, 3, 4, 5, tzinfo=dt.UTC)
    entry = Evidence(state="answered", value=[], asked="2026-01-02T03:04:05Z", via="export")
    assert Aged({"q": entry}, 24, judged)["q"] == entry
    kind, text = cause(Aged({"q": entry}, 23, judged)["q"])
    assert kind == "too_old"
    assert "24 h before judging; at most 23 h" in text
    assert cause(Aged({"q": Evidence(state="answered", value=[])}, 1, judged)["q"])[0] == "too_old"
    silent = Evidence(state="not_asked")
    assert Aged({"q": silent}, 1, judged)["q"] is silent


def test_the_age_counts_from_the_judging_time(tmp_path: Path) -> None:
    from tests.running import audit

    write_export(live("healthy"), tmp_path / "saved")
    for path in (tmp_path / "saved").rglob("*.xml"):
        os.utime(path, (1767323045, 1767323045))
    for as_of, verdict in (("2026-01-02T09:00:00Z", "pass"), ("2026-01-04", "unknown")):
        arguments = ["--export", tmp_path / "saved", "--max-age", "24", "--as-of", as_of, "-k", "verification_level"]
        ended = audit(*arguments, report_dir=tmp_path / verdict)
        finding = next(f for f in ended.findings["findings"] if f["control"] == "HOST-06")
        assert finding["verdict"] == verdict
        assert (finding["cause"] or {}).get("kind") == (None if verdict == "pass" else "too_old")


# ------------------------------------------------------------------ half and half


def test_a_single_question_and_a_side_from_files(tmp_path: Path) -> None:
    from fedready.snapshot import to_bytes
    from fedready.target import load_target

    put(tmp_path, "saved/onprem/Get-CsHostingProvider.xml", as_xml([ROW]))
    put(tmp_path, "old.json", to_bytes(live("healthy")))
    put(
        tmp_path,
        "target.yaml",
        """
name: half
max_age_hours: 48
evidence:
  "onprem: Get-CsHostingProvider": {export: saved}
  onprem: {snapshot: old.json}
  tenant: {snapshot: old.json}
""",
    )
    target = load_target(tmp_path / "target.yaml")
    asked = plan.ask(target, baseline().clouds, everything(), recorded=open_sources(target).answers, open_room=no_room)
    via = {text: entry.via for text, entry in asked.entries.items() if text.startswith(("onprem", "tenant"))}
    assert via.pop(PROVIDERS.text) == "export"
    assert set(via.values()) == {"snapshot"}
    assert asked.entries[SIP_DOMAINS.text].asked == "2026-01-02T03:04:05Z"
    assert target.max_age_hours == 48


def test_one_side_live_and_the_other_exported(tmp_path: Path) -> None:
    from lab.world import World
    from tests.running import audit

    write_export(live("healthy"), tmp_path / "saved")
    with World(ROOT / "fixtures" / "estates" / "drifted.yaml") as world:
        text = world.target_file.read_text(encoding="utf-8")
        evidence = {"tenant": {"export": str(tmp_path / "saved")}}
        file = put(world.target_file.parent, "half.yaml", f"{text}\nevidence: {json.dumps(evidence)}\n")
        ended = audit("--target", file, report_dir=tmp_path / "out", environ=world.environ)
        assert {command.side for command in world.log.commands} == {"onprem"}
    verdicts = {f["control"]: f["verdict"] for f in ended.findings["findings"]}
    assert [verdicts[c] for c in ("SESS-01", "SESS-05", "SESS-06")] == ["n/a", "pass", "pass"]
    assert [verdicts[c] for c in ("HOST-06", "TEN-01")] == ["fail", "pass"]  # drifted on-premises, healthy online
    origins = {f["control"]: [e["via"] for e in f.get("evidence", [])] for f in ended.findings["findings"]}
    assert (origins["HOST-06"], origins["TEN-01"]) == ([], ["export"])


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("max_age_hours: 0", "max_age_hours is 0. Write hours"),
        ("max_age_hours: 1.5", "max_age_hours is"),
        ("assumed: [x]", "the key assumed is not known"),
        ('evidence: {"onprem: Get-CsHostingProvidr": {export: .}}', "is no side of this target"),
        ('evidence: {"onprem: Set-CsHostingProvider": {export: .}}', "is no side of this target"),
        ('evidence: {"edge09: Get-CsCertificate -Type AccessEdgeExternal": {export: .}}', "is no side of this target"),
    ],
)
def test_mistakes_of_a_target_file(line: str, says: str, tmp_path: Path) -> None:
    put(tmp_path, "target.yaml", f"name: half\n{line}\n")
    with pytest.raises(Mistake, match="target.yaml:2") as mistake:
        export_target(tmp_path)
    assert says in str(mistake.value)


@pytest.mark.parametrize(
    "key", ["dns@system: SRV _sip._tls.contoso.com", "GET https://a.lync.com/", "TLS sip.contoso.com:5061"]
)
def test_any_question_may_come_from_a_file(key: str, tmp_path: Path) -> None:
    put(tmp_path, "target.yaml", f"name: half\nevidence: {{{json.dumps(key)}: {{export: .}}}}\n")
    assert key in export_target(tmp_path).evidence


# ------------------------------------------------------------------ mistakes, and a collection


@pytest.mark.parametrize(("arguments", "says"), [
    (["--export", "{tmp}/nowhere"], "there is no such folder. Give the folder"),
    (["--export", "{tmp}/file"], "this is no folder"),
    (["--export", "{tmp}/broken"], "is no JSON"),
    (["--export", "{tmp}/typo"], "target.yaml:1: the key nme is not known"),
    (["--export", "{tmp}", "--snapshot", "{tmp}/s.json"], "--snapshot and --export were both given"),
    (["--export", "{tmp}", "--target", "{tmp}/t.yaml"], "--target and --export were both given"),
    (["--export", "{tmp}", "--max-age", "soon"], "--max-age soon is no number of hours"),
])  # fmt: skip
def test_a_mistake_is_one_line_and_exit_4(arguments: list[str], says: str, tmp_path: Path) -> None:
    from tests.running import audit

    put(tmp_path, "broken/manifest.json", "{")
    put(tmp_path, "typo/target.yaml", "nme: x\n")
    put(tmp_path, "file", "")
    ended = audit(*(a.format(tmp=tmp_path) for a in arguments), report_dir=tmp_path / "out")
    assert ended.code == 4
    lines = [line for line in ended.output.splitlines() if line.strip()]
    assert len(lines) == 1, ended.output
    assert says in lines[0]


def test_collect_asks_and_keeps_without_judging(tmp_path: Path) -> None:
    import sys

    from lab.world import World
    from tests.running import audit, run

    for estate, code in (("drifted", 0), ("tenant-unreachable", 10)):
        with World(ROOT / "fixtures" / "estates" / f"{estate}.yaml") as world:
            folder = tmp_path / estate
            command = [
                sys.executable,
                "-m",
                "fedready",
                "collect",
                "--target",
                str(world.target_file),
                "--report-dir",
                str(folder),
            ]
            ended = run(command, folder, world.environ)
        assert ended.code == code, ended.output
        assert [path.name for path in folder.iterdir()] == ["snapshot.json"]
    assert "tenant: Get-CsTenantFederationConfiguration: " in ended.output
    judged = audit("--snapshot", tmp_path / "drifted" / "snapshot.json", report_dir=tmp_path / "judged")
    assert judged.findings["headline"] == "NOT READY"
