"""Made-up articles, entities and rules of a small vocabulary, so that rules often find something.

All choices are asked of a `Chooser`: hypothesis makes them in tests, a random number generator in benchmarks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from support.matching import article, entity, rule, terms
from tocsin.model import Article, Context, Entity, EntityType, FeedKind, FeedSpec, Rule, Surname, Term
from tocsin.model.query import (
    And,
    AtLeast,
    Cased,
    EntityRef,
    Fielded,
    Fuzzy,
    Loose,
    Near,
    Not,
    NotNear,
    Or,
    Phrase,
    Query,
    Regex,
    Scope,
    Unit,
    Wildcard,
    Word,
    nodes_of,
)
from tocsin.text.paragraphs import paragraphs

T = TypeVar("T")


class Chooser(Protocol):
    """Chooses one of several things."""

    def __call__(self, options: Sequence[T], /) -> T: ...


ENTITIES: tuple[Entity, ...] = (
    entity("belarus", "Belarus", ["Belarusian", "New Belarus"]),
    entity("troops", "troops", ['"forces"', "soldiers", "military personnel", "war"], kind=EntityType.CONCEPT),
    entity("union", "Union of New Apple", ["Apple Union", "Union"], kind=EntityType.ORG, acronym="OSCE"),
    entity("usa", "Columbia", acronym="US"),
    entity("harrow", "Harrow", ["New Harrow"], case_sensitive=False),
    replace(
        entity("georgia", "Arkadia", ["Аркадия", "阿卡"]),
        context=Context(any=terms(["Belarus", "soldier"]), none=terms(["Apple Union", '"forces"']), within=3),
    ),
    replace(entity("anywhere", "Union"), context=Context(none=terms(["war"]), within=0)),
    replace(entity("known", "Ivor Quillfeather", ["Иван Перов"], kind=EntityType.PERSON)),
    replace(entity("alone", "Ada van Marsh", ["Ada"], kind=EntityType.PERSON), surname=Surname.ALONE),
    replace(entity("never", "Otto Marsh", kind=EntityType.PERSON), surname=Surname.NEVER),
    replace(
        entity("hemmed", "Vera Oakes", kind=EntityType.PERSON),
        context=Context(any=terms(["New Belarus", "WHO"]), within=2),
    ),
)
IDS = tuple(item.id for item in ENTITIES)

NAMES = """Apple Apples apples New Belarus belarus BELARUS Belarusian Belarusians Harrow harrow Harrows Columbia OSCE
    Osce osce Union Unions union Arkadia Ivor Quillfeather quillfeather Ada Marsh Otto Vera Oakes
    Quilfleather""".split()
PHRASES = (
    "military personnel",
    "New Belarus",
    "Union of New Apple",
    "Ivor Quillfeather",
    "Ada van Marsh",
    "Otto Marsh",
)
PHRASES += ("Vera Oakes", "Apple Union", "war war", "build-up", "build up", "war in the Union", "New Harrow")
WORDS = {
    "en": """war war wars invade invaded invading soldier soldiers force forces forced military personnel troops WHO who
        Who US us U.S. INVADE the The of in not cafe café Café cafes build-up build-ups up 1,000 G7 don't Don’t
        Belarus's Apple’s Union's Unionʼs straße STRASSE inva\u00adde cafe\u0301""".split(),
    "ru": """война войны войной войне Путин Путина путина путиным ПУТИН ёлка елка Ёлки елку в на мой мои Аркадия
        Аркадию аркадии Иван Перов Перов война""".split(),
    "fr": """guerre guerres armée armee armées force forces l'Union d’Apple l'armée qu'Apple l’union lʼUnion
        dʼarmée la de en sûr aujourd'hui""".split(),
    "el": "πόλεμος πολεμος ΠΟΛΕΜΟΣ πολεμοσ Ειρήνη ειρηνη ειρήνη ΕΙΡΗΝΗ".split(),
    "zh": "战争 战 争 普京 停火 普京停火 阿卡 阿卡普京 war 普京战争".split(),
    "ar": "حرب الحرب سلام والسلام".split(),
}
ASKED = {
    "en": """war wars invade soldier soldiers force forces troops WHO US U.S. WHO-backed café cafe Café build-up G7
        1,000 don't strasse x y the of""".split(),
    "ru": "война войне Путин путин ёлка елка Аркадия мои в x".split(),
    "fr": "guerre armée armee l'Union union forces sûr".split(),
    "el": "πόλεμος πολεμος Ειρήνη ΕΙΡΗΝΗ".split(),
    "zh": "战争 普京 停火 普京停火 京".split(),
    "ar": "حرب الحرب سلام".split(),
}
ASKED_NAMES = "apple Apple union Union New Belarus belarus Arkadia OSCE Marsh Quillfeather Harrow".split()
WILD = {
    "en": ("inva*", "sol*", "w?r", "for*", "caf?", "build-u?", "stras*", "mili*y", "troo*s", "don't*"),
    "ru": ("арка*", "вой?", "пути*а", "елк?"),
    "fr": ("guerr*", "arm?e*", "aujourd*"),
    "el": ("πολ*", "ειρη?η"),
    "zh": ("sol*",),
    "ar": ("حر?", "سلا*"),
}
WILD_NAMES = ("bel*us", "quil?feather", "app*", "uni?n*")
FUZZY = ("belarus", "soldier", "quillfeather", "Путина", "forces", "invade", "πόλεμος", "arkadia", "guerres", "union")
EXACT = {
    "en": (
        *("war", "forces", "cafe", "café", "the Union", "war war", "soldiers of", "build-up", "U.S.", "us", "in the"),
        *("Union's war", "inva* in", "war sol*", "x y x", "don't x", "strasse", "w?r war"),
    ),
    "ru": ("ёлка", "елка", "в войне", "мои", "война", "Путин*", "на войн?", "Иван Перов"),
    "fr": ("l'armée", "l'union", "armee", "armée", "de guerre", "l'arm*", "d'Apple"),
    "el": ("πόλεμος", "πολεμος", "ειρηνη"),
    "zh": ("普京停火", "战争", "停 火"),
    "ar": ("حرب", "الحرب سلام"),
}
EXACT_NAMES = ("New Belarus", "belarus", "Apple Union", "Ivor Quil*", "union", "new harrow")
BRACED = ("WHO", "US", "Apple", "Belarus", "war", "Café", "New Belarus", "Путин", "ПУТИН", "U.S.", "union", "Unions")
BRACED += ("Cafe", "Ёлки", "armée", "Ειρήνη", "普京", "build-up", "Vera Oakes", "l'Union")
LOOSE = (
    *("troops in Belarus", "war in the Union", "soldiers war", "war war", "New Belarus Union", "invade Apple Union"),
    *(
        "war soldier Apple",
        "US war",
        "l'armée guerre",
        "Путин война",
        "普京 停火",
        "build-up war",
        "the of",
        "Marsh war",
    ),
    *("guerre Union", "forces Union", "Ειρήνη πολεμος", "война в Аркадия", "troops troops", "OSCE Belarus", "x war"),
)
EXPRESSIONS = ("war[s]?", "[A-Z][a-z]+", "U[.]S[.]", "(?i)forces?", "войн.", "[0-9],[0-9]+", "New\\s+Belarus", "京停")
EXPRESSIONS += ("(?i)belarus", "Пути", "[^ ]+ée", "x y x")
MARKS = ("[?!]", "—", "[^x]*[.]", ",.")  # touch no word, perhaps
TEXT_SCOPES = (Scope.TITLE, Scope.LEAD, Scope.BODY)
OTHER_SCOPES = (Scope.AUTHOR, Scope.URL, Scope.FEED, Scope.TAG)
AUTHORS = (
    "Ivor Quillfeather",
    "Ada van Marsh",
    "Vera Oakes",
    "Marsh",
    "The Union",
    "Café Desk",
    "Перов",
    "Belarus war",
)
TAGS = ("war", "Belarus", "café-news", "OSCE", "osce", "US", "military personnel", "Soldiers", "Ёлка", "Apple Union")
URLS = (
    None,
    "https://example.org/war/new-belarus",
    "https://union.example/soldiers-of-osce?us=1",
    "https://x.example/",
)
NON_TEXT = (
    "union war Belarus belarus Soldiers soldiers café cafe us US osce OSCE Quillfeather marsh Ёлка example x".split()
)
FEEDS: tuple[FeedSpec | None, ...] = (
    None,
    *(
        FeedSpec(name=name, kind=FeedKind.HTTP, location="https://example.org/", tags=tags, country=country)
        for name, tags, country in [
            ("Union Herald", ("war",), "ua"),
            ("The Belarus Tribune", ("Soldiers", "us"), "fr"),
            ("Marsh", (), None),
        ]
    ),
)
LANGUAGES = ("en", "en", "en", "ru", "fr", "el", "zh", "ar")
CODES = {Scope.LANG: ("en", "ru", "zh"), Scope.COUNTRY: ("ua", "fr", "by")}


