"""A recursive resolver on loopback: UDP and TCP on one unprivileged port, one made-up Internet per vantage point.

Zones are text as in a zone file, with or without SOA. What no zone holds does not exist (NXDOMAIN); CNAMEs are chased across
zones, because a stub resolver leaves that to its server; empty non-terminals and wildcards as RFC 4592 says.
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Mapping

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.zone

from lab.faults import Fault, Faults
from lab.log import Asked, Log

_UDP_MOST = 1232  # bytes, the DNS flag day's limit
_SOA = ". 60 IN SOA lab.invalid. hostmaster.lab.invalid. 1 3600 600 86400 60"
_CHAIN = 16


class BadZone(ValueError):
    """A zone that cannot be read. `line` counts within the zone's text."""

    def __init__(self, zone: str, line: int, what: str) -> None:
        super().__init__(what)
        self.zone, self.line, self.what = zone, line, what


def read_zones(zones: Mapping[str, str]) -> dns.zone.Zone:
    """All zones of one vantage point as one tree.

    Raises:
        BadZone: a text that is no zone file.
    """
    world = dns.zone.from_text(f"$TTL 60\n{_SOA}\n", origin=".", relativize=False, check_origin=False)
    for origin, text in zones.items():
        read = _read_zone(origin, text)
        for owner, rdataset in read.iterate_rdatasets():
            world.find_rdataset(owner, rdataset.rdtype, create=True).update(rdataset)  # type: ignore[no-untyped-call]
    return world


def _read_zone(origin: str, text: str) -> dns.zone.Zone:
    def parse(part: str) -> dns.zone.Zone:
        return dns.zone.from_text(f"$TTL 3600\n{part}", origin=origin, relativize=False, check_origin=False)

    try:
        return parse(text)
    except dns.exception.DNSException as wrong:
        readable, lines = 0, text.splitlines(keepends=True)  # dnspython's own line numbers are sometimes one ahead
        for count in range(1, len(lines)):
            with contextlib.suppress(dns.exception.DNSException):
                parse("".join(lines[:count]))
                readable = count
        said = re.sub(r"^<string>:\d+: ", "", str(wrong))
        raise BadZone(origin, readable + 1, said or type(wrong).__name__) from None


