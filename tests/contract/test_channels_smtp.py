"""What the email channel makes of SMTP servers, against aiosmtpd with TLS and AUTH."""

import asyncio
import email
import re
import ssl
import sys
import threading
from dataclasses import replace
from datetime import timedelta
from email import policy

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult
from PIL import ImageFont

from corpus.hostile_titles import TITLES
from support.messages import channel, hostile, message, notice
from support.proxy import Proxy
from tocsin.channels import email as channel_module
from tocsin.channels.email import EmailChannel
from tocsin.model import AttemptResult, ChannelKind, MessageKind

SENDER = "Tocsin <tocsin@alerts.example.org>"
RECIPIENT = "duty@example.org"


class Mailbox:
    """An aiosmtpd handler that keeps what it is sent and answers as the test wants."""

    def __init__(self, **replies):
        self.mails = []
        self._replies = replies

    def answer(self, **replies):
        """Answer so from now on."""
        self._replies = replies

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        envelope.mail_from = address
        return self._replies.get("mail", "250 OK")

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        envelope.rcpt_tos.append(address)
        return self._replies.get("rcpt", "250 OK")

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        self.mails.append(envelope)
        if self._replies.get("cut"):
            server.transport.abort()
        await asyncio.sleep(self._replies.get("delay", 0))
        return self._replies.get("data", "250 OK: queued as 4F2A")


@pytest.fixture(scope="module")
def smtp_authority():
    return trustme.CA()


@pytest.fixture
def trusted(smtp_authority):
    context = ssl.create_default_context()
    smtp_authority.configure_trust(context)
    return context


@pytest.fixture
async def serve(smtp_authority):
    """Run SMTP servers on loopback; each call returns a port."""
    servers, sessions = [], []

    async def start(mailbox, *, tls="starttls", name="localhost", **options):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        smtp_authority.issue_cert(name).configure_cert(context)

        def session():
            starttls = context if tls == "starttls" else None
            sessions.append(SMTP(mailbox, hostname="mx.example.org", tls_context=starttls, **options))
            return sessions[-1]

        loop = asyncio.get_running_loop()
        servers.append(await loop.create_server(session, "127.0.0.1", 0, ssl=context if tls == "tls" else None))
        return servers[-1].sockets[0].getsockname()[1]

    yield start
    for server in servers:
        server.close()
    for session in sessions:
        if session.transport:
            session.transport.abort()
    await asyncio.sleep(0.01)


def email_channel(url, trusted, timeout=5.0, proxy=""):
    spec = channel(ChannelKind.EMAIL, smtp=url, sender=SENDER, timeout=timedelta(seconds=timeout), proxy=proxy)
    return EmailChannel(spec, trusted)


def digest(title="Invasion"):
    """Make a digest of two alerts that says `title` wherever untrusted text may stand, with a week of counts."""
    item = hostile(title).notice
    made = message(replace(item, kind=MessageKind.DIGEST, items=(item, notice()), more=1, counts=((title, 2),)))
    week = {
        "days": [f"2026-02-{day}" for day in range(18, 25)],
        "rules": {title: [1, 0, 3, 2, 0, 0, 4], "Quiet": [1] * 7},
    }
    return replace(made, recipient=RECIPIENT, payload={**made.payload, "data": {"week": week}})


def received(mailbox):
    """Read the one mail that arrived."""
    [envelope] = mailbox.mails
    return email.message_from_bytes(envelope.content, policy=policy.default)


async def sent(serve, trusted, sending=None, **replies):
    """Send to a plain server on loopback that answers as told."""
    mailbox = Mailbox(**replies)
    port = await serve(mailbox, tls="none")
    attempt = await email_channel(f"smtp://127.0.0.1:{port}?tls=none", trusted, replies.get("timeout", 5.0)).send(
        sending or message(recipient=RECIPIENT)
    )
    return attempt, mailbox


