"""Kill the daemon many times, at random moments and at named points, and look whether it kept its promises.

`python benchmarks/crash.py` ends a life at each of the first five passings of every point, and 200 more by chance, on
SQLite or, with `--database postgresql`, on the server that TOCSIN_TEST_POSTGRES names (in a schema of its own), and
prints a small table. The exit status is 1 where a promise was broken. `--store` takes a mutant, which must break one.
"""

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.crash.databases import KINDS, POSTGRESQL, SQLITE, database
from support.crash.faults import POINTS, sweep
from support.crash.stores import STORES, WHOLE
from support.crash.trial import Findings, Trial, run


def main() -> int:
    options = parse_arguments()
    with tempfile.TemporaryDirectory(prefix="tocsin-crash-") as name:
        directory, store, faults = Path(name), options.store, sweep(options.sweep)
        if options.database == POSTGRESQL and store == WHOLE:
            store = "short-leases"
        with database(options.database, directory) as url:
            found = run(
                Trial(
                    directory=directory,
                    database_url=url,
                    kills=options.kills,
                    faults=faults,
                    seed=options.seed,
                    store=store,
                )
            )
    report(found)
    return 1 if found.problems else 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Kill the daemon, again and again.")
    parser.add_argument("--kills", type=int, default=200, help="lives that end by chance")
    parser.add_argument("--sweep", type=int, default=5, help=f"passings of each of {', '.join(POINTS)} that end a life")
    parser.add_argument("--seed", type=int, default=1, help="of the moments, and of the receiver's moods")
    parser.add_argument("--database", choices=KINDS, default=SQLITE)
    parser.add_argument("--store", choices=STORES, default=WHOLE, help="the real one, or a mutant")
    return parser.parse_args()


def report(found: Findings) -> None:
    rows = {
        "kills": f"{found.kills} in {found.seconds:.0f} s",
        "entries published": found.published,
        "alerts expected": found.expected,
        "that wait for a late page": found.pending,
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
