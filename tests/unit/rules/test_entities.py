"""The forms of an entity: what is made of a name, what counts only with the full name, and laws of all of them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.matching import article, entity, found, rule
from tocsin.model import EntityType, Surname
from tocsin.rules.entities import MOST_FORMS, SHORTEST, FormKind, entity_forms, surname_of

PERSON = EntityType.PERSON
ZELENSKYY = entity(
    "zelenskyy",
    "Volodymyr Zelenskyy",
    kind=PERSON,
    forms={"uk": "Володимир Зеленський", "ru": "Владимир Зеленский"},
)
LUKASHENKO = entity(
    "lukashenko",
    "Alexander Lukashenko",
    kind=PERSON,
    forms={"be": "Аляксандр Лукашэнка", "ru": "Александр Григорьевич Лукашенко"},
)
TSIKHANOUSKAYA = entity(
    "tsikhanouskaya",
    "Sviatlana Tsikhanouskaya",
    kind=PERSON,
    forms={"be": "Святлана Ціханоўская", "ru": "Светлана Тихановская", "uk": "Світлана Тихановська"},
)
VON_DER_LEYEN = entity("vdl", "Ursula von der Leyen", kind=PERSON, forms={"ru": "Урсула фон дер Ляйен"})
TUSK = entity("tusk", "Donald Tusk", kind=PERSON, forms={"pl": "Donald Tusk"})
KYIV = entity("kyiv", "Kyiv", forms={"uk": "Київ", "ru": "Киев", "be": "Кіеў", "pl": "Kijów"})
OSCE = entity("osce", "Organization for Security and Cooperation in Europe", kind=EntityType.ORG, acronym="OSCE")
TROOPS = entity("troops", "troops", ['"forces"'], kind=EntityType.CONCEPT, forms={"ru": "войска"})

# Full forms, and surnames, that must be there.
MADE = [
    (ZELENSKYY, "Volodymyr Zelensky", False),
    (ZELENSKYY, "Volodymyr Zelenskiy", False),
    (ZELENSKYY, "Volodymyr Zelenskyi", False),
    (ZELENSKYY, "Vladimir Zelensky", False),
    (ZELENSKYY, "Vladimir Zelenskiy", False),
    (ZELENSKYY, "V. Zelensky", False),
    (ZELENSKYY, "Володимира Зеленського", False),
    (ZELENSKYY, "Володимиром Зеленським", False),
    (ZELENSKYY, "В. Зеленський", False),
    (ZELENSKYY, "В. Зеленського", False),
    (ZELENSKYY, "Владимиру Зеленскому", False),
    (ZELENSKYY, "Zelenskyy", True),
    (ZELENSKYY, "Zelensky", True),
    (ZELENSKYY, "Zelenskiy", True),
    (ZELENSKYY, "Zelenskyi", True),
    (ZELENSKYY, "Zelenskii", True),
    (ZELENSKYY, "Zelenskij", True),
    (ZELENSKYY, "Zelenski", True),
    (ZELENSKYY, "Зеленский", True),
    (ZELENSKYY, "Зеленському", True),
    (ZELENSKYY, "Зеленскому", True),
    (LUKASHENKO, "Alexander Lukashenka", False),
    (LUKASHENKO, "Aleksandr Lukashenko", False),
    (LUKASHENKO, "Alyaksandr Lukashenka", False),
    (LUKASHENKO, "Aliaksandr Lukashenka", False),
    (LUKASHENKO, "Александр Лукашенко", False),
    (LUKASHENKO, "Александра Лукашенко", False),
    (LUKASHENKO, "Александром Григорьевичем Лукашенко", False),
    (LUKASHENKO, "А.Г. Лукашенко", False),
    (LUKASHENKO, "A. Lukashenka", False),
    (LUKASHENKO, "Lukashenka", True),
    (LUKASHENKO, "Лукашэнкі", True),
    (TSIKHANOUSKAYA, "Svetlana Tikhanovskaya", False),
    (TSIKHANOUSKAYA, "Svyatlana Tsikhanouskaya", False),
    (TSIKHANOUSKAYA, "Svitlana Tikhanovskaya", False),
    (TSIKHANOUSKAYA, "Светланой Тихановской", False),
    (TSIKHANOUSKAYA, "S. Tikhanovskaya", False),
    (TSIKHANOUSKAYA, "Tikhanovskaya", True),
    (TSIKHANOUSKAYA, "Ціханоўскую", True),
    (TSIKHANOUSKAYA, "Тихановської", True),
    (VON_DER_LEYEN, "U. von der Leyen", False),
    (VON_DER_LEYEN, "Урсулой фон дер Ляйен", False),
    (VON_DER_LEYEN, "von der Leyen", True),
    (TUSK, "Donaldem Tuskiem", False),
    (TUSK, "Tuskowi", True),
    (KYIV, "Kiev", False),
    (KYIV, "Києві", False),
    (KYIV, "Киевом", False),
    (KYIV, "Кіева", False),
    (KYIV, "Kijowa", False),
    (OSCE, "Organisation for Security and Co-operation in Europe", False),
    (OSCE, "Organisation for Security and Cooperation in Europe", False),
    (OSCE, "Organization for Security and Co-operation in Europe", False),
    (OSCE, "Organization for Security & Cooperation in Europe", False),
    (TROOPS, "войсками", False),
]

WORDS = st.sampled_from(
    """Ola Li Ван Бут Кара-Мурза Petrenko Петренко Іваненко Иванова Ярова Kowalska Новак von der de бин Jr. III May Xi
    МВФ O'Neil Май Яцюк Щукин Йосип Юлія Ілля Микола Григорович Ivanovich and Centre defence""".split()
)
NAMES = st.lists(WORDS, min_size=1, max_size=5).map(" ".join)
ENTITIES = st.builds(
    entity,
    st.just("any"),
    NAMES,
    st.lists(st.one_of(NAMES, NAMES.map('"{}"'.format)), max_size=3),
    kind=st.sampled_from(EntityType),
    acronym=st.one_of(st.none(), st.sampled_from(["UTL", "О.Б.С.Е."])),
    forms=st.dictionaries(st.sampled_from(["ru", "uk", "be", "pl", "fr"]), NAMES, max_size=5),
    surname=st.sampled_from(list(Surname)),
)


