"""Laws of reading and writing lists of feeds."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.feeds.opml import LARGEST, LONGEST_NAME, Outline, Outlines, read_opml, unique_name, write_opml
from tocsin.model import ParseFailed
from tocsin.text.clean import clean_line


def opml(body: str, head: str = '<?xml version="1.0"?>') -> bytes:
    return f'{head}\n<opml version="1.0"><head><title>Mine</title></head><body>\n{body}\n</body></opml>'.encode()


def read(body: str) -> Outlines:
    outlines = read_opml(opml(body))
    assert isinstance(outlines, Outlines)
    return outlines


def refused(body: bytes) -> str:
    failed = read_opml(body)
    assert isinstance(failed, ParseFailed)
    return failed.detail


def test_folders_and_categories_are_tags() -> None:
    """A feed has the names of the folders around it, the outermost first, then its categories, each once."""
    outlines = read("""
        <outline text="World" title="ignored">
          <outline title="Sea">
            <outline text="Gazette" xmlUrl="https://gazette.example/rss" category="/Ports/North, World ,, coast"/>
          </outline>
          <outline text="Herald" type="rss" xmlUrl="https://herald.example/rss" language="en-GB"/>
        </outline>
        <outline text="Tribune" xmlURL=" https://tribune.example/rss " language="unknown"/>
    """)
    assert outlines.feeds == (
        Outline(name="Gazette", url="https://gazette.example/rss", tags=("World", "Sea", "Ports", "North", "coast")),
        Outline(name="Herald", url="https://herald.example/rss", tags=("World",), language="en"),
        Outline(name="Tribune", url="https://tribune.example/rss"),
    )
    assert outlines.problems == outlines.doubles == ()


def test_a_feed_without_a_name_has_that_of_its_site() -> None:
    """The text is the name, else the title, else the site; one line of a name's length."""
    outlines = read(f"""
        <outline text="" title="Titled" xmlUrl="https://a.example/"/>
        <outline xmlUrl="https://news.gazette.co.uk/rss"/>
        <outline text=" The&#10; Long \u202e Herald {"x" * 300}" xmlUrl="https://c.example/"/>
    """)
    names = [feed.name for feed in outlines.feeds]
    assert names[:2] == ["Titled", "gazette.co.uk"]
    assert names[2].startswith("The Long Herald xxx")
    assert len(names[2]) == LONGEST_NAME


def test_names_are_made_unique_and_doubles_left_out() -> None:
    """The second feed of a name gets a number; the second of an address is told with its line, and with the first."""
    outlines = read("""
        <outline text="News" xmlUrl="https://a.example/rss"/>
        <outline text="News" xmlUrl="https://b.example/rss"/>
        <outline text="Again" xmlUrl="HTTPS://A.example:443/rss#x"/>
        <outline text="News 2" xmlUrl="https://c.example/rss"/>
    """)
    assert [feed.name for feed in outlines.feeds] == ["News", "News 2", "News 2 2"]
    assert outlines.doubles == ('line 6: "Again" is the same as "News"',)


def test_what_is_no_feed_is_told_with_its_line() -> None:
    """A bad address, one with a password and an outline without any do not keep the others from being read."""
    outlines = read("""<outline text="File" xmlUrl="file:///etc/passwd"/>
        <outline text="Login" xmlUrl="https://desk:canary@a.example/"/>
        <outline text="Note"/>
        <outline text="Good" xmlUrl="https://good.example/"/>
        <outline text="Empty"><outline text="Folder"></outline></outline>""")
    assert [feed.name for feed in outlines.feeds] == ["Good"]
    said = "expected a URL that begins with http:// or https://, without user and password"
    assert outlines.problems == (
        f'line 3: "File": {said}',
        f'line 4: "Login": {said}',
        'line 5: "Note" has no xmlUrl: it is no feed',
        'line 7: "Folder" has no xmlUrl: it is no feed',
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not well-formed"),
        (b"<opml><body></opml>", "not well-formed"),
        (b"<html><body/></html>", "begins with <html>"),
        (b'<rss version="2.0"><channel/></rss>', "begins with <rss>"),
        (opml("<outline/>", '<!DOCTYPE opml [<!ENTITY a "aaaa">]>'), "entities"),
        (opml('<outline text="&a;"/>', '<!DOCTYPE opml [<!ENTITY a SYSTEM "file:///etc/passwd">]>'), "entities"),
        (opml("<outline/>", '<!DOCTYPE opml [<!ENTITY % a SYSTEM "http://a.example/x"> %a;]>'), "entities"),
        (opml("<outline/>", "<!DOCTYPE opml [<!ELEMENT opml ANY>]>"), "declarations"),
        (opml("<!--" + "x" * LARGEST + "-->"), "more than 5 MB"),
        (opml("<outline>" * 1000 + "</outline>" * 1000), "not well-formed"),
    ],
)
def test_what_is_no_list_is_refused(body: bytes, said: str) -> None:
    """Anything but well-formed OPML of at most 5 MB without declarations is refused in words."""
    assert said in refused(body)


