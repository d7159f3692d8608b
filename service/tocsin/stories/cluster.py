"""Which story an article belongs to. Each article opens one of its own."""

from hashlib import sha256

from tocsin.model import Changed, New, StoryRecord


def story_id(article_id: str) -> str:
    """Return the id of the story that an article opens: the same on every machine."""
    return "sto_" + sha256(f"story\0{article_id}".encode()).hexdigest()[:16]


def story_of(entry: New | Changed) -> StoryRecord:
    """Return the story of an article: the one that it opens, or opened when it was new."""
    first_seen = entry.first_seen if isinstance(entry, Changed) else entry.article.fetched
    return StoryRecord(id=story_id(entry.article.id), first_seen=first_seen)
