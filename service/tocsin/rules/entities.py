"""The forms of an entity: every writing that means it, with what it comes from.

What is configured stands first; what is made from it follows: cases, spellings in Latin letters, initials, surnames.
Translations and nicknames are never made. A possessive 's, accents, the dots of an acronym and the English plural need
no form: words are compared without them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import chain, islice, product, zip_longest
from typing import assert_never

import regex

from tocsin.model import Entity, EntityType, Surname
from tocsin.rules.cases import cases_of
from tocsin.rules.spellings import english_spellings, is_ordinary, spellings_of
from tocsin.text.tokens import without_accents

#: Words that belong to the surname after them, in small letters or with a capital.
PARTICLES = frozenset(
    "al af av ben bin bint da dal de degli dei del della den der di dos du el ibn la las le los st ten ter van von zu"
    " ван дер ди ла ле фон".split()
)

#: What stands behind a surname and is none.
SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})

#: A form that is made has at least so many letters, unless all are capitals.
SHORTEST = 4

#: So many entities' forms are remembered: each language's rules ask for them anew.
REMEMBERED = 4096

#: The most forms of an entity; what is configured always counts.
MOST_FORMS = 150

_MOST_SURNAMES, _MOST_GIVEN, _MOST_PLACES, _MOST_FULL = 8, 4, 6, 40
_PATRONYMIC = regex.compile(r"(?:вич|віч|вна|ўна|льич|[кмт]ич|нична)$")
_CYRILLIC = regex.compile(r"\p{Cyrillic}")


class FormKind(StrEnum):
    """How a form is compared."""

    WORDS = "words"  # a name, as the entity's `case` says
    EXACT = "exact"  # exactly these words: it stood in inner quotes
    ACRONYM = "acronym"  # in just this case


@dataclass(frozen=True, slots=True)
class EntityForm:
    """A writing of an entity. `partial`: a surname, which counts only as the entity's `surname` says."""

    text: str
    kind: FormKind
    origin: str
    partial: bool = False


@dataclass(frozen=True, slots=True)
class _PersonName:
    """A person's name as written in one language (None: the configured name). `given`: nothing behind a Jr. or III.

    Without it that name is another person's, of which only the surname is shared.
    """

    given: tuple[str, ...]
    surname: str
    language: str | None

    @property
    def origin(self) -> str:
        """What `EntityForm.origin` calls it."""
        return "name" if self.language is None else f"{self.language} form"

    @property
    def called(self) -> tuple[str, ...]:
        """The given names without a patronymic."""
        return self.given[:1] + tuple(word for word in self.given[1:] if not _PATRONYMIC.search(word.lower()))


@lru_cache(maxsize=REMEMBERED)
def entity_forms(entity: Entity) -> tuple[EntityForm, ...]:
    """Return the forms of an entity, the name first, each once; what is configured, then what is made, bounded."""
    forms: dict[tuple[str, FormKind], EntityForm] = {}
    for form in _configured(entity):
        forms.setdefault((form.text, form.kind), form)
    known = {without_accents(text) for text, kind in forms if kind is FormKind.WORDS}
    made: dict[str, EntityForm] = {}
    for form in _made(entity):
        if (compared := without_accents(form.text)) not in known:
            made.setdefault(compared, form)
    return (*forms.values(), *islice(made.values(), max(0, MOST_FORMS - len(forms))))


def surname_of(name: str) -> str | None:
    """Return the surname in a person's name, with the particles that belong to it; None where the name is one word."""
    parted = _person_name(name, None)
    return None if parted is None else parted.surname


# ---------------------------------------------------------------------------------------------------------------
# What is configured


def _configured(entity: Entity) -> Iterator[EntityForm]:
    yield EntityForm(entity.name, FormKind.WORDS, "name")
    for alias in entity.aliases:
        yield EntityForm(alias.text, FormKind.EXACT if alias.exact else FormKind.WORDS, "alias")
    if entity.acronym:
        yield EntityForm(entity.acronym, FormKind.ACRONYM, "acronym")
    for language, text in entity.forms:
        yield EntityForm(text, FormKind.WORDS, f"{language} form")
    if entity.type is EntityType.PERSON and entity.surname is not Surname.NEVER:
        for name in _person_names(entity):
            if entity.surname is Surname.ALONE or is_long_enough(name.surname):
                yield _form(name.surname, f"surname of {name.origin}", partial=True)


# ---------------------------------------------------------------------------------------------------------------
# What is made


def _made(entity: Entity) -> Iterator[EntityForm]:
    for form in _made_by_type(entity):
        if is_long_enough(form.text) and (" " in form.text or not is_ordinary(form.text)):
            yield form


def _made_by_type(entity: Entity) -> Iterator[EntityForm]:
    match entity.type:
        case EntityType.PERSON:
            return _made_of_person(entity)
        case EntityType.CONCEPT:
            return _cases_of_thing(entity)
        case EntityType.PLACE | EntityType.ORG | EntityType.OTHER:
            return chain(_english(entity), _spellings_of_thing(entity), _cases_of_thing(entity))
        case _:
            assert_never(entity.type)


def is_long_enough(text: str) -> bool:
    """Tell whether a form may be made: it has four letters, or is written in capitals."""
    return sum(character.isalpha() for character in text) >= SHORTEST or text.isupper()


def _form(text: str, origin: str, *, partial: bool = False) -> EntityForm:
    return EntityForm(text, FormKind.WORDS, origin, partial)


