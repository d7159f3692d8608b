"""What a feed repeats in its reports, and is therefore no part of any: calls for donations, links, legal notices.

Counted are reports, never items: whatever comes again under new ids does not make furniture of itself.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import blake2b
from itertools import chain

from tocsin.model import Article, CountedReport, Span
from tocsin.model.stories import MOST_REPORTS
from tocsin.text.clean import clean_line
from tocsin.text.cues import has_cue
from tocsin.text.paragraphs import paragraphs

#: In how many of them a paragraph stands that is furniture: usually, in a small first batch or with a cue, and where
#: a report says what it is about.
REPORTS, FEW_REPORTS, LEAD_REPORTS = 3, 2, 5

_SMALL_BATCH = 20
_LEAD = 2  # paragraphs
_LONG = 40  # code points; shorter paragraphs do not tell reports apart
_MOST_PARAGRAPHS = 400  # of a report; books and transcripts are not kept whole
_MOST_TAKEN = 0.8  # of the words of an article

_WORD = re.compile(r"\w+")


class MaskReason(StrEnum):
    """Why a span of a text is neither matched nor compared, in words for people."""

    TITLE = "the title again"
    CONFIGURED = "named in the configuration"
    REPEATED = "repeated in the feed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Furnished:
    """Articles with their furniture masked, and the reports that they were counted as, to be stored.

    `spared` are the ids of articles that would have lost most of their words, and so lost nothing.
    """

    articles: tuple[Article, ...]
    reports: tuple[CountedReport, ...]
    spared: tuple[str, ...] = ()


def mask_furniture(articles: Sequence[Article], counted: Sequence[CountedReport]) -> Furnished:
    """Mask what the feed repeats in its fresh articles, the earliest first.

    `counted` are the last reports of the feed, the oldest first. Where there are none, the articles are a first batch:
    all of it is counted before anything is masked, in whatever order it comes.
    """
    read = [_Read(article) for article in articles]
    first_batch = not counted
    count = _Count(counted, most=max(MOST_REPORTS, len(read)) if first_batch else MOST_REPORTS)
    reports: dict[int, CountedReport] = {}
    if first_batch:
        places = {id(text): count.add(text) for text in sorted(read, key=_Read.order)}
        in_order = dict.fromkeys(places[id(text)] for text in read)
        reports = {place: count.reports[place] for place in in_order}
    usual = FEW_REPORTS if first_batch and len(reports) < _SMALL_BATCH else REPORTS
    masked: list[Article] = []
    spared: list[str] = []
    for text in read:
        if not first_batch:
            place = count.add(text)
            reports[place] = count.reports[place]
        learnt, title_learnt = text.repeated(count.times, usual)
        if text.is_spared(learnt):
            spared.append(text.article.id)
            learnt, title_learnt = [], False
        masked.append(text.without(learnt, title_learnt=title_learnt))
    last = tuple(reports.values())[-MOST_REPORTS:]
    return Furnished(articles=tuple(masked), reports=last, spared=tuple(spared))


def mask_reasons(article: Article, configured: Iterable[Span]) -> list[tuple[Span, MaskReason]]:
    """Return for each masked span of an article why it is masked.

    `configured` are the spans that the configuration names in the same text.
    """
    named, title = list(configured), _hash(article.title)
    return [(span, _reason(span, article.text, named, title)) for span in article.masked]


def _reason(span: Span, text: str, configured: Sequence[Span], title: int | None) -> MaskReason:
    if any(named.start <= span.start < named.end for named in configured):
        return MaskReason.CONFIGURED
    is_title = title is not None and _hash(text[span.start : span.end]) == title
    return MaskReason.TITLE if is_title else MaskReason.REPEATED


# ---------------------------------------------------------------------------------------------------------------
# An article, read by paragraphs


@dataclass(frozen=True, slots=True, kw_only=True)
class _Paragraph:
    """A paragraph that is neither the title nor configured furniture. `place` counts those before it."""

    span: Span
    key: int
    words: int
    cue: bool
    place: int

    @property
    def lead(self) -> bool:
        """Whether it is one of the first two, in which a report says what it is about."""
        return self.place < _LEAD


class _Read:
    """An article by its paragraphs."""

    def __init__(self, article: Article) -> None:
        self.article = article
        self.given = _disjoint(article.masked)
        self.title = _hash(article.title) or 0
        self.paragraphs = [*self._paragraphs()]
        told = {paragraph.key for paragraph in self.paragraphs}
        self.keys = frozenset(sorted(told)[:_MOST_PARAGRAPHS])
        self.cued = {paragraph.key for paragraph in self.paragraphs if paragraph.cue}

    def order(self) -> tuple[object, ...]:
        """Return by what articles of a first batch are ordered, however they come."""
        return self.title, -len(self.keys), self.article.content_hash, self.article.id

    def _paragraphs(self) -> Iterable[_Paragraph]:
        text, number, given = self.article.text, 0, iter(self.given)
        hidden = next(given, None)
        for span in _pieces(text):
            while hidden is not None and hidden.end <= span.start:
                hidden = next(given, None)
            if hidden is not None and hidden.start < span.end:
                continue
            written = text[span.start : span.end]
            key = _hash(written)
            if key is None:
                continue
            yield _Paragraph(span=span, key=key, words=len(_WORD.findall(written)), cue=has_cue(written), place=number)
            number += 1

    def repeated(self, times: Counter[int], usual: int) -> tuple[list[_Paragraph], bool]:
        """Return the paragraphs that stand in so many reports that they are furniture, and whether the title does."""
        learnt = [paragraph for paragraph in self.paragraphs if times[paragraph.key] >= _needed(paragraph, usual)]
        return learnt, bool(self.title) and times[self.title] >= LEAD_REPORTS

    def is_spared(self, learnt: Sequence[_Paragraph]) -> bool:
        """Tell whether too much would go; what has a cue is furniture, however little else there is."""
        words = sum(paragraph.words for paragraph in self.paragraphs if not paragraph.cue)
        taken = sum(paragraph.words for paragraph in learnt if not paragraph.cue)
        return taken > _MOST_TAKEN * words

    def without(self, learnt: Sequence[_Paragraph], *, title_learnt: bool) -> Article:
        """Return the article with these paragraphs masked, and another title where its own is furniture in its text."""
        article, gone = self.article, {paragraph.span for paragraph in learnt}
        title = article.title
        if title_learnt and (after := self._title_ends()):
            left = (paragraph.span for paragraph in self.paragraphs if paragraph.span.start >= after)
            if instead := next((span for span in left if span not in gone), None):
                title, title_learnt = clean_line(article.text[instead.start : instead.end]), False
                gone.add(instead)
        masked = tuple(_disjoint([*self.given, *gone]))
        return replace(article, title=title, masked=masked, title_masked=title_learnt)

    def _title_ends(self) -> int:
        """Return where the title ends in the text, 0 where it does not stand in it."""
        text = self.article.text
        return next((span.end for span in self.given if _hash(text[span.start : span.end]) == self.title), 0)


def _needed(paragraph: _Paragraph, usual: int) -> int:
    """Return in how many reports furniture of that kind stands: with a cue in two, the first of all in three."""
    if paragraph.cue:
        return FEW_REPORTS if paragraph.place else REPORTS
    return LEAD_REPORTS if paragraph.lead else usual


def _pieces(text: str) -> list[Span]:
    """Return the paragraphs of a text, or its lines where it has no empty one."""
    found = paragraphs(text)
    if len(found) != 1 or "\n" not in text[found[0].start : found[0].end]:
        return found
    lines, start = [], 0
    for line in text.split("\n"):
        if shown := line.strip():
            begin = start + line.index(shown)
            lines.append(Span(begin, begin + len(shown)))
        start += len(line) + 1
    return lines


def _hash(written: str) -> int | None:
    """Return 63 bits of a paragraph's words, odd for a long one; None where there are none."""
    evened = " ".join(_WORD.findall(unicodedata.normalize("NFKC", written).casefold()))
    if not evened:
        return None
    found = int.from_bytes(blake2b(evened.encode("utf-8", "surrogatepass"), digest_size=8).digest()) >> 1
    return found | 1 if len(evened) >= _LONG else found & ~1


