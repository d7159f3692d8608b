"""What an alert says: the payload for programs (version 1), and the neutral notice that channels show to people.

The payload is made once, when the alert rings, and stored; the notice is made from it for each try.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, groupby, islice
from typing import cast

from tocsin.alerts.digest import MOST_ITEMS, batch_notice
from tocsin.alerts.envelope import SCHEMA_VERSION, clock_time, local_time, timestamp
from tocsin.alerts.reports import report_notice
from tocsin.model import (
    Article,
    Evidence,
    Excerpt,
    FeedKind,
    FeedSpec,
    Field,
    JsonObject,
    MessageKind,
    Notice,
    PageOutcome,
    Rule,
    Severity,
    Span,
    StoryRecord,
    StorySource,
)
from tocsin.text.clean import clean_line
from tocsin.text.paragraphs import sentence_at, sentences
from tocsin.text.urls import registered_domain

#: Code points of a snippet: a long sentence, not a paragraph that has no full stops.
LONGEST_SNIPPET = 400

#: Code points that a cut snippet keeps before its first evidence.
LEAD_IN = 120

#: Excerpts that people are shown; the payload holds every evidence.
MOST_EXCERPTS = 3

LONGEST_HEADLINE = 300

#: Articles of a story that a payload holds, and outlets that people are shown.
MOST_SOURCES, MOST_OUTLETS = 100, 8

#: Code points of the line that names the other outlets: channels cut longer ones.
LONGEST_ALSO_IN = 240

#: The fields that are read; the others are known of an article.
_TEXTS = frozenset({Field.TITLE, Field.BODY})

TEXT_KINDS: Mapping[str, str] = {"title": "title only", "summary": "summary", "full": "full text"}

#: Why the page was not matched, behind what was.
_UNREAD: Mapping[str, str] = {
    PageOutcome.LATE: "the page did not come in time",
    PageOutcome.ROBOTS: "the site's robots.txt keeps us off the page",
    PageOutcome.CONSENT: "the page asks for consent first",
    PageOutcome.PAYWALL: "the page shows more to subscribers only",
    PageOutcome.SHORT: "the page gives no more",
    PageOutcome.NOT_A_PAGE: "the link leads to no web page",
    PageOutcome.FAILED: "the page could not be had",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryHead:
    """What names a story that another one follows: its first article."""

    id: str
    title: str
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFacts:
    """What an alert tells of. `feed_url` is free of secrets.

    `page` is what came of reading the article's page, None where nobody tried. `sources` are the articles of the
    story, in the order in which they joined; none: the article alone. `follows` is the story that this one follows.
    """

    id: str
    rule: Rule
    story: StoryRecord
    article: Article
    feed: FeedSpec
    feed_url: str
    evidence: Sequence[Evidence]
    page: PageOutcome | None = None
    sources: Sequence[StorySource] = ()
    follows: StoryHead | None = None


def render_data(facts: AlertFacts) -> JsonObject:
    """Return the `data` of the payload of an alert, without the `delivery_id` that each delivery adds."""
    article, feed_url = facts.article, facts.feed_url if facts.feed.kind is FeedKind.HTTP else None
    return {
        "schema_version": SCHEMA_VERSION,
        "alert_id": facts.id,
        "rule": {
            "name": facts.rule.name,
            "severity": facts.rule.severity.value,
            "tags": list(facts.rule.tags),
            "source": facts.rule.source,
        },
        "story": {
            "id": facts.story.id,
            "first_seen": timestamp(facts.story.first_seen),
            "thread": facts.story.root,
            "follows": facts.follows
            and {"id": facts.follows.id, "title": facts.follows.title, "url": facts.follows.url},
            **sources_json(facts.sources or (_only_source(facts),)),
        },
        "article": {
            "id": article.id,
            "url": article.url,
            "title": article.title,
            "outlet": outlet_of(article, facts.feed),
            "summary": article.summary,
            "authors": list(article.authors),
            "published": article.published and timestamp(article.published),
            "fetched": timestamp(article.fetched),
            "language": article.language,
            "text_kind": article.text_kind.value,
            "full_text": facts.page and facts.page.value,
            "feed": {"name": facts.feed.name, "url": feed_url},
        },
        "evidence": list(_render_evidence(article, facts.evidence)),
    }


def sources_json(sources: Sequence[StorySource]) -> Mapping[str, object]:
    """Return the articles of a story as the payload's `story` has them: the first hundred, and how many there are."""
    return {
        "sources": [source_json(source) for source in sources[:MOST_SOURCES]],
        "sources_total": len(sources),
        "outlets_total": len({source.outlet.casefold() for source in sources}),
    }


