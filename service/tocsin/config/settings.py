"""The settings of the process, from the environment variables `TOCSIN_*` or the same names in `.env`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from tocsin.config.choices import Mistake, read_choice
from tocsin.errors import ConfigError, Problem

PREFIX = "TOCSIN_"


class LogLevel(StrEnum):
    """The least severe events that are logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """How events are written; auto: readable on a terminal, JSON elsewhere."""

    AUTO = "auto"
    JSON = "json"
    CONSOLE = "console"


def _database_url(url: str) -> str:
    if not url.startswith(("sqlite:///", "postgresql://")):
        raise Mistake("expected a URL that begins with sqlite:/// or postgresql://")
    return url


def _level(text: str) -> LogLevel:
    return read_choice(text.lower(), LogLevel)


def _format(text: str) -> LogFormat:
    return read_choice(text.lower(), LogFormat)


class Settings(BaseSettings):
    """Where the database and the configuration are, and how to log.

    `database_url` may hold a password: `repr()` leaves it out.
    """

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    database_url: Annotated[str, AfterValidator(_database_url)] = Field(default="sqlite:///data/tocsin.db", repr=False)
    config: Path = Path("config")
    log_level: Annotated[LogLevel, BeforeValidator(_level)] = LogLevel.INFO
    log_format: Annotated[LogFormat, BeforeValidator(_format)] = LogFormat.AUTO


def load_settings() -> Settings:
    """Read the settings.

    Raises:
        ConfigError: naming each variable with a wrong value, or `.env` where that is not UTF-8; never a value.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise ConfigError([_problem(details) for details in error.errors()]) from None
    except UnicodeDecodeError:
        raise ConfigError([Problem(file=".env", line=0, column=0, path="", message="not UTF-8")]) from None


def _problem(details: ErrorDetails) -> Problem:
    variable, message = PREFIX + str(details["loc"][0]).upper(), str(details["ctx"]["error"])
    return Problem(file="environment", line=0, column=0, path=variable, message=message)
