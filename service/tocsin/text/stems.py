"""Stems of words, by language. The only importer of PyStemmer (the Snowball algorithms)."""

from collections.abc import Callable
from functools import cache
from types import MappingProxyType
from typing import cast

import Stemmer

#: Language (ISO 639) → Snowball algorithm. A language that is missing here is matched by spelling alone.
ALGORITHMS = MappingProxyType(
    {
        "ar": "arabic",
        "ca": "catalan",
        "cs": "czech",
        "da": "danish",
        "de": "german",
        "el": "greek",
        "en": "english",
        "eo": "esperanto",
        "es": "spanish",
        "et": "estonian",
        "eu": "basque",
        "fa": "persian",
        "fi": "finnish",
        "fr": "french",
        "ga": "irish",
        "hi": "hindi",
        "hu": "hungarian",
        "hy": "armenian",
        "id": "indonesian",
        "it": "italian",
        "lt": "lithuanian",
        "nb": "norwegian",
        "ne": "nepali",
        "nl": "dutch",
        "nn": "norwegian",
        "no": "norwegian",
        "pl": "polish",
        "pt": "portuguese",
        "ro": "romanian",
        "ru": "russian",
        "sr": "serbian",
        "sv": "swedish",
        "ta": "tamil",
        "tr": "turkish",
        "yi": "yiddish",
    }
)


def unchanged(word: str) -> str:
    """Return the word: the stem in a language without an algorithm."""
    return word


@cache
def stemmer(language: str) -> Callable[[str], str]:
    """Return the function that gives the stem of a lower-case word of `language`.

    It keeps no memo of its own: callers see each distinct word once.
    """
    algorithm = ALGORITHMS.get(language)
    if algorithm is None:
        return unchanged
    return cast("Callable[[str], str]", Stemmer.Stemmer(algorithm, 0).stemWord)
