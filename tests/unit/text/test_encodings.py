"""Bytes are read as what they are, not as what they say."""

import pytest

from tocsin.text.encodings import decode, decode_noting

RUSSIAN = "Порт снова открыт"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_marks_go_first(encoding: str) -> None:
    """A byte-order mark is believed against any declaration."""
    assert decode(RUSSIAN.encode(encoding), ["windows-1251"]) == RUSSIAN


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_mark(encoding: str) -> None:
    """Markup in UTF-16 shows itself by its first character."""
    assert decode(f"<p>{RUSSIAN}".encode(encoding)) == f"<p>{RUSSIAN}"


@pytest.mark.parametrize("encoding", ["windows-1251", "koi8-r", "iso-8859-5", "cp866", "x-mac-cyrillic", "utf-8"])
def test_declared(encoding: str) -> None:
    """A declared encoding that can be true is believed."""
    codec = encoding.removeprefix("x-")
    assert decode(RUSSIAN.encode(codec), [codec]) == RUSSIAN


@pytest.mark.parametrize(
    "declared", ["windows-1251", "iso-8859-1", "us-ascii", "utf-16", "no-such", "zip", "idna", "\0"]
)
def test_refuted(declared: str) -> None:
    """A declaration that the bytes refute, or that names no encoding of text, is passed over."""
    assert decode(RUSSIAN.encode(), [declared]) == RUSSIAN


def test_second_declaration() -> None:
    """Where the first declaration cannot be true the second is tried."""
    assert decode("港が開く".encode("shift_jis"), ["utf-8", "shift_jis"]) == "港が開く"


def test_latin_1_means_cp1252() -> None:
    """As in browsers, Latin-1 includes the quotes of cp1252, and GB2312 all of GB18030."""
    assert decode("“déjà vu”".encode("cp1252"), ["iso-8859-1"]) == "“déjà vu”"
    assert decode("镕".encode("gb18030"), ["gb2312"]) == "镕"


def test_stray_bytes() -> None:
    """Single bytes of cp1252 in UTF-8 cost only themselves; a text that is all cp1252 is read as that."""
    assert decode("naïve Zürich café ".encode() + b"\x93vu\x94", ["utf-8"]) == "naïve Zürich café “vu”"
    assert decode("«DÉJÀ» vu".encode("cp1252")) == "«DÉJÀ» vu"
    assert decode(b"\x81\x8d") == "\x81\x8d"


@pytest.mark.parametrize("declared", [[], ["utf-8"], ["no-such"]])
@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r"])
@pytest.mark.parametrize(
    "text", ["Вторжение", "ВТОРЖЕНИЕ", RUSSIAN, "Il dit: вторжение началось", "Вторгнення розпочалось"]
)
def test_undeclared_cyrillic(text: str, encoding: str, declared: list[str]) -> None:
    """Words of Cyrillic letters that are not UTF-8 are read in the encoding that makes them words, and it is said."""
    decoded = decode_noting(text.encode(encoding), declared)
    assert decoded.text == text
    assert decoded.problem is not None
    assert decoded.problem.endswith("read as windows-1251" if encoding == "cp1251" else "read as koi8-r")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Où êtes-vous allé à Noël ? À l’été, déjà.", "cp1252"),
        ("Größe, Öl, Übermut: ÄÖÜ äöü", "cp1252"),
        ("Året då räven åt blåbär på ön", "cp1252"),
        ("Η Αθήνα είναι η πρωτεύουσα της Ελλάδας", "cp1253"),
        ("ירושלים היא בירת ישראל והעיר הגדולה ביותר", "cp1255"),
        ("香港特別行政區政府今日宣布開放海港", "big5"),
        ("中华人民共和国政府今天宣布开放港口", "gb18030"),
    ],
)
def test_no_cyrillic(text: str, encoding: str) -> None:
    """What makes no Cyrillic words is read as cp1252 as ever, in silence."""
    body = text.encode(encoding)
    decoded = decode_noting(body)
    assert decoded.problem is None
    assert encoding != "cp1252" or decoded.text == text


def test_strays_in_cyrillic() -> None:
    """A byte that is not UTF-8 does not turn what is UTF-8 into something else."""
    assert decode(RUSSIAN.encode() + b" \x93", ["utf-8"]) == RUSSIAN + " “"
    assert decode(RUSSIAN.encode() + "порт".encode("cp1251")).startswith(RUSSIAN)
    assert decode(b"caf\xe9", ["utf-8"]) == "café"
