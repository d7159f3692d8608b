"""One bad configuration per mistake."""

from pathlib import Path

import pytest

from tocsin.config.build import load_plan
from tocsin.errors import ConfigError

CORPUS = Path(__file__).parents[2] / "corpus" / "config"


@pytest.mark.parametrize("directory", sorted(CORPUS.iterdir()), ids=lambda directory: directory.name)
def test_each_mistake_is_told_in_its_exact_words(directory: Path) -> None:
    """A configuration with a known mistake is refused with exactly the lines in its `expected.txt`."""
    with pytest.raises(ConfigError) as caught:
        load_plan(directory, {})
    assert str(caught.value) == (directory / "expected.txt").read_text(encoding="utf-8").rstrip("\n")


def test_no_message_repeats_a_secret_value() -> None:
    """What stands in a secret's place is never part of a message, however wrong it is."""
    texts = [path.read_text(encoding="utf-8") for path in CORPUS.rglob("expected.txt")]
    assert not [text for text in texts if "canary" in text or "hunter2" in text]
