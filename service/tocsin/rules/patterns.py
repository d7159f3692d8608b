"""What a rule asks of one word, and which written words answer it."""

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias, assert_never

from rapidfuzz.distance import OSA

from tocsin.text.language import DEFAULT
from tocsin.text.tokens import Form


@dataclass(frozen=True, slots=True)
class Exact:
    """This word and no other. With accents it answers only itself, without any it answers every accent."""

    word: str
    accented: bool


@dataclass(frozen=True, slots=True)
class Inflected:
    """A word in any inflection, case and accent."""

    folded: str
    stems: frozenset[str]


@dataclass(frozen=True, slots=True)
class Name:
    """A word written with a capital: its own spelling in any case, an inflected form only where that has a capital.

    `plural`: in English the only inflection of a name is -s.
    """

    folded: str
    stems: frozenset[str]
    plural: bool


@dataclass(frozen=True, slots=True)
class CasedName:
    """A name whose case counts: as `Name`, but written as here, or in a line that is all capitals."""

    cased: str
    folded: str
    stems: frozenset[str]
    plural: bool
    capitals: bool


@dataclass(frozen=True, slots=True)
class AsWritten:
    """A word in just this case, such as an acronym; in a line that is all capitals too.

    `ambiguous`: in small letters it is a common word (WHO, US), so that such a line does not tell them apart; dots do.
    """

    cased: str
    folded: str
    ambiguous: bool


@dataclass(frozen=True, slots=True)
class Braced:
    """A word in just this case and no other line; `exact` where it has accents, which then count too."""

    cased: str
    folded: str
    exact: str | None


@dataclass(frozen=True)
class Wild:
    """A word that `*` (any letters or none) and `?` (one letter) stand in; folded, never first."""

    glob: str

    @cached_property
    def start(self) -> str:
        """Return the letters before the first wildcard."""
        return re.split(r"[*?]", self.glob, maxsplit=1)[0]

    def answers(self, word: str) -> bool:
        """Tell whether a folded word is one of those that it stands for."""
        if self.glob == self.start + "*":
            return word.startswith(self.start)
        return self._expression.fullmatch(word) is not None

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        """Return what a word must match as a whole.

        The shortest stretch that leads to the next fixed letters is taken and never given back, so that it takes time
        linear in the word.
        """
        first, *others = (re.escape(part).replace(r"\?", ".") for part in self.glob.split("*"))
        if not others:
            return re.compile(first)
        *middle, last = others
        return re.compile(first + "".join(f"(?>.*?{part})" for part in middle if part) + ".*" + last)


@dataclass(frozen=True, slots=True)
class Spelt:
    """A word within so many edits: letters added, left out, changed, or swapped with the next one."""

    folded: str
    edits: int


WordPattern: TypeAlias = Exact | Inflected | Name | CasedName | AsWritten | Braced | Wild | Spelt


def keys(pattern: WordPattern) -> AbstractSet[str]:
    """Return the keys under which a pattern is found: every form that answers it has one of them among its own.

    None for patterns that no key leads to: `Wild` and `Spelt`.
    """
    match pattern:
        case Exact(word=word):
            return {word}
        case Inflected(folded=folded, stems=stems):
            return {folded} | stems
        case Name(folded=folded, stems=stems, plural=plural):
            return {folded, folded + "s"} if plural else {folded} | stems
        case CasedName(folded=folded, stems=stems, plural=plural):
            return {folded, folded + "s"} if plural else {folded} | stems
        case AsWritten(folded=folded) | Braced(folded=folded):
            return {folded}
        case Wild() | Spelt():
            return frozenset()
        case _:
            assert_never(pattern)


def form_keys(form: Form) -> AbstractSet[str]:
    """Return the keys under which the patterns that a form may answer are found."""
    return {form.exact, form.folded} | form.stems


