"""How a feed is doing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from support.nouns import NOON, article, feed
from tocsin.feeds.health import BY_WEIGHT, HealthFacts, Overlap, conditions_of, overlap_of, state_of
from tocsin.model import (
    Article,
    Condition,
    FeedKind,
    FeedMemory,
    FeedState,
    FetchFailed,
    FetchReason,
    KnownEntry,
    Move,
)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOT_FOUND = FetchFailed(reason=FetchReason.HTTP_STATUS, status=404, detail="answered 404 (Not Found)")
GONE = FetchFailed(reason=FetchReason.HTTP_STATUS, status=410, detail="answered 410 (Gone)")
NO_HOST = FetchFailed(reason=FetchReason.DNS, detail="no such host")
NO_FEED = FetchFailed(reason=FetchReason.NOT_A_FEED, detail="a web page, not a feed")
OF_READING = frozenset(BY_WEIGHT[BY_WEIGHT.index(FeedState.STUCK) :])
THERE = Move(url="https://user:pass@herald.example.com/rss?key=hidden#part", polls=3, since=NOON - 2 * DAY)


def memory(**changes):
    """Return what is remembered of a feed that does well."""
    plain = {"first_success": NOON - 90 * DAY, "last_success": NOON, "last_new": NOON - HOUR, "mean_gap": 2 * HOUR}
    return FeedMemory(**{**plain, **changes})


def failing(since=timedelta()):
    return memory(failures=1, failing_since=NOON - since, last_success=NOON - since - HOUR)


def judged(remembered=None, *, held=(), fetched=True, spec=None, **found):
    """Return the conditions that hold, by state."""
    facts = HealthFacts(
        feed=spec or feed(),
        memory=remembered or memory(),
        now=NOON,
        held=frozenset(held),
        fetched=fetched,
        **found,
    )
    conditions = conditions_of(facts)
    assert [condition.state for condition in conditions] == sorted(
        {condition.state for condition in conditions}, key=BY_WEIGHT.index
    )
    return {condition.state: condition for condition in conditions}


def test_a_feed_that_is_read_is_fine():
    """A feed that is read and publishes as usual has no condition."""
    assert judged() == {}
    assert state_of(()) is FeedState.OK


def test_the_heaviest_condition_is_the_state():
    """A feed's state is the heaviest of its conditions, and every condition has a weight."""
    conditions = [Condition(state=state, detail="", tell_at=NOON) for state in reversed(BY_WEIGHT)]
    assert state_of(conditions) is FeedState.GONE
    assert state_of(conditions[:3]) is FeedState.IDS_REPEATED
    assert set(BY_WEIGHT) == set(FeedState) - {FeedState.NEW, FeedState.OK, FeedState.NETWORK_DOWN}


@pytest.mark.parametrize(
    ("failure", "state", "tolerance"),
    [
        (NOT_FOUND, FeedState.FAILING, 3 * HOUR),
        (NO_HOST, FeedState.FAILING, 15 * MINUTE),
        (NO_FEED, FeedState.NOT_A_FEED, 3 * HOUR),
    ],
)
def test_errors_are_borne_for_a_while(failure, state, tolerance):
    """A failing feed is told of after three hours; what may be our network is looked at after a quarter of an hour."""
    for since in (timedelta(), HOUR, 9 * HOUR):
        condition = judged(failing(since), failure=failure)[state]
        assert condition == Condition(state=state, detail=failure.detail, tell_at=NOON - since + tolerance)


def test_gone_is_told_at_once():
    """A feed that is gone is told of at once, and not as a failing one besides."""
    found = judged(failing(), failure=GONE)
    assert set(found) == {FeedState.GONE}
    assert found[FeedState.GONE].tell_at == NOON
    assert set(judged(failing(HOUR), failure=GONE, held={FeedState.FAILING})) == {FeedState.GONE}


def test_gone_does_not_end_what_was_told():
    """A feed that has failed for long and is gone now is not read again: failing lasts."""
    assert set(judged(failing(DAY), failure=GONE, held={FeedState.FAILING})) == {FeedState.GONE, FeedState.FAILING}


def test_another_failure_ends_gone():
    """A feed that was gone, was asked once more and fails otherwise is to be polled: it is not gone any more."""
    assert set(judged(failing(), failure=NOT_FOUND, held={FeedState.GONE})) == {FeedState.FAILING}


def test_an_outage_has_one_beginning():
    """Errors of changing kinds do not begin and end conditions once people may have been told."""
    assert set(judged(failing(HOUR), failure=NO_FEED, held={FeedState.FAILING})) == {FeedState.NOT_A_FEED}
    assert set(judged(failing(DAY), failure=NO_FEED, held={FeedState.FAILING})) == {FeedState.FAILING}
    assert set(judged(failing(DAY), failure=NO_HOST, held={FeedState.NOT_A_FEED})) == {FeedState.NOT_A_FEED}