@pytest.mark.parametrize(("known", "text", "partial"), MADE)
def test_a_form_in_use_is_made(known, text, partial):
    """Spellings, cases, initials and surnames that newspapers use are forms; a surname alone is a partial one."""
    assert [form.partial for form in entity_forms(known) if form.text == text] == [partial]


def test_each_form_says_what_it_comes_from():
    """The origin names what was configured, and what was made of it."""
    origins = {form.text: form.origin for form in entity_forms(ZELENSKYY)}
    assert origins["Volodymyr Zelenskyy"] == "name"
    assert origins["Володимир Зеленський"] == "uk form"
    assert origins["Zelenskyy"] == "surname of name"
    assert origins["Volodymyr Zelensky"] == "spelling of uk form"
    assert origins["Владимира Зеленского"] == "genitive of ru form"
    assert origins["Зеленському"] == "surname, dative of uk form"
    assert origins["V. Zelenskyy"] == "initial, name"
    assert origins["В. Зеленський"] == "initial, uk form"
    (patronymic,) = (form for form in entity_forms(LUKASHENKO) if form.text == "Александр Лукашенко")
    assert patronymic.origin == "ru form without patronymic"


def test_kinds_say_how_a_form_is_compared():
    """What stood in inner quotes is exact, an acronym is one, all else are words."""
    known = entity("lakes", "Union of Lakes", ["Lakeside", '"Three Lakes"'], kind=EntityType.ORG, acronym="UTL")
    assert {form.text: form.kind for form in entity_forms(known)} == {
        "Union of Lakes": FormKind.WORDS,
        "Lakeside": FormKind.WORDS,
        "Three Lakes": FormKind.EXACT,
        "UTL": FormKind.ACRONYM,
    }


@pytest.mark.parametrize(
    ("name", "surname"),
    [
        ("Volodymyr Zelenskyy", "Zelenskyy"),
        ("Ursula von der Leyen", "von der Leyen"),
        ("Alexander Van der Bellen", "Van der Bellen"),
        ("Mohammed bin Salman", "bin Salman"),
        ("Урсула фон дер Ляйен", "фон дер Ляйен"),
        ("Ola Petrenko-Kowalska", "Petrenko-Kowalska"),
        ("Ola Petrenko Jr.", "Petrenko"),
        ("Ola Petrenko, Jr.", "Petrenko"),
        ("Ola Petrenko III", "Petrenko"),
        ("Petrenko", None),
    ],
)
def test_the_surname_is_the_last_word_with_its_particles(name, surname):
    """Particles belong to the surname, Jr. and III to none; one word has no surname."""
    assert surname_of(name) == surname


def test_a_name_with_jr_gives_no_name_without():
    """Ola Petrenko is another than Ola Petrenko Jr.: only the surname is made of it."""
    assert [form.text for form in entity_forms(entity("ola", "Ola Petrenko Jr.", kind=PERSON))] == [
        "Ola Petrenko Jr.",
        "Petrenko",
    ]


@pytest.mark.parametrize(("surname", "expected"), [("alone", ["Li"]), ("after_full", []), ("never", [])])
def test_a_short_surname_counts_only_where_asked_for(surname, expected):
    """A surname under four letters is a form only where the entity says that surnames count alone."""
    forms = entity_forms(entity("li", "Ola Li", kind=PERSON, surname=surname))
    assert [form.text for form in forms if form.partial] == expected


