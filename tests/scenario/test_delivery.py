"""From a feed to the people: every channel, and what happens when one is down."""

import asyncio
import json
import time
from dataclasses import replace
from datetime import timedelta

import jsonschema
import pytest
from standardwebhooks import Webhook

from support.mailbox import Mailbox
from support.receiver import Receiver, Reply
from support.service import balanced, do_what_is_due
from support.site import Item, Site, atom, rss
from tocsin.alerts.payload_schema import payload_schema
from tocsin.clock import utc_now
from tocsin.model import DeadReason, DispatchState

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
FERRY = Item(id="ferry", title="Ferries stay in port", text="A gale keeps every ferry in the harbour.")
CALM = Item(id="calm", title="A quiet day", text="Nothing happened.")
RULE = """
    rules:
      - {name: Ferries, keywords: [ferry]}
"""


def to_one(url, *, kind="webhook", extra=""):
    """Configure one feed, one rule and one receiver."""
    return f"""
        defaults: {{allow_private: [127.0.0.0/8], first_poll: all, every: 10m}}
        channels:
          - {{name: siem, type: {kind}, url: "{url}/in"{extra}}}
    """


def feeds(site):
    return f"feeds: [{{name: Herald, url: '{site.url}/rss'}}]"


def states(report):
    return {way.channel: (way.state, way.reason) for way in report.dispatches}


@pytest.fixture
async def site():
    async with Site({"/rss": rss(FERRY)}) as site:
        yield site


async def until(condition, patience=20.0):
    """Wait until `condition` holds; return when it did, by the monotonic clock."""
    async with asyncio.timeout(patience):
        while not condition():
            await asyncio.sleep(0.005)
    return time.monotonic()


async def test_a_new_article_reaches_every_channel_within_three_seconds(service, tmp_path):
    """An article of an RSS and of an Atom feed is on every channel in less than three seconds from its poll."""
    service.clock = utc_now
    archive = tmp_path / "alerts.jsonl"
    polled: dict[str, float] = {}

    async with (
        Site({"/rss": rss(CALM), "/atom": atom(CALM)}) as site,
        Receiver() as slack,
        Receiver() as hook,
        Mailbox().open() as mailbox,
    ):
        await service.configure(
            RULE,
            f"""
            defaults: {{allow_private: [127.0.0.0/8], every: 1s}}
            feeds:
              - {{name: Herald, url: "{site.url}/rss"}}
              - {{name: Tribune, url: "{site.url}/atom"}}
            channels:
              - {{name: desk, type: slack, url: "{slack.url}/services/T0/B0/x"}}
              - {{name: duty, type: email, smtp: "smtp://127.0.0.1:{mailbox.port}?tls=none", from: t@example.org,
                  to: [duty@example.org]}}
              - {{name: siem, type: webhook, url: "{hook.url}/in", secret: "{SECRET}"}}
              - {{name: archive, type: file, path: "{archive}"}}
              - {{name: console, type: console}}
            """,
        )
        async with service.open() as app:
            running = asyncio.create_task(app.runner.run(app.pipeline))
            await until(lambda: len(site.requests) >= 2)
            while any(report.last_success is None for report in await app.store.feed_reports(utc_now())):
                await asyncio.sleep(0.02)
            assert not slack.requests
            other = replace(FERRY, text="Fog lies over the sound, and no boat leaves.")  # another report
            site.pages |= {"/rss": rss(CALM, FERRY), "/atom": atom(CALM, other)}
            answer = site._answer

            def noted(request):
                reply = answer(request)
                if reply.status == 200:
                    polled.setdefault(request.target, time.monotonic())
                return reply

            site._script = noted
            arrived = {
                "slack": lambda: len(slack.requests) == 2,
                "webhook": lambda: len(hook.requests) == 2,
                "email": lambda: len(mailbox.mails) == 2,
                "file": lambda: archive.exists() and len(archive.read_text().splitlines()) == 2,
                "console": lambda: service.console.getvalue().count("Ferries stay in port") == 2,
            }
            times = dict(zip(arrived, await asyncio.gather(*map(until, arrived.values())), strict=True))
            app.runner.stop()
            await running
            totals = await balanced(app)
        assert len(polled) == 2
        assert max(times.values()) - max(polled.values()) < 3, times
        assert totals.dispatches == {"sent": 10, "dispatches": 10}
        validator = jsonschema.Draft202012Validator(payload_schema())
        for line in [request.body for request in hook.requests] + archive.read_bytes().splitlines():
            validator.validate(json.loads(line))
        for request in hook.requests:
            Webhook(SECRET).verify(request.body, dict(request.headers))
        assert {mail["To"] for mail in mailbox.mails} == {"duty@example.org"}


