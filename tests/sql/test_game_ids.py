"""Every form of a game's or a player's identifier stands on one row."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from tests.sql.small_warehouse import SmallWarehouse

from tipoff.tables import landing

DAY, EVENT, OTHER_EVENT = date(2024, 1, 15), "a" * 32, "b" * 32


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallWarehouse]:
    """A schedule of two games of one pair, ten days apart."""
    server = SmallWarehouse(tmp_path_factory.mktemp("ids"), ["game_ids", "player_ids"])
    first = _game("0022300001", DAY, "20240115_NYK_PHI")
    server.put(landing("nbac_schedule"), first, _game("0022300002", date(2024, 1, 25), "20240125_NYK_PHI"))
    yield server
    server.stop()


def _game(nba_game_id: str, day: date, platform_id: str) -> dict[str, Any]:
    return {
        "nba_game_id": nba_game_id, "game_id": platform_id, "game_date": day, "season_year": 2023, "season": "2023-24",
        "season_type": "regular_season", "home_team_tricode": "PHI", "away_team_tricode": "NYK",
        "tipoff_at": f"{day}T23:00:00Z", "observed_at": "2023-10-01T00:00:00Z",
    }  # fmt: skip


def test_the_games_row_holds_the_ids_of_all_vendors(warehouse: SmallWarehouse) -> None:
    teams = {"home_team_abbr": "PHI", "away_team_abbr": "NYK"}
    box = {"game_date": DAY, "team_abbr": "PHI", "opponent_team_abbr": "NYK", "is_home": True}
    warehouse.put(landing("odds_api_events"), {"game_date": DAY, "odds_api_event_id": EVENT, **teams})
    moved = {"game_date": date(2024, 1, 14), "odds_api_event_id": OTHER_EVENT, **teams}
    warehouse.put(landing("odds_api_player_props"), moved)
    warehouse.put(
        landing("bdl_player_boxscores"),
        {**box, "bdl_game_id": 1037593, "bdl_player_id": 1},
        {**box, "bdl_game_id": 1037593, "bdl_player_id": 2},
        {**box, "bdl_game_id": None, "bdl_player_id": 3},
        {**box, "bdl_game_id": 5, "bdl_player_id": 4, "team_abbr": "NYK", "opponent_team_abbr": "PHI"},
    )

    first, second = warehouse.run("SELECT * FROM nba_raw.game_ids AS g ORDER BY g.game_date")

    assert (first["nba_game_id"], first["game_id"]) == ("0022300001", "20240115_NYK_PHI")
    assert first["odds_api_event_ids"] == [EVENT, OTHER_EVENT]
    assert first["bdl_game_ids"] == [1037593], "the other pair of home and away is another game"
    assert not second["odds_api_event_ids"] and not second["bdl_game_ids"]


def test_what_each_source_calls_a_player_stands_beside_his_id(warehouse: SmallWarehouse) -> None:
    who = {"game_date": DAY, "player_lookup": "nicclaxton"}
    warehouse.put(landing("nbac_player_boxscores"), {**who, "player_id": 1629651, "player_name": "Nic Claxton"})
    warehouse.put(landing("bdl_player_boxscores"), {**who, "bdl_player_id": 100, "player_name": "Nicolas Claxton"})
    for name in ("Nicolas Claxton", "Nic Claxton", "Nicolas Claxton"):
        warehouse.put(landing("odds_api_player_props"), {**who, "player_name": name})
    listing = {"row_kind": "listing", "player_name_original": "Claxton, Nic"}
    warehouse.put(landing("nbac_injury_report"), {**who, **listing})

    (found,) = warehouse.run("SELECT * FROM nba_raw.player_ids AS p WHERE p.player_id = 1629651")

    assert (found["bdl_player_ids"], found["listed_as"]) == ([100], ["Claxton, Nic"])
    assert found["quoted_as"] == ["Nic Claxton", "Nicolas Claxton"]
