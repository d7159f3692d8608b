"""Pages behind entries: whose turn it is, who waits for them, and what they bring."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tocsin.model import Changed, Commit, New, PageOutcome, PageStanding, Seen, Totals
from tocsin.ports import DueWork
from tocsin.storage.store import open_store

SECOND, HOUR, INSTANT = timedelta(seconds=1), timedelta(hours=1), timedelta(microseconds=1)


def ids(leased):
    return [page.article.entry_id for page in leased]


def elsewhere(make, name, host="", **changes):
    """Build an article whose page is at a host of its own."""
    return make.article(name, url=f"https://{host or name}.example/{name}", **changes)


def edited(article, text, version):
    """Build the next version of an article."""
    later = replace(article, text=text, content_hash=f"hash of {text}", masked=())
    return Changed(article=later, version=version, first_seen=article.fetched)


async def polled(store, make, after, *entries, pages=(), **changes):
    """Poll the feed that long after noon."""
    at = make.NOON + after
    await store.wake_feed("Harbour Gazette", at)
    await make.polled(store, make.poll(at=at, next_poll=at + 24 * HOUR, entries=entries, pages=pages, **changes))


# ---------------------------------------------------------------------------------------------------------------
# Whose turn it is


async def test_a_page_is_given_with_all_that_its_decision_needs(store, make):
    """A page comes with its article, its poll's time and that of the poll before, and when it must be decided."""
    article = make.article()
    await make.waiting(store, article, last_success=make.NOON - HOUR)
    (page,) = await make.leased_pages(store)
    assert (page.article, page.version, page.before, page.first_seen) == (article, 1, None, make.NOON)
    assert (page.feed, page.owner, page.url, page.attempts) == ("Harbour Gazette", "first", article.url, 0)
    assert (page.decided, page.decide_by, page.polled) == (False, make.NOON + make.PATIENCE, make.NOON)
    assert page.last_success == make.NOON - HOUR


async def test_pages_are_due_exactly_when_one_could_be_claimed(store, make):
    """A page is due from its time on, while nobody has it."""
    await make.waiting(store, make.article(), due=make.NOON + SECOND)
    now = make.NOON + SECOND
    assert await store.due_work(now - INSTANT) == frozenset()
    assert await make.leased_pages(store, now=now - INSTANT) == []
    assert await store.due_work(now) == {DueWork.PAGES}
    assert ids(await make.leased_pages(store, now=now)) == ["bridge-1"]
    assert await store.due_work(now) == frozenset()
    assert await make.leased_pages(store, "second", now + make.LEASE - INSTANT) == []
    assert len(await make.leased_pages(store, "second", now + make.LEASE)) == 1


async def test_due_by_claims_a_page_that_waits_for_later(store, make):
    """A page that is due later is claimed only where `due_by` reaches that far."""
    later = make.NOON + HOUR
    await make.waiting(store, make.article(), due=later)
    assert await store.claim_due_pages("first", make.NOON, make.LEASE, 9, due_by=make.NOON) == []
    assert len(await store.claim_due_pages("first", make.NOON, make.LEASE, 9, due_by=later)) == 1


async def test_an_article_is_late_when_it_waited_long_enough(store, make):
    """An article whose decision is overdue is given as late, unless somebody has its page; before, it is not."""
    await make.waiting(store, make.article())
    end = make.NOON + make.PATIENCE
    assert await make.leased_pages(store, now=end - INSTANT, late=True) == []
    assert await store.due_work(end) == {DueWork.PAGES, DueWork.LATE_PAGES}
    (page,) = await make.leased_pages(store, now=end, late=True)
    assert not page.decided
    assert await store.due_work(end) == frozenset()
    assert await make.leased_pages(store, "second", end, late=True) == []


async def test_a_host_gives_one_page_at_a_time(store, make):
    """Of several due pages of a host the longest due is given, none while one is leased, and others do not wait."""
    await make.waiting(store, *(elsewhere(make, name, "a") for name in ("a3", "a1", "a2")), elsewhere(make, "b"))
    assert ids(await make.leased_pages(store, limit=2)) == ["a1", "b"]
    assert await make.leased_pages(store, "second") == []
    assert await store.due_work(make.NOON) == frozenset()
    await store.commit_read(make.read(make.article("a1")))
    assert ids(await make.leased_pages(store, "second")) == ["a2"]


