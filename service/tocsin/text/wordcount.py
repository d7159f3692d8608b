"""How long a text is in words, roughly, whatever it is written in."""

import regex

_WORD = regex.compile(r"[\p{L}\p{N}][\p{L}\p{M}\p{N}'’]*+")

# Scripts that write no blanks; so many of their characters make a word.
_HAN_AND_KANA = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]")
_CHARACTERS_OF_HAN = 2
_SOUTH_EAST_ASIAN = regex.compile(r"[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
_CHARACTERS_OF_SOUTH_EAST_ASIAN = 5


def word_count(text: str) -> int:
    """Return how many words `text` has; where no blanks part them, about as many as its translation would have.

    It is for judging lengths: what matching takes for words is the business of `tokens`.
    """
    written = 0
    if not text.isascii():
        text, han = _HAN_AND_KANA.subn(" ", text)
        text, others = _SOUTH_EAST_ASIAN.subn(" ", text)
        written = han // _CHARACTERS_OF_HAN + others // _CHARACTERS_OF_SOUTH_EAST_ASIAN
    return written + len(_WORD.findall(text))
