"""Mails as they are composed, and what SMTP says to them."""

import email
import re
from dataclasses import replace
from datetime import timedelta
from email import policy
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.hostile_titles import TITLES
from support.messages import channel, hostile, message, notice
from tocsin.channels.email import SUBJECT_LIMIT, SmtpServer, compose, judge, smtp_server, templates
from tocsin.channels.plot import draw_week, parse_week
from tocsin.model import AttemptResult, ChannelKind, Excerpt, MessageKind, Severity, Span

SPEC = channel(ChannelKind.EMAIL, smtp="smtp://relay.example.org", sender="Tocsin <tocsin@alerts.example.org>")
TEMPLATES = templates()
GOLDEN = Path(__file__).parents[2] / "corpus" / "channels" / "email"
DAYS = [f"2026-02-{day}" for day in range(18, 25)]
PICTURE = b"\x89PNG a picture of a week"
HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted", "List-Id",
    "List-Unsubscribe", "MIME-Version", "Content-Type",
]  # fmt: skip


def composed(sent, spec=SPEC, picture=None):
    """Compose, send through bytes and read back, as a receiver does."""
    content = compose(sent, spec, TEMPLATES, picture).as_bytes()
    return content, email.message_from_bytes(content, policy=policy.default)


def text_of(mail):
    return mail.get_body(("plain",)).get_content().replace("\r\n", "\n")


def html_of(mail):
    return mail.get_body(("html",)).get_content().replace("\r\n", "\n")


def together(kind, items, *, more=0, counts=(), week=None, **changes):
    """Make a message of alerts that are told together, as the notice of a batch is made."""
    rules = dict.fromkeys(item.rule for item in items)
    words = {
        "headline": f"{len(items) + more} alerts",
        "url": None,
        "outlet": "Tocsin",
        "rule": next(iter(rules)) if len(rules) == 1 else f"{len(rules)} rules",
        "excerpts": (),
        "facts": (("Since", "23 Feb 2026 10:00 UTC"),),
        "alert_id": "",
        **changes,
    }
    made = message(notice(kind=kind, items=tuple(items), more=more, counts=tuple(counts), **words))
    return replace(made, payload={**made.payload, "data": {**made.payload["data"], "week": week}})


def digest(items, **changes):
    return together(MessageKind.DIGEST, items, **changes)


def sample_items():
    """Three alerts of two rules."""
    flood = notice(rule="Flood", severity=Severity.NORMAL, headline="River <rises>", url=None, alert_id="al_3")
    return notice(age="2 h"), notice(headline="Talks resume", age="just now", alert_id="al_2"), flood


SAMPLES = {
    "alert": message(recipient="duty@example.org"),
    "group": together(MessageKind.GROUP, sample_items(), headline="5 alerts from Herald", more=2),
    "digest": digest(
        sample_items(),
        headline="Digest: 9 alerts of 3 rules",
        more=6,
        counts=(("Invasion", 5), ("Quiet", 3), ("Flood", 1)),
        week={"days": DAYS, "rules": {"Flood": [0, 0, 0, 0, 0, 1, 1], "Invasion": [1, 0, 3, 2, 0, 0, 4]}},
    ),
}


class Tags(HTMLParser):
    """Collects the tags of a document with the names of their attributes, its links and what it loads."""

    def __init__(self, html):
        super().__init__()
        self.tags = []
        self.links = []
        self.loaded = []
        self.alternatives = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, tuple(name for name, _ in attributes)))
        self.links += [value for name, value in attributes if name == "href"]
        self.loaded += [value for name, value in attributes if name in {"src", "background", "srcset"}]
        self.alternatives += [value for name, value in attributes if name == "alt"]


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
    label = mail["List-Id"].removeprefix("<").removesuffix(".alerts.example.org>")
    assert mail["List-Unsubscribe"] == f"<mailto:tocsin@alerts.example.org?subject=unsubscribe%20{label}>"
    assert list(mail.keys()) == HEADERS


