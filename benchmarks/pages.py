"""How well articles are found on pages: `.venv/bin/python benchmarks/pages.py [--articles FOLDER] [--told]`.

The pages are those of `tests/corpus/pages` that hold an article. `FOLDER` has others, in the layout of scrapinghub's
article-extraction-benchmark: `html/NAME.html` or `html/NAME.html.gz`, and `ground-truth.json`, which gives each name
its `articleBody`. All extractors get the same pages, decoded the same way; the measure is that benchmark's, written
anew: rows of four words that are right and that are missing, as precision and recall, meant over the pages. `--told`
lists the pages on which ours is worst, and those that it takes for none.
"""

import argparse
import gzip
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.shingles import Score, mean, score
from tocsin.feeds.article import shown_text, with_page
from tocsin.feeds.page import read_article_page
from tocsin.model import Article, Document, FeedKind, FeedSpec, PageText, TextKind
from tocsin.text.encodings import decode

Extract = Callable[[Document], str]

ROOT = Path(__file__).parents[1]


class Page(NamedTuple):
    """A page with the article that stands on it."""

    name: str
    document: Document
    expected: str


def corpus() -> Iterator[Page]:
    folder = ROOT / "tests" / "corpus" / "pages"
    for file in sorted(folder.glob("*.expected.json")):
        expected = json.loads(file.read_text(encoding="utf-8"))
        name = file.name.removesuffix(".expected.json")
        if "page" in expected:
            body = (folder / f"{name}.html").read_bytes()
            document = Document(name=expected["document"], body=body, content_type=expected.get("content_type"))
            yield Page(name, document, "\n\n".join(expected["page"]["paragraphs"]))


def folder(path: Path) -> Iterator[Page]:
    truth = json.loads((path / "ground-truth.json").read_text(encoding="utf-8"))
    for name, told in sorted(truth.items()):
        packed, plain = path / "html" / f"{name}.html.gz", path / "html" / f"{name}.html"
        body = gzip.decompress(packed.read_bytes()) if packed.exists() else plain.read_bytes()
        url = str(told.get("url") or f"https://page.example/{name}")
        yield Page(name, Document(name=url, body=body), str(told["articleBody"]))


def tocsin(document: Document) -> str:
    found = read_article_page(document)
    return found.text if isinstance(found, PageText) else ""


def tocsin_matched(document: Document) -> str:
    """Return what rules see: without the title that stands again in the text."""
    found = read_article_page(document)
    if not isinstance(found, PageText):
        return ""
    feed = FeedSpec(name="Pages", kind=FeedKind.HTTP, location=document.name)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    told = with_page(
        Article(
            id="art",
            feed="Pages",
            entry_id="1",
            url=document.name,
            canonical_url=None,
            title=found.title or "",
            text="",
            text_kind=TextKind.TITLE,
            language="en",
            content_hash="",
            fetched=moment,
        ),
        found,
        feed,
        moment,
    )
    return shown_text(told) if told else ""


def trafilatura(**options: bool) -> Extract:
    from trafilatura import bare_extraction

    def extract(document: Document) -> str:
        found = bare_extraction(text_of(document), include_comments=False, **options)
        return (found.text or "") if found else ""

    return extract


def paragraphs(document: Document) -> str:
    """Return all paragraphs of more than 40 code points."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(text_of(document))
    return "\n\n".join(text for node in tree.css("p") if len(text := node.text(strip=False).strip()) > 40)


def text_of(document: Document) -> str:
    charset = (document.content_type or "").rpartition("charset=")[2]
    marked = document.body[:2048].decode("ascii", "replace").partition("charset=")[2].strip("\"' ")
    return decode(document.body, [charset, marked.split('"')[0].split("'")[0].split(">")[0]])


EXTRACTORS: Mapping[str, Callable[[], Extract]] = {
    "tocsin": lambda: tocsin,
    "tocsin, what is matched": lambda: tocsin_matched,
    "trafilatura fast": lambda: trafilatura(fast=True),
    "trafilatura": trafilatura,
    "trafilatura favor_precision": lambda: trafilatura(favor_precision=True),
    "paragraphs": lambda: paragraphs,
}


def measure(pages: list[Page], extract: Extract) -> tuple[list[Score], list[float]]:
    """Return each page's score and its milliseconds of processor time, the best of two."""
    extract(pages[0].document)
    scores, times = [], []
    for page in pages:
        took = []
        for _ in range(2):
            begin = time.process_time()
            found = extract(page.document)
            took.append((time.process_time() - begin) * 1e3)
        scores.append(score(page.expected, found))
        times.append(min(took))
    return scores, times


def report(title: str, pages: list[Page], *, told: bool) -> None:
    sizes = median(len(page.document.body) for page in pages) / 1e3
    print(f"\n{title}: {len(pages)} pages, {sizes:.0f} kB in the median")
    print(f"{'':28}{'F1':>7}{'precision':>11}{'recall':>8}{'ms':>8}")
    for name, load in EXTRACTORS.items():
        scores, times = measure(pages, load())
        whole = mean(scores)
        print(f"{name:28}{whole.f1:7.3f}{whole.precision:11.3f}{whole.recall:8.3f}{median(times):8.1f}")
        if told and name == "tocsin":
            for found, page in sorted(zip(scores, pages, strict=True), key=lambda pair: pair[0].f1)[:15]:
                print(f"    {page.name:50} {found.f1:.3f} {read_article_page(page.document).__class__.__name__}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=Path, help="a folder of pages with ground-truth.json")
    parser.add_argument("--told", action="store_true", help="list the pages on which ours is worst")
    asked = parser.parse_args()
    report("corpus", list(corpus()), told=asked.told)
    if asked.articles:
        report(asked.articles.name, list(folder(asked.articles)), told=asked.told)


if __name__ == "__main__":
    main()
