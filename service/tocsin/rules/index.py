"""All rules together: one pass over an article finds the few rules that may ring, and only those are tried."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from tocsin.model import Article, Entity, Match, Rule
from tocsin.rules.compile import CompiledRule, Compiler, Leaf, LoosePhrase, Operand
from tocsin.rules.matcher import match_rule
from tocsin.rules.mentions import Vocabulary, words_of
from tocsin.text.language import language_of
from tocsin.text.stems import ALGORITHMS
from tocsin.text.stopwords import stop_words

#: ISO 639-2's code for a language that is not known.
UNDETERMINED = "und"


def every_rule(_rule: Rule) -> bool:
    """Let every rule be tried."""
    return True


class RuleIndex:
    """The rules and entities of a configuration, compiled for each language when its first article comes."""

    def __init__(self, rules: Iterable[Rule], entities: Iterable[Entity]) -> None:
        self._rules = tuple(rules)
        self._entities = tuple(entities)
        self._by_language: dict[str, _LanguageIndex] = {}

    def match(self, article: Article, applies: Callable[[Rule], bool] = every_rule) -> tuple[Match, ...]:
        """Return the matches of an article in the order of the rules; only rules that apply are tried."""
        language = _known(language_of(article.language))
        index = self._by_language.get(language)
        if index is None:
            index = self._by_language[language] = _LanguageIndex(language, self._rules, self._entities)
        return index.match(article, applies)


def _known(language: str) -> str:
    """Return a language, or one for all that nothing is known of: a feed may name any number of them."""
    return language if language in ALGORITHMS or stop_words(language) else UNDETERMINED


class _LanguageIndex:
    """The rules as they are looked for in one language, each under leaves of which it needs at least one."""

    def __init__(self, language: str, rules: Sequence[Rule], entities: Sequence[Entity]) -> None:
        compiler = Compiler(language, entities)
        self._language = language
        self._rules = [compiler.rule(rule) for rule in rules]
        self._needing: dict[Leaf, list[int]] = {}
        for number, rule in enumerate(self._rules):
            for leaf in set(_needed(rule)):
                self._needing.setdefault(leaf, []).append(number)
        self._vocabulary = Vocabulary(language, (leaf for rule in self._rules for leaf in _leaves(rule)))

    def match(self, article: Article, applies: Callable[[Rule], bool]) -> tuple[Match, ...]:
        found = self._vocabulary.find(words_of(article, self._language))
        candidates = sorted({number for leaf in found.leaves for number in self._needing.get(leaf, ())})
        matches = (
            match_rule(self._rules[number], found, article)
            for number in candidates
            if applies(self._rules[number].rule)
        )
        return tuple(match for match in matches if match is not None)


def _operands(rule: CompiledRule) -> Iterator[Operand]:
    for phrase in (*rule.keywords, *rule.exclude):
        yield from phrase.operands
    yield from (*rule.entities_any, *rule.entities_all)


def _leaves(rule: CompiledRule) -> Iterator[Leaf]:
    return (leaf for operand in _operands(rule) for leaf in operand.leaves)


def _needed(rule: CompiledRule) -> Iterator[Leaf]:
    """Yield leaves without any of which the rule cannot ring: those of one required part of it."""
    if rule.keywords:
        operands: Iterable[Operand] = map(_rarest, rule.keywords)
    else:
        operands = rule.entities_all[:1] or rule.entities_any
    return (leaf for operand in operands for leaf in operand.leaves)


def _rarest(phrase: LoosePhrase) -> Operand:
    """Return the operand of a loose phrase that is likely to be rarest: few ways to say it, long words."""
    return min(phrase.operands, key=lambda operand: (len(operand.leaves), -len(operand.term), operand.term))
