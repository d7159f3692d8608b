"""What is done to XML that is not well-formed, and what is left alone."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.feeds.balance import balanced
from tocsin.feeds.repair import BARE, ENTITY, JUNK, PREFIX, possible_reference, repaired
from tocsin.feeds.xml import read_xml

PIECES = st.lists(
    st.sampled_from(
        "<rss> </rss> <channel> </channel> <item> </item> <title> </title> <b> </b> <![CDATA[ ]]> <!-- --> <?a ?> & "
        "&amp; &eacute; &#0; &#65 < > \" ' a x:y= <x:y <a =1 / text é".split(" ")
    ),
    max_size=30,
).map("".join)


def repair(text: str) -> str:
    document = repaired(text)
    assert document is not None
    return document.text


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("<rss>a & b</rss>", "<rss>a &amp; b</rss>", BARE),
        ("<rss a='?x=1&y=2'/></rss>", "<rss a='?x=1&amp;y=2'/></rss>", BARE),
        ("<rss>2 < 3</rss>", "<rss>2 &lt; 3</rss>", BARE),
        ("<rss>caf&eacute; &AMP;</rss>", "<rss>café &amp;</rss>", ENTITY),
        ("<rss>&nosuch;</rss>", "<rss>&amp;nosuch;</rss>", ENTITY),
        ("<rss>&#8217 &#x41;</rss>", "<rss>&#8217; &#65;</rss>", BARE),
        ("<rss>&#0;&#xD800;&#99999999999999;</rss>", "<rss>\ufffd\ufffd\ufffd</rss>", None),
        ("<rss>a\0b\x01c\ufffe</rss>", "<rss>ab c\ufffd</rss>", None),
        ("<rss><![CDATA[a & b &eacute; < c]]></rss>", "<rss><![CDATA[a & b &eacute; < c]]></rss>", None),
        ("<rss><!-- a & b --></rss>", "<rss><!-- a & b --></rss>", None),
        ("noise <rss></rss> noise", "<rss></rss>", JUNK),
        ("<?xml version='1.0'?><!-- x --><rss></rss><!-- y -->\n", "<rss></rss>", None),
        (
            "<rss><dc:date>x</dc:date></rss>",
            '<rss xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:date>x</dc:date></rss>',
            PREFIX,
        ),
        ("<rss><a q:b='c'/></rss>", "<rss xmlns:q=\"urn:x-unknown:q\"><a q:b='c'/></rss>", PREFIX),
    ],
)
def test_repair(before: str, after: str, found: str | None) -> None:
    """What XML does not allow is written as it was meant; what is allowed, in CDATA above all, stays as it is."""
    document = repaired(before)
    assert document is not None
    assert (document.text, document.found) == (after, found)


def test_own_entities() -> None:
    """Entities that a document declares as text stand for it; those made of others stand for nothing."""
    doctype = '<!DOCTYPE rss [<!ENTITY who "The Example Herald"><!ENTITY dash " &#8211; "><!ENTITY all "&who;&who;">]>'
    document = repaired(f"{doctype}<rss>&who;&dash;&all;</rss>")
    assert document is not None
    assert document.text == "<rss>The Example Herald – &amp;all;</rss>"
    assert document.found == ENTITY


@pytest.mark.parametrize(
    "text", ["", "<html></html>", "<rss>no end", "<rss><![CDATA[ no end </rss>", "<rss><!-- </rss>"]
)
def test_what_is_left_to_others(text: str) -> None:
    """Without a feed's root, or where CDATA or a comment does not end, nothing is repaired."""
    assert repaired(text) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<rss><channel><item><title>One</title>", "<rss><channel><item><title>One</title></item></channel></rss>"),
        ("<rss><item><p>a<b>c</item></rss>", "<rss><item><p>a<b>c</b></p></item></rss>"),
        ("<rss><item>a</p></item></rss>", "<rss><item>a</item></rss>"),
        ("<rss><title>a</TITLE></rss>", "<rss><title>a</title></rss>"),
        ("<rss><item>1<item>2</item></rss>", "<rss><item>1</item><item>2</item></rss>"),
        ('<rss a=b c=\'"\' a="2"/>', '<rss a="b" c="&quot;"/>'),
        ("<rss></rss>junk", "<rss></rss>"),
        ("<rss><item><title>One</title></item><item>", "<rss><item><title>One</title></item></rss>"),
        ("<rss><item><title>One</title><description>cut he", "<rss><item><title>One</title></item></rss>"),
        ("<rss><item><title>One</title><desc", "<rss><item><title>One</title></item></rss>"),
        ("<rss><a><![CDATA[</a>]]></a></rss>", "<rss><a><![CDATA[</a>]]></a></rss>"),
        ("<rss><!-- a -- b --></rss>", "<rss></rss>"),
    ],
)
def test_balance(before: str, after: str) -> None:
    """End tags end what was begun since, or nothing; what was cut off while it was said is left out."""
    assert balanced(before) == after


def test_what_is_not_plain_is_not_balanced() -> None:
    """A link within a title is a title that does not end, or anything else: nothing is guessed."""
    assert balanced("<rss><item><title>One<link>https://a.example/</link></item></rss>") is None
    assert balanced("<rss>" + "<b>" * 300 + "</rss>") is None


@given(PIECES)
def test_repair_is_done_once(text: str) -> None:
    """Whatever is said to be XML, a repaired document has nothing left to repair."""
    document = repaired(f"<rss>{text}</rss>")
    if document and read_xml(document.text.encode(), "utf-8") is not None:
        assert repair(document.text) == document.text


@given(PIECES)
def test_balanced_documents_are_well_formed(text: str) -> None:
    """Whatever is said to be XML, what comes of repairing it with its tags can be read."""
    document = repaired(f"<rss>{text}", with_tags=True)
    if document is not None:
        assert document.text.startswith("<rss")
        assert balanced(document.text) is not None


@pytest.mark.parametrize(
    "unit", ["<![CDATA[", "<!--", "<?", "&", "<", "<a", "<a b='", "&#", "<b>", "</b>", "<item>", "a:b=", '"', "<a x=y "]
)
def test_repair_takes_linear_time(unit: str) -> None:
    """No sign that is repeated makes the pass look at a document again and again."""
    # Eight times as many signs are eight times the work; looked at again and again, they would be 64 times.
    assert cost_of_repair(unit, 320_000) < 24 * cost_of_repair(unit, 40_000)


def cost_of_repair(unit: str, size: int) -> float:
    """Return the processor time of this process that a document takes, to which other processes add nothing."""
    document = f"<rss><channel>{unit * (size // len(unit))}</channel></rss>"
    costs = []
    for _ in range(3):
        begun = time.process_time()
        for with_tags in (False, True):
            repaired(document, with_tags=with_tags)
        costs.append(time.process_time() - begun)
    return min(costs)


@pytest.mark.parametrize(
    ("digits", "is_known"), [("0", False), ("9", True), ("xFFFE", False), ("x10FFFF", True), ("x110000", False)]
)
def test_references(digits: str, *, is_known: bool) -> None:
    """A reference stays if XML knows its character."""
    hexadecimal, decimal = (digits[1:], None) if digits.startswith("x") else (None, digits)
    assert possible_reference(hexadecimal, decimal).startswith("&#") == is_known
