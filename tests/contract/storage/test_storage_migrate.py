"""Bringing databases up to date, and refusing those that are not ours to touch."""

import shutil
import sqlite3
import sys
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from tocsin.errors import DatabaseUnusable, StorageError
from tocsin.model import Changed, Commit, FeedState, Validators
from tocsin.ports import DueWork
from tocsin.storage import migrate, tables
from tocsin.storage.engines import Access, parse_url, single_engine
from tocsin.storage.entries import key_of
from tocsin.storage.migrate import check, upgrade
from tocsin.storage.store import open_store
from tocsin.storage.tables import metadata

NEXT_STEP = '''"""Note a colour."""

import sqlalchemy as sa
from alembic import op

revision = "{next}"
down_revision = "{newest}"


def upgrade() -> None:
    op.add_column("feeds", sa.Column("colour", sa.Text()))
    {more}
'''


REVISIONS = sorted(path.name[1:5] for path in (migrate.MIGRATIONS / "versions").glob("v*.py"))
NEWEST, NEXT = REVISIONS[-1], f"{int(REVISIONS[-1]) + 1:04}"


@pytest.fixture
def next_version(tmp_path, monkeypatch):
    """Make Tocsin the next version, whose schema has one step more."""

    def release(more: str = "") -> None:
        later = tmp_path / "100% later"
        shutil.copytree(migrate.MIGRATIONS, later, dirs_exist_ok=True)
        step = NEXT_STEP.format(more=more, next=NEXT, newest=NEWEST)
        (later / "versions" / f"v{NEXT}_colour.py").write_text(step)
        monkeypatch.setattr(migrate, "MIGRATIONS", later)

    return release


def columns_of_feeds(url):
    engine = single_engine(parse_url(url), Access.READ)
    found = {column["name"] for column in inspect(engine).get_columns("feeds")}
    engine.dispose()
    return found


def file_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def test_an_upgrade_is_applied_once(empty_url):
    """An empty database gets every revision, an up-to-date one none."""
    assert upgrade(empty_url) == REVISIONS
    assert upgrade(empty_url) == []
    check(empty_url)


def test_a_revision_is_the_number_of_its_file():
    """The files of migrations, in the order of their names, are Alembic's chain of revisions."""
    steps = list(ScriptDirectory(str(migrate.MIGRATIONS)).walk_revisions())[::-1]
    assert [step.revision for step in steps] == [Path(step.path).name[1:5] for step in steps]
    assert [Path(step.path) for step in steps] == sorted((migrate.MIGRATIONS / "versions").glob("v*.py"))


def test_the_migrations_make_the_tables(database_url):
    """What the migrations make is what the statements are written for."""
    engine = single_engine(parse_url(database_url), Access.READ)
    with engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": migrate.REVISION_TABLE})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


async def test_a_relative_url_is_below_the_working_directory(tmp_path, monkeypatch, make):
    """Three slashes name a file below the working directory, whose directories are made."""
    monkeypatch.chdir(tmp_path)
    upgrade("sqlite:///deep/down/50%? #1/tocsin.db")
    assert (tmp_path / "deep/down/50%? #1/tocsin.db").is_file()
    async with await open_store("sqlite:///deep/down/50%? #1/tocsin.db") as store:
        await store.record_tick("first", make.NOON)
        assert await store.last_tick() == make.NOON


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/tocsin", "data/tocsin.db", ""])
def test_a_url_that_cannot_be_used_is_refused_in_words(url):
    """A URL of no usable database is told which forms there are."""
    for look in (check, upgrade):
        with pytest.raises(DatabaseUnusable, match="sqlite:///relative/path"):
            look(url)


async def test_a_database_that_is_not_there_cannot_be_opened(sqlite_url):
    """Opening makes no database; a check lets a missing one pass, as an upgrade makes it."""
    check(sqlite_url)
    with pytest.raises(DatabaseUnusable, match="tocsin run"):
        await open_store(sqlite_url, read_only=True)
    assert not file_of(sqlite_url).exists()


