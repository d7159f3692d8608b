"""Paragraphs and sentences of a plain text, as spans of it."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

import regex

from tocsin.model import Span

_PARAGRAPH = regex.compile(r"\S(?:[^\n]|\n(?![^\S\n]*+(?:\n|$)))*")

# A full stop ends a sentence where a capital, a digit or an opening quote follows, but not behind a single letter,
# initials (U.S.) or one of these.
_ABBREVIATIONS = frozenset(
    """mr mrs ms dr prof gen col lt sgt capt maj sen rep gov pres st jr sr vs no vol fig est approx inc ltd corp co dept
    jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun al etc ca cf ed
    г гг ул им тыс млн млрд руб св проф ген т д п м bzw z b nr usw""".split()
)
_STOP = regex.compile(
    r"(?:(?<![.!?…])[.!?…]++[\"'”’»)\]]*+\s++(?=[\p{Lu}\p{Lt}\p{Lo}\p{Nd}\"'“‘«(\[—–-])|[。！？][”’」』）]*+\s*+)"
)
_LAST_WORD = regex.compile(r"[\p{L}\p{M}.]*\Z")
_LONGEST_ABBREVIATION = 6


def paragraphs(text: str) -> list[Span]:
    """Return the paragraphs of `text`: what empty lines part, without the white space around it."""
    return [Span(match.start(), match.start() + len(match[0].rstrip())) for match in _PARAGRAPH.finditer(text)]


def sentences(text: str) -> list[Span]:
    """Return the sentences of `text` in order, without the white space around them; none crosses a paragraph."""
    return [span for paragraph in paragraphs(text) for span in _sentences_of(text, paragraph)]


def _sentences_of(text: str, paragraph: Span) -> Iterator[Span]:
    begin = paragraph.start
    for stop in _STOP.finditer(text, paragraph.start, paragraph.end):
        if _ends_sentence(text, begin, stop):
            yield Span(begin, begin + len(text[begin : stop.end()].rstrip()))
            begin = stop.end()
    if begin < paragraph.end:
        yield Span(begin, paragraph.end)


def _ends_sentence(text: str, begin: int, stop: regex.Match[str]) -> bool:
    if not stop[0].startswith(".") or stop[0].startswith(".."):
        return True
    before = _LAST_WORD.search(text, max(begin, stop.start() - _LONGEST_ABBREVIATION), stop.start())
    word = before[0] if before else ""
    return not word or not (len(word) == 1 or "." in word or word.lower() in _ABBREVIATIONS)


def sentence_at(sentences: Sequence[Span], start: int, end: int) -> Span:
    """Return the span of the sentence that holds `start:end`; from the first to the last where several do."""
    first = max(bisect_right(sentences, start, key=lambda span: span.start) - 1, 0)
    last = max(bisect_left(sentences, end, key=lambda span: span.start) - 1, first)
    if not sentences:
        return Span(start, end)
    return Span(min(sentences[first].start, start), max(sentences[last].end, end))
