"""From rules as configured to conditions that can be asked of articles of one language.

What rules have in common becomes one condition. Words are inflected as in the articles' language, which is why each
language has conditions of its own.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import count, pairwise
from typing import assert_never

from tocsin.model import Entity, Rule, Surname, Term
from tocsin.model.query import (
    And,
    AtLeast,
    Cased,
    EntityRef,
    Fielded,
    Fuzzy,
    Loose,
    Near,
    Not,
    NotNear,
    Or,
    Phrase,
    Query,
    Regex,
    Scope,
    Wildcard,
    Word,
    nodes_of,
)
from tocsin.rules import conditions, patterns
from tocsin.rules.conditions import Condition, EntityForms, Positional
from tocsin.rules.entities import EntityForm, FormKind, entity_forms
from tocsin.rules.frequencies import OFTEN, UNKNOWN, Frequencies
from tocsin.rules.loose import SLACK
from tocsin.rules.near import Nearness, Presence
from tocsin.rules.patterns import WordPattern
from tocsin.rules.regexes import Expression
from tocsin.rules.vocabulary import Key, Vocabulary
from tocsin.text.language import DEFAULT, primary
from tocsin.text.stopwords import stop_words
from tocsin.text.tokens import APOSTROPHES, Form, form_of, words

#: The language of words that are compared without inflection: it has no stemmer and no stop words.
UNINFLECTED = "und"

# Letters that stand for * and ? while a phrase is taken apart into words; no writing uses them.
_STAR, _MARK = "\ua7f7", "\ua7fa"
_TO_LETTERS = str.maketrans({"*": _STAR, "?": _MARK})
_TO_WILDCARDS = str.maketrans({_STAR: "*", _MARK: "?"})


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
    if text.isascii() and text.isalnum():  # one word, most of the time
        return (form_of(text, language),)
    return tuple(form_of(word.written, language) for word in words(text, language))


def entity_terms(entity: Entity) -> tuple[Term, ...]:
    """Return the words by which a keyword may name an entity: its name, in every language, and its aliases."""
    return (Term(text=entity.name), *(Term(text=text) for _, text in entity.forms), *entity.aliases)


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a keyword: what it asks for, and how many of its words that is."""

    operand: Positional
    words: int
    is_stop_word: bool


