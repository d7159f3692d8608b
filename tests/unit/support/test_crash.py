"""The judge of the crash trials, held to what it must see; that it sees lost alerts is shown by the mutants."""

from dataclasses import replace

import pytest

from support.crash.trial import told_apart, unbalanced
from support.crash.world import AT_ONCE, GROUPED, Fate, Feed, Item, Receipt
from support.receiver import Received
from tocsin.model import Totals

RECEIPT = Receipt(
    request=1,
    hook=AT_ONCE,
    report=1,
    update=False,
    alert="alr_1",
    webhook_id="dlv_1",
    digest="d1",
    fate=Fate.ANSWERED,
)


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
        {"report": 2, "alert": "alr_2"},
        {"digest": "d2"},
    ],
)
def test_copies_that_differ_are_seen(other):
    """A second alert for a report, a second id for an alert, an id used twice and a body that changed are all told."""
    assert list(told_apart([RECEIPT, replace(RECEIPT, **other)]))


def test_updates_have_ids_of_their_own():
    """An update is another message than its alert and than the update before; two alerts of one report are told."""
    update = replace(RECEIPT, update=True, webhook_id="dlv_2", digest="d2")
    assert not list(told_apart([RECEIPT, update, replace(update, webhook_id="dlv_3", digest="d3")]))
    assert list(told_apart([RECEIPT, replace(update, alert="alr_2")]))


def test_an_alert_is_told_once_on_each_way():
    """A group tells of several alerts under one id; an alert in two groups is seen, one on two ways is as it should."""
    group = replace(RECEIPT, hook=GROUPED, webhook_id="dlv_9", digest="d9")
    other = replace(group, report=2, alert="alr_2")
    assert not list(told_apart([RECEIPT, group, other]))
    assert list(told_apart([group, other, replace(other, webhook_id="dlv_10", digest="d10")]))


def test_rows_that_do_not_add_up_are_seen():
    """A noun whose rows are not the sum of their outcomes is told, and only that."""
    whole = {noun: {noun: 3, "one": 1, "other": 2} for noun in ("entries", "matches", "dispatches", "deliveries")}
    assert not list(unbalanced(Totals(**whole)))
    (told,) = unbalanced(Totals(**{**whole, "matches": {"matches": 3, "rung": 2}}))
    assert told.startswith("matches")


def test_a_feed_drops_only_what_its_reader_knows():
    """An entry stays in the feed until an ETag that covers it was sent back; then a new reader does not see it."""
    feed = Feed("0", kept=5)
    for number in range(10):
        feed.publish(Item(number=number, report=number, rings=True))
    _, etag, first = ask(feed)
    assert b"example:0<" in ask(feed)[2]

    assert ask(feed, etag)[0] == 304
    feed.publish(Item(number=10, report=10, rings=True))
    status, later, body = ask(feed, etag)
    assert status == 200
    assert later != etag
    assert b"example:10<" in body
    assert b"example:0<" not in body
    assert b"example:0<" in first