async def test_a_failed_delivery_is_tried_again_after_a_restart(service, site):
    """What fails for now waits in a row: another life sends it when it is due, with the same id, and not before."""
    replies = [Reply(status=500), Reply(status=500), Reply()]
    async with Receiver(lambda _: replies.pop(0)) as hook:
        await service.configure(RULE, to_one(hook.url), feeds(site))
        await service.live()
        assert len(hook.requests) == 1
        await service.close()
        await service.live()
        assert len(hook.requests) == 1
        service.clock.turn(seconds=7)
        await service.live()
        assert len(hook.requests) == 2
        await service.close()
        service.clock.turn(minutes=7)
        totals = await service.live()
        service.clock.turn(hours=9)
        await service.live()
    assert len(hook.requests) == 3
    assert len({request.headers["webhook-id"] for request in hook.requests}) == 1
    assert len({request.body for request in hook.requests}) == 1
    assert totals.deliveries == {"delivered": 1, "deliveries": 1}


async def test_a_refused_delivery_dies_after_three_tries(service, site):
    """A receiver that refuses is asked three times within minutes; then the alert says that it is dead, and why."""
    async with Receiver(Reply(status=400)) as hook:
        await service.configure(RULE, to_one(hook.url), feeds(site))
        for _ in range(5):
            await service.live()
            service.clock.turn(minutes=12)
        totals = await service.live()
    assert len(hook.requests) == 3
    assert totals.deliveries == {"dead": 1, "deliveries": 1}
    (alert,) = await service.alerts()
    assert states(alert) == {"siem": (DispatchState.DEAD, DeadReason.REFUSED)}
    assert '"event": "delivery.died"' in service.log.getvalue()


async def test_a_receiver_that_never_answers_well_is_given_up(service, site):
    """A delivery that keeps failing is tried by the whole schedule, and is then dead as exhausted."""
    async with Receiver(Reply(status=503)) as hook:
        await service.configure(RULE, to_one(hook.url), feeds(site))
        async with service.open(retry_schedule=[timedelta(minutes=1)] * 2) as app:
            for _ in range(5):
                await do_what_is_due(app)
                service.clock.turn(minutes=2)
            await balanced(app)
    assert len(hook.requests) == 3
    (alert,) = await service.alerts()
    assert states(alert) == {"siem": (DispatchState.DEAD, DeadReason.EXHAUSTED)}


async def test_a_receiver_is_asked_again_when_it_says(service, site):
    """After a 429 the next try waits for as long as the receiver asked."""
    replies = [Reply(status=429, headers={"retry-after": "600"}), Reply()]
    async with Receiver(lambda _: replies.pop(0)) as hook:
        await service.configure(RULE, to_one(hook.url), feeds(site))
        await service.live()
        service.clock.turn(seconds=599)
        await service.live()
        assert len(hook.requests) == 1
        service.clock.turn(seconds=2)
        await service.live()
    assert len(hook.requests) == 2


async def test_a_channel_that_is_down_holds_up_no_other(service, site):
    """Each channel has its own rows: one that fails neither stops nor repeats the other."""
    async with Receiver(Reply(status=500)) as down, Receiver() as hook:
        both = f"""
            channels:
              - {{name: down, type: slack, url: "{down.url}/x", allow_private: [127.0.0.1]}}
        """
        await service.configure(RULE, to_one(hook.url), feeds(site), both)
        await service.live()
        service.clock.turn(minutes=12)
        await service.live()
    assert len(hook.requests) == 1
    assert len(down.requests) == 2
    (alert,) = await service.alerts()
    assert states(alert)["siem"] == (DispatchState.SENT, None)
    assert states(alert)["down"][0] is DispatchState.WAITING


async def test_what_waits_for_a_channel_that_is_removed_is_dead(service, site):
    """A channel that left the configuration has its waiting rows ended with that reason; what it got stays sent."""
    async with Receiver(Reply(status=500)) as hook, Receiver() as other:
        await service.configure(RULE, to_one(hook.url), feeds(site))
        await service.live()
        await service.configure(RULE, to_one(other.url).replace("siem", "archive"), feeds(site))
        service.clock.turn(hours=1)
        totals = await service.live()
        (alert,) = await service.alerts()
    assert states(alert) == {"siem": (DispatchState.DEAD, DeadReason.CHANNEL_REMOVED)}
    assert totals.deliveries == {"dead": 1, "deliveries": 1}
    assert (len(hook.requests), len(other.requests)) == (1, 0)


async def test_a_mail_that_the_server_puts_off_is_sent_later(service, site):
    """An SMTP server that answers 451 gets the same mail again, with the same Message-ID and a delivery each."""
    async with Mailbox().open() as mailbox:
        mail = f"""
            channels:
              - name: duty
                type: email
                smtp: "smtp://127.0.0.1:{mailbox.port}?tls=none"
                from: tocsin@example.org
                to: [duty@example.org, night@example.org]
        """
        await service.configure(RULE, "defaults: {allow_private: [127.0.0.0/8], first_poll: all}", feeds(site), mail)
        mailbox.answer = "451 later"
        await service.live()
        assert not mailbox.mails
        mailbox.answer = "250 OK"
        service.clock.turn(minutes=6)
        totals = await service.live()
    assert sorted(to for envelope in mailbox.envelopes for to in envelope.rcpt_tos) == [
        "duty@example.org",
        "night@example.org",
    ]
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == 2
    assert totals.dispatches == {"sent": 1, "dispatches": 1}
