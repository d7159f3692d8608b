"""The cases of names: what grammar says must be there, with and without the Russian dictionary."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.rules.cases import LANGUAGES, Case, Role, by_rules, cases_of

# Persons: the name, where its surname begins, and what grammar makes of it.
PERSONS = [
    ("uk", "Володимир Зеленський", 1, "Володимира Зеленського; Володимиру Зеленському; Володимирові Зеленському"),
    ("uk", "Володимир Зеленський", 1, "Володимиром Зеленським; Володимире Зеленський"),
    ("uk", "Світлана Тихановська", 1, "Світлани Тихановської; Світлані Тихановській; Світлану Тихановську"),
    ("uk", "Світлана Тихановська", 1, "Світланою Тихановською"),
    ("uk", "Петро Порошенко", 1, "Петра Порошенка; Петру Порошенку; Петрові Порошенкові; Петром Порошенком"),
    ("uk", "Юлія Тимошенко", 1, "Юлії Тимошенко; Юлію Тимошенко; Юлією Тимошенко"),
    ("uk", "Дмитро Кулеба", 1, "Дмитра Кулеби; Дмитру Кулебі; Дмитра Кулебу; Дмитром Кулебою"),
    ("uk", "Андрій Єрмак", 1, "Андрія Єрмака; Андрію Єрмаку; Андрієм Єрмаком"),
    ("uk", "Кирило Буданов", 1, "Кирила Буданова; Кирилу Буданову; Кирилом Будановим"),
    ("uk", "Сергій Кравець", 1, "Сергія Кравця; Сергію Кравцю; Сергієм Кравцем"),
    ("uk", "Ольга Коваль", 1, "Ольги Коваль; Ользі Коваль; Ольгу Коваль; Ольгою Коваль"),
    ("uk", "Ілля Коваль", 1, "Іллі Коваля; Іллю Коваля; Іллею Ковалем"),
    ("uk", "Денис Шмигаль", 1, "Дениса Шмигаля; Денису Шмигалю; Денисом Шмигалем"),
    ("uk", "Ірина Верещук", 1, "Ірини Верещук; Ірині Верещук"),
    ("be", "Аляксандр Лукашэнка", 1, "Аляксандра Лукашэнкі; Аляксандру Лукашэнку; Аляксандрам Лукашэнкам"),
    ("be", "Святлана Ціханоўская", 1, "Святланы Ціханоўскай; Святлане Ціханоўскай; Святлану Ціханоўскую"),
    ("be", "Святлана Ціханоўская", 1, "Святланай Ціханоўскай"),
    ("be", "Алесь Бяляцкі", 1, "Алеся Бяляцкага; Алесю Бяляцкаму; Алесем Бяляцкім"),
    ("be", "Уладзімір Пуцін", 1, "Уладзіміра Пуціна; Уладзіміру Пуціну; Уладзімірам Пуціным"),
    ("be", "Павел Латушка", 1, "Павла Латушкі; Павлу Латушку; Павлам Латушкам"),
    ("pl", "Donald Tusk", 1, "Donalda Tuska; Donaldowi Tuskowi; Donaldem Tuskiem; Donaldzie Tusku"),
    ("pl", "Radosław Sikorski", 1, "Radosława Sikorskiego; Radosławowi Sikorskiemu; Radosławem Sikorskim"),
    ("pl", "Radosław Sikorski", 1, "Radosławie Sikorskim"),
    ("pl", "Andrzej Duda", 1, "Andrzeja Dudy; Andrzejowi Dudzie; Andrzeja Dudę; Andrzejem Dudą; Andrzeju Dudzie"),
    ("pl", "Aleksandr Łukaszenko", 1, "Aleksandra Łukaszenki; Aleksandrowi Łukaszence; Aleksandra Łukaszenkę"),
    ("pl", "Aleksandr Łukaszenko", 1, "Aleksandrem Łukaszenką"),
    ("pl", "Swiatłana Cichanouska", 1, "Swiatłany Cichanouskiej; Swiatłanę Cichanouską; Swiatłaną Cichanouską"),
    ("pl", "Paweł Marek", 1, "Pawła Marka; Pawłowi Markowi; Pawłem Markiem"),
    ("pl", "Anna Nowak", 1, "Anny Nowak; Annie Nowak; Annę Nowak; Anną Nowak"),
    ("pl", "Wołodymyr Zełenski", 1, "Wołodymyra Zełenskiego; Wołodymyrowi Zełenskiemu; Wołodymyrem Zełenskim"),
]
RUSSIAN_PERSONS = [
    ("ru", "Владимир Зеленский", 1, "Владимира Зеленского; Владимиру Зеленскому; Владимиром Зеленским"),
    ("ru", "Владимир Зеленский", 1, "Владимире Зеленском"),
    ("ru", "Светлана Тихановская", 1, "Светланы Тихановской; Светлане Тихановской; Светлану Тихановскую"),
    ("ru", "Светлана Тихановская", 1, "Светланой Тихановской"),
    ("ru", "Александр Григорьевич Лукашенко", 2, "Александра Григорьевича Лукашенко"),
    (
        "ru",
        "Александр Григорьевич Лукашенко",
        2,
        "Александру Григорьевичу Лукашенко; Александром Григорьевичем Лукашенко",
    ),
    ("ru", "Владимир Путин", 1, "Владимира Путина; Владимиру Путину; Владимиром Путиным; Владимире Путине"),
    ("ru", "Джо Байден", 1, "Джо Байдена; Джо Байдену; Джо Байденом; Джо Байдене"),
    ("ru", "Эммануэль Макрон", 1, "Эммануэля Макрона; Эммануэлю Макрону; Эммануэлем Макроном"),
    ("ru", "Ангела Меркель", 1, "Ангелы Меркель; Ангеле Меркель; Ангелу Меркель; Ангелой Меркель"),
    ("ru", "Дональд Трамп", 1, "Дональда Трампа; Дональду Трампу; Дональдом Трампом"),
    ("ru", "Сергей Шойгу", 1, "Сергея Шойгу; Сергею Шойгу; Сергеем Шойгу"),
    ("ru", "Урсула фон дер Ляйен", 1, "Урсулы фон дер Ляйен; Урсуле фон дер Ляйен; Урсулу фон дер Ляйен"),
    ("ru", "Алексей Навальный", 1, "Алексея Навального; Алексею Навальному; Алексеем Навальным"),
    ("ru", "Мария Захарова", 1, "Марии Захаровой; Марию Захарову; Марией Захаровой"),
    ("ru", "Дмитрий Медведев", 1, "Дмитрия Медведева; Дмитрию Медведеву; Дмитрием Медведевым; Дмитрии Медведеве"),
    ("ru", "Илья Яшин", 1, "Ильи Яшина; Илье Яшину; Илью Яшина"),
    ("ru", "Владимир Кара-Мурза", 1, "Владимира Кара-Мурзы; Владимира Кары-Мурзы"),
]
# Everything else: the name and its cases.
THINGS = [
    ("uk", "Мінськ", "Мінська; Мінську; Мінськом"),
    ("uk", "Київ", "Києва; Києву; Києвом; Києві"),
    ("uk", "Львів", "Львова; Львову; Львовом; Львові"),
    ("uk", "Харків", "Харкова; Харкову; Харковом; Харкові"),
    ("uk", "Миколаїв", "Миколаєва; Миколаєву; Миколаєвом; Миколаєві"),
    ("uk", "Україна", "України; Україні; Україну; Україною"),
    ("uk", "Росія", "Росії; Росію; Росією"),
    ("uk", "Білорусь", "Білорусі; Білоруссю"),
    ("uk", "Америка", "Америки; Америці; Америку"),
    ("uk", "Донецьк", "Донецька; Донецьку; Донецьком"),
    ("uk", "Крим", "Криму; Кримом"),
    ("uk", "Дніпро", "Дніпра; Дніпру; Дніпром; Дніпрі"),
    ("uk", "Китай", "Китаю; Китаєм; Китаї"),
    ("uk", "Верховна Рада", "Верховної Ради; Верховній Раді; Верховну Раду; Верховною Радою"),
    ("uk", "Європейський Союз", "Європейського Союзу; Європейським Союзом"),
    ("uk", "Служба безпеки України", "Служби безпеки України; Службі безпеки України"),
    ("be", "Мінск", "Мінска; Мінску; Мінскам"),
    ("be", "Кіеў", "Кіева; Кіеву; Кіевам; Кіеве"),
    ("be", "Расія", "Расіі; Расію; Расіяй"),
    ("be", "Беларусь", "Беларусі; Беларуссю"),
    ("be", "Украіна", "Украіны; Украіне; Украіну; Украінай"),
    ("be", "Масква", "Масквы; Маскве; Маскву; Масквой"),
    ("be", "Гомель", "Гомеля; Гомелю; Гомелем; Гомелі"),
    ("pl", "Warszawa", "Warszawy; Warszawie; Warszawę; Warszawą"),
    ("pl", "Kijów", "Kijowa; Kijowowi; Kijowem; Kijowie"),
    ("pl", "Mińsk", "Mińska; Mińskiem; Mińsku"),
    ("pl", "Ukraina", "Ukrainy; Ukrainie; Ukrainę; Ukrainą"),
    ("pl", "Rosja", "Rosji; Rosję; Rosją"),
    ("pl", "Białoruś", "Białorusi; Białorusią"),
    ("pl", "Polska", "Polski; Polsce; Polskę; Polską"),
    ("pl", "Litwa", "Litwy; Litwie; Litwę; Litwą"),
    ("pl", "Poznań", "Poznania; Poznaniem; Poznaniu"),
    ("pl", "Unia Europejska", "Unii Europejskiej; Unię Europejską; Unią Europejską"),
]
RUSSIAN_THINGS = [
    ("ru", "Россия", "России; Россию; Россией"),
    ("ru", "Москва", "Москвы; Москве; Москву; Москвой"),
    ("ru", "Минск", "Минска; Минску; Минском; Минске"),
    ("ru", "Беларусь", "Беларуси; Беларусью"),
    ("ru", "Киев", "Киева; Киеву; Киевом; Киеве"),
    ("ru", "Европейский союз", "Европейского союза; Европейским союзом"),
    ("ru", "Министерство обороны", "Министерства обороны; Министерству обороны"),
]
BY_DICTIONARY = [
    ("ru", "Соединённые Штаты Америки", "Соединённых Штатов Америки; Соединёнными Штатами Америки"),
    ("ru", "Афины", "Афин; Афинам; Афинах"),
    ("ru", "Павел", "Павла"),
    ("ru", "войска", "войск; войсками"),
    ("ru", "Организация Объединённых Наций", "Организации Объединённых Наций; Организацию Объединённых Наций"),
]
WORDS = st.text("абвгеийклмноруцсяьєіїўщąęłńśżckow", min_size=1, max_size=8).map(str.capitalize)


def _texts(declined):
    return {" ".join(each.words) for each in declined}


@pytest.mark.parametrize(("language", "name", "surname", "expected"), [*PERSONS, *RUSSIAN_PERSONS])
def test_a_person_is_declined(language, name, surname, expected):
    """First name and surname stand in one case, by the gender of the first name."""
    assert set(expected.split("; ")) <= _texts(cases_of(name.split(), language, surname=surname))


@pytest.mark.parametrize(("language", "name", "expected"), [*THINGS, *RUSSIAN_THINGS, *BY_DICTIONARY])
def test_a_thing_is_declined(language, name, expected):
    """Of the name of a place or an organisation, the noun and the adjectives before it are declined, the rest stays."""
    assert set(expected.split("; ")) <= _texts(cases_of(name.split(), language, surname=None))


@pytest.mark.parametrize("missing", ["pymorphy3", "pymorphy3_dicts_ru"])
def test_russian_goes_on_without_its_dictionary(missing):
    """Where pymorphy3 or its dictionary is not installed, rules give the same cases of all but irregular words."""
    known = [(name, surname, expected) for _, name, surname, expected in RUSSIAN_PERSONS]
    known += [(name, None, expected) for _, name, expected in RUSSIAN_THINGS]
    program = f"""
