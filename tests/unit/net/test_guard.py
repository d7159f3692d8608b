"""What the guard lets through, and what it does not."""

import ipaddress
import socket

import pytest

from tocsin.net.guard import port_refusal, refusal

REFUSED = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1 127.255.255.254
168.63.129.16 169.254.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1 192.88.99.1
192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
:: ::1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:169.254.169.254 ::127.0.0.1 ::a9fe:a9fe 64:ff9b::7f00:1 64:ff9b::10.0.0.1
64:ff9b:1::1 64:ff9b:1::8.8.8.8 2002:7f00:1:: 2002:a9fe:a9fe::1 2002:c0a8:101:: 2001:0:7f00:1::1
2001:0:808:808:0:0:80ff:fffe 100::1 2001:db8::1 2001:10::1 2001:2::1 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1
fe80::1%eth0 fec0::1 ff02::1
"""

ALLOWED = """
1.1.1.1 8.8.8.8 93.184.216.34 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1 172.15.255.255 172.32.0.0
192.0.1.1 198.17.255.255 198.20.0.0 223.255.255.255 2606:4700::1111 2a00:1450:4001::200e ::ffff:8.8.8.8
64:ff9b::8.8.8.8 2002:808:808::1
"""

SPELLINGS = """
127.0.0.1 127.1 127.0.1 2130706433 0x7f000001 0x7f.1 0177.0.0.1 017700000001 0 0.0.0.0 10.1 0xa9fea9fe 2852039166
169.254.43518 192.168.257 0xc0.0xa8.1.1 ::1 0:0:0:0:0:0:0:1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::127.0.0.1 fe80::1
fd00:ec2::254 64:ff9b::7f00:1 2002:7f00:1:: localhost
"""


@pytest.mark.parametrize("text", REFUSED.split())
def test_inner_addresses_are_refused(text):
    """An address that is not of the public internet is refused, and the reason names it."""
    assert text.split("%")[0] in (refusal(ipaddress.ip_address(text)) or "") or ":" in text
    assert refusal(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", ALLOWED.split())
def test_public_addresses_are_allowed(text):
    """An address of the public internet is allowed, also where an IPv6 address carries it."""
    assert refusal(ipaddress.ip_address(text)) is None


@pytest.mark.parametrize("spelling", SPELLINGS.split())
def test_every_spelling_that_the_system_resolves_to_an_inner_address_is_refused(spelling):
    """However an inner address is spelt, what the system makes of it is refused."""
    for *_, address in socket.getaddrinfo(spelling, 80, type=socket.SOCK_STREAM):
        assert refusal(ipaddress.ip_address(address[0]))


@pytest.mark.parametrize(
    ("address", "network", "allowed"),
    [
        ("10.1.2.3", "10.0.0.0/8", True),
        ("10.1.2.3", "10.1.2.3/32", True),
        ("10.1.2.3", "192.168.0.0/16", False),
        ("::ffff:10.1.2.3", "10.0.0.0/8", True),
        ("64:ff9b::10.1.2.3", "10.0.0.0/8", True),
        ("64:ff9b:1::10.1.2.3", "64:ff9b:1::/48", True),
        ("fd00::1", "fd00::/8", True),
        ("169.254.169.254", "10.0.0.0/8", False),
        ("2001:0:7f00:1::1", "127.0.0.0/8", False),  # the other address that Teredo carries is inner too
    ],
)
def test_a_network_allows_what_is_in_it_and_nothing_else(address, network, allowed):
    """`allow_private` lifts the refusal of the addresses in it, carried ones included, and of no others."""
    assert (refusal(ipaddress.ip_address(address), [ipaddress.ip_network(network)]) is None) is allowed


@pytest.mark.parametrize(
    ("port", "allowed"),
    [(80, True), (443, True), (1024, True), (8080, True), (65535, True)]
    + [(port, False) for port in (0, 1, 21, 22, 25, 81, 442, 587, 1023, 65536)],
)
def test_ports_of_other_services_are_refused(port, allowed):
    """Of the system's ports only those of HTTP are allowed."""
    assert (port_refusal(port) is None) is allowed
