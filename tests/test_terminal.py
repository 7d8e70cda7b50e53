"""The ending of an audit on the terminal."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from fedready.model import Headline
from fedready.tell.terminal import ending
from tests import made_runs as made


def text(name: str) -> str:
    return "\n".join(ending(getattr(made, name)(), Path("reports/contoso/x/readiness.html")))


def test_headline_blockers_causes_advisories_waivers_counts_and_path() -> None:
    said = text("not_ready")
    for needed in (
        "NOT READY\n",
        "2 SIP domains: contoso.com, fabrikam.com",
        "Blockers\n  EDGE-02  Federated user access is allowed (critical)\n    observed  False\n    expected  True\n"
        "    fix       Set-CsAccessEdgeConfiguration -AllowFederatedUsers $true",
        "and 1 more blocker",
        "Could not be looked at\n  DNS-08, 1 check: dns@public answered SERVFAIL",
        "Advisories\n  AUTO-05",
        "Waivers\n  HOST-06 (deployment) until 2026-03-31, Ada Lovelace: ",
        "Assessed 18 of 20 checks, 7 pass, 11 fail (1 waived), 1 unknown, 1 not from here; 8 reads, 0 writes.",
        "Report: reports/contoso/x/readiness.html",
    ):
        assert needed in said
    assert "EDGE-03" not in said  # it follows from EDGE-04


def test_qualifiers_stand_beside_the_headline() -> None:
    assert "UNDETERMINED  [partial: 17 of 19 controls]  [assumed: phase hybrid]" in text("undetermined")


def test_unknowns_are_gathered_by_cause() -> None:
    assert text("undetermined").count("refused the connection") == 1
    assert "SESS-01, 3 checks: " in text("undetermined")


def test_ready_is_short() -> None:
    lines = ending(made.ready())
    assert lines[1] == "READY"
    assert len([line for line in lines if line]) < 6


@pytest.mark.parametrize("colour", [False, True])
def test_colour_only_where_it_is_asked_for(colour: bool) -> None:
    assert ("\x1b[" in "\n".join(ending(made.not_ready(), colour=colour))) is colour


def test_hostile_text_cannot_steer_the_terminal() -> None:
    run = made.hostile()
    run = msgspec.structs.replace(run, expired_waivers=(msgspec.structs.replace(made.WAIVER, owner="\x1b[2J\n"),))
    lines = ending(run, Path("re\x1bports"))
    assert all(line.isprintable() for line in lines)
    assert all(len(line) < 2_000 for line in lines)


def test_many_causes_blockers_and_subjects_are_counted_not_listed() -> None:
    findings = made.healthy()
    for number, control in enumerate(("EDGE-01", "EDGE-02", "EDGE-03", "EDGE-04", "HOST-01", "HOST-02", "HOST-03")):
        findings = made.blind(findings, control, "timeout", f"no answer {number}")
    said = "\n".join(ending(made.run(findings, Headline.UNDETERMINED)))
    assert "and 2 more causes" in said
    assert len(ending(made.many(1_000))) < 40
