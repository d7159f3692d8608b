"""Mails as they are composed, and what SMTP says to them."""

import email
import re
from datetime import timedelta
from email import policy
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.hostile_titles import TITLES
from support.messages import channel, hostile, message, notice
from tocsin.channels.email import SUBJECT_LIMIT, SmtpServer, compose, judge, smtp_server, templates
from tocsin.model import AttemptResult, ChannelKind, Excerpt, Severity, Span

SPEC = channel(ChannelKind.EMAIL, smtp="smtp://relay.example.org", sender="Tocsin <tocsin@alerts.example.org>")
TEMPLATES = templates()


def composed(sent, spec=SPEC):
    """Compose, send through bytes and read back, as a receiver does."""
    content = compose(sent, spec, TEMPLATES).as_bytes()
    return content, email.message_from_bytes(content, policy=policy.default)


class Tags(HTMLParser):
    """Collects the tags of a document with the names of their attributes, and its links."""

    def __init__(self, html):
        super().__init__()
        self.tags = []
        self.links = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, tuple(name for name, _ in attributes)))
        self.links += [value for name, value in attributes if name == "href"]


def test_headers_name_delivery_story_and_rule():
    """A mail has a stable id, answers its story's root, belongs to its rule's list, and says that no one wrote it."""
    _, mail = composed(message(recipient="duty@example.org"))
    assert mail["From"] == "Tocsin <tocsin@alerts.example.org>"
    assert mail["To"] == "duty@example.org"
    assert mail["Subject"] == "Talks fail, invasion begins"
    assert mail["Date"].datetime == message().created
    assert mail["Message-ID"] == "<de_0123456789abcdef@alerts.example.org>"
    assert mail["In-Reply-To"] == mail["References"] == "<st_0123456789abcdef@alerts.example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<invasion-[0-9a-f]{8}\.tocsin\.alerts\.example\.org>", mail["List-Id"])


def test_a_retry_is_the_same_mail():
    """Composed again, a mail has the same id and date."""
    (_, one), (_, two) = composed(message()), composed(message())
    assert (one["Message-ID"], one["Date"]) == (two["Message-ID"], two["Date"])


def test_long_identifiers_stay_in_one_piece():
    """Identifiers that are longer than a line are not encoded, or no mail program would find them."""
    content, _ = composed(message(delivery_id="d" * 64, story_id="s" * 64))
    assert b"\r\nMessage-ID: <" + b"d" * 64 + b"@alerts.example.org>\r\n" in content
    assert b"\r\nReferences: <" + b"s" * 64 + b"@alerts.example.org>\r\n" in content


def test_lists_are_a_rules_own():
    """Rules whose names differ in letters that a label cannot hold have different lists."""
    lists = {composed(message(notice(rule=rule)))[1]["List-Id"] for rule in ("Війна", "Мир", "a b", "a-b", "")}
    assert len(lists) == 5
    assert all(re.fullmatch(r"<[a-z0-9-]+\.tocsin\.alerts\.example\.org>", one) for one in lists)


def test_text_comes_first_and_says_it_all():
    """The text part holds headline, outlet, link, marked words and every fact."""
    _, mail = composed(message())
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert mail.get_body(("plain",)).get_content().replace("\r\n", "\n") == (
        "Talks fail, invasion begins\nThe Example Herald · 24 Feb 2026, 10:00\n"
        "https://herald.example.org/a?id=1&lang=en\n\n"
        "The all-out **invasion** began at dawn, an officer told the Example Herald.\n\n"
        "Rule: Invasion (critical)\nLanguage: en\nText: full\nRule at: rules/my_rules.yaml:14\nAlert: al_1234\n"
    )


@pytest.mark.parametrize("severity", Severity)
def test_html_says_it_all(severity):
    """The HTML part holds the same, the headline as a link and the words in bold, at every severity."""
    _, mail = composed(message(notice(severity=severity)))
    html = mail.get_body(("html",)).get_content()
    assert Tags(html).links == ["https://herald.example.org/a?id=1&lang=en"]
    assert re.search("<strong style=[^>]*>invasion</strong> began at dawn", html)
    for words in ("Talks fail, invasion begins", "The Example Herald", severity.value, "my_rules.yaml:14", "al_1234"):
        assert words in html


