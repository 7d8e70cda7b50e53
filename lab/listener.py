"""Sockets that speak HTTP, over TLS or not, without Nagle, and misbehave below HTTP where a fault asks for it."""

from __future__ import annotations

import contextlib
import gzip
import http.server
import socket
import ssl
import struct
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

from lab.faults import Fault

SOAP = "application/soap+xml;charset=UTF-8"
Secure = Callable[[socket.socket], ssl.SSLSocket | None]
"""Does the TLS handshake of one connection; None where a fault wants none. Raises OSError where it fails."""


class Server(http.server.ThreadingHTTPServer):
    """One listener: a thread per connection, the TLS handshake in that thread, every open connection known."""

    daemon_threads = True
    request_queue_size = 64
    block_on_close = False

    def __init__(self, name: str, handler: type[Handler], *, secure: Secure | None, delay: float = 0.0) -> None:
        self.name, self.secure, self.delay = name, secure, delay
        self.stopping = threading.Event()
        self._connections: set[socket.socket] = set()
        self._loop: threading.Thread | None = None
        super().__init__(("127.0.0.1", 0), handler)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def start(self) -> None:
        self._loop = threading.Thread(target=self.serve_forever, args=(0.05,), name=f"lab {self.name}", daemon=True)
        self._loop.start()

    def close(self) -> None:
        """Stop accepting, cut what is open, wait for the accepting thread."""
        self.stopping.set()
        if self._loop is not None:
            self.shutdown()
            self._loop.join()
        self.server_close()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def finish_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        connection = request
        try:
            if self.delay:
                self.stopping.wait(self.delay)
            if self.secure is not None:
                request.settimeout(10)
                secured = self.secure(request)
                if secured is None:
                    return
                connection = secured
                self._connections.add(connection)
            super().finish_request(connection, client_address)
        finally:
            self._connections -= {request, connection}
            if connection is not request:
                with contextlib.suppress(OSError):
                    connection.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that breaks is the client's right; anything else is a bug of the lab and must be seen."""
        if not isinstance(sys.exc_info()[1], OSError | ValueError):
            super().handle_error(request, client_address)


class Handler(http.server.BaseHTTPRequestHandler):
    """HTTP/1.1 with one send per answer: without `wbufsize` and Nagle off each request takes 44 ms on loopback."""

    protocol_version = "HTTP/1.1"
    server_version = "Microsoft-HTTPAPI/2.0"
    sys_version = ""
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = 120
    server: Server

    def log_message(self, format: str, *args: Any) -> None:
        """The lab has its own log."""

    def reply(
        self, status: int, body: bytes = b"", content_type: str = SOAP, headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        self.send_response(status)
        headers = list(headers)
        if body and not any(name.casefold() == "content-type" for name, _ in headers):
            self.send_header("Content-Type", content_type)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def misbehave(self, fault: Fault) -> bool:
        """Do what an http knob says. True where the request is thereby answered (or never will be)."""
        wait = self.server.stopping.wait
        match fault.do:
            case "delay":
                wait(fault.seconds)
                return False
            case "status" | "unauthorized" | "redirect" | "gzip" | "header-flood":
                self._answer_wrongly(fault)
            case "hang":
                wait(fault.seconds)
                self.close_connection = True
            case "close":
                self.close_connection = True
            case "reset":
                self._reset()
            case "partial" | "partial-reset":
                self._begin(200, 5000)
                self.wfile.write(b"<s:Envelope xmlns:s='x'>")
                self.wfile.flush()
                self.close_connection = True
                if fault.do == "partial-reset":
                    self._reset()
            case "drip":
                self._begin(200, 5000)
                self.close_connection = True
                with contextlib.suppress(OSError):
                    for _ in range(5000):
                        self.wfile.write(b"<")
                        self.wfile.flush()
                        if wait(fault.more.get("interval", 0.2)):
                            break
            case "garbage":
                self.wfile.write(b"220 smtp ready\r\n\r\n")
                self.wfile.flush()
                self.close_connection = True
        return True

    def _answer_wrongly(self, fault: Fault) -> None:
        body = str(fault.more.get("body", "")).encode()
        headers = [(str(k), str(v)) for k, v in dict(fault.more.get("headers", {})).items()]
        match fault.do:
            case "unauthorized":
                self.reply(401, body, "text/html", headers or [("WWW-Authenticate", "Negotiate")])
            case "redirect":
                self.reply(
                    int(fault.more.get("status", 302)),
                    body,
                    "text/html",
                    [("Location", str(fault.more.get("to", self.path)))],
                )
            case "gzip":
                self.reply(
                    200,
                    gzip.compress(b" " * int(fault.more.get("bytes", 50_000_000)), 6),
                    SOAP,
                    [("Content-Encoding", "gzip")],
                )
            case "header-flood":
                self.reply(200, body, SOAP, [(f"X-{number}", "y") for number in range(300)])
            case _:
                self.reply(int(fault.more.get("status", 503)), body, str(fault.more.get("type", "text/html")), headers)

    def _begin(self, status: int, length: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", SOAP)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def _reset(self) -> None:
        """Close with RST instead of FIN."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()
        self.connection.close()

    def finish(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # a connection that was reset has nothing to flush
            super().finish()
