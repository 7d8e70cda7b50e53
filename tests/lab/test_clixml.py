"""The writer against what Windows hosts sent, byte for byte."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from psrpcore.types import deserialize

from lab.clixml import Dictionary, Enum, Listing, Obj, Primitive, Raw, dumps, escape
from lab.records import CmdletError, Trace, error_record, no_language, private_data, session_capability, state

RECORDED: dict[str, str] = yaml.safe_load(
    (Path(__file__).parent / "recordings" / "clixml.yaml").read_text(encoding="utf-8")
)
NO_SECRETS: Any = None
"""psrpcore wants a cipher for SecureString; none is written."""
_STACK = "\r\n".join


def trace_of(recorded: str, stack: str) -> Trace:
    """Where the recorded exception was raised; no lab could know."""
    members = {e.get("N"): e.text for e in ET.fromstring(recorded).iter("S")}
    return Trace(str(members["TargetSite"]), stack, str(members["Source"]))


def test_messages_that_open_a_pool() -> None:
    assert dumps(session_capability()).decode() == RECORDED["session_capability"]
    assert dumps(private_data()).decode() == RECORDED["private_data"]
    assert dumps(state("RunspaceState", 2)).decode() == RECORDED["pool_opened"]
    assert dumps(state("PipelineState", 4)).decode() == RECORDED["pipeline_completed"]


def test_text_with_escapes_and_surrogates() -> None:
    assert dumps("こんにちは - actual_x000A_string\nnewline: \U00010437").decode() == RECORDED["escapes"]


def test_object_with_nested_lists_and_references() -> None:
    services = ("System.ServiceProcess.ServiceController[]", "System.Array", "System.Object")
    types = (
        "System.ServiceProcess.ServiceController", "System.ComponentModel.Component", "System.MarshalByRefObject",
        "System.Object",
    )  # fmt: skip
    needed = Listing([Obj(types, {"Name": "RPCSS"}, text="RPCSS"), Obj(types, {"Name": "HTTP"}, text="HTTP")], services)
    service = Obj(
        types,
        {
            "CanPauseAndContinue": False, "CanShutdown": True, "CanStop": True,
            "DisplayName": "Windows Remote Management (WS-Management)", "DependentServices": Listing([], services),
            "MachineName": ".", "ServiceName": "winrm", "ServicesDependedOn": needed,
            "ServiceHandle": Obj(("SafeServiceHandle",), text="SafeServiceHandle"),
            "Status": Enum("System.ServiceProcess.ServiceControllerStatus", "Running", 4),
            "ServiceType": Enum("System.ServiceProcess.ServiceType", "Win32OwnProcess", 16),
            "StartType": Enum("System.ServiceProcess.ServiceStartMode", "Automatic", 2), "Site": None, "Container": None,
        },
        {"Name": "winrm", "RequiredServices": needed},
        text="winrm",
    )  # fmt: skip
    assert dumps(service).decode() == RECORDED["service"]


def test_error_record_of_the_error_stream() -> None:
    stack = _STACK([
        "   at System.Management.Automation.LocationGlobber.GetProviderPath(String path, CmdletProviderContext context, "
        "Boolean isTrusted, ProviderInfo& provider, PSDriveInfo& drive)",
        "   at System.Management.Automation.LocationGlobber.GetGlobbedProviderPathsFromMonadPath(String path, Boolean "
        "allowNonexistingPaths, CmdletProviderContext context, ProviderInfo& provider, CmdletProvider& providerInstance)",
        "   at System.Management.Automation.SessionStateInternal.GetItem(String[] paths, CmdletProviderContext context)",
        "   at Microsoft.PowerShell.Commands.GetItemCommand.ProcessRecord()",
    ])  # fmt: skip
    here = "Management.Automation"
    raised = f"{here}.ProviderNotFoundException {here}.SessionStateException {here}.RuntimeException"
    names = f"{raised} SystemException Exception Object"
    error = CmdletError(
        "Cannot find a provider with the name 'FileSystem'.", "ProviderNotFound,Microsoft.PowerShell.Commands.GetItemCommand",
        "ObjectNotFound",
        tuple(f"System.{name}" for name in names.split()),
        target="FileSystem", command="Get-Item",
    )  # fmt: skip
    lists = "[-Include <string[]>] [-Exclude <string[]>]"
    rest = f"[-Filter <string>] {lists} [-Force] [-Credential <pscredential>] [-UseTransaction] "
    common = "[<CommonParameters>]\r\n"
    definition = f"\r\nGet-Item [-Path] <string[]> {rest}{common}\r\nGet-Item -LiteralPath <string[]> {rest}{common}"
    before = {
        "ErrorRecord": error.message, "ItemName": "FileSystem", "SessionStateCategory": "CmdletProvider",
        "WasThrownFromThrowStatement": False,
    }  # fmt: skip
    written = error_record(
        error, stream=True, trace=trace_of(RECORDED["error_record"], stack), before=before, definition=definition
    )
    assert dumps(written).decode() == RECORDED["error_record"]


def test_refusal_of_a_script_in_the_final_state() -> None:
    recorded = RECORDED["no_language_state"]
    name = "System.Management.Automation"
    stack = _STACK([
        f"   at {name}.Runspaces.Command.CreateCommandProcessor(ExecutionContext executionContext, CommandFactory "
        "commandFactory, Boolean addToHistory, CommandOrigin origin)",
        f"   at {name}.Runspaces.LocalPipeline.CreatePipelineProcessor()",
        f"   at {name}.Runspaces.LocalPipeline.InvokeHelper()",
        f"   at {name}.Runspaces.LocalPipeline.InvokeThreadProc()",
    ])  # fmt: skip
    error = no_language(r"Set-Item -Path WSMan:\localhost\Service\AllowUnencrypted -Value $false")
    between = {"ErrorRecord": error.message, "WasThrownFromThrowStatement": False}
    trace = trace_of(recorded, stack)
    written = error_record(error, stream=False, trace=trace, before={"Errors": None}, between=between)
    final = Obj((), notes={"PipelineState": 5, "ExceptionAsErrorRecord": written}, depth=3)
    assert dumps(final).decode() == recorded


def read(value: object) -> Any:
    """Write a value and let psrpcore read it."""
    return deserialize(ET.fromstring(dumps(value)), NO_SECRETS)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**31), 2**31 - 1)
    | st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_an_implementation_that_is_not_ours_reads_the_same_value(value: object) -> None:
    assert read(value) == value


def test_dictionary_and_typed_primitives_are_read_by_psrpcore() -> None:
    largest = 2**64 - 1
    got = read(Dictionary({"a": Primitive("U64", str(largest)), "b": Primitive("Version", "6.9.0")}))
    assert got["a"] == largest
    assert str(got["b"]).startswith("6.9.0")


def test_nested_object_is_text_at_depth_one_and_object_at_depth_two() -> None:
    inner = Obj(("Inner", "System.Object"), {"Domain": "contoso.com"}, text="Domain=contoso.com")
    assert b'<S N="x">Domain=contoso.com</S>' in dumps(Obj(("Outer", "System.Object"), {"x": inner}))
    assert b'<S N="Domain">contoso.com</S>' in dumps(Obj(("Outer", "System.Object"), {"x": inner}, depth=2))


def test_raw_is_sent_as_it_stands() -> None:
    assert dumps(Raw(b"<Obj><S>")) == b"<Obj><S>"


def test_what_has_no_form_is_refused() -> None:
    with pytest.raises(TypeError, match="no form for float"):
        dumps(1.5)


def test_escape_spares_ordinary_text() -> None:
    assert escape("Domain=contoso.com, Größe_1") == "Domain=contoso.com, Größe_1"
