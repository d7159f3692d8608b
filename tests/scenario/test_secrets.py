"""Canaries: secrets that must not be seen wherever people and programs look."""

import asyncio
import sqlite3
from contextlib import closing

import pytest

from support.commands import Command
from support.mailbox import Mailbox
from support.receiver import Cut, Receiver, Reply
from support.site import Item, Site, rss
from tocsin.errors import ConfigError

CANARIES = {
    "SLACK_PATH": "T0CANARY/B0CANARY/slackcanaryslackcanary",
    "SMTP_PASSWORD": "smtp-canary-password",
    "WEBHOOK_SECRET": "webhook-canary-secret-of-length",
    "WEBHOOK_TOKEN": "webhook-canary-token",
    "FEED_TOKEN": "feed-canary-token",
}
FERRY = Item(id="ferry", title="Ferries stay in port", text="A gale keeps every ferry in the harbour.")


def visible(text):
    return [name for name, secret in CANARIES.items() if secret in text]


def configuration(site, slack, hook, mailbox):
    return f"""
        defaults: {{allow_private: [127.0.0.0/8], first_poll: all, every: 10m}}
        feeds:
          - {{name: Herald, url: "{site.url}/rss?token=${{FEED_TOKEN}}"}}
          - {{name: Missing, url: "{site.url}/missing/${{FEED_TOKEN}}"}}
        rules: [{{name: Ferries, keywords: [ferry]}}]
        channels:
          - {{name: desk, type: slack, url: "{slack.url}/services/${{SLACK_PATH}}"}}
          - name: duty
            type: email
            smtp: "smtp://tocsin:${{SMTP_PASSWORD}}@127.0.0.1:{mailbox.port}?tls=none"
            from: tocsin@example.org
            to: duty@example.org
          - {{name: siem, type: webhook, url: "{hook.url}/${{WEBHOOK_TOKEN}}", secret: "${{WEBHOOK_SECRET}}"}}
          - {{name: console, type: console}}
    """


@pytest.fixture
async def world(service):
    """Serve feeds and receivers, and configure them with secrets in every place."""
    async with (
        Site() as site,
        Receiver() as slack,
        Receiver() as hook,
        Mailbox(CANARIES["SMTP_PASSWORD"]).open() as mail,
    ):
        site.pages["/rss?token=feed-canary-token"] = rss(FERRY)
        await service.configure(configuration(site, slack, hook, mail), **CANARIES)
        yield site, slack, hook, mail


def dump(service):
    """Return all that the database holds, as SQL and as its raw bytes."""
    with closing(sqlite3.connect(service.root / "tocsin.db")) as connection:
        text = "\n".join(connection.iterdump())
    raw = "".join(file.read_bytes().decode("latin-1") for file in service.root.glob("tocsin.db*"))
    return text + raw


async def test_secrets_reach_those_they_are_for(service, world):
    """The secrets of this file work: feed, Slack, mail server and webhook are given theirs."""
    _, slack, hook, mail = world
    totals = await service.live()
    assert totals.deliveries == {"delivered": 4, "deliveries": 4}
    assert [CANARIES["SLACK_PATH"] in request.target for request in slack.requests] == [True]
    assert [CANARIES["WEBHOOK_TOKEN"] in request.target for request in hook.requests] == [True]
    assert len(mail.mails) == 1


@pytest.mark.parametrize(
    "failing",
    [
        Reply(),
        Reply(status=404, body="no token {SLACK_PATH} or {WEBHOOK_TOKEN} here".format(**CANARIES).encode()),
        Reply(status=500, body=CANARIES["SLACK_PATH"].encode()),
        Reply(cut=Cut.UNANSWERED),
    ],
    ids=["working", "refused", "failing", "cut"],
)
async def test_no_log_line_no_row_and_no_alert_shows_a_secret(service, world, failing):
    """Whether receivers take, refuse, fail or cut: log, console, messages and database hold no secret."""
    _, slack, hook, mail = world
    slack._script = hook._script = lambda _: failing
    if failing.status != 200:
        mail.answer = f"554 I do not like {CANARIES['SMTP_PASSWORD']}"
    for _ in range(3):
        await service.live()
        service.clock.turn(minutes=12)
    await service.close()
    sent = b"".join(request.body for request in [*slack.requests, *hook.requests]).decode()
    mails = "".join(mail.as_string() for mail in mail.mails)
    assert len(slack.requests) >= 1
    assert visible(service.log.getvalue()) == []
    assert visible(service.console.getvalue()) == []
    assert visible(sent + mails) == []
    assert visible(dump(service)) == []


COMMANDS = (
    ["check"],
    ["feeds"],
    ["feeds", "--json"],
    ["alerts", "--json"],
    ["schema", "config"],
    ["run", "--once"],
    ["send-test", "siem", "--json"],
    ["send-test", "nowhere"],
)


async def test_no_command_shows_a_secret(service, world):
    """Nothing that a command prints, on either stream, holds a secret; nor does the database afterwards."""
    await service.live()
    await service.close()
    tocsin = Command(service.root, TOCSIN_DATABASE_URL=service.database_url, TOCSIN_LOG_LEVEL="debug", **CANARIES)
    for command in COMMANDS:
        ended = await asyncio.to_thread(tocsin, *command)
        assert ended.stdout + ended.stderr, command
        assert visible(ended.stdout + ended.stderr) == [], command
    assert visible(dump(service)) == []


@pytest.mark.parametrize(
    "mistake",
    [
        'channels: [{name: desk, type: slack, url: "ftp://x.example/${SLACK_PATH}"}]',
        'channels: [{name: siem, type: webhook, url: "https://x.example/", secret: "whsec_${WEBHOOK_SECRET}"}]',
        'channels: [{name: duty, type: email, smtp: "smtp://a:${SMTP_PASSWORD}@b:port", from: a@b.example, to: x@b}]',
        'feeds: [{name: Herald, url: "https://x.example:99999/${FEED_TOKEN}"}]',
        'channels: [{name: desk, type: "${SLACK_PATH}"}]',
        'rules: [{name: A, keywords: [x], notify: ["${WEBHOOK_TOKEN}"]}]',
        'defaults: {every: "${FEED_TOKEN}"}',
        'timezone: "${FEED_TOKEN}"',
    ],
)
async def test_no_mistake_quotes_a_secret(service, mistake):
    """A configuration that is refused is told without the values that came from the environment."""
    await service.configure(mistake, **CANARIES)
    with pytest.raises(ConfigError) as refused:
        service.plan()
    assert refused.value.problems
    assert visible(str(refused.value)) == []