import json, sys
sys.modules["{missing}"] = None  # an import of it fails from now on
from tocsin.rules.cases import cases_of
given = json.load(sys.stdin)
print(json.dumps([[" ".join(each.words) for each in cases_of(name.split(), "ru", surname=at)] for name, at in given]))
"""
    asked = json.dumps([[name, surname] for name, surname, _ in known])
    ended = subprocess.run([sys.executable, "-c", program], input=asked, capture_output=True, text=True, check=True)
    for (name, _, expected), found in zip(known, json.loads(ended.stdout), strict=True):
        assert set(expected.split("; ")) <= set(found), name


def test_the_dictionary_is_read_for_russian_alone():
    """Without a Russian name the dictionary is never loaded."""
    program = """
import sys
from tocsin.rules.cases import LANGUAGES, cases_of
for language in LANGUAGES - {"ru"}:
    cases_of(["Мінск"], language, surname=None)
assert "pymorphy3" not in sys.modules
cases_of(["Минск"], "ru", surname=None)
assert "pymorphy3" in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_case_is_called_by_its_name():
    """Each form says which case it is; one that several cases share is called by the first."""
    found = {" ".join(each.words): each.case for each in cases_of(["Світлана", "Тихановська"], "uk", surname=1)}
    assert found["Світлани Тихановської"] is Case.GENITIVE
    assert found["Світлані Тихановській"] is Case.DATIVE
    assert found["Світлану Тихановську"] is Case.ACCUSATIVE
    assert found["Світланою Тихановською"] is Case.INSTRUMENTAL
    assert found["Світлано Тихановська"] is Case.VOCATIVE


