"""Telling people of what the service does not see: conditions that are due → messages → one transaction."""

from collections.abc import Mapping
from dataclasses import replace

from tocsin.alerts.ops import decide_channel_tellings, decide_tellings
from tocsin.log import Event
from tocsin.model import ChannelSpec, FeedSpec
from tocsin.pipeline.tools import Configuration, Tools


class Telling:
    """The step that tells of conditions that began or ended."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def tell(self) -> None:
        """Tell of every condition whose time has come, of feeds and of channels."""
        await self._tell_channels()
        tools, configuration = self._tools, self._tools.configuration
        now = tools.clock()
        tellings = await tools.store.tellings(now)
        if not tellings.due:
            return
        record = decide_tellings(tellings, _channels(configuration), _public_feeds(configuration), now)
        if not await tools.stored(lambda: tools.store.commit_told(record), step="tell"):
            return  # another daemon did
        for condition in record.told:
            tools.journal.warning(
                Event.CONDITION_ENDED if condition.until else Event.CONDITION_STARTED,
                feed=condition.feed,
                state=condition.state.value,
                detail=condition.detail,
            )
        if record.begun:
            tools.journal.error(Event.CONDITION_STARTED, state=record.begun.state.value, detail=record.begun.detail)
        if record.messages:
            tools.wake()

    async def _tell_channels(self) -> None:
        tools, configuration = self._tools, self._tools.configuration
        now = tools.clock()
        due = await tools.store.channel_tellings(now)
        if not due:
            return
        failing = frozenset(await tools.store.failing_channels())
        record = decide_channel_tellings(due, failing, _channels(configuration), configuration.plan.channels, now)
        if not await tools.stored(lambda: tools.store.commit_channels_told(record), step="tell"):
            return  # it is not as it was; the next tick looks again
        for standing, _ in record.told:
            tools.journal.warning(
                Event.CONDITION_ENDED if standing.works_since else Event.CONDITION_STARTED,
                channel=standing.name,
                state="failing",
                detail=standing.detail,
            )
        if record.messages:
            tools.wake()


def _channels(configuration: Configuration) -> tuple[ChannelSpec, ...]:
    plan = configuration.plan
    return tuple(plan.channel_named[name] for name in plan.ops) or plan.channels


def _public_feeds(configuration: Configuration) -> Mapping[str, FeedSpec]:
    """Return the feeds without the secrets in their addresses."""
    return {feed.name: replace(feed, location=configuration.public(feed.location)) for feed in configuration.plan.feeds}
