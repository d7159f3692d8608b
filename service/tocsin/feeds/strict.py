"""Reads the trees of feeds that are well-formed: RSS 0.9x to 2.0, RDF, Atom 0.3 and 1.0, with their common modules.

It reads the shapes that these formats describe and is not clever: a tree of any other shape is given back unread, and
feedparser, which is, reads it. What both read means the same in both (docs/decisions/0014-fast-path.md says where not).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from html import escape
from types import MappingProxyType
from urllib.parse import urljoin

from tocsin.feeds.drafts import (
    HTML_TYPES,
    Channel,
    Draft,
    Marked,
    at_least,
    feed_of,
    looks_like_html,
    moment_in,
    number_in,
)
from tocsin.feeds.entries import MOST_ENTRIES, MOST_TITLE
from tocsin.feeds.xml import Element
from tocsin.model import Courtesy, ParsedFeed
from tocsin.text.clean import clean_line
from tocsin.text.encodings import mended
from tocsin.text.urls import http_url

_ATOM = "http://www.w3.org/2005/atom"
_MEDIA = "http://search.yahoo.com/mrss"
_RDF_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_PREFIXES: Mapping[str, str] = MappingProxyType(  # namespaces in small letters, as publishers do not agree on capitals
    {
        **dict.fromkeys(
            (
                "",
                "http://backend.userland.com/rss",
                "http://backend.userland.com/rss2",
                "http://blogs.law.harvard.edu/tech/rss",
                "http://purl.org/rss/1.0/",
                "http://my.netscape.com/rdf/simple/0.9/",
                "http://channel.netscape.com/rdf/simple/0.9/",
                "http://purl.org/atom/ns#",
                _ATOM,
            ),
            "",
        ),
        "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf:",
        "http://purl.org/dc/elements/1.1/": "dc:",
        "http://purl.org/dc/terms/": "dcterms:",
        "http://purl.org/rss/1.0/modules/content/": "content:",
        "http://purl.org/rss/1.0/modules/syndication/": "sy:",
        "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes:",
        _MEDIA: "media:",
        _MEDIA + "/": "media:",
        "http://www.w3.org/1999/xhtml": "xhtml:",
    }
)
_KINDS: Mapping[str, str] = MappingProxyType(
    {"text": "text/plain", "plain": "text/plain", "html": "text/html", "xhtml": "application/xhtml+xml"}
)
_RELATIONS = "http://www.iana.org/assignments/relation/"  # a relation's full name begins so (RFC 4287, 4.2.7.2)
_WRITERS = frozenset({"author", "writer", "reporter", "journalist"})  # of the roles in media:credit
_MAILBOX = re.compile(r"[^\s()<>@]+@[^\s()<>@]+\s*(?:\((?P<comment>[^()]*)\))?|(?P<phrase>[^<>@]*)<[^<>@]*@[^<>@]*>")
_ADDRESS = re.compile(r"[\w.+-]++@[\w.-]++")
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class UnusualError(ValueError):
    """A feed of a shape that is not read here."""


class _Names(dict[object, str]):
    """The short names of a document's tags: in small letters, with the usual prefix or none; empty for unknown ones."""

    def __missing__(self, tag: object) -> str:
        namespace, _, local = str(tag).rpartition("}")
        prefix = _PREFIXES.get(namespace[1:].lower())
        name = self[tag] = "" if prefix is None else prefix + local.lower()
        return name


def read_feed(root: Element, name: str, seen: frozenset[str]) -> ParsedFeed | None:
    """Read a feed by the root of its tree; None where its shape is not one that is read here."""
    names = _Names()
    try:
        match names[root.tag]:
            case "feed":
                return _read(root, (root,), names, name, seen)
            case "rss":
                return _read(root, _channels(root, names), names, name, seen)
            case "rdf:rdf":
                return _read(root, (*_channels(root, names), root), names, name, seen)
            case _:
                return None
    except UnusualError:
        return None


