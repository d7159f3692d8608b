"""Reading queries: every form, what binds how, every mistake with its place, and limits."""

import contextlib
import sys
from collections.abc import Callable, Sequence

import pytest

from tocsin.errors import QueryError
from tocsin.model.query import (
    And,
    AtLeast,
    Cased,
    EntityRef,
    Fielded,
    Fuzzy,
    Loose,
    Near,
    Not,
    NotNear,
    Or,
    Part,
    Phrase,
    Query,
    Regex,
    Scope,
    Unit,
    Wildcard,
    Word,
    nodes_of,
)
from tocsin.rules.parser import DEEPEST, LONGEST_QUERY, parse_query

A, B, C, D = Word("a"), Word("b"), Word("c"), Word("d")

FORMS: Sequence[tuple[str, Query]] = [
    ("invasion", Word("invasion")),
    ("Путін", Word("Путін")),
    ("build-up", Word("build-up")),
    ("COVID-19", Word("COVID-19")),
    ("10:30", Word("10:30")),
    ("U.S.", Word("U.S.")),
    ("O’Neill", Word("O'Neill")),
    ("and/or", Word("and/or")),
    ("C#", Word("C#")),
    ("a~b", Word("a~b")),
    ("-5", Word("-5")),
    ("阿卡", Word("阿卡")),
    ("NEARBY", Word("NEARBY")),
    ('"remain in Belarus"', Phrase("remain in Belarus")),
    ("“remain in Belarus”", Phrase("remain in Belarus")),
    ('" a (b) AND "', Phrase(" a (b) AND ")),
    ('"foreign agen*"', Phrase("foreign agen*")),
    ('"who knew?"', Phrase("who knew?")),
    ("{NATO}", Cased("NATO")),
    ('{a "b"}', Cased('a "b"')),
    ("{Who?}", Cased("Who?")),
    ('"troops remain Belarus"~10', Loose("troops remain Belarus", 10)),
    ('"troops"~0', Loose("troops", 0)),
    ('"troops"~100', Loose("troops", 100)),
    ("invad*", Wildcard("invad*")),
    ("wom?n", Wildcard("wom?n")),
    ("foreign-agen*", Wildcard("foreign-agen*")),
    ("w?men*", Wildcard("w?men*")),
    ("a?", Wildcard("a?")),
    ("abc**", Wildcard("abc**")),
    ("zelensky~1", Fuzzy("zelensky", 1)),
    ("Зеленський~2", Fuzzy("Зеленський", 2)),
    (r"/CVE-\d{4}-\d+/", Regex(r"CVE-\d{4}-\d+")),
    (r"/a\/“b” (c)/", Regex(r"a\/“b” (c)")),
    ("@belarus", EntityRef("belarus")),
    ("@New_York-2", EntityRef("New_York-2")),
    ("$violence", Part("violence")),
    ("a AND b", And((A, B))),
    ("a AND b AND c", And((A, B, C))),
    ("a OR b OR c", Or((A, B, C))),
    ("a AND NOT b", And((A, Not(B)))),
    ("NOT a AND b", And((Not(A), B))),
    ("(a)", A),
    ("a NEAR/5 b", Near(A, B, 5)),
    ("a NEAR/0 b", Near(A, B, 0)),
    ("a NEAR/100 b", Near(A, B, 100)),
    ("a ONEAR/5 b", Near(A, B, 5, ordered=True)),
    ("a NEAR/s b", Near(A, B, Unit.SENTENCE)),
    ("a NEAR/p b", Near(A, B, Unit.PARAGRAPH)),
    ("a ONEAR/s b", Near(A, B, Unit.SENTENCE, ordered=True)),
    ("a ONEAR/p b", Near(A, B, Unit.PARAGRAPH, ordered=True)),
    ("a NOT NEAR/5 b", NotNear(A, B, 5)),
    ("a NOT NEAR/s b", NotNear(A, B, Unit.SENTENCE)),
    ("a NOT\n# x\nNEAR/p b", NotNear(A, B, Unit.PARAGRAPH)),
    ("ATLEAST/1 a", AtLeast(1, A)),
    ("ATLEAST/50 (a OR b)", AtLeast(50, Or((A, B)))),
    ("title:a", Fielded(Scope.TITLE, A)),
    ("lead:(a AND b)", Fielded(Scope.LEAD, And((A, B)))),
    ('body:"a b"', Fielded(Scope.BODY, Phrase("a b"))),
    ("author:{A}", Fielded(Scope.AUTHOR, Cased("A"))),
    ("url:/a/", Fielded(Scope.URL, Regex("a"))),
    ("feed:@a", Fielded(Scope.FEED, EntityRef("a"))),
    ("tag:$a", Fielded(Scope.TAG, Part("a"))),
    ("title:10:30", Fielded(Scope.TITLE, Word("10:30"))),
    ("lang:en", Fielded(Scope.LANG, Word("en"))),
    ("country:(UA OR pl)", Fielded(Scope.COUNTRY, Or((Word("UA"), Word("pl"))))),
    ("a # b\nAND c # OR d", And((A, C))),
    ("\n\ta\u00a0AND\r\nb ", And((A, B))),
    ("(a)AND(b)", And((A, B))),
    ('a AND"b"', And((A, Phrase("b")))),
]


