"""Takes out of a text what no reader may see and no receiver can stand: control characters, halves of characters.

It does not judge words and knows nothing of markup.
"""

import re

REPLACEMENT = "\ufffd"
_NOT_A_CHARACTER = re.compile("[\x00\ud800-\udfff]")
_CONTROL = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")  # C0 without tab and line ends, DEL, C1
_UNWANTED = bytes((*range(9), 0xB, 0xC, *range(0xE, 0x20), 0x7F))
_C1 = re.compile(b"\xc2[\x80-\x9f]")  # in UTF-8
_BIDI_CONTROL = re.compile("[\u202a-\u202e\u2066-\u2069]")  # embeddings, overrides, isolates (UAX 9)


def clean(text: str) -> str:
    """Return `text` with the same length and offsets, and valid UTF-8 without control characters.

    Tab, newline and carriage return stay; every other control character becomes a space; NUL and lone surrogates
    become U+FFFD.
    """
    return text if _is_clean(text) else _CONTROL.sub(" ", _NOT_A_CHARACTER.sub(REPLACEMENT, text))


def _is_clean(text: str) -> bool:
    """Tell in a fraction of the time whether there is anything to do; in doubt there is."""
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        return False
    return len(encoded.translate(None, _UNWANTED)) == len(encoded) and (text.isascii() or not _C1.search(encoded))


def clean_line(text: str) -> str:
    """Return `text` as one clean line for titles and names: white space as single spaces, no ends, no bidi controls.

    A title must not turn the direction of the words that stand after it, so embeddings, overrides and isolates go.
    """
    return " ".join((text if text.isprintable() else _BIDI_CONTROL.sub("", clean(text))).split())
