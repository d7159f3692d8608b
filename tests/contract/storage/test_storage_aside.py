"""Articles that break what is done with them, on both databases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tocsin.model import Aside

NOON = datetime(2026, 3, 4, 12, 0, 0, 123456, tzinfo=UTC)
BROKEN = Aside(
    article_id="art_1", feed="Herald", title="Ferries", content_hash="a", tries=0, trace="Traceback: one", at=NOON
)


async def test_tries_are_counted_while_the_text_is_the_same(store):
    """Each try that breaks counts, with the last trace; another text of the article begins anew."""
    later = NOON + timedelta(minutes=10)
    again = replace(BROKEN, trace="Traceback: two", at=later)
    assert [(await store.put_aside(given)).tries for given in (BROKEN, again, again)] == [1, 2, 3]
    other = replace(BROKEN, article_id="art_2")
    await store.put_aside(other)
    assert await store.asides(["art_1", "art_3"]) == {"art_1": replace(again, tries=3)}
    edited = replace(BROKEN, content_hash="b", title="Ferries stay", at=later)
    assert await store.put_aside(edited) == replace(edited, tries=1)
    assert await store.asides([]) == {}
