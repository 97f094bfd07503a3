"""From landed documents to player and team games: versions, zones, lines, identities.

Prevents docs/pitfalls.md#17 and #19 (duplicates, half corrections), #20 (in-game quotes), #23 (leaks by `<=`),
#27 (dead columns), #33 (another line), #34 (0-point games).
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest
from tests.sql.games import BOX_AT, FIX_AT, Game
from tests.sql.small_warehouse import SmallWarehouse

from tipoff.tables import get, landing

NAMES = ("player_game_summary", "team_offense_game_summary", "team_defense_game_summary", "nbac_player_boxscores_asof",
         "nbac_player_boxscores",
         "game_line_history", "games_asof")  # fmt: skip
FIRST = {101: {"twos": 6, "threes": 2, "fts": 4, "misses": 5, "fta": 5, "tov": 3, "oreb": 1}, 102: {"fts": 0},
         201: {"twos": 8, "threes": 1, "fts": 2, "misses": 7, "tov": 2}, 202: {"twos": 1}}  # fmt: skip
FIXED = {**FIRST, 101: {**FIRST[101], "twos": 5, "misses": 6}}
DAY = date(2025, 1, 15)


@pytest.fixture(scope="module")
def game() -> Game:
    return Game(DAY, 601)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory, game: Game) -> Iterator[SmallWarehouse]:
    warehouse = SmallWarehouse(tmp_path_factory.mktemp("games"), NAMES)
    put_game(warehouse, game)
    yield warehouse
    warehouse.stop()


def put_game(warehouse: SmallWarehouse, game: Game) -> None:
    first, fixed = game.document(BOX_AT), game.document(FIX_AT)
    late = game.document("2025-01-16T01:00:00Z")
    for document, lines in ((fixed, FIXED), (first, FIRST), (first, FIRST), (late, {**FIRST, 103: {"twos": 9}})):
        warehouse.put(landing("nbac_player_boxscores"), *game.players(document, lines))
        warehouse.put(landing("nbac_team_boxscore"), *game.teams(document, lines))
    shots: list[tuple[int, str, bool, *tuple[str, ...]]] = [
        (101, "paint", True),
        (101, "paint", False),
        (101, "mid_range", True, "2ndchance"),
        (101, "three", True, "2ndchance"),
        (201, "three", True),
    ]
    warehouse.put(
        landing("nbac_play_by_play"),
        *(game.shot(first, n, *shot) for n, shot in enumerate(shots, start=1)),
    )
    warehouse.put(landing("nbac_schedule"), game.schedule())
    warehouse.put(
        landing("odds_api_player_props"),
        game.quote("2025-01-15T16:00:00Z", 101, "21.5"),
        game.quote("2025-01-15T22:00:00Z", 101, "20"),
        game.quote("2025-01-15T22:00:00Z", 101, "24.5", over=240),
        game.quote("2025-01-15T23:40:00Z", 101, "31.5"),
    )


def summary(warehouse: SmallWarehouse, as_of: str) -> dict[int, dict[str, Any]]:
    warehouse.rebuild("player_game_summary_history", DAY, as_of=as_of)
    rows = warehouse.run(f"SELECT * FROM {get('player_game_summary').full_name} WHERE game_date = @day", day=DAY)
    return {row["player_id"]: row for row in rows}


def test_the_newest_document_replaces_the_whole_game(warehouse: SmallWarehouse) -> None:
    rows = warehouse.run(
        f"SELECT player_id, points FROM {get('nbac_player_boxscores').full_name} WHERE game_date = @d", d=DAY
    )

    assert {row["player_id"]: row["points"] for row in rows} == {101: 20, 102: 0, 201: 21, 202: 2}


def test_as_of_reads_the_document_of_that_moment(warehouse: SmallWarehouse) -> None:
    asof = get("nbac_player_boxscores_asof").full_name
    rows = warehouse.run(
        f"SELECT points FROM {asof}(TIMESTAMP '{FIX_AT}') WHERE player_id = 101 AND game_date = @d", d=DAY
    )

    assert [row["points"] for row in rows] == [22], "observed at the very instant is not yet known"


def test_a_correction_makes_a_version_and_leaves_the_older_one(warehouse: SmallWarehouse) -> None:
    warehouse.rebuild("player_game_summary_history", DAY)
    history = get("player_game_summary_history").full_name
    rows = warehouse.run(
        f"SELECT points, known_from_at, known_to_at FROM {history} WHERE player_id = 101 AND game_date = @d"
        " ORDER BY known_from_at",
        d=DAY,
    )

    assert [row["points"] for row in rows] == [22, 22, 20]
    assert [row["known_to_at"] for row in rows[:-1]] == [row["known_from_at"] for row in rows[1:]]
    assert rows[-1]["known_to_at"].year == 9999


def test_a_rebuild_knows_nothing_of_later_documents(warehouse: SmallWarehouse) -> None:
    before = summary(warehouse, as_of="2025-01-17T15:00:00+00:00")

    assert before[101]["points"] == 22
    assert before[101]["known_from_at"].isoformat() == "2025-01-16T03:30:00+00:00"


def test_a_game_without_points_is_a_game(warehouse: SmallWarehouse) -> None:
    assert summary(warehouse, as_of="2030-01-01T00:00:00+00:00")[102]["points"] == 0


def test_zones_rates_and_flags_follow_their_formulas(warehouse: SmallWarehouse) -> None:
    row = summary(warehouse, as_of="2030-01-01T00:00:00+00:00")[101]

    assert (row["paint_attempts"], row["paint_makes"], row["mid_range_makes"], row["three_makes"]) == (2, 1, 1, 1)
    assert row["ts_pct"] == pytest.approx(20 / (2 * (13 + 0.44 * 5)))
    assert row["efg_pct"] == pytest.approx((7 + 0.5 * 2) / 13)
    assert row["usage_rate"] == pytest.approx(100 * (13 + 2.2 + 3) * 48 / (48 * (13 + 2.2 + 3)))
    assert row["win_flag"] is False


def test_line_is_the_last_main_line_before_tip_and_equality_is_a_push(warehouse: SmallWarehouse) -> None:
    row = summary(warehouse, as_of="2030-01-01T00:00:00+00:00")[101]

    assert (float(row["points_line"]), float(row["opening_line"]), float(row["line_movement"])) == (20.0, 21.5, -1.5)
    assert (row["over_under_result"], float(row["margin"]), row["line_books"]) == ("PUSH", 0.0, 1)


def test_defence_is_the_opponents_offence(warehouse: SmallWarehouse) -> None:
    warehouse.rebuild("team_game_history", DAY)
    offense = {
        row["team_abbr"]: row for row in warehouse.run(f"SELECT * FROM {get('team_offense_game_summary').full_name}")
    }
    defense = {
        row["defending_team_abbr"]: row
        for row in warehouse.run(f"SELECT * FROM {get('team_defense_game_summary').full_name}")
    }

    assert offense["NYK"]["offensive_rating"] == defense["BOS"]["defensive_rating"]
    assert offense["NYK"]["pace"] == defense["BOS"]["opponent_pace"]
    assert float(offense["BOS"]["possessions"]) == pytest.approx(13 + 0.44 * 5 + 3 - 1)
    assert defense["NYK"]["opp_paint_attempts"] == 2
    assert (offense["BOS"]["second_chance_points_scored"], offense["NYK"]["second_chance_points_scored"]) == (5, 0)
    assert offense["BOS"]["margin_of_victory"] == -defense["NYK"]["margin_of_victory"] == -3


def test_twice_is_once_and_a_range_is_its_days(warehouse: SmallWarehouse) -> None:
    other = Game(date(2025, 1, 17), 602)
    put_game(warehouse, other)
    digests = []
    for days in ([(DAY, other.day)], [(DAY, DAY), (other.day, other.day)], [(DAY, other.day), (DAY, other.day)]):
        for start, end in days:
            warehouse.rebuild("player_game_summary_history", start, end)
        digests.append(warehouse.digest("player_game_summary_history", DAY, other.day))

    assert digests[0].row_count > 0
    assert digests[0] == digests[1] == digests[2]


def test_a_failed_check_leaves_the_table_as_it_was(warehouse: SmallWarehouse) -> None:
    day = date(2025, 2, 3)
    broken, document = Game(day, 603), Game(day, 603).document("2025-02-04T04:00:00Z")
    warehouse.put(landing("nbac_team_boxscore"), *broken.teams(document, FIRST))
    warehouse.put(landing("nbac_player_boxscores"), *broken.players(document, {**FIRST, 101: {"twos": 1}}))

    with pytest.raises(BadRequest, match="points_do_not_add_up"):
        warehouse.rebuild("player_game_summary_history", day)
    assert warehouse.digest("player_game_summary_history", day, day).row_count == 0


def test_quotes_of_the_next_meeting_are_not_taken_for_the_game_just_played(warehouse: SmallWarehouse) -> None:
    """Two days after LAL at NOP, the same teams met at the same place in the play-in (docs/pitfalls.md#18)."""
    game, next_meeting = Game(DAY, 601), Game(date(2025, 1, 16), 699)
    after = {**next_meeting.quote("2025-01-16T12:00:00Z", 102, "4.5"), "odds_api_event_id": "next"}
    moved = {**game.quote("2025-01-13T12:00:00Z", 102, "4.5"), "game_date": "2025-01-14", "odds_api_event_id": "moved"}
    warehouse.put(landing("odds_api_player_props"), after, moved)

    view = get("odds_api_player_points_props_history").full_name
    found = warehouse.run(
        f"SELECT odds_api_event_id AS event, nba_game_id FROM {view} WHERE player_lookup = 'player102'"
    )

    assert {row["event"]: row["nba_game_id"] for row in found} == {"next": None, "moved": game.nba_game_id}
