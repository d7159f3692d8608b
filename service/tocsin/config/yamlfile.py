"""Reads one YAML file into nodes that know where they stand, and refuses what is dangerous or ambiguous.

The file is taken as a stream of events, so that an alias bomb, a too deep or too long file is refused before it is
built. Scalars stay the text that was written (`no`, `22:30`, `1.10` and `012` are texts; only an empty plain scalar,
`~` and `null` are "no value"): what a text means is decided by the key it stands under. `${NAME}` and `${file:PATH}`
are replaced here, and what came in that way is remembered as a secret.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, TypeAlias

import yaml

from tocsin.config.scalars import breaks_before, offsets_of
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


class Mark(Protocol):
    """A place as PyYAML's parser tells it; all count from 0, `index` in code points of the file."""

    @property
    def index(self) -> int:
        """The offset."""

    @property
    def line(self) -> int:
        """The line."""

    @property
    def column(self) -> int:
        """The column."""


class Place(NamedTuple):
    """A line and a column, both counted from 1."""

    line: int
    column: int


# A large configuration has hundreds of thousands of nodes: tuples are made several times faster than dataclasses, and
# places are worked out only for what is told of.


class Swap(NamedTuple):
    """What was put in the place of a `${…}`: `start:end` of the text as read; `written:after` of it as written."""

    start: int
    end: int
    written: int
    after: int


class Scalar(NamedTuple):
    """A text, or None where no value is given; `written` is what it was before `${…}` in it were replaced."""

    text: str | None
    mark: Mark
    style: str
    written: str
    document: str
    swaps: tuple[Swap, ...] = ()

    @property
    def place(self) -> Place:
        """Where it begins."""
        return _place_of_mark(self.mark)

    def place_of(self, offset: int) -> Place:
        """Return where a character of the text stands in the file; for what was put in by a `${…}`, where that does.

        The length of the text gives the place behind its last character.
        """
        at = offsets_of(self.document, self.mark.index, self.style, self.written)[self._written_offset(offset)]
        lines, last = breaks_before(self.document, self.mark.index, at)
        if not lines:
            return Place(self.mark.line + 1, self.mark.column + 1 + at - self.mark.index)
        return Place(self.mark.line + 1 + lines, at - last + 1)

    def _written_offset(self, offset: int) -> int:
        moved = 0
        for swap in self.swaps:
            if offset < swap.start:
                break
            if offset < swap.end:
                return swap.written
            moved = swap.after - swap.end
        return min(offset + moved, len(self.written))


class ListNode(NamedTuple):
    """A list."""

    items: "tuple[Node, ...]"
    mark: Mark

    @property
    def place(self) -> Place:
        """Where it begins."""
        return _place_of_mark(self.mark)


class Entry(NamedTuple):
    """A key with its own place, and its value."""

    node: "Node"
    mark: Mark

    @property
    def place(self) -> Place:
        """Where the key begins."""
        return _place_of_mark(self.mark)


class MapNode(NamedTuple):
    """A mapping with keys in the order of the file."""

    entries: Mapping[str, Entry]
    mark: Mark

    @property
    def place(self) -> Place:
        """Where it begins."""
        return _place_of_mark(self.mark)

    def get(self, key: str) -> "Node | None":
        """Return the value of a key, or None."""
        entry = self.entries.get(key)
        return entry.node if entry else None


Node: TypeAlias = Scalar | ListNode | MapNode


@dataclass(frozen=True, slots=True)
class _Start:
    """The beginning of a file."""

    index: int = 0
    line: int = 0
    column: int = 0


EMPTY = MapNode(MappingProxyType({}), _Start())


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlFile:
    """What a file holds and what is wrong with it. One that is not `complete` could not be read to its end.

    `unreplaced` are the paths of texts with a `${…}` that stands for nothing.
    """

    name: str
    root: MapNode
    complete: bool
    problems: tuple[Problem, ...]
    unreplaced: frozenset[str]
    secrets: frozenset[str] = field(repr=False)


class Located(NamedTuple):
    """A node, the steps that lead to it, and where the last of them stands: its key, or the node itself."""

    node: Node
    steps: Steps
    key_mark: Mark

    @property
    def key_place(self) -> Place:
        """Where its key stands, or itself."""
        return _place_of_mark(self.key_mark)


def plain(node: Node) -> object:
    """Return the node as dicts, lists, texts and None."""
    match node:
        case Scalar():
            return node.text
        case ListNode():
            return [plain(item) for item in node.items]
        case MapNode():
            return {key: plain(entry.node) for key, entry in node.entries.items()}


def typed(node: Node) -> object:
    """Return the node as JSON: numbers, true and false that are written without quotes are these (YAML 1.2, 10.2).

    What a `${…}` stands for is a text.
    """
    match node:
        case Scalar(text=str(text), style="", swaps=()):
            return _core_value(text)
        case Scalar():
            return node.text
        case ListNode():
            return [typed(item) for item in node.items]
        case MapNode():
            return {key: typed(entry.node) for key, entry in node.entries.items()}


