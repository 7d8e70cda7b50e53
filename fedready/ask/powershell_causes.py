"""Why a PowerShell side did not answer: every way in which it can end, as one of few causes with a sentence that helps.

Kinds: unreachable (no connection), refused (a connection, but no session, or a cmdlet that ended with an error), denied
(a right is missing), not_recognized (the cmdlet or its parameter is not visible), timeout, malformed (no readable answer).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fedready.ask.clixml import ClixmlError
from fedready.ask.powershell_messages import Malformed
from fedready.model import Cause, CauseKind, Endpoint, Json

OPERATION_TIMEOUT = 2150858793  # ERROR_WSMAN_OPERATION_TIMEDOUT: nothing yet, ask again
SHELL_NOT_FOUND = 2150858843  # ERROR_WSMAN_UNEXPECTED_SELECTORS
UNKNOWN_CONFIGURATION = 2150858811  # ERROR_WSMAN_INVALID_RESOURCE_URI
ACCESS_DENIED = 5
QUOTAS = (2150859173, 2150859174, 2150859175, 2150859176, 2150859177)  # shells, processes, memory, operations

PERMISSION_DENIED = 18  # ErrorCategory


class Redirected(Exception):
    """The endpoint answered with a redirect, which is not followed: it would carry the question elsewhere."""


def said(text: object, limit: int = 300) -> str:
    """Hostile text as a part of one line of ours."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(text)[: 4 * limit]).split())
    return line if len(line) <= limit else line[: limit - 3] + "..."


@dataclass(frozen=True)
class Where:
    """What the sentences name: the side as variables spell it, its endpoint, and who asked."""

    side: str
    variable: str  # FEDREADY_ONPREM
    endpoint: Endpoint
    account: str | None

    @property
    def who(self) -> str:
        return self.account or "the logged-on user"

    @property
    def session_right(self) -> str:
        """What lets an account open a session here."""
        if self.endpoint.kind == "ocspowershell":
            return "it must be a member of CsViewOnlyAdministrator and enabled for remote PowerShell"
        return (
            f"it must be allowed to use the session configuration {self.endpoint.configuration} "
            "(Remote Management Users, or a role of that JEA endpoint)"
        )


def _cause(kind: CauseKind, text: str) -> Cause:
    return Cause(kind=kind, text=text)


def cause_of(error: Exception, where: Where) -> Cause:
    """The cause behind anything that pypsrp, pyspnego, requests or our own transport raises."""
    for kinds, explain in _explanations():
        if isinstance(error, kinds):
            return explain(error, where)
    if type(error).__module__.partition(".")[0] in ("spnego", "gssapi", "krb5"):
        return _sign_in_failed(error, where)
    return _cause("malformed", f"{where.endpoint.url} gave an answer that could not be read: {_named(error)}")


def over_quota(error: Exception) -> bool:
    """Does the server have too much of this account's going on? It may have less in a moment."""
    from pypsrp.exceptions import WSManFaultError

    return isinstance(error, WSManFaultError) and error.code in QUOTAS


def _named(error: BaseException) -> str:
    return f"{type(error).__name__}: {said(error, 160)}".rstrip(": ")


def _explanations() -> list[tuple[tuple[type[Exception], ...], Callable[[Any, Where], Cause]]]:
    """Most special first. Imported late: these libraries are needed by those who open a session only."""
    import requests
    from pypsrp.exceptions import AuthenticationError, InvalidPSRPOperation, WinRMTransportError, WSManFaultError
    from spnego.exceptions import SpnegoError

    from fedready.ask import pinning

    return [
        ((Malformed, ClixmlError), _malformed),
        ((pinning.DeadlineExceeded, requests.Timeout, TimeoutError), _timed_out),
        ((pinning.NotListed,), lambda error, where: _cause("unreachable", said(error))),
        ((pinning.PinningError,), _malformed),
        ((Redirected,), _redirected),
        ((AuthenticationError,), _not_accepted),
        ((WSManFaultError,), _fault),
        ((WinRMTransportError,), _status),
        ((SpnegoError, ImportError), _sign_in_failed),
        ((requests.exceptions.SSLError,), _untrusted),
        ((requests.exceptions.ChunkedEncodingError,), _cut),
        ((requests.RequestException,), _unreachable),
        ((InvalidPSRPOperation,), _broken),
        ((OSError,), _unusable_file),
    ]