def _disjoint(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order, those that overlap made one."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        if found and span.start < found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        elif span.start < span.end:
            found.append(span)
    return found


# ---------------------------------------------------------------------------------------------------------------
# Counting


class _Count:
    """In how many of a feed's last reports each paragraph stands."""

    def __init__(self, counted: Sequence[CountedReport], most: int) -> None:
        self.reports: dict[int, CountedReport] = {}
        self.times = Counter[int]()
        self._most = most
        self._next = 0
        for report in counted[-most:]:
            self._append(report)

    def add(self, text: _Read) -> int:
        """Count an article; return the place of the report that it is."""
        place = self._place_of(text)
        if place is None:
            return self._append(CountedReport(article_id=text.article.id, title=text.title, paragraphs=text.keys))
        former = self.reports[place]
        titles = {former.title} - {text.title, 0}  # a title that gave way to another goes on being counted
        united = frozenset(sorted(former.paragraphs | text.keys | titles)[:_MOST_PARAGRAPHS])
        self.times.subtract(_counted(former))
        self.reports[place] = replace(former, title=text.title, paragraphs=united)
        self.times.update(_counted(self.reports[place]))
        return place

    def _append(self, report: CountedReport) -> int:
        place, self._next = self._next, self._next + 1
        self.reports[place] = report
        self.times.update(_counted(report))
        if len(self.reports) > self._most:
            oldest = next(iter(self.reports))
            self.times.subtract(_counted(self.reports.pop(oldest)))
        return place

    def _place_of(self, text: _Read) -> int | None:
        same = (place for place, report in self.reports.items() if report.article_id == text.article.id)
        own = self._telling(text)
        alike = (place for place, report in self.reports.items() if self._is_again(own, text, report))
        return next(chain(same, alike), None)

    def _telling(self, text: _Read) -> frozenset[int]:
        """Return the paragraphs that tell a report from others: long ones, without what others have too."""
        own = frozenset(key for key in text.keys if key & 1) or text.keys
        return frozenset(key for key in own if key not in text.cued and self.times[key] < REPORTS) or own

    def _is_again(self, own: frozenset[int], text: _Read, report: CountedReport) -> bool:
        """Tell whether an article is a report that came before, under another id: `own` paragraphs tell it from others.

        Under its title half of them will do. Under another one, as where one feed carries the copies of many outlets,
        it must begin alike and say hardly anything else, or be the whole of what was cut before: two reports that have
        but their furniture in common differ in a paragraph at least, however short.
        """
        shared = len(own & report.paragraphs)
        if report.title == text.title:
            return 2 * shared > len(own) or not (own or report.paragraphs)
        leads = {paragraph.key for paragraph in text.paragraphs if paragraph.lead and not paragraph.cue}
        if len(leads) == _LEAD and leads <= report.paragraphs and 4 * shared > 3 * len(own):
            return True
        telling = sum(key & 1 and self.times[key] < REPORTS for key in report.paragraphs)
        return report.paragraphs <= text.keys and telling >= _LEAD


def _counted(report: CountedReport) -> set[int]:
    return {report.title, *report.paragraphs}