def test_sqlite_is_copied_before_it_changes(sqlite_url, migrated, next_version):
    """The state before an upgrade stands beside the database, whole and usable by the older version."""
    next_version()
    upgrade(sqlite_url)
    file = file_of(sqlite_url)
    copy = file.with_name(f"tocsin.db.{NEWEST}.bak")
    assert sorted(path.name for path in file.parent.iterdir() if "-" not in path.name) == [file.name, copy.name]
    assert "colour" in columns_of_feeds(sqlite_url)
    assert "colour" not in columns_of_feeds(f"sqlite:///{copy}")


def test_nothing_is_copied_where_nothing_changes(sqlite_url, migrated):
    """An up-to-date database is not copied."""
    upgrade(sqlite_url)
    assert not list(file_of(sqlite_url).parent.glob("*.bak"))


def test_an_upgrade_that_cannot_copy_changes_nothing(sqlite_url, migrated, next_version):
    """Without its copy, a database is not upgraded."""
    next_version()
    (file_of(sqlite_url).parent / f"tocsin.db.{NEWEST}.bak").mkdir()
    with pytest.raises(StorageError, match="not upgraded"):
        upgrade(sqlite_url)
    assert "colour" not in columns_of_feeds(sqlite_url)


def test_an_upgrade_that_fails_changes_nothing(database_url, next_version):
    """A step that fails in its middle leaves the schema as it was, on both databases."""
    next_version(more='op.execute("SELECT * FROM nowhere")')
    with pytest.raises(StorageError, match="nowhere"):
        upgrade(database_url)
    assert "colour" not in columns_of_feeds(database_url)


async def test_an_older_database_must_be_upgraded_to_be_opened(database_url, next_version):
    """A store does not open on an older schema: it names the command that upgrades it."""
    next_version()
    with pytest.raises(DatabaseUnusable, match="tocsin db upgrade"):
        await open_store(database_url)


FIRST = "0001"  # the revision of the first release


def seed(connection, make):
    """Store what the first release would have: a feed that was polled, and an article that rang and was told."""
    article, noon = make.article(), make.NOON
    feed = {"name": article.feed, "location": make.feed().location, "kind": "http", "configured": True, "state": "ok"}
    feed |= {"etag": '"a"', "last_modified": "Tue", "fingerprint": "f", "failures": 0, "mean_gap_seconds": 90.5}
    feed |= {"due_at": noon, "first_polled_at": noon, "last_success_at": noon, "created_at": noon}
    feed |= {"polls": 4, "not_modified": 1, "received": 100, "entries_new": 2}
    kept = {"id": article.id, "feed": article.feed, "entry_id": article.entry_id, "first_seen": noon, "version": 1}
    keys = {"entry_key": key_of(article.entry_id), "url_key": key_of(article.canonical_url)}
    entry = {"feed": article.feed, **keys, "entry_id": article.entry_id, "canonical_url": article.canonical_url}
    fields = ("title", "text", "text_kind", "language", "url", "canonical_url", "summary", "published", "updated")
    version = {name: getattr(article, name) for name in (*fields, "content_hash", "authors", "tags")}
    version |= {"masked": [(span.start, span.end) for span in article.masked], "fetched_at": article.fetched}
    decided = make.decisions(article)
    alert, dispatch, message = decided.alerts[0], decided.dispatches[0], decided.messages[0]
    way = {name: getattr(dispatch, name) for name in ("id", "alert_id", "channel", "state", "reason")}
    delivery = {"id": message.deliveries[0].id, "message_id": message.id, "channel": "desk", "recipient": ""}
    delivery |= {"state": "waiting", "due_at": noon, "attempts": 0, "refusals": 0}
    said = {"id": message.id, "kind": message.kind, "channel": "desk", "payload": message.payload}
    seen = {"first_seen": noon, "last_seen": noon}
    for table, row in (
        (tables.feeds, feed),
        (tables.articles, {**kept, "content_hash": article.content_hash}),
        (tables.article_versions, {"article_id": article.id, "version": 1, **version}),
        (tables.entries, {**entry, "article_id": article.id, **seen}),
        (tables.stories, {"id": alert.story_id, "first_seen": noon}),
        (tables.story_members, {"story_id": alert.story_id, "article_id": article.id, "joined_at": noon}),
        (tables.alerts, {**asdict(alert), "created_at": noon}),
        (tables.matches, {**asdict(decided.matches[0]), "created_at": noon}),
        (tables.dispatches, {**way, "changed_at": noon}),
        (tables.messages, {**said, "created_at": noon}),
        (tables.message_dispatches, {"message_id": message.id, "dispatch_id": dispatch.id}),
        (tables.deliveries, {**delivery, "created_at": noon, "changed_at": noon}),
        (tables.entry_counts, {"outcome": "new", "reason": "", "total": 1}),
        (tables.entry_counts, {"outcome": "", "reason": "", "total": 1}),
        (tables.ticks, {"owner": "first", "at": noon}),
    ):
        connection.execute(table.insert().values(row))


