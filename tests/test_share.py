"""The share edition: the same verdicts under other names, and not one name of the input in any disguise."""

from __future__ import annotations

import base64
import json
import os
import random
import stat
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fedready import snapshot as sealing
from fedready.cli import main
from fedready.model import Cause, Evidence, Run, Snapshot, Waiver
from fedready.sharing.edition import share, write
from fedready.tell.folder import RunFolder
from fedready.tell.reports import write_all
from fedready.tell.summary import SHARE_EDITION
from fedready.yamlmarks import Mistake
from lab.world import World
from tests.bites import Change, base, edited
from tests.judging import ROOT, judge
from tests.running import audit
from tests.secrets_of import left_in, secrets_in

SNAPSHOTS = sorted((ROOT / "fixtures" / "snapshots").glob("*.json"))
DOMAINS = ("contoso.com", "fabrikam.com")
NAMES = ("Contoso Ltd", "contoso.onmicrosoft.com", "pool.contoso.com", "mgmt.contoso.com", "AMS4A01WEB01")
WAIVER = Waiver(
    control="HOST-06",
    subject="deployment",
    accepts="AlwaysVerifiable",
    reason="Dr. Żółć of Contoso wants it until the gateway 10.1.2.3 is gone",
    owner="Anna Müller",
    ticket="CHG-20417",
    approver="Head of Collaboration at Contoso",
    expires="2027-06-30",
    file="/srv/anna/waivers.yaml",
    line=3,
)


def kept(snapshot: Snapshot, folder: Path, *waivers: Waiver) -> tuple[Run, Path]:
    """A run of this snapshot, as `pytest --snapshot` leaves it."""
    run = judge(snapshot, waivers=waivers)
    folder.mkdir()
    with RunFolder(folder, None) as files:
        files.write("snapshot.json", sealing.to_bytes(run.snapshot))
        write_all(run, files)
    return run, folder


def shared(folder: Path, seed: int = 7) -> Path:
    out = folder.with_name(f"{folder.name}-{seed}")
    write(share(folder, drawn=random.Random(seed)), out)
    return out


def domains_of(snapshot: Snapshot) -> tuple[str, ...]:
    """Every SIP domain that either side names, but for the tenant's own below Microsoft's."""
    named = [
        str(row["Name"])
        for question in ("onprem: Get-CsSipDomain", "tenant: Get-CsOnlineSipDomain -DomainStatus All")
        for row in snapshot.entries[question].value or []
    ]
    return tuple(dict.fromkeys((*DOMAINS, *(name for name in named if not name.endswith(".onmicrosoft.com")))))


def verdicts(findings: list[Any]) -> list[tuple[Any, ...]]:
    return sorted(
        (f["control"], f["verdict"], f["severity"], f["case"] or "", sorted(f["caused_by"]), bool(f["waiver"]))
        for f in findings
    )


def findings_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "findings.json").read_text(encoding="utf-8")))


def changed(snapshot: Snapshot, **values: Any) -> Snapshot:
    return msgspec.structs.replace(snapshot, **values)


def with_value(snapshot: Snapshot, question: str, path: str, value: Any) -> Snapshot:
    entry = snapshot.entries[question]
    entry = msgspec.structs.replace(entry, value=edited(entry.value, Change(path=path, value=value)))
    return changed(snapshot, entries={**snapshot.entries, question: entry})


@pytest.mark.parametrize("path", SNAPSHOTS, ids=lambda path: path.stem)
def test_no_name_of_a_recorded_estate_is_left(path: Path, tmp_path: Path) -> None:
    snapshot = sealing.read(path)
    run, folder = kept(snapshot, tmp_path / "run")
    out = shared(folder)
    secrets = secrets_in(folder, domains_of(snapshot), NAMES)
    assert len(secrets) > 30
    assert left_in(out, secrets) == []
    assert verdicts(findings_of(out)["findings"]) == verdicts(findings_of(folder)["findings"])
    again = judge(sealing.read(out / "snapshot.json"))
    assert [(f.control, f.verdict, f.severity, f.caused_by) for f in again.findings] == [
        (f.control, f.verdict, f.severity, f.caused_by) for f in run.findings
    ]


