"""What is wrong with a rule before it ever meets an article, and what is probably not meant."""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property

import regex

from tocsin.model import Term
from tocsin.model.query import (
    And,
    AtLeast,
    Cased,
    Fielded,
    Fuzzy,
    Loose,
    Near,
    Not,
    NotNear,
    Or,
    Phrase,
    Query,
    Wildcard,
    Word,
    children_of,
    nodes_of,
)
from tocsin.rules.compile import chunks_of
from tocsin.rules.loose import MOST_OPERANDS
from tocsin.rules.ordinary import COMMON_WORDS, FIRST_NAMES
from tocsin.rules.relatives import is_found_by, relatives_of, stems_of, wildcard_for
from tocsin.text.language import DEFAULT
from tocsin.text.stopwords import stop_words
from tocsin.text.tokens import form_of, words

#: A term of fewer letters than this stands for too much.
SHORTEST = 3

_RUN = regex.compile(r"[\p{L}\p{M}\p{N}]+")
_LATIN = regex.compile(r"\p{Latin}")
_CYRILLIC = regex.compile(r"\p{Cyrillic}")
_LETTERS = regex.compile(r"[\p{L}\p{N}]")
_SMALL_WORD = regex.compile(r"(?<![\p{L}\p{M}\p{N}'’])[a-z]+(?![\p{L}\p{M}\p{N}])")
_OPERATOR = regex.compile(
    r"\b(?:AND|OR|NOT)\b(?=\s)|\bO?NEAR/\w+|\bATLEAST/\w+|(?<!\S)(?:title|lead|body|author|url|feed|tag|lang|country):(?=\S)"
    r"|(?<!\S)[@$][A-Za-z]|\{[^}]+\}|(?<=[\p{L}\p{Nd}])~\d"
)
_QUESTION = regex.compile(r"(?<=[\p{L}\p{Nd}])\?(?=\s|$)")
_WILDCARD = regex.compile(r"(?<=[\p{L}\p{Nd}])\*|\*(?=[\p{L}\p{Nd}])|(?<=[\p{L}\p{Nd}])\?(?=[\p{L}\p{Nd}])")


def wildcard_in(text: str) -> int | None:
    """Return where the first wildcard stands in a keyword or an alias, None where there is none."""
    if "*" not in text and "?" not in text:
        return None
    found = _WILDCARD.search(text)
    return found.start() if found else None


def term_problem(term: Term) -> str | None:
    """Tell what is wrong with a keyword or an alias, None where nothing is."""
    if wildcard_in(term.text) is not None:
        return "a wildcard stands in a `query:` only (query: invad*); a word without quotes matches in any inflection"
    found = words(term.text, DEFAULT)
    if not found:
        return "there is no word in it"
    if not term.exact and len(found) > MOST_OPERANDS and _operands_in(term) > MOST_OPERANDS:
        return (
            f"a loose phrase of more than {MOST_OPERANDS} words; "
            "put it in inner quotes for an exact phrase, or name fewer words"
        )
    return None


def _operands_in(term: Term) -> int:
    return sum(not chunk.is_stop_word(stop_words(DEFAULT)) for chunk in chunks_of(term.text, DEFAULT))


# ---------------------------------------------------------------------------------------------------------------
# Warnings


@dataclass(frozen=True, slots=True)
class Remark:
    """What is probably not meant, about the word `word` at offset `at` of the text."""

    message: str
    at: int
    word: str


@dataclass(frozen=True)
class Asked:
    """The single words (small letters) and wildcards that a rule looks for: what one does not find, another may."""

    words: Sequence[str]
    wildcards: Sequence[str]

    def finds(self, relative: str) -> bool:
        """Tell whether a word is found in any inflection."""
        return is_found_by(relative, self._stems) or any(fnmatchcase(relative, pattern) for pattern in self.wildcards)

    @cached_property
    def _stems(self) -> AbstractSet[str]:
        return stems_of(self.words)


def asked_by(keywords: Iterable[Term], query: Query | None) -> Asked:
    """Return what keywords and a query whose parts are put in look for, word by word."""
    texts = [term.text for term in keywords]
    wildcards = []
    for node in nodes_of(query) if query is not None else ():
        match node:
            case Word() | Phrase() | Loose() | Cased() | Fuzzy():
                texts.append(node.text)
            case Wildcard():
                wildcards.append(node.text.lower())
    return Asked(tuple({word for text in texts for word in _RUN.findall(text.lower())}), tuple(wildcards))


