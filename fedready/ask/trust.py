"""Whom a TLS connection trusts: the system's authorities, and the target's beside them. Nothing but the standard library."""

from __future__ import annotations

import functools
import ssl
import sys
import threading
from contextlib import suppress
from pathlib import Path

_LOADING_STORE = threading.Lock()


@functools.cache
def _openssl_context(ca_file: str | None, certificate: tuple[str, str | None] | None) -> ssl.SSLContext:
    """Loading the system's store takes tens of milliseconds, so it is done once for the process."""
    return own_ssl_context(ca_file, certificate)


def ssl_context(ca_file: str | None = None, certificate: tuple[str, str | None] | None = None) -> ssl.SSLContext:
    """The TLS settings of every connection: the system's trust store, and the target's CA beside it.

    A target's CA is trusted in addition, because one audit meets both worlds: the pool has a certificate of the
    company's CA, the Microsoft 365 cloud one of a public CA.

    Args:
        ca_file: a PEM file with CA certificates.
        certificate: PEM files of a client certificate and of its key (None: the key is in the same file).

    Raises:
        OSError: a file cannot be read; ssl.SSLError, which is one too, when it holds no certificate.
    """
    if not _has_openssl_store():
        return own_ssl_context(ca_file, certificate)
    with _LOADING_STORE:  # every lane asks at the same moment, and a cache makes none of them wait for the first
        return _openssl_context(ca_file, certificate)


def own_ssl_context(ca_file: str | None = None, certificate: tuple[str, str | None] | None = None) -> ssl.SSLContext:
    """The same settings in a context that nobody else uses.

    Raises:
        OSError: as `ssl_context` does.
    """
    if _has_openssl_store():
        return _finished(ssl.create_default_context(), ca_file, certificate)
    import truststore  # the operating system verifies; a context each, for it is locked while it shakes hands

    return _finished(truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ca_file, certificate)


def _has_openssl_store() -> bool:
    defaults = ssl.get_default_verify_paths()
    return sys.platform not in ("win32", "darwin") and bool(defaults.cafile or defaults.capath)


def _finished(
    context: ssl.SSLContext, ca_file: str | None, certificate: tuple[str, str | None] | None
) -> ssl.SSLContext:
    for file in (ca_file, *(certificate or ())):
        if file is not None:
            Path(file).open("rb").close()  # ssl does not say which file it could not read
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    if certificate is not None:
        context.load_cert_chain(*certificate)
    return context


def load_ahead(ca_file: str | None, certificate: tuple[str, str | None] | None) -> None:
    """Begin to load the settings that `ssl_context` will be asked for, in a thread that leaves Python free meanwhile."""
    if _has_openssl_store():
        threading.Thread(target=_load, args=(ca_file, certificate), daemon=True).start()


def _load(ca_file: str | None, certificate: tuple[str, str | None] | None) -> None:
    with suppress(OSError):  # whoever needs them is told
        ssl_context(ca_file, certificate)
