"""Commands that change rows: they ask the running daemon, or take its place where none runs."""

from collections.abc import Awaitable, Callable

from tocsin.app import App, Outside, control_socket, open_app
from tocsin.cli.frame import plan_for
from tocsin.cli.log import log_for
from tocsin.config.settings import LogLevel, Settings
from tocsin.control import ask
from tocsin.errors import UsageError
from tocsin.model import JsonObject


async def changed(
    settings: Settings, command: str, arguments: JsonObject, here: Callable[[App], Awaitable[JsonObject]]
) -> tuple[JsonObject, bool]:
    """Have the daemon change rows, or change them where none runs; return what came of it, and whether one did.

    Raises:
        UsageError: the daemon says that it cannot be done.
    """
    socket = control_socket(settings.database_url)
    if socket is not None and (answer := await ask(socket, command, **arguments)) is not None:
        if not answer["ok"]:
            raise UsageError(str(answer["error"]))
        return answer, True
    plan = plan_for(settings)
    with log_for(settings.model_copy(update={"log_level": LogLevel.WARNING}), plan.secrets) as log:
        async with open_app(plan, settings.database_url, log, Outside()) as app:
            return await here(app), False
