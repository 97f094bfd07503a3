"""What accepted documents become: values, keys, instants; and rows that equal their tables column for column."""

import json
import types
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from tests.unit.core import core_documents as d

from tipoff import sources
from tipoff.core.codes import DocumentOutcome
from tipoff.core.contracts.nba_common import tenths
from tipoff.core.contracts.results import Parsed, Row

LANDING = Path(__file__).parents[3] / "shared_lib" / "src" / "tipoff" / "tables" / "nba_landing"
BOOKKEEPING = ("source_object", "source_generation", "parse_seq", "observed_at", "ingested_at")
TYPES: dict[object, str] = {
    str: "STRING",
    int: "INT64",
    float: "FLOAT64",
    bool: "BOOL",
    date: "DATE",
    datetime: "TIMESTAMP",
    Decimal: "NUMERIC",
}


def column(hint: Any) -> tuple[str, str]:
    """BigQuery type and mode of a row's field."""
    if get_origin(hint) is tuple:
        return TYPES[get_args(hint)[0]], "REPEATED"
    if get_origin(hint) in (types.UnionType, Union):
        (inner,) = [part for part in get_args(hint) if part is not types.NoneType]
        return TYPES[inner], "NULLABLE"
    return TYPES[hint], "REQUIRED"


def row_types(base: type[Row] = Row) -> list[type[Row]]:
    """The row types of the sources: those that no other row type extends."""
    found = [kind for kind in base.__subclasses__() if kind.__module__.startswith("tipoff.")]
    return [leaf for kind in found for leaf in row_types(kind)] or [base]


def columns_of_row(kind: type[Row]) -> dict[str, tuple[str, str]]:
    return {name: column(hint) for name, hint in get_type_hints(kind).items()}


def columns_of_table(table: str) -> dict[str, tuple[str, str]]:
    schema = json.loads((LANDING / table / "schema.json").read_text())
    assert tuple(one["name"] for one in schema[:5]) == BOOKKEEPING
    assert all(len(one["description"]) > 5 for one in schema)
    return {one["name"]: (one["type"], one["mode"]) for one in schema[5:]}


def test_every_landing_table_has_the_columns_of_a_row_and_every_row_a_table() -> None:
    tables = {path.parent.name: columns_of_table(path.parent.name) for path in LANDING.glob("*/schema.json")}
    kinds = {kind.__name__: columns_of_row(kind) for kind in row_types()}
    assert {name: columns for name, columns in tables.items() if columns not in kinds.values()} == {}
    assert {name: columns for name, columns in kinds.items() if columns not in tables.values()} == {}
    assert len(kinds) == len(tables)


def read(name: str) -> Parsed:
    parsed = sources.read(name, json.dumps(d.ALL[name]).encode())
    assert parsed.outcome is DocumentOutcome.ACCEPTED
    return parsed


def rows(name: str, table: int = 0) -> list[dict[str, Any]]:
    return [msgspec.structs.asdict(row) for row in read(name).tables[table].rows]


def test_a_box_score_gives_players_and_teams() -> None:
    players, (home, away) = rows(d.BOX_NAME), rows(d.BOX_NAME, 1)
    first, reserve = players[0], players[5]
    assert (first["player_lookup"], first["points"], first["minutes"], first["seconds_tenths"]) == (
        "playeradet",
        23,
        48,
        28800,
    )
    assert (first["game_id"], first["season_type"], first["opponent_team_abbr"]) == (
        "20240124_CHA_DET",
        "regular_season",
        "CHA",
    )
    assert (reserve["played"], reserve["participation"], reserve["minutes"]) == (False, "dnp_injury_confirmed", 0)
    assert (home["points"], home["win_flag"], home["overtime_periods"], away["win_flag"]) == (111, True, 0, False)
    assert read(d.BOX_NAME).observed_at == datetime(2024, 1, 25, 3, 30, tzinfo=UTC)
    assert read(d.BOX_NAME).dates == (date(2024, 1, 24),)


def test_overtime_follows_from_the_team_s_minutes() -> None:
    overtime = json.dumps(d.box()).replace("PT240M00.00S", "PT290M00.00S").replace("PT48M00.00S", "PT58M00.00S")
    parsed = sources.read(d.BOX_NAME, overtime.encode())
    assert [row.overtime_periods for row in parsed.tables[1].rows] == [2, 2]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PT38M52.00S", 23320),
        ("PT00M00.10S", 1),
        ("PT16M47.40S", 10074),
        ("PT240M", 144000),
        ("49:25", 29650),
        ("35", 21000),
        ("00", 0),
    ],
)
def test_minutes_are_read_in_every_form(text: str, expected: int) -> None:
    assert tenths(text) == expected


