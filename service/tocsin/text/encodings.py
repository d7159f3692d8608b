"""Turns bytes into text when what they say of their own encoding is often wrong.

It never fails: bytes that fit nothing are read one by one.
"""

import codecs
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

# Longest first: UTF-32LE begins like UTF-16LE.
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SIGNS_WITHOUT_BOM = ((b"<\x00", "utf-16-le"), (b"\x00<", "utf-16-be"))

# Python also knows codecs that are not encodings of text (zip) or that change it (idna): only these are looked up.
_SINGLE_BYTE = re.compile(r"iso8859-\d+|cp125\d|cp866|cp874|koi8-[rtu]|mac-\w+|ascii")
_MULTI_BYTE = re.compile(
    r"utf-8|utf-16(-[lb]e)?|gb2312|gbk|gb18030|big5(hkscs)?|euc_(jp|kr)|shift_jis|iso2022_jp|cp9\d\d"
)
_SUPERSETS: Mapping[str, str] = MappingProxyType(  # what browsers read under these names (WHATWG Encoding, 4.2)
    {"iso8859-1": "cp1252", "ascii": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "iso8859-9": "cp1254"}
)


def _meant_by(byte: int) -> str:
    """Return the character of one byte that is not UTF-8: cp1252, or Latin-1 where that has none."""
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


_CP1252: Mapping[int, str] = MappingProxyType({byte: _meant_by(byte) for byte in range(0x80, 0x100)})
_STRAY_BYTES: Mapping[int, str] = MappingProxyType({0xDC00 + byte: text for byte, text in _CP1252.items()})


def decode(body: bytes, declared: Iterable[str] = ()) -> str:
    """Decode by byte-order mark, else by the first of the `declared` encodings that can be true, else by guess.

    A declared encoding is not believed where the bytes refute it: when they do not decode, when UTF-16 has no zero
    byte, and when a single-byte encoding is declared for what is valid UTF-8 beyond ASCII.
    """
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    for sign, encoding in _SIGNS_WITHOUT_BOM:
        if body.startswith(sign):
            return body.decode(encoding, "replace")
    utf_8 = _strictly(body, "utf-8")
    believable = list(filter(None, map(_known_encoding, declared)))
    for encoding in believable:
        text = _believed(body, encoding, utf_8)
        if text is not None:
            return text
    return utf_8 if utf_8 is not None else _guess(body, is_utf_8="utf-8" in believable)


def _known_encoding(name: str) -> str | None:
    try:
        found = codecs.lookup(name).name if name.isascii() and name.isprintable() else ""
    except LookupError:
        return None
    return _SUPERSETS.get(found, found) if _SINGLE_BYTE.fullmatch(found) or _MULTI_BYTE.fullmatch(found) else None


def _believed(body: bytes, encoding: str, utf_8: str | None) -> str | None:
    if utf_8 is not None and _SINGLE_BYTE.fullmatch(encoding):
        return utf_8
    if encoding.startswith("utf-16") and b"\x00" not in body:
        return None
    return _strictly(body, encoding)


def _strictly(body: bytes, encoding: str) -> str | None:
    try:
        return body.decode(encoding)
    except UnicodeDecodeError:
        return None


def _guess(body: bytes, *, is_utf_8: bool) -> str:
    """Read bytes that are not quite UTF-8: as UTF-8 with stray bytes where that is declared or these are few."""
    marked = body.decode("utf-8", "surrogateescape")
    stray = sum("\udc80" <= character <= "\udcff" for character in marked)
    beyond_ascii = sum(not character.isascii() for character in marked)
    if is_utf_8 or stray * 2 <= beyond_ascii:
        return marked.translate(_STRAY_BYTES)
    return body.decode("latin-1").translate(_CP1252)