_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,300})")  # no leading zeros: 012 may be a text, and is one in JSON
_FRACTION = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,300})\.[0-9]{1,300}")


def _core_value(text: str) -> object:
    if text in {"true", "false"}:
        return text == "true"
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FRACTION.fullmatch(text) else text


def texts_in(node: Node, steps: Steps = ()) -> "Iterator[tuple[Steps, Scalar]]":
    """Yield the texts in a node, each with the steps that lead to it."""
    match node:
        case Scalar(text=str()):
            yield steps, node
        case Scalar():
            return
        case ListNode():
            for number, item in enumerate(node.items):
                yield from texts_in(item, (*steps, number))
        case MapNode():
            for key, entry in node.entries.items():
                yield from texts_in(entry.node, (*steps, key))


def locate(root: Node, steps: Steps) -> Located:
    """Walk along `steps` as far as they lead; a step that the document does not have is passed over."""
    found = Located(root, (), root.mark)
    for step in steps:
        match found.node:
            case MapNode(entries=entries) if isinstance(step, str) and step in entries:
                entry = entries[step]
                found = Located(entry.node, (*found.steps, step), entry.mark)
            case ListNode(items=items) if isinstance(step, int) and step < len(items):
                found = Located(items[step], (*found.steps, step), items[step].mark)
    return found


def dotted(steps: Iterable[Step]) -> str:
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
        composer.note(refusal.place, refusal.message, *refusal.steps)
    return YamlFile(
        name=name,
        root=root,
        complete=complete,
        problems=tuple(composer.problems),
        unreplaced=frozenset(composer.unreplaced),
        secrets=frozenset(composer.secrets),
    )


def write_yaml(value: object) -> str:
    """Return keys, lists and texts of one line as YAML that `read_yaml` reads as the same; a `${` stays one."""
    written: str = yaml.dump(
        _literal(value),
        Dumper=_Writer,
        allow_unicode=True,
        default_flow_style=None,  # lists of texts on one line, all else by indentation
        sort_keys=False,
        width=_UNFOLDED,
    )
    return written


_UNFOLDED = 100_000


