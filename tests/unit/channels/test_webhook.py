"""Signatures and bodies of webhooks."""

import base64
import json
import time
from dataclasses import replace

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from corpus.hostile_titles import TITLES
from support.messages import SENTENCE, hostile, message, notice
from tocsin.alerts.payload_schema import payload_schema
from tocsin.channels.webhook import body, signed_headers, signing_key
from tocsin.model import LARGEST_WEBHOOK_BODY, MessageKind, WebhookForm


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
        headers = signed_headers("de_1", int(time.time()), content, [signing_key(spelling)])
        assert Webhook(secret).verify(content, headers) == json.loads(content)


def test_each_of_two_secrets_signs():
    """While a secret is changed, receivers with the old one and with the new one both verify, and no third one."""
    secrets = [f"whsec_{base64.b64encode(bytes([letter] * 32)).decode()}" for letter in b"abc"]
    content = body(message())
    headers = signed_headers("de_1", int(time.time()), content, [signing_key(secret) for secret in secrets[:2]])
    assert [part[:3] for part in headers["webhook-signature"].split(" ")] == ["v1,"] * 2
    for secret in secrets[:2]:
        assert Webhook(secret).verify(content, headers) == json.loads(content)
    with pytest.raises(WebhookVerificationError):
        Webhook(secrets[2]).verify(content, headers)


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
    assert signed_headers("de_1", 12, b"{}", []) == {"webhook-id": "de_1", "webhook-timestamp": "12"}


def test_a_body_that_fits_is_left_alone():
    """No body under the limit loses anything."""
    long_snippet = evidence(40, "x" * 400)
    content = body(message(evidence=long_snippet))
    assert 18_000 < len(content) <= LARGEST_WEBHOOK_BODY
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
    assert LARGEST_WEBHOOK_BODY - 300 < len(content) <= LARGEST_WEBHOOK_BODY


def test_long_texts_leave_room_for_evidence():
    """A title of 30 kB is cut, the evidence stays, and what names things stays whole."""
    sent = message(notice(headline="я" * 30_000), evidence=evidence(3))
    content = body(sent)
    data = json.loads(content)["data"]
    assert len(content) <= LARGEST_WEBHOOK_BODY
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
    assert LARGEST_WEBHOOK_BODY - 1_000 < len(content) <= LARGEST_WEBHOOK_BODY
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
    assert len(content) <= LARGEST_WEBHOOK_BODY
    assert len(sent_evidence(content)) > 50
    jsonschema.validate(json.loads(content), payload_schema())


@given(st.integers(0, 300), st.integers(0, 2000), st.integers(0, 30_000))
def test_no_body_is_larger_than_the_limit(count, snippet, title):
    """Whatever there is to say, it is said in 20 kB of valid JSON with evidence where there was some."""
    content = body(message(notice(headline="Ж" * title), evidence=evidence(count, "\n" * snippet)))
    assert len(content) <= LARGEST_WEBHOOK_BODY
    assert bool(sent_evidence(content)) is bool(count)


@pytest.mark.parametrize("title", TITLES)
def test_hostile_titles_are_valid_json(title):
    """Any title makes a body of valid UTF-8 and JSON."""
    assert json.loads(body(hostile(title)).decode())["data"]["delivery_id"] == "de_0123456789abcdef"


def grown(article_title):
    """Return the message of an update at the limits: a hundred sources, and 199 more that were added."""
    source = {"outlet": "Harbour Post", "feed": "harbour", "url": "https://harbour.example/1", "title": article_title}
    plain = message(evidence=evidence(300))
    data = plain.payload["data"]
    story = {"sources": [source] * 100, "sources_total": 200}
    update = {"number": 1, "reason": "sources", "outlets": 9, "added": [source] * 199}
    return replace(plain, payload={**plain.payload, "data": {**data, "story": story, "update": update}})


@pytest.mark.parametrize("article_title", ["short", "t" * 3000, "\u00e9\U0001f600" * 1500])
def test_articles_of_a_story_give_way(article_title):
    """However many articles a story has, the body fits, keeps the first, counts them all, and has evidence."""
    content = body(grown(article_title))
    data = json.loads(content)["data"]
    assert len(content) <= LARGEST_WEBHOOK_BODY
    assert 1 <= len(data["story"]["sources"]) < 100
    assert 1 <= len(data["update"]["added"]) < 199
    assert (data["story"]["sources_total"], data["update"]["added_total"]) == (200, 199)
    assert data["evidence"]


AT = "2026-02-24T10:00:00Z"


def told(number, title="Ferry aground", proofs=1, sources=1):
    """Return an alert as groups and digests hold it."""
    source = {"outlet": "Harbour Post", "feed": "harbour", "url": "https://h.example/", "title": title, "published": AT}
    article = {"id": f"ar_{number}", "url": f"https://h.example/{number}", "title": title, "summary": title}
    origin = {"published": AT, "fetched": AT, "language": "en", "text_kind": "full", "authors": []}
    return {
        "schema_version": 1,
        "alert_id": f"al_{number}",
        "rule": {"name": "Ferries", "severity": "normal", "tags": [], "source": "rules.yaml:1"},
        "story": {"id": f"st_{number}", "first_seen": AT, "sources": [source] * sources},
        "article": {**article, **origin, "feed": {"name": "harbour", "url": None}},
        "evidence": [{**one, "snippet_start": 0} for one in evidence(proofs)],
    }


def group(alerts, total=None):
    data = {
        "schema_version": 1,
        "group": {"by": "rule", "value": "Ferries"},
        "alerts": alerts,
        "alerts_total": total or len(alerts),
    }
    return replace(message(), payload={"type": MessageKind.GROUP.value, "timestamp": AT, "data": data})


