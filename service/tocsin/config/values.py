"""Turns one text of the configuration into one value, or says in our words what is wrong with it.

Every reader takes the text as written and raises `Mistake` with a short message that says what to do and never
repeats the text: it may be, or hold, a secret.
"""

import base64
import binascii
import ipaddress
import re
import unicodedata
import zoneinfo
from dataclasses import dataclass
from datetime import time, timedelta
from email.utils import parseaddr
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from tocsin.config.choices import Mistake
from tocsin.errors import QueryError
from tocsin.model import Boilerplate, Network, Term
from tocsin.model.query import Query
from tocsin.rules.lint import term_problem, wildcard_in
from tocsin.rules.parser import parse_query
from tocsin.text.suggestions import suggestion

LONGEST_NAME = 200
LONGEST_REACH = 1000  # words
LONGEST_DURATION = timedelta(days=3650)
MOST_SOURCES = 50  # outlets that an alert can be made to wait for
MOST_OUTLETS = 1000  # that a follow-up can be asked for at
HIGHEST_RATE = 10_000  # alerts of a rule on a channel within an hour
SHORTEST_WINDOW = timedelta(hours=1)
LONGEST_WINDOW = timedelta(days=7)  # the index of stories is kept for a day more
LEAST_SHARE = 0.1

DURATION = r"(?P<number>[0-9]{1,9})(?P<unit>[smhd])"
LANGUAGE = r"(?P<primary>[A-Za-z]{2,3})([-_][A-Za-z0-9]{2,8})*"
PART = r"[A-Za-z0-9_-]+"
SLUG = r"[a-z0-9]+([_-][a-z0-9]+)*"

