"""How Russian, Ukrainian and Belarusian names are spelled in Latin letters, in all the ways newsrooms do.

A name is spelled letter by letter; where there are several ways, one is chosen for all of the name (Yuri and Julia,
never Yulija). The most usual come first, and there are at most so many as asked for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from itertools import islice
from types import MappingProxyType
from typing import NamedTuple

import regex

from tocsin.text.stopwords import stop_words

# What letters may be written as, the most usual first; - is nothing. ^ is the beginning of a word, $ its end, < stands
# after a vowel, ь or an apostrophe. The longest that fits counts.
_SHARED = """
    а a; б b; в v; ґ g; д d; ж zh; з z; к k; л l; м m; н n; о o; п p; р r; с s; т t; у u; ф f; х kh h; ц ts; ч ch;
    ш sh; щ shch; ь -; ' -; ’ -; ю yu iu ju; я ya ia ja; кс ks x
"""
_ADJECTIVE = "sky skiy ski skyy skyi skii skij"
_ADJECTIVE_TS = "tsky tskiy tski tskyy tskyi tskii tskij"
_TABLES = MappingProxyType(
    {
        "ru": f"""{_SHARED};
            г g; е e; ^е ye e; <е ye e ie; ё yo e io; жё zho zhe; чё che cho; шё she sho; щё shche shcho; ъ -; ы y; э e;
            и i; ие ie iye; й y i; ий$ y iy i ii; ый$ y yy iy yi; ой$ oy oi; ей$ ey ei; ай$ ay ai; ия$ ia iya iia ija;
            ья$ ya ia; ский$ {_ADJECTIVE}; цкий$ {_ADJECTIVE_TS};
            ская$ skaya skaia skaja; цкая$ tskaya tskaia; андр$ andr ander; пётр$ pyotr petr
        """,
        "uk": f"""{_SHARED};
            г h g; е e; є ie ye; ^є ye ie; и y i; і i; ї i yi; ^ї yi i; й i y; ^й y; ий$ y yi yy iy; ій$ iy ii i;
            ей$ ei ey; ай$ ai ay; ой$ oi oy; зг zgh; ія$ ia iya iia; ^я ya ia; ^ю yu iu; ьо io yo; ський$ {_ADJECTIVE};
            цький$ {_ADJECTIVE_TS}; ська$ ska; цька$ tska; андр$ andr ander
        """,
        "be": f"""{_SHARED};
            г h g; е e ie; ^е ye e ie; <е e ye ie; ё io yo e; э e; ы y; і i; й i y; ў u w; скі$ {_ADJECTIVE};
            цкі$ {_ADJECTIVE_TS}; ская$ skaya skaia skaja; цкая$ tskaya tskaia; ія$ iya ia; андр$ andr ander
        """,
    }
)

#: The languages whose names are spelled.
LANGUAGES: AbstractSet[str] = frozenset(_TABLES)

_VOWELS = "аеёєиіїоуыэюяьъ'’"

# The languages whose common words a spelling must not be.
_READ = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "ru", "uk", "be")

# Words of English, German, French, Spanish and Italian that the names of Slavic languages are spelled like.
_ORDINARY = frozenset(
    """babe banana banda bank bar bard bare bed bell beret best bishop bit bode bog bon born boy brag
    brat bred brig bud bug burn but cap casa dam dare date den dim dog dole dom doma don drug dub due dune far
    fed file fin gala gate gates gore grab grad grade grant grip gun hall ham hand hit hope horn hot june kid
    kind king kit label lad lady lava lid lime link list lock lot love mad male many march mark marks mask may
    mine mint mir mode more most nod none nose note pan para park part past pens pine plot plus pop port post
    pot prod rad rag rain ray read red rim rod rosin rot rus sad sala sale salo salt sever sin sip slab slav
    sled slip sly sole son sort stand star start stay step stop sun ted test text tide ton top tort tram tramp
    trap trud trust used vale van vino volt vote war was wolf zero zona zoo""".split()
)


_BRITISH = MappingProxyType(
    {
        "organization": "organisation", "organizations": "organisations", "center": "centre", "defense": "defence",
        "labor": "labour", "cooperation": "co-operation", "program": "programme", "theater": "theatre",
    }
)  # fmt: skip
_AMERICAN = MappingProxyType({british: american for american, british in _BRITISH.items()})


class _Piece(NamedTuple):
    """Letters of a name that are spelled as one; `key` is the same wherever they are spelled alike."""

    key: str
    ways: tuple[str, ...]
    capital: bool


def spellings_of(name: str, language: str, most: int) -> tuple[str, ...]:
    """Return the ways in which a name is spelled in Latin letters, the most usual first, at most so many.

    None where the language is none of LANGUAGES, a letter is none of its own, or the name is an abbreviation. Some may
    be ordinary words.
    """
    if language not in LANGUAGES or (len(name) > 1 and name.isupper()):
        return ()
    pieces = _pieces(name, language)
    return tuple(islice(_once(_spelled(pieces)), most)) if pieces else ()


def english_spellings(name: str) -> tuple[str, ...]:
    """Return how else the words of an English name are spelled, of an institution say: Organisation, Centre.

    The British way, the American way, and one word the other way, not every mixture; and with & for `and`.
    """
    words = name.split()
    joined = ["&" if word == "and" else word for word in words]
    single = (
        [*words[:at], other, *words[at + 1 :]] for at, word in enumerate(words) if (other := _other(word)) != word
    )
    british = [_swapped(word, _BRITISH) for word in words]
    american = [_swapped(word, _AMERICAN) for word in words]
    found = dict.fromkeys(" ".join(spelled) for spelled in (british, american, *single, joined))
    return tuple(spelled for spelled in found if spelled != name)


def _other(word: str) -> str:
    return _swapped(word, _AMERICAN if word.lower() in _AMERICAN else _BRITISH)


def _swapped(word: str, table: Mapping[str, str]) -> str:
    other = table.get(word.lower(), word)
    return other[:1].upper() + other[1:] if word[:1].isupper() else other


def _pieces(name: str, language: str) -> list[_Piece]:
    """Take a name apart; nothing where something in it has no spelling."""
    pattern, ways = _table(language)
    pieces: list[_Piece] = []
    at = 0
    while at < len(name):
        match = pattern.match(name, at)
        if match is None:
            return []
        key, written = ways.get(match.lastindex or 0, (match[0], (match[0],)))
        pieces.append(_Piece(key, written, match[0][0].isupper()))
        at = match.end()
    return pieces


def _spelled(pieces: Sequence[_Piece]) -> Iterator[str]:
    """Yield the spellings in order of how far they are from the most usual one; what has one key is spelled alike."""
    choices = {piece.key: piece.ways for piece in pieces if len(piece.ways) > 1}
    sizes = [len(ways) for ways in choices.values()]
    for far in range(sum(sizes) - len(sizes) + 1):
        for ranks in _ranks(sizes, far):
            chosen = dict(zip(choices, ranks, strict=True))
            written = ((piece, piece.ways[chosen.get(piece.key, 0)]) for piece in pieces)
            yield "".join(text[:1].upper() + text[1:] if piece.capital else text for piece, text in written)


def _once(texts: Iterable[str]) -> Iterator[str]:
    """Yield each text once, as it is asked for: a long name has more spellings than can be counted."""
    seen: set[str] = set()
    for text in texts:
        if text not in seen:
            seen.add(text)
            yield text


def _ranks(sizes: Sequence[int], total: int) -> Iterator[tuple[int, ...]]:
    """Yield the rows of numbers below `sizes` that add up to `total`, those that change the first least before."""
    if not sizes:
        if total == 0:
            yield ()
        return
    rest = sum(sizes[1:]) - len(sizes) + 1  # the most that the others can add up to
    for rank in range(max(0, total - rest), min(sizes[0] - 1, total) + 1):
        for others in _ranks(sizes[1:], total - rank):
            yield (rank, *others)


@cache
def _table(language: str) -> tuple["regex.Pattern[str]", Mapping[int, tuple[str, tuple[str, ...]]]]:
    """Return the pattern of the letters of a language, and by its groups what they are and how they are spelled."""
    entries = [entry.split() for entry in _TABLES[language].split(";")]
    entries.sort(key=lambda entry: (-len(entry[0].strip("^$<")), -len(entry[0])))
    marks = {"^": r"(?<![\p{L}\p{M}'’])", "$": r"(?![\p{L}\p{M}'’])", "<": f"(?<=[{_VOWELS}])"}
    patterns = ("".join(marks.get(letter, letter) for letter in key) for key, *_ in entries)
    pattern = "|".join([*(f"({part})" for part in patterns), r"[ \-.,]"])
    ways = {
        number: (key, tuple("" if way == "-" else way for way in written))
        for number, (key, *written) in enumerate(entries, 1)
    }
    return regex.compile(pattern, regex.IGNORECASE), ways


def is_ordinary(text: str) -> bool:
    """Tell whether a word is spelled like a common one of the languages that newsrooms write."""
    small = text.lower()
    return small in _ORDINARY or any(small in stop_words(language) for language in _READ)