def _english(entity: Entity) -> Iterator[EntityForm]:
    for origin, text in [
        ("name", entity.name),
        *(("alias", alias.text) for alias in entity.aliases if not alias.exact),
    ]:
        for spelled in english_spellings(text):
            yield _form(spelled, f"English spelling of {origin}")


def _spellings_of_thing(entity: Entity) -> Iterator[EntityForm]:
    for language, text in entity.forms:
        for spelled in spellings_of(text, language, _MOST_PLACES) if text.count(" ") < 2 else ():
            yield _form(spelled, f"spelling of {language} form")


def _cases_of_thing(entity: Entity) -> Iterator[EntityForm]:
    for language, text in entity.forms:
        for declined in cases_of(text.split(), language, surname=None):
            yield _form(" ".join(declined.words), f"{declined.case} of {language} form")


# ---------------------------------------------------------------------------------------------------------------
# Of persons


def _person_name(name: str, language: str | None) -> _PersonName | None:
    """Part a person's name at its surname; None where it is one word."""
    words = name.split()
    end = len(words)
    while end > 1 and words[end - 1].strip(".,").casefold() in SUFFIXES:
        end -= 1
    start = end - 1
    while start > 1 and words[start - 1].casefold() in PARTICLES:
        start -= 1
    if start == 0 and end == len(words):
        return None
    given = tuple(words[:start]) if end == len(words) else ()
    return _PersonName(given, " ".join(words[start:end]).rstrip(","), language)


def _person_names(entity: Entity) -> list[_PersonName]:
    parted = [_person_name(entity.name, None), *(_person_name(text, language) for language, text in entity.forms)]
    return [name for name in parted if name is not None]


def _made_of_person(entity: Entity) -> Iterator[EntityForm]:
    names = _person_names(entity)
    latin = _latin(names)
    surnames = (_form(surname, f"surname, {origin}", partial=True) for surname, origin in latin.surnames)
    made = chain(surnames, _full_names(names, latin), *map(_declined, names), _initials(names, latin))
    return (form for form in made if not (form.partial and entity.surname is Surname.NEVER))


@dataclass(frozen=True, slots=True)
class _Latin:
    """The given names and the surnames of a person in Latin letters with where they come from, the most usual first."""

    given: tuple[tuple[str, str], ...]
    surnames: tuple[tuple[str, str], ...]


def _latin(names: Sequence[_PersonName]) -> _Latin:
    own = [name for name in names if not _CYRILLIC.search(name.surname)]
    others = [name for name in names if name.language is not None and _CYRILLIC.search(name.surname)]
    given = [[(" ".join(name.called), name.origin)] for name in own if name.given]
    given += [_spelled(" ".join(name.called), name, _MOST_GIVEN) for name in others if name.given]
    surnames = [[(name.surname, name.origin)] for name in own]
    surnames += [_spelled(name.surname, name, _MOST_SURNAMES) for name in others]
    return _Latin(_in_turn(given), _in_turn(surnames))


def _spelled(text: str, name: _PersonName, most: int) -> list[tuple[str, str]]:
    return [(spelled, f"spelling of {name.origin}") for spelled in spellings_of(text, name.language or "", most)]


def _in_turn(several: Iterable[Sequence[tuple[str, str]]]) -> tuple[tuple[str, str], ...]:
    """Take the first of each, then the second; each text once."""
    found: dict[str, str] = {}
    for row in zip_longest(*several):
        for item in row:
            if item is not None:
                found.setdefault(*item)
    return tuple(found.items())


def _full_names(names: Iterable[_PersonName], latin: _Latin) -> Iterator[EntityForm]:
    for name in names:
        if len(name.called) < len(name.given):
            yield _form(" ".join((*name.called, name.surname)), f"{name.origin} without patronymic")
    ranked = product(enumerate(latin.given), enumerate(latin.surnames))
    nearest = sorted(ranked, key=lambda pair: pair[0][0] + pair[1][0])
    for (_, (given, given_origin)), (number, (surname, origin)) in nearest[:_MOST_FULL]:
        yield _form(f"{given} {surname}", origin if number else given_origin)


def _declined(name: _PersonName) -> Iterator[EntityForm]:
    """Yield the cases of a name: whole, without its patronymic, its surname alone, and behind an initial."""
    words = [*name.given, *name.surname.split()]
    called = [number for number, word in enumerate(name.given) if word in name.called]
    for declined in cases_of(words, name.language or "", surname=len(name.given)):
        origin = f"{declined.case} of {name.origin}"
        surname = " ".join(declined.words[len(name.given) :])
        yield _form(surname, f"surname, {origin}", partial=True)
        yield _form(" ".join((*(declined.words[number] for number in called), surname)), origin)
        yield _form(" ".join(declined.words), origin)
        if surname != name.surname:
            for initials in _initials_of(name):
                yield _form(f"{initials} {surname}", f"initial, {origin}")


def _initials(names: Iterable[_PersonName], latin: _Latin) -> Iterator[EntityForm]:
    for name in names:
        for initials in _initials_of(name):
            yield _form(f"{initials} {name.surname}", f"initial, {name.origin}")
    letters = dict.fromkeys(given[0] for given, _ in latin.given)
    for (surname, origin), letter in product(latin.surnames[:_MOST_SURNAMES], letters):
        yield _form(f"{letter}. {surname}", f"initial, {origin}")


def _initials_of(name: _PersonName) -> Iterator[str]:
    """Yield `V.`, and with a patronymic `A.G.`; nothing where the name has initials already, or is short."""
    if name.given and "." not in name.given[0] and is_long_enough(name.surname):
        yield f"{name.given[0][0]}."
        if len(name.called) < len(name.given):
            yield "".join(f"{word[0]}." for word in name.given)
