"""The lab's certificate authority, and the ways in which a server's certificate can be wrong."""

from __future__ import annotations

import datetime
import ssl
import threading
import warnings
from collections.abc import Sequence
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

CERTIFICATES = ("right", "wrong-name", "expired", "unknown-ca", "old-version")
_WRONG_NAME = "wrong.invalid"


class Authority:
    """Issues certificates by name and kind, each once."""

    def __init__(self, directory: Path) -> None:
        self._ca = trustme.CA()
        self._stranger: trustme.CA | None = None
        self._contexts: dict[tuple[str, tuple[str, ...], bool], tuple[ssl.SSLContext, bytes]] = {}
        self._lock = threading.Lock()
        self.file = directory / "ca.pem"
        self._ca.cert_pem.write_to_path(str(self.file))

    def context(self, kind: str, names: Sequence[str], *, ask_client: bool = False) -> ssl.SSLContext:
        """A server context whose certificate is right, or wrong in one of the ways of CERTIFICATES."""
        return self._made(kind, names, ask_client)[0]

    def fresh(self, kind: str, names: Sequence[str]) -> ssl.SSLContext:
        """A context that is not shared, to hang a callback on."""
        return self._make(kind, names, ask_client=False)[0]

    def binding(self, kind: str, names: Sequence[str]) -> bytes:
        """What `tls-server-end-point` channel bindings hold for that certificate (RFC 5929)."""
        return self._made(kind, names, False)[1]

    def _made(self, kind: str, names: Sequence[str], ask_client: bool) -> tuple[ssl.SSLContext, bytes]:
        key = (kind, tuple(names), ask_client)
        with self._lock:
            if key not in self._contexts:
                self._contexts[key] = self._make(kind, names, ask_client)
            return self._contexts[key]

    def _make(self, kind: str, names: Sequence[str], ask_client: bool) -> tuple[ssl.SSLContext, bytes]:
        issuer, until = self._ca, None
        if kind == "unknown-ca":
            self._stranger = self._stranger or trustme.CA()
            issuer = self._stranger
        since = None
        if kind == "expired":
            now = datetime.datetime.now(datetime.UTC)
            since, until = now - datetime.timedelta(days=400), now - datetime.timedelta(days=3)
        shown = [_WRONG_NAME] if kind == "wrong-name" else list(names)
        leaf = issuer.issue_cert(*shown, not_before=since, not_after=until)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        leaf.configure_cert(context)
        if kind == "old-version":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # an old version is the point
                context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
            context.set_ciphers("ALL:@SECLEVEL=0")
        if ask_client:
            self._ca.configure_trust(context)
            context.verify_mode = ssl.CERT_OPTIONAL
        return context, _digest(leaf.cert_chain_pems[0].bytes())


def _digest(pem: bytes) -> bytes:
    certificate = x509.load_pem_x509_certificate(pem)
    algorithm = certificate.signature_hash_algorithm or hashes.SHA256()
    digest = hashes.Hash(algorithm)
    digest.update(certificate.public_bytes(Encoding.DER))
    return digest.finalize()