def source_json(source: StorySource) -> JsonObject:
    """Return an article of a story as the payload has it."""
    return {
        "outlet": source.outlet,
        "feed": source.feed,
        "url": source.url,
        "title": source.title,
        "published": source.published and timestamp(source.published),
        "seen": timestamp(source.seen),
    }


def _only_source(facts: AlertFacts) -> StorySource:
    """Return the article of an alert as the only one of its story."""
    article = facts.article
    return StorySource(
        article_id=article.id,
        outlet=outlet_of(article, facts.feed),
        feed=facts.feed.name,
        url=article.url,
        title=article.title,
        published=article.published,
        seen=facts.story.first_seen,
    )


def outlet_of(article: Article, feed: FeedSpec) -> str:
    """Return the publisher of an article: as configured, else by its URL, else by its feed's, else the feed's name."""
    of_feed = feed.location if feed.kind is FeedKind.HTTP else ""
    return feed.outlet or registered_domain(article.url or "") or registered_domain(of_feed) or feed.name


def render_alert(data: JsonObject, at: datetime) -> JsonObject:
    """Return the payload of an alert that rings."""
    return {"type": MessageKind.ALERT.value, "timestamp": timestamp(at), "data": data}


def render_test(channel: str, at: datetime) -> JsonObject:
    """Return the payload of a test of a channel."""
    text = f"This is a test of the channel {channel}. Alerts will look like this."
    data = {"schema_version": SCHEMA_VERSION, "channel": channel, "message": text}
    return {"type": MessageKind.TEST.value, "timestamp": timestamp(at), "data": data}


def _render_evidence(article: Article, evidence: Sequence[Evidence]) -> Iterator[JsonObject]:
    """Yield evidence as the payload has it, each with its sentence; of other fields than title and body with itself."""
    for field, text in ((Field.TITLE, article.title), (Field.BODY, article.text)):
        of_field = [item for item in evidence if item.field is field]
        spans = sentences(text) if of_field else []
        for sentence, together in groupby(of_field, key=lambda item: sentence_at(spans, item.start, item.end)):
            for snippet, item in _snippets(sentence, list(together)):
                yield _evidence_json(item, text[snippet.start : snippet.end], snippet.start)
    for item in evidence:
        if item.field not in _TEXTS:
            yield _evidence_json(item, item.text, item.start)


def _evidence_json(item: Evidence, snippet: str, start: int) -> JsonObject:
    return {
        "field": item.field.value,
        "start": item.start,
        "end": item.end,
        "text": item.text,
        "term": item.term,
        "snippet": snippet,
        "snippet_start": start,
    }


def _snippets(sentence: Span, evidence: Sequence[Evidence]) -> Iterator[tuple[Span, Evidence]]:
    """Pair each evidence of a sentence with the part of it to show: all of it, where it is not too long."""
    window = sentence
    for number, item in enumerate(evidence):
        if sentence.end - sentence.start > LONGEST_SNIPPET and (number == 0 or item.end > window.end):
            start = max(sentence.start, min(item.start - LEAD_IN, sentence.end - LONGEST_SNIPPET))
            window = Span(start, max(min(start + LONGEST_SNIPPET, sentence.end), item.end))
        yield window, item


def render_notice(payload: JsonObject, timezone: str) -> Notice:
    """Return what people are shown of a payload, times in the zone of that IANA name."""
    data = _part(payload, "data")
    if payload["type"] == MessageKind.TEST:
        return _test_notice(payload, data, timezone)
    if str(payload["type"]).startswith("ops."):
        return report_notice(payload, timezone)
    if payload["type"] in {MessageKind.GROUP, MessageKind.DIGEST}:
        items = [_alert_notice(told, timezone) for told in _told_together(data)]
        return batch_notice(payload, items, timezone)
    return _alert_notice(data, timezone)


