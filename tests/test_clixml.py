"""clixml: our reader against recordings of real hosts, against another implementation, and against what nobody writes."""

from __future__ import annotations

import datetime
import decimal
import json
import string
import uuid
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import psrpcore.types as ps
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from psrpcore._crypto import PSRemotingCrypto

from fedready.ask import clixml
from fedready.ask.clixml import ClixmlError, read, read_export
from lab.clixml import Dictionary, Enum, Listing, Obj, Primitive, dumps

ROOT = Path(__file__).parent.parent
RECORDED = yaml.safe_load((ROOT / "tests/lab/recordings/clixml.yaml").read_text(encoding="utf-8"))


def exported(name: str) -> str:
    """A recorded file without its first line, which names its source."""
    return (ROOT / "fixtures/recorded" / name).read_text(encoding="utf-8").partition("\n")[2]


# --------------------------------------------------------------------------- as Windows writes it


def test_every_recorded_message_is_read() -> None:
    for name, xml in RECORDED.items():
        json.dumps(read(xml), allow_nan=False).encode("utf-8")
        assert read(xml) is not None, name


def test_an_object_of_a_real_host() -> None:
    service = read(RECORDED["service"])
    assert service["#type"] == "System.ServiceProcess.ServiceController"
    assert (service["CanStop"], service["Status"], service["Site"]) == (True, "Running", None)
    assert service["RequiredServices"] == service["ServicesDependedOn"] == ["RPCSS", "HTTP"]
    assert service["DependentServices"] == []
    assert "#text" not in service


def test_an_error_record_of_a_real_host() -> None:
    record = read(RECORDED["error_record"])
    assert record["FullyQualifiedErrorId"] == "ProviderNotFound,Microsoft.PowerShell.Commands.GetItemCommand"
    assert record["Exception"]["Message"] == "Cannot find a provider with the name 'FileSystem'."
    assert record["ErrorCategory_Category"] == 13
    assert record["InvocationInfo_CommandOrigin"] == "Internal"
    assert record["PipelineIterationInfo"] == [0, 1]


def test_escapes_of_a_real_host() -> None:
    assert read(RECORDED["escapes"]) == "こんにちは - actual_x000A_string\nnewline: 𐐷"


def test_dictionaries_of_a_real_host() -> None:
    table = read(RECORDED["private_data"])["ApplicationPrivateData"]["PSVersionTable"]
    assert table["PSCompatibleVersions"][-1] == table["PSVersion"] == "5.1.14393.2248"


def test_an_export_of_remote_objects() -> None:
    rows = read_export(exported("export-clixml-remote-objects.xml"))
    assert len(rows) == 3
    assert rows[0]["#type"] == "Microsoft.Exchange.Monitoring.ActiveMonitoring.MonitoringOverrideObject"
    assert (rows[0]["HealthSetName"], rows[0]["IsValid"]) == ("FrontendTransport", True)


def test_an_export_of_nested_objects() -> None:
    (proxy,) = read_export(exported("export-clixml-custom-object.xml"))
    assert proxy["HttpProxyDifference"] is False
    assert proxy["HttpProxy64"]["ProxyAddress"] == "proxy.contoso.com:8080"
    assert proxy["HttpProxy64"]["#type"] == "System.Management.Automation.PSCustomObject"


@pytest.mark.parametrize("xml", ["<Obj/>", "<Objs/>", "", "<Objs xmlns='http://elsewhere.example'/>"])
def test_a_file_that_is_no_export(xml: str) -> None:
    with pytest.raises(ClixmlError):
        read_export(xml)


# --------------------------------------------------------------------------- one rule at a time

