"""Taking a query apart into tokens: what each sign makes, and where."""

import pytest

from tocsin.errors import QueryError
from tocsin.rules.lexer import _SCANNER, Kind, tokens_of


def _read(text: str) -> list[tuple[str, str, int]]:
    tokens = tokens_of(text)
    return [
        (kind.name, written, at) for kind, written, at in zip(tokens.kinds, tokens.texts, tokens.places, strict=True)
    ]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("", ""),
        (" \t\n\u00a0 ", ""),
        ("# a comment", ""),
        ("a # b\nc", "WORD WORD"),
        ("a#b", "WORD"),
        ("a AND b OR NOT c", "WORD AND WORD OR NOT WORD"),
        ("and Or not", "WORD WORD WORD"),
        ("ANDROID NOTE ORB AND/OR", "WORD WORD WORD WORD"),
        ("AND(a)NOT(b)", "AND OPEN WORD CLOSE NOT OPEN WORD CLOSE"),
        ("NEAR/5 ONEAR/s NEAR/p", "NEAR NEAR NEAR"),
        ("NEAR NEAR/ NEAR/x NEAR5 NEAR~5 NEAR:5", "NEAR NEAR NEAR NEAR NEAR NEAR"),
        ("NEARBY near/5 ONEARTH", "WORD WORD WORD"),
        ("ATLEAST/3 ATLEAST ATLEAST3", "ATLEAST ATLEAST ATLEAST"),
        ("ATLEASTX", "WORD"),
        ("title:a url:(b)", "FIELD WORD FIELD OPEN WORD CLOSE"),
        ("title: a", "FIELD WORD"),
        (
            'title:"a" title:{a} title:/a/ title:@a title:$a',
            "FIELD PHRASE FIELD CASED FIELD REGEX FIELD ENTITY FIELD PART",
        ),
        ("10:30 a1:b поле:b", "WORD WORD WORD"),
        ('"a b"~10 "a" "~5"', "PHRASE PHRASE PHRASE"),
        ('"a (b) AND {c} # d"', "PHRASE"),
        ('{a "b" (c)}', "CASED"),
        (r"/a\/b (c) \\/ d", "REGEX WORD"),
        ("/a/i", "REGEX"),
        ("a/b/ c", "WORD WORD"),
        ("@a @ @a.b $a $", "ENTITY ENTITY ENTITY PART PART"),
        ("a@b a$", "WORD WORD"),
        ('a"b"c{d}', "WORD PHRASE WORD CASED"),
        ("~1 * ? -- & 'a'", "WORD WORD WORD WORD WORD WORD"),
    ],
)
def test_a_query_is_taken_apart_into_tokens(text: str, kinds: str) -> None:
    """Each sign of the language makes a token of its kind, and what is between white space and brackets a word."""
    assert [name for name, _, _ in _read(text)] == [*kinds.split(), "END"]


def test_tokens_know_how_they_are_written_and_where() -> None:
    """The text of a query from the place of a token on is the token, in code points."""
    text = ' 😀 AND"я b"~1\n# x\n(title:{c})'
    tokens = _read(text)
    assert [written for _, written, _ in tokens] == ["😀", "AND", '"я b"~1', "(", "title:", "{c}", ")", ""]
    assert all(text.startswith(written, at) for _, written, at in tokens)
    assert tokens[-1] == ("END", "", len(text))


@pytest.mark.parametrize("curly", ["“a b”", "”a b“", "„a b“", "‟a b”", '“a b"'])
def test_curly_quotes_are_straight_ones(curly: str) -> None:
    """Whatever quotes an editor makes of straight ones, the phrase is the same, at the same place."""
    assert _read(f"x AND {curly}") == _read('x AND "a b"')


def test_curly_apostrophes_are_straight_ones() -> None:
    """An apostrophe in a word or phrase is straight, however it was written."""
    assert _read("O’Neill “d‘or‛s”") == _read("O'Neill \"d'or's\"")


def test_quotes_of_a_regular_expression_stay_as_they_are() -> None:
    """A regular expression looks at the text itself, so that a curly quote in it means a curly quote."""
    assert [written for _, written, _ in _read("“x” /“[^”]+”/ ’")] == ['"x"', "/“[^”]+”/", "'", ""]


@pytest.mark.parametrize(
    ("text", "at", "core"),
    [
        ('a AND "b c', 6, 'this quote is not closed: write "'),
        ("a AND “b c", 6, 'this quote is not closed: write "'),
        ('a AND 5"', 7, "this quote is not closed"),
        ("{NATO", 0, "this { is not closed: write }"),
        ("a AND NATO}", 10, "no { is open: leave this } out"),
        ("a AND /b", 6, "this / is not closed: write /"),
        (r"/b\/", 0, "this / is not closed"),
        ("/", 0, "this / is not closed"),
    ],
)
def test_what_has_no_partner_is_refused(text: str, at: int, core: str) -> None:
    """A quote, brace or slash that nothing closes, or that closes nothing, is told at its place."""
    with pytest.raises(QueryError) as raised:
        tokens_of(text)
    assert raised.value.at == at
    assert raised.value.message.startswith(core)


def test_what_has_no_partner_ends_the_reading() -> None:
    """The end of a phrase, of braces or of an expression is not looked for again once there is none."""
    for piece in ("{", '"" "', "{} {", "/ \\/", "/"):
        assert sum(match[0] in {"{", '"', "/"} for match in _SCANNER.finditer(piece * 999)) <= 1
        *_, last = (match for match in _SCANNER.finditer(piece * 999) if match[0])
        assert last.end() == len(piece) * 999


def test_there_are_no_more_tokens_than_signs() -> None:
    """Tokens take a sign each at least, whatever the text is made of."""
    for piece in ("(", '""', "/a/", "#\n", "{}", "@", "a:", "NEAR/", " ", "~", "*", "\\"):
        text = piece * 2000
        assert len(tokens_of(text).kinds) <= len(text) + 1
    assert Kind.END in tokens_of("").kinds


@pytest.mark.parametrize("pasted", ["«foreign agent»", "„foreign agent“", '\ufeff"foreign agent"\u200b'])
def test_what_is_pasted_is_read(pasted: str) -> None:
    """Quotes of any language are quotes, and what cannot be seen is a blank."""
    assert list(tokens_of(pasted).kinds) == [Kind.PHRASE, Kind.END]
