"""Whether an entry was seen before."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.nouns import NOON, article
from tocsin.model import Changed, KnownEntry, New, Seen, Skipped, SkipReason
from tocsin.stories.identity import identify

URL, OTHER_URL = "https://herald.example.org/1", "https://herald.example.org/2"


def item(entry="entry-1", url=URL, content="hash-1"):
    return article(id=f"art_{entry}", entry_id=entry, canonical_url=url, content_hash=content)


def known(entry="entry-1", url=URL, content="hash-1", *, article_id="art_known", version=1):
    return KnownEntry(
        entry_id=entry,
        canonical_url=url,
        article_id=article_id,
        version=version,
        content_hash=content,
        first_seen=NOON,
    )


def outcomes(articles, rows=()):
    return list(identify(articles, rows))


def remembered(rows, told):
    """Add to what is known what a poll told, as the store does."""
    known_now = {row.entry_id: row for row in rows}
    of_article = {row.article_id: row for row in rows}
    for outcome in told:
        match outcome:
            case New(article=a):
                known_now[a.entry_id] = known(a.entry_id, a.canonical_url, a.content_hash, article_id=a.id)
            case Changed(article=a, version=version):
                renewed = known(a.entry_id, a.canonical_url, a.content_hash, article_id=a.id, version=version)
                known_now = {
                    name: replace(row, version=version, content_hash=a.content_hash) if row.article_id == a.id else row
                    for name, row in known_now.items()
                }
                known_now.setdefault(a.entry_id, renewed)
            case Seen(entry_id=name, canonical_url=url, article_id=of) if name not in known_now:
                known_now[name] = replace(of_article[of], entry_id=name, canonical_url=url)
            case _:
                pass
    return list(known_now.values())


@pytest.mark.parametrize(
    "same",
    [
        item(url=OTHER_URL),  # the id alone
        item(entry="renamed"),  # the URL alone
        item(entry="renamed", url=OTHER_URL),  # title and text alone
        item(entry="renamed", url=None),
    ],
)
def test_any_layer_alone_is_enough(same):
    """An entry is known by its id, else its canonical URL, else its title and text."""
    assert outcomes([same], [known()]) == [
        Seen(entry_id=same.entry_id, canonical_url=same.canonical_url, article_id="art_known")
    ]


def test_what_shares_nothing_is_new():
    """An entry with an id, a URL and a content of its own is new."""
    stranger = item(entry="entry-2", url=OTHER_URL, content="hash-2")
    assert outcomes([stranger], [known()]) == [New(article=stranger)]


def test_no_url_is_no_common_url():
    """Two entries without a link are not one for that."""
    stranger = item(entry="entry-2", url=None, content="hash-2")
    assert outcomes([stranger], [known(url=None)]) == [New(article=stranger)]


@pytest.mark.parametrize("edited", [item(content="hash-2"), item(entry="renamed", content="hash-2")])
def test_an_edit_is_the_next_version_of_the_same_article(edited):
    """A known entry with another title or text keeps its article's id and counts its versions on."""
    (outcome,) = outcomes([edited], [known(version=3)])
    assert isinstance(outcome, Changed)
    assert (outcome.article.id, outcome.version, outcome.article.content_hash) == ("art_known", 4, "hash-2")


def test_the_id_counts_before_the_url():
    """Where id and URL name different articles, the id is believed."""
    rows = [known("entry-1", OTHER_URL, "hash-1", article_id="art_a"), known("entry-2", URL, "hash-2", article_id="b")]
    (outcome,) = outcomes([item("entry-1", URL, "hash-1")], rows)
    assert outcome.article_id == "art_a"


def test_a_url_that_several_entries_share_tells_nothing():
    """A feed whose entries all link to the front page has as many articles as it has entries."""
    front = "https://herald.example.org/"
    articles = [item(f"entry-{number}", front, f"hash-{number}") for number in range(3)]
    assert outcomes(articles) == [New(article=one) for one in articles]
    again = [item(f"later-{number}", front, f"later-{number}") for number in range(2)]
    rows = remembered([], outcomes(articles))
    assert outcomes(again, rows) == [New(article=one) for one in again]


def test_a_url_of_an_entry_that_is_still_there_by_its_id_tells_nothing():
    """A new entry may take over the URL of one that the same poll names by its id: both are told apart."""
    old, new = item("entry-1", OTHER_URL, "hash-1"), item("entry-2", URL, "hash-2")
    first, second = outcomes([old, new], [known()])
    assert isinstance(first, Seen)
    assert second == New(article=new)


@pytest.mark.parametrize("twin", [item(), item(url=OTHER_URL, content="hash-2"), item(entry="entry-2", url=OTHER_URL)])
def test_what_stands_twice_in_a_poll_counts_once(twin):
    """An entry that repeats the id, or the title and text, of another in the poll is passed over and counted."""
    first = item()
    skipped = Skipped(entry_id=twin.entry_id, reason=SkipReason.REPEATED)
    assert outcomes([first, twin]) == [New(article=first), skipped]


def test_a_feed_that_changes_all_its_ids_rings_nothing_twice():
    """New ids for known URLs, and new URLs for known texts, are the same entries."""
    articles = [item(f"entry-{n}", f"https://herald.example.org/{n}", f"hash-{n}") for n in range(5)]
    rows = remembered([], outcomes(articles))
    renamed = [replace(one, id="x", entry_id=f"renamed-{n}") for n, one in enumerate(articles)]
    moved = [replace(one, canonical_url=f"https://tribune.example.org/{n}") for n, one in enumerate(renamed)]
    for later in (renamed, moved):
        assert all(isinstance(outcome, Seen) for outcome in outcomes(later, rows))


