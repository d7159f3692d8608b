"""From an entry to an article: identity, furniture, titles."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.nouns import NOON, entry, feed
from tocsin.feeds.article import article_of, articles_of, furniture
from tocsin.feeds.parse import parse_document
from tocsin.model import Article, Boilerplate, Document, ParsedFeed, Skipped, SkipReason, Span

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


@given(st.text(st.characters()), st.text(st.characters()))
def test_every_entry_with_words_becomes_an_article(title, text):
    """No title and no text, lone surrogates included, keeps an entry from being hashed and kept as it stands."""
    told = made(title=title, text=text)
    if title or text.strip():
        assert isinstance(told, Article)
        assert (told.title, told.text) == (title, text)