def _told_together(data: JsonObject) -> Sequence[JsonObject]:
    """Return the alerts that people are shown, in their order: of each rule one before of another a second."""
    alerts, seen = cast("Sequence[JsonObject]", data["alerts"]), Counter[object]()
    turns = []
    for place, alert in enumerate(alerts):
        rule = _part(alert, "rule")["name"]
        turns.append((seen[rule], place))
        seen[rule] += 1
    return [alerts[place] for place in sorted(place for _, place in sorted(turns)[:MOST_ITEMS])]


def _alert_notice(data: JsonObject, timezone: str) -> Notice:
    article, rule, alert_id = _part(data, "article"), _part(data, "rule"), str(data["alert_id"])
    evidence = cast("Sequence[JsonObject]", data["evidence"])
    headline = _headline(str(article["title"]), evidence)
    update = cast("JsonObject | None", data.get("update"))
    return Notice(
        kind=MessageKind.UPDATED if update else MessageKind.ALERT,
        headline=_shortened(_UPDATES[str(update["reason"])].format(outlets=update["outlets"]) + headline)
        if update
        else headline,
        url=cast("str | None", article["url"]),
        outlet=clean_line(str(own_outlet(data))),
        published=local_time(cast("str | None", article["published"]), timezone),
        rule=clean_line(str(rule["name"])),
        severity=Severity(str(rule["severity"])),
        excerpts=_telling(evidence) if not update or update["reason"] != "follow_up" else (),
        facts=tuple(_facts(data, alert_id, timezone)),
        alert_id=alert_id,
        age=_age(article),
        update=str(update["reason"]) if update else None,
    )


def _age(article: JsonObject) -> str:
    """Return how old an article was when it was fetched, in one unit; empty where nobody knows."""
    published, fetched = article.get("published"), article.get("fetched")
    if not (published and fetched):
        return ""
    seconds = (datetime.fromisoformat(str(fetched)) - datetime.fromisoformat(str(published))).total_seconds()
    if seconds < 0:
        return ""
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return "just now"


#: What stands before the title of an alert that is told again, by the reason. One with more sources is shown where
#: what was sent is changed in place: there it goes on saying all that it said.
_UPDATES: Mapping[str, str] = {
    "sources": "",
    "follow_up": "Now in {outlets} outlets: ",
    "changed": "Updated: ",
}


def own_outlet(data: JsonObject) -> str:
    """Return the outlet of an alert's own article; data stored by older versions name it among the sources only."""
    article, sources = _part(data, "article"), cast("Sequence[JsonObject]", _part(data, "story")["sources"])
    return str(article.get("outlet") or sources[0]["outlet"])


def _test_notice(payload: JsonObject, data: JsonObject, timezone: str) -> Notice:
    message = clean_line(str(data["message"]))
    return Notice(
        kind=MessageKind.TEST,
        headline="Tocsin: a test",
        url=None,
        outlet="Tocsin",
        published=local_time(str(payload["timestamp"]), timezone),
        rule="send-test",
        severity=Severity.INFO,
        excerpts=(Excerpt(text=message, marks=()),),
        facts=(("Channel", clean_line(str(data["channel"]))),),
        alert_id="",
    )


def _part(whole: JsonObject, key: str) -> JsonObject:
    return cast("JsonObject", whole[key])


def _headline(title: str, evidence: Sequence[JsonObject]) -> str:
    """Return the title; the feed may give none, then the words around the first evidence in the text stand for it."""
    first_words = next((str(item["snippet"]) for item in evidence if item["field"] in _TEXTS), "")
    return _shortened(clean_line(title) or clean_line(first_words) or "(no title)")


def _shortened(headline: str) -> str:
    return headline if len(headline) <= LONGEST_HEADLINE else headline[: LONGEST_HEADLINE - 1] + "…"


def _facts(data: JsonObject, alert_id: str, timezone: str) -> Iterator[tuple[str, str]]:
    article, rule, story = _part(data, "article"), _part(data, "rule"), _part(data, "story")
    if others := _also_in(data, timezone):
        yield "Also in", others
    if follows := cast("JsonObject | None", story.get("follows")):
        named = (follows["title"], follows["url"] or follows["id"])
        yield "Follows", " ".join(filter(None, (clean_line(str(part)) for part in named)))
    yield "Text", _text_fact(article)
    if article["language"]:
        yield "Language", clean_line(str(article["language"]))
    yield "Feed", clean_line(str(_part(article, "feed")["name"]))
    if tags := ", ".join(map(str, cast("Iterable[object]", rule["tags"]))):
        yield "Tags", clean_line(tags)
    yield "Rule at", clean_line(str(rule["source"]))
    yield "Alert", alert_id


