"""From an estate's answers to commands: which are visible, which parameters they know, which objects they write."""

from __future__ import annotations

import datetime
import fnmatch
from collections.abc import Mapping
from typing import Any

from fedready.allowed import ALLOWED
from lab.clixml import Listing, Obj, Primitive
from lab.estate import split_question
from lab.faults import Faults
from lab.psrp import Parameters, Streams, question_text
from lab.records import MSCORLIB, CmdletError, access_denied, failure, not_recognized, unknown_parameter
from lab.schema import Answer, Failure, People, Side

_EDGE = "Microsoft.Rtc.Management.WritableConfig.Settings.Edge"
_DOMAIN = (f"{_EDGE}.DomainPattern", "System.Object")
_ASSEMBLY = "Microsoft.Rtc.Management.WritableConfig, Version=7.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35"
_DOMAINS = (f"System.Collections.Generic.List`1[[{_EDGE}.DomainPattern, {_ASSEMBLY}]]", "System.Object")
_STRINGS = (f"System.Collections.Generic.List`1[[System.String, {MSCORLIB}]]", "System.Object")
_COMMON = (
    "ErrorAction",
    "WarningAction",
    "InformationAction",
    "Verbose",
    "Debug",
    "ErrorVariable",
    "OutVariable",
    "OutBuffer",
)
_PRIMITIVES = ("U64", "U32", "I64", "By", "D", "Db", "Version", "TS", "DT", "G", "URI", "C")
_OPENING = {
    "import-module": ("Name",),
    "connect-microsoftteams": ("ApplicationId", "TenantId", "CertificateThumbprint", "TeamsEnvironmentName"),
}
_NAMES = (
    "Aylin",
    "Bela",
    "Chidi",
    "Dagny",
    "Emre",
    "Femi",
    "Greta",
    "Hana",
    "Ivo",
    "Jun",
    "Kaya",
    "Liv",
    "Mats",
    "Noor",
    "Olu",
    "Pia",
)


class Commands:
    """The restricted runspace of one side."""

    def __init__(self, name: str, side: Side, *, shape: str, faults: Faults) -> None:
        self._name, self._shape, self._faults = name, shape, faults
        self._answers: dict[str, Answer] = {}
        self._parameters: dict[str, set[str]] = {}
        self._spelling: dict[str, str] = {}
        for question, answer in side.items():
            command, words = split_question(question)
            self._answers[question.casefold()] = answer
            self._spelling[command.casefold()] = command
            known = self._parameters.setdefault(command.casefold(), set())
            known |= {word.casefold() for word in words} | {word.casefold() for word in _COMMON}
            known |= {word.casefold() for word in ALLOWED[command].parameters} if command in ALLOWED else set()

    def run(self, command: str, parameters: Parameters, streams: Streams) -> None:
        """Run one command.

        Raises:
            CmdletError: it does not exist here, does not know a parameter, or fails as the estate or a fault says.
        """
        key = command.casefold()
        if key not in self._parameters:
            return self._built_in(command, parameters, streams)
        for name in parameters:
            if name is not None and name.casefold() not in self._parameters[key]:
                raise unknown_parameter(self._spelling[key], name)
        answered = {
            n: v for n, v in parameters.items() if n is None or n.casefold() not in {c.casefold() for c in _COMMON}
        }
        text = question_text(self._spelling[key], answered)
        answer = self._answers.get(text.casefold()) or self._answers.get(key)
        if answer is None:
            raise failure(self._spelling[key], f"The lab's estate has no answer to: {text}", "NoAnswer")
        self._answer(text, answer, streams)

    def _built_in(self, command: str, parameters: Parameters, streams: Streams) -> None:
        key = command.casefold()
        if key == "get-command":
            return self._get_command(parameters, streams)
        if self._name == "tenant" and key in _OPENING:
            for name in parameters:
                if name is not None and name.casefold() not in {n.casefold() for n in (*_OPENING[key], *_COMMON)}:
                    raise unknown_parameter(command, name)
            if key == "connect-microsoftteams":
                streams.output(_connected(parameters))
            return None
        raise not_recognized(command)

    def _get_command(self, parameters: Parameters, streams: Streams) -> None:
        """What is visible. A pattern that matches nothing is an empty answer; a plain name that is not there is an error."""
        pattern = str(parameters.get("Name", parameters.get(None, "*")))
        for name in parameters:
            if name is not None and name.casefold() not in {n.casefold() for n in ("Name", *_COMMON)}:
                raise unknown_parameter("Get-Command", name)
        found = [n for k, n in sorted(self._spelling.items()) if fnmatch.fnmatch(k, pattern.casefold())]
        if not found and "*" not in pattern:
            raise not_recognized(pattern)
        module = "MicrosoftTeams" if self._name == "tenant" else "SkypeForBusiness"
        for name in found:
            members = {
                "Name": name,
                "ModuleName": module,
                "CommandType": "Cmdlet",
                "Version": Primitive("Version", "7.0.0.0"),
            }
            streams.output(
                Obj(
                    (
                        "System.Management.Automation.CmdletInfo",
                        "System.Management.Automation.CommandInfo",
                        "System.Object",
                    ),
                    members,
                    text=name,
                )
            )

    def _answer(self, text: str, answer: Answer, streams: Streams) -> None:
        command = text.partition(" ")[0]
        fault = self._faults.hit("cmdlet", f"{self._name}: {text}", f"{self._name}: {command}")
        do = fault.do if fault is not None else ""
        words = str(fault.more.get("text", "")) if fault is not None else ""
        if do == "missing":
            raise not_recognized(command)
        if do == "denied":
            raise access_denied(command)
        if do == "error":
            raise failure(command, words or "Object reference not set to an instance of an object.")
        if fault is not None and do == "slow":
            streams.stopped.wait(fault.seconds)
        if do == "warning":
            streams.warning(words or "The cmdlet is deprecated.")
        if do == "empty":
            return
        rows = [self._row(answer, row) for row in answer.rows or ()] + _people(command, answer)
        for row in rows:
            streams.output(row)
        while do == "endless-output" and rows and not streams.stopped.wait(0.001):
            streams.output(rows[0])
        if do == "error-after-output":
            raise failure(command, words or "The LDAP server is unavailable.", terminating=False)
        if answer.error is not None:
            raise _error(command, answer.error)

    def _row(self, answer: Answer, row: Any) -> Any:
        if not isinstance(row, Mapping):
            return _value(row)
        types = _with_object(answer.type or ("System.Management.Automation.PSCustomObject",))
        deep = self._shape == "deep"
        members = {key: self._member(key, value) for key, value in row.items()}
        if types[0] == "System.Management.Automation.PSCustomObject":
            return Obj(types, notes=members, depth=3 if deep else 1)
        return Obj(types, members, text=types[0], depth=3 if deep else 1)

    def _member(self, key: str, value: Any) -> Any:
        if key == "AllowedDomains" and not isinstance(value, Mapping):
            return _allowed(value)
        if key == "BlockedDomains" and isinstance(value, list):
            return Listing([_domain(name) for name in value], _DOMAINS)
        return _value(value)