class Resolver:
    """One vantage point."""

    def __init__(self, name: str, zones: Mapping[str, str], *, faults: Faults, log: Log, delay: float = 0.0) -> None:
        self.name, self._faults, self._log, self._delay = name, faults, log, delay
        self._world = read_zones(zones)
        self._known = {ancestor for owner in self._world.nodes for ancestor in _ancestors(owner)}
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._udp, self._tcp = _same_port()
        self.port = int(self._udp.getsockname()[1])

    def start(self) -> None:
        for serve in (self._serve_udp, self._serve_tcp):
            thread = threading.Thread(target=serve, name=f"lab dns@{self.name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        """Wake both threads by asking them nothing, and wait for them."""
        self._stopping.set()
        if self._threads:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wake:
                wake.sendto(b"", ("127.0.0.1", self.port))
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                pass
            for thread in self._threads:
                thread.join(2)
        self._udp.close()
        self._tcp.close()

    # ------------------------------------------------------------------ answering

    def answer(self, wire: bytes, over: str) -> tuple[float, bytes | None]:
        """Seconds to wait and the answer's bytes, None for silence."""
        try:
            query = dns.message.from_wire(wire)
            question = query.question[0]
        except (dns.exception.DNSException, IndexError):
            return 0.0, None
        rdtype, name = dns.rdatatype.to_text(question.rdtype), question.name.to_text(omit_final_dot=True).lower()
        self._log.dns.append(Asked(self.name, rdtype, name, over))
        fault = self._faults.hit("dns", f"dns@{self.name}", f"dns@{self.name}: {rdtype} {name}")
        if fault is not None and (fault.do == "timeout" or (fault.do == "tcp-only" and over == "udp")):
            return 0.0, None
        if fault is not None and fault.do == "garbage":
            return 0.0, b"\xff" * 20
        response = dns.message.make_response(query, recursion_available=True, our_payload=_UDP_MOST)
        self._fill(response, question.name, question.rdtype, fault)
        seconds = self._delay + (fault.seconds if fault is not None and fault.do == "delay" else 0.0)
        return seconds, _to_wire(response, query, over, truncate=fault is not None and fault.do == "truncate")

    def _fill(
        self, response: dns.message.Message, name: dns.name.Name, rdtype: dns.rdatatype.RdataType, fault: Fault | None
    ) -> None:
        do = fault.do if fault is not None else ""
        if do in ("servfail", "refused", "nxdomain"):
            response.set_rcode(dns.rcode.from_text(do))
            return
        if do == "loop":
            rdata = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.CNAME, name.to_text())
            response.answer.append(dns.rrset.from_rdata(name, 60, rdata))
            return
        self._resolve(response, name, rdtype)
        if do == "wrong-id":
            response.id ^= 0x5555
        if do == "wrong-question":
            response.question[0] = dns.rrset.RRset(dns.name.from_text("other.invalid."), dns.rdataclass.IN, rdtype)

    def _resolve(self, response: dns.message.Message, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> None:
        for _ in range(_CHAIN):
            node = self._node(name)
            if node is None:
                if name not in self._known:
                    response.set_rcode(dns.rcode.NXDOMAIN)
                return self._negative(response)
            alias = node.get_rdataset(dns.rdataclass.IN, dns.rdatatype.CNAME)
            found = (
                node.get_rdataset(dns.rdataclass.IN, rdtype)
                if alias is None or rdtype == dns.rdatatype.CNAME
                else alias
            )
            if found is None:
                return self._negative(response)
            response.answer.append(dns.rrset.from_rdata_list(name, found.ttl, list(found)))
            if found.rdtype == rdtype:
                return None
            name = found[0].target
        response.answer.clear()
        response.set_rcode(dns.rcode.SERVFAIL)
        return None

    def _node(self, name: dns.name.Name) -> dns.node.Node | None:
        node = self._world.get_node(name)
        if node is not None or name in self._known:
            return node
        parent = name.parent()
        while parent not in self._known:
            parent = parent.parent()
        return self._world.get_node(dns.name.Name((b"*", *parent.labels)))

    def _negative(self, response: dns.message.Message) -> None:
        soa = self._world.find_rdataset(dns.name.root, dns.rdatatype.SOA)
        response.authority.append(dns.rrset.from_rdata_list(dns.name.root, soa.ttl, list(soa)))

    # ------------------------------------------------------------------ the wire

    def _serve_udp(self) -> None:
        while not self._stopping.is_set():
            try:
                wire, client = self._udp.recvfrom(65535)
            except OSError:
                continue  # Windows reports a client's closed port here
            seconds, answer = self.answer(wire, "udp") if wire else (0.0, None)
            if answer is None:
                continue
            if seconds:
                threading.Thread(target=self._send_later, args=(seconds, answer, client), daemon=True).start()
            else:
                self._udp.sendto(answer, client)

    def _send_later(self, seconds: float, answer: bytes, client: tuple[str, int]) -> None:
        if not self._stopping.wait(seconds):
            with contextlib.suppress(OSError):
                self._udp.sendto(answer, client)

    def _serve_tcp(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._tcp.accept()
            except OSError:
                continue
            threading.Thread(target=self._connection, args=(connection,), daemon=True).start()

    def _connection(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as stream:
            while len(length := stream.read(2)) == 2:
                seconds, answer = self.answer(stream.read(int.from_bytes(length, "big")), "tcp")
                if answer is None or (seconds and self._stopping.wait(seconds)):
                    return
                connection.sendall(len(answer).to_bytes(2, "big") + answer)


def _ancestors(owner: dns.name.Name) -> list[dns.name.Name]:
    """A name and everything above it: all of these exist, with or without records."""
    found = [owner]
    while found[-1] != dns.name.root:
        found.append(found[-1].parent())
    return found


def _to_wire(response: dns.message.Message, query: dns.message.Message, over: str, *, truncate: bool) -> bytes:
    if over == "tcp":
        return response.to_wire(max_size=65535)
    room = min(max(512, query.payload if query.edns >= 0 else 512), _UDP_MOST)
    if not truncate:
        with contextlib.suppress(dns.exception.TooBig):
            return response.to_wire(max_size=room)
    response.answer.clear()
    response.authority.clear()
    response.flags |= dns.flags.TC
    return response.to_wire(max_size=room)


def _same_port() -> tuple[socket.socket, socket.socket]:
    """A UDP and a TCP socket with the same number."""
    for _ in range(50):
        udp, tcp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket()
        udp.bind(("127.0.0.1", 0))
        try:
            tcp.bind(udp.getsockname())
        except OSError:
            udp.close()
            tcp.close()
            continue
        tcp.listen(64)
        return udp, tcp
    raise OSError("no port number is free for both UDP and TCP")
