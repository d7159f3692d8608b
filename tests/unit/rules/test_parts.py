"""Putting named parts into queries."""

from collections.abc import Mapping

import pytest

from tocsin.errors import QueryError
from tocsin.model.query import Or, Query, Word, nodes_of
from tocsin.rules.checks import DEEPEST_TREE, check_query
from tocsin.rules.parser import parse_query
from tocsin.rules.parts import MOST_NODES, resolve


def _parts(**texts: str) -> Mapping[str, Query]:
    return {name: parse_query(text) for name, text in texts.items()}


def _failure(query: str, parts: Mapping[str, Query]) -> tuple[int, str]:
    with pytest.raises(QueryError) as raised:
        resolve(parse_query(query), parts)
    return raised.value.at, raised.value.message


@pytest.mark.parametrize(
    ("query", "same"),
    [
        ("$p", "a OR b"),
        ("x AND $p AND $p", "x AND (a OR b) AND (a OR b)"),
        ("x AND NOT $p", "x AND NOT (a OR b)"),
        ("$p NEAR/5 x NEAR/3 $p", "(a OR b) NEAR/5 x NEAR/3 (a OR b)"),
        ("x NOT NEAR/s $p", "x NOT NEAR/s (a OR b)"),
        ("title:$p OR ATLEAST/2 $p", "title:(a OR b) OR ATLEAST/2 (a OR b)"),
        ("title:(x AND $q)", "title:(x AND (y AND (a OR b)))"),
        ("x AND y", "x AND y"),
    ],
)
def test_parts_are_put_in_as_if_in_brackets(query: str, same: str) -> None:
    """A query with parts is the query with the parts written out in brackets, parts of parts too."""
    parts = _parts(p="a OR b", q="y AND $p", never="$never")
    assert resolve(parse_query(query), parts) == parse_query(same)


def test_what_is_put_in_stands_where_its_name_does() -> None:
    """Whatever is wrong with a part in a query is told at the name of the part, the rest at its own place."""
    resolved = resolve(parse_query("x AND title:($p OR y)"), _parts(p="a AND $q", q="NEARBY ONEAR/5 b"))
    assert {node.at for node in nodes_of(resolved)} == {0, 6, 13, 19}
    with pytest.raises(QueryError) as raised:
        check_query(resolve(parse_query("x NEAR/5 $p"), _parts(p="a AND b")))
    assert raised.value.at == 9


@pytest.mark.parametrize(
    ("query", "at", "core"),
    [
        ("x AND $violense", 6, 'unknown part "$violense" (did you mean "violence"?)'),
        ("$zzz", 0, 'unknown part "$zzz"'),
        ("x OR $lost", 5, 'unknown part "$nowhere" in $lost'),
        ("x OR $mine", 5, "a part cannot be made of itself: $mine → $mine"),
        ("x OR $first", 5, "a part cannot be made of itself: $second → $third → $second"),
    ],
)
def test_what_a_name_cannot_stand_for_is_refused(query: str, at: int, core: str) -> None:
    """A name of no part, and one that leads back to itself, is told at the name in the query."""
    parts = _parts(
        violence="a", lost="b OR $nowhere", mine="c OR $mine", first="$second", second="$third", third="$second"
    )
    assert _failure(query, parts) == (at, core)


def test_a_part_may_be_used_by_any_number_of_others() -> None:
    """A part that many parts name is no circle, and a long chain of parts is no depth."""
    parts: dict[str, Query] = {"p0": parse_query("a")}
    parts |= {f"p{number}": parse_query(f"$p{number - 1}") for number in range(1, 3000)}
    parts["many"] = parse_query(" OR ".join(f"$p{number}" for number in range(0, 3000, 7)))
    assert resolve(parse_query("$many"), parts) == Or((Word("a"),) * 429)


def test_parts_of_parts_do_not_outgrow_memory() -> None:
    """Thirty short parts that double each other name a thousand million words, and are refused."""
    parts: dict[str, Query] = {"p0": parse_query("a OR b")}
    parts |= {f"p{number}": parse_query(f"$p{number - 1} OR $p{number - 1}") for number in range(1, 30)}
    at, message = _failure("x AND $p29", parts)
    assert at == 6
    assert message.startswith(f"too large with its parts, more than {MOST_NODES} terms")
    assert _failure("x AND " + " AND ".join(["$p11"] * 3), parts)[1] == message
    assert sum(1 for _ in nodes_of(resolve(parse_query("$p11"), parts))) == 2**13 - 1


def test_parts_do_not_nest_without_end() -> None:
    """Parts that stand within each other, each with brackets of its own, have the depth limit of one query."""
    parts: dict[str, Query] = {"p0": parse_query("a OR b")}
    for number in range(1, 200):
        parts[f"p{number}"] = parse_query(f"a AND (b OR $p{number - 1})")
    resolve(parse_query("$p50"), parts)
    at, message = _failure("x AND $p199", parts)
    assert (at, message[:15]) == (6, "nested too deep")
    deepest = DEEPEST_TREE // 2 - 1
    assert _failure(f"x AND (y OR $p{deepest})", parts)[1] == message