def hostile() -> tuple[Snapshot, tuple[str, ...]]:
    """The healthy estate with names in every corner, and those names."""
    snapshot = base("healthy")
    snapshot = with_value(snapshot, "onprem: Get-CsHostingProvider", "[0].VerificationLevel", "AlwaysVerifiable")
    snapshot = with_value(snapshot, "onprem: Get-CsHostingProvider", "[0].Identity", "Provider of Żółć O'Neil")
    snapshot = with_value(snapshot, "onprem: Get-CsSipDomain", "[1].Name", "Bücher.example")
    snapshot = with_value(snapshot, "tenant: Get-CsTenant", "DisplayName", "Żółć <b>& Söhne</b>")
    body = base64.b64encode(b"x user=anna.meier@contoso.com host=sql77.contoso.com").decode()
    url = "https://webdir.online.lync.com/Autodiscover/AutodiscoverService.svc/root"
    snapshot = with_value(
        snapshot, f"GET {url}", "hops[0].excerpt",
        f"Proxy PX77 of Ekkehard: {body} sql77%2Econtoso%2Ecom com.contoso.sql77 <a href='//hr.evilcontoso.com'> "
        "77.255.107.131.in-addr.arpa",
    )  # fmt: skip
    snapshot = with_value(
        snapshot,
        f"GET {url}",
        "hops[0].headers",
        {"via": "1.1 px77 (squid)", "x-user": "CONTOSO\\ekkehard", "x-peer": "10.77.1.2"},
    )
    entries = dict(snapshot.entries)
    entries["onprem: Get-CsAccessEdgeConfiguration"] = Evidence(
        state="failed",
        cause=Cause(
            kind="denied",
            text="Access to C:\\Users\\ekkehard on \\\\sql77\\d$ is denied for CN=Ekkehard Kühn,OU=Staff,DC=contoso,DC=com",
        ),
        source="https://pool.contoso.com/OcsPowershell",
        account="ekkehard@contoso.com",
    )  # fmt: skip
    for text in ("dns@public: SRV _sipfederationtls._tcp", "dns@internal: SRV _sipfederationtls._tcp"):
        entries[f"{text}.xn--bcher-kva.example"] = msgspec.structs.replace(
            entries[f"{text}.contoso.com"],
            value={"answers": ["0 0 5061 sip.xn--bcher-kva.example", "0 0 5061 sip.evilcontoso.com"], "chain": [], "over": "udp",
                   "rcode": "NOERROR", "ttl": 60},
        )  # fmt: skip
    target = msgspec.structs.replace(
        snapshot.target, name="hush", ca_file="/srv/hush/ca.pem", tenant_id="0a1b2c3d-0000-4000-8000-0123456789ab"
    )
    names = (
        "Bücher.example", "xn--bcher-kva.example", "bücher", "bcher-kva", "Żółć", "O'Neil", "Söhne", "Ekkehard", "Kühn", "anna.meier",
        "sql77", "px77", "evilcontoso.com", "10.77.1.2", "131.107.255.77", "77.255.107.131", "hush", "/srv/hush/ca.pem", "0a1b2c3d",
        "Anna Müller", "10.1.2.3", "anna", "CHG-20417", body, body[:24],
    )  # fmt: skip
    return changed(snapshot, entries=entries, target=target), names


