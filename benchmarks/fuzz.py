"""Throw texts at the query language, to find one that it neither reads nor refuses as it should.

`python benchmarks/fuzz.py --seconds 1200` makes up queries and damages them. Each must be read, and then print as what
reads the same, or be refused with a place within it; anything else is a finding, printed with its text. Where the
package `atheris` is installed (`pip install atheris`; it is no dependency), texts that reach new code are kept and
changed further, and the coverage is told. Exit status 1 with a finding.
"""

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

try:
    import atheris
except ImportError:
    atheris = None


def _watched() -> AbstractContextManager[object]:
    """Let the language be told apart by what of it was run, where that can be done."""
    return (
        nullcontext()
        if atheris is None or "--by-chance" in sys.argv
        else atheris.instrument_imports(include=["tocsin.rules"])
    )


with _watched():
    from tocsin.errors import QueryError
    from tocsin.rules.checks import check_query
    from tocsin.rules.parser import parse_query
    from tocsin.rules.parts import resolve
    from tocsin.rules.written import written

LONGEST = 2000  # characters of a text that is made up
EVERY = 5000  # inputs between two notes of how far it came

TERMS = (
    *(
        "a",
        "invasion",
        "Путін",
        "阿卡",
        "😀",
        "build-up",
        "U.S.",
        "O'Neill",
        "l’Ukraine",
        "10:30",
        "lang",
        "near/5",
        "and",
    ),
    *(
        "invad*",
        "wom?n",
        "foreign-agen*",
        "in*",
        "*",
        "?",
        "zelensky~1",
        "kyiv~2",
        "x~",
        '"troops remain"',
        "“a b”",
        '""',
    ),
    *(
        '"foreign agen*"',
        '"troops remain"~10',
        '"a b*"~3',
        '"a"~',
        "{NATO}",
        "{a* b}",
        "{}",
        "/CVE-\\d+/",
        "/a*/",
        "/(a/",
    ),
    *("/a\\/b/i", "/[/]/", "@who", "@", "$p", "$q", "$lost", "$", "-a", "&&", "--", "\u200b", "\ufeff", "\ud800", "ʼ"),
)
FIELDS = ("title:", "lead:", "body:", "author:", "url:", "feed:", "tag:", "lang:", "country:", "titel:", "title: ")
BETWEEN = (
    "AND",
    "AND",
    "AND",
    "OR",
    "OR",
    "OR",
    "NOT",
    "AND NOT",
    "NEAR/5",
    "ONEAR/0",
    "NEAR/s",
    "ONEAR/p",
    "NEAR/101",
)
BETWEEN += ("NOT NEAR/5", "NOT ONEAR/5", "NEAR", "NEAR/", "NEAR5", "", "", "#\n", "# x\n")
SIGNS = (
    *"()\"'{}/\\~*?#:@$-&|.,0159sp \n\t“”„‘’«»",
    "\u00a0",
    "\u2028",
    "\0",
    "\ud800",
    "\U0001f600",
    "é",
    "e\u0301",
    "ß",
)
PARTS = {"p": "a OR b", "q": "$p AND NOT c", "r": "lang:en"}


def attempt(text: str) -> str:
    """Read a text as a query, and hold it to the laws; return what became of it."""
    try:
        query = parse_query(text)
    except QueryError as error:
        return _refused(error, text)
    printed = written(query)
    assert parse_query(printed) == query, f"it is printed as {printed}"
    assert written(parse_query(printed)) == printed, f"it is not always printed as {printed}"
    try:
        check_query(resolve(query, {name: parse_query(part) for name, part in PARTS.items()}))
    except QueryError as error:
        return _refused(error, text)
    return "read"


def _refused(error: QueryError, text: str) -> str:
    assert 0 <= error.at <= len(text), f"{error.at} is not in the text"
    assert error.message, "it does not say why"
    return "refused"


class Ledger:
    """What became of the texts so far."""

    def __init__(self) -> None:
        self.inputs = 0
        self.outcomes: Counter[str] = Counter()
        self.findings: dict[str, str] = {}  # by where it was raised

    def enter(self, text: str) -> None:
        """Try a text."""
        self.inputs += 1
        try:
            self.outcomes[attempt(text)] += 1
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
            place = traceback.extract_tb(error.__traceback__)[-1]
            self.findings.setdefault(f"{type(error).__name__} at {place.name}:{place.lineno}: {error}"[:300], text)

    def noted(self) -> str:
        return json.dumps({"inputs": self.inputs, "outcomes": self.outcomes, "findings": self.findings})


