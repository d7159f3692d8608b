"""From a match to a receiver's acceptance: `.venv/bin/python benchmarks/delivery.py`.

A daemon (`tocsin run`, a process of its own, SQLite as shipped: synchronous FULL) polls news servers on loopback and
posts to receivers on loopback, which are this process. Each part has a daemon and a database of its own:

    alone   one article after the other, nothing waits: seconds from a feed's answer to the receiver's acceptance
    pace    many articles in one answer of each feed: alerts a second until the last one is accepted
    stream  100 alerts a second for a while: the same seconds as in `alone`
    dead    ten channels, of which one answers 503, or never, while 1,000 alerts wait for it: how much later the other
            nine get theirs than where the tenth works

The last table holds what was found against the goals. README.md says more.
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import cast

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from idle import READY, usage
from tables import Goal, print_table, shown

from support.receiver import Received, Receiver, Reply
from support.site import Item, Site, rss

PARTS = ("alone", "pace", "stream", "dead")
STREAM = 100  # alerts a second
HOSTS = 10  # news servers: none is asked more than once a second
CHANNELS = 10
PROBES = 20  # articles one after the other, for the nine channels
WINDOW = 400  # articles that a feed holds at most, where they come in a stream
MiB = 1 << 20

#: How long each wait may take before a part is given up.
PATIENCE = 300.0

#: Answers of the tenth channel; it is given up by the daemon long before the last one is over.
WORKS, REFUSES, HANGS = Reply(), Reply(status=503), Reply(delay=3600)


class Failed(Exception):
    """A part cannot be measured: something did not come."""


@dataclass
class Arrivals:
    """When each article was handed out by its feed, and when each channel's receiver had it; seconds of one clock."""

    handed_out: dict[str, float] = field(default_factory=dict)
    accepted: dict[str, dict[str, float]] = field(default_factory=dict)  # by channel
    copies: int = 0

    def accept(self, channel: str, title: str) -> None:
        """Note that a receiver has an article; once more is a copy."""
        first = self.accepted.setdefault(channel, {})
        self.copies += title in first
        first.setdefault(title, time.perf_counter())

    def seconds(self, channel: str, titles: Sequence[str]) -> list[float]:
        """Return how long each article took to a channel."""
        return [self.accepted[channel][title] - self.handed_out[title] for title in titles]


class World:
    """Feeds, receivers and a daemon between them, of which this part may ask anything."""

    def __init__(self, sites: Sequence[Site], arrivals: Arrivals, process: subprocess.Popen[bytes]) -> None:
        self._sites = sites
        self._items: list[list[Item]] = [[] for _ in sites]
        self._made = 0
        self._process = process
        self.arrivals = arrivals
        self.heaviest = 0  # bytes

    def publish(self, count: int, word: str, *, window: int | None = None) -> list[str]:
        """Put articles that have a word into the feeds, in turn; return their titles."""
        items = [article(self._made + number, word) for number in range(count)]
        for number, item in enumerate(items):
            self._items[(self._made + number) % len(self._sites)].append(item)
        self._made += count
        for site, published in zip(self._sites, self._items, strict=True):
            del published[: -window if window else 0]
            site.pages["/feed"] = rss(*published)
        return [item.title for item in items]

    async def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait until something holds; keep an eye on the daemon's memory meanwhile."""
        for tries in range(round(PATIENCE / 0.005)):
            if tries % 50 == 0:
                self.weigh()
            if holds():
                return
            if self._process.poll() is not None:
                raise Failed(f"the daemon ended before this: {what}")
            await asyncio.sleep(0.005)
        raise Failed(f"this did not come within {PATIENCE:g} s: {what}")

    async def until_accepted(self, titles: Sequence[str], channels: Sequence[str]) -> None:
        """Wait until the receivers of channels have all of these articles."""
        accepted = self.arrivals.accepted
        await self.until(
            lambda: all(title in accepted.get(channel, {}) for channel in channels for title in reversed(titles)),
            f"{len(titles)} articles at {', '.join(channels)}",
        )

    def processor(self) -> float:
        """Return the seconds that the daemon and its worker have computed."""
        return usage(self._process.pid).processor

    def weigh(self) -> None:
        """Note what the daemon and its worker have in memory, if that is the most so far."""
        with suppress(FileNotFoundError, ProcessLookupError):  # a worker that ends while we look
            self.heaviest = max(self.heaviest, usage(self._process.pid).rss)


