"""What PowerShell says beside its output: error records, warnings, and the messages that open a runspace pool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lab.clixml import Dictionary, Enum, Listing, Obj, Primitive

MSCORLIB = "mscorlib, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089"
_EXCEPTION = ("System.Exception", "System.Object")
_RUNTIME = ("System.Management.Automation.RuntimeException", "System.SystemException", *_EXCEPTION)
_VERSIONS = ("System.Version[]", "System.Array", "System.Object")
_PRIMITIVES = ("System.Management.Automation.PSPrimitiveDictionary", "System.Collections.Hashtable", "System.Object")

CATEGORIES = {
    "NotSpecified": 0, "InvalidArgument": 5, "InvalidOperation": 7, "ObjectNotFound": 13, "OperationStopped": 14,
    "OperationTimeout": 15, "ParserError": 17, "PermissionDenied": 18, "ResourceUnavailable": 20,
}  # fmt: skip
"""System.Management.Automation.ErrorCategory, as far as the lab says it."""


class CmdletError(Exception):
    """An error that a command reports. `terminating` ends the pipeline as failed; the other kind stands beside output."""

    def __init__(
        self, message: str, error_id: str, category: str, exception: tuple[str, ...], *,
        terminating: bool = True, target: str | None = None, command: str = "", activity: str = "",
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.message, self.error_id, self.category, self.exception = message, error_id, category, exception
        self.terminating, self.target, self.command, self.activity = terminating, target, command, activity


def not_recognized(name: str) -> CmdletError:
    """The command does not exist here, or the caller's role does not let it be seen: Windows does not tell which."""
    return CmdletError(
        f"The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable program. Check "
        "the spelling of the name, or if a path was included, verify that the path is correct and try again.",
        "CommandNotFoundException", "ObjectNotFound",
        ("System.Management.Automation.CommandNotFoundException", *_RUNTIME), target=name,
    )  # fmt: skip


def no_language(script: str) -> CmdletError:
    """A script, or more than one command, in a runspace that knows no language."""
    return CmdletError(
        "The syntax is not supported by this runspace. This can occur if the runspace is in no-language mode.",
        "ScriptsNotAllowed", "ParserError", ("System.Management.Automation.ParseException", *_RUNTIME), target=script,
    )  # fmt: skip


def unknown_parameter(command: str, name: str) -> CmdletError:
    """A parameter that the command does not have."""
    return CmdletError(
        f"A parameter cannot be found that matches parameter name '{name}'.", f"NamedParameterNotFound,{command}",
        "InvalidArgument", ("System.Management.Automation.ParameterBindingException", *_RUNTIME), command=command,
    )  # fmt: skip


def access_denied(command: str) -> CmdletError:
    """The command is visible, but the account may not read what it reads. It does not end the pipeline."""
    return CmdletError(
        "Access Denied.", f"AccessDenied,Microsoft.Rtc.Management.{command}", "PermissionDenied",
        ("System.UnauthorizedAccessException", "System.SystemException", *_EXCEPTION), terminating=False, command=command,
    )  # fmt: skip


def failure(command: str, message: str, error_id: str = "", *, terminating: bool = True) -> CmdletError:
    """Any other error that a management cmdlet reports in its own words."""
    return CmdletError(
        message, error_id or f"ManagementError,Microsoft.Rtc.Management.{command}", "InvalidOperation",
        ("Microsoft.Rtc.Management.ManagementCmdletException", "System.ApplicationException", *_EXCEPTION),
        terminating=terminating, command=command,
    )  # fmt: skip


@dataclass(frozen=True)
class Trace:
    """Where an exception was raised, as .NET tells it. The lab has none; the recordings have."""

    site: str
    stack: str
    source: str


def error_record(
    error: CmdletError, *, stream: bool, trace: Trace | None = None, before: dict[str, Any] | None = None,
    between: dict[str, Any] | None = None, definition: str = "",
) -> Obj:  # fmt: skip
    """An ErrorRecord with the members, order and types that Windows PowerShell 5.1 writes.

    `stream` is the form of the error stream (with everything about the command); without, the shorter form inside a
    pipeline's final state. `before` and `between` are members of the exception before and after its message.
    """
    bound = Dictionary(
        {},
        (
            f"System.Collections.Generic.Dictionary`2[[System.String, {MSCORLIB}],[System.Object, {MSCORLIB}]]",
            "System.Object",
        ),
    )
    unbound = Listing([], (f"System.Collections.Generic.List`1[[System.Object, {MSCORLIB}]]", "System.Object"))
    activity, reason = error.activity or error.command, error.exception[0].rsplit(".", 1)[-1]
    target_type = "String" if error.target is not None else ""
    members: dict[str, Any] = {"writeErrorStream": True} if stream else {}
    members |= {
        "Exception": _exception(error, trace, before or {}, between or {}),
        "TargetObject": error.target,
        "FullyQualifiedErrorId": error.error_id,
        "InvocationInfo": _invocation(error.command, bound, unbound) if error.command else None,
        "ErrorCategory_Category": CATEGORIES[error.category],
        "ErrorCategory_Activity": activity,
        "ErrorCategory_Reason": reason,
        "ErrorCategory_TargetName": error.target or "",
        "ErrorCategory_TargetType": target_type,
        "ErrorCategory_Message": f"{error.category}: ({_shortened(error.target or '')}:{target_type}) [{activity}], {reason}",
        "SerializeExtendedInfo": stream,
    }
    if stream:
        members |= _extended(error.command, definition or f"{error.command} [<CommonParameters>]", bound, unbound)
    types = ("System.Management.Automation.ErrorRecord", "System.Object")
    return Obj(types, notes=members, text=error.message, depth=2)