def test_a_thing_is_not_called():
    """Only persons have a vocative."""
    assert "Україно" not in _texts(cases_of(["Україна"], "uk", surname=None))
    assert "Світлано" in _texts(cases_of(["Світлана"], "uk", surname=0))


def test_adjective_and_noun_of_a_thing_agree():
    """In the accusative the adjective of a thing is that of things, not of persons."""
    assert not {"Нижнего Новгород", "Европейского союз"} & (
        _texts(cases_of(["Нижний", "Новгород"], "ru", surname=None))
        | _texts(cases_of(["Европейский", "союз"], "ru", surname=None))
    )


@pytest.mark.parametrize(
    ("name", "language", "surname"),
    [("Emmanuel Macron", "fr", 1), ("США", "ru", None), ("Tallinn", "et", None), ("ОБСЄ", "uk", None)],
)
def test_other_languages_and_abbreviations_stay(name, language, surname):
    """A language whose cases are not known, and an abbreviation, have none."""
    assert cases_of(name.split(), language, surname=surname) == ()


@given(st.sampled_from(sorted(LANGUAGES - {"ru"})), st.lists(WORDS, min_size=1, max_size=4), st.booleans())
def test_every_name_has_cases_of_as_many_words(language, words, person):
    """Whatever the name, each of its forms has its words, none is the name itself, and none stands twice."""
    declined = cases_of(words, language, surname=len(words) - 1 if person else None)
    texts = [each.words for each in declined]
    assert all(len(each) == len(words) for each in texts)
    assert tuple(words) not in texts
    assert len(set(texts)) == len(texts) <= 16


@given(st.sampled_from(sorted(LANGUAGES)), WORDS, st.sampled_from(Role), st.sampled_from("mf"))
def test_the_beginning_of_a_word_stays(language, word, role, gender):
    """Rules change the end of a word only, and keep its capital."""
    for forms in by_rules(word, role, gender, language).values():
        for form in forms:
            assert form[: max(0, len(word) - 3)] == word[: max(0, len(word) - 3)]
            assert form[:1].isupper() or len(word) <= 3
