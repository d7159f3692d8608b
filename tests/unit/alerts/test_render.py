"""What an alert says, to programs and to people."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.hostile_titles import TITLES
from support.nouns import NOON, article, feed, found, rule
from tocsin.alerts.envelope import timestamp
from tocsin.alerts.payload_schema import payload_schema
from tocsin.alerts.render import (
    LONGEST_SNIPPET,
    MOST_EXCERPTS,
    AlertFacts,
    StoryHead,
    excerpts_of,
    outlet_of,
    render_alert,
    render_data,
    render_notice,
    render_test,
)
from tocsin.feeds.article import article_of
from tocsin.model import (
    Article,
    Entry,
    Evidence,
    FeedKind,
    Field,
    MessageKind,
    PageOutcome,
    Severity,
    Span,
    StoryRecord,
    StorySource,
    TextKind,
)
from tocsin.stories.cluster import story_id

SCHEMA = jsonschema.Draft202012Validator(
    payload_schema(), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)
TEXT = "The storm closed the harbour. Ferries will not sail before Monday.\n\nThe harbour master was not amused."


def facts(item: Article, *evidence: Evidence, **changes) -> AlertFacts:
    plain = AlertFacts(
        id="alr_1",
        rule=rule(severity=Severity.HIGH, tags=("sea", "safety")),
        story=StoryRecord(id=story_id(item.id), first_seen=item.fetched),
        article=item,
        feed=feed(),
        feed_url="https://herald.example.org/rss",
        evidence=evidence,
    )
    return replace(plain, **changes)


def payload(item: Article, *evidence: Evidence, **changes):
    """Render an alert as a receiver gets it: through JSON, with the id of its delivery."""
    rendered = render_alert(render_data(facts(item, *evidence, **changes)), NOON)
    data = {**rendered["data"], "delivery_id": "dlv_1"}
    return json.loads(json.dumps({**rendered, "data": data}, ensure_ascii=False))


def excerpts(item: Article, *evidence: Evidence):
    return render_notice(payload(item, *evidence), "UTC").excerpts


def marked(excerpt):
    return [excerpt.text[mark.start : mark.end] for mark in excerpt.marks]


# ---------------------------------------------------------------------------------------------------------------
# For programs


def test_the_payload_is_what_its_schema_says():
    """A payload validates against the shipped schema, which is itself a valid one."""
    jsonschema.Draft202012Validator.check_schema(payload_schema())
    item = article(text=TEXT, published=NOON, summary="A storm.", authors=("A. Writer",))
    SCHEMA.validate(payload(item, found(TEXT, "harbour"), found(item.title, "Ferries", field=Field.TITLE)))


def test_what_is_not_known_is_null():
    """An article without link, date, language and summary still makes a valid payload, with nulls."""
    bare = payload(article(url=None, canonical_url=None, language=None, text="", text_kind=TextKind.TITLE))
    SCHEMA.validate(bare)
    told = bare["data"]["article"]
    assert [told[key] for key in ("url", "published", "language", "summary")] == [None] * 4
    assert bare["data"]["story"]["sources"][0]["url"] is None


def test_a_directory_has_no_url():
    """The path of a directory feed is nobody's business: its URL is null."""
    directory = feed(kind=FeedKind.DIRECTORY, location="private/place")
    told = payload(article(), feed=directory, feed_url="private/place")
    assert told["data"]["article"]["feed"] == {"name": "Herald", "url": None}
    assert "private" not in json.dumps(told)


@pytest.mark.parametrize("title", TITLES)
def test_a_hostile_title_is_only_text(title):
    """Whatever an entry calls itself, its payload is valid and encodes as UTF-8, and its notice has no control."""
    item = article_of(Entry(id=title or "1", title=title, text=f"{title} harbour"), feed(), None, NOON)
    evidence = found(item.text, "harbour")
    told = payload(item, evidence)
    SCHEMA.validate(told)
    notice = render_notice(told, "UTC")
    words = [notice.headline, notice.outlet, *(excerpt.text for excerpt in notice.excerpts)]
    assert not any(
        ord(char) < 32 or 0x7F <= ord(char) < 0xA0 or char in "\u2028\u2029\u202e\ud800" for char in "".join(words)
    )
    assert "harbour" in marked(notice.excerpts[0])[0]


