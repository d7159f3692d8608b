"""Signatures and bodies of webhooks."""

import base64
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from corpus.hostile_titles import TITLES
from support.messages import SENTENCE, hostile, message, notice
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
    """Where short snippets do not do, as much evidence stays as fits."""
    many = [{**one, "start": place} for place, one in enumerate(evidence(1000))]
    content = body(message(evidence=many))
    kept = [one["start"] for one in sent_evidence(content)]
    assert kept == list(range(len(kept)))
    assert LARGEST_BODY - 300 < len(content) <= LARGEST_BODY


def test_long_texts_give_way_last():
    """A title of 30 kB is cut, one piece of evidence stays, and what names things stays whole."""
    sent = message(notice(headline="я" * 30_000), evidence=evidence(3))
    content = body(sent)
    data = json.loads(content)["data"]
    assert len(content) <= LARGEST_BODY
    assert (len(data["article"]["title"]), len(data["evidence"])) == (500, 1)
    assert (data["article"]["url"], data["delivery_id"]) == (sent.notice.url, sent.delivery_id)


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
