"""Which language a text is in: what its feed or document says, else English."""

import regex

DEFAULT = "en"

_PRIMARY = regex.compile(r"\s*([A-Za-z]{2,3})(?:[-_].*)?", regex.DOTALL)


def primary(code: str | None) -> str | None:
    """Return the lower-case primary subtag of a language code (`en-US` → `en`), None for what is none (BCP 47)."""
    match = _PRIMARY.fullmatch(code or "")
    return match[1].lower() if match else None


def language_of(*codes: str | None) -> str:
    """Return the language of the first code that names one, else English."""
    return next((language for code in codes if (language := primary(code))), DEFAULT)
