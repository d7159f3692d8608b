"""Which addresses and ports may be connected to. Pure: it is given addresses, it resolves nothing.

The list is explicit because `ipaddress.is_global` lets through NAT64, 6to4 and some cloud metadata addresses. Sources:
the IANA special-purpose address registries (RFC 6890), RFC 6052 and RFC 8215 (NAT64), RFC 3056 (6to4), RFC 4380
(Teredo), RFC 4291 (IPv4 inside IPv6).
"""

import ipaddress
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from tocsin.model import Network

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_DENIED: Final[tuple[tuple[Network, str], ...]] = tuple(
    (ipaddress.ip_network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "an unspecified address"),
        ("10.0.0.0/8", "a private address"),
        ("100.64.0.0/10", "an address of a carrier's network"),  # 100.100.100.200 is a cloud's metadata service
        ("127.0.0.0/8", "a loopback address"),
        ("168.63.129.16/32", "a cloud metadata address"),
        ("169.254.0.0/16", "a link-local address"),  # 169.254.169.254 is the metadata service of most clouds
        ("172.16.0.0/12", "a private address"),
        ("192.0.0.0/24", "a reserved address"),  # 192.0.0.192 is a cloud's metadata service
        ("192.0.2.0/24", "an address for documentation"),
        ("192.88.99.0/24", "a reserved address"),
        ("192.168.0.0/16", "a private address"),
        ("198.18.0.0/15", "an address for benchmarks"),
        ("198.51.100.0/24", "an address for documentation"),
        ("203.0.113.0/24", "an address for documentation"),
        ("224.0.0.0/4", "a multicast address"),
        ("240.0.0.0/4", "a reserved address"),
        ("::/128", "an unspecified address"),
        ("::1/128", "a loopback address"),
        ("64:ff9b:1::/48", "an address of a local translator"),
        ("100::/64", "a reserved address"),
        ("2001:2::/48", "an address for benchmarks"),
        ("2001:10::/28", "a reserved address"),
        ("2001:db8::/32", "an address for documentation"),
        ("3fff::/20", "an address for documentation"),
        ("5f00::/16", "a reserved address"),
        ("fc00::/7", "a private address"),  # fd00:ec2::254 is a cloud's metadata service
        ("fe80::/10", "a link-local address"),
        ("fec0::/10", "a private address"),
        ("ff00::/8", "a multicast address"),
    )
)

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")


def refusal(address: Address, allow_private: Sequence[Network] = ()) -> str | None:
    """Say why `address` may not be connected to, None where it may.

    An IPv6 address that carries IPv4 addresses (mapped, compatible, NAT64, 6to4, Teredo) is as good as the worst of
    them. A network of `allow_private` allows what is in it, whatever it is.
    """
    for candidate in (address, *_carried(address)):
        if _within(candidate, allow_private):
            continue
        for network, kind in _DENIED:
            if candidate in network:
                return f"{address} is {kind}" if candidate == address else f"{address} leads to {candidate}, {kind}"
    return None


def port_refusal(port: int) -> str | None:
    """Say why `port` may not be connected to: all but 80, 443 and those from 1024 belong to other services."""
    return (
        None if port in {80, 443} or 1024 <= port <= 65535 else f"port {port} is not one of 80, 443 and 1024 to 65535"
    )


def _within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


def _carried(address: Address) -> Iterator[ipaddress.IPv4Address]:
    """Yield the IPv4 addresses that packets to `address` may end at."""
    if isinstance(address, ipaddress.IPv4Address):
        return
    if address.ipv4_mapped:
        yield address.ipv4_mapped
    if address.sixtofour:
        yield address.sixtofour
    if address.teredo:
        yield from address.teredo
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        yield ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
