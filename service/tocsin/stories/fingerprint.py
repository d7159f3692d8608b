"""What of a text is compared with others: its runs of five words, its numbers and its names, furniture left out."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from hashlib import blake2b, sha256
from heapq import nsmallest
from typing import NamedTuple

from tocsin.model import Article, Fingerprint, Likeness, Span
from tocsin.model.stories import HASHES
from tocsin.stories.digests import is_collection
from tocsin.text.alike import AlikeWord, alike_words
from tocsin.text.cues import has_cue
from tocsin.text.paragraphs import paragraphs
from tocsin.text.wordcount import word_count

SHINGLE = 5  # words
LEAD = 60  # words

_KEPT = 400  # hashes of a text's shingles
_FACTS = 64  # numbers, and as many names

_NUMBER, _NAME = "#@"  # what stands for one where it tells no more than that

_AROUND = 2  # words on either side by which the place of a number or a name is known

#: The bits of a fact's hash that tell what it is; the others tell where it stands.
VALUE = 2**12 - 1

_LEAST_TOLD = 20  # words

_LEAST_WORDING = 12  # words of title and text; fewer are alike by chance

_MATERIAL_SHARE = 0.25
_MATERIAL_WORDS = 60


class Novelty(NamedTuple):
    """How much of a text is not in another: the share of its shingles, and the words that stand in no other ones."""

    share: float
    words: int


def fingerprint(text: str, masked: Sequence[Span], title: str = "") -> Fingerprint:
    """Return what of a text is compared, as if what is `masked` were not there."""
    told = _told(_kept(text, masked))
    words = _words(told)
    shingles = _shingles(words)
    hashes = set(shingles)
    sketch = frozenset(nsmallest(_KEPT, hashes))
    numbers, names = _facts(words)
    return Fingerprint(
        words=len(words),
        size=len(hashes),
        bound=max(sketch) if len(sketch) < len(hashes) else HASHES - 1,
        sketch=sketch,
        lead=frozenset(shingles[: LEAD - SHINGLE + 1]),
        numbers=numbers,
        names=names,
        collection=is_collection(title, told),
    )


def likeness(article: Article, version: int, outlet: str, *, shared_url: bool = False) -> Likeness:
    """Return what of an article is compared. With `shared_url` its address, which others have too, tells nothing."""
    published = article.published
    return Likeness(
        article_id=article.id,
        version=version,
        feed=article.feed,
        outlet=outlet,
        at=published if published and published <= article.fetched else article.fetched,
        canonical_url=None if shared_url else article.canonical_url,
        wording=wording(article.title, article.text, article.masked),
        fingerprint=fingerprint(article.text, article.masked, article.title),
    )


def wording(title: str, text: str, masked: Sequence[Span]) -> str:
    """Return a hash that is equal for the same title and text, made alike; empty where they say too little."""
    parts = [[word.key for word in _words(part)] for part in (title, _kept(text, masked))]
    if not all(parts) or sum(map(len, parts)) < _LEAST_WORDING:
        return ""
    return sha256("\0".join(map(" ".join, parts)).encode()).hexdigest()[:32]


def containment(first: Fingerprint, second: Fingerprint) -> float:
    """Return the share of the shorter text's shingles that the other has, 0 to 1, as far as the sketches tell."""
    bound = min(first.bound, second.bound)
    ours, theirs = ({value for value in text.sketch if value <= bound} for text in (first, second))
    return share(ours, theirs)


def share(first: AbstractSet[int], second: AbstractSet[int]) -> float:
    """Return the share of the smaller set that is in the other; 0 where it is empty."""
    return len(first & second) / (min(len(first), len(second)) or 1)


def novelty(text: str, masked: Sequence[Span], old_text: str, old_masked: Sequence[Span]) -> Novelty:
    """Return how much of a text is not in an older one, furniture left out of both."""
    old = set(_shingles(_words(_told(_kept(old_text, old_masked)))))
    words = _words(_told(_kept(text, masked)))
    shingles = _shingles(words)
    new = set(shingles) - old
    stale = {at + offset for at, value in enumerate(shingles) if value in old for offset in range(SHINGLE)}
    told = len(words) - len(stale) if shingles else 0
    return Novelty(share=len(new) / (len(set(shingles)) or 1), words=told)


def is_material(article: Article, before: Article) -> bool:
    """Tell whether a version says so much that an earlier one does not that it is worth telling."""
    found = novelty(article.text, article.masked, before.text, before.masked)
    return found.share >= _MATERIAL_SHARE and found.words >= _MATERIAL_WORDS


def _kept(text: str, masked: Sequence[Span]) -> str:
    """Return a text without its masked spans."""
    pieces, start = [], 0
    for span in (*masked, Span(len(text), len(text))):
        pieces.append(text[start : span.start])
        start = max(start, span.end)
    return "\n\n".join(pieces)


def _told(text: str) -> str:
    """Return a text without the paragraphs that look like furniture; the whole where little would be left."""
    found = [text[span.start : span.end] for span in paragraphs(text)]
    if len(found) < 2:
        found = text.split("\n")
    left = [part for part in found if not has_cue(part)]
    told = "\n\n".join(left)
    return told if len(left) < len(found) and word_count(told) >= _LEAST_TOLD else text


@lru_cache(maxsize=4)
def _words(text: str) -> tuple[AlikeWord, ...]:
    """Return the words of a text made alike; it is asked for them twice in a row, for two purposes."""
    return tuple(alike_words(text))


def _shingles(words: Sequence[AlikeWord]) -> list[int]:
    """Return the hashes of all runs of five words, in order; a text of fewer words has none."""
    keys = [word.key for word in words]
    return [_hash(" ".join(keys[at : at + SHINGLE])) for at in range(len(keys) - SHINGLE + 1)]


def _runs(words: Sequence[AlikeWord]) -> tuple[list[str], list[str]]:
    """Return words in order, those of a fact as one, and for each what stands for it where only its kind counts.

    A name takes in the word with a capital that begins a sentence.
    """
    marks = [_NUMBER if word.is_number else _NAME if word.is_name else "" for word in words]
    for at, word in enumerate(words[:-1]):
        if word.is_capital and marks[at + 1] == _NAME:
            marks[at] = _NAME
    runs: list[str] = []
    signs: list[str] = []
    before = ""
    for word, mark in zip(words, marks, strict=True):
        if mark and mark == before:
            runs[-1] += f" {word.key}"
        else:
            runs.append(word.key)
            signs.append(mark or word.key)
        before = mark
    return runs, signs


def _facts(words: Sequence[AlikeWord]) -> tuple[frozenset[int], frozenset[int]]:
    """Return what the numbers are, and the names, and where they stand: between which words."""
    runs, signs = _runs(words)
    padded = [""] * _AROUND + signs + [""] * _AROUND
    found: dict[str, set[int]] = {_NUMBER: set(), _NAME: set()}
    for at, (run, sign) in enumerate(zip(runs, signs, strict=True)):
        if sign in found:
            found[sign].add(fact(" ".join(padded[at : at + 2 * _AROUND + 1]), run))
    numbers, names = (frozenset(nsmallest(_FACTS, facts)) for facts in found.values())
    return numbers, names


def fact(place: str, value: str) -> int:
    """Return a hash that tells of a fact where it stands (`place_of`) and what it is."""
    return _hash(place) & ~VALUE | _hash(value) & VALUE


def _hash(value: str) -> int:
    return int.from_bytes(blake2b(value.encode(), digest_size=4).digest())
