"""What people are told of conditions: once when one begins, once when it ends, and of the network once for all feeds.

All that is due is judged together, so that an outage of ours is not told feed by feed. Of a channel that fails, others
tell. What holds is not decided here.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tocsin.alerts.ids import condition_key
from tocsin.alerts.pace import over
from tocsin.alerts.reports import render_channel_report, render_report
from tocsin.alerts.ring import ops_message
from tocsin.model import (
    NETWORK_REASONS,
    ChannelSpec,
    ChannelStanding,
    ChannelToldRecord,
    Condition,
    FeedKind,
    FeedSpec,
    FeedState,
    JsonObject,
    MessageRecord,
    OpenCondition,
    Tellings,
    ToldRecord,
)

#: How long a failure that may lie in our network is borne when it does not, and for how long an outage holds up
#: what its feeds would tell.
PATIENCE = timedelta(hours=3)

#: Fewer feeds, or hosts, that cannot be reached do not make an outage of ours.
FEWEST_FEEDS, FEWEST_HOSTS = 2, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Teller:
    """Writes messages for the channels that the service reports on itself through."""

    channels: Sequence[ChannelSpec]
    feeds: Mapping[str, FeedSpec]
    http_feeds: int
    now: datetime

    def messages(self, condition: OpenCondition, *, worth_telling: bool = True) -> Iterable[MessageRecord]:
        """Yield what is said of a condition; one that another message says too only where it closes what is open."""
        payload = render_report(condition, self._about(condition), self.now)
        key = condition_key(condition)
        return (ops_message(channel, key, payload) for channel in self.channels if worth_telling or channel.resolves)

    def _about(self, condition: OpenCondition) -> JsonObject:
        if not condition.feed:
            return {"feeds": self.http_feeds}
        feed = self.feeds.get(condition.feed)
        web = feed is not None and feed.kind is FeedKind.HTTP
        return {"feed": {"name": condition.feed, "url": feed.location if feed and web else None}}


def decide_tellings(
    tellings: Tellings,
    channels: Sequence[ChannelSpec],
    feeds: Mapping[str, FeedSpec],
    now: datetime,
) -> ToldRecord:
    """Decide what is told of the conditions that are due, and what is looked at again later.

    `channels` are those for such messages, `feeds` the configured ones by name, their locations fit to be shown.
    """
    teller = _Teller(channels=channels, feeds=feeds, http_feeds=tellings.http_feeds, now=now)
    outage = _outage(tellings, feeds, now)
    down = outage is not None or tellings.network_down is not None
    postponed = {item: later for item in tellings.due if (later := _later(item, down=down, now=now))}
    told = [item for item in tellings.due if item not in postponed]
    spoken = [item for item in told if item.until is None or item.told]
    worth = [*([outage] if outage else ()), *_worth_telling(spoken)]
    return ToldRecord(
        at=now,
        told=tuple(told),
        postponed=tuple(postponed.items()),
        begun=Condition(state=outage.state, detail=outage.detail, tell_at=now) if outage else None,
        messages=tuple(
            message
            for item in (*([outage] if outage else ()), *spoken)
            for message in teller.messages(item, worth_telling=item in worth)
        ),
    )


def _outage(tellings: Tellings, feeds: Mapping[str, FeedSpec], now: datetime) -> OpenCondition | None:
    """Return the outage of our network that begins now, if one does: feeds have failed long enough to be told of it."""
    failing = [item for item in tellings.due if _may_be_ours(item)]
    if tellings.network_down or not failing or tellings.hosts < FEWEST_HOSTS or tellings.unreachable < FEWEST_FEEDS:
        return None
    if tellings.unreachable < tellings.http_feeds and not _nothing_is_reached(tellings, failing, feeds):
        return None
    return OpenCondition(
        feed="",
        state=FeedState.NETWORK_DOWN,
        since=now,
        until=None,
        detail=f"{tellings.unreachable} of {tellings.http_feeds} feeds failed and none was read",
        told=False,
    )


def _nothing_is_reached(tellings: Tellings, failing: Sequence[OpenCondition], feeds: Mapping[str, FeedSpec]) -> bool:
    """Tell whether most feeds failed, of several hosts, and none was read since the first of them did.

    The others may not have been asked meanwhile: some feeds are asked once a day.
    """
    hosts = {feeds[item.feed].host for item in failing if item.feed in feeds}
    if 2 * tellings.unreachable < tellings.http_feeds or len(hosts) < FEWEST_HOSTS:
        return False
    return tellings.last_reached is not None and tellings.last_reached < min(item.since for item in failing)


def _may_be_ours(condition: OpenCondition) -> bool:
    """Tell whether it is a feed that cannot be reached, for a reason that may lie in our network."""
    return condition.until is None and condition.state is FeedState.FAILING and condition.reason in NETWORK_REASONS


def _later(condition: OpenCondition, *, down: bool, now: datetime) -> datetime | None:
    """Return when a feed that cannot be reached is looked at again, None where people are to be told now."""
    if not _may_be_ours(condition):
        return None
    if down:
        return now + PATIENCE
    return condition.since + PATIENCE if now < condition.since + PATIENCE else None


def _worth_telling(conditions: Sequence[OpenCondition]) -> Sequence[OpenCondition]:
    """Leave out what another message says: a feed that is read again is neither lost nor gone."""
    read_again = {(item.feed, item.until) for item in conditions if item.state in _UNREAD and item.until}
    return [
        item
        for item in conditions
        if not (item.state in _WORSE and item.until and (item.feed, item.until) in read_again)
    ]


# ---------------------------------------------------------------------------------------------------------------
# Channels


def decide_channel_tellings(
    due: Sequence[ChannelStanding],
    failing: Collection[str],
    ops: Sequence[ChannelSpec],
    channels: Sequence[ChannelSpec],
    now: datetime,
) -> ChannelToldRecord:
    """Decide what is told of channels that fail, or work again.

    `ops` are the channels for such messages, `channels` all there are, `failing` the names of those that fail.
    """
    messages: list[MessageRecord] = []
    for standing in due:
        payload = render_channel_report(standing, now)
        change = "ended" if standing.works_since else "began"
        since = (standing.failing_since or now).isoformat()
        key = f"channel\0{standing.name}\0{since}\0{change}"
        told = _others(standing.name, failing, ops, channels)
        messages += [ops_message(channel, key, payload) for channel in told]
    return ChannelToldRecord(at=now, told=tuple((item, _when_told(item)) for item in due), messages=tuple(messages))


def _when_told(standing: ChannelStanding) -> ChannelStanding:
    return over(standing) if standing.works_since else replace(standing, told=True, tell_at=None)


def _others(
    name: str, failing: Collection[str], ops: Sequence[ChannelSpec], channels: Sequence[ChannelSpec]
) -> Sequence[ChannelSpec]:
    """Return the channels that can tell of another: those for it that work, else any that works, else those for it."""
    others = [channel for channel in ops if channel.name != name]
    working = [channel for channel in others if channel.name not in failing]
    any_working = [channel for channel in channels if channel.name != name and channel.name not in failing]
    return working or any_working or others


_UNREAD = frozenset({FeedState.FAILING, FeedState.NOT_A_FEED})
_WORSE = frozenset({FeedState.LOST, FeedState.GONE})