polls = st.lists(
    st.builds(
        item,
        st.sampled_from(["a", "b", "c", "d"]),
        st.sampled_from([None, "https://a.example.org", "https://b.example.org"]),
        st.sampled_from(["hash-1", "hash-2", "hash-3", "hash-4"]),
    ),
    max_size=7,
)


@given(st.lists(polls, max_size=3), polls)
def test_an_outcome_for_each_article(earlier, poll):
    """Every article of a poll has one outcome, and no article is told of twice."""
    rows = []
    for before in earlier:
        rows = remembered(rows, outcomes(before, rows))
    told = outcomes(poll, rows)
    assert len(told) == len(poll)
    names = [o.article_id if isinstance(o, Seen) else o.article.id for o in told if not isinstance(o, Skipped)]
    assert len(names) == len(set(names))


distinct_polls = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from([None, *"uvw"]), st.sampled_from("123456")),
    max_size=6,
    unique_by=(lambda one: one[0], lambda one: one[2]),
)


@given(distinct_polls)
def test_a_poll_that_is_replayed_is_seen(parts):
    """A poll in which every entry has an id and a content of its own gives only `Seen` when it comes again."""
    poll = [item(entry, url and f"https://{url}.example.org", content) for entry, url, content in parts]
    rows = remembered([], outcomes(poll))
    assert all(isinstance(outcome, Seen) for outcome in outcomes(poll, rows))


@given(polls)
def test_a_poll_that_is_replayed_brings_nothing_new(poll):
    """Whatever a poll repeats and mixes up, the same poll again has nothing new in it."""
    rows = remembered([], outcomes(poll))
    assert not any(isinstance(outcome, New | Changed) for outcome in outcomes(poll, rows))


def test_a_url_that_an_unchanged_entry_has_too_tells_nothing():
    """A new entry at the URL of one that needed no looking at is new, though a former entry was there as well."""
    there = Seen(entry_id="entry-2", canonical_url=URL, article_id="art_there")
    former = known("entry-0", content="hash-0", article_id="art_former")
    (told,) = identify([item()], [former], [there])
    assert isinstance(told, New)


def test_a_url_that_an_unchanged_entry_had_before_tells_nothing():
    """A new entry where one that needed no looking at used to be is new: that one is told by its own name."""
    there = Seen(entry_id="entry-2", canonical_url=OTHER_URL, article_id="art_there")
    (told,) = identify([item()], [known("entry-0", content="hash-0", article_id="art_there")], [there])
    assert isinstance(told, New)


def test_what_an_unchanged_entry_says_too_stands_twice():
    """An entry that says what one that needed no looking at does, under another name, is that one once more."""
    there = Seen(entry_id="entry-2", canonical_url=OTHER_URL, article_id="art_known")
    (told,) = identify([item()], [known("entry-2", OTHER_URL)], [there])
    assert told == Skipped(entry_id="entry-1", reason=SkipReason.REPEATED)


# ---------------------------------------------------------------------------------------------------------------
# Ids that are used again


STORM = "The storm closed the harbour on Monday, and no ferry will sail before the wind turns to the south again."
MARKET = "Prices of barley rose for the third week as buyers from the coast outbid the breweries of the valley."


def again(before, said):
    """Say what an article is, of which another one with the same id is stored."""
    known = [
        KnownEntry(
            entry_id=before.entry_id,
            canonical_url=before.canonical_url,
            article_id=before.id,
            version=1,
            content_hash=before.content_hash,
            first_seen=before.fetched,
        )
    ]
    (outcome,) = identify([said], known, (), {before.id: before})
    return outcome


def version(title, text, url="https://herald.example.org/1"):
    return article(title=title, text=text, canonical_url=url, content_hash=f"{title}{text}")


BEFORE = version("Ferries stay in port", STORM)


def test_an_id_with_another_title_and_text_is_a_new_article():
    """An id that a feed uses again for something else names a new article, with an id of its own."""
    outcome = again(BEFORE, version("Barley rises again", MARKET, "https://herald.example.org/2"))
    assert isinstance(outcome, New)
    assert outcome.reused
    assert outcome.article.id != BEFORE.id
    assert isinstance(again(BEFORE, version("Barley rises again", MARKET, None)), New)


def test_a_warning_at_one_address_is_a_new_article_where_nothing_is_the_same():
    """At the same address too, a title and a text that have nothing in common with those before are another article."""
    assert isinstance(again(BEFORE, version("Barley rises again", MARKET)), New)


@pytest.mark.parametrize(
    "said",
    [
        version("Barley rises again", STORM),
        version(BEFORE.title, MARKET),
        version("Harbour shut: ferries in port until Tuesday", "Gales keep all boats in; the wind turns on Tuesday."),
        version(
            "Ferries stay in port, harbour says", f"{STORM} Fishermen mended nets.", "https://herald.example.org/b"
        ),
    ],
    ids=["title only", "text only", "both rewritten, one address", "both grew, another address"],
)
def test_an_edit_is_no_new_article(said):
    """An edit of the title or of the text alone, and a rewrite at the same address, are versions of the article."""
    outcome = again(BEFORE, said)
    assert isinstance(outcome, Changed)
    assert outcome.article.id == BEFORE.id


def test_a_feed_that_goes_back_and_forth_makes_no_id_twice():
    """Two articles that take turns under one id are each time an article of their own."""
    other = version("Barley rises again", MARKET, None)
    names, before = {BEFORE.id}, BEFORE
    for said in (other, BEFORE, other, BEFORE):
        outcome = again(before, replace(said, canonical_url=None))
        assert outcome.article.id not in names
        names.add(outcome.article.id)
        before = outcome.article
