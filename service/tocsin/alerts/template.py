"""Messages in a form of the user's own: JSON whose strings are templates (Jinja2), filled in as data.

The JSON is parsed before it is filled in and written after that, so what an article says stays inside its string.
Templates are the configuration's words and never an article's: the sandbox keeps a slip from doing harm.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Final, TypeAlias

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, Undefined
from jinja2.exceptions import SecurityError
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

from tocsin.model import JsonObject
from tocsin.text.suggestions import suggestion

#: Bytes that all templates of a message may become together.
LARGEST_OUTPUT: Final = 64 * 1024

#: What templates are filled with.
VALUES: Final = frozenset({"payload", "data", "notice"})

#: What begins an expression, a statement and a comment in a template.
SIGNS: Final = ("{{", "{%", "{#")

_LONGEST_DETAIL: Final = 200

Form: TypeAlias = "Template | str | Mapping[str, Form] | list[Form] | object"


class TemplateFailed(ValueError):
    """A template cannot be filled in with these values; the message is one line and says where and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """What is wrong with the text of a template, and the offset that it is about."""

    message: str
    at: int


def slip_in(text: str) -> Slip | None:
    """Return what is wrong with a template before it is filled in; None if nothing is."""
    environment = _Sandbox()
    try:
        tree = environment.parse(text)
        environment.compile(text)
    except TemplateSyntaxError as error:
        message = (error.message or "it cannot be read").rstrip(".")
        return Slip(message=f"not a template: {message[0].lower()}{message[1:]}", at=_start_of(text, error.lineno))
    unknown = sorted(find_undeclared_variables(tree) - VALUES - environment.globals.keys(), key=text.find)
    if not unknown:
        return None
    hint = suggestion(unknown[0], VALUES) or ", only payload, data and notice"
    return Slip(message=f'there is no "{unknown[0]}"{hint}', at=max(text.find(unknown[0]), 0))


def _start_of(text: str, line: int) -> int:
    """Return the offset at which a line begins, counted from 1."""
    starts = [0, *accumulate(map(len, text.splitlines(keepends=True)))]
    return starts[min(line, len(starts)) - 1]


class MessageTemplate:
    """JSON with templates for strings, compiled.

    Raises TemplateSyntaxError for a template in which `slip_in` finds something.
    """

    def __init__(self, template: JsonObject) -> None:
        self._form = _compiled(template, _Sandbox())

    def fill_in(self, values: JsonObject, stopped: Callable[[], bool] = lambda: False) -> JsonObject:
        """Return the JSON with its strings filled in; it ends soon once `stopped` says so.

        Raises:
            TemplateFailed: a value that is asked for is not there, it becomes more than 64 kB, or it was stopped.
        """
        filled = _Filling(values=values, stopped=stopped).filled(self._form, ())
        return filled if isinstance(filled, Mapping) else {}


def _compiled(form: object, environment: "_Sandbox") -> Form:
    match form:
        case str() if any(sign in form for sign in SIGNS):
            return environment.from_string(form)
        case Mapping():
            return {key: _compiled(inner, environment) for key, inner in form.items()}
        case list() | tuple():
            return [_compiled(inner, environment) for inner in form]
        case _:
            return form


@dataclass(slots=True, kw_only=True)
class _Filling:
    """Fills in all templates of one message, and counts what they become."""

    values: JsonObject
    stopped: Callable[[], bool]
    left: int = field(default=LARGEST_OUTPUT)

    def filled(self, form: Form, steps: tuple[str, ...]) -> object:
        match form:
            case Template():
                return "".join(self._pieces(form, ".".join(steps)))
            case Mapping():
                return {key: self.filled(inner, (*steps, str(key))) for key, inner in form.items()}
            case list():
                return [self.filled(inner, (*steps, str(number))) for number, inner in enumerate(form)]
            case _:
                return form

    def _pieces(self, template: Template, path: str) -> Iterator[str]:
        try:
            for piece in template.generate(self.values):
                self._count(piece)
                yield piece
        except Exception as error:  # a template can raise whatever its expressions do
            told = " ".join(str(error).split()) or type(error).__name__
            raise TemplateFailed(f"the template at {path}: {told}"[:_LONGEST_DETAIL]) from error

    def _count(self, piece: str) -> None:
        self.left -= len(piece.encode())
        if self.left < 0:
            raise SecurityError(f"more than {LARGEST_OUTPUT // 1024} kB")
        if self.stopped():
            raise SecurityError("it took too long")


class _Sandbox(ImmutableSandboxedEnvironment):
    """The values and Jinja2's filters, and nothing that makes much of little.

    `a.b` is what the JSON has under `b`, never a method of Python's; what is missing may be asked whether it is
    `defined` and be given a `default`, with all below it. null is an empty string.
    """

    intercepted_binops = frozenset({"**", "*"})

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined,
            autoescape=False,  # JSON is written around what comes out, and nothing else
            keep_trailing_newline=True,
            finalize=lambda value: "" if value is None else value,
        )
        self.globals = {"namespace": self.globals["namespace"]}
        self.filters = {**self.filters, "tojson": lambda value: json.dumps(value, ensure_ascii=False)}

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return what stands under a key, or a missing value."""
        if isinstance(obj, Undefined):
            return obj
        if isinstance(obj, Mapping):
            return obj[attribute] if attribute in obj else self.undefined(f"there is no {attribute}")
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return what stands under a key or at a place, or a missing value."""
        if isinstance(obj, Mapping) and isinstance(argument, str):
            return self.getattr(obj, argument)
        return obj if isinstance(obj, Undefined) else super().getitem(obj, argument)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Multiply numbers only: a power, or a text many times over, takes all the time and room there is."""
        if operator == "**" or not all(isinstance(operand, int | float) for operand in (left, right)):
            raise SecurityError(f"{operator} is for numbers, and only *" if operator == "*" else "there is no **")
        return super().call_binop(context, operator, left, right)
