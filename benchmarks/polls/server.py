"""The news sites: `python -m polls.server SEED CA` answers feeds at addresses of their own, plainly and over TLS.

Feed `n` is at 127.1.x.y, its own host. A connection serves one request. Every answer has a strong ETag and a
Last-Modified, and 304 is said to whoever has either. The time is ours plus what it was put ahead. With TLS each
address has a certificate of its own, ECDSA, and only TLS 1.3 is spoken. The methods of `Sites` answer questions.
"""

import asyncio
import json
import os
import random
import socket
import ssl
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from polls.documents import Damage, Wire, beginning
from polls.lines import serve_async

FIRST_LARGE = 100_000  # feeds from here on are large ones
BACKLOG = 4_096


def address(feed: int) -> str:
    """Return the address of a feed's host."""
    place = feed if feed < FIRST_LARGE else feed - FIRST_LARGE + 60_000
    return f"127.{1 + place // 62_500}.{place // 250 % 250}.{place % 250 + 1}"


class Sites:
    """What all sites have in common: the documents, which of them hang, and what was asked for."""

    def __init__(self, seed: int, large: int) -> None:
        self.began = beginning()
        self.ahead = timedelta()
        self.hanging: frozenset[int] = frozenset()
        self._wire = Wire(seed, self.began, large)
        self._chance = random.Random(seed)
        self._versions: dict[int, int] = {}
        self._damage: dict[int, Damage] = {}
        self._changed: dict[int, datetime] = {}
        self._bodies: dict[int, bytes] = {}
        self.counts: dict[str, int] = {}
        self._held: list[asyncio.Transport] = []

    async def open(self, feeds: int, large: dict[str, int]) -> object:
        """Have so many small feeds, and so many large ones of each kind of damage; return the ids of these."""
        self._versions = dict.fromkeys(range(feeds), 0)
        number, ids = FIRST_LARGE, {}
        for kind, count in large.items():
            ids[kind] = list(range(number, number + count))
            self._damage |= dict.fromkeys(ids[kind], Damage(kind))
            number += count
        self._versions |= dict.fromkeys(range(FIRST_LARGE, number), 0)
        self._changed = dict.fromkeys(self._versions, self.began)
        for feed in self._versions:
            self._write(feed)
        return ids

    async def advance(self, share: float, hours: float, hanging: list[int] = []) -> object:  # noqa: B006
        """Put the time ahead, and bring a new version of a share of the small feeds and of all large ones."""
        self.ahead += timedelta(hours=hours)
        self.hanging = frozenset(hanging)
        small = [feed for feed in self._versions if feed < FIRST_LARGE]
        changed = self._chance.sample(small, round(share * len(small))) if share < 1 else small
        for feed in [*changed, *(self._damage if share else ())]:
            self._versions[feed] += 1
            self._changed[feed] = self.now()
            self._write(feed)
        return {"ahead": self.ahead.total_seconds(), "changed": len(changed)}

    async def take(self) -> object:
        """Return what was counted since this was last asked."""
        counts, self.counts = self.counts, {}
        return counts

    async def release(self) -> object:
        """Cut off who was kept waiting."""
        for transport in self._held:
            transport.abort()
        self._held = []
        return None

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def hold(self, transport: asyncio.Transport) -> None:
        """Never answer."""
        self.count("hung")
        self._held.append(transport)

    def count(self, what: str, number: int = 1) -> None:
        self.counts[what] = self.counts.get(what, 0) + number

    def answer(self, feed: int, headers: dict[str, str]) -> bytes:
        """Return the answer to a request."""
        self.count("requests")
        if feed not in self._versions:
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        etag = f'"{feed}-{self._versions[feed]}"'
        modified = format_datetime(self._changed[feed].replace(microsecond=0), usegmt=True)
        unchanged = headers.get("if-none-match", headers.get("if-modified-since")) in {etag, modified}
        body = b"" if unchanged else self._bodies[feed]
        self.count("unchanged" if unchanged else "full")
        self.count("bytes", len(body))
        head = (
            f"HTTP/1.1 {'304 Not Modified' if unchanged else '200 OK'}\r\n"
            "Server: example\r\n"  # and no Date: of those who poll, some are ahead of the time and some are not
            f"ETag: {etag}\r\nLast-Modified: {modified}\r\nCache-Control: max-age=300\r\nConnection: close\r\n"
        )
        if not unchanged:
            head += f"Content-Type: application/xml; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        return f"{head}\r\n".encode() + body

    def _write(self, feed: int) -> None:
        version, damage = self._versions[feed], self._damage.get(feed)
        self._bodies[feed] = (
            self._wire.small(feed, version) if damage is None else self._wire.large(feed, version, damage)
        )


class Connection(asyncio.Protocol):
    """One request, one answer."""

    def __init__(self, sites: Sites) -> None:
        self._sites = sites
        self._heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._sites.count("connections")

    def data_received(self, data: bytes) -> None:
        self._heard += data
        if not self._heard.endswith(b"\r\n\r\n"):
            return
        first, *lines = self._heard.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        feed = int(first.split()[1].strip("/") or 0)
        if feed in self._sites.hanging:
            self._sites.hold(self._transport)
            return
        self._transport.write(self._sites.answer(feed, headers))
        self._transport.close()


class Certificates:
    """A certificate for each address, made when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        import trustme

        self._authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
        self._trustme = trustme
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._authority.cert_pem.write_to_path(str(folder / "authority.pem"))

    def context(self, host: str) -> ssl.SSLContext:
        if host not in self._contexts:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.minimum_version = ssl.TLSVersion.TLSv1_3
            self._authority.issue_cert(host, key_type=self._trustme.KeyType.ECDSA).configure_cert(context)
            self._contexts[host] = context
        return self._contexts[host]


async def listen(sites: Sites, certificates: Certificates | None, tasks: set[asyncio.Task[object]]) -> int:
    """Listen on all addresses of this machine's own network; return the port."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("0.0.0.0", 0))
    listening.listen(BACKLOG)
    listening.setblocking(False)
    keep(tasks, accept(listening, sites, certificates, tasks))
    return int(listening.getsockname()[1])


async def accept(
    listening: socket.socket, sites: Sites, certificates: Certificates | None, tasks: set[asyncio.Task[object]]
) -> None:
    """Take connections; which certificate is shown is known by the address that was called."""
    loop = asyncio.get_running_loop()
    while True:
        connection, _ = await loop.sock_accept(listening)
        context = certificates.context(connection.getsockname()[0]) if certificates else None
        keep(tasks, loop.connect_accepted_socket(lambda: Connection(sites), connection, ssl=context))


def keep(tasks: set[asyncio.Task[object]], work: object) -> None:
    async def quietly() -> None:
        try:
            await work  # type: ignore[misc]
        except OSError:  # the other side went away, or did not like the certificate
            return

    task: asyncio.Task[object] = asyncio.ensure_future(quietly())
    tasks.add(task)
    task.add_done_callback(tasks.discard)


async def main() -> None:
    seed, large, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    sites, certificates = Sites(seed, large), Certificates(folder)
    tasks: set[asyncio.Task[object]] = set()
    ports = {"plain": await listen(sites, None, tasks), "tls": await listen(sites, certificates, tasks)}
    (folder / "ports.json").write_text(json.dumps(ports))
    await serve_async({"open": sites.open, "advance": sites.advance, "take": sites.take, "release": sites.release})
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
