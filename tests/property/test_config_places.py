"""Where a character of a text stands in its file, for texts in every style that YAML has."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tocsin.config.yamlfile import Place, Scalar, YamlFile, locate, read_yaml

BREAKS = st.sampled_from(["\n", "\n", "\r\n", "\r", "\x85", "\u2028"])
LETTERS = st.sampled_from("abcXYZ0189éжю漢😀")
WORDS = st.text(LETTERS, min_size=1, max_size=6)
BLANKS = st.sampled_from([" ", "  ", " \t", "\t"])
INDENTS = st.integers(min_value=5, max_value=8).map(lambda count: " " * count)
ESCAPES = st.sampled_from(
    [(r"\x41", "A"), (r"\u0416", "Ж"), (r"\U0001F600", "😀"), (r"\"", '"'), (r"\\", "\\"), (r"\/", "/"), (r"\t", "")]
)


@dataclass(frozen=True)
class Piece:
    """What is written, and the one visible character that it makes; none where it makes a blank or nothing."""

    written: str
    visible: str = ""


def letters(word: str) -> list[Piece]:
    return [Piece(letter, letter) for letter in word]


@st.composite
def folds(draw: st.DrawFn) -> list[Piece]:
    """A line's end within a text that flows: blanks, breaks with blanks between them, the next line's indentation."""
    breaks = "".join(draw(BREAKS) + draw(st.sampled_from(["", "  "])) for _ in range(draw(st.integers(1, 3))))
    return [Piece(draw(st.sampled_from(["", " ", "\t"])) + breaks + draw(INDENTS))]


@st.composite
def flowing(draw: st.DrawFn, quote: str) -> list[Piece]:
    """A plain or quoted text, over several lines."""
    gaps = st.one_of(BLANKS.map(lambda blank: [Piece(blank)]), folds())
    words = WORDS.map(letters)
    if quote == "'":
        words |= st.just([Piece("''", "'")])
    if quote == '"':
        words |= ESCAPES.map(lambda escape: [Piece(*escape)])
        gaps |= BREAKS.map(lambda line_break: [Piece("\\" + line_break + "       ")])
    pieces = [Piece(quote), *draw(words)]
    for _ in range(draw(st.integers(0, 5))):
        pieces += [*draw(gaps), *draw(words)]
    return [*pieces, Piece(quote)]


@st.composite
def block(draw: st.DrawFn) -> list[Piece]:
    """A literal or folded block, with or without what may stand in its header."""
    signs = [draw(st.sampled_from(["", "-", "+"])), draw(st.sampled_from(["", "2"]))]
    header = draw(st.sampled_from("|>")) + "".join(draw(st.permutations(signs)))
    comment = draw(st.sampled_from(["", "  # why", " "]))
    pieces = [Piece(header + comment + draw(BREAKS))]
    for number in range(draw(st.integers(1, 6))):
        extra = "" if number == 0 and not signs[0].isdigit() and "2" not in signs else draw(st.sampled_from(["", "  "]))
        words = [
            piece for _ in range(draw(st.integers(1, 3))) for piece in [*letters(draw(WORDS)), Piece(draw(BLANKS))]
        ]
        empty = draw(st.sampled_from(["", "", "\n", "  \n", " \r\n"]))
        pieces += [Piece("      " + extra), *words, Piece(draw(BREAKS) + empty)]
    return pieces


TEXTS = st.one_of(flowing(""), flowing("'"), flowing('"'), block())
ANCHORS = st.sampled_from(["", "&x ", "&x # here\n      "])


def read(document: str, environment: dict[str, str] | None = None) -> YamlFile:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "x.yaml"
        path.write_bytes(document.encode())
        return read_yaml(path, "x.yaml", environment or {})


def scalar_in(document: str) -> Scalar:
    file = read(document)
    assert file.problems == (), document
    node = locate(file.root, ("first", 1, "here")).node
    assert isinstance(node, Scalar)
    return node


def place_in(document: str, offset: int) -> Place:
    before = document[:offset].replace("\r\n", "\n")
    for line_break in "\r\x85\u2028":
        before = before.replace(line_break, "\n")
    return Place(before.count("\n") + 1, len(before) - before.rfind("\n"))


@given(TEXTS, ANCHORS)
def test_every_character_is_found_where_it_was_written(pieces: list[Piece], anchor: str) -> None:
    """The places of a text's visible characters are those that its writer put them at, in order; of the end too."""
    document = f"# é😀\nfirst:\n  - жю\n  - here: {anchor}"
    visible, behind = [], len(document)
    for piece in pieces:
        if piece.visible:
            visible.append((piece.visible, place_in(document, len(document))))
            behind = len(document) + len(piece.written)
        document += piece.written
    document += "\nlast: x\n"
    scalar = scalar_in(document)
    text = scalar.text or ""
    found = [(sign, scalar.place_of(offset)) for offset, sign in enumerate(text) if not sign.isspace()]
    assert found == visible
    places = [scalar.place_of(offset) for offset in range(len(text) + 1)]
    assert places == sorted(places)
    if text and not text[-1].isspace():
        assert places[-1] == place_in(document, behind)


@given(TEXTS, ANCHORS)
def test_blanks_of_a_text_stand_where_blanks_or_breaks_are(pieces: list[Piece], anchor: str) -> None:
    """Each blank and line break of a text has a blank, a line break or an escape at its place."""
    document = f"first:\n  - жю\n  - here: {anchor}{''.join(piece.written for piece in pieces)}\nlast: x\n"
    scalar = scalar_in(document)
    at = {place_in(document, offset): sign for offset, sign in reversed(list(enumerate(document)))}
    for offset, sign in enumerate(scalar.text or ""):
        if sign.isspace():
            assert at[scalar.place_of(offset)] in " \t\r\n\x85\u2028\\"


@given(st.lists(st.sampled_from(["${ONE}", "${NONE}", "$${", "a", "é "]), min_size=1, max_size=8))
def test_what_a_variable_put_in_stands_where_the_variable_does(parts: list[str]) -> None:
    """Every character of a value has the place of its `${`; those before and behind it have their own."""
    values = {"${ONE}": "first value", "${NONE}": "", "$${": "${"}
    document = "first: '" + "".join(parts) + "x'\n"
    node = locate(read(document, {"ONE": "first value", "NONE": ""}).root, ("first",)).node
    assert isinstance(node, Scalar)
    expected, column = [], 9
    for part in parts:
        expected += [column if part in values else column + at for at in range(len(values.get(part, part)))]
        column += len(part)
    places = [node.place_of(offset) for offset in range(len(node.text or "") + 1)]
    assert places == [Place(1, column) for column in [*expected, column, column + 1]]
