"""Lucene Monitor: the rules in an index of their own, asked with the words of each article which to try.

Debian's package `liblucene8-java` holds Lucene but not the monitor module; that is compiled here from the source of
the same release (`apt-get source lucene8`), named by `--lucene` or LUCENE_MONITOR, together with a small driver.
"""

import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from peers.corpus import News
from peers.engines import Answers, Engine, Missing
from tocsin.model import Query
from tocsin.model.query import And, Near, Not, Or, Phrase, Wildcard

JARS = Path("/usr/share/java")
PARTS = ("core", "memory", "analyzers-common", "queries", "queryparser")
DRIVER = Path(__file__).with_name("LuceneMonitor.java")
WARM_UP = 15.0  # seconds; the Java machine compiles what runs often


def flat(text: str) -> str:
    """Return a text on one line."""
    return re.sub(r"\s+", " ", text)


def notation_of(query: Query) -> str:
    """Return a query in the prefix notation that the driver reads."""
    match query:
        case Phrase():
            words = query.text.lower().split()
            return words[0] if len(words) == 1 else f"(phrase {' '.join(words)} )"
        case Wildcard():
            return f"(prefix {query.text[:-1].lower()} )"
        case Near(left=Phrase() as left, right=Phrase() as right, within=int(within)):
            return f"(near {within} {left.text.lower()} {right.text.lower()} )"
        case Or():
            return f"(or {' '.join(map(notation_of, query.children))} )"
        case And():
            return f"(and {' '.join(map(notation_of, query.children))} )"
        case Not():
            return f"(not {notation_of(query.child)} )"
        case _:
            raise NotImplementedError(query)


class LuceneMonitor(Engine):
    """The multipass presearcher with four passes, the faster of those it has; processor time of its one thread."""

    name = "Lucene Monitor"
    most_rules = 100_000

    def __init__(self, monitor: Path | None, warm_up: float = WARM_UP) -> None:
        if monitor is None or not monitor.exists():
            raise Missing("no Lucene Monitor: name its source or jar with --lucene")
        if shutil.which("javac") is None:
            raise Missing("no Java compiler")
        jars = [next(iter(sorted(JARS.glob(f"lucene-{part}-8*.jar"))), None) for part in PARTS]
        if None in jars:
            raise Missing("no Lucene 8 in /usr/share/java")
        self._warm_up = warm_up
        self._folder = tempfile.TemporaryDirectory()
        self._place = Path(self._folder.name)
        sources = [*sorted(monitor.rglob("*.java")), DRIVER] if monitor.is_dir() else [DRIVER]
        self._classes = ":".join([str(self._place), *map(str, jars), *([str(monitor)] if monitor.is_file() else [])])
        compile_ = ["javac", "-nowarn", "-proc:none", "-d", str(self._place), "-cp", self._classes, *map(str, sources)]
        subprocess.run(compile_, check=True, capture_output=True)
        self._process: subprocess.Popen[str] | None = None

    def load(self, rules: Sequence[Query]) -> None:
        self._stop()
        file = self._place / "rules"
        file.write_text("".join(notation_of(rule) + "\n" for rule in rules))
        java = ["java", "-Xmx4g", "-XX:+UseSerialGC", "-cp", self._classes, "LuceneMonitor", str(file)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(java, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
        self._articles: tuple[News, ...] | None = None
        self._warm: set[str] = set()
        self._line()

    def answers(self, articles: Sequence[News]) -> Answers:
        self._send(articles)
        self._command("answers")
        return [frozenset(map(int, self._line().split())) for _ in articles]

    def took(self, articles: Sequence[News]) -> float:
        return self.round("match", articles)

    def round(self, command: str, articles: Sequence[News]) -> float:
        """Return the seconds that the driver takes for a command, called for the first time: once it has run warm."""
        self._send(articles)
        end = time.monotonic() + (0 if command in self._warm else self._warm_up)
        self._warm.add(command)
        while True:
            self._command(command)
            seconds = int(self._line().split()[0]) / 1e9
            if time.monotonic() >= end:
                return seconds

    def close(self) -> None:
        self._stop()
        self._folder.cleanup()

    def _send(self, articles: Sequence[News]) -> None:
        if self._articles != tuple(articles):
            self._articles = tuple(articles)
            file = self._place / "articles"
            file.write_text("".join(f"{flat(article.title)}\t{flat(article.body)}\n" for article in articles))
            self._command(f"articles {file}")
            self._line()

    def _command(self, line: str) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _line(self) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise Missing("Lucene Monitor ended by itself")
        return line

    def _stop(self) -> None:
        if self._process is not None:
            self._process.communicate()
            self._process = None


class Highlighting(Engine):
    """The same process, telling where in the text each matching rule matches."""

    name = "Lucene Monitor, highlights"
    answering = False

    def __init__(self, monitor: LuceneMonitor) -> None:
        self._monitor = monitor

    def load(self, rules: Sequence[Query]) -> None:
        """Leave it to the monitor, which is loaded before."""

    def answers(self, articles: Sequence[News]) -> Answers:
        raise NotImplementedError

    def took(self, articles: Sequence[News]) -> float:
        return self._monitor.round("highlights", articles)
