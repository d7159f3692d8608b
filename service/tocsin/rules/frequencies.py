"""How often articles have what rules ask for: guessed at first, counted as articles are read.

It decides only where rules are filed and in which order they are tried, never what matches.
"""

from collections.abc import Iterable, Sequence

from tocsin.rules.vocabulary import Key

#: The share of articles that a code, of a language or a country, is guessed to be in.
OFTEN = 0.5

#: More than any share: of what is not looked for unless a rule needs it.
UNKNOWN = 1000.0

#: A guess weighs as much as so many articles.
_WEIGHT = 5

#: So many articles are counted one and all, then one in so many.
_COUNTED = 1000
_ONE_IN = 16


class Frequencies:
    """The share of articles that have each key."""

    def __init__(self) -> None:
        self.articles = 0
        self._counted = 0
        self._guesses: dict[Key, float] = {}
        self._seen: dict[Key, int] = {}

    def guess(self, key: Key, share: float) -> None:
        """Guess at a key that is new."""
        self._guesses.setdefault(key, share)

    def share(self, key: Key) -> float:
        """Return the share of articles that are likely to have a key; of one not looked for, `UNKNOWN`."""
        guess = self._guesses[key]
        if guess >= UNKNOWN:
            return guess
        return (self._seen.get(key, 0) + _WEIGHT * guess) / (self._counted + _WEIGHT)

    def of_any(self, keys: Sequence[Key]) -> float:
        """Return the share of articles that have any of several keys, no less than it is."""
        return sum(map(self.share, keys))

    def count(self, keys: Iterable[Key]) -> None:
        """Count the keys of an article."""
        self.articles += 1
        if self.articles > _COUNTED and self.articles % _ONE_IN:
            return
        self._counted += 1
        seen = self._seen
        for key in keys:
            seen[key] = seen.get(key, 0) + 1