@pytest.mark.parametrize(("tls", "url"), [("starttls", "smtp://localhost:{}"), ("tls", "smtps://localhost:{}")])
async def test_a_mail_arrives_over_tls_by_a_user(serve, trusted, tls, url):
    """Over STARTTLS and TLS, with user and password, the mail arrives for its one recipient."""
    mailbox, logins = Mailbox(), []

    def authenticate(server, session, envelope, mechanism, login):
        logins.append((bytes(login.login), bytes(login.password)))
        return AuthResult(success=True)

    port = await serve(
        mailbox,
        tls=tls,
        authenticator=authenticate,
        auth_required=tls == "starttls",
        auth_require_tls=tls == "starttls",
    )
    url = url.format(port).replace("//", "//tocsin:p%3Ass@")
    attempt = await email_channel(url, trusted).send(message(recipient=RECIPIENT))
    assert (attempt.result, attempt.status, attempt.remote_id) == (AttemptResult.SENT, 250, "OK: queued as 4F2A")
    [envelope] = mailbox.mails
    assert (envelope.mail_from, envelope.rcpt_tos) == ("tocsin@alerts.example.org", [RECIPIENT])
    assert logins == [(b"tocsin", b"p:ss")]
    mail = email.message_from_bytes(envelope.content, policy=policy.default)
    assert mail["Message-ID"] == "<de_0123456789abcdef@alerts.example.org>"


async def test_without_starttls_nothing_is_sent(serve, trusted):
    """A server that offers no STARTTLS gets neither password nor mail."""
    mailbox = Mailbox()
    port = await serve(mailbox, tls="none")
    attempt = await email_channel(f"smtp://u:canary@localhost:{port}", trusted).send(message(recipient=RECIPIENT))
    assert attempt.result is AttemptResult.REFUSED
    assert "STARTTLS" in attempt.detail
    assert "canary" not in attempt.detail
    assert mailbox.mails == []


@pytest.mark.parametrize(("tls", "scheme"), [("starttls", "smtp"), ("tls", "smtps")])
async def test_a_bad_certificate_is_tried_again(serve, trusted, tls, scheme):
    """A certificate for another host may be put right; nothing is sent until it is."""
    mailbox = Mailbox()
    port = await serve(mailbox, tls=tls, name="other.example.org")
    attempt = await email_channel(f"{scheme}://localhost:{port}", trusted).send(message(recipient=RECIPIENT))
    assert (attempt.result, attempt.detail) == (
        AttemptResult.RETRY,
        "localhost: the certificate is for another host",
    )
    assert mailbox.mails == []


async def test_a_wrong_password_is_refused(serve, trusted):
    """A server that refuses the login refuses the mail, and the password is not told."""
    deny = lambda *_: AuthResult(success=False, handled=False)  # noqa: E731
    port = await serve(Mailbox(), authenticator=deny, auth_required=True)
    attempt = await email_channel(f"smtp://u:canary@localhost:{port}", trusted).send(message(recipient=RECIPIENT))
    assert (attempt.result, attempt.status) == (AttemptResult.REFUSED, 535)
    assert "canary" not in attempt.detail


@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
@pytest.mark.parametrize(
    ("reply", "result"),
    [
        ("421 Try again later", AttemptResult.WAIT),
        ("450 Grey-listed", AttemptResult.RETRY),
        ("451 Local error", AttemptResult.RETRY),
        ("452 Full", AttemptResult.RETRY),
        ("550 No such user", AttemptResult.REFUSED),
        ("554 No", AttemptResult.REFUSED),
    ],
)
async def test_replies_are_judged_at_every_step(serve, trusted, step, reply, result):
    """A reply means the same for the sender, the recipient and the mail."""
    attempt, _ = await sent(serve, trusted, **{step: reply})
    assert (attempt.result, attempt.status) == (result, int(reply[:3]))
    assert reply in attempt.detail
    minutes = {"421": 1, "450": 5, "451": 5}.get(reply[:3])
    assert attempt.retry_after == (minutes and timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("greeting", "result"),
    [("421 Too many", AttemptResult.WAIT), ("450 Busy", AttemptResult.RETRY), ("554 No", AttemptResult.REFUSED)],
)
async def test_a_greeting_is_judged_as_any_reply(trusted, greeting, result):
    """A server that turns us away at the door means what it says there."""

    async def turn_away(_, writer):
        writer.write(f"{greeting}\r\n".encode())
        writer.close()

    server = await asyncio.start_server(turn_away, "127.0.0.1", 0)
    url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}?tls=none"
    attempt = await email_channel(url, trusted).send(message(recipient=RECIPIENT))
    server.close()
    assert (attempt.result, attempt.status) == (result, int(greeting[:3]))


