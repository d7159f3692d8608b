"""The log of the commands that poll or deliver."""

import sys
from collections.abc import Iterable

from tocsin.config.settings import Settings
from tocsin.log import Log


def log_for(settings: Settings, secrets: Iterable[str] = ()) -> Log:
    """Return the log of this process, on standard error."""
    return Log(level=settings.log_level.value, style=settings.log_format.value, stream=sys.stderr, secrets=secrets)
