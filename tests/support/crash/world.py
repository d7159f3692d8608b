"""The world around a service that is killed: feeds that publish all the time, and a receiver that cannot be relied on.

Both remember everything, so that what was published can be held against what arrived. They run in a process of their
own, which no kill reaches, and answer a few questions over HTTP.
"""

import asyncio
import json
import os
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from hashlib import sha256
from random import Random
from urllib.request import Request, urlopen

from support.receiver import Cut, Received, Receiver, Reply

FEEDS = 6
LATE = 2.5  # seconds, longer than the service waits for an answer
RECEIVING = "127.0.0.1"
FEEDING = tuple(f"127.0.0.{number + 2}" for number in range(FEEDS))  # a host for each feed: one host is asked slowly
AT_ONCE, GROUPED = HOOKS = ("/hook", "/grouped")  # where alerts go, one at a time and in groups
PAGE = "/page/"
OUTLETS = 7
PAGED = 8  # of so many entries, one gives a summary only
RECENT = 12  # reports that are copied
SENTENCES = 20  # of a full text
WORDS = """
    anchor apron attic bakery ballad barge barrel basket beacon bellows bench blanket boat bridge broom bucket button
    cabin candle canvas carpet cellar chapel chimney cider clerk cloak cobbler cottage cradle creek crate cushion dairy
    dock drum dune easel engine farmer feather fiddle flute forge fountain gable garden gate glove granary hammer heron
    hedge helmet hill hinge horn inn island jacket jar kettle kiln kitchen ladder lamp lantern lighthouse loom lumber
    mantle market meadow medal mill mirror mortar needle nest oar orchard organ oven paddle parade pasture pebble pier
    pillow plough pond porter pottery quarry quilt raft railing ribbon ridge rope saddle sailor scarf shed shovel sledge
    spire stable steeple stove stream tannery tavern tent thimble timber tower trumpet tunnel valley vessel village
    wagon walnut wharf wheel whistle willow window workshop yard
""".split()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """How the world publishes."""

    rate: float = 4.0  # entries a second
    stock: int = 0  # entries that are there from the beginning
    copied: float = 0.4  # of the entries carry a report that another feed had
    kept: int = 5  # entries stay in a feed though the service has told that it knows them


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


