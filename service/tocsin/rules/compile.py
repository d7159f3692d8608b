"""From keywords and entities as configured to what is looked for in the words of an article, for one language.

A *leaf* is a row of words side by side. An *operand* is what one part of a keyword asks for: any of its leaves. A
keyword is a *loose phrase* of one or more operands.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from tocsin.model import Entity, Rule, Term
from tocsin.rules import patterns
from tocsin.rules.patterns import WordPattern
from tocsin.text.language import DEFAULT
from tocsin.text.stopwords import stop_words
from tocsin.text.tokens import APOSTROPHES, Form, form_of, words

Leaf: TypeAlias = tuple[WordPattern, ...]


@dataclass(frozen=True, slots=True)
class Operand:
    """Any of `leaves`; `term` is what it was written as. Equal operands ask for the same."""

    term: str
    leaves: frozenset[Leaf]


@dataclass(frozen=True, slots=True)
class LoosePhrase:
    """All of `operands`, near each other in any order; a single one by itself."""

    operands: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule as it is looked for in articles of one language."""

    rule: Rule
    keywords: tuple[LoosePhrase, ...]
    entities_any: tuple[Operand, ...]
    entities_all: tuple[Operand, ...]
    exclude: tuple[LoosePhrase, ...]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A word of a keyword as people count them: what white space parts. `build-up` is one, of two words."""

    text: str
    forms: tuple[Form, ...]

    def is_stop_word(self, stops: AbstractSet[str]) -> bool:
        """Tell whether it is too common to ask for. A word with a capital never is."""
        *others, last = self.forms
        return not others and not last.capital and last.asked in stops


def chunks_of(text: str, language: str) -> Iterator[Chunk]:
    """Yield the words of a keyword as people count them. An elision (`l'Ukraine`) is a word of its own."""
    for chunk in text.split():
        found = words(chunk, language)
        cuts = [after.start for before, after in pairwise(found) if chunk[before.end : after.start] in APOSTROPHES]
        for start, end in pairwise([0, *cuts, len(chunk)]):
            if forms := forms_of(chunk[start:end], language):
                yield Chunk(chunk[start:end], forms)


def forms_of(text: str, language: str) -> tuple[Form, ...]:
    """Return the forms of the words of a text."""
    return tuple(form_of(word.written, language) for word in words(text, language))


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a keyword: its operand, and how many of its words that is."""

    operand: Operand
    words: int
    is_stop_word: bool


class Compiler:
    """Compiles rules for articles of one language, with the entities that they may name."""

    def __init__(self, language: str, entities: Iterable[Entity]) -> None:
        self._language = language
        stops = stop_words(language) | stop_words(DEFAULT)
        operands: dict[str, Operand] = {}
        names: dict[tuple[str, ...], str] = {}
        acronyms: dict[tuple[str, ...], str] = {}
        for entity in entities:
            operands[entity.id] = Operand(f"@{entity.id}", frozenset(self._entity_leaves(entity, stops)))
            for term in entity_terms(entity):
                forms = forms_of(term.text, language)
                if len(forms) == 1 and patterns.is_ambiguous(forms[0], stops):
                    acronyms.setdefault(_cased(forms), entity.id)
                else:
                    names.setdefault(_folded(forms), entity.id)
            if entity.acronym:
                acronyms.setdefault(_cased(forms_of(entity.acronym, language)), entity.id)
        self._entities: Mapping[str, Operand] = operands
        self._names: Mapping[tuple[str, ...], str] = names
        self._acronyms: Mapping[tuple[str, ...], str] = acronyms

    def rule(self, rule: Rule) -> CompiledRule:
        """Compile a rule; its words are taken as in its languages, else as in this one and English."""
        stops = frozenset().union(*map(stop_words, rule.languages or (self._language, DEFAULT)))
        return CompiledRule(
            rule=rule,
            keywords=tuple(self.keyword(term, stops) for term in rule.keywords),
            entities_any=tuple(self._entities[id_] for id_ in rule.entities_any),
            entities_all=tuple(self._entities[id_] for id_ in rule.entities_all),
            exclude=tuple(self.keyword(term, stops) for term in rule.exclude),
        )

    def keyword(self, term: Term, stops: AbstractSet[str]) -> LoosePhrase:
        """Compile a keyword: exact in quotes, else one word or entity, or a loose phrase of several."""
        if term.exact:
            leaf = tuple(map(patterns.exact, forms_of(term.text, self._language)))
            return LoosePhrase((Operand(term.text, frozenset([leaf])),))
        parts = list(self._parts(term, stops))
        kept = [part for part in parts if not part.is_stop_word]
        if sum(part.words for part in kept) < 2:
            kept = parts
        return LoosePhrase(tuple(part.operand for part in kept))

    def _parts(self, term: Term, stops: AbstractSet[str]) -> Iterator[_Part]:
        """Yield the parts of a keyword in order: entities and single words."""
        for run, entity in self._entity_runs(list(chunks_of(term.text, self._language))):
            if entity is not None:
                written = " ".join(chunk.text for chunk in run)
                yield _Part(Operand(written, self._entities[entity].leaves), len(run), is_stop_word=False)
                continue
            (chunk,) = run
            *others, last = chunk.forms
            leaf = (*(patterns.beside(form, stops) for form in others), patterns.free(last, self._language, stops))
            yield _Part(Operand(chunk.text, frozenset([leaf])), 1, is_stop_word=chunk.is_stop_word(stops))

    def _entity_runs(self, chunks: Sequence[Chunk]) -> Iterator[tuple[Sequence[Chunk], str | None]]:
        """Part the words of a keyword into the longest runs that name an entity, and single words."""
        for length in range(len(chunks), 0, -1):
            for start in range(len(chunks) - length + 1):
                run = chunks[start : start + length]
                if (entity := self._named(run)) is not None:
                    yield from self._entity_runs(chunks[:start])
                    yield run, entity
                    yield from self._entity_runs(chunks[start + length :])
                    return
        for chunk in chunks:
            yield [chunk], None

    def _named(self, run: Sequence[Chunk]) -> str | None:
        """Return the entity that these words name: without regard to case, except for an acronym."""
        forms = [form for chunk in run for form in chunk.forms]
        return self._acronyms.get(_cased(forms)) or self._names.get(_folded(forms))

    def _entity_leaves(self, entity: Entity, stops: AbstractSet[str]) -> Iterator[Leaf]:
        for term in entity_terms(entity):
            ask = self._asking(entity, term, stops)
            yield tuple(map(ask, forms_of(term.text, self._language)))
        if entity.acronym:
            yield tuple(patterns.as_written(form, stops) for form in forms_of(entity.acronym, self._language))

    def _asking(self, entity: Entity, term: Term, stops: AbstractSet[str]) -> Callable[[Form], WordPattern]:
        if term.exact:
            return (lambda form: patterns.as_written(form, stops)) if entity.case_sensitive else patterns.exact
        ask = patterns.cased if entity.case_sensitive else patterns.free
        return lambda form: ask(form, self._language, stops)


def _folded(forms: Iterable[Form]) -> tuple[str, ...]:
    return tuple(form.folded for form in forms)


def _cased(forms: Iterable[Form]) -> tuple[str, ...]:
    return tuple(form.cased for form in forms)


def entity_terms(entity: Entity) -> tuple[Term, ...]:
    """Return the name and the aliases of an entity. A concept's name is a word like its aliases."""
    return (Term(text=entity.name), *entity.aliases)
