"""Each quantity points the way its definition says (docs/domain.md#signs).

Prevents docs/pitfalls.md#26 (inverted meanings), #27 (dead features), #28 (defaults scored as quality).
Rows are put straight into the tables a query reads, one row per case, and the query itself is run.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest
from tests.sql.asof_warehouse import AS_OF, LEAD_MINUTES, Built
from tests.sql.games import Game

from tipoff.tables import Column, Table, get, landing
from tipoff.tables.features import feature_names, features

DAY = date(2024, 1, 15)
CUTOFF = datetime(2024, 1, 15, 23, tzinfo=UTC)
BLANK: dict[str, Any] = {
    "DATE": DAY.isoformat(),
    "TIMESTAMP": CUTOFF.isoformat(),
    "STRING": "x",
    "INT64": 0,
    "FLOAT64": 0.0,
    "NUMERIC": "0",
    "BOOL": False,
}
CONTEXT = {
    "slate_status": "active",
    "team_abbr": "BOS",
    "opponent_team_abbr": "NYK",
    "back_to_back": False,
    "days_rest": 1,
    "opponent_days_rest": 1,
    "games_in_last_7_days": 3,
    "minutes_in_last_7_days": 100.0,
    "avg_minutes_per_game_last_7": 33.0,
    "back_to_backs_last_14_days": 0,
    "projected_usage_rate": 20.0,
    "usage_rate_last_7_days": 20.0,
    "usage_rate_last_10": 20.0,
    "star_teammates_out": 0,
    "home_game": True,
    "is_playoffs": False,
    "team_games_last_10": 10,
    "play_probability": 1.0,
    "by_report": False,
    "team_report_submitted": True,
    "tipoff_at": None,
}
TEAM = {
    "games_season": 20,
    "wins_season": 10,
    "zone_games_last_15": 15,
    "points_last_10": 1100,
    "opponent_points_last_10": 1100,
    "possessions_hundredths_last_10": 100000,
    "seconds_tenths_last_10": 1440000,
    "opponent_points_last_15": 1650,
    "opponent_possessions_hundredths_last_15": 150000,
    "seconds_tenths_last_15": 2160000,
    "blocks_last_15": 60,
    "opponent_paint_attempts_last_15": 700,
    "opponent_paint_makes_last_15": 400,
    "opponent_mid_range_attempts_last_15": 150,
    "opponent_mid_range_makes_last_15": 60,
    "opponent_three_attempts_last_15": 500,
    "opponent_three_makes_last_15": 180,
    "league_games_last_30_days": 400,
    "league_points_last_30_days": 44000,
    "league_possessions_hundredths_last_30_days": 4000000,
    "league_seconds_tenths_last_30_days": 57600000,
    "league_paint_attempts_last_30_days": 18000,
    "league_paint_makes_last_30_days": 10400,
    "league_mid_range_attempts_last_30_days": 4000,
    "league_mid_range_makes_last_30_days": 1650,
    "league_three_attempts_last_30_days": 14000,
    "league_three_makes_last_30_days": 5100,
}
PLAYER = {
    "last_team_abbr": "BOS",
    "games_season": 30,
    "games_weighted": 40,
    "points_season": 450,
    "points_last_5": 75,
    "points_last_10": 150,
    "points_squared_last_10": 2500,
    "points_newest_2": 30,
    "points_older_3": 45,
    "seconds_tenths_season": 540000,
    "seconds_tenths_last_5": 90000,
    "seconds_tenths_last_10": 180000,
    "zone_games_last_10": 10,
    "paint_attempts_last_10": 60,
    "mid_range_attempts_last_10": 20,
    "three_attempts_last_10": 20,
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    warehouse = Built(tmp_path_factory.mktemp("signs") / "warehouse", threads=1)
    warehouse.start()
    yield warehouse
    warehouse.stop()


def put(built: Built, name: str, cases: list[dict[str, Any]]) -> None:
    """Replace a table by one row per case; what a case does not say is blank where required, else missing."""
    fill(built, get(name), cases)


def fill(built: Built, table: Table, cases: list[dict[str, Any]]) -> None:
    rows = [{column.name: plain(case.get(column.name, blank(column))) for column in table.columns} for case in cases]
    built.replace(table, rows)


def plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def blank(column: Column) -> Any:
    if column.mode == "REPEATED":
        return []
    return BLANK[column.type] if column.mode == "REQUIRED" else None


def ask(built: Built, name: str) -> list[dict[str, Any]]:
    rows = built.run(get(name).sql("query.sql"), start_date=DAY, end_date=DAY, as_of=AS_OF, lead_minutes=LEAD_MINUTES)
    return sorted(rows, key=lambda row: (row.get("player_id") or 0, row.get("team_abbr") or ""))


def scored(built: Built, cases: list[dict[str, Any]]) -> list[dict[str, float]]:
    """Feature values of candidates 1, 2, ...; a case may speak of his context, his form and both teams' form."""
    numbered = [case | {"player_id": place, "game_id": f"g{place}"} for place, case in enumerate(cases, start=1)]
    put(built, "upcoming_player_game_context", [CONTEXT | case for case in numbered])
    put(built, "player_recent_form", [PLAYER | case for case in numbered])
    opponents = [
        TEAM | {"team_abbr": team} | case.get("opponent", {})
        for case in numbered
        if (team := case.get("opponent_team_abbr", "NYK"))
    ]
    unique = {row["team_abbr"]: row for row in [TEAM | {"team_abbr": "BOS"}, *opponents]}
    put(built, "team_recent_form", list(unique.values()))
    for name in ("team_defense_zone_analysis", "player_shot_zone_analysis", "player_composite_factors"):
        built.rebuild([get(name)], DAY, DAY)
    found = ask(built, "ml_feature_store_v2")
    return [{feature["name"]: feature["value"] for feature in row["features"]} for row in found]