@pytest.mark.parametrize("title", TITLES)
def test_hostile_titles_inject_nothing(title):
    """No title adds a header, a tag, an attribute or a link; every line is short and ends in CRLF."""
    content, mail = composed(hostile(title))
    _, plain = composed(hostile("Plain"))
    assert mail.keys() == plain.keys()
    assert len(mail["Subject"]) <= SUBJECT_LIMIT
    assert re.search(rb"[^\r]\n|\r[^\n]", content) is None
    assert max(map(len, content.split(b"\r\n"))) <= 998
    html, plain_html = (one.get_body(("html",)).get_content() for one in (mail, plain))
    tags, allowed = Tags(html).tags, set(Tags(plain_html).tags) | {("h1", ("style",))}
    assert set(tags) <= allowed
    assert all(link.startswith("https://herald.example.org/") for link in Tags(html).links)
    assert "\x1b" not in html
    assert "\x1b" not in mail.get_body(("plain",)).get_content()


def test_the_subject_is_one_line_of_at_most_250():
    """A long or empty headline makes a subject that is neither."""
    assert composed(message(notice(headline="x" * 250)))[1]["Subject"] == "x" * 250
    assert composed(message(notice(headline="x" * 251)))[1]["Subject"] == "x" * 249 + "…"
    assert composed(message(notice(headline=" \n ")))[1]["Subject"] == "(no title)"
    assert composed(message(notice(headline="a\r\n b")))[1]["Subject"] == "a b"


def test_what_is_no_web_address_is_no_link():
    """A URL that is not http or https is not put into the mail."""
    excerpts = (Excerpt(text="x", marks=(Span(0, 1),)),)
    content, _ = composed(message(notice(url="javascript:alert(1)", excerpts=excerpts)))
    assert b"javascript" not in content.replace(b"=\r\n", b"")


@pytest.mark.parametrize(
    ("url", "host", "port", "tls"),
    [
        ("smtp://relay.example.org", "relay.example.org", 587, "starttls"),
        ("smtp://relay.example.org:25", "relay.example.org", 25, "starttls"),
        ("smtps://relay.example.org", "relay.example.org", 465, "tls"),
        ("smtp://localhost?tls=none", "localhost", 25, "none"),
        ("smtp://127.0.0.1:1025?tls=none", "127.0.0.1", 1025, "none"),
        ("smtp://[::1]:1025/?tls=none", "::1", 1025, "none"),
    ],
)
def test_smtp_urls(url, host, port, tls):
    """The scheme says how to be safe: STARTTLS is required, smtps is TLS, nothing only on loopback."""
    server = smtp_server(url)
    assert (server.host, server.port, server.tls) == (host, port, tls)


def test_smtp_credentials_are_unquoted_and_not_shown():
    """User and password may hold any character, percent-encoded, and never show in a repr."""
    server = smtp_server("smtp://us%40er:p%3Ass%2F@relay.example.org")
    assert (server.user, server.password) == ("us@er", "p:ss/")
    assert "p:ss" not in repr(server)
    assert smtp_server("smtp://relay.example.org") == SmtpServer(host="relay.example.org", port=587, tls="starttls")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://secret@relay.example.org",
        "smtp://",
        "smtp://relay.example.org:secret",
        "smtp://secret@relay.example.org?tls=none",
        "smtp://10.0.0.1?tls=none",
        "smtp://localhost?tls=maybe",
        "smtps://localhost?tls=none",
        "smtp://[::1",
    ],
)
def test_other_smtp_urls_are_refused_without_repeating_them(url):
    """What is no SMTP URL, or would send in the clear, is a mistake; its message holds nothing of the URL."""
    with pytest.raises(ValueError) as raised:
        smtp_server(url)
    assert "secret" not in str(raised.value)


def test_smtp_replies():
    """421 asks for patience, other 4yz pass (grey-listing not before five minutes), all else is a refusal."""
    for code in range(200, 600):
        attempt = judge(code, "said so")
        expected = AttemptResult.RETRY if 400 <= code <= 499 else AttemptResult.REFUSED
        assert attempt.result is (AttemptResult.WAIT if code == 421 else expected)
        assert attempt.status == code
        assert attempt.retry_after == (timedelta(minutes=5) if code in {450, 451} else None)


@given(st.text(st.sampled_from("=?utf-8qb_0DA \r\n:<>@") | st.characters(exclude_categories=()), max_size=300))
def test_no_text_makes_a_header(text):
    """Whatever stands in headline, rule and ids, the mail has the headers that it is given."""
    content, mail = composed(message(notice(headline=text, rule=text), delivery_id=text, story_id=text))
    assert mail.keys() == composed(message())[1].keys()
    assert re.search(rb"[^\r]\n|\r[^\n]", content) is None
