"""Regular expressions of queries: in linear time, by RE2, in code points of the text.

Nothing else knows RE2. Where a query may have an expression, and what a match is worth, is not decided here.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import product

import re2

#: Bytes of UTF-8 that a pattern may have.
LONGEST_PATTERN = 1024

#: Instructions of RE2 that a pattern may compile to: bounds what a character of a text can cost.
LARGEST_PROGRAM = 20_000

#: Patterns looked for in one pass; more make the tables of RE2 outgrow their memory.
MOST_TOGETHER = 100

_MEMORY = 8 << 20  # bytes, for the program of a pattern, or of patterns looked for together, and its tables

# RE2 finds one match in linear time, but may look at the whole rest of the text for each, as `a[^b]*b|a` does. Past so
# many bytes, each search looks only a little way ahead; a match longer than half of that may then be found cut, or not.
_LOOKED_AT = 32 << 20
_LOOKED_AHEAD = 256

_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
# What may stand on either side of a match of no text, as far as an expression can tell: ends, letters, others, lines.
_SIDES = tuple((before.encode(), after.encode()) for before, after in product(("", "a", "-", "\n"), repeat=2))

_FIXES = (
    ("invalid perl operator: (?<", "there is no look-behind; find the words around it with NEAR"),
    ("invalid perl operator: (?=", "there is no look-ahead; find the words around it with NEAR"),
    ("invalid perl operator: (?!", "there is no look-ahead; find the words around it with NOT NEAR"),
    ("invalid escape sequence: \\Z", "write \\z for the end of the text"),
    ("missing ): ", "a bracket is not closed: write ), or \\( for the sign itself"),
    ("unexpected ): ", "no bracket is open: write \\) for the sign itself"),
    ("missing ]: ", "a [ is not closed: write ], or \\[ for the sign itself"),
    ("no argument for repetition operator: ", "nothing stands before it to repeat: write a backslash before the sign"),
    ("trailing \\", "write \\\\ for the sign itself"),
    ("invalid repetition size: ", "at most 1000 times, those inside each other multiplied"),
    ("pattern too large", "repeat less, or look for the parts by themselves"),
)


def regex_problem(pattern: str) -> str | None:
    r"""Tell what is wrong with a regular expression, and what would be right; None where nothing is.

    The syntax is RE2's (https://github.com/google/re2/wiki/Syntax), without `\C`, which takes characters apart.
    """
    if _size(pattern) > LONGEST_PATTERN:
        return f"longer than {LONGEST_PATTERN} bytes: look for its parts by themselves"
    if "C" in _ESCAPE.findall(pattern):
        return "\\C takes characters apart: write . for any character"
    try:
        compiled = _compiled(pattern)
    except UnicodeEncodeError:
        return "it holds half a character: write the sign itself"
    except re2.error as error:
        return _explained(error)
    if compiled.programsize > LARGEST_PROGRAM:
        return "too large when compiled: repeat less, or look for the parts by themselves"
    if any(compiled.match(before + after, len(before), len(before)) for before, after in _SIDES):
        return "it matches where there is no text: write + for *, and leave ? out where nothing else must be there"
    return None


class Expression:
    """A regular expression that has no problem; equal patterns find the same."""

    __slots__ = ("_compiled",)

    def __init__(self, pattern: str) -> None:
        self._compiled = _compiled(pattern)

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield start and end of each match from left to right, in code points; none is empty, no two overlap.

        Takes time linear in the text. Each is the leftmost from the end of the one before, its alternatives tried in
        the order of writing.
        """
        encoded = _encoded(text)
        if text.isascii():
            yield from self._spans(encoded)
            return
        read = at = 0  # bytes, and the code points that they are
        for start, end in self._spans(encoded):
            first = at + len(encoded[read:start].decode())
            at = first + len(encoded[start:end].decode())
            read = end
            yield first, at

    def _spans(self, encoded: bytes) -> Iterator[tuple[int, int]]:
        """Yield the matches in bytes."""
        size = len(encoded)
        left = _LOOKED_AT
        at = 0
        while at < size:
            until = size if left > 0 else _character_at(encoded, at + _LOOKED_AHEAD)
            whole = size if until == size else _character_at(encoded, at + _LOOKED_AHEAD // 2)
            found = self._compiled.search(encoded, at, until)
            left -= until - at
            if found is not None and found.start() < whole:
                at = found.end()
                yield found.span()
            else:
                at = found.start() if found is not None else whole


class ExpressionSet:
    """Regular expressions that have no problem, looked for together: tells which of them a text has any match of."""

    __slots__ = ("_chunks",)

    def __init__(self, patterns: Sequence[str]) -> None:
        encoded = [pattern.encode() for pattern in patterns]
        self._chunks = tuple(
            chunk
            for first in range(0, len(encoded), MOST_TOGETHER)
            for chunk in _chunks(first, encoded[first : first + MOST_TOGETHER])
        )

    def matching(self, text: str) -> Collection[int]:
        """Return the places in the sequence of the patterns that match somewhere in the text, in time linear in it."""
        encoded = _encoded(text)
        return {number for chunk in self._chunks for number in chunk.matching(encoded)}


class _Chunk:
    """Patterns that are looked for in one pass; `first` is the number of the first."""

    __slots__ = ("_first", "_patterns", "_together")

    def __init__(self, first: int, patterns: Sequence[bytes]) -> None:
        self._first = first
        self._patterns = patterns
        self._together = re2.Set.SearchSet(_options())
        for pattern in patterns:
            self._together.Add(pattern)
        # Found in every text, at its beginning: RE2 tells no other way that its memory did not do.
        self._together.Add(rb"\A")
        self._together.Compile()

    def matching(self, encoded: bytes) -> Iterator[int]:
        found = set(self._together.Match(encoded) or ())
        if len(self._patterns) not in found:
            found = {number for number, pattern in enumerate(self._patterns) if _compiled(pattern).search(encoded)}
        return (self._first + number for number in found if number < len(self._patterns))


def _chunks(first: int, patterns: Sequence[bytes]) -> Iterator[_Chunk]:
    """Yield the patterns in as few chunks as their memory allows."""
    try:
        yield _Chunk(first, patterns)
    except re2.error:
        if len(patterns) == 1:
            raise
        half = len(patterns) // 2
        yield from _chunks(first, patterns[:half])
        yield from _chunks(first + half, patterns[half:])


def _options() -> re2.Options:
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    options.never_capture = True  # what brackets hold is not asked for, and would cost a second, slower pass
    return options


def _compiled(pattern: str | bytes) -> re2._Regexp:
    """Compile a pattern for texts in UTF-8; raises re2.error."""
    return re2.compile(pattern.encode() if isinstance(pattern, str) else pattern, _options())


def _encoded(text: str) -> bytes:
    """Return a text in UTF-8, halves of characters as `?`, so that a code point stays one character."""
    return text.encode(errors="replace")


def _character_at(encoded: bytes, at: int) -> int:
    """Return where the character begins that `at` lies in, or the end of the text."""
    if at >= len(encoded):
        return len(encoded)
    while encoded[at] & 0xC0 == 0x80:
        at -= 1
    return at


def _size(pattern: str) -> int:
    return len(pattern.encode(errors="surrogatepass"))


def _explained(error: Exception) -> str:
    (reason,) = error.args
    said = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
    fix = next((fix for beginning, fix in _FIXES if said.startswith(beginning)), None)
    return f"{said} ({fix})" if fix else said