TYPE = '<TN RefId="0"><T>Deserialized.A.B</T><T>Deserialized.System.Object</T></TN>'
ENUM = '<TN RefId="0"><T>A.Level</T><T>System.Enum</T><T>System.ValueType</T><T>System.Object</T></TN>'
VALUES = {
    "null": ("<Nil/>", None),
    "true": ("<B>true</B>", True),
    "empty text": ("<S></S>", ""),
    "text": ("<S> a </S>", " a "),
    "half a pair": ("<S>a_xD83D_b_xDE00_</S>", "a\ufffdb\ufffd"),
    "pair": ("<S>_xD83D__xDE00_</S>", "😀"),
    "no escape": ("<S>_xZZZZ_ _x12_ _X000A_</S>", "_xZZZZ_ _x12_ _X000A_"),
    "character": ("<C>65</C>", "A"),
    "half a character": ("<C>55357</C>", "\ufffd"),
    "largest": ("<U64>18446744073709551615</U64>", 2**64 - 1),
    "smallest": ("<I64>-9223372036854775808</I64>", -(2**63)),
    "decimal": ("<D>1.50</D>", "1.50"),
    "double": ("<Db>1.7976931348623157E+308</Db>", "1.7976931348623157E+308"),
    "infinite": ("<Db>-INF</Db>", "-INF"),
    "version": ("<Version>6.2.1</Version>", "6.2.1"),
    "span": ("<TS>P1DT2H3.5S</TS>", "P1DT2H3.5S"),
    "guid": ("<G>6F9A3C1E-2B54-4D0E-9C7A-51B0A8E1D3F2</G>", "6f9a3c1e-2b54-4d0e-9c7a-51b0a8e1d3f2"),
    "bytes": ("<BA>YWI=</BA>", "YWI="),
    "secret": ("<SS>rTm4n3bxaFOIgdjhDDV5OA==</SS>", {"#type": "System.Security.SecureString"}),
    "utc": ("<DT>2026-08-21T10:00:00.1234567Z</DT>", "2026-08-21T10:00:00Z"),
    "offset": ("<DT>2026-01-01T00:30:00-05:30</DT>", "2026-01-01T06:00:00Z"),
    "no zone": ("<DT>2026-08-21T10:00:00</DT>", "2026-08-21T10:00:00Z"),
    "never": ("<DT>0001-01-01T00:00:00+02:00</DT>", "0001-01-01T00:00:00Z"),
    "for ever": ("<DT>9999-12-31T23:59:59.9999999-02:00</DT>", "9999-12-31T23:59:59Z"),
    "marker": (f'<Obj RefId="0">{TYPE}<ToString>A.B</ToString></Obj>', {"#type": "A.B", "#text": "A.B"}),
    "marker with empty members": (f'<Obj RefId="0">{TYPE}<Props/></Obj>', {"#type": "A.B"}),
    "no type": ('<Obj RefId="0"><MS><I32 N="State">2</I32></MS></Obj>', {"State": 2}),
    "row": (
        f'<Obj RefId="0">{TYPE}<ToString>A.B</ToString><Props><S N="a">x</S></Props></Obj>',
        {"#type": "A.B", "a": "x"},
    ),
    "nested": (
        f'<Obj RefId="0">{TYPE}<Props><Obj N="i" RefId="1"><TNRef RefId="0"/><ToString>Global</ToString>'
        '<Props><B N="x">true</B></Props></Obj></Props></Obj>',
        {"#type": "A.B", "i": {"#type": "A.B", "#text": "Global", "x": True}},
    ),
    "extended hides adapted": (
        '<Obj RefId="0"><Props><S N="Name">a</S><S N="b">b</S></Props><MS><S N="name">c</S></MS></Obj>',
        {"b": "b", "name": "c"},
    ),
    "enumeration": (f'<Obj RefId="0">{ENUM}<ToString>High</ToString><I32>2</I32></Obj>', "High"),
    "list with members": (
        f'<Obj RefId="0">{TYPE}<LST><S>a</S></LST><MS><S N="PSComputerName">x</S></MS></Obj>',
        ["a"],
    ),
    "text with members": ('<Obj RefId="0"><S>a</S><MS><S N="PSComputerName">x</S></MS></Obj>', "a"),
    "lists": (
        '<Obj RefId="0"><LST><Obj RefId="1"><IE><I32>1</I32></IE></Obj><Obj RefId="2"><QUE/></Obj>'
        '<Obj RefId="3"><STK><Nil/></STK></Obj></LST></Obj>',
        [[1], [], [None]],
    ),
    "dictionary": (
        '<Obj RefId="0"><DCT><En><S N="Key">k</S><I32 N="Value">1</I32></En>'
        '<En><I32 N="Key">5</I32><Nil N="Value"/></En></DCT></Obj>',
        {"k": 1, "5": None},
    ),
    "shared": (
        '<Obj RefId="0"><Props><Obj N="a" RefId="1"><LST><S>x</S></LST></Obj><Ref N="b" RefId="1"/></Props></Obj>',
        {"a": ["x"], "b": ["x"]},
    ),
    "white space": ('<Obj RefId="0">\n  <Props>\n  <S N="a">x</S>\n</Props>\n</Obj>', {"a": "x"}),
}


@pytest.mark.parametrize(("xml", "value"), VALUES.values(), ids=VALUES.keys())
def test_a_value_is_read_as_evidence_holds_it(xml: str, value: Any) -> None:
    found = read(xml)
    assert found == value
    assert type(found) is type(value)
    json.dumps(found, allow_nan=False).encode("utf-8")


