"""What Slack is posted: blocks within its limits, with nothing alive in them but the links to the articles."""

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.hostile_titles import TITLES
from support.messages import SENTENCE, hostile, message, notice
from support.pages import ROOT
from support.push_messages import SAMPLES, together
from tocsin.channels.http import Answer
from tocsin.channels.slack import judge, payload, reply
from tocsin.channels.slack_blocks import BLOCKS_LIMIT, HEADER_LIMIT, MOST_BLOCKS, SECTION_LIMIT, blocks, section
from tocsin.model import AttemptResult, Excerpt, MessageKind, Span

GOLDENS = ROOT / "tests" / "corpus" / "channels" / "slack"
TITLE_LINK = re.compile(r"\*<(https://herald\.example\.org/[^<>|*`\s]*)\|([^<>|\n]+)>\*")
ENTITY = re.compile("&(amp|lt|gt);")
UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200)
SEVERAL = st.sampled_from([MessageKind.GROUP, MessageKind.DIGEST])


def assert_harmless(text, *, links):
    """Nothing in `text` is a mention, link or broken escape but the titles' own links, `links` at most."""
    text, found = TITLE_LINK.subn("", text)
    assert found <= links
    assert "<" not in text
    assert ">" not in "".join(line.removeprefix("> ") for line in text.split("\n"))
    assert "&" not in ENTITY.sub("", text)
    text.encode()
    assert not UNSEEN.search(text)


def assert_fits(found):
    """Blocks hold all of Slack's limits."""
    assert 0 < len(found) <= MOST_BLOCKS
    assert len(json.dumps(found, ensure_ascii=False)) <= BLOCKS_LIMIT < 13_000
    for block in found:
        for text in texts(block):
            assert 0 < len(text["text"]) <= (HEADER_LIMIT if block["type"] == "header" else SECTION_LIMIT)


def assert_posts(posted, *, links):
    """What is posted holds the limits, and only `links` titles are links."""
    assert_fits(posted["blocks"])
    assert_harmless(posted["text"], links=0)
    assert 0 < len(posted["text"]) <= 300
    assert (posted["parse"], posted["link_names"]) == ("none", False)
    assert_harmless("\n".join(text["text"] for text in marked(posted["blocks"])), links=links)
    for block in posted["blocks"]:
        if block["type"] == "header":
            assert not re.search("[<>]", block["text"]["text"])
            assert not UNSEEN.search(block["text"]["text"])


def texts(block):
    """Return the text objects of a block."""
    return block.get("elements") or [block["text"]]


def marked(found):
    """Return the text objects that Slack reads signs in; it is told to make nothing of plain words."""
    objects = [text for block in found for text in texts(block) if text["type"] == "mrkdwn"]
    assert all(text["verbatim"] is True for text in objects)
    return objects


def told(notice):
    """Return all that blocks say, a line each."""
    return "\n".join(text["text"] for block in blocks(notice) for text in texts(block))


def alerts(kind, items, **changes):
    """Make a notice of several alerts."""
    plain = notice(kind=kind, url=None, excerpts=(), facts=(), alert_id="", outlet="Tocsin", rule="2 rules")
    return replace(plain, items=tuple(items), **changes)


@pytest.mark.parametrize("name", SAMPLES)
def test_each_kind_reads_as_it_should(name):
    """Each kind of message is posted as its golden file has it."""
    golden = json.loads((GOLDENS / f"{name}.json").read_text(encoding="utf-8"))
    assert json.loads(json.dumps(payload(SAMPLES[name]))) == golden


def test_the_message_says_it_all():
    """Severity and rule, headline as a link, outlet, time and age, the sentence with its words in bold, and why."""
    others = ("Also in", "Gazette (24 Feb 2026, 11:00)")
    about, alert, why = blocks(notice(facts=(others, *notice().facts), age="2 h"))
    assert about["elements"][0]["text"] == "🔴 *CRITICAL* · Invasion"
    assert alert["text"]["text"] == (
        "*<https://herald.example.org/a?id=1&amp;lang=en|Talks fail, invasion begins>*\n"
        "The Example Herald · 24 Feb 2026, 10:00 · 2 h old\n"
        f"> {SENTENCE.replace('invasion', chr(0x200B) + '*invasion*' + chr(0x200B))}\n"
        "Also in: Gazette (24 Feb 2026, 11:00)"
    )
    assert why["elements"][0]["text"] == (
        "Language: en · Text: full · Rule at: `rules/my_rules.yaml:14` · Alert: `al_1234`"
    )


