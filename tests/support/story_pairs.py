"""Pairs of reports that are labelled: one story, or two; made of the reports in tests/corpus/stories.

What outlets do to a copy is done here to every base report; what only looks alike was written by hand. Everything is
decided by the names of the files: two runs make the same pairs.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import combinations, pairwise
from pathlib import Path
from random import Random

from support.nouns import article
from tocsin.model import Article, CountedReport, Dedup, Neighbours
from tocsin.stories.boilerplate import mask_furniture
from tocsin.stories.cluster import Comparison, compare, place
from tocsin.stories.fingerprint import likeness

CORPUS = Path(__file__).parents[1] / "corpus" / "stories"

#: What an outlet puts around its articles: before, between and behind. None of it has a cue by which it is known.
FURNITURE: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "copper-lane.example": (
        (),
        ("The picture of the day was taken by our readers' club on the old tram line above the quarry.",),
        (
            "For nineteen years this page has told the valley what its councils would rather keep in their drawers.",
            "Nobody owns us but the four hundred households that carry us, and to them we answer each spring.",
            "The Copper Lane is printed on Tuesdays and Fridays at the works in Mill Street, Hollowell.",
        ),
    ),
    "tideline.example": (
        ("Tideline: the coast, as it is.",),
        ("Weather and tides for the week are on the back page, beside the auctions.",),
        (
            "Our three reporters travel by ferry and bicycle, and pay for both; a small gift a month keeps them going.",
            "The editor answers the telephone herself between eight and nine, and likes to be argued with.",
        ),
    ),
    "the-long-room.example": (
        (),
        (),
        (
            "What you have read was checked by two people who did not write it, as all in the Long Room is.",
            "In next week's number: the last bell founder of Orrin, a map of wells, and who pays for the lighthouse.",
            "The Long Room is a society of readers, with its seat at the sign of the plough in Great Merrow.",
        ),
    ),
}
#: What the other reports of such an outlet are about, for its furniture to be learnt from.
OTHERS = 6

_AMERICAN = {
    "our": "or", "ised": "ized", "ising": "izing", "isation": "ization", "centre": "center", "metre": "meter",
    "theatre": "theater", "defence": "defense", "travelled": "traveled", "travellers": "travelers",
    "programme": "program", "organise": "organize",
    "labour": "labor", "harbour": "harbor", "neighbour": "neighbor", "colour": "color",
    "honour": "honor", "cancelled": "canceled", "grey": "gray", "tonnes": "tons", "cheque": "check",
}  # fmt: skip
_SYNONYMS = {
    "said": "stated", "about": "around", "after": "following", "also": "as well", "began": "started", "big": "large",
    "but": "yet", "children": "youngsters", "home": "house", "many": "numerous", "more": "further", "near": "close to",
    "people": "persons", "police": "officers", "since": "ever since", "some": "several", "told": "informed",
    "while": "whilst", "will": "is to", "would": "was to", "two": "a pair of", "three": "3", "four": "4", "five": "5",
    "six": "6", "because": "since", "show": "reveal", "began to": "started to", "where": "in which", "until": "till",
}  # fmt: skip
_EDITED = 0.08


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report of the corpus, or what somebody made of one."""

    stem: str
    title: str
    outlet: str
    published: datetime
    family: str
    relation: str
    of: tuple[str, ...]
    paragraphs: tuple[str, ...]
    url: str = ""

    @property
    def text(self) -> str:
        """The paragraphs, parted by empty lines."""
        return "\n\n".join(self.paragraphs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two reports; `same`: they are one story.

    `held_out`: the second half of the corpus, which decided nothing but by which openings digests are known.
    """

    kind: str
    first: Report
    second: Report
    same: bool
    held_out: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was decided of a pair, and why."""

    pair: Pair
    joined: bool
    comparison: Comparison

    @property
    def right(self) -> bool:
        """Whether the label says the same."""
        return self.joined is self.pair.same

    def __str__(self) -> str:
        pair, found = self.pair, self.comparison
        return f"{pair.kind}: {pair.first.stem} / {pair.second.stem}: {found.kind.value} {found.score} ({found.why})"


# ---------------------------------------------------------------------------------------------------------------
# Reading


def reports(folder: Path = CORPUS) -> Mapping[str, Report]:
    """Return the reports below a folder, by the stems of their files."""
    return {path.stem: _report(path) for path in sorted(folder.rglob("*.txt"))}


def _report(path: Path) -> Report:
    head, _, body = path.read_text(encoding="utf-8").partition("\n\n")
    keys = dict(line.split(": ", 1) for line in head.splitlines())
    return Report(
        stem=path.stem,
        title=keys["title"],
        outlet=keys["outlet"],
        published=datetime.fromisoformat(keys["published"]),
        family=keys["family"],
        relation=keys["relation"],
        of=tuple(name.strip() for name in keys.get("of", "").split(",") if name.strip()),
        paragraphs=tuple(part.strip() for part in body.split("\n\n") if part.strip()),
        url=f"https://{keys['outlet']}/{path.stem}",
    )


# ---------------------------------------------------------------------------------------------------------------
# What outlets do to a copy


def copies(base: Report) -> Iterator[tuple[str, Report]]:
    """Yield copies of a report as other outlets print them, each behind the name of what was done to it."""
    luck, words = Random(base.stem), len(base.text.split())
    copy = replace(base, outlet="other-voice.example", published=base.published + timedelta(hours=luck.randint(1, 40)))
    copy = replace(copy, stem=f"{base.stem}-copy", url=f"https://other-voice.example/{base.stem}")
    retitled = replace(copy, title=f"{luck.choice(base.paragraphs[0].split()[:8])}: what is known")
    yield "url only", copy
    yield "headline only", replace(base, title=retitled.title, stem=retitled.stem, url=f"{base.url}-2")
    yield "respelt", replace(retitled, paragraphs=tuple(map(respelt, base.paragraphs)))
    yield "reworded", replace(copy, paragraphs=tuple(reworded(part, luck) for part in base.paragraphs))
    yield "credited", replace(copy, paragraphs=(*base.paragraphs[:-1], f"{base.paragraphs[-1]} (Coastline Wire)"))
    if len(base.paragraphs) > 3:
        yield "cut to a half", replace(retitled, paragraphs=_cut(base, words / 2))
        yield "middle dropped", replace(copy, paragraphs=(*base.paragraphs[:2], *base.paragraphs[3:]))
        yield "first dropped", replace(retitled, paragraphs=base.paragraphs[1:])
        shuffled = list(base.paragraphs[1:])
        luck.shuffle(shuffled)
        yield "reordered", replace(retitled, paragraphs=(base.paragraphs[0], *shuffled))
    if words > 250:
        yield "cut to a third", replace(copy, paragraphs=_cut(base, words / 3))
        half = replace(retitled, paragraphs=_cut(base, words / 2))
        yield "cut, respelt", replace(half, paragraphs=tuple(map(respelt, half.paragraphs)))


def wrapped(base: Report) -> Report:
    """Return a copy with an outlet's furniture around it."""
    outlet = Random(base.stem).choice(sorted(FURNITURE))
    paragraphs = furnished(outlet, base.paragraphs)
    url = f"https://{outlet}/{base.stem}"
    return replace(base, stem=f"{base.stem}-wrapped", outlet=outlet, paragraphs=paragraphs, url=url)


def furnished(outlet: str, paragraphs: Sequence[str]) -> tuple[str, ...]:
    """Return paragraphs as an outlet prints them."""
    before, between, behind = FURNITURE[outlet]
    middle = max(len(paragraphs) // 2, 1)
    return (*before, *paragraphs[:middle], *between, *paragraphs[middle:], *behind)


def respelt(text: str) -> str:
    """Return a text in the other spelling: American, where it is British, and the other way round."""
    words = text
    for british, american in _AMERICAN.items():
        words = words.replace(british, american) if british in text else words.replace(american, british)
    return words if words != text else text.replace("color", "colour").replace("center", "centre")


def reworded(text: str, luck: Random) -> str:
    """Return a text in which an editor changed every twelfth word or so, where another one comes to mind."""
    return " ".join(_SYNONYMS.get(word, word) if luck.random() < _EDITED * 4 else word for word in text.split())


def _cut(base: Report, words: float) -> tuple[str, ...]:
    kept: list[str] = []
    for part in base.paragraphs:
        if kept and sum(len(each.split()) for each in kept) >= words:
            break
        kept.append(part)
    return tuple(kept)


# ---------------------------------------------------------------------------------------------------------------
# Pairs


def pairs(known: Mapping[str, Report]) -> Sequence[Pair]:
    """Return all labelled pairs of a corpus."""
    held_out = {path.stem for path in (CORPUS / "c").glob("*.txt")}
    bases = [report for report in known.values() if report.relation == "base"]
    made = [*_copies(bases), *_related(known), *_series(known), *_strangers(bases), *_statements(bases)]
    return [
        Pair(kind=kind, first=first, second=second, same=same, held_out=first.stem in held_out)
        for kind, first, second, same in made
    ]


_Labelled = tuple[str, Report, Report, bool]


def _copies(bases: Sequence[Report]) -> Iterator[_Labelled]:
    for base in bases:
        for kind, copy in copies(base):
            yield kind, base, copy, True
        wrapping = wrapped(base)
        yield "wrapped", base, wrapping, True
        if len(base.paragraphs) > 4:
            cut = replace(base, paragraphs=base.paragraphs[: len(base.paragraphs) // 2 + 1])
            yield "cut and wrapped", base, wrapped(replace(cut, title="In the district")), True


def _related(known: Mapping[str, Report]) -> Iterator[_Labelled]:
    labels = {"shortwire": True, "rewrite": True}
    for report in known.values():
        if report.relation in {"base", "series"}:
            continue
        for stem in report.of:
            if stem in known:
                yield report.relation, known[stem], report, labels.get(report.relation, False)
    others = [report for report in known.values() if report.relation in {"digest", "live"}]
    wires = [report for report in known.values() if report.relation == "shortwire"]
    for first, second in (*combinations(others, 2), *((wire, other) for wire in wires for other in others)):
        yield "digests", first, second, False


def _series(known: Mapping[str, Report]) -> Iterator[_Labelled]:
    found: defaultdict[str, list[Report]] = defaultdict(list)
    for report in known.values():
        if report.relation == "series":
            found[report.family].append(report)
    for members in found.values():
        for first, second in combinations(members, 2):
            yield "series", first, second, False


def _strangers(bases: Sequence[Report]) -> Iterator[_Labelled]:
    """Yield different reports in the same furniture."""
    for first, second in pairwise(bases):
        outlet = Random(first.stem).choice(sorted(FURNITURE))
        alike = [
            replace(
                report,
                stem=f"{report.stem}-furnished",
                outlet=outlet,
                paragraphs=furnished(outlet, report.paragraphs[:3]),
                published=first.published,
                url=f"https://{outlet}/{report.stem}",
            )
            for report in (first, second)
        ]
        yield "same furniture", alike[0], alike[1], False


def _statements(bases: Sequence[Report]) -> Iterator[_Labelled]:
    """Yield reports that come again in the same words, weeks later."""
    for base in bases[::4]:
        later = replace(base, published=base.published + timedelta(weeks=3), stem=f"{base.stem}-again")
        yield "weeks apart", base, replace(later, url=f"{base.url}-again"), False


# ---------------------------------------------------------------------------------------------------------------
# Deciding, as the service does


def decide(pair: Pair, dedup: Dedup, *, learnt: bool = True) -> Verdict:
    """Decide a pair as the service does: furniture learnt from the outlets' other reports, the earlier one first."""
    asked = []
    for name, report in (("art_1", pair.first), ("art_2", pair.second)):
        said = _masked(_article(report, name), _history(report.outlet)) if learnt else _article(report, name)
        asked.append(likeness(said, 1, report.outlet))
    asked.sort(key=lambda item: item.at)
    placements = place(asked, Neighbours(), dedup, asked[-1].at)
    joined = placements[0].story.id == placements[1].story.id
    return Verdict(pair=pair, joined=joined, comparison=compare(asked[0], asked[1], dedup))


def _article(report: Report, name: str) -> Article:
    return article(
        id=name,
        feed=report.outlet,
        entry_id=report.stem,
        url=report.url,
        canonical_url=report.url,
        title=report.title,
        text=report.text,
        published=report.published,
        fetched=report.published + timedelta(minutes=5),
    )


def _masked(said: Article, history: Sequence[CountedReport]) -> Article:
    return mask_furniture([said], history).articles[0] if history else said


_HISTORIES: dict[str, Sequence[CountedReport]] = {}


def _history(outlet: str) -> Sequence[CountedReport]:
    """Return what was counted of an outlet's other reports, of which each says something of its own."""
    if outlet not in FURNITURE:
        return ()
    if outlet not in _HISTORIES:
        told: list[Article] = []
        for number in range(OTHERS):
            luck = Random(f"{outlet}{number}")
            own = tuple(" ".join(f"{outlet[:3]}{luck.randrange(10**6)}x" for _ in range(30)) for _ in range(4))
            told.append(_other(outlet, number, own))
        counted = mask_furniture(told, ()).reports
        _HISTORIES[outlet] = [replace(report, number=number) for number, report in enumerate(counted, start=1)]
    return _HISTORIES[outlet]


def _other(outlet: str, number: int, own: Sequence[str]) -> Article:
    text = "\n\n".join(furnished(outlet, own))
    return article(id=f"other_{number}", feed=outlet, title=f"Other news, {number}", text=text, url=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How well labels were met: shares, 0 to 1."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        return 2 * self.precision * self.recall / ((self.precision + self.recall) or 1)


def score(verdicts: Sequence[Verdict]) -> Score:
    """Return how well the labels of pairs were met."""
    right = sum(verdict.joined and verdict.pair.same for verdict in verdicts)
    joined, same = (sum(verdict.joined for verdict in verdicts), sum(verdict.pair.same for verdict in verdicts))
    return Score(precision=right / (joined or 1), recall=right / (same or 1))
