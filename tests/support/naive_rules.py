"""What rules find, worked out slowly and obviously: the design's sentences one by one, over all combinations.

It knows the inflections of a small vocabulary by heart, and nothing of the product's code but its nouns.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, product

from tocsin.model import Article, Entity, Rule, Term

STOP_WORDS = frozenset({"the", "of", "in", "who", "us"})
INFLECTIONS = (
    {"war", "wars"},
    {"invade", "invaded", "invading"},
    {"soldier", "soldiers"},
    {"force", "forces", "forced"},
    {"apple", "apples"},
    {"union", "unions"},
    {"cafe", "cafes"},
)
MOST_OTHERS = 10
_WORD = re.compile(r"(?:[A-Z]\.){2,}|[^\W_]+")


@dataclass(frozen=True)
class Heard:
    """A word of an article: its field and place there, its paragraph, and whether its line is all capitals."""

    field: str
    start: int
    end: int
    text: str
    paragraph: int
    shouted: bool

    @property
    def bare(self) -> str:
        return bare(self.text)

    @property
    def dotted(self) -> bool:
        return "." in self.text


def bare(written: str) -> str:
    """Take dots and accents off a word."""
    return written.replace(".", "").replace("é", "e").replace("É", "E")


Words = Sequence[Heard]
Test = Callable[[Heard], bool]
Run = tuple[int, ...]  # the places of some words among those of the article


def heard(article: Article) -> Words:
    """Return the words of an article that are not furniture."""
    fields = [("title", article.title, ()), ("body", article.text, article.masked)]
    words = []
    for number, (field, text, masked) in enumerate(fields):
        for word in _WORD.finditer(text):
            if any(hidden.start <= word.start() < hidden.end for hidden in masked):
                continue
            paragraph = len(re.findall(r"\n\s*\n", text[: word.start()])) + 1000 * number
            start, end = text.rfind("\n", 0, word.start()) + 1, text.find("\n", word.start())
            line = text[start:] if end < 0 else text[start:end]
            others = [
                item
                for item in _WORD.finditer(line)
                if not any(hidden.start <= start + item.start() < hidden.end for hidden in masked)
            ]
            shouted = line.isupper() and (len(others) > 1 or bare(word[0]).lower() not in STOP_WORDS)
            words.append(Heard(field, *word.span(), word[0], paragraph, shouted))
    return words


def same_word(one: str, other: str) -> bool:
    """Tell whether two words are inflections of one, whatever their case and accents."""
    one, other = bare(one).lower(), bare(other).lower()
    return one == other or any({one, other} <= forms for forms in INFLECTIONS)


def plain(written: str) -> Test:
    """A word of a keyword without quotes."""
    asked = bare(written)
    small = asked.lower()
    if asked.isupper() and small in STOP_WORDS:
        return lambda word: word.bare == asked and (word.dotted or not word.shouted)
    if asked.isupper() or asked.islower():
        return lambda word: same_word(word.bare, asked)
    return lambda word: word.bare.lower() == small or (word.bare[0].isupper() and word.bare.lower() == small + "s")


def quoted(written: str) -> Test:
    """A word of an exact phrase."""
    if "é" in written:
        return lambda word: word.text.lower() == written.lower()
    return lambda word: word.bare.lower() == bare(written).lower()


def cased(written: str) -> Test:
    """A word of an entity whose case counts."""
    if written.islower():
        return plain(written)
    if written.isupper() and written.lower() in STOP_WORDS:
        return plain(written)
    forms = {written, written + "s"}
    return lambda word: word.bare in forms or (word.shouted and word.bare.lower() in {form.lower() for form in forms})


def acronym(written: str) -> Test:
    """An acronym."""
    if written.lower() in STOP_WORDS:
        return plain(written)
    return lambda word: word.bare == written or (word.shouted and word.bare.lower() == written.lower())


def rows(tests: Sequence[Test], words: Words) -> Iterator[Run]:
    """Every row of words of one paragraph that pass the tests."""
    for start in range(len(words) - len(tests) + 1):
        run = tuple(range(start, start + len(tests)))
        one_paragraph = len({words[place].paragraph for place in run}) == 1
        if one_paragraph and all(test(words[place]) for test, place in zip(tests, run, strict=True)):
            yield run


def longest_first(runs: Iterable[Run]) -> list[Run]:
    """Drop runs that share words with a longer one, or with an earlier one of their length."""
    kept: list[Run] = []
    for run in sorted(set(runs), key=lambda run: (-len(run), run)):
        if not any(set(run) & set(other) for other in kept):
            kept.append(run)
    return kept


def of_entity(entity: Entity, words: Words) -> list[Run]:
    """The mentions of an entity."""
    found: list[Run] = []
    for term in (Term(text=entity.name), *entity.aliases):
        test = quoted if term.exact else cased if entity.case_sensitive else plain
        found += rows([test(word) for word in term.text.split()], words)
    if entity.acronym:
        found += rows([acronym(entity.acronym)], words)
    return longest_first(found)


def named(written: Sequence[str], entities: Sequence[Entity]) -> Entity | None:
    """The entity that words of a keyword name."""
    text = " ".join(written)
    for entity in entities:
        names = {entity.name.lower(), *(alias.text.lower() for alias in entity.aliases)}
        if text.lower() in names or (entity.acronym and text.replace(".", "") == entity.acronym):
            return entity
    return None


def of_keyword(term: Term, words: Words, entities: Sequence[Entity]) -> set[Run]:
    """Every mention that takes part in a keyword."""
    written = term.text.split()
    if term.exact:
        return set(longest_first(rows([quoted(word) for word in written], words)))
    places = sorted(combinations(range(len(written) + 1), 2), key=lambda run: (run[0] - run[1], run[0]))
    taken: dict[int, int] = {}
    for start, end in places:
        if not any(place in taken for place in range(start, end)) and named(written[start:end], entities):
            taken |= dict.fromkeys(range(start, end), start)
    parts: dict[int, list[int]] = {}
    for place in range(len(written)):
        parts.setdefault(taken.get(place, place), []).append(place)
    kept = {start: part for start, part in parts.items() if start in taken or written[start] not in STOP_WORDS}
    if sum(map(len, kept.values())) < 2:
        kept = parts
    mentions = []
    for start, part in kept.items():
        entity = named([written[place] for place in part], entities) if start in taken else None
        mentions.append(of_entity(entity, words) if entity else longest_first(rows([plain(written[start])], words)))
    return set(chain.from_iterable(choice for choice in product(*mentions) if is_near(choice, words)))


def is_near(choice: Sequence[Run], words: Words) -> bool:
    """Tell whether mentions make a loose phrase."""
    own = list(chain.from_iterable(choice))
    if len(set(own)) < len(own) or len({words[place].paragraph for place in own}) > 1:
        return False
    return len(choice) == 1 or max(own) - min(own) + 1 - len(own) <= MOST_OTHERS


def spans(rule: Rule, article: Article, entities: Sequence[Entity]) -> set[tuple[str, int, int]] | None:
    """The places of all evidence of a rule, None where it does not ring."""
    words, by_id = heard(article), {entity.id: entity for entity in entities}
    if any(of_keyword(term, words, entities) for term in rule.exclude):
        return None
    asked = [set().union(*(of_keyword(term, words, entities) for term in rule.keywords))] if rule.keywords else []
    if rule.entities_any:
        asked.append(set(chain.from_iterable(of_entity(by_id[id_], words) for id_ in rule.entities_any)))
    asked += [set(of_entity(by_id[id_], words)) for id_ in rule.entities_all]
    if not all(asked):
        return None
    return {(words[run[0]].field, words[run[0]].start, words[run[-1]].end) for run in set().union(*asked)}
