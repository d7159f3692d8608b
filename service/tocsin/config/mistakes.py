"""Says what is wrong with a part of the configuration, in our words and at its place.

pydantic finds that something is wrong; what users read is written here, so that it is short, says what to do, and
never repeats a value.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from tocsin.config.choices import Mistake
from tocsin.config.schema import Section
from tocsin.config.yamlfile import ListNode, MapNode, Node, Place, Scalar, Steps, dotted, locate, plain
from tocsin.errors import Problem
from tocsin.text.suggestions import suggestion

_EXPECTED: Mapping[str, str] = MappingProxyType(
    {
        "missing": "missing key",
        "tuple_type": "expected a list: [one, two]",
        "model_type": "expected keys here: {name: …}",
        "dict_type": "expected keys here: {name: …}",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a part stands: the file, its node in it, and the steps from the file's root to that node."""

    file: str
    node: Node
    steps: Steps = ()

    def problem(self, message: str, *steps: str | int) -> Problem:
        """Return a problem with the value that `steps` lead to from here, or with the nearest one that is there."""
        found = locate(self.node, steps)
        return self._at(found.node.place, found.steps, message)

    def problem_in(self, message: str, at: int, *steps: str | int) -> Problem:
        """Return a problem with the character at offset `at` of the text that `steps` lead to from here."""
        found = locate(self.node, steps)
        place = found.node.place_of(at) if isinstance(found.node, Scalar) else found.node.place
        return self._at(place, found.steps, message)

    def key_problem(self, message: str, *steps: str | int) -> Problem:
        """Return a problem with a key itself."""
        found = locate(self.node, steps)
        return self._at(found.key_place, found.steps, message)

    def missing(self, message: str, *steps: str | int) -> Problem:
        """Return a problem with a key that is not there, at the mapping that lacks it."""
        found = locate(self.node, steps[:-1])
        return self._at(found.node.place, (*found.steps, steps[-1]), message)

    def below(self, *steps: str | int) -> "Source":
        """Return the part that `steps` lead to from here."""
        found = locate(self.node, steps)
        return Source(file=self.file, node=found.node, steps=(*self.steps, *found.steps))

    def items(self, key: str) -> "tuple[Source, ...]":
        """Return the parts of the list under a key; none where there is no list."""
        values = self.node.get(key) if isinstance(self.node, MapNode) else None
        if not isinstance(values, ListNode):
            return ()
        steps = (*self.steps, key)
        return tuple(Source(file=self.file, node=node, steps=(*steps, n)) for n, node in enumerate(values.items))

    def text(self, key: str) -> str | None:
        """Return the text under a key, outer blanks dropped; None where there is none."""
        value = self.node.get(key) if isinstance(self.node, MapNode) else None
        return value.text.strip() if isinstance(value, Scalar) and value.text else None

    def keys(self) -> tuple[str, ...]:
        """Return the keys of this mapping; none where it is no mapping."""
        return tuple(self.node.entries) if isinstance(self.node, MapNode) else ()

    def has(self, key: str) -> bool:
        """Tell whether this is a mapping with that key and a value under it."""
        value = self.node.get(key) if isinstance(self.node, MapNode) else None
        return value is not None and plain(value) is not None

    @property
    def line(self) -> str:
        """The place as people write it: `rules.yaml:14`."""
        return f"{self.file}:{self.node.place.line}"

    def _at(self, place: Place, steps: Steps, message: str) -> Problem:
        path = dotted((*self.steps, *steps))
        return Problem(file=self.file, line=place.line, column=place.column, path=path, message=message)


def problems_of(error: ValidationError, source: Source, section: type[Section]) -> Iterator[Problem]:
    """Yield what pydantic found wrong with a part that was read as `section`."""
    for details in error.errors(include_url=False, include_input=False):
        steps = details["loc"]
        if details["type"] == "extra_forbidden":
            yield source.key_problem(_unknown_key(section, steps), *steps)
        elif steps[-1:] == ("[key]",):
            yield source.key_problem(_message(details), *steps[:-1])
        elif details["type"] == "missing":
            yield source.missing(_message(details), *steps)
        elif (at := _offset(details)) is not None:
            yield source.problem_in(_message(details), at, *steps)
        else:
            yield source.problem(_message(details), *steps)


def _message(details: ErrorDetails) -> str:
    if details["type"] == "value_error":
        return str(details["ctx"]["error"])
    return _EXPECTED[details["type"]]


def _offset(details: ErrorDetails) -> int | None:
    mistake = details.get("ctx", {}).get("error")
    return mistake.at if isinstance(mistake, Mistake) else None


def _unknown_key(section: type[Section], steps: Steps) -> str:
    for step in steps[:-1]:
        section = (section.below(step) if isinstance(step, str) else None) or section
    key = str(steps[-1])
    return f"unknown key{suggestion(key, section.known_keys())}"
