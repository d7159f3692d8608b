"""`tocsin match`: grep for news. A query or a keyword over files, standard input or URLs, the words highlighted."""

import sys
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from tocsin.alerts.render import excerpts_of, marked_line
from tocsin.cli.ending import Exit, complain, printable
from tocsin.cli.frame import plan_if_any, print_json, run_until_interrupted
from tocsin.cli.progress import Progress
from tocsin.cli.sources import STANDARD_INPUT, Source, read_sources
from tocsin.clock import utc_now
from tocsin.config.values import read_term
from tocsin.errors import QueryError, UsageError
from tocsin.feeds.article import article_of
from tocsin.model import Article, Excerpt, FetchReason, Field, JsonObject, Match, ParseFailed, Rule, Skipped, Span
from tocsin.model.query import EntityRef, Query, nodes_of
from tocsin.plan import Plan
from tocsin.rules.checks import check_query
from tocsin.rules.index import RuleIndex
from tocsin.rules.lint import term_problem
from tocsin.rules.parser import parse_query
from tocsin.rules.parts import resolve
from tocsin.text.clean import clean
from tocsin.text.suggestions import suggestion

_SHOWN_AROUND = 60  # code points of a query before and behind a mistake


def match(query: str, files: list[str], config: Path | None, *, keywords: bool, json: bool) -> Exit:
    """Print the articles that a query matches (with `json`: all of them); 1 where it matches none.

    A file that cannot be read does not keep the others from being read; it makes the status 2, as with grep.
    """
    plan = plan_if_any(config)
    try:
        rule = _keyword_rule(query) if keywords else _query_rule(query, plan)
    except QueryError as error:
        complain(error.message)
        sys.stderr.write(_pointer(query, error.at))
        return Exit.WRONG
    search = _Search(RuleIndex([rule], plan.entities), json=json)

    async def work() -> None:
        async for source in read_sources(files or [STANDARD_INPUT], plan):
            search.look_through(source)

    try:
        run_until_interrupted(work())
    finally:
        search.progress.clear()
    return search.status


def _keyword_rule(keyword: str) -> Rule:
    try:
        term = read_term(keyword)
    except ValueError as error:
        raise UsageError(f"{keyword!r}: {error}") from error
    if problem := term_problem(term):
        raise UsageError(f"{keyword!r}: {problem}")
    return Rule(name="match", key="match", source="", keywords=(term,))


def _query_rule(text: str, plan: Plan) -> Rule:
    """Read a query as a rule's, with the named parts and entities of the configuration; raises QueryError."""
    written = parse_query(text)
    _check_entities(written, plan)
    query = resolve(written, plan.queries)
    check_query(query)
    return Rule(name="match", key="match", source="", query=query)


def _check_entities(query: Query, plan: Plan) -> None:
    known = {entity.id for entity in plan.entities}
    for node in nodes_of(query):
        if isinstance(node, EntityRef) and node.id not in known:
            raise QueryError(f'there is no entity "{node.id}"{suggestion(node.id, known)}', node.at)


def _pointer(query: str, at: int) -> str:
    """Return the line of a query in which a mistake is, and a caret under the character."""
    line_start = query.rfind("\n", 0, at) + 1
    line_end = query.find("\n", at)
    start = max(line_start, at - _SHOWN_AROUND)
    end = min(len(query) if line_end < 0 else line_end, at + _SHOWN_AROUND)
    before, behind = (_shown(query[start:at]), _shown(query[at:end]))
    dots = "… " if start > line_start else ""
    return f"  {dots}{before}{behind}\n  {' ' * cell_len(dots + before)}^\n"


def _shown(text: str) -> str:
    """Return a text in which each character has its place and none drives a terminal."""
    return "".join(char if char.isprintable() else " " for char in clean(text))


class _Search:
    """Looks through sources and prints what it finds, as it goes. `status` is how that ends."""

    def __init__(self, index: RuleIndex, *, json: bool) -> None:
        self.progress = Progress()
        self._index = index
        self._json = json
        self._now = utc_now()
        self._console = Console(highlight=False, soft_wrap=True)
        self._matched = 0
        self._articles = 0
        self._is_unreadable = False

    @property
    def status(self) -> Exit:
        if self._is_unreadable:
            return Exit.WRONG
        return Exit.FINE if self._matched else Exit.FINDING

    def look_through(self, source: Source) -> None:
        """Print what a source holds, and have it on its way before the next one is read."""
        if isinstance(source.parsed, ParseFailed):
            self._complain(source, source.parsed.detail)
            self._is_unreadable |= source.parsed.reason is FetchReason.PATH
            return
        for problem in source.parsed.problems:
            self._complain(source, problem)
        for entry in source.parsed.entries:
            article = article_of(entry, source.feed, source.parsed.language, self._now)
            self._look_at(article, source)
            self.progress.tell(lambda: f"{self._articles:,} articles, {self._matched:,} match: {source.name}")
        sys.stdout.flush()

    def _complain(self, source: Source, problem: str) -> None:
        self.progress.clear()
        complain(f"{source.name}: {problem}")

    def _look_at(self, article: Article | Skipped, source: Source) -> None:
        matches = self._index.match(article, source.feed) if isinstance(article, Article) else ()
        matched = matches[0] if matches else None
        self._articles += 1
        self._matched += matched is not None
        if self._json:
            self.progress.clear()
            print_json(_json(source.name, article, matched))
        elif matched and isinstance(article, Article):
            self.progress.clear()
            self._show(source.name, article, matched)

    def _show(self, source: str, article: Article, matched: Match) -> None:
        """Print title and sentences with the words that matched; on what is no terminal, plainly."""
        in_title = [item for item in matched.evidence if item.field is Field.TITLE]
        title = marked_line(article.title, [Span(item.start, item.end) for item in in_title])
        lines = [Text.assemble((printable(source), "magenta"), (": ", "dim"), _highlighted(title, "bold"))]
        elsewhere = [item for item in matched.evidence if item.field is not Field.TITLE]
        lines += [Text("  ") + _highlighted(excerpt) for excerpt in excerpts_of(article, elsewhere)]
        for line in lines:
            if self._console.is_terminal:
                self._console.print(line)
            else:
                sys.stdout.write(line.plain + "\n")


def _highlighted(excerpt: Excerpt, style: str = "") -> Text:
    text = Text(excerpt.text or "(no title)", style)
    for mark in excerpt.marks:
        text.stylize("bold red", mark.start, mark.end)
    return text


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
