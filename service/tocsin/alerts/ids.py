"""Ids that say the same over retries, restarts and databases: hashes of what is told, and to whom."""

from hashlib import sha256

from tocsin.model import BatchKind, JsonObject, MessageKind, OpenCondition


def alert_id(rule_name: str, story_id: str) -> str:
    """Return the id of the alert of a rule for a story."""
    return "alr_" + _hash("alert", rule_name, story_id)[:16]


def dispatch_id(alert: str, channel: str) -> str:
    """Return the id of an alert's way to a channel."""
    return "dsp_" + _hash("dispatch", alert, channel)[:16]


def batch_id(channel: str, kind: BatchKind, *key: str) -> str:
    """Return the id of what a channel is told together; `key` is what its alerts have in common."""
    return "bat_" + _hash("batch", channel, kind, *key)[:16]


def message_id(channel: str, kind: MessageKind, told: str) -> str:
    """Return the id of a message; `told` names what it tells: an alert by its id."""
    return "msg_" + _hash("message", channel, kind, told)[:32]


def delivery_id(channel: str, recipient: str, kind: MessageKind, told: str) -> str:
    """Return the id of a message's way to one recipient: the `webhook-id`, and the Message-ID of mail."""
    return "dlv_" + _hash("delivery", channel, recipient, kind, told)[:32]


def condition_key(condition: OpenCondition) -> str:
    """Return what names the telling of a condition: that it began, or that it ended."""
    change = "began" if condition.until is None else "ended"
    return f"{condition.feed}\0{condition.state}\0{condition.since.isoformat()}\0{change}"


def thread_of(payload: JsonObject) -> str:
    """Return the id of what a payload is about, which further messages may be about too; empty where that is nothing.

    An alert is about its story, and about the one that this follows; a report on a feed is about the time that a
    condition of it lasts, one on a channel about the time that it is in trouble, whatever that is.
    """
    match payload["data"]:
        case {"alerts": [{"story": {"thread": str(story)}}]}:
            return story
        case {"story": {"thread": str(story)}} | {"story": {"id": str(story)}}:
            return story
        case {"since": str(since), "channel": {"name": str(channel)}}:
            return "cnd_" + _hash("channel", channel, since)[:16]
        case {"state": str(state), "since": str(since), "feed": {"name": str(feed)}}:
            return "cnd_" + _hash("condition", state, feed, since)[:16]
        case {"state": str(state), "since": str(since)}:
            return "cnd_" + _hash("condition", state, "", since)[:16]
        case _:
            return ""


def _hash(*parts: str) -> str:
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