WRONG = {
    "nothing": "",
    "no XML": "hello",
    "cut": "<Obj><S>",
    "two roots": "<S/><S/>",
    "NUL": "<S>\0</S>",
    "half a pair": "<S>\ud83d</S>",
    "doctype": "<!DOCTYPE S><S>a</S>",
    "entity": "<S>&a;</S>",
    "unknown": "<Frob>1</Frob>",
    "namespace": "<S xmlns='http://schemas.microsoft.com/powershell/2004/04'>a</S>",
    "boolean": "<B>maybe</B>",
    "capital boolean": "<B>True</B>",
    "empty boolean": "<B/>",
    "empty number": "<I32/>",
    "no number": "<I32>abc</I32>",
    "Arabic digits": "<I32>١٢</I32>",
    "underscore": "<I32>1_0</I32>",
    "too large": "<I32>2147483648</I32>",
    "negative": "<U32>-1</U32>",
    "very long": f"<I64>{'9' * 10000}</I64>",
    "decimal": "<D>1,5</D>",
    "double": "<Db>one</Db>",
    "version": "<Version>six</Version>",
    "span": "<TS>P</TS>",
    "guid": "<G>zz</G>",
    "bytes": "<BA>$$</BA>",
    "character": "<C>99999999</C>",
    "no moment": "<DT>yesterday</DT>",
    "no such day": "<DT>2026-02-30T00:00:00Z</DT>",
    "no such zone": "<DT>2026-02-20T00:00:00+99:00</DT>",
    "null with a value": "<Nil>1</Nil>",
    "element in a text": "<S>a<b/>c</S>",
    "text in an object": '<Obj RefId="0">hello</Obj>',
    "text in a list": '<Obj RefId="0"><LST><S>a</S>b</LST></Obj>',
    "text between members": '<Obj RefId="0"><Props><S N="a">x</S>y</Props></Obj>',
    "no RefId": "<Obj><Props/></Obj>",
    "RefId twice": '<Obj RefId="0"><LST><Obj RefId="0"><LST/></Obj></LST></Obj>',
    "no name": '<Obj RefId="0"><Props><S>x</S></Props></Obj>',
    "name twice": '<Obj RefId="0"><Props><S N="a">x</S><S N="a">y</S></Props></Obj>',
    "name twice in another case": '<Obj RefId="0"><MS><S N="a">x</S><S N="A">y</S></MS></Obj>',
    "a name of ours": '<Obj RefId="0"><Props><S N="#type">x</S></Props></Obj>',
    "members twice": '<Obj RefId="0"><Props/><Props/></Obj>',
    "two values": '<Obj RefId="0"><I32>1</I32><I32>2</I32></Obj>',
    "types that were not given": '<Obj RefId="0"><TNRef RefId="7"/></Obj>',
    "types that are none": '<Obj RefId="0"><TN RefId="0"><S>x</S></TN></Obj>',
    "enumeration without name": f'<Obj RefId="0">{ENUM}<I32>2</I32></Obj>',
    "reference to nothing": '<Ref RefId="7"/>',
    "cyclic": '<Obj RefId="0"><Props><Ref N="me" RefId="0"/></Props></Obj>',
    "cyclic over a list": '<Obj RefId="0"><LST><Obj RefId="1"><LST><Ref RefId="0"/></LST></Obj></LST></Obj>',
    "key that is a list": '<Obj RefId="0"><DCT><En><Obj N="Key" RefId="1"><LST/></Obj><Nil N="Value"/></En></DCT></Obj>',
    "key that is a boolean": '<Obj RefId="0"><DCT><En><B N="Key">true</B><Nil N="Value"/></En></DCT></Obj>',
    "key twice": '<Obj RefId="0"><DCT><En><S N="Key">1</S><Nil N="Value"/></En>'
    '<En><I32 N="Key">1</I32><Nil N="Value"/></En></DCT></Obj>',
    "entry without a key": '<Obj RefId="0"><DCT><En><S N="Value">1</S></En></DCT></Obj>',
    "deep": "<LST>" * 60 + "</LST>" * 60,
    "very deep": "<LST>" * 100_000 + "</LST>" * 100_000,
    "too long": f"<S>{'x' * clixml.MAX_CHARACTERS}</S>",
    "too many": "<LST>" + "<Nil/>" * (clixml.MAX_VALUES + 1) + "</LST>",
    "references to references": "<LST>"
    + '<Obj RefId="0"><LST><S>lol</S><S>lol</S></LST></Obj>'
    + "".join(f'<Obj RefId="{n}"><LST>{f"""<Ref RefId="{n - 1}"/>""" * 10}</LST></Obj>' for n in range(1, 12))
    + "</LST>",
}


@pytest.mark.parametrize("xml", WRONG.values(), ids=WRONG.keys())
def test_what_nobody_writes_is_one_error(xml: str) -> None:
    with pytest.raises(ClixmlError) as caught:
        read(xml)
    assert len(str(caught.value)) < 300


@given(st.text(max_size=60))
def test_any_text_in_any_place_is_a_value_or_that_error(text: str) -> None:
    for xml in (
        text,
        f"<S>{text}</S>",
        f'<Obj RefId="0"><Props><S N="{text}">{text}</S></Props></Obj>',
        f"<DT>{text}</DT>",
    ):
        try:
            found = read(xml)
        except ClixmlError:
            continue
        json.dumps(found, allow_nan=False).encode("utf-8")


