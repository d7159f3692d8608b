"""Turns bytes into text when what they say of their own encoding is often wrong.

It never fails: bytes that fit nothing are read one by one.
"""

import codecs
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
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


# What Cyrillic text is in when nothing true is said of it; each with the name that it is known by.
_CYRILLIC = (("cp1251", "windows-1251"), ("koi8-r", "koi8-r"))
_LETTER = re.compile(r"[^\W\d_a-zA-Z]")
_CYRILLIC_WORD = re.compile(r"\b(?:[А-ЯЁЂ-Џ]?[а-яёђ-џґ]{2,}|[А-ЯЁЂ-Џ]{3,})\b")
_FREQUENT = "аеиоінтсрвл"  # two thirds of the letters of Russian, Ukrainian and their kin
_MOST_JUDGED = 1_000_000  # bytes
_LEAST_FREQUENT = 0.5  # of all letters; a text read in the wrong encoding stays below


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """Bytes as text; `problem` says what was made of them where they are Cyrillic and do not say so."""

    text: str
    problem: str | None = None


def _meant_by(byte: int) -> str:
    """Return the character of one byte that is not UTF-8: cp1252, or Latin-1 where that has none."""
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


_CP1252: Mapping[int, str] = MappingProxyType({byte: _meant_by(byte) for byte in range(0x80, 0x100)})
_C1 = re.compile(b"\xc2[\x80-\x9f]")  # in UTF-8, where they are found in a tenth of the time
_CP1252_CONTROLS: Mapping[int, str] = MappingProxyType({byte: _CP1252[byte] for byte in range(0x80, 0xA0)})
_STRAY_BYTES: Mapping[int, str] = MappingProxyType({0xDC00 + byte: text for byte, text in _CP1252.items()})


def decode(body: bytes, declared: Iterable[str] = ()) -> str:
    """Return the text of `decode_noting`."""
    return decode_noting(body, declared).text


def decode_noting(body: bytes, declared: Iterable[str] = ()) -> Decoded:
    """Decode by byte-order mark, else by the first of the `declared` encodings that can be true, else by guess.

    A declared encoding is not believed where the bytes refute it: when they do not decode, when UTF-16 has no zero
    byte, and when a single-byte encoding is declared for what is valid UTF-8 beyond ASCII.
    """
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return Decoded(text=body[len(mark) :].decode(encoding, "replace"))
    for sign, encoding in _SIGNS_WITHOUT_BOM:
        if body.startswith(sign):
            return Decoded(text=body.decode(encoding, "replace"))
    utf_8 = _strictly(body, "utf-8")
    believable = list(filter(None, map(_known_encoding, declared)))
    for encoding in believable:
        text = _believed(body, encoding, utf_8)
        if text is not None:
            return Decoded(text=text)
    return Decoded(text=utf_8) if utf_8 is not None else _guess(body, is_utf_8="utf-8" in believable)


def mended(text: str) -> str:
    """Return a text whose characters came through an encoding too many as they were meant.

    UTF-8 that was read as Latin-1 and written again, and bytes of cp1252 that were taken for characters.
    """
    if text.isascii():
        return text
    with suppress(UnicodeError):
        text = text.encode("latin-1").decode("utf-8")
    return text.translate(_CP1252_CONTROLS) if _C1.search(text.encode("utf-8", "replace")) else text


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


def _guess(body: bytes, *, is_utf_8: bool) -> Decoded:
    """Read bytes that are not quite UTF-8.

    As UTF-8 with stray bytes where these are few, else as Cyrillic where that gives words, else as UTF-8 after all
    where that is declared, else as cp1252.
    """
    marked = body.decode("utf-8", "surrogateescape")
    stray = sum("\udc80" <= character <= "\udcff" for character in marked)
    beyond_ascii = sum(not character.isascii() for character in marked)
    is_mostly_utf_8 = stray * 2 <= beyond_ascii
    encoding = None if is_mostly_utf_8 else _cyrillic_encoding(body)
    if encoding:
        codec, known_as = encoding
        wrong = "is not the UTF-8 it says it is" if is_utf_8 else "is not UTF-8 and names no encoding that fits"
        return Decoded(text=body.decode(codec, "replace"), problem=f"the document {wrong}; read as {known_as}")
    if is_utf_8 or is_mostly_utf_8:
        return Decoded(text=marked.translate(_STRAY_BYTES))
    return Decoded(text=body.decode("latin-1").translate(_CP1252))


def _cyrillic_encoding(body: bytes) -> tuple[str, str] | None:
    """Return the encoding, and its name, in which the bytes are words of Cyrillic letters; None where in none."""
    head = body[:_MOST_JUDGED]
    best = max(_CYRILLIC, key=lambda encoding: _share_of_frequent(head.decode(encoding[0], "replace")))
    return best if _share_of_frequent(head.decode(best[0], "replace")) >= _LEAST_FREQUENT else None


def _share_of_frequent(text: str) -> float:
    """Return what part of the letters beyond ASCII are frequent ones in words with no capital inside.

    Latin words read as Cyrillic mix both scripts and count for nothing; capitals and small letters stand the other way
    round in KOI8-R and cp1251, and frequent letters elsewhere.
    """
    words = "".join(_CYRILLIC_WORD.findall(text)).lower()
    letters = sum(1 for _ in _LETTER.finditer(text))
    return sum(map(words.count, _FREQUENT)) / letters if letters else 0.0
