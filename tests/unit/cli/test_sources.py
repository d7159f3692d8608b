"""How sources are read: JSON lines piece by piece, anything else by its name or by how it begins."""

import asyncio
import json
from contextlib import asynccontextmanager
from io import BufferedReader, BytesIO, RawIOBase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.commands import objects
from support.session import Session
from tocsin.cli import sources
from tocsin.cli.progress import Progress
from tocsin.cli.sources import pieces
from tocsin.model import ParsedFeed
from tocsin.plan import Plan


class Pipe(RawIOBase):
    """A pipe that hands out what it is given, a chunk at a time."""

    def __init__(self, chunks):
        self._chunks = list(chunks)

    def readable(self):
        return True

    def readinto(self, buffer):
        chunk = self._chunks.pop(0) if self._chunks else b""
        buffer[: len(chunk)] = chunk
        return len(chunk)


@pytest.fixture
def tocsin(tmp_path, monkeypatch):
    """Return the commands in an empty working directory."""
    monkeypatch.chdir(tmp_path)
    return Session(tmp_path)


def lines(*titles):
    return "".join(json.dumps({"title": title}) + "\n" for title in titles)


def titles(ended):
    return [article["title"] for article in objects(ended.stdout)]


# ---------------------------------------------------------------------------------------------------------------
# Pieces


@given(
    st.lists(st.binary(max_size=12).map(lambda text: text.replace(b"\n", b"") + b"\n"), max_size=8),
    st.binary(max_size=5).map(lambda text: text.replace(b"\n", b"")),
    st.lists(st.integers(1, 9), max_size=30),
)
def test_lines_are_whole_however_they_come(whole, last, cuts):
    """However a file comes in chunks, each line that is not blank is in one piece, under its number."""
    body = b"".join(whole) + last
    chunks, rest = [], body
    for cut in cuts:
        chunks, rest = [*chunks, rest[:cut]], rest[cut:]
    chunks = [chunk for chunk in [*chunks, rest] if chunk]
    found = [
        (number + offset, line)
        for number, piece in pieces(BufferedReader(Pipe(chunks)), b"")
        for offset, line in enumerate(piece.split(b"\n"))
        if line.strip(b" \t\r\n\xef\xbb\xbf")
    ]
    expected = [
        (number, line) for number, line in enumerate(body.split(b"\n"), start=1) if line.strip(b" \t\r\n\xef\xbb\xbf")
    ]
    assert found == expected


def test_a_piece_is_there_as_soon_as_its_line_is():
    """A line that has come is not held back for those behind it."""
    pipe = Pipe([b"one\n", b"tw", b"o\n", b"three"])
    assert list(pieces(BufferedReader(pipe), b"")) == [(1, b"one\n"), (2, b"two\n"), (3, b"three")]


def test_a_line_that_is_too_long_is_left_out(monkeypatch):
    """It costs no more memory than the limit, and neither the lines around it nor their numbers."""
    monkeypatch.setattr(sources, "LONGEST_LINE", 10)
    monkeypatch.setattr(sources, "PIECE", 4)
    body = b"one\n" + b"x" * 1000 + b"\nthree\n" + b"y" * 50
    assert list(pieces(BytesIO(body), b"")) == [(1, b"one\n"), (2, 10), (3, b"three\n"), (4, 10)]


def test_the_number_of_a_bad_line_is_that_in_the_file(tocsin, monkeypatch):
    """Mistakes are told by line, and an article without an id is known by its line, wherever the pieces part."""
    monkeypatch.setattr(sources, "PIECE", 30)
    tocsin.write("many.jsonl", lines("a", "b") + "\n{oops\n" + lines("c"))
    ended = tocsin("match", "x", "many.jsonl", "--json")
    assert [article["id"] for article in objects(ended.stdout)] == [
        "many.jsonl#1",
        "many.jsonl#2",
        "many.jsonl#5",
    ]
    assert "many.jsonl: line 4: not valid JSON" in ended.stderr


def test_the_encoding_of_a_file_is_told_once(tocsin, monkeypatch):
    """What holds for the whole file is not said of each of its pieces."""
    monkeypatch.setattr(sources, "PIECE", 60)
    text = "".join(f'{{"title": "Мэр выступил во вторник {number}"}}\n' for number in range(9))
    (tocsin.directory / "old.jsonl").write_bytes(text.encode("cp1251"))
    ended = tocsin("match", "мэр", "old.jsonl", "--json")
    assert len(titles(ended)) == 9
    assert ended.stderr.count("windows-1251") == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_mark_at_the_start_is_read(tocsin, encoding):
    """JSON lines with a byte-order mark are read as any others."""
    (tocsin.directory / "marked.jsonl").write_bytes(lines("Ferry", "Port").encode(encoding))
    assert titles(tocsin("match", "x", "marked.jsonl", "--json")) == ["Ferry", "Port"]


def test_one_id_for_several_articles_stays_theirs(tocsin):
    """`match` prints the ids that its input has, even those that name several articles."""
    given = "".join(json.dumps({"id": "7", "title": title}) + "\n" for title in ("Ferry", "Port"))
    assert [article["id"] for article in objects(tocsin("match", "ferry", "--json", given=given).stdout)] == ["7", "7"]


