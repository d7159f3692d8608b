"""Signatures and bodies of webhooks."""

import base64
import json
import time

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from corpus.hostile_titles import TITLES
from support.messages import SENTENCE, hostile, message, notice
from tocsin.alerts.payload_schema import payload_schema
from tocsin.channels.webhook import LARGEST_BODY, body, signed_headers, signing_key


def evidence(count, snippet=SENTENCE):
    found = {"field": "body", "start": 1, "end": 9, "text": "invasion", "term": "invasion", "snippet": snippet}
    return [found] * count


def sent_evidence(content):
    return json.loads(content)["data"]["evidence"]


@given(st.binary(min_size=1, max_size=64), st.text(max_size=50))
def test_the_reference_library_verifies(key, text):
    """What we sign is what Standard Webhooks verifies, for base64 secrets with and without padding."""
    secret = f"whsec_{base64.b64encode(key).decode()}"
    content = body(message(notice(headline=text)))
    for spelling in (secret, secret.rstrip("=")):
        headers = signed_headers("de_1", int(time.time()), content, signing_key(spelling))
        assert Webhook(secret).verify(content, headers) == json.loads(content)


def test_a_plain_secret_is_its_own_bytes():
    """A secret without the prefix signs with its text."""
    assert signing_key("café") == "café".encode()


@pytest.mark.parametrize("secret", ["whsec_", "whsec_%%%", "whsec_a"])
def test_a_broken_secret_is_refused(secret):
    """A secret that promises base64 and holds none is a mistake, told without repeating it."""
    with pytest.raises(ValueError, match=r"^a webhook secret that begins with whsec_ must go on in base64$"):
        signing_key(secret)


def test_without_a_secret_nothing_is_signed():
    """Id and time are there in any case, the signature only where there is a key."""
    assert signed_headers("de_1", 12, b"{}", None) == {"webhook-id": "de_1", "webhook-timestamp": "12"}


def test_a_body_that_fits_is_left_alone():
    """No body under the limit loses anything."""
    long_snippet = evidence(40, "x" * 400)
    content = body(message(evidence=long_snippet))
    assert 18_000 < len(content) <= LARGEST_BODY
    assert sent_evidence(content) == long_snippet


def test_snippets_give_way_first():
    """A body that is too long for its snippets keeps all evidence, with shorter snippets."""
    found = sent_evidence(body(message(evidence=evidence(50, "x" * 400))))
    assert len(found) == 50
    assert {len(one["snippet"]) for one in found} == {160}


def test_evidence_gives_way_next_from_its_end():
    """Where short snippets do not do, as much evidence stays as fits, and how much there was is told."""
    many = [{**one, "start": place} for place, one in enumerate(evidence(1000))]
    content = body(message(evidence=many))
    kept = [one["start"] for one in sent_evidence(content)]
    assert kept == list(range(len(kept)))
    assert json.loads(content)["data"]["evidence_total"] == 1000
    assert LARGEST_BODY - 300 < len(content) <= LARGEST_BODY


def test_long_texts_leave_room_for_evidence():
    """A title of 30 kB is cut, the evidence stays, and what names things stays whole."""
    sent = message(notice(headline="я" * 30_000), evidence=evidence(3))
    content = body(sent)
    data = json.loads(content)["data"]
    assert len(content) <= LARGEST_BODY
    assert (len(data["article"]["title"]), len(data["evidence"]), "evidence_total" in data) == (500, 3, False)
    assert (data["article"]["url"], data["delivery_id"]) == (sent.notice.url, sent.delivery_id)


@pytest.mark.parametrize("title", ["Invasion", "invasion " * 3_000])
@pytest.mark.parametrize("text", ["invasion", "x" * 30_000])
def test_the_room_goes_to_evidence_of_every_field(title, text):
    """However long the title and the words found are, the room is used, and shared by the fields."""
    in_title = [{**one, "field": "title", "start": place, "text": text} for place, one in enumerate(evidence(3_000))]
    in_body = [{**one, "start": place} for place, one in enumerate(evidence(19_223))]
    content = body(message(notice(headline=title), evidence=in_title + in_body))
    found = sent_evidence(content)
    starts = [[one["start"] for one in found if one["field"] == field] for field in ("title", "body")]
    assert LARGEST_BODY - 1_000 < len(content) <= LARGEST_BODY
    assert [one["field"] for one in found] == ["title"] * len(starts[0]) + ["body"] * len(starts[1])
    assert starts == [list(range(len(kept))) for kept in starts]
    assert len(starts[0]) - len(starts[1]) in {0, 1}
    assert json.loads(content)["data"]["evidence_total"] == 22_223


def test_a_shortened_alert_is_still_of_the_schema():
    """A body that lost evidence is what the shipped schema asks for."""
    at = "2026-02-24T10:00:00Z"
    source = {"outlet": "Herald", "feed": "herald", "url": None, "title": "t" * 30_000, "published": at}
    sent = message(evidence=[{**one, "snippet_start": 0} for one in evidence(22_223)])
    data = sent.payload["data"]
    more = {"published": at, "fetched": at, "language": "en", "text_kind": "full", "feed": {"name": "a", "url": None}}
    data["story"] = {"id": "st_1", "first_seen": at, "sources": [source]}
    data["article"].update(more)
    content = body(sent)
    assert len(content) <= LARGEST_BODY
    assert len(sent_evidence(content)) > 50
    jsonschema.validate(json.loads(content), payload_schema())


@given(st.integers(0, 300), st.integers(0, 2000), st.integers(0, 30_000))
def test_no_body_is_larger_than_the_limit(count, snippet, title):
    """Whatever there is to say, it is said in 20 kB of valid JSON with evidence where there was some."""
    content = body(message(notice(headline="Ж" * title), evidence=evidence(count, "\n" * snippet)))
    assert len(content) <= LARGEST_BODY
    assert bool(sent_evidence(content)) is bool(count)


@pytest.mark.parametrize("title", TITLES)
def test_hostile_titles_are_valid_json(title):
    """Any title makes a body of valid UTF-8 and JSON."""
    assert json.loads(body(hostile(title)).decode())["data"]["delivery_id"] == "de_0123456789abcdef"
