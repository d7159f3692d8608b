"""Laws of reading one YAML file."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.config.yamlfile import MAX_BYTES, YamlFile, dotted, locate, plain, read_yaml, write_yaml


def read(tmp_path: Path, body: str | bytes, environment: dict[str, str] | None = None) -> YamlFile:
    path = tmp_path / "x.yaml"
    path.write_bytes(body if isinstance(body, bytes) else body.encode())
    return read_yaml(path, "x.yaml", environment or {})


@pytest.mark.parametrize("text", ["no", "on", "22:30", "1.10", "012", "0x1F", "1e3", "true", "2026-02-20", "=", ".inf"])
def test_a_plain_scalar_stays_the_text_that_was_written(tmp_path: Path, text: str) -> None:
    """Nothing but the key a scalar stands under gives it another type than text."""
    assert plain(read(tmp_path, f"a: {text}\nb: [{text}]").root) == {"a": text, "b": [text]}


@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
def test_only_the_core_nulls_are_no_value(tmp_path: Path, text: str) -> None:
    """An empty plain scalar and the nulls of YAML's core schema are no value; in quotes they are texts."""
    assert plain(read(tmp_path, f"a: {text}\nb: '{text}'").root) == {"a": None, "b": text}


@pytest.mark.parametrize("body", ["", "# nothing\n", "---\n", "---\n...\n", "null\n"])
def test_a_file_without_content_is_an_empty_mapping(tmp_path: Path, body: str) -> None:
    """A file of comments, or of nothing, is no mistake."""
    file = read(tmp_path, body)
    assert (plain(file.root), file.problems, file.complete) == ({}, (), True)


def test_places_count_characters_from_one(tmp_path: Path) -> None:
    """A place is a line and a column in characters, behind non-ASCII text and a byte order mark too."""
    root = read(tmp_path, "\ufeffщука: {ключ: [1, два]}\n").root
    found = locate(root, ("щука", "ключ", 1))
    assert (found.node.place.line, found.node.place.column, dotted(found.steps)) == (1, 18, "щука.ключ.1")
    key = locate(root, ("щука", "ключ"))
    assert (key.key_place.line, key.key_place.column) == (1, 8)


def test_a_walk_passes_over_steps_that_are_not_there(tmp_path: Path) -> None:
    """Locating what a document does not have ends at the nearest value that is there."""
    found = locate(read(tmp_path, "a:\n  - b: c\n").root, ("a", "names", 0, "missing"))
    assert (found.steps, found.node.place.line, found.node.place.column) == (("a", 0), 2, 5)


def test_aliases_stand_for_what_they_name(tmp_path: Path) -> None:
    """An alias is read as a copy of its anchor."""
    assert plain(read(tmp_path, "a: &x [1]\nb: *x\n").root) == {"a": ["1"], "b": ["1"]}


def test_variables_are_replaced_in_values_and_remembered_as_secrets(tmp_path: Path) -> None:
    """`${NAME}` takes the environment's value wherever it stands in a text, `$${` is literal, keys are left alone."""
    file = read(tmp_path, 'a: "x${ONE}y${TWO}"\nb: ["$${ONE}"]\n${ONE}: 1', {"ONE": "first", "TWO": "abc"})
    assert plain(file.root) == {"a": "xfirstyabc", "b": ["${ONE}"], "${ONE}": "1"}
    assert file.secrets == {"first"}  # three characters cannot be told from ordinary text


def test_a_replaced_value_is_not_replaced_again(tmp_path: Path) -> None:
    """What a variable holds is taken as it is, even where it looks like another variable."""
    assert plain(read(tmp_path, "a: ${ONE}", {"ONE": "${TWO}", "TWO": "x"}).root) == {"a": "${TWO}"}


