"""What Apprise is handed: plain text in which nothing is alive, and what is made of its answers."""

import json
import re
from dataclasses import asdict
from importlib.util import find_spec

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.hostile_titles import TITLES
from support.messages import channel, hostile, message, notice
from support.pages import ROOT
from support.push_messages import SAMPLES
from tocsin.channels import apprise
from tocsin.channels.apprise import AT_ONCE, TEXT_LIMIT, AppriseChannel, harmless, judge, plain_link, write_letter
from tocsin.config import schema
from tocsin.config.build import load_plan
from tocsin.errors import ConfigError
from tocsin.model import AttemptResult, ChannelKind, Excerpt, Severity, Span

# Apprise imports what Python 3.13 has no more, where it still is there.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

GOLDENS = ROOT / "tests" / "corpus" / "channels" / "apprise"
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200)
ALIVE = re.compile(r"[<>@#*~`|\[\]]|(?<![^\W_])_|_(?![^\W_])")
UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def assert_harmless(letter):
    """Title and body hold their limits, and have no sign of markup nor a control character but line ends."""
    assert 0 < len(letter.title.encode()) <= 400
    assert 0 < len(letter.body.encode()) <= TEXT_LIMIT
    assert "\n" not in letter.title
    for line in (letter.title, *letter.body.split("\n")):
        assert not UNSEEN.search(line)
        is_link = line.strip().startswith("https://")
        assert not ALIVE.search(line.replace("#", "") if is_link else line)


@pytest.mark.parametrize("name", SAMPLES)
def test_each_kind_reads_as_it_should(name):
    """Each kind of message is written as its golden file has it."""
    golden = json.loads((GOLDENS / f"{name}.json").read_text(encoding="utf-8"))
    assert asdict(write_letter(SAMPLES[name].notice)) == golden


@pytest.mark.parametrize(
    ("severity", "kind"),
    [(Severity.INFO, "info"), (Severity.NORMAL, "info"), (Severity.HIGH, "warning"), (Severity.CRITICAL, "failure")],
)
def test_severity_has_its_word(severity, kind):
    """Each severity is one of Apprise's kinds."""
    assert write_letter(notice(severity=severity)).kind == kind


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@everyone <!channel> <@U1>", "＠everyone ‹!channel› ‹＠U1›"),
        ("[click](https://e.org) `x` ~y~ a|b", "［click］(https://e.org) ˋxˋ ∼y∼ a¦b"),
        ("**bold** __bold__ _it_ #tag", "∗∗bold∗∗ ˍˍboldˍˍ ˍitˍ ＃tag"),
        ("rules/my_rules.yaml alr_01 a__b", "rules/my_rules.yaml alr_01 aˍˍb"),
        ("AT&T's 50% off\r\nX: y", "AT&T's 50% off  X: y"),
    ],
)
def test_signs_of_markup_give_way(text, shown):
    """Signs that some service makes something of look as they did and are others; ids and paths stay as they are."""
    assert harmless(text) == shown


def test_links_stay_links():
    """A URL leads where it did, its signs of markup written as %XX; what is no web address is none."""
    assert plain_link("https://e.org/a_b*c(d)?q=[1]&l=en#x") == "https://e.org/a%5Fb%2Ac%28d%29?q=%5B1%5D&l=en#x"
    assert [plain_link(url) for url in (None, "javascript:alert(1)", "https://e.org/ x")] == [None] * 3


def test_text_is_cut_only_where_it_must_be():
    """A text of 3000 bytes is whole; one byte more is cut, and the facts are still there."""

    def body(size):
        return write_letter(notice(excerpts=(Excerpt(text="x" * size, marks=()),))).body

    spare = TEXT_LIMIT - len(body(1).encode()) + 1
    assert (len(body(spare).encode()), "…" in body(spare)) == (TEXT_LIMIT, False)
    assert (len(body(spare + 1).encode()), "…" in body(spare + 1)) == (TEXT_LIMIT, True)
    assert body(spare + 1).endswith("Alert: al_1234")


@pytest.mark.parametrize("title", TITLES)
def test_hostile_titles_are_text(title):
    """No hostile title makes a mention, a link or markup, wherever it stands."""
    letter = write_letter(hostile(title).notice)
    assert_harmless(letter)
    assert_harmless(write_letter(notice(headline=title, items=(hostile(title).notice,) * 3, counts=((title, 2),))))


