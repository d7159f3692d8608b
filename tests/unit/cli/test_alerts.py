"""What `tocsin alerts` prints: for people, for programs, and for spreadsheets."""

import csv
import io
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.commands import TOCSIN, objects
from support.session import Session
from tocsin.cli.clippings import COLUMNS, plain_cell

SMALL = """
feeds: [{name: incoming, path: incoming, outlet: Harbour Post}]
rules:
  - {name: Ferries, keywords: [ferry], severity: high}
  - {name: Gales, keywords: [gale]}
channels: [{name: archive, type: file, path: alerts.jsonl}]
"""
FORMULA = '=HYPERLINK("https://evil.example.org","ferry, click")'


@pytest.fixture
def tocsin(tmp_path, monkeypatch):
    """Return the commands where two articles have rung."""
    monkeypatch.chdir(tmp_path)
    session = Session(tmp_path)
    session.write("config/tocsin.yaml", SMALL)
    session.write("incoming/a.txt", "Ferries stay in port\n\nA gale keeps every ferry in the harbour.")
    session.write("incoming/b.txt", f"{FORMULA}\n\nSomebody writes formulas into titles.")
    assert session("run", "--once").returncode == 0
    return session


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_clippings_say_what_rang_where_and_why(tocsin):
    """A clipping has the alert's rule, outlet, title, evidence, sources and ways, as the JSON has them."""
    rows = rows_of(tocsin("alerts", "--csv", "--rule", "Ferries").stdout)
    told = {alert["alert_id"]: alert for alert in objects(tocsin("alerts", "--json").stdout)}
    row = next(row for row in rows if row["title"] == "Ferries stay in port")
    alert = told[row["alert"]]
    assert (row["rule"], row["severity"], row["outlet"]) == ("Ferries", "high", "Harbour Post")
    assert row["evidence"] == "Ferries; ferry"
    assert row["channels"] == "archive: sent"
    assert row["sources"] == "Harbour Post"
    assert (row["rang"], row["published"]) == (alert["created"], alert["article"]["published"] or "")
    assert {row["rule"] for row in rows} == {"Ferries"}


def test_a_title_is_never_a_formula(tocsin):
    """What begins like a formula is plain text in a spreadsheet, and stands as it is in JSON."""
    titles = {row["title"] for row in rows_of(tocsin("alerts", "--csv").stdout)}
    assert f"'{FORMULA}" in titles
    assert FORMULA not in titles
    assert FORMULA in {alert["article"]["title"] for alert in objects(tocsin("alerts", "--json").stdout)}


def test_clippings_are_csv_by_the_book(tocsin):
    """Lines end in CR LF, the first one names the columns, and cells with commas or quotes are quoted (RFC 4180)."""
    ended = subprocess.run([TOCSIN, "alerts", "--csv"], cwd=tocsin.directory, capture_output=True, check=True)
    lines = ended.stdout.decode().split("\r\n")
    assert lines[0] == ",".join(COLUMNS)
    assert lines[-1] == ""
    assert len(lines) == 2 + 3
    assert not any("\n" in line or "\r" in line for line in lines)
    assert '"\'=HYPERLINK(""https://evil.example.org"",""ferry, click"")"' in ended.stdout.decode()


def test_only_the_last_ones_are_shown(tocsin):
    """Both ways of printing obey --since; none in that time is a table with its head alone."""
    assert len(rows_of(tocsin("alerts", "--csv", "--since", "7d").stdout)) == 3
    assert rows_of(tocsin("alerts", "--csv", "--since", "0s").stdout) == []
    assert tocsin("alerts", "--csv", "--since", "0s").stdout.strip() == ",".join(COLUMNS)


def test_csv_and_json_are_a_choice(tocsin):
    """Asking for both is wrong use."""
    ended = tocsin("alerts", "--csv", "--json")
    assert (ended.returncode, ended.stdout) == (2, "")


@given(st.text())
def test_no_cell_begins_like_a_formula(text):
    """Whatever a cell holds, it is one line that begins with none of the signs that make a formula."""
    cell = plain_cell(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert len(cell.splitlines()) <= 1
    if text.startswith(("=", "+", "-", "@", "\t", "\r")):
        assert cell.startswith("'")


@pytest.mark.parametrize("since", ["", "x", "-1d", "999999w"])
@pytest.mark.parametrize("command", ["alerts", "stories", "replay"])
def test_what_is_no_span_of_time_is_refused(tocsin, command, since):
    """A `--since` that is none, or reaches back over a hundred years, is wrong use, and told in words."""
    done = tocsin(command, "--since", since)
    assert (done.returncode, done.stderr.startswith(f"tocsin: {since!r}")) == (2, True), done.stderr
