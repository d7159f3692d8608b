"""What ntfy is posted: plain text in 4096 bytes, in JSON that the server still reads."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.hostile_titles import TITLES
from support.messages import hostile, message, notice
from support.pages import ROOT
from support.push_messages import SAMPLES, together
from tocsin.channels.http import Answer
from tocsin.channels.ntfy import BODY_LIMIT, MESSAGE_LIMIT, judge, payload
from tocsin.channels.wording import as_json
from tocsin.model import AttemptResult, Excerpt, MessageKind, Severity, Span

GOLDENS = ROOT / "tests" / "corpus" / "channels" / "ntfy"
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200)
UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def assert_fits(posted):
    """What is posted holds the server's limits, and no control character but the ends of lines."""
    assert 0 < len(posted["message"].encode()) <= MESSAGE_LIMIT
    assert len(as_json(posted)) <= BODY_LIMIT
    assert not UNSEEN.search(posted["message"])
    for line in (posted["title"], posted.get("click", ""), *posted["tags"]):
        assert not UNSEEN.search(line)
        assert "\n" not in line
    assert posted["title"]
    assert not any("," in tag for tag in posted["tags"])


def saying(text):
    """Make a message with one excerpt."""
    return message(notice(excerpts=(Excerpt(text=text, marks=()),)))


@pytest.mark.parametrize("name", SAMPLES)
def test_each_kind_reads_as_it_should(name):
    """Each kind of message is posted as its golden file has it."""
    golden = json.loads((GOLDENS / f"{name}.json").read_text(encoding="utf-8"))
    assert payload(SAMPLES[name], "alerts") == golden


@pytest.mark.parametrize(
    ("severity", "priority"),
    [(Severity.INFO, 2), (Severity.NORMAL, 3), (Severity.HIGH, 4), (Severity.CRITICAL, 5)],
)
def test_severity_is_priority(severity, priority):
    """The more urgent a rule, the louder its message."""
    assert payload(message(notice(severity=severity)), "t")["priority"] == priority


def test_text_is_cut_only_where_it_must_be():
    """A message of 4096 bytes is whole; one byte more is cut, at the end of its excerpt."""
    spare = MESSAGE_LIMIT - len(payload(saying("x"), "t")["message"].encode()) + 1
    fits, over = payload(saying("x" * spare), "t")["message"], payload(saying("x" * (spare + 1)), "t")["message"]
    assert (len(fits.encode()), "…" in fits) == (MESSAGE_LIMIT, False)
    assert (len(over.encode()), "…" in over) == (MESSAGE_LIMIT, True)
    assert over.endswith("Alert: al_1234")


@pytest.mark.parametrize("letter", ["д", "€", "😀"])
def test_a_cut_never_parts_a_character(letter):
    """Wherever the limit falls within letters of several bytes, what is left are whole ones."""
    for lead in range(8):
        text = payload(saying("x" * lead + letter * 3000), "t")["message"]
        assert MESSAGE_LIMIT - 4 < len(text.encode()) <= MESSAGE_LIMIT
        assert set(text.split("\n")[1]) <= {"x", letter, "…"}


def test_text_that_json_makes_longer_is_cut_sooner():
    """The server reads no more than 8192 bytes of JSON, in which a quotation mark takes two."""
    quoted = (Excerpt(text='"' * 4000, marks=()),)
    posted = payload(message(notice(headline='"' * 300, excerpts=quoted)), "t")
    assert BODY_LIMIT - 4 < len(as_json(posted)) <= BODY_LIMIT
    assert len(posted["message"].encode()) < MESSAGE_LIMIT


def test_a_list_is_cut_between_alerts():
    """As many alerts as fit are told, each whole, and the rest is counted."""
    text = payload(together(MessageKind.DIGEST, 50, more=7), "t")["message"]
    shown = text.count("• ")
    assert 0 < shown < 50
    assert f"and {57 - shown} more\n" in text
    assert text.count("(2 h)") == shown
    assert MESSAGE_LIMIT - 300 < len(text.encode()) <= MESSAGE_LIMIT


