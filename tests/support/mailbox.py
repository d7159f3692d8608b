"""An SMTP server on loopback that keeps what it is sent."""

import asyncio
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, AuthResult, Envelope


class Mailbox:
    """An aiosmtpd handler. With a `password` it takes mail only from who knows it."""

    def __init__(self, password: str | None = None) -> None:
        self.mails: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.answer = "250 OK"
        self.port = 0
        self._password = password

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Mailbox"]:
        """Serve on a port of the system's choice, in the test's loop."""
        sessions: list[SMTP] = []

        def session() -> SMTP:
            guarded = self._password is not None
            options = {"auth_required": guarded, "auth_require_tls": False, "authenticator": self._known}
            with warnings.catch_warnings(action="ignore", category=UserWarning):  # AUTH without TLS, on loopback
                sessions.append(SMTP(self, hostname="mx.example.org", **(options if guarded else {})))
            return sessions[-1]

        server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for one in sessions:
                if one.transport:
                    one.transport.abort()
            await asyncio.sleep(0.01)

    async def handle_DATA(self, server: object, session: object, envelope: Envelope) -> str:  # noqa: N802
        """Keep a mail (the name is aiosmtpd's)."""
        if self.answer.startswith("250"):
            self.envelopes.append(envelope)
            self.mails.append(message_from_bytes(envelope.original_content, policy=policy.default))
        return self.answer

    def _known(self, server: object, session: object, envelope: object, mechanism: str, data: object) -> AuthResult:
        return AuthResult(success=getattr(data, "password", b"").decode() == self._password)
