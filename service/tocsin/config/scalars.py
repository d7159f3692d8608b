"""Finds where each character of a YAML text stands in its file. Asked only of texts in which there is a mistake.

The parser tells where a text begins and what it says, not how the one became the other: escapes, folded lines,
indentation that is dropped. Here that is done again, with the place of each character kept (YAML 1.1, chapters 8 and 9,
as libyaml reads them).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

_BREAKS = "\n\r\x85\u2028\u2029"
_BREAK = rf"(?:\r\n|[{_BREAKS}])"
_MORE = rf"(?:[ \t]*{_BREAK})*"

_LINE_BREAK = re.compile(_BREAK)
_PROPERTIES = re.compile(rf"(?:&\S+(?:[ \t]|{_BREAK}|#[^{_BREAKS}]*)*)?")  # an anchor, and what stands behind it
_FOLD = rf"[ \t]*(?P<first>{_BREAK})(?P<more>{_MORE})[ \t]*"
_JOIN = rf"\\{_BREAK}(?P<rest>{_MORE})[ \t]*"
_ESCAPE = r"\\(?:x.{2}|u.{4}|U.{8}|.)"

#: What makes characters in a text of each style, longest first; runs of blanks by themselves, so that it is linear.
_FLOW: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "": re.compile(rf"{_FOLD}|[ \t]+|.", re.DOTALL),
        "'": re.compile(rf"{_FOLD}|[ \t]+|''|.", re.DOTALL),
        '"': re.compile(rf"{_FOLD}|[ \t]+|{_JOIN}|{_ESCAPE}|.", re.DOTALL),
    }
)
_HEADER = re.compile(rf"[|>](?P<how>[-+0-9]*)[ \t]*(?:#[^{_BREAKS}]*)?{_BREAK}?")
_FIRST = re.compile(rf"( *)[^ {_BREAKS}]")
_LINE = re.compile(rf"(?P<text>[^{_BREAKS}]*)(?P<end>{_BREAK}|\Z)")


class Made(NamedTuple):
    """A character of a text and the part of the file that it was made from."""

    character: str
    start: int
    end: int


def offsets_of(document: str, start: int, style: str, text: str) -> Sequence[int]:
    """Return the offset in `document` of each character of a scalar, and that of the place behind the last.

    `start` is where the scalar, or the anchor before it, begins; `style` one of `|`, `>`, `'`, `"` and nothing.
    """
    found = _PROPERTIES.match(document, start)
    begin = found.end() if found else start
    made = _block(document, begin, text) if style in {"|", ">"} else _flow(document, begin, style or "", len(text))
    if not made:
        return [begin] * (len(text) + 1)  # nothing but line breaks
    return [*(one.start for one in made), made[-1].end]


def breaks_before(document: str, start: int, end: int) -> tuple[int, int]:
    """Return how many lines end between two offsets, and where the last of them does (0 where none does)."""
    lines, last = 0, 0
    for lines, found in enumerate(_LINE_BREAK.finditer(document, start, end), 1):  # noqa: B007
        last = found.end()
    return lines, last


def _as_read(line_break: str) -> str:
    return line_break if line_break in {"\u2028", "\u2029"} else "\n"


def _flow(document: str, begin: int, style: str, length: int) -> list[Made]:
    made: list[Made] = []
    for found in _FLOW[style].finditer(document, begin + len(style)):
        made.extend(_made_in_flow(document, found))
        if len(made) >= length:
            break
    return made[:length]


def _made_in_flow(document: str, found: re.Match[str]) -> Iterator[Made]:
    groups = found.groupdict()
    if groups["first"] is not None:
        line_break = _as_read(groups["first"])
        if line_break != "\n":
            yield Made(line_break, *found.span("first"))
        elif not groups["more"]:
            yield Made(" ", *found.span("first"))
        yield from _breaks(document, *found.span("more"))
    elif groups.get("rest") is not None:
        yield from _breaks(document, *found.span("rest"))
    elif found[0][0] in " \t":
        yield from _letters(document, *found.span())
    else:
        yield Made(found[0], *found.span())  # an escape, a doubled quote, or the character itself


def _breaks(document: str, start: int, end: int) -> Iterator[Made]:
    for found in _LINE_BREAK.finditer(document, start, end):
        yield Made(_as_read(found[0]), *found.span())


def _letters(document: str, start: int, end: int) -> Iterator[Made]:
    return (Made(document[at], at, at + 1) for at in range(start, end))


def _block(document: str, begin: int, text: str) -> list[Made]:
    """Read a block with the indentation that gives `text`; what an indicator says counts from that of the parent."""
    header = _HEADER.match(document, begin)
    if header is None:
        return []
    content = _FIRST.search(document, header.end())
    for indent in range(len(content[1]) if content else 0, 0, -1):
        made = _block_indented(document, header, indent)
        if "".join(one.character for one in made) == text:
            return made
    return []


def _block_indented(document: str, header: re.Match[str], indent: int) -> list[Made]:
    made: list[Made] = []
    pending: list[Made] = []  # the end of the line before
    empty: list[Made] = []  # those of the empty lines after it
    was_indented = False
    for line in _LINE.finditer(document, header.end()):
        written, (start, end) = line["text"], line.span("text")
        ending = [Made(_as_read(line["end"]), *line.span("end"))] if line["end"] else []
        if ending and written == " " * len(written) and len(written) <= indent:
            empty += ending
            continue
        if not written.startswith(" " * indent) or len(written) == indent:
            break
        is_indented = written[indent] in " \t"
        if header[0][0] == ">" and not (was_indented or is_indented):
            pending = _folded(pending, empty)
        made += [*pending, *empty, *_letters(document, start + indent, end)]
        pending, empty, was_indented = ending, [], is_indented
    if "-" not in header["how"]:
        made += pending
    if "+" in header["how"]:
        made += empty
    return made


def _folded(pending: Sequence[Made], empty: Sequence[Made]) -> list[Made]:
    """Fold the end of a line: into a blank, or into nothing where empty lines follow it."""
    if not pending or pending[0].character != "\n":
        return list(pending)
    return [] if empty else [pending[0]._replace(character=" ")]
