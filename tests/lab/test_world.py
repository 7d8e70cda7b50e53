"""The lab's life: start, files, environment, end."""

from __future__ import annotations

import os
import socket
import threading
import time
from pathlib import Path
from typing import Any

import dns.message
import dns.query
import pytest
import yaml

from lab.world import World


def test_files_and_environment(world: World) -> None:
    target = yaml.safe_load(world.target_file.read_text(encoding="utf-8"))
    assert target["endpoints"]["onprem"]["url"] == "https://pool.contoso.com/OcsPowershell"
    assert target["connect_to"]["pool.contoso.com:443"] == f"127.0.0.1:{world.ports['onprem']}"
    assert target["resolvers"]["internal"] == f"127.0.0.1:{world.ports['dns@internal']}"
    assert Path(target["ca_file"]).read_text(encoding="ascii").startswith("-----BEGIN CERTIFICATE-----")
    assert yaml.safe_load(world.waivers_file.read_text(encoding="utf-8")) == []
    assert world.environ["FEDREADY_TENANT_USER"] == world.users["tenant"]
    assert world.password not in world.target_file.read_text(encoding="utf-8")
    assert len(world.password) >= 12


def test_ends_without_a_trace_and_quickly() -> None:
    before = set(threading.enumerate())
    begun = time.monotonic()
    with World("healthy") as world:
        ready = time.monotonic()
        idle = [socket.create_connection(("127.0.0.1", world.ports[name])) for name in ("onprem", "https")]
        directory = world.directory
        assert "NTLM_USER_FILE" in os.environ
        ending = time.monotonic()
    ended = time.monotonic()
    for connection in idle:
        connection.close()
    assert not directory.exists()
    assert ready - begun < 10, "it hung"
    assert ended - ending < 10, "it hung"
    deadline = time.monotonic() + 2
    while (
        left := {t for t in set(threading.enumerate()) - before if t.name.startswith("lab")}
    ) and time.monotonic() < deadline:
        left.pop().join(0.1)
    assert not left


def test_two_labs_beside_each_other(world: World, ask: Any) -> None:
    with World("gcc-high") as other:
        proxies = [ask(w, "onprem", "Get-CsHostingProvider").rows()[0]["ProxyFqdn"] for w in (world, other)]
    assert proxies == ["sipfed.online.lync.com", "sipfed.online.gov.skypeforbusiness.us"]
    assert len(ask(world, "onprem", "Get-CsSipDomain").output) == 2


def test_reset_forgets_and_keeps_the_estates_own_faults(tmp_path: Path) -> None:
    file = tmp_path / "dark.yaml"
    file.write_text("extends: healthy\nfaults: [{at: dns@public, do: servfail}]\n", encoding="utf-8")
    with World(file) as world:

        def rcode() -> int:
            query = dns.message.make_query("sip.contoso.com", "A")
            return int(dns.query.udp(query, "127.0.0.1", timeout=1, port=world.ports["dns@public"]).rcode())

        assert rcode() == 2
        world.faults.clear()
        assert rcode() == 0
        assert len(world.log.dns) == 2
        world.reset()
        assert world.log.dns == []
        assert rcode() == 2


def test_distance_is_felt_per_round_trip(dig: Any, fetch: Any) -> None:
    with World("healthy", delay=0.1) as world:
        begun = time.monotonic()
        dig(world, "sip.contoso.com", "A")
        asked = time.monotonic()
        fetch(world, "webdir.online.lync.com", "/")
        fetched = time.monotonic()
    assert asked - begun >= 0.1
    assert fetched - asked >= 0.2


def test_made_up_people_are_the_labs_own(world: World, ask: Any) -> None:
    people = ask(world, "tenant", "Get-CsOnlineUser", Filter="OnPremHostingProvider -ne $null").rows()
    assert len(people) == 12
    assert all("Labperson" in str(person["DisplayName"]) for person in people)


def test_failed_start_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World("healthy")
    monkeypatch.setattr(World, "_start", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        world.__enter__()
    assert not world.directory.exists()