def article(number: int, word: str) -> Item:
    """Return an article of some forty words that is like no other."""
    own = " ".join(f"harbour{number}x{step}" for step in range(40))
    return Item(id=f"article-{number}", title=f"Article {number} of {word}", text=f"The {word}. {own}.")


def configuration(sites: Sequence[Site], hooks: Mapping[str, Receiver]) -> str:
    feeds = "".join(f'  - {{name: Feed {n}, url: "{site.url}/feed", every: 1s}}\n' for n, site in enumerate(sites))
    channels = "".join(f'  - {{name: {name}, type: webhook, url: "{hook.url}/"}}\n' for name, hook in hooks.items())
    others = ", ".join(list(hooks)[:-1])
    return f"""
defaults: {{allow_private: [127.0.0.0/8], first_poll: all}}
rules:
  - {{name: Bells, keywords: [bells], max_per_hour: 10000}}
  - {{name: Sirens, keywords: [sirens], max_per_hour: 10000}}
routes:
  - {{match: {{rule: Bells}}, channels: [{others}]}}
  - {{match: {{rule: Sirens}}, channels: [{list(hooks)[-1]}]}}
channels:
{channels}feeds:
{feeds}"""


@asynccontextmanager
async def world(hosts: int, channels: int, last: Reply = WORKS) -> AsyncIterator[World]:
    """Run a daemon on feeds, one a host, and channels; `bells` go to all but the last, `sirens` to the last one."""
    arrivals = Arrivals()
    names = [f"channel-{number}" for number in range(channels)]
    async with AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tocsin-delivery-")))
        sites = [await stack.enter_async_context(feed(arrivals, number)) for number in range(hosts)]
        ends = {**dict.fromkeys(names, WORKS), names[-1]: last}
        hooks = {
            name: await stack.enter_async_context(Receiver(receive(arrivals, name, end))) for name, end in ends.items()
        }
        (directory / "config").mkdir()
        (directory / "config" / "tocsin.yaml").write_text(configuration(sites, hooks), encoding="utf-8")
        process = await stack.enter_async_context(daemon(directory))
        made = World(sites, arrivals, process)
        await made.until(lambda: READY in (directory / "log").read_text(), "the daemon's start")
        await made.until(lambda: all(site.requests for site in sites), "the first poll of each feed")
        yield made


def feed(arrivals: Arrivals, number: int) -> Site:
    """Return a news server, not yet open, that notes when it first hands out an article."""

    class Noted(Site):
        def _answer(self, request: Received) -> Reply:
            reply, now = super()._answer(request), time.perf_counter()
            if reply.status == 200:
                for piece in reply.body.split(b"<title>")[2:]:
                    arrivals.handed_out.setdefault(piece[: piece.index(b"<")].decode(), now)
            return reply

    return Noted({"/feed": rss()}, address=f"127.0.1.{number + 1}")


def receive(arrivals: Arrivals, channel: str, reply: Reply) -> Callable[[Received], Reply]:
    """Return what notes the articles that a channel's receiver accepts."""

    def answer(request: Received) -> Reply:
        if reply is WORKS:
            payload = cast("dict[str, dict[str, dict[str, str]]]", json.loads(request.body))
            arrivals.accept(channel, payload["data"]["article"]["title"])
        return reply

    return answer