def _channels(root: Element, names: _Names) -> tuple[Element]:
    channels = [child for child in root if names[child.tag] == "channel"]
    if len(channels) != 1:
        raise UnusualError("no channel, or several")
    return (channels[0],)


def _read(root: Element, parents: tuple[Element, ...], names: _Names, name: str, seen: frozenset[str]) -> ParsedFeed:
    """Read the first of `parents` as the channel, and entries of all of them."""
    is_atom = parents[0] is root
    outside = _Scope(http_url(name) or "").within(root)
    scope = outside if is_atom else outside.within(parents[0])
    elements = [child for parent in parents for child in parent if names[child.tag] in ("item", "entry")]
    if not elements:
        raise UnusualError("no entries where they should be")
    channel = _channel(parents[0], names, name, scope, is_atom=is_atom)
    inherited = _authors(parents[0], names) if is_atom else ()
    drafts = (
        _draft(element, names, outside if element.getparent() is root else scope, inherited, is_atom=is_atom)
        for element in elements[:MOST_ENTRIES]
    )
    return feed_of(channel, drafts, len(elements), seen=seen)


class _Scope:
    """What elements inherit: xml:base and the language."""

    __slots__ = ("address", "base", "language")

    def __init__(self, address: str, base: str = "", language: str = "") -> None:
        self.address = address  # where the document is, which the first xml:base may lead on from
        self.base = base
        self.language = language

    def within(self, element: Element) -> "_Scope":
        """Return the scope inside an element; most say nothing of it."""
        if not element.attrib:
            return self
        base = element.get(_XML + "base") or element.get("base") or ""
        language = element.get(_XML + "lang", element.get("lang"))
        if not base and language is None:
            return self
        return _Scope(
            self.address,
            _joined(self.base or self.address, base) if base else self.base,
            self.language if language is None else language.replace("_", "-"),
        )


# ---------------------------------------------------------------------------------------------------------------
# Entries


class _Entry:
    """An entry while it is read: what was met so far."""

    __slots__ = (
        "about",
        "is_permalink",
        "links",
        "media",
        "names",
        "of_source",
        "scope",
        "stated",
        "summary_is_last",
        "texts",
    )

    def __init__(self, names: _Names, scope: _Scope) -> None:
        self.names = names
        self.scope = scope
        self.stated = Draft()
        self.links: list[tuple[bool, str]] = []
        self.is_permalink = False
        self.texts: list[Marked] = []
        self.summary_is_last = False  # content was met: a second description is not that
        self.media: dict[str, Marked] = {}
        self.of_source: tuple[str, ...] = ()


def _draft(element: Element, names: _Names, scope: _Scope, inherited: tuple[str, ...], *, is_atom: bool) -> Draft:
    entry = _Entry(names, scope.within(element))
    draft = entry.stated
    draft.id = element.get(_RDF_ABOUT, "")
    for child in element:
        read = _READERS.get(names[child.tag])
        if read is not None:
            read(entry, child)
    draft.link = _first_link(entry.links)
    if not draft.link and entry.is_permalink and not is_atom:
        draft.link = http_url(draft.id) or ""
    if not is_atom:
        _settle_for_rss(entry)
    if draft.published is None and not is_atom:  # RSS and RDF: dc:date
        draft.published, draft.updated = draft.updated, None
    draft.contents = tuple(entry.texts)
    if draft.title is None or not draft.title.value:
        draft.title = entry.media.get("title", draft.title)
    if draft.summary is None and not draft.contents:
        draft.summary = entry.media.get("description")
    if not draft.authors:
        draft.authors = (entry.media["credit"].value,) if "credit" in entry.media else entry.of_source or inherited
    return draft


def _settle_for_rss(entry: _Entry) -> None:
    """Take plain text that looks like HTML for HTML: RSS does not say which of the two a text is."""
    draft = entry.stated
    if draft.summary is not None:
        draft.summary = _guessed(draft.summary)
    entry.texts = [_guessed(text) for text in entry.texts]


