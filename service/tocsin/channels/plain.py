"""A notice as plain text, for services that show text as it is and count its bytes. Pure."""

from collections.abc import Callable, Iterator
from typing import Final

from tocsin.channels.wording import one_line, web_link
from tocsin.model import MessageKind, Notice

_LINE_LIMIT: Final = 400  # bytes, as all limits here
_LINK_LIMIT: Final = 1000
_FACTS_LIMIT: Final = 1000
_MORE_ROOM: Final = 24  # for the line that says how many are left out
_LEAST: Final = 8  # less of an excerpt says nothing

Words = Callable[[str], str]
Linked = Callable[[str | None], str | None]


def cut_bytes(text: str, limit: int) -> str:
    """Return `text` in at most `limit` bytes of UTF-8 (three at least), no character cut in two.

    Where it is longer, its end gives way to an ellipsis. It must have no lone surrogates.
    """
    encoded = text.encode()
    if len(encoded) <= limit:
        return text
    return encoded[: limit - len("…".encode())].decode(errors="ignore").rstrip() + "…"


def plain_text(
    notice: Notice, limit: int, *, words: Words = one_line, linked: Linked = web_link, own_link: bool = True
) -> str:
    """Return all of a notice but its headline as lines of text, in at most `limit` bytes.

    `words` makes untrusted text harmless, `linked` a URL, None where it is none to be shown. What gives way is the end
    of the excerpts, or of a list of alerts; a last line then says how many more there are.
    """
    head = [_line(words, (notice.outlet, _time(notice)))]
    if len(notice.counts) > 1:
        head.append(_line(words, (f"{rule}: {count}" for rule, count in notice.counts)))
    link = linked(notice.url) if own_link else None
    tail = [link] if link and _size(link) <= _LINK_LIMIT else []
    tail.append(_line(words, (f"{label}: {value}" for label, value in _facts(notice) if value), _FACTS_LIMIT))
    room = limit + 1 - sum(map(_size, (*head, *tail)))  # 1: no line follows the last
    told = _alerts(notice, room, words, linked) if notice.items else _excerpts(notice, room, words)
    return cut_bytes("\n".join(line for line in (*head, *told, *tail) if line), limit)


def titled(notice: Notice) -> str:
    """Return the headline behind the rule that rang; what tells of several alerts says so by itself."""
    return notice.headline if notice.items else f"{notice.rule}: {notice.headline}"


def _facts(notice: Notice) -> Iterator[tuple[str, str]]:
    if len(notice.counts) < 2:
        yield "Report" if notice.kind is MessageKind.OPS else "Rule", notice.rule
    yield "Severity", notice.severity.value
    yield from notice.facts


def _time(notice: Notice) -> str:
    """Return when the article was published and, where that is known, how old it was then."""
    return f"{notice.published} ({notice.age})" if notice.age else notice.published


def _line(words: Words, parts: Iterator[str] | tuple[str, ...], limit: int = _LINE_LIMIT) -> str:
    """Return parts on one line, as many as fit; one that is too long by itself is cut."""
    line = ""
    for part in parts:
        harmless = cut_bytes(words(part).strip(), _LINE_LIMIT)
        joined = f"{line} · {harmless}" if line and harmless else line or harmless
        if _size(joined) > limit + 1:
            break
        line = joined
    return line


def _excerpts(notice: Notice, room: int, words: Words) -> Iterator[str]:
    """Yield the excerpts, the last of them cut where there is no more room."""
    for excerpt in notice.excerpts:
        if room <= _LEAST:
            return
        line = cut_bytes(words(excerpt.text).strip(), room - 1)
        room -= _size(line)
        yield line


def _alerts(notice: Notice, room: int, words: Words, linked: Linked) -> Iterator[str]:
    """Yield the alerts of a group or a digest, each whole, and how many did not fit."""
    room -= _MORE_ROOM
    shown = 0
    for item in notice.items:
        line = _alert(item, words, linked, names_rule=len(notice.counts) > 1)
        room -= _size(line)
        if room < 0:
            break
        shown += 1
        yield line
    left_out = notice.more + len(notice.items) - shown
    if left_out:
        yield f"and {left_out} more"


def _alert(item: Notice, words: Words, linked: Linked, *, names_rule: bool) -> str:
    headline = cut_bytes(words(item.headline).strip(), _LINE_LIMIT)
    rule = (item.rule,) if names_rule else ()
    about = _line(words, (*rule, item.severity.value, item.outlet, _time(item)))
    link = linked(item.url) or ""
    return "\n  ".join((f"• {headline}", about, *([link] if link and _size(link) <= _LINK_LIMIT else [])))


def _size(line: str) -> int:
    """Return how many bytes a line takes, with its end."""
    return len(line.encode()) + 1
