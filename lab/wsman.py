"""WS-Management (SOAP) over shells: Identify, Create, Command, Send, Receive, Signal, Delete, Get, and its faults.

Pure: bytes in, status and bytes out. Sockets, authentication and encryption are in `front.py`.
"""

from __future__ import annotations

import base64
import re
import threading
import uuid
from collections.abc import Callable
from xml.sax.saxutils import escape

from lab.faults import Fault, Faults
from lab.log import Log
from lab.psrp import Runner, Shell
from lab.soap import (
    DENIED,
    ENVELOPE_LIMIT,
    INTERNAL,
    NO_ACTION,
    NO_RESOURCE,
    NO_SHELL,
    NS,
    QUOTA,
    TIMED_OUT,
    Request,
    WsmanFault,
    envelope,
    fault_envelope,
)


class Service:
    """The shells of one endpoint."""

    def __init__(self, side: str, *, configurations: tuple[str, ...], run: Runner, faults: Faults, log: Log) -> None:
        self.side, self.configurations = side, tuple(c.casefold() for c in configurations)
        self._run, self._faults, self._log = run, faults, log
        self._shells: dict[str, Shell] = {}
        self._lock = threading.Lock()

    def places(self, request: Request) -> tuple[str, ...]:
        """Where a fault can be addressed for this request."""
        places = [f"{self.side} {request.action}"]
        shell = self._shells.get(request.shell_id)
        question = shell.questions.get(request.command_id) if shell and request.action == "Receive" else None
        if question:
            places += [question, " ".join(question.split(" ")[:2])]
        return tuple(places)

    def handle(self, request: Request, user: str, url: str) -> tuple[int, bytes]:
        """Answer one request: HTTP status and SOAP."""
        fault = self._faults.hit("wsman", self.side, *self.places(request))
        try:
            if fault is not None and (code := _as_wsman_fault(fault)) is not None:
                raise code
            if request.identify:
                return 200, _IDENTITY
            do: Callable[[Request, str, str], str] | None = getattr(self, f"_do_{request.action.lower()}", None)
            if do is None:
                raise WsmanFault(*NO_ACTION)
            answer = envelope(request.full_action + "Response", request.message_id, do(request, user, url))
            return 200, _spoilt(answer, fault) if fault else answer
        except WsmanFault as wrong:
            return 500, fault_envelope(wrong, request.message_id)
        except ValueError as wrong:  # NotPsrp, or base64 and ids that are none
            self._log.refused.append(f"{self.side}: {type(wrong).__name__}: {wrong}")
            return 500, fault_envelope(WsmanFault(*INTERNAL), request.message_id)

    def close(self) -> None:
        for shell in list(self._shells.values()):
            shell.close()

    def _shell(self, request: Request, user: str) -> Shell:
        shell = self._shells.get(request.shell_id)
        if shell is None or shell.closed:
            raise WsmanFault(*NO_SHELL)
        if shell.user != user:
            raise WsmanFault(*DENIED)
        return shell

    def _do_create(self, request: Request, user: str, url: str) -> str:
        prefix, _, configuration = request.resource.rpartition("/")
        if prefix != NS["pwsh"] or configuration.casefold() not in self.configurations:
            raise WsmanFault(*NO_RESOURCE)
        asked = request.find("rsp:Shell")
        shell_id = (asked.get("ShellId") or str(uuid.uuid4())).upper()
        shell = Shell(shell_id, side=self.side, user=user, run=self._run, faults=self._faults, log=self._log)
        shell.feed(base64.b64decode(request.find("rsp:Shell/pwsh:creationXml").text or ""))
        with self._lock:
            self._shells[shell_id] = shell
        resource = escape(request.resource)
        return (
            f"<x:ResourceCreated><a:Address>{escape(url)}</a:Address><a:ReferenceParameters>"
            f'<w:ResourceURI>{resource}</w:ResourceURI><w:SelectorSet><w:Selector Name="ShellId">{shell_id}</w:Selector>'
            f"</w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>{_shell_xml(shell, resource)}"
        )

    def _do_get(self, request: Request, user: str, url: str) -> str:
        if request.resource.rstrip("/").endswith("/config"):
            return (
                f'<cfg:Config xmlns:cfg="{NS["cfg"]}"><cfg:MaxEnvelopeSizekb>{ENVELOPE_LIMIT // 1024}</cfg:MaxEnvelopeSizekb>'
                "<cfg:MaxTimeoutms>60000</cfg:MaxTimeoutms></cfg:Config>"
            )
        return _shell_xml(self._shell(request, user), escape(request.resource))

    def _do_command(self, request: Request, user: str, url: str) -> str:
        shell = self._shell(request, user)
        line = request.find("rsp:CommandLine")
        command_id = (line.get("CommandId") or str(uuid.uuid4())).upper()
        data = "".join(e.text or "" for e in line.findall("rsp:Arguments", NS))
        shell.command(uuid.UUID(command_id), base64.b64decode(data))
        return f"<rsp:CommandResponse><rsp:CommandId>{command_id}</rsp:CommandId></rsp:CommandResponse>"

    def _do_send(self, request: Request, user: str, url: str) -> str:
        shell = self._shell(request, user)
        for stream in request.root.findall("s:Body/rsp:Send/rsp:Stream", NS):
            shell.feed(base64.b64decode(stream.text or ""))
        return "<rsp:SendResponse/>"

    def _do_receive(self, request: Request, user: str, url: str) -> str:
        shell = self._shell(request, user)
        pipeline = uuid.UUID(request.command_id) if request.command_id else None
        if pipeline is not None and not shell.knows(pipeline):
            raise WsmanFault(*NO_SHELL)
        got = shell.receive(pipeline, request.timeout, request.room)
        if got is None:
            raise WsmanFault(*TIMED_OUT)
        chunks, done = got
        if shell.closed and not chunks:
            raise WsmanFault(*NO_SHELL)
        command = f' CommandId="{request.command_id}"' if pipeline else ""
        body = "".join(
            f'<rsp:Stream Name="stdout"{command}>{base64.b64encode(chunk).decode()}</rsp:Stream>' for chunk in chunks
        )
        if done:
            finished = f"{NS['rsp']}/CommandState/Done"
            body += f'<rsp:CommandState{command} State="{finished}"><rsp:ExitCode>0</rsp:ExitCode></rsp:CommandState>'
        return f"<rsp:ReceiveResponse>{body}</rsp:ReceiveResponse>"

    def _do_signal(self, request: Request, user: str, url: str) -> str:
        code = request.root.findtext("s:Body/rsp:Signal/rsp:Code", "", NS)
        self._shell(request, user).signal(uuid.UUID(request.command_id), code)
        return "<rsp:SignalResponse/>"

    def _do_delete(self, request: Request, user: str, url: str) -> str:
        shell = self._shell(request, user)
        shell.close()
        with self._lock:
            self._shells.pop(shell.id, None)
        return ""


