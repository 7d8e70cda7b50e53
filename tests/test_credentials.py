"""credentials: the environment, else a ticket or the logged-on user, else a prompt on a terminal, never anything else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fedready.ask import credentials
from fedready.ask.credentials import Credentials, NoCredentials, find, variable
from fedready.model import Endpoint


def endpoint(auth: str = "negotiate", **more: str) -> Endpoint:
    return Endpoint(kind="winrm", url="https://mgmt.contoso.com:5986/wsman", auth=auth, **more)  # type: ignore[arg-type]


def nobody(text: str) -> None:
    raise AssertionError(f"asked: {text}")


def somebody(*answers: str | None) -> tuple[list[str], Callable[[str], str | None]]:
    asked: list[str] = []
    left = iter(answers)

    def prompt(text: str) -> str | None:
        asked.append(text)
        return next(left)

    return asked, prompt


BOTH = {"FEDREADY_TENANT_USER": r"CONTOSO\auditor", "FEDREADY_TENANT_PASSWORD": "s3cret"}


@pytest.mark.parametrize("auth", ["negotiate", "kerberos", "ntlm", "basic"])
def test_the_environment_comes_first(auth: str) -> None:
    assert find("tenant", endpoint(auth), BOTH, nobody) == Credentials(r"CONTOSO\auditor", "s3cret")


def test_every_side_has_variables_of_its_own() -> None:
    assert find("onprem", endpoint(), BOTH, nobody) == Credentials()
    assert variable("edge01") == "FEDREADY_EDGE01"
    assert variable("edge-01.dmz") == "FEDREADY_EDGE_01_DMZ"


@pytest.mark.parametrize("auth", ["negotiate", "kerberos"])
def test_without_a_name_the_ticket_or_the_logged_on_user(auth: str) -> None:
    assert find("tenant", endpoint(auth), {}, nobody) == Credentials(None, None)


def test_a_kerberos_name_needs_no_password() -> None:
    assert find("tenant", endpoint("kerberos"), {"FEDREADY_TENANT_USER": "a@B"}, nobody) == Credentials("a@B", None)


def test_what_is_missing_is_asked_on_a_terminal() -> None:
    asked, prompt = somebody(r"CONTOSO\me", "typed")
    assert find("tenant", endpoint("ntlm"), {}, prompt) == Credentials(r"CONTOSO\me", "typed")
    assert asked == [
        "User for tenant (https://mgmt.contoso.com:5986/wsman): ",
        r"Password of CONTOSO\me for tenant: ",
    ]
    asked, prompt = somebody("typed")
    assert find("tenant", endpoint(), {"FEDREADY_TENANT_USER": "me"}, prompt) == Credentials("me", "typed")
    assert asked == ["Password of me for tenant: "]


@pytest.mark.parametrize(
    ("environ", "text"),
    [
        ({}, "auth: ntlm of tenant needs an account; set FEDREADY_TENANT_USER and FEDREADY_TENANT_PASSWORD"),
        ({"FEDREADY_TENANT_USER": "me"}, "the account me of tenant has no password; set FEDREADY_TENANT_PASSWORD"),
        (
            {"FEDREADY_TENANT_PASSWORD": "s3cret"},
            "FEDREADY_TENANT_PASSWORD is set but FEDREADY_TENANT_USER is not; set both or none",
        ),
    ],
)
def test_where_nobody_can_be_asked_the_variables_are_named(environ: dict[str, str], text: str) -> None:
    with pytest.raises(NoCredentials) as missing:
        find("tenant", endpoint("ntlm"), environ, lambda text: None)
    assert str(missing.value) == text


def test_a_certificate_needs_its_file_and_nothing_else() -> None:
    assert find("tenant", endpoint("certificate", certificate_pem="a.pem"), BOTH, nobody) == Credentials()
    with pytest.raises(NoCredentials, match="needs certificate_pem: with the path of a PEM file"):
        find("tenant", endpoint("certificate"), BOTH, nobody)


def test_a_password_is_never_shown() -> None:
    assert "s3cret" not in repr(Credentials("me", "s3cret"))
    assert "s3cret" not in str(Credentials("me", "s3cret"))


def test_without_a_terminal_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", nobody)
    monkeypatch.setattr(credentials.getpass, "getpass", nobody)
    monkeypatch.setattr(credentials.sys.stdin, "isatty", lambda: False, raising=False)
    assert credentials.terminal_prompt("User: ") is None


def test_a_password_is_typed_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials.sys, "stdin", Terminal())
    monkeypatch.setattr(credentials.sys, "stderr", Terminal())
    monkeypatch.setattr("builtins.input", lambda text: "typed in the open")
    monkeypatch.setattr(credentials.getpass, "getpass", lambda text: "typed unseen")
    assert credentials.terminal_prompt("User for tenant: ") == "typed in the open"
    assert credentials.terminal_prompt("Password of me: ") == "typed unseen"


class Terminal:
    def isatty(self) -> bool:
        return True