def test_no_name_in_any_corner_is_left(tmp_path: Path) -> None:
    snapshot, names = hostile()
    _, folder = kept(snapshot, tmp_path / "run", WAIVER)
    before = findings_of(folder)
    assert {f["verdict"] for f in before["findings"]} >= {"pass", "fail", "unknown"}
    assert any(f["waiver"] for f in before["findings"])
    out = shared(folder)
    secrets = secrets_in(folder, (*DOMAINS, "evilcontoso.com"), (*NAMES, *names)) | {"contoso", "fabrikam"}
    assert left_in(out, secrets) == []
    after = findings_of(out)
    assert verdicts(after["findings"]) == verdicts(before["findings"])
    assert (after["headline"], after["exit_code"], after["counts"]) == (
        before["headline"],
        before["exit_code"],
        before["counts"],
    )
    assert after["qualifiers"] == [*before["qualifiers"], SHARE_EDITION]
    assert after["evidence_digest"] != before["evidence_digest"]


def test_a_search_that_finds_what_is_there(tmp_path: Path) -> None:
    """The search itself is tried: every disguise of a name is found in a file that holds it."""
    for number, hidden in enumerate((
        "sip.contoso.com", "SIP.CONTOSO.COM", "com.contoso.sip", "sip%2Econtoso%2ecom", "%73%69%70%2e%63%6f%6e%74%6f%73%6f%2e%63%6f%6d",
        *(base64.b64encode(b"z" * n + b"sip.contoso.com" + b"z").decode() for n in range(3)), b"sip.contoso.com".hex(),
    )):  # fmt: skip
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "file").write_text(f"... {hidden} ...", encoding="utf-8")
        assert left_in(folder, {"sip.contoso.com"}), hidden
    (tmp_path / "idn").mkdir()
    (tmp_path / "idn" / "file").write_text("xn--bcher-kva.example", encoding="utf-8")
    assert left_in(tmp_path / "idn", {"bücher.example"})


@pytest.mark.parametrize(("estate", "headline"), [("contoso", "READY WITH WAIVERS"), ("drifted", "NOT READY")])
def test_a_live_run_shared_from_the_command_line(estate: str, headline: str, tmp_path: Path) -> None:
    """As a user does it: an audit of the lab, the edition, and pytest over the shared snapshot."""
    with World(ROOT / "fixtures" / "estates" / f"{estate}.yaml") as world:
        files = ["--target", world.target_file, "--waivers", world.waivers_file]
        ended = audit(*files, report_dir=tmp_path / "run", environ=world.environ)
        accounts = tuple(world.users.values())
    out, leads_back = tmp_path / "for-them", tmp_path / "map.json"
    assert main(["share", str(tmp_path / "run"), "--out", str(out), "--map", str(leads_back)]) == 0
    secrets = secrets_in(tmp_path / "run", DOMAINS, (*NAMES, *accounts))
    assert left_in(out, secrets) == []
    before, after = ended.findings, findings_of(out)
    assert after["headline"] == before["headline"] == headline
    assert {p.name for p in out.iterdir()} == {p.name for p in (tmp_path / "run").iterdir()} - {"pytest.html"}
    assert SHARE_EDITION in (out / "readiness.html").read_text(encoding="utf-8")
    again = audit(
        "--snapshot", out / "snapshot.json", "--as-of", before["run"]["judged"], report_dir=tmp_path / "again"
    )
    unwaived = [{**f, "waiver": None} for f in after["findings"]]
    assert verdicts(again.findings["findings"]) == verdicts(unwaived)
    aliases = json.loads(leads_back.read_text(encoding="utf-8"))
    assert set(DOMAINS) <= set(aliases.values())
    if os.name == "posix":
        assert stat.S_IMODE(leads_back.stat().st_mode) == 0o600
        assert stat.S_IMODE((out / "snapshot.json").stat().st_mode) == 0o600


def test_a_part_of_a_run_stays_that_part(tmp_path: Path) -> None:
    for name, arguments in {
        "article": ["-m", "article"],
        "domain": ["--sip-domain", "fabrikam.com", "--phase", "migrated"],
    }.items():
        ended = audit("--snapshot", SNAPSHOTS[-2], *arguments, report_dir=tmp_path / name)
        after = findings_of(shared(tmp_path / name))
        assert len(after["findings"]) == len(ended.findings["findings"])
        assert [n["control"] for n in after["not_run"]] == [n["control"] for n in ended.findings["not_run"]]
        assert len(after["qualifiers"]) == len(ended.findings["qualifiers"]) + 1
        assert after["phase"] == ended.findings["phase"]
        assert "fabrikam" not in json.dumps(after)