@pytest.mark.parametrize("kind", [MessageKind.TEST])
def test_a_test_is_a_payload_too(kind):
    """A test message validates against the schema as well, and names its channel to people."""
    rendered = render_test("desk", NOON)
    told = {**rendered, "data": {**rendered["data"], "delivery_id": "dlv_1"}}
    SCHEMA.validate(told)
    notice = render_notice(told, "Europe/Kyiv")
    assert notice.kind is kind
    assert ("Channel", "desk") in notice.facts
    assert notice.published == "01 Mar 2026 14:00 EET"


def test_times_are_in_utc():
    """A timestamp is RFC 3339 in UTC to the second, whatever zone the time came in."""
    assert timestamp(NOON) == "2026-03-01T12:00:00Z"
    assert timestamp(datetime.fromisoformat("2026-03-01T14:00:00.9+02:00")) == "2026-03-01T12:00:00Z"


# ---------------------------------------------------------------------------------------------------------------
# Snippets


def test_the_snippet_is_the_sentence():
    """Each evidence carries the sentence in which it stands, and no more."""
    second = found(TEXT, "harbour", after=40)
    snippets = [
        item["snippet"] for item in payload(article(text=TEXT), found(TEXT, "harbour"), second)["data"]["evidence"]
    ]
    assert snippets == ["The storm closed the harbour.", "The harbour master was not amused."]


def test_the_evidence_of_a_title_has_the_title_for_snippet():
    """Offsets of a title's evidence are the title's own."""
    item = article()
    (told,) = payload(item, found(item.title, "port", field=Field.TITLE))["data"]["evidence"]
    assert (told["field"], told["snippet"], told["snippet_start"]) == ("title", item.title, 0)


@pytest.mark.parametrize(("before", "after"), [(0, 1000), (3, 997), (500, 500), (997, 3), (1000, 0)])
def test_a_sentence_without_end_is_cut_around_the_words(before, after):
    """A sentence that is too long is shown as a part of full length around its evidence, wherever that stands."""
    text = "word " * before + "harbour" + " word" * after
    (told,) = payload(article(text=text), found(text, "harbour"))["data"]["evidence"]
    assert len(told["snippet"]) == LONGEST_SNIPPET
    assert told["snippet"] == text[told["snippet_start"] :][:LONGEST_SNIPPET]
    assert "harbour" in told["snippet"]


words = st.text(alphabet=st.sampled_from("ab \n.!?…Ёж\u0301👍"), min_size=1, max_size=900)


@st.composite
def texts_with_evidence(draw):
    text = draw(words) + draw(words)
    ends = sorted(draw(st.lists(st.tuples(st.integers(0, len(text) - 1), st.integers(1, 60)), min_size=1, max_size=6)))
    spans = [Span(start, min(start + length, len(text))) for start, length in ends]
    return text, [
        Evidence(field=Field.BODY, start=span.start, end=span.end, text=text[span.start : span.end], term="t")
        for span in spans
    ]


@given(texts_with_evidence())
def test_a_snippet_is_a_part_of_the_text_that_holds_its_evidence(case):
    """Wherever evidence stands, its snippet is what the text has at `snippet_start`, and holds the evidence whole."""
    text, evidence = case
    rendered = render_data(facts(article(text=text), *evidence))["evidence"]
    assert [(item["start"], item["end"]) for item in rendered] == [(item.start, item.end) for item in evidence]
    for item in rendered:
        begin, end = item["snippet_start"], item["snippet_start"] + len(item["snippet"])
        assert item["snippet"] == text[begin:end]
        assert begin <= item["start"] < item["end"] <= end


# ---------------------------------------------------------------------------------------------------------------
# For people


def test_marks_show_the_words():
    """What is marked in an excerpt are the words of the evidence, where white space was evened before them too."""
    text = "The  storm\tclosed\nthe   harbour today, and the harbour  bar."
    one, two = found(text, "harbour"), found(text, "harbour  bar")
    (excerpt,) = excerpts(article(text=text), one, two)
    assert excerpt.text == "The storm closed the harbour today, and the harbour bar."
    assert marked(excerpt) == ["harbour", "harbour bar"]


def test_overlapping_evidence_is_one_mark():
    """Words that took part twice are marked once."""
    (excerpt,) = excerpts(article(text=TEXT), found(TEXT, "closed the"), found(TEXT, "the harbour", after=5))
    assert marked(excerpt) == ["closed the harbour"]


