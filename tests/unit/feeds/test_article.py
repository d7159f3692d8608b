"""From an entry to an article: identity, furniture, titles."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.nouns import NOON, article, entry, feed
from tocsin.feeds.article import AHEAD, article_of, articles_of, furniture, repeats_ids, shown_text, with_page
from tocsin.feeds.parse import parse_document
from tocsin.model import (
    Article,
    Boilerplate,
    Document,
    PageText,
    ParsedFeed,
    Skipped,
    SkipReason,
    Span,
    TextKind,
)

SEED = Path(__file__).parents[3] / "seeds" / "000_df2839bee4d5d229.txt"
DONATION = (
    Boilerplate(text="Support The Moscow Times!"),
    Boilerplate(text="… we have a small favor to ask", to_end=True),
)


def made(feed_language=None, *, feed_changes=None, **changes):
    return article_of(entry(**changes), feed(**(feed_changes or {})), feed_language, NOON)


def hidden(text, *boilerplate):
    return [text[span.start : span.end] for span in furniture(text, boilerplate)]


# ---------------------------------------------------------------------------------------------------------------
# Furniture


def test_the_seed_article_is_freed_of_its_furniture():
    """Of the shipped article the call for donations is masked to its end, and the title is the first real line."""
    document = Document(name=SEED.name, body=SEED.read_bytes())
    (article,) = articles_of(parse_document(document), feed(boilerplate=DONATION), NOON)
    text = SEED.read_text(encoding="utf-8")
    assert article.text == text
    assert article.title == "Moscow and Kyiv Call for Talks Amid Intense Shellfire"
    banner, title, appeal = (text[span.start : span.end] for span in article.masked)
    assert (banner, title) == ("Support The Moscow Times!", article.title)
    assert appeal.startswith("… we have a small favor to ask. As you may have heard")
    assert appeal.endswith("Read more")
    assert article.masked[-1].end == len(text)


@pytest.mark.parametrize(
    "paragraph",
    [
        "Read “our” archive… it's free",
        'READ "OUR" ARCHIVE... IT’S FREE',
        "  read  „our“ \t archive...\n it's\xa0free ",
    ],
)
def test_furniture_is_known_however_it_is_typeset(paragraph):
    """Case, white space, quotes and ellipses are evened before boilerplate is compared."""
    text = f"One.\n\n{paragraph}\n\nTwo."
    assert hidden(text, Boilerplate(text='Read "our" archive... it\'s free')) == [paragraph.strip()]


def test_only_whole_paragraphs_are_furniture():
    """What merely holds the words of a boilerplate is an article's own."""
    text = "Read more in our archive.\n\nPlease read more.\n\nRead more"
    assert hidden(text, Boilerplate(text="Read more")) == ["Read more"]


def test_a_trailing_star_drops_the_rest():
    """An opening that drops what follows masks from its paragraph to the end, and only where it begins one."""
    text = "News. Support us now.\n\nSupport us, dear reader.\n\nMore.\n\nAnd more."
    assert hidden(text, Boilerplate(text="Support us", to_end=True)) == [text[text.index("Support us, dear") :]]


def test_no_boilerplate_masks_nothing():
    """A feed that names no furniture has none."""
    assert made().masked == ()


paragraph = st.sampled_from(["Support us!", "support us!", "News of the day.", "Read on: more", "x", "…"])


@given(st.lists(paragraph), st.sampled_from(["\n\n", "\n \n", "\n\n\n"]))
def test_masks_lie_in_the_text(paragraphs, gap):
    """Masked spans are in order, apart, and within the text; nothing else of the text is touched."""
    text = gap.join(paragraphs)
    spans = list(furniture(text, [Boilerplate(text="Support us!"), Boilerplate(text="Read on", to_end=True)]))
    ends = [end for span in spans for end in (span.start, span.end)]
    assert ends == sorted(ends)
    assert not ends or ends[-1] <= len(text)
    shown = "".join(char for at, char in enumerate(text) if not any(span.start <= at < span.end for span in spans))
    assert "support us" not in shown.casefold()


# ---------------------------------------------------------------------------------------------------------------
# Title, language, identity