@pytest.mark.parametrize("url", [None, "javascript:alert(1)", "https://example.org/" + "x" * 1000])
def test_what_is_no_link_opens_nothing(url):
    """Only a web address of a sane length is opened at a touch."""
    assert "click" not in payload(message(notice(url=url)), "t")


def test_tags_are_the_rules():
    """The rule's tags are ntfy's, eight at most."""
    facts = (("Tags", ", ".join(f"t{number}" for number in range(12))),)
    assert payload(message(notice(facts=facts)), "t")["tags"] == [f"t{number}" for number in range(8)]


@pytest.mark.parametrize("title", TITLES)
def test_hostile_titles_are_text(title):
    """No hostile title breaks a limit, a line or the JSON, wherever it stands."""
    assert_fits(payload(hostile(title), "t"))
    items = (hostile(title).notice,) * 3
    assert_fits(payload(message(notice(headline=title, items=items, counts=((title, 1), ("x", 2)))), "t"))


@given(ANY_TEXT, st.lists(ANY_TEXT, max_size=20), st.integers(1, 40))
def test_any_text_is_within_the_limits(text, excerpts, times):
    """Whatever the articles say, message and JSON hold their limits and no control character comes through."""
    told = notice(
        headline=text * times,
        outlet=text * times,
        rule=text or "r",
        url=f"https://example.org/{text}",
        excerpts=tuple(Excerpt(text=words * times, marks=(Span(0, 3),)) for words in excerpts),
        facts=(("Tags", text), ("Feed", text * times)),
    )
    assert_fits(payload(message(told), "t"))
    listed = notice(headline=text, items=(told,) * len(excerpts), more=3, counts=((text, 2), ("x", 1)))
    assert_fits(payload(message(listed), "t"))


@pytest.mark.parametrize(
    ("status", "body", "result", "detail"),
    [
        (200, b'{"id": "hwQ2YpKdmg", "event": "message"}', AttemptResult.SENT, "answered 200 OK"),
        (200, b"<html>a hotel's login page", AttemptResult.REFUSED, "what answered is no ntfy server"),
        (200, b"[" * 60_000, AttemptResult.REFUSED, "what answered is no ntfy server"),
        (200, b'{"id": 7}', AttemptResult.REFUSED, "what answered is no ntfy server"),
        (200, None, AttemptResult.UNSURE, "ntfy's answer broke off"),
        (
            401,
            b'{"code": 40101, "error": "unauthorized"}',
            AttemptResult.REFUSED,
            "answered 401 Unauthorized: unauthorized",
        ),
        (403, None, AttemptResult.REFUSED, "answered 403 Forbidden"),
        (413, b'{"error": "too\\nlarge"}', AttemptResult.REFUSED, "answered 413 Request Entity Too Large: too large"),
        (429, b'{"error": "limit reached"}', AttemptResult.WAIT, "answered 429 Too Many Requests: limit reached"),
        (500, b'{"error": ["x"]}', AttemptResult.RETRY, "answered 500 Internal Server Error: x"),
        (507, b"", AttemptResult.RETRY, "answered 507 Insufficient Storage"),
    ],
)
def test_ntfys_answers(status, body, result, detail):
    """A message's id is sent, another 2xx is somebody else, and the rest is judged by its status."""
    attempt = judge(Answer(status=status, body=body))
    assert (attempt.result, attempt.detail) == (result, detail)


def test_the_messages_id_is_kept_and_secrets_are_not():
    """What ntfy calls the message is remembered; a word that may be a token is not repeated."""
    assert judge(Answer(status=200, body=b'{"id": "hwQ2YpKdmg"}')).remote_id == "hwQ2YpKdmg"
    answer = json.dumps({"error": "no access for tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2"}).encode()
    assert judge(Answer(status=403, body=answer)).detail == "answered 403 Forbidden: no access for"
