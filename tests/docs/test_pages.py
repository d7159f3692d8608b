"""What holds for every page of the documentation."""

import json
import re
from pathlib import Path

import pytest
import yaml

from support.pages import PAGES, ROOT, blocks, page, prose, section
from tocsin.alerts.payload_schema import payload_schema
from tocsin.config.build import load_plan

ENVIRONMENT = {
    "SLACK_WEBHOOK_URL": "https://hooks.slack.example/services/T0/B0/fictional",
    "PROXY_PASSWORD": "a-fictional-password",
    "FEED_KEY": "a-fictional-key",
    "LETTER_PASSWORD": "another-fictional-password",
    "SMTP_URL": "smtps://tocsin:fictional@mail.example",
    "WEBHOOK_SECRET_OF_LAST_YEAR": "another-fictional-secret-of-some-length",
    "WEBHOOK_SECRET": "a-fictional-secret-of-some-length",
    "SLACK_TOKEN": "xoxb-fictional",
    "TEAMS_URL": "https://workflows.example/fictional",
    "DISCORD_URL": "https://discord.example/api/webhooks/0/fictional",
    "TELEGRAM_TOKEN": "0:fictional",
    "NTFY_TOKEN": "tk_fictional",
    "PAGERDUTY_KEY": "a-fictional-key",
    "APPRISE_URL": "matrix://tocsin:fictional@matrix.example",
    "HEARTBEAT_ID": "a-fictional-id",
}
each_page = pytest.mark.parametrize("path", PAGES, ids=[path.relative_to(ROOT).as_posix() for path in PAGES])


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@each_page
def test_links_lead_somewhere(path: Path) -> None:
    """Every link to a file names one, and every link to a heading names one that is there."""
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(path.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        linked = (path.parent / name).resolve() if name else path
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked.read_text(encoding="utf-8")), target


@each_page
def test_every_example_is_well_formed(path: Path, tmp_path: Path) -> None:
    """All YAML of a page together is one configuration without mistakes, or each block is; JSON is an object a line."""
    text = path.read_text(encoding="utf-8")
    for block in blocks(text, "json"):
        assert all(isinstance(json.loads(line), dict) for line in block.splitlines())
    for number, block in enumerate(blocks(text, "yaml")):
        assert isinstance(yaml.safe_load(block), dict)
        whole = tmp_path if path.name == "configuration.md" else tmp_path / str(number)
        whole.mkdir(exist_ok=True)
        (whole / f"{number}.yaml").write_text(block, encoding="utf-8")
    for directory in {file.parent for file in tmp_path.rglob("*.yaml")}:
        load_plan(directory, ENVIRONMENT)


def test_the_shipped_schema_of_alerts_is_the_one_in_the_code() -> None:
    """`docs/schema/alert.schema.json` is what `tocsin schema alert` prints."""
    text = page("docs/schema/alert.schema.json")
    assert text == json.dumps(payload_schema(), indent=2, ensure_ascii=False) + "\n"


def test_every_decision_is_listed_and_says_what_was_rejected() -> None:
    """The list of decisions is complete, and each names what was decided, why, and the options rejected."""
    decisions = ROOT / "docs" / "decisions"
    notes = sorted(path.name for path in decisions.glob("[0-9]*.md"))
    assert re.findall(r"\(([0-9]{4}-[a-z-]+\.md)\)", page("docs/decisions/README.md")) == notes
    for note in notes:
        text = page(f"docs/decisions/{note}")
        assert all(f"**{part}.**" in text for part in ("Decided", "Why", "Rejected", "Costs")), note


def test_every_room_is_on_the_map() -> None:
    """The table of rooms names every module and package of the service, and no other."""
    package = ROOT / "service" / "tocsin"
    rooms = {path.stem for path in package.iterdir() if not path.name.startswith("__")}
    named = re.findall(
        r"^\| `(\w+)` \|",
        section(page("docs/architecture.md"), "Rooms, in the order an article walks through them"),
        re.MULTILINE,
    )
    assert set(named) == rooms