@pytest.mark.parametrize(("text", "query"), FORMS)
def test_every_form_of_the_language_is_read(text: str, query: Query) -> None:
    """Each form that the language has makes the node that stands for it."""
    assert parse_query(text) == query


@pytest.mark.parametrize(
    ("text", "bracketed"),
    [
        ("title:a NEAR/5 b", "(title:a) NEAR/5 b"),
        ("title:a AND b", "(title:a) AND b"),
        ("ATLEAST/2 title:a", "ATLEAST/2 (title:a)"),
        ("ATLEAST/2 a AND b", "(ATLEAST/2 a) AND b"),
        ("a NEAR/5 b NEAR/3 c", "(a NEAR/5 b) NEAR/3 c"),
        ("a NEAR/5 b ONEAR/3 c NEAR/s d", "((a NEAR/5 b) ONEAR/3 c) NEAR/s d"),
        ("a AND b NEAR/5 c", "a AND (b NEAR/5 c)"),
        ("a OR b NEAR/5 c OR d", "a OR (b NEAR/5 c) OR d"),
        ("a AND NOT b NEAR/5 c", "a AND (NOT (b NEAR/5 c))"),
        ("a AND NOT b NOT NEAR/5 c", "a AND (NOT (b NOT NEAR/5 c))"),
        ("a NOT NEAR/5 b AND c", "(a NOT NEAR/5 b) AND c"),
        ("a AND NOT b AND c", "a AND (NOT b) AND c"),
        ("a AND NOT title:b AND c", "a AND (NOT (title:b)) AND c"),
        ("a AND ATLEAST/2 b", "a AND (ATLEAST/2 b)"),
        ("a NEAR/5 title:b", "a NEAR/5 (title:b)"),
    ],
)
def test_operators_bind_as_the_language_says(text: str, bracketed: str) -> None:
    """Without brackets: field and ATLEAST first, then the NEAR family from the left, then NOT, then AND or OR."""
    assert parse_query(text) == parse_query(bracketed)


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("a NEAR/5 b NEAR/3 c", "a NEAR/5 (b NEAR/3 c)"),
        ("a AND b AND c", "(a AND b) AND c"),
        ("a OR b OR c", "a OR (b OR c)"),
        ("ATLEAST/2 (a NEAR/5 b) AND c", "ATLEAST/2 (a OR b) AND c"),
        ("a NEAR/5 b", "a ONEAR/5 b"),
        ("a NEAR/5 b", "a NOT NEAR/5 b"),
        ("a", "A"),
        ("a", '"a"'),
    ],
)
def test_brackets_and_signs_make_a_difference(text: str, other: str) -> None:
    """Brackets are kept where they change the order or the tree, and no two forms are taken for each other."""
    assert parse_query(text) != parse_query(other)


