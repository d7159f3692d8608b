"""The forms of an entity: every writing that means it, with what it comes from.

What is configured stands first; what is made from it follows. Translations and nicknames are never made.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from tocsin.model import Entity, EntityType, Surname

#: Words that belong to the surname after them, in small letters or with a capital.
PARTICLES = frozenset(
    "al af av ben bin bint da dal de degli dei del della den der di dos du el ibn la las le los st ten ter van von zu zum".split()
)

#: What stands behind a surname and is none.
SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})

#: A form that is made has at least so many letters, unless all are capitals.
SHORTEST = 4


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


def entity_forms(entity: Entity) -> tuple[EntityForm, ...]:
    """Return the forms of an entity, the name first, each once."""
    forms: dict[tuple[str, FormKind], EntityForm] = {}
    for form in _forms(entity):
        forms.setdefault((form.text, form.kind), form)
    return tuple(forms.values())


def surname_of(name: str) -> str | None:
    """Return the surname in a person's name, with the particles before it; None where the name is one word."""
    words = name.split()
    end = len(words)
    while end > 1 and words[end - 1].strip(".,").casefold() in SUFFIXES:
        end -= 1
    start = end - 1
    while start > 1 and words[start - 1].casefold() in PARTICLES:
        start -= 1
    return " ".join(words[start:end]).rstrip(",") if start > 0 else None


def _forms(entity: Entity) -> Iterator[EntityForm]:
    yield EntityForm(entity.name, FormKind.WORDS, "name")
    for alias in entity.aliases:
        yield EntityForm(alias.text, FormKind.EXACT if alias.exact else FormKind.WORDS, "alias")
    if entity.acronym:
        yield EntityForm(entity.acronym, FormKind.ACRONYM, "acronym")
    for language, text in entity.forms:
        yield EntityForm(text, FormKind.WORDS, f"{language} form")
    if entity.type is EntityType.PERSON and entity.surname is not Surname.NEVER:
        named = [("name", entity.name), *((f"{language} form", text) for language, text in entity.forms)]
        yield from _surnames(named, entity.surname)


def _surnames(named: Iterable[tuple[str, str]], rule: Surname) -> Iterator[EntityForm]:
    for origin, text in named:
        surname = surname_of(text)
        if surname is not None and (rule is Surname.ALONE or is_long_enough(surname)):
            yield EntityForm(surname, FormKind.WORDS, f"surname of {origin}", partial=True)


def is_long_enough(text: str) -> bool:
    """Tell whether a form may be made: it has four letters, or is written in capitals."""
    return sum(character.isalpha() for character in text) >= SHORTEST or text.isupper()
