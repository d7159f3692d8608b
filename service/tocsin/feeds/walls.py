"""Tells a page that shows its article from one that asks for something first, or that is none.

It judges by what sites put into their pages: the names of consent managers and of walls, schema.org's word on what is
free, and what readers are stopped with. What merely lies over an article that is there is no wall.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import regex

from tocsin.feeds.names import Name
from tocsin.feeds.phrases import ASKING_CONSENT, DOUBTING, ERROR_NUMBER, KEEPING_BACK, LOGGING_IN, MISSING
from tocsin.model import PageFailed, PageOutcome
from tocsin.text.wordcount import word_count

#: Words below which a page holds no article.
LEAST_WORDS = 60

#: Words from which the text of a page with a wall is taken for the article: walls come after less, or lie over it.
TEASER_WORDS = 200

#: What part of the words that the page says it has must be there, where it has a wall.
_WHOLE = 0.5

#: Words of a text that may be a notice on consent.
_MOST_ASKING = 1_500

#: What part of a text must be asking for consent for the page to be nothing else.
_MOSTLY = 0.5

# What no notice does without, to have done with most articles.
_CONSENT_WORDS = re.compile(
    r"cookie|consen[st]|einwillig|zustimm|zgod[ayęz]|куки|кукі|соглас|згод|toestemming|privacy|datenschutz",
    re.IGNORECASE,
)

_LONGEST_READ = 50_000  # code points of what a page shows that are searched for phrases


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """What a page shows and says of itself, besides its article.

    `headings` are its titles and first headlines, `pieces` all text that readers may see. `names` is what the names of
    its elements tell. `is_free` and `stated_words` are what the page says of its article; None where it says nothing.
    """

    url: str
    headings: Sequence[str] = ()
    pieces: Sequence[str] = ()
    names: Name = Name.NOTHING
    is_article: bool = False
    has_password: bool = False
    is_free: bool | None = None
    stated_words: int | None = None

    def says(self, phrases: "regex.Pattern[str]") -> bool:
        """Tell whether one of the phrases stands in what it shows."""
        return bool(phrases.search(" ".join(" ".join(self.pieces)[:_LONGEST_READ].replace("’", "'").split())))


_CONSENT_ADDRESS = regex.compile(
    r"https?://(?:(?:consent|cmp|privacy|guce|myprivacy|zustimmung)\.[^/?#]+|[^/?#]+/(?:[^?#]*/)?"
    r"(?:consent|collectconsent|cookie-?consent|cookie-?wall|privacy-gate|zustimmung|pur-?abo)(?:[/.?#]|\Z))",
    regex.IGNORECASE,
)


def wall_before(face: Face, text: str) -> PageFailed | None:
    """Return what keeps the article from us, or that there is none; None where `text`, found on the page, is it."""
    count = word_count(text)
    if _is_missing(face, count):
        return _failed(PageOutcome.FAILED, "the site says that there is no such page")
    if count < LEAST_WORDS and not face.is_article and (Name.CHALLENGE in face.names or face.says(DOUBTING)):
        return _failed(PageOutcome.FAILED, "the site wants to be sure first that its reader is no program")
    if _asks_consent(face, text, count):
        return _failed(PageOutcome.CONSENT, "the page asks for consent first")
    if _is_walled(face, count):
        return _failed(PageOutcome.PAYWALL, "the page shows its text to subscribers only")
    if count < LEAST_WORDS:
        return _failed(PageOutcome.SHORT, f"the page has {count} words of text, fewer than {LEAST_WORDS}")
    return None


def _failed(outcome: PageOutcome, detail: str) -> PageFailed:
    return PageFailed(outcome=outcome, detail=detail)


def _is_missing(face: Face, count: int) -> bool:
    if count < LEAST_WORDS and any(map(ERROR_NUMBER.fullmatch, face.headings)):
        return True
    return any(MISSING.fullmatch(heading.replace("’", "'")) for heading in face.headings)


def _asks_consent(face: Face, text: str, count: int) -> bool:
    """Tell whether the page is there to ask for consent.

    An article, long or short, may have a banner over it; its text is not what a banner says.
    """
    if count >= LEAST_WORDS:
        return count < _MOST_ASKING and _is_about_consent(text)
    at_address, has_manager = bool(_CONSENT_ADDRESS.match(face.url)), Name.CONSENT in face.names
    asked = sum(map(face.says, ASKING_CONSENT))
    if face.is_article:
        return at_address or asked >= 4
    return at_address or asked >= 3 or (asked >= 2 and has_manager)


def _is_about_consent(text: str) -> bool:
    """Tell whether most of a text speaks to readers of their consent, as no report on the matter does."""
    evened = text.replace("’", "'")
    if not _CONSENT_WORDS.search(evened):
        return False
    if sum(1 for said in ASKING_CONSENT if said.search(evened)) < 2:
        return False
    asking = (part for part in evened.split("\n\n") if any(said.search(part) for said in ASKING_CONSENT))
    return sum(map(len, asking)) >= _MOSTLY * len(text)


def _is_walled(face: Face, count: int) -> bool:
    """Tell whether no more is shown than what makes readers want to have the rest."""
    teaser = face.stated_words * _WHOLE if face.stated_words else TEASER_WORDS
    if face.is_free or count >= teaser:
        return False
    if face.is_free is False or Name.WALL in face.names or face.says(KEEPING_BACK):
        return True
    return count < LEAST_WORDS and face.has_password and any(map(LOGGING_IN.fullmatch, face.headings))