def remarks_on_keyword(term: Term, asked: Asked | None, entity_words: AbstractSet[str]) -> Iterator[Remark]:
    """Yield what is probably not meant by a keyword; its relatives are looked at where `asked` is given."""
    yield from remarks_on_letters(term.text)
    if not term.exact and (found := _OPERATOR.search(term.text)):
        yield Remark(_NO_OPERATORS, found.start(), found[0])
    if _is_short(term.text) and entity_words.isdisjoint(folded_words(term.text)):
        yield Remark(_TOO_SHORT.format(fix=f"query: {{{term.text}}}"), 0, term.text)
    if asked is not None and not term.exact:
        yield from _unfound(term.text, 0, asked, entity_words)


def remarks_on_query(query: Query, asked: Asked | None) -> Iterator[Remark]:
    """Yield what is probably not meant in a query as written; relatives are looked at where `asked` is given."""
    waiting: list[tuple[Query, bool, bool]] = [(query, True, True)]
    while waiting:
        node, is_text, positive = waiting.pop()
        match node:
            case And() | Or() | Near() | AtLeast():
                waiting += ((child, is_text, positive) for child in children_of(node))
            case Not():
                waiting.append((node.child, is_text, not positive))
            case NotNear():
                waiting += ((node.left, is_text, positive), (node.right, is_text, False))
            case Fielded():
                if not node.scope.is_code:
                    waiting.append((node.child, node.scope.is_text, positive))
            case Word() | Wildcard() | Fuzzy() | Phrase() | Cased() | Loose():
                yield from _remarks_on_term(node, asked if positive else None, is_text=is_text)


def _remarks_on_term(
    term: Word | Wildcard | Fuzzy | Phrase | Cased | Loose, asked: Asked | None, *, is_text: bool
) -> Iterator[Remark]:
    begin = term.at + 1 if isinstance(term, Phrase | Cased | Loose) else term.at
    for remark in remarks_on_letters(term.text):
        yield Remark(remark.message, begin + remark.at, remark.word)
    if not is_text:
        return
    if isinstance(term, Word | Phrase) and _is_short(term.text):
        yield Remark(_TOO_SHORT.format(fix=f"{{{term.text}}}"), begin, term.text)
    if isinstance(term, Phrase) and (found := _QUESTION.search(term.text)):
        yield Remark(_ONE_LETTER, begin + found.start(), found[0])
    if asked is not None and isinstance(term, Word | Loose):
        yield from _unfound(term.text, begin, asked, frozenset())


_ONE_LETTER = "this ? stands for one letter more: leave it out to find a question"
_NO_OPERATORS = "a keyword has no operators, this stands for itself: write a `query:` with it"
_TOO_SHORT = "one or two letters stand for much else: write {fix} for just these, in just this case"


def remarks_on_letters(text: str) -> Iterator[Remark]:
    """Yield the words of a text that look like one and are another: their letters are of two alphabets."""
    if text.isascii() or not (_LATIN.search(text) and _CYRILLIC.search(text)):
        return
    for found in _RUN.finditer(text):
        if _LATIN.search(found[0]) and _CYRILLIC.search(found[0]):
            message = (
                f'"{found[0]}" mixes Latin and Cyrillic letters, and finds only what mixes them alike: type it anew'
            )
            yield Remark(message, found.start(), found[0])


def _is_short(text: str) -> bool:
    """Tell whether a term is of one or two letters, of an alphabet that has capitals."""
    return len(text) < 2 * SHORTEST and len(_LETTERS.findall(text)) < SHORTEST and text.lower() != text.upper()


def _unfound(text: str, begin: int, asked: Asked, entity_words: AbstractSet[str]) -> Iterator[Remark]:
    """Yield the words of a text with relatives that neither they nor anything else asked for find."""
    for found in _SMALL_WORD.finditer(text):
        family = relatives_of(found[0])
        missing = next((word for word in family if not asked.finds(word)), None)
        if missing is not None and entity_words.isdisjoint(folded_words(found[0])):
            wildcard = wildcard_for(family)
            fix = f"write {wildcard} in a query, or name both" if wildcard else "name both"
            yield Remark(f'"{found[0]}" does not find "{missing}": {fix}', begin + found.start(), found[0])


def alias_problem(alias: Term, *, case_sensitive: bool) -> str | None:
    """Tell why another word for a person, a place or an organisation is likely to mean something else."""
    forms = folded_words(alias.text)
    if len(forms) != 1 or (case_sensitive and alias.text.isupper()):  # in capitals only: an acronym
        return None
    if _is_short(alias.text):
        return "fewer than three letters stand for much else: leave it out, or give a context"
    if forms[0] in FIRST_NAMES:
        return "a first name is that of many others: leave it out, or give a context"
    if forms[0] in COMMON_WORDS:
        return "an ordinary word means much else: leave it out, or give a context"
    return None


def folded_words(text: str) -> list[str]:
    """Return the words of a text without case and accents."""
    return [form_of(word.written, DEFAULT).folded for word in words(text, DEFAULT)]