def _exception(error: CmdletError, trace: Trace | None, before: dict[str, Any], between: dict[str, Any]) -> Obj:
    members = {
        **before,
        "Message": error.message,
        **between,
        "Data": Dictionary({}, ("System.Collections.ListDictionaryInternal", "System.Object")),
        "InnerException": None,
        "TargetSite": trace.site if trace else None,
        "StackTrace": trace.stack if trace else None,
        "HelpLink": None,
        "Source": trace.source if trace else None,
        "HResult": -2146233087,
    }
    text = f"{error.exception[0]}: {error.message}" + (f"\r\n{trace.stack}" if trace else "")
    return Obj(error.exception, members, text=text)


def _invocation(command: str, bound: Dictionary, unbound: Listing) -> Obj:
    members: dict[str, Any] = {
        "MyCommand": command, "BoundParameters": bound, "UnboundArguments": unbound, "ScriptLineNumber": 0,
        "OffsetInLine": 0, "HistoryId": Primitive("I64", "1"), "ScriptName": "", "Line": "", "PositionMessage": "",
        "PSScriptRoot": "", "PSCommandPath": None, "InvocationName": command, "PipelineLength": 0, "PipelinePosition": 0,
        "ExpectingInput": False, "CommandOrigin": _enum("CommandOrigin", "Internal", 1), "DisplayScriptPosition": None,
    }  # fmt: skip
    name = "System.Management.Automation.InvocationInfo"
    return Obj((name, "System.Object"), members, text=name)


def _extended(command: str, definition: str, bound: Dictionary, unbound: Listing) -> dict[str, Any]:
    iteration = (f"System.Collections.ObjectModel.ReadOnlyCollection`1[[System.Int32, {MSCORLIB}]]", "System.Object")
    return {
        "InvocationInfo_BoundParameters": bound,
        "InvocationInfo_CommandOrigin": _enum("CommandOrigin", "Internal", 1),
        "InvocationInfo_ExpectingInput": False,
        "InvocationInfo_InvocationName": command,
        "InvocationInfo_Line": "",
        "InvocationInfo_OffsetInLine": 0,
        "InvocationInfo_HistoryId": Primitive("I64", "1"),
        "InvocationInfo_PipelineIterationInfo": Listing([], ("System.Int32[]", "System.Array", "System.Object")),
        "InvocationInfo_PipelineLength": 0,
        "InvocationInfo_PipelinePosition": 0,
        "InvocationInfo_PSScriptRoot": "",
        "InvocationInfo_PSCommandPath": None,
        "InvocationInfo_PositionMessage": "",
        "InvocationInfo_ScriptLineNumber": 0,
        "InvocationInfo_ScriptName": "",
        "InvocationInfo_UnboundArguments": unbound,
        "SerializeExtent": False,
        "CommandInfo_CommandType": _enum("CommandTypes", "Cmdlet", 8),
        "CommandInfo_Definition": definition,
        "CommandInfo_Name": command,
        "CommandInfo_Visibility": _enum("SessionStateEntryVisibility", "Public", 0),
        "PipelineIterationInfo": Listing([0, 1], iteration),
        "PSMessageDetails": None,
    }


def _enum(name: str, text: str, value: int) -> Enum:
    return Enum(f"System.Management.Automation.{name}", text, value)


def _shortened(text: str) -> str:
    """ErrorCategoryInfo shortens long targets in the middle, as recorded: `Set-Item -Path ...d -Value $false`."""
    return text if len(text) <= 40 else f"{text[:15]}...{text[-15:]}"


def information(kind: str, text: str) -> Obj:
    """A `Warning`, `Verbose` or `Debug` record."""
    name = "System.Management.Automation"
    types = (f"{name}.{kind}Record", f"{name}.InformationalRecord", "System.Object")
    members = {"InformationalRecord_Message": text, "InformationalRecord_SerializeInvocationInfo": False}
    return Obj(types, notes=members, text=text)


def _version(text: str) -> Primitive:
    return Primitive("Version", text)


def session_capability() -> Obj:
    """The first message of a pool: which protocol this server speaks."""
    return Obj(
        (),
        notes={
            "protocolversion": _version("2.3"),
            "PSVersion": _version("2.0"),
            "SerializationVersion": _version("1.1.0.1"),
        },
    )


def private_data(powershell: str = "5.1.14393.2248") -> Obj:
    """The second message of a pool: `$PSVersionTable` of the server."""
    table = {
        "PSVersion": _version(powershell),
        "PSEdition": "Desktop",
        "PSCompatibleVersions": Listing(
            [_version(v) for v in ("1.0", "2.0", "3.0", "4.0", "5.0", powershell)], _VERSIONS
        ),
        "CLRVersion": _version("4.0.30319.42000"),
        "BuildVersion": _version("10.0.14393.2248"),
        "WSManStackVersion": _version("3.0"),
        "PSRemotingProtocolVersion": _version("2.3"),
        "SerializationVersion": _version("1.1.0.1"),
    }
    data = Dictionary({"PSVersionTable": Dictionary(table, _PRIMITIVES)}, _PRIMITIVES)
    return Obj((), notes={"ApplicationPrivateData": data}, depth=4)


def state(name: str, value: int, error: CmdletError | None = None) -> Obj:
    """The state of a pool (`RunspaceState`) or of a pipeline (`PipelineState`), with the error that ended it."""
    members: dict[str, Any] = {name: value}
    if error is not None:
        members["ExceptionAsErrorRecord"] = error_record(error, stream=False)
    return Obj((), notes=members, depth=3)
