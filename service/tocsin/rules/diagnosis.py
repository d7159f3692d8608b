"""Why a rule matches an article, or does not: each of its parts looked for by itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tocsin.model import Article, Entity, FeedSpec, Rule
from tocsin.model.query import And, Not, Query
from tocsin.rules.index import RuleIndex
from tocsin.rules.written import written
from tocsin.text.language import language_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One part of a rule: what it asks for, whether that must be there, and whether it is.

    Of keywords, and of entities of which one is enough, one must be there; each is a finding with `one_of` set.
    """

    asked: str
    is_wanted: bool
    is_found: bool
    one_of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Why a rule matches an article or does not."""

    matches: bool
    hears_feed: bool
    hears_language: bool
    findings: tuple[Finding, ...]


def diagnose(rule: Rule, entities: Sequence[Entity], article: Article, feed: FeedSpec) -> Diagnosis:
    """Look for each part of a rule in an article of a feed."""
    parts = list(_parts(rule))
    bare = replace(rule, keywords=(), query=None, entities_any=(), entities_all=(), exclude=())
    asked = [replace(bare, key=str(number), **part) for number, (_, part) in enumerate(parts)]  # type: ignore[arg-type]
    found = {matched.key for matched in RuleIndex(asked, entities).matching(article, feed)}
    language = language_of(article.language)
    return Diagnosis(
        matches=bool(RuleIndex([rule], entities).matching(article, feed)),
        hears_feed=rule.feeds is None or rule.feeds.covers(feed),
        hears_language=not rule.languages or language in rule.languages,
        findings=tuple(replace(finding, is_found=str(number) in found) for number, (finding, _) in enumerate(parts)),
    )


def _parts(rule: Rule) -> Iterator[tuple[Finding, dict[str, object]]]:
    """Yield each part of a rule with the fields of a rule that asks for it alone."""
    for keyword in rule.keywords:
        yield _finding(str(keyword), one_of="keywords"), {"keywords": (keyword,)}
    for query, is_wanted in _conditions(rule.query):
        yield _finding(written(query), is_wanted=is_wanted), {"query": query}
    for entity in rule.entities_any:
        yield _finding(f"@{entity}", one_of="entities"), {"entities_any": (entity,)}
    for entity in rule.entities_all:
        yield _finding(f"@{entity}"), {"entities_all": (entity,)}
    for keyword in rule.exclude:
        yield _finding(str(keyword), is_wanted=False), {"keywords": (keyword,)}


def _finding(asked: str, *, is_wanted: bool = True, one_of: str = "") -> Finding:
    return Finding(asked=asked, is_wanted=is_wanted, is_found=False, one_of=one_of)


def _conditions(query: Query | None) -> Iterator[tuple[Query, bool]]:
    """Yield what a query asks for, one by one, and whether it must be there."""
    match query:
        case None:
            return
        case And():
            for child in query.children:
                yield from _conditions(child)
        case Not():
            yield query.child, False
        case _:
            yield query, True
