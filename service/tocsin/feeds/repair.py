"""Makes XML well-formed where it is plain what was meant, in one pass from left to right.

References that XML does not know, signs that stand bare, characters that it may not hold, prefixes that nobody
declared, what stands before and after the document, and on demand tags that do not match. It moves nothing: each
character is looked at a fixed number of times.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape, unescape
from html.entities import html5
from types import MappingProxyType

from tocsin.feeds.balance import balanced
from tocsin.text.clean import REPLACEMENT, clean

# What XML parsers say of these; where there are several, the first counts.
BARE = "not well-formed (invalid token)"
ENTITY = "undefined entity"
PREFIX = "unbound prefix"
JUNK = "junk after document element"
MISMATCH = "mismatched tag"

_ROOT = re.compile(
    r"<((?:\w[\w.-]{0,30}:)?(?:rss|rdf|feed|urlset|sitemapindex|channel|entry))(?=[\s>/])", re.IGNORECASE
)
_ROOT_WITHIN = 100_000  # code points
_MARK = re.compile(r"<!\[CDATA\[|<!--|<\?|</?[A-Za-z_][^<>]*|[<&]")
_ENDS: Mapping[str, str] = MappingProxyType({"<![CDATA[": "]]>", "<!--": "-->", "<?": "?>"})
_REFERENCE = re.compile(r"&(?:#(?:[xX]([0-9a-fA-F]+)|([0-9]+))(;?)|([A-Za-z][A-Za-z0-9]{0,40});)?")
_XML_NAMES = frozenset({"amp", "lt", "gt", "quot", "apos"})
_PREFIX = re.compile(r"(?:^</?|\s)([A-Za-z_][\w.-]{0,40}):(?=[\w.-])")
_DECLARED = re.compile(r"\sxmlns:([\w.-]{1,41})\s*=")
_NAMESPACES: Mapping[str, str] = MappingProxyType(
    {
        "atom": "http://www.w3.org/2005/Atom",
        "content": "http://purl.org/rss/1.0/modules/content/",
        "dc": "http://purl.org/dc/elements/1.1/",
        "dcterms": "http://purl.org/dc/terms/",
        "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
        "media": "http://search.yahoo.com/mrss/",
        "news": "http://www.google.com/schemas/sitemap-news/0.9",
        "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        "sy": "http://purl.org/rss/1.0/modules/syndication/",
        "xhtml": "http://www.w3.org/1999/xhtml",
    }
)
_SUBSET = re.compile(r"<!DOCTYPE[^\[<>]*\[", re.IGNORECASE)
_EXTERNAL = re.compile(r"<!DOCTYPE\s[^\[<>]*\b(?:PUBLIC|SYSTEM)\b", re.IGNORECASE)
_DECLARATION = re.compile(
    r"<!ENTITY\s+([A-Za-z][A-Za-z0-9]{0,40})\s+"
    r"(?:\"((?:[^\"&%<]|&#\w{1,8};){0,200})\"|'((?:[^'&%<]|&#\w{1,8};){0,200})')\s*>"
)
_MOST_ENTITIES = 1_000
_AROUND = re.compile(r"\s*+(<!--|<\?|<!DOCTYPE|\Z)", re.IGNORECASE)
_NOT_XML = re.compile("[\ufffe\uffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaired:
    """A document that may be well-formed now, and what was found first; None where only characters were taken out."""

    text: str
    found: str | None


class _Hopeless(ValueError):
    """Markup that was begun and does not end."""


class _Pass:
    """The state of the pass over one document."""

    def __init__(self, *, is_whole: bool, entities: Mapping[str, str], found: str | None, knows_more: bool) -> None:
        self.is_whole = is_whole
        self.entities = entities
        self.found = found
        self.knows_more = knows_more  # it names a DTD, which may know entities: they are no mistake
        self.prefixes: set[str] = set()
        self.declared: set[str] = {"xml", "xmlns"}

    def note(self, found: str) -> None:
        self.found = self.found or found

    def reference(self, match: re.Match[str]) -> str:
        hexadecimal, decimal, end, name = match.groups()
        if hexadecimal or decimal:
            if not end:
                self.note(BARE)
            return possible_reference(hexadecimal, decimal)
        if name in _XML_NAMES:
            return match[0]
        meaning = self.entities.get(name or "") or html5.get(f"{name};")
        if name is None or not (self.knows_more or name in self.entities):
            self.note(BARE if name is None else ENTITY)
        return escape(meaning) if meaning else f"&amp;{match[0][1:]}"

    def tag(self, tag: str) -> str:
        if ":" in tag:
            self.declared.update(_DECLARED.findall(tag))
            self.prefixes.update(_PREFIX.findall(tag))
        return _REFERENCE.sub(self.reference, tag) if "&" in tag else tag


def repaired(text: str, *, with_tags: bool = False) -> Repaired | None:
    """Return a feed that was not well-formed with what was plainly meant; None where nothing can be done here.

    Tags are only touched `with_tags`: it is a guess more, and nothing is wrong with most.
    """
    text = readable(text)
    start = _ROOT.search(text, 0, _ROOT_WITHIN)
    if start is None:
        return None
    end = text.rfind(f"</{start[1]}")
    stop = text.find(">", end) + 1 if end > start.start() else 0
    if with_tags:
        stop = len(text)
    if not stop:
        return None
    prolog = text[: start.start()]
    is_plain = (
        _is_plain(text, 0, start.start())
        and text.find("<?xml ", 1, start.start()) < 0  # only ever at the beginning
        and _is_plain(text, stop, len(text))
    )
    work = _Pass(
        is_whole=not with_tags,
        entities=_entities(prolog),
        found=None if is_plain else JUNK,
        knows_more=bool(_EXTERNAL.search(prolog)),
    )
    try:
        body = _scan(text[start.start() : stop], work)
    except _Hopeless:
        return None
    if with_tags:
        work.note(MISMATCH)
        body = balanced(body) or ""
    return Repaired(text=_declaring(body, start[1], work), found=work.found) if body else None


def readable(text: str) -> str:
    """Take out what no XML may hold, so that one bad byte does not cost strict parsing."""
    text = text.replace("\0", "").lstrip("\ufeff \t\r\n").replace("\r\n", "\n")
    return _NOT_XML.sub(REPLACEMENT, clean(text))


def possible_reference(hexadecimal: str | None, decimal: str | None) -> str:
    """Return a numeric character reference if XML 1.0 (2.2) knows its character, else U+FFFD."""
    digits = hexadecimal or decimal or ""
    if len(digits) > 12:  # leading zeros included; longer ones make even int() refuse
        return REPLACEMENT
    code = int(digits, 16 if hexadecimal else 10)
    is_control = code < 0x20 and code not in (0x9, 0xA, 0xD)
    is_known = not is_control and code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF and code not in (0xFFFE, 0xFFFF)
    return f"&#{code};" if is_known else REPLACEMENT


def _scan(text: str, work: _Pass) -> str:
    """Pass over a document once; what is in CDATA, comments and instructions stays as it is."""
    pieces: list[str] = []
    position = 0
    while match := _MARK.search(text, position):
        pieces.append(text[position : match.start()])
        mark = match[0]
        if mark in _ENDS:
            position = text.find(_ENDS[mark], match.end())
            if position < 0 and work.is_whole:
                raise _Hopeless
            end = position + len(_ENDS[mark]) if position >= 0 else len(text)
            pieces.append(text[match.start() : end] + ("" if position >= 0 else _ENDS[mark]))
            position = end
        elif mark == "&":
            reference = _REFERENCE.match(text, match.start())
            pieces.append(work.reference(reference) if reference else "&amp;")
            position = reference.end() if reference else match.end()
        elif mark == "<":
            work.note(BARE)
            pieces.append("&lt;")
            position = match.end()
        else:
            pieces.append(work.tag(mark))
            position = match.end()
    pieces.append(text[position:])
    return "".join(pieces)


def _declaring(body: str, root: str, work: _Pass) -> str:
    """Declare the prefixes that nobody did, at the root; unknown ones as names of nothing."""
    missing = sorted(work.prefixes - work.declared)
    if not missing:
        return body
    work.note(PREFIX)
    names = {prefix: _NAMESPACES.get(prefix, f"urn:x-unknown:{prefix}") for prefix in missing}
    declarations = "".join(f' xmlns:{prefix}="{name}"' for prefix, name in names.items())
    at = len(root) + 1
    return body[:at] + declarations + body[at:]


def _entities(prolog: str) -> Mapping[str, str]:
    """Return the entities that a document declares as plain text; what is made of other entities is left out."""
    if not _SUBSET.search(prolog):
        return {}
    declared = _DECLARATION.findall(prolog)[:_MOST_ENTITIES]
    return {name: clean(unescape(double or single)) for name, double, single in declared}


def _is_plain(text: str, start: int, stop: int) -> bool:
    """Tell whether there is nothing but comments, instructions and a document type in a part of a text."""
    while match := _AROUND.match(text, start, stop):
        begin, end = match[1], _ENDS.get(match[1]) or ("]>" if _SUBSET.match(text, match.start(1)) else ">")
        if not begin:
            return True
        found = text.find(end, match.end(), stop)
        if found < 0:
            return False
        start = found + len(end)
    return False