def _guessed(text: Marked) -> Marked:
    return text._replace(kind="text/html") if text.kind == "text/plain" and looks_like_html(text.value) else text


def _read_title(entry: _Entry, element: Element) -> None:
    draft = entry.stated
    if draft.title is None or not draft.title.value:
        draft.title = _marked(element, "text/plain", entry.scope)


def _read_link(entry: _Entry, element: Element) -> None:
    found = _link(element, entry.scope)
    if found is not None and found[0] == "alternate":
        entry.links.append(found[1:])


def _read_id(entry: _Entry, element: Element) -> None:
    entry.stated.id = _text(element)
    says = element.get("isPermaLink") or _attribute(element, "ispermalink") or "true"
    entry.is_permalink = says.strip().lower() == "true"


def _describe(entry: _Entry, element: Element, kind: str) -> None:
    """Read a description or summary; the second of them is content, as long as no content was met."""
    text = _marked(element, kind, entry.scope)
    if entry.stated.summary is None or entry.summary_is_last:
        entry.stated.summary = text
    else:
        entry.summary_is_last = True
        entry.texts.append(text)


def _read_description(entry: _Entry, element: Element) -> None:
    _describe(entry, element, "text/html")


def _read_summary(entry: _Entry, element: Element) -> None:
    _describe(entry, element, "text/plain")


def _read_content(entry: _Entry, element: Element) -> None:
    entry.summary_is_last = True
    entry.texts.append(_marked(element, "text/plain", entry.scope))


def _read_encoded(entry: _Entry, element: Element) -> None:
    entry.summary_is_last = True
    entry.texts.append(_marked(element, "text/html", entry.scope))


def _read_body(entry: _Entry, element: Element) -> None:
    entry.texts.append(_marked(element, "application/xhtml+xml", entry.scope))


def _read_author(entry: _Entry, element: Element) -> None:
    entry.stated.authors += _author(element, entry.names)


def _read_source(entry: _Entry, element: Element) -> None:
    entry.of_source = _authors(element, entry.names)


def _read_published(entry: _Entry, element: Element) -> None:
    entry.stated.published = moment_in(_text(element)) or entry.stated.published


def _read_updated(entry: _Entry, element: Element) -> None:
    entry.stated.updated = moment_in(_text(element)) or entry.stated.updated


def _read_category(entry: _Entry, element: Element) -> None:
    label, term, text = element.get("label", ""), element.get("term", ""), _text(element)
    entry.stated.tags += tuple(filter(None, (label or term or text, text if term else "")))


def _read_itunes_category(entry: _Entry, element: Element) -> None:
    entry.stated.tags += tuple(filter(None, (element.get("text", "") or _text(element),)))


def _read_keywords(entry: _Entry, element: Element) -> None:
    entry.stated.tags += tuple(filter(None, map(str.strip, _text(element).split(","))))


def _read_language(entry: _Entry, element: Element) -> None:
    entry.stated.language = _text(element)


def _read_media(entry: _Entry, element: Element) -> None:
    """Read what stands in where an entry has nothing better; of a picture's title and text, nothing does."""
    for child in element:
        match entry.names[child.tag]:
            case "media:content" | "media:group":
                for grandchild in child:
                    _read_media_part(entry, grandchild)
            case _:
                _read_media_part(entry, child)


def _read_media_part(entry: _Entry, element: Element) -> None:
    match entry.names[element.tag]:
        case "media:title":
            entry.media.setdefault("title", _media_text(element, entry.scope))
        case "media:description":
            text = _media_text(element, entry.scope)
            entry.media.setdefault("description", text if text.kind == "text/html" else _guessed(text))
        case "media:credit" if (element.get("role") or "").lower() in _WRITERS and _text(element):
            entry.media.setdefault("credit", Marked(_text(element), "text/plain"))
        case "media:keywords":
            _read_keywords(entry, element)
        case "media:category":
            _read_category(entry, element)


