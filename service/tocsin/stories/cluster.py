"""Which story an article belongs to. Each article opens one of its own."""

from hashlib import sha256

from tocsin.model import Article, StoryRecord


def story_id(article_id: str) -> str:
    """Return the id of the story that an article opens: the same on every machine."""
    return "sto_" + sha256(f"story\0{article_id}".encode()).hexdigest()[:16]


def open_story(article: Article) -> StoryRecord:
    """Open the story of a new article."""
    return StoryRecord(id=story_id(article.id), first_seen=article.fetched)