def test_features_are_in_the_order_of_their_indexes() -> None:
    assert [feature.index for feature in features()] == list(range(len(features())))
    assert len(set(feature_names())) == len(features())


def test_fatigue_is_100_when_fresh_and_never_rises_with_load(built: Built) -> None:
    loads: list[dict[str, Any]] = [
        {},
        {"back_to_back": True, "days_rest": 0},
        {"back_to_back": True, "days_rest": 0, "games_in_last_7_days": 4},
        {"back_to_back": True, "days_rest": 0, "games_in_last_7_days": 4, "minutes_in_last_7_days": 250.0},
        {
            "back_to_back": True,
            "days_rest": 0,
            "games_in_last_7_days": 4,
            "minutes_in_last_7_days": 250.0,
            "avg_minutes_per_game_last_7": 36.0,
            "back_to_backs_last_14_days": 2,
        },
    ]
    scores = [row["fatigue_score"] for row in scored(built, loads)]
    assert scores[0] == 100
    assert scores == sorted(scores, reverse=True) and len(set(scores)) == len(scores)


def test_more_rest_never_lowers_fatigue_score_and_rest_advantage_negates_on_swap(built: Built) -> None:
    rows = scored(
        built, [{"days_rest": rest, "opponent_days_rest": 3 - rest, "games_in_last_7_days": 4} for rest in (0, 1, 2, 3)]
    )
    assert [row["fatigue_score"] for row in rows] == sorted(row["fatigue_score"] for row in rows)
    advantages = [row["rest_advantage"] for row in rows]
    assert advantages == [-value for value in reversed(advantages)]


def test_trend_is_newer_less_older(built: Built) -> None:
    rising, falling, flat = scored(
        built,
        [
            {"points_newest_2": 60, "points_older_3": 30},
            {"points_newest_2": 20, "points_older_3": 90},
            {"points_newest_2": 30, "points_older_3": 45},
        ],
    )
    assert (rising["recent_trend"], falling["recent_trend"], flat["recent_trend"]) == (2, -2, 0)


def test_a_weaker_defence_and_a_faster_opponent_never_lower_a_factor(built: Built) -> None:
    cases = [
        {
            "opponent_team_abbr": team,
            "opponent": {
                "opponent_points_last_15": 1500 + 100 * step,
                "opponent_paint_makes_last_15": 380 + 20 * step,
                "opponent_possessions_hundredths_last_15": 150000,
            },
        }
        for step, team in enumerate(("NYK", "PHI", "TOR"))
    ]
    rows = scored(built, cases)
    for name in (
        "opponent_def_rating",
        "shot_zone_mismatch_score",
        "opponent_paint_vs_league",
        "opponent_minutes_allowed_ppm",
    ):
        values = [row[name] for row in rows]
        assert values == sorted(values) and values[0] < values[-1], name
    paces = [
        {"opponent_team_abbr": team, "opponent": {"opponent_possessions_hundredths_last_15": 145000 + 4000 * step}}
        for step, team in enumerate(("NYK", "PHI", "TOR"))
    ]
    values = [row["pace_score"] for row in scored(built, paces)]
    assert values == sorted(values) and values[0] < 0 < values[-1]


