"""Reads a configuration directory, checks all of it, and compiles it; all mistakes come at once."""

import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TypeAlias, TypeVar

from pydantic import ValidationError

from tocsin.config import schema
from tocsin.config.cautions import idle_for, timings_of, waits_of, warnings_of
from tocsin.config.choices import Mistake, read_choice
from tocsin.config.compile import Part, Parts, compile_plan
from tocsin.config.mistakes import Source, problems_of
from tocsin.config.queries import KEY, Queries, read_named
from tocsin.config.remarks import hints_of, remarks_of
from tocsin.config.schema import THROUGH_APPRISE, ConfigFile, General, Known, Section
from tocsin.config.templates import KEY as TEMPLATE
from tocsin.config.templates import slips_in, template_of
from tocsin.config.yamlfile import SHORTEST_SECRET, ListNode, MapNode, YamlFile, plain, read_yaml
from tocsin.errors import ConfigError, Problem
from tocsin.model import ChannelKind, EntityType
from tocsin.model.query import Query
from tocsin.plan import Plan

S = TypeVar("S", bound=Section)

#: Path → time of the last change in nanoseconds, size in bytes, number.
DirectoryState: TypeAlias = Mapping[str, tuple[int, int, int]]

LISTS = ("feeds", "entities", "rules", "channels", "routes")
JOINED = frozenset({*LISTS, KEY})
NAMED_BY = (("feeds", "name"), ("entities", "id"), ("rules", "name"), ("channels", "name"))


def load_plan(directory: Path, environment: Mapping[str, str]) -> Plan:
    """Compile every `*.yaml` and `*.yml` below `directory` into a plan.

    `environment` is what `${NAME}` is taken from.

    Raises:
        ConfigError: with every mistake there is, in the order of files and lines; no message holds a secret.
    """
    files = read_directory(directory, environment)
    secrets = frozenset[str]().union(*(file.secrets for file in files))
    problems: list[Problem] = []
    parts = _read_parts(files, problems)
    unreadable = [problem for file in files for problem in file.problems]
    unreplaced = {(file.name, path) for file in files for path in file.unreplaced}
    if found := [*unreadable, *(problem for problem in problems if (problem.file, problem.path) not in unreplaced)]:
        raise ConfigError(_sorted(found, secrets))
    plan = compile_plan(parts, secrets)
    idle = [_whole(directory, message) for message in idle_for(parts)]
    warnings = [
        *idle,
        *warnings_of(parts),
        *waits_of(parts, plan),
        *timings_of(parts, plan),
        *remarks_of(parts, plan.rules),
    ]
    return replace(plan, warnings=_sorted(warnings, plan.secrets), hints=_sorted(hints_of(parts), plan.secrets))


def read_directory(directory: Path, environment: Mapping[str, str]) -> tuple[YamlFile, ...]:
    """Read the YAML files below `directory`, in the order of their names.

    What begins with a dot is passed over: mounted Kubernetes volumes keep a second copy of each file there. Links are
    followed; each directory is read once, whatever leads to it. A link that leads nowhere is a file with a problem.
    """
    if not directory.is_dir():
        raise ConfigError([_whole(directory, "there is no such directory")])
    names = sorted(path.relative_to(directory).as_posix() for path in _yaml_paths(directory))
    if not names:
        raise ConfigError([_whole(directory, "holds no *.yaml and no *.yml file")])
    return tuple(read_yaml(directory / name, name, environment) for name in names)


def directory_state(directory: Path) -> DirectoryState:
    """Return what tells whether a file that `load_plan` reads changed: by path, its time, size and number.

    A file that is put in another's place has another number, even one of the same time and size.
    """
    return {str(path): _file_state(path) for path in _yaml_paths(directory)}


