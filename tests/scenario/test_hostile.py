"""Fifty titles that try to be more than text, through the whole service at once."""

import json
import re

import jsonschema

from corpus.hostile_titles import TITLES
from support.mailbox import Mailbox
from support.receiver import Receiver, Reply
from support.site import Site
from tocsin.alerts.payload_schema import payload_schema

UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def page():
    """Return a JSON Feed of all titles: its escapes carry what XML cannot."""
    items = [
        {"id": str(number), "title": title, "content_text": f"ferry {number} {title}"}
        for number, title in enumerate(TITLES)
    ]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": TITLES[0], "items": items}
    return Reply(headers={"content-type": "application/feed+json"}, body=json.dumps(feed).encode())


async def test_hostile_titles_are_only_text_everywhere(service):
    """Each title rings and arrives on every channel, nothing crashes, and no way out obeys any of them."""
    archive = service.root / "alerts.jsonl"
    async with Site({"/feed": page()}) as site, Receiver() as slack, Receiver() as hook, Mailbox().open() as mailbox:
        await service.configure(
            f"""
            defaults: {{allow_private: [127.0.0.0/8], first_poll: all}}
            feeds: [{{name: Herald, url: "{site.url}/feed"}}]
            rules: [{{name: Ferries, keywords: [ferry], max_per_hour: 100}}]
            channels:
              - {{name: desk, type: slack, url: "{slack.url}/services/T0/B0/x"}}
              - {{name: duty, type: email, smtp: "smtp://127.0.0.1:{mailbox.port}?tls=none", from: t@example.org,
                  to: duty@example.org}}
              - {{name: siem, type: webhook, url: "{hook.url}/in"}}
              - {{name: archive, type: file, path: "{archive}"}}
              - {{name: console, type: console}}
            """
        )
        totals = await service.live()
        for _ in TITLES:  # Slack takes one a second
            service.clock.turn(seconds=1.1)
            totals = await service.live()
    assert totals.entries["new"] == len(TITLES)
    assert totals.dispatches == {"sent": 5 * len(TITLES), "dispatches": 5 * len(TITLES)}
    assert not UNSEEN.search(service.console.getvalue())
    lines = service.log.getvalue().splitlines()
    assert all(isinstance(json.loads(line), dict) and line.isprintable() for line in lines)
    assert '"level": "error"' not in service.log.getvalue()
    validator = jsonschema.Draft202012Validator(payload_schema())
    payloads = [json.loads(line) for line in archive.read_text(encoding="utf-8").split("\n") if line]
    for payload in [*payloads, *(json.loads(request.body) for request in hook.requests)]:
        validator.validate(payload)
    assert len(payloads) == len(hook.requests) == len(TITLES)
    for request in slack.requests:
        assert not re.search(rb"<[!@#]|<https://example.org/\|click", request.body)
    for mail in mailbox.mails:
        assert set(mail.keys()).isdisjoint({"Bcc", "X-Injected"})
        assert mail.get_all("To") == ["duty@example.org"]
        assert len(mail.get_all("Subject")) == 1
        html = mail.get_body(("html",)).get_content()
        assert not re.search(r"<(script|img|svg|iframe)|href=.javascript:", html)
    assert all(envelope.rcpt_tos == ["duty@example.org"] for envelope in mailbox.envelopes)
