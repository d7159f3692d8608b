"""What docs/channels.md says, held against the code."""

import re
from pathlib import Path

from support.messages import channel
from support.pages import blocks, first_cells, page, section
from tocsin.alerts.pace import pace_of
from tocsin.channels.email import judge, smtp_server
from tocsin.channels.ntfy import MESSAGE_LIMIT
from tocsin.config.build import load_plan
from tocsin.model import LARGEST_WEBHOOK_BODY, ChannelKind, WebhookForm

TEXT = page("docs/channels.md")
FLAT = " ".join(TEXT.split())


def kinds_of(cells: list[str]) -> set[str]:
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


def test_every_kind_of_channel_is_told() -> None:
    """The first table names each kind of channel, and its link leads to a part of the page."""
    table = first_cells(TEXT.split("\n## ")[0])
    assert kinds_of(table) == {kind.value for kind in ChannelKind}


def test_every_kind_and_form_has_an_example(tmp_path: Path) -> None:
    """All examples together are one configuration, with each kind of channel and both forms of webhooks in it."""
    for number, block in enumerate(blocks(TEXT, "yaml")):
        (tmp_path / f"{number}.yaml").write_text(block, encoding="utf-8")
    environment = {name: _fictional(name) for name in set(re.findall(r"\$\{(\w+)\}", TEXT))}
    specs = load_plan(tmp_path, environment).channels
    assert {spec.kind for spec in specs} == set(ChannelKind)
    assert {spec.form for spec in specs if spec.kind is ChannelKind.WEBHOOK} == set(WebhookForm)


def _fictional(name: str) -> str:
    if name == "SMTP_URL":
        return "smtps://tocsin:fictional@mail.example"
    if name == "APPRISE_URL":
        return "matrix://tocsin:fictional@matrix.example"
    return "https://service.example/fictional" if name.endswith("_URL") else "a-fictional-secret-of-some-length"


def test_who_changes_messages_is_who_can() -> None:
    """The kinds that are said to change what they sent are those that do."""
    changing, *_ = first_cells(section(TEXT, "What holds for all"))
    edits = {kind.value for kind in ChannelKind if channel(kind, token="t").edits}
    assert kinds_of([changing]) == edits


def test_the_mail_servers_shown_are_read_as_told() -> None:
    """Each SMTP URL of the page is one, with the port and the safety that stand beside it."""
    rows = re.findall(r"^\| `(smtps?://[^`]+)` \| (.*) \|$", section(TEXT, "Email"), re.MULTILINE)
    assert len(rows) == 4
    for url, meaning in rows:
        server = smtp_server(url)
        assert ("STARTTLS" in meaning) is (server.tls == "starttls")
        assert ("in the clear" in meaning) is (server.tls == "none")
        assert str(server.port) in url + meaning
    for url in re.findall(r"`(smtps?://[^`]+)`", TEXT):
        assert smtp_server(url).host


def test_the_waits_after_an_answer_are_those_of_the_code() -> None:
    """What the page tells of 421, 450 and 451 is what follows from them."""
    told = {421: ("a minute", 60), 450: ("five minutes", 300), 451: ("five minutes", 300)}
    for code, (words, seconds) in told.items():
        wait = judge(code, "").retry_after
        assert wait
        assert wait.total_seconds() == seconds
        assert words in FLAT


def test_the_limits_are_those_of_the_code() -> None:
    """Sizes and paces on the page are those that hold."""
    assert f"A body has at most {LARGEST_WEBHOOK_BODY // 1000} kB." in FLAT
    assert f"At most {MESSAGE_LIMIT} bytes." in FLAT
    seconds = {kind: pace_of(kind).total_seconds() for kind in ChannelKind if pace_of(kind)}
    assert seconds == {ChannelKind.SLACK: 1, ChannelKind.DISCORD: 2, ChannelKind.TELEGRAM: 3, ChannelKind.TEAMS: 0.25}
    assert (
        "Slack gets a message a second at most, Discord one in two, Telegram one in three, Teams four a second" in FLAT
    )
