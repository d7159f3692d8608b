"""`python -m support.crash DIRECTORY --kills 50`: run a trial on SQLite, and print what was found as JSON."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from support.crash.stores import STORES, WHOLE
from support.crash.trial import Trial, run


def main() -> None:
    """Run a trial."""
    parser = argparse.ArgumentParser(description="Kill the daemon, again and again.")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--kills", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=1.6, help="seconds of the longest life")
    parser.add_argument("--store", choices=STORES, default=WHOLE)
    options = parser.parse_args()
    url = f"sqlite:///{options.directory / 'tocsin.db'}"
    trial = Trial(database_url=url, **vars(options))
    print(json.dumps(asdict(run(trial))))


if __name__ == "__main__":
    main()
