"""A web server for many hosts: `python -m bench.web FOLDER` puts ca.pem there and prints HOST:PORT as a line of JSON.

Every host below `probe.example` answers each request with a short Autodiscover document and closes.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from pathlib import Path

import trustme

ZONE = "probe.example"
_DOCUMENT = json.dumps({"_links": {"self": {"href": f"https://host.{ZONE}/"}}}).encode()
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (
    len(_DOCUMENT),
    _DOCUMENT,
)


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(_ANSWER)
        await writer.drain()
        writer.close()
        await writer.wait_closed()
    except (OSError, asyncio.IncompleteReadError, ssl.SSLError):
        writer.close()  # whoever asked has gone


async def _serve(folder: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(f"*.{ZONE}").configure_cert(context)
    server = await asyncio.start_server(_answer, "127.0.0.1", 0, ssl=context, backlog=512)
    host, port = server.sockets[0].getsockname()
    print(json.dumps(f"{host}:{port}"), flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
