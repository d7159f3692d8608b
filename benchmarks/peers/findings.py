"""What a run has found, held against the goals, as tables and as JSON."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from tables import Goal, print_table, ratio, shown

from peers.fts5 import Batches, OneByOne
from peers.loops import Naive, Tokenise
from peers.lucene import LuceneMonitor
from peers.mixes import Mix
from peers.ours import Ours, WithEvidence
from peers.postgres import Postgres
from peers.speed import Speed

MANY = 10_000  # rules of the measures that need one number

#: How many times faster than each peer the index is to be at least, by the number of rules.
FASTER = (
    (Naive.name, MANY, 2_000),
    (OneByOne.name, MANY, 140),
    (Batches.name, MANY, 9),
    (Postgres.name, MANY, 9),
    (LuceneMonitor.name, MANY, 3),
    (LuceneMonitor.name, 100_000, 6),
)


@dataclass
class Findings:
    """Speeds by mix, number of rules and engine; other figures by what they are."""

    rules: Sequence[int]
    speeds: dict[tuple[Mix, int, str], Speed] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)
    differing: dict[str, int] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)

    def micros(self, mix: Mix, count: int, engine: str) -> float | None:
        speed = self.speeds.get((mix, count, engine))
        return speed.seconds * 1e6 if speed else None

    def loads(self, mix: Mix, count: int, engine: str) -> float | None:
        speed = self.speeds.get((mix, count, engine))
        return speed.load if speed else None

    def firsts(self, mix: Mix, count: int, engine: str) -> float | None:
        speed = self.speeds.get((mix, count, engine))
        return speed.first * 1e6 if speed else None

    def times_ours(self, mix: Mix, count: int, engine: str) -> float | None:
        return ratio(self.micros(mix, count, engine), self.micros(mix, count, Ours.name))

    def times_tokenising(self, mix: Mix, count: int, engine: str = Ours.name) -> float | None:
        return ratio(self.micros(mix, count, engine), self.micros(mix, count, Tokenise.name))

    def goals(self) -> Iterator[Goal]:
        """Yield what was asked for and what it came to."""
        for engine, count, bound in FASTER:
            value = self.times_ours(Mix.CLIENT, count, engine)
            yield Goal(f"times faster than {engine}, {count:,} rules", bound, value, at_least=True)
        for count, bound in ((MANY, 12), (100_000, 32)):
            value = self.times_tokenising(Mix.STEMMED, count)
            yield Goal(f"stemmed, {count:,} rules ÷ {Tokenise.name}", bound, value)
        for mix in (Mix.CLIENT, Mix.STEMMED):
            grown = ratio(self.times_tokenising(mix, 100_000), self.times_tokenising(mix, 100))
            yield Goal(f"{mix}, 100,000 rules ÷ 100 rules", 12, grown)
        evidence = self.times_ours(Mix.CLIENT, MANY, WithEvidence.name)
        yield Goal(f"with evidence ÷ without, {MANY:,} rules", 3, evidence)
        yield from self._other_goals()
        for name, value in self.figures.items():
            if name.startswith("hostile: ×"):
                yield Goal(name.removeprefix("hostile: × "), 2.3, value)

    def _other_goals(self) -> Iterator[Goal]:
        get = self.figures.get
        whole = get("loading: seconds, whole")
        yield Goal(f"loading {MANY:,} rules ÷ CSafeLoader", 4, ratio(whole, get("loading: seconds, yaml")))
        changed = ratio(whole, get("change: seconds, replace"))
        yield Goal(f"full load of {MANY:,} ÷ changing one rule", 500, changed, at_least=True)
        queries, index = get("memory: bytes a rule, queries"), get("memory: bytes a rule, index")
        weight = (queries + index) / 1000 if queries is not None and index is not None else None
        yield Goal(f"kB of memory a rule, {max(self.rules):,} rules", 4, weight)
        tried = ratio(get(f"rules tried an article, {MANY} rules"), get(f"matches an article, {MANY} rules"))
        yield Goal(f"rules tried ÷ rules that match, {MANY:,} rules", 4, tried)
        long, short = (get(f"µs an article of {words} words, {Ours.name}") for words in (2_000, 50))
        yield Goal("2,000 words ÷ 50 words", 50, ratio(long, short))

    def as_json(self) -> Mapping[str, object]:
        speeds = [{"mix": mix, **asdict(speed), "seconds": speed.seconds} for (mix, *_), speed in self.speeds.items()]
        goals = [{**asdict(goal), "verdict": goal.verdict} for goal in self.goals()]
        others = {"figures": self.figures, "differing": self.differing, "absent": self.absent}
        return {"speeds": speeds, **others, "goals": goals}

    def print_tables(self) -> None:
        for mix in Mix:
            self._by_rules(f"{mix} mix: µs an article by number of rules", mix, self.micros)
        self._by_rules(f"client mix: times slower than {Ours.name}", Mix.CLIENT, self.times_ours)
        for mix in Mix:
            self._by_rules(f"{mix} mix: times {Tokenise.name}", mix, self.times_tokenising)
        self._by_rules("client mix: seconds to take the rules", Mix.CLIENT, self.loads)
        self._by_rules("client mix: µs an article, the first time", Mix.CLIENT, self.firsts)
        print_table("other figures", ((name, shown(value)) for name, value in self.figures.items()))
        print_table(
            "pairs of rule and article on which an engine and ours differ",
            ((name, str(wrong)) for name, wrong in self.differing.items()),
        )
        for missing in self.absent:
            print(f"\nLeft out: {missing}.")
        print_table("goals", (goal.row for goal in self.goals()))

    def _by_rules(self, title: str, mix: Mix, value: Callable[[Mix, int, str], float | None]) -> None:
        engines = dict.fromkeys(engine for of, _, engine in self.speeds if of is mix)
        rows = [[engine, *(shown(value(mix, count, engine)) for count in self.rules)] for engine in engines]
        print_table(title, rows and [["", *(f"{count:,}" for count in self.rules)], *rows])