def test_a_seed_gives_the_same_edition_and_no_seed_another(tmp_path: Path) -> None:
    _, folder = kept(base("healthy"), tmp_path / "run")
    digests = {share(folder, drawn=random.Random(seed)).run.snapshot.digest for seed in (1, 1, 2)}
    digests.add(share(folder).run.snapshot.digest)
    assert len(digests) == 3


def test_an_edition_can_be_shared_on(tmp_path: Path) -> None:
    _, folder = kept(base("healthy"), tmp_path / "run")
    first = shared(folder, 1)
    (first / "pytest.html").write_text("theirs", encoding="utf-8")
    second = shared(first, 2)
    assert not (second / "pytest.html").exists()
    names = {row["Name"] for row in sealing.read(first / "snapshot.json").entries["onprem: Get-CsSipDomain"].value}
    assert left_in(second, names) == []


# --------------------------------------------------------------------------- what is refused


def test_bad_input_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, folder = kept(base("healthy"), tmp_path / "run")
    (tmp_path / "there").mkdir()
    (tmp_path / "damaged").mkdir()
    for file in ("snapshot.json", "findings.json"):
        content = (folder / file).read_bytes()
        (tmp_path / "damaged" / file).write_bytes(content.replace(b"AllowOutsideUsers", b"AllowOutsideUserz", 1))
    for arguments, said in (
        ([str(tmp_path / "nowhere")], "cannot be read"),
        ([str(tmp_path / "damaged")], "digest"),
        ([str(folder), "--out", str(tmp_path / "there")], "is there already"),
        ([str(folder), "--map", str(folder / "map.json")], "cannot hold the map"),
        ([str(folder), "--baseline", str(tmp_path / "none.yaml")], "none.yaml"),
    ):
        assert main(["share", *arguments]) == 4
        told = capsys.readouterr().err
        assert said in told
        assert "Traceback" not in told
        assert len(told.splitlines()) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["damaged", "run", "there"]


def test_findings_of_another_snapshot_are_refused(tmp_path: Path) -> None:
    _, one = kept(base("healthy"), tmp_path / "one")
    _, two = kept(hostile()[0], tmp_path / "two")
    (one / "findings.json").write_bytes((two / "findings.json").read_bytes())
    with pytest.raises(Mistake, match="belongs to another snapshot"):
        share(one)


def test_another_verdict_is_no_edition(tmp_path: Path) -> None:
    """Findings that the snapshot does not give (an older version judged otherwise) are not passed on under new names."""
    _, folder = kept(base("healthy"), tmp_path / "run")
    path = folder / "findings.json"
    altered = path.read_bytes().replace(b'"verdict":"pass"', b'"verdict":"fail"', 1)
    assert altered != path.read_bytes()
    path.write_bytes(altered)
    with pytest.raises(Mistake, match=r"would be .*pass.* instead of .*fail"):
        share(folder)


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, folder = kept(base("healthy"), tmp_path / "run")
    edition = share(folder)

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(RunFolder, "write", full)
    with pytest.raises(Mistake, match="No space left on device"):
        write(edition, tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_a_name_that_is_left_is_no_edition(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should a writer of ours ever put a name of the input into a file, nothing is handed out."""
    _, folder = kept(base("healthy"), tmp_path / "run")
    edition = share(folder)

    def careless(run: Run, files: RunFolder) -> None:
        files.write("note.txt", b"ask the people of sip.contoso.com")

    monkeypatch.setattr(sys.modules["fedready.sharing.edition"], "write_all", careless)
    with pytest.raises(Mistake, match=r"note.txt would still hold sip\.contoso\.com"):
        write(edition, tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["run"]
