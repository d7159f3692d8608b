"""Memory of rules, in a process of its own: `weigh.py RULES ARTICLES`, a query a line, an article a line."""

import gc
import json
import resource
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from peers.corpus import News
from peers.ours import article_of, rule_of
from tocsin.rules.index import RuleIndex
from tocsin.rules.parser import parse_query


def resident() -> int:
    """Return the bytes of this process that are in memory."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def main() -> None:
    queries, texts = Path(sys.argv[1]), Path(sys.argv[2])
    articles = [article_of(News(*line.split("\t"))) for line in texts.read_text().splitlines()]
    RuleIndex([rule_of(0, parse_query('"bells"'))], []).match(articles[0])  # what is loaded at first use
    before = resident()
    with queries.open() as lines:
        rules = [rule_of(number, parse_query(line.rstrip("\n"))) for number, line in enumerate(lines)]
    parsed = resident()
    index = RuleIndex(rules, [])
    for article in articles:
        index.match(article)
    after = resident()
    print(json.dumps({"rules": len(rules), "queries": parsed - before, "index": after - parsed}))


if __name__ == "__main__":
    main()
