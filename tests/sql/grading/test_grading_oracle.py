"""The SQL of grading equals an oracle in plain Python, on rows that nobody chose and on games that were played."""

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.sql.asof_warehouse import landed
from tests.sql.corpus.test_real_truth import played_documents
from tests.sql.games import Game
from tests.sql.grading.grading_oracle import Happened, Participation, Published, daily, grade
from tests.sql.grading.test_grading import listing, prediction
from tests.sql.small_warehouse import SmallWarehouse

from tipoff.tables import get, landing
from tipoff_ops.corpus.season_rows import season_zip

ROOT = Path(__file__).parents[3]
CORPUS = Path(os.environ.get("TIPOFF_CORPUS", ROOT.parent / "shared" / "corpus"))
NAMES = ("system_daily_performance", "player_prop_predictions", "nbac_injury_report")
FIRST_PLAYER, SYSTEM = 101, "oracle"
OTHERS = {100: {"fts": 9}, 201: {"fts": 8}}  # they make the game final
PARTICIPATIONS = get_args(Participation.__value__)
STATUSES = ("Out", "Doubtful", "Questionable", "Probable", "Available")
REAL_DAYS = (date(2024, 10, 22), date(2024, 10, 23))
PRICES = st.sampled_from([-10_000, -250, -110, -105, -100, 100, 105, 180, 10_000])
days = (date(2025, 1, 15) + timedelta(days=n) for n in count())

type Case = tuple[Published, Happened]


def points_near(line: float | None) -> st.SearchStrategy[int]:
    """Points anywhere, and often on the line or beside it, where the rules turn."""
    anywhere = st.integers(0, 83)
    return anywhere if line is None else anywhere | st.sampled_from([int(line), int(line) + 1])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    line = draw(st.none() | st.integers(1, 90).map(lambda halves: halves / 2))
    advice = draw(st.sampled_from(["OVER", "UNDER", "PASS"])) if line is not None else "NO_LINE"
    over, under = (draw(PRICES) if line is not None else None for _ in range(2))
    predicted = draw(st.floats(0, 60) | st.integers(0, 60).map(float))
    confidence = draw(st.floats(0, 1) | st.sampled_from([0.0, 0.1, 0.3, 0.6, 0.7, 1.0]))
    published = Published(predicted, draw(st.floats(0, 60)), confidence, advice, line, over, under)
    box = draw(st.none() | st.sampled_from(PARTICIPATIONS))
    points = draw(points_near(line)) if box == "played" else None
    return published, Happened(box, points, draw(st.none() | st.sampled_from(STATUSES)))


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallWarehouse]:
    warehouse = SmallWarehouse(tmp_path_factory.mktemp("oracle"), NAMES)
    yield warehouse
    warehouse.stop()


