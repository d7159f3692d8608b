"""Cuts payloads to a size: what gives way, and in which order. Whatever is left out is still counted."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from tocsin.channels.wording import cut

Payload: TypeAlias = dict[str, object]

_SNIPPET_LIMIT: Final = 160
_STRING_LIMIT: Final = 500
_KEPT_WHOLE: Final = frozenset({"url", "id", "source"})  # of no use in part
_ARTICLES: Final = (("story", "sources"), ("update", "added"))


def fitted(payload: Payload, size: Callable[[Payload], int], limit: int) -> Payload:
    """Return the payload of an alert, a group or a digest, with as much left out as it takes to be within `limit`.

    It gives way in this order, each step only if needed: in the evidence, snippets are cut to 160 code points and other
    strings to 500; where the rest alone takes more than half of the room, its strings but ids and URLs are cut to 500
    code points; of a digest that still does for all its rules, the week is left out, then rules that rang least, and
    `rules_total` says of how many; articles of a story are left out from the end of `sources` and of an update's
    `added`, and `sources_total` and `added_total` say of how many; evidence is left out from the end of each field, and
    `evidence_total` says of how much; alerts are left out from the end, and `alerts_total` says of how many.
    """
    cutter = _Cutter(size=size, limit=limit)
    for shorten in (
        _with_short_evidence,
        cutter.with_short_rest,
        cutter.with_fewer_rules,
        cutter.with_fewer_articles,
        cutter.with_less_evidence,
        cutter.with_fewer_alerts,
    ):
        if size(payload) <= limit:
            return payload
        payload = shorten(payload)
    return payload


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cutter:
    """The steps that depend on the room there is. Each keeps as much as it can, found by halving."""

    size: Callable[[Payload], int]
    limit: int

    def with_short_rest(self, payload: Payload) -> Payload:
        """Shorten what stands around the evidence, where little room would be left for that."""
        if self.size(_without_evidence(payload)) <= self.limit // 2:
            return payload
        return {key: _shortened(value) for key, value in payload.items()}

    def with_fewer_rules(self, payload: Payload) -> Payload:
        """Leave out of a digest the week, then the last of the rules, where they take more than half of the room."""
        if self.size(_with_alerts(payload, [])) <= self.limit // 2:
            return payload
        weekless = _with_data(payload, {**_data(payload), "week": None}) if "week" in _data(payload) else payload
        rules = _inner(_inner(_data(payload), "counts"), "rules")
        return self._most(
            len(rules),
            lambda count: _with_first_rules(weekless, count),
            lambda payload: self.size(_with_alerts(payload, [])),
            self.limit // 2,
        )

    def with_fewer_articles(self, payload: Payload) -> Payload:
        """Keep as many articles of each story, and of those an update adds, as half of the room holds."""
        most = max((len(_listed(_inner(alert, part), name)) for alert in _alerts(payload) for part, name in _ARTICLES))
        return self._most(
            most,
            lambda count: _each(payload, lambda alert: _with_first_articles(alert, count)),
            lambda payload: self.size(_without_evidence(payload)),
            self.limit // 2,
        )

    def with_less_evidence(self, payload: Payload) -> Payload:
        """Keep as much of each alert's evidence as fits."""
        most = max(len(_evidence(alert)) for alert in _alerts(payload))
        return self._most(
            most,
            lambda count: _each(payload, lambda alert: _with_first_evidence(alert, count)),
            self.size,
            self.limit,
        )

    def with_fewer_alerts(self, payload: Payload) -> Payload:
        """Keep as many alerts of a group or a digest as fit."""
        alerts = _together(payload)
        if not alerts:
            return payload
        return self._most(len(alerts), lambda count: _with_alerts(payload, alerts[:count]), self.size, self.limit)

    def _most(
        self, most: int, keeping: Callable[[int], Payload], size: Callable[[Payload], int], limit: int
    ) -> Payload:
        """Return what keeps the most, from one to `most`, of what there is of something, and is within a limit."""
        fitting = bisect_right(range(1, most + 1), limit, key=lambda count: size(keeping(count)))
        return keeping(max(1, fitting))


# ---------------------------------------------------------------------------------------------------------------
# Parts of payloads: an alert by itself is the payload's `data`, alerts that are told together stand in a list there


