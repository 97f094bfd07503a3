"""Readers get the newest word on a player: a later skip, a later forecast or another date ends what was said before.

A player who was ruled out kept his OVER of the morning, in the table and on the page.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from tests.sql.games import Game
from tests.sql.small_warehouse import SmallWarehouse

from tipoff.steps.queries import load
from tipoff.tables import get, landing

NAMES = ("player_prop_predictions", "prediction_outcomes", "prediction_accuracy", "players")
DAY, NEXT_DAY = date(2025, 1, 15), date(2025, 1, 16)
MORNING, NOON, EVENING = "2025-01-15T15:00:00Z", "2025-01-15T18:00:00Z", "2025-01-15T22:55:00Z"
LATE = "2025-01-15T23:45:00Z"  # after tip-off
PLAYED, POSTPONED, MOVED = Game(DAY, 801), Game(DAY, 802), Game(DAY, 803)
PLAYERS = {
    "kept": 101, "ruled_out": 102, "returned": 103, "without_line": 104, "same_cutoff": 105, "skipped_after_tip": 106,
    "postponed": 107, "moved": 108, "delivered_again": 109,
}  # fmt: skip


def said(game: Game, who: str, cutoff: str, *systems: str, created: str = "", batch: str = "b") -> list[dict[str, Any]]:
    """Predictions of one player by these systems."""
    return [
        {
            "game_date": game.day, "game_id": game.game_id, "nba_game_id": game.nba_game_id, "player_id": PLAYERS[who],
            "player_lookup": who, "team_abbr": "BOS", "opponent_team_abbr": "NYK", "market": "player_points",
            "system_id": system, "cutoff_at": cutoff, "prediction_id": f"{who}{system}{cutoff}",
            "recommendation": "OVER", "current_points_line": "9.5", "over_price_american": -110,
            "under_price_american": -110, "has_prop_line": True, "created_at": created or cutoff, "batch_id": batch,
            "quantiles": [{"probability": 0.1, "points_pts": 5.0}, {"probability": 0.9, "points_pts": 20.0}],
        }
        for system in systems
    ]  # fmt: skip


def skipped(game: Game, who: str, cutoff: str, created: str = "") -> dict[str, Any]:
    return {
        "batch_id": cutoff, "game_date": game.day, "game_id": game.game_id, "player_id": PLAYERS[who],
        "player_lookup": who, "team_abbr": "BOS", "cutoff_at": cutoff, "reason": "ruled_out",
        "created_at": created or cutoff,
    }  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallWarehouse]:
    warehouse = SmallWarehouse(tmp_path_factory.mktemp("newest"), NAMES)
    moved = Game(NEXT_DAY, 803)
    played = [PLAYED.schedule(), POSTPONED.schedule(), MOVED.schedule()]
    later = PLAYED.document("2025-01-15T20:00:00Z", "schedule2")
    known = [PLAYED.schedule() | later, POSTPONED.schedule() | later | {"postponed_status": "Y"}]
    warehouse.put(landing("nbac_schedule"), *played, *known, moved.schedule() | later)
    warehouse.put(
        get("player_prop_predictions_log"),
        *said(PLAYED, "kept", MORNING, "ensemble", "market_aware"),
        *said(PLAYED, "ruled_out", MORNING, "ensemble", "market_aware"),
        *said(PLAYED, "returned", EVENING, "ensemble"),
        *said(PLAYED, "without_line", MORNING, "ensemble", "market_aware"),
        *said(PLAYED, "without_line", NOON, "ensemble"),
        *said(PLAYED, "same_cutoff", EVENING, "ensemble"),
        *said(PLAYED, "skipped_after_tip", EVENING, "ensemble"),
        *said(PLAYED, "delivered_again", MORNING, "ensemble", batch="older"),
        *said(PLAYED, "delivered_again", EVENING, "ensemble", created="2025-01-15T22:56:00Z", batch="newer"),
        *said(PLAYED, "delivered_again", EVENING, "ensemble", created="2025-01-15T22:58:00Z", batch="older"),
        *said(POSTPONED, "postponed", MORNING, "ensemble"),
        *said(MOVED, "moved", MORNING, "ensemble"),
        *said(moved, "moved", EVENING, "ensemble"),
    )
    warehouse.put(
        get("prediction_skips_log"),
        skipped(PLAYED, "ruled_out", EVENING),
        skipped(PLAYED, "returned", MORNING),
        skipped(PLAYED, "same_cutoff", EVENING, created="2025-01-15T22:58:00Z"),
        skipped(PLAYED, "skipped_after_tip", LATE),
    )
    warehouse.put(
        get("upcoming_player_game_context"), *(candidate(who) for who in ("kept", "ruled_out", "same_cutoff"))
    )
    yield warehouse
    warehouse.stop()


def candidate(who: str) -> dict[str, Any]:
    return {
        "game_date": DAY, "game_id": PLAYED.game_id, "nba_game_id": PLAYED.nba_game_id, "season_year": 2024,
        "cutoff_at": EVENING, "player_id": PLAYERS[who], "player_lookup": who, "team_abbr": "BOS",
        "slate_status": "active" if who == "kept" else "out",
    }  # fmt: skip


ACTIVE = {
    ("kept", "ensemble", DAY), ("kept", "market_aware", DAY), ("returned", "ensemble", DAY),
    ("without_line", "ensemble", DAY), ("skipped_after_tip", "ensemble", DAY), ("moved", "ensemble", NEXT_DAY),
    ("delivered_again", "ensemble", DAY),
}  # fmt: skip


def test_only_the_newest_word_before_tip_off_is_active(warehouse: SmallWarehouse) -> None:
    """Ruled out later; a line that was pulled; a skip of one cutoff written later; a postponed and a moved game."""
    rows = warehouse.run("SELECT * FROM nba_predictions.player_prop_predictions AS p")
    assert {(r["player_lookup"], r["system_id"], r["game_date"]) for r in rows if r["is_active"]} == ACTIVE
    skips = {(r["player_lookup"], r["skipped_later"]) for r in rows if r["skipped_later"]}
    assert skips == {("ruled_out", "ruled_out"), ("same_cutoff", "ruled_out")}


def test_a_request_of_an_older_batch_that_is_delivered_again_replaces_nothing(warehouse: SmallWarehouse) -> None:
    sql = "SELECT * FROM nba_predictions.player_prop_predictions AS p WHERE p.is_active AND p.game_date = @day"
    rows = warehouse.run(sql, day=DAY)
    assert [row["batch_id"] for row in rows if row["player_lookup"] == "delivered_again"] == ["newer"]


def test_the_page_shows_what_is_active_and_nothing_else(warehouse: SmallWarehouse) -> None:
    rows = warehouse.run(load("publish/predictions"), start_date=DAY, end_date=NEXT_DAY)
    assert {(r["player_name"], r["system_id"], r["game_date"]) for r in rows} == ACTIVE


def test_an_outcome_is_the_newest_word_too(warehouse: SmallWarehouse) -> None:
    rows = warehouse.run("SELECT o.player_lookup, o.state FROM nba_predictions.prediction_outcomes AS o")
    states = {row["player_lookup"]: row["state"] for row in rows}
    assert states == {"kept": "predicted", "ruled_out": "skipped", "same_cutoff": "skipped"}
