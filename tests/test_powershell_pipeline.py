"""A cmdlet as it is sent: byte for byte what pypsrp would send, and never a script."""

from __future__ import annotations

import base64
import functools
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from fedready.allowed import ALLOWED
from fedready.ask.powershell_cmdlet import sent_values
from fedready.ask.powershell_messages import Fragments, fragments_of, pipeline_text
from fedready.ask.powershell_pipeline import message
from fedready.model import Json
from fedready.questions import Cmdlet

HEADER = 21
NAMES = st.from_regex(r"[A-Za-z]+(-[A-Za-z]+)?", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = TEXTS | st.just(value=True) | st.lists(TEXTS, min_size=1, max_size=3)


@functools.cache
def session() -> Any:
    return RunspacePool(WSMan("pool01.contoso.com", username="u", password="p", auth="basic"))


def of_pypsrp(name: str, parameters: dict[str, Json], protocol: str) -> tuple[bytes, dict[str, str]]:
    """What pypsrp sends, and the ids that it chose."""
    pool = session()
    pool.protocol_version = protocol
    sent: list[str] = []

    def command(executable: str, arguments: list[str], command_id: str) -> ET.Element:
        sent.extend(arguments)
        return ET.Element("none")

    pool.shell.command = command
    pipeline = PowerShell(pool).add_cmdlet(name).add_parameters(parameters)
    pipeline.begin_invoke()
    return base64.b64decode(sent[0])[HEADER:], {"pool": pool.id, "pipeline": pipeline.id}


@pytest.mark.parametrize("protocol", ["2.1", "2.2", "2.3"])
@given(name=NAMES, parameters=st.dictionaries(NAMES, VALUES, max_size=3))
def test_the_same_bytes_as_pypsrp(protocol: str, name: str, parameters: dict[str, Json]) -> None:
    theirs, ids = of_pypsrp(name, parameters, protocol)
    assert message(name, parameters, protocol=protocol, **ids) == theirs


@pytest.mark.parametrize("name", ALLOWED)
def test_every_cmdlet_of_the_list(name: str) -> None:
    allowed = ALLOWED[name]
    for values in zip(*(values for values in allowed.parameters.values() if values), strict=False):
        chosen = dict(zip(allowed.parameters, values, strict=False))
        theirs, ids = of_pypsrp(name, chosen, "2.3")
        assert message(name, chosen, protocol="2.3", **ids) == theirs


def test_a_list_of_names_is_sent_as_one() -> None:
    names = "LyncOnlineConnector,MicrosoftTeams,SkypeOnlineConnector"
    modules = Cmdlet("tenant", "Get-Module", (("ListAvailable", True), ("Name", names)))
    assert sent_values(modules)["Name"] == names.split(",")
    theirs, ids = of_pypsrp(modules.name, sent_values(modules), "2.3")
    assert message(modules.name, sent_values(modules), protocol="2.3", **ids) == theirs


@pytest.mark.parametrize("value", [1, None, False, {"a": "b"}, [1], b"bytes"])
def test_other_values_are_refused(value: Any) -> None:
    _, ids = of_pypsrp("Get-CsUser", {}, "2.3")
    with pytest.raises(TypeError):
        message("Get-CsUser", {"Filter": value}, protocol="2.3", **ids)


@given(
    data=st.binary(min_size=40, max_size=200).map(lambda tail: b"\0" * 40 + b"a" * len(tail)),
    longest=st.integers(1, 300),
)
def test_fragments_are_put_together_again(data: bytes, longest: int) -> None:
    (whole,) = Fragments().feed(b"".join(fragments_of(data, 7, longest)))
    assert whole.xml == data[40:].decode()


def test_what_reads_it_back_sees_one_cmdlet_and_no_script() -> None:
    from fedready.ask.clixml import read

    _, ids = of_pypsrp("Get-CsUser", {}, "2.3")
    smuggled = message("Get-CsUser</S><B N='IsScript'>true</B>", {"Filter": "a; Remove-Item"}, protocol="2.3", **ids)
    assert (
        pipeline_text(read(smuggled[40:].decode())) == "Get-CsUser</S><B N='IsScript'>true</B> -Filter a; Remove-Item"
    )
