"""What is told together: groups and digests, as payloads for programs and as notices for people.

People are told of a batch in one message, and programs in as many as hold all of it. Counts are exact, whatever is left
out of a list.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from tocsin.alerts.envelope import SCHEMA_VERSION, local_time, timestamp
from tocsin.model import (
    LARGEST_WEBHOOK_BODY,
    BatchKind,
    ChannelKind,
    ChannelSpec,
    DueBatch,
    JsonObject,
    MessageKind,
    Notice,
    Severity,
    WaitingAlert,
)
from tocsin.text.clean import clean_line

#: Alerts that the payload of one message holds, for programs and for people, of whom channels show as many as fit.
MOST_ALERTS, MOST_ITEMS = 1_000, 50

_NAMED = 60  # bytes that an alert's delivery id takes, which it is given when it is sent
_ENVELOPE = 300  # bytes that a form of the payload may add

DAYS = 7

#: The reason of a digest of what could not be sent while its channel was down.
CHANNEL_WAS_DOWN = "channel_was_down"

#: Why a digest is told, by what held its alerts; the payload's `reason`.
REASONS: Mapping[BatchKind, str] = {
    BatchKind.DIGEST: "schedule",
    BatchKind.QUIET_HOURS: "quiet_hours",
    BatchKind.LIMIT: "limit",
    BatchKind.RELEASED: "silence_ended",
    BatchKind.BACKLOG: CHANNEL_WAS_DOWN,
}


def parts(
    alerts: Sequence[WaitingAlert], channel: ChannelSpec, payload: JsonObject
) -> Sequence[Sequence[WaitingAlert]]:
    """Return the alerts of a batch by the messages that tell them; `payload` is that of one message for all.

    It is one for people, and for programs as many as hold all of them.
    """
    if not channel.is_for_programs or not alerts:
        return [alerts]
    if channel.kind is not ChannelKind.WEBHOOK:
        return [alerts[begin : begin + MOST_ALERTS] for begin in range(0, len(alerts), MOST_ALERTS)]
    around = {**cast("JsonObject", payload["data"]), "alerts": []}
    # What stands around the alerts is cut to half of a body where it is longer.
    return list(_runs(alerts, max(LARGEST_WEBHOOK_BODY - _size(around) - _ENVELOPE, LARGEST_WEBHOOK_BODY // 2)))


def _runs(alerts: Sequence[WaitingAlert], room: int) -> Iterator[Sequence[WaitingAlert]]:
    """Yield runs of alerts of at most `room` bytes; an alert that takes more is by itself."""
    run: list[WaitingAlert] = []
    left = room
    for alert in alerts:
        size = _size(alert.data) + _NAMED
        if run and size > left:
            yield run
            run, left = [], room
        run.append(alert)
        left -= size
    yield run


def _size(value: JsonObject) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode(errors="replace"))


def render_group(key: JsonObject, alerts: Sequence[WaitingAlert], at: datetime) -> JsonObject:
    """Return the payload of a group; `key` says by what its alerts belong together."""
    data = {
        "schema_version": SCHEMA_VERSION,
        "group": key,
        "alerts": [alert.data for alert in alerts[:MOST_ALERTS]],
        "alerts_total": len(alerts),
    }
    return {"type": MessageKind.GROUP.value, "timestamp": timestamp(at), "data": data}


def render_digest(due: DueBatch, alerts: Sequence[WaitingAlert], timezone: str, at: datetime) -> JsonObject:
    """Return the payload of a digest of some alerts of a batch; days of the week's counts are those of the zone."""
    week = _week(due.week, timezone, at) if due.batch.kind is BatchKind.DIGEST else None
    return digest_payload(REASONS[due.batch.kind], alerts, at, key=due.batch.key, since=due.opened, week=week)


def digest_payload(
    reason: str,
    alerts: Sequence[WaitingAlert],
    at: datetime,
    *,
    key: JsonObject,
    since: datetime | None,
    week: JsonObject | None = None,
) -> JsonObject:
    """Return the payload of a digest for that reason; `since` is when the first of its alerts began to wait."""
    rules = Counter(alert.rule_name for alert in alerts)
    together = sorted(alerts, key=lambda alert: (-rules[alert.rule_name], alert.rule_name))  # stable: oldest first
    data = {
        "schema_version": SCHEMA_VERSION,
        "reason": reason,
        **key,
        "since": since and timestamp(since),
        "counts": {"alerts": len(alerts), "rules": dict(sorted(rules.items(), key=lambda item: (-item[1], item[0])))},
        "alerts": [alert.data for alert in together[:MOST_ALERTS]],
        "alerts_total": len(alerts),
        "week": week,
    }
    return {"type": MessageKind.DIGEST.value, "timestamp": timestamp(at), "data": data}


