"""Furniture: what a feed repeats, and what it does not."""

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from support.nouns import article, feed
from tocsin.feeds.article import furniture
from tocsin.model import Boilerplate, Rule, Span, Term
from tocsin.rules.index import RuleIndex
from tocsin.stories.boilerplate import MaskReason, mask_furniture, mask_reasons

SEED = next((Path(__file__).parents[3] / "seeds").glob("*.txt")).read_text("utf-8")
DONATION = SEED[SEED.index("… we have a small favor") :].strip()
WORDS = "barge lantern orchard quarry ribbon saddle timber valley window yard harbour meadow kettle ladder".split()
FOOTER = "The valley paper is printed on Fridays at the works in Mill Street."


def said(number: int, *more: str, title: str = "", words: int = 40, own: int = 3, name: str = ""):
    """Make the report of that number: paragraphs of its own, then others."""
    luck = Random(number)
    paragraphs = [" ".join(luck.choices(WORDS, k=words // own)) + f" {number}." for _ in range(own)]
    return article(
        id=name or f"art_{number}",
        entry_id=name or f"entry_{number}",
        title=title or f"Report {number} on the {luck.choice(WORDS)}",
        text="\n\n".join([*paragraphs, *more]),
    )


def one_by_one(articles, counted=()):
    """Mask articles as a feed brings them, one a poll."""
    counted, masked = list(counted), []
    for item in articles:
        furnished = mask_furniture([item], counted)
        masked += furnished.articles
        for report in furnished.reports:
            if report.number is None:
                counted.append(replace(report, number=len(counted) + 1))
            else:
                counted[report.number - 1] = report
    return masked, counted


def shown(item):
    """Return what is left of a text."""
    text, start = "", 0
    for span in (*item.masked, Span(len(item.text), len(item.text))):
        text += item.text[start : span.start]
        start = span.end
    return text


def hides(item, words):
    return words not in shown(item)


# ---------------------------------------------------------------------------------------------------------------
# How often


def test_a_paragraph_is_furniture_in_the_third_report():
    """What stands in three of a feed's reports is masked from the third on; what is said once never."""
    masked, _ = one_by_one(said(number, FOOTER) for number in range(25))
    assert [hides(item, FOOTER) for item in masked[:4]] == [False, False, True, True]
    assert all(shown(item).count("\n\n") >= 2 for item in masked)


def test_a_small_first_batch_needs_two():
    """Of a first batch of fewer than twenty, what stands in two is masked in both; of a larger one, in three."""
    few = mask_furniture([said(1, FOOTER), said(2, FOOTER), said(3)], ()).articles
    assert [hides(item, FOOTER) for item in few] == [True, True, True]
    many = [said(number, *([FOOTER] if number < 2 else [])) for number in range(20)]
    assert not any(hides(item, FOOTER) for item in mask_furniture(many, ()).articles[:2])


def test_a_cue_makes_two_enough():
    """A paragraph that asks for readers or money is furniture in its second report, behind one paragraph too."""
    cue = "Sign up for our daily newsletter and never miss a ferry."
    history, counted = one_by_one(said(number) for number in range(30))
    masked, _ = one_by_one((said(number, cue, own=1) for number in range(30, 33)), counted)
    assert [hides(item, cue) for item in masked] == [False, True, True]
    assert history


@pytest.mark.parametrize("own", [0, 1])
def test_the_first_two_paragraphs_need_five(own):
    """What a report begins with is furniture in its fifth report only."""
    _, counted = one_by_one(said(number) for number in range(30))
    items = []
    for number in range(30, 36):
        item = said(number, own=3)
        head, *rest = item.text.split("\n\n")
        items.append(replace(item, text="\n\n".join([head, FOOTER, *rest] if own else [FOOTER, head, *rest])))
    masked, _ = one_by_one(items, counted)
    assert [hides(item, FOOTER) for item in masked] == [False] * 4 + [True] * 2


def test_a_title_needs_five():
    """A title that five reports have is not matched in the fifth; four reports may well have one title."""
    _, counted = one_by_one(said(number) for number in range(30))
    masked, _ = one_by_one((said(number, title="Market report") for number in range(30, 36)), counted)
    assert [item.title_masked for item in masked] == [False] * 4 + [True] * 2


def test_only_the_last_hundred_reports_count():
    """What stood in reports that a hundred others came after is forgotten, and no more is kept."""
    first, counted = one_by_one(said(number, FOOTER) for number in range(2))
    _, counted = one_by_one((said(number) for number in range(2, 102)), counted)
    masked = mask_furniture([said(200, FOOTER)], counted[-100:]).articles[0]
    assert not hides(masked, FOOTER)
    assert first


# ---------------------------------------------------------------------------------------------------------------
# Reports, not items


def test_an_article_under_new_ids_is_one_report():
    """However often one article comes under new ids, nothing of it becomes furniture."""
    masked, counted = one_by_one(said(7, FOOTER, name=f"again-{number}") for number in range(20))
    assert all(item.masked == () for item in masked)
    assert len(counted) == 1


def test_versions_of_an_article_are_one_report():
    """An edit, or a page that comes later, adds to the report of its article."""
    masked, counted = one_by_one([said(1), *(said(7, FOOTER, f"Edit {number}.", name="one") for number in range(6))])
    assert all(item.masked == () for item in masked)
    assert len(counted) == 2


@pytest.mark.parametrize("cut", [4, 8])
def test_copies_under_other_titles_are_one_report(cut):
    """Where one feed carries the copies of many outlets, whole or cut, none of it becomes furniture, in any order."""
    whole = said(7, own=8, words=160)
    parts = whole.text.split("\n\n")
    copies = [replace(whole, id=f"copy-{n}", title=f"Outlet {n} says") for n in range(5)]
    copies[1::2] = [replace(item, text="\n\n".join(parts[:cut])) for item in copies[1::2]]
    for items in (copies, copies[::-1]):
        assert all(item.masked == () for item in mask_furniture(items, ()).articles)
        assert all(item.masked == () for item in one_by_one(items)[0])


# ---------------------------------------------------------------------------------------------------------------
# What stays


def test_a_text_that_is_nearly_all_furniture_stays_whole():
    """Where over four fifths of the words would go nothing that was learnt goes, and the article is named."""
    wall = [f"{FOOTER} Part {letter} of the notice that is always here, word for word." for letter in "abcdefgh"]
    _, counted = one_by_one(said(number, *wall, words=300) for number in range(4))
    furnished = mask_furniture([said(9, *wall, words=9)], counted)
    assert furnished.articles[0].masked == ()
    assert furnished.spared == ("art_9",)


def test_what_the_configuration_names_stays_masked():
    """Configured furniture is masked whatever is learnt, and each part can say why it is."""
    named = (Boilerplate(text=FOOTER),)
    cue = "Support us with a small monthly gift."
    items = [said(number, FOOTER, cue) for number in range(4)]
    items = [replace(item, masked=tuple(furniture(item.text, named))) for item in items]
    masked, _ = one_by_one(items)
    last = masked[-1]
    assert hides(last, FOOTER)
    assert hides(last, cue)
    spans = tuple(furniture(last.text, named))
    assert [reason for _, reason in mask_reasons(last, spans)] == [MaskReason.CONFIGURED, MaskReason.REPEATED]


def test_lines_are_paragraphs_where_nothing_else_parts_a_text():
    """A text without an empty line is read line by line."""
    items = [replace(item, text=item.text.replace("\n\n", "\n")) for item in (said(n, FOOTER) for n in range(4))]
    masked, _ = one_by_one(items)
    assert hides(masked[-1], FOOTER)
    assert not hides(masked[-1], items[-1].text.split("\n")[0])


# ---------------------------------------------------------------------------------------------------------------
# The seed's own furniture

LAW = "Parliament passed the law on every foreign agent in the country by 61 votes to 20 on Monday evening."
AGENTS = RuleIndex([Rule(name="Agents", key="Agents", source="", keywords=(Term(text="foreign agent"),))], ())


def rings(item):
    return bool(AGENTS.match(item, feed()))


@pytest.mark.parametrize("words", [45, 60, 300])
def test_the_seeds_donation_text_rings_twice_at_most(words):
    """Of two hundred articles with the seed's donation text two ring at most, one by one; the one on the law does."""
    items = [said(number, DONATION, words=words) for number in range(200)]
    items[150] = replace(items[150], text=f"{LAW}\n\n{items[150].text}")
    masked, _ = one_by_one(items)
    rung = [number for number, item in enumerate(masked) if rings(item)]
    assert 150 in rung
    assert len(rung) <= 3


@pytest.mark.parametrize("batch", [5, 12, 30])
def test_the_seeds_donation_text_never_rings_after_a_first_batch(batch):
    """A feed that is first read with five articles and more rings on the law alone."""
    items = [said(number, DONATION) for number in range(200)]
    items[150] = replace(items[150], text=f"{LAW}\n\n{items[150].text}")
    first = mask_furniture(items[:batch], ())
    counted = [replace(report, number=number) for number, report in enumerate(first.reports, start=1)]
    masked, _ = one_by_one(items[batch:], counted)
    rung = [number for number, item in enumerate([*first.articles, *masked]) if rings(item)]
    assert rung == [150]


def test_short_captions_do_not_hide_the_furniture_behind_them():
    """Reports of a few words each, in long furniture, are reports of their own: what they share is learnt."""
    long = [f"{FOOTER} {letter} is where its archive is kept." for letter in ("Hollowell", "Merrow")]
    items = [
        article(id=f"art_{n}", title=f"Picture {n}", text="\n\n".join([f"Dawn {n}.", f"Dusk {n}.", *long]))
        for n in range(6)
    ]
    _, counted = one_by_one(items)
    assert len(counted) == 6
    assert hides(one_by_one([said(9, *long)], counted)[0][0], long[0])
