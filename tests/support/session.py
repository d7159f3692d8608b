"""The commands in the test's own process, which saves a start of Python each."""

from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

from tocsin.cli.main import app


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended, in the words of `subprocess`."""

    returncode: int
    stdout: str
    stderr: str


class Session:
    """Runs commands in the working directory, which is `directory`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def __call__(self, *arguments: str, given: str = "", **environment: str) -> Ended:
        """Run a command to its end; `given` is its standard input. What it lets through is raised."""
        result = CliRunner().invoke(app, arguments, input=given, env=environment)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ended(returncode=result.exit_code, stdout=result.stdout, stderr=result.stderr)

    def write(self, name: str, text: str) -> Path:
        """Write a file below the working directory. A directory feed leaves it alone for a second, like any other."""
        file = self.directory / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file
