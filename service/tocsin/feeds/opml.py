"""Reads and writes OPML: lists of feeds in folders, as feed readers export and import them.

OPML 1.0 and 2.0 (opml.org/spec2.opml). A document is well-formed XML without declarations of its own and of at most
5 MB, or it is refused. What is no feed in it is told, with its line, and does not keep the rest from being read.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from tocsin.feeds.xml import Element, read_xml
from tocsin.model import FetchReason, ParseFailed
from tocsin.text.clean import clean_line
from tocsin.text.language import primary
from tocsin.text.urls import http_url, registered_domain, request_url

LARGEST = 5_000_000  # bytes
LONGEST_NAME = 200  # characters

#: What no document in XML can hold besides what `clean_line` takes out (XML 1.0, 2.2).
_NOT_IN_XML = dict.fromkeys((0xFFFE, 0xFFFF))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A feed in a list. `tags` are its folders, the outermost first, and its categories."""

    name: str
    url: str
    tags: tuple[str, ...] = ()
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlines:
    """The feeds of a list, each with a name and a request of its own.

    `problems` are what had to be left out, `doubles` what stands in the list before; both with their lines, in words.
    """

    feeds: tuple[Outline, ...]
    problems: tuple[str, ...] = ()
    doubles: tuple[str, ...] = ()


def read_opml(body: bytes) -> Outlines | ParseFailed:
    """Read a list of feeds. Names that stand in it twice get a number; a request that it holds twice is read once."""
    if len(body) > LARGEST:
        return _refused(f"it has more than {LARGEST // 1_000_000} MB")
    root = read_xml(body)
    if root is None:
        return _refused("it is not well-formed XML, or declares entities")
    if _declares(root):
        return _refused("it has declarations of its own (<!DOCTYPE … [ … ]>): remove them")
    if _name_of(root) != "opml":
        return _refused(f"it is not OPML: it begins with <{_name_of(root)}>")
    return _Reading().read(root)


def _refused(detail: str) -> ParseFailed:
    return ParseFailed(reason=FetchReason.NOT_A_FEED, detail=detail)


def _declares(root: Element) -> bool:
    subset = root.getroottree().docinfo.internalDTD
    return subset is not None and bool(subset.entities() or subset.elements())


def _name_of(element: Element) -> str:
    return str(element.tag).rpartition("}")[2].lower()


class _Reading:
    """Collects what a list holds."""

    def __init__(self) -> None:
        self._feeds: list[Outline] = []
        self._problems: list[str] = []
        self._doubles: list[str] = []
        self._names: set[str] = set()
        self._first: dict[str, str] = {}

    def read(self, root: Element) -> Outlines:
        """Read the document from its root."""
        for element, folders in _outlines(root):
            self._outline(element, folders)
        return Outlines(feeds=tuple(self._feeds), problems=tuple(self._problems), doubles=tuple(self._doubles))

    def _outline(self, element: Element, folders: tuple[str, ...]) -> None:
        said = _attributes(element)
        if "xmlurl" not in said:
            if not len(element):
                self._problems.append(
                    f"line {element.sourceline}: {_quoted(_title(said))} has no xmlUrl: it is no feed"
                )
            return
        url = http_url(said["xmlurl"])
        if url is None:
            message = f"{_quoted(_title(said) or said['xmlurl'])}: expected a URL that begins with http:// or https://"
            self._problems.append(f"line {element.sourceline}: {message}, without user and password")
            return
        self._feed(said, url, folders, element.sourceline or 0)

    def _feed(self, said: dict[str, str], url: str, folders: tuple[str, ...], line: int) -> None:
        if (first := self._first.get(request_url(url))) is not None:
            self._doubles.append(f"line {line}: {_quoted(_title(said) or url)} is the same as {_quoted(first)}")
            return
        name = unique_name(_title(said) or registered_domain(url), self._names)
        self._names.add(name)
        self._first[request_url(url)] = name
        tags = tuple(dict.fromkeys((*folders, *_categories(said.get("category", "")))))
        self._feeds.append(Outline(name=name, url=url, tags=tags, language=primary(said.get("language"))))