def _malformed(error: Exception, where: Where) -> Cause:
    return _cause("malformed", f"{where.endpoint.url} gave an answer that could not be read: {said(error)}")


def _timed_out(error: Exception, where: Where) -> Cause:
    return _cause(
        "timeout", f"{where.endpoint.url} did not answer in time; if it is slow, raise timeouts: in the target file"
    )


def _redirected(error: Exception, where: Where) -> Cause:
    text = f"{where.endpoint.url} redirects to {said(error)}; give the address that answers itself as url:"
    return _cause("refused", text)


def _not_accepted(error: Exception, where: Where) -> Cause:
    if "did not response with one of the following authentication methods" in str(error):
        offered = said(str(error).rpartition("actual: ")[2], 80)
        text = (
            f"401: {where.endpoint.url} does not offer {where.endpoint.auth}; set auth: to what it offers ({offered})"
        )
        return _cause("refused", text)
    return _cause(
        "refused",
        f"401: the account {where.who} was not accepted by {where.endpoint.url}; "
        f"check {where.variable}_USER and {where.variable}_PASSWORD",
    )


def _sign_in_failed(error: Exception, where: Where) -> Cause:
    if isinstance(error, ImportError):
        text = f"auth: {where.endpoint.auth} needs fedready[kerberos], which is not installed ({said(error, 80)})"
    else:
        text = (
            f"no sign-in to {where.endpoint.url} as {where.who} with {where.endpoint.auth}: {said(error, 160)}; set "
            f"{where.variable}_USER and {where.variable}_PASSWORD, or get a Kerberos ticket (kinit)"
        )
    return _cause("refused", text)


def _fault(error: Any, where: Where) -> Cause:
    url, reason = where.endpoint.url, said(error.reason or "no reason given")
    if error.code == ACCESS_DENIED:
        return _cause("denied", f"{url} knows the account {where.who} but denies it a session; {where.session_right}")
    if error.code == OPERATION_TIMEOUT:
        return _timed_out(error, where)
    if error.code == SHELL_NOT_FOUND:
        return _cause("refused", f"{url} has ended the session: {reason}; run again")
    if error.code == UNKNOWN_CONFIGURATION:
        missing = where.endpoint.configuration
        return _cause("refused", f"{url} has no session configuration {missing}; correct it in the target file")
    if error.code in QUOTAS:
        return _cause(
            "refused", f"{url} has too many sessions of {where.who}: {reason}; close some or wait for their end"
        )
    return _cause("refused", f"{url} reports fault {said(error.code or 'without a code', 20)}: {reason}")


def _status(error: Any, where: Where) -> Cause:
    url, code = where.endpoint.url, error.code
    if code == 403:
        return _cause("denied", f"403: {url} denies the account {where.who} access; {where.session_right}")
    if code == 404:
        return _cause("refused", f"404: nothing answers at {url}; correct url: in the target file")
    return _cause("refused", f"{said(code, 5)}: {url} answered with an HTTP error instead of a session")


def _untrusted(error: Exception, where: Where) -> Cause:
    help_ = "give its CA as ca_file:, or its right name as url:"
    return _cause("unreachable", f"{where.endpoint.url} was not trusted: {said(_innermost(error), 160)}; {help_}")


def _cut(error: Exception, where: Where) -> Cause:
    return _cause("unreachable", f"{where.endpoint.url} broke the connection within its answer; run again")


def _unreachable(error: Exception, where: Where) -> Cause:
    return _cause("unreachable", f"{where.endpoint.url} cannot be reached: {said(_innermost(error), 160)}")


