"""The JSON Schema of the payload, version 1, as it is shipped. Within the version it only grows."""

from collections.abc import Mapping

from tocsin.alerts.envelope import SCHEMA_VERSION
from tocsin.alerts.render import TEXT_KINDS
from tocsin.alerts.reports import WORDINGS, report_type
from tocsin.model import FeedState, Field, JsonObject, MessageKind, PageOutcome, Severity

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
        "oneOf": [alert, _report(), test],
    }


def _payload(kind: MessageKind, data: JsonObject) -> JsonObject:
    properties = {"type": {"const": kind.value}, "timestamp": _TIME, "data": data}
    return _object(properties, "The envelope of the Standard Webhooks specification.")


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
        },
        "A condition of a feed, or of all feeds together, that began or ended.",
        optional=("feed", "feeds"),
    )
    properties = {"type": kind, "timestamp": _TIME, "data": data}
    return _object(properties, "The envelope of the Standard Webhooks specification.")


def _alert_data() -> JsonObject:
    source = _object(
        {"outlet": _TEXT, "feed": _TEXT, "url": _TEXT_OR_NULL, "title": _TEXT, "published": _TIME_OR_NULL},
        "An article of the story, with its publisher.",
    )
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
                {"id": _TEXT, "first_seen": _TIME, "sources": {"type": "array", "items": source, "minItems": 1}},
                "The report, and where it was published.",
            ),
            "article": _object(
                {
                    "id": _TEXT,
                    "url": _TEXT_OR_NULL,
                    "title": _TEXT,
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
                optional=("full_text",),
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
