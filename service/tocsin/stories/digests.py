"""Texts that report several things: digests, newsletters, live blogs. What they quote is a part of them, no copy."""

import re

from tocsin.text.paragraphs import paragraphs

_OPENING = 400  # code points in which such a text says what it is
_LEAST_ITEMS = 3
_HEADING = 12  # words
_ITEM = 90  # words; what stands under a heading in one article is longer

_TITLE = re.compile(
    r"\b(?:digest|newsletter|round-?up|live ?blog|as it happened|at a glance|in brief|news briefs?|press review)\b"
    r"|\blive(?: updates?| coverage| blog)?\b(?= ?[:|–—-])|\blive updates\b|^(?:live|briefs?|briefing)\b"
    r"|\b(?:daily|morning|midday|evening|weekend|weekly|news|today['’]s) (?:briefing|brief|wrap|bulletin|edition"
    r"|agenda)\b"
    r"|\b(?:top|main|morning|evening|week['’]s|today['’]s|day['’]s) (?:stories|headlines|news)\b"
    r"|\bthings (?:to know|you need)\b|\bneed to know\b|\b(?:day|week|month|year) in (?:review|pictures|news)\b"
    r"|\bthe (?:day|week|morning|evening) (?:ahead|so far)\b|\bwhile you (?:slept|were sleeping)\b"
    r"|[,:–—-] (?:mon|tues|wednes|thurs|fri|satur|sun)day(?:[, ]+(?:\d{1,2} [a-z]+|[a-z]+ \d{1,2}))?$"
    r"|\b(?:presseschau|newsticker|liveticker|en bref|revue de presse|rassegna stampa|дайджест|главное за"
    r"|онлайн)\b",
    re.IGNORECASE,
)
_WELCOME = re.compile(
    r"\bgood (?:morning|afternoon|evening)\b(?=[.,!])|\A\W*morning[,!]|\A\W*happy [a-z]+day\b"
    r"|\bwhat the papers\b|\A\W*(?:\w+|\d+) things (?:to|you|for)\b|\bneed to know\b"
    r"|\bwelcome to (?:the|our|your|today)\b"
    r"|\bhere(?: are|['’]s| is) (?:what|the|your|our|a)\b[^.]{0,60}\b(?:stories|headlines|news|today|day|morning"
    r"|evening|week|know)\b"
    r"|\bin (?:this|today['’]s) (?:issue|edition|newsletter|briefing|digest)\b"
    r"|\b(?:pick|selection|round-?up|digest) of the\b"
    r"|\b(?:stories|headlines) (?:of the day|this morning|this evening|making)\b"
    r"|\blive (?:coverage|blog)\b",
    re.IGNORECASE,
)
_ENDS = re.compile(r"[.!?…:,;\"'”’»)]\Z")


def is_collection(title: str, text: str) -> bool:
    """Tell whether an article reports several things, by how it is headed, how it begins or by its many headings."""
    if _TITLE.search(title) or _WELCOME.search(text, 0, _OPENING):
        return True
    return _is_headed([text[span.start : span.end] for span in paragraphs(text)])


def _is_headed(found: list[str]) -> bool:
    """Tell whether headings part a text into pieces of a paragraph or two."""
    headings = sum(len(item.split()) <= _HEADING and not _ENDS.search(item) and item[0].isalpha() for item in found)
    return headings >= _LEAST_ITEMS and sum(len(item.split()) for item in found) < headings * _ITEM
