"""From keywords and entities as configured to what is looked for in the words of an article, for one language.

A *leaf* is a row of words side by side. An *operand* is what one part of a keyword asks for: any of its leaves. A
keyword is a *loose phrase* of one or more operands.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TypeAlias

from tocsin.model import Entity, Rule, Term
from tocsin.rules import patterns
from tocsin.rules.patterns import WordPattern
from tocsin.text.language import DEFAULT
from tocsin.text.stopwords import stop_words
from tocsin.text.tokens import Form, form_of, words

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
class _Chunk:
    """A word of a keyword as people count them: what white space parts. `build-up` is one, of two words."""

    text: str
    forms: tuple[Form, ...]

    @property
    def folded(self) -> tuple[str, ...]:
        return tuple(form.folded for form in self.forms)


class Compiler:
    """Compiles rules for articles of one language, with the entities that they may name."""

    def __init__(self, language: str, entities: Iterable[Entity]) -> None:
        self._language = language
        stops = stop_words(language) | stop_words(DEFAULT)
        operands: dict[str, Operand] = {}
        names: dict[tuple[str, ...], str] = {}
        acronyms: dict[str, str] = {}
        for entity in entities:
            operands[entity.id] = Operand(f"@{entity.id}", frozenset(self._entity_leaves(entity, stops)))
            for term in entity_terms(entity):
                names.setdefault(tuple(form.folded for form in self._forms(term.text)), entity.id)
            if entity.acronym:
                acronyms.setdefault(entity.acronym, entity.id)
        self._entities: Mapping[str, Operand] = operands
        self._names: Mapping[tuple[str, ...], str] = names
        self._acronyms: Mapping[str, str] = acronyms

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
            leaf = tuple(map(patterns.exact, self._forms(term.text)))
            return LoosePhrase((Operand(term.text, frozenset([leaf])),))
        operands = list(self._operands(term, stops))
        kept = [operand for operand, dropped in operands if not dropped]
        if len(kept) < 2:
            kept = [operand for operand, _ in operands]
        return LoosePhrase(tuple(kept))

    def _operands(self, term: Term, stops: AbstractSet[str]) -> Iterator[tuple[Operand, bool]]:
        """Yield the operands of a keyword in order, each with whether it is a stop word."""
        chunks = [chunk for text in term.text.split() if (chunk := _Chunk(text, self._forms(text))).forms]
        for run, entity in self._entity_runs(chunks):
            if entity is not None:
                yield Operand(" ".join(chunk.text for chunk in run), self._entities[entity].leaves), False
                continue
            (chunk,) = run
            *first, last = chunk.forms
            leaf = (*map(patterns.exact, first), patterns.free(last, self._language, stops))
            is_stop_word = not first and not last.capital and last.folded in stops
            yield Operand(chunk.text, frozenset([leaf])), is_stop_word

    def _entity_runs(self, chunks: Sequence[_Chunk]) -> Iterator[tuple[Sequence[_Chunk], str | None]]:
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

    def _named(self, run: Sequence[_Chunk]) -> str | None:
        name = tuple(word for chunk in run for word in chunk.folded)
        return self._names.get(name) or self._acronyms.get(" ".join(chunk.text for chunk in run))

    def _entity_leaves(self, entity: Entity, stops: AbstractSet[str]) -> Iterator[Leaf]:
        for term in entity_terms(entity):
            ask = self._asking(entity, term, stops)
            yield tuple(map(ask, self._forms(term.text)))
        if entity.acronym:
            yield tuple(patterns.as_written(form, stops) for form in self._forms(entity.acronym))

    def _asking(self, entity: Entity, term: Term, stops: AbstractSet[str]) -> Callable[[Form], WordPattern]:
        if term.exact:
            return (lambda form: patterns.as_written(form, stops)) if entity.case_sensitive else patterns.exact
        ask = patterns.cased if entity.case_sensitive else patterns.free
        return lambda form: ask(form, self._language, stops)

    def _forms(self, text: str) -> tuple[Form, ...]:
        return tuple(form_of(word.written, self._language) for word in words(text, self._language))


def entity_terms(entity: Entity) -> tuple[Term, ...]:
    """Return the name and the aliases of an entity. A concept's name is a word like its aliases."""
    return (Term(text=entity.name), *entity.aliases)
