"""Laws of templates: JSON of the user's own, filled in as data."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.alerts.template import LARGEST_OUTPUT, MessageTemplate, TemplateFailed, slip_in

DATA = {
    "rule": {"name": "Ferries", "tags": ["sea", "coast"]},
    "update": {"number": 3},
    "items": [1, 2],
    "published": None,
    "total": 12,
}
VALUES = {"payload": {"type": "alert.matched", "data": DATA}, "data": DATA, "notice": {"headline": "Ferry aground"}}


def made(text, values=VALUES):
    return MessageTemplate({"text": text}).fill_in(values)["text"]


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("{{ notice.headline }}!", "Ferry aground!"),
        ("{{ data.rule.tags | join(', ') }}", "sea, coast"),
        ("{{ data.rule.tags[1] }} {{ data['rule']['name'] }}", "coast Ferries"),
        ("{% for tag in data.rule.tags %}#{{ tag }} {% endfor %}", "#sea #coast "),
        ("{% if payload.type == 'alert.matched' %}rang{% endif %}", "rang"),
        ("{{ data.update.number }} of {{ data.items[0] }}", "3 of 1"),  # not Python's methods of these names
        ("[{{ data.published }}]", "[]"),
        ("{{ data.total * 2 }}", "24"),
        ("{{ data.rule | tojson }}", '{"name": "Ferries", "tags": ["sea", "coast"]}'),
        ("{{ data.nothing.at.all | default('none') }}", "none"),
        ("{{ data.nothing.at.all is defined }}", "False"),
        ("two\nlines\n", "two\nlines\n"),
        ("{{ notice.headline }}\n", "Ferry aground\n"),
    ],
)
def test_a_string_becomes_what_it_says(text, becomes):
    """Values, filters, loops and conditions do what Jinja2 says; null is nothing; no line break is lost."""
    assert slip_in(text) is None
    assert made(text) == becomes


def test_what_is_no_string_stays():
    """Numbers, yes and no, null, keys and the order of all stay as they are, at any depth."""
    form = {"n": 5, "x": 1.5, "yes": True, "none": None, "{{ key }}": [{"a": "b"}, ["{{ data.total }}", 0]]}
    filled = MessageTemplate(form).fill_in(VALUES)
    assert filled == {**form, "{{ key }}": [{"a": "b"}, ["12", 0]]}
    assert list(filled) == list(form)


@given(st.text())
def test_nothing_breaks_out_of_its_string(title):
    """Whatever an article says is the string's content: signs of JSON and of templates in it are text."""
    values = {"notice": {"headline": title}}
    filled = MessageTemplate({"text": "<{{ notice.headline }}>", "more": 1}).fill_in(values)
    assert json.loads(json.dumps(filled)) == {"text": f"<{title}>", "more": 1}


def test_a_title_is_no_template():
    """What a template is filled in with is not filled in again."""
    assert made("{{ notice.headline }}", {"notice": {"headline": "{{ data }} {% for %}"}}) == "{{ data }} {% for %}"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{{ data.nothing }}", "there is no nothing"),
        ("{{ data.nothing.below }}", "there is no nothing"),
        ("{{ data['nothing'] }}", "there is no nothing"),
        ("{{ data.items[7] }}", "list object has no element 7"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ ''.__class__.__mro__ }}", "access to attribute '__class__' of 'str' object is unsafe."),
        ("{{ data.items.append(1) }}", "access to attribute 'append' of 'list' object is unsafe."),
        ("{{ data.rule.clear() }}", "there is no clear"),
        ("{{ 9 ** 9 ** 9 }}", "there is no **"),
        ("{{ 'x' * 50000000 }}", "* is for numbers, and only *"),
        ("{{ [1] * 50000000 }}", "* is for numbers, and only *"),
        ("{{ '%0999999d' | format(1) }}", "more than 64 kB"),
    ],
)
def test_what_cannot_be_filled_in_is_told_with_its_place(text, why):
    """A missing value, a way out of the sandbox and what makes much of little fail, with the place and the reason."""
    with pytest.raises(TemplateFailed) as caught:
        MessageTemplate({"blocks": [{"text": text}]}).fill_in(VALUES)
    assert str(caught.value) == f"the template at blocks.0.text: {why}"


def test_the_limit_is_for_all_strings_together():
    """64 kB in UTF-8 are the most that all templates of a message become; what is no template does not count."""
    half = {"notice": {"headline": "Ж" * (LARGEST_OUTPUT // 4)}}
    two = {"a": "{{ notice.headline }}", "b": "{{ notice.headline }}", "c": "x" * LARGEST_OUTPUT}
    assert MessageTemplate(two).fill_in(half)["b"] == half["notice"]["headline"]
    with pytest.raises(TemplateFailed, match=r"^the template at d: more than 64 kB$"):
        MessageTemplate({**two, "d": "{{ 1 }}"}).fill_in(half)


def test_a_template_ends_when_nobody_waits():
    """A long loop asks now and then whether it is still wanted."""
    endless = "{% for a in data.items %}{% for b in data.items %}{{ b }}{% endfor %}{% endfor %}"
    asked = []
    with pytest.raises(TemplateFailed, match=r"it took too long$"):
        MessageTemplate({"text": endless}).fill_in(
            {"data": {"items": list(range(1000))}}, lambda: bool(asked.append(1) or len(asked) > 5)
        )
    assert len(asked) == 6


@pytest.mark.parametrize(
    ("text", "message", "at"),
    [
        ("{{ notice.headline }", "not a template: unexpected '}'", 0),
        ("{% fro a in b %}", "not a template: encountered unknown tag 'fro'", 0),
        ("one\ntwo\n{{ a b }}", "not a template: expected token 'end of print statement', got 'b'", 8),
        ("{{ data.x | shout }}", "not a template: no filter named 'shout'", 0),
        ("{{ notic.headline }}", 'there is no "notic" (did you mean "notice"?)', 3),
        ("one {{ article.title }}", 'there is no "article", only payload, data and notice', 7),
        ("{{ range(9) }}", 'there is no "range", only payload, data and notice', 3),
    ],
)
def test_a_slip_is_found_before_anything_is_sent(text, message, at):
    """What no values could mend is found in the text, with its place."""
    slip = slip_in(text)
    assert slip
    assert (slip.message, slip.at) == (message, at)


@pytest.mark.parametrize("text", ["", "plain", "{# a comment #}", "{% set a = 1 %}{{ a }}", "{{ '{{' }}"])
def test_what_is_right_has_no_slip(text):
    """Plain texts, comments and names that a template gives itself are right."""
    assert slip_in(text) is None
