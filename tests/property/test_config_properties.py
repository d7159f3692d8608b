"""Laws of the configuration that hold for all inputs."""

import re
import tempfile
from pathlib import Path

import yaml
from hypothesis import given
from hypothesis import strategies as st

from tocsin.config.build import load_plan
from tocsin.config.schema import CHANNELS, ConfigFile, Section
from tocsin.config.yamlfile import plain, read_yaml
from tocsin.errors import ConfigError


def _keys(section: type[Section]) -> set[str]:
    below = (section.below(key) for key in section.known_keys())
    others = [part for part in below if part and part is not section]
    return set(section.known_keys()).union(*(_keys(part) for part in others))


KEYS = sorted(_keys(ConfigFile).union(*map(_keys, CHANNELS.values())))
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=8),
    st.sampled_from(
        ["a", "slack", "email", "5m", "en", "high", "https://a.example", "${X}", '"a"', "$${", "10.0.0.0/8"]
    ),
)
LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # what the parser counts as one (YAML 1.1)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=12,
)
FILES = st.dictionaries(st.sampled_from(sorted(ConfigFile.known_keys())), VALUES, max_size=5)


@given(st.lists(FILES, min_size=1, max_size=2))
def test_whatever_stands_in_the_files_they_compile_or_are_refused(files: list[object]) -> None:
    """Any YAML gives a plan or a ConfigError; a problem has a place in the file it names, or names the directory."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        texts = {f"{number}.yaml": yaml.safe_dump(content, allow_unicode=True) for number, content in enumerate(files)}
        for file, text in texts.items():
            (directory / file).write_text(text, encoding="utf-8", newline="")
        try:
            problems = load_plan(directory, {}).warnings
        except ConfigError as error:
            problems = error.problems
    for problem in (problem for problem in problems if problem.file != name):
        lines = LINE_BREAK.split(texts[problem.file])
        assert 1 <= problem.line <= len(lines)
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_bytes_raise(body: bytes) -> None:
    """Any file is read to its end, or has a problem that says why not."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "x.yaml"
        path.write_bytes(body)
        file = read_yaml(path, "x.yaml", {})
    assert file.complete or file.problems


TEXTS = st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=30)


@given(st.dictionaries(TEXTS, st.lists(TEXTS, max_size=3), max_size=3))
def test_quoted_texts_come_back_as_they_were(content: dict[str, list[str]]) -> None:
    """What is in quotes is read as the same text, but for `$`, which means something."""
    clean = {key: [text.replace("$", "") for text in texts] for key, texts in content.items()}
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "x.yaml"
        path.write_text(yaml.safe_dump(clean, default_style='"'), encoding="utf-8")
        file = read_yaml(path, "x.yaml", {})
    assert (plain(file.root), file.problems) == (clean, ())
