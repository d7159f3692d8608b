"""What the tests of the config room share: a directory written from texts, and what is wrong with it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from tocsin.config.build import load_plan
from tocsin.errors import ConfigError
from tocsin.plan import Plan

Load = Callable[..., Plan]
Mistakes = Callable[..., list[str]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Compile texts, each a file: the first is `a.yaml`, the next `b.yaml`."""

    def load(*texts: str, environment: Mapping[str, str] | None = None) -> Plan:
        directory = tmp_path / "configuration"
        directory.mkdir(exist_ok=True)
        for letter, text in zip("abcdefgh", texts, strict=False):
            (directory / f"{letter}.yaml").write_text(dedent(text), encoding="utf-8")
        return load_plan(directory, environment or {})

    return load


@pytest.fixture
def mistakes(load: Load) -> Mistakes:
    """Return the lines that users read about texts with mistakes."""

    def mistakes(*texts: str, environment: Mapping[str, str] | None = None) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            load(*texts, environment=environment)
        return list(map(str, caught.value.problems))

    return mistakes
