"""pypsrp's own objects, made and fenced: nothing from the environment, no redirect, no log, numbers that do not repeat.

With `powershell_session` the only module that touches what pypsrp keeps to itself.
"""

from __future__ import annotations

import logging
import threading
from typing import Any
from urllib.parse import urlsplit

from pypsrp.powershell import Fragmenter, RunspacePool
from pypsrp.wsman import WSMan

from fedready.ask.credentials import Credentials
from fedready.ask.powershell_messages import Malformed, fragments_of
from fedready.model import Endpoint

_MAKING = threading.Lock()
"""Each WSMan registers its namespaces anew with ElementTree, for the whole process; two at a time break each other's hold of it."""
POLL = 20
"""Seconds that a server may keep one request for output open before it says "nothing yet"."""

for _name in ("pypsrp", "spnego"):  # they log whole messages and tracebacks; what matters of them becomes a cause
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)


class Numbered(Fragmenter):
    """Numbers fragments; shared by all lanes of a session, because numbers must not repeat within a shell."""

    def __init__(self, inner: Fragmenter) -> None:
        super().__init__(inner.max_size + 21, inner.serializer)
        self._lock = threading.Lock()

    def fragment(self, *args: Any, **kwargs: Any) -> list[bytes]:
        with self._lock:  # the serialiser keeps references between its calls, too
            made: list[bytes] = super().fragment(*args, **kwargs)
            return made

    def cut(self, message: bytes) -> list[bytes]:
        """The fragments of a message that is written already."""
        with self._lock:
            number, self.outgoing_counter = self.outgoing_counter, self.outgoing_counter + 1
        return list(fragments_of(message, number, self.max_size))


def refuse_doctype(xml: str) -> None:
    """Look at an answer before an XML parser does.

    Raises:
        Malformed: it has a DOCTYPE, or a NUL, which UTF-16 in disguise would have.
    """
    if "<!DOCTYPE" in xml or "\0" in xml:
        raise Malformed("an answer with a DOCTYPE")


def runspace_pool(connection: Any, configuration: str, max_runspaces: int) -> Any:
    """A RunspacePool that is not open yet."""
    pool: Any = RunspacePool(connection, configuration_name=configuration, max_runspaces=max_runspaces)
    pool._process_runspacepool_warning = lambda message: None  # else a Python warning, on somebody's terminal
    return pool


def wsman(endpoint: Endpoint, credentials: Credentials) -> Any:
    """A WSMan for an endpoint. Over http every message is encrypted; what cannot encrypt was refused before."""
    url = urlsplit(endpoint.url)
    secure = url.scheme == "https"
    path = url.path.strip("/") or ("OcsPowershell" if endpoint.kind == "ocspowershell" else "wsman")
    special: dict[str, Any] = {}
    if endpoint.auth == "certificate":
        special["certificate_pem"] = endpoint.certificate_pem
        special["certificate_key_pem"] = endpoint.certificate_key_pem or endpoint.certificate_pem
    elif endpoint.kind == "ocspowershell":
        special["negotiate_service"] = "http"  # a pool's Kerberos account holds http/pool, and no host/pool
    with _MAKING:
        return WSMan(
            url.hostname or "",
            port=url.port or (443 if secure else 80),
            ssl=secure,
            path=f"{path}?{url.query}" if url.query else path,
            auth=endpoint.auth,
            username=credentials.user,
            password=credentials.password,
            encryption="auto" if secure else "always",
            no_proxy=True,
            operation_timeout=POLL,
            read_timeout=POLL + 10,
            reconnection_retries=0,
            reconnection_backoff=0,
            **special,
        )
