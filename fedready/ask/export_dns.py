"""What Resolve-DnsName wrote, as the evidence of a look-up."""

from __future__ import annotations

import ipaddress
from typing import Any

from fedready.ask.export_values import Unreadable
from fedready.model import Cause, CauseKind, Json
from fedready.questions import Lookup, NotAllowed, a_label

TYPES = {1: "A", 5: "CNAME", 28: "AAAA", 33: "SRV"}
"""The numbers of record types (IANA, DNS parameters): what a type is in JSON."""

NO_NAME = "DNS_ERROR_RCODE_NAME_ERROR"
NO_RECORDS = "DNS_INFO_NO_RECORDS"
_FAILURES: dict[str, tuple[CauseKind, str]] = {
    "DNS_ERROR_RCODE_SERVER_FAILURE": ("servfail", "the resolver answered SERVFAIL"),
    "DNS_ERROR_RCODE_REFUSED": ("refused", "the resolver refused the question"),
    "ERROR_TIMEOUT": ("timeout", "the resolver did not answer in time"),
    "WSAETIMEDOUT": ("timeout", "the resolver did not answer in time"),
    "DNS_ERROR_NO_DNS_SERVERS": ("unreachable", "the machine of the export has no resolver"),
}
_LONGEST_CHAIN = 16


def value_of_error(identity: str) -> Json | Cause | None:
    """What an error of Resolve-DnsName says: an answer, a cause, or nothing about DNS.

    >>> value_of_error("DNS_ERROR_RCODE_NAME_ERROR,Microsoft.DnsClient.Commands.ResolveDnsName")["rcode"]
    'NXDOMAIN'
    """
    code = identity.partition(",")[0].strip().upper()
    if code in (NO_NAME, NO_RECORDS):
        return _value("NXDOMAIN" if code == NO_NAME else "NOERROR", [], [], [])
    if code in _FAILURES:
        kind, text = _FAILURES[code]
        return Cause(kind=kind, text=f"{text} ({code})")
    return None


def value_of_rows(rows: list[Json], question: Lookup) -> Json:
    """The evidence of a look-up, aliases followed. Records of other names (the additional section) are left aside.

    Raises:
        Unreadable: no records of Resolve-DnsName, or records of another name only.
    """
    records = [_record(row) for row in rows]
    of_interest = [r for r in records if r["type"] in (question.rdtype, "CNAME")]
    name, chain, ttls = question.name, list[dict[str, Json]](), list[int]()
    while alias := next((r for r in of_interest if r["type"] == "CNAME" and r["name"] == name), None):
        if len(chain) >= _LONGEST_CHAIN or question.rdtype == "CNAME":
            break
        target = _host(alias["row"], "NameHost", "Server")
        chain.append({"name": name, "target": target, "ttl": alias["ttl"]})
        ttls += [alias["ttl"]] if alias["ttl"] is not None else []
        name = target
    found = [r for r in of_interest if r["type"] == question.rdtype and r["name"] == name]
    if of_interest and not found and not chain:
        raise Unreadable(f"these are records of other names than {question.name}")
    ttls += [r["ttl"] for r in found if r["ttl"] is not None]
    return _value("NOERROR", sorted({_answer(r["row"], question.rdtype) for r in found}), chain, ttls)


def _value(rcode: str, answers: list[str], chain: list[dict[str, Json]], ttls: list[int]) -> Json:
    return {"rcode": rcode, "answers": answers, "ttl": min(ttls, default=None), "chain": chain, "over": None}


def _record(row: Json) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise Unreadable("this is not what Resolve-DnsName writes")
    kind = _first(row, "Type", "QueryType")
    kind = TYPES.get(kind, "other") if isinstance(kind, int) else str(kind).upper()
    ttl = row.get("TTL")
    counted = isinstance(ttl, int) and not isinstance(ttl, bool) and 0 <= ttl < 2**31
    return {"type": kind, "name": _host(row, "Name"), "ttl": ttl if counted else None, "row": row}


def _answer(row: dict[str, Json], rdtype: str) -> str:
    if rdtype == "SRV":
        numbers = [row.get(name) for name in ("Priority", "Weight", "Port")]
        if not all(isinstance(n, int) and not isinstance(n, bool) and 0 <= n < 65536 for n in numbers):
            raise Unreadable("an SRV record without readable priority, weight and port")
        return " ".join(str(part) for part in (*numbers, _host(row, "NameTarget", "Target") or "."))
    if rdtype == "CNAME":
        return _host(row, "NameHost", "Server")
    address = _first(row, "IPAddress", "IP4Address", "IP6Address", "Address")
    try:
        found = ipaddress.ip_address(str(address))
    except ValueError:
        raise Unreadable(f"an {rdtype} record without a readable address") from None
    if found.version != (4 if rdtype == "A" else 6):
        raise Unreadable(f"an {rdtype} record with an address of another kind")
    return str(found)


def _host(row: dict[str, Json], *names: str) -> str:
    """A name in comparable form; an empty text for the root, which says that a service is not offered."""
    text = _first(row, *names)
    if text in ("", "."):
        return ""
    try:
        return a_label(text if isinstance(text, str) else "")
    except NotAllowed:
        raise Unreadable(f"a record whose {names[0]} is no name") from None


def _first(row: dict[str, Json], *names: str) -> Json:
    return next((row[name] for name in names if row.get(name) is not None), None)
