"""Seconds from a feed's answer to each channel's receiver: `.venv/bin/python benchmarks/latency.py`.

The whole daemon runs in this process on an SQLite file, polls a local feed over HTTP every second and delivers to
local receivers: a Slack hook, a webhook, a mail server, a file and the console. Each article is published by itself;
the clock starts when the feed's server hands out the answer that holds it. Their texts are a sentence each, or those
of a folder of .txt files (`--articles FOLDER`), in turn.
"""

import argparse
import asyncio
import io
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

from aiosmtpd.controller import UnthreadedController

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.receiver import Received, Receiver, Reply
from tocsin.app import Outside, open_app
from tocsin.config.build import load_plan
from tocsin.daemon import run_daemon
from tocsin.log import Log

CONFIG = """
defaults: {{allow_private: [127.0.0.0/8], first_poll: all}}
feeds: [{{name: feed, url: "{feed}", every: 1s}}]
rules: [{{name: Bells, keywords: [bells]}}]
channels:
  - {{name: slack, type: slack, url: "{slack}"}}
  - {{name: webhook, type: webhook, url: "{webhook}"}}
  - {{name: email, type: email, smtp: "smtp://127.0.0.1:{smtp}?tls=none", from: a@b.example, to: [d@b.example]}}
  - {{name: file, type: file, path: "{file}"}}
  - {{name: console, type: console}}
"""

ITEM = "<item><guid>{number}</guid><title>Report {number}</title><description>{text}</description></item>"
WINDOW = 20  # articles that the feed holds at a time


class Clock:
    """When each article was handed out, and how long it took to each channel."""

    def __init__(self) -> None:
        self.handed_out: dict[int, float] = {}
        self.took: dict[str, list[float]] = {}
        self.seen: set[tuple[str, int]] = set()

    def arrived(self, channel: str, text: str) -> None:
        """Note an arrival; the articles in `text` are known by their titles."""
        now = time.perf_counter()
        for number, begin in self.handed_out.items():
            if f"Report {number}" in text and (channel, number) not in self.seen:
                self.seen.add((channel, number))
                self.took.setdefault(channel, []).append(now - begin)


class Console(io.StringIO):
    """Standard output, as the console channel sees it."""

    def __init__(self, arrived: Callable[[str, str], None]) -> None:
        super().__init__()
        self._arrived = arrived

    def write(self, text: str) -> int:
        self._arrived("console", text)
        return len(text)


class Mailbox:
    """A mail server that takes everything."""

    def __init__(self, arrived: Callable[[str, str], None]) -> None:
        self._arrived = arrived

    async def handle_DATA(self, _server: object, _session: object, envelope: object) -> str:  # noqa: N802 - its name
        self._arrived("email", envelope.content.decode("utf-8", "replace"))
        return "250 taken"


async def measure(count: int, texts: list[str]) -> Clock:
    clock, published = Clock(), 0

    def feed(_request: Received) -> Reply:
        if published:
            clock.handed_out.setdefault(published, time.perf_counter())
        window = range(published, max(published - WINDOW, 0), -1)
        items = "".join(ITEM.format(number=number, text=texts[number % len(texts)]) for number in window)
        return Reply(body=f'<rss version="2.0"><channel><title>F</title>{items}</channel></rss>'.encode())

    def receive(channel: str) -> Callable[[Received], Reply]:
        def answer(request: Received) -> Reply:
            clock.arrived(channel, request.body.decode())
            return Reply(body=b"ok")

        return answer

    with tempfile.TemporaryDirectory() as folder:
        async with Receiver(feed) as source, Receiver(receive("slack")) as slack, Receiver(receive("webhook")) as hook:
            loop = asyncio.get_running_loop()
            mail = UnthreadedController(Mailbox(clock.arrived), hostname="127.0.0.1", port=0, loop=loop)
            server = await loop.create_server(mail.factory, "127.0.0.1", 0)
            file = Path(folder, "alerts.jsonl")
            config = Path(folder, "config")
            config.mkdir()
            port = server.sockets[0].getsockname()[1]
            text = CONFIG.format(feed=source.url, slack=slack.url, webhook=hook.url, smtp=port, file=file)
            (config / "tocsin.yaml").write_text(text)
            outside = Outside(output=Console(clock.arrived))
            with Log(level="error", style="json", stream=sys.stderr) as log:
                plan = load_plan(config, {})
                async with open_app(plan, f"sqlite:///{folder}/tocsin.db", log, outside) as app:
                    daemon = asyncio.create_task(run_daemon(app))
                    for number in range(1, count + 1):
                        published = number
                        while len([seen for seen in clock.seen if seen[1] == number]) < 5:
                            await asyncio.sleep(0.002)
                            if file.exists():
                                clock.arrived("file", file.read_text())
                    app.runner.stop()
                    await daemon
            server.close()
    return clock


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20, help="how many to publish, one after the other")
    parser.add_argument("--articles", type=Path, metavar="FOLDER", help="take their texts from here")
    asked = parser.parse_args()
    bodies = (
        [file.read_text("utf-8", "replace") for file in sorted(asked.articles.glob("*.txt"))]
        if asked.articles
        else [""]
    )
    texts = [escape(f"The bells ring. {body}") for body in bodies or [""]]
    clock = asyncio.run(asyncio.wait_for(measure(asked.count, texts), timeout=600))
    print(f"{'channel':10} {'median s':>9} {'worst s':>9}")
    for channel, took in sorted(clock.took.items()):
        print(f"{channel:10} {statistics.median(took):9.3f} {max(took):9.3f}")


if __name__ == "__main__":
    main()
