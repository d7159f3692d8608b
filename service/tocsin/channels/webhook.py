"""Webhooks as Standard Webhooks 1.0.0 has them: a signed JSON body of less than 20 kB.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import httpx

from tocsin.channels import http
from tocsin.channels.wording import as_json, cut, delivered_payload
from tocsin.model import Attempt, ChannelSpec, Message

LARGEST_BODY: Final = 20_000
_SNIPPET_LIMIT: Final = 160
_STRING_LIMIT: Final = 500
_PREFIX: Final = "whsec_"
_KEPT_WHOLE: Final = frozenset({"url", "id", "source"})  # of no use in part


class WebhookChannel:
    """Posts the payload. `clock` gives the time in seconds since the epoch.

    Raises ValueError where the secret says that it is base64 and is not.
    """

    def __init__(self, spec: ChannelSpec, transport: httpx.AsyncBaseTransport, *, clock: Callable[[], float]) -> None:
        self._spec = spec
        self._transport = transport
        self._clock = clock
        self._key = signing_key(spec.secret) if spec.secret else None

    async def send(self, message: Message) -> Attempt:
        """Try once to post `message`."""
        content = body(message)
        headers = signed_headers(message.delivery_id, int(self._clock()), content, self._key)
        return await http.post(self._spec, self._transport, content, headers)


def signing_key(secret: str) -> bytes:
    """Return the key of a secret: base64 after `whsec_`, else the text's own bytes.

    Raises:
        ValueError: what follows `whsec_` is not base64, or empty.
    """
    if not secret.startswith(_PREFIX):
        return secret.encode()
    encoded = secret.removeprefix(_PREFIX)
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except binascii.Error:
        key = b""
    if not key:
        raise ValueError("a webhook secret that begins with whsec_ must go on in base64")
    return key


def signed_headers(delivery_id: str, timestamp: int, content: bytes, key: bytes | None) -> dict[str, str]:
    """Return the headers that name the delivery and the attempt's time, signed where there is a key."""
    headers = {"webhook-id": delivery_id, "webhook-timestamp": str(timestamp)}
    if key is not None:
        signed = f"{delivery_id}.{timestamp}.".encode() + content
        signature = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        headers["webhook-signature"] = f"v1,{signature}"
    return headers


def body(message: Message) -> bytes:
    """Return the payload as JSON of at most 20 kB.

    A longer one gives way in this order, each step only if needed: in the evidence, snippets are cut to 160 code points
    and other strings to 500; where the rest alone takes more than half of the room, its strings but ids and URLs are
    cut to 500 code points; evidence is left out from the end of each field, and `evidence_total` says of how much.
    """
    payload = delivered_payload(message)
    for shorten in (_with_short_evidence, _with_short_rest, _with_less_evidence):
        if len(content := as_json(payload)) <= LARGEST_BODY:
            return content
        payload = shorten(payload)
    return as_json(payload)


def _with_short_evidence(payload: dict[str, object]) -> dict[str, object]:
    evidence = [
        {
            key: cut(value, _SNIPPET_LIMIT if key == "snippet" else _STRING_LIMIT) if isinstance(value, str) else value
            for key, value in found.items()
        }
        for found in _evidence(payload)
    ]
    return _with_evidence(payload, evidence)


def _with_short_rest(payload: dict[str, object]) -> dict[str, object]:
    """Shorten what stands around the evidence, where little room would be left for that."""
    if len(as_json(_with_evidence(payload, []))) <= LARGEST_BODY // 2:
        return payload
    return {key: _shortened(value) for key, value in payload.items()}


def _with_less_evidence(payload: dict[str, object]) -> dict[str, object]:
    """Keep as much of the evidence as fits, found by halving; one at least."""
    evidence = _evidence(payload)
    by_worth = sorted(range(len(evidence)), key=list(_places_in_field(evidence)).__getitem__)

    def keeping(count: int) -> dict[str, object]:
        kept = _with_evidence(payload, [evidence[place] for place in sorted(by_worth[:count])])
        return _with_total(kept, len(evidence)) if count < len(evidence) else kept

    counts = range(1, len(evidence) + 1)
    return keeping(max(1, bisect_right(counts, LARGEST_BODY, key=lambda count: len(as_json(keeping(count))))))


def _places_in_field(evidence: Sequence[Mapping[str, object]]) -> Iterator[int]:
    """Yield each evidence's place among those of its field: the first of the body is worth that of the title."""
    seen = Counter[object]()
    for found in evidence:
        yield seen[found.get("field")]
        seen[found.get("field")] += 1


def _shortened(value: object) -> object:
    match value:
        case str():
            return cut(value, _STRING_LIMIT)
        case Mapping():
            return {key: inner if key in _KEPT_WHOLE else _shortened(inner) for key, inner in value.items()}
        case list():
            return [_shortened(inner) for inner in value]
        case _:
            return value


def _evidence(payload: Mapping[str, object]) -> list[dict[str, object]]:
    data = payload.get("data")
    evidence = data.get("evidence") if isinstance(data, Mapping) else None
    return evidence if isinstance(evidence, list) else []


def _with_evidence(payload: dict[str, object], evidence: list[dict[str, object]]) -> dict[str, object]:
    data = payload.get("data")
    if not isinstance(data, Mapping) or "evidence" not in data:
        return payload
    return {**payload, "data": {**data, "evidence": evidence}}


def _with_total(payload: dict[str, object], total: int) -> dict[str, object]:
    data = payload.get("data")
    return {**payload, "data": {**data, "evidence_total": total}} if isinstance(data, Mapping) else payload