async def test_late_articles_wait_for_no_host(store, make):
    """What is late is decided without its page: many of one host at a time, up to the limit, longest late first."""
    articles = [elsewhere(make, name, "a") for name in "abc"]
    await make.waiting(store, *articles)
    await make.leased_pages(store, limit=1)
    end = make.NOON + make.PATIENCE
    assert ids(await make.leased_pages(store, "second", end, late=True, limit=1)) == ["b"]
    assert ids(await make.leased_pages(store, "second", end, late=True)) == ["c"]


async def test_owners_that_claim_together_never_share_a_page_or_a_host(database_url, make):
    """Of many claims at the same moment, from several connections, each host gives one page to exactly one."""
    stores = [await open_store(database_url) for _ in range(3)]
    articles = [elsewhere(make, f"{host}{number}", host) for host in "abcdef" for number in "123"]
    await make.waiting(stores[0], *articles)
    claims = [make.leased_pages(store, f"owner {turn}", limit=2) for turn in range(4) for store in stores]
    taken = ids(page for leased in await asyncio.gather(*claims) for page in leased)
    for store in stores:
        await store.aclose()
    assert sorted(taken) == [f"{host}1" for host in "abcdef"]


async def test_leases_of_pages_come_back(store, make):
    """A page that is given back can be had at once: one owner's, or everybody's."""
    await make.waiting(store, make.article())
    for owner, given_back in (("first", "first"), ("second", None), ("third", "nobody")):
        assert len(await make.leased_pages(store, owner)) == 1
        await store.release_leases(given_back)
    assert await make.leased_pages(store, "fourth") == []


async def test_pages_of_a_feed_that_is_removed_wait_for_it(store, make):
    """Nobody reads, or decides upon, what belongs to a feed that is not configured; it is due when that comes back."""
    await make.waiting(store, make.article())
    end = make.NOON + make.PATIENCE
    await store.apply_configuration([], ["desk"], make.NOON)
    assert await store.due_work(end) == frozenset()
    assert await make.leased_pages(store, now=end) == []
    assert await make.leased_pages(store, now=end, late=True) == []
    await store.apply_configuration([make.feed()], ["desk"], make.NOON)
    assert len(await make.leased_pages(store, now=end)) == 1


# ---------------------------------------------------------------------------------------------------------------
# What comes of a look


def page_of(article, version):
    """Build the version of an article that its page gives."""
    return edited(article, f"The whole text of the page, version {version}.", version)


async def test_a_page_is_the_next_version_and_decides_once(store, make):
    """A page that was read is stored as the next version with its decisions; nothing is due for it any more."""
    article = make.article()
    await make.waiting(store, article)
    await make.leased_pages(store)
    found = page_of(article, 2)
    record = make.read(
        article,
        outcome=PageOutcome.READ,
        detail=None,
        found=found,
        decisions=make.decisions(found.article, 2),
    )
    assert await store.commit_read(record) is Commit.DONE
    assert await store.stored_articles([article.id]) == {article.id: found.article}
    assert await store.due_work(make.NOON + HOUR) == {DueWork.FEEDS}
    assert await store.due_channels(make.NOON) == ["desk"]
    assert await store.commit_read(record) is Commit.LEASE_LOST
    assert (await store.totals()).matches == {"rung": 1, "matches": 1}


async def test_a_page_does_not_change_what_the_feed_says(store, make):
    """An article is known by what its feed says of it, whatever its page says, until the feed says another thing."""
    article = make.article()
    await make.waiting(store, article)
    await make.leased_pages(store)
    await store.commit_read(make.read(article, outcome=PageOutcome.READ, found=page_of(article, 2)))
    (known,) = await store.known_entries(article.feed, [article])
    assert (known.version, known.content_hash) == (2, article.content_hash)
    page = page_of(article, 2).article
    strange = replace(page, entry_id="other", canonical_url=None)
    assert await store.known_entries(article.feed, [strange]) == ()
    change = edited(article, "The bridge is closed.", 3)
    await polled(store, make, HOUR, change)
    (known,) = await store.known_entries(article.feed, [article])
    assert (known.version, known.content_hash) == (3, change.article.content_hash)


