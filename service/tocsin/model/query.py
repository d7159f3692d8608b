"""What a query asks for: a tree of frozen values, as it was written.

Equal trees ask for the same. `at` is where a node begins in its query, in code points from 0, for messages; it takes
no part in comparing. Texts stand as they were written, straight quotes for curly ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias


class Scope(StrEnum):
    """The fields that a query may name, as users write them."""

    TITLE = "title"
    LEAD = "lead"  # the first 100 words of the body
    BODY = "body"
    AUTHOR = "author"
    URL = "url"
    FEED = "feed"
    TAG = "tag"
    LANG = "lang"
    COUNTRY = "country"

    @property
    def is_code(self) -> bool:
        """Tell whether codes are compared here, not words."""
        return self in {Scope.LANG, Scope.COUNTRY}

    @property
    def is_text(self) -> bool:
        """Tell whether it is a part of what is read: title or body. A query without a field looks at both."""
        return self in {Scope.TITLE, Scope.LEAD, Scope.BODY}


class Unit(StrEnum):
    """What two operands must share where no number of words says how near they are."""

    SENTENCE = "s"
    PARAGRAPH = "p"


@dataclass(frozen=True, slots=True)
class Word:
    """`invasion`: a word in any inflection, or a name; `build-up`, which is several words, has them side by side."""

    text: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Wildcard:
    """`invad*`, `wom?n`: `*` stands for any letters or none, `?` for one; never first."""

    text: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """`zelensky~1`: a word within 1 or 2 edits."""

    text: str
    edits: int
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Phrase:
    """`"remain in Belarus"`: exactly these words side by side; a word in it may have wildcards."""

    text: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Cased:
    """`{NATO}`: exactly these words in just this case."""

    text: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Loose:
    """`"troops remain Belarus"~10`: all words but stop words, any inflection and order, at most `others` in between."""

    text: str
    others: int
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Regex:
    r"""`/CVE-\d{4}-\d+/`: a regular expression of RE2 on the text itself."""

    pattern: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class EntityRef:
    """`@belarus`: any form of an entity."""

    id: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Part:
    """`$violence`: a named part. A query that is compiled has none left: they are replaced by what they name."""

    name: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Near:
    """`a NEAR/5 b`: both within so many words, one sentence or one paragraph; `ordered`: a first."""

    left: "Query"
    right: "Query"
    within: int | Unit
    ordered: bool = False
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class NotNear:
    """`a NOT NEAR/5 b`: an a that has no b that near."""

    left: "Query"
    right: "Query"
    within: int | Unit
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class AtLeast:
    """`ATLEAST/3 a`: at least so many mentions."""

    count: int
    child: "Query"
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Fielded:
    """`title:a`: only there. No field stands within another."""

    scope: Scope
    child: "Query"
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class And:
    """`a AND b AND …`: all of two or more."""

    children: "tuple[Query, ...]"
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Or:
    """`a OR b OR …`: any of two or more."""

    children: "tuple[Query, ...]"
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """`NOT a`."""

    child: "Query"
    at: int = field(default=0, compare=False)


Term: TypeAlias = Word | Wildcard | Fuzzy | Phrase | Cased | Loose | Regex | EntityRef | Part
Query: TypeAlias = Term | Near | NotNear | AtLeast | Fielded | And | Or | Not


def children_of(query: Query) -> "tuple[Query, ...]":
    """Return what a node is made of, in the order of writing."""
    match query:
        case And() | Or():
            return query.children
        case Near() | NotNear():
            return (query.left, query.right)
        case AtLeast() | Fielded() | Not():
            return (query.child,)
        case _:
            return ()


def nodes_of(query: Query) -> Iterator[Query]:
    """Yield a query and all that it is made of, each before what it is made of."""
    waiting = [query]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(children_of(node)))