def _also_in(data: JsonObject, timezone: str) -> str:
    """Return the other outlets that have the story, each with when it came; empty where there is none.

    They are as many as fit into a line, and the number of the rest.
    """
    story, outlets = _part(data, "story"), {clean_line(own_outlet(data)).casefold(): ""}
    own = cast("str | None", _part(data, "article")["published"])
    for source in cast("Sequence[JsonObject]", story["sources"]):
        name = clean_line(str(source["outlet"]))
        came = clock_time(cast("str | None", source["published"] or source.get("seen")), timezone, beside=own)
        outlets.setdefault(name.casefold(), f"{name} ({came})")
    others = list(outlets.values())[1:]
    fitting = [end <= LONGEST_ALSO_IN for end in accumulate(len(other) + 2 for other in others)]
    shown = others[: max(sum(fitting[:MOST_OUTLETS]), 1)]
    more = max(int(str(story.get("outlets_total", 0))) - 1, len(others)) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _text_fact(article: JsonObject) -> str:
    """Return what of the article was matched, and why not its page; payloads stored by older versions do not say."""
    matched, unread = TEXT_KINDS[str(article["text_kind"])], _UNREAD.get(str(article.get("full_text")))
    return f"{matched} ({unread})" if unread else matched


def excerpts_of(article: Article, evidence: Sequence[Evidence]) -> Sequence[Excerpt]:
    """Return the sentences of an article in which evidence stands, with the evidence marked.

    Evidence in another field than title and body is an excerpt of its own, behind the name of the field.
    """
    return list(_excerpts(list(_render_evidence(article, evidence))))


def marked_line(text: str, marks: Iterable[Span]) -> Excerpt:
    """Return a text as one clean line with what is marked in it."""
    return _clean_excerpt(text, merged(marks))


def _excerpts(evidence: Sequence[JsonObject]) -> Iterator[Excerpt]:
    """Yield the snippets, each once, with the evidence marked that stands in it."""
    snippets: dict[tuple[str, int, str], list[Span]] = {}
    for item in evidence:
        start = int(str(item["snippet_start"]))
        key = (str(item["field"]), start, str(item["snippet"]))
        snippets.setdefault(key, []).append(Span(int(str(item["start"])) - start, int(str(item["end"])) - start))
    for (field, _, snippet), marks in snippets.items():
        excerpt = marked_line(snippet, marks)
        yield excerpt if field in _TEXTS else _behind(f"{field}: ", excerpt)


def _telling(evidence: Sequence[JsonObject]) -> tuple[Excerpt, ...]:
    """Return the first excerpts; those of the title, which stands above them, only where the text has none."""
    below = [item for item in evidence if item["field"] != Field.TITLE]
    in_text = any(item["field"] == Field.BODY for item in below)
    return tuple(islice(_excerpts(below if in_text else evidence), MOST_EXCERPTS))


def _behind(words: str, excerpt: Excerpt) -> Excerpt:
    moved = (Span(mark.start + len(words), mark.end + len(words)) for mark in excerpt.marks)
    return Excerpt(text=words + excerpt.text, marks=tuple(moved))


def merged(marks: Iterable[Span]) -> Sequence[Span]:
    """Return spans in order, those that overlap as one."""
    result: list[Span] = []
    for mark in sorted(marks):
        if result and mark.start < result[-1].end:
            result[-1] = Span(result[-1].start, max(result[-1].end, mark.end))
        else:
            result.append(mark)
    return result


def _clean_excerpt(snippet: str, marks: Sequence[Span]) -> Excerpt:
    """Clean a snippet piece by piece, so that the marks stay where their words are."""
    text, placed, position = "", [], 0
    for mark in (*marks, Span(len(snippet), len(snippet))):
        text += _clean_piece(snippet[position : mark.start])
        start = len(text)
        text += _clean_piece(snippet[mark.start : mark.end])
        placed.append(Span(start, len(text)))
        position = mark.end
    return Excerpt(text=text, marks=tuple(placed[:-1]))


def _clean_piece(piece: str) -> str:
    line = clean_line(piece)
    if not line:
        return " " if piece else ""
    return (" " if piece[0].isspace() else "") + line + (" " if piece[-1].isspace() else "")
