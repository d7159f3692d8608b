"""Alerts on a terminal, or on whatever standard output is."""

import asyncio
from collections.abc import Iterator
from typing import Final, TextIO

from tocsin.channels.wording import one_line, runs
from tocsin.model import Attempt, AttemptResult, ChannelSpec, Excerpt, Message, Notice, Severity

_PLAIN: Final = "0"
_BOLD: Final = "1"
_FAINT: Final = "2"
_UNDERLINED: Final = "4"
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
        try:
            async with asyncio.timeout(self._spec.timeout.total_seconds()), self._turn:
                await asyncio.to_thread(self._print, printed(message.notice, colour=self._colour))
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
    return "\n".join(f"{bar} {line}" for line in _lines(notice, colour)) + "\n\n"


def _lines(notice: Notice, colour: bool) -> Iterator[str]:
    severity = _styled(notice.severity.value.upper(), _severity_style(notice.severity), colour)
    yield f"{severity}  {one_line(notice.rule)}"
    yield _styled(one_line(notice.headline), _BOLD, colour)
    yield _styled(" · ".join(filter(None, map(one_line, (notice.outlet, notice.published)))), _FAINT, colour)
    for excerpt in notice.excerpts:
        yield f"  {_highlighted(excerpt, colour)}"
    if notice.url:
        yield _styled(one_line(notice.url), _UNDERLINED, colour)
    width = max((len(label) for label, _ in notice.facts), default=0)
    for label, value in notice.facts:
        yield f"{_styled(one_line(label).ljust(width), _FAINT, colour)}  {one_line(value)}"


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
