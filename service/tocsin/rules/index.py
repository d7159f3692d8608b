"""All rules together: one pass over an article finds the few rules that may ring, and only those are tried."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeAlias

from tocsin.model import Article, Entity, FeedSpec, Field, Match, Rule, Span
from tocsin.model.query import Scope
from tocsin.rules.compile import Compiler
from tocsin.rules.conditions import Condition, Group, Reading, in_order
from tocsin.rules.frequencies import UNKNOWN
from tocsin.rules.reading import Row
from tocsin.rules.regexes import ExpressionSet
from tocsin.rules.vocabulary import Key
from tocsin.text.language import language_of
from tocsin.text.stems import ALGORITHMS
from tocsin.text.stopwords import stop_words

#: ISO 639-2's code for a language that is not known.
UNDETERMINED = "und"

#: After how many articles rules are filed anew for the first time, how many times as many later again, and how many
#: rules at once.
EARLY, LATER, AT_ONCE = 50, 6, 100

#: What parts several authors or tags in the text of their field, so that no phrase reaches over two.
PARTED = "\n\n"


def every_rule(_rule: Rule) -> bool:
    """Let every rule be tried."""
    return True


class RuleIndex:
    """The rules and entities of a configuration, compiled for each language when its first article comes."""

    def __init__(self, rules: Iterable[Rule], entities: Iterable[Entity]) -> None:
        self._rules = {rule.key: rule for rule in rules}
        self._entities = tuple(entities)
        self._by_language: dict[str, LanguageIndex] = {}

    def match(
        self, article: Article, feed: FeedSpec | None = None, applies: Callable[[Rule], bool] = every_rule
    ) -> tuple[Match, ...]:
        """Return the matches of an article in the order of the rules; only rules that apply are tried.

        `feed` is where the article comes from: what its tags and its country are.
        """
        index = self.of_language(language_of(article.language))
        reading = index.read(article, feed)
        return tuple(
            Match(rule=entry.rule, evidence=in_order(entry.condition.evidence(reading)))
            for entry in index.ringing(reading, applies)
        )

    def matching(
        self, article: Article, feed: FeedSpec | None = None, applies: Callable[[Rule], bool] = every_rule
    ) -> Sequence[Rule]:
        """Return the rules that an article matches, in their order."""
        index = self.of_language(language_of(article.language))
        return [entry.rule for entry in index.ringing(index.read(article, feed), applies)]

    def replace_rules(self, removed: Iterable[str], added: Iterable[Rule]) -> None:
        """Take rules out by their keys, and add others behind the rest; the other rules stay as they are.

        A rule that is added takes the place of one that has its key.
        """
        new = {rule.key: rule for rule in added}
        gone = [self._rules.pop(key) for key in {*removed, *(new.keys() & self._rules.keys())}]
        self._rules |= new
        for language, index in list(self._by_language.items()):
            if index.is_worn_out(len(gone)):
                del self._by_language[language]
                continue
            for rule in gone:
                index.remove(rule.key)
            for rule in new.values():
                index.add(rule)

    def renew_rules(self, rules: Iterable[Rule]) -> None:
        """Put rules in the place of those that have their keys: they ask the same, whatever else became of them."""
        self._rules |= {rule.key: rule for rule in rules}
        for index in self._by_language.values():
            index.renew(self._rules)

    @property
    def languages(self) -> Sequence[str]:
        """The languages that rules are compiled for by now."""
        return tuple(self._by_language)

    def of_language(self, language: str) -> "LanguageIndex":
        """Return the rules as they are looked for in one language. Those of which nothing is known share one."""
        known = language if language in ALGORITHMS or stop_words(language) else UNDETERMINED
        index = self._by_language.get(known)
        if index is None:
            index = self._by_language[known] = LanguageIndex(known, self._entities)
            for rule in self._rules.values():
                index.add(rule)
        return index


@dataclass(slots=True)
class Entry:
    """A rule in the index: its place in the order of the rules, what it asks, and the keys that it is filed under."""

    number: int
    rule: Rule
    condition: Condition
    places: Group = ()


@dataclass(slots=True)
class Filed:
    """The rules that are filed under one key: those that it says wholly, and those that ask for more.

    `paired` have a group of which an article must have a key as well; where the two say it all, there is no condition.
    """

    whole: list[Entry] = field(default_factory=list)
    alone: list[tuple[Entry, Condition]] = field(default_factory=list)
    paired: list[tuple[frozenset[Key], Entry, Condition | None]] = field(default_factory=list)

    def take_out(self, entry: Entry) -> None:
        """Take a rule out."""
        self.whole = [other for other in self.whole if other is not entry]
        self.alone = [item for item in self.alone if item[0] is not entry]
        self.paired = [item for item in self.paired if item[1] is not entry]

    def is_empty(self) -> bool:
        """Tell whether no rule is left."""
        return not (self.whole or self.alone or self.paired)


Shelf: TypeAlias = dict[Key, Filed]


class LanguageIndex:
    """The rules as they are looked for in articles of one language, each filed under the rarest keys that it needs."""

    def __init__(self, language: str, entities: Sequence[Entity]) -> None:
        self._language = language
        self._compiler = Compiler(language, entities)
        self._entries: dict[str, Entry] = {}
        self._shelf: Shelf = {}
        self._next_shelf: Shelf = {}
        self._moved: list[tuple[Entry, Group]] | None = None  # those on the next shelf; None: none is being filled
        self._waiting: deque[Entry] = deque()  # those that are not there yet
        self._groups: dict[Group, Group] = {}
        self._pairs: dict[Group, frozenset[Key]] = {}  # as sets, which are quicker to look through
        self._searched: dict[Key, str] = {}  # the expressions that rules are filed under
        self._together: tuple[ExpressionSet, Sequence[Key]] | None = None
        self._frequencies = self._compiler.frequencies
        self._anew_at = EARLY
        self._added = 0
        self.tried = 0
        """How many rules were tried beyond their keys, since the index was made."""

    def is_worn_out(self, removed: int) -> bool:
        """Tell whether most of what it has learnt belongs to rules that are gone."""
        return self._added - len(self._entries) + removed > max(len(self._entries), 1000)

    def add(self, rule: Rule) -> None:
        """File a rule behind the others."""
        entry = self._entries[rule.key] = Entry(self._added, rule, self._compiler.rule(rule))
        self._added += 1
        entry.places = self._file(entry, self._shelf)
        self._start_over()

    def renew(self, rules: Mapping[str, Rule]) -> None:
        """Take each rule as it is among `rules`, by its key; what it asks for is the same."""
        for key, entry in self._entries.items():
            entry.rule = rules[key]

    def remove(self, key: str) -> None:
        """Take a rule out."""
        entry = self._entries.pop(key)
        for place in entry.places:
            self._shelf[place].take_out(entry)
            if self._shelf[place].is_empty():
                del self._shelf[place]
        self._start_over()

    def _file(self, entry: Entry, shelf: Shelf) -> Group:
        """File a rule under each key of the group that is likely to be rarest; return these."""
        first, second, rest = self._needs(entry.condition)
        for key in first:
            filed = shelf.setdefault(key, Filed())
            if second is not None:
                filed.paired.append((self._pairs.setdefault(second, frozenset(second)), entry, rest))
            elif rest is not None:
                filed.alone.append((entry, rest))
            else:
                filed.whole.append(entry)
        self._search_for(first)
        return first

    def _file_anew(self) -> None:
        """File all rules anew, some with each article, after so many articles that counts say more than before."""
        if self._frequencies.articles >= self._anew_at and self._moved is None:
            self._moved, self._next_shelf = [], {}
            self._waiting = deque(self._entries.values())
        if self._moved is None:
            return
        for _ in range(min(len(self._waiting), AT_ONCE)):
            entry = self._waiting.popleft()
            self._moved.append((entry, self._file(entry, self._next_shelf)))
        if not self._waiting:
            for entry, places in self._moved:
                entry.places = places
            self._shelf, self._anew_at = self._next_shelf, self._frequencies.articles * LATER
            self._start_over()

    def _start_over(self) -> None:
        """Drop what is filed anew so far: the rules are others now, or it is done."""
        self._moved, self._next_shelf = None, {}

    def _needs(self, condition: Condition) -> tuple[Group, Group | None, Condition | None]:
        """Return the rarest group of a rule, the next one, and the condition itself where these do not say it all."""
        share = self._frequencies.of_any
        groups = sorted(dict.fromkeys(condition.groups(share)), key=share)
        first, *others = (self._groups.setdefault(group, group) for group in groups)
        if not others or share(others[0]) >= UNKNOWN:  # what is not looked for unless it must be
            said = condition.is_said_by_groups and not others
            return first, None, None if said else condition
        said = condition.is_said_by_groups and len(others) == 1
        return first, others[0], None if said else condition

    def _search_for(self, keys: Group) -> None:
        """Look for the expressions among some keys in every article, all at once."""
        for key in keys:
            pattern = self._compiler.expressions.get(key)
            if pattern is not None and key not in self._searched:
                self._searched[key] = pattern
                self._together = None

    def read(self, article: Article, feed: FeedSpec | None) -> Reading:
        """Read an article: its words, and the keys that it has of all that rules are filed under."""
        self._file_anew()
        compiler, country = self._compiler, feed.country if feed else None
        for vocabulary in (compiler.text, compiler.plain):
            vocabulary.make_room()
        row = Row(compiler.text)
        row.read(Field.TITLE, article.title, [Span(0, len(article.title))] if article.title_masked else ())
        row.read(Field.BODY, article.text, article.masked)
        keys = compiler.text.keys_of(row.present)
        others = {scope: self._read_other(scope, article, feed) for scope in compiler.scopes}
        for other in others.values():
            keys |= compiler.plain.keys_of(other.present)
        language = language_of(article.language)
        codes = compiler.codes.get((Scope.LANG, language)), compiler.codes.get((Scope.COUNTRY, country or ""))
        keys.update(code for code in codes if code is not None)
        if self._searched:
            keys.update(self._found_expressions([row, *others.values()]))
        self._frequencies.count(keys)
        return Reading(row, others, keys, language, country)

    def _read_other(self, scope: Scope, article: Article, feed: FeedSpec | None) -> Row:
        row = Row(self._compiler.plain)
        texts = {
            Scope.AUTHOR: PARTED.join(article.authors),
            Scope.URL: article.url or "",
            Scope.FEED: article.feed,
            Scope.TAG: PARTED.join(dict.fromkeys((*article.tags, *(feed.tags if feed else ())))),
        }
        row.read(Field(scope.value), texts[scope])
        return row

    def _found_expressions(self, rows: Iterable[Row]) -> Iterator[Key]:
        if self._together is None:
            self._together = ExpressionSet(list(self._searched.values())), list(self._searched)
        together, keys = self._together
        for row in rows:
            for passage in row.passages:
                yield from (keys[number] for number in together.matching(passage.blank))

    def ringing(self, reading: Reading, applies: Callable[[Rule], bool]) -> Sequence[Entry]:
        """Return the rules that a read article matches, in their order; only rules that apply are tried."""
        found: dict[int, Entry] = {}
        asked: dict[int, tuple[Entry, Condition]] = {}
        lacks = reading.keys.isdisjoint
        filed = [self._shelf[key] for key in self._shelf.keys() & reading.keys]
        for entry in chain.from_iterable(under.whole for under in filed):
            found[entry.number] = entry
        for entry, condition in chain.from_iterable(under.alone for under in filed):
            asked[entry.number] = entry, condition
        for _, entry, rest in [item for under in filed for item in under.paired if not lacks(item[0])]:
            if rest is None:
                found[entry.number] = entry
            else:
                asked[entry.number] = entry, rest
        self.tried += len(asked)
        for entry, condition in asked.values():
            if applies(entry.rule) and condition.holds(reading):
                found[entry.number] = entry
        return [found[number] for number in sorted(found) if applies(found[number].rule)]
