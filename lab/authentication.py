"""Who is there: Basic, NTLM and Negotiate on one connection, and WSMan message encryption (MS-WSMV 2.2.9.1)."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import struct
import tempfile
import threading
from pathlib import Path
from typing import Any

import spnego
import spnego.channel_bindings
import spnego.exceptions

_VARIABLE = "NTLM_USER_FILE"
_BOUNDARY = b"--Encrypted Boundary"
_PROTOCOL = b"application/HTTP-SPNEGO-session-encrypted"
ENCRYPTED_TYPE = f'multipart/encrypted;protocol="{_PROTOCOL.decode()}";boundary="Encrypted Boundary"'


class Accounts:
    """The throw-away accounts of this process.

    pyspnego's acceptor reads them from a file that one environment variable names, so all labs of a process share one
    file and one random password. It is written when the first lab starts and removed when the last one ends.
    """

    def __init__(self) -> None:
        self.password = secrets.token_urlsafe(12)
        self._lock = threading.Lock()
        self._users: list[str] = []
        self._file: Path | None = None
        self._before: str | None = None

    def enter(self, users: list[str]) -> None:
        with self._lock:
            self._users += users
            if self._file is None:
                handle, name = tempfile.mkstemp(prefix="fedready-lab-")
                os.close(handle)
                self._file = Path(name)
                self._before = os.environ.get(_VARIABLE)
                os.environ[_VARIABLE] = name
            self._write()

    def leave(self, users: list[str]) -> None:
        with self._lock:
            for user in users:
                self._users.remove(user)
            if not self._users and self._file is not None:
                self._file.unlink(missing_ok=True)
                self._file = None
                os.environ.pop(_VARIABLE, None)
                if self._before is not None:
                    os.environ[_VARIABLE] = self._before
            else:
                self._write()

    def _write(self) -> None:
        assert self._file is not None
        rows = [
            f"{user.partition(chr(92))[0]}:{user.partition(chr(92))[2]}:{self.password}\n"
            for user in dict.fromkeys(self._users)
        ]
        self._file.write_text("".join(rows), encoding="utf-8")


ACCOUNTS = Accounts()


class Authentication:
    """One connection's sign-in. NTLM belongs to the connection, Basic to the request."""

    def __init__(self, users: tuple[str, ...]) -> None:
        self._users = users
        self._context: Any = None
        self._scheme = ""
        self.user: str | None = None
        self.problem = ""

    def step(self, header: str, offers: tuple[str, ...], binding: bytes | None) -> tuple[bool, str | None]:
        """Look at one Authorization header.

        Returns:
            Signed in or not, and the WWW-Authenticate token to send (None: offer the schemes again, or nothing to add).
        """
        scheme, _, token = header.partition(" ")
        scheme = scheme.casefold()
        if not header:
            return self.user is not None and self._scheme != "basic", None
        if scheme not in (offer.casefold() for offer in offers):
            return False, None
        if scheme == "basic":
            return self._basic(token), None
        return self._negotiate(scheme, token, binding)

    def _basic(self, token: str) -> bool:
        self._scheme, self.user = "basic", None
        with contextlib.suppress(ValueError):
            user, _, password = base64.b64decode(token).decode("utf-8").partition(":")
            if user in self._users and secrets.compare_digest(password.encode(), ACCOUNTS.password.encode()):
                self.user = user
        return self.user is not None

    def _negotiate(self, scheme: str, token: str, binding: bytes | None) -> tuple[bool, str | None]:
        try:
            if self._context is None or self._context.complete:
                self._context = _acceptor(scheme, binding)
            answer = self._context.step(base64.b64decode(token))
        except (spnego.exceptions.SpnegoError, ValueError, struct.error, IndexError) as wrong:
            self.problem, self._context, self.user = f"{type(wrong).__name__}: {wrong}", None, None
            return False, None
        name = "NTLM" if scheme == "ntlm" else "Negotiate"
        reply = f"{name} {base64.b64encode(answer).decode()}" if answer else None
        if not self._context.complete:
            return False, reply
        self.user, self._scheme = self._context.client_principal, scheme
        return True, reply

    def unwrap(self, body: bytes) -> bytes:
        """The SOAP inside an encrypted message.

        Raises:
            ValueError: it is not one.
        """
        try:
            part = body.split(_BOUNDARY + b"\r\n")[2].split(b"\tContent-Type: application/octet-stream\r\n", 1)[1]
            part = part[: part.rindex(_BOUNDARY + b"--")]
            length = struct.unpack("<i", part[:4])[0]
            plain: bytes = self._context.unwrap_winrm(part[4 : 4 + length], part[4 + length :])
            return plain
        except (IndexError, struct.error, AttributeError, spnego.exceptions.SpnegoError) as wrong:
            raise ValueError(f"not an encrypted message: {wrong}") from None

    def wrap(self, data: bytes) -> bytes:
        """SOAP as an encrypted message."""
        header, sealed, padding = self._context.wrap_winrm(data)
        return b"".join([
            _BOUNDARY, b"\r\n\tContent-Type: ", _PROTOCOL,
            b"\r\n\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=%d\r\n" % (len(data) + padding),
            _BOUNDARY, b"\r\n\tContent-Type: application/octet-stream\r\n",
            struct.pack("<i", len(header)), header, sealed, _BOUNDARY, b"--\r\n",
        ])  # fmt: skip


def _acceptor(scheme: str, binding: bytes | None) -> Any:
    bindings = None
    if binding is not None:
        data = b"tls-server-end-point:" + binding
        bindings = spnego.channel_bindings.GssChannelBindings(application_data=data)
    if scheme == "ntlm":
        return spnego.server(protocol="ntlm", channel_bindings=bindings, options=spnego.NegotiateOptions.use_ntlm)
    options = spnego.NegotiateOptions.use_negotiate | spnego.NegotiateOptions.wrapping_winrm
    return spnego.server(protocol="negotiate", channel_bindings=bindings, options=options)