@given(texts_with_evidence())
def test_every_mark_is_evidence(case):
    """In whatever text, marks lie within their excerpt, in order, and show words of the evidence and no others."""
    text, evidence = case
    kept = {char for item in evidence for char in item.text if not char.isspace()}
    for excerpt in excerpts_of(article(text=text), evidence):
        ends = [end for mark in excerpt.marks for end in (mark.start, mark.end)]
        assert ends == sorted(ends)
        assert not ends or ends[-1] <= len(excerpt.text)
        assert {char for word in marked(excerpt) for char in word if not char.isspace()} <= kept


@pytest.mark.parametrize("field", [field for field in Field if field not in (Field.TITLE, Field.BODY)])
def test_evidence_outside_of_the_text_is_told_by_its_field(field):
    """Programs get it as it is, its words as the snippet; people see it behind the name of the field."""
    written = Evidence(field=field, start=2, end=8, text="Writer", term="writer")
    item = article(text=TEXT, title="")
    (told,) = payload(item, written)["data"]["evidence"]
    SCHEMA.validate(payload(item, written))
    assert told == {
        "field": field.value,
        "start": 2,
        "end": 8,
        "text": "Writer",
        "term": "writer",
        "snippet": "Writer",
        "snippet_start": 2,
    }
    in_text, of_field = excerpts(item, found(TEXT, "harbour"), written)
    assert marked(in_text) == ["harbour"]
    assert of_field.text == f"{field.value}: Writer"
    assert marked(of_field) == ["Writer"]
    assert render_notice(payload(item, written), "UTC").headline == "(no title)"


def test_people_are_shown_a_few_excerpts():
    """A long list of evidence is a few excerpts for people, all of it for programs."""
    text = " ".join(f"Harbour {number} closed." for number in range(9))
    evidence = [found(text, f"Harbour {number}") for number in range(9)]
    assert len(excerpts(article(text=text), *evidence)) == MOST_EXCERPTS
    assert len(excerpts_of(article(text=text), evidence)) == 9
    assert len(payload(article(text=text), *evidence)["data"]["evidence"]) == 9


def test_a_notice_says_where_it_comes_from():
    """People are told rule, severity, outlet, text kind, the rule's place and the alert's id."""
    notice = render_notice(payload(article(text=TEXT), found(TEXT, "harbour")), "UTC")
    assert (notice.rule, notice.severity, notice.outlet) == ("Harbour", Severity.HIGH, "The Example Herald")
    assert {("Text", "summary"), ("Tags", "sea, safety"), ("Rule at", "rules.yaml:2"), ("Alert", "alr_1")} <= set(
        notice.facts
    )


@pytest.mark.parametrize("outcome", PageOutcome)
def test_an_alert_says_what_came_of_the_page(outcome):
    """Programs get the outcome's word; people are told behind the text kind why the page was not matched."""
    kind = TextKind.FULL if outcome is PageOutcome.READ else TextKind.SUMMARY
    told = payload(article(text=TEXT, text_kind=kind), found(TEXT, "harbour"), page=outcome)
    SCHEMA.validate(told)
    assert told["data"]["article"]["full_text"] == outcome.value
    matched = dict(render_notice(told, "UTC").facts)["Text"]
    if outcome is PageOutcome.READ:
        assert matched == "full text"
    else:
        assert re.fullmatch(r"summary \(the [a-z '.]+\)", matched)


def test_an_alert_whose_page_nobody_asked_for_says_nothing_of_it():
    """The word is null, and people read the text kind alone; so with payloads of versions that had no such word."""
    told = payload(article(text=TEXT), found(TEXT, "harbour"))
    assert told["data"]["article"]["full_text"] is None
    assert dict(render_notice(told, "UTC").facts)["Text"] == "summary"
    del told["data"]["article"]["full_text"]
    SCHEMA.validate(told)
    assert dict(render_notice(told, "UTC").facts)["Text"] == "summary"


def test_times_are_in_the_zone_of_the_user():
    """What people read is in their own zone, summer time included; an undated article shows no time."""
    summer = article(published=datetime(2026, 7, 1, 22, 30, tzinfo=UTC))
    assert render_notice(payload(summer), "Europe/Kyiv").published == "02 Jul 2026 01:30 EEST"
    assert render_notice(payload(summer), "UTC").published == "01 Jul 2026 22:30 UTC"
    assert render_notice(payload(article()), "UTC").published == ""


