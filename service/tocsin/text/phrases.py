"""Durations and addresses in words, for lines that people read."""

from datetime import timedelta
from urllib.parse import urlsplit

_UNITS = (
    (timedelta(days=1), "day"),
    (timedelta(hours=1), "hour"),
    (timedelta(minutes=1), "minute"),
    (timedelta(seconds=1), "second"),
)


def in_words(duration: timedelta) -> str:
    """Return a duration in the largest unit of which it has two, or just one: `90 minutes`, `1 hour`, `3 days`."""
    for size, name in _UNITS:
        if duration >= size * 1.95:
            return f"{round(duration / size)} {name}s"
        if abs(duration - size) <= size * 0.05:
            return f"1 {name}"
    return "a moment"


def every_in_words(gap: timedelta) -> str:
    """Return how often something comes whose mean gap that is: `every 2 hours`, `every day`."""
    return f"every {in_words(gap).removeprefix('1 ')}"


def bare_url(url: str) -> str:
    """Return a URL without user name, password, query and fragment, in which secrets stand; an ellipsis for a query."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "an address that cannot be read"
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}{f':{port}' if port else ''}{parts.path}{'?…' if parts.query else ''}"
