"""Texts like news, from a seed: the word frequencies, word lengths, names, sentences and lengths of real articles.

Figures to resemble: 391 words on average, 339 in the median, 167 and 746 at the 5th and 95th percentile; some 55 % of
the distinct forms in an article stand in it once; the hundred most frequent words are half of the text. Words are
made of syllables, so that nothing in a text says anything about anybody. There are no apostrophes, hyphens or
accents: there the tokenisers of the compared engines differ, and their answers could not be compared.
"""

import itertools
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

#: Words that carry a sentence, most frequent first.
FUNCTION_WORDS = tuple(
    """the to of and a in for on said that is was it with by at as has be have from are he will but an had not were
    its his which been their who after would this more also they one up out over about there when two new than we could
    year if last first can all people into against or time other she some her what before government so told last made
    being since while now only many between next where under most our three no then very any back because such around
    these off should may did them you do him those both each through down during still just per including another
    however second week several although own same even well much four until might later without never""".split()
)
ONSETS = ("b c d f g h j k l m n p r s t v w z " * 4 + "br ch cl dr fl gr pl pr sh sp st str th tr").split()
NUCLEI = ("a e i o u " * 4 + "ai ea ee ou").split()
CODAS = "b d g l m n p r s t nd ng st".split() + [""] * 18
ENDINGS = (
    ("", "s"),
    ("", "s", "ed", "ing"),
    ("", "s"),
    ("", "ly"),
    ("ation", "ate", "ates", "ating"),
    ("ment", "ments"),
)

LEMMAS = 24_000
FIRST_NAMES, LAST_NAMES, PLACES = 500, 6_000, 1_500
COLLOCATIONS = 12_000
MEDIAN, SPREAD = 347, 0.48  # of the words of an article: log-normal


@dataclass(frozen=True, slots=True)
class News:
    """A text as an engine is given it. Paragraphs of the body are parted by an empty line."""

    title: str
    body: str

    def joined(self) -> "News":
        """Return it as one paragraph: some engines have no paragraphs, and let a phrase run from one to the next."""
        return News(self.title, self.body.replace("\n\n", " "))


class Urn:
    """Values drawn by Zipf's law, as Mandelbrot amended it: the first is the most frequent."""

    def __init__(self, values: Sequence[str], power: float, offset: float) -> None:
        self._values = values
        self._bounds = list(itertools.accumulate((rank + offset) ** -power for rank in range(1, len(values) + 1)))

    def draw(self, chance: random.Random, count: int) -> list[str]:
        return chance.choices(self._values, cum_weights=self._bounds, k=count)


