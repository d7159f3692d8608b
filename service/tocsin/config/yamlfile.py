"""Reads one YAML file into nodes that know where they stand, and refuses what is dangerous or ambiguous.

The file is taken as a stream of events, so that an alias bomb, a too deep or too long file is refused before it is
built. Scalars stay the text that was written (`no`, `22:30`, `1.10` and `012` are texts; only an empty plain scalar,
`~` and `null` are "no value"): what a text means is decided by the key it stands under. `${NAME}` and `${file:PATH}`
are replaced here, and what came in that way is remembered as a secret.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, TypeAlias

import yaml

from tocsin.errors import Problem

MAX_BYTES = 5_000_000
MAX_ALIASES = 20
MAX_DEPTH = 20
MAX_NODES = 500_000  # values, each alias counted as what it stands for: more than an honest file of 5 MB has
MAX_SECRET_BYTES = 100_000
SHORTEST_SECRET = 4  # shorter ones cannot be told from ordinary text when they are struck out

NO_VALUE = frozenset({"", "~", "null", "Null", "NULL"})

Step: TypeAlias = str | int
Steps: TypeAlias = tuple[Step, ...]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A line and a column, both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """A text, or None where no value is given."""

    place: Place
    text: str | None
    size: int = 1
    height: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ListNode:
    """A list. `size` is the number of values in it, itself counted; `height` the levels below it."""

    place: Place
    items: tuple["Node", ...]
    size: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A key with its own place, and its value."""

    place: Place
    node: "Node"


@dataclass(frozen=True, slots=True, kw_only=True)
class MapNode:
    """A mapping with keys in the order of the file. `size` and `height` are as those of a list."""

    place: Place
    entries: Mapping[str, Entry]
    size: int
    height: int

    def get(self, key: str) -> "Node | None":
        """Return the value of a key, or None."""
        entry = self.entries.get(key)
        return entry.node if entry else None


Node: TypeAlias = Scalar | ListNode | MapNode

