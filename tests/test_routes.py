"""routes: where to connect to, and a connection that is begun before anybody can use it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time

import pytest

from fedready.ask.routes import Addresses, Ahead, NotListed, connected, route_of


def limit() -> float:
    return 5.0


def test_a_url_is_dialled_where_the_map_says() -> None:
    pins = {"pool01.contoso.com:443": "127.0.0.1:4443", "mgmt.contoso.com:5986": "127.0.0.1:5986"}
    assert route_of(pins, "https://Pool01.contoso.com/OcsPowershell") == ("127.0.0.1", 4443)
    assert route_of(pins, "https://mgmt.contoso.com:5986/wsman") == ("127.0.0.1", 5986)
    assert route_of(None, "http://mgmt.contoso.com/wsman") == ("mgmt.contoso.com", 80)
    with pytest.raises(NotListed, match=r"mgmt\.contoso\.com:80"):
        route_of(pins, "http://mgmt.contoso.com/wsman")


def test_the_next_address_is_tried_and_the_last_refusal_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_server(("127.0.0.1", 0)) as other:
            closed = other.getsockname()[1]
        of = Addresses().of
        with connected([*of("127.0.0.1", closed), *of("127.0.0.1", port)], limit) as sock:
            assert sock.getpeername()[1] == port
    with pytest.raises(ConnectionRefusedError):
        connected(of("127.0.0.1", closed), limit)
    with pytest.raises(OSError, match="no address"):
        connected([], limit)


def test_a_connection_ahead_is_taken_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ahead = Ahead(("127.0.0.1", port), Addresses(), time.monotonic() + 5)
        sock = ahead.take()
        assert sock is not None
        with sock:
            assert sock.getpeername()[1] == port
        assert ahead.take() is None


def test_no_connection_ahead_is_no_fault() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    assert Ahead(("127.0.0.1", closed), Addresses(), time.monotonic() + 5).take() is None
    assert Ahead(("127.0.0.1", closed), Addresses(), time.monotonic() - 5).take() is None


def test_it_loads_no_library() -> None:
    program = "import sys, fedready.ask.routes\nprint({'requests', 'urllib3', 'ssl'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"
