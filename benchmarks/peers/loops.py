"""Rules tried one by one with Python's own `re`, as is written first when nobody has thought of the number of rules."""

import re
from collections.abc import Callable, Sequence

from peers.corpus import News
from peers.engines import Answers, Engine
from tocsin.model import Query
from tocsin.model.query import And, Near, Not, Or, Phrase, Wildcard

FIELDS = "\n\x1e\n"  # between title and body: nothing reaches over it
Test = Callable[[str], object]


def pattern_of(term: Query) -> str:
    """Return a regular expression for a term, in small letters. A phrase ends with its paragraph, a NEAR does not."""
    match term:
        case Phrase():
            return rf"\b{_phrase(term.text)}\b"
        case Wildcard():
            return rf"\b{re.escape(term.text[:-1].lower())}\w*\b"
        case Near(left=Phrase() as left, right=Phrase() as right, within=int(within)):
            between = rf"[^\w\x1e]+(?:\w+[^\w\x1e]+){{0,{within}}}"
            a, b = _phrase(left.text), _phrase(right.text)
            return rf"\b(?:{a}{between}{b}|{b}{between}{a})\b"
        case _:
            raise NotImplementedError(term)


def _phrase(text: str) -> str:
    return r"[^\w\n]+".join(map(re.escape, text.lower().split()))


class Naive(Engine):
    """One compiled search for each term, `any` and `all` on top."""

    name = "naive re"
    most_rules = 10_000
    has_paragraphs = True

    def load(self, rules: Sequence[Query]) -> None:
        self._compiled: dict[str, Test] = {}
        self._tests = [self._test(rule) for rule in rules]

    def answers(self, articles: Sequence[News]) -> Answers:
        return [self._answer(f"{article.title}{FIELDS}{article.body}".lower()) for article in articles]

    def _answer(self, text: str) -> frozenset[int]:
        return frozenset(number for number, test in enumerate(self._tests) if test(text))

    def _test(self, query: Query) -> Test:
        match query:
            case And():
                every = [self._test(child) for child in query.children]
                return lambda text: all(test(text) for test in every)
            case Or():
                some = [self._test(child) for child in query.children]
                return lambda text: any(test(text) for test in some)
            case Not():
                refused = self._test(query.child)
                return lambda text: not refused(text)
            case _:
                return self._leaf(query)

    def _leaf(self, term: Query) -> Test:
        pattern = pattern_of(term)
        if pattern not in self._compiled:
            self._compiled[pattern] = re.compile(pattern).search
        return self._compiled[pattern]


class Contained(Naive):
    """The same, but a term is searched for only where its words are in the text at all."""

    name = "in, then re"
    most_rules = 100_000

    def _leaf(self, term: Query) -> Test:
        pattern = pattern_of(term)
        needed = _needed(term)
        search: Test | None = None

        def test(text: str) -> object:
            nonlocal search
            for word in needed:
                if word not in text:
                    return None
            if search is None:
                search = re.compile(pattern).search
            return search(text)

        return self._compiled.setdefault(pattern, test)


def _needed(term: Query) -> list[str]:
    match term:
        case Near(left=Phrase() as left, right=Phrase() as right):
            return [*left.text.lower().split(), *right.text.lower().split()]
        case Phrase() | Wildcard():
            return term.text.lower().removesuffix("*").split()
        case _:
            raise NotImplementedError(term)


class Tokenise(Engine):
    """Taking the text apart into words and nothing more: what every engine has to do at least."""

    name = "re.findall"
    answering = False

    def load(self, rules: Sequence[Query]) -> None:  # noqa: ARG002 - it has no use for them
        self._pattern = re.compile(r"\w+")

    def answers(self, articles: Sequence[News]) -> Answers:
        for article in articles:
            self._pattern.findall(article.title)
            self._pattern.findall(article.body)
        return []
