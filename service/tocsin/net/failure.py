"""What went wrong on the wire, as a kind to act on and a line for people. Pure; no line ever holds a URL."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

import httpx

from tocsin.net.resolver import NameNotFound
from tocsin.net.transport import AddressRefused, ProxyNotReached, TlsFailed


class FailureKind(Enum):
    """Where a request failed."""

    DNS = auto()
    CONNECT = auto()
    PROXY = auto()  # the proxy cannot be reached, or does not let us through
    TLS = auto()
    TIMEOUT = auto()
    REFUSED_ADDRESS = auto()
    BAD_REQUEST = auto()  # what was asked for cannot be asked at all
    CUT = auto()  # the other side broke off, or did not speak HTTP


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A request that got no answer, and why."""

    kind: FailureKind
    detail: str


# OpenSSL's X509_V_ERR_* numbers
_CERTIFICATES: Final[Mapping[int, str]] = MappingProxyType(
    {
        9: "the certificate is not valid yet",
        10: "the certificate has expired",
        18: "the certificate is self-signed",
        19: "the certificate is of an authority that is not trusted here",
        20: "the certificate is of an authority that is not trusted here",
        21: "the certificate is of an authority that is not trusted here",
        23: "the certificate was revoked",
        62: "the certificate is for another host",
        64: "the certificate is for another host",
    }
)


def explain(error: httpx.TransportError, host: str) -> Failure:
    """Say what `error`, raised by a request to `host`, means."""
    kind, detail = FailureKind.CUT, f"{host} broke off the connection"
    match error:
        case AddressRefused():
            kind, detail = FailureKind.REFUSED_ADDRESS, f"{host} was not contacted: {error}"
        case NameNotFound():
            kind, detail = FailureKind.DNS, f"could not find the host {host}"
        case TlsFailed():
            kind, detail = FailureKind.TLS, f"{error.host or host}: {explain_tls(error.cause)}"
        case ProxyNotReached():
            kind, detail = FailureKind.PROXY, f"could not connect to the proxy on the way to {host}"
        case httpx.ProxyError():
            kind, detail = FailureKind.PROXY, explain_proxy(host, _leading_number(str(error)))
        case httpx.TimeoutException():
            kind, detail = FailureKind.TIMEOUT, f"{host} took too long"
        case httpx.ConnectError():
            kind, detail = FailureKind.CONNECT, f"could not connect to {host}"
        case httpx.LocalProtocolError() | httpx.UnsupportedProtocol():
            kind, detail = FailureKind.BAD_REQUEST, f"{host} cannot be asked: the request is not valid HTTP"
    return Failure(kind=kind, detail=detail)


def explain_proxy(host: str, status: int | None) -> str:
    """Say that a proxy, which answered with `status`, does not lead to `host`."""
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return f"the proxy does not let us through to {host}: it wants another user or password (407)"
    answered = f"it answered {status}" if status else "it broke off"
    return f"the proxy does not let us through to {host}: {answered}"


def _leading_number(text: str) -> int | None:
    number = text.split(" ", 1)[0]
    return int(number) if number.isascii() and number.isdigit() else None


def explain_tls(error: ssl.SSLError) -> str:
    """Say in plain words why a TLS handshake failed."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _CERTIFICATES.get(error.verify_code, f"the certificate is not accepted ({error.verify_message})")
    if error.reason in {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"}:
        return "the server does not speak TLS there"
    return f"no secure connection ({(error.reason or 'handshake failed').replace('_', ' ').lower()})"
