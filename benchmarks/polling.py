"""Polling beside other ways to do it: `.venv/bin/python benchmarks/polling.py`.

News sites in a process of their own, each feed at an address of its own, are polled plainly and over TLS: by Tocsin
with its database, its rules and its parser's process, by a thread pool of `feedparser.parse(url)`, and by lemon24's
reader where `--reader-python` names a Python that has it. Processor time is that of all processes of the one who
polls, the sites' left out. The other parts look at feeds that hang, at the event loop while large feeds are read, and
at memory. The last table holds what was found against the goals; nothing is asserted. README.md says more.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from polls.documents import AN_UPDATE, WINDOW, Damage
from polls.engines import Engine, Ours, Sites, threads, with_reader
from polls.findings import FIRST, MIXES, Findings, MiB
from polls.processes import Program

PARTS = ("speed", "hang", "stall", "memory")
SCHEMES = ("plain", "tls")
BETWEEN = 1.1  # seconds from a round to the next: a host is not asked twice within one


class Benchmark:
    """One run. Its parts may be asked for one by one."""

    def __init__(self, asked: argparse.Namespace, folder: Path) -> None:
        self._asked = asked
        self._folder = folder
        self._chance = random.Random(asked.seed)
        self._opened = 0
        self.found = Findings(asked.feeds)
        if asked.reader_python is None:
            self.found.absent.append("reader: --reader-python names no Python that has it")

    # ------------------------------------------------------------------------------------------------------------
    # speed

    def speed(self) -> None:
        """Have all engines poll the same feeds in turn: none changed, a tenth, all."""
        for scheme in self._asked.schemes:
            sites = self._sites(self._asked.feeds)
            engines = self._engines(sites, scheme)
            sites.advance(0)
            for engine in engines:
                self._turn(scheme, FIRST, engine, self._asked.feeds)
            versions = self._asked.feeds  # that there were of all feeds together
            for mix, share in MIXES.items():
                for _ in range(self._asked.rounds):
                    changed = sites.advance(share)
                    versions += changed
                    time.sleep(BETWEEN)
                    for engine in self._chance.sample(engines, len(engines)):
                        self._turn(scheme, mix, engine, changed)
            self._count(cast("Ours", engines[0]), scheme, versions)
            for engine in engines:
                engine.close()
            sites.close()

    def _engines(self, sites: Sites, scheme: str) -> list[Engine]:
        engines: list[Engine] = [Ours(sites, scheme, self._room(), self._profile(scheme))]
        engines += (threads(sites, scheme, workers) for workers in (16, 32))
        if self._asked.reader_python is not None:
            engines.append(with_reader(sites, scheme, self._room(), self._asked.reader_python))
        return engines

    def _turn(self, scheme: str, mix: str, engine: Engine, changed: int) -> None:
        turn = engine.turn()
        self.found.add(scheme, mix, engine.name, turn, changed)
        micros = turn.processor / self._asked.feeds * 1e6
        self._say(f"{scheme}, {mix}, {engine.name}: {micros:,.0f} µs a feed, {turn.seconds:.2f} s")

    def _count(self, ours: Ours, scheme: str, versions: int) -> None:
        """Count what was stored: every entry that the sites ever had, once."""
        totals = cast("dict[str, dict[str, int]]", ours.program.ask("totals"))
        stored, had = totals["entries"].get("new", 0), self._asked.feeds * (WINDOW - AN_UPDATE) + AN_UPDATE * versions
        self.found.figures[f"{scheme}: entries stored"] = stored
        self.found.figures[f"{scheme}: matches stored"] = sum(totals["matches"].values())
        if stored != had:
            self.found.odd.append(f"{scheme}: {stored} entries are stored of {had}")

    # ------------------------------------------------------------------------------------------------------------
    # hang

    def hang(self) -> None:
        """Compare the time for feeds that answer without and with others that never do."""
        rounds = self._asked.rounds
        sites = self._sites(self._asked.hang_feeds)
        hanging = self._chance.sample(sites.feeds, self._asked.hanging * rounds)
        others = sorted(set(sites.feeds) - set(hanging))
        ours = self._ours(sites)
        times: dict[bool, list[float]] = {False: [], True: []}
        for number in range(rounds):
            some = hanging[number * self._asked.hanging :][: self._asked.hanging]
            for stuck in (False, True):
                sites.advance(0.1, some if stuck else ())
                time.sleep(BETWEEN)
                times[stuck].append(ours.poll(others))
                self._say(f"hang: {times[stuck][-1]:.2f} s for {len(others)} feeds{', with' if stuck else ', without'}")
            sites.release()
        without, with_ = (min(times[stuck]) for stuck in (False, True))  # the shortest: others use the machine too
        self._tell("hang: seconds without", without)
        self._tell("hang: seconds with", with_)
        self._tell("hang: ratio", with_ / without)
        ours.close()
        sites.close()

    # ------------------------------------------------------------------------------------------------------------
    # stall

    def stall(self) -> None:
        """Tick every millisecond in the event loop of the daemon while large feeds are polled among others."""
        sites = self._sites(self._asked.feeds, dict.fromkeys(Damage, self._asked.large))
        ours = self._ours(sites, first=False)
        with Program("ticker") as machine:
            for name, share in (
                ("first poll", 0.0),
                *((f"round {number + 1}", 0.1) for number in range(self._asked.rounds)),
            ):
                sites.advance(share)
                time.sleep(BETWEEN)
                machine.ask("start")
                ours.program.ask("start_ticking")
                seconds = ours.poll(list(ours.names))
                told = cast("dict[str, object]", ours.program.ask("stop_ticking"))
                self._tell_lags(name, seconds, told, cast("dict[str, float]", machine.ask("stop")))
        worst = [value for name, value in self.found.figures.items() if name.startswith("stall: ms late, worst, ")]
        self._tell("stall: ms late, worst", max(worst))
        ours.close()
        sites.close()

    def _tell_lags(self, name: str, seconds: float, told: dict[str, object], machine: dict[str, float]) -> None:
        lags = cast("dict[str, float]", told["lags"])
        for measure in ("worst", "p99", "p50"):
            self._tell(f"stall: ms late, {measure}, {name}", lags[measure] * 1000)
        self._tell(f"stall: of which the machine's own ms, worst, {name}", machine["worst"] * 1000)
        self._tell(f"stall: seconds, {name}", seconds)
        self.found.places += [(f"{name}: {at}", count) for at, count in cast("list[tuple[str, int]]", told["places"])]

    # ------------------------------------------------------------------------------------------------------------
    # memory

    def memory(self) -> None:
        """Weigh the daemon and its worker over many polls."""
        sites = self._sites(self._asked.hosts)
        ours = self._ours(sites, first=False)
        rounds = max(2, round(self._asked.polls / self._asked.hosts))
        self._tell("memory: MiB at the start", ours.program.memory() / MiB)
        weights = []
        for number in range(rounds):
            sites.advance(0.1 if number else 0)
            ours.poll(sites.feeds)
            weights.append(ours.program.memory() / MiB)
            parts = ", ".join(f"{size / MiB:.0f}" for size in ours.program.memories())
            self._say(f"memory: {weights[-1]:.0f} MiB ({parts}) after {(number + 1) * self._asked.hosts:,} polls")
        self._tell("memory: MiB after half of the polls", weights[len(weights) // 2 - 1])
        self._tell("memory: MiB after all polls", weights[-1])
        self._tell("memory: MiB, at most", max(weights))
        self._tell("memory: MiB, sum of the peaks", ours.program.highest_memory() / MiB)
        self._tell("memory: MiB more in the second half", max(weights[-1] - weights[len(weights) // 2 - 1], 0.0))
        ours.close()
        sites.close()

    # ------------------------------------------------------------------------------------------------------------

    def _sites(self, feeds: int, large: dict[Damage, int] | None = None) -> Sites:
        folder = self._room()
        folder.mkdir()
        sites = Sites(self._asked.seed, self._asked.large_entries, folder)
        sites.open(feeds, {kind.value: count for kind, count in (large or {}).items()})
        return sites

    def _ours(self, sites: Sites, *, first: bool = True) -> Ours:
        """Start the daemon; with `first` its first poll is over."""
        ours = Ours(sites, self._asked.schemes[0], self._room(), self._profile("part"))
        if first:
            sites.advance(0)
            ours.poll(list(ours.names))
        return ours

    def _profile(self, name: str) -> Path | None:
        return self._asked.profile / f"{name}.prof" if self._asked.profile else None

    def _room(self) -> Path:
        """Return a folder that is not there yet."""
        self._opened += 1
        return self._folder / str(self._opened)

    def _tell(self, name: str, value: float) -> None:
        self.found.figures[name] = value
        self._say(f"{name}: {value:.5g}")

    def _say(self, text: str) -> None:
        if self._asked.verbose:
            print(text, file=sys.stderr, flush=True)


def words(among: Sequence[str]) -> object:
    """Return what reads a list of some of these words."""

    def read(text: str) -> list[str]:
        chosen = text.split(",")
        if unknown := set(chosen) - set(among):
            raise argparse.ArgumentTypeError(f"not among {', '.join(among)}: {', '.join(sorted(unknown))}")
        return chosen

    return read


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--parts", type=words(PARTS), default=PARTS, metavar="PART,…", help=f"of {','.join(PARTS)}; all by default")
    add(
        "--schemes", type=words(SCHEMES), default=SCHEMES, metavar="SCHEME,…", help="plain,tls; the first for all parts"
    )
    add("--feeds", type=int, default=200, help="feeds to be polled for speed, and beside large ones (200)")
    add("--rounds", type=int, default=3, help="of each kind, in all parts but memory (3)")
    add("--hang-feeds", type=int, default=1_000, help="feeds among which some hang (1000)")
    add("--hanging", type=int, default=20, help="how many hang (20)")
    add("--large", type=int, default=2, help="large feeds of each kind: whole, bare ampersands, torn (2)")
    add("--large-entries", type=int, default=1_000, help="entries of a large feed, of 2.5 kB (1000)")
    add("--hosts", type=int, default=2_000, help="feeds to be polled for memory (2000)")
    add("--polls", type=int, default=20_000, help="polls of them in all (20000)")
    add("--reader-python", type=Path, metavar="PATH", help="a Python that has the packages reader and sgmllib3k")
    add(
        "--profile",
        type=Path,
        metavar="FOLDER",
        help="put cProfile's files of our rounds there; figures are then wrong",
    )
    add("--seed", type=int, default=1)
    add("--quick", action="store_true", help="a few feeds and one round: to see that all run")
    add("--json", action="store_true", help="all figures as one JSON object")
    add("--verbose", action="store_true", help="say on standard error what is being measured")
    asked = parser.parse_args()
    if asked.quick:
        asked.feeds, asked.rounds, asked.large, asked.hosts, asked.polls = 12, 1, 1, 20, 60
        asked.hang_feeds, asked.hanging, asked.large_entries = 30, 3, 150
    return asked


def main() -> None:
    asked = options()
    with tempfile.TemporaryDirectory(prefix="tocsin-polling-") as folder:
        benchmark = Benchmark(asked, Path(folder))
        for part in asked.parts:
            getattr(benchmark, part)()
    if asked.json:
        print(json.dumps(benchmark.found.as_json(), ensure_ascii=False))
    else:
        print(f"{asked.feeds} feeds of 46 to 78 kB, each at an address of its own; {asked.rounds} rounds")
        benchmark.found.print_tables()


if __name__ == "__main__":
    main()
