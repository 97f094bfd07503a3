"""Grades, by the truth table of docs/domain.md#grading.

Prevents docs/pitfalls.md#24 (bets without a quote), #33 (another line), #34 (DNP, 0 points), #19 (graded twice).
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest
from tests.sql.games import BOX_AT, FIX_AT, Game
from tests.sql.small_warehouse import SmallWarehouse

from tipoff.tables import get, landing

NAMES = ("system_daily_performance", "player_prop_predictions", "nbac_injury_report")
DAY = date(2025, 1, 15)
LINES = {101: {"twos": 10}, 102: {"fts": 0}, 201: {"twos": 8}, 202: {"twos": 1}}  # points 20, 0, 16, 2
CUTOFF, EARLIER = "2025-01-15T23:00:00Z", "2025-01-15T18:00:00Z"


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallWarehouse]:
    warehouse = SmallWarehouse(tmp_path_factory.mktemp("grading"), NAMES)
    game = Game(DAY, 701)
    document = game.document(BOX_AT)
    warehouse.put(landing("nbac_schedule"), game.schedule())
    warehouse.put(landing("nbac_player_boxscores"), *game.players(document, LINES))
    warehouse.put(landing("nbac_team_boxscore"), *game.teams(document, LINES))
    warehouse.put(landing("nbac_injury_report"), *(listing(game, who, status) for who, status in STATUSES.items()))
    warehouse.put(
        get("player_prop_predictions_log"),
        *(prediction(game, *case) for case in CASES),
        prediction(game, 101, "moved", "OVER", "10.5", cutoff=EARLIER),
        prediction(game, 101, "moved", "UNDER", "24.5"),
        prediction(game, 101, "moved", "UNDER", "24.5"),
        prediction(game, 101, "moved", "OVER", "5.5", cutoff="2025-01-15T23:45:00Z"),
    )
    warehouse.rebuild("prediction_accuracy", DAY)
    warehouse.rebuild("system_daily_performance", DAY)
    yield warehouse
    warehouse.stop()


STATUSES = {103: "Out", 104: "Questionable"}
CASES = (
    (101, "over_wins", "OVER", "19.5"),
    (101, "under_loses", "UNDER", "19.5"),
    (101, "push", "OVER", "20"),
    (102, "zero_points_is_played", "UNDER", "4.5"),
    (201, "pass", "PASS", "15.5"),
    (202, "no_line", "NO_LINE", None),
    (103, "void_out", "OVER", "9.5"),
    (104, "void_scratch", "UNDER", "9.5"),
    (105, "void_unknown", "OVER", "9.5"),
)


def prediction(
    game: Game, player_id: int, system: str, recommendation: str, line: str | None, cutoff: str = CUTOFF
) -> dict[str, Any]:
    has_line = line is not None
    return {
        "game_date": game.day, "game_id": game.game_id, "nba_game_id": game.nba_game_id, "player_id": player_id,
        "player_lookup": f"player{player_id}", "team_abbr": "BOS" if player_id < 200 else "NYK",
        "opponent_team_abbr": "NYK", "market": "player_points", "system_id": system, "cutoff_at": cutoff,
        "prediction_id": f"{system}{player_id}{cutoff}", "predicted_points": 18.25, "mean_pts": 18.5,
        "variance_pts2": 30.0, "recommendation": recommendation, "current_points_line": line,
        "line_books": 3 if has_line else None, "over_price_american": 150 if has_line else None,
        "under_price_american": -125 if has_line else None, "has_prop_line": has_line, "confidence_score": 0.6,
        "feature_quality_score": 90.0, "created_at": cutoff,
    }  # fmt: skip


def listing(game: Game, player_id: int, status: str) -> dict[str, Any]:
    return {
        **game.document("2025-01-15T20:00:00Z", "report"), "game_date": game.day, "row_kind": "listing",
        "row_index": player_id, "report_at": "2025-01-15T20:00:00Z", "report_date": game.day, "report_hour": 15,
        "team_abbr": "BOS", "player_lookup": f"player{player_id}", "injury_status": status,
    }  # fmt: skip


def grade(warehouse: SmallWarehouse, system: str) -> dict[str, Any]:
    table = get("prediction_accuracy").full_name
    (row,) = warehouse.run(f"SELECT * FROM {table} WHERE system_id = @system", system=system)
    return row


@pytest.mark.parametrize(
    ("system", "outcome", "correct", "profit"),
    [
        ("over_wins", "win", True, 1.5),
        ("under_loses", "loss", False, -1.0),
        ("push", "push", None, 0.0),
        ("zero_points_is_played", "win", True, 0.8),
        ("pass", "pass", None, None),
        ("no_line", "pass", None, None),
        ("void_out", "void", None, 0.0),
        ("void_scratch", "void", None, 0.0),
        ("void_unknown", "void", None, 0.0),
    ],
)
def test_outcome_correctness_and_money(
    warehouse: SmallWarehouse, system: str, outcome: str, correct: bool | None, profit: float | None
) -> None:
    row = grade(warehouse, system)

    assert (row["outcome"], row["prediction_correct"], row["profit_units"]) == (outcome, correct, profit)
    assert row["is_push"] == (outcome == "push")
    assert row["is_voided"] == (outcome == "void")


@pytest.mark.parametrize(
    ("system", "reason"),
    [("void_out", "dnp_injury_confirmed"), ("void_scratch", "dnp_late_scratch"), ("void_unknown", "dnp_unknown")],
)
def test_a_void_says_why_and_has_no_error(warehouse: SmallWarehouse, system: str, reason: str) -> None:
    row = grade(warehouse, system)

    assert row["void_reason"] == row["participation"] == reason
    assert (row["absolute_error"], row["signed_error"], row["actual_points"], row["line_error"]) == (None,) * 4


def test_errors_are_predicted_minus_actual(warehouse: SmallWarehouse) -> None:
    row = grade(warehouse, "over_wins")

    assert (row["signed_error"], row["absolute_error"], row["mean_error"]) == (-1.75, 1.75, -1.5)
    assert (row["predicted_margin"], float(row["actual_margin"]), row["line_error"]) == (-1.25, 0.5, -0.5)
    assert (row["within_3_points"], row["confidence_decile"]) == (True, 7)


def test_the_newest_prediction_before_tip_is_graded_on_its_own_line(warehouse: SmallWarehouse) -> None:
    row = grade(warehouse, "moved")

    assert (row["recommendation"], float(row["line_value"]), row["outcome"]) == ("UNDER", 24.5, "win")


def test_one_active_prediction_and_the_older_is_superseded(warehouse: SmallWarehouse) -> None:
    view = get("player_prop_predictions").full_name
    rows = warehouse.run(f"SELECT * FROM {view} WHERE system_id = 'moved' ORDER BY cutoff_at")

    assert [row["is_active"] for row in rows] == [False, True, False]
    assert [row["superseded_by"] for row in rows] == [rows[1]["prediction_id"], None, None]


def test_daily_performance_counts_what_was_graded(warehouse: SmallWarehouse) -> None:
    table = get("system_daily_performance").full_name
    rows = {row["system_id"]: row for row in warehouse.run(f"SELECT * FROM {table}")}

    assert set(rows) == {case[1] for case in CASES} | {"moved"}
    assert rows["void_out"]["void_count"] == 1
    assert rows["void_out"]["mae"] is None
    assert (rows["push"]["recommendations_count"], rows["push"]["win_rate"], rows["push"]["push_count"]) == (1, None, 1)
    assert (rows["over_wins"]["mae"], rows["over_wins"]["line_mae"], rows["over_wins"]["rmse"]) == (1.75, 0.5, 1.5)
    assert (rows["over_wins"]["win_rate"], float(rows["over_wins"]["profit_units"])) == (1.0, 1.5)


def test_a_correction_regrades(warehouse: SmallWarehouse) -> None:
    game = Game(DAY, 701)
    fixed = {**LINES, 101: {"twos": 9}}
    document = game.document(FIX_AT)
    warehouse.put(landing("nbac_player_boxscores"), *game.players(document, fixed))
    warehouse.put(landing("nbac_team_boxscore"), *game.teams(document, fixed))

    warehouse.rebuild("prediction_accuracy", DAY, as_of=FIX_AT)
    assert grade(warehouse, "over_wins")["outcome"] == "win"
    warehouse.rebuild("prediction_accuracy", DAY)
    assert grade(warehouse, "over_wins")["outcome"] == "loss"


def test_a_bet_without_a_quote_blocks_the_grading(warehouse: SmallWarehouse) -> None:
    day = date(2025, 1, 20)
    game = Game(day, 702)
    document = game.document("2025-01-21T03:00:00Z")
    warehouse.put(landing("nbac_schedule"), {**game.schedule(), **game.document("2024-10-09T12:00:00Z", "schedule2")})
    warehouse.put(landing("nbac_player_boxscores"), *game.players(document, LINES))
    warehouse.put(landing("nbac_team_boxscore"), *game.teams(document, LINES))
    bet = {**prediction(game, 101, "fake", "OVER", None, cutoff="2025-01-20T23:00:00Z"), "recommendation": "OVER"}
    warehouse.put(get("player_prop_predictions_log"), bet)

    with pytest.raises(BadRequest, match="bet_without_quote"):
        warehouse.rebuild("prediction_accuracy", day)
