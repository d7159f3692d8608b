"""Words made alike, so that copies of a text have the same ones: letters, spellings and numbers are evened.

What comes out is a key, to be compared and never shown: evening two words too many does no harm where it is done to
both texts.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple
from unicodedata import normalize

import regex

from tocsin.text.tokens import without_accents

_SPACELESS = r"\p{Han}\p{Hiragana}\p{Katakana}ー々\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_QUOTES = "'’‘‛ʼʻʹ′`´"
_INVISIBLE = regex.compile(r"\p{Cf}+")
_PER_CENT = re.compile(r"%|\b(?:per cent|percent|pct)\b", re.IGNORECASE)
# Thousands are parted by commas, apostrophes and blanks; what is behind the last point or comma is a decimal.
_TOKEN = regex.compile(
    rf"(?V1)(?P<number>(?:\p{{Nd}}{{1,3}}(?:[,'’ ]\p{{Nd}}{{3}})+(?!\p{{Nd}})|\p{{Nd}}+)(?:[.,]\p{{Nd}}+)?)"
    rf"|[{_SPACELESS}]"
    rf"|[[\p{{L}}\p{{M}}\p{{N}}]--[{_SPACELESS}\p{{Nd}}]]+"
    rf"(?:[{_QUOTES}][[\p{{L}}\p{{M}}\p{{N}}]--[{_SPACELESS}\p{{Nd}}]]+)*"
)
_BEGINS = re.compile('[.!?:;"“”„«»…•*|\n]|(?:^| )[-–—]')  # a sentence, or what else begins with a capital
_APOSTROPHE = regex.compile(rf"[{_QUOTES}]")
_POSSESSIVE = regex.compile(rf"[{_QUOTES}]s\Z", regex.IGNORECASE)
_PARTING = re.compile(r"[,'’ ](?=\d{3}(?!\d))")

_NUMERALS = {
    word: str(number)
    for number, word in enumerate("two three four five six seven eight nine ten eleven twelve".split(), start=2)
} | {"m": "milion", "mn": "milion", "mln": "milion", "bn": "bilion"}  # as their words are evened

# How British spelling becomes American, or both become something else: for whole words, then for their parts.
_SPELLINGS = {
    "grey": "gray",
    "tyre": "tire",
    "tyres": "tires",
    "kerb": "curb",
    "kerbs": "curbs",
    "plough": "plow",
    "ploughs": "plows",
    "cheque": "check",
    "cheques": "checks",
    "draught": "draft",
    "sceptic": "skeptic",
    "sceptics": "skeptics",
    "sceptical": "skeptical",
    "scepticism": "skepticism",
    "jewellery": "jewelry",
    "aluminium": "aluminum",
    "aeroplane": "airplane",
    "aeroplanes": "airplanes",
    "storey": "story",
    "storeys": "stories",
    "mould": "mold",
    "manoeuvre": "maneuver",
    "manoeuvres": "maneuvers",
    "artefact": "artifact",
    "artefacts": "artifacts",
    "enquiry": "inquiry",
    "enquiries": "inquiries",
    "whilst": "while",
    "amongst": "among",
    "learnt": "learned",
    "burnt": "burned",
    "spelt": "spelled",
    "ageing": "aging",
    "pyjamas": "pajamas",
    "moustache": "mustache",
}
_PARTS = (
    (re.compile(r"our(?!n)"), "or"),
    (re.compile(r"ogue"), "og"),
    (re.compile(r"(?<=[bcdfghjkmnptvw])re(?=[sd]?\Z)"), "er"),
    (re.compile(r"mme(?=s?\Z)"), "m"),
    (re.compile(r"[ao]e(?=[a-z])"), "e"),
    (re.compile(r"(?<=wa)rds\Z"), "rd"),
    (re.compile(r"(?<=dg)e(?=ment)"), ""),
    (re.compile(r"c(?=[eiy])|z"), "s"),
    (re.compile(r"ll"), "l"),
    (re.compile(r"pp(?=ed\Z|ing\Z)"), "p"),
)


class AlikeWord(NamedTuple):
    """A word as it is compared. A name has a capital though no sentence begins with it."""

    key: str
    is_number: bool
    is_capital: bool
    is_name: bool


def alike_words(text: str) -> Iterator[AlikeWord]:
    """Yield the words of `text` in order; scripts without spaces give one word a character."""
    evened = _PER_CENT.sub(" percent ", _INVISIBLE.sub("", normalize("NFKC", text)))
    end = 0
    for token in _TOKEN.finditer(evened):
        start, written = token.start(), token[0]
        if token["number"]:
            yield AlikeWord(_number(written), is_number=True, is_capital=False, is_name=False)
        else:
            word = _word(written)
            if word.is_capital and end and not _BEGINS.search(evened, end, start):
                word = word._replace(is_name=True)
            yield word
        end = token.end()


@lru_cache(maxsize=65536)
def _word(written: str) -> AlikeWord:
    """Return a word as it is where it begins a sentence."""
    key = _key(written)
    return AlikeWord(key, is_number=key.isdecimal(), is_capital=written[0].isupper(), is_name=False)


def _number(written: str) -> str:
    return _PARTING.sub("", written).replace(",", ".")


def _key(written: str) -> str:
    bare = _APOSTROPHE.sub("", _POSSESSIVE.sub("", written))
    folded = without_accents(bare.casefold())
    if folded in _NUMERALS:
        return _NUMERALS[folded]
    folded = _SPELLINGS.get(folded, folded)
    for part, replacement in _PARTS:
        folded = part.sub(replacement, folded)
    return folded
