"""What holds for furniture and for identity, whatever the articles say."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from support.nouns import article
from tocsin.model import KnownEntry, New, Span
from tocsin.stories.boilerplate import mask_furniture
from tocsin.stories.identity import identify

PARAGRAPHS = st.sampled_from(
    [f"{word} stood by the quay until the last boat had gone and the lamps were lit." for word in "ABCDEFGH"]
    + ["Sign up for our newsletter today.", "Read more", "x", "Support us with a small monthly gift."]
)
TEXTS = st.lists(PARAGRAPHS, max_size=7).map("\n\n".join)
TITLES = st.sampled_from(["Boats", "Lamps", "Market report", ""])


def made(said):
    return [
        article(id=f"art_{number}", entry_id=f"{number}", title=title, text=text, content_hash=f"{number}")
        for number, (title, text) in enumerate(said)
    ]


ARTICLES = st.lists(st.tuples(TITLES, TEXTS), max_size=9).map(made)


@given(ARTICLES, st.randoms(use_true_random=False))
def test_the_order_within_a_first_batch_makes_no_difference(articles, luck):
    """Whatever the order in which a first batch comes, the same is masked of each article."""
    turned = list(articles)
    luck.shuffle(turned)
    masked = {item.id: (item.masked, item.title_masked) for item in mask_furniture(articles, ()).articles}
    assert {item.id: (item.masked, item.title_masked) for item in mask_furniture(turned, ()).articles} == masked


@given(ARTICLES, st.integers(0, 40))
def test_what_is_masked_lies_within_the_text_in_order_and_once(articles, given_until):
    """Spans come out sorted, disjoint and inside the text, and what was masked before is among them."""
    masked_before = [
        replace(item, masked=(Span(0, given_until),) if 0 < given_until <= len(item.text) else ()) for item in articles
    ]
    counted = mask_furniture(masked_before[:4], ()).reports
    numbered = [replace(report, number=number) for number, report in enumerate(counted, start=1)]
    for known, items in (((), masked_before), (numbered, masked_before[4:])):
        for before, item in zip(items, mask_furniture(items, known).articles, strict=True):
            edges = [edge for span in item.masked for edge in (span.start, span.end)]
            assert edges == sorted(edges)
            assert all(0 <= span.start < span.end <= len(item.text) for span in item.masked)
            assert all(any(s.start <= old.start and old.end <= s.end for s in item.masked) for old in before.masked)


@given(TITLES, TEXTS, st.integers(1, 12))
def test_an_article_that_comes_again_and_again_masks_nothing_of_itself(title, text, times):
    """Under however many ids one article comes, alone in its feed, it stays one report and is matched whole."""
    counted = ()
    for number in range(times):
        (item,) = made([(title, text)])
        furnished = mask_furniture([replace(item, id=f"again_{number}")], counted)
        counted = tuple(replace(report, number=1) for report in furnished.reports) or counted
        assert furnished.articles[0].masked == ()
        assert len(counted) == 1


@given(st.text(max_size=60), st.text(max_size=300), st.text(max_size=60), st.text(max_size=300), st.booleans())
def test_an_edit_of_the_title_or_the_text_alone_is_never_a_new_article(title, text, other_title, other_text, of_title):
    """An entry that keeps its id and its address, and its title or its text, stays the article that it was."""
    before = article(title=title, text=text, content_hash="before")
    said = replace(before, title=other_title) if of_title else replace(before, text=other_text)
    known = KnownEntry(
        entry_id=before.entry_id,
        canonical_url=before.canonical_url,
        article_id=before.id,
        version=1,
        content_hash="before",
        first_seen=before.fetched,
    )
    (outcome,) = identify([replace(said, content_hash="after")], [known], (), {before.id: before})
    assert not isinstance(outcome, New)


@given(ARTICLES, st.integers(1, 5))
def test_a_poll_that_comes_again_under_new_ids_brings_nothing_new(articles, times):
    """Whatever ids a feed gives to what it had before, no entry of the same words is new."""
    known = [
        KnownEntry(
            entry_id=item.entry_id,
            canonical_url=None,
            article_id=item.id,
            version=1,
            content_hash=item.content_hash,
            first_seen=item.fetched,
        )
        for item in articles
    ]
    for number in range(times):
        again = [replace(item, entry_id=f"{item.entry_id} again {number}", canonical_url=None) for item in articles]
        assert not any(isinstance(outcome, New) for outcome in identify(again, known))
