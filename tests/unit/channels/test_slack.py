"""What Slack is posted: one section, within its limits, with nothing alive in it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.hostile_titles import TITLES
from support.messages import SENTENCE, hostile, message, notice
from tocsin.channels.http import Answer
from tocsin.channels.slack import SECTION_LIMIT, judge, payload, section
from tocsin.model import AttemptResult, Excerpt, Span

TITLE_LINK = re.compile(r"\*<(https://herald\.example\.org/[^<>|*`\s]*)\|([^<>|\n]+)>\*")
ENTITY = re.compile("&(amp|lt|gt);")
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200)


def assert_harmless(text, *, title_may_link):
    """Nothing in `text` is a mention, link or broken escape but the title's own link."""
    if title_may_link:
        text = TITLE_LINK.sub("", text, count=1)
    assert "<" not in text
    assert ">" not in "".join(line.removeprefix("> ") for line in text.split("\n"))
    assert "&" not in ENTITY.sub("", text)
    text.encode()
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", text)


def test_the_message_says_it_all():
    """Headline as a link, outlet, time, the sentence with its words in bold, rule, severity and the facts."""
    assert section(notice()) == (
        "*<https://herald.example.org/a?id=1&amp;lang=en|Talks fail, invasion begins>*\n"
        "The Example Herald · 24 Feb 2026, 10:00\n"
        f"> {SENTENCE.replace('invasion', chr(0x200B) + '*invasion*' + chr(0x200B))}\n"
        "Rule: `Invasion` · Severity: `critical` · Language: `en` · Text: `full` "
        "· Rule at: `rules/my_rules.yaml:14` · Alert: `al_1234`"
    )


def test_one_section_and_a_line_for_notifications():
    """There is one section, text for where blocks are not shown, and nothing is unfurled or made a mention."""
    posted = payload(message())
    assert posted["text"] == "CRITICAL Invasion: Talks fail, invasion begins"
    [block] = posted["blocks"]
    assert (block["type"], block["text"]["type"], block["text"]["verbatim"]) == ("section", "mrkdwn", True)
    assert posted["unfurl_links"] is False


@pytest.mark.parametrize("title", TITLES)
def test_hostile_titles_are_text(title):
    """No hostile title makes a mention, a link, markup or a broken escape, wherever it stands."""
    posted = payload(hostile(title))
    text = posted["blocks"][0]["text"]["text"]
    assert len(text) <= SECTION_LIMIT
    assert_harmless(text, title_may_link=True)
    assert_harmless(posted["text"], title_may_link=False)


@given(ANY_TEXT, st.lists(st.tuples(ANY_TEXT, st.integers(0, 50), st.integers(0, 50)), max_size=20))
def test_any_text_is_harmless_and_within_the_limit(text, excerpts):
    """Whatever the article says, the section holds its limit and nothing in it is alive."""
    sentences = tuple(Excerpt(text=words * 20, marks=(Span(start, end),)) for words, start, end in excerpts)
    written = section(notice(headline=text, outlet=text, excerpts=sentences, facts=(("Feed", text),)))
    assert len(written) <= SECTION_LIMIT
    assert_harmless(written, title_may_link=True)


@given(st.integers(2500, 3300), st.integers(0, 3000))
def test_a_cut_never_breaks_a_bold_run_or_an_escape(length, start):
    """Wherever the limit falls, stars come in pairs and escapes whole, and the facts are still there."""
    excerpt = Excerpt(text="&" + "x" * length, marks=(Span(start, start + 300),))
    written = section(notice(excerpts=(excerpt,)))
    assert len(written) <= SECTION_LIMIT
    assert written.count("*") in {2, 4}
    assert_harmless(written, title_may_link=True)
    assert written.endswith("Alert: `al_1234`")


@given(st.integers(1, 3000), st.integers(0, 6))
def test_nothing_follows_a_cut(length, spare):
    """Where an excerpt is cut it ends, even if a short piece after the cut would still fit."""
    text = "&" * length + "x" * spare + "&" * 3000
    excerpts = (Excerpt(text=text, marks=(Span(0, length),)), Excerpt(text="y", marks=()))
    quote = section(notice(excerpts=excerpts)).split("\n")[2]
    assert quote.index("…") == len(quote.rstrip("*\u200b")) - 1


def test_text_is_cut_only_where_it_must_be():
    """A section that is as long as it may be is not cut; one code point more is."""
    spare = SECTION_LIMIT - len(section(notice(excerpts=(Excerpt(text="x", marks=()),))))
    fits = section(notice(excerpts=(Excerpt(text="x" * (spare + 1), marks=()),)))
    over = section(notice(excerpts=(Excerpt(text="x" * (spare + 2), marks=()),)))
    assert (len(fits), "…" in fits) == (SECTION_LIMIT, False)
    assert (len(over), "…" in over) == (SECTION_LIMIT, True)


@pytest.mark.parametrize("url", [None, "javascript:alert(1)", "https://example.org/" + "x" * 3000])
def test_what_is_no_link_is_no_link(url):
    """A headline without a usable URL is bold text."""
    assert section(notice(url=url)).startswith("*Talks fail, invasion begins*\n")


@pytest.mark.parametrize(
    ("status", "body", "result"),
    [
        (200, b"ok", AttemptResult.SENT),
        (200, b"ok\n", AttemptResult.SENT),
        (200, b'{"ok": true, "ts": "1"}', AttemptResult.SENT),
        (200, b'{"ok": false, "error": "channel_is_archived"}', AttemptResult.GONE),
        (200, b"<html>a hotel's login page", AttemptResult.REFUSED),
        (200, b"[" * 60_000, AttemptResult.REFUSED),
        (200, None, AttemptResult.UNSURE),
        (400, b"invalid_payload", AttemptResult.REFUSED),
        (403, b"invalid_token", AttemptResult.GONE),
        (404, b"no_service", AttemptResult.GONE),
        (404, b"channel_not_found", AttemptResult.GONE),
        (410, b"channel_is_archived", AttemptResult.GONE),
        (404, b"<html>", AttemptResult.REFUSED),
        (404, None, AttemptResult.REFUSED),
        (429, b"rate_limited", AttemptResult.WAIT),
        (429, None, AttemptResult.WAIT),
        (500, b"rollup_error", AttemptResult.RETRY),
        (500, None, AttemptResult.RETRY),
    ],
)
def test_slacks_answers(status, body, result):
    """`ok` is sent, the errors that never pass are gone, and the rest is judged by its status."""
    assert judge(Answer(status=status, body=body)).result is result