class Compiler:
    """Compiles rules for articles of one language, with the entities that they may name.

    `text` is what their words in title and body ask for, `plain` what those in other fields do; `scopes` are the other
    fields that any rule looks at, `expressions` and `codes` what else has keys. It only grows.
    """

    def __init__(self, language: str, entities: Iterable[Entity]) -> None:
        numbers = count(1)
        self._numbers = numbers
        self._language = language
        self._stops = stop_words(language) | stop_words(DEFAULT)
        self.text = Vocabulary(language, numbers)
        self.plain = Vocabulary(UNINFLECTED, numbers)
        self.scopes: set[Scope] = set()
        self.expressions: dict[Key, str] = {}
        self.codes: dict[tuple[Scope, str], Key] = {}
        self.frequencies = Frequencies()
        self._stops_by_languages: dict[tuple[str, ...], AbstractSet[str]] = {}
        self._terms: dict[tuple[Query, Scope | None, AbstractSet[str]], Condition] = {}
        self._shared: dict[tuple[object, ...], Positional] = {}
        self._entities = {entity.id: entity for entity in entities}
        self._forms: dict[tuple[str, Scope | None], EntityForms] = {}
        self._names, self._acronyms = self._named_by(self._entities.values())

    def _named_by(
        self, entities: Iterable[Entity]
    ) -> tuple[Mapping[tuple[str, ...], str], Mapping[tuple[str, ...], str]]:
        names: dict[tuple[str, ...], str] = {}
        acronyms: dict[tuple[str, ...], str] = {}
        for entity in entities:
            for term in entity_terms(entity):
                forms = forms_of(term.text, self._language)
                if len(forms) == 1 and patterns.is_ambiguous(forms[0], self._stops):
                    acronyms.setdefault(_cased(forms), entity.id)
                else:
                    names.setdefault(_folded(forms), entity.id)
            if entity.acronym:
                acronyms.setdefault(_cased(forms_of(entity.acronym, self._language)), entity.id)
        return names, acronyms

    # ------------------------------------------------------------------------------------------------------------
    # Rules

    def rule(self, rule: Rule) -> Condition:
        """Compile a rule; its words are taken as in its languages, else as in this one and English."""
        stops = self._stops_of(rule.languages)
        asked: list[Condition] = []
        if rule.keywords:
            asked.append(_any_of([self.keyword(term, stops) for term in rule.keywords]))
        if rule.query is not None:
            asked.append(self.query(rule.query, stops))
        if rule.entities_any:
            asked.append(_any_of([self._mention(id_, None) for id_ in rule.entities_any]))
        asked += (self._mention(id_, None) for id_ in rule.entities_all)
        if rule.exclude:
            asked.append(conditions.NoneOf([self.keyword(term, stops) for term in rule.exclude]))
        return asked[0] if len(asked) == 1 else conditions.AllOf(asked)

    def _stops_of(self, languages: tuple[str, ...]) -> AbstractSet[str]:
        known = self._stops_by_languages.get(languages)
        if known is None:
            known = frozenset().union(*map(stop_words, languages or (self._language, DEFAULT)))
            self._stops_by_languages[languages] = known
        return known

    def keyword(self, term: Term, stops: AbstractSet[str]) -> Positional:
        """Compile a keyword: exact in quotes, else one word or entity, or a loose phrase of several."""
        if term.exact:
            return self.side(map(patterns.exact, forms_of(term.text, self._language)), None, term.text)
        return self.loose(term.text, SLACK, None, stops)

    def loose(self, text: str, slack: int, scope: Scope | None, stops: AbstractSet[str]) -> Positional:
        """Compile words that may stand in any order, not too far apart; stop words are left out."""
        parts = list(self._parts(text, scope, stops))
        kept = [part for part in parts if not part.is_stop_word]
        if sum(part.words for part in kept) < 2:
            kept = parts
        operands = tuple(part.operand for part in kept)
        if len(operands) == 1:
            return operands[0]
        return self.share((slack, scope, *map(id, operands)), lambda: conditions.LoosePhrase(operands, slack, scope))

    def _parts(self, text: str, scope: Scope | None, stops: AbstractSet[str]) -> Iterator[_Part]:
        """Yield the parts of a keyword in order: entities and single words."""
        for run, entity in self._entity_runs(list(chunks_of(text, self._language))):
            if entity is not None:
                written = " ".join(chunk.text for chunk in run)
                yield _Part(self._mention(entity, scope, written), len(run), is_stop_word=False)
                continue
            (chunk,) = run
            operand = self._word(chunk.text, chunk.forms, scope, stops)
            yield _Part(operand, 1, is_stop_word=chunk.is_stop_word(stops))

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

    # ------------------------------------------------------------------------------------------------------------
    # Words

    def _word(self, term: str, forms: Sequence[Form], scope: Scope | None, stops: AbstractSet[str]) -> Positional:
        """Compile a word in any inflection; of `build-up`, which is two, the last."""
        if _is_meta(scope):
            return self.side(map(_spelt_like, forms), scope, term)
        *others, last = forms
        asked = (*(patterns.beside(form, stops) for form in others), patterns.free(last, self._language, stops))
        return self.side(asked, scope, term)

    def side(self, asked: Iterable[WordPattern], scope: Scope | None, term: str) -> Positional:
        """Compile words side by side."""
        keys = self._keys(asked, scope)
        return self.share((keys, scope, term), lambda: conditions.Side(keys, scope, term))

    def _keys(self, asked: Iterable[WordPattern], scope: Scope | None) -> tuple[Key, ...]:
        vocabulary = self.text
        if scope is not None and _is_meta(scope):
            vocabulary = self.plain
            self.scopes.add(scope)
        return tuple(self._key(vocabulary, pattern) for pattern in asked)

    def _key(self, vocabulary: Vocabulary, pattern: WordPattern) -> Key:
        key = vocabulary.key(pattern)
        self.frequencies.guess(key, patterns.likely_share(pattern))
        return key

    def _new_key(self) -> Key:
        return Key(next(self._numbers))

    def share(self, same: tuple[object, ...], make: Callable[[], Positional]) -> Positional:
        """Return the condition that was made for the same before, else a new one."""
        known = self._shared.get(same)
        if known is None:
            known = self._shared[same] = make()
        return known

    # ------------------------------------------------------------------------------------------------------------
    # Entities

    def _mention(self, id_: str, scope: Scope | None, term: str | None = None) -> Positional:
        forms = self._entity(id_, scope)
        label = term or f"@{id_}"
        return self.share((id(forms), scope, label), lambda: conditions.EntityMention(forms, scope, label))

    def _entity(self, id_: str, scope: Scope | None) -> EntityForms:
        """Compile an entity when a rule first asks for it; other fields than title and body compare its spelling."""
        where = scope if _is_meta(scope) else None
        known = self._forms.get((id_, where))
        if known is None:
            entity = self._entities[id_]
            make = self._plain_forms if _is_meta(where) else self._text_forms
            known = self._forms[id_, where] = make(entity, where)
        return known

    def _text_forms(self, entity: Entity, scope: Scope | None) -> EntityForms:
        context, stops = entity.context, self._stops

        def rows(terms: Iterable[Term]) -> list[tuple[Key, ...]]:
            return [self._keys(self._around(term), None) for term in terms]

        def forms(*, partial: bool) -> list[tuple[Key, ...]]:
            asked = (form for form in entity_forms(entity) if form.partial is partial)
            return [self._keys(self._form_patterns(form, entity, stops), None) for form in asked]

        compiled = EntityForms(
            key=self._new_key(),
            full=forms(partial=False),
            partial=forms(partial=True),
            after_full=entity.surname is not Surname.ALONE,
            context_any=rows(context.any) if context else (),
            context_none=rows(context.none) if context else (),
            within=context.within if context else 0,
            scope=scope,
        )
        self._imply(compiled, self.text)
        return compiled

    def _plain_forms(self, entity: Entity, scope: Scope | None) -> EntityForms:
        def asked(form: EntityForm) -> tuple[Key, ...]:
            as_written = form.kind is FormKind.ACRONYM
            forms = forms_of(form.text, UNINFLECTED)
            return self._keys((patterns.braced(word) if as_written else _spelt_like(word) for word in forms), scope)

        counted = [form for form in entity_forms(entity) if not form.partial or entity.surname is Surname.ALONE]
        compiled = EntityForms(
            key=self._new_key(), full=[asked(form) for form in counted], partial=(), after_full=False, scope=scope
        )
        self._imply(compiled, self.plain)
        return compiled

    def _imply(self, compiled: EntityForms, vocabulary: Vocabulary) -> None:
        """Let the rarest word of each form bring the key of the entity with it."""
        rarest = {min(form, key=self.frequencies.share) for form in (*compiled.full, *compiled.partial)}
        for key in rarest:
            vocabulary.imply(key, compiled.key)
        self.frequencies.guess(compiled.key, self.frequencies.of_any(tuple(rarest)))

    def _form_patterns(self, form: EntityForm, entity: Entity, stops: AbstractSet[str]) -> Iterator[WordPattern]:
        for word in forms_of(form.text, self._language):
            match form.kind:
                case FormKind.ACRONYM:
                    yield patterns.as_written(word, stops)
                case FormKind.EXACT:
                    yield patterns.as_written(word, stops) if entity.case_sensitive else patterns.exact(word)
                case FormKind.WORDS if entity.case_sensitive:
                    yield patterns.cased(word, self._language, stops)
                case FormKind.WORDS:
                    yield patterns.free(word, self._language, stops)
                case _:
                    assert_never(form.kind)

    def _around(self, term: Term) -> Iterator[WordPattern]:
        """Ask for a word of a context: in any inflection, as a name where it has a capital; in quotes exactly."""
        for form in forms_of(term.text, self._language):
            yield patterns.exact(form) if term.exact else patterns.free(form, self._language, self._stops)

    # ------------------------------------------------------------------------------------------------------------
    # Queries

    def query(self, query: Query, stops: AbstractSet[str], scope: Scope | None = None) -> Condition:
        """Compile a query that has passed its checks and names no parts; `scope` is the field around it."""
        match query:
            case And():
                return conditions.AllOf([self.query(child, stops, scope) for child in query.children])
            case Or():
                children = [self.query(child, stops, scope) for child in query.children]
                return self._share_any(children)
            case Not():
                return conditions.NoneOf([self.query(query.child, stops, scope)])
            case Fielded():
                return self.query(query.child, stops, query.scope)
            case _:
                return self._positional(query, stops, scope)

    def _positional(self, query: Query, stops: AbstractSet[str], scope: Scope | None) -> Condition:
        match query:
            case Near():
                left, right = self._operand(query.left, stops, scope), self._operand(query.right, stops, scope)
                nearness = Nearness(query.within, query.ordered)
                return self.share(
                    (Near, nearness, id(left), id(right)),
                    lambda: conditions.Near(left, right, nearness, _scope_of(query, scope)),
                )
            case NotNear():
                left, right = self._operand(query.left, stops, scope), self._operand(query.right, stops, scope)
                nearness = Presence(query.within)
                return self.share(
                    (NotNear, nearness, id(left), id(right)),
                    lambda: conditions.NotNear(left, right, nearness, _scope_of(query, scope)),
                )
            case AtLeast():
                child = self._operand(query.child, stops, scope)
                pairs = any(isinstance(node, Near | Loose) for node in nodes_of(query.child))
                return self.share(
                    (AtLeast, query.count, pairs, id(child)),
                    lambda: conditions.AtLeast(query.count, child, pairs=pairs),
                )
            case _:
                known = self._terms.get((query, scope, stops))
                if known is None:
                    known = self._terms[query, scope, stops] = self._term(query, stops, scope)
                return known

    def _operand(self, query: Query, stops: AbstractSet[str], scope: Scope | None) -> Positional:
        compiled = self.query(query, stops, scope)
        if isinstance(compiled, Positional):
            return compiled
        raise AssertionError(query)  # its checks let nothing else through

    def _share_any(self, children: Sequence[Condition]) -> Condition:
        return self.share((Or, *map(id, children)), lambda: conditions.AnyOf(children))

    def _term(self, query: Query, stops: AbstractSet[str], scope: Scope | None) -> Condition:
        match query:
            case Word() if scope is not None and scope.is_code:
                return self._code(scope, primary(query.text) or query.text)
            case Word():
                return self._word(query.text, forms_of(query.text, self._language), scope, stops)
            case Loose():
                return self.loose(query.text, query.others, scope, stops)
            case Regex():
                return self._regex(query.pattern, scope)
            case EntityRef():
                return self._mention(query.id, scope)
            case _:
                return self._spelt(query, scope, stops)

    def _spelt(self, query: Query, scope: Scope | None, stops: AbstractSet[str]) -> Condition:
        """Compile a term that asks for words as they are spelt."""
        match query:
            case Wildcard():
                return self.side(
                    self._with_wildcards(query.text, lambda form: patterns.beside(form, stops)), scope, query.text
                )
            case Phrase():
                return self.side(self._with_wildcards(query.text, patterns.exact), scope, query.text)
            case Cased():
                asked = map(patterns.braced, forms_of(query.text, self._language))
                return self.side(asked, scope, f"{{{query.text}}}")
            case Fuzzy():
                (form,) = forms_of(query.text, self._language)
                asked_for = patterns.Spelt(form.folded, query.edits)
                return self.side([asked_for], scope, f"{query.text}~{query.edits}")
            case _:
                raise AssertionError(query)  # a part that nobody replaced

    def _with_wildcards(self, text: str, otherwise: Callable[[Form], WordPattern]) -> Iterator[WordPattern]:
        """Ask for words side by side, some of which may have wildcards."""
        if "*" not in text and "?" not in text:
            yield from map(otherwise, forms_of(text, self._language))
            return
        for form in forms_of(text.translate(_TO_LETTERS), self._language):
            glob = form.folded.translate(_TO_WILDCARDS)
            yield patterns.Wild(glob) if glob != form.folded else otherwise(form)

    def _regex(self, pattern: str, scope: Scope | None) -> Condition:
        if scope is not None and _is_meta(scope):
            self.scopes.add(scope)
        return self.share((Regex, pattern, scope), lambda: self._new_regex(pattern, scope))

    def _new_regex(self, pattern: str, scope: Scope | None) -> Positional:
        key = self._new_key()
        self.expressions[key] = pattern
        self.frequencies.guess(key, UNKNOWN)
        return conditions.RegexMatch(Expression(pattern), key, scope, f"/{pattern}/")

    def _code(self, scope: Scope, code: str) -> Condition:
        key = self.codes.get((scope, code))
        if key is None:
            key = self.codes[scope, code] = self._new_key()
            self.frequencies.guess(key, OFTEN)
        return conditions.CodeIs(scope, code, key)


def _spelt_like(form: Form) -> WordPattern:
    """Ask for a word in any case and accent, but in no other inflection."""
    return patterns.Exact(form.folded, accented=False)


def _scope_of(query: Query, scope: Scope | None) -> Scope | None:
    """Return the field whose words a NEAR counts: all its operands are in title and body, or in one other field."""
    named = (node.scope for node in nodes_of(query) if isinstance(node, Fielded))
    return next(named, scope)


def _is_meta(scope: Scope | None) -> bool:
    return scope is not None and not scope.is_text


def _any_of(asked: Sequence[Condition]) -> Condition:
    return asked[0] if len(asked) == 1 else conditions.AnyOf(asked)


def _folded(forms: Iterable[Form]) -> tuple[str, ...]:
    return tuple(form.folded for form in forms)


def _cased(forms: Iterable[Form]) -> tuple[str, ...]:
    return tuple(form.cased for form in forms)
