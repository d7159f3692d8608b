"""Damages well-formed feeds in the ways that those of real publishers are damaged, and says what must be left of them.

Feeds come as text and leave as bytes: some damage is in the bytes only. What is appended to titles is appended to those
of entries; nothing else that a reader sees is changed.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>\s*")
_TITLE = re.compile(r"(<((?:[\w.-]+:)?title)(?:\s[^<>]*)?>)([^<>&]*)(</\2>)", re.IGNORECASE)
_NAMES = r"((?:[\w.-]+:)?(?:item|entry))"
_NAMES_IN_SITEMAP = r"((?:[\w.-]+:)?url)"

PHP_WARNING = (
    "<br />\n<b>Warning</b>:  include(/srv/theme.php): failed to open stream: No such file & directory in "
    "<b>/srv/feed.php</b> on line <b>3</b><br />\n"
)
UNCLOSED_HTML = "<summary><p>Ships <b>are<br>back<p>All of them</summary>"


class Reading(NamedTuple):
    """What a parser found of the entries: their titles and their links, in order."""

    titles: tuple[str | None, ...]
    links: tuple[str | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """A kind of damage. `suffix` is what every entry's title ends with afterwards; `is_cut`: the end is missing."""

    name: str
    inflict: Callable[[str], bytes]
    suffix: str = ""
    is_cut: bool = False

    def spares(self, feed: str, before: Reading, after: Reading) -> bool:
        """Tell whether `after` is what must be left: all entries, titles and links.

        Of a document that was cut, the entries that stand before the cut, and nothing but one more behind them.
        """
        number = self._whole_entries(feed) if self.is_cut else len(before.titles)
        titles = tuple(f"{title}{self.suffix}" for title in before.titles[:number])
        return (
            after.titles[:number] == titles
            and after.links[:number] == before.links[:number]
            and len(after.titles) - number in ((0, 1) if self.is_cut else (0,))
        )

    def _whole_entries(self, feed: str) -> int:
        return len(entries_in(self.inflict(feed).decode("utf-8", "ignore")))


def as_utf_8(text: str) -> str:
    """Return a document with a declaration that says UTF-8, whatever it said."""
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + _DECLARATION.sub("", text.lstrip("\ufeff"))


def entries_in(feed: str) -> list[str]:
    """Return the elements that are entries, as they stand."""
    return [match.group() for match in _entry(feed).finditer(feed)]


def has_plain_titles(feed: str, titles: Sequence[str | None]) -> bool:
    """Tell whether each entry's title, as a parser gives it, stands in the document like that, without markup."""
    entries = entries_in(feed)
    return len(entries) == len(titles) > 0 and all(
        title and title in {match.group(3) for match in _TITLE.finditer(entry)}
        for entry, title in zip(entries, titles, strict=True)
    )


def _entry(feed: str) -> re.Pattern[str]:
    names = _NAMES_IN_SITEMAP if "urlset" in feed else _NAMES
    return re.compile(rf"<{names}(\s[^<>]*)?(?<!/)>(.*?)</\1>", re.DOTALL | re.IGNORECASE)


def _declared(feed: str, encoding: str) -> str:
    return feed.replace('encoding="UTF-8"', f'encoding="{encoding}"', 1)


def _in_entries(feed: str, template: str) -> str:
    """Write every entry anew as `template` says: of a match, 1 is its name, 2 are its attributes, 3 is its content."""
    return _entry(feed).sub(lambda match: match.expand(template), feed)


def _before_ends(feed: str, markup: str) -> bytes:
    return _in_entries(feed, rf"<\1\2>\3{markup}</\1>").encode()


def _behind_titles(feed: str, what: str | bytes) -> bytes:
    """Append to the titles of all entries; bytes stand as they are in the document."""
    added = what.encode() if isinstance(what, str) else what
    marked = _entry(feed).sub(lambda match: _TITLE.sub(r"\1\3" + "\ue000" + r"\4", match.group()), feed)
    return marked.encode().replace("\ue000".encode(), added)


