"""Through a proxy, which finds the way; and without checking certificates, where the user says so."""

import ssl

import httpx
import pytest
import trustme

from support.proxy import Proxy
from support.receiver import Receiver, Reply
from tocsin.net.failure import FailureKind, explain
from tocsin.net.transport import AddressRefused, CheckedTransport, ProxyNotReached, TlsFailed, connect_through
from tocsin.net.urls import UrlRefused, read_proxy


async def nobody(host, port):
    """Resolve nothing: whatever is found, the proxy found it."""
    raise OSError("no such name")


@pytest.fixture
async def transport(tls):
    async with CheckedTransport(tls=tls, resolve=nobody) as transport:
        yield transport


def serving_tls(authority, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


async def got(transport, url, **extensions):
    timeouts = httpx.Timeout(2).as_dict()
    request = httpx.Request("GET", url, extensions={"timeout": timeouts, **extensions})
    answer = await transport.handle_async_request(request)
    body = await answer.aread()
    await answer.aclose()
    return answer.status_code, body


def with_login(proxy, login):
    return proxy.url.replace("//", f"//{login}@")


async def test_plain_requests_go_to_the_proxy_whole(transport):
    """A proxy is asked for http URLs in absolute form, and names are for it to resolve."""
    async with Receiver(Reply(body=b"feed")) as server, Proxy() as proxy:
        url = f"http://feeds.example.org:{server.port}/a?b=1"
        assert await got(transport, url, proxy=proxy.url) == (200, b"feed")
    assert proxy.lines == [f"GET {url} HTTP/1.1"]
    assert server.requests[0].headers["host"] == f"feeds.example.org:{server.port}"


async def test_tls_goes_through_a_tunnel(transport, authority):
    """A proxy opens a tunnel for https URLs; name and certificate are the server's own, and checked."""
    async with Receiver(tls=serving_tls(authority, "feeds.example.org")) as server, Proxy() as proxy:
        assert (await got(transport, f"https://feeds.example.org:{server.port}/", proxy=proxy.url))[0] == 200
        with pytest.raises(TlsFailed) as raised:
            await got(transport, f"https://other.example.org:{server.port}/", proxy=proxy.url)
    assert proxy.lines[0] == f"CONNECT feeds.example.org:{server.port} HTTP/1.1"
    assert raised.value.host == "other.example.org"


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_may_speak_tls_itself(transport, authority, scheme):
    """The way to a proxy may be encrypted, by a certificate that we trust."""
    inner = serving_tls(authority, "feeds.example.org") if scheme == "https" else None
    async with Receiver(tls=inner) as server, Proxy(tls=serving_tls(authority, "127.0.0.1")) as proxy:
        url = f"{scheme}://feeds.example.org:{server.port}/"
        assert (await got(transport, url, proxy=proxy.url))[0] == 200


async def test_a_proxys_own_certificate_is_checked(transport):
    """A proxy with a certificate that we do not trust is told as such, whatever the server's may be."""
    async with Proxy(tls=serving_tls(trustme.CA(), "127.0.0.1")) as proxy:
        with pytest.raises(TlsFailed) as raised:
            await got(transport, "https://feeds.example.org/", proxy=proxy.url, insecure_tls=True)
    assert raised.value.host == "127.0.0.1"


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxys_login_goes_to_the_proxy_alone(transport, authority, scheme):
    """User and password, percent-encoded in the URL, go to the proxy; a server behind a tunnel does not see them."""
    inner = serving_tls(authority, "feeds.example.org") if scheme == "https" else None
    async with Receiver(tls=inner) as server, Proxy(login="user:p:ä/ss") as proxy:
        url = f"{scheme}://feeds.example.org:{server.port}/"
        status, _ = await got(transport, url, proxy=with_login(proxy, "user:p%3A%C3%A4%2Fss"))
    assert status == 200
    if scheme == "https":
        assert "proxy-authorization" not in server.requests[0].headers


async def test_a_refused_login_is_told_without_it(transport):
    """What a proxy answers in place of a tunnel is told by its status; neither login nor its words are repeated."""
    async with Proxy(login="user:right") as proxy:
        with pytest.raises(httpx.ProxyError) as raised:
            await got(transport, "https://feeds.example.org/", proxy=with_login(proxy, "user:canary"))
    failure = explain(raised.value, "feeds.example.org")
    assert (failure.kind, failure.detail) == (
        FailureKind.PROXY,
        "the proxy does not let us through to feeds.example.org: it wants another user or password (407)",
    )


async def test_a_refused_tunnel_is_told_by_its_status(transport):
    """A proxy that does not let us through says with what number."""
    async with Proxy(answer="403 canary") as proxy:
        with pytest.raises(httpx.ProxyError) as raised:
            await got(transport, "https://feeds.example.org/", proxy=proxy.url)
    detail = explain(raised.value, "feeds.example.org").detail
    assert detail == "the proxy does not let us through to feeds.example.org: it answered 403"


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:1", "http://proxy.invalid:3128", "nonsense"])
async def test_a_proxy_that_is_not_there_is_told_as_such(transport, proxy):
    """A proxy that cannot be found or reached is not taken for the server."""
    with pytest.raises(ProxyNotReached) as raised:
        await got(transport, "http://feeds.example.org/", proxy=proxy)
    detail = explain(raised.value, "feeds.example.org").detail
    assert detail == "could not connect to the proxy on the way to feeds.example.org"


async def test_through_a_proxy_ports_of_other_services_are_refused_still(transport):
    """A proxy is not made to speak to a mail server."""
    async with Proxy() as proxy:
        with pytest.raises(AddressRefused, match="port 25"):
            await got(transport, "http://feeds.example.org:25/", proxy=proxy.url)
    assert proxy.lines == []


async def test_a_request_without_proxy_never_takes_the_way_of_one_with(tls):
    """Ways are kept apart: what a proxy was named for does not open it to others."""
    async with CheckedTransport(tls=tls, keep_idle=5) as transport, Receiver() as server, Proxy() as proxy:
        assert (await got(transport, server.url, proxy=proxy.url))[0] == 200
        with pytest.raises(AddressRefused):
            await got(transport, server.url)
    assert len(proxy.lines) == 1


async def test_any_certificate_does_where_the_user_says_so(authority):
    """Without checking, a self-signed certificate for another host will do; with it, or by default, it will not."""
    async with (
        CheckedTransport(tls=ssl.create_default_context()) as transport,
        Receiver(tls=serving_tls(authority, "other.example.org")) as server,
    ):
        inside = {"allow_private": read_networks("127.0.0.0/8")}
        assert (await got(transport, server.url, insecure_tls=True, **inside))[0] == 200
        for more in ({"insecure_tls": False}, {}):
            with pytest.raises(TlsFailed):
                await got(transport, server.url, **more, **inside)


def read_networks(*texts):
    from ipaddress import ip_network

    return tuple(ip_network(text) for text in texts)


async def test_what_the_far_side_says_first_is_kept(tls):
    """A greeting that comes in one piece with the proxy's answer is not lost."""

    async def greet(reader, writer):
        writer.write(b"220 mail.example.org\r\n")
        await writer.drain()
        await reader.read()
        writer.transport.abort()

    import asyncio

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with Proxy(at_once=True) as proxy:
        connection = await connect_through(proxy.url, "mail.example.org", port, tls, limit=2)
        assert await connection.read() == b"220 mail.example.org\r\n"
        await connection.aclose()
    server.close()
    await server.wait_closed()
    await asyncio.sleep(0)


@pytest.mark.parametrize("text", ["", "socks5://127.0.0.1:1080", "127.0.0.1:3128", "http://", "http://[::1"])
def test_what_is_no_http_proxy_is_refused(text):
    """Only http and https URLs name a proxy, and the message repeats nothing of them."""
    with pytest.raises(UrlRefused):
        read_proxy(text)


def test_a_proxy_keeps_its_password_to_itself():
    """User and password are read, and not printed."""
    proxy = read_proxy("http://user:can%40ary@proxy.example.org:3128")
    assert (proxy.host, proxy.port, proxy.user, proxy.password) == ("proxy.example.org", 3128, "user", "can@ary")
    assert "can" not in repr(proxy)
