"""What `match` finds with a query, and how it shows it."""

import json

import pytest

from support.commands import objects
from support.session import Session

CONFIG = """
feeds:
  - {name: Amber Gazette, path: gazette, tags: [islands], country: ua, language: ru, boilerplate: ["Ferry shop"]}
entities:
  - {id: amberland, name: Amberland, type: place, aliases: [Isle of Amber]}
queries:
  boats: (ferry OR $ships)
  ships: steamer*
channels: [{name: archive, type: file, path: alerts.jsonl}]
"""
GALE = "Gale keeps ferries in port\n\nEvery ferry stays in port. The steamers sail.\n\nNo word from the Isle of Amber."


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """Return the commands in a working directory that holds one text."""
    monkeypatch.chdir(tmp_path)
    session = Session(tmp_path)
    session.write("gale.txt", GALE)
    return session


@pytest.fixture
def tocsin(bare):
    """Return the commands where there are a feed, an entity and two named parts as well."""
    bare.write("config/tocsin.yaml", CONFIG)
    return bare


def evidence(ended):
    """Return field and words of the evidence in the one article that was read."""
    (article,) = objects(ended.stdout)
    return [(item["field"], item["text"]) for item in article["evidence"]]


def line(**article):
    """Return an article as a JSON line."""
    return json.dumps(article) + "\n"


# ---------------------------------------------------------------------------------------------------------------
# Queries


def test_a_query_is_looked_for(bare):
    """Without `--keywords`, QUERY is one of the language, and all evidence is told with its offsets."""
    ended = bare("match", "title:gale AND (ferry NEAR/3 port)", "gale.txt", "--json")
    (article,) = objects(ended.stdout)
    assert (ended.returncode, article["matched"], article["title"]) == (0, True, "Gale keeps ferries in port")
    assert {"field": "title", "start": 0, "end": 4, "text": "Gale", "term": "gale"} in article["evidence"]
    body = [item for item in article["evidence"] if item["field"] == "body"]
    assert [GALE[item["start"] : item["end"]] for item in body] == ["ferry", "port"]
    assert bare("match", "gale AND NOT ferry", "gale.txt").returncode == 1


def test_parts_and_entities_are_those_of_the_configuration(tocsin):
    """`$name` and `@id` stand for what the configuration says; parts may name parts."""
    ended = tocsin("match", "$boats AND @amberland", "gale.txt", "--json")
    assert evidence(ended) == [
        ("title", "ferries"),
        ("body", "ferry"),
        ("body", "steamers"),
        ("body", "Isle of Amber"),
    ]


def test_evidence_of_every_field_is_told(tocsin):
    """Authors, URL, feed, tags and codes are evidence too, with what stands there."""
    article = line(title="Amber", text="x", url="https://gazette.example/boats", authors=["A. Writer"], tags=["sea"])
    tocsin.write("gazette/one.jsonl", article)
    query = "author:writer AND url:boats AND feed:gazette AND tag:(sea AND islands) AND lang:ru AND country:ua"
    ended = tocsin("match", query, "gazette/one.jsonl", "--json")
    assert evidence(ended) == [
        ("author", "Writer"),
        ("url", "boats"),
        ("feed", "Gazette"),
        ("tag", "sea"),
        ("tag", "islands"),
        ("lang", "ru"),
        ("country", "ua"),
    ]
    shown = tocsin("match", "author:writer AND lang:ru", "gazette/one.jsonl").stdout
    assert shown == "gazette/one.jsonl: Amber\n  author: Writer\n  lang: ru\n"


def test_a_file_of_a_feed_is_read_as_that_feed_reads_it(tocsin):
    """Its furniture is masked and its language is the feed's, by whatever way the directory is named."""
    tocsin.write("gazette/one.txt", "Amber\n\nFerry shop\n\nNo boats.")
    (tocsin.directory / "also").symlink_to("gazette")
    for name in ("gazette/one.txt", "./gazette/../gazette/one.txt", "also/one.txt"):
        assert tocsin("match", "ferry", name).returncode == 1
        assert tocsin("match", "lang:ru", name).returncode == 0
    tocsin.write("one.txt", "Amber\n\nFerry shop\n\nNo boats.")
    assert tocsin("match", "ferry", "one.txt").returncode == 0


def test_the_language_of_a_text_is_detected(bare):
    """A text that says nothing of its language is matched in the one it is written in."""
    bare.write("one.txt", "Пароми\n\nУряд заявив, що пороми не вийдуть у море до кінця тижня через сильний шторм.")
    assert bare("match", "lang:uk", "one.txt").returncode == 0


# ---------------------------------------------------------------------------------------------------------------
# Mistakes


