"""From alerts that ring to their ways: what is sent now, what waits and for what, and what is kept."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tocsin.alerts.grouping import Sending, SendingFacts, batches_of, decide_sending
from tocsin.alerts.ring import alert_message, dispatch_record
from tocsin.alerts.routing import RouteFacts
from tocsin.model import (
    AlertRecord,
    Batch,
    BatchStanding,
    DispatchRecord,
    DispatchState,
    MessageRecord,
    Rule,
    StoryStanding,
    Traffic,
    Way,
)
from tocsin.pipeline.tools import Configuration, Tools
from tocsin.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """An alert that rings, with what decides where it goes."""

    alert: AlertRecord
    rule: Rule
    route: RouteFacts
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The rows of alerts on their ways."""

    batches: tuple[Batch, ...] = ()
    dispatches: tuple[DispatchRecord, ...] = ()
    messages: tuple[MessageRecord, ...] = ()


async def send_all(
    tools: Tools,
    configuration: Configuration,
    rung: Sequence[Rung],
    standings: Mapping[str, StoryStanding],
    at: datetime,
) -> Sent:
    """Decide when the alerts that ring at that time are sent, in their order."""
    if not rung:
        return Sent()
    ways = _ways(configuration.plan, rung, standings)
    limits = {(facts.route.rule, facts.way.channel): facts.max_per_hour for _, facts in ways}
    named = sorted({batch for _, facts in ways for batch in batches_of(facts)})
    traffic = await tools.store.traffic(named, limits, at)
    desk = _Desk(tally=_Tally(traffic), plan=configuration.plan, at=at)
    for alert, facts in ways:
        desk.send(alert, facts)
    return Sent(batches=tuple(desk.batches.values()), dispatches=tuple(desk.dispatches), messages=tuple(desk.messages))


def _ways(
    plan: Plan, rung: Sequence[Rung], standings: Mapping[str, StoryStanding]
) -> Sequence[tuple[AlertRecord, SendingFacts]]:
    """Pair each alert that rings with each of its ways."""
    rang: defaultdict[str, set[str]] = defaultdict(set)
    for item in rung:
        rang[item.alert.story_id].add(item.rule.name)
    for story, standing in standings.items():
        rang[story].update(alert.rule_name for alert in standing.alerts)
    return [
        (
            item.alert,
            SendingFacts(
                route=item.route,
                alert_id=item.alert.id,
                story_id=item.alert.story_id,
                way=way,
                max_per_hour=item.rule.max_per_hour,
                hidden=_is_hidden(plan, item.rule.name, rang[item.alert.story_id]),
            ),
        )
        for item in rung
        for way in item.ways
    ]


def _is_hidden(plan: Plan, rule: str, rang: set[str]) -> bool:
    return any(rule in item.hides and item.rule in rang for item in plan.inhibitions if item.rule != rule)


class _Tally:
    """Traffic as of now: what was stored, and what was decided since."""

    def __init__(self, stored: Traffic) -> None:
        self._silences = stored.silences
        self._batches = dict(stored.batches)
        self._recent = dict(stored.recent)
        self._backlogged = stored.backlogged

    @property
    def now(self) -> Traffic:
        return Traffic(silences=self._silences, batches=self._batches, recent=self._recent, backlogged=self._backlogged)

    def count(self, facts: SendingFacts, sending: Sending, at: datetime) -> None:
        """Take note of what was decided."""
        way = facts.route.rule, facts.way.channel
        if sending.counted:
            self._recent[way] = (*self._recent.get(way, ()), at)[-facts.max_per_hour :]
        if batch := sending.batch:
            before = self._batches.get(batch.id)
            self._batches[batch.id] = BatchStanding(due=batch.due, flushed=before.flushed if before else None)


@dataclass(slots=True)
class _Desk:
    """Decides alert by alert and way by way, and keeps what is to be stored."""

    tally: _Tally
    plan: Plan
    at: datetime
    batches: dict[str, Batch] = field(default_factory=dict)
    dispatches: list[DispatchRecord] = field(default_factory=list)
    messages: list[MessageRecord] = field(default_factory=list)

    def send(self, alert: AlertRecord, facts: SendingFacts) -> None:
        """Put down an alert's way, and its message where that is due now."""
        sending = decide_sending(facts, self.tally.now, self.at)
        self.tally.count(facts, sending, self.at)
        channel = self.plan.channel_named[facts.way.channel]
        dispatch = dispatch_record(alert, channel.name, sending)
        self.dispatches.append(dispatch)
        if sending.batch:
            self.batches.setdefault(sending.batch.id, sending.batch)
        elif sending.state is DispatchState.WAITING:
            self.messages.append(alert_message(alert.id, alert.data, dispatch.id, channel, self.at))