def _data(payload: Payload) -> Mapping[str, object]:
    return _inner(payload, "data")


def _with_data(payload: Payload, data: Mapping[str, object]) -> Payload:
    return {**payload, "data": data}


def _together(payload: Payload) -> Sequence[Mapping[str, object]]:
    return _listed(_data(payload), "alerts")


def _alerts(payload: Payload) -> Sequence[Mapping[str, object]]:
    return _together(payload) or [_data(payload)]


def _with_alerts(payload: Payload, alerts: Sequence[object]) -> Payload:
    """Put other alerts in the place of those of a group or a digest, which says of how many by itself."""
    data = _data(payload)
    return _with_data(payload, {**data, "alerts": alerts}) if "alerts" in data else payload


def _each(payload: Payload, change: Callable[[Mapping[str, object]], Mapping[str, object]]) -> Payload:
    if alerts := _together(payload):
        return _with_alerts(payload, [change(alert) for alert in alerts])
    return _with_data(payload, change(_data(payload))) if _data(payload) else payload


def _inner(whole: Mapping[str, object], key: str) -> Mapping[str, object]:
    inner = whole.get(key)
    return inner if isinstance(inner, Mapping) else {}


def _listed(whole: Mapping[str, object], key: str) -> Sequence[Mapping[str, object]]:
    listed = whole.get(key)
    return listed if isinstance(listed, list) else []


def _evidence(alert: Mapping[str, object]) -> Sequence[Mapping[str, object]]:
    return _listed(alert, "evidence")


def _without_evidence(payload: Payload) -> Payload:
    return _each(payload, lambda alert: {**alert, "evidence": []} if "evidence" in alert else alert)


# ---------------------------------------------------------------------------------------------------------------
# What gives way


def _with_short_evidence(payload: Payload) -> Payload:
    return _each(
        payload,
        lambda alert: (
            {**alert, "evidence": list(map(_short_evidence, _evidence(alert)))} if "evidence" in alert else alert
        ),
    )


def _short_evidence(found: Mapping[str, object]) -> Mapping[str, object]:
    return {
        key: cut(value, _SNIPPET_LIMIT if key == "snippet" else _STRING_LIMIT) if isinstance(value, str) else value
        for key, value in found.items()
    }


def _shortened(value: object) -> object:
    match value:
        case str():
            return cut(value, _STRING_LIMIT)
        case Mapping():
            return {key: inner if key in _KEPT_WHOLE else _shortened(inner) for key, inner in value.items()}
        case list():
            return [_shortened(inner) for inner in value]
        case _:
            return value


def _with_first_rules(payload: Payload, count: int) -> Payload:
    """Keep the first rules of a digest's counts, which are those that rang most."""
    data = _data(payload)
    counts = _inner(data, "counts")
    rules = _inner(counts, "rules")
    if len(rules) <= count:
        return payload
    kept = dict(list(rules.items())[:count])
    return _with_data(payload, {**data, "counts": {**counts, "rules": kept, "rules_total": len(rules)}})


def _with_first_articles(alert: Mapping[str, object], count: int) -> Mapping[str, object]:
    """Keep the first articles, and say how many there were; a total that is known already stays."""
    kept = dict(alert)
    for part, name in _ARTICLES:
        whole = _inner(alert, part)
        listed = _listed(whole, name)
        if len(listed) > count:
            kept[part] = {f"{name}_total": len(listed), **whole, name: listed[:count]}
    return kept


def _with_first_evidence(alert: Mapping[str, object], count: int) -> Mapping[str, object]:
    """Keep the first evidence of each field."""
    evidence = _evidence(alert)
    if len(evidence) <= count:
        return alert
    by_worth = sorted(range(len(evidence)), key=list(_places_in_field(evidence)).__getitem__)
    kept = [evidence[place] for place in sorted(by_worth[:count])]
    return {**alert, "evidence": kept, "evidence_total": len(evidence)}


def _places_in_field(evidence: Sequence[Mapping[str, object]]) -> Iterator[int]:
    """Yield each evidence's place among those of its field: the first of the body is worth that of the title."""
    seen = Counter[object]()
    for found in evidence:
        yield seen[found.get("field")]
        seen[found.get("field")] += 1
