"""What Telegram is sent: HTML within its limits, with nothing alive in it but the links to the articles."""

import json
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from hypothesis import given

from corpus.hostile_titles import TITLES
from support.chats import LIVELY, any_alert, any_list, assert_clean, assert_dead, hostile_messages, listed, wide_list
from support.messages import SENTENCE, message, notice
from support.pages import ROOT
from support.push_messages import SAMPLES, together
from tocsin.channels.http import Answer
from tocsin.channels.telegram import MARKUP_LIMIT, MOST_RUNS, TEXT_LIMIT, judge, payload
from tocsin.model import AttemptResult, Excerpt, MessageKind, Span

GOLDENS = ROOT / "tests" / "corpus" / "channels" / "telegram"
READ = 35_000  # bytes of markup that Telegram reads


class Reader(HTMLParser):
    """Reads markup as Telegram does: four kinds of elements, properly nested, and what is shown."""

    def __init__(self, markup):
        super().__init__(convert_charrefs=True)
        self.open, self.links, self.runs = [], [], 0
        self.shown = self.loose = ""
        self.feed(markup)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        assert tag in {"b", "a", "blockquote", "code"}
        assert tag not in self.open
        assert attrs == ([("href", dict(attrs).get("href"))] if tag == "a" else [])
        self.links += [value for _, value in attrs]
        self.open.append(tag)
        self.runs += 1

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.shown += data
        self.loose += "\x00" if "code" in self.open else data

    def handle_comment(self, data):
        raise AssertionError(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def units(text):
    return len(text.encode("utf-16-le")) // 2


def assert_sends(told, *, links):
    """A payload holds Telegram's limits, is proper HTML, and only `links` titles are links."""
    assert told.keys() == {"text", "parse_mode", "link_preview_options"}
    assert (told["parse_mode"], told["link_preview_options"]) == ("HTML", {"is_disabled": True})
    assert_clean(told["text"])
    reader = Reader(told["text"])
    assert 0 < units(reader.shown) <= TEXT_LIMIT
    assert len(told["text"].encode()) <= READ
    assert len(reader.links) <= links
    assert all(link.startswith("https://herald.example.org/") and link.isascii() for link in reader.links)
    assert_dead(reader.loose)
    return reader


@pytest.mark.parametrize("name", SAMPLES)
def test_each_kind_reads_as_it_should(name):
    """Each kind of message is sent as its golden file has it."""
    golden = json.loads((GOLDENS / f"{name}.json").read_text(encoding="utf-8"))
    assert payload(SAMPLES[name]) == golden


def test_the_message_says_it_all():
    """Severity and rule, headline as a link, outlet, time and age, the sentence with its words in bold, and why."""
    others = ("Also in", "Gazette (24 Feb 2026, 11:00)")
    told = payload(message(notice(facts=(others, *notice().facts), age="2 h")))["text"]
    assert told.split("\n") == [
        "🔴 <b>CRITICAL</b> · Invasion",
        '<a href="https://herald.example.org/a?id=1&amp;lang=en"><b>Talks fail, invasion begins</b></a>',
        "The Example Herald · 24 Feb 2026, 10:00 · 2 h old",
        f"<blockquote>{SENTENCE.replace('invasion', '<b>invasion</b>')}</blockquote>",
        "Also in: Gazette (24 Feb 2026, 11:00)",
        "Language: en · Text: full · Rule at: <code>rules/my_rules.yaml:14</code> · Alert: <code>al_1234</code>",
    ]


@pytest.mark.parametrize("title", [*TITLES, *LIVELY])
def test_hostile_titles_are_text(title):
    """No hostile title makes a link, a mention, a tag, a command or markup, wherever it stands."""
    for told, links in hostile_messages(title):
        assert_sends(payload(told), links=links)


@given(any_alert())
def test_any_alert_is_harmless_and_within_the_limits(told):
    """Whatever the article says, all limits hold and nothing in it is alive."""
    assert_sends(payload(told), links=1)


@given(any_list())
def test_any_list_is_harmless_and_within_the_limits(told):
    """Whatever a group or a digest tells, all limits hold, no link is one too many, and nothing in it is alive."""
    text = payload(told)["text"]
    reader = assert_sends(payload(told), links=len(told.notice.items))
    assert reader.runs <= MOST_RUNS
    assert len(text.encode()) <= MARKUP_LIMIT


@pytest.mark.parametrize(
    "text", ["🦊" * 5000, "ש" * 10_000, '"' * 10_000, "&<>" * 3000, "👩‍👩‍👧‍👦 " * 1500, "€" * 10_000]
)
@pytest.mark.parametrize("kind", [MessageKind.GROUP, MessageKind.DIGEST])
def test_ten_kilobytes_are_cut(text, kind):
    """A title of 10 kB, of emoji, right to left, or all escapes, leaves every limit whole, in lists of fifty too."""
    wide = wide_list(text, kind)
    assert_sends(payload(wide), links=50)
    assert_sends(payload(message(wide.notice.items[0])), links=1)


@pytest.mark.parametrize("letter", ["x", "&", "🦊"])
def test_text_is_cut_only_where_it_must_be(letter):
    """A message of 4096 code units, as they are shown, is whole; one more is cut, at the end of its excerpt."""

    def shown(length):
        return Reader(payload(message(notice(excerpts=(Excerpt(text=letter * length, marks=()),))))["text"]).shown

    spare = (TEXT_LIMIT - units(shown(1))) // units(letter) + 1
    fits, over = shown(spare), shown(spare + 1)
    assert TEXT_LIMIT - units(letter) < units(fits) <= TEXT_LIMIT
    assert "…" not in fits
    assert "…" in over
    assert TEXT_LIMIT - 2 * units(letter) < units(over) <= TEXT_LIMIT
    assert over.endswith("\nLanguage: en · Text: full · Rule at: rules/my_rules.yaml:14 · Alert: al_1234")


def test_no_link_is_one_too_many():
    """Of more than a hundred runs Telegram would leave out some: a list has fewer, so that all its titles are links."""
    items = together(MessageKind.GROUP, 2).notice.items[:1]
    reader = Reader(payload(listed(MessageKind.GROUP, items * 50, facts=()))["text"])
    assert reader.runs <= MOST_RUNS
    assert len(reader.links) == reader.shown.count("Report 1 on")
    assert 20 < len(reader.links) < 50
    assert f"\nand {50 - len(reader.links)} more" in reader.shown


def test_a_digest_counts_all_that_it_leaves_out():
    """Over each rule stands how many alerts it has; shown and left out are that many, also of rules not listed."""
    items = sorted(together(MessageKind.DIGEST, 4).notice.items, key=lambda item: item.rule != "Strikes")
    counts = (("Strikes", 10), ("Ports", 2), ("Quiet", 3))
    text = payload(listed(MessageKind.DIGEST, items, more=16, counts=counts))["text"]
    assert "\n\n<b>Strikes</b> · 10 alerts · high · <code>rules/my_rules.yaml:14</code>\n🟠 <a " in text
    assert "\nand 8 more\n\n<b>Ports</b> · 2 alerts · normal" in text
    assert "<b>Quiet</b> · 3 alerts\nnot listed here\n" in text
    assert text.endswith("\nand 5 more")


def test_an_empty_digest_says_so():
    """A digest of nothing is a heading and its time."""
    nothing = listed(MessageKind.DIGEST, (), headline="Digest: nothing rang", facts=(("Slots", "0 7 * * *"),))
    expected = "<b>Digest: nothing rang</b>\n24 Feb 2026, 10:00\n\nSlots: <code>0 7 * * *</code>"
    assert payload(nothing)["text"] == expected


def test_a_marked_word_does_not_bring_a_link_to_life():
    """A name of a host stays dead where only a part of it is marked."""
    excerpt = Excerpt(text="see evil.example now", marks=(Span(9, 16),))
    assert "evil.\u2060<b>example</b>" in payload(message(notice(excerpts=(excerpt,))))["text"]


def test_numbers_and_abbreviations_stay_as_they_are():
    """What no chat looks for is not touched: it can be copied."""
    text = "The U.S. paid 3.5 million on 24.02.2022 and/or $5 at 10:00, said A. B. Smith."
    assert text in payload(message(notice(excerpts=(Excerpt(text=text, marks=()),))))["text"]


@pytest.mark.parametrize(
    "url", [None, "javascript:alert(1)", "https://example.org/" + "x" * 1000, "https://[::1", "tg://x"]
)
def test_what_is_no_link_is_no_link(url):
    """A headline without a usable URL is bold text."""
    assert "\n<b>Talks fail, invasion begins</b>\n" in payload(message(notice(url=url)))["text"]


def says(**fields):
    return json.dumps({"ok": False, **fields}).encode()


@pytest.mark.parametrize(
    ("status", "body", "result", "detail"),
    [
        (200, b'{"ok": true, "result": {"message_id": 7, "chat": {"id": -100}}}', AttemptResult.SENT, "200 OK"),
        (200, b'{"ok": true, "result": true}', AttemptResult.SENT, "200 OK"),
        (200, b"<html>a hotel's login page", AttemptResult.REFUSED, "what answered is no Bot API"),
        (200, b"[" * 60_000, AttemptResult.REFUSED, "what answered is no Bot API"),
        (200, None, AttemptResult.UNSURE, "Telegram's answer broke off"),
        (400, says(description="Bad Request: chat not found"), AttemptResult.GONE, "chat not found"),
        (400, says(description="Bad Request: message is too long"), AttemptResult.REFUSED, "message is too long"),
        (401, says(description="Unauthorized"), AttemptResult.GONE, "Unauthorized"),
        (403, says(description="Forbidden: bot was blocked by the user"), AttemptResult.GONE, "blocked by the user"),
        (403, b"<html>a proxy's page", AttemptResult.REFUSED, "answered 403 Forbidden"),
        (404, says(description="Not Found"), AttemptResult.REFUSED, "Not Found"),
        (429, says(description="Too Many Requests: retry after 7"), AttemptResult.WAIT, "retry after 7"),
        (500, says(description="Internal Server Error"), AttemptResult.RETRY, "Internal Server Error"),
        (502, b"", AttemptResult.RETRY, "answered 502 Bad Gateway"),
    ],
)
def test_telegrams_answers(status, body, result, detail):
    """Who was shut out stays out, and the rest is judged by its status; what Telegram says is told."""
    attempt = judge(Answer(status=status, body=body))
    assert attempt.result is result
    assert attempt.detail.endswith(detail)


def test_a_group_that_moved_says_where_it_is():
    """A group that became a supergroup has another id: the line for people has it."""
    body = says(
        description="Bad Request: group chat was upgraded to a supergroup chat",
        parameters={"migrate_to_chat_id": -1009},
    )
    attempt = judge(Answer(status=400, body=body))
    assert (attempt.result, attempt.detail) == (AttemptResult.GONE, "the group is the chat -1009 by now")


@pytest.mark.parametrize(
    ("seconds", "wait"),
    [(30, 30), (0.5, 0.5), (1e300, 3600), (10**400, 3600), (-1, None), (True, None), ("7", None), (float("nan"), None)],
)
def test_patience_is_what_the_body_asks_for(seconds, wait):
    """Without a header the body says how long to wait, an hour at most; nonsense says nothing."""
    body = says(parameters={"retry_after": seconds})
    attempt = judge(Answer(status=429, body=body))
    assert (attempt.result, attempt.retry_after) == (AttemptResult.WAIT, wait and timedelta(seconds=wait))
    named = judge(Answer(status=429, body=body, retry_after=timedelta(seconds=9)))
    assert named.retry_after == timedelta(seconds=9)