def test_a_title_in_the_text_is_the_first_paragraph_that_is_no_furniture():
    """It is taken out of what is matched as body, since it is matched as title."""
    text = "Support us!\n\nFerries\nstay\n\nThe storm."
    told = made(
        title=None, text=text, title_in_text=True, feed_changes={"boilerplate": (Boilerplate(text="Support us!"),)}
    )
    assert told.title == "Ferries stay"
    assert told.masked == (Span(0, 11), Span(13, 25))


def test_a_text_of_furniture_alone_has_no_title():
    """Where every paragraph is furniture, none of it becomes the title."""
    told = made(
        title=None,
        text="Support us!",
        title_in_text=True,
        feed_changes={"boilerplate": (Boilerplate(text="Support us!"),)},
    )
    assert told.title == ""


@pytest.mark.parametrize(
    ("configured", "own", "document", "language"),
    [
        ("uk", "ru-RU", "en", "uk"),
        (None, "ru-RU", "en", "ru"),
        (None, None, "en-GB", "en"),
        (None, "not a code!", "de", "de"),
        (None, "und", "mul", "en"),
        (None, None, None, "en"),
    ],
)
def test_the_configured_language_counts_most(configured, own, document, language):
    """The feed's configured language comes before the entry's own, that before its document's, and that before ours."""
    assert made(document, language=own, feed_changes={"language": configured}).language == language


def test_title_and_text_tell_the_language_where_nothing_else_does():
    """Without a stated language, the words of title and text together decide; too few of them decide nothing."""
    text = "Уряд очікує, що економіка зросте цього року на два відсотки."
    assert made(title="Q3", text=text).language == "uk"
    assert made(title="Нацбанк зберіг ставку на рівні шести відсотків", text=None).language == "uk"
    assert made(title="Q3", text="12 %").language is None


def test_furniture_does_not_tell_the_language():
    """A language is that of what is matched, not of what the feed's boilerplate masks."""
    asked = "Please support our newsroom with a donation and tell your friends about our work for you."
    text = f"{asked}\n\nУряд очікує, що економіка зросте цього року на два відсотки."
    assert made(title="Q3", text=text, feed_changes={"boilerplate": (Boilerplate(text=asked),)}).language == "uk"


@pytest.mark.parametrize("empty", [{"title": None, "text": None}, {"title": "", "text": " \n "}])
def test_an_entry_without_words_is_skipped(empty):
    """An entry with neither title nor text becomes no article."""
    assert made(**empty) == Skipped(entry_id="entry-1", reason=SkipReason.EMPTY)


def test_the_content_decides_the_hash_and_the_entry_the_id():
    """Title and text make the content's hash; feed and entry id make the article's id; nothing else does."""
    plain = made()
    assert made(url="https://x.example.org", published=NOON, authors=("A",)).content_hash == plain.content_hash
    assert made(title="Other").content_hash != plain.content_hash
    assert made(text="Other").content_hash != plain.content_hash
    assert made(title="Other").id == plain.id
    assert made(id="entry-2").id != plain.id
    assert made(feed_changes={"name": "Tribune"}).id != plain.id


def test_an_id_that_stands_for_everything_names_nothing():
    """Entries that differ but share an id have ids by their content; one that is merely repeated keeps its own."""
    one, two = entry(title="One"), entry(title="Two")
    told = list(articles_of(ParsedFeed(entries=(one, two, one)), feed(), NOON))
    assert len({article.entry_id for article in told}) == 2
    assert told[0].entry_id == told[2].entry_id
    (first, again) = articles_of(ParsedFeed(entries=(one, one)), feed(), NOON)
    assert first.entry_id == again.entry_id == "entry-1"


def test_an_id_that_an_entry_known_before_has_too_names_nothing():
    """An entry that shares its id with one that was not read again is named by its content, whoever was first."""
    one, two = entry(title="One"), entry(title="Two")
    by_content = {article.entry_id for article in articles_of(ParsedFeed(entries=(one, two)), feed(), NOON)}
    for unchanged in ("entry-1", *by_content):
        (article,) = articles_of(ParsedFeed(entries=(two,)), feed(), NOON, {unchanged})
        assert article.entry_id in by_content
    (article,) = articles_of(ParsedFeed(entries=(two,)), feed(), NOON, {"entry-2"})
    assert article.entry_id == "entry-1"


