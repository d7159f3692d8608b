"""How SQLite goes about the statements that run all the time: by indexes, however long a service has run."""

from datetime import timedelta

from sqlalchemy import event

from tocsin.model import Commit
from tocsin.storage.store import open_store
from tocsin.storage.tables import busy_hosts, channels, chores, entry_counts, metadata, ticks

SMALL = {table.name for table in (busy_hosts, channels, chores, entry_counts, ticks)}
BIG = {table.name for table in metadata.sorted_tables} - SMALL


async def statements_of(store, *calls):
    """Return the statements that calls run, each with the values of its first row."""
    ran = {}

    def note(connection, cursor, statement, values, *_):
        ran[statement] = values[0] if isinstance(values, list) else values

    engines = (store.database._reader.engine, store.database._writer.engine)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    for call in calls:
        await call()
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)
    return {statement: values for statement, values in ran.items() if statement.split()[0] != "BEGIN"}


async def test_what_runs_all_the_time_goes_by_indexes(sqlite_url, migrated, make):
    """Looking for work, claiming it and storing what came of it reads no table that grows from end to end."""
    async with await open_store(sqlite_url) as store:
        article = make.article()
        others = [make.article(name, url=f"https://{name}.example/") for name in "abc"]
        await make.waiting(store, article, *others)
        at = make.NOON + timedelta(hours=1)

        async def poll():
            assert await store.commit_poll(make.ringing(make.article("bridge-2"))) is Commit.DONE

        ran = await statements_of(
            store,
            lambda: store.due_work(at),
            lambda: make.leased(store, now=at),
            lambda: store.entry_digests("Harbour Gazette"),
            lambda: store.known_entries("Harbour Gazette", [article]),
            lambda: store.stored_articles([article.id]),
            lambda: store.story_standings(["any"]),
            lambda: store.page_standings([article.id]),
            poll,
            lambda: make.leased_pages(store, now=at),
            lambda: store.commit_read(make.read(article)),
            lambda: make.leased_pages(store, now=at, late=True),
            lambda: store.tellings(at),
            lambda: store.wake_feed("Harbour Gazette", at),
            lambda: store.due_channels(at),
            lambda: make.claimed(store, now=at),
        )
        scans = []
        with store.database.read() as connection:
            raw = connection.connection.driver_connection
            for statement, values in ran.items():
                plan = raw.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
                steps = [step for *_, step in plan]
                scans += [(step, statement) for step in steps if step.startswith("SCAN") and step.split()[1] in BIG]
    assert len(ran) > 30
    assert scans == []
