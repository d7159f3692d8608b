"""Figures as people read them: numbers, tables, and goals with what became of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure: what it is to be at least or at most, and what it is."""

    name: str
    bound: float
    value: float | None
    at_least: bool = False

    @property
    def verdict(self) -> str:
        if self.value is None:
            return "not measured"
        return "met" if (self.value >= self.bound if self.at_least else self.value <= self.bound) else "MISSED"

    @property
    def row(self) -> tuple[str, ...]:
        bound = f"{'at least' if self.at_least else 'at most'} {self.bound:,.4g}"
        return self.name, bound, shown(self.value), self.verdict


def ratio(part: float | None, whole: float | None) -> float | None:
    return part / whole if part is not None and whole else None


def shown(number: float | None) -> str:
    """Return a number with the digits that matter."""
    if number is None:
        return "–"
    digits = 0 if abs(number) >= 100 else 1 if abs(number) >= 10 else 2 if abs(number) >= 0.1 or not number else 5
    return f"{number:,.{digits}f}"


def print_table(title: str, rows: Iterable[Sequence[str]]) -> None:
    """Print rows in columns, the first to the left and the others to the right; nothing where there are none."""
    lines = list(rows)
    if not lines:
        return
    print(f"\n{title}\n")
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for first, *others in lines:
        cells = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
        print("  ".join([first.ljust(widths[0]), *cells]))
