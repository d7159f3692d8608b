"""Looking through stored articles again: what today's rules make of them, and sending what never rang."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime

from tocsin.alerts.decide import PollFacts
from tocsin.model import AlertRecord, Commit, FeedKind, FeedSpec, StoredArticle
from tocsin.pipeline.judging import Version, judge, tell_decisions
from tocsin.pipeline.tools import Tools
from tocsin.plan import Plan
from tocsin.ports import Store

#: Articles that are read at a time.
AT_A_TIME = 200


class Replaying:
    """The step that decides anew on stored articles, as if they had come now."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def replay(self, stored: StoredArticle, rules: frozenset[str]) -> tuple[AlertRecord, ...]:
        """Ring what an article rings by today's rules and never rang; return that.

        Of `rules` only, by name; empty: of all.
        """
        tools, rang = self._tools, list[AlertRecord]()
        feed = feed_of(stored, tools.configuration.plan)

        async def decide() -> Commit:
            at = tools.clock()
            poll = PollFacts(feed=replace(feed, max_age=None), at=at, first_poll=False, last_success=None)
            configuration = tools.configuration
            version = Version(article=stored.article, number=stored.version)
            decided = await judge(tools, configuration, [version], poll, at, rules=rules)
            rang[:] = decided.alerts
            if not decided.alerts:
                return Commit.DONE  # what rang before is as it was
            end = await tools.stored(lambda: tools.store.commit_replay(decided, at), step="replay", feed=feed.name)
            if end is Commit.DONE:
                tell_decisions(tools, feed, decided)
            return end

        await tools.settled(decide)
        return tuple(rang)


def feed_of(stored: StoredArticle, plan: Plan) -> FeedSpec:
    """Return the feed of a stored article, as configured, or one of that name where it is gone."""
    name = stored.article.feed
    return plan.feed_named.get(name) or FeedSpec(name=name, kind=FeedKind.HTTP, location="")


async def stored_since(store: Store, since: datetime) -> AsyncIterator[StoredArticle]:
    """Yield the articles that were first seen since then, oldest first."""
    last: StoredArticle | None = None
    while some := await store.articles_since(since, last, AT_A_TIME):
        for stored in some:
            yield stored
        last = some[-1]