def test_nodes_know_where_they_begin() -> None:
    """Every node stands where its first sign does, in code points of the text as it was given."""
    text = "“😀 a” AND (b NEAR/5 ATLEAST3 OR x)".replace("ATLEAST3", "(c OR d)") + " AND NOT title:(ATLEAST/2 e)"
    begins = {
        And: ["“😀"],
        Phrase: ["“😀"],
        Near: ["b NEAR"],
        Or: ["b NEAR", "c OR"],
        Not: ["NOT"],
        Fielded: ["title"],
        AtLeast: ["ATLEAST/2"],
        Word: ["b NEAR", "c OR", "d)", "x)", "e)"],
    }
    found: dict[type, list[int]] = {}
    for node in nodes_of(parse_query(text)):
        found.setdefault(type(node), []).append(node.at)
    assert found == {kind: [text.index(beginning) for beginning in texts] for kind, texts in begins.items()}


NEEDED = "write a word, a phrase or a bracket there"

ERRORS = [
    ("", 0, "the query is empty: write a word or a phrase to look for"),
    (" \n\t", 0, "the query is empty"),
    ("# a AND b", 0, "there is only a comment, from # to the end of the line: write a query, or put the # in quotes"),
    ("foreign agent", 8, 'AND or OR is missing between foreign and agent: write foreign AND agent, or "foreign agent"'),
    ('a "b c"', 2, 'AND or OR is missing between a and "b c": write a AND "b c"'),
    ("a (b OR c)", 2, "AND or OR is missing between a and (: write a AND ("),
    ("(a OR b) @c", 9, "AND or OR is missing between ) and @c"),
    ("(a b)", 3, "AND or OR is missing between a and b"),
    ("a AND b title:c", 8, "AND or OR is missing between b and title:"),
    ("a ATLEAST/2 b", 2, "AND or OR is missing between a and ATLEAST/2"),
    (f"a {'b' * 50}", 2, f"AND or OR is missing between a and {'b' * 30}…: write a AND"),
    ("a and b", 2, '"and" is a word here: write AND in capitals'),
    ("a Or b", 2, '"Or" is a word here: write OR in capitals'),
    ("a AND not b", 6, '"not" is a word here: write NOT in capitals'),
    ("a near/s b", 2, '"near/s" is a word here: write NEAR/s in capitals'),
    ("atleast/3 b", 0, '"atleast/3" is a word here: write ATLEAST/3 in capitals'),
    ("a && b", 2, 'there is no word in "&&": write AND'),
    ("a || b", 2, 'there is no word in "||": write OR'),
    ("a -b", 2, 'a minus does not exclude: write AND NOT b, or "b" for the word'),
    ('a"b"', 1, '" stands within a word: leave a blank before it, and write AND or OR'),
    ("a{b}", 1, "{ stands within a word: leave a blank before it, and write AND or OR"),
    ('"a"b', 3, 'AND or OR is missing between "a" and b'),
    ("a NOT b", 2, "NOT stands after something to find: write AND NOT"),
    ("(a) NOT (b)", 4, "NOT stands after something to find: write AND NOT"),
    ("a AND b OR c", 8, "AND and OR are mixed: put brackets around what belongs together, as in (a AND b) OR c"),
    ("a OR NOT b AND c", 11, "AND and OR are mixed"),
    ("a AND (b OR c AND d)", 14, "AND and OR are mixed"),
    ("a AND", 5, f"nothing stands after AND: {NEEDED}"),
    ("a AND  # x", 10, f"nothing stands after AND: {NEEDED}"),
    ("a OR AND b", 5, "nothing stands after OR"),
    ("OR b", 0, f"nothing stands before OR: {NEEDED}"),
    ("(AND b)", 1, "nothing stands before AND"),
    ("a AND NOT", 9, "nothing stands after NOT"),
    ("a AND NOT AND b", 10, "nothing stands after NOT"),
    ("NEAR/5 b", 0, "nothing stands before NEAR/5"),
    ("a NEAR/5", 8, "nothing stands after NEAR/5"),
    ("a NEAR/5 NEAR/5 b", 9, "nothing stands after NEAR/5"),
    ("NOT NEAR/5 b", 0, f"nothing stands before NOT NEAR/5: {NEEDED}"),
    ("a AND NOT NEAR/5 b", 6, "nothing stands before NOT NEAR/5"),
    ("a NOT NEAR/5", 12, "nothing stands after NEAR/5"),
    ("ATLEAST/3", 9, "nothing stands after ATLEAST/3"),
    ("()", 1, f"nothing stands between the brackets: {NEEDED}, or leave them out"),
    (")", 0, "nothing stands before )"),
    ("(a OR )", 6, "nothing stands after OR"),
    ("(", 1, "nothing stands after ("),
    ("a AND (b OR (c)", 6, "this bracket is not closed: write ) where it ends"),
    ("(a))", 3, "no bracket is open here: leave this ) out"),
    ("NOT NOT a", 0, "NOT NOT excludes nothing: leave both out"),
    ("a NEAR/5 NOT b", 9, "NOT cannot stand after NEAR/5: write a NOT NEAR/5 b"),
    (
        "a NEAR b",
        2,
        "NEAR needs a number from 0 to 100, s or p after a slash: write NEAR/5, NEAR/s for one sentence or",
    ),
    ("a ONEAR b", 2, "ONEAR needs a number from 0 to 100, s or p after a slash: write ONEAR/5"),
    ("a NOT NEAR b", 6, "NEAR needs a number"),
    ("a NEAR/ b", 2, "NEAR needs a number"),
    ("a NEAR5 b", 2, "NEAR needs a number"),
    ("a NEAR~5 b", 2, "NEAR needs a number"),
    ("a NEAR:5 b", 2, "NEAR needs a number"),
    ("a NEAR/w b", 2, "NEAR needs a number"),
    ("a NEAR/-1 b", 2, "NEAR needs a number"),
    ("a NEAR/101 b", 2, "NEAR needs a number"),
    ("a NEAR/٣ b", 2, "NEAR needs a number"),
    (f"a NEAR/{'9' * 5000} b", 2, "NEAR needs a number"),
    ("a NOT ONEAR/5 b", 2, "there is no NOT ONEAR: write NOT NEAR"),
    ("a NEAR/3 b NOT NEAR/5 c", 11, "NOT NEAR does not chain: put brackets around one of the two"),
    ("a NOT NEAR/3 b NEAR/5 c", 2, "NOT NEAR does not chain"),
    ("a NOT NEAR/3 b NOT NEAR/5 c", 2, "NOT NEAR does not chain"),
    ("ATLEAST a", 0, "ATLEAST needs a number from 1 to 50 after a slash: write ATLEAST/3"),
    ("ATLEAST/0 a", 0, "ATLEAST needs a number from 1 to 50"),
    ("ATLEAST/51 a", 0, "ATLEAST needs a number from 1 to 50"),
    ("ATLEAST3 a", 0, "ATLEAST needs a number from 1 to 50"),
    ("ATLEAST/2 ATLEAST/3 a", 10, "ATLEAST cannot stand within ATLEAST: leave one of the two out"),
    ("titel:a", 0, 'unknown field "titel" (did you mean "title"?); for a colon in a word, put the word in quotes'),
    ("a AND Body:a", 6, 'unknown field "Body" (did you mean "body"?)'),
    (
        "https://example.org",
        0,
        'unknown field "https": fields are title, lead, body, author, url, feed, tag, lang, country;',
    ),
    ("title:", 6, "nothing stands after title: write title:word or title:(a OR b)"),
    ("title:AND", 6, "nothing stands after title:"),
    ("a AND title:)", 12, "nothing stands after title:"),
    ("title:ATLEAST/2 a", 6, "ATLEAST cannot stand after title: put it in brackets: title:(ATLEAST/3 a)"),
    ("!fire", 0, 'an exclamation mark does not exclude: write AND NOT fire, or "fire" for the word'),
    ("+fire", 0, 'a plus does not require: write AND fire, or "fire" for the word'),
    ("すし*", 2, "* stands for letters, and this writing has none"),
    ("url:https://example.org", 4, "a field stands after url: already; leave one of the two out, or put"),
    ("title: a", 6, "a blank stands after title: write title:a"),
    ("title: (a)", 6, "a blank stands after title: write title:("),
    ("title:url:a", 6, "a field stands after title: already; leave one of the two out"),
    ("*", 0, "a word cannot begin with a wildcard: write letters before *, at least 3"),
    ("*vasion", 0, "a word cannot begin with a wildcard"),
    ("a AND ?", 6, "a word cannot begin with a wildcard: write letters before ?, at least 1"),
    ("foreign-*", 8, "a word cannot begin with a wildcard"),
    ('"foreign *"', 9, "a word cannot begin with a wildcard"),
    ("in*", 2, "before * a word needs 3 letters or digits at least: write more of it, or OR the words"),
    ("w?m*", 3, "before * a word needs 3 letters or digits"),
    ("foreign-ag*", 10, "before * a word needs 3 letters or digits"),
    ("“foreign ag*”", 11, "before * a word needs 3 letters or digits"),
    ("zelensky~", 8, "the spelling may differ by 1 or 2 edits: write zelensky~1"),
    ("zelensky~0", 8, "the spelling may differ by 1 or 2 edits"),
    ("zelensky~3", 8, "the spelling may differ by 1 or 2 edits"),
    ("putin-regime~1", 12, "~1 takes one word: write putin-regime without it, or OR its spellings"),
    ("Kyiv~1", 4, "a word with ~ needs 5 letters at least: write Kyiv, or OR its spellings"),
    ("12345~1", 5, "a word with ~ needs 5 letters at least"),
    ("zelen*~1", 0, "a word has wildcards or ~, not both: write zelen*"),
    ("(a OR b)~5", 8, "~ belongs directly after a word or a phrase: leave the blank or bracket before it out"),
    ('"a b" ~5', 6, "~ belongs directly after a word or a phrase"),
    ("{NATO}~1", 6, "~ belongs directly after a word or a phrase"),
    ("@belarus~1", 8, '"~" cannot stand in the name of an entity'),
    ('"a b"~', 5, "~ needs the number of other words in between, 0 to 100: write ~10"),
    ('"a b"~101', 5, "~ needs the number of other words"),
    ('"a b"~x', 5, "~ needs the number of other words"),
    ('"a abc*"~5', 0, "there are no wildcards in a phrase with ~: leave them out, or write the words with NEAR"),
    (f'"{"words " * 26}"~5', 0, "a phrase with ~ of more than 25 words: leave ~ out, or name fewer words"),
    ('""', 0, "the phrase is empty: write words between the quotes"),
    ("a AND “ - ”", 6, "the phrase is empty"),
    ('"--"~5', 0, "the phrase is empty"),
    ("{}", 0, "the braces are empty: write words between { and }"),
    ("{NAT*}", 3, 'there are no wildcards in braces: write all of the word, or put it in quotes, "…"'),
    ("a AND --", 6, 'there is no word in "--": leave it out'),
    ("a AND ʼ", 6, 'there is no word in "ʼ": leave it out'),
    ("@", 0, "@ needs the name of an entity directly after it, like @belarus"),
    ("a AND @ belarus", 6, "@ needs the name of an entity directly after it"),
    ("$", 0, "$ needs the name of a part directly after it, like $violence"),
    ("@беларусь", 0, "@ needs the name of an entity"),
    ("$a.b", 2, '"." cannot stand in the name of a part: it has letters a to z, digits, _ and - only'),
    ("/(a/", 0, "regular expression: missing ): (a"),
    ("a AND /a*/", 6, "regular expression: it matches where there is no text"),
    ("//", 0, "regular expression: it matches where there is no text"),
    ("/a/i", 3, "flags stand within the expression: write /(?i)a/"),
    ("/news/politics", 5, "a regular expression ends at this /: leave a blank after it, write \\/ for a /"),
    ("url:/a/ /b/", 8, "AND or OR is missing between /a/ and /b/"),
    ('a AND "b', 6, "this quote is not closed"),
    ("a AND b}", 7, "no { is open"),
]


