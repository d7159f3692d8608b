"""Stories: which articles are one, how they are found by what they say, and how far their alerts have come.

The index is two tables: `fingerprints`, a row for each version that is compared, and `shingles`, from hashes to these
rows. Their numbers rise in the order in which transactions end, as the story step is one at a time: what a decision has
not seen has a higher number than all that it has.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, bindparam, case, delete, exists, func, select
from sqlalchemy import Row as ResultRow

from tocsin.model import (
    AlertStanding,
    Decisions,
    DispatchState,
    Fingerprint,
    HeldAlert,
    Likeness,
    Neighbours,
    Placement,
    StoryMember,
    StoryRecord,
    StorySource,
    StoryStanding,
    StoryVerdict,
)
from tocsin.model.stories import LEAST_KEYS, MOST_NEAR, MOST_OF_KEY
from tocsin.storage.columns import Hash, Moment
from tocsin.storage.entries import key_of
from tocsin.storage.failures import Outdated
from tocsin.storage.statements import Row, batches, hold_still, insert_all, insert_or
from tocsin.storage.tables import (
    alerts,
    article_versions,
    articles,
    dispatches,
    fingerprints,
    held_alerts,
    shingles,
    stories,
    story_members,
)

#: A key leads to so many rows at most: those of a few stories with all their articles in two versions.
MOST_ROWS_OF_KEY = 2000

#: How long an article can be found: longer than any window that can be configured.
KEPT = timedelta(days=8)

#: Each commit takes out so many more than it puts in, so that what is old is gone in time; and never more than that.
PRUNED, MOST_PRUNED = 10, 300


# ---------------------------------------------------------------------------------------------------------------
# Finding

_KEYS = bindparam("keys", expanding=True, type_=Hash())
_NEAR_IN_TIME = fingerprints.c.at.between(bindparam("since", type_=Moment()), bindparam("until", type_=Moment()))
_OF_OTHERS = fingerprints.c.indexed & (fingerprints.c.article_id != bindparam("own"))
_HITS = select(shingles).where(shingles.c.hash.in_(_KEYS)).cte("hits")
_HOT = (
    select(_HITS.c.hash)
    .join(fingerprints, fingerprints.c.number == _HITS.c.number)
    .group_by(_HITS.c.hash)
    .having(func.count(fingerprints.c.story_id.distinct()) > MOST_OF_KEY)
)
_SHARED = func.count().label("shared")
_BY_KEYS = (
    select(fingerprints.c.number, _SHARED)
    .join(_HITS, _HITS.c.number == fingerprints.c.number)
    .where(_HITS.c.hash.not_in(_HOT), _NEAR_IN_TIME, _OF_OTHERS)
    .group_by(fingerprints.c.number)
    .having(_SHARED >= LEAST_KEYS)
    .order_by(_SHARED.desc(), fingerprints.c.number)
    .limit(MOST_NEAR)
)
_BY_WORDING = (
    select(fingerprints.c.number)
    .where(fingerprints.c.wording == bindparam("wording"), _NEAR_IN_TIME, _OF_OTHERS)
    .order_by(fingerprints.c.number)
    .limit(MOST_NEAR)
)
_BY_URL = (
    select(fingerprints.c.number)
    .where(fingerprints.c.url_key == bindparam("url_key"), _OF_OTHERS)
    .order_by(fingerprints.c.number)
    .limit(MOST_NEAR)
)
_MEMBERS = (
    select(fingerprints, stories.c.first_seen, stories.c.follows, stories.c.thread)
    .join(stories, stories.c.id == fingerprints.c.story_id)
    .where(fingerprints.c.number.in_(bindparam("numbers", expanding=True)))
)
_HEAD = select(func.max(fingerprints.c.number))


def neighbours(connection: Connection, asked: Sequence[Likeness], window: timedelta) -> Neighbours:
    """Return what the index holds near some articles."""
    hold_still(connection)
    near = {likeness.article_id: _near(connection, likeness, window) for likeness in asked}
    own = _own(connection, [likeness.article_id for likeness in asked])
    found = {member.story.id for members in near.values() for member in members}
    found |= {story.id for story in own.values()}
    return Neighbours(
        near=near,
        own=own,
        members=_members(connection, sorted(found)),
        head=connection.scalar(_HEAD) or 0,
    )


def _near(connection: Connection, likeness: Likeness, window: timedelta) -> tuple[StoryMember, ...]:
    about = {"own": likeness.article_id, "since": likeness.at - window, "until": likeness.at + window}
    numbers: dict[int, None] = {}
    if keys := likeness.fingerprint.keys:
        numbers |= dict.fromkeys(connection.scalars(_BY_KEYS, {**about, "keys": sorted(keys)}))
    if likeness.wording:
        numbers |= dict.fromkeys(connection.scalars(_BY_WORDING, {**about, "wording": likeness.wording}))
    if likeness.canonical_url is not None:
        named = {"own": likeness.article_id, "url_key": key_of(likeness.canonical_url)}
        numbers |= dict.fromkeys(connection.scalars(_BY_URL, named))
    if not numbers:
        return ()
    rows = {row.number: row for row in connection.execute(_MEMBERS, {"numbers": list(numbers)})}
    return tuple(_member(rows[number], likeness) for number in numbers)


def _own(connection: Connection, ids: Sequence[str]) -> dict[str, StoryRecord]:
    """Return the stories that articles belong to, by the articles' ids."""
    found: dict[str, StoryRecord] = {}
    for batch in batches(ids):
        statement = (
            select(story_members.c.article_id, stories)
            .join(stories, stories.c.id == story_members.c.story_id)
            .where(story_members.c.article_id.in_(batch))
            .order_by(story_members.c.joined_at.desc())
        )
        found |= {row.article_id: story_record(row) for row in connection.execute(statement)}
    return found


