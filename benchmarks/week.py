"""Simulate a week of many feeds on a fake clock, with the code that really decides when a feed is polled.

`python benchmarks/week.py --feeds 10000 --days 7` makes feeds, hosts and entries up from a seed, polls as
`tocsin.feeds.schedule` and `tocsin.feeds.memory` say, one request at a time and one second apart for each host, 32 in
all, and prints how long entries waited to be seen, beside polling every 15 and every 60 minutes. Nothing is fetched.
"""

import argparse
import heapq
import math
import random
import sys
import time
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tocsin.feeds.memory import ReadFacts, after_failure, after_reading, after_unchanged, asks_unconditionally
from tocsin.feeds.schedule import UNKNOWN, next_poll
from tocsin.jitter import share
from tocsin.model import (
    Answer,
    Courtesy,
    FeedKind,
    FeedMemory,
    FeedSpec,
    Fetched,
    FetchFailed,
    FetchReason,
    NotModified,
    Validators,
)

START = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
DAY = 86_400
HISTORY = 10  # days of entries before the week begins
WINDOW = 20  # entries that a feed's document holds
IN_FLIGHT, HOST_GAP = 32, 1.0

#: Share of the feeds, and entries a day from and to.
CLASSES = {"10 and more a day": (0.15, 10, 100), "1 to 10 a day": (0.45, 1, 10), "less than 1 a day": (0.40, 0.1, 1)}

#: Share of the feeds whose server says so: max-age in seconds.
MAX_AGES = ((0.10, 60), (0.10, 300), (0.06, 900), (0.03, 3600), (0.01, 86_400))
TTL_SHARE, SKIP_SHARE, PLAIN_SHARE = 0.10, 0.02, 0.20  # a ttl of 60, skipped nights, no validators
DEAD_SHARE = 0.02  # nothing but 404

#: Share of the hosts, but of those with more than 20 feeds, which are platforms and do well: what share of requests
#: fails there, with which status, and how many seconds an answer takes; 0: as usual, up to 8.
HOST_WAYS = ((0.03, 0.2, 503, 30.0), (0.01, 0.05, 429, 0.1), (0.02, 0.0, 200, 10.0), (0.94, 0.002, 503, 0.0))
PLATFORM = 20

FIXED = (15 * 60, 60 * 60)


@dataclass(slots=True)
class Host:
    """A host: how it answers, what waits for it, and until when it is left alone."""

    fails: float  # the share of requests
    status: int  # what it says then
    seconds: float  # that an answer takes, about
    waiting: deque["Feed"] = field(default_factory=deque)
    free_at: float = 0.0
    begins: bool = False  # an event for `free_at` is in the queue
    busy_until: float = 0.0
    last_start: float = -math.inf
    last_end: float = -math.inf


@dataclass(slots=True)
class Feed:
    """A feed, its server's ways, and its entries by when they are published, in seconds from the start."""

    spec: FeedSpec
    kind: str
    host: Host
    entries: Sequence[float]
    courtesy: Courtesy
    fresh_for: timedelta | None
    validators: bool
    dead: bool
    memory: FeedMemory = field(default_factory=FeedMemory)
    seen: int = 0
    asked: float = 0.0
    last_due: float = 0.0
    polls: int = 0
    latencies: list[float] = field(default_factory=list)  # of the entries that were seen, in seconds

    @property
    def is_plain(self) -> bool:
        """Tell whether the server asks for no patience, and answers nearly always."""
        return self.courtesy == Courtesy() and self.fresh_for is None and self.host.fails < 0.01 and not self.dead


