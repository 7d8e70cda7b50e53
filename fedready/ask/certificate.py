"""The facts of a certificate that a report shows."""

from __future__ import annotations

import functools

from cryptography import x509

from fedready.ask.https_shape import clean
from fedready.model import Json

MAX_NAMES = 100


def facts(der: bytes, version: str) -> Json:
    """Who a certificate is for, who issued it and until when (UTC); None where it cannot be read.

    Args:
        der: the certificate as it came.
        version: the TLS version of the connection, `TLSv1.3`.
    """
    try:
        subject, names, issuer, not_after = _read(der)
    except ValueError:
        return None
    return {"subject": subject, "names": list(names), "issuer": issuer, "not_after": not_after, "version": version}


@functools.lru_cache(maxsize=256)  # thousands of SIP domains point at the same few servers
def _read(der: bytes) -> tuple[str, tuple[str, ...], str, str]:
    certificate = x509.load_der_x509_certificate(der)
    return (
        clean(certificate.subject.rfc4514_string()),
        _names(certificate),
        clean(certificate.issuer.rfc4514_string()),
        certificate.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(clean(name) for name in names.get_values_for_type(x509.DNSName)[:MAX_NAMES])
