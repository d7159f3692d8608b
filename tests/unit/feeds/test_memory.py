"""What a poll leaves behind for the next one."""

from dataclasses import replace
from datetime import timedelta

import pytest

from support.nouns import NOON
from tocsin.feeds.memory import (
    ReadFacts,
    after_failure,
    after_reading,
    after_unchanged,
    asks_unconditionally,
    proven_address,
)
from tocsin.model import (
    Answer,
    Courtesy,
    FeedMemory,
    Fetched,
    FetchFailed,
    FetchReason,
    Move,
    NotModified,
    Validators,
)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TAG = Validators(etag='"1"', source="a")
OTHER_TAG = Validators(etag='W/"2"', last_modified="Sun, 1 mar 2026 12:00:00 gmt", source="a")
THERE = "https://herald.example.com/rss"
TIMEOUT = FetchFailed(reason=FetchReason.TIMEOUT, detail="herald.example.org took too long")


def memory(**changes):
    """Return what is remembered of a feed that was read an hour ago."""
    plain = FeedMemory(
        validators=TAG,
        fingerprint="body-1",
        mean_gap=2 * HOUR,
        first_success=NOON - 90 * DAY,
        last_success=NOON - HOUR,
        last_new=NOON - 5 * HOUR,
        last_changed=NOON - 5 * HOUR,
    )
    return replace(plain, **changes)


def fetched(**changes):
    plain = Fetched(
        documents=(), url="https://herald.example.org/rss", validators=OTHER_TAG, fingerprint="body-2", received=9
    )
    return replace(plain, **changes)


def read(remembered, now=NOON, *, new=0, published=(), courtesy=None, unconditional=False, **changes):
    reading = ReadFacts(courtesy=courtesy or Courtesy(), published=tuple(published), new=new)
    return after_reading(remembered, fetched(**changes), reading, now, unconditional=unconditional)


def unchanged(remembered, now=NOON, *, unconditional=False, **changes):
    answer = replace(NotModified(validators=remembered.validators), **changes)
    return after_unchanged(remembered, answer, now, unconditional=unconditional)


# ---------------------------------------------------------------------------------------------------------------
# What each outcome leaves behind


def test_a_failure_changes_nothing_but_the_count():
    """Errors count up from the first, and leave validators, fingerprint and all that was learnt alone (R2, R8)."""
    once = after_failure(memory(), TIMEOUT, NOON)
    assert once == memory(failures=1, failing_since=NOON)
    assert after_failure(once, TIMEOUT, NOON + HOUR) == memory(failures=2, failing_since=NOON)


@pytest.mark.parametrize("succeed", [read, unchanged])
def test_a_success_ends_failing(succeed):
    """Whatever was answered, the count of failures begins anew."""
    well = succeed(memory(failures=9, failing_since=NOON - 9 * DAY))
    assert (well.failures, well.failing_since, well.last_success) == (0, None, NOON)


def test_a_reading_replaces_validators_and_courtesy():
    """A reading's validators, fingerprint and courtesy replace those before, what it lacks too (R2, R6)."""
    before = memory(courtesy=Courtesy(fresh_for=HOUR, at_least=2 * HOUR, skip_hours=frozenset({3})))
    after = read(before, courtesy=Courtesy(at_least=HOUR), answer=Answer(fresh_for=MINUTE))
    assert (after.validators, after.fingerprint) == (OTHER_TAG, "body-2")
    assert after.courtesy == Courtesy(fresh_for=MINUTE, at_least=HOUR)
    assert read(before, validators=Validators()).validators == Validators()
    assert (after.last_changed, after.last_new) == (NOON, NOON - 5 * HOUR)
    assert read(before, new=1).last_new == NOON


def test_a_partial_answer_says_nothing_of_the_whole():
    """An answer with only what is new (226) brings validators, and no fingerprint of the document (R15)."""
    after = read(memory(), partial=True, new=1)
    assert (after.validators, after.fingerprint) == (OTHER_TAG, "body-1")


def test_not_modified_keeps_what_it_does_not_renew():
    """A 304 without word of freshness keeps the last one; a whole answer that is what we have does not (R2, R6)."""
    before = memory(courtesy=Courtesy(fresh_for=HOUR, at_least=2 * HOUR))
    assert unchanged(before).courtesy == before.courtesy
    assert unchanged(before, answer=Answer(fresh_for=timedelta())).courtesy.fresh_for == timedelta()
    assert unchanged(before, same_body=True).courtesy == Courtesy(at_least=2 * HOUR)
    assert unchanged(before, validators=OTHER_TAG).validators == OTHER_TAG
    after = unchanged(before)
    assert (after.last_changed, after.last_new, after.fingerprint) == (NOON - 5 * HOUR, NOON - 5 * HOUR, "body-1")


def test_the_first_success_stays_the_first():
    """When a feed was first read is noted at the first reading, and never again."""
    first = read(FeedMemory(), new=9)
    assert (first.first_success, first.last_new) == (NOON, NOON)
    assert read(first, NOON + DAY).first_success == NOON


# ---------------------------------------------------------------------------------------------------------------
# The mean gap


def test_dates_tell_the_gap():
    """The dates of known and new entries together tell how often a feed publishes."""
    dates = [NOON - number * HOUR for number in range(20)]
    assert read(memory(), new=1, published=dates).mean_gap == HOUR
    assert read(memory(), new=20, published=dates).mean_gap == HOUR
    assert read(FeedMemory(), new=3, published=dates[:3]).mean_gap == HOUR