async def test_what_decides_without_a_page_leaves_the_article_as_it_is(store, make):
    """Where the page brings nothing, the decision is stored for the version that there is."""
    article = make.article()
    await make.waiting(store, article)
    await make.leased_pages(store)
    assert await store.commit_read(make.read(article, decisions=make.decisions(article))) is Commit.DONE
    assert await store.stored_articles([article.id]) == {article.id: article}
    assert len(await store.alert_reports(None, None)) == 1
    late = make.NOON + HOUR
    assert await make.leased_pages(store, now=late) == await make.leased_pages(store, now=late, late=True) == []


async def test_a_page_that_is_tried_again_decides_nothing_the_second_time(store, make):
    """A page that was late is due again at its time, for an article that is decided; the version then is compared."""
    article = make.article()
    await make.waiting(store, article)
    await make.leased_pages(store)
    later = make.NOON + HOUR
    missed = make.read(article, outcome=PageOutcome.FAILED, due=later, at=make.NOON + SECOND)
    assert await store.commit_read(missed) is Commit.DONE
    assert await make.leased_pages(store, now=later - INSTANT) == []
    assert await make.leased_pages(store, now=later, late=True) == []
    (page,) = await make.leased_pages(store, now=later)
    assert (page.decided, page.attempts, page.polled) == (True, 1, make.NOON)
    read = make.read(article, at=later, outcome=PageOutcome.READ, found=page_of(article, 2), decides=False)
    assert await store.commit_read(read) is Commit.DONE
    assert await make.leased_pages(store, now=later + HOUR) == []


async def test_a_look_that_decides_nothing_yet_leaves_the_article_waiting(store, make):
    """An article that no decision was stored for is late when its time is over."""
    article = make.article()
    await make.waiting(store, article)
    await make.leased_pages(store)
    missed = make.read(article, outcome=PageOutcome.FAILED, due=make.NOON + HOUR, decides=False)
    assert await store.commit_read(missed) is Commit.DONE
    assert ids(await make.leased_pages(store, now=make.NOON + make.PATIENCE, late=True)) == ["bridge-1"]


async def test_a_page_without_its_lease_is_not_stored(store, make):
    """Who does not hold a page stores nothing of it, whether another has it, nobody has it, or there is none."""
    article = make.article()
    await make.waiting(store, article)
    record = make.read(article, found=page_of(article, 2), decisions=make.decisions(article))
    assert await store.commit_read(record) is Commit.LEASE_LOST
    await make.leased_pages(store, "second")
    assert await store.commit_read(record) is Commit.LEASE_LOST
    assert await store.commit_read(make.read(make.article("unknown"))) is Commit.LEASE_LOST
    assert await store.stored_articles([article.id]) == {article.id: article}
    assert await store.alert_reports(None, None) == []
    assert await store.commit_read(replace(record, owner="second")) is Commit.DONE


@pytest.mark.parametrize("clash", ["version", "alert"])
async def test_a_clash_leaves_the_lease(store, make, clash):
    """A version or an alert that is there already is a conflict: nothing is stored, and the page is ours to decide."""
    article = make.article()
    await make.waiting(store, article)
    rung = make.ringing(make.article("bridge-2"))
    await polled(store, make, SECOND, *rung.entries, decisions=rung.decisions)
    await make.leased_pages(store)
    found = page_of(article, 1 if clash == "version" else 2)
    decisions = make.decisions(found.article, 2)
    if clash == "alert":
        decisions = replace(decisions, alerts=(replace(decisions.alerts[0], id=rung.decisions.alerts[0].id),))
    before = await store.totals()
    record = make.read(article, found=found, decisions=decisions)
    assert await store.commit_read(record) is Commit.CONFLICT
    assert await store.totals() == before
    assert await store.stored_articles([article.id]) == {article.id: article}
    again = replace(record, found=page_of(article, 2), decisions=make.decisions(article, 2))
    assert await store.commit_read(again) is Commit.DONE


async def test_pages_that_are_decided_together_ring_once(database_url, make):
    """Of two pages that ring the same alert at the same moment, one is done and one is a conflict."""
    stores = [await open_store(database_url) for _ in range(2)]
    articles = [elsewhere(make, name) for name in "ab"]
    await make.waiting(stores[0], *articles)
    await make.leased_pages(stores[0])
    alert = make.decisions(articles[0]).alerts[0].id
    records = []
    for article in articles:
        decisions = make.decisions(article)
        decisions = replace(decisions, alerts=(replace(decisions.alerts[0], id=alert),), matches=(), dispatches=())
        records.append(make.read(article, decisions=replace(decisions, messages=())))
    ends = await asyncio.gather(*(store.commit_read(record) for store, record in zip(stores, records, strict=True)))
    assert sorted(ends) == [Commit.CONFLICT, Commit.DONE]
    for store in stores:
        await store.aclose()


