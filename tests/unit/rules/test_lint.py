"""What is wrong with a term before it meets an article."""

import pytest

from support.matching import term
from tocsin.rules.lint import term_problem
from tocsin.rules.loose import MOST_OPERANDS


@pytest.mark.parametrize("written", ["", "…", "''", '"—"', "& + -"])
def test_term_without_words(written: str) -> None:
    """A term without a word is refused."""
    assert term_problem(term(written)) == "there is no word in it"


@pytest.mark.parametrize("written", ["invad*", "*sion", "wom?n", '"foreign agen*"'])
def test_term_with_wildcard(written: str) -> None:
    """A wildcard is refused, with the place for it."""
    assert "a wildcard stands in a `query:` only" in (term_problem(term(written)) or "")


@pytest.mark.parametrize("written", ["Who won?", "why? because", "5 * 3", "C*"])
def test_term_with_marks_that_are_no_wildcards(written: str) -> None:
    """Only what stands for letters is a wildcard."""
    problem = term_problem(term(written))
    assert (problem is not None) == (written == "C*")


@pytest.mark.parametrize(
    "written",
    [
        " ".join(["word"] * MOST_OPERANDS),
        " ".join(["the word"] * MOST_OPERANDS),
        '"' + " ".join(["word"] * 2 * MOST_OPERANDS) + '"',
        "北大西洋公约组织秘书长在布鲁塞尔举行会议并发表关于停火谈判的声明",
        "-".join(["word"] * 2 * MOST_OPERANDS),
    ],
)
def test_term_of_many_words(written: str) -> None:
    """Stop words, the words of an exact phrase, characters and parts of hyphened words do not make a term too long."""
    assert term_problem(term(written)) is None


def test_term_of_too_many_words() -> None:
    """A loose phrase of too many words is refused with a way out."""
    problem = term_problem(term(" ".join(["word"] * (MOST_OPERANDS + 1))))
    assert problem is not None
    assert "inner quotes" in problem
