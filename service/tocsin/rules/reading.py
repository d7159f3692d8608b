"""An article as rules read it: a row of words by position, where each stands in its text, and which rules ask for it.

Title and body are one row with a gap between them that nothing reaches across. Furniture has no words. What only
evidence needs (offsets) or few rules (sentences) is worked out when it is asked for.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate, chain
from typing import NamedTuple

import regex

from tocsin.model import Field, Span
from tocsin.rules.vocabulary import NOTHING, Key, Vocabulary
from tocsin.text.language import DEFAULT
from tocsin.text.paragraphs import sentences
from tocsin.text.stopwords import stop_words
from tocsin.text.tokens import APOSTROPHES, Word, ignoring_case, run_pattern, spelling, words, words_of_run

#: Positions without words between two fields of a row: more than any NEAR reaches.
GAP = 101

#: The words of the body that are its lead.
LEAD = 100

_BREAK = regex.compile(r"\n[^\S\n]*+\n")
_LETTERS = regex.compile(r"[^\n]")

#: Stands for each character of furniture: it belongs to no word, and makes no empty line, which would part paragraphs.
MASK = "\x01"


class Mention(NamedTuple):
    """Words that answer something: half-open positions in the row.

    `own` are its mentions where it is the hull of several; else all its words are its own.
    """

    start: int
    end: int
    own: "tuple[Mention, ...]" = ()

    @property
    def parts(self) -> "tuple[Mention, ...]":
        """The mentions whose words are its own."""
        return self.own or (self,)


def share_words(one: Mention, other: Mention) -> bool:
    """Tell whether two mentions have a word in common that is each one's own."""
    if one.end <= other.start or other.end <= one.start:
        return False
    return any(left.start < right.end and right.start < left.end for left in one.parts for right in other.parts)


def longest_first(found: Iterable[Mention]) -> Sequence[Mention]:
    """Return mentions in order so that none overlap: the longest count, then the first."""
    taken: set[int] = set()
    kept = []
    for mention in sorted(set(found), key=lambda mention: (mention.start - mention.end, mention)):
        positions = range(mention.start, mention.end)
        if taken.isdisjoint(positions):
            taken.update(positions)
            kept.append(mention)
    return sorted(kept)


def first_ending(found: Iterable[Mention]) -> Sequence[Mention]:
    """Return as many mentions as can be taken so that none overlap, in order: the one that ends first, and so on."""
    kept: list[Mention] = []
    for mention in sorted(found, key=lambda mention: (mention.end, -mention.start)):
        if not kept or mention.start >= kept[-1].end:
            kept.append(mention)
    return kept


class Passage(NamedTuple):
    """The words of one field: `begin:end` in the row.

    `blank` is its text with the furniture blanked out. Word n of the field begins with run `n`, or, where some runs
    are not one word each, with the run that `run_starts` says.
    """

    field: Field
    text: str
    blank: str
    begin: int
    end: int
    breaks: Sequence[int]
    run_starts: Sequence[int] | None