@pytest.mark.parametrize(("name", "form"), [("Donald Trump", "Дональд Трамп"), ("Boris Bout", "Борис Бут")])
def test_no_word_that_is_made_is_an_ordinary_one(name, form):
    """A surname whose spelling is a common word (Tramp, But) gives no form by itself, only behind the first name."""
    known = entity("any", name, kind=PERSON, forms={"ru": form}, surname="alone")
    words = {made.text for made in entity_forms(known)}
    assert words.isdisjoint({"Tramp", "But"})
    assert words & {"Donald Tramp", "Boris But"}


def test_forms_are_bounded():
    """What is made ends at the bound; what is configured stays however much it is."""
    languages = ["be", "ru", "uk"]
    known = entity(
        "many",
        "Sviatlana Tsikhanouskaya",
        [f"Alias {number}" for number in range(100)],
        kind=PERSON,
        forms=dict(
            zip(languages, ["Святлана Ціханоўская", "Светлана Тихановская", "Світлана Тихановська"], strict=True)
        ),
    )
    assert len(entity_forms(known)) == MOST_FORMS
    more = entity("many", "Union", [f"Alias {number}" for number in range(200)], forms={"uk": "Спілка"})
    assert len(entity_forms(more)) == 202


def test_never_means_no_surname():
    """An entity whose surname never counts has no partial form; initials before it stay."""
    known = entity("ola", "Ola Petrenko", kind=PERSON, forms={"uk": "Оля Петренко"}, surname="never")
    assert not any(form.partial for form in entity_forms(known))
    assert "O. Petrenko" in {form.text for form in entity_forms(known)}


def test_no_translations_no_nicknames():
    """Without `forms` nothing is made of a name in another language, and nothing of a first name alone."""
    forms = {form.text for form in entity_forms(entity("ola", "Ola Petrenko", kind=PERSON))}
    assert forms == {"Ola Petrenko", "Petrenko", "O. Petrenko"}
    assert [form.text for form in entity_forms(entity("town", "Lakeside"))] == ["Lakeside"]


def test_forms_are_found_in_texts():
    """What is made is what articles are searched for: spellings and cases, in texts of any language."""
    asked = rule(any_of=["zelenskyy"])
    assert found(asked, article("Zelenskiy met them."), [entity_alone(ZELENSKYY)]) == ["Zelenskiy"]
    assert found(asked, article("Зустріч із Зеленським.", language="uk"), [entity_alone(ZELENSKYY)]) == ["Зеленським"]
    assert found(asked, article("Zelenskiy met them."), [ZELENSKYY]) == []
    text = "Vladimir Zelensky met them. Zelenskiy's plane is late."
    assert found(asked, article(text), [ZELENSKYY]) == ["Vladimir Zelensky", "Zelenskiy"]


def entity_alone(known):
    """Return an entity whose surname counts by itself."""
    return entity(known.id, known.name, kind=known.type, forms=dict(known.forms), surname="alone")


def test_dots_of_an_acronym_and_accents_need_no_form():
    """O.S.C.E. is OSCE, Erdogan is Erdoğan, and a possessive 's changes nothing."""
    known = [OSCE, entity("erdogan", "Recep Tayyip Erdoğan", kind=PERSON, surname="alone")]
    assert found(rule(any_of=["osce"]), article("The O.S.C.E. left. Osce is none."), known) == ["O.S.C.E."]
    assert found(rule(any_of=["erdogan"]), article("Erdogan’s visit."), known) == ["Erdogan"]
    assert "O.S.C.E." not in {form.text for form in entity_forms(OSCE)}


@settings(max_examples=150, deadline=None)
@given(ENTITIES)
def test_laws_of_all_forms(known):
    """The name is first, no form stands twice, there are at most so many, and they are the same each time."""
    forms = entity_forms(known)
    configured = 1 + len(known.aliases) + bool(known.acronym) + 2 * len(known.forms) + 1
    assert (forms[0].text, forms[0].kind, forms[0].partial) == (known.name, FormKind.WORDS, False)
    assert len({(form.text, form.kind) for form in forms}) == len(forms) <= max(MOST_FORMS, configured)
    assert forms == entity_forms.__wrapped__(known)  # not as remembered
    assert {alias.text for alias in known.aliases} <= {form.text for form in forms}
    assert {text for _, text in known.forms} <= {form.text for form in forms}


@settings(max_examples=150, deadline=None)
@given(ENTITIES)
def test_what_is_made_has_four_letters(known):
    """No form that is made is shorter than four letters, unless it is in capitals; only persons have partial ones."""
    written = {"name", "alias", "acronym", *(f"{language} form" for language, _ in known.forms)}
    for form in entity_forms(known):
        asked_for = form.origin in written or (form.origin.startswith("surname of") and known.surname is Surname.ALONE)
        letters = sum(character.isalpha() for character in form.text)
        assert asked_for or letters >= SHORTEST or form.text.isupper()
        assert not form.partial or (known.type is PERSON and known.surname is not Surname.NEVER)