def test_a_month_of_errors_is_told_once_more():
    """After 30 days of nothing but errors a feed is lost, which is told at once."""
    assert set(judged(failing(30 * DAY - MINUTE), failure=NOT_FOUND)) == {FeedState.FAILING}
    lost = judged(failing(30 * DAY), failure=NOT_FOUND, held={FeedState.FAILING})
    assert set(lost) == {FeedState.FAILING, FeedState.LOST}
    assert lost[FeedState.LOST].tell_at == NOON
    assert "30 days" in lost[FeedState.LOST].detail
    assert state_of(tuple(lost.values())) is FeedState.FAILING


def test_a_failure_judges_nothing_else():
    """What a reading found holds while a feed fails, and nothing that only a reading can tell begins."""
    silent = memory(last_new=NOON - 99 * DAY, validators_trusted=False, failures=1, failing_since=NOON)
    assert set(judged(silent, failure=NOT_FOUND)) == {FeedState.FAILING}
    assert set(judged(silent, failure=NOT_FOUND, held=OF_READING)) == {FeedState.FAILING, *OF_READING}


def test_a_reading_ends_failing():
    """A feed that is read again is neither failing nor lost nor gone, whatever held."""
    assert judged(held=set(BY_WEIGHT) - OF_READING) == {}


@pytest.mark.parametrize(("gap", "quiet"), [(MINUTE, DAY), (2 * HOUR, DAY), (6 * HOUR, 30 * HOUR), (DAY, 5 * DAY)])
def test_silence_is_told_by_the_feeds_own_pace(gap, quiet):
    """A feed is silent after 24 hours or five mean gaps without anything new, whichever is longer."""
    assert judged(memory(mean_gap=gap, last_new=NOON - quiet + MINUTE), fetched=False) == {}
    found = judged(memory(mean_gap=gap, last_new=NOON - quiet), fetched=False)
    assert found[FeedState.SILENT].tell_at == NOON


def test_silence_says_how_long_and_what_is_usual():
    """The words of silence say for how long, and how often something new comes usually."""
    detail = judged(memory(last_new=NOON - 3 * DAY))[FeedState.SILENT].detail
    assert detail == "nothing new for 3 days (usually every 2 hours)"


@pytest.mark.parametrize("changes", [{"mean_gap": None}, {"last_new": None}])
def test_a_feed_of_unknown_pace_is_not_silent(changes):
    """Nobody is told that a feed is silent that never published, or of which it is not known how often."""
    assert judged(memory(**{"last_new": NOON - 99 * DAY, **changes})) == {}


def test_a_directory_is_never_silent():
    """A directory holds what its user puts there: neither its silence nor its dates mean anything."""
    spec = feed(kind=FeedKind.DIRECTORY, location="seeds")
    assert judged(memory(last_new=NOON - 99 * DAY), spec=spec, published=(NOON + DAY,) * 9) == {}


def test_a_feed_that_hid_something_is_stuck():
    """A feed whose validators are not trusted is stuck."""
    assert set(judged(memory(validators_trusted=False))) == {FeedState.STUCK}


@pytest.mark.parametrize(
    ("overlap", "held", "holds"),
    [
        (Overlap.GAP, set(), {FeedState.GAP}),
        (Overlap.IDS_CHANGED, set(), {FeedState.ALL_IDS_CHANGED}),
        (Overlap.KEPT, {FeedState.GAP, FeedState.ALL_IDS_CHANGED}, set()),
        (Overlap.UNKNOWN, {FeedState.GAP}, {FeedState.GAP}),
        (Overlap.UNKNOWN, {FeedState.ALL_IDS_CHANGED}, {FeedState.ALL_IDS_CHANGED}),
        (Overlap.GAP, {FeedState.ALL_IDS_CHANGED}, {FeedState.GAP}),
        (Overlap.IDS_CHANGED, {FeedState.GAP}, {FeedState.ALL_IDS_CHANGED}),
        (Overlap.URLS_CHANGED, {FeedState.ALL_IDS_CHANGED}, {FeedState.ALL_URLS_CHANGED}),
        (Overlap.BOTH_CHANGED, set(), {FeedState.ALL_IDS_CHANGED, FeedState.ALL_URLS_CHANGED}),
        (Overlap.UNKNOWN, {FeedState.ALL_URLS_CHANGED}, {FeedState.ALL_URLS_CHANGED}),
        (Overlap.KEPT, {FeedState.ALL_URLS_CHANGED}, set()),
    ],
)
def test_gaps_and_new_ids_end_with_the_first_poll_that_shows_otherwise(overlap, held, holds):
    """A gap and changed ids or URLs last while nothing can be said, and end when a poll shows something else."""
    assert set(judged(overlap=overlap, held=held)) == holds


@pytest.mark.parametrize("held", [set(), {FeedState.IDS_REPEATED}])
def test_repeated_ids_last_while_nothing_is_read(held):
    """That entries share an id holds as the last reading says, and while nothing is read."""
    assert set(judged(held=held)) == held
    assert set(judged(held=held, ids_repeated=True)) == {FeedState.IDS_REPEATED}
    assert set(judged(held=held, ids_repeated=False)) == set()


