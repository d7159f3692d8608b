"""Make the pictures of this directory anew: what Slack and a mail program show of what Tocsin really sends.

A whole run of `tocsin` rings on made-up articles; the channels make of its alerts what they would send, and a headless
Chromium draws that: a mail as it is, Slack's blocks in a look-alike of its message list. To run, with Tocsin,
its extra `plots`, and `chromium` in the path:

    python docs/images/render.py
"""

import html
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops

from tocsin.alerts.digest import digest_payload
from tocsin.alerts.render import render_notice
from tocsin.channels.email import compose, templates
from tocsin.channels.slack import payload as slack_payload
from tocsin.model import ChannelKind, ChannelSpec, Message, WaitingAlert

HERE = Path(__file__).parent
TOCSIN = Path(sys.executable).with_name("tocsin")
DESK = ChannelSpec(name="desk", kind=ChannelKind.EMAIL, sender="Tocsin <tocsin@alerts.example>")
WIDTH, MARGIN, COLOURS = 760, 36, 96

STRIKE = (
    "Dockers in the port of Merrow walked out at dawn on Tuesday, and three freighters lie at anchor in the roads. "
    "The dockers' union said that the strike will go on until the harbour board puts last year's shift plan back. "
    "The board called the walkout unlawful, and said that perishable goods will be unloaded by its own clerks. "
    "Ferries to the Lannet Islands sail as usual, the harbour master told passengers. "
    "It is the second strike in the port within a year; the first ended after nine days without an agreement."
)
FLOOD = (
    "The river Ister rose by a metre overnight, and the town of Lower Fenwick opened its school to families whose "
    "homes are under water. A dam above the town holds, its keeper said, but flood water has reached the market "
    "square. The fire brigade pumps out cellars, and asks everybody to stay away from the bridges."
)
BALLOT = (
    "The ropemakers of Upton vote on a strike this week. A ballot paper went to each of the 212 workers, the works "
    "council said, and the count is on Friday night."
)
SANDBAGS = (
    "Builders' yards in the valley have sold all their sandbags. A second flood wave is expected by Thursday, the "
    "weather service said, and asked the villages below the weir to be ready."
)
ARTICLES: Mapping[str, Sequence[tuple[str, str, int]]] = {
    "The Merrow Gazette": [("Dockers walk out, freighters wait off Merrow", STRIKE, 130)],
    "Lannet Voice": [("Strike closes the port of Merrow", STRIKE, 70), ("Lower Fenwick under water", FLOOD, 190)],
    "Harbour Post": [
        ("No end to Merrow strike in sight", STRIKE, 45),
        (
            "Strike ballot at the Upton ropeworks",
            BALLOT,
            300,
        ),
        (
            "Sandbags run short as the Ister keeps rising",
            SANDBAGS,
            20,
        ),
    ],
}
CONFIGURATION = """
feeds:
%s
rules:
  - name: Port strikes
    query: strike* AND (port OR harbour OR dockers)
    severity: critical
    tags: [labour, merrow]
    min_sources: 3
  - name: Labour
    keywords: [strike ballot]
  - name: Floods
    keywords: [flood]
    severity: high
channels:
  - {name: archive, type: file, path: alerts.jsonl}
"""

PAGE = """<!doctype html><meta charset="utf-8"><style>
  body { margin: 0; padding: 18px 22px; background: #fff; color: #1d1c1d;
         font: 15px/1.46 Lato, "Helvetica Neue", Arial, "Noto Color Emoji", sans-serif; }
  .message { display: grid; grid-template-columns: 36px 1fr; gap: 10px; }
  .face { width: 36px; height: 36px; border-radius: 6px; background: #7a1f2b; color: #fff;
          font: 700 20px/36px Lato, sans-serif; text-align: center; }
  .name { font-weight: 900; }
  .app { font-size: 10px; background: #ececec; border-radius: 2px; padding: 1px 3px; color: #616061; }
  a { color: #1264a3; text-decoration: none; }
  .block { margin: 4px 0 8px; }
  .header { font-size: 18px; font-weight: 900; }
  .context { font-size: 13px; color: #616061; }
  blockquote { margin: 4px 0; padding-left: 12px; border-left: 4px solid #ddd; }
  code { font: 12px/1.5 "DejaVu Sans Mono", monospace; color: #c01343; background: #f6f6f6; border: 1px solid #ddd;
         border-radius: 3px; padding: 1px 3px; }
  .context code { font-size: 11px; }
</style>%s"""


def main() -> None:
    """Ring, and draw."""
    with tempfile.TemporaryDirectory(prefix="tocsin-pictures-") as place:
        alerts = [payload for payload in rung(Path(place)) if payload["type"] == "alert.matched"]
        alert = message(next(one for one in alerts if one["data"]["rule"]["name"] == "Port strikes"))
        draw(slack_page(alert), HERE / "slack-alert.png", Path(place))
        draw(slack_page(message(digest(alerts))), HERE / "slack-digest.png", Path(place))
        draw(mail_page(alert), HERE / "email-alert.png", Path(place))


