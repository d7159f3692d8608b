"""Articles, terms, entities and rules in a line each, and what a rule finds."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from tocsin.model import Article, Entity, EntityType, Evidence, Rule, Span, Term, TextKind
from tocsin.rules.index import RuleIndex


def article(text: str, *, title: str = "", language: str | None = "en", masked: Iterable[Span] = ()) -> Article:
    """Make an article of a title and a text."""
    return Article(
        id="art_1",
        feed="feed",
        entry_id="1",
        url=None,
        canonical_url=None,
        title=title,
        text=text,
        text_kind=TextKind.FULL,
        language=language,
        content_hash="",
        fetched=datetime(2026, 1, 1, tzinfo=UTC),
        masked=tuple(masked),
    )


def term(written: str) -> Term:
    """Read a term; in straight double quotes it is exact."""
    return Term(text=written.strip('"'), exact=written.startswith('"'))


def terms(written: Iterable[str]) -> tuple[Term, ...]:
    """Read several terms."""
    return tuple(map(term, written))


def entity(
    id_: str,
    name: str,
    aliases: Iterable[str] = (),
    *,
    kind: EntityType = EntityType.PLACE,
    acronym: str | None = None,
    case_sensitive: bool | None = None,
) -> Entity:
    """Make an entity; case counts unless it is a concept, as in a configuration."""
    cased = kind is not EntityType.CONCEPT if case_sensitive is None else case_sensitive
    return Entity(id=id_, name=name, type=kind, aliases=terms(aliases), acronym=acronym, case_sensitive=cased)


def rule(
    *keywords: str,
    exclude: Iterable[str] = (),
    any_of: Iterable[str] = (),
    all_of: Iterable[str] = (),
    languages: Iterable[str] = (),
    name: str = "rule",
) -> Rule:
    """Make a rule of keywords, excluded keywords, entities and languages."""
    return Rule(
        name=name,
        key=name,
        source="rules.yaml:1",
        keywords=terms(keywords),
        exclude=terms(exclude),
        entities_any=tuple(any_of),
        entities_all=tuple(all_of),
        languages=tuple(languages),
    )


def evidence(asked: Rule, read: Article, entities: Sequence[Entity] = ()) -> tuple[Evidence, ...]:
    """Return the evidence that a rule finds in an article; none where it does not ring."""
    return next((match.evidence for match in RuleIndex([asked], entities).match(read)), ())


def found(asked: Rule, read: Article, entities: Sequence[Entity] = ()) -> list[str]:
    """Return the words that a rule finds in an article, in order."""
    return [item.text for item in evidence(asked, read, entities)]
