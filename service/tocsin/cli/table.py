"""Tables for people, on a terminal or not."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from rich.console import Console
from rich.table import Table

from tocsin.cli.ending import printable


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: AbstractSet[str] = frozenset()
) -> None:
    """Print a table as wide as the terminal, or as wide as it needs to be where there is none.

    `right` are the columns of numbers. With some, the first column takes what room there is, and the others are whole.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if column in right else "left", no_wrap=bool(right and number))
    for row in rows:
        table.add_row(*map(printable, row))
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = 10_000
    console.print(table)


def shortened(text: str, limit: int) -> str:
    """Return a text of at most `limit` code points, on one line; one that is cut ends in an ellipsis."""
    line = printable(text)
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
