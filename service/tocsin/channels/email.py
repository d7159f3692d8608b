"""Email over SMTP: one message to one recipient, as text and as HTML; nothing in it is fetched from anywhere.

DKIM, SPF and DMARC are the relay's business. The relay's address is the operator's own word and not checked against
the guard: a relay in one's own network is the usual case. One on this very machine is never asked through a proxy.
"""

import asyncio
import contextlib
import hashlib
import ipaddress
import re
import socket
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import parseaddr
from itertools import groupby
from types import MappingProxyType
from typing import Final, Literal, TypeAlias
from urllib.parse import parse_qs, quote, unquote, urlsplit

import aiosmtplib
import httpx
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from tocsin.channels.plot import Week, draw_week, parse_week
from tocsin.channels.wording import cut, one_line, runs, web_link
from tocsin.model import Attempt, AttemptResult, ChannelSpec, Message, MessageKind, Notice, Severity
from tocsin.net.failure import explain, explain_tls
from tocsin.net.tunnel import open_tunnel

SUBJECT_LIMIT: Final = 250
_CONNECT_TIMEOUT: Final = 5.0
_GREYLIST: Final = timedelta(minutes=5)
_BUSY: Final = timedelta(minutes=1)  # a server that closes (421) names no time
_PARTING: Final = 1.0  # seconds for a QUIT that nothing depends on
_DETAIL_LIMIT: Final = 200
_DRAWING: Final = 5.0  # seconds for a picture, or the mail goes without
_NAME_LIMIT: Final = 60  # of a rule in the words that stand for a picture
_TOGETHER: Final = frozenset({MessageKind.GROUP, MessageKind.DIGEST})
_WHOLE: Final = frozenset({"message-id", "in-reply-to", "references", "list-id", "list-unsubscribe", "content-id"})

Tls: TypeAlias = Literal["starttls", "tls", "none"]
_PORTS: Final[Mapping[Tls, int]] = MappingProxyType({"starttls": 587, "tls": 465, "none": 25})


class _AlertPolicy(EmailPolicy):
    """SMTP's policy that leaves identifiers in one piece; the standard one encodes those longer than a line."""

    def fold(self, name: str, value: str) -> str:
        if name.lower() in _WHOLE:
            return f"{name}: {value}{self.linesep}"
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: str) -> bytes:
        return self.fold(name, value).encode("ascii")


_POLICY: Final = _AlertPolicy(linesep="\r\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Where mail is handed in. `password` is a secret: `repr()` leaves it out."""

    host: str
    port: int
    tls: Tls
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)


def smtp_server(url: str) -> SmtpServer:
    """Read an SMTP URL: `smtp://` requires STARTTLS, `smtps://` is TLS; `?tls=none` is for a loopback host only.

    Raises:
        ValueError: it is not one; the message does not repeat it.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("the SMTP URL cannot be read") from None
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ValueError("an SMTP URL is smtp://HOST or smtps://HOST")
    tls = _tls(parts.scheme, parts.query)
    if tls == "none" and not _is_loopback(parts.hostname):
        raise ValueError("tls=none is for a loopback host only")
    user, password = (unquote(text) if text is not None else None for text in (parts.username, parts.password))
    return SmtpServer(host=parts.hostname, port=port or _PORTS[tls], tls=tls, user=user, password=password)


class EmailChannel:
    """Hands in mail. Raises ValueError where the specification's SMTP URL is none."""

    def __init__(self, spec: ChannelSpec, tls: ssl.SSLContext) -> None:
        self._spec = spec
        self._server = smtp_server(spec.smtp)
        self._tls = tls
        self._templates = templates()

    async def send(self, message: Message) -> Attempt:
        """Try once to hand in `message` for its recipient."""
        seconds = self._spec.timeout.total_seconds()
        session = _Session(self._server, self._tls, seconds, self._spec.proxy)
        try:
            mail = compose(message, self._spec, self._templates, await _drawn(message))
            async with asyncio.timeout(seconds):
                answer = await session.hand_in(mail, parseaddr(self._spec.sender)[1], message.recipient)
        except aiosmtplib.SMTPResponseException as error:
            return judge(error.code, error.message)
        except httpx.TransportError as error:  # there is no way through the proxy
            return Attempt(result=AttemptResult.RETRY, detail=explain(error, self._server.host).detail)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:  # OSError: TimeoutError and ssl.SSLError too
            return session.failed(error)
        return Attempt(result=AttemptResult.SENT, detail="accepted", status=250, remote_id=_line(answer))


