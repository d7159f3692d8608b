"""How long a text is in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.text.wordcount import word_count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        (" … — !", 0),
        ("The storm's over, isn't it?", 5),
        ("Порт закрыт: 3 парома стоят", 5),
        ("l’eau", 1),
        ("范例港渡轮停航", 3),
        ("ฟังดูดีมากๆ", 2),
        ("The 范例 ferry", 3),
        ("e\u0301te\u0301", 1),
    ],
)
def test_words_are_counted_in_any_script(text: str, count: int) -> None:
    """Words are what blanks and signs part; two characters of Han or kana count as one, five of Thai and its kin."""
    assert word_count(text) == count


@given(st.text(), st.text())
def test_a_longer_text_has_no_fewer_words(one: str, other: str) -> None:
    """What is put behind a text, parted by a blank, adds its own words, give or take half a word of Han or Thai."""
    together = word_count(f"{one} {other}")
    assert word_count(one) + word_count(other) <= together <= word_count(one) + word_count(other) + 2
