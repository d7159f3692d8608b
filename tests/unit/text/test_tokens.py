"""Words and the forms in which they are compared."""

import time
from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tocsin.text.stems import ALGORITHMS
from tocsin.text.tokens import form_of, words


def _written(text: str, language: str = "en") -> list[str]:
    return [word.written for word in words(text, language)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("all-out war", "all out war"),
        ("COVID-19 e-mail", "COVID 19 e mail"),
        ("U.S. U.N.-backed J.K. U.S.A", "U.S. U.N. backed J.K. U.S.A"),
        ("Ph.D. No.5 end.Then 10:30", "Ph D No 5 end Then 10 30"),
        ("1,000 3.5% 10.5.2024 1,a ٣٫٥", "1,000 3.5 10.5.2024 1 a ٣٫٥"),
        ("Ukraine's UKRAINE’S U.S.'s troops' don't", "Ukraine UKRAINE U.S. troops don't"),
        ("'quoted' ‘so’ rock'n'roll", "quoted so rock'n'roll"),
        ("AT&T C++ a/b @c #d e@f", "AT T C a b c d e f"),
        ("snake_case __x__", "snake_case x"),
        ("5G Café ½ ² 🔥 Ⅷ", "5G Café Ⅷ"),
        ("l'Ukraine D’Artagnan aujourd'hui", "l Ukraine D Artagnan aujourd'hui"),
        ("dell'Ucraina dov'è sant’Anna", "dell Ucraina dov è sant Anna"),
        ("col·legi l'11", "col·legi l 11"),
        ("М'який п’ять", "М'який п’ять"),
        ("हिन्दी கோ", "हिन्दी கோ"),
        ("北京ABC 2022年", "北 京 A B C 2022 年".replace("A B C", "ABC")),
        ("サミットG7 々", "サ ミ ッ ト G7 々"),
        ("우크라이나 평화", "우크라이나 평화"),
        ("น้ำ", "น้ ำ"),
    ],
)
def test_words_of_a_text(text: str, expected: str) -> None:
    """Words are Unicode's, with the differences that the design names."""
    assert _written(text) == expected.split()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Türkiye'nin İstanbul’da", "Türkiye İstanbul"),
        ("ABD'li gel'in O’Brien’ın", "ABD gel'in O"),
        ("l'Oréal'in", "l Oréal"),
    ],
)
def test_words_of_a_turkish_text(text: str, expected: str) -> None:
    """In Turkish a name ends where its apostrophe stands."""
    assert _written(text, "tr") == expected.split()


TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from([*"aZé1.'’-_,;·· \n\u00ad\u200b\u0301京ไ้ıİß", "'s", "U.S.", "l'"]), max_size=25).map(
        "".join
    ),
)


@given(TEXTS, st.sampled_from(["en", "tr", "fr", "zh"]))
def test_words_stand_where_they_say(text: str, language: str) -> None:
    """Words are in order, apart, not empty; each is what stands at its place."""
    end = 0
    for word in words(text, language):
        assert end <= word.start < word.end <= len(text)
        assert text[word.start : word.end] == word.written
        end = word.end


@given(TEXTS)
def test_words_leave_no_letter_out(text: str) -> None:
    """Every letter and digit of a text is in a word; only the s of a possessive is not."""
    inside = {place for word in words(text, "en") for place in range(word.start, word.end)}
    left_out = [text[place] for place in range(len(text)) if place not in inside and text[place].isalpha()]
    assert set(left_out) <= set("sSʼ")
    assert not any(text[place].isdecimal() for place in range(len(text)) if place not in inside)


@given(st.sampled_from(["word", "Straße", "été", "ёлка", "İstanbul", "NATO"]), st.data())
def test_invisible_characters_count_for_nothing(word: str, data: st.DataObject) -> None:
    """A word with invisible characters in it is the word without."""
    at = data.draw(st.integers(1, len(word) - 1))
    hidden = data.draw(st.text("\u00ad\u200b\u200c\u200d\u2060\ufeff", min_size=1, max_size=3))
    (found,) = words(word[:at] + hidden + word[at:], "en")
    assert form_of(found.written, "en") == form_of(word, "en")


@given(st.text(max_size=12), st.sampled_from(sorted(ALGORITHMS)))
def test_forms_of_a_folded_word(written: str, language: str) -> None:
    """Any string has forms, and one that is folded has neither capitals nor accents to compare."""
    folded = form_of(written, language).folded
    assume("I" not in folded)
    again = form_of(folded, language)
    assert (again.folded, again.asked) == (folded, folded)


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("Straße", "STRASSE", "de"),
        ("ёлка", "Елка", "ru"),
        ("Ёлка", "ЕЛКА", "ru"),
        ("cafe\u0301", "CAFÉ", "fr"),
        ("Łódź", "lodz", "pl"),
        ("İZMİR", "izmir", "tr"),
        ("IRAK", "ırak", "tr"),
        ("ΠΌΛΕΜΟΣ", "πολεμος", "el"),
        ("ﬁn", "FIN", "en"),
        ("ＮＡＴＯ", "nato", "ja"),
        ("U.S.", "us", "en"),
        ("don’t", "DON'T", "en"),
        ("don`t", "don´t", "en"),
        ("œuvre", "oeuvre", "fr"),
        ("x" * 64 + "y", "x" * 64 + "z", "en"),
    ],
)
def test_words_that_fold_alike(one: str, other: str, language: str) -> None:
    """Case, accents of Latin and Greek, ё, dots and shapes of letters fold away."""
    assert form_of(one, language).folded == form_of(other, language).folded


@pytest.mark.parametrize(
    ("one", "other"), [("й", "и"), ("ї", "і"), ("プ", "フ"), ("हिन्दी", "हन्दी"), ("ў", "у"), ("が", "か")]
)
def test_words_that_do_not_fold_alike(one: str, other: str) -> None:
    """Marks of other scripts make other letters."""
    assert form_of(one, "en").folded != form_of(other, "en").folded


@pytest.mark.parametrize(
    ("written", "language", "accented"),
    [
        ("café", "fr", True),
        ("cafe", "fr", False),
        ("Straße", "de", False),
        ("Irak", "tr", False),
        ("sınır", "tr", True),
        ("İzmir", "tr", False),
        ("ё", "ru", True),
        ("й", "ru", False),
        ("Łódź", "pl", True),
    ],
)
def test_words_with_accents(written: str, language: str, accented: bool) -> None:
    """What has accents binds; case, ß and the dot of a capital İ are none."""
    assert form_of(written, language).accented is accented


def _seconds(work: Callable[[], object]) -> float:
    times = []
    for _ in range(5):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "a.",
        "a'",
        "a's",
        "1,",
        "a_",
        "a\u200b",
        "\u200b",
        "\u0301",
        "a\u0301",
        "京",
        "ก้",
        "a\u200b\u200b'",
        "l'",
        ".'’",
    ],
)
def test_words_take_linear_time(unit: str) -> None:
    """Ten times the text takes nowhere near a hundred times the time, whatever it is made of."""
    text = unit * 5_000
    assert _seconds(lambda: words(text * 10, "en")) <= 40 * _seconds(lambda: words(text, "en")) + 0.05