@pytest.fixture
def first_release(empty_url, make, monkeypatch):
    """Make the database of the first release."""
    with monkeypatch.context() as then:
        then.setattr(migrate, "HEAD", FIRST)
        upgrade(empty_url)
    engine = single_engine(parse_url(empty_url), Access.WRITE)
    with engine.begin() as connection:
        seed(connection, make)
    engine.dispose()
    return empty_url


async def test_what_the_first_release_stored_is_kept(first_release, make):
    """A database of the first release comes to this one's schema with everything in it, and the service goes on."""
    assert upgrade(first_release) == REVISIONS[1:]
    article, decided = make.article(), make.decisions(make.article())
    async with await open_store(first_release) as store:
        assert await store.last_tick() == make.NOON
        assert await store.stored_articles([article.id]) == {article.id: article}
        (known,) = await store.known_entries(article.feed, [article])
        assert (known.article_id, known.content_hash) == (article.id, article.content_hash)
        (alert,) = await store.alert_reports(None, None)
        assert alert.data == decided.alerts[0].data
        (delivery,) = await make.claimed(store)
        assert delivery.payload == decided.messages[0].payload
        totals = await store.totals()
        assert (totals.entries["new"], totals.matches["rung"], totals.dispatches["waiting"]) == (1, 1, 1)
        (report,) = await store.feed_reports(make.NOON)
        assert (report.state, report.since, report.conditions, report.moved_to) == (FeedState.OK, None, (), None)
        assert (report.received, report.not_modified_share, report.next_poll) == (100, 0.25, make.NOON)
        assert await store.due_work(make.NOON) == {DueWork.FEEDS}
        assert await store.entry_digests(article.feed) == await store.page_standings([article.id]) == {}
        assert (await store.tellings(make.NOON)).due == ()


@pytest.mark.parametrize("start", ["claimed at once", "configured first"])
async def test_a_feed_of_the_first_release_is_polled_on(first_release, make, start):
    """What a feed remembered before an upgrade is given to its next poll, which may hold whatever polls hold now."""
    upgrade(first_release)
    article = make.article()
    async with await open_store(first_release) as store:
        if start == "configured first":
            await store.apply_configuration([make.feed(every=timedelta(hours=9))], ["desk"], make.NOON)
        (due,) = await make.leased(store)
        validators = Validators(etag='"a"', last_modified="Tue")
        gap = timedelta(seconds=90.5)
        assert due.memory == make.memory(validators=validators, fingerprint="f", mean_gap=gap)
        edited = replace(article, content_hash="edited", digest="d")
        record = make.poll(
            entries=(Changed(article=edited, version=2, first_seen=make.NOON),),
            conditions=(make.condition(),),
            pages=(make.page(edited, version=2),),
        )
        assert await store.commit_poll(record) is Commit.DONE
        assert list(await store.entry_digests(article.feed)) == ["d"]
        (page,) = await make.leased_pages(store)
        assert (page.article.content_hash, page.before, page.first_seen) == ("edited", article, make.NOON)
        assert len((await store.tellings(make.NOON)).due) == 1


