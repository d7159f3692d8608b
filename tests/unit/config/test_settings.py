"""Laws of the process settings."""

from pathlib import Path

import pytest

from tocsin.config.settings import LogFormat, LogLevel, Settings, load_settings
from tocsin.errors import ConfigError


@pytest.fixture(autouse=True)
def empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run each test where there is no `.env`."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_everything_has_a_default() -> None:
    """Without any variable the service runs from its working directory."""
    settings = load_settings()
    assert (settings.database_url, settings.config) == ("sqlite:///data/tocsin.db", Path("config"))
    assert (settings.log_level, settings.log_format) == (LogLevel.INFO, LogFormat.AUTO)


def test_the_environment_wins_over_the_file(empty_directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`.env` holds the same names, is overruled by the environment, and may hold what is not ours."""
    (empty_directory / ".env").write_text("TOCSIN_LOG_LEVEL=debug\nTOCSIN_CONFIG=here\nOTHER=1\nTOCSIN_OTHER=1\n")
    monkeypatch.setenv("TOCSIN_CONFIG", "there")
    monkeypatch.setenv("TOCSIN_LOG_FORMAT", "")
    settings = load_settings()
    assert (settings.log_level, settings.config, settings.log_format) == (LogLevel.DEBUG, Path("there"), LogFormat.AUTO)


def test_wrong_values_name_their_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """All wrong variables are told at once, by name, and a database URL is never shown."""
    monkeypatch.setenv("TOCSIN_LOG_LEVEL", "debgu")
    monkeypatch.setenv("TOCSIN_LOG_FORMAT", "xml")
    monkeypatch.setenv("TOCSIN_DATABASE_URL", "mysql://tocsin:canary@db/tocsin")
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert str(caught.value).splitlines() == [
        "environment: TOCSIN_DATABASE_URL: expected a URL that begins with sqlite:/// or postgresql://",
        'environment: TOCSIN_LOG_LEVEL: expected one of debug, info, warning, error (did you mean "debug"?)',
        "environment: TOCSIN_LOG_FORMAT: expected one of auto, json, console",
    ]


def test_a_file_of_other_bytes_is_told(empty_directory: Path) -> None:
    """A `.env` that is not UTF-8 is a mistake, not a trace."""
    (empty_directory / ".env").write_bytes(b"TOCSIN_CONFIG=caf\xe9\n")
    with pytest.raises(ConfigError, match=r"^\.env: not UTF-8$"):
        load_settings()


def test_a_password_is_in_no_repr() -> None:
    """Printing the settings does not print the database URL."""
    settings = Settings(database_url="postgresql://tocsin:canary@db/tocsin")
    assert "canary" not in f"{settings!r} {settings}"