@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.parametrize("picture", [None, PICTURE])
def test_a_retry_is_the_same_mail(kind, picture):
    """Composed again, a mail has the same bytes; that of another delivery has not."""
    sent = SAMPLES[kind]
    assert composed(sent, picture=picture)[0] == composed(sent, picture=picture)[0]
    other = composed(replace(sent, delivery_id="de_2"), picture=picture)[1]
    assert other["Message-ID"] != composed(sent)[1]["Message-ID"]
    assert other.get_boundary() != composed(sent)[1].get_boundary()


@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.parametrize("form", ["txt", "html"])
def test_mails_are_as_they_were(kind, form):
    """An alert, a group and a digest read as their files in the corpus do: head and text, and HTML."""
    _, mail = composed(SAMPLES[kind])
    head = "".join(f"{name}: {value}\n" for name, value in mail.items())
    made = f"{head}\n{text_of(mail)}" if form == "txt" else html_of(mail)
    assert made == (GOLDEN / f"{kind}.{form}").read_text(encoding="utf-8")


def test_a_digest_has_its_rules_with_their_counts():
    """Each rule is a heading with how many alerts it has, then those that are shown, then how many more there are."""
    text = text_of(composed(SAMPLES["digest"])[1])
    invasion, flood, quiet = text.index("Invasion: 5"), text.index("Flood: 1"), text.index("Quiet: 3\n\nnot listed")
    assert invasion < text.index("* Talks fail") < text.index("* Talks resume") < text.index("and 3 more") < flood
    assert flood < text.index("* River <rises>") < quiet
    assert text.count("more") == 1
    html = html_of(composed(SAMPLES["digest"])[1])
    assert re.findall(r"<h2[^>]*>(\w+) <span[^>]*>\((\d)\)", html) == [
        ("Invasion", "5"),
        ("Flood", "1"),
        ("Quiet", "3"),
    ]
    assert html.count("<li") == 3
    assert "River &lt;rises&gt;" in html


def test_a_group_is_one_list():
    """A group has no headings; its alerts say which rule each is of where they are of several."""
    _, mail = composed(SAMPLES["group"])
    assert "<h2" not in html_of(mail)
    assert html_of(mail).count("<li") == 3
    assert "  Flood · The Example Herald · " in text_of(mail)
    assert "\nand 2 more\n" in text_of(mail)
    of_one = text_of(composed(together(MessageKind.GROUP, [notice(), notice(headline="Second")]))[1])
    assert "  The Example Herald · " in of_one
    assert "more" not in of_one


def test_what_no_count_tells_of_is_told_in_all():
    """Alerts that are left out, of rules that nobody counted, are told at the end."""
    assert "\nand 4 more in all\n" in text_of(composed(digest([notice()], more=4))[1])
    assert "more" not in text_of(composed(digest([notice()], counts=[("Invasion", 1)]))[1])


def test_an_empty_digest_is_a_mail():
    """A digest in which nothing rang says so, and no more."""
    _, mail = composed(digest([], headline="Digest: nothing rang", rule=""))
    assert text_of(mail).startswith("Digest: nothing rang\nTocsin · ")
    assert "<h2" not in html_of(mail)
    assert "<li" not in html_of(mail)


def test_a_digest_and_a_mixed_group_have_lists_of_their_own():
    """A channel's digests are one list whatever they tell, its mixed groups another; a rule's groups are the rule's."""

    def list_of(sent, spec=SPEC):
        return composed(sent, spec)[1]["List-Id"]

    assert list_of(digest([])) == list_of(SAMPLES["digest"])
    assert list_of(digest([]), channel(ChannelKind.EMAIL, smtp="", sender="a@b.example")) != list_of(digest([]))
    assert list_of(together(MessageKind.GROUP, [notice()])) == list_of(SAMPLES["alert"])
    own = {list_of(SAMPLES[kind]) for kind in SAMPLES}
    named_alike = {list_of(message(notice(rule=rule))) for rule in ("digest email", "email", "group email")}
    assert len(own | named_alike) == 6