def made_up(chance: random.Random, depth: int = 3) -> str:
    """Make up a text that is nearly a query, and often one."""
    if not depth or chance.random() < 0.3:
        term = chance.choice(TERMS)
        return chance.choice(FIELDS) + term if chance.random() < 0.15 else term
    joint = chance.choice(BETWEEN)
    joints = [joint if chance.random() < 0.9 else chance.choice(BETWEEN) for _ in range(chance.choice([1, 1, 1, 2, 3]))]
    pieces = [made_up(chance, depth - 1)]
    for between in joints:
        pieces += [between, made_up(chance, depth - 1)]
    text = " ".join(pieces)
    opening = chance.choice(["", "(", "(", "NOT (", "ATLEAST/3 (", "ATLEAST/51 (", "title:(", "lang:(", "url:("])
    return f"{opening}{text})" if opening else text


def damaged(text: str, chance: random.Random) -> str:
    """Change a text a little, anywhere."""
    for _ in range(chance.choice([0, 0, 1, 1, 2, 5])):
        start = chance.randint(0, len(text))
        end = min(len(text), start + chance.choice([0, 1, 1, 2, 10]))
        put = chance.choice(
            ["", chance.choice(SIGNS), chance.choice(TERMS), text[start:end] * chance.choice([2, 3, 60])]
        )
        text = (text[:start] + put + text[end:])[:LONGEST]
    return text


def run_by_chance(seconds: float, seed: int) -> tuple[Ledger, str]:
    """Try texts by chance alone."""
    chance = random.Random(seed)
    ledger = Ledger()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for _ in range(100):
            ledger.enter(damaged(made_up(chance, chance.choice([1, 2, 3, 4])), chance))
    return ledger, "not known"


def run_by_coverage(seconds: float, seed: int) -> tuple[Ledger, str]:
    """Let atheris choose the texts, in a process of its own: it does not return."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="tocsin-fuzz-") as name:
        directory = Path(name)
        texts = directory / "texts"
        texts.mkdir()
        for number in range(2000):
            (texts / str(number)).write_bytes(made_up(chance).encode(errors="surrogatepass"))
        words = sorted({*TERMS, *FIELDS, *BETWEEN, *SIGNS} - {""})
        (directory / "dictionary").write_text("".join(f'"{_escaped(word)}"\n' for word in words))
        command = [sys.executable, __file__, "--within", name, f"--seconds={seconds}", f"--seed={seed}"]
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True, errors="replace", check=False)
        ledger = Ledger()
        if (directory / "noted").exists():
            noted = json.loads((directory / "noted").read_text())
            ledger.inputs, ledger.findings = noted["inputs"], noted["findings"]
            ledger.outcomes = Counter(noted["outcomes"])
    if done.returncode:
        ledger.findings[f"it ended with {done.returncode}"] = done.stderr[-2000:]
    told = re.findall(r"cov: (\d+) ft: (\d+)", done.stderr)
    return ledger, "{} edges, {} features".format(*told[-1]) if told else "not told"


def _escaped(word: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word.encode(errors="surrogatepass"))


def run_within(directory: Path, seconds: float, seed: int) -> None:
    """Be the process in which atheris runs."""
    ledger = Ledger()

    def enter(data: bytes) -> None:
        ledger.enter(data.decode(errors="surrogateescape"))
        if ledger.inputs % EVERY == 0:
            (directory / "noted").write_text(ledger.noted())

    options = [f"-max_total_time={seconds:.0f}", f"-seed={seed}", f"-max_len={LONGEST}", "-timeout=30"]
    atheris.Setup(["fuzz", *options, f"-dict={directory / 'dictionary'}", str(directory / "texts")], enter)
    atheris.Fuzz()


def main() -> int:
    parser = argparse.ArgumentParser(description="Throw texts at the query language.")
    parser.add_argument("--seconds", type=float, default=60, help="how long")
    parser.add_argument("--seed", type=int, default=1, help="where chance begins")
    parser.add_argument("--by-chance", action="store_true", help="choose texts by chance alone, even with atheris")
    parser.add_argument("--within", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.within:
        run_within(options.within, options.seconds, options.seed)
    run = run_by_chance if options.by_chance or atheris is None else run_by_coverage
    ledger, coverage = run(options.seconds, options.seed)
    print(f"texts tried   {ledger.inputs}")
    print(f"read          {ledger.outcomes['read']}")
    print(f"refused       {ledger.outcomes['refused']}")
    print(f"coverage      {coverage}")
    print(f"findings      {len(ledger.findings)}")
    for finding, text in ledger.findings.items():
        print(f"\n{finding}\n  {text!r}")
    return 1 if ledger.findings else 0


if __name__ == "__main__":
    sys.exit(main())
