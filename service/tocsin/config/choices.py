"""Says what is wrong with one value, and reads a value that is one of several. Quick to import."""

from enum import StrEnum
from typing import TypeVar

from tocsin.text.suggestions import suggestion

Choice = TypeVar("Choice", bound=StrEnum)


class Mistake(ValueError):
    """A value that cannot be taken; the message is for the user. `at` is the offset in the text that it is about."""

    def __init__(self, message: str, at: int | None = None) -> None:
        super().__init__(message)
        self.at = at


class NotYet(Mistake):
    """A value that has a meaning, but not in this version."""

    def __init__(self) -> None:
        super().__init__("not supported yet")


def read_choice(text: str, choices: type[Choice], later: frozenset[str] = frozenset()) -> Choice:
    """Read a member of an enum by its value; `later` are values that this version does not have."""
    if text in later:
        raise NotYet
    try:
        return choices(text)
    except ValueError:
        names = ", ".join(choices)
        raise Mistake(f"expected one of {names}{suggestion(text, choices)}") from None
