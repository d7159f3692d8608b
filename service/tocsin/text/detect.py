"""Tells which language a text is in, by its letters, its stop words and a small network. The only importer of CLD3.

Letters come first: Russian, Ukrainian and Belarusian each have some that the others lack. The network (CLD3, whose
weights are part of its library) is right about a sentence; of a headline it is often sure and wrong, so there stop
words have a voice too. Where the voices do not agree, nothing is said: a wrong language costs more than none.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType

import gcld3
import regex

from tocsin.text.clean import clean
from tocsin.text.stems import ALGORITHMS
from tocsin.text.stopwords import LISTED, stop_words
from tocsin.text.tokens import ignoring_case

#: Code points that are read, from the beginning on.
MOST_READ = 500

#: Letters from which on the network is believed by itself; a headline has fewer.
ENOUGH_LETTERS = 80

_HEADLINE = 20  # letters from which on the network has a say at all, where words do not tell
_KIN_HEADLINE, _LONG_HEADLINE = 26, 32  # where languages are near kin; where words of any are enough
_LEAST_LETTERS = 12  # in a script that many languages share
_LEAST_CHARACTERS = 4  # in any other
_LIKELY, _SURE, _CERTAIN = 0.7, 0.9, 0.97  # the network's probabilities
_LEAD = 0.3  # by which a language must be ahead of the next, in stop words of its own
_MINORITY = 0.15  # the share that letters in quotations of another language may have
_FOREIGN = 1 / 3  # the share of letters in another script from which on a text is mixed

_WORD = regex.compile(r"\p{L}[\p{L}\p{M}]*")
_ADDRESS = regex.compile(r"https?://\S+|\S+@\S+")
_LATIN, _CYRILLIC = regex.compile(r"\p{Latin}"), regex.compile(r"\p{Cyrillic}")

#: Letters that no text in a language has but in words of another.
_NEVER: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "be": frozenset("ищъїєґ"),
        "bg": frozenset("ыэёіїєґў"),
        "ru": frozenset("іїєґў"),
        "uk": frozenset("ыэёўъ"),
    }
)
#: Letters of which some stand in nearly any text of a language.
_ALWAYS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "be": frozenset("ўыэ"),
        "mk": frozenset("јљњѓќѕџ"),
        "ru": frozenset("ыэёйщью"),
        "sr": frozenset("јљњћђџ"),
        "uk": frozenset("іїєґ"),
    }
)
_BEYOND_SLAVS = frozenset("әғқңөұүһҳҷӣӯјљњћђѓќѕџ")

#: Languages that have many of the stop words of a listed one.
_KIN = frozenset({"af", "az", "ca", "co", "da", "fy", "gl", "is", "no", "sk"})

_RENAMED = MappingProxyType({"iw": "he", "jw": "jv", "ji": "yi"})  # as ISO 639 writes today what CLD3 calls so


def detect_language(text: str) -> str | None:
    """Return the primary code (ISO 639) of the language of `text`, None where its beginning does not tell.

    It does not where there are too few letters, and where scripts or languages mix.
    """
    head = clean(text[:MOST_READ])
    if "://" in head or "@" in head:
        head = _ADDRESS.sub(" ", head)
    letters = sum(map(str.isalpha, head))
    latin = letters if head.isascii() else len(_LATIN.findall(head))
    cyrillic = 0 if latin == letters else len(_CYRILLIC.findall(head))
    if letters < _LEAST_CHARACTERS or min(latin, cyrillic) > letters * _FOREIGN:
        return None
    if cyrillic > letters / 2:
        return _of_cyrillic(head, letters)
    if latin > letters / 2:
        return _of_latin(head, letters)
    return _of_network(head, _LIKELY)


def _of_cyrillic(text: str, letters: int) -> str | None:
    if letters < _LEAST_LETTERS:
        return None
    counted = Counter(text.lower())
    language = _by_letters(counted)
    if language:
        return language
    language = _of_network(text, _LIKELY)
    if letters < _HEADLINE and language not in _ALWAYS:
        return None
    if language and letters < ENOUGH_LETTERS:
        has_foreign = language in _NEVER and not _NEVER[language].isdisjoint(counted)
        lacks_own = language in _ALWAYS and _ALWAYS[language].isdisjoint(counted)
        return None if has_foreign or lacks_own else language
    return language


def _by_letters(counted: Counter[str]) -> str | None:
    """Tell Russian, Ukrainian and Belarusian apart by what only they write; None for others and for few signs.

    Russian has и and no і, Belarusian і and no и, Ukrainian both.
    """

    def count(letters: str) -> int:
        return sum(counted[letter] for letter in letters)

    dotted, plain = count("ії"), count("и")
    if not _BEYOND_SLAVS.isdisjoint(counted) or not dotted + plain:
        return None
    if plain <= _MINORITY * dotted:
        own, others = count("ўыэё"), count("їєґ")
        return "be" if own > others else "uk" if others > own else None
    if dotted <= _MINORITY * plain:
        return "ru" if count("ыэё") > count("іїєґўъ") else None
    return "uk" if count("ієїґ") > 2 * count("ыэёўъ") else None


def _of_latin(text: str, letters: int) -> str | None:
    if letters >= ENOUGH_LETTERS:
        return _of_network(text, _LIKELY)
    if letters < _LEAST_LETTERS:
        return None
    guess, probability = _guess(text)
    if guess in _KIN:
        return guess if probability >= _SURE and letters >= _KIN_HEADLINE else None
    votes: defaultdict[str, float] = defaultdict(float)
    for word in _WORD.findall(text):
        languages = _speakers().get(ignoring_case(word), ())
        for language in languages:
            votes[language] += 1 / len(languages)
    spoken = dict(votes)
    votes[guess] += probability
    (leader, most), (_, second) = (*Counter(votes).most_common(2), ("", 0.0))[:2]
    # A few names in a row look like any language: the network alone is believed of a longer headline only.
    is_told = (
        _leads(spoken, leader)
        or (letters >= _HEADLINE and (probability >= _CERTAIN or (leader in spoken and probability >= _SURE)))
        or (letters >= _LONG_HEADLINE and max(spoken.values(), default=0.0) >= _LEAD)
    )
    is_clear = most - second >= _LEAD and is_told
    return leader if is_clear and (leader in LISTED or leader in ALGORITHMS) else None


def _leads(votes: Mapping[str, float], leader: str) -> bool:
    """Tell whether a language has more stop words of the text than any other."""
    return votes.get(leader, 0.0) - max((vote for of, vote in votes.items() if of != leader), default=0.0) >= _LEAD


@cache
def _speakers() -> Mapping[str, Sequence[str]]:
    """Return the languages in which a word is a stop word."""
    speakers: defaultdict[str, list[str]] = defaultdict(list)
    for language in sorted(LISTED):
        for word in stop_words(language):
            speakers[word].append(language)
    return speakers


def _of_network(text: str, least: float) -> str | None:
    language, probability = _guess(text)
    return language if probability >= least else None


def _guess(text: str) -> tuple[str, float]:
    """Ask the network; what is written in letters that are not the language's own (`ru-Latn`) is nobody's."""
    result = _network().FindLanguage(text)
    language, _, script = str(result.language).partition("-")
    return _RENAMED.get(language, language), 0.0 if script == "Latn" or language == "und" else float(result.probability)


@cache
def _network() -> gcld3.NNetLanguageIdentifier:
    """Load the network, once; it keeps nothing of what it is asked, so that threads may share it."""
    return gcld3.NNetLanguageIdentifier(min_num_bytes=0, max_num_bytes=4 * MOST_READ)
