"""The steps, in their order: the only room that knows how an article travels.

    polling     fetch → parse → articles → known? → matches → decisions → one transaction
    reading     fetch → extract the page → matches → decisions → one transaction
    telling     conditions that are due → messages → one transaction
    delivering  claim → notice → send → decide → record

What is decided is decided in the pure rooms; what is done is done behind the ports. A step handles its own failures:
whatever happens, its rows stay as they were or say what happened.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from tocsin.model import AttemptDecision, ClaimedDelivery, DueFeed, DuePage
from tocsin.pipeline.delivering import Delivering
from tocsin.pipeline.polling import PATIENCE, PollEnd, Polling
from tocsin.pipeline.reading import PageReading
from tocsin.pipeline.telling import Telling
from tocsin.pipeline.tools import Configuration, Tools
from tocsin.ports import DueWork, Work

__all__ = [
    "MOST_POLLS",
    "MOST_READS",
    "MOST_SENDS",
    "PATIENCE",
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
}

#: How long a unit of work is ours. Longer than it can take, so that nobody else begins it while it runs.
POLL_LEASE = timedelta(minutes=5)
PAGE_LEASE = timedelta(minutes=2)
SEND_LEASE = timedelta(minutes=2)


class Pipeline:
    """The steps over one set of ports; implements `tocsin.ports.Steps`."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._polling = Polling(tools)
        self._reading = PageReading(tools)
        self._telling = Telling(tools)
        self._delivering = Delivering(tools)

    # ------------------------------------------------------------------------------------------------------------
    # What a runner drives

    async def due_lanes(self) -> Mapping[str, int]:
        """Return the lanes that have work due, each with how many units may run in it at a time."""
        now, store = self._tools.clock(), self._tools.store
        lanes = {lane_of(channel): MOST_SENDS for channel in await store.due_channels(now)}
        return lanes | {work.value: _WIDTHS[work] for work in await store.due_work(now)}

    async def claim(self, lane: str, limit: int) -> Sequence[Work]:
        """Claim up to `limit` units of work of a lane."""
        now = self._tools.clock()
        match lane:
            case DueWork.FEEDS:
                return [partial(self.poll_feed, due) for due in await self.claim_feeds(now, limit)]
            case DueWork.PAGES:
                return [partial(self.read_page, due) for due in await self.claim_pages(now, limit)]
            case DueWork.LATE_PAGES:
                return [partial(self.read_page, due) for due in await self.claim_pages(now, limit, late=True)]
            case DueWork.TELLINGS:
                return [self.tell] if DueWork.TELLINGS in await self._tools.store.due_work(now) else []
            case _:
                items = await self.claim_deliveries(channel_of(lane), now, limit)
                return [partial(self.deliver, item) for item in items]

    async def beat(self) -> None:
        """Note that the daemon is alive."""
        await self._tools.store.record_tick(self._tools.owner, self._tools.clock())

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

    async def claim_deliveries(self, channel: str, due_by: datetime, limit: int) -> Sequence[ClaimedDelivery]:
        """Lease deliveries of a channel that are due by then."""
        tools = self._tools
        return await tools.store.claim_due_deliveries(
            tools.owner, channel, tools.clock(), SEND_LEASE, limit, due_by=due_by
        )

    # ------------------------------------------------------------------------------------------------------------
    # The steps

    async def poll_feed(self, due: DueFeed) -> PollEnd:
        """Fetch a feed, decide what its articles ring, and store all of it in one transaction."""
        return await self._polling.poll(due)

    async def read_page(self, due: DuePage) -> bool:
        """Read the page behind an entry and decide upon its article; tell whether that was stored."""
        return await self._reading.read(due)

    async def tell(self) -> None:
        """Tell people of conditions that began or ended."""
        await self._telling.tell()

    async def deliver(self, claimed: ClaimedDelivery) -> AttemptDecision | None:
        """Try a delivery once and store what came of it; None where that could not be stored."""
        return await self._delivering.deliver(claimed)


def lane_of(channel: str) -> str:
    """Return the lane of a channel."""
    return f"to {channel}"


def channel_of(lane: str) -> str:
    """Return the channel of a lane."""
    return lane.removeprefix("to ")