def test_without_dates_of_known_entries_the_gap_is_learnt_from_what_arrives():
    """Entries that come alone, or without dates, move the gap towards the time since the last one, by a tenth each."""
    one = read(memory(), new=1, published=[NOON - MINUTE]).mean_gap
    assert one == pytest.approx(2 * HOUR * 0.9 + 5 * HOUR * 0.1, abs=timedelta(seconds=1))
    assert read(memory(), new=5).mean_gap < 2 * HOUR
    assert read(memory(mean_gap=None), new=5).mean_gap == HOUR
    assert read(memory()).mean_gap == 2 * HOUR
    assert read(FeedMemory(), new=1).mean_gap is None


# ---------------------------------------------------------------------------------------------------------------
# "Not modified" that is not true


@pytest.mark.parametrize(
    ("gap", "believed"), [(None, 48 * HOUR), (2 * HOUR, 48 * HOUR), (HOUR / 6, 48 * HOUR), (DAY, 10 * DAY)]
)
def test_not_modified_is_believed_for_so_long(gap, believed):
    """A feed that was "not modified" for 48 hours or ten mean gaps is asked once without validators (R10)."""
    quiet = memory(mean_gap=gap, last_changed=NOON)
    assert not asks_unconditionally(quiet, NOON + believed - MINUTE)
    assert asks_unconditionally(quiet, NOON + believed)


def test_a_probe_is_made_once_a_day():
    """However long a feed is quiet, it is asked without validators at most once in 24 hours; a whole answer counts."""
    quiet = memory(last_changed=NOON - 90 * DAY)
    for probed in (unchanged(quiet, unconditional=True), unchanged(quiet, same_body=True)):
        assert not asks_unconditionally(probed, NOON + DAY - MINUTE)
        assert asks_unconditionally(probed, NOON + DAY)


@pytest.mark.parametrize(
    "changes", [{"last_new": None}, {"last_changed": None}, {"validators": Validators(source="a")}]
)
def test_who_cannot_lie_is_not_probed(changes):
    """A feed that never published, or gives no validators, is not suspected."""
    quiet = memory(**{"last_changed": NOON - 90 * DAY, **changes})
    assert not asks_unconditionally(quiet, NOON)


def test_a_probe_that_finds_entries_ends_the_trust():
    """New entries in answer to a probe show that validators lie: they are not used any more (R10)."""
    quiet = memory(last_changed=NOON - 9 * DAY)
    caught = read(quiet, new=1, unconditional=True)
    assert not caught.validators_trusted
    assert asks_unconditionally(caught, NOON + MINUTE)
    assert not read(caught, NOON + HOUR, new=1, unconditional=True).validators_trusted


@pytest.mark.parametrize(
    ("changes", "new", "unconditional"),
    [
        ({"last_changed": NOON - 9 * DAY}, 0, True),  # the same entries in another body: a date in it, say
        ({"last_changed": NOON - 9 * DAY}, 1, False),  # asked with validators, and told the truth
        ({"last_changed": NOON - 3 * HOUR}, 1, True),  # asked without for another reason
    ],
)
def test_trust_does_not_end_without_proof(changes, new, unconditional):
    """Only new entries in answer to a probe end the trust."""
    assert read(memory(**changes), new=new, unconditional=unconditional).validators_trusted


# ---------------------------------------------------------------------------------------------------------------
# Moving


def moving(*hours, target=THERE):
    """Return what is remembered after readings at those hours that were all sent on for good."""
    remembered = memory()
    for hour in hours:
        remembered = read(remembered, NOON + hour * HOUR, answer=Answer(moved_to=target))
    return remembered


@pytest.mark.parametrize(
    ("hours", "proven"),
    [
        ((0,), False),
        ((0, 24), False),
        ((0, 1, 2), False),
        ((0, 1, 23.9), False),
        ((0, 1, 24), True),
        ((0, 30, 60), True),
    ],
)
def test_a_move_takes_three_polls_over_a_day(hours, proven):
    """A permanent redirect is believed once it was met in 3 polls over 24 hours, and not by waiting (R9)."""
    assert (proven_address(moving(*hours), NOON + 99 * DAY) == THERE) is proven


def test_a_move_is_seen_by_not_modified_too():
    """A 304 from the new place counts: it knows the body that we read there."""
    after = unchanged(moving(0, 1), NOON + DAY, answer=Answer(moved_to=THERE))
    assert proven_address(after, NOON + DAY) == THERE


@pytest.mark.parametrize("answer", [Answer(), Answer(moved_to="https://portal.example/login")])
def test_a_move_is_in_a_row(answer):
    """A poll that is not sent there, or elsewhere, begins the count anew."""
    after = read(moving(0, 1), NOON + 2 * HOUR, answer=answer)
    again = read(after, NOON + 25 * HOUR, answer=Answer(moved_to=THERE))
    assert again.move == Move(url=THERE, polls=1, since=NOON + 25 * HOUR)


def test_at_the_new_place_the_move_lasts():
    """Who is asked at the proven address is not sent on any more, and that does not end the move."""
    there = moving(0, 1, 24)
    for succeed in (read, unchanged):
        assert proven_address(succeed(there, NOON + 25 * HOUR), NOON + 26 * HOUR) == THERE


def test_a_failure_at_the_new_place_leads_back():
    """When the proven address fails, the feed's own URL is asked again; a failure on the way there changes nothing."""
    lost = after_failure(moving(0, 1, 24), TIMEOUT, NOON + 25 * HOUR)
    assert proven_address(lost, NOON + 26 * HOUR) is None
    on_the_way = after_failure(moving(0, 1), TIMEOUT, NOON + 2 * HOUR)
    assert on_the_way.move == moving(0, 1).move
    ours = FetchFailed(reason=FetchReason.INTERNAL, detail="an error of Tocsin's own")
    assert proven_address(after_failure(moving(0, 1, 24), ours, NOON + 25 * HOUR), NOON + 26 * HOUR) == THERE
