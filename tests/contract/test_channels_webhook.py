"""The forms of a webhook, against a real server."""

import ipaddress
import json
import ssl
import time
from base64 import b64encode
from io import StringIO

import pytest
from standardwebhooks import Webhook

from corpus.hostile_titles import TITLES
from support.messages import channel, hostile, message
from support.receiver import Receiver, Reply
from tocsin.alerts.template import MessageTemplate
from tocsin.app import open_channel
from tocsin.channels.webhook import WebhookChannel
from tocsin.config.build import load_plan
from tocsin.model import LARGEST_WEBHOOK_BODY, AttemptResult, ChannelKind, WebhookForm
from tocsin.net.transport import CheckedTransport

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
SECRETS = tuple(f"whsec_{b64encode(bytes([letter] * 32)).decode()}" for letter in b"no")


@pytest.fixture
async def post():
    """Send a message to a server of the test's own; return the attempt and what the server received."""
    async with CheckedTransport(tls=ssl.create_default_context()) as transport:

        async def post(sent, *, template=None, **changes):
            async with Receiver(Reply()) as server:
                spec = channel(ChannelKind.WEBHOOK, url=server.url, allow_private=LOOPBACK, secrets=SECRETS, **changes)
                fill_in = MessageTemplate(template).fill_in if template else None
                hook = WebhookChannel(spec, transport, clock=time.time, fill_in=fill_in)
                return await hook.send(sent), list(server.requests)

        yield post


TEMPLATE = {"text": "{{ notice.headline }} ({{ data.rule.name }})", "username": "Tocsin", "urgent": True}


@pytest.mark.parametrize(
    ("form", "template", "media_type"),
    [
        (WebhookForm.STANDARD, None, "application/json"),
        (WebhookForm.CLOUDEVENTS, None, "application/cloudevents+json"),
        (WebhookForm.STANDARD, TEMPLATE, "application/json"),
    ],
)
async def test_each_form_is_signed_by_each_secret(post, form, template, media_type):
    """Whatever is posted, receivers with the old secret and with the new one verify it, and know what it is."""
    attempt, [request] = await post(message(), form=form, template=template)
    assert attempt.result is AttemptResult.SENT
    assert request.headers["content-type"] == media_type
    assert request.headers["webhook-id"] == message().delivery_id
    for secret in SECRETS:
        assert Webhook(secret).verify(request.body, request.headers) == json.loads(request.body)


async def test_a_template_is_what_is_posted(post):
    """The receiver gets the template's own JSON, its strings filled in."""
    _, [request] = await post(message(), template=TEMPLATE)
    assert json.loads(request.body) == {
        "text": "Talks fail, invasion begins (Invasion)",
        "username": "Tocsin",
        "urgent": True,
    }


@pytest.mark.parametrize("title", TITLES)
async def test_no_title_breaks_out_of_a_template(post, title):
    """Any title makes JSON of the template's own shape."""
    attempt, [request] = await post(hostile(title), template=TEMPLATE)
    assert attempt.result is AttemptResult.SENT
    filled = json.loads(request.body)
    assert filled.keys() == TEMPLATE.keys()
    assert filled["username"] == "Tocsin"


async def test_a_template_that_cannot_be_filled_in_sends_nothing(post):
    """What asks for a value that is not there is refused with the reason, before anybody is asked."""
    attempt, requests = await post(message(), template={"text": "{{ data.articel.title }}"})
    assert (attempt.result, attempt.status) == (AttemptResult.REFUSED, None)
    assert attempt.detail == "the template at text: there is no articel"
    assert requests == []


async def test_a_template_comes_from_the_configuration(tmp_path):
    """A template as written in YAML is what is posted: texts filled in, numbers and yes and no as they are."""
    async with Receiver(Reply()) as server, CheckedTransport(tls=(tls := ssl.create_default_context())) as transport:
        (tmp_path / "a.yaml").write_text(
            f"""
channels:
  - name: board
    type: webhook
    url: {server.url}
    allow_private: [127.0.0.0/8]
    template: {{title: "{{{{ notice.headline }}}}", column: 3, urgent: true, "{{{{ key }}}}": [~, "3"]}}
"""
        )
        [spec] = load_plan(tmp_path, {}).channels
        attempt = await open_channel(spec, transport, tls, StringIO()).send(message())
        [request] = server.requests
    assert attempt.result is AttemptResult.SENT
    filled = {"title": "Talks fail, invasion begins", "column": 3, "urgent": True, "{{ key }}": [None, "3"]}
    assert json.loads(request.body) == filled


async def test_a_template_is_filled_in_with_what_fits(post):
    """A template sees the payload as it would be posted: of too much evidence, what fits into 20 kB."""
    found = {"field": "body", "start": 1, "end": 9, "text": "invasion", "term": "invasion", "snippet": "x" * 400}
    every = "{% for one in data.evidence %}{{ one.snippet }}{% endfor %} of {{ data.evidence_total }}"
    attempt, [request] = await post(message(evidence=[found] * 3_000), template={"text": every})
    assert attempt.result is AttemptResult.SENT
    assert len(request.body) <= LARGEST_WEBHOOK_BODY
    assert json.loads(request.body)["text"].endswith(" of 3000")