def test_a_week_is_a_table_where_there_is_no_picture():
    """Without a picture a digest has each rule's numbers in a row, day by day."""
    html = html_of(composed(SAMPLES["digest"])[1])
    rows = [re.findall(r"<t[hd][^>]*>([^<]+)<", row) for row in re.findall(r"<tr>(.*?)</tr>", html)]
    assert rows[:3] == [
        ["Rule", "18 Feb", "19 Feb", "20 Feb", "21 Feb", "22 Feb", "23 Feb", "24 Feb"],
        ["Invasion", "1", "0", "3", "2", "0", "0", "4"],
        ["Flood", "0", "0", "0", "0", "0", "1", "1"],
    ]
    assert "<img" not in html
    assert "  Invasion: 1, 0, 3, 2, 0, 0, 4\n" in text_of(composed(SAMPLES["digest"])[1])


def test_a_picture_of_the_week_lies_beside_the_html():
    """With a picture, HTML and picture are one part, the last; the HTML shows it by its id, and says its numbers."""
    sent = SAMPLES["digest"]
    png = draw_week(parse_week(sent.payload["data"]))
    content, mail = composed(sent, picture=png)
    text, related = mail.iter_parts()
    assert (text.get_content_type(), related.get_content_type()) == ("text/plain", "multipart/related")
    html, picture = related.iter_parts()
    assert (html.get_content_type(), picture.get_content_type()) == ("text/html", "image/png")
    assert picture["Content-Disposition"].content_disposition == "inline"
    assert picture.get_content() == png
    shown = Tags(html.get_content())
    assert [f"<{source.removeprefix('cid:')}>" for source in shown.loaded] == [picture["Content-ID"]]
    assert shown.alternatives == [
        "Alerts a day from 18 Feb to 24 Feb. Invasion: 1, 0, 3, 2, 0, 0, 4; Flood: 0, 0, 0, 0, 0, 1, 1."
    ]
    for line in parse_week(sent.payload["data"]).lines:
        key = f'background:{line.colour}">&nbsp;</span>&ensp;{line.rule} <span'
        assert key in html.get_content()
    assert b"<th" not in content
    assert max(map(len, content.split(b"\r\n"))) <= 998


@pytest.mark.parametrize("week", [None, "x", {"days": []}, {"days": DAYS, "rules": {"A": ["x"] * 7}}])
def test_a_digest_without_a_week_is_a_mail(week):
    """A week that is missing, or not one, leaves the rest of the digest as it is."""
    _, mail = composed(digest(sample_items(), week=week))
    assert "Alerts a day" not in text_of(mail)
    assert html_of(mail).count("<li") == 3


@pytest.mark.parametrize("kind", SAMPLES)
def test_nothing_is_fetched_when_a_mail_is_read(kind):
    """A mail loads nothing but what it carries: no image, style sheet, script or frame from anywhere."""
    html = html_of(composed(SAMPLES[kind], picture=PICTURE)[1])
    tags = Tags(html)
    assert all(source.startswith("cid:") for source in tags.loaded)
    assert {"link", "script", "iframe", "style", "object"}.isdisjoint(tag for tag, _ in tags.tags)
    assert "url(" not in html


def test_every_sentence_is_styled_where_it_stands():
    """Mail programs drop style sheets: every tag that is seen carries its style, and no class."""
    html = html_of(composed(SAMPLES["digest"], picture=PICTURE)[1])
    seen = {tag for tag in Tags(html).tags if tag[0] in {"p", "h1", "h2", "ul", "li", "a", "td", "th", "img", "span"}}
    assert all("style" in attributes for _, attributes in seen)
    assert not any("class" in attributes for _, attributes in seen)


def test_long_identifiers_stay_in_one_piece():
    """Identifiers that are longer than a line are not encoded, or no mail program would find them."""
    content, _ = composed(message(delivery_id="d" * 64, story_id="s" * 64))
    assert b"\r\nMessage-ID: <" + b"d" * 64 + b"@alerts.example.org>\r\n" in content
    assert b"\r\nReferences: <" + b"s" * 64 + b"@alerts.example.org>\r\n" in content
    sender = channel(ChannelKind.EMAIL, smtp="", sender=f"{'t' * 64}@{'d' * 60}.example.org")
    content, mail = composed(SAMPLES["digest"], sender, PICTURE)
    assert f"\r\nList-Unsubscribe: <mailto:{sender.sender}?subject=unsubscribe%20digest".encode() in content
    *_, picture = mail.walk()
    assert f"\r\nContent-ID: {picture['Content-ID']}\r\n".encode() in content


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


