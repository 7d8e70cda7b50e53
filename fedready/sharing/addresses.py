"""Other addresses: nobody's, but as public or as private as the ones they stand for."""

from __future__ import annotations

import ipaddress
import random
import re

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Public to `is_global`, and no host's: the old 6to4 anycast prefix (RFC 7526), then source-specific multicast (RFC 4607).
_PUBLIC_4 = (ipaddress.ip_network("192.88.99.0/24"), ipaddress.ip_network("232.0.0.0/8"))
_PUBLIC_6 = (ipaddress.ip_network("3ffe::/16"),)  # the 6bone, given back in 2006 (RFC 3701)
_SPECIAL = tuple(
    ipaddress.ip_network(text)
    for text in (
        "10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.0.2.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4", "0.0.0.0/8", "127.0.0.0/8",
        "fc00::/7", "fe80::/10", "2001:db8::/32", "100::/64", "ff00::/8",
    )
)  # fmt: skip
"""The kinds of address that are not public; an alias is of the same kind."""


class Addresses:
    """Address -> another one of its kind, drawn at random."""

    def __init__(self, drawn: random.Random) -> None:
        self._drawn = drawn
        self._given: dict[Address, Address] = {}
        self._taken: set[Address] = set()

    @property
    def originals(self) -> dict[str, str]:
        """Alias -> the address that it stands for."""
        return {str(alias): str(address) for address, alias in self._given.items()}

    def alias(self, address: Address) -> str:
        """The text of the other address. Loopback and "no address" stay: they are everybody's."""
        if isinstance(address, ipaddress.IPv6Address):
            if address.ipv4_mapped is not None:
                return f"::ffff:{self.alias(address.ipv4_mapped)}"
            if address.scope_id is not None:
                address = ipaddress.IPv6Address(int(address))
        if address.is_loopback or address.is_unspecified:
            return str(address)
        while address not in self._given:
            other = self._draw(address)
            if other not in self._taken and other != address and other.is_global == address.is_global:
                self._taken.add(other)
                self._given[address] = other
        return str(self._given[address])

    def reverse(self, name: str) -> str:
        """The name of an address in the reverse tree; of a part of one, only the end."""
        labels = name.split(".")
        if name.endswith(".in-addr.arpa"):
            text, whole = ".".join(reversed(labels[:-2])), re.fullmatch(r"(?:\d{1,3}\.){4}in-addr\.arpa", name)
        else:
            nibbles = "".join(reversed(labels[:-2]))
            text = ":".join(nibbles[i : i + 4] for i in range(0, 32, 4))
            whole = re.fullmatch(r"(?:[0-9a-f]\.){32}ip6\.arpa", name)
        try:
            address = ipaddress.ip_address(text) if whole else None
        except ValueError:
            address = None
        if address is None:
            return ".".join(["host", *labels[-2:]])
        return ipaddress.ip_address(self.alias(address)).reverse_pointer

    def _draw(self, address: Address) -> Address:
        four = isinstance(address, ipaddress.IPv4Address)
        inside: Network
        if address.is_global:
            public = _PUBLIC_4 if four else _PUBLIC_6
            inside = public[0] if len(self._given) < 150 else public[-1]
        else:
            fallback = ipaddress.ip_network("10.0.0.0/8") if four else ipaddress.ip_network("2001:db8::/32")
            inside = next((network for network in _SPECIAL if address in network), fallback)
        return inside[self._drawn.randrange(1, inside.num_addresses - 1)]