def _behind_first_entry(feed: str, markup: str) -> bytes:
    end = _entry(feed).search(feed)
    at = end.end() if end else len(feed)
    return (feed[:at] + markup + feed[at:]).encode()


def _up_to_last_entry(feed: str) -> str:
    return feed[: max(match.end() for match in _entry(feed).finditer(feed))]


def _end_tags_in_other_letters(feed: str) -> str:
    return _TITLE.sub(lambda title: title.group(1) + title.group(3) + title.group(4).swapcase(), feed)


CONTROL = Damage(name="none", inflict=str.encode)

DAMAGES = (
    Damage(name="cut at 70 %", inflict=lambda feed: feed[: len(feed) * 7 // 10].encode(), is_cut=True),
    Damage(name="missing end tags", inflict=lambda feed: _up_to_last_entry(feed).encode()),
    Damage(name="missing root end tag", inflict=lambda feed: feed.rstrip().rpartition("</")[0].encode()),
    Damage(name="bare & in title", inflict=lambda feed: _behind_titles(feed, " & sons"), suffix=" & sons"),
    Damage(name="bare & without blanks", inflict=lambda feed: _behind_titles(feed, " R&D"), suffix=" R&D"),
    Damage(name="bare < in title", inflict=lambda feed: _behind_titles(feed, " < 3"), suffix=" < 3"),
    Damage(name="undeclared entity", inflict=lambda feed: _behind_titles(feed, " caf&eacute;"), suffix=" café"),
    Damage(name="control characters", inflict=lambda feed: _behind_titles(feed, "\x01\x1f"), suffix=""),
    Damage(name="NUL", inflict=lambda feed: _behind_titles(feed, "\0"), suffix=""),
    Damage(name="undeclared prefix", inflict=lambda feed: _before_ends(feed, "<nobody:knows>what</nobody:knows>")),
    Damage(name="junk after the end", inflict=lambda feed: (feed + "<script>if (a & b) {}</script>\n").encode()),
    Damage(name="Latin-1 in UTF-8", inflict=lambda feed: _behind_titles(feed, b" caf\xe9"), suffix=" café"),
    Damage(
        name="cp1252 in UTF-8", inflict=lambda feed: _behind_titles(feed, b" \x93so\x94 5 \x80"), suffix=" “so” 5 €"
    ),
    Damage(name="declared UTF-16", inflict=lambda feed: _declared(feed, "UTF-16").encode()),
    Damage(name="declared Latin-1", inflict=lambda feed: _declared(feed, "ISO-8859-1").encode()),
    Damage(name="declared as nothing known", inflict=lambda feed: _declared(feed, "x-martian").encode()),
    Damage(name="PHP warning before", inflict=lambda feed: (PHP_WARNING + feed).encode()),
    Damage(name="blank lines before", inflict=lambda feed: ("\n \n" + feed).encode()),
    Damage(name="declared twice", inflict=lambda feed: as_utf_8("").encode() + feed.encode()),
    Damage(name="unclosed HTML", inflict=lambda feed: _before_ends(feed, UNCLOSED_HTML)),
    Damage(name="unquoted attribute", inflict=lambda feed: _in_entries(feed, r"<\1\2 x=y>\3</\1>").encode()),
    Damage(name="duplicate attribute", inflict=lambda feed: _in_entries(feed, r'<\1\2 x="y" x="z">\3</\1>').encode()),
    Damage(name="stray end tag", inflict=lambda feed: _before_ends(feed, "</p>")),
    Damage(name="end tags in other letters", inflict=lambda feed: _end_tags_in_other_letters(feed).encode()),
    Damage(name="hyphens in comment", inflict=lambda feed: _behind_first_entry(feed, "<!-- a -- b -->")),
    Damage(
        name="impossible reference", inflict=lambda feed: _before_ends(feed, "<nobodyknows>&#0;&#xD800;</nobodyknows>")
    ),
    Damage(
        name="bare & in attribute",
        inflict=lambda feed: _before_ends(feed, '<enclosure url="https://a.example/?a&b=1"/>'),
    ),
)
