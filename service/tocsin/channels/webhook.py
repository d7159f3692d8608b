"""Webhooks as Standard Webhooks 1.0.0 has them: a signed JSON body of at most 20 kB, or a form of the receiver's own.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Final, cast

import httpx

from tocsin.channels import http
from tocsin.channels.fitting import Payload, fitted
from tocsin.channels.template import FillIn, filled_in
from tocsin.channels.wording import as_json, delivered_payload, one_line, without_surrogates
from tocsin.model import LARGEST_WEBHOOK_BODY, Attempt, AttemptResult, ChannelSpec, Message, WebhookForm

#: Where an event comes from, by CloudEvents; ids are unique in themselves.
EVENT_SOURCE: Final = "/tocsin"

_PREFIX: Final = "whsec_"


class WebhookChannel:
    """Posts the payload, as it is or in another form; `fill_in` fills in the specification's template, if it has one.

    `clock` gives the time in seconds since the epoch.

    Raises ValueError where the secret says that it is base64 and is not.
    """

    def __init__(
        self,
        spec: ChannelSpec,
        transport: httpx.AsyncBaseTransport,
        *,
        clock: Callable[[], float],
        fill_in: FillIn | None = None,
    ) -> None:
        self._spec = spec
        self._transport = transport
        self._clock = clock
        self._fill_in = fill_in
        self._keys = tuple(map(signing_key, spec.secrets))

    async def send(self, message: Message) -> Attempt:
        """Try once to post `message`. A template that cannot be filled in may have been mended by the next try."""
        try:
            content = await self._content(message)
        except ValueError as error:
            return Attempt(result=AttemptResult.REFUSED, detail=one_line(str(error)))
        headers = signed_headers(message.delivery_id, int(self._clock()), content, self._keys)
        return await http.post(self._spec, self._transport, content, {"Content-Type": self._media_type, **headers})

    async def _content(self, message: Message) -> bytes:
        if self._fill_in is None:
            return body(message, self._spec.form)
        return as_json(await filled_in(self._fill_in, template_values(message)))

    @property
    def _media_type(self) -> str:
        is_event = self._fill_in is None and self._spec.form is WebhookForm.CLOUDEVENTS
        return "application/cloudevents+json" if is_event else "application/json"


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


def signed_headers(delivery_id: str, timestamp: int, content: bytes, keys: Sequence[bytes]) -> dict[str, str]:
    """Return the headers that name the delivery and the attempt's time, with a signature by each key."""
    headers = {"webhook-id": delivery_id, "webhook-timestamp": str(timestamp)}
    signed = f"{delivery_id}.{timestamp}.".encode() + content
    signatures = [base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in keys]
    if signatures:
        headers["webhook-signature"] = " ".join(f"v1,{signature}" for signature in signatures)
    return headers


def body(message: Message, form: WebhookForm = WebhookForm.STANDARD) -> bytes:
    """Return what is posted of a message in that form: JSON of at most 20 kB, with as much left out as that takes."""
    write = _WRITERS[form]
    return as_json(write(_fitting(message, write)))


def _fitting(message: Message, write: Callable[[Payload], Payload]) -> Payload:
    return fitted(delivered_payload(message), lambda payload: len(as_json(write(payload))), LARGEST_WEBHOOK_BODY)


def cloud_event(payload: Payload) -> Payload:
    """Return a payload as a CloudEvent in structured mode (CloudEvents 1.0.2, 2 and 3).

    What it is about is the rule; what is of several rules, or of none, is about nothing in particular.
    """
    data = cast("Mapping[str, object]", payload["data"])
    subject = _rule_of(data)
    return {
        "specversion": "1.0",
        "id": data["delivery_id"],
        "source": EVENT_SOURCE,
        "type": payload["type"],
        "time": payload["timestamp"],
        **({"subject": subject} if subject else {}),
        "datacontenttype": "application/json",
        "data": data,
    }


def _rule_of(data: Mapping[str, object]) -> str:
    """Return the name of the rule that a message is about, empty where there is no one rule."""
    match data:
        case {"rule": {"name": name}} | {"group": {"by": "rule", "value": name}} | {"rule": name}:
            return str(name)
        case _:
            return ""


_WRITERS: Final[Mapping[WebhookForm, Callable[[Payload], Payload]]] = MappingProxyType(
    {WebhookForm.STANDARD: lambda payload: payload, WebhookForm.CLOUDEVENTS: cloud_event}
)


def template_values(message: Message) -> Payload:
    """Return what a template is filled in with: the payload within 20 kB, its data, and the notice for people."""
    payload = _fitting(message, lambda payload: payload)
    return {"payload": payload, "data": payload["data"], "notice": without_surrogates(asdict(message.notice))}
