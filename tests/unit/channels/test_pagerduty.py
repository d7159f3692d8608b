"""What PagerDuty is posted: events within its limits, and the same key for all that is told of one alert."""

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.hostile_titles import TITLES
from support.messages import hostile, message, notice
from support.pages import ROOT
from support.push_messages import SAMPLES, together
from tocsin.channels.http import Answer
from tocsin.channels.pagerduty import BODY_LIMIT, KEY_LIMIT, SUMMARY_LIMIT, dedup_key, judge, payload
from tocsin.channels.wording import as_json
from tocsin.model import AttemptResult, Excerpt, MessageKind, Severity, Span

GOLDENS = ROOT / "tests" / "corpus" / "channels" / "pagerduty"
KEY = "R0UT1NGKEYR0UT1NGKEYR0UT1NGKEY12"
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200)
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def strings(value):
    """Yield all strings of a JSON value, keys too."""
    match value:
        case str():
            yield value
        case dict():
            for key, inner in value.items():
                yield key
                yield from strings(inner)
        case list():
            for inner in value:
                yield from strings(inner)


def assert_fits(event):
    """An event holds the limits, has what it must have, and no control character."""
    assert len(as_json(event)) <= BODY_LIMIT
    assert len(event["dedup_key"]) <= KEY_LIMIT
    assert len(event["payload"]["summary"]) <= SUMMARY_LIMIT
    assert all(event["payload"][required] for required in ("summary", "source", "severity"))
    assert not any(UNSEEN.search(text) for text in strings(event))
    assert all(re.match("https?://", link["href"]) for link in event["links"])


@pytest.mark.parametrize("name", SAMPLES)
def test_each_kind_reads_as_it_should(name):
    """Each kind of message is posted as its golden file has it."""
    golden = json.loads((GOLDENS / f"{name}.json").read_text(encoding="utf-8"))
    assert payload(SAMPLES[name], "R0UT1NG") == golden


@pytest.mark.parametrize(
    ("severity", "named"),
    [
        (Severity.INFO, "info"),
        (Severity.NORMAL, "warning"),
        (Severity.HIGH, "error"),
        (Severity.CRITICAL, "critical"),
    ],
)
def test_severity_has_its_word(severity, named):
    """Each severity is one of PagerDuty's."""
    assert payload(message(notice(severity=severity)), KEY)["payload"]["severity"] == named


def test_updates_join_their_alert():
    """What is told again of an alert has its key; another alert, a digest and a report have their own."""
    first, again = SAMPLES["alert"], SAMPLES["update"]
    assert first.delivery_id != again.delivery_id
    assert dedup_key(first) == dedup_key(again) == "al_1234"
    others = [dedup_key(SAMPLES[name]) for name in ("group", "digest", "ops", "test")]
    assert len({dedup_key(first), *others}) == 5
    assert dedup_key(message(notice(alert_id="al_other"))) == "al_other"


def test_a_key_that_is_too_long_is_hashed():
    """A key of 255 code points stays; one more and it is a hash, of which no two are the same."""
    assert dedup_key(message(notice(alert_id="k" * KEY_LIMIT))) == "k" * KEY_LIMIT
    long, other = (dedup_key(message(notice(alert_id="k" * KEY_LIMIT + end))) for end in "ab")
    assert re.fullmatch("[0-9a-f]{64}", long)
    assert long != other


def test_a_summary_is_cut_only_where_it_must_be():
    """A summary of 1024 code points is whole, one more is cut."""
    room = SUMMARY_LIMIT - len("Invasion: ")
    fits, over = (payload(message(notice(headline="д" * size)), KEY)["payload"]["summary"] for size in (room, room + 1))
    assert (len(fits), fits[-1]) == (SUMMARY_LIMIT, "д")
    assert (len(over), over[-1]) == (SUMMARY_LIMIT, "…")


def alert_of(length):
    """Make an alert with ten sentences of so many letters in all, one byte each."""
    sentence, rest = divmod(length, 10)
    sizes = [sentence + (number < rest) for number in range(10)]
    return notice(url=None, excerpts=tuple(Excerpt(text="x" * size, marks=()) for size in sizes))


def listing(items):
    return message(notice(headline="x", items=items))


