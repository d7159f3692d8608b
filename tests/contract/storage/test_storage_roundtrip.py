"""For all values: what is stored is read back equal."""

from dataclasses import replace
from datetime import UTC, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.model import (
    Article,
    Commit,
    Courtesy,
    FeedMemory,
    FeedPart,
    FeedState,
    Move,
    Span,
    TextKind,
    Validators,
)
from tocsin.storage.store import open_store

text = st.text(st.characters(blacklist_characters="\x00", blacklist_categories=["Cs"]))
moments = st.datetimes(timezones=st.just(UTC))
anything = st.text() | st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False, allow_infinity=False)
json_objects = st.dictionaries(
    st.text(), st.recursive(anything, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
spans = st.builds(Span, st.integers(0, 9), st.integers(10, 10**6))


optional = st.none() | text
durations = st.timedeltas(timedelta(0), timedelta(days=10_000))
validators = st.builds(Validators, etag=optional, last_modified=optional, source=optional)
memories = st.builds(
    FeedMemory,
    validators=validators,
    validators_trusted=st.booleans(),
    fingerprint=optional,
    courtesy=st.builds(
        Courtesy,
        fresh_for=st.none() | durations,
        at_least=st.none() | durations,
        skip_hours=st.frozensets(st.integers(0, 23)),
        skip_days=st.frozensets(st.integers(0, 6)),
    ),
    not_before=st.none() | moments,
    mean_gap=st.none() | durations,
    failures=st.integers(0, 10**6),
    failing_since=st.none() | moments,
    first_success=st.none() | moments,
    last_success=st.none() | moments,
    last_new=st.none() | moments,
    last_changed=st.none() | moments,
    last_probe=st.none() | moments,
    move=st.none() | st.builds(Move, url=text.filter(bool), polls=st.integers(1, 10**6), since=moments),
)
parts = st.lists(st.builds(FeedPart, url=text, validators=validators, fingerprint=optional), max_size=4)


@st.composite
def articles(draw):
    return Article(
        id="",
        feed="",
        entry_id=draw(text),
        url=draw(st.none() | text),
        canonical_url=draw(st.none() | text),
        title=draw(text),
        text=draw(text),
        text_kind=draw(st.sampled_from(TextKind)),
        language=draw(st.none() | text),
        content_hash=draw(text),
        fetched=draw(moments),
        authors=tuple(draw(st.lists(text, max_size=3))),
        published=draw(st.none() | moments),
        updated=draw(st.none() | moments),
        summary=draw(st.none() | text),
        tags=tuple(draw(st.lists(text, max_size=3))),
        masked=tuple(draw(st.lists(spans, max_size=3))),
    )


@pytest.fixture
def names():
    """Give a name that no example before had."""
    return (f"feed {number}" for number in count())


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    article=articles(),
    data=json_objects,
    memory=memories,
    parts=parts,
    at=moments.filter(lambda at: 1 < at.year < 9999),
)
async def test_what_a_poll_stores_is_read_back(  # noqa: PLR0917 (hypothesis fills them by name)
    database_url, make, names, article, data, memory, parts, at
):
    """Every article, payload, memory, part, duration and time comes back as it went in, to the microsecond."""
    name = next(names)
    article = replace(article, feed=name, id=f"{name}/article")
    rung = make.ringing(article, channel=name)
    alert, message = rung.decisions.alerts[0], rung.decisions.messages[0]
    rung = make.deciding(rung, alerts=(replace(alert, data=data),), messages=(replace(message, payload=data),))
    async with await open_store(database_url) as store:
        await store.apply_configuration([make.feed(name)], [name], at)
        assert len(await make.leased(store, now=at)) == 1
        record = replace(rung, at=at, next_poll=at, memory=memory, parts=tuple(parts))
        assert await store.commit_poll(record) is Commit.DONE
        (due,) = await make.leased(store, now=at)
        assert (due.memory, due.parts) == (memory, tuple(parts))
        assert await store.stored_articles([article.id]) == {article.id: article}
        (known,) = await store.known_entries(name, [article])
        assert (known.entry_id, known.canonical_url) == (article.entry_id, article.canonical_url)
        (report,) = [each for each in await store.alert_reports(at, None) if each.dispatches[0].channel == name]
        assert (report.data, report.created) == (data, at)
        (delivery,) = await make.claimed(store, channel=name, now=at)
        assert delivery.payload == data
        (health,) = await store.feed_reports(at)
        assert (health.state, health.next_poll) == (FeedState.OK, at)
