"""`python -m support.crash DIRECTORY --kills 50 --sweep`: run a trial, and print what was found as JSON."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from support.crash.databases import KINDS, SQLITE, database
from support.crash.faults import Fault, sweep
from support.crash.stores import STORES, WHOLE
from support.crash.trial import Trial, run
from support.crash.world import Ways


def main() -> None:
    """Run a trial."""
    parser = argparse.ArgumentParser(description="Kill the daemon, again and again.")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--database", choices=KINDS, default=SQLITE)
    parser.add_argument("--kills", type=int, default=0, help="lives that end by chance")
    parser.add_argument("--longest", type=float, default=1.6, help="seconds of the longest of these")
    parser.add_argument("--fault", type=Fault.parse, action="append", default=[], help="a life that ends there: sent:2")
    parser.add_argument("--sweep", type=int, default=0, help="lives that end at the first so many passings of a point")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--store", choices=STORES, default=WHOLE, help="the real one, or a mutant")
    parser.add_argument("--plain", action="store_true", help="publish so that what is lost once is lost for good")
    options = parser.parse_args()
    with database(options.database, options.directory) as url:
        trial = Trial(
            directory=options.directory,
            database_url=url,
            kills=options.kills,
            faults=[*options.fault, *sweep(options.sweep)],
            seed=options.seed,
            store=options.store,
            ways=Ways(stock=40, copied=0, kept=0) if options.plain else Ways(),
            longest=options.longest,
        )
        print(json.dumps(asdict(run(trial))))


if __name__ == "__main__":
    main()
