"""What `tocsin entities` and `tocsin entities expand` print, and how they end."""

import pytest

from support.commands import objects
from support.session import Session

KNOWN = """
entities:
  - id: orlova
    name: Vera Orlova
    type: person
    forms: {ru: Вера Орлова}
  - id: lakes
    name: Union of the Three Lakes
    type: org
    acronym: UTL
    aliases: ['"Three Lakes"', Lakeside]
    context: {any: [ferry, '"the treaty"'], none: [holiday], within: 12}
  - id: ferries
    name: ferries
    type: concept
    aliases: ['"boats"']
"""


@pytest.fixture
def tocsin(tmp_path, monkeypatch):
    """Return the commands where three entities are known."""
    monkeypatch.chdir(tmp_path)
    session = Session(tmp_path)
    session.write("config/tocsin.yaml", KNOWN)
    return session


def test_the_list_has_every_entity(tocsin):
    """`entities` prints each entity in the order of the configuration; as JSON with the number of its forms."""
    listed = objects(tocsin("entities", "--json").stdout)
    assert [(entity["id"], entity["type"]) for entity in listed] == [
        ("orlova", "person"),
        ("lakes", "org"),
        ("ferries", "concept"),
    ]
    assert [entity["context"] for entity in listed] == [False, True, False]
    for entity in listed:
        assert entity["forms"] == len(objects(tocsin("entities", "expand", entity["id"], "--json").stdout))
    for_people = tocsin("entities")
    assert for_people.returncode == 0
    assert [line.split()[0] for line in for_people.stdout.splitlines()] == ["id", "orlova", "lakes", "ferries"]


def test_each_form_is_told_with_its_origin_and_condition(tocsin):
    """`expand` says of a form where it comes from, whether it counts by itself, and how case is compared."""
    forms = {form["form"]: form for form in objects(tocsin("entities", "expand", "orlova", "--json").stdout)}
    assert forms["Vera Orlova"]["origin"] == "name"
    assert forms["Vera Orlova"]["counts"] == "by itself"
    assert forms["Orlova"]["counts"] == "only where the full name stands"
    assert forms["Веру Орлову"]["origin"] == "accusative of ru form"
    assert {form["entity"] for form in forms.values()} == {"orlova"}
    assert {form["context"] for form in forms.values()} == {None}


def test_the_case_rule_is_told(tocsin):
    """A name, an acronym, a form in quotes and a concept are compared each in its own way."""
    lakes = {form["form"]: form["case"] for form in objects(tocsin("entities", "expand", "lakes", "--json").stdout)}
    assert lakes["UTL"] == lakes["Three Lakes"] == "exactly as here"
    assert lakes["Lakeside"] == "as here, or a line in capitals"
    ferries = {form["form"]: form["case"] for form in objects(tocsin("entities", "expand", "ferries", "--json").stdout)}
    assert ferries == {"ferries": "any case", "boats": "any case, no inflection"}


def test_the_context_is_shown(tocsin):
    """`expand` shows the words that must and must not stand around a mention, and how near."""
    (first, *_) = objects(tocsin("entities", "expand", "lakes", "--json").stdout)
    assert first["context"] == {"any": ["ferry", '"the treaty"'], "none": ["holiday"], "within": 12}
    told = tocsin("entities", "expand", "lakes").stdout
    assert 'One of these must stand within 12 words of the mention: ferry, "the treaty".' in told
    assert "None of these may stand within 12 words of the mention: holiday." in told


def test_options_stand_before_or_behind(tocsin):
    """`--json` and `--config` count wherever they stand; the id may be written as in a query."""
    tocsin.write("other/tocsin.yaml", "entities: [{id: island, name: Ostrova, type: place}]")
    expected = objects(tocsin("entities", "expand", "island", "--json", "--config", "other").stdout)
    assert [form["form"] for form in expected] == ["Ostrova"]
    assert objects(tocsin("entities", "--json", "--config", "other", "expand", "@island").stdout) == expected


@pytest.mark.parametrize(
    ("asked", "said"),
    [("orlowa", 'there is no entity "orlowa" (did you mean "orlova"?)'), ("zzz", 'there is no entity "zzz"')],
)
def test_an_unknown_id_is_wrong_use(tocsin, asked, said):
    """An id that no entity has ends with 2 and names the nearest there is."""
    ended = tocsin("entities", "expand", asked)
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", f"tocsin: {said}\n")


def test_a_mistaken_configuration_is_told(tocsin):
    """A configuration with mistakes ends with 2."""
    tocsin.write("config/tocsin.yaml", "entities: [{id: island}]")
    assert tocsin("entities").returncode == tocsin("entities", "expand", "island").returncode == 2
