"""Untrusted text made harmless, and messages as JSON. Pure."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from tocsin.model import Excerpt, JsonObject, Message, Notice

_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_DIRECTION_OVERRIDES: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_LINE_ENDS: Final = re.compile("[\x7f-\x9f\u2028\u2029]")


def one_line(text: str) -> str:
    """Return `text` on one line and in the direction it is written in.

    A control or line separator becomes a space, a lone surrogate U+FFFD; overrides of direction are left out.
    """
    return _DIRECTION_OVERRIDES.sub("", _CONTROLS.sub(" ", _SURROGATES.sub("\ufffd", text)))


def cut(text: str, limit: int) -> str:
    """Return `text` in at most `limit` code points, its end given way to an ellipsis where it is longer."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def runs(excerpt: Excerpt) -> Iterator[tuple[str, bool]]:
    """Yield the excerpt's text in pieces, each on one line, with whether it is marked. Marks may overlap."""
    done = 0
    for mark in sorted(excerpt.marks):
        start, end = max(mark.start, done), min(mark.end, len(excerpt.text))
        if start >= end:
            continue
        if start > done:
            yield one_line(excerpt.text[done:start]), False
        yield one_line(excerpt.text[start:end]), True
        done = end
    if done < len(excerpt.text):
        yield one_line(excerpt.text[done:]), False


def source_line(notice: Notice) -> str:
    """Return who published an article, when, and how old it was when the alert rang, as far as these are known."""
    age = f"{notice.age} old" if notice.age not in {"", "just now"} else "just out" if notice.age else ""
    return " · ".join(filter(None, map(one_line, (notice.outlet, notice.published, age))))


def telling_excerpt(notice: Notice) -> Excerpt | None:
    """Return the excerpt that says most beside the headline: the first that does not only repeat it."""
    return next(
        (found for found in notice.excerpts if found.text != notice.headline), next(iter(notice.excerpts), None)
    )


def web_link(url: str | None) -> str | None:
    """Return `url` if it is one that may be made a link: http or https, with no control characters or white space."""
    if url is None or any(letter.isspace() for letter in url) or one_line(url) != url:
        return None
    try:
        return url if urlsplit(url).scheme in {"http", "https"} else None
    except ValueError:
        return None


def delivered_payload(message: Message) -> dict[str, object]:
    """Return the message's payload with its delivery id in `data`, and no lone surrogates, which no UTF-8 can hold.

    The alerts of a group or a digest have that id too: each is of the form of one that is told by itself.
    """
    data, named = message.payload.get("data"), {"delivery_id": message.delivery_id}
    fields = {**data, **named} if isinstance(data, Mapping) else data
    if isinstance(fields, dict) and isinstance(alerts := fields.get("alerts"), list | tuple):
        fields["alerts"] = [{**alert, **named} for alert in alerts]
    return {key: without_surrogates(value) for key, value in {**message.payload, "data": fields}.items()}


def as_json(value: JsonObject) -> bytes:
    """Return `value` as one line of JSON in UTF-8, also for readers that know more line ends than the newline."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _LINE_ENDS.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode()


def without_surrogates(value: object) -> object:
    """Return `value`, JSON of any depth, with U+FFFD for lone surrogates."""
    match value:
        case str():
            return _SURROGATES.sub("\ufffd", value)
        case Mapping():
            return {_SURROGATES.sub("\ufffd", str(key)): without_surrogates(inner) for key, inner in value.items()}
        case list() | tuple():
            return [without_surrogates(inner) for inner in value]
        case _:
            return value