def rung(place: Path) -> list[dict[str, Any]]:
    """Run Tocsin once over the articles, and return what it sent to a file."""
    feeds = []
    for number, (outlet, articles) in enumerate(ARTICLES.items()):
        (place / f"feed{number}").mkdir()
        (place / f"feed{number}" / "articles.jsonl").write_text(
            "\n".join(json.dumps(entry(outlet, *article)) for article in articles), encoding="utf-8"
        )
        feeds.append(f"  - {{name: {outlet}, path: feed{number}, outlet: {outlet}, language: en}}")
    (place / "config").mkdir()
    (place / "config" / "newsroom.yaml").write_text(CONFIGURATION % "\n".join(feeds), encoding="utf-8")
    run = subprocess.run([TOCSIN, "run", "--once"], cwd=place, capture_output=True, text=True, check=False)  # noqa: S603
    archive = place / "alerts.jsonl"
    if not archive.exists():
        sys.exit(f"nothing rang:\n{run.stdout}{run.stderr}")
    return [json.loads(line) for line in archive.read_text(encoding="utf-8").splitlines()]


def entry(outlet: str, title: str, text: str, minutes: int) -> dict[str, str]:
    """Return an article that was published so many minutes ago."""
    published = datetime.now(UTC) - timedelta(minutes=minutes)
    site, name = (re.sub(r"\W+", "-", words.lower()) for words in (outlet, title))
    url = f"https://{site}.example/{name}"
    return {"id": url, "title": title, "url": url, "published": published.isoformat(), "text": text, "feed": outlet}


def digest(alerts: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the payload of a digest of these alerts."""
    now = datetime.now(UTC)
    waiting = [
        WaitingAlert(
            dispatch_id=str(number),
            alert_id=alert["data"]["alert_id"],
            rule_name=alert["data"]["rule"]["name"],
            created=now,
            data=alert["data"],
        )
        for number, alert in enumerate(alerts)
    ]
    slots = {"cron": "0 7,17 * * mon-fri", "timezone": "UTC"}
    return digest_payload("schedule", waiting, now, key=slots, since=now - timedelta(hours=10))


def message(payload: Mapping[str, Any]) -> Message:
    """Return a payload as channels are handed it."""
    return Message(
        delivery_id="dlv_0123456789abcdef",
        recipient="desk@newsroom.example",
        payload=payload,
        notice=render_notice(payload, "UTC"),
        created=datetime.now(UTC),
        story_id="sto_0123456789abcdef",
    )


# ---------------------------------------------------------------------------------------------------------------
# Pages


def slack_page(message: Message) -> str:
    """Return what Slack is posted as a page that looks like it."""
    posted: Any = slack_payload(message)
    blocks = "".join(block(one) for one in posted["blocks"])
    top = '<span class="name">Tocsin</span> <span class="app">APP</span>'
    return PAGE % f'<div class="message"><div class="face">T</div><div>{top}{blocks}</div></div>'


def block(block: Mapping[str, Any]) -> str:
    """Return a block of Slack's as HTML."""
    match block["type"]:
        case "header":
            inner = html.escape(block["text"]["text"])
        case "context":
            inner = " ".join(mrkdwn(element["text"]) for element in block["elements"])
        case _:
            inner = mrkdwn(block["text"]["text"])
    return f'<div class="block {block["type"]}">{inner}</div>'


def mrkdwn(text: str) -> str:
    """Return mrkdwn as HTML: & < > are escaped in both in the same way, what else has `<` is a link."""
    lines = []
    for line in text.split("\n"):
        inner = "".join(map(signs, re.split("(`[^`]+`)", line.removeprefix("> "))))
        lines.append(f"<blockquote>{inner}</blockquote>" if line.startswith("> ") else f"<div>{inner}</div>")
    return "".join(lines)


def signs(piece: str) -> str:
    """Return a piece of a line, all code or none, as HTML."""
    if piece.startswith("`"):
        return f"<code>{piece.strip('`')}</code>"
    linked = re.sub(r"<(https?://[^|>]+)\|([^>]+)>", r'<a href="\1">\2</a>', piece)
    return re.sub(r"\*([^*]+)\*", r"<b>\1</b>", linked)


def mail_page(message: Message) -> str:
    """Return the HTML part of a mail under the lines that a mail program puts there."""
    mail = compose(message, DESK, templates())
    shown = mail.get_body(("html",))
    head = f"<b>{html.escape(mail['Subject'])}</b><br>{html.escape(mail['From'])}"
    top = f'<div style="{_MAIL_HEAD}">{head}</div>'
    return re.sub(r"<body[^>]*>", lambda found: found[0] + top, str(shown.get_content()) if shown else "", count=1)


_MAIL_HEAD = (
    "font: 14px/1.5 Lato, Arial, sans-serif; padding: 4px 18px 12px; margin-bottom: 18px; border-bottom: 1px solid #ddd"
)


def draw(page: str, picture: Path, place: Path) -> None:
    """Draw a page as a PNG of few colours, in double density, cut to what is on it."""
    file = place / "page.html"
    file.write_text(page, encoding="utf-8")
    chromium = shutil.which("chromium") or sys.exit("there is no chromium in the path")
    window = ("--hide-scrollbars", "--force-device-scale-factor=2", f"--window-size={WIDTH},2000")
    how = ("--headless", "--no-sandbox", "--disable-gpu", *window, f"--screenshot={picture}")
    subprocess.run([chromium, *how, file.as_uri()], check=True, capture_output=True)  # noqa: S603
    with Image.open(picture) as drawn:
        shown = drawn.convert("RGB")
    last = ImageChops.difference(shown, Image.new("RGB", shown.size, shown.getpixel((0, shown.height - 1)))).getbbox()
    bottom = min(last[3] + MARGIN, shown.height) if last else shown.height
    shown.crop((0, 0, shown.width, bottom)).quantize(COLOURS).save(picture, optimize=True)


if __name__ == "__main__":
    main()
