"""The documents for commands that only look: what gets and parses them, without what polls, stores and delivers."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from tocsin.model import FeedSpec, FetchOutcome, PageFailed, PageFetched, Validators
from tocsin.plan import Plan
from tocsin.ports import Fetcher, Sandbox
from tocsin.sandbox.worker import ProcessSandbox


@asynccontextmanager
async def open_documents(plan: Plan) -> AsyncIterator[tuple[Fetcher, Sandbox]]:
    """Open what gets and parses documents; of both, nothing is started before it is used."""
    async with AsyncExitStack() as stack:
        sandbox = ProcessSandbox()
        stack.push_async_callback(sandbox.aclose)
        yield _LateFetcher(plan, stack), sandbox


class _LateFetcher:
    """Implements `ports.Fetcher`. It loads HTTP and TLS when it is first asked: most commands read files only."""

    def __init__(self, plan: Plan, stack: AsyncExitStack) -> None:
        self._plan = plan
        self._stack = stack
        self._opened: Fetcher | None = None

    async def fetch(
        self, feed: FeedSpec, validators: Validators, fingerprint: str | None, *, address: str | None = None
    ) -> FetchOutcome:
        """Get what `feed` holds now, unless `validators` or `fingerprint` say that it is what we have."""
        return await self._fetcher().fetch(feed, validators, fingerprint, address=address)

    async def fetch_page(self, feed: FeedSpec, url: str) -> PageFetched | PageFailed:
        """Get the page behind an entry of `feed`, if its site's robots.txt lets us."""
        return await self._fetcher().fetch_page(feed, url)

    def _fetcher(self) -> Fetcher:
        if self._opened is None:
            self._opened = self._open()
        return self._opened

    def _open(self) -> Fetcher:
        from tocsin.fetch.fetcher import open_fetcher  # noqa: PLC0415
        from tocsin.net.transport import CheckedTransport, tls_context  # noqa: PLC0415

        transport = CheckedTransport(tls=tls_context(self._plan.ca_file))
        self._stack.push_async_callback(transport.aclose)
        return open_fetcher(transport, self._plan.contact)
