"""What `tocsin stories` and `tocsin explain` print."""

import sqlite3
from contextlib import closing

import pytest

from support.commands import objects
from support.session import Session
from tocsin.cli.explain import REASONS
from tocsin.model import DropReason

FERRY = "Ferries stay in port\n\nA gale keeps every ferry in the harbour."
SMALL = """
feeds: [{name: incoming, path: incoming}]
rules: [{name: Ferries, keywords: [ferry]}]
channels: [{name: archive, type: file, path: alerts.jsonl}]
"""


@pytest.fixture
def tocsin(tmp_path, monkeypatch):
    """Return the commands where an article has rung."""
    monkeypatch.chdir(tmp_path)
    session = Session(tmp_path)
    session.write("config/tocsin.yaml", SMALL)
    session.write("incoming/ferry.txt", FERRY)
    assert session("run", "--once").returncode == 0
    return session


def test_a_story_is_shown_with_its_articles_and_rules(tocsin):
    """A story has the rules that rang for it and each article with its verdict; the text names both."""
    (story,) = objects(tocsin("stories", "--json").stdout)
    assert (story["outlets"], story["rules"], story["follows"]) == (1, ["Ferries"], None)
    (article,) = story["articles"]
    assert (article["title"], article["verdict"], article["of"]) == ("Ferries stay in port", "new", None)
    printed = tocsin("stories").stdout
    assert story["id"] in printed
    assert "rang: Ferries" in printed
    assert article["id"] in printed


@pytest.mark.parametrize("kind", ["article", "alert"])
def test_an_article_is_explained_by_its_id_or_that_of_its_alert(tocsin, kind):
    """Both ids lead to the one journey: match, evidence, story, alert, and how far it came."""
    (alert,) = objects(tocsin("alerts", "--json").stdout)
    named = alert["alert_id"] if kind == "alert" else alert["article"]["id"]
    (told,) = objects(tocsin("explain", named, "--json").stdout)
    assert told["id"] == alert["article"]["id"]
    (match,) = told["versions"][0]["matches"]
    assert (match["rule"], match["outcome"], match["alert_id"]) == ("Ferries", "rung", alert["alert_id"])
    assert {found["text"] for found in match["evidence"]} == {"Ferries", "ferry"}
    assert [(way["channel"], way["state"]) for way in told["alerts"][0]["dispatches"]] == [("archive", "sent")]
    printed = tocsin("explain", named).stdout
    assert "Ferries: rang" in printed
    assert "archive: sent" in printed


def test_an_unknown_id_is_a_finding(tocsin):
    """What is not stored is said on standard error, with status 1."""
    ended = tocsin("explain", "nothing")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "nothing" in ended.stderr


# ---------------------------------------------------------------------------------------------------------------
# Two outlets with one report

TWO = """
feeds:
  - {name: gazette, path: gazette, outlet: Gazette, boilerplate: ["Subscribe to the Gazette!"]}
  - {name: courier, path: courier, outlet: Courier}
rules:
  - {name: Ferries, keywords: [ferry]}
  - {name: Gales, keywords: [gale], min_sources: 3}
  - {name: Unheard, keywords: [harbour master]}
channels: [{name: archive, type: file, path: alerts.jsonl}]
routes: [{match: {rule: [Ferries, Gales]}, channels: archive}]
"""
REPORT = """
A gale that nobody had expected kept every ferry of Atlantis in port on Tuesday, and three hundred people slept in the
hall of the terminal. Volunteers brought blankets, soup and a piano.

The harbour master, Octavia Poseidon, said that the wind had torn two moorings and that no ferry would sail before noon.
"We have counted the ropes twice, and we do not have enough of them," she said. "Whoever has a cousin on the mainland
should ask him to be patient."

Fishermen who came back at dawn spoke of waves as high as the lighthouse steps. Their boats were unharmed, but the catch
of the week was lost when the ice house flooded shortly after four o'clock in the morning.
"""
MOTTO = "Printed on paper of the old mill, by hands that know it."


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """Return the commands where two outlets had one report, the Gazette first and with its furniture."""
    monkeypatch.chdir(tmp_path)
    session = Session(tmp_path)
    session.write("config/tocsin.yaml", TWO)
    (tmp_path / "courier").mkdir()
    session.write("gazette/gale.txt", f"Ferries stay in port\n{REPORT}\nSubscribe to the Gazette!\n\n{MOTTO}\n")
    session.write("gazette/mill.txt", f"The mill turns again\n\nIt is new.\n\nIt is blue.\n\n{MOTTO}\n")
    assert session("run", "--once").returncode == 0
    session.write("courier/gale.txt", f"Three hundred sleep in ferry terminal\n{REPORT}")
    assert session("run", "--once").returncode == 0
    return session


def story_of(tocsin):
    """Return the one story there is."""
    (story,) = objects(tocsin("stories", "--json").stdout)
    return story


def test_each_copy_says_of_what_it_is_one_and_why(desk):
    """A copy names the article that it is like, how much, and why in words; people read how many outlets there are."""
    story = story_of(desk)
    first, copy = story["articles"]
    assert (story["outlets"], first["outlet"], copy["outlet"]) == (2, "Gazette", "Courier")
    assert (first["verdict"], copy["verdict"], copy["of"]) == ("new", "copy", first["id"])
    assert copy["score"] > 0.9
    printed = desk("stories").stdout
    assert f"story {story['id']}: 2 outlets since " in printed
    assert f"{copy['id']}, copy of {first['id']}: {copy['why']}" in printed