def _broken(error: Exception, where: Where) -> Cause:
    return _cause("refused", f"{where.endpoint.url} broke the session off: {said(error, 160)}; run again")


def _unusable_file(error: OSError, where: Where) -> Cause:
    named = said(error.filename or "ca_file: or certificate_pem:")
    return _cause(
        "refused", f"{named} cannot be used: {said(error.strerror or error, 160)}; correct it in the target file"
    )


def _innermost(error: BaseException) -> object:
    """What the operating system said, from below the layers that wrapped it."""
    inner = getattr(error.args[0], "reason", None) if error.args else None
    found = inner if isinstance(inner, BaseException) else error
    while isinstance(found.__cause__, OSError):
        found = found.__cause__
    return getattr(found, "strerror", None) or getattr(found, "verify_message", None) or found


def refused_in_the_clear(endpoint: Endpoint) -> Cause | None:
    """Over http, messages are encrypted by Kerberos or NTLM; what cannot do that is never sent."""
    if endpoint.url.lower().startswith("https://"):
        return None
    if endpoint.auth in ("basic", "certificate") or not endpoint.url.lower().startswith("http://"):
        return _cause(
            "refused", f"auth: {endpoint.auth} needs https, and {said(endpoint.url)} is not; nothing was sent"
        )
    return None


# --------------------------------------------------------------------------- errors that a cmdlet reports


def cause_of_record(record: Json, command: str, right: str, where: Where) -> Cause:
    """The cause behind an ErrorRecord: the cmdlet ran, or was not even found, and says so."""
    record = record if isinstance(record, dict) else {}
    exception = record.get("Exception")
    exception = exception if isinstance(exception, dict) else {"Message": exception}
    identity = str(record.get("FullyQualifiedErrorId") or "")
    reason = str(record.get("ErrorCategory_Reason") or exception.get("#type") or "")
    message = said(exception.get("Message") or record.get("#text") or record.get("ErrorCategory_Message") or identity)
    name = command.split()[0]
    if name == RESOLVE and identity.startswith("DNS_ERROR_RCODE_SERVER_FAILURE"):
        return _cause("servfail", f"the resolver of {where.side} could not answer `{command}`: {message}")
    if name == RESOLVE and identity.startswith(("ERROR_TIMEOUT", "DNS_ERROR_RECORD_TIMED_OUT")):
        return _cause("timeout", f"the resolver of {where.side} did not answer `{command}` in time: {message}")
    if "CommandNotFoundException" in identity + reason:
        return _cause("not_recognized", f"{name} is not visible to {where.who}; it needs the role {right}")
    if identity.startswith(("NamedParameterNotFound", "AmbiguousParameterSet", "ParameterNotFound")):
        return _cause("not_recognized", f"{name} does not take `{command}`: {message}; update the module there")
    if record.get("ErrorCategory_Category") == PERMISSION_DENIED or _denies(identity, reason):
        return _cause("denied", f"{name} denies {where.who} the answer: {message}; it needs the role {right}")
    return _cause("refused", f"{name} reported an error: {message}")


RESOLVE = "Resolve-DnsName"
NOTHING_THERE = ("DNS_ERROR_RCODE_NAME_ERROR,", "DNS_INFO_NO_RECORDS,")
"""How Resolve-DnsName says that a name, or a record of this type, does not exist: as an error, though it is an answer."""


def says_there_is_nothing(record: Json, command: str) -> bool:
    """Does this ErrorRecord hold an answer: that DNS has no such name or record? Any other error is none."""
    identity = str(record.get("FullyQualifiedErrorId") or "") if isinstance(record, dict) else ""
    return command.split()[0] == RESOLVE and f"{identity},".startswith(NOTHING_THERE)


def _denies(identity: str, reason: str) -> bool:
    text = (identity + " " + reason).lower()
    return any(word in text for word in ("accessdenied", "unauthorizedaccess", "securityexception", "forbidden"))
