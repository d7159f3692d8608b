"""Alerts on a terminal, or on whatever standard output is."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, TextIO

from tocsin.channels.wording import one_line, runs, source_line, telling_excerpt
from tocsin.model import Attempt, AttemptResult, ChannelSpec, Excerpt, Message, MessageKind, Notice, Severity

_PLAIN: Final = "0"
_BOLD: Final = "1"
_FAINT: Final = "2"
_UNDERLINED: Final = "4"
_TOGETHER: Final = frozenset({MessageKind.GROUP, MessageKind.DIGEST})
_LISTED: Final = ("Also in", "Rule at", "Alert")  # of what is known of an alert in a list
_MARK: Final = "1;33"  # bold, yellow


class ConsoleChannel:
    """Prints alerts to `stream`, in colour where it is a terminal or `colour` says so."""

    def __init__(self, spec: ChannelSpec, stream: TextIO, *, colour: bool | None = None) -> None:
        self._spec = spec
        self._stream = stream
        self._colour = stream.isatty() if colour is None else colour
        self._turn = asyncio.Lock()  # one alert after the other

    async def send(self, message: Message) -> Attempt:
        """Try once to print `message`. A reader that went away, or does not read, is waited for by later tries."""
        return await self.show(message.notice)

    async def show(self, notice: Notice, heading: str = "") -> Attempt:
        """Try once to print `notice` below a heading, in one piece: other channels may print at the same time."""
        try:
            async with asyncio.timeout(self._spec.timeout.total_seconds()), self._turn:
                await asyncio.to_thread(self._print, heading + printed(notice, colour=self._colour))
        except TimeoutError:
            return Attempt(result=AttemptResult.UNSURE, detail="nobody reads the console")
        except (OSError, ValueError) as error:  # ValueError: the stream was closed on our side
            return Attempt(result=AttemptResult.RETRY, detail=f"cannot print: {error}")
        return Attempt(result=AttemptResult.SENT, detail="printed")

    def _print(self, text: str) -> None:
        encoding = self._stream.encoding or "utf-8"
        self._stream.write(text.encode(encoding, errors="replace").decode(encoding))
        self._stream.flush()


def printed(notice: Notice, *, colour: bool) -> str:
    """Return the alert as lines of text that ends in an empty one. No control sequence in it is anybody's but ours.

    Without colour the words that made it ring stand in **stars**.
    """
    bar = _styled("▌", _severity_style(notice.severity), colour)
    return "\n".join(f"{bar} {line}".rstrip() for line in _lines(notice, colour)) + "\n\n"


def _lines(notice: Notice, colour: bool) -> Iterator[str]:
    severity = _styled(notice.severity.value.upper(), _severity_style(notice.severity), colour)
    headline = _styled(one_line(notice.headline), _BOLD, colour)
    if notice.kind in _TOGETHER:
        yield f"{severity}  {headline}"
        yield _styled(" · ".join(filter(None, map(one_line, (notice.rule, notice.published)))), _FAINT, colour)
    else:
        yield f"{severity}  {one_line(notice.rule)}"
        yield headline
        yield _styled(source_line(notice), _FAINT, colour)
    for excerpt in notice.excerpts:
        yield f"  {_highlighted(excerpt, colour)}"
    yield from _alerts(notice, colour)
    if notice.url:
        yield _styled(one_line(notice.url), _UNDERLINED, colour)
    width = max((len(label) for label, _ in notice.facts), default=0)
    for label, value in notice.facts:
        yield f"{_styled(one_line(label).ljust(width), _FAINT, colour)}  {one_line(value)}"


def _alerts(notice: Notice, colour: bool) -> Iterator[str]:
    """Yield the alerts of a group or a digest, those of a digest under their rules, and how many more there are."""
    if notice.kind is not MessageKind.DIGEST:
        mixed = len({item.rule for item in notice.items}) > 1
        for item in notice.items:
            yield from _alert(item, colour, names_rule=mixed)
        yield from _more(notice.more, colour)
        return
    known = Counter(item.rule for item in notice.items)
    counts = {rule: max(count, known[rule]) for rule, count in (*known.items(), *notice.counts)}
    for rule, count in counts.items():
        items = [item for item in notice.items if item.rule == rule]
        severity = f" ({items[0].severity.value})" if items else ""
        yield ""
        yield _styled(f"{one_line(rule)}: {count}{severity}", _severity_style(_gravest(items)), colour)
        for item in items:
            yield from _alert(item, colour, names_rule=False)
        yield from _more(count - len(items), colour)
    yield from _more(len(notice.items) + notice.more - sum(counts.values()), colour)
    if counts and notice.facts:
        yield ""


def _alert(item: Notice, colour: bool, *, names_rule: bool) -> Iterator[str]:
    """Yield an alert of a list: its headline, where it comes from, a sentence, and what asks for more of it."""
    rule = f"{one_line(item.rule)} · " if names_rule else ""
    yield f"• {_styled(one_line(item.headline), _BOLD, colour)}"
    yield f"    {_styled(f'{rule}{source_line(item)}', _FAINT, colour)}"
    if excerpt := telling_excerpt(item):
        yield f"    {_highlighted(excerpt, colour)}"
    if item.url:
        yield f"    {_styled(one_line(item.url), _UNDERLINED, colour)}"
    facts = (f"{label}: {value}" for label, value in item.facts if label in _LISTED and value)
    if told := one_line(" · ".join(facts)):
        yield f"    {_styled(told, _FAINT, colour)}"


def _more(count: int, colour: bool) -> Iterator[str]:
    if count > 0:
        yield _styled(f"and {count} more", _FAINT, colour)


def _gravest(items: Sequence[Notice]) -> Severity:
    return max((item.severity for item in items), key=tuple(Severity).index, default=Severity.INFO)


def _highlighted(excerpt: Excerpt, colour: bool) -> str:
    return "".join(_marked(text, colour) if marked else text for text, marked in runs(excerpt))


def _marked(text: str, colour: bool) -> str:
    return _styled(text, _MARK, colour) if colour else f"**{text}**"


def _severity_style(severity: Severity) -> str:
    match severity:
        case Severity.CRITICAL:
            return "1;31"
        case Severity.HIGH:
            return "1;35"
        case Severity.NORMAL:
            return "1;34"
        case Severity.INFO:
            return _BOLD


def _styled(text: str, style: str, colour: bool) -> str:
    """Wrap `text` in ECMA-48 "select graphic rendition", where colours are wanted."""
    return f"\x1b[{style}m{text}\x1b[{_PLAIN}m" if colour and text else text
