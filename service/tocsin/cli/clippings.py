"""Clippings: alerts as rows of a spreadsheet, CSV as RFC 4180 has it.

Titles are strangers' words, and a spreadsheet would take some of them for formulas: these are made plain text.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import cast

from tocsin.alerts.envelope import timestamp
from tocsin.alerts.render import own_outlet
from tocsin.cli.ending import printable
from tocsin.model import AlertReport, JsonObject

COLUMNS = (
    "rang", "rule", "severity", "outlet", "title", "link", "published", "language", "evidence", "sources", "channels",
    "alert",
)  # fmt: skip

_NOTHING: JsonObject = MappingProxyType({})


def clippings(reports: Iterable[AlertReport]) -> str:
    """Return alerts as CSV: a line of names, a line for each alert; times are RFC 3339 in UTC.

    Several values of one cell stand behind each other with semicolons.
    """
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(COLUMNS)
    rows.writerows([plain_cell(cell) for cell in _cells(report)] for report in reports)
    return text.getvalue()


def plain_cell(text: str) -> str:
    """Return a text on one line that no spreadsheet takes for a formula: what begins like one gets an apostrophe."""
    begins_so = text.startswith(("=", "+", "-", "@", "\t", "\r"))
    line = printable(text)
    return f"'{line}" if begins_so or line.startswith(("=", "+", "-", "@")) else line


def _cells(report: AlertReport) -> Iterable[str]:
    data = report.data
    rule, article = _part(data, "rule"), _part(data, "article")
    sources = cast("Iterable[JsonObject]", _part(data, "story").get("sources", ()))
    found = (str(item["text"]) for item in cast("Iterable[JsonObject]", data.get("evidence", ())))
    return (
        timestamp(report.created),
        str(rule["name"]),
        str(rule["severity"]),
        own_outlet(data),
        _text(article.get("title")),
        _text(article.get("url")),
        _text(article.get("published")),
        _text(article.get("language")),
        "; ".join(dict.fromkeys(found)),
        "; ".join(_source(source) for source in sources),
        "; ".join(f"{way.channel}: {way.state.value}" for way in report.dispatches),
        str(data["alert_id"]),
    )


def _source(source: JsonObject) -> str:
    outlet, url = _text(source.get("outlet")), source.get("url")
    return f"{outlet} {url}" if url else outlet


def _part(data: JsonObject, key: str) -> JsonObject:
    return cast("Mapping[str, object]", data.get(key) or _NOTHING)


def _text(value: object) -> str:
    return "" if value is None else str(value)
