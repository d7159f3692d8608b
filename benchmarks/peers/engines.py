"""What every engine does: load rules, answer for articles, and say how long it took."""

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from peers.corpus import News
from tocsin.model import Query

Answers = list[frozenset[int]]  # for each article the numbers of the rules that match it


class Missing(Exception):
    """What an engine needs is not on this machine; the text says what."""


class Engine(ABC):
    """One way to find which of many rules match an article. Rules are numbered from 0, as loaded."""

    name: ClassVar[str]
    most_rules: ClassVar[int] = 100_000  # beyond, it would take the rest of the day
    batch: ClassVar[int] = 1  # articles it takes at a time
    has_paragraphs: ClassVar[bool] = False  # whether a phrase ends with its paragraph
    answering: ClassVar[bool] = True

    @abstractmethod
    def load(self, rules: Sequence[Query]) -> None:
        """Take the rules in the place of any before."""

    def settle(self, articles: Sequence[News]) -> None:  # noqa: B027 - most learn nothing
        """Learn what it learns from articles, as after some hours of work; these are not matched again."""

    @abstractmethod
    def answers(self, articles: Sequence[News]) -> Answers:
        """Return which rules match."""

    def took(self, articles: Sequence[News]) -> float:
        """Return the seconds of the processor that the answers take."""
        begin = time.process_time()
        self.answers(articles)
        return time.process_time() - begin

    def close(self) -> None:  # noqa: B027 - most have nothing to close
        """End what it started."""
