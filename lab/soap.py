"""SOAP as WS-Management uses it: requests read once, answers and faults in the words of Windows."""

from __future__ import annotations

import re
import uuid
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

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
ENVELOPE_LIMIT = 512_000  # bytes, the MaxEnvelopeSize of a Windows host
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
        self.room = min(int(self._header("w:MaxEnvelopeSize") or ENVELOPE_LIMIT), ENVELOPE_LIMIT) - 4096
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
