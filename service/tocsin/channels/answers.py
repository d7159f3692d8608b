"""What receivers say in the JSON that they answer with. Pure."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from tocsin.channels.http import LONGEST_WAIT, Answer
from tocsin.channels.wording import cut, one_line

_LONGEST_ID: Final = 255
_LONGEST_WORDS: Final = 120
_LONGEST_WORD: Final = 24  # what is longer may be a key that the receiver repeats


def text_in(body: bytes | None, key: str) -> str:
    """Return a string that is in an answer under `key`, such as an id; empty where there is none of a sane length."""
    value = fields_in(body).get(key)
    return one_line(value).strip() if isinstance(value, str) and len(value) <= _LONGEST_ID else ""


def said(body: bytes | None, key: str) -> str:
    """Return what an answer says to people under `key`, a string or several, on one line; empty where nothing is.

    Words that are so long that they may be secrets are left out.
    """
    value = fields_in(body).get(key)
    parts = value if isinstance(value, list) else [value]
    words = one_line(" ".join(part for part in parts if isinstance(part, str))).split()
    return cut(" ".join(word for word in words if len(word) <= _LONGEST_WORD), _LONGEST_WORDS)


def wait_of(answer: Answer, seconds: object) -> timedelta | None:
    """Return for how long a receiver asks to wait: by its header or, without one, by what is in its JSON."""
    if answer.retry_after is not None:
        return answer.retry_after
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds >= 0:  # NaN is not
        return None
    return timedelta(seconds=min(seconds, LONGEST_WAIT.total_seconds()))


def fields_in(body: bytes | None) -> Mapping[str, object]:
    """Return the fields of the JSON object that is in an answer; none where there is none."""
    try:
        value = json.loads(body or b"")
    except (ValueError, RecursionError):  # the latter for what is nested without end
        return {}
    return value if isinstance(value, dict) else {}