def test_stories_are_those_of_the_time_that_is_asked_for(desk):
    """What no article joined since then is left out; what is no duration is a mistake."""
    assert desk("stories", "--since", "0s").stdout == ""
    assert desk("stories", "--since", "soon").returncode == 2


def test_what_is_taken_out_of_an_article_is_shown_with_its_reason(desk):
    """The title in the text, what the configuration names and what the feed repeats are told apart."""
    first, copy = story_of(desk)["articles"]
    (told,) = objects(desk("explain", first["id"], "--json").stdout)
    assert told["versions"][0]["masked"] == [
        {"text": "Ferries stay in port", "why": "the title again"},
        {"text": "Subscribe to the Gazette!", "why": "named in the configuration"},
        {"text": MOTTO, "why": "repeated in the feed"},
    ]
    printed = desk("explain", first["id"]).stdout
    assert 'taken out: "Subscribe to the Gazette!" (named in the configuration)' in printed
    assert f'taken out: "{MOTTO}" (repeated in the feed)' in printed
    assert MOTTO not in desk("explain", copy["id"]).stdout


def test_each_match_is_shown_with_its_end_and_its_words(desk):
    """One rang, one waits, one has no way out: each is said in words, with the number of its mentions and the first."""
    printed = desk("explain", story_of(desk)["articles"][0]["id"]).stdout
    assert "Ferries: rang (alr_" in printed
    assert '3 mentions: "Ferries" (title), "ferry" (body)' in printed
    assert "Gales: waits until more outlets have the story" in printed
    assert "Unheard: rang nothing: no route and no `notify` takes it to a channel" in printed


def test_an_alert_that_waits_is_shown_with_what_it_lacks(desk):
    """It is told until when it waits and how many outlets there are, and its id leads to its article."""
    first, copy = story_of(desk)["articles"]
    for named in (first["id"], copy["id"]):
        (told,) = objects(desk("explain", named, "--json").stdout)
        (held,) = told["held"]
        assert (told["id"], held["rule"]) == (named, "Gales")
    (told,) = objects(desk("explain", held["id"], "--json").stdout)
    assert told["id"] == first["id"]
    printed = desk("explain", held["id"]).stdout
    assert f"alert {held['id']} of Gales waits for more outlets until " in printed
    assert "  2 of 3 so far\n" in printed


def test_an_article_is_explained_without_its_configuration(desk):
    """Where the configuration is gone, what is stored is shown all the same."""
    first = story_of(desk)["articles"][0]["id"]
    (desk.directory / "config" / "tocsin.yaml").unlink()
    (desk.directory / "config").rmdir()
    ended = desk("explain", first)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "Ferries: rang" in ended.stdout


def test_an_article_that_no_rule_matched_is_explained_too(desk):
    """It is said that no rule matched it and that it is in no story."""
    (mill,) = (name for name in _articles(desk) if "The mill turns again" in desk("explain", name).stdout)
    printed = desk("explain", mill).stdout
    assert "  matched no rule\n" in printed
    assert "in no story" in printed


def _articles(tocsin):
    with closing(sqlite3.connect(tocsin.directory / "data" / "tocsin.db")) as rows:
        return [name for (name,) in rows.execute("select id from articles")]


def test_every_reason_why_a_match_rang_nothing_is_told_in_words():
    """No drop reason that can be stored is without the words that `explain` has for it."""
    assert set(REASONS) == set(DropReason)


def test_a_rule_that_did_not_ring_is_explained(tocsin):
    """`--rule` says of each part of a rule whether it is there; a rule that is none is refused."""
    (alert,) = objects(tocsin("alerts", "--json").stdout)
    trams = "rules: [{name: Trams, keywords: [tram], exclude: [gale]}, "
    tocsin.write("config/tocsin.yaml", SMALL.replace("rules: [", trams))
    (told,) = objects(tocsin("explain", alert["alert_id"], "--rule", "Trams", "--json").stdout)
    assert told["rule"]["matches"] is False
    assert [(part["asked"], part["is_wanted"], part["is_found"]) for part in told["rule"]["parts"]] == [
        ("tram", True, False),
        ("gale", False, True),
    ]
    printed = tocsin("explain", alert["alert_id"], "--rule", "Trams").stdout
    assert "- tram: is not there (one of the keywords)" in printed
    assert "of 2 rules of today: 1 match, 1 do not find what they ask for" in printed
    assert tocsin("explain", alert["alert_id"], "--rule", "Tram").returncode == 2


def test_deliveries_are_part_of_the_journey(tocsin):
    """Each message about an alert is shown with every try."""
    (alert,) = objects(tocsin("alerts", "--json").stdout)
    (told,) = objects(tocsin("explain", alert["alert_id"], "--json").stdout)
    (delivery,) = told["deliveries"]
    assert (delivery["channel"], delivery["type"], delivery["state"]) == ("archive", "alert.matched", "delivered")
    assert [tried["result"] for tried in delivery["tries"]] == ["sent"]
    assert (
        f"alert.matched to archive: delivered ({delivery['delivery_id']})"
        in tocsin("explain", alert["alert_id"]).stdout
    )
