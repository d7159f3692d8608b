"""Laws of the guard that hold for all addresses."""

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from tocsin.net.guard import refusal

V4 = st.ip_addresses(v=4)


@given(V4)
def test_a_carried_address_is_as_good_as_itself(address):
    """An IPv4 address is refused inside IPv6 exactly where it is refused by itself."""
    number = int(address)
    refused = refusal(address) is not None
    for carrier in ("::ffff:0:0", "64:ff9b::"):
        carried = ipaddress.IPv6Address(int(ipaddress.IPv6Address(carrier)) | number)
        assert (refusal(carried) is not None) is refused
    assert (refusal(ipaddress.IPv6Address(0x2002 << 112 | number << 80)) is not None) is refused


@given(V4, V4)
def test_teredo_is_as_bad_as_the_worse_of_its_addresses(server, client):
    """A Teredo address is refused where its server or its (inverted) client is."""
    teredo = ipaddress.IPv6Address(0x20010000 << 96 | int(server) << 64 | int(client) ^ 0xFFFFFFFF)
    assert (refusal(teredo) is not None) is any(map(refusal, (server, client)))


@given(st.ip_addresses())
def test_what_is_not_global_is_refused(address):
    """Whatever the standard library knows not to be global is refused; our list only adds to its own."""
    if not address.is_global and refusal(address) is None:
        assert address in ipaddress.ip_network("2001::/23") or address in ipaddress.ip_network("2002::/16")


@given(st.ip_addresses())
def test_allowing_everything_allows_everything(address):
    """A user who allows all networks is refused nothing."""
    assert refusal(address, [ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0")]) is None
