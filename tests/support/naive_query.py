"""What rules find, worked out slowly and obviously: the design's sentences one by one, over all combinations.

It knows the inflections of a small vocabulary by heart, and nothing of the product's code but its nouns. It reads the
plain texts that `support.made_up` writes; real ones hold more than it knows of words and sentences.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, combinations, product
from typing import TypeAlias, assert_never

from tocsin.model import Article, Entity, EntityType, FeedSpec, Rule, Surname, Term
from tocsin.model.query import (
    And,
    AtLeast,
    Cased,
    EntityRef,
    Fielded,
    Fuzzy,
    Loose,
    Near,
    Not,
    NotNear,
    Or,
    Phrase,
    Query,
    Regex,
    Scope,
    Unit,
    Wildcard,
    Word,
    nodes_of,
)

STOP_WORDS = {
    "en": {"the", "of", "in", "who", "us", "up"},
    "ru": {"в", "на"},
    "fr": {"l", "d", "qu", "de", "la", "en", "sur", "y"},
}
INFLECTIONS = {
    "en": [
        {"war", "wars"},
        {"invade", "invaded", "invading"},
        {"soldier", "soldiers"},
        {"force", "forces", "forced"},
        {"apple", "apples"},
        {"union", "unions"},
        {"cafe", "cafes"},
        {"up", "ups"},
        {"belarusian", "belarusians"},
        {"harrow", "harrows"},
    ],
    "ru": [
        {"война", "войны", "войной", "войне"},
        {"путин", "путина", "путиным"},
        {"мой", "мои"},
        {"елка", "елки", "елку"},
        {"аркадия", "аркадии", "аркадию"},
    ],
    "fr": [
        {"guerre", "guerres"},
        {"armee", "armees"},
        {"force", "forces"},
        {"union", "unions"},
        {"war", "wars"},
        {"apple", "apples"},
        {"belarusian", "belarusians"},
        {"harrow", "harrows"},
    ],
    "ar": [{"حرب", "الحرب"}],
}
ELISIONS = {"l", "d", "qu"}
MOST_OTHERS = 10  # of a keyword
LEAD = 100  # words

# ----------------------------------------------------------------------------------------------------------------
# Words


def even(text: str) -> str:
    """Write every apostrophe as one; no offset moves."""
    return re.sub("[’ʼ]", "'", text)


INVISIBLE = "\u00ad\u200b\u200c\u2060"
CHARACTERS = "\u3040-\u30ff\u4e00-\u9fff"  # scripts without spaces: each is a word
_LETTER = rf"(?:(?![{CHARACTERS}])[^\W_][\u0300-\u036f{INVISIBLE}]*)"
_WORD = re.compile(rf"(?:[A-Za-z]\.){{2,}}|[{CHARACTERS}]|\d+(?:[.,]\d+)+|{_LETTER}+(?:'{_LETTER}+)*")


def words_in(text: str) -> Iterator[tuple[int, int, str]]:
    """Where the words of a text stand, and what they are."""
    for found in _WORD.finditer(even(text)):
        head, apostrophe, tail = found[0].partition("'")
        written = text[found.start() : found.end()]
        if apostrophe and tail.lower() == "s":
            yield found.start(), found.start() + len(head), head
        elif apostrophe and head.lower() in ELISIONS:
            yield found.start(), found.start() + len(head), head
            yield found.end() - len(tail), found.end(), tail
        else:
            yield found.start(), found.end(), written


@cache
def bare(written: str) -> str:
    """Take what is invisible, and the dots of initials, off a word."""
    visible = "".join(char for char in even(written) if char not in INVISIBLE)
    return unicodedata.normalize("NFC", visible if visible[0].isdigit() else visible.replace(".", ""))


@cache
def without_accents(word: str) -> str:
    """Latin and Greek letters without their accents, ё as е, all else as it is."""

    def plain_letter(char: str) -> str:
        if char in "ёЁ":
            return "е" if char == "ё" else "Е"
        is_plain = unicodedata.name(char, "").startswith(("LATIN", "GREEK"))
        return unicodedata.normalize("NFD", char)[0] if is_plain else char

    return "".join(map(plain_letter, word))


@cache
def small(written: str) -> str:
    """A word without its case."""
    return bare(written).casefold()


@cache
def folded(written: str) -> str:
    """A word without its case and accents."""
    return without_accents(small(written))


@dataclass(frozen=True)
class Heard:
    """A word of an article: where it stands, its paragraph and sentence, and whether its line is all capitals."""

    field: str
    start: int
    end: int
    text: str
    paragraph: int
    sentence: int
    shouted: bool

    @property
    def has_capital(self) -> bool:
        return bare(self.text) != bare(self.text).lower()


Test: TypeAlias = Callable[[Heard], bool]


@dataclass(frozen=True)
class Language:
    """What counts in the language of an article."""

    code: str
    stop_words: frozenset[str]

    def same_word(self, one: str, other: str) -> bool:
        """Whether two words are inflections of one, whatever their case and accents."""
        pair = {folded(one), folded(other)}
        return len(pair) == 1 or any(pair <= forms for forms in INFLECTIONS.get(self.code, []))

    def is_ambiguous(self, asked: str) -> bool:
        """Whether it is in capitals, and a stop word in small letters."""
        return bare(asked).isupper() and small(asked) in self.stop_words

    def plain(self, asked: str) -> Test:
        """A word of a query or keyword without quotes."""
        if self.is_ambiguous(asked):
            return self.capitals_only(asked)
        if bare(asked) == bare(asked).lower() or bare(asked).isupper():
            return lambda heard: self.same_word(heard.text, asked)
        return lambda heard: folded(heard.text) == folded(asked) or (heard.has_capital and self.declines(heard, asked))

    def declines(self, heard: Heard, name: str) -> bool:
        """Whether a word is an inflected form of a name."""
        if self.code == "en":
            return folded(heard.text) in {folded(name), folded(name) + "s"}
        return self.same_word(heard.text, name)

    def capitals_only(self, asked: str) -> Test:
        """WHO, US: not in a line that is all capitals, where only dots tell them apart."""
        return lambda heard: (
            without_accents(bare(heard.text)) == bare(asked) and ("." in heard.text or not heard.shouted)
        )

    def name(self, asked: str) -> Test:
        """A word of an entity whose case counts."""
        if bare(asked) == bare(asked).lower() or self.is_ambiguous(asked):
            return self.plain(asked)

        def test(heard: Heard) -> bool:
            if heard.shouted:
                return self.declines(heard, asked)
            there, wanted = without_accents(bare(heard.text)), without_accents(bare(asked))
            if self.code == "en":
                return there in {wanted, wanted + "s"}
            alike = heard.has_capital and there.isupper() == wanted.isupper()
            return there == wanted or (alike and self.same_word(there, wanted))

        return test

    def acronym(self, asked: str) -> Test:
        """An acronym."""
        if small(asked) in self.stop_words:
            return self.capitals_only(asked)
        return lambda heard: (
            without_accents(bare(heard.text)) == bare(asked) or (heard.shouted and folded(heard.text) == folded(asked))
        )


def quoted(asked: str) -> Test:
    """A word of an exact phrase: with accents only itself, plain every accent."""
    if small(asked) != folded(asked):
        return lambda heard: small(heard.text) == small(asked)
    return lambda heard: folded(heard.text) == folded(asked)


def braced(asked: str) -> Test:
    """A word in just this case."""
    if bare(asked) != without_accents(bare(asked)):
        return lambda heard: bare(heard.text) == bare(asked)
    return lambda heard: without_accents(bare(heard.text)) == bare(asked)


def wild(asked: str) -> Test:
    """A word with wildcards, on what is written."""
    pattern = re.compile("".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in folded(asked)))
    return lambda heard: pattern.fullmatch(folded(heard.text)) is not None


def fuzzy(asked: str, most: int) -> Test:
    """A word within some edits."""
    return lambda heard: abs(len(heard.text) - len(asked)) <= 4 and edits(folded(heard.text), folded(asked)) <= most


def spelt(asked: str) -> Test:
    """A word of a field that is no text."""
    return lambda heard: folded(heard.text) == folded(asked)


@cache
def edits(one: str, other: str) -> int:
    """How many letters must be put in, left out, changed, or swapped with the next to make one word of another."""
    if not one or not other:
        return len(one) + len(other)
    if one[0] == other[0]:
        return edits(one[1:], other[1:])
    ways = [edits(one[1:], other), edits(one, other[1:]), edits(one[1:], other[1:])]
    if one[:2] == other[1::-1]:
        ways.append(edits(one[2:], other[2:]))
    return min(ways) + 1


# ----------------------------------------------------------------------------------------------------------------
# Articles

_SENTENCE_END = re.compile(r"(?:(?<=[^\W_]{2})\.|(?<=\s)\.|[!?])\s+(?=[^\W_]|—)(?![a-zß-ÿα-ωά-ώа-яё])|。\s*")


def _heard(field: str, text: str, language: Language, masked: Sequence[tuple[int, int]] = ()) -> Iterator[Heard]:
    found = [word for word in words_in(text) if not any(start <= word[0] < end for start, end in masked)]
    ends = [end.start() for end in _SENTENCE_END.finditer(text)]
    for start, end, written in found:
        paragraph = 0 if field == "title" else len(re.findall(r"\n\s*\n", text[:start]))
        sentence = paragraph * 1000 + sum(place < start for place in ends)
        line = text[text.rfind("\n", 0, start) + 1 :].partition("\n")[0]
        begin = text.rfind("\n", 0, start) + 1
        neighbours = [word for word in found if begin <= word[0] < begin + len(line)]
        alone = len(neighbours) == 1 and small(written) in language.stop_words
        shouted = field in {"title", "body"} and line.isupper() and not alone
        yield Heard(field, start, end, written, paragraph, sentence, shouted)


@dataclass(frozen=True)
class Reading:
    """An article and its feed as they are read: the text and the words of each field."""

    language: Language
    texts: Mapping[str, str]
    words: Mapping[str, Sequence[Heard]]
    masked: Sequence[tuple[int, int]]
    codes: Mapping[str, str | None]


def reading(article: Article, feed: FeedSpec | None) -> Reading:
    """Read an article."""
    code = (article.language or "en").partition("-")[0].lower()
    language = Language(code, frozenset(STOP_WORDS.get(code, set()) | STOP_WORDS["en"]))
    texts = {
        "title": article.title,
        "body": article.text,
        "author": "\n\n".join(article.authors),
        "url": article.url or "",
        "feed": article.feed,
        "tag": "\n\n".join(dict.fromkeys((*article.tags, *(feed.tags if feed else ())))),
    }
    masked = [(span.start, span.end) for span in article.masked]
    words = {
        field: tuple(_heard(field, text, language, masked if field == "body" else ())) for field, text in texts.items()
    }
    return Reading(language, texts, words, masked, {"lang": article.language or "en", "country": feed and feed.country})


# ----------------------------------------------------------------------------------------------------------------
# Mentions

Leaf: TypeAlias = tuple[str, int, int, str]  # evidence: field, start, end, term


@dataclass(frozen=True)
class Mention:
    """Words of a field that answer something: their places among its words, and what is evidence of them."""

    field: str
    own: frozenset[int]
    evidence: frozenset[Leaf]

    @property
    def start(self) -> int:
        return min(self.own)

    @property
    def end(self) -> int:
        return max(self.own) + 1

    def __or__(self, other: "Mention") -> "Mention":
        return Mention(self.field, self.own | other.own, self.evidence | other.evidence)


def runs(words: Sequence[Heard], tests: Sequence[Test]) -> Iterator[range]:
    """Every row of words of one paragraph that pass the tests."""
    for start in range(len(words) - len(tests) + 1):
        row = words[start : start + len(tests)]
        if len({word.paragraph for word in row}) == 1 and all(
            test(word) for test, word in zip(tests, row, strict=True)
        ):
            yield range(start, start + len(tests))


def longest_first(found: Iterable[range]) -> list[range]:
    """Drop runs that share words with a longer one, or with an earlier one of their length."""
    kept: list[range] = []
    for run in sorted(set(found), key=lambda run: (-len(run), run.start)):
        if not any(set(run) & set(other) for other in kept):
            kept.append(run)
    return kept


def most_apart(runs: Iterable[range]) -> int:
    """The most runs that can be chosen so that no two share words."""
    best = {0: 0}  # how many end at a place or before it
    for run in sorted(set(runs), key=lambda run: run.stop):
        before = max(count for end, count in best.items() if end <= run.start)
        best[run.stop] = max(*best.values(), before + 1)
    return max(best.values())


def is_near(one: Mention, other: Mention, within: int | Unit, words: Mapping[str, Sequence[Heard]]) -> bool:
    """Whether two mentions with words of their own lie so near each other."""
    return not one.own & other.own and lies_near(one, other, within, words)


def lies_near(one: Mention, other: Mention, within: int | Unit, words: Mapping[str, Sequence[Heard]]) -> bool:
    """Whether a mention lies so near another, or over it."""
    if one.field != other.field:
        return False
    there = words[one.field]
    first, last = there[min(one.start, other.start)], there[max(one.end, other.end) - 1]
    match within:
        case Unit.SENTENCE:
            return first.sentence == last.sentence
        case Unit.PARAGRAPH:
            return first.paragraph == last.paragraph
        case int():
            between = max(one.start, other.start) - min(one.end, other.end)
            return between <= within
        case _:
            assert_never(within)


class Reader:
    """Finds in one article what rules ask for."""

    def __init__(self, article: Article, feed: FeedSpec | None, entities: Sequence[Entity]) -> None:
        self._read = reading(article, feed)
        self._entities = {entity.id: entity for entity in entities}
        self._terms: dict[tuple[Query, Scope | None], list[Mention]] = {}

    # Rules

    def rule(self, rule: Rule) -> set[Leaf] | None:
        """The evidence of a rule, None where it does not ring."""
        if any(self.keyword(term) for term in rule.exclude):
            return None
        asked: list[set[Leaf] | None] = []
        if rule.keywords:
            asked.append(set().union(*map(self.keyword, rule.keywords)) or None)
        if rule.query is not None:
            asked.append(self.query(rule.query))
        if rule.entities_any:
            asked.append(set().union(*map(self.entity, rule.entities_any)) or None)
        asked += [self.entity(id_) or None for id_ in rule.entities_all]
        return None if None in asked else set().union(*(found for found in asked if found))

    def entity(self, id_: str) -> set[Leaf]:
        """The evidence of an entity."""
        return evidence_of(self.term(EntityRef(id_), None))

    def keyword(self, term: Term) -> set[Leaf]:
        """The evidence of a keyword."""
        if term.exact:
            return evidence_of(self.term(Phrase(term.text), None))
        return evidence_of(chain.from_iterable(self.choices(term.text, MOST_OTHERS)))

    # Queries

    def query(self, node: Query, scope: Scope | None = None) -> set[Leaf] | None:
        """The evidence of a query, None where it does not hold."""
        match node:
            case And():
                found = [self.query(child, scope) for child in node.children]
                return None if None in found else set().union(*(item for item in found if item))
            case Or():
                held = [item for child in node.children if (item := self.query(child, scope)) is not None]
                return set().union(*held) if held else None
            case Not():
                return set() if self.query(node.child, scope) is None else None
            case Fielded():
                return self.query(node.child, node.scope)
            case AtLeast():
                pairs = any(isinstance(inner, Near | Loose) for inner in nodes_of(node.child))
                count = most_apart if pairs else lambda runs: len(longest_first(runs))
                number = sum(
                    count([range(item.start, item.end) for item in of_field])
                    for of_field in by_field(self.mentions(node.child, scope))
                )
                return self.query(node.child, scope) if number >= node.count else None
            case Loose():
                choices = self.choices(node.text, node.others, scope)
                return evidence_of(chain.from_iterable(choices)) or None
            case Word() if scope in {Scope.LANG, Scope.COUNTRY}:
                return self.code(scope, node.text)
            case _:
                return evidence_of(self.mentions(node, scope)) or None

    def code(self, field: Scope, asked: str) -> set[Leaf] | None:
        """Whether the article is in a language, its feed of a country."""
        code = (self._read.codes[field] or "").lower().partition("-")[0]
        return {(field.value, 0, len(code), f"{field}:{asked}")} if code == asked.lower() else None

    def mentions(self, node: Query, scope: Scope | None) -> set[Mention]:
        """All mentions of a term, a group, or what is near something."""
        match node:
            case Or():
                return set().union(*(self.mentions(child, scope) for child in node.children))
            case Fielded():
                return self.mentions(node.child, node.scope)
            case Near():
                return {
                    left | right
                    for left in self.mentions(node.left, scope)
                    for right in self.mentions(node.right, scope)
                    if is_near(left, right, node.within, self._read.words)
                    and (left.end <= right.start or not node.ordered)
                }
            case NotNear():
                others = self.mentions(node.right, scope)
                return {
                    left
                    for left in self.mentions(node.left, scope)
                    if not any(
                        not right.own <= left.own and lies_near(left, right, node.within, self._read.words)
                        for right in others
                    )
                }
            case Loose():
                return self.shortest(self.choices(node.text, node.others, scope))
            case And() | Not() | AtLeast():
                raise AssertionError(node)
            case _:
                return set(self.term(node, scope))

    def shortest(self, choices: Sequence[Sequence[Mention]]) -> set[Mention]:
        """Of the choices of a loose phrase that begin at one place, the first of those that end first, as a mention.

        Its words are evidence of each part of the phrase that they answer in some choice.
        """
        kept: dict[tuple[str, int], Sequence[Mention]] = {}
        for choice in choices:
            joined = join(choice)
            before = kept.setdefault((joined.field, joined.start), choice)
            if joined.end < join(before).end:
                kept[joined.field, joined.start] = choice
        answering = set(chain.from_iterable(choices))
        return {
            join([other for one in choice for other in answering if (other.field, other.own) == (one.field, one.own)])
            for choice in kept.values()
        }

    # Terms

    def term(self, node: Query, scope: Scope | None) -> list[Mention]:
        """All mentions of a term; what was found once is kept."""
        if (node, scope) not in self._terms:
            found = self.expression(node, scope) if isinstance(node, Regex) else self.row(node, scope)
            self._terms[node, scope] = found
        return self._terms[node, scope]

    def row(self, node: Query, scope: Scope | None) -> list[Mention]:
        """All mentions of a term that is words side by side."""
        found: list[Mention] = []
        for field in fields_of(scope):
            of_field = longest_first(self.runs(node, field))
            if isinstance(node, EntityRef) and field in {"title", "body"}:
                of_field = self.accepted(self._entities[node.id], field, of_field)
            found += (self.mention(field, run, written(node)) for run in of_field)
        return [mention for mention in found if self.stands_in(mention, scope)]

    def mention(self, field: str, run: range, term: str) -> Mention:
        words = self._read.words[field]
        leaf = (field, words[run.start].start, words[run.stop - 1].end, term)
        return Mention(field, frozenset(run), frozenset([leaf]))

    def stands_in(self, mention: Mention, scope: Scope | None) -> bool:
        """Whether a mention stands in a part of its field."""
        return scope is not Scope.LEAD or mention.end <= LEAD

    def runs(self, node: Query, field: str) -> Iterator[range]:
        """Every row of words of a field that a term is said in."""
        words, is_text = self._read.words[field], field in {"title", "body"}
        match node:
            case Word():
                plain = self._read.language.plain if is_text else spelt
                tests = self.side_by_side(node.text, plain, is_text=is_text)
            case Wildcard():
                tests = [wild(word) if set(word) & {"*", "?"} else spelt(word) for word in wild_words(node.text)]
            case Fuzzy():
                tests = [fuzzy(node.text, node.edits)]
            case Phrase():
                tests = [wild(word) if set(word) & {"*", "?"} else quoted(word) for word in wild_words(node.text)]
            case Cased():
                tests = [braced(word) for _, _, word in words_in(node.text)]
            case EntityRef():
                return chain.from_iterable(
                    runs(words, tests) for _, tests in self.forms(self._entities[node.id], is_text=is_text)
                )
            case _:
                raise AssertionError(node)
        return runs(words, tests)

    def side_by_side(self, text: str, plain: Callable[[str], Test], *, is_text: bool = True) -> list[Test]:
        """`build-up`: words side by side, the last in any inflection; `WHO-backed` is in capitals."""
        *before, last = [word for _, _, word in words_in(text)]
        language = self._read.language
        shouted = [is_text and language.is_ambiguous(word) for word in before]
        tests = [
            language.capitals_only(word) if loud else spelt(word) for word, loud in zip(before, shouted, strict=True)
        ]
        return [*tests, plain(last)]

    def expression(self, node: Regex, scope: Scope | None) -> list[Mention]:
        """Every match of a regular expression, on the text without its furniture."""
        found = []
        for field in fields_of(scope):
            words, text = self._read.words[field], self._read.texts[field]
            for start, end in self._read.masked if field == "body" else ():
                text = text[:start] + "\x01" * (end - start) + text[end:]
            last = words[LEAD].start if scope is Scope.LEAD and len(words) > LEAD else len(text)
            for item in re.finditer(node.pattern, text, re.ASCII):
                start, end = item.span()
                own = frozenset(place for place, word in enumerate(words) if word.start < end and word.end > start)
                if end <= last and "\x01" not in item[0]:
                    found.append(Mention(field, own, frozenset([(field, start, end, written(node))])))
        return found

    # Entities

    def forms(self, entity: Entity, *, is_text: bool) -> Iterator[tuple[bool, list[Test]]]:
        """What an entity is called: whether that is a part of its name only, and its words."""
        language = self._read.language
        word = language.name if entity.case_sensitive else language.plain
        names = [entity.name, *(name for _, name in entity.forms)]
        for term in (*(Term(text=name) for name in names), *entity.aliases):
            test = quoted if term.exact else word if is_text else spelt
            yield False, [test(item) for _, _, item in words_in(term.text)]
        if entity.acronym:
            yield False, [language.acronym(entity.acronym) if is_text else braced(entity.acronym)]
        counts = entity.surname is Surname.ALONE or (is_text and entity.surname is Surname.AFTER_FULL)
        if entity.type is EntityType.PERSON and counts:
            for name in names:
                before, particle, last = name.partition(" van ")
                before, _, surname = (before, "", f"van {last}") if particle else name.rpartition(" ")
                if before:
                    yield True, [(word if is_text else spelt)(item) for _, _, item in words_in(surname)]

    def accepted(self, entity: Entity, field: str, found: Sequence[range]) -> list[range]:
        """The mentions that the conditions on surname and context let pass."""
        words = self._read.words
        full = {
            at: {
                run
                for partial, tests in self.forms(entity, is_text=True)
                if not partial
                for run in runs(words[at], tests)
            }
            for at in ("title", "body")
        }
        in_full = bool(full["title"] or full["body"])
        return [
            run
            for run in found
            if (run in full[field] or entity.surname is Surname.ALONE or in_full) and self.fits(entity, field, run)
        ]

    def fits(self, entity: Entity, field: str, run: range) -> bool:
        """Whether what must stand around a mention does, and what must not does not."""
        context = entity.context
        if context is None:
            return True
        before = len(self._read.words["title"]) if field == "body" else 0  # the title reads on into the body
        around = range(before + run.start - context.within, before + run.stop + context.within)

        def stands(term: Term) -> bool:
            word = quoted if term.exact else self._read.language.plain
            tests = [word(item) for _, _, item in words_in(term.text)]
            return any(
                context.within == 0 or place + shift in around
                for at, shift in (("title", 0), ("body", len(self._read.words["title"])))
                for row in runs(self._read.words[at], tests)
                for place in row
            )

        return (not context.any or any(map(stands, context.any))) and not any(map(stands, context.none))

    # Loose phrases

    def choices(self, text: str, others: int, scope: Scope | None = None) -> list[tuple[Mention, ...]]:
        """Every choice of one mention for each part of a loose phrase that lie near enough to each other."""
        mentions = [self.part(part, scope) for part in self.parts(text)]
        return [choice for choice in product(*mentions) if self.is_loose_phrase(choice, others)]

    def part(self, part: str, scope: Scope | None) -> list[Mention]:
        """The mentions of an entity that a part of a loose phrase names, or of its word."""
        named = self.named(part)
        if named is None:
            return self.term(Word(part), scope)
        found = self.term(EntityRef(named.id), scope)
        return [
            Mention(item.field, item.own, frozenset((*place, part) for *place, _ in item.evidence)) for item in found
        ]

    def parts(self, text: str) -> list[str]:
        """The parts of a loose phrase: the longest runs of words that name an entity, and single words."""
        written = re.sub(r"(?i)\b(l|d|qu)'", r"\1' ", even(text)).split()
        places = sorted(combinations(range(len(written) + 1), 2), key=lambda run: (run[0] - run[1], run[0]))
        taken: dict[int, int] = {}
        for start, end in places:
            if not any(place in taken for place in range(start, end)) and self.named(" ".join(written[start:end])):
                taken |= dict.fromkeys(range(start, end), start)
        parts: dict[int, list[str]] = {}
        for place, word in enumerate(written):
            parts.setdefault(taken.get(place, place), []).append(word)
        kept = {start: part for start, part in parts.items() if start in taken or not self.is_stop_word(written[start])}
        if sum(map(len, kept.values())) < 2:
            kept = parts
        return [" ".join(part) for part in kept.values()]

    def is_stop_word(self, asked: str) -> bool:
        word = bare(asked.strip("'"))
        return word == word.lower() and word in self._read.language.stop_words

    def named(self, text: str) -> Entity | None:
        """The entity that words of a loose phrase name: in any case, but an acronym as it is written."""
        asked = [word for _, _, word in words_in(text)]
        for entity in self._entities.values():
            names = [entity.name, *(alias.text for alias in entity.aliases)]
            if any([folded(word) for _, _, word in words_in(name)] == list(map(folded, asked)) for name in names):
                return entity
            if entity.acronym and [bare(word) for word in asked] == [entity.acronym]:
                return entity
        return None

    def is_loose_phrase(self, choice: Sequence[Mention], others: int) -> bool:
        if len(choice) == 1:
            return True
        own = frozenset().union(*(mention.own for mention in choice))
        if len({mention.field for mention in choice}) > 1 or len(own) < sum(len(mention.own) for mention in choice):
            return False
        words = self._read.words[choice[0].field]
        if len({words[place].paragraph for place in own}) > 1:
            return False
        return max(own) - min(own) + 1 - len(own) <= others


def written(node: Query) -> str:
    """A term as it stands in evidence."""
    match node:
        case Word() | Wildcard() | Phrase():
            return node.text
        case Fuzzy():
            return f"{node.text}~{node.edits}"
        case Cased():
            return f"{{{node.text}}}"
        case Regex():
            return f"/{node.pattern}/"
        case EntityRef():
            return f"@{node.id}"
        case _:
            raise AssertionError(node)


def wild_words(text: str) -> list[str]:
    """The words of a term that may have wildcards."""
    lettered = text.replace("*", "ʔ").replace("?", "ǃ")  # letters of no language here
    return [word.replace("ʔ", "*").replace("ǃ", "?") for _, _, word in words_in(lettered)]


def fields_of(scope: Scope | None) -> tuple[str, ...]:
    """The fields that are looked at."""
    match scope:
        case None:
            return ("title", "body")
        case Scope.LEAD:
            return ("body",)
        case _:
            return (scope.value,)


def by_field(mentions: Iterable[Mention]) -> Iterator[list[Mention]]:
    found = list(mentions)
    for field in {mention.field for mention in found}:
        yield [mention for mention in found if mention.field == field]


def join(mentions: Iterable[Mention]) -> Mention:
    first, *others = mentions
    for other in others:
        first |= other
    return first


def evidence_of(mentions: Iterable[Mention]) -> set[Leaf]:
    """What is evidence of mentions."""
    return set(chain.from_iterable(mention.evidence for mention in mentions))