# ---------------------------------------------------------------------------------------------------------------
# Files


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Ferry\n\nIt sails.", "Ferry"),
        (lines("Ferry"), "Ferry"),
        ("\n\n" + lines("Ferry"), "Ferry"),
        ('{\n"title": "Ferry"\n}', "Ferry"),
        ("<rss version='2.0'><channel><item><title>Ferry</title></item></channel></rss>", "Ferry"),
        ("<!doctype html><title>Ferry</title><p>It sails.</p>", "Ferry"),
    ],
)
@pytest.mark.parametrize("name", ["-", "notes", "notes.log"])
def test_a_name_that_says_nothing_is_no_obstacle(tocsin, text, title, name):
    """Standard input, and a file whose name has no known ending, are read by how they begin."""
    if name != "-":
        tocsin.write(name, text)
    assert titles(tocsin("match", "ferry", name, "--json", given=text)) == [title]


def test_a_document_that_is_too_large_is_left_out(tocsin, monkeypatch):
    """It is said, and the others are read."""
    monkeypatch.setattr(sources, "LARGEST", 100)
    tocsin.write("large.txt", "Ferry " * 100)
    tocsin.write("small.txt", "Ferry")
    ended = tocsin("match", "ferry", "large.txt", "small.txt")
    assert (ended.returncode, ended.stdout) == (0, "small.txt: Ferry\n")
    assert "large.txt: it has more than 100 bytes" in ended.stderr


@pytest.mark.parametrize("name", ["empty.txt", "empty.jsonl", "blank.jsonl", "-"])
def test_an_empty_file_is_told(tocsin, name):
    """What holds nothing says so, and is no match."""
    tocsin.write("empty.txt", "")
    tocsin.write("empty.jsonl", "")
    tocsin.write("blank.jsonl", "\n \n")
    ended = tocsin("match", "ferry", name)
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", f"tocsin: {name}: it is empty\n")


def test_a_directory_that_cannot_be_listed_is_told(tocsin, monkeypatch):
    """It makes the status 2, and the other files are read."""
    tocsin.write("small.txt", "Ferry")
    (tocsin.directory / "closed").mkdir()

    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.iterdir", refuse)
    ended = tocsin("match", "ferry", "closed", "small.txt")
    assert (ended.returncode, ended.stdout) == (2, "small.txt: Ferry\n")
    assert ended.stderr == "tocsin: closed: Permission denied\n"


class Inline:
    """A sandbox that runs what it is given at once, in this process, and notes what that was."""

    def __init__(self):
        self.begun = []
        self.endless = set()  # names of documents that are never parsed to the end

    async def run(self, function, document):
        self.begun.append(document.name)
        await asyncio.sleep(0)
        if document.name in self.endless:
            await asyncio.Event().wait()
        return function(document)


@pytest.fixture
def inline(monkeypatch):
    """Return the sandbox that sources are read with."""
    sandbox = Inline()

    @asynccontextmanager
    async def open_documents(plan):
        yield None, sandbox

    monkeypatch.setattr(sources, "open_documents", open_documents)
    return sandbox


async def test_the_next_document_is_parsed_meanwhile(tocsin, inline):
    """Who looks at a document has the next one parsed, and no more; sources come in their order."""
    page = "<html><title>{}</title><body><article><p>The ferry stays in port.</p></article></body></html>"
    names = [f"{number}.html" for number in range(4)]
    for name in names:
        tocsin.write(name, page.format(name))
    tocsin.write("small.txt", "Ferry")
    names.insert(2, "small.txt")
    ahead = [
        (source.name, len({*inline.begun}))
        async for source in sources.read_sources(names, Plan())
        if isinstance(source.parsed, ParsedFeed)
    ]
    assert ahead == [("0.html", 2), ("1.html", 2), ("small.txt", 2), ("2.html", 4), ("3.html", 4)]


async def test_what_nobody_asks_for_any_more_is_given_up(tocsin, inline):
    """A caller that leaves in the middle leaves nothing behind that still runs."""
    for number in range(3):
        tocsin.write(f"{number}.xml", "<rss><channel/></rss>")
    inline.endless.add("1.xml")
    reading = sources.read_sources([f"{number}.xml" for number in range(3)], Plan())
    assert (await anext(reading)).name == "0.xml"
    await reading.aclose()
    assert asyncio.all_tasks() == {asyncio.current_task()}


# ---------------------------------------------------------------------------------------------------------------
# Progress


class Terminal:
    """A terminal, or a file, that keeps what is written to it."""

    def __init__(self, *, is_terminal):
        self.written = ""
        self._is_terminal = is_terminal

    def isatty(self):
        return self._is_terminal

    def write(self, text):
        self.written += text

    def flush(self):
        pass


def test_progress_is_told_of_long_work_and_taken_away():
    """A line is written over after a second and now and then, and taken away before anything else is written."""
    now, terminal = [0.0], Terminal(is_terminal=True)
    progress = Progress(terminal, lambda: now[0])
    progress.tell(lambda: "too early")
    progress.clear()
    assert terminal.written == ""
    now[0] = 2.0
    progress.tell(lambda: "5 articles: " + "x" * 100)
    progress.tell(lambda: "too soon")
    now[0] = 3.0
    progress.tell(lambda: "9 articles")
    progress.clear()
    progress.clear()
    first, second, last = terminal.written.split("\r\x1b[K")[1:]
    assert first.startswith("5 articles")
    assert len(first) < 80
    assert (second, last) == ("9 articles", "")


def test_progress_is_told_on_a_terminal_only():
    """A log of standard error has no line of progress in it."""
    now, file = [0.0], Terminal(is_terminal=False)
    progress = Progress(file, lambda: now[0])
    now[0] = 5.0
    progress.tell(lambda: "5 articles")
    progress.clear()
    assert file.written == ""