CHANCES = {Fate.FAILED: 0.15, Fate.LIMITED: 0.02, Fate.CUT: 0.05, Fate.LATE: 0.03}
REPLIES = {
    Fate.ANSWERED: Reply(),
    Fate.FAILED: Reply(status=500),
    Fate.LIMITED: Reply(status=429, headers={"retry-after": "1"}),
    Fate.CUT: Reply(cut=Cut.UNANSWERED),
    Fate.LATE: Reply(delay=LATE),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An entry of a feed, known by its number; `rings` tells whether the rule is to ring for its `report`.

    Several entries may carry one report, each in another feed, under a title of its own. Of some entries the feed gives
    a summary only, and what makes the rule ring stands on their pages.
    """

    number: int
    report: int
    rings: bool

    @property
    def is_paged(self) -> bool:
        """Whether the feed gives a summary only."""
        return self.number % PAGED == 0

    @property
    def text(self) -> str:
        """All that the report says."""
        words = "the invasion that all had feared began" if self.rings else "the harbour fair was opened"
        luck = Random(self.report)
        sentences = (" ".join(luck.choices(WORDS, k=12)).capitalize() + "." for _ in range(SENTENCES))
        return f"On day {self.report} {words}, the Example Herald says. {' '.join(sentences)}"

    def xml(self, page: str) -> str:
        """The entry as RSS; `page` is where its page is."""
        words = " ".join(Random(-self.report).choices(WORDS, k=8))
        text = f"Of the {words} …" if self.is_paged else self.text
        link = page if self.is_paged else f"https://outlet{self.number % OUTLETS}.example/{self.number}"
        return (
            f"<item><guid isPermaLink='false'>urn:example:{self.number}</guid>"
            f"<title>Report number {self.number}</title><link>{link}</link><description>{text}</description></item>"
        )

    @property
    def html(self) -> str:
        """The page of the entry."""
        return f"<!doctype html><html><body><article><h1>A report</h1><p>{self.text}</p></article></body>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a request to the receiver tells of one report, under which ids, and what became of it.

    `request` is its number; one with a group tells of several reports. `update`: that more outlets have the story of
    an alert.
    """

    request: int
    hook: str
    report: int
    update: bool
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

    def __init__(self, name: str, kept: int) -> None:
        self._name = name
        self._kept = kept
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
        kept = self._items[max(0, self._known - self._kept) :]
        entries = "".join(item.xml(f"http://{asked.headers.get('host', '')}{PAGE}{item.number}") for item in kept)
        document = f"<rss version='2.0'><channel><title>Feed {self._name}</title>{entries}</channel></rss>"
        return Reply(headers={"etag": etag, "content-type": "application/rss+xml"}, body=document.encode())


class World:
    """The feeds and the receiver, and what came to pass. A script for `Receiver`."""

    def __init__(self, seed: int, ways: Ways) -> None:
        self._random = Random(seed)
        self._ways = ways
        self._feeds = {f"/feed/{number}": Feed(str(number), ways.kept) for number in range(FEEDS)}
        self._items: list[Item] = []
        self._holders: list[tuple[Item, set[str]]] = []  # each report's first entry, and the feeds that have it
        self._receipts: list[Receipt] = []
        self._received = 0
        self._publishing = True
        self._settled: set[str] = set()  # feeds that had nothing new since publishing ended
        for _ in range(ways.stock):
            self._publish_one()

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
        if request.target in HOOKS:
            return self._receive(request)
        return {"/stop": self._stop, "/settled": self._tell, "/history": self._recount}[request.target](request)

    async def publish(self) -> None:
        """Publish entries, each in some feed, until told to stop."""
        while self._publishing:
            self._publish_one()
            await asyncio.sleep(1 / self._ways.rate)

    def _publish_one(self) -> None:
        feed, item = self._next()
        self._items.append(item)
        self._feeds[feed].publish(item)

    def _next(self) -> tuple[str, Item]:
        """Return the next entry and its feed: one of a new report, or of one that some other feed had lately."""
        number, luck = len(self._items), self._random
        if self._holders and luck.random() < self._ways.copied:
            first, holders = luck.choice(self._holders[-RECENT:])
            if others := [feed for feed in self._feeds if feed not in holders]:
                feed = luck.choice(others)
                holders.add(feed)
                return feed, replace(first, number=number)
        feed = luck.choice(list(self._feeds))
        item = Item(number=number, report=len(self._holders), rings=luck.random() < 0.5)
        self._holders.append((item, {feed}))
        return feed, item

    def _receive(self, request: Received) -> Reply:
        fate = self._random.choices([*CHANCES, Fate.ANSWERED], [*CHANCES.values(), 1 - sum(CHANCES.values())])[0]
        payload = json.loads(request.body)
        data = payload["data"]
        self._received += 1
        self._receipts += (
            Receipt(
                request=self._received,
                hook=request.target,
                report=self._items[int(alert["article"]["url"].rpartition("/")[2])].report,
                update=payload["type"] == "alert.updated",
                alert=alert["alert_id"],
                webhook_id=request.headers["webhook-id"],
                digest=sha256(request.body).hexdigest(),
                fate=fate,
            )
            for alert in data.get("alerts", [data] if "alert_id" in data else [])  # none in a report on the service
        )
        return REPLIES[fate]

    def _stop(self, _: Received) -> Reply:
        self._publishing = False
        return Reply()

    def _tell(self, _: Received) -> Reply:
        return Reply(body=json.dumps(self._settled == set(self._feeds)).encode())

    def _recount(self, _: Received) -> Reply:
        history = History(items=self._items, receipts=self._receipts)
        return Reply(body=json.dumps(asdict(history)).encode())


def serve(seed: int, ways: Ways, announce: int) -> None:
    """Be the world until killed; the URL is written to the file descriptor `announce`."""

    async def turn() -> None:
        world = World(seed, ways)
        async with AsyncExitStack() as stack:
            receiver = await stack.enter_async_context(Receiver(world, address=RECEIVING))
            for host in FEEDING:
                await stack.enter_async_context(Receiver(world, address=host, port=receiver.port))
            os.write(announce, receiver.url.encode() + b"\n")
            os.close(announce)
            await world.publish()
            await asyncio.Event().wait()

    asyncio.run(turn())


# ---------------------------------------------------------------------------------------------------------------
# What the harness asks


def feed_url(url: str, number: int) -> str:
    """Return where a feed of the world is whose receiver is at `url`."""
    return f"{url.replace(RECEIVING, FEEDING[number])}/feed/{number}"


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
