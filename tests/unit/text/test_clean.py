"""Cleaning takes away what harms and moves nothing."""

import pytest

from tocsin.text.clean import clean, clean_line


@pytest.mark.parametrize(
    ("dirty", "expected"),
    [
        ("plain\ttext\nhere", "plain\ttext\nhere"),
        ("one\r\ntwo\rthree", "one\r\ntwo\rthree"),
        ("bell\x07 escape\x1b[31m delete\x7f next\x85line", "bell  escape [31m delete  next line"),
        ("nul\x00 half\ud800 other\udfff", "nul\ufffd half\ufffd other\ufffd"),
        ("emoji 🔔 stays, so do nbsp\xa0and soft\xadhyphen", "emoji 🔔 stays, so do nbsp\xa0and soft\xadhyphen"),
    ],
)
def test_clean(dirty: str, expected: str) -> None:
    """Control characters become blanks, what is no character U+FFFD, one for one."""
    assert clean(dirty) == expected
    assert len(expected) == len(dirty)


@pytest.mark.parametrize(
    ("dirty", "expected"),
    [
        ("  one\r\n\ttwo\xa0three\u2028four ", "one two three four"),
        ("turned \u202earound\u202c and \u2066isolated\u2069", "turned around and isolated"),
        ("Subject: x\r\nBcc: you@example.org", "Subject: x Bcc: you@example.org"),
        ("\x00\n", "\ufffd"),
        ("\u200fעברית stays marked", "\u200fעברית stays marked"),
    ],
)
def test_clean_line(dirty: str, expected: str) -> None:
    """A title is one line that cannot turn the direction of its neighbours or start a header."""
    assert clean_line(dirty) == expected
