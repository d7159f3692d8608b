"""What of a text is compared: spelling, furniture, sketch, facts, and how new a version is."""

from datetime import timedelta

import pytest

from support.likenesses import letters, sentences
from support.nouns import NOON, article
from tocsin.model import Span
from tocsin.model.stories import HASHES
from tocsin.stories.fingerprint import containment, fingerprint, is_material, likeness, novelty, wording

BRITISH = (
    "The defence programme at the harbour centre was cancelled by travelled neighbours who practise an analogue "
    "licence, at 5 per cent of 1,200 metres, and it’s grey."
)
AMERICAN = (
    "THE DEFENSE PROGRAM AT THE HARBOR CENTER WAS CANCELED BY TRAVELED NEIGHBORS WHO PRACTICE AN ANALOG "
    "LICENSE - AT 5% OF 1 200 METERS - AND IT'S GRAY"
)


def test_spellings_of_one_language_are_one():
    """British and American spelling, case, quotes, thousands and per cent make no difference."""
    assert fingerprint(BRITISH, ()).sketch == fingerprint(AMERICAN, ()).sketch


def test_letters_of_scripts_without_spaces_are_words():
    """A text in Chinese is compared by its characters."""
    found = fingerprint("琥珀岛的渡轮因风暴停航三天，港口关闭。", ())
    assert (found.words, found.size) == (17, 13)


def test_masked_spans_are_not_there():
    """Furniture that is masked changes nothing, wherever it stands."""
    text = "Every ferry stays in port today. Buy a ticket in the ferry shop. The harbour is closed."
    start = text.index("Buy")
    masked = Span(start, text.index("The harbour"))
    assert fingerprint(text, (masked,)) == fingerprint(text[:start] + text[masked.end :], ())


def test_what_looks_like_furniture_is_left_out():
    """A paragraph with a cue that no article would have is not compared, even where it was never seen."""
    text = sentences(12)
    wrapped = f"{text}\n\nSubscribe to our newsletter today and support independent journalism."
    assert fingerprint(wrapped, ()) == fingerprint(text, ())


def test_a_text_that_is_all_furniture_is_compared():
    """Where little would be left without the paragraphs that look like furniture, all are compared."""
    assert fingerprint("Sign up for our newsletter and read the news of the island every day.", ()).size > 0


def test_a_long_text_keeps_its_lowest_hashes():
    """At most 400 shingles are kept, those with the lowest hashes, and the bound says up to which."""
    long, short = fingerprint(sentences(200), ()), fingerprint(sentences(20), ())
    assert (len(long.sketch), long.size, long.bound) == (400, 1596, max(long.sketch))
    assert (len(short.sketch), short.size, short.bound) == (156, 156, HASHES - 1)
    assert len(long.lead) == 56


def test_containment_is_over_the_shorter_text():
    """A cut of a long text is in it as a whole, whichever comes first."""
    long, cut = fingerprint(sentences(200), ()), fingerprint(sentences(50), ())
    assert containment(long, cut) == containment(cut, long) == 1.0
    assert containment(long, fingerprint(sentences(50, word="v"), ())) == 0.0


def test_a_number_is_known_by_what_stands_around_it():
    """The same number between other words is another fact; two numbers in one place share all but the low bits."""
    asked = [f"the ferry carries {number} people on a day" for number in (120, 130)]
    first, second = (next(iter(fingerprint(text, ()).numbers)) for text in asked)
    assert first != second
    assert first >> 12 == second >> 12
    assert fingerprint("the pier is 120 metres in length", ()).numbers.isdisjoint({first})


def test_names_are_capitals_within_a_sentence():
    """A capital that begins a sentence is no name by itself, but belongs to one that follows."""
    assert not fingerprint("Every ferry stays. Nobody sails today.", ()).names
    assert len(fingerprint("Every ferry to Amber Isle stays. Ada Marsh said so.", ()).names) == 2


@pytest.mark.parametrize(
    ("title", "text", "is_one"),
    [
        ("Morning briefing: storms and ferries", "Ferries stay in port.", True),
        ("Live: the storm", "Ferries stay in port.", True),
        ("Ferries stay in port", "Good morning. Ferries stay in port.", True),
        ("Ferries stay in port", "The band headlines a festival. They live on the island in brief summers.", False),
        ("Amber", "\n\n".join(["Heading without an end", sentences(4)] * 3), True),
        ("Amber", "\n\n".join(["Heading without an end", sentences(20)] * 3), False),
    ],
)
def test_digests_are_known(title, text, is_one):
    """A digest or live blog gives itself away by its title, its welcome or its many headings."""
    assert fingerprint(text, (), title).collection is is_one


def test_wording_is_that_of_title_and_text():
    """The same title and text have the same wording, case and points aside; without either, or in few words, none."""
    text = "The storm closed the harbour and no ferry will sail before Monday."
    assert wording("Ferries stay", text, ()) == wording("FERRIES STAY!", text.upper(), ()) != ""
    assert wording("Ferries sail", text, ()) != wording("Ferries stay", text, ())
    assert wording("", text, ()) == wording("Ferries stay", "", ()) == wording("Ferries stay", "in port", ()) == ""


def test_time_is_that_of_publication_where_it_can_be_believed():
    """An article counts as published when its feed says, unless that is later than it was fetched, or not said."""
    early, late = (article(published=NOON + timedelta(hours=hours), fetched=NOON) for hours in (-3, 3))
    assert likeness(early, 1, "Herald").at == NOON - timedelta(hours=3)
    assert likeness(late, 1, "Herald").at == likeness(article(fetched=NOON), 1, "Herald").at == NOON


def test_a_shared_address_tells_nothing():
    """The address of several entries is no key."""
    assert likeness(article(), 1, "Herald").canonical_url == "https://herald.example.org/1"
    assert likeness(article(), 1, "Herald", shared_url=True).canonical_url is None


def test_novelty_counts_words_in_new_runs_only():
    """Words of which every run of five is new count; of one word put in, that is that word."""
    words = [letters(number) for number in range(100, 140)]
    found = novelty(" ".join([*words[:20], "new", *words[20:]]), (), " ".join(words), ())
    assert found.words == 1
    assert found.share == pytest.approx(5 / 37)
    assert novelty(" ".join(words), (), " ".join(words), ()) == (0.0, 0)


@pytest.mark.parametrize(("added", "length", "expected"), [(8, 10, True), (6, 10, False), (10, 60, False)])
def test_an_edit_is_material_by_share_and_words(added, length, expected):
    """A quarter of the runs and sixty words must be new."""
    before = sentences(length)
    after = f"{before}\n\n{sentences(added, word='n')}"
    assert is_material(article(text=after), article(text=before)) is expected
