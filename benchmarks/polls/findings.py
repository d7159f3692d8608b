"""What a run has found, held against the goals, as tables and as JSON."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median

from tables import Goal, print_table, ratio, shown

from polls.engines import READER, Ours, Turn, threads_name

UNCHANGED, TENTH, CHANGED = "all 304", "10 % changed", "all changed"
FIRST = "first poll"
MIXES: Mapping[str, float] = {UNCHANGED: 0.0, TENTH: 0.1, CHANGED: 1.0}
MiB = 1 << 20


@dataclass
class Findings:
    """Turns by scheme, mix and engine; other figures by what they are; what could not be had, and what was odd."""

    feeds: int
    turns: dict[tuple[str, str, str], list[Turn]] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)
    places: list[tuple[str, int]] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)

    def add(self, scheme: str, mix: str, engine: str, turn: Turn, changed: int) -> None:
        """Note a turn; one in which an engine did not ask each feed once, and for what it had not, is odd."""
        self.turns.setdefault((scheme, mix, engine), []).append(turn)
        asked, full = turn.counts.get("requests", 0), turn.counts.get("full", 0)
        if (asked, full) != (self.feeds, changed):
            self.odd.append(
                f"{scheme}, {mix}, {engine}: {asked} requests for {self.feeds} feeds, {full} answered in full "
                f"where {changed} had changed"
            )

    def processor(self, scheme: str, mix: str, engine: str) -> float | None:
        """Return microseconds of processor time a feed."""
        turns = self.turns.get((scheme, mix, engine))
        return median(turn.processor for turn in turns) / self.feeds * 1e6 if turns else None

    def pace(self, scheme: str, mix: str, engine: str) -> float | None:
        """Return feeds a second."""
        turns = self.turns.get((scheme, mix, engine))
        return self.feeds / median(turn.seconds for turn in turns) if turns else None

    def times_ours(self, scheme: str, mix: str, engine: str) -> float | None:
        return ratio(self.processor(scheme, mix, engine), self.processor(scheme, mix, Ours.name))

    def goals(self) -> Iterator[Goal]:
        """Yield what was asked for and what it came to."""
        for engine in (threads_name(16), threads_name(32), READER):
            name = f"plain, {TENTH}: times less processor time than {engine}"
            yield Goal(name, 3, self.times_ours("plain", TENTH, engine), at_least=True)
        for engine in (threads_name(16), threads_name(32)):
            name = f"TLS, {TENTH}: times less processor time than {engine}"
            yield Goal(name, 6, self.times_ours("tls", TENTH, engine), at_least=True)
        for scheme, bound in (("plain", 1.6), ("tls", 3.0)):
            value = self.processor(scheme, UNCHANGED, Ours.name)
            yield Goal(f"{scheme}: ms of processor time a 304", bound, value / 1000 if value is not None else None)
        get = self.figures.get
        yield Goal("hang: time for the others ÷ time without any that hangs", 1.2, get("hang: ratio"))
        yield Goal("stall: ms that the event loop is late, at worst", 50, get("stall: ms late, worst"))
        yield Goal("memory: MiB, at most", 150, get("memory: MiB, at most"))
        yield Goal("memory: MiB more in the second half", 5, get("memory: MiB more in the second half"))

    def as_json(self) -> Mapping[str, object]:
        turns = [
            {"scheme": scheme, "mix": mix, "engine": engine, "turns": [asdict(turn) for turn in turns]}
            for (scheme, mix, engine), turns in self.turns.items()
        ]
        goals = [{**asdict(goal), "verdict": goal.verdict} for goal in self.goals()]
        others = {"places": self.places, "absent": self.absent, "odd": self.odd}
        return {"feeds": self.feeds, "turns": turns, "figures": self.figures, **others, "goals": goals}

    def print_tables(self) -> None:
        for scheme in dict.fromkeys(scheme for scheme, _, _ in self.turns):
            print_table(f"{scheme}: µs of processor time a feed", self._rows(scheme, self.processor))
            print_table(f"{scheme}: times {Ours.name}'s processor time", self._rows(scheme, self.times_ours))
            print_table(f"{scheme}: feeds a second", self._rows(scheme, self.pace))
        print_table("other figures", ((name, shown(value)) for name, value in self.figures.items()))
        print_table("where the event loop was when it was late (looks)", ((at, str(n)) for at, n in self.places))
        for line in self.odd:
            print(f"\nOdd: {line}.")
        for missing in self.absent:
            print(f"\nLeft out: {missing}.")
        print_table("goals", (goal.row for goal in self.goals()))

    def _rows(self, scheme: str, value: Callable[[str, str, str], float | None]) -> Sequence[Sequence[str]]:
        mixes = [mix for mix in (FIRST, *MIXES) if any(key[:2] == (scheme, mix) for key in self.turns)]
        engines = dict.fromkeys(engine for of, _, engine in self.turns if of == scheme)
        rows = [[engine, *(shown(value(scheme, mix, engine)) for mix in mixes)] for engine in engines]
        return [["", *mixes], *rows]
