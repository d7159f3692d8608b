"""The world around a service that is killed: feeds that publish all the time, and a receiver that cannot be relied on.

Both remember everything, so that what was published can be held against what arrived. They run in a process of their
own, which no kill reaches, and answer a few questions over HTTP.
"""

import asyncio
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import sha256
from random import Random
from urllib.request import Request, urlopen

from support.receiver import Cut, Received, Receiver, Reply

FEEDS = 4
KEPT = 5  # entries that stay in a feed though the service has told that it knows them
LATE = 2.5  # seconds, longer than the service waits for an answer
HOOK = "/hook"
PAGE = "/page/"
PAGED = 8  # of so many entries, one gives a summary only
FILLER = (
    "The stalls along the quay stood open until late, and the band of the fire brigade played. " * 15
)  # a full text


class Fate(StrEnum):
    """What becomes of a request to the receiver."""

    ANSWERED = "answered"
    FAILED = "failed"  # 500, not accepted
    LIMITED = "limited"  # 429 with Retry-After, not accepted
    CUT = "cut"  # accepted, the connection closed without an answer
    LATE = "late"  # accepted, answered after the service gave up waiting

    @property
    def accepted(self) -> bool:
        """Whether the receiver has it, whatever the service knows of that."""
        return self not in {Fate.FAILED, Fate.LIMITED}


