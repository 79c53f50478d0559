"""Which addresses the control plane may connect to on behalf of somebody who typed a URL.

Registration and the client resolve a host once, check every address here and connect to one of those checked. Resolving
is not done here.
Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

_Address = IPv4Address | IPv6Address
_Network = IPv4Network | IPv6Network


def _networks(*texts: str) -> tuple[_Network, ...]:
    return tuple(ip_network(text) for text in texts)


# Refused whatever the operator allows: nothing behind them is a cluster, and some of them hand out credentials.
_NEVER: tuple[tuple[str, tuple[_Network, ...]], ...] = (
    # AWS and all who followed, AWS over IPv6, Google over IPv6, Alibaba, Oracle, Azure.
    (
        "metadata",
        _networks(
            "169.254.169.254/32", "169.254.170.0/24", "fd00:ec2::/32", "fd20:ce::254/128", "100.100.100.200/32",
            "192.0.0.192/32", "168.63.129.16/32",
        ),
    ),
    ("link_local", _networks("169.254.0.0/16", "fe80::/10", "fec0::/10")),
    ("multicast", _networks("224.0.0.0/4", "ff00::/8")),
    ("unspecified", _networks("0.0.0.0/8", "::/128")),
    ("broadcast", _networks("255.255.255.255/32")),
)  # fmt: skip
_LOOPBACK = _networks("127.0.0.0/8", "::1/128")
# Refused unless the operator allows them; the lists of IANA, since ipaddress changes its own between releases.
_PRIVATE = _networks(
    "10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4", "fc00::/7", "2001::/23", "2001:db8::/32",
    "3fff::/20",
)  # fmt: skip
_GLOBAL_V6 = IPv6Network("2000::/3")
# IPv6 addresses that stand for an IPv4 one, and the bit at which it begins, counted from the right.
_EMBEDDED: tuple[tuple[IPv6Network, int], ...] = (
    (IPv6Network("::/96"), 0),
    (IPv6Network("::ffff:0:0/96"), 0),
    (IPv6Network("::ffff:0:0:0/96"), 0),
    (IPv6Network("64:ff9b::/96"), 0),
    (IPv6Network("64:ff9b:1::/48"), 0),
    (IPv6Network("2002::/16"), 80),
)
_TEREDO = IPv6Network("2001::/32")
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})
_IPV4_MASK = 0xFFFFFFFF

_HOST_RE = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*")
_NUMBER_RE = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")
_LONGEST_HOST = 253


class AddressRefused(Exception):  # noqa: N818 - a refusal is an answer to the caller, as in paas.core.errors
    """An address or a host that may not be connected to; `code` for machines, the message for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class AddressRule:
    """The networks that an operator allows on top of the public ones.

    Loopback needs a network inside loopback, so that 0.0.0.0/0 does not open the control plane's own host.
    """

    allowed: tuple[_Network, ...] = ()

    @classmethod
    def of(cls, cidrs: Iterable[str]) -> AddressRule:
        """From texts such as "10.20.0.0/16"; ValueError for one that is not a network."""
        return cls(tuple(ip_network(cidr.strip()) for cidr in cidrs))

    def check(self, addresses: Iterable[str]) -> None:
        """AddressRefused unless there are addresses and each may be connected to.

        One bad address among good ones refuses all: which of them is dialled is not for a foreign name server to say.
        """
        found = [_parsed(address) for address in addresses]
        if not found:
            raise AddressRefused("no_address", "The host has no address")
        meant = [each for address in found for each in _meanings(address)]
        for each in meant:
            _refuse_always(each)
        own = [network for network in self.allowed if _is_loopback(network)]
        for each in meant:
            if _in(each, _LOOPBACK) and not _in(each, own):
                raise AddressRefused("loopback", f"{each} is the control plane's own host")
        for each in meant:
            if _is_private(each) and not _in(each, self.allowed):
                raise AddressRefused("private", f"{each} is not public; an operator can allow its network")


def check(addresses: list[str], allowed: list[str]) -> None:
    """AddressRefused unless each address is public or in a network, as CIDR, that the operator allows."""
    AddressRule.of(allowed).check(addresses)


def check_host(host: str) -> None:
    """AddressRefused unless `host` is a DNS name or an address in its one usual form.

    No brackets, no zone, no port. 2130706433, 0x7f.1 and 0177.0.0.1 are what resolvers, not people, take for addresses.
    """
    if ":" in host:
        _parsed(host)
        return
    if len(host) > _LONGEST_HOST or not _HOST_RE.fullmatch(host):
        raise AddressRefused("bad_host", "The host is neither a DNS name nor an address")
    if _NUMBER_RE.fullmatch(host.rpartition(".")[2]):
        _parsed(host)


def _refuse_always(address: _Address) -> None:
    for code, networks in _NEVER:
        if _in(address, networks):
            raise AddressRefused(code, f"{address} is a {code.replace('_', '-')} address and is never connected to")


def _parsed(text: str) -> _Address:
    try:
        address = ip_address(text)
    except ValueError:
        raise AddressRefused("not_an_address", "Not an IP address in its usual form") from None
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        raise AddressRefused("not_an_address", "An IP address with a zone is of no use here")
    return address


def _meanings(address: _Address) -> Iterator[_Address]:
    """The address itself and the IPv4 addresses that a gateway on the way may take it for."""
    if isinstance(address, IPv4Address):
        yield address
        return
    bits = int(address)
    mapped = address.ipv4_mapped
    if mapped is not None:
        yield mapped
        return
    yield address
    if bits > 1:
        for network, shift in _EMBEDDED:
            if address in network:
                yield IPv4Address(bits >> shift & _IPV4_MASK)
    if address in _TEREDO:
        yield IPv4Address(bits >> 64 & _IPV4_MASK)
        yield IPv4Address(~bits & _IPV4_MASK)
    if bits >> 32 & _IPV4_MASK in _ISATAP:
        yield IPv4Address(bits & _IPV4_MASK)


def _is_private(address: _Address) -> bool:
    outside = isinstance(address, IPv6Address) and address not in _GLOBAL_V6 and not _in(address, _LOOPBACK)
    return outside or _in(address, _PRIVATE)


def _is_loopback(network: _Network) -> bool:
    return any(
        network.prefixlen >= loop.prefixlen and network.network_address in loop
        for loop in _LOOPBACK
        if loop.version == network.version
    )


def _in(address: _Address, networks: Iterable[_Network]) -> bool:
    return any(address in network for network in networks if network.version == address.version)
