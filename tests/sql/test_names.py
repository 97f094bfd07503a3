"""Names meet the registry: who nobody knows is listed, and more than 0.5 % of a source's rows of a date fail the check.

Name drift gave 0 % shot zones for a season, because nobody counted the names that joined nothing (docs/pitfalls.md#18).
"""

from collections.abc import Iterator
from datetime import date

import pytest
from google.api_core.exceptions import BadRequest
from tests.sql.small_warehouse import SmallWarehouse

from tipoff.tables import get, landing

DAY, NEXT_DAY = date(2025, 1, 15), date(2025, 1, 16)
KNOWN, OTHER = "Jalen Brunson", "Tyrese Maxey"
LOOKUPS = {KNOWN: "jalenbrunson", OTHER: "tyresemaxey", "Jalyn Brunson": "jalynbrunson", "Nikola Topic": "nikolatopic"}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallWarehouse]:
    """Two box scores of one date; the quotes and listings are each test's own."""
    server = SmallWarehouse(tmp_path_factory.mktemp("names"), ["name_match_shares", "unmatched_names"])
    box = landing("nbac_player_boxscores")
    for day in (DAY, NEXT_DAY):
        server.put(box, *(_box(day, name, number) for number, name in enumerate((KNOWN, OTHER), 1)))
    yield server
    server.stop()


def _box(day: date, name: str, player_id: int) -> dict[str, object]:
    team = {"team_abbr": "NYK"}
    return {"game_date": day, "player_id": player_id, "player_name": name, "player_lookup": LOOKUPS[name], **team}


def quotes(day: date, name: str, count: int) -> list[dict[str, object]]:
    one = {"game_date": day, "home_team_abbr": "NYK", "player_name": name, "player_lookup": LOOKUPS[name]}
    return [{**one, "offer": number} for number in range(count)]


def check(warehouse: SmallWarehouse, day: date) -> str:
    """What the check says of a date; empty if it holds."""
    try:
        warehouse.run(get("name_match_shares").sql("checks.sql"), start_date=day, end_date=day)
    except BadRequest as error:
        return str(error)
    return ""


def test_half_a_percent_of_unknown_names_passes_and_one_row_more_fails_by_name(warehouse: SmallWarehouse) -> None:
    props = landing("odds_api_player_props")
    warehouse.put(props, *quotes(DAY, KNOWN, 398), *quotes(DAY, "Jalyn Brunson", 2), *quotes(NEXT_DAY, OTHER, 400))
    assert check(warehouse, DAY) == ""

    warehouse.put(props, *quotes(DAY, "Jalyn Brunson", 1))
    told = check(warehouse, DAY)

    assert "unmatched_names: odds_api_player_props 2025-01-15: 3 of 401 rows: Jalyn Brunson" in told
    assert check(warehouse, NEXT_DAY) == ""


def test_a_listed_player_without_games_is_known_in_reports_and_not_in_quotes(
    warehouse: SmallWarehouse,
) -> None:
    day = date(2025, 2, 1)
    warehouse.put(landing("nbac_player_boxscores"), _box(day, KNOWN, 1))
    listing = {"game_date": day, "row_kind": "listing", "team_abbr": "NYK", "player_name_original": "Topic, Nikola"}
    warehouse.put(landing("nbac_injury_report"), {**listing, "player_lookup": "nikolatopic"})
    assert check(warehouse, day) == ""

    warehouse.put(landing("odds_api_player_props"), *quotes(day, "Nikola Topic", 1))

    assert "odds_api_player_props 2025-02-01: 1 of 1 rows: Nikola Topic" in check(warehouse, day)


def test_before_the_box_score_a_name_does_not_count_as_unmatched(warehouse: SmallWarehouse) -> None:
    day = date(2025, 3, 1)
    warehouse.put(landing("odds_api_player_props"), *quotes(day, "Jalyn Brunson", 4))
    sql = "SELECT u.player_name, u.row_count, u.game_played FROM nba_raw.unmatched_names AS u WHERE u.game_date = @day"

    assert warehouse.run(sql, day=day) == [{"player_name": "Jalyn Brunson", "row_count": 4, "game_played": False}]
    assert check(warehouse, day) == ""


def test_an_id_that_the_report_states_is_a_match(warehouse: SmallWarehouse) -> None:
    day = date(2025, 3, 8)
    warehouse.put(landing("nbac_player_boxscores"), _box(day, KNOWN, 1))
    listing = {"game_date": day, "row_kind": "listing", "team_abbr": "NYK", "player_name_original": "Nobody, New"}
    warehouse.put(landing("nbac_injury_report"), {**listing, "player_lookup": "newnobody", "player_id": 7})

    assert check(warehouse, day) == ""
