"""What the service says of itself and of its feeds: the payload for programs, and the notice for people.

A condition that this version does not know (a newer one may have left it in the rows) is still told, by its own words.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from tocsin.alerts.envelope import SCHEMA_VERSION, local_time, timestamp
from tocsin.model import (
    ChannelStanding,
    Excerpt,
    FeedState,
    JsonObject,
    MessageKind,
    Notice,
    OpenCondition,
    Severity,
)
from tocsin.text.clean import clean_line
from tocsin.text.phrases import in_words

#: Under which name such messages come; where an alert has its rule.
TITLE, CHANNELS_TITLE = "Feed health", "Channel health"

LONGEST_HEADLINE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How a condition is told. `{feed}`, `{channel}`, `{detail}`, `{since}`, `{lasted}` are put into the headlines."""

    began: str
    ended: str
    advice: str
    severity: Severity = Severity.NORMAL


_READ_AGAIN = "{feed} is read again, after {lasted}"

WORDINGS: Mapping[str, Wording] = {
    FeedState.FAILING: Wording(
        began="{feed} cannot be read: {detail}, since {since}",
        ended=_READ_AGAIN,
        advice="It is asked again by itself, ever less often, at least once a day. See whether its address changed.",
        severity=Severity.HIGH,
    ),
    FeedState.NOT_A_FEED: Wording(
        began="{feed} gives something that is no feed: {detail}, since {since}",
        ended=_READ_AGAIN,
        advice="Open its address in a browser; “tocsin feeds add URL” finds the feeds of a site.",
        severity=Severity.HIGH,
    ),
    FeedState.LOST: Wording(
        began="{feed} has given {detail}",
        ended=_READ_AGAIN,
        advice="Give it its new address in the configuration, or take it out.",
        severity=Severity.HIGH,
    ),
    FeedState.GONE: Wording(
        began="{feed} is gone: {detail}",
        ended="{feed} is not gone after all",
        advice="Take it out of the configuration, or have it asked once more with “tocsin feeds retry NAME”.",
        severity=Severity.HIGH,
    ),
    FeedState.STUCK: Wording(
        began="{feed} hid what was new: {detail}",
        ended="{feed} is asked as usual again",
        advice="Nothing: all of it is asked for from now on, once an hour at most.",
    ),
    FeedState.SILENT: Wording(
        began="{feed} has had {detail}",
        ended="{feed} has something new again",
        advice="See on its site whether something new is there; the feed may have moved.",
    ),
    FeedState.GAP: Wording(
        began="{feed} may have lost entries: {detail}",
        ended="{feed}: no entries are missing between polls any more",
        advice="Poll it more often (“every”) if this comes again.",
    ),
    FeedState.ALL_IDS_CHANGED: Wording(
        began="{feed} gave all its entries new ids: {detail}",
        ended="{feed} keeps the ids of its entries again",
        advice="Nothing: what is known by its link, or by title and text, does not ring again.",
        severity=Severity.INFO,
    ),
    FeedState.ALL_URLS_CHANGED: Wording(
        began="{feed} gave all its entries new addresses: {detail}",
        ended="{feed} keeps the addresses of its entries again",
        advice="Nothing: what is known by its id, or by title and text, does not ring again.",
        severity=Severity.INFO,
    ),
    FeedState.IDS_REPEATED: Wording(
        began="{feed} gives one id to several entries: {detail}",
        ended="{feed} has an id for each entry again",
        advice="Nothing: such entries are told apart by title and text. Its publisher may want to know.",
        severity=Severity.INFO,
    ),
    FeedState.CLOCK_ODD: Wording(
        began="{feed} has an odd clock: {detail}",
        ended="{feed} has the right time again",
        advice="Nothing: dates that lie ahead are not believed. Its publisher may want to know.",
        severity=Severity.INFO,
    ),
    FeedState.MOVED: Wording(
        began="{feed} {detail}",
        ended="{feed} is at its own address again",
        advice="It is read from there. Put the new address into the configuration.",
        severity=Severity.INFO,
    ),
    FeedState.NETWORK_DOWN: Wording(
        began="No feed can be reached: {detail}",
        ended="Feeds can be reached again, after {lasted}",
        advice="See to the network of the machine that Tocsin runs on, and to its name server.",
        severity=Severity.CRITICAL,
    ),
}

CHANNEL_FAILING, CHANNEL_GAVE_UP = "channel-failing", "channel-gave-up"

CHANNEL_WORDINGS: Mapping[str, Wording] = {
    CHANNEL_FAILING: Wording(
        began="{channel} takes no messages: {detail}, since {since}",
        ended="{channel} takes messages again, after {lasted}",
        advice="What is for it waits, and is sent when it works again. See “tocsin deliveries”.",
        severity=Severity.HIGH,
    ),
    CHANNEL_GAVE_UP: Wording(
        began="A message to {channel} was given up: {detail}",
        ended="{channel} takes messages again, after {lasted}",
        advice="“tocsin deliveries --state dead” lists it, “tocsin deliveries retry ID” sends it again.",
        severity=Severity.HIGH,
    ),
}

