"""What is wrong with a rule before it ever meets an article."""

import regex

from tocsin.model import Term
from tocsin.rules.compile import chunks_of
from tocsin.rules.loose import MOST_OPERANDS
from tocsin.text.language import DEFAULT
from tocsin.text.stopwords import stop_words

_WILDCARD = regex.compile(r"[\p{L}\p{Nd}]\*|\*[\p{L}\p{Nd}]|[\p{L}\p{Nd}]\?[\p{L}\p{Nd}]")


def term_problem(term: Term) -> str | None:
    """Tell what is wrong with a keyword or an alias, None where nothing is."""
    if _WILDCARD.search(term.text):
        return "wildcards are not supported yet; a word without quotes matches in any inflection"
    chunks = list(chunks_of(term.text, DEFAULT))
    if not chunks:
        return "there is no word in it"
    asked = [chunk for chunk in chunks if not chunk.is_stop_word(stop_words(DEFAULT))]
    if not term.exact and len(asked) > MOST_OPERANDS:
        return (
            f"a loose phrase of more than {MOST_OPERANDS} words; "
            "put it in inner quotes for an exact phrase, or name fewer words"
        )
    return None