def test_an_article_without_title_is_headed_by_its_words():
    """Where the feed gives no title, the first snippet stands for it; where there is nothing, that is said."""
    item = article(title="", text=TEXT)
    assert render_notice(payload(item, found(TEXT, "harbour")), "UTC").headline == "The storm closed the harbour."
    assert render_notice(payload(item), "UTC").headline == "(no title)"
    assert render_notice(payload(article(title=" \u202e ")), "UTC").headline == "(no title)"


# ---------------------------------------------------------------------------------------------------------------
# Stories


def source(number: int, outlet: str) -> StorySource:
    return StorySource(
        article_id=f"art_{number}",
        outlet=outlet,
        feed="Herald",
        url=f"https://{number}.example/",
        title="Ferries stay in port",
        published=NOON,
        seen=NOON,
    )


def line(told, label):
    return dict(render_notice(told, "UTC").facts).get(label, "")


def test_people_are_told_who_else_has_the_story():
    """The other outlets are named once each, the alert's own never; the sources of one alone name nobody."""
    own = outlet_of(article(), feed())
    told = payload(article(), sources=(source(1, own), source(2, "Post"), source(3, "POST"), source(4, "Voice")))
    assert [name.split(" (")[0] for name in line(told, "Also in").split("), ")] == ["Post", "Voice"]
    assert line(payload(article()), "Also in") == ""


def test_the_day_of_the_article_is_not_said_again():
    """Another outlet has the time alone where it came on the article's day, and the day where on another."""
    item = replace(article(), published=NOON)
    came = (NOON + timedelta(minutes=5), NOON + timedelta(days=1))
    others = [replace(source(number, f"Post {number}"), published=moment) for number, moment in enumerate(came)]
    told = payload(item, sources=(source(9, outlet_of(item, feed())), *others))
    same, later = line(told, "Also in").split(", ")
    assert same == f"Post 0 ({came[0]:%H:%M})"
    assert later == f"Post 1 ({came[1]:%d %b %Y %H:%M} UTC)"


def test_excerpts_do_not_repeat_the_title():
    """People, who read the title above them, are shown sentences of the text, and those of the title without any."""
    item = article(text=TEXT, title="Harbour closed")
    title = Evidence(field=Field.TITLE, start=0, end=7, text="Harbour", term="harbour")
    assert [marked(excerpt) for excerpt in excerpts(item, title, found(TEXT, "harbour"))] == [["harbour"]]
    assert [marked(excerpt) for excerpt in excerpts(item, title)] == [["Harbour"]]


def test_a_long_row_of_outlets_ends_with_how_many_more_there_are():
    """However many outlets have a story, their line is short, cuts no name, and counts all that it leaves out."""
    outlets = [f"The {number} Gazette of Greater Merrow and the Lannet Islands" for number in range(150)]
    own = outlet_of(article(), feed())
    told = payload(article(), sources=[source(number, name) for number, name in enumerate([own, *outlets])])
    words = line(told, "Also in")
    shown = words.count("Gazette")
    assert words.endswith(f" and {150 - shown} more")
    assert len(words) < 300
    assert told["data"]["story"]["sources_total"] == told["data"]["story"]["outlets_total"] == 151
    assert len(told["data"]["story"]["sources"]) == 100


def test_people_are_told_what_a_story_follows():
    """A follow-up names the story that it follows, with its link; the payload has its id."""
    told = payload(article(), follows=StoryHead(id="sto_1", title="Crews walk out", url="https://herald.example.org/0"))
    assert line(told, "Follows") == "Crews walk out https://herald.example.org/0"
    assert told["data"]["story"]["follows"]["id"] == "sto_1"
    SCHEMA.validate(told)


@pytest.mark.parametrize(
    ("reason", "headline", "shown"),
    [
        ("sources", "Ferries stay in port", True),
        ("follow_up", "Now in 3 outlets: Ferries stay in port", False),
        ("changed", "Updated: Ferries stay in port", True),
    ],
)
def test_an_update_says_what_it_is(reason, headline, shown):
    """An alert that is told again says why, and shows evidence where it is new, or stands in place of the first."""
    told = payload(article(text=TEXT), found(TEXT, "harbour"))
    update = {"number": 1, "reason": reason, "outlets": 3, "added": [], "added_total": 0}
    told |= {"type": "alert.updated", "data": {**told["data"], "update": update}}
    SCHEMA.validate(told)
    notice = render_notice(told, "UTC")
    assert notice.kind is MessageKind.UPDATED
    assert notice.headline == headline
    assert bool(notice.excerpts) is shown
