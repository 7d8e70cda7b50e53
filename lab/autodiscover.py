"""The web of the estate: Autodiscover documents over HTTPS (and HTTP), the certificate chosen by the name that TLS asks for."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from lab import log as seen
from lab.certificates import Authority
from lab.faults import Fault, Faults
from lab.listener import Handler, Server


@dataclass(frozen=True)
class Page:
    """What one URL answers. A body that is no text is sent as JSON."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    certificate: str = "right"


class Web(Server):
    """Every web host of the estate behind one port per scheme."""

    def __init__(
        self, scheme: str, pages: Mapping[str, Page], *, faults: Faults, log: seen.Log, authority: Authority, delay: float = 0.0,
    ) -> None:  # fmt: skip
        self.scheme, self.faults, self.log, self.authority = scheme, faults, log, authority
        self.pages = {url: page for url, page in pages.items() if urlsplit(url).scheme == scheme}
        self.certificates = {host_of(url): page.certificate for url, page in self.pages.items()}
        self._context = authority.fresh("right", ("localhost",))
        self._context.sni_callback = self._choose
        super().__init__(scheme, WebHandler, secure=self._secure if scheme == "https" else None, delay=delay)

    def _secure(self, raw: socket.socket) -> ssl.SSLSocket | None:
        fault = self.faults.hit("tls", "https")
        if fault is not None and fault.do == "no-handshake":
            return None
        try:
            return self._context.wrap_socket(raw, server_side=True)
        except OSError as wrong:
            self.log.handshakes.append(f"https: {type(wrong).__name__}")
            raise

    def _choose(self, connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> int | None:
        host = (name or "").casefold()
        urls = [f"GET {url}" for url in self.pages if host_of(url) == host]
        fault = self.faults.hit("tls", "https", f"https {host}", *urls)
        kind = fault.do if fault is not None else self.certificates.get(host)
        if kind in (None, "no-handshake"):
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        if kind == "old-version":  # what a server with nothing newer answers to a client that wants newer
            return ssl.ALERT_DESCRIPTION_PROTOCOL_VERSION
        self.log.handshakes.append(f"https {host}: {kind}")
        connection.context = self.authority.context(str(kind), (host,))
        return None

    def page(self, host: str, path: str) -> tuple[str, Page] | None:
        """The URL and page for a request: the exact URL first, then the same without its query."""
        for wanted in (path, path.partition("?")[0]):
            for url, page in self.pages.items():
                parts = urlsplit(url)
                full = parts.path + (f"?{parts.query}" if parts.query else "")
                if host_of(url) == host and full.casefold().rstrip("/") == wanted.casefold().rstrip("/"):
                    return url, page
        return None


class WebHandler(Handler):
    """Answers GET and HEAD; any other verb is written down and refused."""

    server: Web
    server_version = "Microsoft-IIS/10.0"
    timeout = 30

    def do_GET(self) -> None:  # noqa: N802  http.server looks for this name
        web = self.server
        host = self.headers.get("Host", "").partition(":")[0].casefold()
        web.log.http.append(seen.Request(web.scheme, self.command, host, self.path))
        if web.delay:
            web.stopping.wait(web.delay)
        found = web.page(host, self.path)
        url, page = found if found else (f"{web.scheme}://{host}{self.path}", Page(404, {}, "not found"))
        places = (web.scheme, f"{web.scheme} {host}", f"GET {url}")
        if (wire := web.faults.hit("http", *places)) is not None and self.misbehave(wire):
            return
        page = _spoilt(page, url, web.faults.hit("autodiscover", *places))
        text = page.body if isinstance(page.body, str) else "" if page.body is None else json.dumps(page.body)
        kind = "text/html" if isinstance(page.body, str) else "application/json"
        self.reply(page.status, text.encode(), kind, list(page.headers.items()))

    do_HEAD = do_GET  # noqa: N815

    def _refuse(self) -> None:
        web = self.server
        web.log.http.append(seen.Request(web.scheme, self.command, self.headers.get("Host", ""), self.path))
        self.close_connection = True
        self.reply(405)

    do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = _refuse  # noqa: N815


def host_of(url: str) -> str:
    return (urlsplit(url).hostname or "").casefold()


def _spoilt(page: Page, url: str, fault: Fault | None) -> Page:
    match fault.do if fault is not None else "":
        case "redirect-loop":
            return Page(302, {"Location": url}, None, page.certificate)
        case "wrong-json":
            return Page(200, {}, {"links": []}, page.certificate)
        case "mismatch":  # the document sends its reader out of the cloud
            return Page(302, {"Location": "https://autodiscover.invalid/root"}, None, page.certificate)
    return page
