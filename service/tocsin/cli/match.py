"""`tocsin match`: grep for news. One keyword over files, standard input or a URL, the words highlighted."""

import asyncio
from pathlib import Path

from rich.console import Console
from rich.text import Text

from tocsin.alerts.render import excerpts_of
from tocsin.cli.ending import Exit, complain, printable
from tocsin.cli.frame import plan_if_any, print_json
from tocsin.cli.sources import STANDARD_INPUT, read_sources
from tocsin.clock import utc_now
from tocsin.config.values import read_term
from tocsin.errors import UsageError
from tocsin.feeds.article import articles_of
from tocsin.model import Article, FetchReason, JsonObject, Match, ParseFailed, Rule, Skipped
from tocsin.rules.index import RuleIndex
from tocsin.rules.lint import term_problem


def match(query: str, files: list[str], config: Path | None, *, keywords: bool, json: bool) -> Exit:
    """Print the articles that a keyword matches (with `json`: all of them); 1 where it matches none.

    A file that cannot be read does not keep the others from being read; it makes the status 2, as with grep.
    """
    if not keywords:
        raise UsageError("the query language is not supported yet; add --keywords to look for a plain keyword")
    plan = plan_if_any(config)
    index = RuleIndex([_rule(query)], plan.entities)
    console = Console(highlight=False, soft_wrap=True)

    async def work() -> Exit:
        matched_any, unreadable, now = False, False, utc_now()
        async for source in read_sources(files or [STANDARD_INPUT], plan):
            if isinstance(source.parsed, ParseFailed):
                complain(f"{source.name}: {source.parsed.detail}")
                unreadable |= source.parsed.reason is FetchReason.PATH
                continue
            for problem in source.parsed.problems:
                complain(f"{source.name}: {problem}")
            for article in articles_of(source.parsed, source.feed, now):
                matched = next(iter(index.match(article)), None) if isinstance(article, Article) else None
                matched_any |= matched is not None
                if json:
                    print_json(_json(source.name, article, matched))
                elif matched and isinstance(article, Article):
                    _show(console, source.name, article, matched)
        return Exit.WRONG if unreadable else Exit.FINE if matched_any else Exit.FINDING

    return asyncio.run(work())


def _rule(query: str) -> Rule:
    try:
        term = read_term(query)
    except ValueError as error:
        raise UsageError(f"{query!r}: {error}") from error
    if problem := term_problem(term):
        raise UsageError(f"{query!r}: {problem}")
    return Rule(name="match", key="match", source="", keywords=(term,))


def _json(source: str, article: Article | Skipped, matched: Match | None) -> JsonObject:
    return {
        "source": source,
        "id": article.entry_id,
        "title": article.title if isinstance(article, Article) else "",
        "matched": matched is not None,
        "evidence": [
            {"field": item.field.value, "start": item.start, "end": item.end, "text": item.text, "term": item.term}
            for item in (matched.evidence if matched else ())
        ],
    }


def _show(console: Console, source: str, article: Article, matched: Match) -> None:
    line = Text(printable(source), style="magenta")
    line.append(": ", style="dim")
    line.append(printable(article.title) or "(no title)", style="bold")
    console.print(line)
    for excerpt in excerpts_of(article, matched.evidence):
        text = Text("  " + excerpt.text)
        for mark in excerpt.marks:
            text.stylize("bold red", mark.start + 2, mark.end + 2)
        console.print(text)