def test_lowering_a_zones_makes_can_only_make_it_the_strongest(built: Built) -> None:
    put(
        built,
        "team_recent_form",
        [TEAM | {"team_abbr": "BOS"}, TEAM | {"team_abbr": "NYK", "opponent_three_makes_last_15": 120}],
    )
    usual, better = ask(built, "team_defense_zone_analysis")
    assert better["strongest_zone"] == "perimeter"
    assert better["three_pt_defense_vs_league_avg"] < usual["three_pt_defense_vs_league_avg"]


def test_absences_never_lower_the_usage_projected(built: Built) -> None:
    rows = scored(built, [{"projected_usage_rate": 20.0 + step, "star_teammates_out": step} for step in (0, 1, 2)])
    spikes = [row["usage_spike_score"] for row in rows]
    assert spikes == sorted(spikes) and spikes[0] == 0 < spikes[-1]


def test_injury_risk_rises_with_the_status_and_unknown_is_not_healthy(built: Built) -> None:
    statuses: list[str | None] = [None, "Available", "Probable", "Questionable", "Doubtful"]
    risks = [row["injury_risk"] for row in scored(built, [{"player_status": status} for status in statuses])]
    assert risks == [0, 0, 1, 2, 3]
    [unknown] = scored(built, [{"player_status": None, "team_report_submitted": None}])
    assert unknown["injury_risk"] > 0


def test_a_win_raises_the_win_share(built: Built) -> None:
    shares = []
    for wins in (5, 10, 15):
        put(built, "upcoming_player_game_context", [CONTEXT | {"player_id": 1, "game_id": "g1"}])
        put(built, "team_recent_form", [TEAM | {"team_abbr": "BOS", "wins_season": wins}])
        [row] = ask(built, "ml_feature_store_v2")
        shares.append({feature["name"]: feature["value"] for feature in row["features"]}["team_win_pct"])
    assert shares == [0.25, 0.5, 0.75]


def test_quality_falls_when_data_are_missing_and_a_prior_says_so(built: Built) -> None:
    known: list[dict[str, int | None]] = [
        {},
        {"games_season": 4, "points_last_10": 60, "points_squared_last_10": 1000},
        {"games_season": 0, "points_season": None},
    ]
    put(built, "upcoming_player_game_context", [CONTEXT | {"player_id": n, "game_id": f"g{n}"} for n in (1, 2, 3)])
    put(built, "player_recent_form", [PLAYER | case | {"player_id": n} for n, case in enumerate(known, start=1)])
    put(built, "team_recent_form", [TEAM | {"team_abbr": "BOS"}, TEAM | {"team_abbr": "NYK"}])
    rows = ask(built, "ml_feature_store_v2")
    qualities = [row["feature_quality_score"] for row in rows]
    assert qualities == sorted(qualities, reverse=True) and len(set(qualities)) == 3
    sources = [next(f["source"] for f in row["features"] if f["name"] == "points_avg_last_10") for row in rows]
    assert sources == ["own", "shrunk", "prior"]
    assert all(feature["value"] is not None for row in rows for feature in row["features"])


def test_a_shot_in_five_seconds_is_a_usage_of_hundreds_and_no_error(built: Built) -> None:
    """An early season's first appearance once failed the check of its range, and with it the whole date."""
    seen = {"player_id": 1, "games_season": 1, "points_season": 2,
            "seconds_tenths_last_10": 50, "plays_hundredths_last_10": 100,
            "team_seconds_tenths_last_10": 144000, "team_plays_hundredths_last_10": 10000,
            "last_game_date": str(DAY - timedelta(days=1))}  # fmt: skip
    put(built, "player_recent_form", [PLAYER | seen])
    built.rebuild([get("player_daily_cache")], DAY, DAY)
    [row] = built.run("SELECT c.usage_rate_last_10 FROM nba_precompute.player_daily_cache AS c")
    assert row["usage_rate_last_10"] > 500
    put(built, "player_recent_form", [PLAYER | seen | {"plays_hundredths_last_10": 20000}])
    with pytest.raises(BadRequest, match="range: usage"):
        built.rebuild([get("player_daily_cache")], DAY, DAY)


TONIGHT = Game(date(2025, 1, 15), 699)
RISING, FALLING, FLAT, ALSO_FLAT, FEW_SHOTS = range(101, 106)
TWOS = {
    RISING: (5, 6, 7, 9, 11),
    FALLING: (11, 9, 7, 6, 5),
    FLAT: (7, 7, 7, 7, 7),
    ALSO_FLAT: (6, 6, 6, 6, 6),
    FEW_SHOTS: (1, 1, 1, 1, 1),
} | {opponent: (5, 5, 5, 5, 5) for opponent in range(201, 206)}
FROM_GAMES = (
    "team_recent_form", "player_recent_form", "slate_evidence", "slate", "upcoming_team_game_context",
    "upcoming_player_game_context", "team_defense_zone_analysis", "player_shot_zone_analysis",
    "player_composite_factors", "ml_feature_store_v2",
)  # fmt: skip
AFTER_A_REPORT = tuple(name for name in FROM_GAMES if not name.endswith(("_form", "_analysis")))