@given(st.text(st.characters()), st.text(st.characters()))
def test_every_entry_with_words_becomes_an_article(title, text):
    """No title and no text, lone surrogates included, keeps an entry from being hashed and kept as it stands."""
    told = made(title=title, text=text)
    if title or text.strip():
        assert isinstance(told, Article)
        assert (told.title, told.text) == (title, text)


# ---------------------------------------------------------------------------------------------------------------
# Dates, titles that stand again


@pytest.mark.parametrize(
    ("ahead", "kept"), [(timedelta(days=-9000), True), (AHEAD, True), (AHEAD + timedelta(seconds=1), False)]
)
def test_a_date_that_has_not_come_counts_as_none(ahead, kept):
    """Up to ten minutes after the fetch a date is taken for one of a clock that is ahead, later ones for a mistake."""
    told = made(published=NOON + ahead, updated=NOON + ahead)
    assert (told.published, told.updated) == ((NOON + ahead, NOON + ahead) if kept else (None, None))


def test_the_digest_of_an_entry_is_kept():
    """An article carries the digest of the entry that it was made of."""
    assert made(digest="0123456789abcdef").digest == "0123456789abcdef"


def test_a_title_that_stands_again_is_masked():
    """The first paragraph that is no furniture does not count twice where it says the title again, however typeset."""
    text = "Support us!\n\n“Ferries”  stay\n\nThe storm."
    named = {"boilerplate": (Boilerplate(text="Support us!"),)}
    told = made(title='"FERRIES" stay', text=text, title_repeated=True, feed_changes=named)
    assert shown_text(told) == "The storm."
    assert told.title == '"FERRIES" stay'
    other = made(title="Ferries sail", text=text, title_repeated=True, feed_changes=named)
    assert shown_text(other) == "“Ferries”  stay\n\nThe storm."


def test_a_title_that_stands_again_further_down_is_text():
    """Only the first paragraph is taken for the title, and only where the reader of the document says that it is."""
    assert made(title="A", text="B\n\nA", title_repeated=True).masked == ()
    assert made(title="A", text="A\n\nB").masked == ()


# ---------------------------------------------------------------------------------------------------------------
# The page behind an entry

LATER = NOON + timedelta(seconds=20)
BODY = "The storm closed the harbour on Tuesday.\n\nFerries will not sail before Monday, the harbour master said."


def with_body(text=BODY, *, given=None, feed_changes=None, **changes):
    told = article(**(given or {"text": "The storm closed the harbour on Tuesday."}))
    return with_page(told, PageText(text=text, **changes), feed(**(feed_changes or {})), LATER)


def test_the_page_of_an_article_is_its_next_version():
    """Identity, address and title stay the feed's; text, hash and time are the page's, and the text is called full."""
    before, told = article(text="The storm closed the harbour on Tuesday."), with_body(title="Other", language="de")
    same = ("id", "entry_id", "feed", "url", "canonical_url", "title", "digest", "summary", "authors", "language")
    assert [getattr(told, name) for name in same] == [getattr(before, name) for name in same]
    assert (told.text, told.text_kind, told.fetched) == (BODY, TextKind.FULL, LATER)
    assert told.content_hash not in {before.content_hash, with_body(BODY + " And more.").content_hash}
    assert told.content_hash == with_body(title="Another").content_hash


def test_the_page_gives_what_the_feed_does_not():
    """Without a title of the feed's there is the page's; without a language the page's, then what the text is in."""
    bare = {"title": "", "text": "", "language": None}
    told = with_body(title="Ferries stay", language="en-GB", given=bare)
    assert (told.title, told.language) == ("Ferries stay", "en")
    ukrainian = "Уряд очікує, що економіка зросте цього року на два відсотки."
    assert with_body(ukrainian, given=bare).language == "uk"