class Newsroom:
    """Writes articles from a vocabulary; equal seeds write equal articles."""

    def __init__(self, seed: int) -> None:
        self._chance = chance = random.Random(seed)
        made: set[str] = set(FUNCTION_WORDS)
        self._lemmas = Urn([" ".join(_forms(chance, rank, made)) for rank in range(LEMMAS)], 1.02, 12)
        self._function = Urn(FUNCTION_WORDS, 1.0, 1.2)
        self.absent = [_fresh(chance, 3, made).capitalize() for _ in range(LAST_NAMES)]  # names that no text holds
        self._first = Urn([_fresh(chance, 2, made).capitalize() for _ in range(FIRST_NAMES)], 0.8, 3)
        self._last = Urn([_fresh(chance, 2, made).capitalize() for _ in range(LAST_NAMES)], 0.9, 5)
        self._places = Urn([_fresh(chance, 3, made).capitalize() for _ in range(PLACES)], 1.0, 3)
        pairs = [f"{_form(chance, a)} {_form(chance, b)}" for a, b in self._pairs(COLLOCATIONS)]
        self._collocations = Urn(pairs, 0.9, 10)

    def articles(self, count: int) -> list[News]:
        return [self.article(self._length()) for _ in range(count)]

    def article(self, length: int) -> News:
        """Write an article whose body has `length` words."""
        words = self._words(length)
        title = [word for word in itertools.islice(words, 12) if word not in FUNCTION_WORDS][:8] or ["report"]
        return News(_sentence(title), "\n\n".join(self._paragraphs(list(itertools.islice(words, length)))))

    def _length(self) -> int:
        return max(40, round(MEDIAN * math.exp(self._chance.gauss(0, SPREAD))))

    def _pairs(self, count: int) -> Iterator[list[str]]:
        drawn = self._lemmas.draw(self._chance, 2 * count)
        return (drawn[at : at + 2] for at in range(0, 2 * count, 2))

    def _words(self, length: int) -> Iterator[str]:
        """Yield words without end; part of them come again and again in this article: its topic."""
        chance = self._chance
        about = self._lemmas.draw(chance, 3 * length)[length * 2 :: length // 20 or 1]
        people = [f"{a} {b}" for a, b in zip(self._first.draw(chance, 3), self._last.draw(chance, 3), strict=True)]
        topic = [*about, *people, *self._places.draw(chance, 2), *self._collocations.draw(chance, 4)]
        while True:
            yield from self._some(topic, people)

    def _some(self, topic: Sequence[str], people: Sequence[str]) -> list[str]:
        chance = self._chance
        match chance.random():
            case kind if kind < 0.50:
                return self._function.draw(chance, 1)
            case kind if kind < 0.74:
                return [_form(chance, self._lemmas.draw(chance, 1)[0])]
            case kind if kind < 0.89:
                drawn = chance.choice(topic)
                return drawn.split() if drawn[0].isupper() else [_form(chance, drawn)]
            case kind if kind < 0.925:
                return self._collocations.draw(chance, 1)[0].split()
            case kind if kind < 0.94:
                return [chance.choice(people).split()[1]]
            case kind if kind < 0.96:
                return [self._first.draw(chance, 1)[0], self._last.draw(chance, 1)[0]]
            case kind if kind < 0.98:
                return self._places.draw(chance, 1)
            case _:
                return [str(chance.choice((chance.randrange(2, 100), chance.randrange(1990, 2030))))]

    def _paragraphs(self, words: Sequence[str]) -> Iterator[str]:
        chance, at = self._chance, 0
        while at < len(words):
            sentences = []
            for _ in range(chance.randint(1, 3)):
                end = at + min(45, max(4, round(chance.gauss(21, 8))))
                sentences.append(_sentence(words[at:end], chance) + ".")
                at = end
                if at >= len(words):
                    break
            yield " ".join(sentences)


def _syllables(chance: random.Random, count: int) -> str:
    return "".join(chance.choice(ONSETS) + chance.choice(NUCLEI) + chance.choice(CODAS) for _ in range(count))


def _fresh(chance: random.Random, syllables: int, made: set[str]) -> str:
    """Return a word that there was not yet."""
    while (word := _syllables(chance, syllables)) in made:
        pass
    made.add(word)
    return word


def _forms(chance: random.Random, rank: int, made: set[str]) -> list[str]:
    """Return the forms of a word: the more frequent, the shorter."""
    stem = _fresh(chance, _syllable_count(chance, rank), made)
    forms = [stem + ending for ending in chance.choice(ENDINGS)]
    made.update(forms)
    return forms


def _syllable_count(chance: random.Random, rank: int) -> int:
    if rank < 400:
        return 1 if chance.random() < 0.6 else 2
    return 2 if chance.random() < 9_000 / (rank + 9_000) else 3


def _form(chance: random.Random, lemma: str) -> str:
    """Return one of the forms of a word, the first more often."""
    forms = lemma.split()
    return forms[min(int(chance.expovariate(0.9)), len(forms) - 1)]


def _sentence(words: Sequence[str], chance: random.Random | None = None) -> str:
    """Return words as a sentence: a capital in front, some commas."""
    text = " ".join(word + "," if chance and chance.random() < 0.045 else word for word in words).removesuffix(",")
    return text[:1].upper() + text[1:]
