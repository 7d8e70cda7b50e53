"""Write an export folder from recorded answers, in every shape that administrators' exports have."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fedready.ask.export_names import about_the_session, file_of, wildcard_probes
from fedready.model import Snapshot
from fedready.questions import ALLOWED, Cmdlet, Lookup, Wildcard
from lab.clixml import Enum, Listing, Obj, dumps

NAMESPACE = "http://schemas.microsoft.com/powershell/2004/04"
ENUMERATIONS = {"VerificationLevel": 2, "DiscoveredPartnerVerificationLevel": 2, "RoutingMethod": 1}
DNS_TYPES = {"A": 1, "AAAA": 28, "SRV": 33, "CNAME": 5}
NXDOMAIN = "DNS_ERROR_RCODE_NAME_ERROR,Microsoft.DnsClient.Commands.ResolveDnsName"


@dataclass(frozen=True)
class Shape:
    """How a file is written: its ending, its encoding, and what type names its objects carry."""

    suffix: str = ".xml"
    encoding: str = "utf-16"
    prefix: str = ""
    as_list: bool = False  # one object that is the list, as -InputObject writes it


SHAPES = {
    "xml-utf16-bom": Shape(),
    "xml-utf16-no-bom": Shape(encoding="utf-16-le"),
    "xml-utf16-be": Shape(encoding="utf-16-be"),
    "xml-utf8": Shape(encoding="utf-8"),
    "xml-utf8-bom": Shape(encoding="utf-8-sig"),
    "deserialized": Shape(prefix="Deserialized."),
    "selected": Shape(prefix="Selected."),
    "selected-deserialized": Shape(prefix="Selected.Deserialized."),
    "input-object": Shape(as_list=True),
    "json-utf8": Shape(".json", "utf-8"),
    "json-utf16": Shape(".json", "utf-16"),
    "json-utf8-bom": Shape(".json", "utf-8-sig"),
}


def write_export(snapshot: Snapshot, folder: Path, shape: Shape = Shape()) -> None:  # noqa: B008
    """Every answer of a snapshot that an export can hold."""
    written: list[tuple[Path, str]] = []
    for text, evidence in snapshot.entries.items():
        question = question_of(text)
        if question is None or evidence.state != "answered":
            continue
        if isinstance(question, Wildcard):
            there = [evidence.value["exists"], evidence.value["srv_exists"]]
            for probe, exists in zip(wildcard_probes(question), there, strict=True):
                answers = (["131.107.9.9"] if probe.rdtype == "A" else ["0 0 5061 a.b"]) if exists else []
                value = {"rcode": "NOERROR" if exists else "NXDOMAIN", "answers": answers, "chain": [], "ttl": 60}
                written.append((write_file(folder / file_of(probe), records(probe, value), shape), evidence.asked))
        elif isinstance(question, Lookup):
            written.append(
                (write_file(folder / file_of(question), records(question, evidence.value), shape), evidence.asked)
            )
        elif question.allowed.reduces is not None:
            written.append(
                (write_file(folder / file_of(question), [counted(evidence.value[0], question)], shape), evidence.asked)
            )
        elif not about_the_session(question):
            written.append((write_file(folder / file_of(question), evidence.value, shape), evidence.asked))
    for path, asked in written:
        moment = dt.datetime.fromisoformat(asked).timestamp()
        os.utime(path, (moment, moment))


def question_of(text: str) -> Cmdlet | Lookup | Wildcard | None:
    """The question behind the key of an entry; None for what no export holds."""
    where, _, what = text.partition(": ")
    kind, _, name = what.partition(" ")
    if text.startswith(("GET ", "TLS ")):
        return None
    if where.startswith("dns@"):
        resolver = where.removeprefix("dns@")
        return Wildcard(resolver, name) if kind == "WILDCARD" else Lookup(resolver, kind, name)
    found: list[tuple[str, str | bool]] = []
    for part in re.split(r" (?=-[A-Z]\w+(?: |$))", what)[1:]:
        key, _, value = part.removeprefix("-").partition(" ")
        found.append((key, value or True))
    assert kind in ALLOWED, text
    return Cmdlet(where, kind, tuple(found))


def counted(row: dict[str, Any], question: Cmdlet) -> dict[str, Any]:
    """What the export script writes of people: counts, and groups with name and count."""
    assert question.allowed.reduces is not None
    tallied = (*question.allowed.reduces.counted, *question.allowed.reduces.filled, *question.allowed.reduces.held)
    groups = {
        name: [{"Name": "" if key == "#empty" else key, "Count": number} for key, number in row[name].items()]
        for name in tallied
    }
    return {"#type": "System.Management.Automation.PSCustomObject", "Count": row["Count"], **groups}


def records(question: Lookup, value: dict[str, Any]) -> list[Any]:
    """What Resolve-DnsName returns, with a record of the additional section as it often has."""
    if value["rcode"] == "NXDOMAIN":
        return [error(f"{question.name} : DNS name does not exist", NXDOMAIN, "ResourceUnavailable")]
    name, found = question.name, []
    kind = "Microsoft.DnsClient.Commands.DnsRecord_"
    for alias in value["chain"]:
        found.append(
            {"#type": kind + "PTR", "Name": name, "Type": "CNAME", "TTL": alias["ttl"], "NameHost": alias["target"]}
        )
        name = alias["target"]
    for answer in value["answers"]:
        row = {"#type": kind + question.rdtype, "Name": name, "Type": question.rdtype, "TTL": value["ttl"]}
        if question.rdtype == "SRV":
            priority, weight, port, target = answer.split()
            row |= {"Priority": int(priority), "Weight": int(weight), "Port": int(port), "NameTarget": target}
            extra = {"#type": kind + "A", "Name": target, "Type": "A", "TTL": 60, "IPAddress": "131.107.255.10"}
            found += [row, extra]
        else:
            found.append(row | {"IPAddress": answer})
    if not found:
        found.append({"#type": kind + "SOA", "Name": name.partition(".")[2], "Type": "SOA", "TTL": 60})
    return found


def error(message: str, identity: str, category: str = "NotSpecified") -> dict[str, Any]:
    """An ErrorRecord, as Export-Clixml writes it."""
    return {
        "#type": "System.Management.Automation.ErrorRecord",
        "Exception": {"#type": "System.Exception", "Message": message},
        "FullyQualifiedErrorId": identity,
        "CategoryInfo": {
            "#type": "System.Management.Automation.ErrorCategoryInfo",
            "Category": category,
            "Reason": "Exception",
        },
    }


def write_file(stem: Path, rows: list[Any], shape: Shape) -> Path:
    """One file of an export."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    path = stem.with_name(stem.name + shape.suffix)
    text = as_json(rows) if shape.suffix == ".json" else as_xml(rows, shape)
    path.write_bytes(text.encode(shape.encoding))
    return path