def _outlines(root: Element) -> Iterator[tuple[Element, tuple[str, ...]]]:
    """Yield the outlines of a document in its order, each with the folders around it. Not recursive: it may be deep."""
    waiting: list[tuple[Element, tuple[str, ...]]] = [(root, ())]
    while waiting:
        element, folders = waiting.pop()
        inner = folders
        if _name_of(element) == "outline":
            yield element, folders
            said = _attributes(element)
            inner = (*folders, _title(said)) if _title(said) and "xmlurl" not in said else folders
        waiting.extend((child, inner) for child in reversed(element) if _name_of(child) in {"body", "outline"})


def _attributes(element: Element) -> dict[str, str]:
    """Return the attributes that say something, their names in small letters: programs write xmlUrl as they like."""
    said = ((str(name).lower(), str(value).strip()) for name, value in element.items())
    return {name: value for name, value in said if value}


def _title(said: dict[str, str]) -> str:
    return _short(said.get("text", "")) or _short(said.get("title", ""))


def _short(text: str) -> str:
    """Return a name as the configuration takes it: one line, not too long."""
    return clean_line(text)[:LONGEST_NAME].rstrip()


def _categories(text: str) -> Iterator[str]:
    """Yield the words of a category attribute: commas part categories, slashes what contains them (OPML 2.0)."""
    return (word for part in text.split(",") for piece in part.split("/") if (word := _short(piece)))


def _quoted(text: str) -> str:
    return f'"{clean_line(text)[:LONGEST_NAME]}"'


def unique_name(name: str, taken: Iterable[str]) -> str:
    """Return `name`, or where it is taken `name 2`, `name 3`, … , never longer than a name may be."""
    taken = taken if isinstance(taken, set | frozenset | dict) else frozenset(taken)
    number, unique = 1, name
    while unique in taken:
        number += 1
        unique = f"{name[: LONGEST_NAME - len(f' {number}')]} {number}"
    return unique


# ---------------------------------------------------------------------------------------------------------------
# Writing


def write_opml(title: str, feeds: Sequence[Outline]) -> str:
    """Return a list of feeds as OPML 2.0: the first tag is a folder, the others are categories.

    A tag that no category can hold, for a comma or a slash in it, is a folder too, and so are those before it.
    """
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<opml version="2.0">']
    lines += [f"  <head><title>{_escaped(title)}</title></head>", "  <body>", *_body(feeds), "  </body>", "</opml>"]
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return _attribute(text)[1:-1]


def _attribute(text: str) -> str:
    return quoteattr(clean_line(text).translate(_NOT_IN_XML), {'"': "&quot;"})


def _body(feeds: Sequence[Outline]) -> Iterator[str]:
    """Yield the lines of the body: feeds of the same folders stand together, where the first of them stands."""
    together: dict[tuple[str, ...], list[Outline]] = {}
    for feed in feeds:
        together.setdefault(_folders(feed.tags), []).append(feed)
    for folders, inside in together.items():
        for depth, folder in enumerate(folders):
            yield f"{_indent(depth)}<outline text={_attribute(folder)}>"
        yield from (_indent(len(folders)) + _line(feed, feed.tags[len(folders) :]) for feed in inside)
        yield from (f"{_indent(depth)}</outline>" for depth in reversed(range(len(folders))))


def _folders(tags: tuple[str, ...]) -> tuple[str, ...]:
    unfit = (number for number, tag in enumerate(tags, start=1) if "," in tag or "/" in tag)
    return tags[: max(unfit, default=1)]


def _indent(depth: int) -> str:
    return "  " * (depth + 2)


def _line(feed: Outline, categories: Sequence[str]) -> str:
    said = {"text": feed.name, "title": feed.name, "type": "rss", "xmlUrl": feed.url}
    said |= {"language": feed.language} if feed.language else {}
    said |= {"category": ",".join(categories)} if categories else {}
    return f"<outline {' '.join(f'{name}={_attribute(value)}' for name, value in said.items())}/>"
