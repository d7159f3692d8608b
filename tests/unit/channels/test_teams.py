"""What Teams is posted: a card within its limit, all of whose text is text."""

import json
from dataclasses import replace

import pytest
from hypothesis import given

from corpus.hostile_titles import TITLES
from support.chats import LIVELY, any_alert, any_list, assert_clean, assert_dead, hostile_messages, listed, wide_list
from support.messages import SENTENCE, message, notice
from support.pages import ROOT
from support.push_messages import SAMPLES, together
from tocsin.channels.http import Answer
from tocsin.channels.teams import BODY_LIMIT, judge, payload
from tocsin.channels.wording import as_json
from tocsin.model import AttemptResult, Excerpt, MessageKind

GOLDENS = ROOT / "tests" / "corpus" / "channels" / "teams"
STYLE = {"size", "weight", "color", "isSubtle"}


def blocks(posted):
    """Return the blocks of rich text of the card, those in containers too."""
    [attachment] = posted["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    found = []
    for element in attachment["content"]["body"]:
        assert element["type"] in {"RichTextBlock", "Container"}
        found += element["items"] if element["type"] == "Container" else [element]
    return found


def lines(posted):
    """Return what the blocks say, a line each."""
    return ["".join(run["text"] for run in block["inlines"]) for block in blocks(posted)]


def is_copied(run):
    """Tell whether a run is of what may be copied: those in small letters are, and no chat reads them."""
    return run.get("isSubtle")


def assert_posts(posted, *, links):
    """A payload is one card within the limit; its texts are runs, and `links` of them links at most."""
    assert len(as_json(posted)) <= BODY_LIMIT < 28_000
    assert posted["type"] == "message"
    card = posted["attachments"][0]["content"]
    assert card["type"] == "AdaptiveCard"
    actions = list(card.get("actions", ()))
    for block in blocks(posted):
        assert block.keys() <= {"type", "inlines", "spacing", "separator"}
        assert block["type"] == "RichTextBlock"
        assert block["inlines"]
        for run in block["inlines"]:
            assert run["type"] == "TextRun"
            assert run.keys() <= {"type", "text", "selectAction", *STYLE}
            assert run["text"]
            assert "\n" not in run["text"]
            assert_clean(run["text"])
            actions += [run["selectAction"]] if "selectAction" in run else []
        assert_dead("".join("\ufffc" if is_copied(run) else run["text"] for run in block["inlines"]))
    assert len(actions) <= links
    for action in actions:
        assert action["type"] == "Action.OpenUrl"
        assert action["url"].startswith("https://herald.example.org/")
        assert action["url"].isascii()


@pytest.mark.parametrize("name", SAMPLES)
def test_each_kind_reads_as_it_should(name):
    """Each kind of message is posted as its golden file has it."""
    golden = json.loads((GOLDENS / f"{name}.json").read_text(encoding="utf-8"))
    assert json.loads(json.dumps(payload(SAMPLES[name]))) == golden


def test_the_message_says_it_all():
    """Severity and rule, headline as a link, outlet, time and age, the sentence with its words in bold, and why."""
    others = ("Also in", "Gazette (24 Feb 2026, 11:00)")
    posted = payload(message(notice(facts=(others, *notice().facts), age="2 h")))
    assert lines(posted) == [
        "🔴 CRITICAL · Invasion",
        "Talks fail, invasion begins",
        "The Example Herald · 24 Feb 2026, 10:00 · 2 h old",
        SENTENCE,
        "Also in: Gazette (24 Feb 2026, 11:00)",
        "Language: en · Text: full · Rule at: rules/my_rules.yaml:14 · Alert: al_1234",
    ]
    [title] = blocks(posted)[1]["inlines"]
    [button] = posted["attachments"][0]["content"]["actions"]
    assert title["selectAction"]["url"] == button["url"] == "https://herald.example.org/a?id=1&lang=en"
    quote = blocks(posted)[3]["inlines"]
    assert [(run["text"], run.get("weight")) for run in quote] == [
        ("The all-out ", None),
        ("invasion", "Bolder"),
        (SENTENCE[20:], None),
    ]


@pytest.mark.parametrize("title", [*TITLES, *LIVELY])
def test_hostile_titles_are_text(title):
    """No hostile title makes a link, a mention or an element, wherever it stands."""
    for told, links in hostile_messages(title):
        assert_posts(payload(told), links=links if told.notice.items else 2)


@given(any_alert())
def test_any_alert_is_harmless_and_within_the_limit(told):
    """Whatever the article says, the limit holds and nothing in it is alive."""
    assert_posts(payload(told), links=2)


@given(any_list())
def test_any_list_is_harmless_and_within_the_limit(told):
    """Whatever a group or a digest tells, the limit holds and nothing in it is alive."""
    assert_posts(payload(told), links=len(told.notice.items))


@pytest.mark.parametrize(
    "text", ["🦊" * 5000, "ש" * 10_000, '"' * 10_000, "\\" * 10_000, "👩‍👩‍👧‍👦 " * 1500, "€" * 10_000]
)
@pytest.mark.parametrize("kind", [MessageKind.GROUP, MessageKind.DIGEST])
def test_ten_kilobytes_are_cut(text, kind):
    """A title of 10 kB, of emoji, right to left, or all escapes, leaves the limit whole, in lists of fifty too."""
    wide = wide_list(text, kind)
    assert_posts(payload(wide), links=50)
    assert_posts(payload(message(wide.notice.items[0])), links=2)


@pytest.mark.parametrize("letter", ["x", "ф", "🦊", '"'])
def test_text_is_cut_only_where_it_must_be(letter):
    """A body that is as long as it may be is whole; one character more is cut, at the end of its last excerpt."""
    lead = Excerpt(text="€" * 5000, marks=())

    def posted(length):
        return payload(message(notice(excerpts=(lead, Excerpt(text=letter * length, marks=())))))

    size = len(as_json(letter)) - 2
    spare = (BODY_LIMIT - len(as_json(posted(1)))) // size + 1
    fits, over = posted(spare), posted(spare + 1)
    assert BODY_LIMIT - size < len(as_json(fits)) <= BODY_LIMIT
    assert lines(fits)[4] == letter * spare
    assert BODY_LIMIT - 2 * size - 3 < len(as_json(over)) <= BODY_LIMIT
    assert lines(over)[4].endswith("…")
    assert lines(over)[5].endswith("Alert: al_1234")


def test_a_short_list_has_its_sentences_and_a_long_one_its_alerts():
    """Where all fits each alert has a sentence; where not, sentences go first, then alerts, and those are counted."""
    short = lines(payload(together(MessageKind.GROUP, 9)))
    assert sum("goes on." in line for line in short) == 9
    items = [replace(item, headline="x" * 190) for item in together(MessageKind.GROUP, 50).notice.items]
    wide = payload(listed(MessageKind.GROUP, items))
    shown = sum("x" * 190 in line for line in lines(wide))
    assert 20 < shown < 50
    assert not any("goes on." in line for line in lines(wide))
    assert f"and {50 - shown} more" in lines(wide)
    assert len(as_json(wide)) > BODY_LIMIT - 800


def test_a_digest_counts_all_that_it_leaves_out():
    """Over each rule stands how many alerts it has; shown and left out are that many, also of rules not listed."""
    items = sorted(together(MessageKind.DIGEST, 4).notice.items, key=lambda item: item.rule != "Strikes")
    counts = (("Strikes", 10), ("Ports", 2), ("Quiet", 3))
    told = lines(payload(listed(MessageKind.DIGEST, items, more=16, counts=counts)))
    assert told[2:4] == ["Strikes · 10 alerts · high · rules/my_rules.yaml:14", "🟠 Report 1 on the strike"]
    ports = told.index("Ports · 2 alerts · normal · rules/my_rules.yaml:14")
    assert told[ports - 1] == "and 8 more"
    assert told[-3:] == ["Quiet · 3 alerts", "not listed here", "and 5 more"]


def test_an_empty_digest_says_so():
    """A digest of nothing is a heading and its time."""
    nothing = listed(MessageKind.DIGEST, (), headline="Digest: nothing rang", facts=(("Slots", "0 7 * * *"),))
    assert lines(payload(nothing)) == ["Digest: nothing rang", "24 Feb 2026, 10:00", "Slots: 0 7 * * *"]


@pytest.mark.parametrize(
    "url", [None, "javascript:alert(1)", "https://example.org/" + "x" * 1000, "https://[::1", "msteams:x"]
)
def test_what_is_no_link_opens_nothing(url):
    """A headline without a usable URL is text."""
    assert_posts(payload(message(notice(url=url))), links=0)


@pytest.mark.parametrize(
    ("status", "body", "result", "detail"),
    [
        (202, b"", AttemptResult.SENT, "answered 202 Accepted"),
        (202, None, AttemptResult.SENT, "answered 202 Accepted"),
        (200, b'{"error": {"code": "Ignored"}}', AttemptResult.SENT, "answered 200 OK"),
        (200, b" <!doctype html>a hotel's login page", AttemptResult.REFUSED, "what answered is no workflow"),
        (
            400,
            b'{"error": {"code": "WorkflowTriggerIsNotEnabled", "message": "x"}}',
            AttemptResult.REFUSED,
            "answered 400 Bad Request: WorkflowTriggerIsNotEnabled",
        ),
        (401, b'{"error": {"code": "<b>"}}', AttemptResult.REFUSED, "answered 401 Unauthorized"),
        (
            404,
            b'{"error": {"code": "WorkflowNotFound"}}',
            AttemptResult.GONE,
            "answered 404 Not Found: WorkflowNotFound",
        ),
        (404, None, AttemptResult.GONE, "answered 404 Not Found"),
        (410, b"", AttemptResult.GONE, "answered 410 Gone"),
        (413, b"", AttemptResult.REFUSED, "answered 413 Request Entity Too Large"),
        (429, b"", AttemptResult.WAIT, "answered 429 Too Many Requests"),
        (502, b"[" * 60_000, AttemptResult.RETRY, "answered 502 Bad Gateway"),
    ],
)
def test_the_workflows_answers(status, body, result, detail):
    """A workflow that is not there will never be, a web page is somebody else, the rest is judged by its status."""
    attempt = judge(Answer(status=status, body=body))
    assert (attempt.result, attempt.detail) == (result, detail)
