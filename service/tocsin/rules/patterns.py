"""What a rule asks of one word, and which written words answer it."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TypeAlias, assert_never

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


WordPattern: TypeAlias = Exact | Inflected | Name | CasedName | AsWritten


def keys(pattern: WordPattern) -> AbstractSet[str]:
    """Return the keys under which a pattern is found: every form that answers it has one of them among its own."""
    match pattern:
        case Exact(word=word):
            return {word}
        case Inflected(folded=folded, stems=stems):
            return {folded} | stems
        case Name(folded=folded, stems=stems, plural=plural):
            return {folded, folded + "s"} if plural else {folded} | stems
        case CasedName(folded=folded, stems=stems, plural=plural):
            return {folded, folded + "s"} if plural else {folded} | stems
        case AsWritten(folded=folded):
            return {folded}
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