@pytest.mark.parametrize(
    ("offset", "words"), [(2 * HOUR, "2 hours ahead"), (-3 * DAY, "3 days behind"), (HOUR - MINUTE, ""), (-MINUTE, "")]
)
def test_a_servers_clock_is_compared_with_ours(offset, words):
    """A server whose clock is an hour off, either way, is told of, on "not modified" too."""
    for fetched in (True, False):
        found = judged(clock_offset=offset, fetched=fetched)
        assert (words in found[FeedState.CLOCK_ODD].detail) if words else not found


@pytest.mark.parametrize(
    ("hours_ahead", "odd"),
    [((2, 2, 2), True), ((2, 2, -5), True), ((2, 2, -5, -5), False), ((2, 2), False), ((0.5,) * 9, False), ((), False)],
)
def test_dates_ahead_of_the_time_are_told_of(hours_ahead, odd):
    """Most of three or more dates over an hour ahead make an odd clock; old dates and one announcement do not."""
    published = (*(NOON + hours * HOUR for hours in hours_ahead), None)
    assert (FeedState.CLOCK_ODD in judged(published=published)) is odd


def test_an_odd_clock_lasts_until_a_reading_shows_otherwise():
    """What the dates of a reading said holds over "not modified" and too few dates, and ends with right ones."""
    held = {FeedState.CLOCK_ODD}
    assert set(judged(held=held, fetched=False, clock_offset=MINUTE)) == held
    assert set(judged(held=held, published=(NOON + 2 * HOUR,))) == held
    assert set(judged(held=held, published=())) == held, "known entries are not read again"
    assert judged(held=held, published=(NOON - MINUTE,)) == {}


def test_a_move_is_told_once_it_is_proven():
    """A feed has moved once its new address is proven, and says where to, without what may be secret."""
    assert set(judged(memory(move=Move(url=THERE.url, polls=2, since=THERE.since)))) == set()
    detail = judged(memory(move=THERE))[FeedState.MOVED].detail
    assert detail == "moved for good to https://herald.example.com/rss?…"


def test_a_move_that_is_proven_anew_was_told_already():
    """While a move is proven once more after a failure there, it lasts; back at its own address, it ends."""
    again = Move(url=THERE.url, polls=1, since=NOON)
    assert set(judged(memory(move=again), held={FeedState.MOVED})) == {FeedState.MOVED}
    assert judged(memory(move=None), held={FeedState.MOVED}) == {}


def known(number: int, **changes: object) -> KnownEntry:
    """Make a known entry, whose id, URL and content are those of the article of that number."""
    entry = KnownEntry(
        entry_id=f"id-{number}",
        canonical_url=f"https://herald.example.org/{number}",
        article_id=f"art_{number}",
        version=1,
        content_hash=f"hash-{number}",
        first_seen=NOON,
    )
    return replace(entry, **changes)


def elsewhere(number: int, **changes: object) -> KnownEntry:
    """Make a known entry that was at another address."""
    return known(number, canonical_url=f"https://old.example.org/{number}", **changes)


def came(number: int, **changes: object) -> Article:
    """Make the article of that number as a poll brings it."""
    of_number = known(number)
    return article(
        entry_id=of_number.entry_id,
        canonical_url=of_number.canonical_url,
        content_hash=of_number.content_hash,
        **changes,
    )


@pytest.mark.parametrize(
    ("articles", "entries", "overlap"),
    [
        ([came(1), came(2)], [known(2)], Overlap.KEPT),
        ([came(1), came(2)], [], Overlap.GAP),
        ([came(n) for n in range(3)], [known(n, entry_id=f"old-{n}") for n in range(3)], Overlap.IDS_CHANGED),
        ([came(n) for n in range(2)], [known(n, entry_id=f"old-{n}") for n in range(2)], Overlap.KEPT),
        (
            [came(n) for n in range(3)],
            [known(n, entry_id=f"old-{n}", canonical_url=None) for n in range(3)],
            Overlap.IDS_CHANGED,
        ),
        ([came(n) for n in range(3)], [elsewhere(n) for n in range(3)], Overlap.URLS_CHANGED),
        ([came(n) for n in range(3)], [elsewhere(n, content_hash="") for n in range(3)], Overlap.URLS_CHANGED),
        ([came(n) for n in range(3)], [elsewhere(n, entry_id=f"old-{n}") for n in range(3)], Overlap.BOTH_CHANGED),
        ([came(n) for n in range(2)], [elsewhere(n) for n in range(2)], Overlap.KEPT),
        ([came(n) for n in range(4)], [known(0), *(elsewhere(n) for n in range(1, 4))], Overlap.KEPT),
        ([came(n) for n in range(3)], [known(n, canonical_url=None) for n in range(3)], Overlap.KEPT),
    ],
    ids=[
        "an id is known",
        "nothing is known",
        "three by their addresses",
        "two are an accident",
        "three by content",
        "three at new addresses",
        "three edited at new addresses",
        "three by content at new addresses",
        "two at new addresses are an accident",
        "one is where it was",
        "what had no address has one",
    ],
)
def test_what_is_known_tells_how_polls_overlap(articles, entries, overlap):
    """One known id keeps a poll with the last; known entries under new ids, or none known at all, are told apart."""
    assert overlap_of(articles, entries) is overlap