def test_every_value_of_an_action_stands_in_its_own_column() -> None:
    """A row is made by position: two values that changed places would be two plausible numbers."""
    document = d.play_by_play()
    document["game"]["actions"] = [d.whole_action()]
    [row] = sources.read(d.PBP_NAME, json.dumps(document).encode()).tables[0].rows
    assert msgspec.structs.asdict(row) == {
        "nba_game_id": "0022300619",
        "game_date": date(2024, 1, 24),
        "season_year": 2023,
        "season_type": "regular_season",
        "event_sequence": 1,
        "action_number": 7,
        "order_number": 70,
        "period": 2,
        "clock_tenths": 7020,
        "event_type": "2pt",
        "event_sub_type": "Layup",
        "qualifiers": ("pointsinthepaint", "fastbreak"),
        "team_id": d.DET,
        "team_abbr": "DET",
        "player_id": 100,
        "player_name": "Cunningham",
        "assist_player_id": 101,
        "block_player_id": 102,
        "foul_drawn_player_id": 103,
        "is_field_goal": True,
        "shot_made": True,
        "shot_type": "2pt",
        "shot_zone": "paint",
        "shot_x": 5.5,
        "shot_y": 48.25,
        "shot_distance_feet": 2.75,
        "points_scored": 2,
        "home_score": 31,
        "away_score": 29,
        "action_at": datetime(2024, 1, 25, 0, 40, 1, tzinfo=UTC),
        "edited_at": datetime(2024, 1, 25, 0, 45, 2, tzinfo=UTC),
        "description": "Cunningham layup",
        "coverage": "field_goals_only",
    }


def test_play_by_play_is_ordered_and_zoned() -> None:
    found = rows(d.PBP_NAME)
    assert [one["action_number"] for one in found] == [10, 7, 8, 9]
    assert [one["shot_zone"] for one in found] == [None, "paint", "mid_range", "three"]
    assert [one["points_scored"] for one in found] == [0, 2, 2, 0]
    assert {one["coverage"] for one in found} == {"all_actions"}
    assert found[1]["clock_tenths"] == 7020 and found[1]["home_score"] == 2


def test_a_schedule_s_zero_is_no_score() -> None:
    final, coming = rows(d.SCHEDULE_NAME)
    assert (final["home_team_score"], final["winning_team_tricode"], final["game_id"]) == (
        111,
        "DET",
        "20240124_CHA_DET",
    )
    assert (coming["home_team_score"], coming["winning_team_tricode"], coming["game_date"]) == (
        None,
        None,
        date(2024, 2, 5),
    )


def test_a_report_covers_its_day_the_next_and_every_day_it_lists() -> None:
    found = rows(d.INJURY_NAME)
    assert [(one["row_kind"], one["game_date"].day) for one in found] == [
        ("report", 24),
        ("report", 25),
        ("listing", 24),
        ("not_submitted", 25),
    ]
    listing = found[2]
    assert (listing["player_lookup"], listing["reason_category"]) == ("michaelporterjr", "injury_illness")
    assert listing["tipoff_printed_at"] == datetime(2024, 1, 25, 0, 0, tzinfo=UTC)
    assert read(d.INJURY_NAME).observed_at == datetime(2024, 1, 24, 22, 30, tzinfo=UTC)


def test_an_emptied_report_still_is_the_newest_of_its_dates() -> None:
    parsed = sources.read(
        d.INJURY_NAME, json.dumps({**d.injury_report(), "records": [], "not_yet_submitted": []}).encode()
    )
    assert (len(parsed.tables[0].rows), parsed.rows_out, parsed.dates) == (2, 0, (date(2024, 1, 24), date(2024, 1, 25)))