@given(ANY_TEXT, st.lists(ANY_TEXT, max_size=20), st.integers(1, 40))
def test_any_text_is_harmless_and_within_the_limits(text, excerpts, times):
    """Whatever the articles say, title and body hold their limits and nothing in them is alive."""
    told = notice(
        headline=text * times,
        outlet=text * times,
        rule=text,
        url=f"https://example.org/{text}",
        excerpts=tuple(Excerpt(text=words * times, marks=(Span(0, 3),)) for words in excerpts),
        facts=((text or "x", text * times),),
    )
    assert_harmless(write_letter(told))
    assert_harmless(write_letter(notice(headline=text, items=(told,) * len(excerpts), counts=((text, 2), ("x", 1)))))


@pytest.mark.parametrize(
    ("lines", "detail", "status"),
    [
        (["Failed to send JSON POST notification: Forbidden, error=403."], "JSON answered 403 Forbidden", 403),
        (["error=500.", "Failed, error=404."], "JSON answered 404 Not Found", 404),
        (["Failed to send to json://user:canary@e.org"], "JSON did not take it", None),
        (["error=99", "error=4031", "xerror=403"], "JSON did not take it", None),
        ([], "JSON did not take it", None),
    ],
)
def test_only_the_status_is_told_of_a_failure(lines, detail, status):
    """A failure is tried again; of what Apprise says, nothing but a status is told, as there may be secrets in it."""
    attempt = judge("FAILURE", "JSON", lines)
    assert (attempt.result, attempt.detail, attempt.status) == (AttemptResult.RETRY, detail, status)


@pytest.mark.parametrize(
    ("status", "result"),
    [
        ("SUCCESS", AttemptResult.SENT),
        ("TIMEOUT", AttemptResult.UNSURE),
        ("PARTIAL", AttemptResult.RETRY),
        ("NOMATCH", AttemptResult.RETRY),
    ],
)
def test_apprises_words(status, result):
    """What worked as a whole is sent, what took too long may have been, and all else is tried again."""
    assert judge(status, "JSON", []).result is result


@pytest.mark.parametrize("where", ["_deliver", "threading.Thread.start"])
async def test_trouble_of_our_own_is_raised_and_keeps_no_place(monkeypatch, where):
    """An error in a thread, or in beginning one, is raised to whoever waits, however often; no place is lost."""

    def fail(*_):
        raise RuntimeError("no thread left")

    monkeypatch.setattr(f"tocsin.channels.apprise.{where}", fail)
    sending = AppriseChannel(channel(ChannelKind.APPRISE, url="json://127.0.0.1"))
    for _ in range(AT_ONCE + 1):
        with pytest.raises(RuntimeError, match="no thread left"):
            await sending.send(message())


def test_without_apprise_the_start_says_what_to_do(monkeypatch):
    """Where the extra is not installed, no such channel opens, and the error says how to install it."""
    monkeypatch.setattr(apprise, "find_spec", lambda name: None if name == "apprise" else find_spec(name))
    with pytest.raises(ConfigError) as caught:
        AppriseChannel(channel(ChannelKind.APPRISE, url="json://user:canary@127.0.0.1"))
    assert str(caught.value) == 'channel apprise: Apprise is not installed: pip install "tocsin[apprise]"'


async def test_a_url_of_nothing_known_can_never_work():
    """A URL that Apprise makes nothing of is gone for good, and is not told."""
    for url in ("nosuch://canary", "json://", "mqtt://user:canary@127.0.0.1/topic"):
        attempt = await AppriseChannel(channel(ChannelKind.APPRISE, url=url)).send(message())
        assert attempt.result is AttemptResult.GONE
        assert "canary" not in attempt.detail


def test_a_configuration_without_apprise_is_a_mistake(tmp_path, monkeypatch):
    """Where the extra is not installed, `tocsin check` says so at the channel's place."""
    text = 'channels: [{name: desk, type: apprise, url: "json://127.0.0.1", allow_apprise: true}]\n'
    (tmp_path / "tocsin.yaml").write_text(text, encoding="utf-8")
    assert load_plan(tmp_path, {}).channels[0].kind is ChannelKind.APPRISE
    monkeypatch.setattr(schema, "find_spec", lambda _: None)
    with pytest.raises(ConfigError) as caught:
        load_plan(tmp_path, {})
    [problem] = caught.value.problems
    assert (problem.file, problem.line, problem.path) == ("tocsin.yaml", 1, "channels.0")
    assert problem.message == 'Apprise is not installed: pip install "tocsin[apprise]"'
