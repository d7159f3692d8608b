"""Bytes are read as what they are, not as what they say."""

import pytest

from tocsin.text.encodings import decode

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
