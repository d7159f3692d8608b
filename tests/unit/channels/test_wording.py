"""Untrusted text is made harmless the same way for all channels."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.messages import hostile, message
from tocsin.channels.wording import as_json, cut, delivered_payload, one_line, runs, web_link
from tocsin.model import Excerpt, Span

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@given(ANY_TEXT)
def test_one_line_is_printable_and_encodable(text):
    """Whatever goes in, one line without controls comes out, and UTF-8 can hold it."""
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert not any(ord(letter) < 32 or 127 <= ord(letter) <= 159 for letter in line)
    assert line.encode().decode() == line


def test_one_line_leaves_text_alone():
    """Letters of any script, emoji and their joiners stay as they are."""
    text = "Київ, Зеленського · مرحبا · 👩‍👩‍👧 · ﷽ · e\u0301"
    assert one_line(text) == text


@given(ANY_TEXT, st.integers(1, 30))
def test_cut_keeps_the_limit(text, limit):
    """A cut text is no longer than asked, and one that fits is not cut."""
    assert len(cut(text, limit)) <= limit
    assert cut(text, max(len(text), 1)) == text


@given(st.text(), st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40))))
def test_runs_are_the_whole_text_with_its_marks(text, marks):
    """The pieces join to the text, and a code point is marked exactly where a mark covers it."""
    pieces = list(runs(Excerpt(text=text, marks=tuple(Span(*mark) for mark in marks))))
    plain = [one_line(letter) for letter in text]
    assert "".join(piece for piece, _ in pieces) == "".join(plain)
    marked = "".join(letter for place, letter in enumerate(plain) if any(start <= place < end for start, end in marks))
    assert "".join(piece for piece, is_marked in pieces if is_marked) == marked


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://example.org/a?b=c&d=e#f", True),
        ("http://example.org/Київ", True),
        ("javascript:alert(1)", False),
        ("JAVASCRIPT:alert(1)", False),
        ("data:text/html,x", False),
        ("ftp://example.org/", False),
        ("/relative", False),
        ("https://example.org/a b", False),
        ("https://example.org/\r\nX: y", False),
        ("https://[::1", False),
        ("https://example.org/\ud800", False),
        (" https://example.org/", False),
        ("", False),
        (None, False),
    ],
)
def test_only_web_addresses_become_links(url, linked):
    """Only http and https URLs without white space and controls are links."""
    assert web_link(url) == (url if linked else None)


def test_the_delivery_id_joins_the_data():
    """What goes out is the payload as it was decided with the delivery's id in its data."""
    sent = message()
    payload = delivered_payload(sent)
    assert payload["data"] == {**sent.payload["data"], "delivery_id": sent.delivery_id}
    assert (payload["type"], payload["timestamp"]) == (sent.payload["type"], sent.payload["timestamp"])


@given(ANY_TEXT)
def test_json_is_one_line_for_every_reader(text):
    """Any text travels as JSON on a single line, and comes back but for lone surrogates."""
    encoded = as_json(delivered_payload(hostile(text)))
    assert len(encoded.decode().splitlines()) == 1
    assert json.loads(encoded)["data"]["article"]["title"] == "".join(
        "\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in text
    )
