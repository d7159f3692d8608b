"""Words of a text, with their offsets, and the forms in which they are compared.

Words are those of Unicode (UAX 29) with these differences: a hyphen, and a full stop or colon between letters, part
them, unless the letters stand singly (`U.S.` is one word, `US`); a possessive 's belongs to no word; the elisions of
French, Italian and Catalan are words of their own (`l'Ukraine`); in Turkish what follows the apostrophe of a name is
an ending; scripts that write no spaces give one word a character.

Offsets are those of the text as it stands. All folding happens a word at a time, so it never moves them.
"""

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple
from unicodedata import normalize

import regex

from tocsin.text.stems import stemmer

#: A word is compared by its first so many characters; no word of a language is longer, encoded data is.
LONGEST_WORD = 64

_QUOTES = "'’‘‛ʼʻʹ′＇`´"
APOSTROPHES = frozenset(_QUOTES)
_SPACELESS = r"\p{Han}\p{Hiragana}\p{Katakana}ー々\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_ELISIONS = frozenset("ldjmtscn") | {"qu", "jusqu", "lorsqu", "puisqu", "quoiqu", "quelqu", "presqu", "entr"}  # French
_ELISIONS |= {"un", "gl", "all", "coll", "dall", "dell", "nell", "sull", "quell", "quest"}  # Italian
_ELISIONS |= {"agl", "dagl", "degl", "negl", "sugl", "anch", "com", "cos", "dov", "mezz", "sant", "senz", "tutt"}
_LONGEST_ELISION = max(map(len, _ELISIONS))

# A run is letters and digits with whatever may join them; group 1 is set where something does. Most runs are one
# plain word; only the others are taken apart into pieces, and put together again by what stands in between.
_RUN = regex.compile(
    rf"[\p{{L}}\p{{Nd}}\p{{Nl}}][\p{{L}}\p{{M}}\p{{Nd}}\p{{Nl}}]*+"
    rf"(?:([.,;٫٬·_{_QUOTES}\p{{Cf}}]++)[\p{{L}}\p{{M}}\p{{Nd}}\p{{Nl}}]++)*+"
)
_WHOLE_RUN = regex.compile(_RUN.pattern.replace("(?:(", "(?:(?:"))  # without a group, for findall
# Texts of these characters alone, which most texts in Latin, Greek and Cyrillic letters are, have the same runs by a
# pattern that the quicker `re` takes.
_EVERYDAY = re.compile("[\x00-\x7f\xa0-\xa9«»®À-ʯͰ-ϿЀ-ҁҊ-ԯ–—‘’“”„…€]*+")
_EVERYDAY_RUN = re.compile(r"[^\W_]++(?:[.,;_'`‘’]++[^\W_]++)*+")
_WITHOUT_SPACES = regex.compile(rf"[{_SPACELESS}]")
_PIECE = regex.compile(
    rf"(?V1)([{_SPACELESS}])\p{{M}}*+"
    rf"|[[\p{{L}}\p{{Nl}}\p{{Nd}}]--[{_SPACELESS}{_QUOTES}]]"
    rf"(?:[[\p{{L}}\p{{Nl}}\p{{Nd}}\p{{M}}\p{{Cf}}]--[{_SPACELESS}{_QUOTES}]]*[[\p{{L}}\p{{Nl}}\p{{Nd}}\p{{M}}]--[{_SPACELESS}{_QUOTES}]])?"
)
_INVISIBLE = regex.compile(r"\p{Cf}+")
_ACCENT = regex.compile(r"(?V1)([\p{Latin}\p{Greek}])\p{M}+|(?<=[еЕ])\u0308")
_APOSTROPHE = str.maketrans(dict.fromkeys(_QUOTES, "'"))
# Latin letters whose accent Unicode does not take apart.
_BARRED = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe"})
_TURKISH_CASE = str.maketrans("Iİ", "ıi")
_BARRED.update(str.maketrans({"Ł": "L", "Ø": "O", "Đ": "D", "Ħ": "H", "Ŧ": "T", "Æ": "AE", "Œ": "OE"}))


class Word(NamedTuple):
    """A word of a text: where it stands and what is written there."""

    start: int
    end: int
    written: str


def words(text: str, language: str) -> list[Word]:
    """Return the words of `text` in order, in time linear in its length."""
    found: list[Word] = []
    for run in _RUN.finditer(text):
        start, end = run.span()
        written = run[0]
        if run[1] is None and (written.isascii() or _is_plain(written)):
            found.append(Word(start, end, written))
        else:
            found.extend(_words_of_run(text, start, end))
    return [_without_ending(word) for word in found] if language == "tr" else found


def run_pattern(text: str) -> "re.Pattern[str] | regex.Pattern[str] | None":
    """Return what finds the runs of letters and digits, with what may join them, that the words of `text` lie in.

    Quicker than `words`, and enough to tell which words a text has: most runs are one word, `words_of_run` takes the
    others apart. None for a text in a script without spaces, whose runs are no units.
    """
    if _EVERYDAY.fullmatch(text):
        return _EVERYDAY_RUN
    return None if _WITHOUT_SPACES.search(text) else _WHOLE_RUN


def words_of_run(text: str, start: int, end: int, language: str) -> list[Word]:
    """Return the words of the run that stands at `start:end` of a text."""
    found = list(_words_of_run(text, start, end))
    return [_without_ending(word) for word in found] if language == "tr" else found


def _is_plain(run: str) -> bool:
    # Every script without spaces lies behind U+0E00; some apostrophes count as letters to Unicode.
    return max(run) < "\u0e00" and APOSTROPHES.isdisjoint(run)