def test_the_original_s_report_is_dated_by_the_half_hour_of_its_name() -> None:
    record = {"date": "01/04/2024", "gametime": "07:30 (ET)", "matchup": "MIL@SAS", "team": "San Antonio Spurs"}
    body = {
        "metadata": {"hour24": "17"},
        "records": [{**record, "player": "Collins, Zach", "status": "Out", "confidence": 1.0}],
    }
    parsed = sources.read("nba-com/injury-report-data/2024-01-04/17/20240104_223500.json", json.dumps(body).encode())
    listing = msgspec.structs.asdict(parsed.tables[0].rows[-1])
    assert parsed.observed_at == datetime(2024, 1, 4, 22, 30, tzinfo=UTC)
    assert (listing["game_time_et"], listing["player_lookup"], listing["confidence"]) == ("19:30", "zachcollins", 1.0)


def test_quotes_are_paired_and_dated_by_what_was_seen() -> None:
    cade, ball = rows(d.PROPS_NAME)
    assert (cade["line"], cade["over_price_american"], cade["under_price_american"]) == (Decimal("23.5"), -115, -105)
    assert (ball["player_lookup"], ball["over_price_decimal"], ball["offer"]) == ("lameloball", 2.0, 1)
    assert (cade["minutes_before_tipoff"], cade["data_source"], cade["snapshot_tag"]) == (490, "current", None)
    line = rows(d.LINES_NAME)[0]
    assert (line["outcome_team_abbr"], line["outcome_point"], line["data_source"]) == (
        "DET",
        Decimal("-2.5"),
        "historical",
    )
    assert read(d.LINES_NAME).observed_at == datetime(2024, 1, 24, 15, 55, 39, tzinfo=UTC)


def test_decimal_prices_give_the_same_rows_as_american_ones() -> None:
    text = json.dumps(d.props())
    for american, decimal in (
        ("-115", "1.8695652173913044"),
        ("-105", "1.9523809523809523"),
        (" 100", " 2.0"),
        ("-130", "1.7692307692307692"),
    ):
        text = text.replace(f'"price": {american.strip()}', f'"price": {decimal.strip()}')
    converted = sources.read(d.PROPS_NAME, text.encode()).tables[0].rows
    for one, other in zip(rows(d.PROPS_NAME), converted, strict=True):
        mine = {**one, "price_format": "decimal"}
        assert {k: pytest.approx(v) if isinstance(v, float) else v for k, v in mine.items()} == msgspec.structs.asdict(
            other
        )


def test_a_lone_side_stays_and_a_second_price_is_a_second_offer() -> None:
    document = d.props()
    outcomes = document["bookmakers"][0]["markets"][0]["outcomes"]
    outcomes[:] = [outcomes[0], outcomes[0], {**outcomes[0], "price": -120}]
    parsed = sources.read(d.PROPS_NAME, json.dumps(document).encode())
    found = [(row.offer, row.over_price_american, row.under_price_american) for row in parsed.tables[0].rows]  # type: ignore[attr-defined]
    assert found == [(1, -115, None), (2, -120, None)] and parsed.reason is None


def test_other_markets_are_kept_and_game_markets_go_where_they_belong() -> None:
    document = d.props()
    book = document["bookmakers"][0]
    yes = {"name": "Yes", "description": "Cade Cunningham", "price": 900}
    book["markets"].append({"key": "player_double_double", "outcomes": [yes]})
    book["markets"].append(d.lines()["data"]["bookmakers"][0]["markets"][0])
    parsed = sources.read(d.PROPS_NAME, json.dumps(document).encode())
    assert [(table.table, len(table.rows)) for table in parsed.tables] == [
        ("odds_api_player_props", 3),
        ("odds_api_game_lines", 2),
    ]
    assert parsed.reason == "other_market_skipped"


def test_result_sets_are_read_by_name_and_ids_padded() -> None:
    cade, ball = rows(d.GAMELOG_NAME)
    assert (cade["points"], cade["minutes"], cade["win_flag"]) == (22, 35, True)
    assert (ball["nba_game_id"], ball["opponent_team_abbr"], ball["win_flag"]) == ("0022300619", "DET", False)
    assert rows(d.SHOTS_NAME)[0]["shot_zone"] == "mid_range"


def test_the_fallback_knows_who_did_not_play() -> None:
    found = rows(d.BDL_NAME)
    assert [(one["player_lookup"], one["played"]) for one in found] == [
        ("cadecunningham", True),
        ("marcussasser", False),
        ("lameloball", True),
    ]
    assert found[2]["team_abbr"] == "CHA" and found[2]["game_id"] == "20240124_CHA_DET"