class Row:
    """Words by position: the class of each, and the passages that they stand in."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.classes: list[int] = []
        self.present: set[int] = set()
        """The classes of its words, but for those that no rule asks for."""
        self.passages: list[Passage] = []
        self._places: dict[Key, Sequence[int]] = {}
        self._answering: dict[tuple[Key, ...], Sequence[Mention]] = {}
        self._run_spans: dict[Field, Sequence[tuple[int, int]]] = {}
        self._words: dict[Field, Sequence[Word]] = {}

    def read(self, field: Field, text: str, masked: Sequence[Span] = ()) -> None:
        """Add the words of a field."""
        if self.passages:
            self.classes += [NOTHING] * GAP
        begin, blank = len(self.classes), _blanked(text, masked) if masked else text
        find, runs, breaks = _finder(blank, self.vocabulary.language), list[int](), list[int]()
        for paragraph in _BREAK.split(blank):
            breaks.append(len(runs))
            runs += self._classes_of(paragraph, find)
        starts, present = None, set(runs)
        if min(present, default=NOTHING) < 0:
            several = self.vocabulary.several
            starts = list(accumulate((1 if run >= 0 else len(several[-run]) for run in runs), initial=0))
            breaks = [starts[at] for at in breaks]
            runs = [known for run in runs for known in ((run,) if run >= 0 else several[-run])]
            present = set(runs)
        self.classes += runs
        self.present |= present
        self.present.discard(NOTHING)
        self.passages.append(
            Passage(
                field=field, text=text, blank=blank, begin=begin, end=len(self.classes),
                breaks=[begin + at for at in breaks], run_starts=starts,
            )
        )  # fmt: skip

    def _classes_of(self, paragraph: str, find: Callable[[str], list[str]]) -> Iterable[int]:
        """Return the classes of the runs of a paragraph; names in a line that is all capitals have no case."""
        if not (paragraph.isupper() or ("\n" in paragraph and any(map(str.isupper, paragraph.split("\n"))))):
            return map(self.vocabulary.quiet.__getitem__, find(paragraph))
        return chain.from_iterable(self._classes_of_line(line, find(line)) for line in paragraph.split("\n"))

    def _classes_of_line(self, line: str, runs: Sequence[str]) -> Iterable[int]:
        shouted = line.isupper() and not self._is_one_common_word(runs)
        memo = self.vocabulary.shouted if shouted else self.vocabulary.quiet
        return map(memo.__getitem__, runs)

    def _is_one_common_word(self, runs: Sequence[str]) -> bool:
        """Tell whether a line is one word that may be an acronym: WHO alone on a line."""
        found = [word for run in runs[:2] for word in self.vocabulary.words_of(run)]
        common = stop_words(self.vocabulary.language) | stop_words(DEFAULT)
        return len(found) == 1 and len(runs) == 1 and ignoring_case(spelling(found[0])) in common

    @cached_property
    def _positions(self) -> Mapping[int, Sequence[int]]:
        found: defaultdict[int, list[int]] = defaultdict(list)
        for position, known in enumerate(self.classes):
            if known:
                found[known].append(position)
        return found

    @cached_property
    def breaks(self) -> Sequence[int]:
        """Where paragraphs begin, ascending."""
        return [at for passage in self.passages for at in passage.breaks]

    @cached_property
    def sentence_starts(self) -> Sequence[int]:
        """Where sentences begin, ascending."""
        return [at for passage in self.passages for at in self._sentence_starts(passage)]

    def _sentence_starts(self, passage: Passage) -> Iterator[int]:
        """Sentences are those of the text with its furniture; words tell where they begin."""
        word_starts = [word.start for word in self.words(passage)]
        for sentence in sentences(passage.text):
            yield passage.begin + bisect_left(word_starts, sentence.start)

    def paragraph_of(self, position: int) -> int:
        """Return the number of the paragraph that a word stands in."""
        return bisect_right(self.breaks, position)

    def sentence_of(self, position: int) -> int:
        """Return the number of the sentence that a word stands in."""
        return bisect_right(self.sentence_starts, position)

    def places(self, pattern: Key) -> Sequence[int]:
        """Return where words stand that answer a pattern, ascending."""
        known = self._places.get(pattern)
        if known is None:
            classes = self.present.intersection(self.vocabulary.classes_of.get(pattern, ()))
            found = [self._positions[of_class] for of_class in classes]
            known = self._places[pattern] = found[0] if len(found) == 1 else sorted(chain.from_iterable(found))
        return known

    def mentions(self, asked: tuple[Key, ...]) -> Sequence[Mention]:
        """Return where words stand side by side in one paragraph that answer these patterns; no two overlap."""
        known = self._answering.get(asked)
        if known is None:
            known = self._answering[asked] = self._find(asked)
        return known

    def _find(self, asked: tuple[Key, ...]) -> Sequence[Mention]:
        if len(asked) == 1:
            return [Mention(at, at + 1) for at in self.places(asked[0])]
        found: list[Mention] = []
        rarest = min(range(len(asked)), key=lambda offset: len(self.places(asked[offset])))
        for place in self.places(asked[rarest]):
            start = place - rarest
            free = start >= (found[-1].end if found else 0)
            if free and self._stand_at(start, asked):
                found.append(Mention(start, start + len(asked)))
        return found

    def _stand_at(self, start: int, asked: tuple[Key, ...]) -> bool:
        if start + len(asked) > len(self.classes):
            return False
        answered, classes = self.vocabulary.answered, self.classes
        for offset, pattern in enumerate(asked, start):
            if pattern not in answered[classes[offset]]:
                return False
        return self.paragraph_of(start) == self.paragraph_of(start + len(asked) - 1)

    def passage_at(self, position: int) -> Passage:
        """Return the passage that a word stands in."""
        return next(passage for passage in self.passages if position < passage.end)

    def passage_of(self, field: Field) -> Passage | None:
        """Return the passage of a field."""
        return next((passage for passage in self.passages if passage.field is field), None)

    def span(self, mention: Mention) -> tuple[Passage, int, int]:
        """Return the field that a mention stands in, and its offsets there."""
        passage = self.passage_at(mention.start)
        return passage, self._word(passage, mention.start)[0], self._word(passage, mention.end - 1)[1]

    def words(self, passage: Passage) -> Sequence[Word]:
        """Return the words of a passage with their offsets."""
        known = self._words.get(passage.field)
        if known is None:
            known = self._words[passage.field] = words(passage.blank, self.vocabulary.language)
        return known

    def _word(self, passage: Passage, position: int) -> tuple[int, int]:
        """Return the offsets of one word; quicker than to take all words apart."""
        number, text = position - passage.begin, passage.blank
        spans = self._run_spans.get(passage.field)
        if spans is None:
            pattern = run_pattern(text)
            spans = [run.span() for run in pattern.finditer(text)] if pattern else self._word_spans(passage)
            self._run_spans[passage.field] = spans
        run, index = number, 0
        if passage.run_starts is not None:
            run = bisect_right(passage.run_starts, number) - 1
            index = number - passage.run_starts[run]
        start, end = spans[run]
        letters = text[start:end]
        if letters.isalnum() and APOSTROPHES.isdisjoint(letters):  # some apostrophes count as letters
            return start, end
        word = words_of_run(text, start, end, self.vocabulary.language)[index]
        return word.start, word.end

    def _word_spans(self, passage: Passage) -> Sequence[tuple[int, int]]:
        return [(word.start, word.end) for word in self.words(passage)]


def _finder(text: str, language: str) -> Callable[[str], list[str]]:
    """Return what takes a part of `text` apart into runs; into words, where scripts write no spaces."""
    pattern = run_pattern(text)
    if pattern is None:
        return lambda part: [word.written for word in words(part, language)]
    return pattern.findall


def _blanked(text: str, masked: Sequence[Span]) -> str:
    parts, at = [], 0
    for span in sorted(masked):  # one may lie within another
        start = max(span.start, at)
        if start < span.end:
            parts += [text[at:start], _LETTERS.sub(MASK, text[start : span.end])]
            at = span.end
    return "".join([*parts, text[at:]])