@dataclass(frozen=True)
class Maker:
    """Makes articles, and rules for them: all of one language, and of a few of its words.

    `dense`: of two or three words in short texts, so that all is near all, and of rules that take them apart deeper.
    """

    choose: Chooser
    language: str
    own: tuple[str, ...]
    dense: bool = False

    def some(self, make: Callable[[], T], fewest: int, most: int) -> list[T]:
        """Make so many of something."""
        return [make() for _ in range(self.choose(range(fewest, most + 1)))]

    # Articles

    def article(self) -> tuple[Article, FeedSpec | None]:
        """Make an article and its feed; some of its paragraphs are furniture."""
        most = 2 if self.dense else 4
        text = "".join(self.some(lambda: self._paragraph() + self.choose(["\n\n", "\n \n", "\n"]), 0, most))
        masked = [span for span in paragraphs(text) if self.choose([False, False, False, True])]
        languages = [self.language, self.language, *(["en-GB", None] if self.language == "en" else [])]
        feed = self.choose(FEEDS)
        made = replace(
            article(text, title=self._line(), language=self.choose(languages), masked=masked),
            authors=tuple(self.some(lambda: self.choose(AUTHORS), 0, 2)),
            tags=tuple(self.some(lambda: self.choose(TAGS), 0, 2)),
            url=self.choose(URLS),
            feed=feed.name if feed else "Apple Union news",
        )
        return made, feed

    def _paragraph(self) -> str:
        lines = self.some(self._line, 0, 2 if self.dense else 3)
        return "".join(line + self.choose([" ", " ", "\n"]) for line in lines).rstrip()

    def _line(self) -> str:
        ends = ["", "?", ", x", " —", ".", "!", " x.", " yx."]
        line = " ".join(self.some(self._piece, 0, 6)) + self.choose(ends)
        return line.upper() if self.choose([False] * 7 + [True]) else line

    def _piece(self) -> str:
        match self.choose("wwwwwpf"):
            case "w":
                return self.choose(self.own)
            case "p":
                return self.choose(PHRASES)
            case _:
                sizes = [1, 1, 2, 3] if self.dense else [1, 1, 2, 3, 4, 9, 10, 11, 40, 97]
                return " ".join("xy"[at % 2] for at in range(self.choose(sizes)))

    # Queries: only such as the checks let pass. `field`: what stands around it; no field stands in another.

    def query(self, depth: int = 3, field: Scope | None = None) -> Query:
        """Make a query that asks for something."""
        match self.choose("tttnnnaaaoofffxxllm" if depth else "ttnl"):
            case "n":
                return self._near(self._depth(), field)
            case "l":
                return AtLeast(self.choose([1, 2, 2, 3]), self.operand(self._depth(), field))
            case "x":
                return NotNear(self.operand(self._depth(), field), self.operand(self._depth(), field), self._within())
            case "a":
                return self._conjunction(depth, field)
            case "o":
                return Or(tuple(self.some(lambda: self.query(depth - 1, field), 2, 3)))
            case "f" if field is None:
                return self._fielded(depth)
            case "m":
                return Regex(self.choose(MARKS))
            case _:
                return self.term(field)

    def _conjunction(self, depth: int, field: Scope | None) -> Query:
        asked = self.some(lambda: self.query(depth - 1, field), 1, 2)
        refused = self.some(lambda: Not(self.query(depth - 1, field)), 2 - len(asked), 1)
        return And((*asked, *refused))

    def _fielded(self, depth: int) -> Query:
        scope = self.choose([*TEXT_SCOPES, *TEXT_SCOPES, *OTHER_SCOPES, *CODES])
        if scope not in CODES:
            return Fielded(scope, self.query(depth - 1, scope))
        asked = tuple(self.some(lambda: Word(self.choose(CODES[scope])), 1, 2))
        return Fielded(scope, Or(asked) if len(asked) > 1 else asked[0])

    def operand(self, depth: int, field: Scope | None) -> Query:
        """Make what may stand beside a NEAR, or behind ATLEAST."""
        match self.choose("tttttonf" if depth else "tttf"):
            case "o":
                return Or(tuple(self.some(lambda: self.operand(depth - 1, field), 2, 3)))
            case "n":
                return self._near(depth - 1, field)
            case "f" if field is None:
                scope = self.choose(TEXT_SCOPES)
                return Fielded(scope, self.operand(0, scope))
            case _:
                return self.term(field)

    def _depth(self) -> int:
        return self.choose([1, 2]) if self.dense else 1

    def _near(self, depth: int, field: Scope | None) -> Query:
        left, right = self.operand(depth, field), self.operand(depth, field)
        return Near(left, right, self._within(), ordered=self.choose([False, False, True]))

    def _within(self) -> int | Unit:
        words = [0, 0, 1, 1, 2, 3, 4] if self.dense else [0, 1, 2, 3, 5, 9, 10, 100]
        return self.choose([*words, Unit.SENTENCE, Unit.PARAGRAPH])

    def term(self, field: Scope | None = None) -> Query:
        """Make a term."""
        match self.choose("wwwwwweeeeppcfli"):
            case "w" if field in OTHER_SCOPES:
                return Word(self.choose(NON_TEXT))
            case "w":
                return Word(self.word())
            case "i":
                return Wildcard(self.choose(WILD[self.language] + WILD_NAMES))
            case "f":
                return Fuzzy(self.choose(FUZZY), self.choose([1, 2]))
            case "p":
                return Phrase(self.choose([*EXACT[self.language], *EXACT_NAMES, self._some_own(3)]))
            case "c":
                return Cased(self.choose([*BRACED, self._some_own(2)]))
            case "l":
                return Loose(self.loose(), self.choose([0, 1, 2, 5, 10, 100]))
            case _:
                return self.choose([Regex(self.choose(EXPRESSIONS)), EntityRef(self.choose(IDS))])

    def loose(self) -> str:
        """Make the words of a loose phrase."""
        return self._some_own(4) if self.dense else self.choose([*LOOSE, self._some_own(3)])

    def _some_own(self, most: int) -> str:
        return " ".join(self.some(lambda: self.choose(self.own), 1, most)).replace("’", "'").replace("ʼ", "'")

    def word(self) -> str:
        """Choose a word to ask for."""
        own = self.own * (10 if self.dense else 1)
        asked = self.choose([*ASKED[self.language], *ASKED[self.language], *ASKED_NAMES, *own, *own])
        return asked.replace("’", "'").replace("ʼ", "'")

    # Rules

    def rules(self, number: int) -> list[Rule]:
        """Make several rules."""
        return [self.rule(str(key)) for key in range(number)]

    def rule(self, key: str) -> Rule:
        """Make a rule that asks for something: most have a query, some have several demands."""
        kinds = ["query", "query", "query", "query keywords", "keywords", "all keywords", "any all", "query any"]
        kind = self.choose(kinds)
        excludes = self.choose([False] * 5 + [True])
        return replace(
            rule(name=key),
            keywords=tuple(self.some(self.keyword, 1, 2)) if "keywords" in kind else (),
            query=self.query() if "query" in kind else None,
            entities_any=tuple(self.some(lambda: self.choose(IDS), 1, 2)) if "any" in kind else (),
            entities_all=tuple(self.some(lambda: self.choose(IDS), 1, 2)) if "all" in kind else (),
            exclude=(self.keyword(),) if excludes else (),
        )

    def keyword(self) -> Term:
        """Make a keyword: a word, an exact phrase or a loose one."""
        match self.choose("wql"):
            case "w":
                return Term(text=self.word())
            case "q":
                phrases = (*EXACT[self.language], *EXACT_NAMES)
                return Term(text=self.choose([text for text in phrases if not set(text) & {"*", "?"}]), exact=True)
            case _:
                return Term(text=self.loose())


