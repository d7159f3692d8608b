"""What Discord is posted: embeds within its limits, with nothing alive in them but the links to the articles."""

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given

from corpus.hostile_titles import TITLES
from support.chats import LIVELY, any_alert, any_list, assert_clean, assert_dead, hostile_messages, listed, wide_list
from support.messages import SENTENCE, message, notice
from support.pages import ROOT
from support.push_messages import SAMPLES, together
from tocsin.channels.discord import ALL_LIMIT, FIELD_LIMIT, MOST_EMBEDS, TEXT_LIMIT, TITLE_LIMIT, judge, payload
from tocsin.channels.http import Answer
from tocsin.model import AttemptResult, Excerpt, MessageKind, Severity, Span

GOLDENS = ROOT / "tests" / "corpus" / "channels" / "discord"
LITERAL = re.compile(r"\\[!-/:-@\[-`{-~]|`[^`\n]+`")  # an escaped sign, or code
LINK = re.compile(r"\[([^\[\]\n]+)\]\(<https://herald\.example\.org/[!-~]*?>\)")
LINE_START = re.compile(r"\s*(#|-|\+|\*|>|\d+[.)]\s)")


def units(text):
    return len(text.encode("utf-16-le")) // 2


def assert_markdown(text, *, links):
    """Markdown of ours is all that there is in `text`, `links` links at most, and nothing in it is alive."""
    assert_clean(text)
    text, found = LINK.subn(r"\1", LITERAL.sub("\ufffc", text))
    assert found <= links
    for line in text.split("\n"):
        quote = line.removeprefix("> ")
        bare = quote.replace("**", "\ufffc")
        assert not re.search(r"[*_~`|<>\[\]\\]", bare), bare
        assert quote.count("**") % 2 == 0
        assert not LINE_START.match(bare), bare
    assert_dead(text.replace("**", ""))


def assert_plain(text, limit):
    """A text that Discord shows as it is holds its limit."""
    assert_clean(text)
    assert "\n" not in text
    assert 0 < units(text) <= limit


def assert_posts(posted, *, links):
    """A payload holds Discord's limits, mentions nobody, and only `links` titles are links."""
    assert posted.keys() == {"embeds", "allowed_mentions"}
    assert posted["allowed_mentions"] == {"parse": []}
    embeds = posted["embeds"]
    assert 0 < len(embeds) <= MOST_EMBEDS
    assert sum(units(text) for embed in embeds for text in texts(embed)) <= ALL_LIMIT
    for embed in embeds:
        assert embed.keys() <= {"author", "title", "url", "description", "fields", "footer", "color"}
        assert embed.get("url", "https://herald.example.org/").startswith("https://herald.example.org/")
        for text, limit in ((embed.get("title"), TITLE_LIMIT), (embed.get("description"), TEXT_LIMIT)):
            if text is not None:
                assert 0 < units(text) <= limit
                assert text.strip()
                assert_markdown(text, links=links)
        assert len(embed.get("fields", ())) <= 25
        for field in embed.get("fields", ()):
            assert_plain(field["name"], TITLE_LIMIT)
            assert 0 < units(field["value"]) <= FIELD_LIMIT
            assert_markdown(field["value"], links=0)
        if "author" in embed:
            assert_plain(embed["author"]["name"], TITLE_LIMIT)
        if "footer" in embed:
            assert_plain(embed["footer"]["text"], 2048)


def texts(embed):
    """Yield the texts that Discord counts."""
    yield from (embed.get("title", ""), embed.get("description", ""))
    yield from (embed.get("author", {}).get("name", ""), embed.get("footer", {}).get("text", ""))
    for field in embed.get("fields", ()):
        yield from (field["name"], field["value"])


@pytest.mark.parametrize("name", SAMPLES)
def test_each_kind_reads_as_it_should(name):
    """Each kind of message is posted as its golden file has it."""
    golden = json.loads((GOLDENS / f"{name}.json").read_text(encoding="utf-8"))
    assert json.loads(json.dumps(payload(SAMPLES[name]))) == golden


def test_the_message_says_it_all():
    """Severity and rule, headline as a link, outlet, time and age, the sentence with its words in bold, and why."""
    others = ("Also in", "Gazette (24 Feb 2026, 11:00)")
    [embed] = payload(message(notice(facts=(others, *notice().facts), age="2 h")))["embeds"]
    assert embed["author"] == {"name": "🔴 CRITICAL · Invasion"}
    assert (embed["title"], embed["url"]) == (
        "Talks fail, invasion begins",
        "https://herald.example.org/a?id=1&lang=en",
    )
    sentence = SENTENCE.replace("invasion", "**invasion**")
    assert embed["description"] == f"The Example Herald · 24 Feb 2026, 10:00 · 2 h old\n> {sentence}"
    assert embed["fields"] == [{"name": "Also in", "value": "Gazette \\(24 Feb 2026, 11:00\\)"}]
    footer = "Language: en · Text: full · Rule at: rules/my_rules.yaml:14 · Alert: al_1234"
    assert embed["footer"] == {"text": footer}