@pytest.mark.parametrize(("text", "at", "core"), ERRORS)
def test_a_mistake_is_told_where_it_is_with_what_would_be_right(text: str, at: int, core: str) -> None:
    """What cannot be read is told at its place, with what was expected there and how to write it."""
    with pytest.raises(QueryError) as raised:
        parse_query(text)
    assert raised.value.message.startswith(core)
    assert raised.value.at == at
    assert str(raised.value) == raised.value.message
    assert len(raised.value.message) < 250


def test_brackets_within_brackets_have_a_limit() -> None:
    """Fifty brackets within each other are read, each with a NOT even, and one more is not."""
    deepest = "a AND NOT (" * DEEPEST + "a" + ")" * DEEPEST
    assert parse_query("(" * DEEPEST + "a" + ")" * DEEPEST) == A
    assert sum(isinstance(node, Not) for node in nodes_of(parse_query(deepest))) == DEEPEST
    for text in ("(" * 51 + "a" + ")" * 51, f"x OR ({deepest})"):
        with pytest.raises(QueryError, match=r"^more than 50 brackets within each other: name a part"):
            parse_query(text)


def test_brackets_beside_each_other_have_none() -> None:
    """Only brackets within brackets count."""
    query = parse_query(" AND ".join(["(a OR (b))"] * 500))
    assert isinstance(query, And)
    assert len(query.children) == 500