def templates() -> Environment:
    """Return the templates of mails. All but plain text is escaped, whatever else a file may be called."""
    return Environment(
        loader=PackageLoader("tocsin", "channels/templates"),
        autoescape=select_autoescape(disabled_extensions=("txt.j2",), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def compose(message: Message, spec: ChannelSpec, templates: Environment, picture: bytes | None = None) -> EmailMessage:
    """Return the mail: text first, HTML last, every line short, the same bytes at each try.

    It answers a message that never was, one per story, so that mail programs show a story as a thread. `picture` is a
    PNG of the week of a digest, which has the numbers as a table where there is none.
    """
    domain = parseaddr(spec.sender)[1].rpartition("@")[2]
    own = _identifier(message.delivery_id)
    mail = EmailMessage(policy=_POLICY)
    _address(mail, message, spec, domain)
    words = _words(message, f"week.{own}@{domain}" if picture else None)
    kind = "list" if message.notice.kind in _TOGETHER else "alert"
    mail.set_content(templates.get_template(f"{kind}.txt.j2").render(words), cte="quoted-printable")
    html = templates.get_template(f"{kind}.html.j2").render(words)
    mail.add_alternative(html, subtype="html", cte="quoted-printable")
    if picture:
        _, shown = mail.iter_parts()
        cid = f"<{words['picture']}>"
        shown.add_related(picture, "image", "png", cid=cid, disposition="inline", filename="week.png")
    _bind(mail, own)
    return mail


def _address(mail: EmailMessage, message: Message, spec: ChannelSpec, domain: str) -> None:
    """Write the head of a mail."""
    root = f"<{_identifier(message.story_id)}@{domain}>"
    label = _list_label(*_list_name(message.notice, spec))
    mail["From"] = spec.sender
    mail["To"] = message.recipient
    mail["Subject"] = _subject(message.notice.headline)
    mail["Date"] = message.created
    mail["Message-ID"] = f"<{_identifier(message.delivery_id)}@{domain}>"
    mail["In-Reply-To"] = root
    mail["References"] = root
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834
    mail["List-Id"] = f"<{label}.{domain}>"  # RFC 2919
    sender = quote(parseaddr(spec.sender)[1], safe="@!$'*")
    mail["List-Unsubscribe"] = f"<mailto:{sender}?subject=unsubscribe%20{label}>"  # RFC 2369, 6068


def _bind(mail: EmailMessage, own: str) -> None:
    """Give the parts boundaries that stay the same; no line of quoted-printable or base64 can have "=_" in it."""
    parts = [part for part in mail.walk() if part.is_multipart()]
    for number, part in enumerate(parts):
        part.set_boundary(f"=_{hashlib.sha256(own.encode()).hexdigest()[:24]}_{number}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """An alert as the templates take it: its excerpts in runs of text, each with whether it is marked."""

    notice: Notice
    link: str | None
    excerpts: Sequence[Sequence[tuple[str, bool]]]
    source: str
    facts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    """Alerts that stand together. `rule` is None where they have no heading; `more` of the `count` are left out."""

    rule: str | None
    severity: Severity | None
    count: int
    told: Sequence[_Told]
    more: int


def _words(message: Message, picture: str | None) -> Mapping[str, object]:
    """Return what the templates ask for; `picture` is the id of the part that is one."""
    notice = message.notice
    sections = tuple(_sections(notice))
    week = _week(message)
    return {
        "notice": notice,
        "told": _told(notice),
        "sections": sections,
        "more": notice.more if notice.more != sum(section.more for section in sections) else 0,
        "week": week,
        "week_words": _week_words(week) if week else "",
        "picture": picture,
        "line": one_line,
    }


def _told(notice: Notice, *, of_rule: str = "") -> _Told:
    """Return an alert ready to be told; with the rule in its line where nothing around it says which."""
    age = notice.age and f"({notice.age} old)" if notice.age != "just now" else "(just out)"
    when = " ".join(filter(None, (notice.published, age)))
    return _Told(
        notice=notice,
        link=web_link(notice.url),
        excerpts=tuple(tuple(runs(excerpt)) for excerpt in notice.excerpts),
        source=" · ".join(filter(None, (of_rule, notice.outlet, when))),
        facts=" · ".join(f"{label}: {value}" for label, value in notice.facts),
    )


def _sections(notice: Notice) -> Iterator[_Section]:
    """Yield the alerts of a digest by their rules, also those that none is shown of; those of a group as one."""
    if notice.kind is not MessageKind.DIGEST:
        mixed = len({item.rule for item in notice.items}) > 1
        told = [_told(item, of_rule=item.rule if mixed else "") for item in notice.items]
        if told:
            yield _Section(rule=None, severity=None, count=len(told) + notice.more, told=told, more=notice.more)
        return
    by_rule = {rule: list(items) for rule, items in groupby(notice.items, key=lambda item: item.rule)}
    counts = dict(notice.counts)
    for rule in dict.fromkeys((*by_rule, *counts)):
        items = by_rule.get(rule, [])
        count = max(counts.get(rule, 0), len(items))
        severity = items[0].severity if items else None
        told = [_told(item) for item in items]
        yield _Section(rule=rule, severity=severity, count=count, told=told, more=count - len(items))


def _week(message: Message) -> Week | None:
    return parse_week(message.payload.get("data")) if message.notice.kind is MessageKind.DIGEST else None


def _week_words(week: Week) -> str:
    """Return in words what a picture of the week shows."""
    lines = (f"{cut(line.rule, _NAME_LIMIT)}: {', '.join(map(str, line.counts))}" for line in week.lines)
    return f"Alerts a day from {week.labels[0]} to {week.labels[-1]}. {'; '.join(lines)}."


async def _drawn(message: Message) -> bytes | None:
    """Return a picture of a digest's week; None where it has none, or nothing here can draw it, or not in time."""
    week = _week(message)
    if week is None:
        return None
    try:
        async with asyncio.timeout(_DRAWING):
            return await asyncio.to_thread(draw_week, week)
    except Exception:  # noqa: BLE001 - no picture is worth a mail; the numbers stand in a table then
        return None


def judge(code: int, text: str) -> Attempt:
    """Decide by an SMTP reply other than success what it means (RFC 5321 section 4.2.1)."""
    detail = f"answered {code} {_line(text)}".rstrip()
    if code == 421:
        return Attempt(result=AttemptResult.WAIT, detail=detail, status=code, retry_after=_BUSY)
    if 400 <= code <= 499:
        wait = _GREYLIST if code in {450, 451} else None
        return Attempt(result=AttemptResult.RETRY, detail=detail, status=code, retry_after=wait)
    return Attempt(result=AttemptResult.REFUSED, detail=detail, status=code)


class _Session:
    """One connection for one mail, and how far it came."""

    def __init__(self, server: SmtpServer, tls: ssl.SSLContext, seconds: float, proxy: str) -> None:
        self._server = server
        self._tls = tls
        self._proxy = "" if _is_loopback(server.host) else proxy
        self._handing_over = False
        self._smtp = aiosmtplib.SMTP(
            hostname=server.host,
            username=server.user,
            password=server.password,
            local_hostname=_our_name(),
            timeout=seconds,
            use_tls=server.tls == "tls",
            start_tls=server.tls == "starttls",
            tls_context=tls,
        )

    async def hand_in(self, mail: EmailMessage, sender: str, recipient: str) -> str:
        """Hand `mail` in and return what the server said to it."""
        content = mail.as_bytes()
        async with self._connected():
            await self._smtp.mail(sender)
            await self._smtp.rcpt(recipient)
            self._handing_over = True
            answer = await self._smtp.data(content)
            await self._part()
        return answer.message

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[None]:
        """Connect, through the proxy where there is one."""
        host, port = self._server.host, self._server.port
        async with contextlib.AsyncExitStack() as stack:
            tunnel = open_tunnel(self._proxy, host, port, self._tls, limit=_CONNECT_TIMEOUT) if self._proxy else None
            where = {"sock": await stack.enter_async_context(tunnel)} if tunnel else {"port": port}
            stack.callback(self._smtp.close)
            await self._smtp.connect(timeout=_CONNECT_TIMEOUT, **where)
            yield

    async def _part(self) -> None:
        """Say goodbye; the mail is accepted, whatever becomes of this."""
        with contextlib.suppress(aiosmtplib.SMTPException, OSError):
            await self._smtp.quit(timeout=_PARTING)

    def failed(self, error: Exception) -> Attempt:
        """Say what an attempt means that ended without a reply to judge."""
        host = self._server.host
        cause = error if isinstance(error, ssl.SSLError) else error.__cause__
        if self._handing_over:
            return Attempt(result=AttemptResult.UNSURE, detail=f"{host} broke off while it took the mail")
        if isinstance(cause, ssl.SSLError):
            return Attempt(result=AttemptResult.RETRY, detail=f"{host}: {explain_tls(cause)}")
        if isinstance(cause, socket.gaierror):
            return Attempt(result=AttemptResult.RETRY, detail=f"could not find the host {host}")
        match error:
            case TimeoutError():
                return Attempt(result=AttemptResult.RETRY, detail=f"{host} took too long")
            case aiosmtplib.SMTPServerDisconnected():
                return Attempt(result=AttemptResult.RETRY, detail=f"{host} broke off the connection")
            case OSError():
                return Attempt(result=AttemptResult.RETRY, detail=f"could not connect to {host}")
            case ValueError():
                return Attempt(result=AttemptResult.GONE, detail="the sender or the recipient is not an address")
            case _:
                return Attempt(
                    result=AttemptResult.REFUSED, detail=f"{host} does not offer what is needed: {_line(str(error))}"
                )


def _tls(scheme: str, query: str) -> Tls:
    asked = parse_qs(query).get("tls", [""])[-1]
    if asked not in {"", "none"} or (asked and scheme == "smtps"):
        raise ValueError("an SMTP URL knows ?tls=none only, and smtps:// not even that")
    if asked:
        return "none"
    return "tls" if scheme == "smtps" else "starttls"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _our_name() -> str:
    """Return what to greet with: our name if it is a full one, else an address literal (RFC 5321 section 4.1.4)."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"


def _identifier(text: str) -> str:
    """Return `text` as the left part of a message id, a hash of it where it holds what may not stand there."""
    plain = re.fullmatch(r"[A-Za-z0-9_-]{1,100}", text)
    return text if plain else hashlib.sha256(text.encode(errors="replace")).hexdigest()[:32]


def _list_name(notice: Notice, spec: ChannelSpec) -> tuple[str, str]:
    """Return what a mail's list is about, and its name: a rule's own, a channel's digests, or its mixed groups."""
    if notice.kind is MessageKind.DIGEST:
        return "digest", spec.name
    rules = {item.rule for item in notice.items}
    return ("group", spec.name) if len(rules) > 1 else ("", next(iter(rules), notice.rule))


def _list_label(about: str, name: str) -> str:
    """Return a label of letters, digits and hyphens that is that list's own."""
    slug = "-".join(re.findall("[a-z0-9]+", f"{about} {name}".lower()))[:40].strip("-")
    digest = hashlib.sha256(f"{about and about + chr(0)}{name}".encode(errors="replace")).hexdigest()[:8]
    return f"{slug}-{digest}.tocsin" if slug else f"{digest}.tocsin"


def _subject(headline: str) -> str:
    """Return a headline as a subject.

    EmailMessage decodes what looks like an encoded word (RFC 2047), line ends in it included, which would then stand in
    the header as they are: no encoded word may begin.
    """
    line = " ".join(one_line(headline).replace("=?", "= ?").split())
    return cut(line or "(no title)", SUBJECT_LIMIT)


def _line(text: str) -> str:
    return cut(" ".join(one_line(text).split()), _DETAIL_LIMIT)
