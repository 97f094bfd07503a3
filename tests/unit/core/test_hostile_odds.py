"""Hostile odds documents: markets in the wrong place or of no known name, and one line priced a thousand times."""

import json
import time

import pytest
from tests.unit.core import core_documents as d

from tipoff import sources
from tipoff.core.codes import DocumentOutcome
from tipoff.core.contracts.odds_event import game_market
from tipoff.core.contracts.results import Parsed


def read(name: str, document: d.Json) -> Parsed:
    return sources.read(name, json.dumps(document).encode())


def tables(parsed: Parsed) -> dict[str, int]:
    return {table.table: len(table.rows) for table in parsed.tables}


@pytest.mark.parametrize(
    "key", ["player_assists", "player_points_q1", "Player_Points", "alternate_player_points", "points", "batter_hits"]
)
def test_a_market_that_is_no_game_market_is_a_player_s_and_no_points_line(key: str) -> None:
    document = d.props()
    document["bookmakers"][0]["markets"][0]["key"] = key
    parsed = read(d.PROPS_NAME, document)
    assert (parsed.outcome, parsed.reason, tables(parsed)) == (
        DocumentOutcome.ACCEPTED,
        "other_market_skipped",
        {"odds_api_player_props": 2},
    )


@pytest.mark.parametrize("key", ["player_points", "PLAYER_POINTS", "alternate_player_points"])
def test_a_player_market_among_game_lines_becomes_no_line_of_the_game(key: str) -> None:
    document = d.lines()
    document["data"]["bookmakers"][0]["markets"].append({**d.props()["bookmakers"][0]["markets"][0], "key": key})
    parsed = read(d.LINES_NAME, document)
    assert (parsed.reason, parsed.rejects, tables(parsed)) == ("other_market_skipped", (), {"odds_api_game_lines": 2})


def test_game_lines_of_player_markets_only_are_accepted_without_rows() -> None:
    document = d.lines()
    document["data"]["bookmakers"][0]["markets"] = d.props()["bookmakers"][0]["markets"]
    parsed = read(d.LINES_NAME, document)
    assert (parsed.outcome, parsed.reason, parsed.rows_in) == (DocumentOutcome.ACCEPTED, "other_market_skipped", 0)


@pytest.mark.parametrize(
    ("key", "market"),
    [
        ("h2h", "h2h"),
        ("h2h_lay", "h2h"),
        ("spreads_h1", "spreads"),
        ("alternate_spreads", "spreads"),
        ("alternate_totals_q1", "totals"),
        ("team_totals", "team_totals"),
        ("totalsx", ""),
        ("player_points", ""),
        ("", ""),
    ],
)
def test_game_markets_are_known_by_name(key: str, market: str) -> None:
    assert game_market(key) == market


@pytest.mark.parametrize(("change", "reason"), [({"name": "Utah Jazz"}, "unknown_team"), ({"point": 250}, "bad_line")])
def test_an_alternate_market_keeps_the_rules_of_its_kind(change: d.Json, reason: str) -> None:
    document = d.lines()
    (market,) = document["data"]["bookmakers"][0]["markets"]
    market["key"] = "alternate_spreads"
    market["outcomes"][0] |= change
    parsed = read(d.LINES_NAME, document)
    assert (parsed.reason, parsed.rows_out) == (reason, 1)


def test_a_point_beside_a_moneyline_is_one_that_the_table_holds() -> None:
    document = d.lines()
    (market,) = document["data"]["bookmakers"][0]["markets"]
    market["key"] = "h2h"
    market["outcomes"][0]["point"] = 1e300
    parsed = read(d.LINES_NAME, document)
    assert (parsed.outcome, parsed.reason, parsed.rows_out) == (DocumentOutcome.ACCEPTED, "bad_line", 1)


def test_prices_of_one_line_are_paired_in_the_order_they_are_met() -> None:
    document = d.props()
    sides = [("Under", -105), ("Over", -115), ("Under", -105), ("Over", -120), ("Over", -125), ("Under", -110)]
    quotes = [d.quote(side, "Cade Cunningham", 23.5, price) for side, price in sides]
    document["bookmakers"][0]["markets"][0]["outcomes"] = quotes
    found = [
        (row.offer, row.over_price_american, row.under_price_american)  # type: ignore[attr-defined]
        for row in read(d.PROPS_NAME, document).tables[0].rows
    ]
    assert found == [(1, -115, -105), (2, -120, -110), (3, -125, None)]


def test_the_first_side_gives_the_pair_its_spelling() -> None:
    document = d.props()
    quotes = [d.quote("Under", "LAMELO BALL", 25.5, -130), d.quote("Over", "LaMelo Ball", 25.5, 100)]
    document["bookmakers"][0]["markets"][0]["outcomes"] = quotes
    (row,) = read(d.PROPS_NAME, document).tables[0].rows
    assert (row.player_name, row.over_price_american) == ("LAMELO BALL", 100)  # type: ignore[attr-defined]


def test_a_line_priced_many_times_costs_no_more_than_as_many_lines() -> None:
    document = d.props()
    prices = range(100, 20_100)
    quotes = [d.quote("Over", "Cade Cunningham", 23.5, price) for price in prices]
    document["bookmakers"][0]["markets"][0]["outcomes"] = quotes
    body = json.dumps(document).encode()
    began = time.perf_counter()
    assert sources.read(d.PROPS_NAME, body).rows_out == len(prices)
    assert time.perf_counter() - began < 20  # quote against quote it took two minutes
