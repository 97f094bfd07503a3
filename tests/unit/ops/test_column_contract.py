"""A column that is constant, inverted, empty or out of its range is named, with the rule and the figure.

Prevents docs/pitfalls.md#27 (dead features), and statically docs/pitfalls.md#26 (inverted meanings).
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
import yaml

from tipoff.tables import Table, all_tables, get
from tipoff.tables.features import feature_names
from tipoff_ops.column_contracts.bounds import bounds, bounds_lines, rules_to_measure
from tipoff_ops.column_contracts.figures import Figures, measure_query
from tipoff_ops.column_contracts.judge import judge
from tipoff_ops.column_contracts.rules import Rule, contract, contracted_tables

STORE = get("ml_feature_store_v2")
WATCHED = [t for t in all_tables() if t.dataset in ("nba_analytics", "nba_precompute")] + [STORE]
LATE = date(2024, 10, 1)
ROWS = 1000


def healthy(table: Table, rules: Mapping[str, Rule] | None = None) -> dict[str, Any]:
    """A measured row that keeps every rule, under the names that the query gives its figures."""
    rules = rules or contract(table)
    place = {name: number for number, name in enumerate(rules)}
    row: dict[str, Any] = {"n": ROWS}
    for name, rule in rules.items():
        i = place[name]
        low: Any = "a" if rule.low is None else rule.low
        high: Any = "b" if rule.low is None else low + 1 if rule.high is None else rule.high
        row |= {f"missing_{i}": 0, f"low_{i}": low, f"high_{i}": high, f"others_{i}": 0,
                f"stddev_{i}": rule.stddev or 0.0}  # fmt: skip
        row |= {f"correlation_{i}_{place[other]}": least for other, least in rule.correlations.items()}
    return row


def broken(table: Table, **figures: Any) -> list[tuple[str, str]]:
    found = judge(table, healthy(table) | figures, LATE, whole_season=True)
    return [(breach.column, breach.rule) for breach in found]


def place(table: Table, name: str) -> int:
    return list(contract(table)).index(name)


@pytest.mark.parametrize("table", WATCHED, ids=lambda table: table.name)
def test_every_column_of_every_table_has_a_rule(table: Table) -> None:
    assert table in contracted_tables()
    assert broken(table) == []
    assert all(f"AS low_{place(table, name)}" in measure_query(table) for name in contract(table))


@pytest.mark.parametrize("name", feature_names())
def test_a_constant_or_inverted_feature_is_named(name: str) -> None:
    rule, i = contract(STORE)[name], place(STORE, name)
    same: dict[str, Any] = {f"low_{i}": rule.high, f"high_{i}": rule.high, f"stddev_{i}": 0.0}
    assert {column for column, _ in broken(STORE, **same)} == {name}
    assert (name, "constant") in broken(STORE, **same)
    assert rule.correlations, "no rule would notice that it is inverted"
    turned = {f"correlation_{i}_{place(STORE, other)}": -least for other, least in rule.correlations.items()}
    assert broken(STORE, **turned) == [(name, f"correlation with {other}") for other in rule.correlations]


def test_empty_out_of_range_and_unknown_columns_are_named() -> None:
    i, zone = place(STORE, "points_avg_last_5"), place(get("player_composite_factors"), "primary_scoring_zone")
    assert broken(STORE, **{f"missing_{i}": 500}) == [("points_avg_last_5", "nulls")]
    assert broken(STORE, **{f"low_{i}": -0.1}) == [("points_avg_last_5", "low")]
    assert broken(STORE, **{f"high_{i}": float("nan")}) == [("points_avg_last_5", "high")]
    others = {f"others_{zone}": 1}
    assert broken(get("player_composite_factors"), **others) == [("primary_scoring_zone", "values")]
    assert broken(STORE, n=0) == [("*", "rows")]


def test_a_breach_says_what_was_measured_and_what_stated() -> None:
    i = place(STORE, "points_avg_last_5")
    [breach] = judge(STORE, healthy(STORE) | {f"low_{i}": -0.1}, LATE, whole_season=True)
    assert str(breach) == "nba_predictions.ml_feature_store_v2.points_avg_last_5: low: measured -0.1, stated 0.0"


def test_a_column_is_judged_from_the_date_its_source_began() -> None:
    i = place(STORE, "team_spread")
    empty = healthy(STORE) | {f"missing_{i}": ROWS, f"low_{i}": None, f"high_{i}": None}
    assert judge(STORE, empty, date(2021, 10, 1), whole_season=True) == []
    assert "team_spread" in {breach.column for breach in judge(STORE, empty, LATE, whole_season=True)}


def test_some_days_are_held_only_to_what_holds_on_any() -> None:
    i, j = place(STORE, "playoff_game"), place(STORE, "points_avg_last_5")
    days = healthy(STORE) | {f"low_{i}": 0, f"high_{i}": 0, f"stddev_{i}": 0.0, f"missing_{j}": 900}
    assert judge(STORE, days, LATE, whole_season=False) == []


def test_bounds_are_the_tightest_that_every_season_keeps() -> None:
    rule = Rule(correlations={"steady": 0.5, "changing": 0.1}, varies="season")
    seasons = [
        Figures(0.1, 2.0, 40.0, 3.5, 0, {"steady": 0.61234, "changing": 0.2}),
        Figures(0.0, 1.0, 31.0, 4.5, 0, {"steady": 0.7, "changing": -0.1}),
    ]
    assert bounds(rule, seasons) == Rule(
        nulls=0.1, low=1.0, high=40.0, stddev=3.5, correlations={"steady": 0.61234, "changing": 0.0}, varies="season"
    )


def test_measured_bounds_are_printed_as_the_contract_states_them() -> None:
    lines = list(bounds_lines(STORE, rules_to_measure(STORE), [(LATE, healthy(STORE))]))
    printed = {name: rule for line in lines for name, rule in yaml.safe_load(line).items()}
    assert list(printed) == list(contract(STORE))
    assert printed["points_avg_last_5"] == {
        "low": 0.0, "high": 69.0, "stddev": 3.4, "correlations": {"points_ewma_3": 0.49},
    }  # fmt: skip


def test_a_column_without_a_rule_is_measured_with_its_strongest_correlation(monkeypatch: pytest.MonkeyPatch) -> None:
    table = get("player_recent_form")
    stated = {name: rule for name, rule in contract(table).items() if name != "games_season"}
    monkeypatch.setattr("tipoff_ops.column_contracts.bounds.stated_rules", lambda _: stated)
    rules = rules_to_measure(table)
    row, i = healthy(table, rules), list(rules).index("games_season")
    others = [name for name in rules["games_season"].correlations]
    row |= {f"correlation_{i}_{place(table, name)}": 0.1 for name in others}
    row[f"correlation_{i}_{place(table, others[3])}"] = -0.8
    [line] = [line for line in bounds_lines(table, rules, [(LATE, row)]) if line.startswith("games_season:")]
    assert yaml.safe_load(line)["games_season"]["correlations"] == {others[3]: -0.8}