@pytest.mark.parametrize(
    ("query", "shown", "under"),
    [
        ("ferry AND", "ferry AND", ""),
        ("ferry\nAND port OR  harbour", "AND port OR  harbour", "OR"),
        ("@amberlnd AND ferry", "@amberlnd AND ferry", "@amberlnd"),
        ("ferry OR $boat", "ferry OR $boat", "$boat"),
        ("大雨 @naato", "大雨 @naato", "@naato"),
        ("a\tb\x1b[31m OR", "a b [31m OR", "b"),
    ],
)
def test_a_mistake_in_a_query_is_pointed_at(tocsin, query, shown, under):
    """The status is 2; the line with the mistake is shown, and a caret under its character."""
    ended = tocsin("match", query, "gale.txt")
    assert (ended.returncode, ended.stdout) == (2, "")
    message, line, caret = ended.stderr.splitlines()
    assert message.startswith("tocsin: ")
    assert line == f"  {shown}"
    wide = sum(char >= "\u2e80" for char in line.partition(under)[0]) if under else 0
    assert caret.strip() == "^"
    assert caret.index("^") - wide == (line.index(under, 2) if under else len(line))


def test_a_long_query_is_shown_around_its_mistake(bare):
    """Of a long line, only what stands around the mistake is shown."""
    query = " OR ".join(f"word{number}" for number in range(500)) + " AND ferry"
    _, line, caret = bare("match", query, "gale.txt").stderr.splitlines()
    assert len(line) < 150
    assert line.startswith("  … ")
    assert line[caret.index("^") :].startswith("AND ferry")


def test_what_a_query_names_must_be_there(tocsin, bare):
    """An entity or part that is not configured is a mistake, with the nearest one that is."""
    assert 'did you mean "amberland"' in tocsin("match", "@amberlnd", "gale.txt").stderr
    assert 'did you mean "boats"' in tocsin("match", "$boat", "gale.txt").stderr
    assert tocsin("match", "$boats AND NOT", "gale.txt").returncode == 2


def test_a_query_that_only_excludes_through_a_part_is_refused(tocsin):
    """Parts are put in before the query is checked."""
    ended = tocsin("match", "NOT $boats", "gale.txt")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "only excludes" in ended.stderr


# ---------------------------------------------------------------------------------------------------------------
# Showing


def test_sentences_are_shown_below_their_title(bare):
    """Each sentence with evidence is a line of its own, each once; the title stands on the source's line."""
    shown = bare("match", "ferry AND port AND steamer", "gale.txt").stdout
    assert shown == ("gale.txt: Gale keeps ferries in port\n  Every ferry stays in port.\n  The steamers sail.\n")


def test_words_are_highlighted_on_a_terminal(bare):
    """Where colours are asked for, the words that matched stand out, those of the title in the title."""
    shown = bare("match", "gale AND steamer", "gale.txt", FORCE_COLOR="1", TERM="xterm-256color").stdout
    title, sentence = shown.splitlines()
    assert "Gale\x1b[0m" in title
    assert "\x1b[1;31msteamers\x1b[0m" in sentence
    assert "\x1b" not in bare("match", "gale AND steamer", "gale.txt").stdout


def test_an_article_cannot_drive_the_terminal(bare):
    """Control characters of an article, or of a file's name, are not printed."""
    bare.write("a\x1b[2J.jsonl", line(title="Ferry\x1b[31m", text="The ferry\x07 sails.\r\x1b]0;x\x07"))
    shown = bare("match", "ferry", "a\x1b[2J.jsonl").stdout
    assert shown.count("\n") == 2
    assert all(char.isprintable() for char in shown.replace("\n", ""))


def test_an_article_without_a_title_is_shown(bare):
    """What has no title says so."""
    bare.write("one.jsonl", line(text="The ferry sails."))
    assert bare("match", "ferry", "one.jsonl").stdout == "one.jsonl: (no title)\n  The ferry sails.\n"


def test_match_calls_a_feed_by_its_own_title(bare):
    """A feed that is not configured has the name that it gives itself; one that is has the configured one."""
    item = "<item><title>Ferry</title><guid>a</guid></item>"
    bare.write("news.xml", f"<rss version='2.0'><channel><title>The Daily Quay</title>{item}</channel></rss>")
    assert evidence(bare("match", "feed:quay", "news.xml", "--json")) == [("feed", "Quay")]


def test_match_prints_one_line_whatever_a_text_holds(bare):
    """What some readers take for the end of a line is escaped in JSON."""
    bare.write("lines.jsonl", json.dumps({"id": "1", "title": "", "text": "alpha\u2028beta"}) + "\n")
    printed = bare("match", '"alpha beta"', "lines.jsonl", "--json").stdout
    assert len(printed.splitlines()) == 1
    assert json.loads(printed)["evidence"][0]["text"] == "alpha\u2028beta"


def test_match_tells_of_a_text_that_is_cut(bare):
    """What lies behind the most that is read of a text is not passed over without a word."""
    bare.write("long.txt", "Ferry\n\n" + "x " * 100_000 + "gale")
    ended = bare("match", "gale", "long.txt")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "long.txt: entry 1: its text is cut at 200,000 characters" in ended.stderr


def test_match_shows_line_ends_as_they_stand(bare):
    """Evidence that runs over a line end says what stands there, carriage return and all."""
    bare.write("lines.jsonl", json.dumps({"id": "1", "title": "", "text": "alpha\r\nbeta"}) + "\n")
    assert evidence(bare("match", '"alpha beta"', "lines.jsonl", "--json")) == [("body", "alpha\r\nbeta")]
    assert "\r" not in bare("match", '"alpha beta"', "lines.jsonl").stdout