def test_there_is_a_line_for_notifications():
    """Where blocks are not shown there is a line of text, and nothing is unfurled."""
    posted = payload(message())
    assert posted["text"] == "CRITICAL Invasion: Talks fail, invasion begins"
    assert (posted["unfurl_links"], posted["unfurl_media"]) == (False, False)


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("update", [None, "follow_up", "changed"])
def test_hostile_titles_are_text(title, update):
    """No hostile title makes a mention, a link, markup or a broken escape, wherever it stands."""
    written = hostile(title)
    assert_posts(payload(replace(written, notice=replace(written.notice, update=update))), links=1)


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("kind", [MessageKind.GROUP, MessageKind.DIGEST])
def test_hostile_titles_are_text_in_lists(title, kind):
    """Nor does one in a group or a digest, as a rule's name or as the headline of it all."""
    items = (hostile(title).notice, hostile("Plain").notice, replace(hostile(title).notice, rule="Another"))
    several = alerts(kind, items, headline=title, rule=title, facts=((title, title),), counts=((title, 9), ("x", 1)))
    assert_posts(payload(message(several)), links=3)


@given(ANY_TEXT, st.lists(st.tuples(ANY_TEXT, st.integers(0, 50), st.integers(0, 50)), max_size=20))
def test_any_text_is_harmless_and_within_the_limits(text, excerpts):
    """Whatever the article says, all limits hold and nothing in it is alive."""
    sentences = tuple(Excerpt(text=words * 20, marks=(Span(start, end),)) for words, start, end in excerpts)
    facts = (("Also in", text * 20), ("Feed", text * 20))
    assert_posts(payload(message(notice(headline=text, outlet=text, excerpts=sentences, facts=facts))), links=1)