def test_each_severity_has_its_colour():
    """The bar beside the message is of another colour for each severity."""
    colours = {payload(message(notice(severity=severity)))["embeds"][0]["color"] for severity in Severity}
    assert len(colours) == len(Severity)


@pytest.mark.parametrize("title", [*TITLES, *LIVELY])
def test_hostile_titles_are_text(title):
    """No hostile title makes a mention, a link, markup or a broken escape, wherever it stands."""
    for told, links in hostile_messages(title):
        assert_posts(payload(told), links=links)


@given(any_alert())
def test_any_alert_is_harmless_and_within_the_limits(told):
    """Whatever the article says, all limits hold and nothing in it is alive."""
    assert_posts(payload(told), links=0)


@given(any_list())
def test_any_list_is_harmless_and_within_the_limits(told):
    """Whatever a group or a digest tells, all limits hold and nothing in it is alive."""
    assert_posts(payload(told), links=len(told.notice.items))


@pytest.mark.parametrize(
    "text", ["🦊" * 5000, "ש" * 10_000, '"' * 10_000, "*" * 10_000, "👩‍👩‍👧‍👦 " * 1500, "€" * 10_000]
)
@pytest.mark.parametrize("kind", [MessageKind.GROUP, MessageKind.DIGEST])
def test_ten_kilobytes_are_cut(text, kind):
    """A title of 10 kB, of emoji, right to left, or all escapes, leaves every limit whole, in lists of fifty too."""
    wide = wide_list(text, kind)
    assert_posts(payload(wide), links=50)
    assert_posts(payload(message(wide.notice.items[0])), links=0)


@pytest.mark.parametrize(
    ("sized", "limit"),
    [
        (lambda length: payload(message(notice(headline="x" * length)))["embeds"][0]["title"], TITLE_LIMIT),
        (
            lambda length: payload(message(notice(facts=(("Also in", "x" * length),))))["embeds"][0]["fields"][0][
                "value"
            ],
            FIELD_LIMIT,
        ),
    ],
    ids=["title", "field"],
)
def test_a_part_is_cut_only_where_it_must_be(sized, limit):
    """A part that is as long as it may be is whole; with one code unit more it ends in an ellipsis."""
    assert sized(limit) == "x" * limit
    assert sized(limit + 1) == "x" * (limit - 1) + "…"


def test_text_is_cut_only_where_it_must_be():
    """A text of 4096 code units is whole; one more is cut, at the end of its excerpt."""

    def text(length):
        excerpts = (Excerpt(text="x" * length, marks=(Span(0, 3),)),)
        return payload(message(notice(excerpts=excerpts)))["embeds"][0]["description"]

    spare = TEXT_LIMIT - units(text(10)) + 10
    assert (units(text(spare)), "…" in text(spare)) == (TEXT_LIMIT, False)
    assert (units(text(spare + 1)), text(spare + 1)[-1]) == (TEXT_LIMIT, "…")


def test_an_embed_is_cut_where_all_of_it_must_be():
    """All texts together have 6000 code units at most: what gives way is the excerpt."""

    def embed(length):
        facts = (("Also in", "x" * 1024), ("Follows", "x" * 1024), ("It was", "x" * 500))
        told = notice(headline="x" * 256, facts=facts, excerpts=(Excerpt(text="x" * length, marks=()),))
        return payload(message(told))["embeds"][0]

    def size(length):
        return sum(map(units, texts(embed(length))))

    spare = ALL_LIMIT - size(1) + 1
    assert (size(spare), "…" in embed(spare)["description"]) == (ALL_LIMIT, False)
    assert (size(spare + 1), "…" in embed(spare + 1)["description"]) == (ALL_LIMIT, True)


def test_a_cut_breaks_no_escape():
    """Where a limit falls within an escape, all of it is left out."""
    title = payload(message(notice(headline="x" * 254 + "**")))["embeds"][0]["title"]
    assert title == "x" * 254 + "…"


def test_a_long_list_takes_two_embeds():
    """What does not fit into an embed is continued in another; all that fits into 6000 code units is told."""
    items = [replace(item, excerpts=()) for item in together(MessageKind.GROUP, 50).notice.items]
    first, second = payload(listed(MessageKind.GROUP, items))["embeds"]
    shown = (first["description"] + second["description"]).count("on the strike")
    assert 40 < shown < 50
    assert second["description"].endswith(f"\nand {50 - shown} more")
    assert second.keys() == {"color", "description", "footer"}


