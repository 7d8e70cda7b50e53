"""The PowerShell script of an export: which commands it holds, and that it asks what an audit asks. Nothing runs it here."""

from __future__ import annotations

import re

import pytest

from fedready import cli
from fedready.allowed import ALLOWED
from fedready.ask.export_names import about_the_session, file_of, wildcard_probes
from fedready.export_script import export_script
from fedready.questions import Cmdlet, Lookup, Wildcard, reads
from fedready.snapshot import read
from tests.exporting import question_of
from tests.judging import ROOT, baseline
from tests.record import everything

HEALTHY = read(ROOT / "fixtures" / "snapshots" / "healthy.json")
PLUMBING = {
    "ConvertTo-Json", "Export-Clixml", "ForEach-Object", "Get-Date", "Group-Object", "Join-Path", "Measure-Object", "New-Item",
    "New-Object", "Select-Object", "Set-Content", "Split-Path", "Where-Object",
}  # fmt: skip
"""What the script needs to count and to write files on the machine where it runs. `New-Item` makes the folder."""


@pytest.fixture(scope="module")
def script() -> str:
    return export_script(everything(), baseline().clouds)


def code(script: str) -> str:
    """The script without comments and texts."""
    lines = [re.sub(r"'[^']*'|\"[^\"]*\"", "''", line) for line in script.splitlines()]
    return "\n".join(line.partition("#")[0] for line in lines)


def commands(script: str) -> set[str]:
    """Every command name: a verb, a hyphen and a noun, with its module if one is named."""
    return set(re.findall(r"(?<![\w$.{-])(?:[A-Za-z]+\\)?[A-Z][A-Za-z]+-[A-Z][A-Za-z]+(?![\w-])", code(script)))


def test_every_command_of_the_script(script: str) -> None:
    own = set(re.findall(r"^function ([\w-]+)", script, re.MULTILINE))
    assert own == {"Get-Time", "Save", "Group-ByValue", "Group-ByFilled", "Group-ByItem", "Resolve"}
    found = {name.rpartition("\\")[2] for name in commands(script)} - own
    asked = found - PLUMBING
    assert asked == {
        name
        for name in ALLOWED
        if name != "Get-Command"
        and any(name == q.name for q in map(question_of, HEALTHY.entries) if isinstance(q, Cmdlet))
    } | {"Get-CsCertificate", "Resolve-DnsName"}
    assert all(name.startswith("Get-") or name == "Resolve-DnsName" for name in asked)
    assert found - asked == PLUMBING


def test_nothing_in_it_can_change_a_deployment(script: str) -> None:
    verbs = {name.rpartition("\\")[2].partition("-")[0] for name in commands(script)}
    assert verbs <= {
        "Get",
        "Resolve",
        "Export",
        "ConvertTo",
        "ForEach",
        "Group",
        "Join",
        "Measure",
        "New",
        "Select",
        "Set",
        "Split",
        "Where",
    }
    assert re.findall(r"(?:New|Set)-\w+", code(script)).count("Set-Content") == 1
    assert set(re.findall(r"(?:New|Set)-\w+", code(script))) == {"New-Item", "New-Object", "Set-Content"}
    for forbidden in (
        "Invoke-",
        "iex",
        "Start-",
        "Remove-",
        "Grant-",
        "Import-",
        "Connect-",
        "Password",
        "Credential",
        "http:",
    ):
        assert forbidden not in code(script)


def test_every_cmdlet_is_sent_as_an_audit_would(script: str) -> None:
    """The question of each `Save` is one that can be built, and its file is the one that is looked for."""
    saved = re.findall(r"^ +Save '((?:[^']|'')+)' '([^']+)' \{", script, re.MULTILINE)
    assert len(saved) > 20
    for text, file in saved:
        question = question_of(text)
        assert isinstance(question, Cmdlet)
        assert reads(text.partition(": ")[2])
        assert f"{file_of(question)}.xml" == file


def test_it_asks_what_an_audit_of_the_healthy_estate_asks(script: str) -> None:
    """Every recorded question that an export can hold is in the script, or follows in it from an answer."""
    saved = {text for text, _ in re.findall(r"^ +Save '((?:[^']|'')+)' '([^']+)' \{", script, re.MULTILINE)}
    listed = set(re.findall(r"'((?:A|AAAA|SRV) [^' ]+)'", script))
    followed = {"sip", "pool", "webcon", "av", "webdir"}
    for text in HEALTHY.entries:
        question = question_of(text)
        if isinstance(question, Cmdlet):
            expected = not about_the_session(question) and question.side in ("onprem", "tenant")
            assert (text in saved) is expected, text
        for lookup in wildcard_probes(question) if isinstance(question, Wildcard) else [question]:
            if isinstance(lookup, Lookup):
                label = re.sub(r"\.(contoso|fabrikam)\.com$", "", lookup.name)
                assert f"{lookup.rdtype} {label}" in listed or label.split(".")[0] in followed, lookup


def test_of_people_only_numbers_are_written(script: str) -> None:
    for name, allowed in ALLOWED.items():
        if allowed.reduces is None:
            continue
        for call in re.findall(rf"[^\n]*(?<![\w-]){name}(?![\w-])[^\n]*\n[^\n]*\n[^\n]*", code(script)):
            assert "Measure-Object" in call or re.search(
                r"\$people = @\([^\n]*\n\s*\[pscustomobject\]@\{\n\s*Count", call
            ), call
        for hashed in allowed.reduces.hashed:
            assert hashed not in script


def test_one_export_clixml_of_depth_6(script: str) -> None:
    assert re.findall(r"Export-Clixml[^|\n]*", script) == ["Export-Clixml -Depth 6 -LiteralPath $path"]
    assert script.count("Save ") > 30
    assert len(script.splitlines()) < 250


def test_brackets_and_quotes_are_closed(script: str) -> None:
    text = code(script)
    assert "'" not in text.replace("''", "")
    for opening, closing in ("()", "{}", "[]"):
        assert text.count(opening) == text.count(closing)
    assert "<<" not in script


def test_names_of_two_modules_are_told_apart(script: str) -> None:
    assert r"{ SkypeForBusiness\Get-CsExternalAccessPolicy " in script
    assert r"{ MicrosoftTeams\Get-CsExternalAccessPolicy " in script


def test_the_command_prints_it(script: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["export-script"]) == 0
    assert capsys.readouterr().out == script
    assert script.isascii()
