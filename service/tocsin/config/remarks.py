"""Says where rules and entities say what is probably not meant. What that is, is known in `rules`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from tocsin.config import schema
from tocsin.config.compile import Part, Parts
from tocsin.config.mistakes import Source
from tocsin.config.queries import NamedQuery
from tocsin.config.schema import CaseRule
from tocsin.config.yamlfile import Scalar, locate
from tocsin.errors import Problem
from tocsin.model import EntityType, Rule
from tocsin.model.query import Query
from tocsin.rules.lint import (
    Remark,
    alias_problem,
    asked_by,
    folded_words,
    remarks_on_keyword,
    remarks_on_letters,
    remarks_on_query,
)
from tocsin.rules.logic import meaning_of, never_holds, query_of
from tocsin.text.language import DEFAULT

#: More rules than this without tests of both kinds are told in one line.
MOST_HINTS = 20

_NEVER = "this rule can never ring: some of what it asks for excludes the rest"


def remarks_of(parts: Parts, rules: Sequence[Rule]) -> Iterator[Problem]:
    """Yield warnings about the words of checked parts; `rules` are those of them that are enabled, compiled."""
    yield from _on_rules(rules, parts)
    for named in parts.named:
        yield from _on_named(named, parts.resolved)
    for part in parts.entities:
        yield from _on_entity(part)


def hints_of(parts: Parts) -> Iterator[Problem]:
    """Yield what would make a configuration better that is right as it is."""
    lacking = [part for part in parts.rules if part.value.enabled and not _is_tried(part.value)]
    if len(lacking) <= MOST_HINTS:
        message = "give it tests: a text that it rings on, and one that it does not"
        yield from (part.source.problem(message, "name") for part in lacking)
    else:
        number = len(lacking)
        yield lacking[0].source.problem(
            f"{number} rules, this the first, lack tests: a text each that rings, and one not"
        )


def _is_tried(rule: schema.Rule) -> bool:
    return any(test.rings for test in rule.tests) and any(test.silent for test in rule.tests)


def _entity_words(entities: Iterable[Part[schema.Entity]]) -> Iterator[str]:
    for part in entities:
        entity = part.value
        aliases = (alias.text for alias in entity.aliases)
        for text in (entity.name, entity.acronym or "", *aliases, *(entity.forms or {}).values()):
            yield from folded_words(text)


# ---------------------------------------------------------------------------------------------------------------
# Rules


def _on_rules(rules: Sequence[Rule], parts: Parts) -> Iterator[Problem]:
    written = {part.value.name: part for part in parts.rules}
    entity_words = frozenset(_entity_words(parts.entities))
    first: dict[object, Rule] = {}
    for rule in rules:
        part, query = written[rule.name], query_of(rule, entity_words)
        yield from _on_words(rule, part, entity_words)
        if (rule.query or rule.exclude) and never_holds(query, rule.languages, entity_words):
            yield part.source.problem_in(_NEVER, 0, "query" if rule.query else "exclude")
        same = first.setdefault((meaning_of(query), rule.feeds, frozenset(rule.languages)), rule)
        if same is not rule:
            yield part.source.problem(f'asks for the same as the rule "{same.name}" ({same.source})', "name")


def _on_words(rule: Rule, part: Part[schema.Rule], entity_words: AbstractSet[str]) -> Iterator[Problem]:
    source = part.source
    asked = asked_by(rule.keywords, rule.query) if not rule.languages or DEFAULT in rule.languages else None
    for number, term in enumerate(rule.keywords):
        for remark in remarks_on_keyword(term, asked, entity_words):
            yield _in_term(remark, source, "keywords", number)
    for number, term in enumerate(rule.exclude):
        for remark in remarks_on_letters(term.text):
            yield _in_term(remark, source, "exclude", number)
    if part.value.query is not None:
        for remark in _once_a_word(remarks_on_query(part.value.query, asked)):
            yield source.problem_in(remark.message, remark.at, "query")


def _once_a_word(remarks: Iterable[Remark]) -> Iterator[Remark]:
    """Tell of a word that stands in a query several times at its first place."""
    first: dict[str, Remark] = {}
    for remark in sorted(remarks, key=lambda remark: remark.at):
        first.setdefault(remark.message, remark)
    return iter(first.values())


def _in_term(remark: Remark, source: Source, *steps: str | int) -> Problem:
    """Return a remark at its word in a text as written, which has quotes and blanks that the term has not."""
    node = locate(source.node, steps).node
    text = (node.text or "") if isinstance(node, Scalar) else ""
    return source.problem_in(remark.message, max(text.find(remark.word), 0), *steps)


def _on_named(named: NamedQuery, resolved: Mapping[str, Query]) -> Iterator[Problem]:
    if named.query is not None:
        asked = asked_by((), resolved.get(named.name))
        for remark in _once_a_word(remarks_on_query(named.query, asked)):
            yield named.source.problem_in(remark.message, remark.at)


# ---------------------------------------------------------------------------------------------------------------
# Entities


def _on_entity(part: Part[schema.Entity]) -> Iterator[Problem]:
    entity, source = part.value, part.source
    for text, steps in _texts(entity):
        for remark in remarks_on_letters(text):
            yield _in_term(remark, source, *steps)
    if entity.type is EntityType.CONCEPT or (entity.context and entity.context.any):
        return
    case_sensitive = entity.case is not CaseRule.INSENSITIVE
    for number, alias in enumerate(entity.aliases):
        if (message := alias_problem(alias, case_sensitive=case_sensitive)) is not None:
            yield source.problem(message, "aliases", number)


def _texts(entity: schema.Entity) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    yield entity.name, ("name",)
    if entity.acronym:
        yield entity.acronym, ("acronym",)
    for language, text in (entity.forms or {}).items():
        yield text, ("forms", language)
    context = entity.context or schema.Context.model_construct()
    lists = ((("aliases",), entity.aliases), (("context", "any"), context.any), (("context", "none"), context.none))
    for steps, terms in lists:
        for number, term in enumerate(terms):
            yield term.text, (*steps, number)