def _value(value: Any) -> Any:
    """A value of an estate as .NET has it: a mapping with `type` is an object, a primitive or a typed list."""
    if isinstance(value, list):
        return Listing([_value(item) for item in value], _STRINGS)
    if not isinstance(value, Mapping):
        return value
    kind = value.get("type", "System.Management.Automation.PSCustomObject")
    types = _with_object([kind] if isinstance(kind, str) else kind)
    if types[0] == "DT" and "ago" in value:
        moment = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=int(value["ago"]))
        return Primitive("DT", moment.strftime("%Y-%m-%dT%H:%M:%S.0000000Z"))
    if types[0] in _PRIMITIVES:
        return Primitive(types[0], str(value.get("value", "")))
    if "list" in value:
        return Listing([_value(item) for item in value["list"]], types)
    members = {key: _value(item) for key, item in value.get("members", {}).items()}
    return Obj(types, members, text=value.get("text"))


def _with_object(types: Any) -> tuple[str, ...]:
    return tuple(types) if types[-1] == "System.Object" else (*types, "System.Object")


def _domain(name: Any) -> Any:
    return Obj(_DOMAIN, {"Domain": str(name)}, text=f"Domain={name}")


def _allowed(value: Any) -> Any:
    """`open` is the marker without members; a list, with entries or without, is an AllowList."""
    if value == "open":
        return Obj((f"{_EDGE}.AllowAllKnownDomains", "System.Object"), text="AllowAllKnownDomains")
    if not isinstance(value, list):
        return _value(value)
    entries = Listing([_domain(name) for name in value], _DOMAINS)
    return Obj(
        (f"{_EDGE}.AllowList", "System.Object"),
        {"AllowedDomain": entries},
        text=",".join(f"Domain={name}" for name in value),
    )


def _people(command: str, answer: Answer) -> list[Any]:
    """Users that exist nowhere: whoever finds one of these names in a report has found a leak."""
    groups = [*(answer.people or ()), *([People(count=answer.count)] if answer.count else [])]
    domains_and_more = [(group.domain, group.each) for group in groups for _ in range(group.count)]
    return [_person(command, number, domain, each) for number, (domain, each) in enumerate(domains_and_more)]


def _person(command: str, number: int, domain: str, each: Mapping[str, Any]) -> Any:
    online = command.casefold() == "get-csonlineuser"
    kind = "Microsoft.Rtc.Management.Hosted.User" if online else "Microsoft.Rtc.Management.ADConnect.Schema.ADUser"
    name = f"{_NAMES[number % len(_NAMES)]} Labperson{number:04d}"
    address = f"{name.replace(' ', '.').lower()}@{domain}"
    home: dict[str, Any] = {"HostingProvider": "SRV:", "ExternalAccessPolicy": None}
    if online:
        home = {
            "OnPremHostingProvider": "SRV:",
            "OnPremSipAddress": f"sip:{address}",
            "InterpretedUserType": "DirSyncEnabledOnlineTeamsOnlyUser",
            "AccountType": "SfBOnPremUser",
            "AssignedPlan": ["MCOProfessional", "Teams"],
            "UserValidationErrors": [],
        }
    members = {
        "Identity": name,
        "DisplayName": name,
        "SipAddress": f"sip:{address}",
        "UserPrincipalName": address,
        "Enabled": True,
        **home,
        **{key: f"sip:{address}" if value == "<address>" else value for key, value in each.items()},
    }
    return Obj((kind, "System.Object"), {key: _value(value) for key, value in members.items()}, text=name)


def _error(command: str, error: Failure) -> CmdletError:
    if error.kind == "not_recognized":
        return not_recognized(command)
    if error.kind == "denied":
        return access_denied(command)
    return failure(command, error.message or "The operation failed.", error.id, terminating=error.kind == "terminating")


def _connected(parameters: Parameters) -> Obj:
    name = "Microsoft.TeamsCmdlets.Powershell.Connect.Models.PSAzureContext"
    tenant = str(parameters.get("TenantId", ""))
    return Obj(
        (name, "System.Object"),
        {"Account": str(parameters.get("ApplicationId", "")), "Environment": "AzureCloud", "TenantId": tenant},
        text=name,
    )