@asynccontextmanager
async def daemon(directory: Path) -> AsyncIterator[subprocess.Popen[bytes]]:
    """Run `tocsin run` on a database of its own, and have it end."""
    environment = {
        **os.environ,
        "TOCSIN_DATABASE_URL": f"sqlite:///{directory}/tocsin.db",
        "TOCSIN_LOG_FORMAT": "json",
        "TOCSIN_LOG_LEVEL": "info",
    }
    program = str(Path(sys.executable).with_name("tocsin"))
    command = [program, "run", "--config", str(directory / "config")]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=log)  # noqa: ASYNC220
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.to_thread(process.wait, 15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Benchmark:
    """One run. Its parts may be asked for one by one."""

    def __init__(self, asked: argparse.Namespace) -> None:
        self._asked = asked
        self.figures: dict[str, float] = {}
        self.odd: list[str] = []

    async def alone(self) -> None:
        """Publish one article after the other, each when the one before has arrived."""
        async with world(1, 2) as one:
            titles = await self._one_by_one(one, self._asked.single, ["channel-0"])
            self._tell_seconds("alone", one.arrivals.seconds("channel-0", titles))
            self._end("alone", one)

    async def pace(self) -> None:
        """Publish many articles at once, and count from the first answer that has some."""
        async with world(HOSTS, 2) as one:
            idle = one.processor()
            titles = one.publish(self._asked.alerts, "bells")
            await one.until_accepted(titles, ["channel-0"])
            accepted, handed_out = one.arrivals.accepted["channel-0"], one.arrivals.handed_out
            begin, end = min(handed_out[title] for title in titles), max(accepted[title] for title in titles)
            first = min(accepted[title] for title in titles)
            self._tell("pace: ms of processor time an alert", (one.processor() - idle) * 1000 / len(titles))
            self._tell("pace: alerts a second, the whole path", len(titles) / (end - begin))
            self._tell("pace: alerts a second, from the first acceptance to the last", len(titles) / (end - first))
            self._end("pace", one)

    async def stream(self) -> None:
        """Publish at a steady pace, whether or not what came before has arrived."""
        async with world(HOSTS, 2) as one:
            titles: list[str] = []
            begin = time.perf_counter()
            while (passed := time.perf_counter() - begin) < self._asked.seconds:
                one.weigh()
                if new := int(passed * STREAM) - len(titles):
                    titles += one.publish(new, "bells", window=WINDOW)
                await asyncio.sleep(0.1)
            ended = time.perf_counter()
            waiting = len(titles) - len(one.arrivals.accepted.get("channel-0", {}))
            await one.until_accepted(titles, ["channel-0"])
            self._tell_seconds("stream", one.arrivals.seconds("channel-0", titles))
            self._tell("stream: alerts on their way at its end", waiting)
            self._tell("stream: seconds from its end to the last one", time.perf_counter() - ended)
            self._end("stream", one)

    async def dead(self) -> None:
        """Compare nine channels beside a tenth that works with nine beside one that does not."""
        works = await self._beside("works", WORKS)
        for name, reply in (("refuses", REFUSES), ("hangs", HANGS)):
            other = await self._beside(name, reply)
            for share, measure in ((0.5, "p50"), (0.99, "p99")):
                later = quantile(other, share) - quantile(works, share)
                self._tell(f"dead: seconds later where the tenth {name}, {measure}", later)
        self._tell("dead: seconds later, at worst", max(self._values("dead: seconds later where ")))

    async def _beside(self, name: str, last: Reply) -> list[float]:
        """Have alerts wait for the last channel, or arrive there; return how long others took to the nine meanwhile."""
        async with world(HOSTS, CHANNELS, last) as one:
            nine = [f"channel-{number}" for number in range(CHANNELS - 1)]
            titles = one.publish(self._asked.waiting, "sirens")
            if last is WORKS:
                await one.until_accepted(titles, [f"channel-{CHANNELS - 1}"])
            else:
                await one.until(lambda: all(title in one.arrivals.handed_out for title in titles), "all polls")
                await asyncio.sleep(self._asked.settle)  # they are stored, and the first of them tried
            probes = await self._one_by_one(one, self._asked.probes, nine)
            seconds = [taken for channel in nine for taken in one.arrivals.seconds(channel, probes)]
            self._tell_seconds(f"dead: the tenth {name}", seconds)
            self._end(f"dead: the tenth {name}", one)
            return seconds

    async def _one_by_one(self, one: World, count: int, channels: Sequence[str]) -> list[str]:
        titles: list[str] = []
        for _ in range(count):
            new = one.publish(1, "bells")
            await one.until_accepted(new, channels)
            titles += new
        return titles

    def _tell_seconds(self, part: str, seconds: list[float]) -> None:
        for share, measure in ((0.5, "p50"), (0.99, "p99"), (1.0, "worst")):
            self._tell(f"{part}: seconds, {measure}", quantile(seconds, share))

    def _end(self, part: str, one: World) -> None:
        one.weigh()
        self._tell(f"{part}: MiB, at most", one.heaviest / MiB)
        if one.arrivals.copies:
            self.odd.append(f"{part}: {one.arrivals.copies} alerts came more than once")

    def _values(self, begin: str) -> list[float]:
        return [value for name, value in self.figures.items() if name.startswith(begin)]

    def _tell(self, name: str, value: float) -> None:
        self.figures[name] = value
        if self._asked.verbose:
            print(f"{name}: {value:.4g}", file=sys.stderr, flush=True)

    def goals(self) -> Sequence[Goal]:
        """Return what was asked for and what it came to."""
        get = self.figures.get
        return (
            Goal("alone: seconds, p50", 1, get("alone: seconds, p50")),
            Goal("alone: seconds, p99", 3, get("alone: seconds, p99")),
            Goal(f"stream of {STREAM} a second: seconds, p50", 1, get("stream: seconds, p50")),
            Goal(f"stream of {STREAM} a second: seconds, p99", 3, get("stream: seconds, p99")),
            Goal("dead: seconds later, at worst", 1, get("dead: seconds later, at worst")),
        )

    def as_json(self) -> Mapping[str, object]:
        goals = [{**asdict(goal), "verdict": goal.verdict} for goal in self.goals()]
        return {"figures": self.figures, "odd": self.odd, "goals": goals}

    def print_tables(self) -> None:
        for part in self._asked.parts:
            of = {name: value for name, value in self.figures.items() if name.startswith(f"{part}: ")}
            print_table(part, ((name.partition(": ")[2], shown(value)) for name, value in of.items()))
        for line in self.odd:
            print(f"\nOdd: {line}.")
        print_table("goals", (goal.row for goal in self.goals()))


def quantile(values: Sequence[float], share: float) -> float:
    """Return the least value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def parts(text: str) -> list[str]:
    chosen = text.split(",")
    if unknown := set(chosen) - set(PARTS):
        raise argparse.ArgumentTypeError(f"not among {', '.join(PARTS)}: {', '.join(sorted(unknown))}")
    return chosen


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--parts", type=parts, default=PARTS, metavar="PART,…", help=f"of {','.join(PARTS)}; all by default")
    add("--alerts", type=int, default=2_000, help="articles at once, for the pace (2000)")
    add("--seconds", type=float, default=30, help=f"how long {STREAM} alerts a second come (30)")
    add("--waiting", type=int, default=1_000, help="alerts that wait for the dead channel (1000)")
    add("--quick", action="store_true", help="a few alerts: to see that all runs")
    add("--json", action="store_true", help="all figures as one JSON object")
    add("--verbose", action="store_true", help="say on standard error what was measured")
    asked = parser.parse_args()
    asked.single, asked.probes, asked.settle = 100, PROBES, 10.0
    if asked.quick:
        asked.alerts, asked.seconds, asked.waiting, asked.single, asked.probes, asked.settle = 40, 2, 20, 3, 2, 1.0
    return asked


async def measure(benchmark: Benchmark, chosen: Sequence[str]) -> None:
    for part in chosen:
        run = cast("Callable[[], Awaitable[None]]", getattr(benchmark, part))
        await run()


def main() -> int:
    asked = options()
    benchmark = Benchmark(asked)
    try:
        asyncio.run(measure(benchmark, asked.parts))
    except Failed as error:
        print(error, file=sys.stderr)
        return 1
    if asked.json:
        print(json.dumps(benchmark.as_json(), ensure_ascii=False))
    else:
        benchmark.print_tables()
    return 0


if __name__ == "__main__":
    sys.exit(main())