@pytest.fixture(scope="module")
def played(built: Built) -> Built:
    """Five games in January 2025 of ten players who stay on for 48 minutes, and the features of the sixth."""
    games = [Game(date(2025, 1, 3 + 2 * place), 690 + place) for place in range(5)]
    lines = [{player: {"twos": twos[place], "misses": 4} for player, twos in TWOS.items()} for place in range(5)]
    boxes = [(game, game.document(f"{game.day}T23:59:00Z"), line) for game, line in zip(games, lines, strict=True)]
    fill(built, landing("nbac_schedule"), [game.schedule() for game in (*games, TONIGHT)])
    fill(
        built, landing("nbac_player_boxscores"), [row for game, told, line in boxes for row in game.players(told, line)]
    )
    fill(built, landing("nbac_team_boxscore"), [row for game, told, line in boxes for row in game.teams(told, line)])
    facts = [get(name) for name in ("player_game_summary_history", "team_game_history")]
    built.rebuild(facts, games[0].day, games[-1].day)
    built.rebuild(map(get, FROM_GAMES), TONIGHT.day, TONIGHT.day)
    return built


def tonight(built: Built) -> dict[int, dict[str, float]]:
    """Feature values by player."""
    rows = built.run(
        "SELECT s.player_id, s.features FROM nba_predictions.ml_feature_store_v2 AS s WHERE s.game_date = @day",
        day=TONIGHT.day,
    )
    return {row["player_id"]: {f["name"]: f["value"] for f in row["features"]} for row in rows}


def test_a_player_who_improves_from_game_to_game_has_a_positive_trend(played: Built) -> None:
    found = tonight(played)
    assert set(found) == set(TWOS)
    assert found[RISING]["recent_trend"] > 0 > found[FALLING]["recent_trend"]
    assert found[FLAT]["recent_trend"] == 0
    for name in ("points_avg_last_3", "points_ewma_3"):
        assert found[RISING][name] > found[FLAT][name] > found[FALLING][name], name
    assert found[RISING]["points_avg_last_5"] == found[FALLING]["points_avg_last_5"]


def ruled_out(built: Built, *players: int) -> dict[int, dict[str, float]]:
    """Features after an injury report of the afternoon that lists them as Out."""
    report = TONIGHT.document("2025-01-15T20:00:00Z", "report")
    listed = {"game_date": TONIGHT.day, "game_id": TONIGHT.game_id, "row_kind": "listing", "team_abbr": "BOS",
              "opponent_team_abbr": "NYK", "injury_status": "Out", "report_at": "2025-01-15T20:00:00Z"}  # fmt: skip
    out = [{"player_id": player, "player_lookup": f"player{player}", "row_index": player} for player in players]
    fill(built, landing("nbac_injury_report"), [report | listed | player for player in out])
    built.rebuild(map(get, AFTER_A_REPORT), TONIGHT.day, TONIGHT.day)
    return tonight(built)


OPENED = ("usage_spike_score", "team_out_usage", "team_out_minutes", "team_out_points", "star_teammates_out",
          "team_out_starts", "biggest_out_points")  # fmt: skip


def test_a_star_ruled_out_never_lowers_what_is_open_to_his_teammates(played: Built) -> None:
    """Nobody, a fifth man, a star, two stars: each step opens shots to those left and to none of the other team."""
    steps = [tonight(played), *(ruled_out(played, *out) for out in ((FEW_SHOTS,), (RISING,), (RISING, FALLING)))]
    assert [len(set(TWOS) - set(found)) for found in steps] == [0, 1, 1, 2], "who is out is not forecast"
    for player in (FLAT, ALSO_FLAT):
        for name in OPENED:
            values = [found[player][name] for found in steps]
            assert values == sorted(values), (player, name, values)
            assert values[0] < values[-1], (player, name)
        assert [found[player]["star_teammates_out"] for found in steps] == [0, 0, 1, 2]
    for opponent in (201, 205):
        assert {found[opponent][name] for found in steps for name in OPENED} == {0.0}
        missed = [found[opponent]["opponent_out_minutes"] for found in steps]
        assert missed == sorted(missed) and missed[0] == 0 < missed[-1]