@given(
    SEVERAL, ANY_TEXT, st.tuples(st.integers(1, 60), st.integers(0, 60)), st.lists(ANY_TEXT, min_size=1, max_size=40)
)
def test_any_list_is_harmless_and_within_the_limits(kind, text, sizes, rules):
    """Whatever a group or a digest tells, of however many rules, all limits hold and nothing in it is alive."""
    times, count = sizes
    sentence = (Excerpt(text=text * times, marks=(Span(0, 5),)),)
    item = notice(headline=text * times, outlet=text * times, age=text[:9], excerpts=sentence)
    items = tuple(replace(item, rule=rules[number % len(rules)]) for number in range(count))
    counts = tuple((rule, 7) for rule in rules)
    several = alerts(kind, items, headline=text * times, more=count // 2, counts=counts, facts=(("Since", text),))
    assert_posts(payload(message(several)), links=count)


@pytest.mark.parametrize(
    "text", ["🦊" * 2500, "ש" * 10_000, '"' * 10_000, "\\" * 10_000, "&<>" * 3000, "👩‍👩‍👧‍👦 " * 1500]
)
@pytest.mark.parametrize("kind", [MessageKind.ALERT, MessageKind.GROUP, MessageKind.DIGEST])
def test_ten_kilobytes_are_cut(text, kind):
    """A title of 10 kB, of emoji, right to left, or all escapes, leaves every limit whole, in lists of fifty too."""
    facts = tuple((label, text) for label in ("Also in", "Follows", "Feed", "Rule at", "Alert"))
    alert = notice(
        headline=text, outlet=text, rule=text, excerpts=(Excerpt(text=text, marks=(Span(0, 99),)),), facts=facts
    )
    items = tuple(replace(alert, rule=f"{number % 30}{text}") for number in range(50))
    listed = alerts(kind, items, headline=text, rule=text, facts=facts, more=7, counts=())
    assert_posts(payload(message(alert if kind is MessageKind.ALERT else listed)), links=50)


@given(st.integers(2500, 3300), st.integers(0, 3000))
def test_a_cut_never_breaks_a_bold_run_or_an_escape(length, start):
    """Wherever the limit falls, stars come in pairs and escapes whole, and where else it is still stands there."""
    excerpt = Excerpt(text="&" + "x" * length, marks=(Span(start, start + 300),))
    written = section(notice(excerpts=(excerpt,), facts=(("Also in", "Gazette"),)))
    assert len(written) <= SECTION_LIMIT
    assert written.count("*") in {2, 4}
    assert_harmless(written, links=1)
    assert written.endswith("\nAlso in: Gazette")


@given(st.integers(1, 3000), st.integers(0, 6))
def test_nothing_follows_a_cut(length, spare):
    """Where an excerpt is cut it ends, even if a short piece after the cut would still fit."""
    text = "&" * length + "x" * spare + "&" * 3000
    excerpts = (Excerpt(text=text, marks=(Span(0, length),)), Excerpt(text="y", marks=()))
    quote = section(notice(excerpts=excerpts)).split("\n")[2]
    assert quote.index("…") == len(quote.rstrip("*\u200b")) - 1


def test_text_is_cut_only_where_it_must_be():
    """A section that is as long as it may be is not cut; one code point more is."""

    def sized(length):
        return section(notice(excerpts=(Excerpt(text="x" * length, marks=()),), facts=(("Also in", "Gazette"),)))

    spare = SECTION_LIMIT - len(sized(1))
    fits, over = sized(spare + 1), sized(spare + 2)
    assert (len(fits), "…" in fits) == (SECTION_LIMIT, False)
    assert (len(over), "…" in over) == (SECTION_LIMIT, True)


@pytest.mark.parametrize("url", [None, "javascript:alert(1)", "https://example.org/" + "x" * 3000])
def test_what_is_no_link_is_no_link(url):
    """A headline without a usable URL is bold text."""
    assert section(notice(url=url)).startswith("*Talks fail, invasion begins*\n")


def test_a_short_list_has_its_sentences_and_a_long_one_its_alerts():
    """Where all fits each alert has a sentence; where not, sentences go first, then alerts, and those are counted."""
    short, long = together(MessageKind.GROUP, 9).notice, together(MessageKind.GROUP, 50).notice
    words = (Excerpt(text="The strike goes on. " * 5, marks=()),)
    long = replace(long, items=tuple(replace(item, excerpts=words) for item in long.items))
    assert told(short).count("goes on.") == 9
    assert "goes on." not in told(long)
    assert told(long).count("on the strike") == 50
    assert "more" not in told(long)
    wide = replace(long, items=tuple(replace(item, headline="x" * 250) for item in long.items))
    shown = told(wide).count("x" * 250)
    assert 20 < shown < 50
    assert f"\nand {50 - shown} more\n" in told(wide)
    assert_fits(blocks(wide))


def test_a_digest_counts_all_that_it_leaves_out():
    """Over each rule stands how many alerts it has; shown and left out are that many, also of rules not listed."""
    items = together(MessageKind.DIGEST, 4).notice.items
    ordered = sorted(items, key=lambda item: item.rule != "Strikes")
    text = told(alerts(MessageKind.DIGEST, ordered, more=16, counts=(("Strikes", 10), ("Ports", 2), ("Quiet", 3))))
    assert "*Strikes* · 10 alerts · high · `rules/my_rules.yaml:14`\n" in text
    assert "\nand 8 more\n*Ports* · 2 alerts · normal" in text
    assert "*Quiet* · 3 alerts\nnot listed here\n" in text
    assert text.endswith("\nand 5 more")  # twenty in all, of which the rules count fifteen


def test_every_rule_has_its_first_alert():
    """However many alerts the first rule has, the others are not left without one."""
    plain = notice(headline="x" * 250)
    items = [replace(plain, rule="Loud")] * 45 + [replace(plain, rule=f"R{number}") for number in range(5)]
    text = told(alerts(MessageKind.DIGEST, items, counts=(("Loud", 45), *((f"R{number}", 1) for number in range(5)))))
    left = int(re.search(r"and (\d+) more\n\*R0\*", text)[1])
    assert 0 < left < 44
    assert "not listed" not in text
    assert text.count("x" * 250) == 50 - left


def test_a_group_of_several_rules_names_them():
    """In a group each alert has its rule where they differ, and its place where there is but one."""
    text = told(together(MessageKind.GROUP, 3).notice)
    assert "\nStrikes · The Example Gazette" in text
    one = alerts(MessageKind.GROUP, [notice(), notice()], rule="Invasion", headline="2 alerts from Herald")
    assert told(one).startswith("2 alerts from Herald\n🔴 *CRITICAL* · Invasion · 24 Feb 2026, 10:00\n")
    assert told(one).endswith("\nRule at: `rules/my_rules.yaml:14`")
    assert "`al_1234`" in told(one)


def test_a_list_shows_what_the_headline_does_not_say():
    """Of an alert in a list the first sentence is shown that is not the headline, if there is another."""
    title, sentence = (Excerpt(text=text, marks=()) for text in (notice().headline, SENTENCE))
    for excerpts, shown in (((title, sentence), SENTENCE), ((title,), title.text), ((), None)):
        text = told(alerts(MessageKind.GROUP, [notice(excerpts=excerpts)]))
        assert re.findall("^> (.*)$", text, re.MULTILINE) == ([shown] if shown else [])


def test_an_empty_digest_says_so():
    """A digest of nothing is a heading and its time."""
    nothing = alerts(MessageKind.DIGEST, (), headline="Digest: nothing rang", facts=(("Slots", "0 7 * * *"),))
    assert told(nothing) == "Digest: nothing rang\n24 Feb 2026, 10:00\nSlots: `0 7 * * *`"


def test_a_reply_is_shown_in_the_channel_where_the_first_is_wrong_by_now():
    """A follow-up stays in the thread; that an article changed is shown to all who read the first message."""
    follow, changed = (message(notice(update=update)) for update in ("follow_up", "changed"))
    assert "reply_broadcast" not in reply(follow, "C1", "1.2")
    assert reply(changed, "C1", "1.2")["reply_broadcast"] is True


@pytest.mark.parametrize(
    ("status", "body", "result"),
    [
        (200, b"ok", AttemptResult.SENT),
        (200, b"ok\n", AttemptResult.SENT),
        (200, b'{"ok": true, "ts": "1"}', AttemptResult.SENT),
        (200, b'{"ok": true, "error": "ignored"}', AttemptResult.SENT),
        (200, b'{"ok": false, "error": "channel_is_archived"}', AttemptResult.GONE),
        (200, b'{"ok": false, "error": "ratelimited"}', AttemptResult.WAIT),
        (200, b'{"ok": false, "error": "internal_error"}', AttemptResult.UNSURE),
        (200, b'{"ok": false, "error": "service_unavailable"}', AttemptResult.RETRY),
        (200, b'{"ok": false, "error": "msg_blocks_too_long"}', AttemptResult.REFUSED),
        (200, b'{"ok": false}', AttemptResult.REFUSED),
        (200, b"<html>a hotel's login page", AttemptResult.REFUSED),
        (200, b"[" * 60_000, AttemptResult.REFUSED),
        (200, None, AttemptResult.UNSURE),
        (400, b"invalid_payload", AttemptResult.REFUSED),
        (403, b"invalid_token", AttemptResult.GONE),
        (404, b"no_service", AttemptResult.GONE),
        (404, b"channel_not_found", AttemptResult.GONE),
        (410, b"channel_is_archived", AttemptResult.GONE),
        (404, b"<html>", AttemptResult.REFUSED),
        (404, None, AttemptResult.REFUSED),
        (429, b"rate_limited", AttemptResult.WAIT),
        (429, None, AttemptResult.WAIT),
        (500, b"rollup_error", AttemptResult.RETRY),
        (500, None, AttemptResult.RETRY),
        *(
            (200, json.dumps({"ok": False, "error": error}).encode(), AttemptResult.GONE)
            for error in (
                "account_inactive",
                "channel_not_found",
                "invalid_auth",
                "is_archived",
                "missing_scope",
                "not_in_channel",
                "token_revoked",
            )
        ),
    ],
)
def test_slacks_answers(status, body, result):
    """`ok` is sent, the errors that never pass are gone, and the rest is judged by its status."""
    assert judge(Answer(status=status, body=body)).result is result


def test_what_a_person_can_put_right_is_said():
    """Where an invitation is all that is missing, the line for people asks for it."""
    attempt = judge(Answer(status=200, body=b'{"ok": false, "error": "not_in_channel"}'))
    assert attempt.detail == "Slack answered not_in_channel (invite the bot to the channel)"


def test_an_answer_too_long_to_read_is_understood():
    """Slack repeats the whole message; of an answer that was cut, the beginning says that it is sent, and as what."""
    answer = {"ok": True, "channel": "C1", "ts": "1503435956.000247", "message": {"text": "ж" * 40_000}}
    attempt = judge(Answer(status=200, body=json.dumps(answer).encode()[: 64 * 1024]))
    assert (attempt.result, attempt.remote_id) == (AttemptResult.SENT, "C1:1503435956.000247")
    refused = {"ok": False, "error": "is_archived", "x": ["a"]}
    assert judge(Answer(status=200, body=json.dumps(refused).encode()[:-3])).result is AttemptResult.GONE


@pytest.mark.parametrize("fields", [{}, {"ts": "1.2"}, {"channel": "C1", "ts": 1.2}, {"channel": "c:1", "ts": "1.2"}])
def test_what_is_no_id_is_not_remembered(fields):
    """Only Slack's own names of channel and message are kept."""
    attempt = judge(Answer(status=200, body=json.dumps({"ok": True, **fields}).encode()))
    assert (attempt.result, attempt.remote_id) == (AttemptResult.SENT, None)
