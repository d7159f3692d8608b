"""How long a text is in words, whatever it is written in."""

import regex

from tocsin.text.tokens import words

# Scripts that write no blanks, in which `words` gives one word a character: roughly so many make a word.
_HAN_AND_KANA = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]")
_CHARACTERS_OF_HAN = 2
_SOUTH_EAST_ASIAN = regex.compile(r"[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
_CHARACTERS_OF_SOUTH_EAST_ASIAN = 5


def word_count(text: str) -> int:
    """Return how many words `text` has; where no blanks part them, about as many as its translation would have."""
    counted = len(words(text, ""))
    if text.isascii():
        return counted
    han = len(_HAN_AND_KANA.findall(text))
    thai = len(_SOUTH_EAST_ASIAN.findall(text))
    counted_others = max(counted - han - thai, 0)
    return counted_others + han // _CHARACTERS_OF_HAN + thai // _CHARACTERS_OF_SOUTH_EAST_ASIAN
