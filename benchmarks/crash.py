"""Kill the daemon many times, and look whether it kept its promises.

`python benchmarks/crash.py --kills 200` runs the trial of the tests for longer, on SQLite or, with `--database
postgresql`, on the server that TOCSIN_TEST_POSTGRES names (in a schema of its own), and prints a small table. The exit
status is 1 where a promise was broken. `--store` takes a mutant, which must break one.
"""

import argparse
import os
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.crash.stores import STORES, WHOLE
from support.crash.trial import Findings, Trial, run
from tocsin.storage.migrate import upgrade


def main() -> int:
    options = parse_arguments()
    with tempfile.TemporaryDirectory(prefix="tocsin-crash-") as name, database(options.database, name) as url:
        directory, store = Path(name), options.store
        if options.database == "postgresql" and store == WHOLE:
            store = "short-leases"
        found = run(Trial(directory=directory, database_url=url, kills=options.kills, seed=options.seed, store=store))
    report(found)
    return 1 if found.problems else 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Kill the daemon, again and again.")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="of the moments, and of the receiver's moods")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--store", choices=STORES, default=WHOLE, help="the real one, or a mutant")
    return parser.parse_args()


@contextmanager
def database(kind: str, directory: str) -> Iterator[str]:
    """Have a database to be killed on; a server's is made ready, as only `tocsin db upgrade` may do that."""
    if kind == "sqlite":
        yield f"sqlite:///{directory}/tocsin.db"
        return
    server = make_url(os.environ["TOCSIN_TEST_POSTGRES"])
    schema = f"tocsin_{uuid.uuid4().hex}"
    execute(server.render_as_string(hide_password=False), f"CREATE SCHEMA {schema}")
    try:
        url = server.set(query={"options": f"-csearch_path={schema}"}).render_as_string(hide_password=False)
        upgrade(url)
        yield url
    finally:
        execute(server.render_as_string(hide_password=False), f"DROP SCHEMA {schema} CASCADE")


def execute(url: str, statement: str) -> None:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def report(found: Findings) -> None:
    rows = {
        "kills": f"{found.kills} in {found.seconds:.0f} s",
        "entries published": found.published,
        "alerts expected": found.expected,
        "alerts lost": len(found.lost),
        "alerts not expected": len(found.unexpected),
        "copies, same webhook-id": f"{found.copies} (lost answers and kills account for {found.excused})",
        "requests to the receiver": ", ".join(f"{count} {fate}" for fate, count in found.fates.items()),
        "integrity of the database": found.integrity,
    }
    for name, value in rows.items():
        print(f"{name:<28}{value}")
    for problem in found.problems:
        print(f"BROKEN: {problem}")


if __name__ == "__main__":
    sys.exit(main())