@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
async def test_every_reply_is_judged_by_its_class(serve, trusted, step):
    """At every step, whatever code a server may answer with means sent, patience, another try or a refusal."""
    mailbox = Mailbox()
    port = await serve(mailbox, tls="none")
    sending = email_channel(f"smtp://127.0.0.1:{port}?tls=none", trusted)
    accepted = {"mail": {250}, "rcpt": {250, 251}, "data": {250}}[step]
    for code in range(200, 600):
        mailbox.answer(**{step: f"{code} said so"})
        attempt = await sending.send(message(recipient=RECIPIENT))
        assert attempt.result is _expected(code, accepted), code
        assert attempt.status == (250 if code in accepted else code)


def _expected(code, accepted):
    """Return what table of replies says of one."""
    if code in accepted:
        return AttemptResult.SENT
    if code == 421:
        return AttemptResult.WAIT
    return AttemptResult.RETRY if 400 <= code <= 499 else AttemptResult.REFUSED


async def test_a_cut_after_the_mail_is_unsure(serve, trusted):
    """A server that is gone after DATA may have the mail."""
    attempt, mailbox = await sent(serve, trusted, cut=True)
    assert attempt.result is AttemptResult.UNSURE
    assert len(mailbox.mails) == 1


async def test_a_late_answer_is_unsure(serve, trusted):
    """An attempt ends at its timeout, and a mail that was handed over by then may have arrived."""
    started = asyncio.get_running_loop().time()
    attempt, _ = await sent(serve, trusted, delay=5, timeout=0.3)
    assert asyncio.get_running_loop().time() - started < 1.0
    assert attempt.result is AttemptResult.UNSURE