#: Names of header fields (RFC 9110, 5.6.2 and 5.1), and those that are not for the user to set: they frame or route the
#: message, go no further than the next hop, or are ours.
_HEADER_NAME = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_FRAMING = frozenset(
    {"connection", "content-length", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)
_OURS = frozenset({"a-im", "accept-encoding", "range"})
_OURS_BEGIN = ("if-", "proxy-")
LONGEST_HEADER = 8_000

_QUOTES_INSIDE = "quotes must enclose the whole text: '\"exact words\"'"
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_FLAGS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_QUOTES = '“”„‟"'
_STRAIGHT = str.maketrans(_QUOTES, '"' * len(_QUOTES))


def read_text(text: str) -> str:
    """Read a text that must not be empty."""
    if not text.strip():
        raise Mistake("empty: write a text")
    if "\0" in text:
        raise Mistake("remove the NUL character")
    return text


def read_name(text: str) -> str:
    """Read a name: one line of at most 200 characters, outer blanks dropped."""
    name = read_text(text).strip()
    if len(name) > LONGEST_NAME:
        raise Mistake(f"longer than {LONGEST_NAME} characters")
    if any(unicodedata.category(sign) in {"Cc", "Zl", "Zp"} for sign in name):
        raise Mistake("remove line breaks and control characters")
    return name


def read_slug(text: str) -> str:
    """Read an identifier as rules refer to it."""
    if not re.fullmatch(SLUG, text) or len(text) > LONGEST_NAME:
        raise Mistake("use small letters, digits, - and _ only, like south-ossetia")
    return text


def read_contact(text: str) -> str:
    """Read what stands in the User-Agent header: one line of printable ASCII."""
    contact = read_name(text)
    if not contact.isascii():
        raise Mistake("use ASCII characters: this is sent in an HTTP header")
    return contact


def read_flag(text: str) -> bool:
    """Read yes or no, in the ways people write them."""
    try:
        return _FLAGS[text.casefold()]
    except KeyError:
        raise Mistake("expected true or false") from None


def read_duration(text: str) -> timedelta:
    """Read a whole number with its unit: `90s`, `10m`, `2h`, `1d`."""
    found = re.fullmatch(DURATION, text)
    if not found:
        raise Mistake("expected a duration like 90s, 10m, 2h or 1d")
    number, unit = int(found["number"]), _UNITS[found["unit"]]
    if number == 0:
        raise Mistake("must be more than 0")
    duration = timedelta(**{unit: number})
    if duration > LONGEST_DURATION:
        raise Mistake(f"longer than {LONGEST_DURATION.days} days")
    return duration


def read_wait(text: str) -> timedelta:
    """Read a duration, which may be none at all: `0s`."""
    return timedelta(0) if re.fullmatch("0+[smhd]?", text) else read_duration(text)


def read_time(text: str) -> time:
    """Read a time of day: `22:00`."""
    found = re.fullmatch("([01]?[0-9]|2[0-3]):([0-5][0-9])", text)
    if not found:
        raise Mistake('expected a time of day from "00:00" to "23:59"')
    return time(int(found[1]), int(found[2]))


def read_end_time(text: str) -> time:
    """Read the time of day at which something is over; `24:00` is midnight, as `00:00` is."""
    return time() if text == "24:00" else read_time(text)


def read_rate(text: str) -> int:
    """Read how many alerts an hour may bring."""
    if not re.fullmatch("[0-9]{1,9}", text) or not 1 <= int(text) <= HIGHEST_RATE:
        raise Mistake(f"expected a number from 1 to {HIGHEST_RATE}")
    return int(text)


def read_target(text: str) -> str:
    """Read a receiver's own name for where messages go: one word."""
    target = read_name(text)
    if re.search(r"\s", target):
        raise Mistake("remove the blanks: this is one word")
    return target


def read_apprise_url(text: str) -> str:
    """Read an Apprise URL: a scheme, `://` and more."""
    if not re.match("[a-z][a-z0-9]*://.", text, re.IGNORECASE):
        raise Mistake("expected an Apprise URL like matrix://user:password@host")
    return text


@dataclass(frozen=True, slots=True)
class CronLine:
    """When a feed is polled: minute, hour, day of the month, month, day of the week."""

    text: str


def read_interval(text: str) -> timedelta | CronLine | None:
    """Read how often a feed is polled: a duration, a cron line, or `auto`, which is None."""
    if text == "auto":
        return None
    if len(text.split()) == 5:
        return _read_cron_line(text)
    try:
        return read_duration(text)
    except Mistake as mistake:
        message = str(mistake).replace("a duration like 90s, 10m, 2h or 1d", _PACES)
        raise Mistake(message) from None


_PACES = 'auto, a duration like 90s, 10m, 2h or 1d, or a cron line like "0 7 * * mon-fri"'


def read_cron_line(text: str) -> str:
    """Read a cron line."""
    return _read_cron_line(text).text


def _read_cron_line(text: str) -> CronLine:
    from tocsin.text.cron import read_cron  # noqa: PLC0415 - few configurations have one

    try:
        return CronLine(read_cron(text))
    except ValueError as error:
        raise Mistake(str(error)) from None


def read_timezone(text: str) -> str:
    """Read an IANA time zone name."""
    try:
        return zoneinfo.ZoneInfo(text).key
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        hint = suggestion(text, zoneinfo.available_timezones())
        raise Mistake(f"no time zone of that name{hint or ', use one like Europe/Kyiv'}") from None


def read_language(text: str) -> str:
    """Read a language code, with or without a region, as its primary subtag in small letters (BCP 47)."""
    found = re.fullmatch(LANGUAGE, text)
    if not found:
        raise Mistake("expected a language code like en or uk")
    return found["primary"].lower()


def read_country(text: str) -> str:
    """Read a country code (ISO 3166-1 alpha-2), in small letters."""
    if not re.fullmatch(r"[A-Za-z]{2}", text):
        raise Mistake("expected a country code of two letters, like de or ua")
    return text.lower()


def read_reach(text: str) -> int:
    """Read how many words around a mention are looked at; 0 is all of them."""
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) > LONGEST_REACH:
        raise Mistake(f"expected a number of words up to {LONGEST_REACH}; 0 is the whole article")
    return int(text)


def read_sources(text: str) -> int:
    """Read how many outlets an alert waits for."""
    return _read_outlets(text, 1, MOST_SOURCES)


def read_outlets(text: str) -> int:
    """Read a number of outlets at which an alert is told again."""
    return _read_outlets(text, 2, MOST_OUTLETS)


def _read_outlets(text: str, least: int, most: int) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
        raise Mistake(f"expected a number of outlets from {least} to {most}")
    return int(text)


def read_share(text: str) -> float:
    """Read a share of a text, as a number up to 1."""
    if not re.fullmatch(r"[0-9]{1,9}([.][0-9]{1,9})?", text) or not LEAST_SHARE <= float(text) <= 1:
        raise Mistake(f"expected a share from {LEAST_SHARE} to 1, like 0.6")
    return float(text)


def read_window(text: str) -> timedelta:
    """Read how far apart articles of one story may be published."""
    window = read_duration(text)
    if not SHORTEST_WINDOW <= window <= LONGEST_WINDOW:
        raise Mistake("expected a duration from 1h to 7d")
    return window


def read_parameter(text: str) -> str:
    """Read the name of a parameter of URLs, whose capitals do not count."""
    if not re.fullmatch(r"[^\s?&=#;*]{1,100}", text):
        raise Mistake("expected the name of a parameter alone, like source: no blanks and none of ? & = # ; *")
    return text.lower()