@dataclass(slots=True)
class Tally:
    """What was counted."""

    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: Counter[int] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    broken: Counter[str] = field(default_factory=Counter)
    missed: int = 0
    most_in_flight: int = 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Simulate a week of polling.")
    parser.add_argument("--feeds", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.process_time()
    feeds = list(made_up(options.feeds, options.days, random.Random(options.seed)))
    made = time.process_time()
    tally = Week(feeds, options.days, random.Random(options.seed + 1)).run()
    report(feeds, options.days, tally)
    print(f"\nprocessor time: {made - began:.0f} s to make up, {time.process_time() - made:.0f} s to poll")
    return 1 if tally.broken else 0


# ---------------------------------------------------------------------------------------------------------------
# What is made up


def made_up(count: int, days: int, chance: random.Random) -> Iterator[Feed]:
    """Yield feeds; the hosts' sizes have a heavy tail, the largest has a twentieth of them."""
    largest = max(count // 20, 1)
    hosts: list[Host] = []
    while len(hosts) < count:
        size = min(int(chance.paretovariate(0.9)), largest) if hosts else largest
        hosts += [_host(size, chance)] * size
    chance.shuffle(hosts := hosts[:count])
    kinds = chance.choices(list(CLASSES), [of for of, _, _ in CLASSES.values()], k=count)
    for number, (host, kind) in enumerate(zip(hosts, kinds, strict=True)):
        yield _feed(f"Feed {number}", host, kind, days, chance)


def _host(size: int, chance: random.Random) -> Host:
    ways = HOST_WAYS[-1:] if size > PLATFORM else HOST_WAYS
    _, fails, status, seconds = chance.choices(ways, [way[0] for way in ways])[0]
    return Host(fails=fails, status=status, seconds=seconds or min(chance.lognormvariate(-1.2, 0.8), 8.0))


def _feed(name: str, host: Host, kind: str, days: int, chance: random.Random) -> Feed:
    _, least, most = CLASSES[kind]
    rate = least * (most / least) ** chance.random()
    max_age = chance.choices([None, *(age for _, age in MAX_AGES)], [0.7, *(of for of, _ in MAX_AGES)])[0]
    return Feed(
        spec=FeedSpec(name=name, kind=FeedKind.HTTP, location=f"https://feeds.example/{name}"),
        kind=kind,
        host=host,
        entries=list(_published(rate, days, chance)),
        courtesy=Courtesy(
            at_least=timedelta(minutes=60) if chance.random() < TTL_SHARE else None,
            skip_hours=frozenset(range(6)) if chance.random() < SKIP_SHARE else frozenset(),
        ),
        fresh_for=None if max_age is None else timedelta(seconds=max_age),
        validators=chance.random() > PLAIN_SHARE,
        dead=chance.random() < DEAD_SHARE,
    )


def _published(rate: float, days: int, chance: random.Random) -> Iterator[float]:
    """Yield when entries are published: at random, twenty times as often in the afternoon as at night."""
    at, peak = float(-HISTORY * DAY), 1.9 * rate / DAY
    while (at := at + chance.expovariate(peak)) < days * DAY:
        if chance.random() * 1.9 < 1 - 0.9 * math.cos((at % DAY) / DAY * math.tau - 0.8):
            yield at


# ---------------------------------------------------------------------------------------------------------------
# The week


class Week:
    """The clock, what is due, and what is in flight."""

    def __init__(self, feeds: Sequence[Feed], days: int, chance: random.Random) -> None:
        self._feeds = feeds
        self._end = days * DAY
        self._chance = chance
        self._events: list[tuple[float, int, str, Feed]] = []
        self._number = 0
        self._in_flight = 0
        self._ready: deque[Feed] = deque()  # whose host is free, and that wait for one of the 32
        self._tally = Tally()

    def run(self) -> Tally:
        """Poll for all days, begun as a first start begins: spread over a tenth of the interval."""
        for feed in self._feeds:
            self._push(share(feed.spec.name) * UNKNOWN.total_seconds() / 10, "due", feed)
        while self._events and self._events[0][0] < self._end:
            at, _, what, feed = heapq.heappop(self._events)
            if what == "due":
                feed.last_due = at
                feed.host.waiting.append(feed)
            elif what == "free":
                feed.host.begins = False
            else:
                self._in_flight -= 1
                self._take(feed, at)
                if self._ready:
                    self._start(self._ready.popleft(), at)
            self._begin(feed.host, at)
        return self._tally

    def _push(self, at: float, what: str, feed: Feed) -> None:
        self._number += 1
        heapq.heappush(self._events, (at, self._number, what, feed))

    def _begin(self, host: Host, at: float) -> None:
        """Ask for the next feed of a host, if the host is free; else come back when it is."""
        if not host.waiting or host.begins:
            return
        free = max(host.free_at, host.busy_until)
        if free > at:
            if free < math.inf:
                host.begins = True
                self._push(free, "free", host.waiting[0])
            return
        host.free_at = math.inf  # until its answer is there
        self._ready.append(host.waiting.popleft())
        if self._in_flight < IN_FLIGHT:
            self._start(self._ready.popleft(), at)

    def _start(self, feed: Feed, at: float) -> None:
        host, tally = feed.host, self._tally
        self._audit(feed, at)
        self._in_flight += 1
        tally.most_in_flight = max(tally.most_in_flight, self._in_flight)
        feed.polls += 1
        tally.seconds[int(at)] += 1
        tally.waits.append(at - feed.last_due)
        feed.asked = host.last_start = at
        host.last_end = math.inf
        self._push(at + host.seconds * (0.5 + self._chance.random()), "answer", feed)

    def _audit(self, feed: Feed, at: float) -> None:
        """Count what must not be, by what was noted apart from what decides."""
        host, broken, read = feed.host, self._tally.broken, feed.memory.last_success
        if at - host.last_start < HOST_GAP - 1e-6:
            broken["two requests to a host in a second"] += 1
        if at < host.last_end:
            broken["two requests to a host at a time"] += 1
        if self._in_flight >= IN_FLIGHT:
            broken["more than 32 requests at a time"] += 1
        if at < host.busy_until:
            broken["a host that asked for patience"] += 1
        if read and feed.fresh_for and START + timedelta(seconds=at) < read + feed.fresh_for:
            broken["a feed that is still fresh"] += 1
        if read and int(feed.last_due % DAY) // 3600 in feed.courtesy.skip_hours:
            broken["an hour that is skipped"] += 1

    def _take(self, feed: Feed, at: float) -> None:
        """Take an answer as the pipeline does, and note when to poll next."""
        now, host = START + timedelta(seconds=at), feed.host
        host.last_end, host.free_at = at, max(at, host.last_start + HOST_GAP)
        retry_after = None
        if feed.dead or self._chance.random() < host.fails:
            self._tally.outcomes["failed"] += 1
            status = 404 if feed.dead else host.status
            if status == 429:
                retry_after = timedelta(hours=1)
                host.busy_until = at + 3600
            failure = FetchFailed(reason=FetchReason.HTTP_STATUS, detail="", status=status)
            feed.memory = after_failure(feed.memory, failure, now)
        else:
            feed.memory = self._read(feed, now)
        pacing = next_poll(feed.spec, feed.memory, now, retry_after=retry_after)
        self._push((pacing.at - START).total_seconds(), "due", feed)

    def _read(self, feed: Feed, now: datetime) -> FeedMemory:
        there = bisect_right(feed.entries, feed.asked)
        unconditional = asks_unconditionally(feed.memory, now) or not feed.validators
        answer = Answer(fresh_for=feed.fresh_for)
        validators = Validators(etag=f'"{there}"', source="x") if feed.validators else Validators()
        first = feed.memory.first_success is None
        if there == feed.seen and not first:
            self._tally.outcomes["unchanged"] += 1
            unchanged = NotModified(validators=validators, same_body=unconditional, answer=answer)
            return after_unchanged(feed.memory, unchanged, now, unconditional=unconditional)
        self._tally.outcomes["read"] += 1
        oldest = max(there - WINDOW, 0)
        if not first:
            self._tally.missed += max(oldest - feed.seen, 0)
            at = (now - START).total_seconds()
            feed.latencies += (at - when for when in feed.entries[max(feed.seen, oldest) : there])
        facts = ReadFacts(
            courtesy=feed.courtesy,
            published=tuple(START + timedelta(seconds=when) for when in feed.entries[oldest:there]),
            new=there - max(feed.seen, oldest),
        )
        feed.seen = there
        fetched = Fetched(
            documents=(), url="", validators=validators, fingerprint=str(there), received=0, answer=answer
        )
        return after_reading(feed.memory, fetched, facts, now, unconditional=unconditional)


# ---------------------------------------------------------------------------------------------------------------
# What came of it


def report(feeds: Sequence[Feed], days: int, tally: Tally) -> None:
    """Print the tables."""
    polls = sum(feed.polls for feed in feeds)
    hosts = Counter(id(feed.host) for feed in feeds)
    print(f"{len(feeds):,} feeds on {len(hosts):,} hosts (the largest has {max(hosts.values())}), {days} days")
    print(f"{polls:,} polls: " + ", ".join(f"{count / polls:.0%} {name}" for name, count in tally.outcomes.items()))
    print(f"limits of hosts broken: {dict(+tally.broken) or 'never'}; most requests at a time: {tally.most_in_flight}")
    for day in sorted({0, days - 1}):
        of_day = {second: count for second, count in tally.seconds.items() if second // DAY == day}
        most, total = max(of_day.values()), sum(of_day.values())
        print(f"day {day + 1}: busiest second {most} of {total:,} polls ({most / total:.4%})")
    waits = quantiles(tally.waits)
    print(f"seconds that a due feed waited for its host: median {waits[0]:.1f}, p95 {waits[1]:.1f}, p99 {waits[2]:.1f}")
    print(f"entries that came and went between two polls: {tally.missed:,}\n")
    print(f"{'':20}{'':12}{'requests':>10}{'minutes from published to seen':>40}")
    print(f"{'entries of a feed':20}{'polled':12}{'a day':>10}{'median':>10}{'p90':>10}{'p95':>10}{'p99':>10}")
    for kind in CLASSES:
        of_kind = [feed for feed in feeds if feed.kind == kind]
        plain = [feed for feed in of_kind if feed.is_plain]
        row(kind, "adaptive", sum(feed.polls for feed in of_kind) / len(of_kind) / days, _latencies(of_kind))
        row("", "of these, *", sum(feed.polls for feed in plain) / len(plain) / days, _latencies(plain))
        for every in FIXED:
            row("", f"{every // 60} min", DAY / every, [wait for feed in of_kind for wait in _at_fixed(feed, every)])
    print("* whose servers ask for no patience, and answer")


def _latencies(feeds: Sequence[Feed]) -> Sequence[float]:
    return [wait for feed in feeds for wait in feed.latencies]


def row(kind: str, way: str, requests: float, latencies: Sequence[float]) -> None:
    """Print one line of the table of latencies."""
    in_minutes = "".join(f"{value / 60:10.1f}" for value in quantiles(latencies, (0.5, 0.9, 0.95, 0.99)))
    print(f"{kind:20}{way:12}{requests:10.1f}{in_minutes}")


def quantiles(values: Sequence[float], at: Sequence[float] = (0.5, 0.95, 0.99)) -> Sequence[float]:
    """Return quantiles of values; not a number where there are none."""
    ordered = sorted(values)
    return [ordered[int(part * (len(ordered) - 1))] if ordered else math.nan for part in at]


def _at_fixed(feed: Feed, every: int) -> Iterator[float]:
    """Yield how long each entry would have waited with polls at fixed times, each answered at once and rightly."""
    phase = share(feed.spec.name) * every
    return ((phase - when) % every for when in feed.entries if when > phase)


if __name__ == "__main__":
    sys.exit(main())
