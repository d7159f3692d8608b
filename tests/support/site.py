"""A publisher on loopback: feeds that the test edits, served with entity tags."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import sha256
from xml.sax.saxutils import escape

from support.receiver import Received, Receiver, Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An entry of a feed; its text is HTML."""

    id: str
    title: str
    text: str = ""
    url: str | None = None
    published: datetime | None = None


def rss(*items: Item, language: str = "en") -> bytes:
    """Write items as RSS 2.0."""
    body = "".join(
        f"<item><guid isPermaLink='false'>{escape(item.id)}</guid><title>{escape(item.title)}</title>"
        + (f"<link>{escape(item.url)}</link>" if item.url else "")
        + (f"<pubDate>{format_datetime(item.published)}</pubDate>" if item.published else "")
        + f"<description>{escape(item.text)}</description></item>"
        for item in items
    )
    head = f"<title>Example Herald</title><link>https://herald.example.org/</link><language>{language}</language>"
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{body}</channel></rss>'.encode()


def atom(*items: Item) -> bytes:
    """Write items as Atom 1.0."""
    body = "".join(
        f"<entry><id>{escape(item.id)}</id><title>{escape(item.title)}</title>"
        + (f'<link href="{escape(item.url)}"/>' if item.url else "")
        + f"<updated>{(item.published or datetime(2026, 3, 1, tzinfo=UTC)).isoformat()}</updated>"
        + f'<content type="html">{escape(item.text)}</content></entry>'
        for item in items
    )
    head = "<id>urn:tribune</id><title>Example Tribune</title><updated>2026-03-01T00:00:00Z</updated>"
    return f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">{head}{body}</feed>'.encode()


class Site(Receiver):
    """Serves `pages` by their path, and answers 304 to who has a page already; what is not there is a 404."""

    def __init__(
        self, pages: Mapping[str, bytes | Reply] | None = None, *, address: str = "127.0.0.1", port: int = 0
    ) -> None:
        super().__init__(self._answer, address=address, port=port)
        self.pages: dict[str, bytes | Reply] = dict(pages or {})

    def _answer(self, request: Received) -> Reply:
        page = self.pages.get(request.target, Reply(status=404))
        if isinstance(page, Reply):
            return page
        tag = f'W/"{sha256(page).hexdigest()[:8]}"'
        if request.headers.get("if-none-match") == tag:
            return Reply(status=304, headers={"etag": tag})
        return Reply(headers={"etag": tag, "content-type": "application/xml"}, body=page)