CHANCES = {Fate.FAILED: 0.15, Fate.LIMITED: 0.07, Fate.CUT: 0.05, Fate.LATE: 0.03}
REPLIES = {
    Fate.ANSWERED: Reply(),
    Fate.FAILED: Reply(status=500),
    Fate.LIMITED: Reply(status=429, headers={"retry-after": "1"}),
    Fate.CUT: Reply(cut=Cut.UNANSWERED),
    Fate.LATE: Reply(delay=LATE),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An entry of a feed, known by its number; `rings` tells whether the rule is to ring for it.

    Of some entries the feed gives a summary only, and what makes the rule ring stands on their pages.
    """

    number: int
    rings: bool

    @property
    def is_paged(self) -> bool:
        """Whether the feed gives a summary only."""
        return self.number % PAGED == 0

    @property
    def text(self) -> str:
        """All that the report says."""
        words = "the invasion that all had feared began" if self.rings else "the harbour fair was opened"
        return f"On day {self.number} {words}, the Example Herald says. {FILLER}"

    def xml(self, page: str) -> str:
        """The entry as RSS; `page` is where its page is."""
        text = f"Day {self.number} was a long one …" if self.is_paged else self.text
        link = page if self.is_paged else f"https://herald.example.org/{self.number}"
        return (
            f"<item><guid isPermaLink='false'>urn:example:{self.number}</guid>"
            f"<title>Report number {self.number}</title><link>{link}</link><description>{text}</description></item>"
        )

    @property
    def html(self) -> str:
        """The page of the entry."""
        return f"<!doctype html><html><body><article><h1>Report {self.number}</h1><p>{self.text}</p></article></body>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A request to the receiver: which item it tells of under which ids, and what became of it."""

    item: int
    alert: str
    webhook_id: str
    digest: str  # of the body
    fate: Fate


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All that was published, and all that came to the receiver."""

    items: Sequence[Item]
    receipts: Sequence[Receipt]


class Feed:
    """A feed that is honest about its state: its ETag names the entries published so far.

    An entry leaves it only once the service has asked with an ETag that covers it. A service that kept an ETag
    without what stood under it has lost that for ever.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._items: list[Item] = []
        self._known = 0

    def publish(self, item: Item) -> None:
        """Add an entry."""
        self._items.append(item)

    def answer(self, asked: Received) -> Reply:
        """Answer what a service asks that may know some of it."""
        etag = f'"{self._name}-{len(self._items)}"'
        known = asked.headers.get("if-none-match", "")
        if known == etag:
            return Reply(status=304, headers={"etag": etag}, body=b"")
        if known:
            self._known = max(self._known, int(known.strip('"').rpartition("-")[2]))
        kept = self._items[max(0, self._known - KEPT) :]
        entries = "".join(item.xml(f"http://{asked.headers.get('host', '')}{PAGE}{item.number}") for item in kept)
        document = f"<rss version='2.0'><channel><title>Feed {self._name}</title>{entries}</channel></rss>"
        return Reply(headers={"etag": etag, "content-type": "application/rss+xml"}, body=document.encode())


class World:
    """The feeds and the receiver, and what came to pass. A script for `Receiver`."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._feeds = {f"/feed/{number}": Feed(str(number)) for number in range(FEEDS)}
        self._items: list[Item] = []
        self._receipts: list[Receipt] = []
        self._publishing = True
        self._settled: set[str] = set()  # feeds that had nothing new since publishing ended

    def __call__(self, request: Received) -> Reply:
        """Answer a request of the service's, or a question of the harness's."""
        if feed := self._feeds.get(request.target):
            reply = feed.answer(request)
            if not self._publishing and reply.status == 304:
                self._settled.add(request.target)
            return reply
        if request.target.startswith(PAGE):
            page = self._items[int(request.target.removeprefix(PAGE))].html
            return Reply(headers={"content-type": "text/html; charset=utf-8"}, body=page.encode())
        if request.target == "/robots.txt":
            return Reply(status=404)
        return {HOOK: self._receive, "/stop": self._stop, "/settled": self._tell, "/history": self._recount}[
            request.target
        ](request)

    async def publish(self, rate: float) -> None:
        """Publish `rate` entries a second, each in some feed, until told to stop."""
        while self._publishing:
            item = Item(number=len(self._items), rings=self._random.random() < 0.5)
            self._items.append(item)
            self._random.choice(list(self._feeds.values())).publish(item)
            await asyncio.sleep(1 / rate)

    def _receive(self, request: Received) -> Reply:
        fate = self._random.choices([*CHANCES, Fate.ANSWERED], [*CHANCES.values(), 1 - sum(CHANCES.values())])[0]
        data = json.loads(request.body)["data"]
        receipt = Receipt(
            item=int(data["article"]["url"].rpartition("/")[2]),
            alert=data["alert_id"],
            webhook_id=request.headers["webhook-id"],
            digest=sha256(request.body).hexdigest(),
            fate=fate,
        )
        self._receipts.append(receipt)
        return REPLIES[fate]

    def _stop(self, _: Received) -> Reply:
        self._publishing = False
        return Reply()

    def _tell(self, _: Received) -> Reply:
        return Reply(body=json.dumps(self._settled == set(self._feeds)).encode())

    def _recount(self, _: Received) -> Reply:
        history = History(items=self._items, receipts=self._receipts)
        return Reply(body=json.dumps(asdict(history)).encode())


def serve(seed: int, rate: float, announce: int) -> None:
    """Be the world until killed; the URL is written to the file descriptor `announce`."""

    async def turn() -> None:
        world = World(seed)
        async with Receiver(world) as receiver:
            os.write(announce, receiver.url.encode() + b"\n")
            os.close(announce)
            await world.publish(rate)
            await asyncio.Event().wait()

    asyncio.run(turn())


# ---------------------------------------------------------------------------------------------------------------
# What the harness asks


def stop_publishing(url: str) -> None:
    """Let nothing new happen from now on."""
    _ask(f"{url}/stop")


def is_settled(url: str) -> bool:
    """Tell whether every feed was asked since publishing ended, and had nothing new."""
    return bool(json.loads(_ask(f"{url}/settled")))


def history(url: str) -> History:
    """Return all that came to pass."""
    told = json.loads(_ask(f"{url}/history"))
    receipts = [Receipt(**{**receipt, "fate": Fate(receipt["fate"])}) for receipt in told["receipts"]]
    return History(items=[Item(**item) for item in told["items"]], receipts=receipts)


def _ask(url: str) -> bytes:
    with urlopen(Request(url, headers={"connection": "close"}), timeout=10) as answer:
        return bytes(answer.read())
