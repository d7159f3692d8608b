"""In place of every channel while nothing is to be sent: shows what would be, and to whom."""

from typing import TextIO

from tocsin.channels.console import ConsoleChannel
from tocsin.channels.wording import one_line
from tocsin.model import Attempt, ChannelSpec, Message


class DryChannel:
    """Prints each message below the name of the channel that it is for."""

    def __init__(self, spec: ChannelSpec, stream: TextIO) -> None:
        self._spec = spec
        self._console = ConsoleChannel(spec, stream)

    async def send(self, message: Message) -> Attempt:
        """Show `message`."""
        to = f"{self._spec.name} ({message.recipient})" if message.recipient else self._spec.name
        return await self._console.show(message.notice, f"would be sent to {one_line(to)}:\n")