def test_postgresql_is_not_upgraded_by_itself(postgresql_url):
    """A PostgreSQL database that is empty or older fails its check, which names the command."""
    with pytest.raises(DatabaseUnusable, match="tocsin db upgrade"):
        check(postgresql_url)


def test_a_newer_database_is_refused(database_url):
    """A database of a revision that we do not know is refused, by the check and by the upgrade."""
    with single_engine(parse_url(database_url), Access.WRITE).begin() as connection:
        connection.execute(text("UPDATE schema_revision SET version_num = '9999'"))
    for look in (check, upgrade):
        with pytest.raises(DatabaseUnusable, match="newer Tocsin"):
            look(database_url)


def test_another_programs_tables_are_left_alone(empty_url):
    """A database with tables that are not ours is refused and not touched."""
    location = parse_url(empty_url)
    if location.drivername == "sqlite":
        file_of(empty_url).parent.mkdir()
    with single_engine(location, Access.CREATE).begin() as connection:
        connection.execute(text("CREATE TABLE recipes (name TEXT)"))
    for look in (check, upgrade):
        with pytest.raises(DatabaseUnusable, match="another program"):
            look(empty_url)
    with single_engine(location, Access.READ).begin() as connection:
        assert inspect(connection).get_table_names() == ["recipes"]


def test_a_file_with_our_revision_but_not_our_mark_is_refused(sqlite_url):
    """An SQLite file is ours by its application id, whatever its tables are called."""
    file_of(sqlite_url).parent.mkdir()
    connection = sqlite3.connect(file_of(sqlite_url))
    connection.execute("CREATE TABLE schema_revision (version_num TEXT)")
    connection.close()
    with pytest.raises(DatabaseUnusable, match="another program"):
        check(sqlite_url)


def test_a_file_that_is_no_database_is_left_alone(sqlite_url):
    """A file of another kind is refused, named, and byte for byte as it was."""
    file = file_of(sqlite_url)
    file.parent.mkdir()
    file.write_bytes(b"Dear diary, today the bridge opened. " * 100)
    for look in (check, upgrade):
        with pytest.raises(DatabaseUnusable, match=r"tocsin\.db is not an SQLite database"):
            look(sqlite_url)
    assert file.read_bytes() == b"Dear diary, today the bridge opened. " * 100
    assert list(file.parent.iterdir()) == [file]


def test_a_damaged_file_is_left_alone(sqlite_url, migrated):
    """A file with bad pages is refused with what to do, and byte for byte as it was."""
    file = file_of(sqlite_url)
    content = bytearray(file.read_bytes())
    content[4096 * 3 : 4096 * 9] = b"\xff" * 4096 * 6
    file.write_bytes(content)
    for look in (check, upgrade):
        with pytest.raises(DatabaseUnusable, match=r"tocsin\.db is damaged .* backup .* cp BACKUP .*tocsin\.db"):
            look(sqlite_url)
    assert file.read_bytes() == content


def test_a_directory_is_no_database(sqlite_url):
    """A directory in the database's place is refused in words."""
    file_of(sqlite_url).mkdir(parents=True)
    with pytest.raises(DatabaseUnusable, match="cannot be opened"):
        check(sqlite_url)


def test_a_place_that_cannot_be_made_is_said(tmp_path):
    """A parent directory that cannot be made is told as such."""
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(DatabaseUnusable, match="cannot be made"):
        upgrade(f"sqlite:///{tmp_path}/taken/tocsin.db")


def test_an_unreachable_server_is_said_without_its_password():
    """A PostgreSQL that does not answer is named, and the password of its URL is not."""
    pytest.importorskip("psycopg")
    with pytest.raises(DatabaseUnusable, match=r"cannot be reached at .*127\.0\.0\.1:1/tocsin") as refused:
        check("postgresql://ada:hunter2@127.0.0.1:1/tocsin")
    assert "hunter2" not in str(refused.value)


def test_a_missing_driver_names_the_extra(monkeypatch):
    """Without psycopg, a PostgreSQL URL is answered with the command that installs it."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(DatabaseUnusable, match=r"pip install 'tocsin\[postgres\]'"):
        check("postgresql://127.0.0.1/tocsin")
