"""CLIXML's values without members: texts, numbers, moments and the like ([MS-PSRP] 2.2.5.1)."""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

from fedready.model import Json


class ClixmlError(ValueError):
    """The text is no CLIXML that PowerShell would write, or larger than anything this suite asks for."""


def short(text: str) -> str:
    """What an error quotes of hostile text."""
    return text if len(text) <= 60 else text[:60] + "..."


_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")


def unescape(text: str) -> str:
    """CLIXML's `_x000A_` undone; what UTF-8 cannot hold becomes U+FFFD.

    >>> unescape("a_x000A_b_x005F_x000A_ _xD83D__xDE00_ _xD83D_")
    'a\\nb_x000A_ 😀 �'
    """
    if "_x" not in text:
        return text
    units = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


_INTEGERS = {
    "By": (0, 2**8 - 1), "SB": (-(2**7), 2**7 - 1), "U16": (0, 2**16 - 1), "I16": (-(2**15), 2**15 - 1),
    "U32": (0, 2**32 - 1), "I32": (-(2**31), 2**31 - 1), "U64": (0, 2**64 - 1), "I64": (-(2**63), 2**63 - 1),
}  # fmt: skip
_FORMS = {
    "D": re.compile(r"-?\d{1,30}(\.\d{1,30})?"),
    "Sg": re.compile(r"-?(\d{1,40}(\.\d{1,40})?(E[+-]?\d{1,4})?|INF)|NaN"),
    "Db": re.compile(r"-?(\d{1,40}(\.\d{1,40})?(E[+-]?\d{1,4})?|INF)|NaN"),
    "TS": re.compile(r"-?P(?=[0-9T])(\d{1,9}D)?(T(?=\d)(\d{1,4}H)?(\d{1,4}M)?(\d{1,4}(\.\d{1,7})?S)?)?"),
    "Version": re.compile(r"\d{1,10}(\.\d{1,10}){1,3}"),
}
_MOMENT = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:(Z)|([+-])(\d\d):(\d\d))?")
_WHOLE = re.compile(r"[+-]?\d{1,20}", re.ASCII)


def _boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise ClixmlError(f"{short(text)!r} is no boolean")
    return text == "true"


def _integer(tag: str) -> Callable[[str], int]:
    low, high = _INTEGERS[tag]

    def integer(text: str) -> int:
        if not _WHOLE.fullmatch(text) or not low <= (number := int(text)) <= high:
            raise ClixmlError(f"{short(text)!r} is no {tag}")
        return number

    return integer


def _form(tag: str) -> Callable[[str], str]:
    pattern = _FORMS[tag]

    def form(text: str) -> str:
        if not text.isascii() or not pattern.fullmatch(text):
            raise ClixmlError(f"{short(text)!r} is no {tag}")
        return text

    return form


def _character(text: str) -> str:
    unit = _integer("U16")(text)
    return "\ufffd" if 0xD800 <= unit <= 0xDFFF else chr(unit)


def _guid(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise ClixmlError(f"{short(text)!r} is no GUID") from None


def _bytes(text: str) -> str:
    try:
        base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        raise ClixmlError("bytes that are no base64") from None
    return text


def moment(text: str) -> str:
    """A .NET DateTime as evidence holds it: UTC, whole seconds.

    Raises:
        ClixmlError: no moment.

    >>> moment("2026-08-21T12:00:00.1234567+02:00")
    '2026-08-21T10:00:00Z'
    """
    parts = _MOMENT.fullmatch(text) if text.isascii() else None
    if parts is None:
        raise ClixmlError(f"{short(text)!r} is no date and time")
    sign = -1 if parts[8] == "-" else 1
    try:
        zone = timezone(sign * timedelta(hours=int(parts[9] or 0), minutes=int(parts[10] or 0)))
        year, month, day, hour, minute, second = (int(parts[i]) for i in range(1, 7))
        local = datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        raise ClixmlError(f"{short(text)!r} is no date and time") from None
    try:
        utc = local.astimezone(UTC)
    except OverflowError:  # .NET's MinValue and MaxValue, which mean "never", in a local zone
        utc = (datetime.min if local.year == 1 else datetime.max).replace(tzinfo=UTC)
    return utc.replace(tzinfo=None, microsecond=0).isoformat() + "Z"


def _secret(text: str) -> dict[str, Json]:
    return {"#type": "System.Security.SecureString"}


def _nothing(text: str) -> None:
    if text:
        raise ClixmlError("a null with a value")


PRIMITIVES: dict[str, Callable[[str], Json]] = {
    "S": unescape, "URI": unescape, "XD": unescape, "SBK": unescape,
    "B": _boolean, "C": _character, "DT": moment, "G": _guid, "BA": _bytes, "SS": _secret, "Nil": _nothing,
    **{tag: _integer(tag) for tag in _INTEGERS},
    **{tag: _form(tag) for tag in _FORMS},
}  # fmt: skip
"""Element name -> reader of its text. Each raises ClixmlError for a text that is none of its kind."""
