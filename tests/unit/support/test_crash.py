"""The judge of the crash trials, held to what it must see; that it sees lost alerts is shown by the mutants."""

from dataclasses import replace

import pytest

from support.crash.trial import told_apart, unbalanced
from support.crash.world import Fate, Feed, Item, Receipt
from support.receiver import Received
from tocsin.model import Totals

RECEIPT = Receipt(item=1, alert="alr_1", webhook_id="dlv_1", digest="d1", fate=Fate.ANSWERED)


def ask(feed: Feed, etag: str | None = None) -> tuple[int, str, bytes]:
    headers = {"if-none-match": etag} if etag else {}
    reply = feed.answer(Received(method="GET", target="/feed/0", headers=headers, body=b""))
    return reply.status, reply.headers["etag"], reply.body


def test_copies_that_are_alike_are_no_problem():
    """The same message may come any number of times."""
    assert not list(told_apart([RECEIPT, replace(RECEIPT, fate=Fate.CUT), RECEIPT]))


@pytest.mark.parametrize(
    "other",
    [
        {"alert": "alr_2", "webhook_id": "dlv_2"},
        {"webhook_id": "dlv_2"},
        {"item": 2, "alert": "alr_2"},
        {"digest": "d2"},
    ],
)
def test_copies_that_differ_are_seen(other):
    """A second alert for an item, a second id for an alert, an id used twice and a body that changed are all told."""
    assert list(told_apart([RECEIPT, replace(RECEIPT, **other)]))


def test_rows_that_do_not_add_up_are_seen():
    """A noun whose rows are not the sum of their outcomes is told, and only that."""
    whole = {noun: {noun: 3, "one": 1, "other": 2} for noun in ("entries", "matches", "dispatches", "deliveries")}
    assert not list(unbalanced(Totals(**whole)))
    (told,) = unbalanced(Totals(**{**whole, "matches": {"matches": 3, "rung": 2}}))
    assert told.startswith("matches")


def test_a_feed_drops_only_what_its_reader_knows():
    """An entry stays in the feed until an ETag that covers it was sent back; then a new reader does not see it."""
    feed = Feed("0")
    for number in range(10):
        feed.publish(Item(number=number, rings=True))
    _, etag, first = ask(feed)
    assert b"example:0<" in ask(feed)[2]

    assert ask(feed, etag)[0] == 304
    feed.publish(Item(number=10, rings=True))
    status, later, body = ask(feed, etag)
    assert status == 200
    assert later != etag
    assert b"example:10<" in body
    assert b"example:0<" not in body
    assert b"example:0<" in first
