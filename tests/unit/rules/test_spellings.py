"""How names are spelled in Latin letters: spellings that newsrooms use, and laws of all of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.rules.spellings import LANGUAGES, english_spellings, is_ordinary, spellings_of

# What English-language media, passports and maps write for a name.
USED = {
    ("ru", "Зеленский"): "Zelensky Zelenskiy Zelenskii",
    ("uk", "Зеленський"): "Zelensky Zelenskyy Zelenskyi",
    ("uk", "Володимир"): "Volodymyr",
    ("ru", "Тихановская"): "Tikhanovskaya Tikhanovskaia",
    ("be", "Ціханоўская"): "Tsikhanouskaya",
    ("be", "Святлана"): "Sviatlana Svyatlana",
    ("be", "Лукашэнка"): "Lukashenka",
    ("ru", "Лукашенко"): "Lukashenko",
    ("ru", "Александр"): "Aleksandr Alexandr Alexander",
    ("uk", "Олександр"): "Oleksandr",
    ("be", "Аляксандр"): "Alyaksandr Aliaksandr",
    ("be", "Бяляцкі"): "Byalyatski Bialiatski Byalyatsky",
    ("be", "Мінск"): "Minsk",
    ("be", "Гродна"): "Hrodna Grodna",
    ("be", "Магілёў"): "Mahiliou Mahilyow",
    ("ru", "Киев"): "Kiev",
    ("uk", "Київ"): "Kyiv",
    ("uk", "Харків"): "Kharkiv",
    ("ru", "Харьков"): "Kharkov",
    ("uk", "Львів"): "Lviv",
    ("uk", "Одеса"): "Odesa",
    ("ru", "Одесса"): "Odessa",
    ("uk", "Миколаїв"): "Mykolaiv Mykolayiv",
    ("uk", "Запоріжжя"): "Zaporizhzhia Zaporizhzhya",
    ("uk", "Чернігів"): "Chernihiv",
    ("uk", "Вінниця"): "Vinnytsia Vinnytsya",
    ("uk", "Луганськ"): "Luhansk",
    ("ru", "Луганск"): "Lugansk",
    ("uk", "Чорнобиль"): "Chornobyl",
    ("ru", "Чернобыль"): "Chernobyl",
    ("ru", "Путин"): "Putin",
    ("ru", "Горбачёв"): "Gorbachev",
    ("ru", "Хрущёв"): "Khrushchev",
    ("ru", "Ельцин"): "Yeltsin Eltsin",
    ("ru", "Навальный"): "Navalny Navalnyy Navalniy",
    ("ru", "Шойгу"): "Shoigu Shoygu",
    ("ru", "Алексей"): "Alexei Alexey Aleksei Aleksey",
    ("ru", "Сергей"): "Sergei Sergey",
    ("uk", "Сергій"): "Serhiy Serhii",
    ("uk", "Андрій"): "Andriy Andrii",
    ("ru", "Дмитрий"): "Dmitry Dmitri Dmitriy Dmitrii",
    ("ru", "Юрий"): "Yuri Yury Yuriy",
    ("ru", "Евгений"): "Yevgeny Evgeny Yevgeni",
    ("ru", "Мария"): "Maria Mariya",
    ("uk", "Юлія"): "Yulia Yuliya Yuliia",
    ("ru", "Наталья"): "Natalya Natalia",
    ("ru", "Матвиенко"): "Matvienko Matviyenko",
    ("uk", "Сирський"): "Syrsky Syrskyi Syrskyy",
    ("uk", "Залужний"): "Zaluzhny Zaluzhnyi Zaluzhnyy",
    ("uk", "Шмигаль"): "Shmyhal",
    ("uk", "Єрмак"): "Yermak",
    ("uk", "Тимошенко"): "Tymoshenko Timoshenko",
    ("uk", "Порошенко"): "Poroshenko",
    ("ru", "Ходорковский"): "Khodorkovsky",
    ("ru", "Жириновский"): "Zhirinovsky",
    ("ru", "Толстой"): "Tolstoy Tolstoi",
    ("ru", "Кара-Мурза"): "Kara-Murza",
    ("ru", "Ростов-на-Дону"): "Rostov-na-Donu",
}
LETTERS = {
    "ru": "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя'",
    "be": "абвгдеёжзійклмнопрстуўфхцчшыьэюя'",
}
CASES = [(language, name, spelled) for (language, name), several in USED.items() for spelled in several.split()]
NAMES = st.sampled_from(sorted(LANGUAGES)).flatmap(
    lambda language: st.tuples(
        st.just(language),
        st.lists(st.text(LETTERS[language], min_size=1, max_size=9).map(str.capitalize), min_size=1, max_size=4).map(
            " ".join
        ),
    )
)


@pytest.mark.parametrize(("language", "name", "spelled"), CASES)
def test_a_spelling_in_use_is_made(language, name, spelled):
    """Each spelling that newsrooms use is among the first eight."""
    assert spelled in spellings_of(name, language, 8)


@pytest.mark.parametrize("first", [("uk", "Київ", "Kyiv"), ("ru", "Киев", "Kiev"), ("uk", "Зеленський", "Zelensky")])
def test_the_most_usual_spelling_is_first(first):
    """Where only one spelling is asked for, it is the most usual one."""
    language, name, spelled = first
    assert spellings_of(name, language, 1) == (spelled,)


def test_one_letter_is_spelled_one_way_in_a_name():
    """A name mixes no two ways of spelling the same letter."""
    spelled = spellings_of("Яна Яшина", "ru", 20)
    assert {"Yana Yashina", "Iana Iashina"} <= set(spelled)
    assert "Yana Iashina" not in spelled


@pytest.mark.parametrize("word", ["But", "most", "Tramp", "Van", "Для"])
def test_common_words_are_known(word):
    """A word that many texts have is ordinary, whatever its case; a name is not."""
    assert is_ordinary(word)
    assert not is_ordinary("Zelensky")


@pytest.mark.parametrize(
    ("language", "name"), [("pl", "Мінск"), ("ru", "Мінск"), ("ru", "Putin"), ("ru", "США"), ("uk", "ОБСЄ"), ("ru", "")]
)
def test_what_cannot_be_spelled_gives_nothing(language, name):
    """Another language, letters of another one, an abbreviation: no spelling."""
    assert spellings_of(name, language, 8) == ()


@given(NAMES, st.integers(0, 12))
def test_spellings_are_bounded_and_in_latin_letters(named, most):
    """There are never more than asked for, none twice, each in Latin letters and with the capitals of the name."""
    language, name = named
    spelled = spellings_of(name, language, most)
    assert len(spelled) == len(set(spelled)) <= most
    assert all(text.isascii() for text in spelled)
    for text in spelled:
        assert sum(character.isupper() for character in text) <= sum(character.isupper() for character in name)


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_a_long_name_costs_what_is_asked_for(language):
    """Of the millions of spellings of a name with every pair of letters, only those that are asked for are made."""
    letters = LETTERS[language]
    name = " ".join(first + last for first in letters for last in letters)
    assert len(spellings_of(name, language, 5)) == 5


@given(NAMES)
def test_fewer_spellings_are_the_first_of_more(named):
    """What is asked for in smaller number is a beginning of the same row."""
    language, name = named
    row = spellings_of(name, language, 10)
    assert spellings_of(name, language, 3) == row[:3]


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("Organization for Security and Cooperation", "Organisation for Security and Co-operation"),
        ("Organization for Security and Cooperation", "Organization for Security and Co-operation"),
        ("Organization for Security and Cooperation", "Organization for Security & Cooperation"),
        ("World Food Programme", "World Food Program"),
        ("Centre for Defence Studies", "Center for Defense Studies"),
        ("ministry of defence", "ministry of defense"),
    ],
)
def test_english_names_are_spelled_both_ways(name, spelled):
    """The British and the American spelling of an institution are one name."""
    assert spelled in english_spellings(name)
    assert name not in english_spellings(name)


def test_other_english_names_stay():
    """A name without such a word has no other spelling."""
    assert english_spellings("United Nations") == ()
