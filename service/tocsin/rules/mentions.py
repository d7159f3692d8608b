"""Where the words that rules ask for stand in one article: found in one pass, each leaf once for all rules."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import NamedTuple

from tocsin.model import Article, Field, Span
from tocsin.rules.compile import Leaf, Operand
from tocsin.rules.patterns import WordPattern, answers, form_keys, keys
from tocsin.text.language import DEFAULT
from tocsin.text.paragraphs import paragraphs
from tocsin.text.stopwords import stop_words
from tocsin.text.tokens import LONGEST_WORD, Word, form_of, ignoring_case, spelling, words

#: How many written words a vocabulary remembers before it starts anew: bounds memory against endless new words.
MEMO_SIZE = 200_000


class Mention(NamedTuple):
    """A row of words of an article that answers something: half-open positions in its words."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ArticleWords:
    """The words of an article's title and then of its body, furniture left out.

    `paragraph_of` numbers the paragraph of each word, the title being one of its own; `shouted` tells of each whether
    its line is all capitals. The first `title_words` words are the title's.
    """

    words: Sequence[Word]
    paragraph_of: Sequence[int]
    shouted: Sequence[bool]
    title_words: int

    def field_of(self, position: int) -> Field:
        """Return the field in which a word stands."""
        return Field.TITLE if position < self.title_words else Field.BODY


def words_of(article: Article, language: str) -> ArticleWords:
    """Take an article apart into words."""
    title = words(article.title, language)
    body = _unmasked(words(article.text, language), article.masked)
    breaks = [span.start for span in paragraphs(article.text)]
    return ArticleWords(
        words=[*title, *body],
        paragraph_of=[0] * len(title) + _ranks(body, breaks),
        shouted=_shouted(article.title, title, language) + _shouted(article.text, body, language),
        title_words=len(title),
    )


def _unmasked(found: Sequence[Word], masked: Sequence[Span]) -> Sequence[Word]:
    if not masked:
        return found
    spans = sorted(masked)
    ends = [0, *accumulate((span.end for span in spans), max)]  # a span may lie within another
    ranks = _ranks(found, [span.start for span in spans])
    return [word for word, rank in zip(found, ranks, strict=True) if word.start >= ends[rank]]


def _ranks(found: Iterable[Word], starts: Sequence[int]) -> list[int]:
    """Return for each word how many of the ascending `starts` lie at or before it."""
    ranks, rank = [], 0
    for word in found:
        while rank < len(starts) and starts[rank] <= word.start:
            rank += 1
        ranks.append(rank)
    return ranks


def _shouted(text: str, found: Sequence[Word], language: str) -> list[bool]:
    """Tell of each word whether its line is all capitals. WHO alone on a line may still be the acronym."""
    lines = text.split("\n")
    loud = [line.isupper() for line in lines]
    if not any(loud):
        return [False] * len(found)
    ranks = _ranks(found, list(accumulate((len(line) + 1 for line in lines[:-1]), initial=0)))
    size = Counter(ranks)
    common = stop_words(language) | stop_words(DEFAULT)
    return [
        loud[rank - 1] and (size[rank] > 1 or ignoring_case(spelling(word.written)) not in common)
        for word, rank in zip(found, ranks, strict=True)
    ]


class Vocabulary:
    """Everything that the rules of one language ask for, and a memo of which written words answer it."""

    def __init__(self, language: str, leaves: Iterable[Leaf]) -> None:
        self.language = language
        self._asked: dict[str, set[WordPattern]] = {}
        self._starting: dict[WordPattern, list[Leaf]] = {}
        self._memo: dict[tuple[str, bool], tuple[WordPattern, ...]] = {}
        for leaf in dict.fromkeys(leaves):
            self._starting.setdefault(leaf[0], []).append(leaf)
            for pattern in leaf:
                for key in keys(pattern):
                    self._asked.setdefault(key, set()).add(pattern)

    def answered_by(self, written: str, *, shouted: bool) -> tuple[WordPattern, ...]:
        """Return the patterns that a written word answers."""
        known = self._memo.get((written, shouted))
        if known is None:
            form = form_of(written, self.language)
            asked = set(chain.from_iterable(self._asked.get(key, ()) for key in form_keys(form)))
            known = tuple(pattern for pattern in asked if answers(form, pattern, shouted=shouted))
            if len(self._memo) >= MEMO_SIZE:
                self._memo.clear()
            if len(written) <= LONGEST_WORD:  # what is longer is no word, seldom seen twice, and may be of any size
                self._memo[written, shouted] = known
        return known

    def find(self, article: ArticleWords) -> "Found":
        """Find every leaf that stands in an article."""
        answered = [
            self.answered_by(word.written, shouted=shouted)
            for word, shouted in zip(article.words, article.shouted, strict=True)
        ]
        leaves: dict[Leaf, list[Mention]] = {}
        for start, found in enumerate(answered):
            for pattern in found:
                for leaf in self._starting.get(pattern, ()):
                    if _stands_at(leaf, start, answered, article.paragraph_of):
                        leaves.setdefault(leaf, []).append(Mention(start, start + len(leaf)))
        return Found(article, leaves)


def _stands_at(leaf: Leaf, start: int, answered: Sequence[Sequence[WordPattern]], paragraph_of: Sequence[int]) -> bool:
    end = start + len(leaf)
    if len(leaf) == 1:
        return True
    if end > len(answered) or paragraph_of[start] != paragraph_of[end - 1]:
        return False
    return all(pattern in answered[start + offset] for offset, pattern in enumerate(leaf))


class Found:
    """The leaves that stand in one article."""

    def __init__(self, article: ArticleWords, leaves: Mapping[Leaf, Sequence[Mention]]) -> None:
        self.article = article
        self.leaves = leaves
        self._operands: dict[Operand, Sequence[Mention]] = {}

    def mentions(self, operand: Operand) -> Sequence[Mention]:
        """Return the mentions of an operand in order. They do not overlap: the longest counts, then the first."""
        known = self._operands.get(operand)
        if known is None:
            known = _longest_first(chain.from_iterable(self.leaves.get(leaf, ()) for leaf in operand.leaves))
            self._operands[operand] = known
        return known


def _longest_first(found: Iterable[Mention]) -> Sequence[Mention]:
    taken: set[int] = set()
    kept = []
    for mention in sorted(set(found), key=lambda mention: (mention.start - mention.end, mention.start)):
        positions = range(*mention)
        if taken.isdisjoint(positions):
            taken.update(positions)
            kept.append(mention)
    return sorted(kept)
