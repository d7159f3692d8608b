"""Directory feeds, on a real file system with an injected clock."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tocsin.fetch.directory import DirectoryFetcher
from tocsin.fetch.fetcher import FeedFetcher
from tocsin.model import FeedKind, Fetched, FetchFailed, FetchReason, NotModified, Validators

NOW = 1_800_000_000.0


class Clock:
    """A clock that stands still unless told otherwise."""

    now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def look(tmp_path, clock, feed_at):
    """Look at the directory with what the last look left behind."""
    fetcher = DirectoryFetcher(clock=clock, largest=1000)

    async def fetch(fingerprint=None):
        return await fetcher.fetch(feed_at(tmp_path, kind=FeedKind.DIRECTORY), Validators(), fingerprint)

    return fetch


@pytest.fixture
def put(tmp_path, clock):
    """Write a file whose time is `age` seconds ago."""

    def write(name, text="x", age=60.0):
        path = tmp_path / name
        path.write_text(text)
        os.utime(path, (clock.now - age, clock.now - age))
        return path

    return write


def names(outcome):
    return [document.name for document in outcome.documents]


async def test_files_are_documents_by_name(look, put):
    """Each file with one of the endings is a document with its own time, in the order of names."""
    for name in ("b.txt", "a.HTML", "c.htm", "d.xml", "e.rss", "f.atom", "g.json", "h.jsonl"):
        put(name, name)
    outcome = await look()
    assert names(outcome) == ["a.HTML", "b.txt", "c.htm", "d.xml", "e.rss", "f.atom", "g.json", "h.jsonl"]
    first = outcome.documents[0]
    assert (first.body, first.modified) == (b"a.HTML", datetime.fromtimestamp(NOW - 60, UTC))
    assert outcome.received == sum(len(name) for name in names(outcome))


async def test_other_files_are_passed_over(look, put, tmp_path):
    """Dot-files, other endings, directories, what is below them, pipes and dead links are not documents."""
    put("yes.txt")
    for name in (".hidden.txt", "no.pdf", "notxt", "no.txt~", "no.txt.part"):
        put(name)
    (tmp_path / "below.txt").mkdir()
    (tmp_path / "below.txt" / "deep.txt").write_text("x")
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "dead.txt").symlink_to(tmp_path / "nowhere")
    outcome = await look()
    assert (names(outcome), outcome.problems, outcome.unsettled) == (["yes.txt"], (), ())


async def test_an_unchanged_directory_is_not_read(look, put, monkeypatch):
    """The same names, sizes and times are not modified, without opening a file."""
    put("a.txt")
    fingerprint = (await look()).fingerprint
    monkeypatch.setattr(Path, "open", lambda *_: pytest.fail("opened"))
    assert await look(fingerprint) == NotModified(validators=Validators())


@pytest.mark.parametrize("change", ["content", "time", "name", "new", "gone", "rights"])
async def test_every_change_is_seen(look, put, tmp_path, change):
    """A file that is written, touched, renamed, added, removed or made readable changes the fingerprint."""
    path = put("a.txt")
    put("b.txt")
    before = (await look()).fingerprint
    match change:
        case "content":
            put("a.txt", "longer")
        case "time":
            put("a.txt", age=30)
        case "name":
            path.rename(tmp_path / "c.txt")
        case "new":
            put("c.txt")
        case "gone":
            path.unlink()
        case "rights":
            path.chmod(0o600)
    after = await look(before)
    assert isinstance(after, Fetched)
    assert after.fingerprint != before


async def test_a_fresh_file_is_left_for_the_next_look(look, put, clock):
    """What was written less than a second ago is unsettled, and read as soon as it is not."""
    put("old.txt")
    put("fresh.txt", age=0.5)
    first = await look()
    assert (names(first), first.unsettled) == (["old.txt"], ("fresh.txt",))
    assert isinstance(await look(first.fingerprint), NotModified)
    clock.now += 1
    second = await look(first.fingerprint)
    assert (names(second), second.unsettled) == (["fresh.txt", "old.txt"], ())
    assert isinstance(await look(second.fingerprint), NotModified)


async def test_a_file_whose_time_was_set_back_is_left_for_the_next_look(look, put, clock):
    """Whoever writes may say when; when a file changed is not theirs to say, and it is what counts."""
    path = put("a.txt", age=3600)
    clock.now = path.stat().st_ctime + 0.5
    first = await look()
    assert (names(first), first.unsettled) == ([], ("a.txt",))
    clock.now += 0.6
    assert names(await look(first.fingerprint)) == ["a.txt"]


async def test_a_file_that_is_written_anew_while_it_is_read_is_unsettled(look, put, monkeypatch):
    """Other bytes of the same number and time are not taken for those that we looked at."""
    path = put("a.txt", "first")
    original = Path.open

    def replace(self, *arguments):
        with original(path, "w") as stream:
            stream.write("other")
        os.utime(path, (NOW - 60, NOW - 60))
        return original(self, *arguments)

    monkeypatch.setattr(Path, "open", replace)
    outcome = await look()
    assert (names(outcome), outcome.unsettled) == ([], ("a.txt",))


async def test_a_file_from_the_future_is_read(look, put):
    """A time that a wrong clock gave does not keep a file out for ever."""
    put("later.txt", age=-3600)
    assert names(await look()) == ["later.txt"]


async def test_a_file_that_changes_while_it_is_read_is_unsettled(look, put, monkeypatch):
    """What is written to between look and read is left for the next look, which reads it."""
    path = put("a.txt")
    original = Path.open

    def grow(self, *arguments):
        with original(path, "a") as stream:
            stream.write("more")
        return original(self, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", grow)
        first = await look()
    assert (names(first), first.unsettled) == ([], ("a.txt",))
    os.utime(path, (NOW - 30, NOW - 30))
    assert names(await look(first.fingerprint)) == ["a.txt"]


async def test_a_large_file_is_a_problem(look, put):
    """A file over the limit is passed over with a line that says so; one at the limit is read."""
    put("at.txt", "x" * 1000)
    put("over.txt", "x" * 1001)
    outcome = await look()
    assert names(outcome) == ["at.txt"]
    assert outcome.problems == ("over.txt: larger than 0.001 MB, passed over",)


async def test_an_unreadable_file_is_a_problem(look, put, monkeypatch):
    """A file that may not be read is passed over with a line that says so."""
    put("a.txt")

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    outcome = await look()
    assert (names(outcome), outcome.problems) == ([], ("a.txt: may not be read, passed over",))


async def test_a_missing_directory_fails(feed_at, clock, tmp_path):
    """A path that is missing, or no directory, is a failure with a line that names it."""
    fetcher = DirectoryFetcher(clock=clock)
    (tmp_path / "file").touch()
    for path, why in ((tmp_path / "none", "does not exist"), (tmp_path / "file", "is not a directory")):
        outcome = await fetcher.fetch(feed_at(path, kind=FeedKind.DIRECTORY), Validators(), None)
        assert outcome == FetchFailed(reason=FetchReason.PATH, detail=f"the directory {path}: {why}")


async def test_names_that_are_not_utf8_do_no_harm(look, tmp_path):
    """A name that is no text is replaced where it is no text."""
    path = tmp_path / os.fsdecode(b"\xff.txt")
    path.write_text("x")
    os.utime(path, (NOW - 60, NOW - 60))
    assert names(await look()) == ["\ufffd.txt"]


async def test_feeds_are_fetched_by_their_kind(fetcher, feed_at, put, tmp_path, clock):
    """One door takes both kinds."""
    put("a.txt")
    both = FeedFetcher(http=fetcher, directory=DirectoryFetcher(clock=clock))
    assert isinstance(await both.fetch(feed_at(tmp_path, kind=FeedKind.DIRECTORY), Validators(), None), Fetched)
    outcome = await both.fetch(feed_at("http://feeds.invalid/"), Validators(), None)
    assert outcome.reason is FetchReason.DNS
    await both.aclose()
