"""Laws of polling and of telling that hold for all feeds, servers and times."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from support.nouns import NOON, feed
from tocsin.alerts.ops import PATIENCE, decide_tellings
from tocsin.feeds.health import BY_WEIGHT, HealthFacts, Overlap, conditions_of
from tocsin.feeds.memory import (
    MOVE_POLLS,
    ReadFacts,
    after_failure,
    after_reading,
    after_unchanged,
    asks_unconditionally,
    proven_address,
)
from tocsin.feeds.schedule import CRON_JITTER, JITTER, LONGEST_JITTER, SHORTEST, interval, next_poll
from tocsin.model import (
    NETWORK_REASONS,
    Answer,
    ChannelKind,
    ChannelSpec,
    Condition,
    Courtesy,
    FeedKind,
    FeedMemory,
    FeedSpec,
    FeedState,
    Fetched,
    FetchFailed,
    FetchReason,
    NotModified,
    OpenCondition,
    Tellings,
    ToldRecord,
    Validators,
)
from tocsin.text.cron import next_slot

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
START = datetime(2026, 1, 1, tzinfo=UTC)
DESK = ChannelSpec(name="desk", kind=ChannelKind.CONSOLE)

moments = st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
spans = st.timedeltas(timedelta(0), 20 * DAY)
courtesies = st.builds(
    Courtesy,
    fresh_for=st.none() | spans,
    at_least=st.none() | spans,
    skip_hours=st.frozensets(st.integers(0, 23), max_size=23),
    skip_days=st.frozensets(st.integers(0, 6), max_size=6),
)
crons = st.sampled_from(["*/5 * * * *", "30 7,17 * * *", "0 3 * * mon-fri", "15 * * * *"])
zones = st.sampled_from(["UTC", "Europe/Kyiv", "America/New_York"])
specs = st.one_of(
    st.builds(feed, every=st.none() | st.timedeltas(timedelta(seconds=1), 40 * DAY), name=st.text(max_size=5)),
    st.builds(feed, cron=crons, timezone=zones),
    st.builds(feed, kind=st.just(FeedKind.DIRECTORY), every=st.none() | st.just(MINUTE)),
)


@st.composite
def memories(draw: st.DrawFn, now: datetime, failing: bool | None = None) -> FeedMemory:
    """Draw what may be remembered after a poll that ended now."""
    if failing is None:
        failing = draw(st.booleans())
    since = draw(st.timedeltas(timedelta(0), 90 * DAY))
    read = draw(st.booleans()) or not failing
    return FeedMemory(
        validators_trusted=draw(st.booleans()),
        courtesy=draw(courtesies) if read else Courtesy(),
        mean_gap=draw(st.none() | st.timedeltas(timedelta(0), 400 * DAY)),
        failures=draw(st.integers(1, 10_000)) if failing else 0,
        failing_since=now - since if failing else None,
        first_success=now - 99 * DAY if read else None,
        last_success=(now - since - HOUR if failing else now) if read else None,
    )


def skipped(courtesy: Courtesy, moment: datetime) -> bool:
    return moment.hour in courtesy.skip_hours or moment.weekday() in courtesy.skip_days


# ---------------------------------------------------------------------------------------------------------------
# When a feed is polled


@given(st.data(), specs, moments, st.none() | st.timedeltas(-DAY, 30 * DAY), st.booleans())
def test_a_poll_is_never_early_and_always_comes(data, spec, now, retry_after, network_down):
    """Every lower bound holds: the interval, what server and document ask for, Retry-After; and a poll comes."""
    memory = data.draw(memories(now))
    pacing = next_poll(spec, memory, now, retry_after=retry_after, network_down=network_down)
    assert now <= pacing.not_before <= pacing.at or spec.kind is FeedKind.DIRECTORY
    if spec.kind is FeedKind.DIRECTORY:
        assert timedelta(seconds=2) <= pacing.at - now <= MINUTE
        return
    assert pacing.at >= now + min(max(retry_after or timedelta(), timedelta()), 7 * DAY)
    for bound in (memory.courtesy.fresh_for, memory.courtesy.at_least):
        assert pacing.at >= (memory.last_success or now) + min(bound or timedelta(), DAY)
    if spec.cron is None:
        unread = memory.failures and memory.first_success is None and spec.every is None
        assert pacing.at >= now + (SHORTEST if unread else interval(spec, memory.mean_gap))
        longest = max(interval(spec, memory.mean_gap), 7 * DAY, retry_after or timedelta())
    else:
        assert pacing.at > now
        longest = max(7 * DAY, min(retry_after or timedelta(), 7 * DAY)) + 4 * DAY
    assert pacing.at <= now + longest + LONGEST_JITTER + 8 * DAY  # the last for skipped hours and days


@given(st.data(), specs.filter(lambda spec: spec.kind is FeedKind.HTTP), moments)
def test_no_poll_in_skipped_hours(data, spec, now):
    """No poll comes in an hour or on a day that the document skips, but where a cron line has no other slots."""
    memory = data.draw(memories(now))
    at = next_poll(spec, memory, now).at
    if spec.cron is None or spec.cron == "15 * * * *":
        assert not skipped(memory.courtesy, at)


@given(st.data(), crons, zones, moments)
def test_a_cron_line_gives_its_slots_and_no_others(data, cron, zone, now):
    """A poll by a cron line comes at a slot or within a minute after it, whatever happened."""
    memory = data.draw(memories(now))
    at = next_poll(feed(cron=cron, timezone=zone), memory, now).at
    slot = next_slot(cron, zone, at - CRON_JITTER - timedelta(microseconds=1))
    assert slot <= at


@given(st.data(), moments, st.integers(1, 60))
def test_the_bound_of_the_back_off_grows(data, now, failures):
    """With each failure the longest possible wait doubles until it is a day, and the shortest stays the interval."""
    memory = replace(
        data.draw(memories(now, failing=True)),
        failures=failures,
        failing_since=now - 9 * DAY,
        last_success=now - 10 * DAY,
        first_success=now - 10 * DAY,
        validators_trusted=True,
        courtesy=Courtesy(),
    )
    usual = interval(feed(), memory.mean_gap)
    wait = next_poll(feed(), memory, now).at - now
    assert usual <= wait <= min(usual * 2 ** min(failures, 20), DAY) + usual * JITTER


@given(st.data(), specs, moments)
def test_the_same_facts_give_the_same_time(data, spec, now):
    """What comes of a poll is decided by its facts alone."""
    memory = data.draw(memories(now))
    assert next_poll(spec, memory, now) == next_poll(spec, memory, now)


@given(moments, st.integers(1, 9))
def test_feeds_that_fail_together_do_not_come_back_together(now, failures):
    """Of a hundred feeds that fail at the same time, no two come back in the same second, and few in one minute."""
    memory = FeedMemory(failures=failures, failing_since=now, first_success=now - DAY, last_success=now - HOUR)
    times = [next_poll(feed(name=f"Feed {number}"), memory, now).at for number in range(100)]
    assert len(set(times)) == 100
    assert max(sum(time <= other < time + MINUTE for other in times) for time in times) <= 25


# ---------------------------------------------------------------------------------------------------------------
# A life of a feed: what is remembered, what holds, what is told

failures = st.builds(
    FetchFailed,
    reason=st.sampled_from(list(FetchReason)),
    detail=st.just("it went wrong"),
    status=st.none() | st.sampled_from([404, 410, 500]),
)
answers = st.builds(
    Answer,
    fresh_for=st.none() | spans,
    moved_to=st.none() | st.sampled_from(["https://a.example/rss", "https://b.example/rss"]),
    clock_offset=st.none() | st.timedeltas(-3 * HOUR, 3 * HOUR),
)
validators = st.builds(Validators, etag=st.none() | st.sampled_from(['"1"', '"2"']), source=st.just("x"))
readings = st.builds(
    Fetched,
    documents=st.just(()),
    url=st.just("https://herald.example.org/rss"),
    validators=validators,
    fingerprint=st.sampled_from("abc"),
    received=st.just(1),
    answer=answers,
    partial=st.booleans(),
)
unmodified = st.builds(NotModified, validators=validators, answer=answers, same_body=st.booleans())
polls = st.tuples(
    st.timedeltas(MINUTE, 12 * DAY),
    st.one_of(failures, readings, unmodified),
    st.integers(0, 12),
    st.sampled_from(list(Overlap)),
)


def after(memory: FeedMemory, outcome: object, new: int, now: datetime, *, unconditional: bool) -> FeedMemory:
    match outcome:
        case FetchFailed():
            return after_failure(memory, outcome, now)
        case NotModified():
            return after_unchanged(memory, outcome, now, unconditional=unconditional)
        case Fetched():
            dates = tuple(now - number * HOUR for number in range(new))
            facts = ReadFacts(courtesy=Courtesy(), published=dates, new=new)
            return after_reading(memory, outcome, facts, now, unconditional=unconditional)
    raise AssertionError


class Rows:
    """The rows of conditions, as storage keeps them: begun, ended, told."""

    def __init__(self) -> None:
        self.open: dict[tuple[str, FeedState], OpenCondition] = {}
        self.ended: list[OpenCondition] = []
        self.tell_at: dict[tuple[str, FeedState], datetime] = {}
        self.messages: list[tuple[str, str, str]] = []
        self.ids: set[str] = set()

    def held(self, name: str) -> frozenset[FeedState]:
        return frozenset(state for feed_name, state in self.open if feed_name == name)

    def note(self, name: str, conditions: tuple[Condition, ...], now: datetime, reason: FetchReason | None) -> None:
        holding = {condition.state: condition for condition in conditions}
        for state in self.held(name) - set(holding):
            ended = self.open.pop((name, state))
            if ended.told:
                self.ended.append(replace(ended, until=now))
        for state, condition in holding.items():
            if (name, state) not in self.open:
                self.open[name, state] = OpenCondition(
                    feed=name, state=state, since=now, until=None, detail=condition.detail, told=False
                )
                self.tell_at[name, state] = condition.tell_at
        for key, row in self.open.items():
            if key[0] == name:
                self.open[key] = replace(row, reason=reason)

    def tell(self, feeds: Mapping[str, FeedSpec], now: datetime, *, lost: int) -> ToldRecord:
        down = self.open.get(("", FeedState.NETWORK_DOWN))
        due = [row for key, row in self.open.items() if not row.told and self.tell_at[key] <= now]
        tellings = Tellings(
            due=(*due, *self.ended), http_feeds=len(feeds), hosts=len(feeds), unreachable=lost, network_down=down
        )
        record = decide_tellings(tellings, [DESK], feeds, now)
        for told in record.told:
            if told.until is None:
                self.open[told.feed, told.state] = replace(told, told=True)
        self.ended = [row for row in self.ended if row not in record.told]
        for later, at in record.postponed:
            assert at > now
            self.tell_at[later.feed, later.state] = at
        if record.begun:
            self.open["", record.begun.state] = OpenCondition(
                feed="", state=record.begun.state, since=now, until=None, detail=record.begun.detail, told=True
            )
        for message in record.messages:
            assert message.id not in self.ids, "told twice"
            self.ids.add(message.id)
            data = message.payload["data"]
            name = data["feed"]["name"] if "feed" in data else ""
            self.messages.append((name, data["state"], data["change"]))
        return record

    def network_answers(self, now: datetime) -> None:
        if down := self.open.pop(("", FeedState.NETWORK_DOWN), None):
            self.ended.append(replace(down, until=now))
            self.tell_at = {key: max(at, now + PATIENCE) for key, at in self.tell_at.items()}


@settings(max_examples=60, deadline=None)
@given(st.lists(polls, max_size=40))
def test_states_begin_and_end_in_pairs(life):
    """Through any life of a feed a condition's messages alternate, beginning first, and none comes twice."""
    memory, now, rows, spec = FeedMemory(), START, Rows(), feed(name="Herald")
    for pause, outcome, new, overlap in life:
        now += pause
        unconditional = asks_unconditionally(memory, now)
        memory = after(memory, outcome, new, now, unconditional=unconditional)
        failure = outcome if isinstance(outcome, FetchFailed) else None
        facts = HealthFacts(
            feed=spec,
            memory=memory,
            now=now,
            held=rows.held("Herald"),
            failure=failure,
            overlap=Overlap.UNKNOWN if failure else overlap,
            clock_offset=None if failure else outcome.answer.clock_offset,
            fetched=isinstance(outcome, Fetched),
        )
        conditions = conditions_of(facts)
        states = [condition.state for condition in conditions]
        assert states == sorted(set(states), key=BY_WEIGHT.index)
        assert bool(failure) == bool({FeedState.FAILING, FeedState.NOT_A_FEED, FeedState.GONE}.intersection(states))
        rows.note("Herald", conditions, now, failure.reason if failure else None)
        for _ in range(2):  # the second time there is nothing left to tell
            record = rows.tell({"Herald": spec}, now, lost=0)
        assert not record.messages
    for state in BY_WEIGHT:
        changes = [change for _, told, change in rows.messages if told == state]
        if state not in {FeedState.LOST, FeedState.GONE}:  # whose end may be said by that of another
            assert changes == ["began", "ended"] * (len(changes) // 2) + ["began"] * (len(changes) % 2)
        assert changes.count("ended") <= changes.count("began") <= changes.count("ended") + len(changes)


@settings(max_examples=60, deadline=None)
@given(st.lists(polls, max_size=40))
def test_what_is_remembered_hangs_together(life):
    """Counts, times and moves agree with each other after whatever sequence of polls."""
    memory, now = FeedMemory(), START
    for pause, outcome, new, _ in life:
        now += pause
        before, memory = memory, after(memory, outcome, new, now, unconditional=asks_unconditionally(memory, now))
        assert (memory.failures > 0) is (memory.failing_since is not None) is isinstance(outcome, FetchFailed)
        if isinstance(outcome, FetchFailed):
            assert memory.validators == before.validators
        else:
            assert memory.validators == outcome.validators
            assert memory.last_success == now
        assert before.validators_trusted or not memory.validators_trusted
        if proven_address(memory, now):
            assert memory.move.polls >= MOVE_POLLS
            assert memory.move.since <= now - DAY
        assert memory.mean_gap is None or memory.mean_gap >= timedelta()


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 12),
    st.timedeltas(30 * MINUTE, 30 * HOUR),
    st.sampled_from(sorted(NETWORK_REASONS)),
    st.integers(0, 2**32),
)
def test_an_outage_over_all_feeds_is_one_message_and_one_at_its_end(count, lasts, reason, seed):
    """While our network is down every feed fails, and people get one message when it begins and one when it ends."""
    feeds = {f"Feed {number}": feed(name=f"Feed {number}", host=f"{number}.example") for number in range(count)}
    memories = dict.fromkeys(feeds, FeedMemory(first_success=START, last_success=NOON, mean_gap=HOUR))
    due = {name: NOON + timedelta(seconds=(seed >> place) % 1800) for place, name in enumerate(feeds)}
    rows, begins, ends = Rows(), NOON + 10 * MINUTE, NOON + 10 * MINUTE + lasts
    lost: set[str] = set()
    now = NOON
    while now < ends + 6 * HOUR:
        now += MINUTE
        for name in [name for name, at in due.items() if at <= now]:
            fails = begins <= now < ends
            outcome = FetchFailed(reason=reason, detail="no answer") if fails else NotModified(validators=Validators())
            memory = after(memories[name], outcome, 0, now, unconditional=False)
            memory = replace(memory, last_new=now)  # nothing of this is about silence
            if fails:
                lost.add(name)
            else:
                lost.discard(name)
                if ("", FeedState.NETWORK_DOWN) in rows.open:
                    rows.network_answers(now)
                    due |= {other: min(due[other], now + MINUTE) for other in lost}
            failure = outcome if isinstance(outcome, FetchFailed) else None
            held = rows.held(name)
            facts = HealthFacts(feed=feeds[name], memory=memory, now=now, held=held, failure=failure, fetched=not fails)
            rows.note(name, conditions_of(facts), now, failure.reason if failure else None)
            memories[name] = memory
            down = ("", FeedState.NETWORK_DOWN) in rows.open
            due[name] = min(next_poll(feeds[name], memory, now, network_down=down).at, now + HOUR)
        rows.tell(feeds, now, lost=len(lost))
    about_network = [change for name, _, change in rows.messages if not name]
    assert [name for name, _, _ in rows.messages if name] == []
    assert about_network in (["began", "ended"], []) if lasts < 3 * HOUR else about_network == ["began", "ended"]
