"""What people write: each mistake is refused with its file, its line and the sentence that mends it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedready import catalogue
from fedready.catalogue import (
    Mistake,
    expectation,
    fill,
    load_baseline,
    load_marked,
    load_target,
    load_waivers,
    read_baseline,
)
from fedready.model import CLOUDS, PHASES, Baseline, Severity
from fedready.words import ABOVE, literal, said

BASE = "name: contoso\n"
WINRM = "endpoints:\n  onprem: {kind: winrm, url: 'https://mgmt.contoso.com:5986/wsman'%s}\n"


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    return load_baseline()


def refusal(path: Path, text: str | bytes) -> Mistake:
    """The Mistake that a target file with this text makes."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(Mistake) as caught:
        load_target(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("text", "line", "what", "mend"),
    [
        ("phase: hybird\n", 2, 'phase is "hybird"', "Did you mean hybrid?"),
        ("phaze: hybrid\n", 2, "the key phaze is not known", "Did you mean phase?"),
        ("name: again\n", 2, "the key name stands here for the second time (first on line 1)", "Keep one"),
        ("sip_domains: all\n", 2, 'sip_domains is "all"', "Write discover or a list"),
        ("sip_domains: []\n", 2, "sip_domains is an empty list", "write discover"),
        ("sip_domains:\n  - contoso.com\n  - 7\n", 4, "sip_domains is 7", "Put it in quotes"),
        ("sip_domains:\n  - contoso.com\n  - CONTOSO.com.\n", 4, "stands here twice (first on line 3)", "Keep one"),
        ("sip_domains: ['*.contoso.com']\n", 2, "is no host name", "without scheme, port or wildcard"),
        ("edge: {names: ['https://sip.contoso.com']}\n", 2, "is no host name", "like sip.contoso.com"),
        ("from_here: [dns, http]\n", 2, 'from_here is "http"', "Did you mean https?"),
        ("tenant_id: contoso\n", 2, 'tenant_id is "contoso"', "GUID"),
        ("timeouts: {cmdlet: 0}\n", 2, "the timeout cmdlet is 0", "from 1"),
        ("timeouts: {cmdlet: 1e3}\n", 2, 'cmdlet is "1e3"', "Write a whole number"),
        ("timeouts: {cmdlet: 010}\n", 2, 'cmdlet is "010"', "Write a whole number"),
        ("timeouts: {cmdlet: yes}\n", 2, "yes is true or false to some programs", "in quotes"),
        ("resolvers: {public: 9.9.9.9}\n", 2, "the resolver public is", "9.9.9.9:53"),
        ("resolvers: {public: 'dns.quad9.net:53'}\n", 2, "the resolver public is", "an address and a port"),
        ("resolvers: {public: '2620:fe::fe:53'}\n", 2, "the resolver public is", "[2620:fe::fe]:53"),
        ("resolvers: {Public One: '9.9.9.9:53'}\n", 2, "cannot be used", "small letters"),
        ("connect_to: {'a.contoso.com': '127.0.0.1:1'}\n", 2, "is no host and port", "webdir.online.lync.com:443"),
        ("connect_to: {'a.contoso.com:443': 'b:1'}\n", 2, "is no address and port", "127.0.0.1:4443"),
        ("ca_file: missing.pem\n", 2, "ca_file names no file", "relative to this target file"),
        ("evidence: {tenant: {export: missing}}\n", 2, "export names no folder", "relative to this target file"),
        ("evidence: {tenant: {}}\n", 2, "the evidence of tenant needs one source", "{export: FOLDER}"),
        ("evidence: {tennant: {export: .}}\n", 2, "is no side of this target", "tenant"),
        ("endpoints:\n  edges: {tenant: {kind: winrm, url: 'https://a.b'}}\n", 3, "cannot be used", "edge01"),
        ("endpoints:\n  onprem: {kind: winrm}\n", 3, "the key url is missing", "Add url"),
        ("endpoints:\n  edges:\n    e1: {kind: winrm, url: 'https://a.b'}\n    e2: {kind: winrm, url: 3}\n", 5,
         "url is 3", "Write a text"),
        ("endpoints:\n  onprem:\n    kind: ocspowershell\n    url: https://p.contoso.com/OcsPowershell\n"
         "    modules: [MicrosoftTeams]\n", 6, "modules does not go with kind: ocspowershell", "kind: winrm"),
        (WINRM % ", max_runspaces: 0", 3, "max_runspaces is 0", "from 1"),
        (WINRM % ", modules: ['Teams; Remove-Item']", 3, "is no name of a module", "MicrosoftTeams"),
        (WINRM % ", auth: certificate", 3, "auth: certificate needs certificate_pem", "Add certificate_pem"),
        (WINRM.replace("https", "http") % ", auth: basic", 3, "basic over http", "Write https://"),
        (WINRM.replace("https://mgmt", "ftp://mgmt") % "", 3, "is no web address", "Write it like https://"),
        (" indented: : wrong\n", 2, "this is not YAML", "Check indentation"),
        ("other: &anchor x\n", 2, "an anchor (&anchor)", "Remove it"),
        ("other: *anchor\n", 2, "an alias (*anchor)", "Write the value out"),
        ("other: !!python/object:os.system x\n", 2, "a tag", "Remove the tag"),
        ("other: {{observed}}\n", 2, "a key must be a text", "quotes"),
        ("---\nname: second\n", 2, "a second document", "one document"),
        ("other: " + "[" * 200 + "\n", 2, "levels lie inside one another", "flatter"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_target_names_its_line_and_its_remedy(
    tmp_path: Path, text: str, line: int, what: str, mend: str
) -> None:
    mistake = refusal(tmp_path / "target.yaml", BASE + text)
    assert mistake.line == line
    assert what in mistake.what
    assert mend in mistake.mend


@pytest.mark.parametrize("name", ["Contoso", "con toso", "../x", "latest", "nul", ""])
def test_a_name_that_cannot_be_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    assert "cannot be used" in refusal(tmp_path / "target.yaml", f"name: '{name}'\n").what


@pytest.mark.parametrize(
    "text",
    [
        "password: hunter2\n", "Passwort: hunter2\n", "client_secret: hunter2\n", "accessToken: hunter2\n",
        "api_key: hunter2\n", "endpoints:\n  onprem: {kind: winrm, credential: hunter2}\n",
        "endpoints:\n  onprem: {kind: winrm, url: 'https://admin:hunter2@mgmt.contoso.com/wsman'}\n",
        "note: |\n  -----BEGIN RSA PRIVATE KEY-----\n  hunter2\n",
    ],
)  # fmt: skip
def test_a_secret_is_refused_and_never_repeated(tmp_path: Path, text: str) -> None:
    mistake = refusal(tmp_path / "target.yaml", BASE + text)
    assert "hunter2" not in str(mistake)
    assert "FEDREADY_ONPREM_PASSWORD" in mistake.mend


def test_what_is_no_text_in_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "target.yaml"
    assert refusal(path, b"name: contoso\nedge: \xff\n").line == 2
    assert "not UTF-8" in refusal(path, "name: contoso".encode("utf-16")).what
    assert "not allowed in YAML" in refusal(path, b"name: conto\x01so\n").what
    assert "empty" in refusal(path, b"# nothing here\n").what


def test_a_file_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(Mistake, match=r"no such file|a folder"):
            load_target(path)


def test_paths_are_relative_to_the_target_file(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("", encoding="utf-8")
    (tmp_path / "saved").mkdir()
    file = tmp_path / "target.yaml"
    file.write_text(BASE + "ca_file: ca.pem\nevidence: {tenant: {export: saved}}\n", encoding="utf-8")
    target = load_target(file)
    assert target.ca_file == (tmp_path / "ca.pem").as_posix()
    assert target.evidence["tenant"].export == (tmp_path / "saved").as_posix()


def test_only_true_and_false_are_booleans_and_dates_stay_text(tmp_path: Path) -> None:
    file = tmp_path / "any.yaml"
    file.write_text("a: true\nb: 2026-01-02\nc: 2026.11\nd: 0x10\ne: 12\nf: ~\non: 'yes'\ng: -1\n", encoding="utf-8")
    assert load_marked(file).data == {
        "a": True, "b": "2026-01-02", "c": "2026.11", "d": "0x10", "e": 12, "f": None, "on": "yes", "g": -1,
    }  # fmt: skip


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_with_a_mistake(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.getbasetemp() / "any.yaml"
    file.write_text(text, encoding="utf-8", newline="\n") if text.isprintable() else file.write_bytes(
        text.encode("utf-8", "surrogatepass")
    )
    try:
        load_marked(file)
    except Mistake as mistake:
        assert "\n" not in str(mistake)  # noqa: PT017 - both ends are right


# --------------------------------------------------------------------------- waivers

WAIVER = "- control: HOST-06\n  subject: all\n  reason: agreed\n  owner: Kim\n  expires: 2027-01-31\n"


def waivers(tmp_path: Path, text: str, baseline: Baseline) -> Path:
    path = tmp_path / "waivers.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("HOST-06", "HOST-66", 1, "is no control of the baseline"),
        ("agreed", "'  '", 3, "reason is empty"),
        ("  owner: Kim\n", "", 1, "the key owner is missing"),
        ("owner: Kim", "ownr: Kim", 4, "the key ownr is not known"),
        ("2027-01-31", "2027-02-31", 5, "expires is"),
        ("2027-01-31", "31.01.2027", 5, "expires is"),
        ("2027-01-31", "20270131", 5, "expires is"),
        ("2027-01-31\n", "2027-01-31\n  line: 3\n", 6, "the key line is not known"),
        ("2027-01-31\n", "2027-01-31\n  token: x\n", 6, "the key token holds a secret"),
    ],
)
def test_a_mistake_in_a_waiver_names_its_line(
    tmp_path: Path, baseline: Baseline, old: str, new: str, line: int, what: str
) -> None:
    path = waivers(tmp_path, WAIVER.replace(old, new), baseline)
    with pytest.raises(Mistake) as caught:
        load_waivers(path, baseline)
    assert (caught.value.line, what in caught.value.what) == (line, True)


def test_a_waiver_knows_where_it_stands_and_stands_once(tmp_path: Path, baseline: Baseline) -> None:
    path = waivers(tmp_path, "# reviewed\n" + WAIVER, baseline)
    (waiver,) = load_waivers(path, baseline)
    assert (waiver.file, waiver.line, waiver.expires) == (str(path), 2, "2027-01-31")
    with pytest.raises(Mistake, match="twice"):
        load_waivers(waivers(tmp_path, WAIVER + WAIVER, baseline), baseline)
    assert load_waivers(waivers(tmp_path, "# none\n", baseline), baseline) == ()


# --------------------------------------------------------------------------- baseline


def test_every_control_answers_every_phase_and_cloud(baseline: Baseline) -> None:
    for control in baseline.controls.values():
        for phase in PHASES:
            for cloud in CLOUDS:
                expected = expectation(control, phase, cloud, baseline.clouds[cloud])
                assert expected.kind == "value" or expected.reason, control.id
                assert "{{sipfed}}" not in said(expected.value)


def test_the_digest_is_of_the_data_and_not_of_the_spelling(tmp_path: Path) -> None:
    make_baseline(tmp_path)
    first = load_baseline(tmp_path).digest
    assert first == load_baseline(tmp_path / "baseline.yaml").digest
    (tmp_path / "one.yaml").write_text("# a comment\n" + ONE, encoding="utf-8")
    assert load_baseline(tmp_path).digest == first
    (tmp_path / "one.yaml").write_text(ONE.replace("Rooms", "Doors"), encoding="utf-8")
    assert load_baseline(tmp_path).digest != first


def test_the_ready_made_baseline_is_what_its_files_say(monkeypatch: pytest.MonkeyPatch) -> None:
    read = read_baseline()
    assert catalogue.READY_MADE.read_text(encoding="utf-8") == catalogue.ready_made()
    monkeypatch.setattr(catalogue, "read_baseline", lambda path: pytest.fail("the files were read"))
    assert load_baseline() == read


def test_a_changed_baseline_is_read_and_not_the_ready_made_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = shutil.copytree(catalogue.DEFAULT_BASELINE, tmp_path / "baseline")
    monkeypatch.setattr(catalogue, "DEFAULT_BASELINE", copied)
    file = copied / "10_access_edge.yaml"
    text = file.read_bytes()
    for number, (content, is_read) in enumerate(
        ((text, False), (text.replace(b"\n", b"\r\n"), False), (text + b"# reviewed\n", True), (b"controls: 1\n", True))
    ):
        file.write_bytes(content)
        seen: list[Path] = []
        with monkeypatch.context() as patched:
            patched.setattr(catalogue, "read_baseline", seen.append)
            load_baseline(copied)
        assert (seen == [copied]) is is_read, number


def test_a_broken_ready_made_baseline_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = load_baseline()
    monkeypatch.setattr(catalogue, "READY_MADE", tmp_path / "baseline.json")
    for text in (None, "{", "[]", '{"files": 1}', '{"files": "", "baseline": {"version": ""}}', "\udcff"):
        if text is not None:
            catalogue.READY_MADE.write_bytes(text.encode("utf-8", "surrogatepass"))
        assert load_baseline() == wanted


ROW = (
    "  - {id: %s, title: A, scope: article, severity: high, owner: dns, why: w, symptom: s, fix: f, verify: v,"
    " source: o, certainty: verified, expected: %s}\n"
)
ONE = "id: one\ntitle: Rooms\ncontrols:\n" + ROW % ("AB-01", "{any: true}")


def make_baseline(folder: Path, one: str = ONE) -> None:
    names = "{sipfed: a.b, sipdir: c.b, webdir: d.b, autodiscover: 'https://d.b/', suffix: b, source: s}"
    head = "version: '1'\ntitle: T\nsections: [one.yaml]\nclouds:\n" + "".join(f"  {c}: {names}\n" for c in CLOUDS)
    (folder / "baseline.yaml").write_text(head, encoding="utf-8")
    (folder / "one.yaml").write_text(one, encoding="utf-8")


@pytest.mark.parametrize(
    ("one", "what"),
    [
        (ONE + ROW % ("AB-01", "{any: true}"), "the control AB-01 stands here for the second time"),
        (ONE.replace("AB-01", "ab-1"), "is no id of a control"),
        (ONE.replace("any:", "hybrd:"), "hybrd is no phase"),
        (ONE.replace("any:", "hybrid:"), "nothing is expected in the phase pre-hybrid"),
        (ONE.replace("true}", "{cloud: {china: 1}}}"), "nothing is expected in the cloud worldwide"),
        (ONE.replace("true}", "{cloud: {any: 1, chian: 2}}}"), "chian is no cloud"),
        (ONE.replace("true}", "{n/a: ''}}"), "gives no reason"),
        (ONE.replace("true}", "{a: 1, b: 2}}"), "says nothing here"),
        (ONE.replace("why: w", "why: 'see {{obsrved}}'"), "the placeholder obsrved is not known"),
        (ONE.replace("fix: f", "fix: 'Set-X -Y ''{{observed}}'''"), "a placeholder stands in quotes"),
        (ONE.replace("why: w", "why: ''"), "why of AB-01 is empty"),
        (ONE.replace("owner: dns", "owner: dns, follows: [AB-02]"), "follows AB-02, which is no control"),
        (ONE.replace("severity: high", "severity: hihg"), 'severity is "hihg"'),
    ],
)
def test_a_mistake_in_a_baseline_is_refused(tmp_path: Path, one: str, what: str) -> None:
    make_baseline(tmp_path, one)
    with pytest.raises(Mistake) as caught:
        load_baseline(tmp_path)
    assert what in str(caught.value)
    assert caught.value.line > 0


def test_what_is_expected_follows_phase_and_cloud(tmp_path: Path) -> None:
    text = (
        "{any: {cloud: {any: 'sip.{{suffix}}', china: {n/a: not there}}}, pre-hybrid: {report: too early},"
        " migrated: {value: {n/a: literally}}}"
    )
    make_baseline(tmp_path, ONE.replace("{any: true}", text))
    baseline = load_baseline(tmp_path)
    control = baseline.controls["AB-01"]

    def of(phase: str, cloud: str) -> tuple[str, object, str]:
        answer = expectation(control, phase, cloud, baseline.clouds[cloud])
        return answer.kind, answer.value, answer.reason

    assert of("hybrid", "worldwide") == ("value", "sip.b", "")
    assert of("hybrid", "china") == ("n/a", None, "not there")
    assert of("pre-hybrid", "dod") == ("report", "sip.b", "too early")
    assert of("migrated", "dod") == ("value", {"n/a": "literally"}, "")
    assert control.severity is Severity.HIGH


# --------------------------------------------------------------------------- texts


@pytest.mark.parametrize(
    ("value", "filled"),
    [
        ("O'Neil", "'O''Neil'"),
        ("a’b‘c‚d‛e", "'a’’b‘‘c‚‚d‛‛e'"),
        ("$(Remove-Item x)", "'$(Remove-Item x)'"),
        (True, "$true"), (False, "$false"), (None, "$null"), (443, "443"),
        (["a", "b"], "@('a', 'b')"),
        ("two\nlines", ABOVE), ("right\u202eleft", ABOVE), ("zero\u200bwidth", ABOVE), ({"a": 1}, ABOVE),
    ],
)  # fmt: skip
def test_a_command_gets_a_literal_that_cannot_end_early(value: object, filled: str) -> None:
    assert fill("Set-X -Identity {{identity}}", {"identity": value}, quote=True) == f"Set-X -Identity {filled}"


def test_inside_a_longer_word_only_a_bare_name_is_filled_in() -> None:
    text = "_sip._tls.{{subject}}. 3600 IN SRV 0 0 443 sip.{{subject}}."
    record = fill(text, {"subject": "contoso.com"}, quote=True)
    assert record == "_sip._tls.contoso.com. 3600 IN SRV 0 0 443 sip.contoso.com."
    assert fill("sip.{{subject}}", {"subject": "a b; Remove-Item"}, quote=True) == "sip." + ABOVE


def test_what_a_value_brings_along_is_not_filled_again() -> None:
    assert fill("{{observed}} {{sipfed}}", {"observed": "{{sipfed}}"}) == "{{sipfed}} {{sipfed}}"


def test_a_sentence_shows_hidden_characters() -> None:
    assert fill("saw {{observed}}", {"observed": "a\x1b[2Jb"}) == "saw a\\u001b[2Jb"


def powershell_string_end(text: str) -> int:
    """Where PowerShell ends the single-quoted string that `text` begins with (its tokenizer's rule)."""
    quotes = "'‘’‚‛"
    place = 1
    while place < len(text):
        if text[place] in quotes:
            if place + 1 < len(text) and text[place + 1] in quotes:
                place += 2
                continue
            return place + 1
        place += 1
    return -1


@given(st.text() | st.text(alphabet="'‘’‚‛a $`\""))
def test_no_text_can_leave_its_quotes(text: str) -> None:
    made = literal(text)
    assert made == ABOVE or powershell_string_end(made) == len(made)