def test_a_list_is_cut_only_where_it_must_be():
    """An event of 512 kB has all its alerts; with one byte more it has one less, and says how many there are."""
    long, size = alert_of(10_000), lambda items: len(as_json(payload(listing(items), KEY)))
    each = size((long,) * 2) - size((long,))
    items = (long,) * ((BODY_LIMIT - size(())) // each)  # with one more there is still room, for less than another
    room = BODY_LIMIT - size((*items, alert_of(10)))
    assert 0 <= room < 9_990
    fits, over = (payload(listing((*items, alert_of(10 + room + more))), KEY) for more in (0, 1))
    assert len(as_json(fits)) == BODY_LIMIT
    assert len(fits["payload"]["custom_details"]["alerts"]) == len(items) + 1
    assert len(as_json(over)) < BODY_LIMIT
    assert len(over["payload"]["custom_details"]["alerts"]) == len(items)
    assert over["payload"]["custom_details"]["alerts_total"] == len(items) + 1


def test_one_alert_always_fits():
    """The longest alert there can be is far within the limit, even where JSON takes two bytes for a sign."""
    worst = '"' * 5000
    told = notice(
        headline=worst, outlet=worst, published=worst, rule=worst, age=worst, update=worst,
        url="https://example.org/" + '"' * 1900,
        excerpts=tuple(Excerpt(text=worst, marks=(Span(0, 5000),)) for _ in range(100)),
        facts=tuple((f"{number}{worst}", worst) for number in range(100)),
        counts=tuple((f"{number}{worst}", 1) for number in range(1000)),
    )  # fmt: skip
    assert_fits(payload(message(told), KEY))
    assert len(payload(message(notice(items=(told,) * 50)), KEY)["payload"]["custom_details"]["alerts"]) > 1


@pytest.mark.parametrize("url", [None, "javascript:alert(1)", "https://example.org/" + "x" * 2000])
def test_what_is_no_link_is_no_link(url):
    """Only web addresses of a sane length are links."""
    event = payload(message(notice(url=url)), KEY)
    assert event["links"] == []
    assert "url" not in event["payload"]["custom_details"]


def test_few_of_many_links():
    """A digest links to its first ten articles that have a page."""
    links = payload(together(MessageKind.DIGEST, 50), KEY)["links"]
    assert [link["text"] for link in links[:3]] == [f"Report {number} on the strike" for number in (1, 2, 4)]
    assert len(links) == 10


@pytest.mark.parametrize("title", TITLES)
def test_hostile_titles_are_text(title):
    """No hostile title breaks a limit or the JSON, wherever it stands."""
    assert_fits(payload(hostile(title), KEY))
    items = (hostile(title).notice,) * 3
    assert_fits(payload(message(notice(headline=title, items=items, counts=((title, 1),))), KEY))


@given(ANY_TEXT, st.lists(ANY_TEXT, max_size=15), st.integers(1, 40))
def test_any_text_is_within_the_limits(text, excerpts, times):
    """Whatever the articles say, the event holds its limits and no control character comes through."""
    told = notice(
        headline=text * times,
        outlet=text * times,
        rule=text,
        url=f"https://example.org/{text}",
        excerpts=tuple(Excerpt(text=words * times, marks=(Span(0, 3),)) for words in excerpts),
        facts=((text, text * times), ("Feed", text)),
        alert_id=text * times,
    )
    assert_fits(payload(message(told), KEY))
    assert_fits(payload(message(notice(headline=text, items=(told,) * len(excerpts), counts=((text, 2),))), KEY))


@pytest.mark.parametrize(
    ("status", "body", "result", "detail"),
    [
        (202, b'{"status": "success", "dedup_key": "al_1234"}', AttemptResult.SENT, "answered 202 Accepted"),
        (202, None, AttemptResult.SENT, "answered 202 Accepted"),
        (200, b"<html>", AttemptResult.REFUSED, "answered 200 OK, which PagerDuty does not"),
        (
            400,
            b'{"message": "Event object is invalid", "errors": ["no summary", 7, "or source"]}',
            AttemptResult.REFUSED,
            "answered 400 Bad Request: no summary or source",
        ),
        (
            400,
            b'{"message": "JSON is bad", "errors": []}',
            AttemptResult.REFUSED,
            "answered 400 Bad Request: JSON is bad",
        ),
        (400, b"[" * 60_000, AttemptResult.REFUSED, "answered 400 Bad Request"),
        (429, b"", AttemptResult.WAIT, "answered 429 Too Many Requests"),
        (500, None, AttemptResult.RETRY, "answered 500 Internal Server Error"),
        (502, b"<html>", AttemptResult.RETRY, "answered 502 Bad Gateway"),
    ],
)
def test_pagerdutys_answers(status, body, result, detail):
    """202 is sent, another 2xx is somebody else, and the rest is judged by its status."""
    attempt = judge(Answer(status=status, body=body))
    assert (attempt.result, attempt.detail) == (result, detail)


def test_the_key_comes_back_and_secrets_do_not():
    """The key that PagerDuty answers with is remembered; a routing key that it repeats is not told."""
    assert judge(Answer(status=202, body=b'{"dedup_key": "al_1234"}')).remote_id == "al_1234"
    answer = json.dumps({"errors": [f"routing key {KEY} is unknown"]}).encode()
    assert judge(Answer(status=400, body=answer)).detail == "answered 400 Bad Request: routing key is unknown"


def test_a_condition_that_is_over_resolves_its_incident():
    """The beginning of a condition triggers an incident, and its end resolves that one and says nothing else."""
    began = SAMPLES["ops"]
    ended = replace(began, delivery_id="dlv_end", payload={**began.payload, "data": {"change": "ended"}})
    assert payload(began, KEY)["event_action"] == "trigger"
    assert payload(ended, KEY) == {"routing_key": KEY, "event_action": "resolve", "dedup_key": dedup_key(began)}
