"""Every word that the rules of one language ask for, and a memo of which written words answer which of them.

Written words that answer the same patterns are one *class*: an article is matched as a row of classes, small numbers,
and class 0 is all that no rule cares for.
"""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain
from typing import NewType

from tocsin.rules.patterns import Spelt, Wild, WordPattern, answers, form_keys, keys
from tocsin.text.tokens import LONGEST_WORD, Form, form_of, words_of_run

#: How many written words a memo remembers before it starts anew: bounds memory against endless new words.
MEMO_SIZE = 200_000

#: Letters before the first wildcard by which patterns with wildcards are looked up.
_LONGEST_START = 3

#: What an article must have for a rule to match: a pattern that one of its words answers, or something else that
#: rules ask for. Numbers, so that sets of them are quick.
Key = NewType("Key", int)

NOTHING = 0
"""The class of words that no rule asks for."""


class Vocabulary:
    """The word patterns of one language, each with its key, and the classes of written words."""

    def __init__(self, language: str, new_key: Iterator[int]) -> None:
        self._language = language
        self._new_key = new_key
        self._patterns: dict[WordPattern, Key] = {}
        self._asked: dict[str, list[WordPattern]] = {}
        self._wild: dict[str, list[Wild]] = {}
        self._spelt: list[Spelt] = []
        self._implied: dict[Key, list[Key]] = {}
        self._classes: dict[frozenset[Key], int] = {frozenset(): NOTHING}
        self.answered: list[AbstractSet[Key]] = [frozenset()]
        """The patterns that words of each class answer."""
        self.keys: list[AbstractSet[Key]] = [frozenset()]
        """The same with the keys that follow from them."""
        self.classes_of: dict[Key, list[int]] = {}
        """The classes known so far whose words answer a pattern."""
        self.several: list[tuple[int, ...]] = [()]
        """The classes of the words of runs that are not one word; a memo has the negative index."""
        self.quiet = Memo(self, shouted=False)
        self.shouted = Memo(self, shouted=True)

    @property
    def language(self) -> str:
        """The language whose inflections count."""
        return self._language

    def key(self, pattern: WordPattern) -> Key:
        """Return the key of a pattern, which is known from now on."""
        known = self._patterns.get(pattern)
        if known is None:
            known = self._patterns[pattern] = Key(next(self._new_key))
            self._learn(pattern)
            self.forget()
        return known

    def imply(self, pattern: Key, key: Key) -> None:
        """Let a word that answers a pattern bring a further key with it."""
        implied = self._implied.setdefault(pattern, [])
        if key not in implied:
            implied.append(key)
            self.forget()

    def _learn(self, pattern: WordPattern) -> None:
        if isinstance(pattern, Wild):
            self._wild.setdefault(pattern.start[:_LONGEST_START], []).append(pattern)
        elif isinstance(pattern, Spelt):
            self._spelt.append(pattern)
        else:
            for key in keys(pattern):
                self._asked.setdefault(key, []).append(pattern)

    def forget(self) -> None:
        """Drop what is remembered of written words."""
        if self.quiet.size or self.shouted.size or len(self.answered) > 1:
            self._classes = {frozenset(): NOTHING}
            del self.answered[1:], self.keys[1:]
            self.classes_of.clear()
            del self.several[1:]
            self.quiet.clear()
            self.shouted.clear()

    def make_room(self) -> None:
        """Start anew where too much is remembered; never while an article is being read."""
        if self.quiet.size + self.shouted.size > MEMO_SIZE or len(self.answered) > MEMO_SIZE:
            self.forget()

    def class_of(self, written: str, *, shouted: bool) -> int:
        """Return the class of a written word."""
        form = form_of(written, self._language)
        found = frozenset(
            self._patterns[pattern] for pattern in set(self._likely(form)) if answers(form, pattern, shouted=shouted)
        )
        known = self._classes.get(found)
        if known is None:
            known = self._classes[found] = len(self.answered)
            self.answered.append(found)
            self.keys.append(found.union(*(self._implied[key] for key in found if key in self._implied)))
            for key in found:
                self.classes_of.setdefault(key, []).append(known)
        return known

    def _likely(self, form: Form) -> Iterator[WordPattern]:
        """Yield patterns, among them all that a form answers."""
        yield from chain.from_iterable(self._asked.get(key, ()) for key in form_keys(form))
        if self._wild:
            for length in range(1, _LONGEST_START + 1):
                yield from self._wild.get(form.folded[:length], ())
        yield from self._spelt

    def keys_of(self, classes: Iterable[int]) -> set[Key]:
        """Return the keys that words of some classes bring."""
        return set().union(*map(self.keys.__getitem__, classes))

    def words_of(self, run: str) -> Sequence[str]:
        """Return the words of a run of letters, as written."""
        return [word.written for word in words_of_run(run, 0, len(run), self._language)]


class Memo(dict[str, int]):
    """Written run → the class of its word, below 0 where it has none or several. It grows by being asked."""

    def __init__(self, vocabulary: Vocabulary, *, shouted: bool) -> None:
        super().__init__()
        self.size = 0
        self._vocabulary = vocabulary
        self._shouted = shouted

    def __missing__(self, run: str) -> int:
        words = [run] if run.isascii() and run.isalnum() else self._vocabulary.words_of(run)
        self.size += max(len(words), 1)
        classes = tuple(self._vocabulary.class_of(word, shouted=self._shouted) for word in words)
        if len(classes) == 1:
            known = classes[0]
        else:
            known = -len(self._vocabulary.several)
            self._vocabulary.several.append(classes)
        if len(run) <= LONGEST_WORD:  # what is longer is no word, seldom seen twice, and may be of any size
            self[run] = known
        return known

    def clear(self) -> None:
        """Forget everything."""
        super().clear()
        self.size = 0
