"""The cases of names in Russian, Ukrainian, Belarusian and Polish. The only importer of pymorphy3 (an extra).

Russian goes by pymorphy3's dictionary where it is installed, and by rules of endings where it is not, or does not know
the word; the other languages go by rules. The rules may give more than grammar does, as long as it is no ordinary
word: they are for names, which are compared by case. A word that no rule knows stays as it is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import chain, zip_longest
from types import MappingProxyType
from typing import Protocol, cast

import regex


class Case(StrEnum):
    """A case, by its name in English. The nominative is the name itself."""

    GENITIVE = "genitive"
    DATIVE = "dative"
    ACCUSATIVE = "accusative"
    INSTRUMENTAL = "instrumental"
    LOCATIVE = "locative"
    VOCATIVE = "vocative"


class Role(StrEnum):
    """What a word is in a name, as the tables below write it."""

    GIVEN = "g"  # patronymics too
    SURNAME = "s"
    NOUN = "n"
    ADJECTIVE = "a"


@dataclass(frozen=True, slots=True)
class Declined:
    """A name in a case, word by word."""

    case: Case
    words: tuple[str, ...]


# A line: for which roles (or *) and gender (or *), which endings (what stands behind the dot is replaced; # is any
# consonant), and what stands there in the genitive, dative, accusative, instrumental, locative and, where there is
# one, vocative. | parts what is equally common, = is the nominative, ~ changes the consonant before it, %
# doubles it. The first line that fits counts. Sources: the school grammars' declension tables.
_TABLES = MappingProxyType(
    {
        "ru": """
            s  m  к·ий,г·ий,х·ий                ого ому ого им ом
            s  m  ·ий                           его ему его им ем
            sa m  ·ый                           ого ому ого ым ом
            a  m  ·ой                           ого ому ой ым ом
            a  m  ·ий                           ого|его ому|ему ий им ом|ем
            sa f  ·ая                           ой ой ую ой ой
            sa f  ·яя                           ей ей юю ей ей
            s  f  ов·а,ев·а,ёв·а,ин·а,ын·а      ой ой у ой ой
            s  m  ов·,ев·,ёв·,ин·,ын·           а у а ым|ом е
            g  m  и·й                           я ю я ем и
            *  *  и·я                           и и ю ей и
            *  *  ·я                            и е ю ей е
            *  *  г·а,к·а,х·а,ж·а,ш·а,ч·а,щ·а   и е у ой|ей е
            *  *  ·а                            ы е у ой|ей е
            n  *  ств·о                         а у = ом е
            n  *  и·е                           я ю = ем и
            gs m  ·ец                           ца цу ца цом|цем це
            gs m  ·й                            я ю я ем е
            n  *  ·й                            я ю = ем е
            gs m  ·ь                            я ю я ем е
            n  *  ·ь                            я|и ю|и = ем|ью е|и
            gs m  ж·,ш·,ч·,щ·,ц·                а у а ем|ом е
            n  *  ж·,ш·,ч·,щ·,ц·                а у = ем|ом е
            gs m  #·                            а у а ом е
            n  *  #·                            а у = ом е
        """,
        "uk": """
            s  m  ·ий                           ого ому ого им ому|ім
            a  m  ·ий                           ого ому = им ому|ім
            s  f  ськ·а,цьк·а,зьк·а             ої ій у ою ій
            s  f  ов·а,ев·а,єв·а,ин·а,ін·а,їн·а ої|и ій|і у ою ій|і
            a  f  ·а                            ої ій у ою ій
            *  *  ·ія                           ії ії ію ією ії іє
            *  *  ж·а,ч·а,ш·а,щ·а               і і у ею і о
            *  *  ·а                            и ~і у ою ~і о
            *  *  ·я                            і і ю ею і ю
            gs m  ·ець                          ця цю|цеві ця цем ці|цеві
            n  *  ·ець                          ця цю = цем ці
            gs m  ·ь                            я ю|еві я ем і|еві ю
            n  *  ·ь                            я|і ю|і = ем|%ю і
            gs m  і·й                           я ю|єві я єм ї|єві ю
            gs m  ·й                            я ю|єві я єм ї|єві ю
            n  *  ·й                            я|ю ю = єм ї
            n  *  ·їв                           єва єву = євом єві
            n  *  ·ів                           ова ову = овом ові
            s  m  ов·,ев·,єв·,ин·,ін·,їн·       а у|ові а им ові|і
            gs m  ж·,ч·,ш·,щ·                   а у|еві а ем еві|і
            n  *  ж·,ч·,ш·,щ·                   а|у у = ем і
            gs m  к·о                           а у|ові а ом ові|у у
            gs m  ·о                            а у|ові а ом ові|і е
            n  *  ·о                            а у = ом і|у
            gs m  #·                            а у|ові а ом ові|і е
            n  *  #·                            а|у у = ом і|у
        """,
        "be": """
            sa m  к·і,г·і,х·і                   ага аму ага ім ім
            sa m  ·ы                            ага аму ага ым ым
            sa f  ·ая                           ай ай ую ай|аю ай
            sa f  ·яя                           яй яй юю яй|яю яй
            s  f  ов·а,ав·а,ев·а,ёв·а,ін·а,ын·а ай|ы ай|е у ай|аю ай|е
            s  m  а·ў,е·ў,о·ў,ё·ў               ва ву ва вым ве|ву
            s  m  ін·,ын·                       а у а ым е|у
            *  *  і·я                           і і ю яй і
            *  *  ·я                            і і ю яй і
            s  m  к·а                           і у у ам|ай у
            *  *  к·а                           і ~ы у ай ~ы
            *  *  г·а,х·а                       і ~е у ай ~е
            *  *  р·а,ж·а,ш·а,ч·а,ц·а           ы ы у ай ы
            n  *  ·а                            ы ~е у ай|ой|ам ~е
            *  *  ·а                            ы ~е у ай ~е
            gs m  ·ец                           ца цу ца цам цу|цы
            n  *  ·ец                           ца цу = цам цы
            gs m  ·ў                            ва ву ва вам ве|ву
            n  *  ·ў                            ва ву = вам ве
            gs m  ·ь                            я ю я ем і|ю
            n  *  ·ь                            я|і ю|і = ем|%ю і
            gs m  ·й                            я ю я ем і|ю
            n  *  ·й                            я|ю ю = ем і
            gs m  ж·,ш·,ч·,ц·,р·                а у а ам у|ы
            n  *  ж·,ш·,ч·,ц·,р·                а|у у = ам ы
            gs m  #·                            а у а ам е|у
            n  *  #·                            а|у у = ам е|у
        """,
        "pl": """
            sa m  k·i,g·i                       iego iemu iego im im
            g  m  ·i                            iego iemu iego im im
            gs m  ·y                            ego emu ego ym ym
            a  m  ·y                            ego emu = ym ym
            s  f  sk·a,ck·a,dzk·a               iej iej ą ą iej
            a  f  k·a,g·a                       iej iej ą ą iej
            a  f  ·a                            ej ej ą ą ej
            *  *  r·ia,l·ia,n·ia,d·ia,t·ia,m·ia ii ii ię ią ii io
            *  *  ·ia                           i i ię ią i io
            *  *  ·ja                           ji ji ję ją ji jo
            *  *  l·a                           i i ę ą i o
            *  *  cz·a,sz·a,rz·a,ż·a,c·a,dz·a   y y ę ą y o
            *  *  k·a,g·a                       i ~e ę ą ~e o
            *  *  ·a                            y ~e ę ą ~e o
            s  m  k·o,g·o                       i ~e|owi ę ą ~e
            s  m  ·o                            y ~e|owi ę ą ~e
            gs m  ·ek                           ka kowi ka kiem ku
            gs m  ·eł                           ła łowi ła łem le
            gs m  ·ec                           ca cowi ca cem cu
            gs m  k·,g·                         a owi a iem u
            n  *  k·,g·                         a|u owi = iem u
            n  *  ·ów                           owa owowi = owem owie
            gs m  ·ń                            nia niowi nia niem niu
            n  *  ·ń                            nia|ni niowi = niem niu
            n  *  ·ś                            si si = sią si
            n  *  ·ź                            zi zi = zią zi
            gs m  cz·,sz·,rz·,dz·,ch·           a owi a em u
            gs m  ż·,c·,j·,l·,h·                a owi a em u
            n  *  cz·,sz·,rz·,dz·,ch·           a|u owi = em u
            n  *  ż·,c·,j·,l·,h·                a|u owi = em u
            gs m  #·                            a owi a em ~e|u
            n  *  #·                            a|u owi = em ~e
        """,
    }
)

#: The languages whose cases are known.
LANGUAGES: AbstractSet[str] = frozenset(_TABLES)

_CONSONANTS = "[бвгґджзклмнпрстфхцчшщbcćdfghjklłmnńprsśtvwxzźż]"
_CHANGES = MappingProxyType(
    {
        "ru": {},
        "uk": {"г": "з", "к": "ц", "х": "с"},
        "be": {"г": "з", "к": "ц", "х": "с", "т": "ц", "д": "дз"},
        "pl": {
            "st": "ści", "ch": "sz", "t": "ci", "d": "dzi", "r": "rz", "ł": "l", "n": "ni", "m": "mi", "b": "bi",
            "p": "pi", "w": "wi", "f": "fi", "s": "si", "z": "zi", "k": "c", "g": "dz",
        },
    }
)  # fmt: skip
_ADJECTIVES = MappingProxyType(
    {
        "ru": regex.compile(r"(?:ый|ий|ой|ая|яя|ое|ее|ые|[кгх]ие)$"),
        "uk": regex.compile(r"(?:[^і]ий|(?:ськ|цьк|зьк|н|ов)а)$"),
        "be": regex.compile(r"(?:[^і]ы|[кгх]і|ая|яя)$"),
        "pl": regex.compile(r"(?:[^i]y|[skcdz]ki|(?:sk|ck|n|ow)a)$"),
    }
)

# Given names of men that end like those of women.
_MEN = frozenset(
    "гаврила данила ілля илья кузьма лука микита микола мыкола никита мікалай мікола савва сава фома хома яша "
    "barnaba bonawentura kosma kuba".split()
)

# Given names whose stem is not what their ending says.
_STEMS = MappingProxyType({"павел": "павл", "лев": "льв", "пётр": "петр", "петр": "петр", "пятро": "пятр"})

_GRAMMEMES = MappingProxyType(
    {
        Case.GENITIVE: "gent",
        Case.DATIVE: "datv",
        Case.ACCUSATIVE: "accs",
        Case.INSTRUMENTAL: "ablt",
        Case.LOCATIVE: "loct",
    }
)
_TAGS = MappingProxyType({Role.GIVEN: ("Name", "Patr"), Role.SURNAME: ("Surn",), Role.NOUN: ("NOUN",)})


def cases_of(words: Sequence[str], language: str, *, surname: int | None) -> tuple[Declined, ...]:
    """Return a name in its cases, each once; none in a language whose cases are not known.

    `surname` is where in the name of a person the surname begins. None: the name of something else, where what stands
    before and at the first noun is declined, and what follows it stays.
    """
    if language not in LANGUAGES:
        return ()
    roles = _roles_of_person(words, surname) if surname is not None else _roles_of_thing(words, language)
    gender = _gender(words, roles, language)
    declensions = [_declension(word, role, gender, language) for word, role in zip(words, roles, strict=True)]
    cases = (case for case in Case if surname is not None or case is not Case.VOCATIVE)
    found: dict[tuple[str, ...], Declined] = {}
    for declined in chain.from_iterable(_together(case, words, declensions) for case in cases):
        if declined.words != tuple(words):
            found.setdefault(declined.words, declined)
    return tuple(found.values())


def _together(
    case: Case, words: Sequence[str], declensions: Sequence[Mapping[Case, tuple[str, ...]]]
) -> Iterator[Declined]:
    """Yield a name in one case: the most common endings of its words together, then the next."""
    columns = [declension.get(case, (word,)) for word, declension in zip(words, declensions, strict=True)]
    for row in zip_longest(*columns):
        yield Declined(case, tuple(word or column[-1] for word, column in zip(row, columns, strict=True)))


def _roles_of_person(words: Sequence[str], surname: int) -> list[Role | None]:
    return [
        None if word.islower() else Role.SURNAME if number >= surname else Role.GIVEN
        for number, word in enumerate(words)
    ]


def _roles_of_thing(words: Sequence[str], language: str) -> list[Role | None]:
    adjectives = [_ADJECTIVES[language].search(word.lower()) is not None for word in words]
    head = next((number for number, adjective in enumerate(adjectives[:-1]) if not adjective), len(words) - 1)
    roles = [Role.ADJECTIVE if number < head else Role.NOUN if number == head else None for number in range(len(words))]
    if language == "pl" and head + 1 < len(words) and adjectives[head + 1]:
        roles[head + 1] = Role.ADJECTIVE  # Unia Europejska
    return roles


def _gender(words: Sequence[str], roles: Sequence[Role | None], language: str) -> str:
    """Return m or f: of a person by the given name, else by the surname; of a thing by its noun."""
    by = next((word for word, role in zip(words, roles, strict=True) if role is not Role.ADJECTIVE), words[0]).lower()
    if len(words) == 1 and roles[0] is Role.SURNAME:
        adjective = {"ru": ("ая", "ова", "ева", "ина"), "uk": ("ська", "цька", "ова", "ева"), "be": ("ая",)}
        return "f" if by.endswith(adjective.get(language, ("ska", "cka"))) else "m"
    return "f" if by.endswith(("а", "я", "a")) and by not in _MEN else "m"


def _declension(word: str, role: Role | None, gender: str, language: str) -> Mapping[Case, tuple[str, ...]]:
    """Return a word in its cases; nothing where it is not declined."""
    if role is None or len(word) < 3 or word.isupper():
        return {}
    *before, last = word.split("-")
    if before:
        return _hyphenated(before, last, role, gender, language)
    by_dictionary = _by_dictionary(word, role, gender) if language == "ru" else None
    return by_dictionary if by_dictionary is not None else by_rules(word, role, gender, language)


def _hyphenated(
    before: Sequence[str], last: str, role: Role, gender: str, language: str
) -> Mapping[Case, tuple[str, ...]]:
    """Decline the last part; in a surname those before it too, as well: both are in use."""
    declined = _declension(last, role, gender, language)
    rows: list[list[Mapping[Case, tuple[str, ...]]]] = [[*({} for _ in before), declined]]
    if role is Role.SURNAME:
        rows.append([*(_declension(part, role, gender, language) for part in before), declined])
    return {case: _joined(case, [*before, last], rows) for case in Case if any(case in part for part in rows[-1])}


def _joined(
    case: Case, parts: Sequence[str], rows: Sequence[Sequence[Mapping[Case, tuple[str, ...]]]]
) -> tuple[str, ...]:
    return tuple("-".join(declined.words) for row in rows for declined in _together(case, parts, row))


# ---------------------------------------------------------------------------------------------------------------
# By rules


@dataclass(frozen=True, slots=True)
class _Rule:
    """A line of a table. `endings` matches what it is for; its group 1 is what is replaced."""

    roles: str
    gender: str
    endings: "regex.Pattern[str]"
    cases: tuple[tuple[Case, tuple[str, ...]], ...]


def by_rules(word: str, role: Role, gender: str, language: str) -> Mapping[Case, tuple[str, ...]]:
    """Return a word in its cases by its ending; nothing where no rule knows it."""
    small = word.lower()
    stem = _STEMS.get(small) if role is Role.GIVEN else None
    if stem is not None:
        small, word = stem, _like(word, stem)
    for rule in _rules(language):
        if (rule.roles == "*" or role.value in rule.roles) and rule.gender in {"*", gender}:
            match = rule.endings.search(small)
            if match:
                kept = word[: match.start(1)]
                return {
                    case: tuple(_ended(kept, ending, word, language) for ending in ends) for case, ends in rule.cases
                }
    return {}


def _ended(kept: str, ending: str, word: str, language: str) -> str:
    if ending == "=":
        return word
    if ending.startswith("%"):
        return kept + kept[-1] + ending[1:]
    if not ending.startswith("~"):
        return kept + ending
    for old, new in _CHANGES[language].items():
        if kept.endswith(old):
            return kept.removesuffix(old) + new + ending[1:]
    return kept + ending[1:]


@cache
def _rules(language: str) -> tuple[_Rule, ...]:
    return tuple(_rule(line.split()) for line in _TABLES[language].strip().splitlines())


def _rule(fields: Sequence[str]) -> _Rule:
    roles, gender, endings, *cases = fields
    alternatives = (ending.replace("#", _CONSONANTS).split("·") for ending in endings.split(","))
    pattern = "|".join(f"(?<={kept}){cut}" if kept else cut for kept, cut in alternatives)
    by_case = zip(Case, (tuple(case.split("|")) for case in cases), strict=False)
    return _Rule(roles, gender, regex.compile(f"({pattern})$"), tuple(by_case))


# ---------------------------------------------------------------------------------------------------------------
# By pymorphy3


class _Tag(Protocol):
    number: str | None
    gender: str | None

    def __contains__(self, grammeme: str) -> bool: ...


class _Parse(Protocol):
    word: str
    tag: _Tag

    def inflect(self, grammemes: AbstractSet[str]) -> "_Parse | None": ...


@cache
def _morphology() -> Callable[[str], Sequence[_Parse]] | None:
    """Return what takes a Russian word apart, once a process; None where the extra or its dictionary is missing."""
    try:
        import pymorphy3  # noqa: PLC0415 - an extra, and its dictionary takes time and memory: only for Russian names

        analyzer = pymorphy3.MorphAnalyzer(lang="ru")
    except (ImportError, ValueError):
        return None
    return cast("Callable[[str], Sequence[_Parse]]", analyzer.parse)


def _by_dictionary(word: str, role: Role, gender: str) -> Mapping[Case, tuple[str, ...]] | None:
    """Return a Russian word in its cases, None where the dictionary does not know it in this role."""
    parse = _morphology()
    if parse is None:
        return None
    fitting = (found for found in parse(word) if _fits(found.tag, role, gender))
    found = next(fitting, None)
    return None if found is None else dict(_inflected(found, word, role))


def _fits(tag: _Tag, role: Role, gender: str) -> bool:
    if "nomn" not in tag or tag.number is None:
        return False
    if role is Role.ADJECTIVE:
        return "ADJF" in tag or "PRTF" in tag
    if not any(wanted in tag for wanted in _TAGS[role]):
        return False
    return role is Role.NOUN or tag.gender in {None, {"m": "masc", "f": "femn"}[gender], "ms-f"}


def _inflected(found: _Parse, word: str, role: Role) -> Iterator[tuple[Case, tuple[str, ...]]]:
    for case, grammeme in _GRAMMEMES.items():
        wanted = {grammeme, found.tag.number or "sing"}
        if role is Role.ADJECTIVE and case is Case.ACCUSATIVE and found.tag.gender != "femn":
            wanted.add("inan")
        inflected = found.inflect(wanted)
        if inflected is not None:
            yield case, (_like(word, inflected.word),)


def _like(word: str, small: str) -> str:
    """Give a word in small letters the capital of another."""
    return small[:1].upper() + small[1:] if word[:1].isupper() else small