def _as_wsman_fault(fault: Fault) -> WsmanFault | None:
    known = {"shell-lost": NO_SHELL, "quota": QUOTA, "access-denied": DENIED, "operation-timeout": TIMED_OUT}
    if fault.do == "fault":
        return WsmanFault(
            int(fault.more.get("code", INTERNAL[0])), "w:InternalError", str(fault.more.get("text", INTERNAL[2]))
        )
    return WsmanFault(*known[fault.do]) if fault.do in known else None


def _spoilt(answer: bytes, fault: Fault) -> bytes:
    match fault.do:
        case "wrong-relates-to":
            return re.sub(rb"<a:RelatesTo>[^<]*<", b"<a:RelatesTo>uuid:00000000-0000-0000-0000-000000000000<", answer)
        case "not-xml":
            return b"<html>oops"
        case "empty-body":
            return re.sub(rb"<s:Body>.*</s:Body>", b"<s:Body></s:Body>", answer, flags=re.DOTALL)
        case "bad-base64":
            return re.sub(rb"(<rsp:Stream [^>]*>)[^<]*", rb"\1!!!!%%%A", answer)
        case "doctype":
            return b'<!DOCTYPE s [<!ENTITY a "lol">]>' + answer.replace(b"</a:Action>", b"&a;</a:Action>")
    return answer


def _shell_xml(shell: Shell, resource: str) -> str:
    facts = {
        "ShellId": shell.id, "ResourceUri": resource, "Owner": escape(shell.user), "ClientIP": "127.0.0.1", "ProcessId": "1868",
        "IdleTimeOut": "PT7200.000S", "InputStreams": "stdin pr", "OutputStreams": "stdout",
        "MaxIdleTimeOut": "PT2147483.647S", "Locale": "en-US", "DataLocale": "en-US", "CompressionMode": "NoCompression",
        "ProfileLoaded": "Yes", "Encoding": "UTF8", "BufferMode": "Block", "State": "Connected",
        "ShellRunTime": "P0DT0H0M0S", "ShellInactivity": "P0DT0H0M0S",
    }  # fmt: skip
    inside = "".join(f"<rsp:{name}>{value}</rsp:{name}>" for name, value in facts.items())
    return f'<rsp:Shell xmlns:rsp="{NS["rsp"]}">{inside}</rsp:Shell>'


_IDENTITY = (
    f'<s:Envelope xmlns:s="{NS["s"]}"><s:Header/><s:Body><wsmid:IdentifyResponse xmlns:wsmid="{NS["wsmid"]}">'
    "<wsmid:ProtocolVersion>http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd</wsmid:ProtocolVersion>"
    "<wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor>"
    "<wsmid:ProductVersion>OS: 10.0.14393 SP: 0.0 Stack: 3.0</wsmid:ProductVersion>"
    "</wsmid:IdentifyResponse></s:Body></s:Envelope>"
).encode()