class _Writer(yaml.SafeDumper):
    """Writes lists below a key indented, as people do, and no aliases."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - PyYAML's
        """Begin a level."""
        super().increase_indent(flow, indentless=False)

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> yaml.MappingNode:  # noqa: ARG002
        """Write each key on a line of its own."""
        return super().represent_mapping(tag, mapping, flow_style=False)

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's
        """Write a list that stands there twice in full."""
        return True


def _literal(value: object) -> object:
    match value:
        case str():
            return value.replace("${", "$${")
        case Mapping():
            return {key: _literal(item) for key, item in value.items()}
        case list() | tuple():
            return [_literal(item) for item in value]
        case _:
            return value


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


#: PyYAML's types for its C parser let a place be None, and know no tag and no anchor: an event is taken as it comes.
_Event: TypeAlias = Any


def _events(text: str) -> Iterator[_Event]:
    try:
        yield from yaml.parse(text, Loader=yaml.CSafeLoader)
    except yaml.reader.ReaderError as error:
        place = _place_of_byte(text.encode(), error.position)
        raise _Refused(place, f"the character U+{error.character:04X} cannot stand in YAML: remove it") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = _CLEARER.get(error.problem or "", error.problem)
        raise _Refused(_place_of_mark(mark) if mark else None, f"not valid YAML: {problem}") from error


def _place(event: _Event) -> Place:
    return _place_of_mark(event.start_mark)


def _place_of_mark(mark: Mark) -> Place:
    return Place(mark.line + 1, mark.column + 1)


class _Anchored(NamedTuple):
    """What an alias stands for: the node (None while it is being built), the values in it and the levels below it."""

    node: Node | None
    size: int = 0
    height: int = 0


class _Composer:
    """Builds nodes from events, once; collects problems that do not keep the rest from being read."""

    def __init__(self, name: str, environment: Mapping[str, str]) -> None:
        self.problems: list[Problem] = []
        self.secrets: set[str] = set()
        self.unreplaced: set[str] = set()
        self._name = name
        self._environment = environment
        self._document = ""
        self._events: Iterator[_Event] = iter(())
        self._anchors: dict[str, _Anchored] = {}
        self._aliases = 0
        self._size = 0
        self._path: list[Step] = []  # the steps to the node that is being built
        self._deepest = 0  # of the nodes built since the innermost anchor

    def note(self, place: Place | None, message: str, *steps: Step) -> None:
        line, column = place or (0, 0)
        self.problems.append(Problem(file=self._name, line=line, column=column, path=dotted(steps), message=message))

    def compose(self, text: str) -> MapNode:
        """Build the file's only document; one without content is an empty mapping."""
        self._document = text
        self._events = (event for event in _events(text) if not isinstance(event, yaml.StreamStartEvent))
        root: Node = EMPTY
        if isinstance(next(self._events), yaml.DocumentStartEvent):
            root = self._node(next(self._events))
            next(self._events)  # the document's end
            self._refuse_second_document(next(self._events))
        match root:
            case MapNode():
                return root
            case Scalar(text=None):
                return EMPTY
            case _:
                raise _Refused(root.place, "expected keys like `feeds:` and `rules:` here")

    def _refuse_second_document(self, event: _Event) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            raise _Refused(_place(event), "a second document: one file holds one, remove the `---`")

    def _node(self, event: _Event) -> Node:
        """Build a node. Every event of a large file comes here: what is rare is asked last."""
        if isinstance(event, yaml.AliasEvent):
            return self._aliased(event)
        self._size += 1
        if self._size > MAX_NODES or len(self._path) > MAX_DEPTH:
            self._refuse_growth(len(self._path), _place(event))
        tag, anchor = event.tag, event.anchor
        if tag:
            raise self._refused(_place(event), f"tags ({tag}) are not supported: remove this one")
        return self._anchored(anchor, event) if anchor else self._built(event)

    def _built(self, event: _Event) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        self._deepest = max(self._deepest, len(self._path) + 1)
        return self._mapping(event) if isinstance(event, yaml.MappingStartEvent) else self._list(event)

    def _anchored(self, anchor: str, event: _Event) -> Node:
        """Build a node that aliases may stand for."""
        self._anchors[anchor] = _Anchored(None)
        size, depth, deepest = self._size - 1, len(self._path), self._deepest
        self._deepest = depth
        node = self._built(event)
        self._anchors[anchor] = _Anchored(node, self._size - size, self._deepest - depth)
        self._deepest = max(self._deepest, deepest)
        return node

    def _refused(self, place: Place, message: str) -> _Refused:
        return _Refused(place, message, tuple(self._path))

    def _refuse_growth(self, depth: int, place: Place) -> None:
        if depth > MAX_DEPTH:
            raise _Refused(place, f"nested more than {MAX_DEPTH} levels deep")
        if self._size > MAX_NODES:
            raise _Refused(place, f"more than {MAX_NODES} values: split the file, use fewer aliases")

    def _aliased(self, event: _Event) -> Node:
        place = _place(event)
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            raise self._refused(place, f"more than {MAX_ALIASES} aliases (*name): write the values out")
        name = event.anchor or ""
        named = self._anchors.get(name)
        if named is None:
            raise self._refused(place, f"the alias *{name} has no anchor (&{name}) before it")
        if named.node is None:
            raise self._refused(place, f"the alias *{name} stands inside what it repeats")
        self._size += named.size
        deepest = len(self._path) + named.height
        self._deepest = max(self._deepest, deepest)
        self._refuse_growth(deepest, place)
        return named.node

    def _list(self, event: _Event) -> ListNode:
        items: list[Node] = []
        events, path = self._events, self._path
        path.append(0)
        while not isinstance(item := next(events), yaml.SequenceEndEvent):
            path[-1] = len(items)
            items.append(self._node(item))
        path.pop()
        return ListNode(tuple(items), event.start_mark)

    def _mapping(self, event: _Event) -> MapNode:
        entries: dict[str, Entry] = {}
        events, path = self._events, self._path
        while not isinstance(key_event := next(events), yaml.MappingEndEvent):
            key = self._key(key_event)
            path.append(key)
            node = self._node(next(events))
            if first := entries.get(key):
                message = f"this key stands here twice (first in line {first.place.line})"
                self.note(_place(key_event), message, *path)
            else:
                entries[key] = Entry(node, key_event.start_mark)
            path.pop()
        return MapNode(MappingProxyType(entries), event.start_mark)

    def _key(self, event: _Event) -> str:
        if isinstance(event, yaml.ScalarEvent) and not event.tag and (event.style or event.value not in NO_VALUE):
            return str(event.value)
        raise self._refused(_place(event), "a key must be a plain text")

    def _scalar(self, event: _Event) -> Scalar:
        written, style = event.value, event.style or ""
        if not style and written in NO_VALUE:
            return Scalar(None, event.start_mark, style, written, self._document)
        if "${" in written:
            return self._substituted(Scalar(written, event.start_mark, style, written, self._document))
        return Scalar(written, event.start_mark, style, written, self._document)

    def _substituted(self, scalar: Scalar) -> Scalar:
        text, swaps, done = "", [], 0
        for found in _SUBSTITUTION.finditer(scalar.written):
            try:
                value = self._value(found)
            except _NotSubstituted as error:
                self.note(scalar.place_of(found.start()), str(error), *self._path)
                self.unreplaced.add(dotted(self._path))
                continue
            text += scalar.written[done : found.start()]
            swaps.append(Swap(len(text), len(text) + len(value), *found.span()))
            text, done = text + value, found.end()
        if dotted(self._path) in self.unreplaced:
            return scalar
        return scalar._replace(text=text + scalar.written[done:], swaps=tuple(swaps))

    def _value(self, found: re.Match[str]) -> str:
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
