"""Any service that Apprise knows. The only importer of Apprise (an extra), and of it in threads only.

Apprise is blocking, takes its time to load, connects by itself past the check of addresses, and does not say what a
receiver answered. So each message is sent in a thread of its own, a few at a time, which neither the loop nor the end
of the process waits for; and untrusted text loses the signs of every markup there is, as nobody knows which it meets.
"""

import asyncio
import logging
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from importlib.util import find_spec
from types import MappingProxyType
from typing import Final

from tocsin.channels.http import phrase
from tocsin.channels.plain import cut_bytes, plain_text, titled
from tocsin.channels.wording import one_line, web_link
from tocsin.errors import ConfigError, Problem
from tocsin.model import Attempt, AttemptResult, ChannelSpec, Message, Notice, Severity

AT_ONCE: Final = 4
TEXT_LIMIT: Final = 3000  # bytes; Apprise cuts further what a service does not take
_TITLE_LIMIT: Final = 400
_LATER: Final = 1.0  # seconds after our own limit, at which a connection gives up that nobody waits for any more

_LOOK_ALIKES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "<": "‹",
        ">": "›",
        "@": "＠",
        "#": "＃",
        "*": "∗",
        "~": "∼",
        "`": "ˋ",
        "|": "¦",
        "[": "［",
        "]": "］",
    }
)
_IN_LINKS: Final[Mapping[str, str]] = MappingProxyType({sign: f"%{ord(sign):02X}" for sign in "<>@*_~`|[]\\()\"'"})
_TO_TEXT: Final = str.maketrans(dict(_LOOK_ALIKES))
_TO_LINK: Final = str.maketrans(dict(_IN_LINKS))

_NOTIFY_TYPES: Final[Mapping[Severity, str]] = MappingProxyType(
    {Severity.INFO: "info", Severity.NORMAL: "info", Severity.HIGH: "warning", Severity.CRITICAL: "failure"}
)
_UNDERSCORE: Final = re.compile(r"(?<![^\W_])_|_(?![^\W_])")  # but those inside words, which ids and paths have
_STATUS: Final = re.compile(r"\berror=([1-5]\d\d)\b")


class AppriseChannel:
    """Sends through Apprise, to what its URL names.

    Raises ConfigError where Apprise is not installed.
    """

    def __init__(self, spec: ChannelSpec) -> None:
        if find_spec("apprise") is None:
            missing = 'Apprise is not installed: pip install "tocsin[apprise]"'
            raise ConfigError([Problem(file=f"channel {spec.name}", line=0, column=0, path="", message=missing)])
        self._spec = spec
        self._free = asyncio.Semaphore(AT_ONCE)

    async def send(self, message: Message) -> Attempt:
        """Try once to send `message`. A thread that hangs keeps its place among the few until it ends."""
        letter, seconds = write_letter(message.notice), self._spec.timeout.total_seconds()
        begun = False
        try:
            async with asyncio.timeout(seconds):
                await self._free.acquire()
                begun = True
                return await self._in_thread(lambda: _deliver(self._spec.url, letter, seconds + _LATER))
        except TimeoutError:
            if begun:
                return Attempt(result=AttemptResult.UNSURE, detail=f"the service took longer than {seconds:g} s")
            return Attempt(result=AttemptResult.RETRY, detail=f"{AT_ONCE} earlier messages to the service still hang")

    async def _in_thread(self, work: Callable[[], Attempt]) -> Attempt:
        """Do `work` in a daemon thread, and give the place back when the thread ends, however late."""
        loop, outcome = asyncio.get_running_loop(), Future[Attempt]()

        def do() -> None:
            try:
                outcome.set_result(work())
            except BaseException as error:  # noqa: BLE001 - it is raised where somebody waits for it
                outcome.set_exception(error)
            finally:
                _tell(loop, self._free.release)

        outcome.set_running_or_notify_cancel()  # from here on, nobody who stops waiting can take it back
        try:
            threading.Thread(target=do, name=f"apprise {self._spec.name}", daemon=True).start()
        except RuntimeError:  # the system has no thread left
            self._free.release()
            raise
        return await asyncio.wrap_future(outcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What Apprise is handed; `kind` is its own word for how bad it is."""

    title: str
    body: str
    kind: str


def write_letter(notice: Notice) -> Letter:
    """Return a notice as plain text of at most 3000 bytes, in which nothing is alive but links."""
    title = cut_bytes(harmless(f"{notice.severity.value.upper()} {titled(notice)}").strip(), _TITLE_LIMIT)
    body = plain_text(notice, TEXT_LIMIT, words=harmless, linked=plain_link)
    return Letter(title=title, body=body, kind=_NOTIFY_TYPES[notice.severity])


def harmless(text: str) -> str:
    """Return `text` on one line, the signs that make markup, mentions or links in it replaced by their likenesses."""
    return _UNDERSCORE.sub("ˍ", one_line(text).translate(_TO_TEXT))


def plain_link(url: str | None) -> str | None:
    """Return `url`, its signs of markup written as %XX, if it may be a link."""
    link = web_link(url)
    return link.translate(_TO_LINK) if link else None


def _tell(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    """Have a loop call something, unless it is closed: then nobody waits."""
    try:
        loop.call_soon_threadsafe(call)
    except RuntimeError:
        return


def _deliver(url: str, letter: Letter, patience: float) -> Attempt:
    """Send one letter, waiting at most that many seconds for each answer of the network."""
    import apprise  # noqa: PLC0415 - an extra, and loading it takes long: not in the loop

    logging.getLogger("apprise").propagate = False  # what it says may hold secrets; we say what matters
    # Without a limit of its own it stays in this thread, and starts none that the process would wait for at its end.
    asset = apprise.AppriseAsset(service_timeout=0, http_redirects=False, storage_mode="memory")
    service = apprise.Apprise.instantiate(url, asset=asset)
    if service is None:
        return Attempt(result=AttemptResult.GONE, detail="Apprise cannot use the URL, or needs a package for it")
    # Whatever the URL says: a redirect takes messages elsewhere, trying again is ours, and a failure is a failure.
    service.redirects, service.retry, service.optional = False, 0, False
    service.socket_connect_timeout = service.socket_read_timeout = patience
    if service.overflow_mode == apprise.OverflowMode.UPSTREAM:  # it would be refused
        service.overflow_mode = apprise.OverflowMode.TRUNCATE
    sender = apprise.Apprise(asset=asset)
    sender.add(service)
    told = sender.notify(letter.body, title=letter.title, notify_type=letter.kind, body_format="text")
    return judge(told.status.name, str(service.service_name), [entry.message for entry in told.logs()])


def judge(status: str, service: str, lines: Iterable[str]) -> Attempt:
    """Decide by Apprise's word what an attempt means; of its lines only the status that a receiver answered is told.

    There may be secrets in the rest of them.
    """
    if status == "SUCCESS":
        return Attempt(result=AttemptResult.SENT, detail=f"{service} took it")
    if status == "TIMEOUT":
        return Attempt(result=AttemptResult.UNSURE, detail=f"{service} took too long")
    answered = [int(found[1]) for line in lines if (found := _STATUS.search(line))]
    if answered:
        last = answered[-1]
        return Attempt(result=AttemptResult.RETRY, detail=f"{service} answered {phrase(last)}", status=last)
    return Attempt(result=AttemptResult.RETRY, detail=f"{service} did not take it")