def as_xml(rows: list[Any], shape: Shape = Shape()) -> str:  # noqa: B008
    """An Export-Clixml file."""
    made = [_object(row, shape.prefix) for row in rows]
    values = [Listing(made, ("System.Object[]", "System.Array", "System.Object"))] if shape.as_list else made
    inner = "".join(_renumbered(dumps(value).decode(), place) for place, value in enumerate(values))
    return f'<Objs Version="1.1.0.1" xmlns="{NAMESPACE}">\r\n{inner}</Objs>'


def _renumbered(xml: str, place: int) -> str:
    """RefIds are unique in a file; the lab's writer counts from 0 in each message."""
    return re.sub(r'RefId="(\d+)"', lambda m: f'RefId="{int(m[1]) + 1000 * place}"', xml)


def _object(value: Any, prefix: str, name: str = "") -> Any:
    if isinstance(value, list):
        return Listing([_object(item, prefix) for item in value])
    if name in ENUMERATIONS and isinstance(value, str):
        return Enum("Microsoft.Rtc.Management.Enumeration", value, ENUMERATIONS[name])
    if not isinstance(value, dict):
        return value
    first = value.get("#type", "System.Management.Automation.PSCustomObject")
    selected = prefix.startswith("Selected.") and not first.endswith("ErrorRecord")
    types = (
        (f"{prefix}{first}", "System.Management.Automation.PSCustomObject", "System.Object")
        if selected
        else (f"{prefix.removeprefix('Selected.')}{first}", f"{prefix.removeprefix('Selected.')}System.Object")
    )
    members = {key: _object(item, prefix, key) for key, item in value.items() if not key.startswith("#")}
    kind = "notes" if selected or "PSCustomObject" in first else "props"
    text = value.get("#text", None if selected else first)
    return Obj(types, text=text, depth=6, **{kind: members})


def as_json(rows: list[Any], change: Callable[[str, Any], Any] = lambda name, value: value) -> str:
    """What ConvertTo-Json writes: no types, one object without a list, `/Date(...)/`, and some noise."""

    def plain(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            members = {k: plain(v, k) for k, v in value.items() if not k.startswith("#")}
            return {"@odata.type": "#noise", **members}
        if isinstance(value, list):
            return [plain(item) for item in value]
        return change(name, value)

    made = [plain(row) for row in rows]
    return json.dumps(made[0] if len(made) == 1 else made, indent=4)