async def test_a_busy_site_is_left_alone_as_its_page_asked(store, make):
    """A page whose host asks for patience keeps the host's other pages and feeds waiting."""
    articles = [elsewhere(make, name, "a") for name in "ab"]
    await make.waiting(store, *articles)
    await store.apply_configuration([make.feed(), make.feed("a", "https://a.example/rss")], ["desk"], make.NOON)
    await make.leased_pages(store)
    until = make.NOON + HOUR
    await store.commit_read(make.read(articles[0], busy=("a.example", until)))
    assert await make.leased_pages(store, now=until - INSTANT) == []
    assert [due.name for due in await make.leased(store, now=until - INSTANT)] == ["Harbour Gazette"]
    assert ids(await make.leased_pages(store, now=until)) == ["b"]
    assert [due.name for due in await make.leased(store, now=until)] == ["a"]


# ---------------------------------------------------------------------------------------------------------------
# Articles that change while they wait


async def test_an_article_that_changes_while_it_waits_waits_no_longer(store, make):
    """A further version keeps the deadline of the first, and what was decided upon before is what it was."""
    article = make.article()
    await make.waiting(store, article)
    for version in (2, 3):
        after = version * SECOND
        change = edited(article, f"edit {version}", version)
        page = make.page(
            change.article,
            version=version,
            url=f"https://gazette.example/{version}",
            due=make.NOON + after,
            decide_by=make.NOON + after + make.PATIENCE,
            polled=make.NOON + after,
        )
        await polled(store, make, after, change, pages=(page,))
    (page,) = await make.leased_pages(store, now=make.NOON + make.PATIENCE, late=True)
    assert (page.article, page.version, page.before) == (change.article, 3, None)
    assert (page.decide_by, page.url) == (make.NOON + make.PATIENCE, "https://gazette.example/3")
    assert (page.polled, page.decided) == (make.NOON, False)  # waiting makes nothing older


async def test_a_further_version_takes_its_page_from_who_reads_it(store, make):
    """Who reads the page for a version that is not the newest any more decides nothing."""
    article = make.article()
    await make.waiting(store, article)
    await make.leased_pages(store)
    change = edited(article, "edit", 2)
    await polled(store, make, SECOND, change, pages=(make.page(change.article, version=2),))
    assert await store.commit_read(make.read(article)) is Commit.LEASE_LOST
    assert len(await make.leased_pages(store, "second")) == 1


async def test_an_article_that_a_poll_decided_upon_waits_no_more(store, make):
    """A further version that is decided without a page ends the wait of the first; the page decides nothing then."""
    article = make.article()
    await make.waiting(store, article)
    await make.leased_pages(store)
    change = edited(article, "edit", 2)
    await polled(store, make, SECOND, change, decisions=make.decisions(change.article, 2))
    assert await store.commit_read(make.read(article)) is Commit.LEASE_LOST
    assert await make.leased_pages(store, now=make.NOON + HOUR, late=True) == []
    (page,) = await make.leased_pages(store, now=make.NOON + HOUR)
    assert (page.article, page.decided, page.version) == (change.article, True, 2)


async def test_an_article_is_compared_with_the_version_decided_upon_last(store, make):
    """An edited article that waits for its page comes with what was decided last: the page, or what the feed gave."""
    article = make.article()
    await make.waiting(store, article)
    await make.leased_pages(store)
    read = page_of(article, 2)
    await store.commit_read(make.read(article, outcome=PageOutcome.READ, found=read))
    changes = [edited(article, text, version) for version, text in ((3, "one"), (4, "two"))]
    for change in changes:
        after = change.version * HOUR
        page = make.page(
            change.article, version=change.version, due=make.NOON + after, decide_by=make.NOON + after + make.PATIENCE
        )
        await polled(store, make, after, change, pages=(page,))
    (page,) = await make.leased_pages(store, now=make.NOON + 9 * HOUR)
    assert (page.article, page.before, page.version) == (changes[-1].article, read.article, 4)
    assert page.first_seen == make.NOON
    await store.commit_read(make.read(article, decides=True))
    change = edited(article, "three", 5)
    due = make.NOON + 10 * HOUR
    await polled(store, make, 9 * HOUR, change, pages=(make.page(change.article, version=5, due=due),))
    (page,) = await make.leased_pages(store, now=due)
    assert (page.article, page.before) == (change.article, changes[-1].article)


