"""Whether a compiled rule answers what was found in an article, and with which evidence."""

from collections.abc import Iterable, Iterator, Sequence

from tocsin.model import Article, Evidence, Field, Match
from tocsin.rules.compile import CompiledRule, LoosePhrase, Operand
from tocsin.rules.loose import taking_part
from tocsin.rules.mentions import Found, Mention


def match_rule(rule: CompiledRule, found: Found, article: Article) -> Match | None:
    """Return the match of a rule with an article, None where it does not ring."""
    if any(next(_evidence_of(phrase, found), None) for phrase in rule.exclude):
        return None
    evidence: list[tuple[Operand, Mention]] = []
    for phrases in (rule.keywords, _alone(rule.entities_any), *([phrase] for phrase in _alone(rule.entities_all))):
        answered = [item for phrase in phrases for item in _evidence_of(phrase, found)]
        if phrases and not answered:
            return None
        evidence += answered
    return Match(rule=rule.rule, evidence=tuple(sorted(set(_placed(evidence, found, article)), key=_reading_order)))


def _alone(operands: Iterable[Operand]) -> tuple[LoosePhrase, ...]:
    return tuple(LoosePhrase((operand,)) for operand in operands)


def _evidence_of(phrase: LoosePhrase, found: Found) -> Iterator[tuple[Operand, Mention]]:
    mentions = [found.mentions(operand) for operand in phrase.operands]
    if not all(mentions):
        return
    parts: Sequence[Sequence[Mention]] = taking_part(mentions, found.article.paragraph_of)
    for operand, part in zip(phrase.operands, parts, strict=True):
        for mention in part:
            yield operand, mention


def _placed(evidence: Iterable[tuple[Operand, Mention]], found: Found, article: Article) -> Iterator[Evidence]:
    """Turn positions of words into offsets of the field's text."""
    for operand, mention in evidence:
        field = found.article.field_of(mention.start)
        text = article.title if field is Field.TITLE else article.text
        start, end = found.article.words[mention.start].start, found.article.words[mention.end - 1].end
        yield Evidence(field=field, start=start, end=end, text=text[start:end], term=operand.term)


def _reading_order(evidence: Evidence) -> tuple[bool, int, int, str]:
    return evidence.field is not Field.TITLE, evidence.start, evidence.end, evidence.term
