"""Only what reads can be asked; everything else cannot even be built."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedready.questions import ALLOWED, OPENING_STEPS, Cmdlet, Get, Lookup, NotAllowed, Tls, a_label, is_global, reads


@pytest.mark.parametrize(
    "name", ["Set-CsHostingProvider", "New-CsHostingProvider", "Remove-CsHostingProvider", "Grant-CsTeamsUpgradePolicy"]
)
def test_a_writing_cmdlet_cannot_be_built(name: str) -> None:
    with pytest.raises(NotAllowed, match="not on the allow-list"):
        Cmdlet("onprem", name)


@pytest.mark.parametrize(
    "name", ["Get-CsUser; Remove-Item C:\\", "{ Get-CsUser }", "Invoke-Expression", "", "get-csuser"]
)
def test_a_script_cannot_be_built(name: str) -> None:
    with pytest.raises(NotAllowed):
        Cmdlet("onprem", name)


def test_an_unknown_parameter_or_value_cannot_be_built() -> None:
    with pytest.raises(NotAllowed, match="-Identity"):
        Cmdlet("onprem", "Get-CsHostingProvider", (("Identity", "x"),))
    with pytest.raises(NotAllowed, match="-Filter"):
        Cmdlet("onprem", "Get-CsUser", (("Filter", "Enabled -eq $true"),))


def test_a_cmdlet_is_asked_of_its_own_side_only() -> None:
    with pytest.raises(NotAllowed, match="is not asked of onprem"):
        Cmdlet("onprem", "Get-CsTenantFederationConfiguration")


def test_every_allowed_cmdlet_only_reads() -> None:
    assert {name.partition("-")[0] for name in ALLOWED} <= {"Get", "Resolve"}


def test_parameters_stand_in_alphabetical_order() -> None:
    one = Cmdlet("onprem", "Get-CsUser", (("ResultSize", "Unlimited"), ("Filter", 'HostingProvider -eq "SRV:"')))
    assert one.text == 'onprem: Get-CsUser -Filter HostingProvider -eq "SRV:" -ResultSize Unlimited'


@pytest.mark.parametrize("command", [f"{step} MicrosoftTeams" for step in OPENING_STEPS])
def test_opening_steps_read(command: str) -> None:
    assert reads(command)


@given(st.text())
def test_no_text_beside_the_allow_list_reads(command: str) -> None:
    assert not reads(command) or command.split(" ", 1)[0] in {*ALLOWED, *OPENING_STEPS}


@pytest.mark.parametrize(
    "command",
    [
        "Get-CsSipDomain -Identity x",
        "Get-CsSipDomain; Set-CsUser",
        "Set-CsUser",
        "<script> Get-CsSipDomain",
        "Get-CsSipDomain\n",
    ],
)
def test_a_command_beside_the_literal_calls_does_not_read(command: str) -> None:
    assert not reads(command)


@given(st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?(\.[a-z0-9]{1,10}){1,3}", fullmatch=True))
def test_a_label_is_stable(name: str) -> None:
    try:
        label = a_label(name)
    except NotAllowed:
        return
    assert a_label(label) == a_label(label.upper() + ".") == label


@pytest.mark.parametrize(
    "name", ["", ".", "a b", "-a.com", "a..com", "x" * 64 + ".com", "a" * 300, "\u202ea.com", "exa\nmple.com"]
)
def test_what_is_no_host_name_is_refused(name: str) -> None:
    with pytest.raises(NotAllowed):
        a_label(name)


def test_a_name_in_another_script_is_asked_as_punycode() -> None:
    assert Lookup("public", "A", "Bücher.example").text == "dns@public: A xn--bcher-kva.example"
    assert Tls("Bücher.example", 5061).text == "TLS xn--bcher-kva.example:5061"


def test_a_record_type_beside_the_four_is_refused() -> None:
    with pytest.raises(NotAllowed, match="AXFR"):
        Lookup("public", "AXFR", "contoso.com")


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "https://a b/", "ftp://x", "https://x/\n", "javascript:alert(1)", ""]
)
def test_only_web_addresses_are_probed(url: str) -> None:
    with pytest.raises(NotAllowed):
        Get(url)


@pytest.mark.parametrize(
    ("address", "public"), [("52.112.0.1", True), ("10.0.0.1", False), ("127.0.0.1", False), ("fd00::1", False)]
)
def test_private_is_what_is_not_global(address: str, public: bool) -> None:
    assert is_global(address) is public
