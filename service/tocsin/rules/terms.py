"""Reads one term of a query from its token, and says what is wrong with it by itself."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from tocsin.errors import QueryError
from tocsin.model.query import Cased, EntityRef, Fuzzy, Loose, Part, Phrase, Regex, Term, Wildcard, Word
from tocsin.rules.compile import chunks_of
from tocsin.rules.lexer import Kind
from tocsin.rules.loose import MOST_OPERANDS
from tocsin.rules.regexes import regex_problem
from tocsin.text.language import DEFAULT
from tocsin.text.stopwords import stop_words
from tocsin.text.tokens import APOSTROPHES, words

#: Other words that a loose phrase may have in between.
MOST_OTHERS = 100

#: Letters and digits that a word must have before a `*`: fewer would find half the dictionary.
SHORTEST_STEM = 3

#: Letters of a word that may be misspelt: of shorter ones too many are alike.
SHORTEST_FUZZY = 5

#: Edits that a misspelt word may have.
MOST_EDITS = 2

_LONGEST_NUMBER = 9  # digits

_FUZZY = re.compile(r"(.*)~([0-9]*)", re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_WILD_IN_BRACES = re.compile(r"\w\*|\*\w|\w\?\w")
# What most words and wildcards are, told without parting the text into words.
_LETTER = re.compile(r"[A-Za-z0-9А-я]")
_ENOUGH_LETTERS = re.compile(rf"[A-Za-zÀ-ÖØ-öø-ɏЀ-ӿ]{{{SHORTEST_STEM},}}\*")
# To part a text into words as if each wildcard were a letter of its word.
_AS_LETTERS: Final = str.maketrans("*?", "xx")
_ELSEWHERE = {
    "&": "AND",
    "&&": "AND",
    "+": "AND",
    "|": "OR",
    "||": "OR",
    "!": "NOT",
    "-": "AND NOT",
}

_SIGNS = {
    "-": ("a minus does not exclude", "AND NOT "),
    "!": ("an exclamation mark does not exclude", "AND NOT "),
    "+": ("a plus does not require", "AND "),
}
_SPACELESS_BEFORE = "* stands for letters, and this writing has none: leave it out, characters match by themselves"


def read_word(text: str, at: int) -> Term:
    """Read a word, with its wildcards or its ~; raises QueryError."""
    if text.isalpha() and text[0] not in APOSTROPHES:  # most words; some apostrophes count as letters
        return Word(text, at)
    if text[0] in _SIGNS and text[1:2].isalpha():
        said, fix = _SIGNS[text[0]]
        raise QueryError(f'{said}: write {fix}{text[1:]}, or "{text[1:]}" for the word', at)
    if "~" in text and (fuzzy := _FUZZY.fullmatch(text)):
        return _read_fuzzy(fuzzy[1], fuzzy[2], at)
    if "*" in text or "?" in text:
        _check_wildcards(text, at)
        return Wildcard(text, at)
    if not _has_word(text):
        fix = f"write {_ELSEWHERE[text]}" if text in _ELSEWHERE else "leave it out"
        raise QueryError(f'there is no word in "{text}": {fix}', at)
    return Word(text, at)


def _read_fuzzy(word: str, edits: str, at: int) -> Fuzzy:
    if not word:
        raise QueryError("~ belongs directly after a word or a phrase: leave the blank or bracket before it out", at)
    if "*" in word or "?" in word:
        raise QueryError(f"a word has wildcards or ~, not both: write {word}, or the whole word and ~", at)
    count = read_number(edits, 1, MOST_EDITS)
    if count is None:
        raise QueryError(f"the spelling may differ by 1 or {MOST_EDITS} edits: write {word}~1", at + len(word))
    parts = words(word, DEFAULT)
    if len(parts) != 1:
        raise QueryError(f"~{edits} takes one word: write {word} without it, or OR its spellings", at + len(word))
    if sum(map(str.isalpha, word)) < SHORTEST_FUZZY:
        raise QueryError(
            f"a word with ~ needs {SHORTEST_FUZZY} letters at least: write {word}, or OR its spellings", at + len(word)
        )
    return Fuzzy(word, count, at)


def _read_phrase(text: str, at: int) -> Phrase | Loose:
    end = text.index('"', 1)
    phrase, others = text[1:end], text[end + 1 :]
    wild = "*" in phrase or "?" in phrase
    if not _has_word(phrase.translate(_AS_LETTERS) if wild else phrase):
        raise QueryError("the phrase is empty: write words between the quotes", at)
    if others:
        if wild:
            raise QueryError(
                "there are no wildcards in a phrase with ~: leave them out, or write the words with NEAR", at
            )
        count = read_number(others[1:], 0, MOST_OTHERS)
        if count is None:
            raise QueryError(
                f"~ needs the number of other words in between, 0 to {MOST_OTHERS}: write ~10", at + end + 1
            )
        if _is_too_long(phrase):
            raise QueryError(
                f"a phrase with ~ of more than {MOST_OPERANDS} words: leave ~ out, or name fewer words", at
            )
        return Loose(phrase, count, at)
    if wild:
        _check_wildcards(phrase, at + 1)
    return Phrase(phrase, at)


def _is_too_long(phrase: str) -> bool:
    """Tell whether a loose phrase asks for more words than can be looked for, stop words not counted."""
    if len(phrase) <= 2 * MOST_OPERANDS:
        return False
    stops = stop_words(DEFAULT)
    return sum(not chunk.is_stop_word(stops) for chunk in chunks_of(phrase, DEFAULT)) > MOST_OPERANDS


def _read_cased(text: str, at: int) -> Cased:
    inside = text[1:-1]
    if not _has_word(inside):
        raise QueryError("the braces are empty: write words between { and }", at)
    if wild := _WILD_IN_BRACES.search(inside):
        raise QueryError(
            'there are no wildcards in braces: write all of the word, or put it in quotes, "…"', at + 1 + wild.start()
        )
    return Cased(inside, at)


def _read_entity(text: str, at: int) -> EntityRef:
    return EntityRef(_read_name(text, at, "an entity", "@belarus"), at)


def _read_part(text: str, at: int) -> Part:
    return Part(_read_name(text, at, "a part", "$violence"), at)


def _read_name(text: str, at: int, what: str, example: str) -> str:
    name = _NAME.match(text, 1)
    if name is None:
        raise QueryError(f"{text[0]} needs the name of {what} directly after it, like {example}", at)
    if name.end() < len(text):
        raise QueryError(
            f'"{text[name.end()]}" cannot stand in the name of {what}: '
            "it has letters a to z, digits, _ and - only; leave a blank after it",
            at + name.end(),
        )
    return name[0]


def _read_regex(text: str, at: int) -> Regex:
    end = _end_of_regex(text)
    pattern, behind = text[1:end], text[end + 1 :]
    if behind in {"i", "s", "m", "U"}:
        raise QueryError(f"flags stand within the expression: write /(?{behind}){pattern}/", at + end + 1)
    if behind:
        raise QueryError(
            "a regular expression ends at this /: leave a blank after it, write \\/ for a / of the expression, "
            "or put the words in quotes",
            at + end,
        )
    if problem := regex_problem(pattern):
        raise QueryError(f"regular expression: {problem}", at)
    return Regex(pattern, at)


def _end_of_regex(text: str) -> int:
    """Return where the closing / stands: the first after the opening one that no backslash stands before."""
    return next(match.start() for match in re.finditer(r"\\.|/", text, re.DOTALL) if match.start() and match[0] == "/")


def _has_word(text: str) -> bool:
    return _LETTER.search(text) is not None or bool(words(text, DEFAULT))


def _check_wildcards(text: str, at: int) -> None:
    """Refuse wildcards that begin a word, or stand after too little of it; `at` is where the text begins."""
    if _ENOUGH_LETTERS.fullmatch(text):
        return
    for start, end, _ in words(text.translate(_AS_LETTERS), DEFAULT):
        solid = 0
        for place in range(start, end):
            sign = text[place]
            if sign not in "*?":
                solid += sign.isalnum()
            elif not solid and text[place - 1 : place].isalnum():  # words of one character each
                raise QueryError(_SPACELESS_BEFORE, at + place)
            elif not solid:
                raise QueryError(
                    f"a word cannot begin with a wildcard: write letters before {sign}, at least "
                    f"{SHORTEST_STEM if sign == '*' else 1}",
                    at + place,
                )
            elif sign == "*" and solid < SHORTEST_STEM:
                raise QueryError(
                    f"before * a word needs {SHORTEST_STEM} letters or digits at least: "
                    "write more of it, or OR the words",
                    at + place,
                )


def read_number(digits: str, least: int, most: int) -> int | None:
    """Return the number that a text stands for, None where it is none or out of range."""
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > _LONGEST_NUMBER:
        return None
    number = int(digits)
    return number if least <= number <= most else None


#: How the term is read that a token of each kind stands for, from how it is written and where; raises QueryError.
READERS: Mapping[Kind, Callable[[str, int], Term]] = MappingProxyType(
    {
        Kind.WORD: read_word,
        Kind.PHRASE: _read_phrase,
        Kind.CASED: _read_cased,
        Kind.ENTITY: _read_entity,
        Kind.PART: _read_part,
        Kind.REGEX: _read_regex,
    }
)