def hostile_list(kind, title):
    """Make a message of several alerts that says `title` wherever untrusted text may stand."""
    item = hostile(title).notice
    week = {"days": DAYS, "rules": {title: [1] * 7, f"{title}2": [2] * 7}}
    other = replace(item, rule=f"{title}2", alert_id=title, age=title)
    words = {"headline": title, "rule": title, "facts": item.facts, "outlet": title, "published": title}
    return together(kind, [item, other], more=3, counts=[(title, 2), (f"{title}3", 3)], week=week, **words)


FORMS = {
    "alert": hostile,
    "update": lambda title: message(replace(hostile(title).notice, kind=MessageKind.UPDATED, update="changed")),
    "group": lambda title: hostile_list(MessageKind.GROUP, title),
    "digest": lambda title: hostile_list(MessageKind.DIGEST, title),
}


def assert_harmless(content, mail, plain):
    """Assert that a mail has the head, parts, tags and links that `plain` has, and lines as SMTP wants them."""
    assert list(mail.keys()) == HEADERS
    assert [part.get_content_type() for part in mail.walk()] == [part.get_content_type() for part in plain.walk()]
    assert not any(part.defects for part in mail.walk())
    assert len(mail["Subject"]) <= SUBJECT_LIMIT
    assert re.search(rb"[^\r]\n|\r[^\n]", content) is None
    assert max(map(len, content.split(b"\r\n"))) <= 998
    tags, allowed = Tags(html_of(mail)), set(Tags(html_of(plain)).tags) | {("h1", ("style",))}
    assert set(tags.tags) <= allowed
    assert all(link.startswith("https://herald.example.org/") for link in tags.links)
    assert all(source.startswith("cid:week.de_") for source in tags.loaded)
    assert re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", html_of(mail) + text_of(mail)) is None


MAILS = [*((form, None) for form in FORMS), ("digest", PICTURE)]


@pytest.mark.parametrize(("form", "picture"), MAILS, ids=[*FORMS, "digest-with-picture"])
@pytest.mark.parametrize("title", TITLES)
def test_hostile_titles_inject_nothing(title, form, picture):
    """No title adds a header, part, tag, attribute or link to a mail; every line is short and ends in CRLF."""
    plain = composed(FORMS[form]("Plain"), picture=picture)[1]
    assert_harmless(*composed(FORMS[form](title), picture=picture), plain)


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


@pytest.mark.parametrize("code", range(200, 600))
def test_smtp_replies(code):
    """421 asks for a minute, other 4yz pass (grey-listing not before five minutes), all else is a refusal."""
    attempt = judge(code, "said so")
    expected = AttemptResult.RETRY if 400 <= code <= 499 else AttemptResult.REFUSED
    assert attempt.result is (AttemptResult.WAIT if code == 421 else expected)
    assert attempt.status == code
    minutes = {421: 1, 450: 5, 451: 5}.get(code)
    assert attempt.retry_after == (minutes and timedelta(minutes=minutes))


ANYTHING = st.text(st.sampled_from("=?utf-8qb_0DA \r\n:<>@\"'&") | st.characters(exclude_categories=()), max_size=300)


@given(ANYTHING)
def test_no_text_makes_a_header(text):
    """Whatever stands in headline, rule and ids, the mail has the headers that it is given."""
    content, mail = composed(message(notice(headline=text, rule=text), delivery_id=text, story_id=text))
    assert mail.keys() == composed(message())[1].keys()
    assert re.search(rb"[^\r]\n|\r[^\n]", content) is None


@given(ANYTHING, st.sampled_from(MAILS))
def test_no_text_is_more_than_text(text, mail):
    """Whatever stands anywhere in an alert, a group or a digest, it adds no header, part, tag, attribute or link."""
    form, picture = mail
    plain = composed(FORMS[form]("Plain"), picture=picture)[1]
    assert_harmless(*composed(FORMS[form](text), picture=picture), plain)
