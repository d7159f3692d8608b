"""Regular expressions: which are refused, what they find, and what they cost."""

import re
from collections.abc import Sequence
from itertools import pairwise

import pytest

from tocsin.rules import regexes
from tocsin.rules.regexes import LARGEST_PROGRAM, LONGEST_PATTERN, Expression, ExpressionSet, regex_problem

SOUND = [
    r"CVE-\d{4}-\d+",
    r"(?i)путин\pL*",
    r"\p{Cyrillic}+",
    r"^Die\b",
    r"foo$",
    r"\Qa.b\E",
    r"\\C",
    r"(?s)a.b",
    r"(a|b){1,50}",
    r"[^a]",
    "\U0001f600+",
]

UNSOUND = [
    ("(a", "missing ): (a (a bracket is not closed"),
    ("a)", "unexpected ): a) (no bracket is open"),
    ("[a", "missing ]: [a (a [ is not closed"),
    ("+a", "no argument for repetition operator: + (nothing stands before it to repeat"),
    ("a**", "bad repetition operator: **"),
    ("a{1001}", "invalid repetition size: {1001} (at most 1000 times"),
    ("((a{100}){100})", "invalid repetition size: {100} (at most 1000 times"),
    (r"(a)\1", r"invalid escape sequence: \1"),
    (r"a\Z", r"invalid escape sequence: \Z (write \z"),
    ("a\\", "trailing \\ (write \\\\"),
    ("(?<=a)b", "invalid perl operator: (?<= (there is no look-behind; find the words around it with NEAR"),
    ("(?<!a)b", "invalid perl operator: (?<! (there is no look-behind"),
    ("a(?=b)", "invalid perl operator: (?= (there is no look-ahead; find the words around it with NEAR"),
    ("a(?!b)", "invalid perl operator: (?! (there is no look-ahead; find the words around it with NOT NEAR"),
    ("[z-a]", "invalid character class range: z-a"),
    (r"a\Cb", r"\C takes characters apart: write ."),
    (r"\pL{1,150}", "too large when compiled"),
    (r"[\pL\pN]{1,1000}", "pattern too large - compile failed (repeat less"),
    ("a" * (LONGEST_PATTERN + 1), "longer than 1024 bytes"),
    ("я" * (LONGEST_PATTERN // 2 + 1), "longer than 1024 bytes"),
    ("a\ud800", "it holds half a character"),
    ("", "it matches where there is no text: write + for *"),
    ("a*", "it matches where there is no text"),
    ("a|b?", "it matches where there is no text"),
    (r"\b", "it matches where there is no text"),
    (r"\B", "it matches where there is no text"),
    (r"(?m)^", "it matches where there is no text"),
    (r"(?m)a|$\n?", "it matches where there is no text"),
    (r"\z", "it matches where there is no text"),
    (r"\A\B\z", "it matches where there is no text"),
    (r"(?m:$)\B(?m:^)", "it matches where there is no text"),
]


@pytest.mark.parametrize("pattern", SOUND)
def test_a_sound_expression_has_no_problem(pattern: str) -> None:
    """What RE2 can look for, and what always finds some text, is accepted."""
    assert regex_problem(pattern) is None


@pytest.mark.parametrize(("pattern", "core"), UNSOUND)
def test_an_unsound_expression_is_refused_with_what_would_be_right(pattern: str, core: str) -> None:
    """What RE2 cannot look for, what is too large, and what finds empty text are told, with a fix."""
    problem = regex_problem(pattern)
    assert problem is not None
    assert problem.startswith(core)
    assert "b'" not in problem


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"\d+", "a 12 b 345", ["12", "345"]),
        (r"\pL+", "Путін і Ёж, étude 😀 ok", ["Путін", "і", "Ёж", "étude", "ok"]),
        (r"😀.", "a😀б😀𝔘", ["😀б", "😀𝔘"]),
        (r"aa", "aaaaa", ["aa", "aa"]),
        (r"a|ab", "abab", ["a", "a"]),
        (r"ab|a", "aba", ["ab", "a"]),
        (r"^a", "aa", ["a"]),
        (r"(?m)^a", "aa\na", ["a", "a"]),
        (r"a$", "a\na", ["a"]),
        (r"a.b", "a\nb axb", ["axb"]),
        (r"(?s)a.b", "a\nb", ["a\nb"]),
        (r"\bb", "ab b", ["b"]),
        (r"x", "", []),
        (r"я", "\ud800я\udfffя", ["я", "я"]),
        (r"NATO", "nato", []),
    ],
)
def test_matches_are_found_from_left_to_right_in_code_points(pattern: str, text: str, found: Sequence[str]) -> None:
    """Each span, in code points, holds just what the expression matched, and spans follow each other."""
    spans = list(Expression(pattern).spans(text))
    assert [text[start:end] for start, end in spans] == found
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