def _media_text(element: Element, scope: _Scope) -> Marked:
    return _marked(element, "text/plain", scope)


_READERS: Mapping[str, Callable[[_Entry, Element], None]] = MappingProxyType(
    {
        **dict.fromkeys(("title", "dc:title"), _read_title),
        "link": _read_link,
        **dict.fromkeys(("guid", "id"), _read_id),
        **dict.fromkeys(("description", "dc:description"), _read_description),
        **dict.fromkeys(("summary", "abstract", "itunes:summary"), _read_summary),
        "content": _read_content,
        **dict.fromkeys(("content:encoded", "fullitem"), _read_encoded),
        **dict.fromkeys(("body", "xhtml:body"), _read_body),
        **dict.fromkeys(("author", "managingeditor", "dc:creator", "dc:author", "itunes:author"), _read_author),
        **dict.fromkeys(("pubdate", "published", "issued", "dcterms:issued"), _read_published),
        **dict.fromkeys(("updated", "modified", "lastbuilddate", "dc:date", "dcterms:modified"), _read_updated),
        **dict.fromkeys(("category", "keywords", "dc:subject", "media:category"), _read_category),
        "itunes:category": _read_itunes_category,
        "source": _read_source,
        **dict.fromkeys(("tags", "itunes:keywords", "media:keywords"), _read_keywords),
        **dict.fromkeys(("language", "dc:language"), _read_language),
        **dict.fromkeys(("media:group", "media:content"), _read_media),
        **dict.fromkeys(("media:title", "media:description", "media:credit"), _read_media_part),
    }
)


# ---------------------------------------------------------------------------------------------------------------
# The channel


def _channel(element: Element, names: _Names, name: str, scope: _Scope, *, is_atom: bool) -> Channel:
    title: Marked | None = None
    language = scope.language
    links: dict[str, list[tuple[bool, str]]] = {}
    for child in element:
        match names[child.tag]:
            case "title" | "dc:title" if title is None or not title.value:
                title = _marked(child, "text/plain", scope)
            case "link" if (found := _link(child, scope)) is not None:
                links.setdefault(found[0], []).append(found[1:])
            case "language" | "dc:language":
                language = _text(child)
    return Channel(
        name=name,
        is_atom=is_atom,
        title=title,
        link=_first_link(links.get("alternate", [])),
        language=clean_line(language)[:MOST_TITLE] or None,
        courtesy=_courtesy(element, names),
        older=_first_link(links.get("next", [])) or _first_link(links.get("prev-archive", [])),
    )


def _courtesy(channel: Element, names: _Names) -> Courtesy:
    """Read how often a channel wants to be asked (RSS 2.0, ttl, skipHours, skipDays; RDF syndication module)."""
    said = {names[child.tag]: child for child in channel}
    hours = {number_in(text) for text in _parts(said, names, "skiphours", "hour")}
    days = {_DAYS.index(day) for text in _parts(said, names, "skipdays", "day") if (day := text.lower()) in _DAYS}
    return Courtesy(
        at_least=at_least(*(_said(said, key) for key in _PACE)),
        skip_hours=frozenset(hour % 24 for hour in hours if hour is not None and hour <= 24),
        skip_days=frozenset(days),
    )


_PACE = ("ttl", "sy:updateperiod", "sy:updatefrequency")


def _said(said: Mapping[str, Element], name: str) -> str:
    return _text(said[name]) if name in said else ""


def _parts(said: Mapping[str, Element], names: _Names, whole: str, part: str) -> Iterator[str]:
    return (_text(child) for child in said.get(whole, ()) if names[child.tag] == part)


# ---------------------------------------------------------------------------------------------------------------
# Elements


def _tag(element: Element) -> str:
    return str(element.tag)


