"""The pages of the documentation, as tests read them."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md")))

_BLOCK = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)


def page(name: str) -> str:
    """Return the text of a page by its path below the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    """Return the fenced blocks of one language, in their order."""
    return [match["text"] for match in _BLOCK.finditer(text) if match["language"] == language]


def prose(text: str) -> str:
    """Return a page without its fenced blocks."""
    return _BLOCK.sub("", text)


def section(text: str, title: str) -> str:
    """Return what stands under a heading, down to the next one of its level or above."""
    start = re.search(rf"^(#+) {re.escape(title)}\n", text, re.MULTILINE)
    assert start, f"there is no section {title!r}"
    end = re.compile(rf"^#{{1,{len(start[1])}}} ", re.MULTILINE).search(text, start.end())
    return text[start.end() : end.start() if end else len(text)]


def first_cells(text: str) -> list[str]:
    """Return the first cells of the tables in a text, without their heads."""
    rows = re.findall(r"^\| *(.*?) *(?<!\\)\|.*$", text, re.MULTILINE)
    return [row for row, following in zip(rows, [*rows[1:], ""], strict=True) if set(row) != {"-"} != set(following)]