async def test_an_article_that_was_decided_has_its_page_read_later(store, make):
    """A page that nobody waits for is due at its time, and never late."""
    article = make.article()
    await make.waiting(store, article)
    await make.leased_pages(store)
    await store.commit_read(make.read(article))
    change, later = edited(article, "edit", 2), make.NOON + HOUR
    page = make.page(change.article, version=2, due=later, decide_by=None)
    await polled(store, make, SECOND, change, pages=(page,), decisions=make.decisions(change.article, 2))
    assert await make.leased_pages(store, now=later - INSTANT) == []
    assert await make.leased_pages(store, now=later, late=True) == []
    (page,) = await make.leased_pages(store, now=later)
    assert (page.article, page.decided, page.version) == (change.article, True, 2)


async def test_another_version_is_a_page_to_be_tried_anew(store, make):
    """The tries for one version do not count for the next."""
    article = make.article()
    await make.waiting(store, article)
    await make.leased_pages(store)
    await store.commit_read(make.read(article))
    change = edited(article, "edit", 2)
    await polled(store, make, HOUR, change, pages=(make.page(change.article, version=2),))
    (page,) = await make.leased_pages(store)
    assert page.attempts == 0


async def test_standings_say_how_far_pages_are(store, make):
    """A page stands at its time, or at its last try, and says whether its article waits; others are left out."""
    waiting, tried, other = (elsewhere(make, name) for name in ("a", "b", "c"))
    await make.waiting(store, waiting, tried)
    await polled(store, make, SECOND, New(article=other))
    await make.leased_pages(store)
    await store.commit_read(make.read(tried, at=make.NOON + SECOND))
    assert await store.page_standings([waiting.id, tried.id, other.id, "unknown"]) == {
        waiting.id: PageStanding(at=make.NOON, waiting=True),
        tried.id: PageStanding(at=make.NOON + SECOND, waiting=False),
    }


async def test_standings_are_looked_up_by_the_thousand(store, make):
    """More articles than a statement takes values are looked up whole."""
    article = make.article()
    await make.waiting(store, article)
    many = [f"Harbour Gazette/bridge-{number}" for number in range(5000)]
    assert list(await store.page_standings(many)) == [article.id]


async def test_a_poll_that_is_not_stored_has_no_pages_read(store, make):
    """Pages are stored with their poll or not at all."""
    article = await make.rung(store)
    at = make.NOON + HOUR
    await make.leased(store, now=at)
    again = replace(make.ringing(article), at=at, pages=(make.page(article),))
    assert await store.commit_poll(again) is Commit.CONFLICT
    assert await store.page_standings([article.id]) == {}


async def test_pages_are_kept_in_rows(database_url, make):
    """Pages, who has them and who waits for them are what they were when the store is opened again."""
    articles = [elsewhere(make, name) for name in "abc"]
    async with await open_store(database_url) as store:
        await make.waiting(store, *articles)
        leased = await make.leased_pages(store, limit=2)
        missed = make.read(articles[0], due=make.NOON + HOUR, busy=("b.example", make.NOON + 9 * HOUR))
        assert await store.commit_read(missed) is Commit.DONE
    async with await open_store(database_url) as store:
        assert ids(await make.leased_pages(store, "second")) == ["c"]
        assert await store.commit_read(make.read(articles[1], owner="second")) is Commit.LEASE_LOST
        again = await make.leased_pages(store, "second", make.NOON + HOUR)
        assert [(page.article, page.attempts, page.decided) for page in again] == [
            (articles[2], 0, False),
            (articles[0], 1, True),
        ]
        (late,) = await make.leased_pages(store, "first", make.NOON + HOUR, late=True)
        assert late == leased[1]


# ---------------------------------------------------------------------------------------------------------------
# What the last reading saw


async def read(store, make, after, *entries):
    await polled(store, make, after, *entries)
    return await store.entry_digests("Harbour Gazette")


