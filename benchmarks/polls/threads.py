"""A thread pool of `feedparser.parse(url)`: `python -m polls.threads WORKERS URLS`.

It keeps the validators of each feed in memory, and nothing else.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import feedparser

from polls.lines import serve


class Threads:
    """Polls a list of URLs."""

    def __init__(self, workers: int, urls: list[str]) -> None:
        self._pool = ThreadPoolExecutor(workers)
        self._known: dict[str, tuple[str | None, str | None]] = dict.fromkeys(urls, (None, None))

    def round(self, **_: object) -> object:
        """Poll each once."""
        entries = sum(self._pool.map(self._poll, self._known))
        return {"polled": len(self._known), "entries": entries}

    def _poll(self, url: str) -> int:
        etag, modified = self._known[url]
        parsed = feedparser.parse(url, etag=etag, modified=modified)
        if parsed.get("status") not in {200, 304}:
            raise RuntimeError(f"{url}: {parsed.get('status')} {parsed.get('bozo_exception')!r}")
        self._known[url] = (parsed.get("etag", etag), parsed.get("modified", modified))
        return len(parsed.entries)


if __name__ == "__main__":
    threads = Threads(int(sys.argv[1]), Path(sys.argv[2]).read_text().split())
    serve({"round": threads.round})