_UNKNOWN = Wording(began="{feed}: {detail}", ended="{feed}: over: {detail}", advice="")


def render_report(condition: OpenCondition, about: JsonObject, at: datetime) -> JsonObject:
    """Return the payload that tells of a condition; `about` says whose it is: a `feed`, or the number of `feeds`."""
    data = {
        "schema_version": SCHEMA_VERSION,
        "state": condition.state.value,
        "change": "began" if condition.until is None else "ended",
        "since": timestamp(condition.since),
        "until": condition.until and timestamp(condition.until),
        "detail": condition.detail,
        "reason": condition.reason and condition.reason.value,
        "last_success": condition.last_success and timestamp(condition.last_success),
        "next_poll": condition.next_poll and timestamp(condition.next_poll),
        **about,
    }
    return {"type": report_type(condition.state), "timestamp": timestamp(at), "data": data}


def render_channel_report(standing: ChannelStanding, at: datetime) -> JsonObject:
    """Return the payload that tells of a channel that fails or gave up a message, or that works again."""
    gave_up = standing.died and not standing.open_since and not standing.works_since
    state = CHANNEL_GAVE_UP if gave_up else CHANNEL_FAILING
    data = {
        "schema_version": SCHEMA_VERSION,
        "state": state,
        "change": "ended" if standing.works_since else "began",
        "since": timestamp(standing.failing_since or at),
        "until": standing.works_since and timestamp(standing.works_since),
        "detail": standing.detail,
        "reason": None,
        "last_success": None,
        "next_poll": None,
        "channel": {"name": standing.name},
    }
    return {"type": channel_report_type(state), "timestamp": timestamp(at), "data": data}


def channel_report_type(state: str) -> str:
    """Return the `type` of a payload about a channel."""
    return "ops." + state.replace("-", ".", 1).replace("-", "_")


def report_type(state: FeedState) -> str:
    """Return the `type` of a payload about a condition, of full stops, letters and underscores (Standard Webhooks)."""
    name = state.value.replace("-", "_")
    return f"ops.{name}" if state is FeedState.NETWORK_DOWN else f"ops.feed.{name}"


def report_notice(payload: JsonObject, timezone: str) -> Notice:
    """Return what people are shown of such a payload, times in the zone of that IANA name."""
    data = cast("JsonObject", payload["data"])
    wording = {**WORDINGS, **CHANNEL_WORDINGS}.get(str(data.get("state")), _UNKNOWN)
    channel = clean_line(str(cast("JsonObject", data.get("channel") or {}).get("name") or ""))
    began = data.get("change") != "ended"
    feed = _feed(data)
    words = {
        "feed": clean_line(str(feed.get("name") or "Tocsin")),
        "channel": channel,
        "detail": clean_line(str(data.get("detail") or "")),
        "since": local_time(_text(data, "since"), timezone),
        "lasted": _lasted(data),
    }
    headline = (wording.began if began else wording.ended).format_map(words)
    return Notice(
        kind=MessageKind.OPS,
        headline=headline if len(headline) <= LONGEST_HEADLINE else headline[: LONGEST_HEADLINE - 1] + "…",
        url=cast("str | None", feed.get("url")),
        outlet="Tocsin",
        published=local_time(_text(payload, "timestamp"), timezone),
        rule=CHANNELS_TITLE if channel else TITLE,
        severity=wording.severity if began else Severity.INFO,
        excerpts=(Excerpt(text=wording.advice, marks=()),) if began and wording.advice else (),
        facts=tuple(_facts(data, timezone, began=began)),
        alert_id="",
    )


def _facts(data: JsonObject, timezone: str, *, began: bool) -> Iterator[tuple[str, str]]:
    if name := _feed(data).get("name"):
        yield "Feed", clean_line(str(name))
    if not began:
        yield "It was", clean_line(str(data.get("detail") or ""))
    for label, key in _TIMES_OF_BEGINNING if began else _TIMES_OF_END:
        if moment := local_time(_text(data, key), timezone):
            yield label, moment


_TIMES_OF_BEGINNING = (("Last read", "last_success"), ("Next try", "next_poll"))
_TIMES_OF_END = (("Since", "since"), ("Until", "until"))


def _feed(data: JsonObject) -> JsonObject:
    return cast("JsonObject", data.get("feed") or {})


def _text(fields: JsonObject, key: str) -> str | None:
    return cast("str | None", fields.get(key))


def _lasted(data: JsonObject) -> str:
    since, until = _text(data, "since"), _text(data, "until")
    return in_words(datetime.fromisoformat(until) - datetime.fromisoformat(since)) if since and until else ""