def read_network(text: str) -> Network:
    """Read a range of addresses in CIDR form, or a single address."""
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise Mistake(f"expected addresses like 10.0.0.0/8 or 192.168.1.5{_without_host_bits(text)}") from None


def _without_host_bits(text: str) -> str:
    try:
        return f' (did you mean "{ipaddress.ip_network(text, strict=False)}"?)'
    except ValueError:
        return ""


def read_term(text: str) -> Term:
    """Read a keyword or alias; in inner quotes, straight or curly, it is exact."""
    straight = text.translate(_STRAIGHT)
    term = Term(text=" ".join(straight.split())) if '"' not in straight else _unquoted(straight)
    if problem := term_problem(term):
        raise Mistake(problem, wildcard_in(text))
    return term


def read_word(text: str) -> str:
    """Read a name that is matched like a keyword, but is never exact."""
    term = read_term(text)
    if term.exact:
        raise Mistake("remove the inner quotes", text.translate(_STRAIGHT).index('"'))
    return term.text


def _unquoted(text: str) -> Term:
    quotes = [offset for offset, sign in enumerate(text) if sign == '"']
    if len(quotes) % 2:
        raise Mistake("unbalanced quote: write '\"exact words\"', or none", quotes[-1])
    first, second = quotes[:2]
    if text[:first].strip():
        raise Mistake(_QUOTES_INSIDE, first)
    if text[second + 1 :].strip():
        raise Mistake(_QUOTES_INSIDE, second)
    return Term(text=" ".join(text[first + 1 : second].split()), exact=True)


def read_part_name(text: str) -> str:
    """Read the name of a part of queries, which these write with a $ before it."""
    if not re.fullmatch(PART, text) or len(text) > LONGEST_NAME:
        raise Mistake("use letters, digits, - and _ only, like violence")
    return text


def read_query(text: str) -> Query:
    """Read a query; its parts are not put in yet."""
    end = len(read_text(text).rstrip())
    try:
        return parse_query(text)
    except QueryError as error:
        raise Mistake(error.message, min(error.at, end)) from None


def read_boilerplate(text: str) -> Boilerplate:
    """Read a paragraph of furniture; a trailing `*` drops what follows it too."""
    words = read_text(text).strip()
    start = words.removesuffix("*").rstrip()
    if not start:
        raise Mistake("write the paragraph's first words before the *")
    return Boilerplate(text=start, to_end=words.endswith("*"))


def _split(text: str, example: str) -> SplitResult:
    """Split a URL. urllib drops line breaks and takes any port, so both are looked at here."""
    if any(sign.isspace() or unicodedata.category(sign) == "Cc" for sign in text):
        raise Mistake("remove blanks and line breaks")
    try:
        url = urlsplit(text)
        host, _ = url.hostname, url.port
    except ValueError:
        raise Mistake(f"expected a URL like {example}") from None
    if not host:
        raise Mistake(f"needs a host, like {example}")
    return url


def read_web_url(text: str) -> str:
    """Read an http or https URL without credentials."""
    if not re.match(r"https?://", text, re.IGNORECASE):
        raise Mistake("expected a URL that begins with http:// or https://")
    if "@" in _split(text, "https://example.org/news").netloc:
        raise Mistake("remove user and password: they do not belong in the URL (a feed has `auth` for them)")
    return text


def read_proxy_url(text: str) -> str:
    """Read `http://` or `https://` and the host of a proxy, with or without credentials; `none` is empty."""
    if text == "none":
        return ""
    if not re.match(r"https?://", text, re.IGNORECASE):
        raise Mistake("expected a proxy like http://proxy.example.org:3128 or https://…, or none")
    url = _split(text, "http://user:password@proxy.example.org:3128 (in user and password, # / ? @ as %23 %2F %3F %40)")
    if url.path.strip("/") or url.query or url.fragment:
        raise Mistake("nothing may follow the port; in user and password write # / ? @ as %23 %2F %3F %40")
    if url.password and not url.username:
        raise Mistake("needs a user before the password")
    return text


def read_header_name(text: str) -> str:
    """Read the name of a header field that is sent along with a request for a feed."""
    if not re.fullmatch(_HEADER_NAME, text):
        raise Mistake("expected the name of a header, like X-Api-Key")
    name = text.lower()
    if name == "user-agent":
        raise Mistake("Tocsin says who it is; write whom to ask about it under `contact`")
    if name in _FRAMING | _OURS or name.startswith(_OURS_BEGIN):
        raise Mistake("Tocsin sets this header itself: remove it")
    return text


