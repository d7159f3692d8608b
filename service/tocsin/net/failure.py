"""What went wrong on the wire, as a kind to act on and a line for people. Pure; no line ever holds a URL."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType
from typing import Final

import httpx

from tocsin.net.transport import AddressRefused, NameNotFound, TlsFailed


class FailureKind(Enum):
    """Where a request failed."""

    DNS = auto()
    CONNECT = auto()
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
    match error:
        case AddressRefused():
            return Failure(kind=FailureKind.REFUSED_ADDRESS, detail=f"{host} was not contacted: {error}")
        case NameNotFound():
            return Failure(kind=FailureKind.DNS, detail=f"could not find the host {host}")
        case TlsFailed():
            return Failure(kind=FailureKind.TLS, detail=f"{host}: {explain_tls(error.cause)}")
        case httpx.TimeoutException():
            return Failure(kind=FailureKind.TIMEOUT, detail=f"{host} took too long")
        case httpx.ConnectError():
            return Failure(kind=FailureKind.CONNECT, detail=f"could not connect to {host}")
        case httpx.LocalProtocolError() | httpx.UnsupportedProtocol():
            return Failure(
                kind=FailureKind.BAD_REQUEST, detail=f"{host} cannot be asked: the request is not valid HTTP"
            )
        case _:
            return Failure(kind=FailureKind.CUT, detail=f"{host} broke off the connection")


def explain_tls(error: ssl.SSLError) -> str:
    """Say in plain words why a TLS handshake failed."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _CERTIFICATES.get(error.verify_code, f"the certificate is not accepted ({error.verify_message})")
    if error.reason in {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"}:
        return "the server does not speak TLS there"
    return f"no secure connection ({(error.reason or 'handshake failed').replace('_', ' ').lower()})"
