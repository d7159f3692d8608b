"""The JSON Schema of the payload, version 1, as it is shipped. Within the version it only grows."""

from collections.abc import Mapping
from typing import cast

from tocsin.alerts.digest import REASONS
from tocsin.alerts.envelope import SCHEMA_VERSION
from tocsin.alerts.render import TEXT_KINDS
from tocsin.alerts.reports import WORDINGS, report_type
from tocsin.alerts.updates import UpdateReason
from tocsin.model import FeedState, Field, GroupBy, JsonObject, MessageKind, PageOutcome, Severity

_TEXT: JsonObject = {"type": "string"}
_TEXT_OR_NULL: JsonObject = {"type": ["string", "null"]}
_TIME: JsonObject = {"type": "string", "format": "date-time"}
_TIME_OR_NULL: JsonObject = {"type": ["string", "null"], "format": "date-time"}
_TEXTS: JsonObject = {"type": "array", "items": _TEXT}
_OFFSET: JsonObject = {"type": "integer", "minimum": 0}


def _object(properties: Mapping[str, object], description: str, *, optional: tuple[str, ...] = ()) -> JsonObject:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "description": description, "properties": dict(properties), "required": required}


def _one_of(values: object) -> JsonObject:
    return {"type": "string", "enum": list(map(str, values))}  # type: ignore[call-overload]


def payload_schema() -> JsonObject:
    """Return the JSON Schema (draft 2020-12) of what webhooks and files receive."""
    alert = _payload(MessageKind.ALERT, _alert_data())
    updated = _payload(MessageKind.UPDATED, _updated_data())
    test = _payload(
        MessageKind.TEST,
        _object(
            {
                "schema_version": {"const": SCHEMA_VERSION},
                "delivery_id": _TEXT,
                "channel": _TEXT,
                "message": _TEXT,
            },
            "A test of a channel.",
        ),
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Tocsin alert payload, version 1",
        "oneOf": [
            alert,
            updated,
            _payload(MessageKind.GROUP, _group_data()),
            _payload(MessageKind.DIGEST, _digest_data()),
            _report(),
            test,
        ],
        "$defs": {"alert": _alert_data()},
    }


def _payload(kind: MessageKind, data: JsonObject) -> JsonObject:
    properties = {"type": {"const": kind.value}, "timestamp": _TIME, "data": data}
    return _object(properties, "The envelope of the Standard Webhooks specification.")


_TOGETHER: JsonObject = {
    "schema_version": {"const": SCHEMA_VERSION},
    "delivery_id": {**_TEXT, "description": "The same over retries: what to deduplicate by."},
    "alerts": {"type": "array", "items": {"$ref": "#/$defs/alert"}},
    "alerts_total": {**_OFFSET, "description": "How many alerts there are; `alerts` may hold fewer."},
}


def _group_data() -> JsonObject:
    group = _object(
        {"by": _one_of(kind for kind in GroupBy if kind is not GroupBy.NONE), "value": _TEXT},
        "What the alerts have in common: the name of a rule or a feed, or the id of a story.",
    )
    return _object({**_TOGETHER, "group": group}, "Alerts that belong together.")


def _digest_data() -> JsonObject:
    counts = _object(
        {
            "alerts": _OFFSET,
            "rules": {"type": "object", "additionalProperties": _OFFSET},
            "rules_total": {**_OFFSET, "description": "How many rules rang, where a size limit left some of them out."},
        },
        "How many alerts there are, in all and of each rule. Exact, whatever `alerts` leaves out.",
        optional=("rules_total",),
    )
    week = _object(
        {
            "days": {"type": "array", "items": {"type": "string", "format": "date"}},
            "rules": {"type": "object", "additionalProperties": {"type": "array", "items": _OFFSET}},
        },
        "How often each of the rules rang on each of the last seven days, today being the last.",
    )
    return _object(
        {
            **_TOGETHER,
            "reason": {**_one_of(REASONS.values()), "description": "Why they are told together."},
            "since": {**_TIME_OR_NULL, "description": "When the first of them began to wait."},
            "counts": counts,
            "week": {**week, "type": ["object", "null"]},
            "cron": {**_TEXT, "description": "The slots, where the digest is told by a schedule."},
            "timezone": {**_TEXT, "description": "The zone of the slots."},
            "until": {**_TIME, "description": "When the quiet hours were over."},
            "rule": {**_TEXT, "description": "The rule that rang more often than it may."},
            "max_per_hour": {**_OFFSET, "description": "How often that is."},
            "silence": {**_TEXT, "description": "The silence that was ended."},
        },
        "Alerts that waited.",
        optional=("cron", "timezone", "until", "rule", "max_per_hour", "silence", "week"),
    )