def read_header_value(text: str) -> str:
    """Read what stands in a header field: one line of printable ASCII (RFC 9110, 5.5), outer blanks dropped."""
    return _header_text(read_text(text).strip(" \t\r\n"))


def _header_text(text: str) -> str:
    if not all(" " <= sign <= "~" or sign == "\t" for sign in text):
        raise Mistake("use ASCII characters on one line: this is sent in an HTTP header")
    if len(text) > LONGEST_HEADER:
        raise Mistake(f"longer than {LONGEST_HEADER} characters")
    return text


def read_token(text: str) -> str:
    """Read a bearer token: printable ASCII without blanks (RFC 6750, 2.1, with room for what servers make of it)."""
    token = _header_text(read_text(text).strip())
    if re.search(r"\s", token):
        raise Mistake("remove the blanks: write the token alone")
    return token


def read_user(text: str) -> str:
    """Read a user for basic authentication, which takes no colon (RFC 7617, 2)."""
    user = read_password(text)
    if ":" in user:
        raise Mistake("a user name cannot hold a colon")
    return user


def read_password(text: str) -> str:
    """Read a password for basic authentication: no control characters (RFC 7617, 2)."""
    if any(unicodedata.category(sign) == "Cc" for sign in read_text(text)):
        raise Mistake("remove line breaks and control characters")
    return text


def read_ca_file(text: str) -> str:
    """Read the path of a file of certificates in PEM form; it is opened, to see whether it is one."""
    import ssl  # noqa: PLC0415 - it takes long, and few configurations need it

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=read_text(text))
    except ssl.SSLError:
        raise Mistake("holds no certificates in PEM form") from None
    except OSError as error:
        raise Mistake(f"cannot be read: {error.strerror}") from None
    return text


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SmtpUrl:
    """A checked SMTP URL as written, and its password as the server is told it; both are secrets."""

    text: str
    password: str | None

    def __repr__(self) -> str:
        return "SmtpUrl(***)"


def read_smtp_url(text: str) -> SmtpUrl:
    """Read `smtp://` (STARTTLS), `smtps://` (TLS), or `smtp://…?tls=none` to a loopback host.

    User and password are percent-encoded in it (RFC 3986, 2.1).
    """
    if not re.match(r"smtps?://", text, re.IGNORECASE):
        raise Mistake("expected a URL that begins with smtp:// or smtps://")
    url = _split(text, "smtp://user:password@mail.example.org (in user and password, # / ? @ as %23 %2F %3F %40)")
    if url.path.strip("/") or url.fragment:
        raise Mistake("nothing may follow the port; in user and password write # / ? @ as %23 %2F %3F %40")
    _check_tls(url)
    if bool(url.username) != bool(url.password):
        raise Mistake("needs both user and password, or none")
    return SmtpUrl(text=text, password=unquote(url.password) if url.password else None)


def _check_tls(url: SplitResult) -> None:
    if not url.query:
        return
    if parse_qsl(url.query, keep_blank_values=True) != [("tls", "none")] or url.scheme == "smtps":
        raise Mistake("only smtp:// takes an option, and only ?tls=none")
    if not _is_loopback(url.hostname or ""):
        raise Mistake("?tls=none is for loopback hosts only: use smtp:// (STARTTLS) or smtps://")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def read_address(text: str) -> str:
    """Read a bare email address."""
    address = text.strip()
    if not re.fullmatch(r"[^@\s<>,;:\"]+@[^@\s<>,;:\"]+", address) or not address.isprintable():
        raise Mistake("expected an email address like desk@example.org")
    return address


def read_sender(text: str) -> str:
    """Read an email address, bare or as `Name <address>` (RFC 5322, 3.4)."""
    sender = read_name(text)
    address = read_address(parseaddr(sender)[1])
    if sender != address and not sender.endswith(f"<{address}>"):
        raise Mistake("expected one address, like Tocsin <tocsin@example.org>")
    return sender


def read_webhook_secret(text: str) -> str:
    """Read a signing secret: `whsec_` and base64 of 24 to 64 bytes (Standard Webhooks), or 24 bytes of text or more."""
    encoded = text.removeprefix("whsec_")
    if encoded == text:
        if len(text.encode()) < 24:
            raise Mistake("too short: use whsec_ and base64, or 24 characters and more")
        return text
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise Mistake("what follows whsec_ must be base64") from None
    if not 24 <= len(key) <= 64:
        raise Mistake("whsec_ needs base64 of 24 to 64 bytes")
    return text