async def test_a_server_that_says_nothing_is_tried_again(trusted):
    """Silence instead of a greeting is a failure for now, within the timeout."""
    writers = []
    server = await asyncio.start_server(lambda _, writer: writers.append(writer), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    attempt = await email_channel(f"smtp://localhost:{port}", trusted, timeout=0.2).send(message(recipient=RECIPIENT))
    server.close()
    for writer in writers:
        writer.transport.abort()
    await asyncio.sleep(0)
    assert (attempt.result, attempt.detail) == (AttemptResult.RETRY, "localhost took too long")


@pytest.mark.parametrize(
    ("url", "detail"),
    [
        ("smtp://127.0.0.1:1", "could not connect to 127.0.0.1"),
        ("smtp://relay.invalid", "could not find the host relay.invalid"),
    ],
)
async def test_a_server_that_is_not_there_is_tried_again(trusted, url, detail):
    """A relay that cannot be found or reached is a failure for now."""
    attempt = await email_channel(url, trusted).send(message(recipient=RECIPIENT))
    assert (attempt.result, attempt.detail) == (AttemptResult.RETRY, detail)


@pytest.mark.parametrize("tls", ["starttls", "tls"])
@pytest.mark.parametrize("encrypted", [False, True])
async def test_a_mail_goes_through_the_channels_proxy(serve, smtp_authority, trusted, tls, encrypted):
    """Through a proxy, by plain HTTP or TLS, a mail arrives as it does without; the relay's certificate is checked."""
    mailbox, scheme = Mailbox(), {"starttls": "smtp", "tls": "smtps"}[tls]
    port = await serve(mailbox, tls=tls, name="relay.example.org")
    context = None
    if encrypted:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        smtp_authority.issue_cert("127.0.0.1").configure_cert(context)
    async with Proxy(login="user:canary", tls=context, at_once=tls == "starttls") as proxy:
        way = proxy.url.replace("//", "//user:canary@")
        sending = email_channel(f"{scheme}://relay.example.org:{port}", trusted, proxy=way)
        assert (await sending.send(message(recipient=RECIPIENT))).result is AttemptResult.SENT
        other = email_channel(f"{scheme}://other.example.org:{port}", trusted, proxy=way)
        attempt = await other.send(message(recipient=RECIPIENT))
    assert attempt.detail == "other.example.org: the certificate is for another host"
    assert proxy.lines[0] == f"CONNECT relay.example.org:{port} HTTP/1.1"
    assert len(mailbox.mails) == 1


async def test_a_relay_on_this_machine_is_not_asked_through_a_proxy(serve, trusted):
    """A loopback relay is ours alone: the proxy's own loopback is another."""
    mailbox = Mailbox()
    port = await serve(mailbox, tls="none")
    sending = email_channel(f"smtp://127.0.0.1:{port}?tls=none", trusted, proxy="http://127.0.0.1:1")
    assert (await sending.send(message(recipient=RECIPIENT))).result is AttemptResult.SENT


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        ("403 No", "the proxy does not let us through to relay.example.org: it answered 403"),
        ("407 Who", "the proxy does not let us through to relay.example.org: it wants another user or password (407)"),
    ],
)
async def test_a_proxy_that_opens_no_way_to_the_relay_is_tried_again(trusted, answer, detail):
    """A proxy that refuses a mail its way is told as such, as is one that is not there."""
    async with Proxy(answer=answer) as proxy:
        sending = email_channel("smtp://relay.example.org", trusted, proxy=proxy.url)
        attempt = await sending.send(message(recipient=RECIPIENT))
    assert (attempt.result, attempt.detail) == (AttemptResult.RETRY, detail)
    gone = await email_channel("smtp://relay.example.org", trusted, proxy=proxy.url).send(message(recipient=RECIPIENT))
    assert gone.detail == "could not connect to the proxy on the way to relay.example.org"


async def test_a_relay_that_breaks_off_behind_a_proxy_is_told_plainly(trusted):
    """What ends at the far end of a tunnel ends at ours."""
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with Proxy() as proxy:
        url = f"smtp://relay.example.org:{server.sockets[0].getsockname()[1]}"
        attempt = await email_channel(url, trusted, proxy=proxy.url).send(message(recipient=RECIPIENT))
    server.close()
    assert attempt.result is AttemptResult.RETRY
    assert attempt.detail == "could not connect to relay.example.org"


@pytest.mark.parametrize("recipient", ["a@example.org\r\nRCPT TO:<b@example.org>", "ї@example.org"])
async def test_what_is_no_address_is_never_sent(serve, trusted, recipient):
    """A recipient that cannot be an address on the wire never will be."""
    attempt, mailbox = await sent(serve, trusted, message(recipient=recipient))
    assert attempt.result is AttemptResult.GONE
    assert mailbox.mails == []


@pytest.mark.parametrize(("tls", "url"), [("starttls", "smtp://localhost:{}"), ("tls", "smtps://localhost:{}")])
async def test_a_digest_arrives_with_its_picture(serve, trusted, tls, url):
    """Over TLS a digest arrives whole: text, HTML, and the picture of its week that the HTML shows."""
    mailbox = Mailbox()
    port = await serve(mailbox, tls=tls)
    assert (await email_channel(url.format(port), trusted).send(digest())).result is AttemptResult.SENT
    mail = received(mailbox)
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
    ]  # fmt: skip
    *_, picture = mail.walk()
    assert picture.get_content().startswith(b"\x89PNG")
    assert f'src="cid:{picture["Content-ID"].strip("<>")}"' in mail.get_body(("html",)).get_content()


