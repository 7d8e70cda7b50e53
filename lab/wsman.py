"""WS-Management (SOAP) over shells: Identify, Create, Command, Send, Receive, Signal, Delete, Get, and its faults.

Pure: bytes in, status and bytes out. Sockets, authentication and encryption are in `front.py`.
"""

from __future__ import annotations

import base64
import re
import threading
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Callable
from xml.sax.saxutils import escape

import psrpcore

from lab.faults import Fault, Faults
from lab.log import Log
from lab.psrp import Runner, Shell

NS = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "x": "http://schemas.xmlsoap.org/ws/2004/09/transfer",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "rsp": "http://schemas.microsoft.com/wbem/wsman/1/windows/shell",
    "p": "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd",
    "pwsh": "http://schemas.microsoft.com/powershell",
    "wsmid": "http://schemas.dmtf.org/wbem/wsman/identify/1/wsmanidentity.xsd",
    "cfg": "http://schemas.microsoft.com/wbem/wsman/1/config",
}
_DECLARED = "".join(f' xmlns:{prefix}="{NS[prefix]}"' for prefix in ("s", "a", "x", "w", "rsp", "p"))
_ENVELOPE_LIMIT = 512_000  # bytes, the MaxEnvelopeSize of a Windows host
_FAULT_ACTION = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"


class WsmanFault(Exception):
    """A SOAP fault. Codes and words are those of Windows."""

    def __init__(self, code: int, subcode: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.subcode, self.reason = code, subcode, reason


TIMED_OUT = (
    2150858793,
    "w:TimedOut",
    "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.  ",
)
NO_SHELL = (
    2150858843,
    "w:InvalidSelectors",
    "The WS-Management service cannot process the request because the request contained invalid selectors for the resource. ",
)
DENIED = (5, "w:AccessDenied", "Access is denied. ")
QUOTA = (
    2150859173,
    "w:QuotaLimit",
    "The WS-Management service cannot process the request. This user has exceeded the maximum number of concurrent "
    "shells allowed for this plugin. Close at least one open shell or raise the plugin quota for this user. ",
)
NO_RESOURCE = (
    2150858811,
    "w:InvalidResourceURI",
    "The WS-Management service cannot process the request. The resource URI was not found in the WS-Management catalog. ",
)
NO_ACTION = (2150858778, "a:ActionNotSupported", "The action is not supported by the service. ")
INTERNAL = (2152992672, "w:InternalError", "The WS-Management service cannot process the request. ")


def envelope(action: str, relates_to: str, body: str) -> bytes:
    """A SOAP answer."""
    return (
        f'<s:Envelope xml:lang="en-US"{_DECLARED}><s:Header><a:Action>{escape(action)}</a:Action>'
        f"<a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID>"
        f"<p:ActivityId>{str(uuid.uuid4()).upper()}</p:ActivityId>"
        "<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>"
        f"<a:RelatesTo>{escape(relates_to)}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def fault_envelope(fault: WsmanFault, relates_to: str) -> bytes:
    """A SOAP fault with the WSManFault detail that clients look for."""
    reason = escape(fault.reason)
    return envelope(
        _FAULT_ACTION, relates_to,
        f"<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>{fault.subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{reason}</s:Text></s:Reason><s:Detail>'
        '<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" '
        f'Code="{fault.code}" Machine="127.0.0.1"><f:Message>{reason}</f:Message></f:WSManFault></s:Detail></s:Fault>',
    )  # fmt: skip


class Request:
    """One SOAP request, read once."""

    def __init__(self, data: bytes) -> None:
        self.root = ET.fromstring(data)
        self.full_action = self._header("a:Action")
        self.identify = self.root.find("s:Body/wsmid:Identify", NS) is not None
        self.action = "Identify" if self.identify else self.full_action.rsplit("/", 1)[-1]
        self.message_id = self._header("a:MessageID")
        self.resource = self._header("w:ResourceURI")
        self.timeout = _seconds(self._header("w:OperationTimeout"))
        self.room = min(int(self._header("w:MaxEnvelopeSize") or _ENVELOPE_LIMIT), _ENVELOPE_LIMIT) - 4096
        selectors = self.root.findall("s:Header/w:SelectorSet/w:Selector", NS)
        self.shell_id = next((e.text or "" for e in selectors if e.get("Name") == "ShellId"), "").upper()

    def _header(self, path: str) -> str:
        return self.root.findtext(f"s:Header/{path}", "", NS)

    def find(self, path: str) -> ET.Element:
        """An element of the body.

        Raises:
            WsmanFault: it is not there.
        """
        found = self.root.find(f"s:Body/{path}", NS)
        if found is None:
            raise WsmanFault(*INTERNAL)
        return found

    @property
    def command_id(self) -> str:
        """The pipeline that a Receive or Signal is about, or nothing."""
        for path in ("rsp:Receive/rsp:DesiredStream", "rsp:Signal", "rsp:CommandLine"):
            found = self.root.find(f"s:Body/{path}", NS)
            if found is not None:
                return (found.get("CommandId") or "").upper()
        return ""


def _seconds(text: str) -> float:
    match = re.fullmatch(r"PT(?:(\d+)M)?([\d.]+)S", text)
    return int(match[1] or 0) * 60 + float(match[2]) if match else 60.0


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
        except (psrpcore.PSRPCoreError, ValueError, KeyError) as wrong:  # what the client sent is not PSRP
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
                f'<cfg:Config xmlns:cfg="{NS["cfg"]}"><cfg:MaxEnvelopeSizekb>{_ENVELOPE_LIMIT // 1024}</cfg:MaxEnvelopeSizekb>'
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