def answers(form: Form, pattern: WordPattern, *, shouted: bool) -> bool:
    """Tell whether a written word answers a pattern; `shouted` where its line is all capitals."""
    match pattern:
        case Exact(word=word, accented=accented):
            return word == (form.exact if accented else form.folded)
        case Inflected(folded=folded, stems=stems):
            return form.folded == folded or not stems.isdisjoint(form.stems)
        case Name(folded=folded):
            return form.folded == folded or (form.capital and _inflects(form.folded, form.stems, pattern))
        case CasedName():
            return _answers_cased(form, pattern, shouted=shouted)
        case AsWritten(cased=cased, folded=folded, ambiguous=ambiguous):
            if ambiguous:
                return form.cased == cased and (form.initials or not shouted)
            return form.cased == cased or (shouted and form.folded == folded)
        case Braced() | Wild() | Spelt():
            return _answers_letters(form, pattern)
        case _:
            assert_never(pattern)


def _answers_letters(form: Form, pattern: Braced | Wild | Spelt) -> bool:
    match pattern:
        case Braced(cased=cased, exact=accented):
            return form.cased == cased and (accented is None or form.exact == accented)
        case Wild():
            return pattern.answers(form.folded)
        case Spelt(folded=folded, edits=edits):
            return OSA.distance(form.folded, folded, score_cutoff=edits) <= edits
        case _:
            assert_never(pattern)


def _answers_cased(form: Form, pattern: CasedName, *, shouted: bool) -> bool:
    if shouted:
        return form.folded == pattern.folded or _inflects(form.folded, form.stems, pattern)
    if form.cased == pattern.cased:
        return True
    if pattern.plural:
        return form.cased == pattern.cased + "s"
    return form.capital and form.capitals == pattern.capitals and not pattern.stems.isdisjoint(form.stems)


def _inflects(folded: str, stems: frozenset[str], pattern: Name | CasedName) -> bool:
    return folded == pattern.folded + "s" if pattern.plural else not pattern.stems.isdisjoint(stems)


def exact(form: Form) -> Exact:
    """Ask for exactly this word."""
    return Exact(form.asked, form.accented)


def braced(form: Form) -> Braced:
    """Ask for this word in just this case."""
    return Braced(form.cased, form.folded, form.exact if form.accented else None)


def beside(form: Form, stops: AbstractSet[str]) -> WordPattern:
    """Ask for a word of `build-up` other than the last: without inflection, in any case and accent."""
    return as_written(form, stops) if is_ambiguous(form, stops) else Exact(form.folded, accented=False)


def free(form: Form, language: str, stops: AbstractSet[str]) -> WordPattern:
    """Ask for a word as a keyword does: in any inflection; with a capital, as a name; a shouted stop word, shouted."""
    if is_ambiguous(form, stops):
        return as_written(form, stops)
    if form.capital and not form.capitals:
        return Name(form.folded, form.stems, plural=language == DEFAULT)
    return Inflected(form.folded, form.stems)


def cased(form: Form, language: str, stops: AbstractSet[str]) -> WordPattern:
    """Ask for a word of a name whose case counts; its small words are asked for in any case."""
    if not form.capital:
        return Inflected(form.folded, form.stems)
    if is_ambiguous(form, stops):
        return as_written(form, stops)
    return CasedName(form.cased, form.folded, form.stems, plural=language == DEFAULT, capitals=form.capitals)


def as_written(form: Form, stops: AbstractSet[str]) -> AsWritten:
    """Ask for a word in just this case."""
    return AsWritten(form.cased, form.folded, ambiguous=form.asked in stops)


def is_ambiguous(form: Form, stops: AbstractSet[str]) -> bool:
    """Tell whether a word all in capitals is a stop word in small letters (WHO, US): then its case tells them apart."""
    return form.capitals and form.asked in stops


def likely_share(pattern: WordPattern) -> float:
    """Return a rough guess of the share of articles that a word is in: long words are rare, names rarer.

    It decides only in which order rules are tried.
    """
    match pattern:
        case Wild():
            return 2 * _by_length(len(pattern.start))
        case Exact(word=word):
            return _by_length(len(word))
        case Inflected(folded=folded) | Spelt(folded=folded):
            return 2 * _by_length(len(folded))
        case Name(folded=folded) | CasedName(folded=folded) | AsWritten(folded=folded) | Braced(folded=folded):
            return _by_length(len(folded)) / 2
        case _:
            assert_never(pattern)


def _by_length(letters: int) -> float:
    return max(0.9 * 0.7**letters, 0.01)