async def test_a_retry_of_a_digest_is_the_same_mail(serve, trusted):
    """A digest that has to be sent again is the same, byte for byte, its picture too."""
    mailbox = Mailbox(data="451 Try again")
    port = await serve(mailbox)
    for _ in range(2):
        assert (await email_channel(f"smtp://localhost:{port}", trusted).send(digest())).result is AttemptResult.RETRY
    one, two = mailbox.mails
    assert one.content == two.content


async def test_without_the_extra_a_digest_has_a_table(serve, trusted, monkeypatch):
    """Where nothing can draw, the numbers stand in a table, and the mail arrives all the same."""
    monkeypatch.setitem(sys.modules, "PIL", None)
    attempt, mailbox = await sent(serve, trusted, digest())
    assert attempt.result is AttemptResult.SENT
    assert "<table" in received(mailbox).get_body(("html",)).get_content()
    assert not list(received(mailbox).iter_attachments())


async def test_a_drawing_that_fails_fails_no_mail(serve, trusted, monkeypatch):
    """Whatever goes wrong in drawing, the mail arrives, with a table."""

    def no_font(*_):
        raise RuntimeError("no font")

    monkeypatch.setattr(ImageFont, "load_default", no_font)
    attempt, mailbox = await sent(serve, trusted, digest())
    assert attempt.result is AttemptResult.SENT
    assert "<caption" in received(mailbox).get_body(("html",)).get_content()


async def test_a_drawing_that_does_not_end_holds_up_no_mail(serve, trusted, monkeypatch):
    """A drawing that takes too long is left out, and the mail arrives meanwhile."""
    released = threading.Event()
    monkeypatch.setattr(channel_module, "_DRAWING", 0.05)
    monkeypatch.setattr(ImageFont, "load_default", lambda *_: released.wait(30))
    attempt, mailbox = await sent(serve, trusted, digest())
    released.set()
    assert attempt.result is AttemptResult.SENT
    assert "<caption" in received(mailbox).get_body(("html",)).get_content()


async def test_drawing_does_not_hold_up_the_loop(serve, trusted, monkeypatch):
    """While a picture is drawn the event loop goes on: what is due in it happens."""
    went_on = threading.Event()
    load_font = ImageFont.load_default

    def slow_font(*size):
        asyncio_loop.call_soon_threadsafe(went_on.set)
        assert went_on.wait(4)
        return load_font(*size)

    asyncio_loop = asyncio.get_running_loop()
    monkeypatch.setattr(ImageFont, "load_default", slow_font)
    attempt, mailbox = await sent(serve, trusted, digest())
    assert attempt.result is AttemptResult.SENT
    assert "<img" in received(mailbox).get_body(("html",)).get_content()


@pytest.mark.parametrize("kind", ["alert", "digest"])
@pytest.mark.parametrize("title", TITLES)
async def test_hostile_titles_are_delivered(serve, trusted, title, kind):
    """Any title arrives as one mail to one recipient, with the headers and parts that we meant."""
    sending = digest(title) if kind == "digest" else replace(hostile(title), recipient=RECIPIENT)
    attempt, mailbox = await sent(serve, trusted, sending)
    assert attempt.result is AttemptResult.SENT
    [envelope] = mailbox.mails
    assert envelope.rcpt_tos == [RECIPIENT]
    names = re.findall(rb"^([A-Za-z-]+):", envelope.content.split(b"\r\n\r\n")[0], re.MULTILINE)
    assert names == [
        b"From", b"To", b"Subject", b"Date", b"Message-ID", b"In-Reply-To", b"References", b"Auto-Submitted",
        b"List-Id", b"List-Unsubscribe", b"MIME-Version", b"Content-Type",
    ]  # fmt: skip
    parts = [part.get_content_type() for part in received(mailbox).walk()]
    assert parts[:2] == ["multipart/alternative", "text/plain"]
    assert parts[2:] == (["multipart/related", "text/html", "image/png"] if kind == "digest" else ["text/html"])
