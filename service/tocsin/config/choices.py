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


def read_choice(text: str, choices: type[Choice]) -> Choice:
    """Read a member of an enum by its value."""
    try:
        return choices(text)
    except ValueError:
        names = ", ".join(choices)
        raise Mistake(f"expected one of {names}{suggestion(text, choices)}") from None