def _members(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for batch in batches(ids):
        statement = (
            select(fingerprints.c.story_id, func.count(fingerprints.c.article_id.distinct()).label("members"))
            .where(fingerprints.c.story_id.in_(batch), fingerprints.c.indexed)
            .group_by(fingerprints.c.story_id)
        )
        counts |= {row.story_id: row.members for row in connection.execute(statement)}
    return counts


def story_record(row: ResultRow[Any]) -> StoryRecord:
    """Read a story from a row that has its columns."""
    return StoryRecord(id=row.id, first_seen=row.first_seen, follows=row.follows, thread=row.thread)


def _member(row: ResultRow[Any], asked: Likeness) -> StoryMember:
    """Read an article that is near another; of its URL it is only known whether that is the other's."""
    same_url = asked.canonical_url is not None and row.url_key == key_of(asked.canonical_url)
    return StoryMember(
        story=StoryRecord(id=row.story_id, first_seen=row.first_seen, follows=row.follows, thread=row.thread),
        likeness=Likeness(
            article_id=row.article_id,
            version=row.version,
            feed=row.feed,
            outlet=row.outlet,
            at=row.at,
            canonical_url=asked.canonical_url if same_url else None,
            wording=row.wording or "",
            fingerprint=_fingerprint(row),
        ),
    )


def _marks(text: Fingerprint) -> bytes:
    """Return a bit for each hash of a sketch, in rising order: whether it is one of the lead's."""
    bits = sum(1 << place for place, value in enumerate(sorted(text.sketch)) if value in text.lead)
    return bits.to_bytes((len(text.sketch) + 7) // 8, "little")


def _marked(row: ResultRow[Any]) -> set[int]:
    """Return the hashes of a sketch that are marked as the lead's."""
    bits = int.from_bytes(row.lead_marks, "little")
    return {value for place, value in enumerate(sorted(row.sketch)) if bits >> place & 1}


def _fingerprint(row: ResultRow[Any]) -> Fingerprint:
    return Fingerprint(
        words=row.words,
        size=row.size,
        bound=row.bound,
        sketch=row.sketch,
        lead=row.lead_rest | _marked(row),
        numbers=row.numbers,
        names=row.names,
        collection=row.collection,
    )


# ---------------------------------------------------------------------------------------------------------------
# Placing


def place(connection: Connection, decided: Decisions, at: datetime) -> None:
    """Store which stories articles belong to, and have them found.

    Raises:
        Outdated: the index has newer rows that would change the decision.
    """
    if not decided.placements:
        return
    _refuse_if_outdated(connection, decided)
    placed = decided.placements
    insert_all(connection, stories, [_story_row(item) for item in placed if item.verdict is StoryVerdict.NEW])
    joined = [_member_row(item, at) for item in placed if item.verdict is not StoryVerdict.UPDATE]
    insert_all(connection, story_members, joined)
    _add_fingerprints(connection, placed, at)
    _prune(connection, at - KEPT, min(len(placed) + PRUNED, MOST_PRUNED))


def _refuse_if_outdated(connection: Connection, decided: Decisions) -> None:
    """Raise where a newer row shares something with what is placed."""
    if (connection.scalar(_HEAD) or 0) <= decided.head:
        return
    placed = [item for item in decided.placements if item.verdict is not StoryVerdict.UPDATE]
    keys = {key for item in placed for key in item.likeness.fingerprint.keys}
    since = shingles.c.number > decided.head
    shared = any(
        connection.scalar(select(exists().where(shingles.c.hash.in_(batch), since))) for batch in batches(sorted(keys))
    )
    newer = fingerprints.c.number > decided.head
    if shared or any(connection.scalar(select(exists().where(akin, newer))) for akin in _akin(decided)):
        raise Outdated("articles came into the index that may be the same story")


def _akin(decided: Decisions) -> Iterator[ColumnElement[bool]]:
    """Yield what holds for rows that have a story, a URL or a wording of what is placed."""
    found = [item.likeness for item in decided.placements]
    for column, values in (
        (fingerprints.c.story_id, {item.story.id for item in decided.placements}),
        (fingerprints.c.url_key, {key_of(item.canonical_url) for item in found if item.canonical_url is not None}),
        (fingerprints.c.wording, {item.wording for item in found if item.wording}),
    ):
        yield from (column.in_(batch) for batch in batches(sorted(values)))


_OF_ARTICLES = (
    select(fingerprints)
    .where(fingerprints.c.article_id.in_(bindparam("articles", expanding=True)))
    .order_by(fingerprints.c.number)
)
_CROWDED = (
    select(shingles.c.hash, func.count().label("rows"))
    .where(shingles.c.hash.in_(_KEYS))
    .group_by(shingles.c.hash)
    .having(func.count() > bindparam("most", type_=Integer()))
)


def _add_fingerprints(connection: Connection, placed: Sequence[Placement], at: datetime) -> None:
    """Add versions to the index; of an article the first one and the newest stay in it."""
    forget(connection, _replaced(connection, [item.likeness.article_id for item in placed]))
    added = insert_or(connection, fingerprints).on_conflict_do_nothing()
    returned = added.returning(fingerprints.c.article_id, fingerprints.c.number)
    rows = connection.execute(returned, [_fingerprint_row(item, at) for item in placed])
    numbers = {row.article_id: row.number for row in rows}
    found_by = {
        numbers[item.likeness.article_id]: sorted(item.likeness.fingerprint.keys)
        for item in placed
        if item.indexed and item.likeness.article_id in numbers
    }
    crowd: defaultdict[int, int] = defaultdict(int)
    for batch in batches(sorted(set().union(*found_by.values()))):
        found = connection.execute(_CROWDED, {"keys": batch, "most": MOST_ROWS_OF_KEY - len(placed)})
        crowd |= {row.hash: row.rows for row in found}
    leads = []
    for number, keys in found_by.items():
        for key in keys:
            crowd[key] += 1
            if crowd[key] <= MOST_ROWS_OF_KEY + 1:
                leads.append({"hash": key, "number": number})
    insert_all(connection, shingles, leads)


def _replaced(connection: Connection, ids: Sequence[str]) -> Iterator[ResultRow[Any]]:
    """Yield the versions of articles that are neither the first nor to be the newest."""
    for batch in batches(ids):
        seen: set[str] = set()
        for row in connection.execute(_OF_ARTICLES, {"articles": batch}).all():
            if row.article_id in seen:
                yield row
            seen.add(row.article_id)


def _prune(connection: Connection, before: datetime, most: int) -> None:
    """Take out what came into the index before a time, the oldest first, so many at most."""
    old = select(fingerprints).where(fingerprints.c.indexed_at < before).order_by(fingerprints.c.indexed_at)
    forget(connection, connection.execute(old.limit(most)).all())


def forget(connection: Connection, rows: Iterable[ResultRow[Any]]) -> None:
    """Take out fingerprints, and what leads to them."""
    for row in rows:
        found_by = shingles.c.hash.in_(_fingerprint(row).keys) & (shingles.c.number == row.number)
        connection.execute(delete(shingles).where(found_by))
        connection.execute(delete(fingerprints).where(fingerprints.c.number == row.number))


def _story_row(placement: Placement) -> Row:
    story = placement.story
    return {"id": story.id, "first_seen": story.first_seen, "follows": story.follows, "thread": story.thread}


def _member_row(placement: Placement, at: datetime) -> Row:
    return {
        "story_id": placement.story.id,
        "article_id": placement.likeness.article_id,
        "joined_at": at,
        "outlet": placement.likeness.outlet,
        "verdict": placement.verdict,
        "of_article": placement.of,
        "score": placement.score,
        "why": placement.why,
    }


def _fingerprint_row(placement: Placement, at: datetime) -> Row:
    likeness, text = placement.likeness, placement.likeness.fingerprint
    return {
        "article_id": likeness.article_id,
        "version": likeness.version,
        "story_id": placement.story.id,
        "feed": likeness.feed,
        "outlet": likeness.outlet,
        "at": likeness.at,
        "url_key": None if likeness.canonical_url is None else key_of(likeness.canonical_url),
        "wording": likeness.wording or None,
        "words": text.words,
        "size": text.size,
        "bound": text.bound,
        "sketch": text.sketch,
        "lead_marks": _marks(text),
        "lead_rest": text.lead - text.sketch,
        "numbers": text.numbers,
        "names": text.names,
        "collection": text.collection,
        "indexed": placement.indexed,
        "indexed_at": at,
    }


# ---------------------------------------------------------------------------------------------------------------
# How stories stand


def standings(connection: Connection, ids: Sequence[str]) -> Mapping[str, StoryStanding]:
    """Return how stories stand; unknown ids are left out."""
    found: dict[str, StoryStanding] = {}
    for batch in batches(list(dict.fromkeys(ids))):
        known = connection.scalars(select(stories.c.id).where(stories.c.id.in_(batch))).all()
        of, rung, waiting = sources(connection, known), _alerts(connection, known), held(connection, known)
        found |= {
            story: StoryStanding(
                sources=tuple(of.get(story, ())), alerts=tuple(rung.get(story, ())), held=tuple(waiting.get(story, ()))
            )
            for story in known
        }
    return found


def sources(connection: Connection, ids: Sequence[str]) -> Mapping[str, Sequence[StorySource]]:
    """Return the articles of stories in the order in which they joined, as their newest versions say.

    Of those that joined in one poll the one that opened the story is first, then the earlier.
    """
    opener = case((story_members.c.verdict == StoryVerdict.NEW, 0), else_=1)
    published = func.coalesce(article_versions.c.published, article_versions.c.fetched_at)
    newest = (article_versions.c.article_id == articles.c.id) & (article_versions.c.version == articles.c.version)
    statement = (
        select(story_members, articles.c.feed, article_versions.c.url, article_versions.c.title)
        .add_columns(article_versions.c.published)
        .join(articles, articles.c.id == story_members.c.article_id)
        .join(article_versions, newest)
        .where(story_members.c.story_id.in_(ids))
        .order_by(story_members.c.joined_at, opener, published, story_members.c.article_id)
    )
    found: defaultdict[str, list[StorySource]] = defaultdict(list)
    for row in connection.execute(statement):
        found[row.story_id].append(source(row))
    return found


def source(row: ResultRow[Any]) -> StorySource:
    """Read an article of a story, from a row that has the columns of both."""
    return StorySource(
        article_id=row.article_id,
        outlet=row.outlet or row.feed,  # older rows do not say it
        feed=row.feed,
        url=row.url,
        title=row.title,
        published=row.published,
        seen=row.joined_at,
    )


def _alerts(connection: Connection, ids: Sequence[str]) -> Mapping[str, Sequence[AlertStanding]]:
    of_stories = alerts.c.story_id.in_(ids)
    ways: defaultdict[str, list[str]] = defaultdict(list)
    told = dispatches.c.batch_id.is_(None) & dispatches.c.state.in_(
        (DispatchState.SENT, DispatchState.WAITING, DispatchState.DEAD)
    )
    sent = select(dispatches.c.alert_id, dispatches.c.channel).join(alerts, alerts.c.id == dispatches.c.alert_id)
    for alert, channel in connection.execute(sent.where(of_stories, told).order_by(dispatches.c.channel)):
        ways[alert].append(channel)
    found: defaultdict[str, list[AlertStanding]] = defaultdict(list)
    for row in connection.execute(select(alerts).where(of_stories).order_by(alerts.c.created_at, alerts.c.id)):
        standing = AlertStanding(
            id=row.id,
            rule_name=row.rule_name,
            article_id=row.article_id,
            version=row.version,
            updates=row.updates,
            data=row.data,
            channels=tuple(ways[row.id]),
        )
        found[row.story_id].append(standing)
    return found


def held(connection: Connection, ids: Sequence[str]) -> Mapping[str, Sequence[HeldAlert]]:
    """Return the alerts of stories that wait for more outlets, longest first."""
    found: defaultdict[str, list[HeldAlert]] = defaultdict(list)
    statement = select(held_alerts).where(held_alerts.c.story_id.in_(ids))
    for row in connection.execute(statement.order_by(held_alerts.c.created_at, held_alerts.c.id)):
        found[row.story_id].append(held_alert(row))
    return found


def held_alert(row: ResultRow[Any]) -> HeldAlert:
    """Read an alert that waits."""
    return HeldAlert(
        id=row.id,
        rule_name=row.rule_name,
        rule_key=row.rule_key,
        story_id=row.story_id,
        article_id=row.article_id,
        version=row.version,
        data=row.data,
        until=row.until,
    )
