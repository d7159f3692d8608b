"""Those who poll, as the benchmark starts and drives them: each a process of its own."""

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from polls.documents import WORD
from polls.processes import Failed, Program
from polls.server import address

#: What the rules of the benchmark look for, besides the one word that some entries hold.
WORDS = (
    "Glimmerford",
    "Oakenshade treaty",
    "brass clock",
    "harbour strike",
    "Lower Wexmoor",
    "paper lantern",
    "tin roof",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One engine's poll of all feeds: seconds of processor time and of the clock, and what the sites were asked."""

    processor: float
    seconds: float
    counts: Mapping[str, int]


class Sites:
    """The process of the news sites, and how far its time is ahead."""

    HOURS = 2.0  # that pass from round to round: everything is due again, and nothing yet looks stuck or silent

    def __init__(self, seed: int, large: int, folder: Path) -> None:
        self._program = Program("server", str(seed), str(large), str(folder))
        self.pid = self._program.pid
        self._ports = json.loads((folder / "ports.json").read_text())
        self._folder = folder
        self.feeds: list[int] = []
        self.large: dict[str, list[int]] = {}
        self.ahead = 0.0

    def open(self, feeds: int, large: Mapping[str, int] | None = None) -> None:
        """Begin anew with so many feeds."""
        self.large = cast("dict[str, list[int]]", self._program.ask("open", feeds=feeds, large=large or {}))
        self.feeds = list(range(feeds))

    def advance(self, share: float, hanging: Sequence[int] = ()) -> int:
        """Let time pass and a share of the feeds change; return how many did."""
        told = self._program.ask("advance", share=share, hours=self.HOURS, hanging=list(hanging))
        self.ahead = float(cast("dict[str, float]", told)["ahead"])
        return int(cast("dict[str, int]", told)["changed"])

    def take(self) -> Mapping[str, int]:
        """Return what was asked of the sites since the last time."""
        return cast("Mapping[str, int]", self._program.ask("take"))

    def release(self) -> None:
        """Cut off who was kept waiting."""
        self._program.ask("release")

    def close(self) -> None:
        self._program.close()

    def url(self, scheme: str, feed: int) -> str:
        return f"{'https' if scheme == 'tls' else 'http'}://{address(feed)}:{self._ports[scheme]}/{feed}"

    def urls(self, scheme: str) -> Path:
        """Return a file with the URLs of all feeds."""
        path = self._folder / f"urls-{scheme}"
        path.write_text("\n".join(self.url(scheme, feed) for feed in self.feeds))
        return path

    def trust(self) -> Mapping[str, str]:
        """Return the environment that makes a program trust the sites besides whom it would anyway."""
        import certifi

        path = self._folder / "trusted.pem"
        path.write_text(Path(certifi.where()).read_text() + (self._folder / "authority.pem").read_text())
        return {"SSL_CERT_FILE": str(path)}


class Engine:
    """Polls all feeds of the sites when it is asked to."""

    def __init__(self, name: str, program: Program, sites: Sites) -> None:
        self.name = name
        self.program = program
        self._sites = sites

    def turn(self) -> Turn:
        """Poll every feed once."""
        self._sites.take()
        before, started = self.program.processor_time(), time.perf_counter()
        self.asked()
        seconds = time.perf_counter() - started
        return Turn(processor=self.program.processor_time() - before, seconds=seconds, counts=dict(self._sites.take()))

    def asked(self) -> object:
        return self.program.ask("round")

    def close(self) -> None:
        self.program.close()


class Ours(Engine):
    """Tocsin, with its database, its rules and a channel."""

    name = "Tocsin"

    def __init__(self, sites: Sites, scheme: str, folder: Path, profile: Path | None = None) -> None:
        config = folder / "config"
        config.mkdir(parents=True)
        ids = [*sites.feeds, *(feed for some in sites.large.values() for feed in some)]
        self.names = {feed: f"The Example Herald {feed}" for feed in ids}
        (config / "tocsin.yaml").write_text(_configuration(sites, scheme, self.names, folder / "alerts.jsonl"))
        arguments = [str(config), str(folder / "tocsin.db"), *([str(profile)] if profile else [])]
        errors = folder / "log"
        program = Program("ours", *arguments, environment=sites.trust(), errors=errors)
        super().__init__(self.name, program, sites)
        self._log = errors

    def asked(self) -> object:
        return self.poll(list(self.names))

    def poll(self, feeds: Sequence[int]) -> float:
        """Wait until these were polled; return the seconds that it took."""
        names = [self.names[feed] for feed in feeds]
        told = cast("dict[str, object]", self.program.ask("round", ahead=self._sites.ahead, names=names))
        if told["failed"]:
            raise Failed(f"{told['failed']} polls failed, such as {told['failures']}; the log is {self._log}")
        return float(cast("float", told["seconds"]))


def threads(sites: Sites, scheme: str, workers: int) -> Engine:
    """Return a thread pool of `feedparser.parse(url)`."""
    program = Program("threads", str(workers), str(sites.urls(scheme)), environment=sites.trust())
    return Engine(threads_name(workers), program, sites)


def threads_name(workers: int) -> str:
    return f"feedparser, {workers} threads"


READER = "reader, 16 workers"


def with_reader(sites: Sites, scheme: str, folder: Path, python: Path) -> Engine:
    """Return lemon24/reader's `update_feeds(workers=16)`."""
    folder.mkdir(parents=True)
    arguments = ["16", str(sites.urls(scheme)), str(folder / "reader.db")]
    return Engine(READER, Program("with_reader", *arguments, python=str(python), environment=sites.trust()), sites)


def _configuration(sites: Sites, scheme: str, names: Mapping[int, str], alerts: Path) -> str:
    """Return a configuration as JSON, which is YAML too."""
    rules = [{"name": word, "keywords": [word]} for word in (WORD, *WORDS)]
    return json.dumps(
        {
            "defaults": {"allow_private": ["127.0.0.0/8"]},
            "feeds": [{"name": name, "url": sites.url(scheme, feed)} for feed, name in names.items()],
            "rules": rules,
            "channels": [{"name": "archive", "type": "file", "path": str(alerts)}],
        },
        indent=1,
    )


def python_version() -> str:
    return sys.version.split()[0]
