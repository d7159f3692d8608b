"""Laws of the guard that hold for all addresses."""

import asyncio
import ipaddress
import ssl

import httpcore
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.net.guard import refusal
from tocsin.net.transport import AddressRefused, CheckedTransport

CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
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


class Connected(Exception):
    """The guard let a connection through."""


@given(st.lists(st.ip_addresses(), min_size=1, max_size=6), st.sampled_from(["http", "https"]))
def test_a_name_is_as_bad_as_the_worst_of_its_addresses(addresses, scheme):
    """A name is connected to where every address of it may be, and then at one of these."""
    tried = []

    async def ask():
        async with CheckedTransport(tls=CONTEXT, resolve=answering(addresses)) as transport:
            await transport.handle_async_request(httpx.Request("GET", f"{scheme}://a.example.org/"))

    async def connect(self, host, *_, **__):
        tried.append(ipaddress.ip_address(host))
        raise Connected

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
        with pytest.raises(AddressRefused if any(map(refusal, addresses)) else Connected):
            asyncio.run(ask())
    assert set(tried) <= set(addresses) - {address for address in addresses if refusal(address)}


def answering(addresses):
    """Make a resolver that knows one answer."""

    async def resolve(host, port):
        return [str(address) for address in addresses]

    return resolve


@given(st.ip_addresses())
def test_an_address_in_a_url_is_checked_like_any(address):
    """An address that stands in a URL itself is refused where the guard refuses it."""
    host = f"[{address}]" if address.version == 6 else str(address)

    async def ask():
        async with CheckedTransport(tls=CONTEXT) as transport:
            await transport.handle_async_request(httpx.Request("GET", f"http://{host}/"))

    async def connect(self, *_, **__):
        raise Connected

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
        with pytest.raises(AddressRefused if refusal(address) else Connected):
            asyncio.run(ask())