EMPTY = MapNode(place=Place(1, 1), entries=MappingProxyType({}), size=1, height=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlFile:
    """What a file holds and what is wrong with it. One that is not `complete` could not be read to its end."""

    name: str
    root: MapNode
    complete: bool
    problems: tuple[Problem, ...]
    secrets: frozenset[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Located:
    """A node, the steps that lead to it, and where the last of them stands: its key, or the node itself."""

    node: Node
    steps: Steps
    key_place: Place


def plain(node: Node) -> object:
    """Return the node as dicts, lists, texts and None."""
    match node:
        case Scalar():
            return node.text
        case ListNode():
            return [plain(item) for item in node.items]
        case MapNode():
            return {key: plain(entry.node) for key, entry in node.entries.items()}


def locate(root: Node, steps: Steps) -> Located:
    """Walk along `steps` as far as they lead; a step that the document does not have is passed over."""
    found = Located(root, (), root.place)
    for step in steps:
        match found.node:
            case MapNode(entries=entries) if isinstance(step, str) and step in entries:
                entry = entries[step]
                found = Located(entry.node, (*found.steps, step), entry.place)
            case ListNode(items=items) if isinstance(step, int) and step < len(items):
                found = Located(items[step], (*found.steps, step), items[step].place)
    return found


def dotted(steps: Steps) -> str:
    """Return steps as people read them: `rules.3.query`."""
    return ".".join(map(str, steps))


def read_yaml(path: Path, name: str, environment: Mapping[str, str]) -> YamlFile:
    """Read the file at `path`, called `name` in problems, with `${…}` replaced.

    Never raises for what the file holds or for a file that cannot be read: both are problems.
    """
    composer = _Composer(name, environment)
    root, complete = EMPTY, False
    try:
        root, complete = composer.compose(_read_text(path)), True
    except _Refused as refusal:
        composer.note(refusal.place, refusal.steps, refusal.message)
    return YamlFile(
        name=name,
        root=root,
        complete=complete,
        problems=tuple(composer.problems),
        secrets=frozenset(composer.secrets),
    )


class _Mark(Protocol):
    """What PyYAML's own marks and those of its C parser have in common; both count from 0."""

    line: int
    column: int


class _Refused(Exception):
    """The file cannot be read any further. A place of None means the file as a whole."""

    def __init__(self, place: Place | None, message: str, steps: Steps = ()) -> None:
        super().__init__(message)
        self.place, self.message, self.steps = place, message, steps


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            body = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _Refused(None, f"cannot be read: {error.strerror}") from error
    if len(body) > MAX_BYTES:
        raise _Refused(None, f"larger than {MAX_BYTES // 1_000_000} MB: split it into several files")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _Refused(_place_of_byte(body, error.start), "not UTF-8: save the file in that encoding") from error


def _place_of_byte(body: bytes, offset: int) -> Place:
    before = body[:offset].decode("utf-8", errors="replace").removeprefix("\ufeff")
    return Place(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


_CLEARER: Mapping[str, str] = MappingProxyType(
    {
        "found character that cannot start any token": (
            "nothing can begin with this character; put the text in quotes, and indent with blanks, not with tabs"
        ),
    }
)


def _events(text: str) -> Iterator[yaml.Event]:
    try:
        yield from yaml.parse(text, Loader=yaml.CSafeLoader)
    except yaml.reader.ReaderError as error:
        place = _place_of_byte(text.encode(), error.position)
        raise _Refused(place, f"the character U+{error.character:04X} cannot stand in YAML: remove it") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = _CLEARER.get(error.problem or "", error.problem)
        raise _Refused(_place_of_mark(mark), f"not valid YAML: {problem}") from error


def _place(event: yaml.Event) -> Place:
    return _place_of_mark(event.start_mark) or Place(1, 1)


def _place_of_mark(mark: _Mark | None) -> Place | None:
    return Place(mark.line + 1, mark.column + 1) if mark else None


def _tag(event: yaml.Event) -> str | None:
    tag: str | None = getattr(event, "tag", None)
    return tag


def _size(nodes: Sequence[Node]) -> int:
    return 1 + sum(node.size for node in nodes)


def _height(nodes: Sequence[Node]) -> int:
    return 1 + max((node.height for node in nodes), default=0)


class _Composer:
    """Builds nodes from events, once; collects problems that do not keep the rest from being read."""

    def __init__(self, name: str, environment: Mapping[str, str]) -> None:
        self.problems: list[Problem] = []
        self.secrets: set[str] = set()
        self._name = name
        self._environment = environment
        self._events: Iterator[yaml.Event] = iter(())
        self._anchors: dict[str, Node | None] = {}  # None: still being built
        self._aliases = 0
        self._size = 0

    def note(self, place: Place | None, steps: Steps, message: str) -> None:
        line, column = (place.line, place.column) if place else (0, 0)
        self.problems.append(Problem(file=self._name, line=line, column=column, path=dotted(steps), message=message))

    def compose(self, text: str) -> MapNode:
        """Build the file's only document; one without content is an empty mapping."""
        self._events = (event for event in _events(text) if not isinstance(event, yaml.StreamStartEvent))
        root: Node = EMPTY
        if isinstance(next(self._events), yaml.DocumentStartEvent):
            root = self._node(next(self._events), ())
            next(self._events)  # the document's end
            self._refuse_second_document(next(self._events))
        match root:
            case MapNode():
                return root
            case Scalar(text=None):
                return EMPTY
            case _:
                raise _Refused(root.place, "expected keys like `feeds:` and `rules:` here")

    def _refuse_second_document(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            raise _Refused(_place(event), "a second document: one file holds one, remove the `---`")

    def _node(self, event: yaml.Event, steps: Steps) -> Node:
        if isinstance(event, yaml.AliasEvent):
            return self._aliased(event, steps)
        self._check_limits(event, steps)
        anchor = getattr(event, "anchor", None)
        if anchor:
            self._anchors[anchor] = None
        node = self._built(event, steps)
        if anchor:
            self._anchors[anchor] = node
        return node

    def _built(self, event: yaml.Event, steps: Steps) -> Node:
        match event:
            case yaml.SequenceStartEvent():
                return self._list(event, steps)
            case yaml.MappingStartEvent():
                return self._mapping(event, steps)
            case yaml.ScalarEvent():
                return self._scalar(event, steps)
            case _:
                raise AssertionError(event)  # a parser that breaks its own grammar

    def _check_limits(self, event: yaml.Event, steps: Steps) -> None:
        place = _place(event)
        self._grow(1, len(steps), place)
        if tag := _tag(event):
            raise _Refused(place, f"tags ({tag}) are not supported: remove this one", steps)

    def _grow(self, size: int, depth: int, place: Place) -> None:
        if depth > MAX_DEPTH:
            raise _Refused(place, f"nested more than {MAX_DEPTH} levels deep")
        self._size += size
        if self._size > MAX_NODES:
            raise _Refused(place, f"more than {MAX_NODES} values: split the file, use fewer aliases")

    def _aliased(self, event: yaml.AliasEvent, steps: Steps) -> Node:
        place = _place(event)
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            raise _Refused(place, f"more than {MAX_ALIASES} aliases (*name): write the values out", steps)
        name = event.anchor or ""
        node = self._anchors.get(name)
        if node is None:
            why = "stands inside what it repeats" if name in self._anchors else f"has no anchor (&{name}) before it"
            raise _Refused(place, f"the alias *{name} {why}", steps)
        self._grow(node.size, len(steps) + node.height, place)
        return node

    def _list(self, event: yaml.Event, steps: Steps) -> ListNode:
        items: list[Node] = []
        while not isinstance(item := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(item, (*steps, len(items))))
        return ListNode(place=_place(event), items=tuple(items), size=_size(items), height=_height(items))

    def _mapping(self, event: yaml.Event, steps: Steps) -> MapNode:
        entries: dict[str, Entry] = {}
        while not isinstance(key_event := next(self._events), yaml.MappingEndEvent):
            key, place = self._key(key_event, steps), _place(key_event)
            node = self._node(next(self._events), (*steps, key))
            if first := entries.get(key):
                self.note(place, (*steps, key), f"this key stands here twice (first in line {first.place.line})")
            else:
                entries[key] = Entry(place=place, node=node)
        nodes, place = [entry.node for entry in entries.values()], _place(event)
        return MapNode(place=place, entries=MappingProxyType(entries), size=_size(nodes), height=_height(nodes))

    def _key(self, event: yaml.Event, steps: Steps) -> str:
        if isinstance(event, yaml.ScalarEvent) and not event.tag and (event.style or event.value not in NO_VALUE):
            return str(event.value)
        raise _Refused(_place(event), "a key must be a plain text", steps)

    def _scalar(self, event: yaml.ScalarEvent, steps: Steps) -> Scalar:
        place = _place(event)
        if not event.style and event.value in NO_VALUE:
            return Scalar(place=place, text=None)
        try:
            text = _SUBSTITUTION.sub(self._substitute, event.value)
        except _NotSubstituted as error:
            self.note(place, steps, str(error))
            text = event.value
        return Scalar(place=place, text=text)

    def _substitute(self, found: re.Match[str]) -> str:
        if found[0] == "$${":
            return "${"
        if not found["closed"]:
            raise _NotSubstituted("this `${` is never closed; for a literal ${ write $${")
        value = _substitute(found["name"], self._environment)
        if len(value) >= SHORTEST_SECRET:
            self.secrets.add(value)
        return value


_SUBSTITUTION = re.compile(r"\$\$\{|\$\{(?P<name>[^}]*)(?P<closed>\}?)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class _NotSubstituted(Exception):
    """A `${…}` that stands for nothing."""


def _substitute(name: str, environment: Mapping[str, str]) -> str:
    if name.startswith("file:"):
        return _substitute_file(name.removeprefix("file:"))
    if not _NAME.fullmatch(name):
        raise _NotSubstituted("expected ${NAME} or ${file:PATH}; for a literal ${ write $${")
    if name not in environment:
        raise _NotSubstituted(f"the environment variable {name} is not set")
    value = environment[name]
    if not value.isascii() and not value.isprintable() and any("\ud800" <= sign <= "\udfff" for sign in value):
        raise _NotSubstituted(f"the environment variable {name} is not UTF-8")
    return value


def _substitute_file(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            body = file.read(MAX_SECRET_BYTES + 1)
        text = body.decode()
    except OSError as error:
        raise _NotSubstituted(f"the file {path} cannot be read: {error.strerror}") from error
    except ValueError as error:  # not UTF-8, or a NUL in the path
        raise _NotSubstituted(f"the file {path} is not UTF-8") from error
    if len(body) > MAX_SECRET_BYTES:
        raise _NotSubstituted(f"the file {path} is larger than {MAX_SECRET_BYTES // 1000} kB")
    return text.removesuffix("\n").removesuffix("\r")
