"""Messages that try to be more than text, and what no chat may find in them."""

import re
from collections.abc import Iterable
from dataclasses import replace

from hypothesis import strategies as st

from support.messages import hostile, message, notice
from tocsin.model import Excerpt, Message, MessageKind, Notice, Span

UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=150)

#: What chats make links, mentions, tags and commands of.
LIVE = (
    re.compile(r"\w+://"),
    re.compile(r"@\w"),
    re.compile(r"#\w"),
    re.compile(r"(?<!\w)/[A-Za-z0-9_]"),
    re.compile(r"\$[A-Z]{3}"),
    re.compile(r"\w\.[^\W\d_]{2,}"),
    re.compile(r"\d+\.\d+\.\d+\.\d+"),
)

#: Titles that are alive in chats, besides those of the corpus.
LIVELY = (
    "https://evil.example/path?q=1",
    "HTTP://EVIL.EXAMPLE www.evil.example evil.example",
    "[click me](https://evil.example)",
    "[https://good.example](https://evil.example)",
    "a ] b [ c ( d ) e",
    "](https://evil.example) [",
    "[[nested](https://evil.example)](https://evil.example)",
    "<https://evil.example> <at>Everybody</at>",
    "tg://user?id=1 t.me/evil /start@evilbot",
    "#hashtag $CASH @everyone @here <@&123> <@!1> <#2> <t:1:R> <:x:3> <id:customize>",
    "mail somebody@evil.example or call 1.2.3.4",
    "# heading",
    "-# small",
    "- list\n- list",
    "1. list",
    "> quote",
    ">>> quotes",
    "||spoiler|| ***all*** __under__ ~~gone~~ ```block``` \\",
    "ends in a backslash \\",
    "ends in two \\\\",
    "evil.\u202ecom https:\u2066//evil.example",
    "</b></a></blockquote><a href='https://evil.example'>x</a>",
    "&lt;b&gt; &amp;amp; &quot;",
    "@" * 3000,
    "\\" * 3000,
    "😀" * 3000,
    "https://a.bc " * 1000,
)


def assert_dead(text: str) -> None:
    """Nothing in `text` is a link, a mention, a tag or a command to a chat."""
    for pattern in LIVE:
        assert not pattern.search(text), pattern.pattern


def assert_clean(text: str) -> None:
    """No control character but the ends of lines is in `text`, and UTF-8 can hold it."""
    assert not UNSEEN.search(text)
    text.encode()


def listed(kind: MessageKind, items: Iterable[Notice], **changes: object) -> Message:
    """Make a message of several alerts."""
    plain = notice(kind=kind, url=None, excerpts=(), facts=(), alert_id="", outlet="Tocsin", rule="2 rules")
    return message(replace(plain, items=tuple(items), **changes))  # type: ignore[arg-type]


def hostile_messages(title: str) -> Iterable[tuple[Message, int]]:
    """Yield messages that say `title` wherever untrusted text may stand, each with how many links it may have."""
    alone = hostile(title)
    marked = Excerpt(text=f"{title}.com {title}", marks=(Span(len(title), len(title) + 1), Span(0, len(title) // 2)))
    facts = tuple((label, title) for label in ("Also in", "Follows", "It was", "Rule at", "Alert", title))
    told = replace(alone.notice, excerpts=(marked, *alone.notice.excerpts), facts=facts, alert_id=title, age=title)
    for update in (None, "follow_up", "changed"):
        yield replace(alone, notice=replace(told, update=update)), 1
    items = (told, hostile("Plain").notice, replace(told, rule="Another"))
    for kind in (MessageKind.GROUP, MessageKind.DIGEST):
        counts = ((title, 9), ("x", 1))
        yield listed(kind, items, headline=title, rule=title, published=title, facts=facts, counts=counts), 3


@st.composite
def any_alert(draw: st.DrawFn) -> Message:
    """Draw an alert that says any text anywhere, at any length."""
    text, times = draw(ANY_TEXT), draw(st.integers(1, 60))
    sentences = st.tuples(ANY_TEXT, st.integers(0, 50), st.integers(0, 50))
    excerpts = tuple(
        Excerpt(text=words * 20, marks=(Span(start, end),))
        for words, start, end in draw(st.lists(sentences, max_size=12))
    )
    facts = (("Also in", text * times), ("Feed", text * times), ("Rule at", text * times))
    url = f"https://herald.example.org/{draw(ANY_TEXT)}"
    return message(
        notice(headline=text * times, outlet=text * times, rule=text, url=url, excerpts=excerpts, facts=facts)
    )


@st.composite
def any_list(draw: st.DrawFn) -> Message:
    """Draw a group or a digest of up to 60 alerts of up to 40 rules, that says any text anywhere, at any length."""
    kind = draw(st.sampled_from([MessageKind.GROUP, MessageKind.DIGEST]))
    text, times, count = draw(ANY_TEXT), draw(st.integers(1, 20)), draw(st.integers(0, 60))
    rules = draw(st.lists(ANY_TEXT, min_size=1, max_size=40))
    item = notice(
        headline=text * times,
        outlet=text * times,
        age=text[:9],
        excerpts=(Excerpt(text=text * times, marks=(Span(0, 5),)),),
        facts=(("Rule at", text * times), ("Also in", text * times)),
        alert_id=text * times,
    )
    items = (replace(item, rule=rules[number % len(rules)] * times) for number in range(count))
    counts = tuple((rule * times, 7) for rule in rules)
    facts = (("Since", text * times), ("Slots", text * times))
    words = {"headline": text * times, "published": text * times, "rule": text * times}
    return listed(kind, items, more=count // 2, counts=counts, facts=facts, **words)


def wide_list(text: str, kind: MessageKind) -> Message:
    """Make a list of fifty alerts of thirty rules that is `text` throughout."""
    facts = tuple((label, text) for label in ("Also in", "Follows", "Feed", "Rule at", "Alert"))
    alert = notice(headline=text, outlet=text, excerpts=(Excerpt(text=text, marks=(Span(0, 99),)),), facts=facts)
    items = (replace(alert, rule=f"{number % 30}{text}") for number in range(50))
    return listed(kind, items, headline=text, rule=text, published=text, facts=facts, more=7)