@pytest.mark.parametrize(
    "pattern", [r"(a+a+)+b", r"(a?){300}a{300}b", r"[ab]*a[ab]{500}c", r".*.*.*.*=", r"(?:a|aa)+$x"]
)
def test_no_expression_needs_more_than_linear_time(pattern: str) -> None:
    """A text on which a backtracking engine would not end in a lifetime is just searched, alone and in a set."""
    text = "ab" + "a" * 20_000
    assert list(Expression(pattern).spans(text)) == []
    assert list(ExpressionSet([pattern, "b"]).matching(text)) == [1]


def test_looking_far_ahead_for_each_match_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where each match makes the engine look at the rest of the text, it soon looks less far, and finds all."""
    monkeypatch.setattr(regexes, "_LOOKED_AT", 1 << 20)
    looked_at = 0
    expression = Expression("a[^b]*b|я")
    search = expression._compiled.search

    class Counting:
        def search(self, text: bytes, at: int, until: int) -> object:
            nonlocal looked_at
            looked_at += until - at
            return search(text, at, until)

    expression._compiled = Counting()
    text = "яz" * 20_000 + "a" + "z" * 60 + "b" + "z" * 200_000 + "яz"
    spans = list(expression.spans(text))
    assert spans == [(match.start(), match.end()) for match in re.finditer(r"я|a[^b]*b", text)]
    assert looked_at < (1 << 20) + 600 * len(text)


def test_past_that_no_character_is_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the engine looks only a little way ahead, it never looks from or to the middle of a character."""
    monkeypatch.setattr(regexes, "_LOOKED_AT", 0)
    for shift in range(4):
        text = "." * shift + "😀я" * 400 + "!"
        assert [text[slice(*span)] for span in Expression(".!").spans(text)] == ["я!"]
        assert [text[slice(*span)] for span in Expression("я").spans(text)] == ["я"] * 400
        assert [text[slice(*span)] for span in Expression("[^z]").spans(text)] == list(text)


def test_past_that_matches_of_common_length_are_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the engine looks only a little way ahead, it neither cuts nor misses a match of a hundred letters."""
    monkeypatch.setattr(regexes, "_LOOKED_AT", 0)
    for before in range(0, 600, 7):
        text = "." * before + "a" * 100 + "b" + "." * 300
        assert list(Expression("a+").spans(text)) == [(before, before + 100)]
        assert list(Expression("a{100}b").spans(text)) == [(before, before + 101)]


def test_a_set_finds_just_what_its_expressions_find_alone() -> None:
    """Of a thousand patterns, with doubles, those match a text together that match it one by one."""
    patterns = [pattern for pattern in SOUND for _ in range(2)]
    patterns += [rf"\bслово{number}\b|w{number}+$" for number in range(600)]
    patterns += [rf"(?i)[a-m]{{{number % 40}}}x{number}" for number in range(1000 - len(patterns))]
    together = ExpressionSet(patterns)
    texts = [
        "",
        "CVE-2024-12345 a.b Путиным foo",
        "Die слово17 слово5990 w3www слово599",
        "abcdefghijx7 ABCX3 x40 w59",
        "\U0001f600" + "a" * 2000 + "\\C",
    ]
    for text in texts:
        alone = {number for number, pattern in enumerate(patterns) if any(Expression(pattern).spans(text))}
        assert set(together.matching(text)) == alone
    assert not ExpressionSet([]).matching("a")


def test_a_set_too_large_for_one_pass_is_parted() -> None:
    """Patterns that do not go into one program's memory together are looked for in several passes, none left out."""
    patterns = [rf"[\pL\pN]{{1,12}}-{number}" for number in range(20)]
    assert all(regex_problem(pattern) is None for pattern in patterns)
    together = ExpressionSet(patterns)
    assert len(together._chunks) > 1
    assert set(together.matching("слово-3 и слово-17")) == {1, 3, 17}


def test_a_set_without_memory_for_its_search_asks_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the engine gives up on patterns together, which it tells of by finding none, each is looked for alone."""
    together = ExpressionSet(["a", "b", "c"])

    class Giving:
        def Match(self, text: bytes) -> None:  # noqa: N802
            return None

    (chunk,) = together._chunks
    chunk._together = Giving()
    assert set(together.matching("cab c")) == {0, 1, 2}
    assert set(together.matching("c")) == {2}


def test_a_program_at_its_limit_is_accepted() -> None:
    """The limit of a program leaves room for what people write, such as ten words of any script."""
    assert LARGEST_PROGRAM == 20_000
    assert regex_problem(r"\pL+(?: \pL+){9}") is None
