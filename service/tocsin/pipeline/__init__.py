"""The steps, in their order: the only room that knows how an article travels.

    polling     fetch → parse → articles → known? → furniture → matches → stories → decisions → one transaction
    reading     fetch → extract the page → furniture → matches → stories → decisions → one transaction
    holding     alerts that waited for more outlets long enough → dropped
    flushing    groups, digests and what was held, when they are due → what is sent of each → one transaction
    telling     conditions that are due → messages → one transaction
    heart       work is done in time, and stored → a sign of life
    delivering  claim → notice → send → decide → record
    pruning     what is old and done with → taken out, in small transactions

What is decided is decided in the pure rooms; what is done is done behind the ports. A step handles its own failures:
whatever happens, its rows stay as they were or say what happened.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from tocsin.log import Event
from tocsin.model import AlertRecord, AttemptDecision, ClaimedDelivery, DueFeed, DuePage, StoredArticle
from tocsin.pipeline.delivering import SEND_LEASE, Delivering
from tocsin.pipeline.flushing import Flushing
from tocsin.pipeline.heart import Heart
from tocsin.pipeline.holding import Holding
from tocsin.pipeline.polling import PATIENCE, PollEnd, Polling
from tocsin.pipeline.pruning import Pruning
from tocsin.pipeline.reading import PageReading
from tocsin.pipeline.replaying import Replaying
from tocsin.pipeline.telling import Telling
from tocsin.pipeline.tools import Cell, Configuration, Tools
from tocsin.ports import DueWork, Work

__all__ = [
    "MOST_POLLS",
    "MOST_READS",
    "MOST_SENDS",
    "PATIENCE",
    "SEND_LEASE",
    "Cell",
    "Configuration",
    "Pipeline",
    "PollEnd",
    "Tools",
    "channel_of",
    "lane_of",
]

#: How many units run at a time: polls, pages that are read, sends to one channel, of the others.
MOST_POLLS, MOST_READS, MOST_SENDS, MOST_OTHERS = 32, 16, 4, 1

#: The lanes by the work that is due; each channel is a lane of its own, by the name "to <channel>".
_WIDTHS = {
    DueWork.FEEDS: MOST_POLLS,
    DueWork.PAGES: MOST_READS,
    DueWork.LATE_PAGES: MOST_READS,
    DueWork.TELLINGS: MOST_OTHERS,
    DueWork.HOLDS: MOST_OTHERS,
    DueWork.BATCHES: MOST_OTHERS,
    DueWork.CHORES: MOST_OTHERS,
}

#: The lane of the sign that all is well.
HEART = "heartbeat"

#: A clock that goes back by less is set, as clocks are, and nothing waits noticeably longer.
STEADY = timedelta(minutes=1)

#: How long a unit of work is ours. Longer than it can take, so that nobody else begins it while it runs.
POLL_LEASE = timedelta(minutes=5)
PAGE_LEASE = timedelta(minutes=2)


class Pipeline:
    """The steps over one set of ports; implements `tocsin.ports.Steps`."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._polling = Polling(tools)
        self._reading = PageReading(tools)
        self._telling = Telling(tools)
        self._holding = Holding(tools)
        self._flushing = Flushing(tools)
        self._replaying = Replaying(tools)
        self._delivering = Delivering(tools)
        self._pruning = Pruning(tools)
        self._latest: datetime | None = None  # what the clock said when it said most
        #: Steps that look for themselves for what is due, one at a time.
        self._alone: Mapping[str, Work] = {
            DueWork.TELLINGS: self.tell,
            DueWork.HOLDS: self.expire,
            DueWork.BATCHES: self.flush,
            DueWork.CHORES: self.prune,
        }
        self._heart = Heart(tools)

    # ------------------------------------------------------------------------------------------------------------
    # What a runner drives

    async def due_lanes(self) -> Mapping[str, int]:
        """Return the lanes that have work due, each with how many units may run in it at a time."""
        await self._mind_the_clock()
        now, store = self._tools.clock(), self._tools.store
        lanes = {lane_of(channel): MOST_SENDS for channel in await store.due_channels(now)}
        lanes |= {work.value: _WIDTHS[work] for work in await store.due_work(now)}
        return lanes | {HEART: MOST_OTHERS} if self._heart.is_due(now) else lanes

    async def _mind_the_clock(self) -> None:
        """Where the clock was set back, have nothing wait for the time that it was ahead of."""
        tools, now = self._tools, self._tools.clock()
        if self._latest is None:  # of the life before this one
            self._latest = await tools.store.last_tick() or now
        if self._latest - now > STEADY:
            step = self._latest - now
            await tools.store.set_back(self._latest, now)
            tools.journal.warning(Event.CLOCK_SET_BACK, detail=f"set back by {step.total_seconds():.0f} s")
            self._latest = now
        self._latest = max(self._latest, now)

    async def claim(self, lane: str, limit: int) -> Sequence[Work]:
        """Claim up to `limit` units of work of a lane."""
        async with self._tools.cell.gate:
            return await self._claim(lane, limit)

    async def _claim(self, lane: str, limit: int) -> Sequence[Work]:
        now = self._tools.clock()
        match lane:
            case DueWork.FEEDS:
                return [partial(self.poll_feed, due) for due in await self.claim_feeds(now, limit)]
            case DueWork.PAGES:
                return [partial(self.read_page, due) for due in await self.claim_pages(now, limit)]
            case DueWork.LATE_PAGES:
                return [partial(self.read_page, due) for due in await self.claim_pages(now, limit, late=True)]
            case DueWork.TELLINGS | DueWork.HOLDS | DueWork.BATCHES | DueWork.CHORES:
                return [self._alone[lane]] if lane in await self._tools.store.due_work(now) else []
            case _ if lane == HEART:
                return [self._heart.beat] if self._heart.is_due(now) else []
            case _:
                items = await self.claim_deliveries(channel_of(lane), now, limit)
                return [partial(self.deliver, item) for item in items]

    async def beat(self) -> None:
        """Note that the daemon is alive."""
        await self._tools.store.record_tick(self._tools.owner, self._tools.clock())

    def now(self) -> datetime:
        """Return the time, by the clock of the steps."""
        return self._tools.clock()

    # ------------------------------------------------------------------------------------------------------------
    # Claiming

    async def claim_feeds(self, due_by: datetime, limit: int, *, one_per_host: bool = True) -> Sequence[DueFeed]:
        """Lease feeds that are due by then."""
        tools = self._tools
        return await tools.store.claim_due_feeds(
            tools.owner, tools.clock(), POLL_LEASE, limit, due_by=due_by, one_per_host=one_per_host
        )

    async def claim_pages(self, due_by: datetime, limit: int, *, late: bool = False) -> Sequence[DuePage]:
        """Lease pages that are due by then, or those whose articles have waited long enough by then."""
        tools = self._tools
        return await tools.store.claim_due_pages(
            tools.owner, tools.clock(), PAGE_LEASE, limit, due_by=due_by, late=late
        )

    async def claim_deliveries(
        self, channel: str, due_by: datetime, limit: int, *, untried_since: datetime | None = None
    ) -> Sequence[ClaimedDelivery]:
        """Lease deliveries of a channel that are due by then, as many as it may be sent now.

        With `untried_since`, those only that nobody tried since then.
        """
        return await self._delivering.claim(channel, due_by, limit, untried_since)

    # ------------------------------------------------------------------------------------------------------------
    # The steps

    async def poll_feed(self, due: DueFeed) -> PollEnd:
        """Fetch a feed, decide what its articles ring, and store all of it in one transaction."""
        with self._heart.polling():
            return await self._polling.poll(due)

    async def read_page(self, due: DuePage) -> bool:
        """Read the page behind an entry and decide upon its article; tell whether that was stored."""
        return await self._reading.read(due)

    async def tell(self) -> None:
        """Tell people of conditions that began or ended."""
        await self._telling.tell()

    async def expire(self) -> None:
        """End the alerts that waited for more outlets long enough."""
        await self._holding.expire()

    async def prepare(self) -> None:
        """Have all be due that the configuration alone asks for: digests that are sent without alerts too."""
        await self._flushing.prepare()

    async def flush(self, *, grouped: bool = False) -> None:
        """Tell the groups, digests and held alerts that are due; with `grouped`, all groups that wait."""
        await self._flushing.flush(grouped=grouped)

    async def replay(self, stored: StoredArticle, rules: frozenset[str]) -> tuple[AlertRecord, ...]:
        """Ring what a stored article rings by today's rules and never rang; of some rules only, where any is named."""
        return await self._replaying.replay(stored, rules)

    async def release(self, silence: str) -> int:
        """Have what an ended silence kept be sent after all; return how much that is."""
        return await self._flushing.release(silence)

    async def deliver(self, claimed: ClaimedDelivery) -> AttemptDecision | None:
        """Try a delivery once and store what came of it; None where that could not be stored."""
        return await self._delivering.deliver(claimed)

    async def prune(self) -> None:
        """Take out of the database what is old and done with, if it is time for that."""
        await self._pruning.prune()


def lane_of(channel: str) -> str:
    """Return the lane of a channel."""
    return f"to {channel}"


def channel_of(lane: str) -> str:
    """Return the channel of a lane."""
    return lane.removeprefix("to ")