def test_a_digest_counts_all_that_it_leaves_out():
    """Over each rule stands how many alerts it has; shown and left out are that many, also of rules not listed."""
    items = sorted(together(MessageKind.DIGEST, 4).notice.items, key=lambda item: item.rule != "Strikes")
    counts = (("Strikes", 10), ("Ports", 2), ("Quiet", 3))
    [embed] = payload(listed(MessageKind.DIGEST, items, more=16, counts=counts))["embeds"]
    text = embed["description"]
    assert text.startswith("**Strikes** · 10 alerts · high · `rules/my_rules.yaml:14`\n🟠 **[Report 1 ")
    assert "\nand 8 more\n\n**Ports** · 2 alerts · normal" in text
    assert "**Quiet** · 3 alerts\nnot listed here\n" in text
    assert text.endswith("\nand 5 more")


def test_an_empty_digest_says_so():
    """A digest of nothing is a heading and its time."""
    nothing = listed(MessageKind.DIGEST, (), headline="Digest: nothing rang", facts=(("Slots", "0 7 * * *"),))
    [embed] = payload(nothing)["embeds"]
    assert embed.pop("color")
    assert embed == {
        "author": {"name": "24 Feb 2026, 10:00"},
        "title": "Digest: nothing rang",
        "footer": {"text": "Slots: 0 7 * * *"},
    }


@pytest.mark.parametrize(
    "url", [None, "javascript:alert(1)", "https://example.org/" + "x" * 1000, "https://[::1", "https:///x"]
)
def test_what_is_no_link_is_no_link(url):
    """Discord refuses a message with a URL that is none: it is left out."""
    assert "url" not in payload(message(notice(url=url)))["embeds"][0]
    [embed] = payload(listed(MessageKind.GROUP, [notice(url=url)]))["embeds"]
    assert "🔴 **Talks fail, invasion begins**\n" in embed["description"]


def test_a_link_is_ascii():
    """A URL is written as it is asked for, and no sign in it ends the link."""
    told = notice(url="https://герольд.example/a(b)<c>*[d]\\e?ü=%20#§")
    expected = "https://xn--c1accyol0g.example/a%28b%29%3Cc%3E%2A%5Bd%5D%5Ce?%C3%BC=%20#%C2%A7"
    assert payload(message(told))["embeds"][0]["url"] == expected
    assert f"](<{expected}>)" in payload(listed(MessageKind.GROUP, [told]))["embeds"][0]["description"]


def says(code, **fields):
    return json.dumps({"message": "words of Discord", "code": code, **fields}).encode()


@pytest.mark.parametrize(
    ("status", "body", "result", "detail"),
    [
        (200, b'{"id": "1234567890", "type": 0}', AttemptResult.SENT, "answered 200 OK"),
        (204, b"", AttemptResult.SENT, "answered 204 No Content"),
        (200, b"<html>a hotel's login page", AttemptResult.REFUSED, "what answered is not Discord"),
        (200, b'{"id": 7}', AttemptResult.REFUSED, "what answered is not Discord"),
        (200, b"[" * 60_000, AttemptResult.REFUSED, "what answered is not Discord"),
        (200, None, AttemptResult.UNSURE, "Discord's answer broke off"),
        (400, says(50035), AttemptResult.REFUSED, "answered 400 Bad Request: words of Discord"),
        (401, says(50027), AttemptResult.GONE, "answered 401 Unauthorized: words of Discord"),
        (404, says(10015), AttemptResult.GONE, "answered 404 Not Found: words of Discord"),
        (404, b"<html>", AttemptResult.REFUSED, "answered 404 Not Found"),
        (404, says({}), AttemptResult.REFUSED, "answered 404 Not Found: words of Discord"),
        (429, says(0), AttemptResult.WAIT, "answered 429 Too Many Requests: words of Discord"),
        (502, b"", AttemptResult.RETRY, "answered 502 Bad Gateway"),
    ],
)
def test_discords_answers(status, body, result, detail):
    """A webhook that is not there will never be, and the rest is judged by its status."""
    attempt = judge(Answer(status=status, body=body))
    assert (attempt.result, attempt.detail) == (result, detail)


def test_patience_is_what_the_body_asks_for():
    """Seconds, and parts of them, are in the body; a header counts more."""
    body = says(0, retry_after=64.57)
    assert judge(Answer(status=429, body=body)).retry_after == timedelta(seconds=64.57)
    named = timedelta(seconds=65)
    assert judge(Answer(status=429, body=body, retry_after=named)).retry_after == named
    assert judge(Answer(status=429, body=b"<html>")).retry_after is None
