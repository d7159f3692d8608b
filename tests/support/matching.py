"""Articles, terms, entities and rules in a line each, and what a rule finds."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from tocsin.model import (
    Article,
    Context,
    Entity,
    EntityType,
    Evidence,
    FeedKind,
    FeedSpec,
    Rule,
    Span,
    Surname,
    Term,
    TextKind,
)
from tocsin.rules.index import RuleIndex
from tocsin.rules.parser import parse_query
from tocsin.rules.parts import resolve


def article(
    text: str,
    *,
    title: str = "",
    language: str | None = "en",
    masked: Iterable[Span] = (),
    authors: Iterable[str] = (),
    url: str | None = None,
    tags: Iterable[str] = (),
    feed: str = "feed",
) -> Article:
    """Make an article of a title and a text."""
    return Article(
        id="art_1",
        feed=feed,
        entry_id="1",
        url=url,
        canonical_url=None,
        title=title,
        text=text,
        text_kind=TextKind.FULL,
        language=language,
        content_hash="",
        fetched=datetime(2026, 1, 1, tzinfo=UTC),
        masked=tuple(masked),
        authors=tuple(authors),
        tags=tuple(tags),
    )


def feed(name: str = "feed", *, tags: Iterable[str] = (), country: str | None = None) -> FeedSpec:
    """Make a feed."""
    return FeedSpec(name=name, kind=FeedKind.HTTP, location="https://example.org/", tags=tuple(tags), country=country)


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
    forms: Mapping[str, str] | None = None,
    surname: str = "after_full",
    context: Context | None = None,
) -> Entity:
    """Make an entity; case counts unless it is a concept, as in a configuration."""
    cased = kind is not EntityType.CONCEPT if case_sensitive is None else case_sensitive
    return Entity(
        id=id_,
        name=name,
        type=kind,
        aliases=terms(aliases),
        acronym=acronym,
        case_sensitive=cased,
        forms=tuple((forms or {}).items()),
        surname=Surname(surname),
        context=context,
    )


def context(*, any_of: Iterable[str] = (), none_of: Iterable[str] = (), within: int = 25) -> Context:
    """Make what must, and what must not, stand around a mention of an entity."""
    return Context(any=terms(any_of), none=terms(none_of), within=within)


def rule(
    *keywords: str,
    exclude: Iterable[str] = (),
    any_of: Iterable[str] = (),
    all_of: Iterable[str] = (),
    languages: Iterable[str] = (),
    name: str = "rule",
    query: str | None = None,
    parts: Mapping[str, str] | None = None,
) -> Rule:
    """Make a rule of keywords, excluded keywords, entities, languages and a query, which may have named parts."""
    named = {name: parse_query(text) for name, text in (parts or {}).items()}
    return Rule(
        name=name,
        key=name,
        source="rules.yaml:1",
        keywords=terms(keywords),
        query=None if query is None else resolve(parse_query(query), named),
        exclude=terms(exclude),
        entities_any=tuple(any_of),
        entities_all=tuple(all_of),
        languages=tuple(languages),
    )


def evidence(
    asked: Rule, read: Article, entities: Sequence[Entity] = (), source: FeedSpec | None = None
) -> tuple[Evidence, ...]:
    """Return the evidence that a rule finds in an article of a feed; none where it does not ring."""
    return next((match.evidence for match in RuleIndex([asked], entities).match(read, source)), ())


def found(asked: Rule, read: Article, entities: Sequence[Entity] = ()) -> list[str]:
    """Return the words that a rule finds in an article, in order."""
    return [item.text for item in evidence(asked, read, entities)]
