"""Connections go to checked addresses only, under the name of the URL."""

import asyncio
import ipaddress
import ssl

import httpx
import pytest

from support.receiver import Cut, Receiver, Reply
from tocsin.net.resolver import NameNotFound
from tocsin.net.transport import AddressRefused, CheckedTransport, TlsFailed, tls_context

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


def resolver(*addresses):
    """Make a resolver that knows one answer."""

    async def resolve(host, port):
        return addresses

    return resolve


def get(url, allow=LOOPBACK):
    return httpx.Request("GET", url, extensions={"allow_private": allow, "timeout": httpx.Timeout(2).as_dict()})


@pytest.fixture
async def transport_to(tls):
    """Make transports that find what the test says, and close them."""
    made = []

    def make(*addresses, **options):
        made.append(CheckedTransport(tls=tls, resolve=resolver(*addresses), **options))
        return made[-1]

    yield make
    for transport in made:
        await transport.aclose()


async def test_name_and_certificate_stay_those_of_the_url(transport_to, authority):
    """We connect to the checked address, but ask for, and verify, the name in the URL."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("feeds.example.org").configure_cert(server)
    asked = []
    server.sni_callback = lambda _, name, __: asked.append(name)
    async with Receiver(tls=server) as receiver:
        answer = await transport_to("127.0.0.1").handle_async_request(
            get(f"https://feeds.example.org:{receiver.port}/")
        )
        assert await answer.aread() == b"ok"
        await answer.aclose()
    assert asked == ["feeds.example.org"]
    assert receiver.requests[0].headers["host"] == f"feeds.example.org:{receiver.port}"


async def test_a_certificate_for_another_host_is_refused(transport_to, authority):
    """A valid certificate of another name does not do."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.example.org").configure_cert(server)
    async with Receiver(tls=server) as receiver:
        with pytest.raises(TlsFailed) as raised:
            await transport_to("127.0.0.1").handle_async_request(get(f"https://feeds.example.org:{receiver.port}/"))
    assert isinstance(raised.value.cause, ssl.SSLCertVerificationError)
    assert receiver.requests == []


async def test_an_inner_address_is_refused_before_anything_is_sent(transport_to):
    """Without permission nothing connects to loopback."""
    async with Receiver() as receiver:
        with pytest.raises(AddressRefused, match="loopback"):
            await transport_to("127.0.0.1").handle_async_request(get(f"http://feeds.example.org:{receiver.port}/", ()))
    assert receiver.connections == 0


async def test_one_inner_address_among_public_ones_condemns_the_name(transport_to):
    """A name that answers with a public and an inner address is refused, whichever comes first."""
    for answers in (("93.184.216.34", "10.0.0.1"), ("10.0.0.1", "93.184.216.34")):
        with pytest.raises(AddressRefused, match=r"10\.0\.0\.1"):
            await transport_to(*answers).handle_async_request(get("http://feeds.example.org/", ()))


async def test_a_name_is_resolved_once_a_connection(tls):
    """There is no second look-up between the check and the connection that could answer otherwise."""
    asked = []

    async def resolve(host, port):
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    transport = CheckedTransport(tls=tls, resolve=resolve)
    async with Receiver() as receiver:
        answer = await transport.handle_async_request(get(f"http://feeds.example.org:{receiver.port}/"))
        await answer.aread()
        await answer.aclose()
    assert asked == ["feeds.example.org"]


@pytest.mark.parametrize("stricter", [(), (ipaddress.ip_network("10.0.0.0/8"),)])
async def test_a_kept_connection_is_never_used_for_a_stricter_request(transport_to, stricter):
    """A connection opened by permission serves only requests with that permission."""
    transport = transport_to("127.0.0.1", keep_idle=5)
    async with Receiver() as receiver:
        for _ in range(2):
            answer = await transport.handle_async_request(get(f"http://feeds.example.org:{receiver.port}/"))
            await answer.aread()
            await answer.aclose()
        assert receiver.connections == 1, "it is kept for its like"
        with pytest.raises(AddressRefused):
            await transport.handle_async_request(get(f"http://feeds.example.org:{receiver.port}/", stricter))
        await transport.aclose()


async def test_ports_of_other_services_are_refused(transport_to):
    """No request goes to a mail server's port, allowed network or not."""
    with pytest.raises(AddressRefused, match="port 25"):
        await transport_to("127.0.0.1").handle_async_request(get("http://feeds.example.org:25/"))


async def test_the_next_address_is_tried_where_one_does_not_answer(transport_to):
    """An address that refuses the connection gives way to the next one."""
    async with Receiver() as receiver:
        transport = transport_to("127.0.0.2", "127.0.0.1")
        answer = await transport.handle_async_request(get(f"http://feeds.example.org:{receiver.port}/"))
        assert answer.status_code == 200
        await answer.aclose()


async def test_a_name_without_address_is_told_as_such(tls):
    """A failed look-up, an empty one and a name that cannot be one are all `NameNotFound`."""

    async def unknown(host, port):
        raise OSError("no such name")

    for resolve in (unknown, resolver()):
        with pytest.raises(NameNotFound):
            await CheckedTransport(tls=tls, resolve=resolve).handle_async_request(get("http://feeds.example.org/"))
    with pytest.raises(NameNotFound):
        await CheckedTransport(tls=tls).handle_async_request(get(f"http://{'a' * 64}.example.org/"))


async def test_errors_on_the_wire_are_httpx_errors(transport_to):
    """What breaks after the connection is told in httpx's exceptions, in the head as in the body."""
    async with Receiver(Reply(headers={"content-length": "100"}, cut=Cut.HALFWAY)) as receiver:
        answer = await transport_to("127.0.0.1").handle_async_request(get(f"http://a.example.org:{receiver.port}/"))
        with pytest.raises(httpx.RemoteProtocolError):
            await answer.aread()
        await answer.aclose()


def test_the_shared_context_verifies():
    """The context that all connections share checks certificate and host, from TLS 1.2 on."""
    context = tls_context()
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert context.cert_store_stats()["x509_ca"] > 50


async def test_a_handshake_that_is_given_up_leaves_no_connection(transport_to):
    """Whoever stops waiting for a TLS handshake does not leave its socket behind."""
    closed = asyncio.Event()

    async def silent(reader, writer):
        await reader.read()  # the client's hello, then the end of the connection
        closed.set()
        writer.transport.abort()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await transport_to("127.0.0.1").handle_async_request(get(f"https://feeds.example.org:{port}/"))
    async with asyncio.timeout(1):
        await closed.wait()
    server.close()
    await server.wait_closed()