def _text(element: Element) -> str:
    """Return the text of an element, without that of its children."""
    text = element.text or ""
    if len(element):
        text += "".join(child.tail or "" for child in element)
    return mended(text.strip())


def _attribute(element: Element, name: str) -> str | None:
    """Return an attribute whose name may be in capitals."""
    return next((str(value) for key, value in element.attrib.items() if str(key).lower() == name), None)


def _marked(element: Element, kind: str, scope: _Scope) -> Marked:
    """Read a text with its kind; one with elements in it is XHTML, whatever it says."""
    scope = scope.within(element)
    if len(element):
        return Marked(mended(_markup(element)), "application/xhtml+xml", scope.language)
    text = _text(element)
    stated = element.get("type") or kind if element.attrib else kind
    kind = _KINDS.get(stated.lower(), stated.lower())
    is_text = kind.startswith("text/") or kind.endswith(("+xml", "/xml"))
    if text and (not is_text or element.get("mode") == "base64"):
        raise UnusualError("a text in Base64, or none")
    return Marked(text, kind, scope.language)


def _markup(element: Element) -> str:
    """Return what is in an element as HTML without attributes: nobody sees more than its text."""
    pieces = [escape(element.text or "", quote=False)]
    below = list(reversed(element))
    closing: list[tuple[Element, str]] = []
    while below:
        child = below.pop()
        while closing and closing[-1][0] is not child.getparent():
            pieces.append(closing.pop()[1])
        local = _tag(child).rpartition("}")[2].lower()
        tail = escape(child.tail or "", quote=False)
        pieces.append(f"<{local}>{escape(child.text or '', quote=False)}")
        closing.append((child, tail if local in _VOID else f"</{local}>{tail}"))
        below.extend(reversed(child))
    pieces.extend(end for _, end in reversed(closing))
    return "".join(pieces).strip()


def _link(element: Element, scope: _Scope) -> tuple[str, bool, str] | None:
    """Return a link's relation, whether it leads to a page, and where; None for one that leads nowhere."""
    if element.attrib:
        relation = (element.get("rel") or "alternate").lower().removeprefix(_RELATIONS)
        kind = (element.get("type") or "text/html").lower()
        href = (element.get("href") or element.get("url") or element.get("uri") or "").strip()
        scope = scope.within(element)
    else:
        relation, kind, href = "alternate", "text/html", ""
    href = href or _text(element).replace("&amp;", "&")
    return (relation, _KINDS.get(kind, kind) in HTML_TYPES, _joined(scope.base, href)) if href else None


def _first_link(links: Iterable[tuple[bool, str]]) -> str:
    """Return the first link to a page, else the first."""
    found = sorted(links, key=lambda link: not link[0])
    return found[0][1] if found else ""


def _joined(base: str, href: str) -> str:
    if not base:
        return href
    try:
        return urljoin(base, href)
    except ValueError:
        return href


def _authors(element: Element, names: _Names) -> tuple[str, ...]:
    """Return the authors of a feed or source, who are those of entries that name none (RFC 4287, 4.2.1)."""
    return tuple(name for child in element if names[child.tag] == "author" for name in _author(child, names))


def _author(element: Element, names: _Names) -> tuple[str, ...]:
    parts = [child for child in element if names[child.tag] in ("name", "itunes:name")]
    name = _text(parts[-1]) if parts else "" if len(element) else _name_of(_text(element)[:MOST_TITLE])
    return (name,) if name and "@" not in name else ()


def _name_of(text: str) -> str:
    """Return the name beside a mail address: RSS writes `mail@example.org (Name)`."""
    if "@" not in text:
        return text
    mailbox = _MAILBOX.fullmatch(text)
    if mailbox:
        return (mailbox["comment"] or mailbox["phrase"] or "").strip()
    return (
        _ADDRESS.sub("", text).replace("()", "").replace("<>", "").strip().removeprefix("(").removesuffix(")").strip()
    )
