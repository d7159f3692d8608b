"""lemon24/reader's own update: `python -m polls.with_reader WORKERS URLS DATABASE`, by a Python that has `reader`.

Every feed is asked in every round, whether reader has it scheduled or not. The authorities to trust are those of the
file that SSL_CERT_FILE names: requests, as reader uses it, would trust certifi's and no others.
"""

import os
import sys
from pathlib import Path

from polls.lines import serve


class Updates:
    """Polls a list of URLs, as reader does, into its SQLite file."""

    def __init__(self, workers: int, urls: list[str], database: str) -> None:
        import requests.adapters
        from reader import make_reader

        requests.adapters.DEFAULT_CA_BUNDLE_PATH = os.environ["SSL_CERT_FILE"]
        self._workers = workers
        self._reader = make_reader(database)
        for url in urls:
            self._reader.add_feed(url)

    def round(self, **_: object) -> object:
        """Poll each once."""
        self._reader.update_feeds(workers=self._workers, scheduled=False)
        failed = [feed.last_exception for feed in self._reader.get_feeds(broken=True)]
        if failed:
            raise RuntimeError(f"reader could not update {len(failed)} feeds: {failed[0]}")
        return {"polled": self._reader.get_feed_counts().total, "entries": self._reader.get_entry_counts().total}


if __name__ == "__main__":
    updates = Updates(int(sys.argv[1]), Path(sys.argv[2]).read_text().split(), sys.argv[3])
    serve({"round": updates.round})
