"""trust: the system's authorities and the target's beside them, loaded once, and ahead of whoever needs them."""

from __future__ import annotations

import ssl
import subprocess
import sys
from pathlib import Path

import pytest
import trustme

from fedready.ask import trust
from fedready.ask.trust import load_ahead, ssl_context


def test_the_system_store_stays_trusted_beside_the_target_s_ca(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(ca))
    system = ssl_context().cert_store_stats()["x509_ca"]
    assert ssl_context(str(ca)).cert_store_stats()["x509_ca"] == system + 1
    assert ssl_context() is ssl_context()


def test_a_ca_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ssl_context(str(tmp_path / "missing.pem"))


def test_what_is_loaded_ahead_is_what_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not trust._has_openssl_store():
        pytest.skip("here the operating system verifies")
    ca = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(ca))
    made: list[ssl.SSLContext] = []
    own = trust.own_ssl_context
    monkeypatch.setattr(trust, "own_ssl_context", lambda *args: made.append(own(*args)) or made[-1])
    load_ahead(str(ca), None)
    assert ssl_context(str(ca)) is ssl_context(str(ca))
    assert len(made) == 1


def test_what_cannot_be_loaded_ahead_is_told_to_whoever_needs_it(tmp_path: Path) -> None:
    load_ahead(str(tmp_path / "missing.pem"), None)
    with pytest.raises(FileNotFoundError):
        ssl_context(str(tmp_path / "missing.pem"))


def test_it_loads_no_library() -> None:
    program = "import sys, fedready.ask.trust\nprint({'requests', 'urllib3', 'truststore'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"
