"""The audit as a user runs it: options, exit codes, files, and every bad input as one line."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import msgspec
import pytest

from fedready.snapshot import read, seal, to_bytes
from tests.bites import base
from tests.judging import ROOT, baseline, by_key, judge
from tests.running import audit

HEALTHY = ROOT / "fixtures" / "snapshots" / "healthy.json"


def test_a_snapshot_judged_by_pytest_and_in_process_gives_the_same_findings(tmp_path: Path) -> None:
    ended = audit("--snapshot", HEALTHY, "--as-of", "2026-11-23T12:00:00Z", report_dir=tmp_path)
    assert ended.code == 0, ended.output
    run = judge(base("healthy"))
    direct = by_key(run)
    assert {(f["control"], f["subject"]) for f in ended.findings["findings"]} == set(direct)
    for finding in ended.findings["findings"]:
        same = json.loads(msgspec.json.encode(direct[finding["control"], finding["subject"]]))
        assert finding["readings"] == same["readings"]
        assert (finding["verdict"], finding["expected"], finding["observed"]) == (
            same["verdict"],
            same["expected"],
            same["observed"],
        )


def test_judging_twice_is_byte_identical(tmp_path: Path) -> None:
    one, two = (
        audit("--snapshot", HEALTHY, "--as-of", "2026-11-23T12:00:00Z", report_dir=tmp_path / name)
        for name in ("one", "two")
    )
    for file in ("findings.json", "readiness.html", "junit.xml", "snapshot.json"):
        assert (one.folder / file).read_bytes() == (two.folder / file).read_bytes(), file
    assert (one.folder / "snapshot.json").read_bytes() == HEALTHY.read_bytes()


def test_the_article_alone(tmp_path: Path) -> None:
    ended = audit("--snapshot", HEALTHY, "-m", "article", report_dir=tmp_path)
    article = {c.id for c in baseline().controls.values() if c.scope == "article"}
    assert {f["control"] for f in ended.findings["findings"]} == article
    assert ended.findings["qualifiers"] == ["article only"]
    assert {n["control"] for n in ended.findings["not_run"]} == set(baseline().controls) - article


def test_a_part_of_the_controls_is_called_partial(tmp_path: Path) -> None:
    ended = audit("--snapshot", HEALTHY, "-k", "enabled", report_dir=tmp_path)
    assert ended.findings["qualifiers"][0].startswith("partial: ")
    assert "partial: " in ended.output


def test_another_phase_is_called_a_what_if(tmp_path: Path) -> None:
    ended = audit("--snapshot", HEALTHY, "--phase", "hybrid-disabled", report_dir=tmp_path)
    assert ended.findings["qualifiers"] == ["what if: phase hybrid-disabled"]
    assert ended.code == 1


def test_a_phase_that_nobody_stated_is_called_assumed(tmp_path: Path) -> None:
    kept = base("healthy")
    target = msgspec.structs.replace(kept.target, phase=None, cloud=None)
    path = tmp_path / "s.json"
    path.write_bytes(to_bytes(seal(msgspec.structs.replace(kept, target=target))))
    ended = audit("--snapshot", path, report_dir=tmp_path / "r")
    assert ended.findings["qualifiers"] == ["assumed: phase hybrid", "assumed: cloud worldwide"]


def test_one_sip_domain(tmp_path: Path) -> None:
    ended = audit("--snapshot", HEALTHY, "--sip-domain", "Fabrikam.com", report_dir=tmp_path)
    subjects = {f["subject"] for f in ended.findings["findings"] if f["control"] == "DNS-02"}
    assert subjects == {"fabrikam.com"}
    assert ended.findings["qualifiers"] == ["partial: only the SIP domains fabrikam.com"]


def test_a_sip_domain_that_the_deployment_has_not_is_unknown(tmp_path: Path) -> None:
    ended = audit("--snapshot", HEALTHY, "--sip-domain", "example.org", report_dir=tmp_path)
    found = [f for f in ended.findings["findings"] if f["control"] == "DNS-02"]
    assert [(f["subject"], f["verdict"]) for f in found] == [("deployment", "unknown")]
    assert ended.code == 10


def test_stopping_at_the_first_fail_is_partial(tmp_path: Path) -> None:
    ended = audit("--snapshot", HEALTHY, "--phase", "hybrid-disabled", "-x", report_dir=tmp_path)
    assert ended.findings["not_run"]
    assert ended.findings["headline"] == "NOT READY"
    assert ended.findings["qualifiers"][0].startswith("partial: ")


def test_junit_tells_unknown_apart_from_fail(tmp_path: Path) -> None:
    kept = base("healthy")
    entries = {k: v for k, v in kept.entries.items() if k != "onprem: Get-CsAccessEdgeConfiguration"}
    path = tmp_path / "s.json"
    path.write_bytes(to_bytes(seal(msgspec.structs.replace(kept, entries=entries))))
    ended = audit("--snapshot", path, report_dir=tmp_path / "r")
    assert ended.code == 10
    root = ET.parse(ended.folder / "junit.xml").getroot()
    assert root.findall(".//testcase/error")
    assert not root.findall(".//testcase/failure")


def test_waivers_hold_only_for_the_value_that_was_accepted(tmp_path: Path) -> None:
    waivers = tmp_path / "w.yaml"
    row = "- {control: TEN-01, subject: all, accepts: %s, reason: r, owner: o, expires: 2027-01-01}\n"
    for accepts, code in (("true", 1), ("false", 1)):
        waivers.write_text(row % accepts, encoding="utf-8")
        ended = audit(
            "--snapshot", HEALTHY, "--phase", "hybrid-disabled", "--waivers", waivers, report_dir=tmp_path / accepts
        )
        assert ended.code == code  # DNS-02 is not waived
        finding = next(f for f in ended.findings["findings"] if f["control"] == "TEN-01")
        assert (finding["waiver"] is not None) is (accepts == "true")
        assert finding["verdict"] == "fail"


@pytest.mark.parametrize(
    ("as_of", "waived"), [("2027-01-01T23:59:59Z", True), ("2027-01-02", False)], ids=["last day", "a day later"]
)
def test_a_waiver_lives_through_its_last_day(as_of: str, waived: bool, tmp_path: Path) -> None:
    waivers = tmp_path / "w.yaml"
    waivers.write_text(
        "- {control: TEN-01, subject: deployment, reason: r, owner: o, expires: 2027-01-01}\n", encoding="utf-8"
    )
    options = ["--phase", "hybrid-disabled", "--waivers", waivers, "--as-of", as_of]
    ended = audit("--snapshot", HEALTHY, *options, report_dir=tmp_path / "r")
    finding = next(f for f in ended.findings["findings"] if f["control"] == "TEN-01")
    assert (finding["waiver"] is not None) is waived
    assert ("expired" in ended.output) is not waived


BAD = {
    "no source": ([], "no source of evidence was chosen"),
    "two sources": (["--target", "{good}", "--snapshot", HEALTHY], "were both given"),
    "no such target": (["--target", "{dir}/nothing.yaml"], "nothing.yaml"),
    "no such snapshot": (["--snapshot", "{dir}/nothing.json"], "nothing.json"),
    "unknown key": (["--target", "{dir}/key.yaml"], "key.yaml:2"),
    "wrong type": (["--target", "{dir}/type.yaml"], "type.yaml:2"),
    "a secret": (["--target", "{dir}/secret.yaml"], "secret.yaml:2"),
    "unknown phase": (["--snapshot", HEALTHY, "--phase", "hybrit"], "--phase hybrit"),
    "unknown cloud": (["--snapshot", HEALTHY, "--cloud", "moon"], "--cloud moon"),
    "no domain": (["--snapshot", HEALTHY, "--sip-domain", "a b"], "--sip-domain"),
    "no time": (["--snapshot", HEALTHY, "--as-of", "yesterday"], "--as-of yesterday"),
    "unknown control in a waiver": (["--snapshot", HEALTHY, "--waivers", "{dir}/waiver.yaml"], "waiver.yaml:1"),
    "bad date": (["--snapshot", HEALTHY, "--waivers", "{dir}/date.yaml"], "date.yaml:1"),
    "no such baseline": (["--snapshot", HEALTHY, "--baseline", "{dir}/none"], "none"),
}
FILES = {
    "good.yaml": "name: x\n",
    "key.yaml": "name: x\nphaze: hybrid\n",
    "type.yaml": "name: x\nsip_domains: 12\n",
    "secret.yaml": "name: x\npassword: hunter2\n",
    "waiver.yaml": "- {control: HOST-99, subject: all, reason: r, owner: o, expires: 2027-01-01}\n",
    "date.yaml": "- {control: HOST-06, subject: all, reason: r, owner: o, expires: soon}\n",
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_bad_input_is_one_line_and_exit_4(name: str, tmp_path: Path) -> None:
    for file, content in FILES.items():
        (tmp_path / file).write_text(content, encoding="utf-8")
    arguments, said = BAD[name]
    filled = [str(a).format(dir=tmp_path, good=tmp_path / "good.yaml") for a in arguments]
    ended = audit(*filled, report_dir=tmp_path / "r")
    assert ended.code == 4, ended.output
    assert said in ended.output
    assert "Traceback" not in ended.output
    assert "hunter2" not in ended.output
    assert len([line for line in ended.output.splitlines() if line.startswith("ERROR: ")]) == 1, ended.output
    assert not (tmp_path / "r" / "findings.json").exists()


def test_one_flipped_byte_is_refused(tmp_path: Path) -> None:
    content = HEALTHY.read_bytes().replace(b'"AllowFederatedUsers":true', b'"AllowFederatedUsers":tru ', 1)
    damaged = tmp_path / "damaged.json"
    damaged.write_bytes(HEALTHY.read_bytes().replace(b"UseSourceVerification", b"UseSourceVerificatioo", 1))
    ended = audit("--snapshot", damaged, report_dir=tmp_path / "r")
    assert ended.code == 4
    assert "the digest does not fit" in ended.output
    assert content != HEALTHY.read_bytes()


def test_distributing_checks_is_refused(tmp_path: Path) -> None:
    ended = audit("--snapshot", HEALTHY, "-p", "tests.distributing", report_dir=tmp_path)
    assert ended.code == 4
    assert "never distributed" in ended.output


def test_a_file_anywhere_works_in_both_spellings(tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere" / "s.json"
    copy.parent.mkdir()
    copy.write_bytes(HEALTHY.read_bytes())
    for arguments in (["--snapshot", copy], [f"--snapshot={copy}"]):
        ended = audit(*arguments, report_dir=tmp_path / "r")
        assert ended.code == 0, ended.output


def test_the_default_folder_is_under_reports_and_latest_points_there(tmp_path: Path) -> None:
    for name in ("pytest.ini", "conftest.py", "checks", "fixtures"):
        (tmp_path / name).symlink_to(ROOT / name)
    import sys

    from tests.running import run

    ended = run([sys.executable, "-m", "pytest", "-q", f"--snapshot={HEALTHY}"], tmp_path, cwd=tmp_path)
    assert ended.code == 0, ended.output
    made = [p for p in (tmp_path / "reports" / "healthy").iterdir()]
    assert len(made) == 1
    assert (tmp_path / "reports" / "latest" / "readiness.html").is_file()
    assert read(made[0] / "snapshot.json").digest == read(HEALTHY).digest