@settings(max_examples=4, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(drawn=st.lists(cases(), min_size=60, max_size=60))
def test_random_predictions_are_graded_as_the_oracle_grades_them(warehouse: SmallWarehouse, drawn: list[Case]) -> None:
    day = next(days)
    game = Game(day, 700 + day.toordinal() % 300)
    land(warehouse, game, dict(enumerate(drawn, FIRST_PLAYER)))
    published = {player_id: one for player_id, (one, _) in enumerate(drawn, FIRST_PLAYER)}
    compare(warehouse, day, published, {player_id: h for player_id, (_, h) in enumerate(drawn, FIRST_PLAYER)})


def land(warehouse: SmallWarehouse, game: Game, players: Mapping[int, Case]) -> None:
    """One game of these players, who are all of one team, and of others without predictions."""
    document = game.document(f"{game.day + timedelta(days=1)}T03:30:00Z")
    points = {player_id: {"fts": h.points or 0} for player_id, (_, h) in players.items() if h.box is not None}
    boxes = []
    for row in game.players(document, points | OTHERS):
        box = players[row["player_id"]][1].box if row["player_id"] in players else "played"
        absent = {} if box == "played" else {"played": False, "participation": box, "seconds_tenths": 0}
        boxes.append(row | absent)
    plan = {**game.schedule(), **game.document("2024-10-08T12:00:00Z", f"schedule{game.day}")}
    warehouse.put(landing("nbac_schedule"), plan)
    warehouse.put(landing("nbac_player_boxscores"), *boxes)
    warehouse.put(landing("nbac_team_boxscore"), *game.teams(document, points | OTHERS))
    report = game.document(f"{game.day}T20:00:00Z", f"report{game.day}") | {"report_at": f"{game.day}T20:00:00Z"}
    listed = [(player_id, h.injury_status) for player_id, (_, h) in players.items() if h.injury_status]
    warehouse.put(
        landing("nbac_injury_report"),
        *(listing(game, player_id, status) | report | {"report_date": game.day} for player_id, status in listed),
    )
    row = prediction(game, 0, SYSTEM, "PASS", None, cutoff=f"{game.day}T23:00:00Z")
    published = {player_id: one for player_id, (one, _) in players.items()}
    warehouse.put(get("player_prop_predictions_log"), *predicted(row, published))


def predicted(row: dict[str, Any], published: Mapping[int, Published]) -> Iterator[dict[str, Any]]:
    """Rows of the prediction log like `row`, one a player."""
    for player_id, one in published.items():
        line = None if one.line is None else str(one.line)
        yield row | {
            "player_id": player_id, "player_lookup": f"player{player_id}", "team_abbr": "BOS",
            "prediction_id": f"{player_id}-{row['cutoff_at']}", "predicted_points": one.predicted_points,
            "mean_pts": one.mean_pts, "confidence_score": one.confidence_score, "recommendation": one.recommendation,
            "current_points_line": line, "has_prop_line": line is not None,
            "over_price_american": one.over_american, "under_price_american": one.under_american,
        }  # fmt: skip


def compare(
    warehouse: SmallWarehouse, day: date, published: Mapping[int, Published], happened: Mapping[int, Happened]
) -> None:
    """Rebuild both tables of a date and compare every column of every row with the oracle."""
    warehouse.rebuild("prediction_accuracy", day)
    warehouse.rebuild("system_daily_performance", day)
    told = warehouse.run(f"SELECT * FROM {get('prediction_accuracy').full_name} WHERE game_date = @day", day=day)
    rows = {row["player_id"]: row for row in told}
    assert set(rows) == set(published) and len(told) == len(rows)
    grades = {player_id: grade(one, happened[player_id]) for player_id, one in published.items()}
    for player_id, expected in grades.items():
        assert plain(rows[player_id], expected) == pytest.approx(expected, abs=1e-9), published[player_id]
    [performance] = warehouse.run(
        f"SELECT * FROM {get('system_daily_performance').full_name} WHERE game_date = @day", day=day
    )
    expected = daily(list(published.values()), list(grades.values()))
    assert plain(performance, expected) == pytest.approx(expected, abs=1e-7)


def plain(row: Mapping[str, Any], wanted: Mapping[str, object]) -> dict[str, Any]:
    """The wanted columns of a row, NUMERIC as float."""
    return {name: float(row[name]) if isinstance(row[name], Decimal) else row[name] for name in wanted}


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not there: set TIPOFF_CORPUS")
@pytest.mark.parametrize("day", REAL_DAYS)
def test_predictions_of_real_games_are_graded_as_the_oracle_grades_them(warehouse: SmallWarehouse, day: date) -> None:
    """Every player of the box scores, with a prediction drawn at random."""
    rows = landed(played_documents(season_zip(CORPUS, day.year), day, day))
    for name in ("nbac_schedule", "nbac_player_boxscores", "nbac_team_boxscore"):
        warehouse.load(landing(name), [row for row in rows[name] if row["game_date"] == str(day)])
    boxes: Sequence[dict[str, Any]] = [row for row in rows["nbac_player_boxscores"] if row["game_date"] == str(day)]
    random = Random(day.toordinal())
    published = {row["player_id"]: drawn(random, row["points"] or 0) for row in boxes}
    happened = {
        row["player_id"]: Happened(row["participation"], row["points"] if row["played"] else None, None)
        for row in boxes
    }
    game = prediction(Game(day, 1), 0, SYSTEM, "PASS", None, cutoff=f"{day}T12:00:00Z")
    keys = {row["player_id"]: {name: row[name] for name in ("nba_game_id", "game_id")} for row in boxes}
    bets = [row | keys[row["player_id"]] for row in predicted(game, published)]
    warehouse.put(get("player_prop_predictions_log"), *bets)
    compare(warehouse, day, published, happened)


def drawn(random: Random, points: int) -> Published:
    """A bet near what happened: pushes, wins and losses all occur."""
    line = max(0.5, points + random.randrange(-4, 5) / 2)
    advice = random.choice(["OVER", "UNDER", "PASS"])
    return Published(random.uniform(0, 40), random.uniform(0, 40), random.random(), advice, line, -115, 102)