# --------------------------------------------------------------------------- against another implementation

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAMES = st.text(string.ascii_letters, min_size=1, max_size=8)
MOMENTS = st.datetimes(
    datetime.datetime(1601, 1, 2), datetime.datetime(9999, 12, 30), timezones=st.timezones() | st.just(datetime.UTC)
)
WHOLE_MINUTES = MOMENTS.map(
    lambda m: m.astimezone(datetime.timezone(datetime.timedelta(minutes=m.utcoffset().total_seconds() // 60)))  # type: ignore[union-attr]
)
SIMPLE = (
    st.none()
    | st.booleans()
    | st.integers(-(2**31), 2**31 - 1).map(ps.PSInt)
    | st.integers(-(2**63), 2**63 - 1).map(ps.PSInt64)
    | st.integers(0, 2**64 - 1).map(ps.PSUInt64)
    | TEXTS
    | WHOLE_MINUTES
    | st.decimals(-(10**9), 10**9, places=3)
    | st.uuids()
    | st.lists(st.integers(0, 2**31 - 1), min_size=2, max_size=4).map(
        lambda parts: ps.PSVersion(".".join(map(str, parts)))
    )
    | st.sampled_from(list(ps.ErrorCategory))
)
NESTED = st.recursive(
    SIMPLE,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(ps.PSStack)
        | st.dictionaries(TEXTS, inner, max_size=3)
        | st.dictionaries(NAMES, inner, max_size=4)
        .filter(lambda members: len({name.lower() for name in members}) == len(members))
        .map(lambda members: ps.PSCustomObject(**members))
    ),
    max_leaves=12,
)


def meant(value: Any, *, nested: bool = False) -> Any:
    """A value as psrpcore holds it -> as evidence holds it."""
    if value is None or type(value) is bool:
        return value
    if isinstance(value, ps.PSCustomObject):
        members = {p.name: meant(p.get_value(value), nested=True) for p in value.PSObject.extended_properties}
        text = value.PSObject.to_string
        return {"#type": value.PSObject.type_names[0]} | ({"#text": text} if text and nested else {}) | members
    if isinstance(value, ps.ErrorCategory):
        return value.name
    if isinstance(value, datetime.datetime):
        zoned = value if value.tzinfo else value.replace(tzinfo=datetime.UTC)
        return zoned.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20)
    if isinstance(value, decimal.Decimal | uuid.UUID | ps.PSVersion):
        return str(value)
    if isinstance(value, dict):
        return {str(key): meant(item, nested=True) for key, item in value.items()}
    if isinstance(value, list):
        return [meant(item, nested=True) for item in value]
    return int(value) if isinstance(value, int) else str(value)


@given(NESTED)
def test_psrpcore_reads_the_same(value: Any) -> None:
    crypto = PSRemotingCrypto()
    xml = ET.tostring(ps.serialize(value, crypto), encoding="unicode")
    assert read(xml) == meant(ps.deserialize(ET.fromstring(xml), crypto)) == meant(value)


LAB_SIMPLE = st.none() | st.booleans() | TEXTS | st.integers(-(2**63), 2**63 - 1) | st.uuids()
LAB_VALUES = st.recursive(
    LAB_SIMPLE,
    lambda inner: (
        st.lists(inner, max_size=4).map(Listing)
        | st.dictionaries(TEXTS, inner, max_size=3).map(Dictionary)
        | st.dictionaries(NAMES, inner, max_size=3)
        .filter(lambda members: len({name.lower() for name in members}) == len(members))
        .map(lambda members: Obj(("A.B", "System.Object"), members, text="A.B", depth=20))
    ),
    max_leaves=10,
)


def lab_meant(value: Any, *, nested: bool = False) -> Any:
    if isinstance(value, Listing):
        return [lab_meant(item, nested=True) for item in value.items]
    if isinstance(value, Dictionary):
        return {key: lab_meant(item, nested=True) for key, item in value.items.items()}
    if isinstance(value, Obj):
        members = {key: lab_meant(item, nested=True) for key, item in value.props.items()}
        return {"#type": "A.B"} | ({"#text": "A.B"} if nested or not members else {}) | members
    return str(value) if isinstance(value, uuid.UUID) else value


@given(LAB_VALUES)
def test_the_lab_writes_what_is_read(value: Any) -> None:
    assert read(dumps(value).decode("utf-8")) == lab_meant(value)


def test_the_lab_s_enumerations_and_primitives() -> None:
    value = Obj(("A.B",), {"Level": Enum("A.Level", "High", 2), "Port": Primitive("U64", "443")}, depth=3)
    assert read(dumps(value).decode()) == {"#type": "A.B", "Level": "High", "Port": 443}