@pytest.mark.parametrize(("body", "expected"), [("s3cret\n", "s3cret"), ("s3cret\r\n", "s3cret"), ("a\n\n", "a\n")])
def test_a_file_is_read_without_its_last_line_break(tmp_path: Path, body: str, expected: str) -> None:
    """`${file:PATH}` takes the file's text, one line break at its end cut."""
    secret = tmp_path / "secret"
    secret.write_bytes(body.encode())
    assert plain(read(tmp_path, f"a: ${{file:{secret}}}").root) == {"a": expected}


def test_a_file_or_variable_that_is_not_text_is_a_mistake(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 are refused by name, without showing them."""
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    body = f"a: ${{file:{tmp_path}/binary}}\nb: ${{BAD}}\nc: ${{file:{tmp_path}}}"
    messages = [problem.message for problem in read(tmp_path, body, {"BAD": os.fsdecode(b"ab\xff")}).problems]
    assert messages == [
        f"the file {tmp_path}/binary is not UTF-8",
        "the environment variable BAD is not UTF-8",
        f"the file {tmp_path} cannot be read: Is a directory",
    ]


def test_a_large_file_of_secrets_is_refused(tmp_path: Path) -> None:
    """`${file:…}` never reads more than a secret can be."""
    (tmp_path / "large").write_bytes(b"x" * 200_000)
    [problem] = read(tmp_path, f"a: ${{file:{tmp_path}/large}}").problems
    assert problem.message == f"the file {tmp_path}/large is larger than 100 kB"


def test_a_file_over_five_megabytes_is_refused_unread(tmp_path: Path) -> None:
    """The size limit holds before anything is parsed."""
    file = read(tmp_path, b"# " + b"x" * MAX_BYTES)
    assert [str(problem) for problem in file.problems] == ["x.yaml: larger than 5 MB: split it into several files"]
    assert not file.complete


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    """A file that vanished or is no file is told, not raised."""
    [problem] = read_yaml(tmp_path / "gone.yaml", "gone.yaml", {}).problems
    assert str(problem) == "gone.yaml: cannot be read: No such file or directory"


BOMBS = {
    "aliases": "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"a{i}: &a{i} [{f'*a{i - 1}, ' * 9}]\n" for i in range(1, 9)),
    "values": "a: [" + "x, " * 1_000_000 + "]",
    "flow depth": "[" * 4_000_000,
    "block depth": "- " * 2_000_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_at_once(tmp_path: Path, name: str) -> None:
    """A file that would grow beyond measure is refused before it is built: what is not takes minutes, or all memory."""
    file = read(tmp_path, BOMBS[name])
    assert len(file.problems) == 1
    assert not file.complete


def test_aliases_do_not_deepen_a_document_beyond_the_limit(tmp_path: Path) -> None:
    """Depth counts what an alias stands for, so that chains of aliases cannot exhaust the stack."""
    body = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} {'[' * 10}*a{i - 1}{']' * 10}\n" for i in range(1, 20))
    [problem] = read(tmp_path, body).problems
    assert problem.message == "nested more than 20 levels deep"


def test_a_mistake_in_one_value_does_not_hide_the_next(tmp_path: Path) -> None:
    """Duplicate keys and missing variables are collected while the file is read on."""
    file = read(tmp_path, "a: 1\na: 2\nb: ${X}\nc: [{d: 1, d: 2}]\n")
    places = [(problem.line, problem.column, problem.path) for problem in file.problems]
    assert places == [(2, 1, "a"), (3, 4, "b"), (4, 12, "c.0.d")]
    assert file.complete


ANY = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=30)
TEXTS = ANY | st.text("${}a", max_size=6)
VALUES = st.recursive(
    TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=8
)


@given(st.dictionaries(TEXTS, VALUES, max_size=3))
def test_what_is_written_is_read_again(value: dict[str, object]) -> None:
    """Keys, lists and texts of one line come back as they were, whatever they look like, a literal ${ too."""
    with TemporaryDirectory() as directory:
        path = Path(directory) / "x.yaml"
        path.write_bytes(write_yaml(value).encode())
        file = read_yaml(path, "x.yaml", {})
    assert file.problems == ()
    assert plain(file.root) == value