def test_other_versions_and_encodings_are_read() -> None:
    """A plain DOCTYPE, a namespace, capitals and another encoding are no obstacle."""
    line = '<outline text="Bäcker" xmlUrl="https://a.example/"/>'
    written = f'<?xml version="1.0" encoding="iso-8859-1"?><!DOCTYPE opml><OPML><body>{line}</body></OPML>'
    for body in (written.encode("latin-1"), f'<opml xmlns="urn:x"><body>{line}</body></opml>'.encode()):
        outlines = read_opml(body)
        assert isinstance(outlines, Outlines)
        assert [feed.name for feed in outlines.feeds] == ["Bäcker"]


def test_a_deep_list_is_read_to_its_end() -> None:
    """Two hundred folders in each other are two hundred tags."""
    depth = 200
    folders = "".join(f'<outline text="{number}">' for number in range(depth))
    [feed] = read(f'{folders}<outline text="x" xmlUrl="https://a.example/"/>{"</outline>" * depth}').feeds
    assert len(feed.tags) == depth


NAMES = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="\ufffe\uffff"),
    min_size=1,
    max_size=LONGEST_NAME,
).filter(lambda text: clean_line(text) == text)
OUTLINES = st.builds(
    Outline,
    name=NAMES,
    url=st.integers(0, 10**6).map(lambda number: f"https://herald.example/rss?a={number}&b=<'\">"),
    tags=st.lists(NAMES, max_size=4, unique=True).map(tuple),
    language=st.sampled_from([None, "en", "uk", "sr"]),
)


@given(st.lists(OUTLINES, max_size=8, unique_by=(lambda feed: feed.name, lambda feed: feed.url)))
def test_what_is_written_is_read_again(feeds: list[Outline]) -> None:
    """A list that was written is read as the same feeds with the same tags in their order."""
    outlines = read_opml(write_opml("Feeds of <Tocsin> & others", feeds).encode())
    assert isinstance(outlines, Outlines)
    assert sorted(outlines.feeds, key=lambda feed: feed.name) == sorted(feeds, key=lambda feed: feed.name)
    assert outlines.problems == outlines.doubles == ()


def test_folders_are_written_once_and_by_the_first_tag() -> None:
    """Feeds of one first tag stand in one folder; their other tags are their categories."""
    feeds = [
        Outline(name="A", url="https://a.example/", tags=("sea", "coast", "north")),
        Outline(name="B", url="https://b.example/"),
        Outline(name="C", url="https://c.example/", tags=("sea",)),
    ]
    root = ElementTree.fromstring(write_opml("Mine", feeds))
    assert (root.tag, root.get("version"), root.findtext("head/title")) == ("opml", "2.0", "Mine")
    folder, single = root.findall("body/outline")
    assert [(feed.get("text"), feed.get("category")) for feed in folder] == [("A", "coast,north"), ("C", None)]
    assert (folder.get("text"), single.get("xmlUrl"), single.get("type")) == ("sea", "https://b.example/", "rss")


@given(NAMES, st.sets(NAMES, max_size=4), st.integers(1, 3))
def test_a_unique_name_is_one(name: str, others: set[str], times: int) -> None:
    """A name that is not taken stays; one that is taken becomes another of a name's length, whatever is taken."""
    taken = set(others)
    for _ in range(times):
        unique = unique_name(name, taken)
        assert unique not in taken
        assert len(unique) <= LONGEST_NAME
        assert unique == name or name in taken
        taken.add(unique)
