"""Takes a query apart into tokens, each with its place; knows the signs of the language and nothing of its grammar."""

import re
from enum import IntEnum, auto
from typing import NamedTuple

from tocsin.errors import QueryError


class Kind(IntEnum):
    """What a token is. The words of the language (AND, NEAR/5, …) are kinds of their own, in capitals only."""

    AND = auto()
    OR = auto()
    NOT = auto()
    NEAR = auto()  # and ONEAR; with its number, or what stands for one
    ATLEAST = auto()  # so too
    FIELD = auto()  # with its colon
    WORD = auto()  # and wildcards, and a word with its ~1
    PHRASE = auto()  # with its ~10
    OPEN = auto()
    CLOSE = auto()
    CASED = auto()
    ENTITY = auto()
    PART = auto()
    REGEX = auto()  # with what directly follows it
    END = auto()
    ALONE = auto()  # a quote, brace or slash without its partner


class Tokens(NamedTuple):
    """The tokens of a query, an END last: of each its kind, how it is written, and where it begins in code points."""

    kinds: tuple[Kind, ...]
    texts: tuple[str, ...]
    places: tuple[int, ...]


#: Signs that end a word, besides the end of the query.
_ENDS = r"""\s()"{}"""

# What is passed over, and then a token: the groups are the kinds, in their order. No part of it gives back what it
# took, and what has no partner, which is looked for up to the end, ends all: so time is linear in the query.
_SCANNER = re.compile(
    rf"""
    (?:\s++|\#[^\n]*+)*+
    (?:
      (?:(AND)|(OR)|(NOT))(?![^{_ENDS}])
    | (?:(O?NEAR(?:[/~:0-9][^{_ENDS}]*+)?)|(ATLEAST(?:[/~:0-9][^{_ENDS}]*+)?))(?![^{_ENDS}])
    | ([A-Za-z]++:)
    | ([^{_ENDS}/@$][^{_ENDS}]*+)
    | ("[^"]*+"(?:~[^{_ENDS}]*+)?)
    | (\()
    | (\))
    | (\{{[^}}]*+\}})
    | (@[^{_ENDS}]*+)
    | (\$[^{_ENDS}]*+)
    | (/(?:[^/\\]++|\\.)*+/[^{_ENDS}]*+)
    | (\Z)
    | (.).*+
    )
    """,
    re.VERBOSE | re.DOTALL,
)
_KINDS = (Kind.ALONE, *Kind)  # groups count from 1
_STRAIGHT = str.maketrans(
    {**dict.fromkeys("“”„‟«»", '"'), **dict.fromkeys("‘’‚‛", "'"), **dict.fromkeys("\u200b\ufeff", " ")}
)
_PARTNERS = {
    '"': 'this quote is not closed: write " where the phrase ends',
    "{": "this { is not closed: write } where its words end",
    "}": "no { is open: leave this } out",
    "/": "this / is not closed: write / where the expression ends, or put the word in quotes",
}


def tokens_of(text: str) -> Tokens:
    """Return the tokens of a query; raises QueryError where a quote, brace or slash has no partner.

    Curly quotes, guillemets and apostrophes count as straight ones, and what is pasted along and cannot be seen as a
    blank; but in a regular expression each stands for itself.
    """
    straight = text if text.isascii() else text.translate(_STRAIGHT)
    found = [
        (_KINDS[group], match[group], match.start(group))
        for match in _SCANNER.finditer(straight)
        if (group := match.lastindex)
    ]
    kinds, texts, places = zip(*found, strict=True)
    if Kind.ALONE in kinds:
        first = kinds.index(Kind.ALONE)
        raise QueryError(_PARTNERS[texts[first]], places[first])
    if Kind.REGEX in kinds and straight != text:
        texts = tuple(
            text[at : at + len(written)] if kind is Kind.REGEX else written
            for kind, written, at in zip(kinds, texts, places, strict=True)
        )
    count = kinds.index(Kind.END) + 1  # blanks at the end are followed by a second one
    return Tokens(kinds[:count], texts[:count], places[:count])