async def test_digests_are_those_of_the_last_reading(store, make):
    """Given are the digests of what the last poll with entries saw, each with its entry and the article's date."""
    first, second = (make.article(name, digest=f"digest of {name}") for name in "ab")
    await store.apply_configuration([make.feed(), make.feed("Ostwick Herald")], [], make.NOON)
    assert await store.entry_digests("Harbour Gazette") == {}
    both = await read(store, make, SECOND, New(article=first), New(article=second))
    seen = {
        article.digest: Seen(
            entry_id=article.entry_id,
            canonical_url=article.canonical_url,
            article_id=article.id,
            digest=article.digest,
            published=article.published,
        )
        for article in (first, second)
    }
    assert both == seen
    assert await read(store, make, HOUR, seen["digest of b"]) == {"digest of b": seen["digest of b"]}
    assert await read(store, make, 2 * HOUR) == {"digest of b": seen["digest of b"]}, "a poll without entries"
    assert await store.entry_digests("Ostwick Herald") == {}


async def test_a_digest_is_the_one_seen_last(store, make):
    """The digest of an entry is that of its last reading: another, or none, in place of the one before."""
    article = make.article(digest="one")
    await store.apply_configuration([make.feed()], [], make.NOON)
    await read(store, make, SECOND, New(article=article))
    change = edited(replace(article, digest="two", published=make.NOON), "edit", 2)
    (known,) = (await read(store, make, HOUR, change)).values()
    assert (known.digest, known.published) == ("two", make.NOON)
    assert await read(store, make, 2 * HOUR, replace(known, digest=None)) == {}


async def test_digests_go_by_the_newest_date(store, make):
    """What is known of an entry has the date that its newest version has, its page's too, and may have none."""
    article = make.article(digest="one", published=None)
    await make.waiting(store, article)
    assert (await store.entry_digests(article.feed))["one"].published is None
    await make.leased_pages(store)
    found = page_of(article, 2)
    found = replace(found, article=replace(found.article, published=make.NOON - HOUR))
    await store.commit_read(make.read(article, found=found))
    assert (await store.entry_digests(article.feed))["one"].published == make.NOON - HOUR


# ---------------------------------------------------------------------------------------------------------------
# Documents that an index lists


async def test_parts_are_replaced_kept_or_forgotten(store, make):
    """A poll that names parts replaces those of the one before, in their order; one that names none leaves them."""
    await store.apply_configuration([make.feed()], [], make.NOON)
    given = []
    for minute, named in enumerate([make.parts("ab"), None, make.parts("cba"), (), None]):
        await polled(store, make, minute * HOUR, parts=named)
        await store.wake_feed("Harbour Gazette", make.NOON)
        (due,) = await make.leased(store)
        given.append(due.parts)
        await store.release_leases(None)
    assert given == [make.parts("ab"), make.parts("ab"), make.parts("cba"), (), ()]


async def test_parts_are_forgotten_with_their_location(store, make):
    """The documents of the old location's index are not those of the new one."""
    await store.apply_configuration([make.feed()], [], make.NOON)
    await polled(store, make, SECOND, parts=make.parts("ab"))
    await store.apply_configuration([make.feed(location="https://gazette.example/atom")], [], make.NOON)
    (due,) = await make.leased(store)
    assert due.parts == ()


async def test_twins_have_parts_of_their_own(store, make):
    """Each feed is given its own parts, of twins too."""
    feeds = [make.feed(name, "https://gazette.example/sitemap") for name in "ab"]
    await store.apply_configuration(feeds, [], make.NOON)
    await make.leased(store)
    for name in "ab":
        await store.commit_poll(make.poll(feed=name, next_poll=make.NOON, parts=make.parts(name)))
    (due,) = await make.leased(store)
    assert (due.parts, due.twins[0].parts) == (make.parts("a"), make.parts("b"))


async def test_nothing_is_counted_twice_by_pages(store, make):
    """Reading a page counts no entry: the sums of polls stay what they are."""
    article = make.article()
    await make.waiting(store, article)
    before = (await store.totals()).entries
    await make.leased_pages(store)
    await store.commit_read(make.read(article, found=page_of(article, 2)))
    assert (await store.totals()) == Totals(
        entries=before, matches={"matches": 0}, dispatches={"dispatches": 0}, deliveries={"deliveries": 0}
    )