def _report() -> JsonObject:
    """Return the schema of what the service says of itself. The conditions of a later version fit it, too."""
    kind = {
        "type": "string",
        "pattern": r"^ops\.[a-z_]+(\.[a-z_]+)*$",
        "examples": [report_type(FeedState(state)) for state in WORDINGS],
        "description": "The condition. There may be more of them one day: tell those you do not know by their detail.",
    }
    data = _object(
        {
            "schema_version": {"const": SCHEMA_VERSION},
            "delivery_id": {**_TEXT, "description": "The same over retries: what to deduplicate by."},
            "state": {**_TEXT, "examples": list(map(str, WORDINGS))},
            "change": _one_of(("began", "ended")),
            "since": _TIME,
            "until": {**_TIME_OR_NULL, "description": "When it ended; null while it lasts."},
            "detail": {**_TEXT, "description": "What is the matter, in words."},
            "reason": {**_TEXT_OR_NULL, "description": "Why the last poll failed, as in the log; null if it did not."},
            "last_success": {**_TIME_OR_NULL, "description": "When the feed was read last."},
            "next_poll": _TIME_OR_NULL,
            "feed": _object({"name": _TEXT, "url": _TEXT_OR_NULL}, "The feed; a directory has no URL."),
            "feeds": {**_OFFSET, "description": "In place of one feed: how many are polled over the network."},
            "channel": _object({"name": _TEXT}, "In place of a feed: the channel that fails, or gave up a message."),
        },
        "A condition of a feed, of all feeds together or of a channel, that began or ended.",
        optional=("feed", "feeds", "channel"),
    )
    properties = {"type": kind, "timestamp": _TIME, "data": data}
    return _object(properties, "The envelope of the Standard Webhooks specification.")


def _source() -> JsonObject:
    return _object(
        {
            "outlet": _TEXT,
            "feed": _TEXT,
            "url": _TEXT_OR_NULL,
            "title": _TEXT,
            "published": _TIME_OR_NULL,
            "seen": {**_TIME, "description": "When it was found."},
        },
        "An article of the story, with its publisher.",
        optional=("seen",),
    )


def _updated_data() -> JsonObject:
    """Return the schema of an alert that is told again: all that it says by now, and why it is told."""
    update = _object(
        {
            "number": {"type": "integer", "minimum": 1, "description": "Counts the updates of the alert."},
            "reason": {
                **_one_of(UpdateReason),
                "description": "Another outlet has the story, as many outlets have it as the rule names, or the "
                "article changed materially.",
            },
            "outlets": {"type": "integer", "minimum": 1, "description": "How many outlets have the story."},
            "added": {"type": "array", "items": _source(), "description": "The articles that came."},
            "added_total": {**_OFFSET, "description": "How many came; `added` may hold fewer."},
        },
        "Why the alert is told again.",
        optional=("added_total",),
    )
    alert = _alert_data()
    properties = cast("Mapping[str, object]", alert["properties"])
    required = cast("list[str]", alert["required"])
    return {
        **alert,
        "description": "An alert that is told again.",
        "properties": {**properties, "update": update},
        "required": [*required, "update"],
    }


def _alert_data() -> JsonObject:
    evidence = _object(
        {
            "field": _one_of(field.value for field in Field),
            "start": _OFFSET,
            "end": _OFFSET,
            "text": _TEXT,
            "term": _TEXT,
            "snippet": _TEXT,
            "snippet_start": _OFFSET,
        },
        "Words that made the rule ring: code points of the field's plain text, what stands there, the part of the "
        "rule they answer, and the sentence they stand in (in title and body; else the words again).",
    )
    return _object(
        {
            "schema_version": {"const": SCHEMA_VERSION},
            "delivery_id": {**_TEXT, "description": "The same over retries: what to deduplicate by."},
            "alert_id": _TEXT,
            "rule": _object(
                {
                    "name": _TEXT,
                    "severity": _one_of(severity.value for severity in Severity),
                    "tags": _TEXTS,
                    "source": {**_TEXT, "description": "File and line of the rule."},
                },
                "The rule that rang.",
            ),
            "story": _object(
                {
                    "id": _TEXT,
                    "first_seen": _TIME,
                    "thread": {**_TEXT, "description": "The first of the stories that follow one another."},
                    "follows": {
                        **_object({"id": _TEXT, "title": _TEXT, "url": _TEXT_OR_NULL}, "The story that this follows."),
                        "type": ["object", "null"],
                    },
                    "sources": {"type": "array", "items": _source(), "minItems": 1},
                    "sources_total": {
                        "type": "integer",
                        "minimum": 1,
                        "description": "How many articles the story has; `sources` may hold fewer.",
                    },
                    "outlets_total": {
                        "type": "integer",
                        "minimum": 1,
                        "description": "How many outlets have the story.",
                    },
                },
                "The report, and where it was published.",
                optional=("thread", "follows", "sources_total", "outlets_total"),
            ),
            "article": _object(
                {
                    "id": _TEXT,
                    "url": _TEXT_OR_NULL,
                    "title": _TEXT,
                    "outlet": {**_TEXT, "description": "The publisher of the article."},
                    "summary": _TEXT_OR_NULL,
                    "authors": _TEXTS,
                    "published": _TIME_OR_NULL,
                    "fetched": _TIME,
                    "language": _TEXT_OR_NULL,
                    "text_kind": {**_one_of(TEXT_KINDS), "description": "What of the article was matched."},
                    "full_text": {
                        "enum": [*(outcome.value for outcome in PageOutcome), None],
                        "description": "What came of reading the article's page; null where nobody tried.",
                    },
                    "feed": _object({"name": _TEXT, "url": _TEXT_OR_NULL}, "Where it was found."),
                },
                "The article that made the rule ring.",
                optional=("outlet", "full_text"),
            ),
            "evidence": {"type": "array", "items": evidence},
            "evidence_total": {
                "type": "integer",
                "minimum": 1,
                "description": "How much evidence there is, where a size limit left some of it out.",
            },
        },
        "An alert.",
        optional=("evidence_total",),
    )