@pytest.mark.parametrize("letter", ["a", "я", "😀a"])
def test_a_query_has_a_greatest_size(letter: str) -> None:
    """A query of 32 kB in UTF-8 is read, and one of a byte more is not."""
    fits = (f'"{letter}" OR ' + letter * LONGEST_QUERY).encode()[:LONGEST_QUERY].decode(errors="ignore")
    assert isinstance(parse_query(fits), Or)
    with pytest.raises(QueryError, match=r"^longer than 32 kB: split it into several rules") as raised:
        parse_query(fits + "bbbb")
    assert raised.value.at == 0
    assert LONGEST_QUERY == 32_768


def test_half_a_character_is_no_reason_to_fail() -> None:
    """A text that is no valid UTF-8, as a terminal may give it, is read like any other."""
    assert parse_query("a\ud800 AND b") == And((Word("a\ud800"), B))
    with pytest.raises(QueryError, match=r"^longer than 32 kB"):
        parse_query("\ud800" * LONGEST_QUERY)


def _steps(action: Callable[[], object]) -> int:
    """Count the calls, of Python and of C, that an action takes."""
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    previous = sys.getprofile()
    sys.setprofile(count)
    try:
        action()
    finally:
        sys.setprofile(previous)
    return calls


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "(",
            ")",
            "NOT ",
            "a AND ",
            "a OR ",
            "a NEAR/5 ",
            "a NOT NEAR/5 ",
            "ATLEAST/2 ",
            "title:",
            "title:(",
            '"',
            "“a”",
        ),
        *(
            "{",
            "}",
            "/",
            "/a/ ",
            "/a",
            "\\",
            "#",
            "#\n",
            "a ",
            "a~",
            "~",
            "*",
            "a*",
            "abc*",
            "?",
            "@",
            "@a OR ",
            "$a AND ",
        ),
        *(
            " ",
            "-",
            "'",
            "a'",
            "a.",
            "1:",
            "a:",
            "\ud800",
            "😀",
            "阿 OR ",
            "(a OR ",
            "(a) AND ",
            "a AND (NOT b OR c) AND ",
        ),
    ],
)
def test_no_query_takes_more_than_linear_time(piece: str) -> None:
    """Twice as much of anything, up to what is allowed, takes no more than twice the steps to read or refuse."""

    def read(size: int) -> int:
        pieces = size // len(piece.encode(errors="surrogatepass"))

        def action() -> None:
            with contextlib.suppress(QueryError):
                parse_query(piece * pieces + "a")

        return _steps(action)

    read(100)
    assert read(LONGEST_QUERY - 1) <= 2 * read(LONGEST_QUERY // 2) + 100
