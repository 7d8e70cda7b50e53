"""Who signs in at a PowerShell side: the environment, else Kerberos or the logged-on user, else a prompt on a terminal."""

from __future__ import annotations

import getpass
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fedready.model import Endpoint

IMPLICIT = ("kerberos", "negotiate")
"""Kinds of sign-in that can do without a name: a Kerberos ticket, or on Windows the logged-on user."""


class NoCredentials(ValueError):
    """Nobody to sign in as. The text says which variables to set."""


@dataclass(frozen=True)
class Credentials:
    """A user name and a password; both None: the ticket, the logged-on user, or the target's certificate."""

    user: str | None = None
    password: str | None = field(default=None, repr=False)


def variable(side: str) -> str:
    """The stem of a side's variables.

    >>> variable("edge-01")
    'FEDREADY_EDGE_01'
    """
    return "FEDREADY_" + re.sub("[^A-Z0-9]", "_", side.upper())


def terminal_prompt(text: str) -> str | None:
    """Ask on the terminal; None when there is none, or nobody answers."""
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    try:
        return getpass.getpass(text) if text.startswith("Password") else input(text)
    except EOFError:
        return None


def find(
    side: str,
    endpoint: Endpoint,
    environ: Mapping[str, str] = os.environ,
    prompt: Callable[[str], str | None] = terminal_prompt,
) -> Credentials:
    """The credentials of one side. May ask on the terminal, so it is called before the first question is asked.

    Raises:
        NoCredentials: none are given and there is nobody to ask.
    """
    stem = variable(side)
    user, password = environ.get(f"{stem}_USER"), environ.get(f"{stem}_PASSWORD")
    if endpoint.auth == "certificate":
        if not endpoint.certificate_pem:
            raise NoCredentials(f"auth: certificate of {side} needs certificate_pem: with the path of a PEM file")
        return Credentials()
    if not user:
        if password:
            raise NoCredentials(f"{stem}_PASSWORD is set but {stem}_USER is not; set both or none")
        if endpoint.auth in IMPLICIT:
            return Credentials()
        user = prompt(f"User for {side} ({endpoint.url}): ")
        if not user:
            raise NoCredentials(
                f"auth: {endpoint.auth} of {side} needs an account; set {stem}_USER and {stem}_PASSWORD"
            )
    if not password and endpoint.auth != "kerberos":
        password = prompt(f"Password of {user} for {side}: ")
        if not password:
            raise NoCredentials(f"the account {user} of {side} has no password; set {stem}_PASSWORD")
    return Credentials(user, password or None)


def client_certificate(endpoint: Endpoint) -> tuple[str, str | None] | None:
    """The PEM files of the target's client certificate and of its key, where it signs in by one."""
    if endpoint.auth != "certificate" or endpoint.certificate_pem is None:
        return None
    return endpoint.certificate_pem, endpoint.certificate_key_pem
