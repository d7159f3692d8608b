"""Articles that break what is done with them: tried a few times, then put aside, so that the others go on."""

import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from tocsin.errors import StorageError
from tocsin.log import Event
from tocsin.model import Article, Aside
from tocsin.pipeline.tools import Tools

#: How often an article is tried before it is put aside for good.
MOST_TRIES = 3

_LONGEST_TRACE = 20_000  # characters, of which the end is kept: it says what broke


class Poisoned(Exception):
    """Some articles of several break what is done with each; `traces` are by their ids."""

    def __init__(self, traces: Mapping[str, str]) -> None:
        super().__init__(f"{len(traces)} articles break what is done with them")
        self.traces = traces


class Spoils:
    """Notes which articles break a stage, while the others go through it."""

    def __init__(self) -> None:
        self._traces: dict[str, str] = {}
        self._first: Exception | None = None

    @contextmanager
    def of(self, article: str) -> Iterator[None]:
        """Note what breaks within as this article's."""
        try:
            yield
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
            self._first = self._first or error
            self._traces[article] = traceback.format_exc()[-_LONGEST_TRACE:]

    def settle(self, count: int) -> None:
        """Raise what broke, after `count` articles went through.

        Raises:
            Poisoned: some of them broke.
            Exception: the first one, where several and all of them broke: then it is not they.
        """
        if self._first is None:
            return
        if len(self._traces) == count > 1:
            raise self._first
        raise Poisoned(self._traces)


def is_aside(article: Article, known: Mapping[str, Aside]) -> bool:
    """Tell whether an article is not to be tried any more: its text broke often enough."""
    aside = known.get(article.id)
    return aside is not None and aside.tries >= MOST_TRIES and aside.content_hash == article.content_hash


async def put_aside(tools: Tools, article: Article, trace: str, at: datetime) -> Aside:
    """Count a try that broke, and tell of it with its trace."""
    aside = Aside(
        article_id=article.id,
        feed=article.feed,
        title=article.title,
        content_hash=article.content_hash,
        tries=0,
        trace=trace,
        at=at,
    )
    stored = await tools.stored(lambda: tools.store.put_aside(aside), step="aside", article=article.id)
    final = stored.tries >= MOST_TRIES
    tell = tools.journal.error if final else tools.journal.warning
    tell(
        Event.ARTICLE_PUT_ASIDE if final else Event.ARTICLE_BROKE,
        article=article.id,
        feed=article.feed,
        title=article.title,
        attempt=stored.tries,
        detail=trace,
    )
    return stored