def maker(choose: Chooser) -> Maker:
    """Choose a language and the words of which texts are made."""
    language, dense = choose(LANGUAGES), choose([False, True])
    words = [*NAMES, *WORDS[language], *WORDS[language]]
    own = tuple(choose(words) for _ in range(choose([2, 3] if dense else [4, 8, 12, 16])))
    return Maker(choose, language, own, dense)


SMALL = {
    "en": """war wars soldier soldiers force forces military personnel troops us who the of cafe café cafe\u0301
        build-up 1,000 don't belarus's straße inva\u00adde invading x""".split(),
    "ru": "война войны ёлка елка мой мои путин путина в x".split(),
    "el": "πόλεμος πολεμος ειρήνη ειρηνη x".split(),
}
SMALL_PHRASES = ("war of", "military personnel", "мой", "мои", "ёлка", "cafe", "café", "strasse", "build-up", "don't")
SMALL_WILD = ("inva*", "caf?", "belar*", "sol*", "straß*", "во?н*", "πολ*", "build-u?", "don'*")


class SmallMaker(Maker):
    """Makes texts of small letters, and queries in which no letter's case counts, nor where sentences end."""

    def rule(self, key: str) -> Rule:
        """Make a rule that is a query."""
        return replace(rule(name=key), query=self.query())

    def term(self, field: Scope | None = None) -> Query:
        """Make a term."""
        match self.choose("wwwwpifle"):
            case "w":
                return Word(self.choose(SMALL[self.language]))
            case "p":
                return Phrase(self.choose(SMALL_PHRASES))
            case "i":
                return Wildcard(self.choose(SMALL_WILD))
            case "f":
                return Fuzzy(self.choose(FUZZY), self.choose([1, 2]))
            case "l":
                loose = ("soldiers war", "war war", "force of us", "ёлка война", "cafe build-up", "ειρηνη x")
                return Loose(self.choose(loose), self.choose([0, 2, 10]))
            case _:
                return EntityRef("troops")

    def _piece(self) -> str:
        return self.choose(self.own)

    def _line(self) -> str:
        return " ".join(self.some(self._piece, 0, 6)) + self.choose(["", "?", ", x", " —", "!", " x."])

    def _within(self) -> int | Unit:
        return self.choose([0, 1, 2, 5, 100, Unit.PARAGRAPH])

    def query(self, depth: int = 2, field: Scope | None = None) -> Query:
        """Make a query of words."""
        made = super().query(depth, field)
        return made if not any(isinstance(node, Regex) for node in nodes_of(made)) else self.term()


def small_maker(choose: Chooser) -> SmallMaker:
    """Choose a language and the words of which texts of small letters are made."""
    language = choose(["en", "en", "ru", "el"])
    return SmallMaker(choose, language, tuple(choose(SMALL[language]) for _ in range(choose([3, 6, 9]))))
