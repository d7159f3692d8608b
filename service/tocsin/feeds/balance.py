"""Closes and drops tags so that they match, quotes attributes and leaves out those that are repeated.

Tags nest as HTML has taught people to write them: an end tag ends what was begun since, and one that ends nothing is
none. Where a feed's own elements are begun one within the other it gives up: what belongs to what is not plain then.
"""

import re
from collections import Counter

_DEEPEST = 250  # elements; XML parsers take little more
_TOKEN = re.compile(r"<!\[CDATA\[|<!--|<\?|<(/?)([A-Za-z_][\w.:-]*+)((?:[^<>\"']|\"[^\"<]*\"|'[^'<]*'|[\"'])*+)(>?)")
_ATTRIBUTE = re.compile(r"([A-Za-z_:][\w.:-]*+)\s*+=\s*+(?:\"([^\"<]*)\"|'([^'<]*)'|([^\s\"'<>]++))")
_ENTRIES = frozenset({"item", "entry", "url", "sitemap"})
_HOLDERS = _ENTRIES | {"rss", "channel", "items", "feed", "rdf", "urlset", "sitemapindex", "news"}
_TEXTS = frozenset("title link guid id pubdate published updated dc:date dc:creator loc lastmod".split())
_FIELDS = _TEXTS | _ENTRIES | frozenset("description summary content content:encoded author category".split())


class _Tags:
    """The elements that are open, each with the number of its start tag's piece, and what is written so far."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.open: list[tuple[str, int]] = []
        self.counts: Counter[str] = Counter()

    def begin(self, name: str, attributes: str) -> bool:
        """Open an element; False where it cannot be told whether it is within the last one or behind it."""
        kind = name.lower()
        if kind in _ENTRIES and self.counts[kind]:
            self.end(kind)
        if len(self.open) > _DEEPEST or (self.open and self.open[-1][0].lower() in _TEXTS and kind in _FIELDS):
            return False
        is_empty = attributes.rstrip().endswith("/")
        if not is_empty:
            self.open.append((name, len(self.pieces)))
            self.counts[kind] += 1
        self.pieces.append(f"<{name}{_evened(attributes)}{'/' if is_empty else ''}>")
        return True

    def end(self, kind: str) -> None:
        """Close the innermost element of a kind with all that is open within; nothing where there is none."""
        while self.counts[kind]:
            name, _ = self.open.pop()
            self.counts[name.lower()] -= 1
            self.pieces.append(f"</{name}>")
            if name.lower() == kind:
                return

    def end_all(self) -> None:
        """Close what is open when the document ends; what was being said is left out, and an empty entry."""
        said = [number for number, (name, _) in enumerate(self.open) if _local(name) not in _HOLDERS]
        if said:
            self._leave_out(said[0])
        if (
            self.open
            and _local(self.open[-1][0]) in _ENTRIES
            and not "".join(self.pieces[self.open[-1][1] + 1 :]).strip()
        ):
            self._leave_out(len(self.open) - 1)
        self.pieces.extend(f"</{name}>" for name, _ in reversed(self.open))

    def _leave_out(self, number: int) -> None:
        del self.pieces[self.open[number][1] :]
        del self.open[number:]


def balanced(text: str) -> str | None:
    """Return a document, from its root's start tag to where that ends; None where it is not plain what was meant."""
    tags = _Tags()
    position = 0
    for match in _TOKEN.finditer(text):
        if match.start() < position:
            continue  # within CDATA
        tags.pieces.append(text[position : match.start()])
        position = match.end()
        if match[2] is None:
            end = _end_of(text, match)
            tags.pieces.append(text[match.start() : end] if match[0] == "<![CDATA[" else "")
            position = end
        elif not match[4]:
            position = max(match.end(), match.start() + 1)  # it was cut within a tag
        elif match[1]:
            tags.end(match[2].lower())
            if not tags.open:
                return "".join(tags.pieces)
        elif not tags.begin(match[2], match[3]):
            return None
    tags.pieces.append(text[position:])
    tags.end_all()
    return "".join(tags.pieces)


def _local(name: str) -> str:
    return name.rpartition(":")[2].lower()


def _end_of(text: str, begin: re.Match[str]) -> int:
    end = {"<![CDATA[": "]]>", "<!--": "-->", "<?": "?>"}[begin[0]]
    found = text.find(end, begin.end())
    return found + len(end) if found >= 0 else len(text)


def _evened(attributes: str) -> str:
    """Return attributes with quotes, the first of each name."""
    kept: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(attributes):
        value = next((value for value in match.groups()[1:] if value is not None), "")
        kept.setdefault(match[1], value if match[4] is None else value.removesuffix("/"))
    return "".join(f' {name}="{_quotable(value)}"' for name, value in kept.items())


def _quotable(value: str) -> str:
    return value.replace('"', "&quot;")
