"""How much of a text was found, and how much of what was found is of it: by four words in a row."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

IN_A_ROW = 4

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|\w+")


class Score(NamedTuple):
    """Shares between 0 and 1."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """Return the rows of four words of a text, a shorter one as one row; case counts, white space does not."""
    words = _WORD.findall(text)
    size = min(IN_A_ROW, len(words)) or 1
    return Counter(tuple(words[at : at + size]) for at in range(len(words) - size + 1))


def score(expected: str, found: str) -> Score:
    """Compare a text that was found with the one that was to be."""
    wanted, got = shingles(expected), shingles(found)
    common = (wanted & got).total()
    return Score(
        precision=common / got.total() if got else float(not wanted),
        recall=common / wanted.total() if wanted else 1.0,
    )


def mean(scores: Sequence[Score]) -> Score:
    """Return the means of both shares, of which the F1 of a whole corpus is made."""
    return Score(*(sum(share) / len(scores) for share in zip(*scores, strict=True)))