def test_a_page_that_says_less_than_the_feed_is_left_aside():
    """Where the page has fewer words than the feed's text without its furniture, there is no new version."""
    assert with_body("Please go on.", given={"text": "The storm closed the harbour."}) is None
    masked = {"text": "Storm.\n\nGive us your money, please, and now.", "masked": (Span(8, 41),)}
    assert with_body("The storm came.", given=masked) is not None


@pytest.mark.parametrize(
    "summary",
    [
        "The storm closed the harbour on Tuesday.",
        "the STORM closed “the harbour” on Tuesday …",
        "Ferries will not sail before Mon…",
        "Harbour: ferries will not sail before Monday, the harbour master said. [Read more]",
        "",
    ],
)
def test_a_summary_that_the_page_repeats_is_not_told_twice(summary):
    """What the feed says is left out where the page says it, cut or dressed up as it may be."""
    assert with_body(given={"text": summary}).text == BODY


def test_what_only_the_feed_says_is_kept():
    """A standfirst that stands nowhere on the page is the first paragraph, so that no page takes a match away."""
    told = with_body(given={"text": "Islanders fear an invasion of mice."})
    assert told.text == f"Islanders fear an invasion of mice.\n\n{BODY}"


def test_furniture_of_the_feed_is_not_carried_to_the_page():
    """Of the feed's text only what is no furniture is kept, so that an appeal there does not hide the page."""
    named = {"boilerplate": (Boilerplate(text="Support us", to_end=True),)}
    text = "Islanders fear an invasion of mice.\n\nSupport us now."
    told = with_body(
        f"{BODY}\n\nSupport us, dear reader.",
        given={"text": text, "masked": (Span(37, len(text)),)},
        feed_changes=named,
    )
    assert shown_text(told) == f"Islanders fear an invasion of mice.\n\n{BODY}"
    assert told.text.endswith("Support us, dear reader.")


@pytest.mark.parametrize("before", ["", "Coast\n\n", "Coast\n\nBy A. Writer\n\n"])
def test_the_headline_of_the_page_does_not_count_twice(before):
    """The title is masked where it is one of the first paragraphs of the page, and nowhere else."""
    told = with_body(f"{before}FERRIES stay in port\n\n{BODY}\n\nFerries stay in port")
    assert [told.text[span.start : span.end] for span in told.masked] == ["FERRIES stay in port"]
    assert told.masked[0].start == len(before)


@pytest.mark.parametrize(
    ("named", "key"),
    [
        ("https://www.herald.example.org/coast/1-ferries?utm_source=x", "https://herald.example.org/coast/1-ferries"),
        ("https://herald.example.org/", "https://herald.example.org/1"),
        ("https://herald.example.org", "https://herald.example.org/1"),
        ("https://portal.example.com/1", "https://herald.example.org/1"),
        ("https://[", "https://herald.example.org/1"),
        (None, "https://herald.example.org/1"),
    ],
)
def test_the_page_names_its_own_address(named, key):
    """The address that a page calls its own counts on its site alone, and a front page is nobody's."""
    assert with_body(canonical_url=named).canonical_url == key


@given(st.text(max_size=80), st.text(min_size=1, max_size=80))
def test_a_page_takes_nothing_away(summary, body):
    """Whatever feed and page say, the words of the feed's text are in the new version, or there is none."""
    told = with_body(body, given={"text": summary, "title": ""})
    if told is not None:
        assert told.text.endswith(body)
        assert all(span.end <= len(told.text) for span in told.masked)


@pytest.mark.parametrize(
    ("entries", "unchanged", "repeats"),
    [
        ((("1", "A"), ("2", "B")), set(), False),
        ((("1", "A"), ("1", "A")), set(), False),
        ((("1", "A"), ("1", "B")), set(), True),
        ((("1", "A"),), {"2"}, False),
        ((("1", "A"),), {"1"}, True),
        ((), {"1#0123456789abcdef"}, True),
        ((), {"1"}, False),
    ],
)
def test_repeated_ids_are_recognised(entries, unchanged, repeats):
    """A document repeats ids where entries that differ have one, those among them that were left out as unchanged."""
    told = tuple(entry(id=name, title=title) for name, title in entries)
    assert repeats_ids(ParsedFeed(entries=told), unchanged) is repeats