class _Joint(Enum):
    """What becomes of two pieces that stand side by side in a run."""

    JOINED = auto()
    PARTED = auto()
    INITIALS = auto()
    POSSESSIVE = auto()  # the second piece is the s of 's


def _words_of_run(text: str, start: int, end: int) -> Iterator[Word]:
    begin, stop, initials = start, start, False  # of the word that is being put together
    for match in _PIECE.finditer(text, start, end):
        at, to = match.span()
        joint = _Joint.PARTED
        if stop > begin and match[1] is None:
            joint = _joint(text, begin, stop, at, to)
        if joint is _Joint.POSSESSIVE:
            yield _closed(text, begin, stop, initials=initials)
            begin = stop = to
        elif joint is _Joint.JOINED or (joint is _Joint.INITIALS and (initials or stop == begin + 1)):
            stop, initials = to, joint is _Joint.INITIALS
        else:
            if stop > begin:
                yield _closed(text, begin, stop, initials=initials)
            begin, stop, initials = at, to, False
        if match[1] is not None:
            yield Word(at, to, match[0])
            begin = stop = to
    if stop > begin:
        yield _closed(text, begin, stop, initials=initials)


def _closed(text: str, begin: int, stop: int, *, initials: bool) -> Word:
    if initials and text.startswith(".", stop):
        stop += 1  # the last one of U.S. belongs to it
    return Word(begin, stop, text[begin:stop])


def _joint(text: str, begin: int, stop: int, at: int, to: int) -> _Joint:
    """Tell what becomes of the word `begin:stop` and the piece `at:to`, by what stands between them."""
    gap, digits = _INVISIBLE.sub("", text[stop:at]), (text[stop - 1].isdigit(), text[at].isdigit())
    if gap.removeprefix(".") in APOSTROPHES and text[at:to] in "sS":
        return _Joint.POSSESSIVE
    match gap, digits:
        case ".", (False, False) if to == at + 1:
            return _Joint.INITIALS
        case (("." | "," | ";" | "٫" | "٬"), (True, True)):
            return _Joint.JOINED
        case "·", (False, False):
            return _Joint.JOINED
        case str(), (first, second) if gap in APOSTROPHES and first == second:
            elided = stop - begin <= _LONGEST_ELISION and text[begin:stop].lower() in _ELISIONS
            return _Joint.PARTED if elided else _Joint.JOINED
        case _:
            return _Joint.JOINED if gap.strip("_") == "" else _Joint.PARTED


def _without_ending(word: Word) -> Word:
    stem, apostrophe, _ = word.written.translate(_APOSTROPHE).partition("'")
    if not apostrophe or not stem[:1].isupper():
        return word
    return Word(word.start, word.start + len(stem), word.written[: len(stem)])


def spelling(written: str) -> str:
    """Return a word as it is compared where case counts: without invisible characters and dots, accents kept."""
    bare = written
    if not (bare.isascii() and bare.isalnum()):  # some apostrophes count as letters
        bare = _INVISIBLE.sub("", bare.translate(_APOSTROPHE))
    if not bare.isascii():
        bare = normalize("NFKC", bare)
    if "." in bare and not bare[0].isdigit():
        bare = bare.replace(".", "")
    return bare[:LONGEST_WORD]


def without_accents(word: str) -> str:
    """Take the accents off Latin and Greek letters and the dots off ё; other scripts keep theirs."""
    if word.isascii():
        return word
    return normalize("NFC", _ACCENT.sub(r"\1", normalize("NFD", word))).translate(_BARRED)


def ignoring_case(word: str) -> str:
    """Return the form in which words are compared without case: Unicode case folding, so that ß is ss."""
    return word.casefold() if word.isascii() else normalize("NFC", word.casefold())


class Form(NamedTuple):
    """What is compared of a written word.

    `cased` keeps case and drops accents, `exact` keeps accents and drops case, `folded` drops both. `stems` are those
    of the word with and without its accents: a word answers another in any inflection where they share one.
    `accented` tells that it has accents (the dot of a Turkish İ is none), `capital` that it is written with a capital,
    `capitals` that all its letters are, `initials` that dots stand between them.
    """

    cased: str
    exact: str
    folded: str
    stems: frozenset[str]
    accented: bool
    capital: bool
    capitals: bool
    initials: bool

    @property
    def asked(self) -> str:
        """What the word asks for where it is exact: with accents for itself, without any for every accent."""
        return self.exact if self.accented else self.folded


def form_of(written: str, language: str) -> Form:
    """Return the forms of a written word of `language`."""
    if written.isascii() and written.isalnum() and language != "tr":
        return _plain_form(written[:LONGEST_WORD], language)
    bare = spelling(written)
    exact = ignoring_case(bare.translate(_TURKISH_CASE) if language == "tr" else bare)
    folded = without_accents(exact)
    stem = stemmer(language)
    return Form(
        cased=without_accents(bare),
        exact=exact,
        folded=folded,
        stems=frozenset((without_accents(stem(exact)), stem(folded))),
        accented=ignoring_case(bare.replace("İ", "I")) != folded,
        capital=bare != bare.lower(),
        capitals=bare.isupper(),
        initials="." in written and not written[0].isdigit(),
    )


def _plain_form(written: str, language: str) -> Form:
    """Return the forms of a word that has no accents: the same as the long way, and quicker."""
    folded = written.lower()
    return Form(
        cased=written,
        exact=folded,
        folded=folded,
        stems=frozenset((stemmer(language)(folded),)),
        accented=False,
        capital=written != folded,
        capitals=written.isupper(),
        initials=False,
    )
