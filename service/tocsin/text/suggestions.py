"""The known word that a mistyped one was likely meant to be."""

import difflib
from collections.abc import Iterable

NEAR_ENOUGH = 0.65  # of 1; takes `ulr` for `url`, but not `seperate` for `severity`


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return ` (did you mean "…"?)` with the known word nearest to `word`, or an empty text."""
    folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=NEAR_ENOUGH)
    return f' (did you mean "{folded[near[0]]}"?)' if near else ""