def _file_state(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0, 0
    return found.st_mtime_ns, found.st_size, found.st_ino


def _yaml_paths(directory: Path) -> Iterator[Path]:
    """Yield the visible YAML files below `directory`; links to directories last, so that these keep their own names."""
    seen: set[str] = set()
    tops = deque([directory])
    while tops:
        for folder, folders, files in os.walk(tops.popleft()):
            real = os.path.realpath(folder)
            if real in seen:
                folders.clear()
                continue
            seen.add(real)
            folders[:] = sorted(filter(_visible, folders))
            tops.extend(link for link in (Path(folder, name) for name in folders) if link.is_symlink())
            paths = [Path(folder, name) for name in filter(_visible, files)]
            yield from (path for path in paths if path.suffix in {".yaml", ".yml"} and _is_file_or_lost(path))


def _visible(name: str) -> bool:
    return not name.startswith(".")


def _is_file_or_lost(path: Path) -> bool:
    """Tell whether reading gives a text or a problem; a pipe would keep us waiting."""
    return os.path.isfile(path) or not os.path.exists(path)


def _whole(directory: Path, message: str) -> Problem:
    return Problem(file=str(directory), line=0, column=0, path="", message=message)


def _sorted(problems: Iterable[Problem], secrets: frozenset[str]) -> tuple[Problem, ...]:
    told = [replace(problem, message=_without(problem.message, secrets)) for problem in problems]
    return tuple(sorted(told, key=lambda problem: (problem.file, problem.line, problem.column)))


def _without(message: str, secrets: frozenset[str]) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        message = message.replace(secret, "***")
        if "…" in message:  # a term was cut: perhaps within a secret
            message = _without_beginning(message, secret)
    return message


def _without_beginning(message: str, secret: str) -> str:
    """Strike out the beginning of a secret where a message cuts it short."""
    lengths = range(len(secret) - 1, SHORTEST_SECRET - 1, -1)
    shown = next((secret[:length] for length in lengths if f"{secret[:length]}…" in message), None)
    return message.replace(f"{shown}…", "***…") if shown else message


# ---------------------------------------------------------------------------------------------------------------
# Checking: every step adds what it finds to `problems` and goes on


def _read_parts(files: Sequence[YamlFile], problems: list[Problem]) -> Parts:
    roots = [Source(file=file.name, node=file.root) for file in files]
    known = _known(roots) if all(file.complete for file in files) else None  # else every name might be missing
    problems.extend(chain(_repeated_keys(roots), _repeated_names(roots), _not_lists(roots)))
    read = _Reading(known=known, problems=problems)
    named = read_named(roots, problems)
    rules = read.parts(roots, "rules", schema.Rule)
    queries = Queries(named, known, problems) if known else None
    return Parts(
        top=_joined_top([read.top(root) for root in roots]),
        places={key: root.below(key) for root in roots for key in ConfigFile.known_keys() if root.has(key)},
        feeds=read.parts(roots, "feeds", schema.Feed),
        entities=read.parts(roots, "entities", schema.Entity),
        rules=rules,
        channels=read.channels(roots),
        routes=read.parts(roots, "routes", schema.Route),
        named=named,
        resolved=queries.parts if queries else {},
        queries=_resolved(rules, queries) if queries else {},
    )


def _resolved(rules: Iterable[Part[schema.Rule]], queries: Queries) -> Mapping[str, Query]:
    """Return the queries of rules by the rules' names, with their parts put in."""
    found: dict[str, Query] = {}
    for rule in rules:
        written = rule.value.query
        if written is not None and (query := queries.resolved(written, rule.source, "query")) is not None:
            found[rule.value.name] = query
    return found


def _items(roots: Iterable[Source], key: str) -> Iterator[Source]:
    return chain.from_iterable(root.items(key) for root in roots)


def _known(roots: Sequence[Source]) -> Known:
    """Collect names before anything is checked: a reference to a feed with a mistake in it is no mistake."""

    def names(key: str, called: str) -> frozenset[str]:
        return frozenset(filter(None, (item.text(called) for item in _items(roots, key))))

    return Known(
        feeds=names("feeds", "name"),
        entities=names("entities", "id"),
        rules=names("rules", "name"),
        channels=names("channels", "name"),
    )


def _repeated_keys(roots: Iterable[Source]) -> Iterator[Problem]:
    first: dict[str, Source] = {}
    for root in roots:
        for key in (key for key in ConfigFile.known_keys() if key not in JOINED and root.has(key)):
            if key in first:
                yield root.key_problem(f"may stand in one file only (first in {first[key].line})", key)
            else:
                first[key] = root.below(key)


def _repeated_names(roots: Sequence[Source]) -> Iterator[Problem]:
    for key, called in NAMED_BY:
        first: dict[str, Source] = {}
        for item in _items(roots, key):
            name = item.text(called)
            if name in first:
                yield item.problem(f'"{name}" is used twice (first in {first[name].line})', called)
            elif name:
                first[name] = item.below(called)


def _not_lists(roots: Iterable[Source]) -> Iterator[Problem]:
    for root in roots:
        for key in LISTS:
            if root.has(key) and not isinstance(root.below(key).node, ListNode):
                yield root.problem("expected a list: write a - before each item", key)


def _joined_top(tops: Iterable[General | None]) -> General:
    given = {key: getattr(top, key) for top in tops if top for key in top.model_fields_set}
    return General().model_copy(update=given)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """Reads parts against the names that are known."""

    known: Known | None
    problems: list[Problem]

    def top(self, root: Source) -> General | None:
        """Read the keys that stand in one file only."""
        return self._read(General, _but_joined(root), root)

    def parts(self, roots: Iterable[Source], key: str, section: type[S]) -> tuple[Part[S], ...]:
        """Read the items of a list, in all files."""
        parts = [self._part(section, item) for item in _items(roots, key)]
        return tuple(part for part in parts if part)

    def channels(self, roots: Iterable[Source]) -> tuple[Part[schema.Channel], ...]:
        """Read the channels; which keys one has depends on its type."""
        parts = [self._channel(item) for item in _items(roots, "channels")]
        return tuple(part for part in parts if part)

    def _channel(self, item: Source) -> Part[schema.Channel] | None:
        if not isinstance(item.node, MapNode):
            return self._part(schema.Channel, item)
        if not item.has("type"):
            self.problems.append(item.missing("missing key", "type"))
            return None
        try:
            kind = _read_kind(schema.text_of(plain(item.below("type").node)))
        except Mistake as mistake:
            self.problems.append(item.problem(str(mistake), "type"))
            return None
        if kind is ChannelKind.WEBHOOK and item.has(TEMPLATE):
            self.problems.extend(slips_in(item))
        return self._part(schema.CHANNELS[kind], item)

    def _part(self, section: type[S], item: Source) -> Part[S] | None:
        self.problems.extend(_lacking(section, item))
        value = self._read(section, _value(section, item), item)
        return Part(value=value, source=item) if value else None

    def _read(self, section: type[S], value: object, source: Source) -> S | None:
        try:
            return section.model_validate(value, context=self.known)
        except ValidationError as error:
            self.problems.extend(problems_of(error, source, ConfigFile if section is General else section))
            return None


def _value(section: type[Section], item: Source) -> object:
    """Return what stands there: texts, but for what a template has."""
    value = plain(item.node)
    if section is schema.WebhookChannel and isinstance(value, dict) and item.has(TEMPLATE):
        return {**value, TEMPLATE: template_of(item)}
    return value


def _read_kind(text: str) -> ChannelKind:
    if text in THROUGH_APPRISE:
        raise Mistake(f"{text} is reached through Apprise: write type: apprise, url, and allow_apprise: true")
    return read_choice(text, ChannelKind)


def _but_joined(root: Source) -> dict[str, object]:
    entries = root.node.entries if isinstance(root.node, MapNode) else {}
    return {key: plain(entry.node) for key, entry in entries.items() if key not in JOINED}


# ---------------------------------------------------------------------------------------------------------------
# Keys that need each other. pydantic would look at these only once all keys by themselves are right


def _lacking(section: type[Section], item: Source) -> Iterator[Problem]:
    """Find what a part lacks as a whole; an unknown key there is the likelier mistake and told by itself."""
    if not isinstance(item.node, MapNode) or not item.node.entries.keys() <= section.known_keys().keys():
        return
    if section is schema.Feed:
        yield from _lacking_in_feed(item)
    elif section is schema.Entity:
        yield from _lacking_in_entity(item)
    elif section is schema.Rule and not any(item.has(key) for key in ("keywords", "query", "entities")):
        yield item.problem("needs keywords, a query or entities")
    elif section is schema.Route:
        yield from _lacking_in_route(item, inherits=False)


def _lacking_in_feed(feed: Source) -> Iterator[Problem]:
    if feed.has("url") and feed.has("path"):
        yield feed.key_problem("a feed has either url or path: remove one", "path")
    elif not (feed.has("url") or feed.has("path")):
        yield feed.problem("needs url or path")
    if feed.has("path") and not feed.has("url"):
        for key in filter(feed.has, ("headers", "auth", "proxy", "insecure_tls")):
            yield feed.key_problem("only for a feed with a url: remove this", key)
    if feed.has("auth"):
        for name in filter(lambda name: name.lower() == "authorization", feed.below("headers").keys()):
            yield feed.key_problem("auth says this already: remove one of them", "headers", name)


def _lacking_in_entity(entity: Source) -> Iterator[Problem]:
    if entity.has("surname") and entity.text("type") != EntityType.PERSON:
        yield entity.key_problem("only a person has a surname: remove this, or write type: person", "surname")


def _lacking_in_route(route: Source, *, inherits: bool) -> Iterator[Problem]:
    reaches = inherits or route.has("channels")
    children = route.items("routes")
    if not (reaches or children):
        yield route.problem("needs channels, here or in the route above")
    for child in children:
        yield from _lacking_in_route(child, inherits=reaches)
