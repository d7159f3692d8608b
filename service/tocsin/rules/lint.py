"""What is wrong with a rule before it ever meets an article."""

import regex

from tocsin.model import Term
from tocsin.rules.compile import chunks_of
from tocsin.rules.loose import MOST_OPERANDS
from tocsin.text.language import DEFAULT
from tocsin.text.stopwords import stop_words
from tocsin.text.tokens import words

_WILDCARD = regex.compile(r"(?<=[\p{L}\p{Nd}])\*|\*(?=[\p{L}\p{Nd}])|(?<=[\p{L}\p{Nd}])\?(?=[\p{L}\p{Nd}])")


def wildcard_in(text: str) -> int | None:
    """Return where the first wildcard stands in a keyword or an alias, None where there is none."""
    if "*" not in text and "?" not in text:
        return None
    found = _WILDCARD.search(text)
    return found.start() if found else None


def term_problem(term: Term) -> str | None:
    """Tell what is wrong with a keyword or an alias, None where nothing is."""
    if wildcard_in(term.text) is not None:
        return "a wildcard stands in a `query:` only (query: invad*); a word without quotes matches in any inflection"
    found = words(term.text, DEFAULT)
    if not found:
        return "there is no word in it"
    if not term.exact and len(found) > MOST_OPERANDS and _operands_in(term) > MOST_OPERANDS:
        return (
            f"a loose phrase of more than {MOST_OPERANDS} words; "
            "put it in inner quotes for an exact phrase, or name fewer words"
        )
    return None


def _operands_in(term: Term) -> int:
    return sum(not chunk.is_stop_word(stop_words(DEFAULT)) for chunk in chunks_of(term.text, DEFAULT))
