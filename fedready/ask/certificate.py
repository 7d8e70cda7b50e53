"""The facts of a certificate that a report shows."""

from __future__ import annotations

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
        certificate = x509.load_der_x509_certificate(der)
        return {
            "subject": clean(certificate.subject.rfc4514_string()),
            "names": _names(certificate),
            "issuer": clean(certificate.issuer.rfc4514_string()),
            "not_after": certificate.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "version": version,
        }
    except ValueError:
        return None


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [clean(name) for name in names.get_values_for_type(x509.DNSName)[:MAX_NAMES]]
