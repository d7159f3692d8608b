"""What `group` says of articles in files: which are one story, why, and what it does with mistakes."""

import json

import pytest

from support.commands import objects
from support.likenesses import sentences
from support.session import Session

TEXT = sentences(30)
OTHER = sentences(30, word="v")
CONFIG = """
feeds:
  - {name: Amber Gazette, path: gazette, outlet: The Gazette, boilerplate: ["Ferry shop*"]}
channels: [{name: archive, type: file, path: alerts.jsonl}]
"""


@pytest.fixture
def tocsin(tmp_path, monkeypatch):
    """Return the commands in an empty working directory."""
    monkeypatch.chdir(tmp_path)
    return Session(tmp_path)


def line(name, text=TEXT, **article):
    """Return an article as a JSON line."""
    plain = {"id": name, "title": f"Report {name}", "published": "2031-05-12T11:05:00Z", "text": text, "feed": "Herald"}
    return json.dumps({**plain, **article}) + "\n"


def grouped(tocsin, *lines, **options):
    """Return what is printed of articles."""
    ended = tocsin("group", "-", "--json", given="".join(lines), **options)
    assert (ended.returncode, ended.stderr) == (0, "")
    return objects(ended.stdout)


def test_copies_are_one_story(tocsin):
    """A copy has the story of the first article, which it names, with a score and the reason; others have their own."""
    first, other, copy = grouped(tocsin, line("a"), line("b", OTHER), line("c", sentences(20), feed="Courier"))
    assert list(first) == ["id", "story", "verdict", "of", "score", "why"]
    assert [item["verdict"] for item in (first, other, copy)] == ["new", "new", "copy"]
    assert (copy["story"], copy["of"], copy["score"]) == (first["story"], "a", 1.0)
    assert copy["why"] == "1.00 of its five-word runs are shared, 1.00 of the lead; 0.0 h apart"
    assert other["story"] != first["story"]
    assert (first["of"], first["score"]) == (None, None)


def test_a_follow_up_names_the_story_that_it_follows(tocsin):
    """Half of a report below a new lead is, from the same feed, a new story that follows it."""
    text = f"{sentences(20, word='v')}\n\n{sentences(15)}"
    first, second = grouped(tocsin, line("a"), line("b", text, published="2031-05-13T08:00:00Z"))
    assert (second["verdict"], second["follows"], "follows" in first) == ("new", first["story"], False)


def test_the_same_entry_again_is_an_update_or_a_repeat(tocsin):
    """By its id, else its URL in its feed, an article is known: changed it is an update, unchanged a copy of itself."""
    url = "https://herald.example.org/1"
    first, changed, repeated, moved, elsewhere = grouped(
        tocsin,
        line("a", url=url),
        line("a", TEXT + "\n\nOne more ferry stays.", url=url),
        line("a", TEXT + "\n\nOne more ferry stays.", url=url),
        line("b", TEXT + "\n\nTwo more ferries stay.", title="Report a", url=url + "?utm_source=x"),
        line("a", OTHER, feed="Courier"),
    )
    assert [item["verdict"] for item in (changed, repeated, moved)] == ["update", "copy", "update"]
    assert {item["story"] for item in (first, changed, repeated, moved)} == {first["story"]}
    assert {item["of"] for item in (changed, repeated, moved)} == {"a"}
    assert (repeated["score"], repeated["why"]) == (1.0, "seen before: the same title and text")
    assert elsewhere["verdict"] == "new"


def test_a_reused_id_names_a_new_article(tocsin):
    """An id that comes with another title and another text is an article of its own, and a story."""
    first, second = grouped(tocsin, line("a"), line("a", OTHER, title="Something else altogether"))
    assert (second["verdict"], second["id"]) == ("new", "a")
    assert second["story"] != first["story"]


def test_furniture_is_learnt_in_order(tocsin):
    """What a feed repeats joins no articles, once it has been seen often enough."""
    furniture = sentences(40, word="f")
    lines = [
        line(word, f"{sentences(9, word=word)}\n\n{sentences(9, word=word + 'x')}\n\n{furniture}") for word in "vwxqz"
    ]
    assert {item["verdict"] for item in grouped(tocsin, *lines)[3:]} == {"new"}


def test_a_configured_feed_is_read_as_configured(tocsin):
    """The boilerplate of a feed that an article names is left out, and the window is the configured one."""
    tocsin.write("config/tocsin.yaml", CONFIG)
    shop = "\n\nFerry shop. " + sentences(60, word="f")
    first, second = grouped(
        tocsin, line("a", TEXT + shop, feed="Amber Gazette"), line("b", OTHER + shop, feed="Amber Gazette")
    )
    assert (first["verdict"], second["verdict"], "follows" in second) == ("new", "new", False)


def test_times_that_are_still_to_come_part_as_well(tocsin):
    """Reports weeks apart are two, though both are dated later than now; without a time, now counts."""
    late, later, undated = (
        line(name, published=time, feed=name)
        for name, time in [("a", "2131-01-01T00:00:00Z"), ("b", "2131-02-01T00:00:00Z"), ("c", None)]
    )
    assert [item["verdict"] for item in grouped(tocsin, late, later, undated)] == ["new", "new", "new"]


def test_an_article_without_a_feed_is_of_its_file(tocsin):
    """The file's name stands for a feed that is not named: one id in two files is two articles."""
    for name, text in (("one.jsonl", TEXT), ("two.jsonl", OTHER)):
        tocsin.write(name, line("a", text, feed=None))
    ended = tocsin("group", "one.jsonl", "two.jsonl", "--json")
    assert [item["verdict"] for item in objects(ended.stdout)] == ["new", "new"]


def test_mistakes_are_told_by_file_and_line(tocsin):
    """A line that cannot be read costs itself alone, and is told; a file that cannot be read makes the status 2."""
    tocsin.write("one.jsonl", line("a") + "{nonsense\n" + line("b", "", title="") + line("c", feed="Courier"))
    ended = tocsin("group", "one.jsonl", "gone.jsonl", "--json")
    assert [item["verdict"] for item in objects(ended.stdout)] == ["new", "new", "copy"]
    assert "one.jsonl: line 2: not valid JSON" in ended.stderr
    assert "gone.jsonl: No such file" in ended.stderr
    assert ended.returncode == 2


def test_people_see_stories_with_their_articles(tocsin):
    """Without `--json` a table has each story once, with its articles below each other."""
    ended = tocsin("group", "-", given=line("a") + line("b", OTHER) + line("c", feed="Courier"))
    rows = ended.stdout.splitlines()
    assert [next(word for word in ("new", "copy") if word in row) for row in rows[1:]] == ["new", "copy", "new"]
    assert [row.startswith("sto_") for row in rows[1:]] == [True, False, True]
    assert "Report c" in rows[2]
    assert "Courier" in rows[2]
