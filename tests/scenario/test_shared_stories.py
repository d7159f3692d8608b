"""Several daemons on one PostgreSQL agree on stories: whoever sees a copy first, it rings once."""

import asyncio
import io
import json
from contextlib import AsyncExitStack

from support.service import Clock, balanced
from tocsin.app import Outside, open_app
from tocsin.config.build import load_plan
from tocsin.fetch.directory import _SETTLED_AFTER
from tocsin.log import Log
from tocsin.ports import DueWork
from tocsin.storage.migrate import upgrade

OUTLETS, DAEMONS = 30, 3

TEXT = """PORT MERROW (Coastline Wire) - Every ferry between Port Merrow and the Lannet Islands stayed in port on
Tuesday after deckhands and engineers walked out over a new roster, leaving thousands of travellers behind.

Bakeries on Great Lannet sold out of bread before noon. The island council opened the school hall for visitors who
could not find a bed, and fishermen offered to carry the sick to the mainland for the price of the fuel.

The last strike on the line, eleven years ago, lasted sixteen days and ended with a rise that the company later called
the most expensive fortnight in its history."""


def installed(root):
    """Write a configuration of thirty directories, each with its outlet's copy of one report."""
    feeds = []
    for number in range(OUTLETS):
        place = root / f"outlet-{number}"
        place.mkdir()
        article = {
            "id": "1",
            "title": f"Ferries, says {number}",
            "text": TEXT,
            "url": f"https://outlet{number}.example/a",
        }
        (place / "article.jsonl").write_text(json.dumps(article) + "\n", "utf-8")
        feeds.append(f"  - {{name: outlet-{number}, path: '{place}'}}")
    config = root / "config"
    config.mkdir()
    (config / "tocsin.yaml").write_text(
        f"channels: [{{name: archive, type: file, path: '{root}/alerts.jsonl'}}]\n"
        "rules: [{name: Ferries, keywords: [ferry]}]\nfeeds:\n" + "\n".join(feeds)
    )
    return load_plan(config, {})


async def test_copies_that_several_daemons_meet_at_once_ring_once(postgresql_url, tmp_path):
    """Of thirty copies of a story that three daemons poll at the same moment one rings, and the others join it."""
    upgrade(postgresql_url)
    plan, clock = installed(tmp_path), Clock()
    async with AsyncExitStack() as stack:
        log = stack.enter_context(Log(level="debug", style="json", stream=io.StringIO()))
        outside = Outside(clock=clock)
        apps = [await stack.enter_async_context(open_app(plan, postgresql_url, log, outside)) for _ in range(DAEMONS)]
        await asyncio.sleep(_SETTLED_AFTER + 0.1)  # until nobody can be writing the files any more
        clock.turn(seconds=10)
        works = [work for app in apps for work in await app.pipeline.claim(DueWork.FEEDS, OUTLETS // DAEMONS)]
        assert len(works) == OUTLETS
        await asyncio.gather(*(work() for work in works))
        totals = await balanced(apps[0])
        assert totals.matches == {"rung": 1, "joined": OUTLETS - 1, "matches": OUTLETS}
        (alert,) = await apps[0].store.alert_reports(None, None)
        assert alert.data["story"]["sources_total"] == OUTLETS
        assert len({source["outlet"] for source in alert.data["story"]["sources"]}) == OUTLETS