def digest(alerts, rules):
    names = {f"Rule {number} of those for ferries": len(alerts) for number in range(rules)}
    data = {
        "schema_version": 1,
        "reason": "schedule",
        "cron": "0 7 * * *",
        "timezone": "UTC",
        "since": AT,
        "counts": {"alerts": 5 * len(alerts), "rules": names},
        "alerts": alerts,
        "alerts_total": 5 * len(alerts),
        "week": {"days": ["2026-02-24"] * 7, "rules": dict.fromkeys(names, [0] * 7)},
    }
    return replace(message(), payload={"type": MessageKind.DIGEST.value, "timestamp": AT, "data": data})


def test_a_group_that_fits_is_left_alone():
    """No alert of a group under the limit loses anything; each carries the delivery's id."""
    sent = group([told(number) for number in range(5)])
    alerts = json.loads(body(sent))["data"]["alerts"]
    assert alerts == [{**told(number), "delivery_id": sent.delivery_id} for number in range(5)]


def test_evidence_of_a_group_gives_way_before_its_alerts():
    """A group with too much evidence keeps all of its alerts and articles, each with some of its evidence."""
    content = body(group([told(number, proofs=200, sources=3) for number in range(10)]))
    data = json.loads(content)["data"]
    assert LARGEST_WEBHOOK_BODY - 2_000 < len(content) <= LARGEST_WEBHOOK_BODY
    assert [alert["alert_id"] for alert in data["alerts"]] == [f"al_{number}" for number in range(10)]
    assert {len(alert["story"]["sources"]) for alert in data["alerts"]} == {3}
    kept = {len(alert["evidence"]) for alert in data["alerts"]}
    assert kept != {200}
    assert min(kept) >= 1
    assert {alert["evidence_total"] for alert in data["alerts"]} == {200}


def test_articles_of_a_group_give_way_before_its_alerts():
    """A group of large stories keeps all of its alerts, each with the first of its articles and their number."""
    data = json.loads(body(group([told(number, sources=90) for number in range(10)])))["data"]
    assert len(data["alerts"]) == 10
    assert all(1 <= len(alert["story"]["sources"]) < 90 for alert in data["alerts"])
    assert {alert["story"]["sources_total"] for alert in data["alerts"]} == {90}


@pytest.mark.parametrize("title", ["Ferry aground", "Ж" * 3_000])
def test_alerts_of_a_group_give_way_last(title):
    """Of a hundred alerts as many as fit are kept, from the first; how many there were is told exactly."""
    content = body(group([told(number, title, proofs=3, sources=3) for number in range(100)], total=240))
    data = json.loads(content)["data"]
    kept = [alert["alert_id"] for alert in data["alerts"]]
    assert LARGEST_WEBHOOK_BODY - 6_000 < len(content) <= LARGEST_WEBHOOK_BODY
    assert kept == [f"al_{number}" for number in range(len(kept))]
    assert 1 <= len(kept) < 100
    assert data["alerts_total"] == 240


@pytest.mark.parametrize("rules", [1, 100, 1_000])
def test_counts_of_a_digest_stay_exact(rules):
    """However many rules rang, the body fits, has alerts, and its counts are those that were."""
    content = body(digest([told(number) for number in range(100)], rules))
    data = json.loads(content)["data"]
    assert len(content) <= LARGEST_WEBHOOK_BODY
    assert data["alerts"]
    assert (data["alerts_total"], data["counts"]["alerts"]) == (500, 500)
    assert set(data["counts"]["rules"].values()) == {100}
    assert data["counts"].get("rules_total", len(data["counts"]["rules"])) == rules


@pytest.mark.parametrize(
    "sent",
    [
        group([told(number, "Ж" * 900, proofs=50, sources=9) for number in range(50)]),
        digest([told(number, "Ж" * 900, proofs=50, sources=9) for number in range(50)], 1_000),
    ],
    ids=["group", "digest"],
)
def test_a_shortened_batch_is_still_of_the_schema(sent):
    """What is left of a group or a digest is what the shipped schema asks for."""
    jsonschema.validate(json.loads(body(sent)), payload_schema())


def event(sent):
    return json.loads(body(sent, WebhookForm.CLOUDEVENTS))


def test_a_cloud_event_holds_the_data_of_the_payload():
    """The envelope has what CloudEvents 1.0 asks for, and its data is that of the payload."""
    sent = message()
    assert event(sent) == {
        "specversion": "1.0",
        "id": sent.delivery_id,
        "source": "/tocsin",
        "type": "alert.matched",
        "time": "2026-02-24T10:00:00Z",
        "subject": "Invasion",
        "datacontenttype": "application/json",
        "data": json.loads(body(sent))["data"],
    }


def test_a_cloud_event_is_about_a_rule_where_there_is_one():
    """A group by rule has that for its subject; a digest and a test are about none, and have no empty one."""
    assert event(group([told(1)]))["subject"] == "Ferries"
    assert "subject" not in event(digest([told(1)], 3))
    plain = {"schema_version": 1, "channel": "hook", "message": "A test."}
    test = {"type": MessageKind.TEST.value, "timestamp": AT, "data": plain}
    assert "subject" not in event(replace(message(), payload=test))


def test_a_cloud_event_keeps_to_the_limit():
    """The envelope counts: what fits as a payload and not as an event gives way."""
    sizes = range(15_000, 21_000, 40)
    sent = [message(notice(headline="x" * 400), evidence=evidence(1, "x" * size)) for size in sizes]
    assert max(len(body(one, WebhookForm.CLOUDEVENTS)) for one in sent) <= LARGEST_WEBHOOK_BODY
    assert max(len(body(one)) for one in sent) <= LARGEST_WEBHOOK_BODY
