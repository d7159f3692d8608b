"""What of a feed's address may be stored."""

import pytest

from tocsin.app import public_feeds
from tocsin.log import Veil
from tocsin.model import FeedKind, FeedSpec
from tocsin.plan import Plan


def stored(location, *secrets):
    plan = Plan(feeds=(FeedSpec(name="a", kind=FeedKind.HTTP, location=location),))
    return public_feeds(plan, Veil(secrets))[0].location


def test_an_address_without_secrets_is_stored_as_it_is():
    """What hides nothing is not touched."""
    assert stored("https://gazette.example/rss?page=1", "token-1") == "https://gazette.example/rss?page=1"


def test_a_renewed_token_does_not_make_another_feed():
    """The stored address holds no token, and is the same for another one."""
    first = stored("https://gazette.example/rss?token=token-1", "token-1")

    assert "token-1" not in first
    assert first == stored("https://gazette.example/rss?token=token-2", "token-2")


@pytest.mark.parametrize("other", ["https://herald.example/rss", "https://gazette.example/other"])
def test_another_address_from_a_variable_is_another_feed(other):
    """Where the whole address is hidden, another host or path still shows, so that its first poll is a first poll."""
    address = "https://gazette.example/rss"

    assert "gazette" not in stored(address, address)
    assert stored(address, address) != stored(other, other)
