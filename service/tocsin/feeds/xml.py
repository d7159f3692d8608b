"""Reads XML that is well-formed, and nothing else: the only importer of lxml.

No entity is expanded but the five of XML, no DTD read, no file opened, no address asked; what is not well-formed is
refused rather than guessed at. Depth and sizes are those that libxml2 takes without `huge_tree`.
"""

from typing import TypeAlias

from lxml import etree

Element: TypeAlias = etree._Element


def read_xml(body: bytes, encoding: str | None = None) -> Element | None:
    """Return the root of a well-formed document without its comments and processing instructions; None for any other.

    It is read in the encoding that it declares, or in `encoding` whatever it declares. A document that needs entities
    of its own, or of a DTD, is refused too: what they stand for would be missing.
    """
    parser = etree.XMLParser(
        encoding=encoding,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        dtd_validation=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return None if _needs_entities(root) else root


def _needs_entities(root: Element) -> bool:
    subset = root.getroottree().docinfo.internalDTD
    if subset is None:
        return False
    return bool(subset.entities()) or next(root.iter(etree.Entity), None) is not None