def _week(times: Mapping[str, Sequence[datetime]], timezone: str, at: datetime) -> JsonObject:
    """Return how often each rule rang on each of the last seven days, today being the last."""
    zone = ZoneInfo(timezone)
    today = at.astimezone(zone).date()
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    rang = {rule: Counter(moment.astimezone(zone).date() for moment in found) for rule, found in times.items()}
    return {
        "days": [day.isoformat() for day in days],
        "rules": {rule: [rang[rule][day] for day in days] for rule in sorted(rang)},
    }


# ---------------------------------------------------------------------------------------------------------------
# For people


def batch_notice(payload: JsonObject, items: Sequence[Notice], timezone: str) -> Notice:
    """Return what people are shown of a group or a digest whose first alerts are `items`; of one alone, that one."""
    data = cast("JsonObject", payload["data"])
    total = int(str(data["alerts_total"]))
    is_group = payload["type"] == MessageKind.GROUP
    if is_group and total == len(items) == 1:
        return items[0]
    rules = _rules(data)
    return Notice(
        kind=MessageKind.GROUP if is_group else MessageKind.DIGEST,
        headline=_headline(data, items, total, len(rules)),
        url=None,
        outlet="Tocsin",
        published=local_time(str(payload["timestamp"]), timezone),
        rule=next(iter(rules)) if len(rules) == 1 else f"{len(rules)} rules" if rules else "",
        severity=max(
            (Severity(str(rule["severity"])) for rule in _rules_told(data)),
            key=tuple(Severity).index,
            default=Severity.INFO,
        ),
        excerpts=(),
        facts=tuple(_facts(data, timezone)),
        alert_id="",
        items=tuple(items),
        more=total - len(items),
        counts=tuple(rules.items()),
    )


def _rules_told(data: JsonObject) -> Iterator[JsonObject]:
    """Yield the rule of each alert, also of those that people are not shown."""
    return (cast("JsonObject", alert["rule"]) for alert in cast("Sequence[JsonObject]", data["alerts"]))


def _rules(data: JsonObject) -> Mapping[str, int]:
    match data:
        case {"counts": {"rules": {**rules}}}:
            return {clean_line(str(rule)): int(str(count)) for rule, count in rules.items()}
        case _:
            return Counter(clean_line(str(rule["name"])) for rule in _rules_told(data))


def _headline(data: JsonObject, items: Sequence[Notice], total: int, rules: int) -> str:
    alerts = "1 alert" if total == 1 else f"{total} alerts"
    of_rules = "" if rules < 2 else f" of {rules} rules"
    match data:
        case {"group": {"by": "story"}} if items:
            return f"{alerts} for one story: {items[0].headline}"
        case {"group": {"by": "feed", "value": feed}}:
            return f"{alerts} from {clean_line(str(feed))}"
        case {"group": {"by": _, "value": value}}:
            return f"{alerts}: {clean_line(str(value))}"
        case {"reason": "limit", "rule": rule, "max_per_hour": most}:
            more = alerts.replace(" ", " more ", 1)
            return f"{more} of {clean_line(str(rule))}, after {most} in an hour"
        case {"reason": "quiet_hours"}:
            return f"{alerts}{of_rules} in the quiet hours"
        case {"reason": "silence_ended"}:
            return f"{alerts}{of_rules} that a silence kept"
        case {"reason": "channel_was_down"}:
            return f"{alerts}{of_rules} while this channel was down"
        case _:
            return f"Digest: {alerts}{of_rules}" if total else "Digest: nothing rang"


def _facts(data: JsonObject, timezone: str) -> Sequence[tuple[str, str]]:
    facts = []
    since = data.get("since")
    if since:
        facts.append(("Since", local_time(str(since), timezone)))
    match data:
        case {"cron": cron, "timezone": zone}:
            facts.append(("Slots", f"{clean_line(str(cron))} ({clean_line(str(zone))})"))
        case {"rule": rule}:
            facts.append(("List", f'tocsin alerts --since 1d --rule "{clean_line(str(rule))}"'))
        case _:
            pass
    return facts
