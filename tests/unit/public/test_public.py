"""Published documents: deterministic, keyed, readable by later and earlier readers."""

import json
from datetime import UTC, date, datetime

import msgspec
import pytest

from tipoff.core.public import (
    PublicGame,
    PublicGrade,
    PublicLine,
    PublicPrediction,
    PublicScore,
    PublicSkip,
    decode_grades,
    decode_predictions,
    encode,
    grades_document,
    object_name,
    predictions_document,
)

DAY = date(2024, 11, 1)
AT = datetime(2024, 11, 1, 22, 0, tzinfo=UTC)
GAME = PublicGame(game_id="20241101_BOS_CHA", nba_game_id="0022400131", away="BOS", home="CHA", tipoff_at=AT)
LINE = PublicLine(points=20.5, bookmaker="draftkings", observed_at=AT, over_american=-110, under_american=-110)
PREDICTION = PublicPrediction(
    game_id=GAME.game_id, player_id=7, player="Luka Bojić", team="BOS", opponent="CHA", system_id="ensemble_v1",
    predicted_points=21.3, mean_pts=22.0, low_80_pts=12.0, high_80_pts=32.5, line=LINE, prob_over=0.53, prob_under=0.47,
    prob_push=0.0, recommendation="PASS", confidence=0.53, model_version="v1", cutoff_at=AT,
)  # fmt: skip
SKIP = PublicSkip(game_id=GAME.game_id, player_id=9, player="Rui Sylla", team="CHA", reason="low_quality")
GRADE = PublicGrade(
    game_id=GAME.game_id, player_id=7, player="Luka Bojić", system_id="ensemble_v1", predicted_points=21.3, line=20.5,
    recommendation="PASS", actual_points=20, error_pts=1.3, outcome="pass",
)  # fmt: skip
SCORE = PublicScore(
    system_id="ensemble_v1", graded=1, voids=0, pushes=0, passes=1, wins=0, losses=0, mae_pts=1.3, bias_pts=2.0,
    line_rows=1, mae_on_line_rows_pts=1.3, line_mae_pts=0.5, profit_units=0.0,
)  # fmt: skip


def test_the_order_of_rows_changes_no_byte() -> None:
    other = msgspec.structs.replace(PREDICTION, system_id="moving_average")
    one = predictions_document(DAY, (GAME,), (PREDICTION, other), (SKIP,))
    assert encode(one) == encode(predictions_document(DAY, (GAME,), (other, PREDICTION), (SKIP,)))
    assert one.as_of == AT


def test_documents_survive_the_way_there_and_back() -> None:
    predictions = predictions_document(DAY, (GAME,), (PREDICTION,), (SKIP,))
    grades = grades_document(DAY, AT, (SCORE,), (GRADE,))
    assert decode_predictions(encode(predictions)) == predictions
    assert decode_grades(encode(grades)) == grades
    assert json.loads(encode(predictions))["predictions"][0]["player"] == "Luka Bojić"


def test_an_older_reader_tolerates_new_fields() -> None:
    body = json.loads(encode(grades_document(DAY, AT, (SCORE,), (GRADE,))))
    body["grades"][0]["added_later"] = 1
    assert decode_grades(json.dumps(body).encode()).grades == (GRADE,)


def test_one_prediction_per_game_player_and_system() -> None:
    """Pitfall 35: several rows under one key are refused before anybody reads them."""
    with pytest.raises(ValueError, match="two rows"):
        predictions_document(DAY, (GAME,), (PREDICTION, PREDICTION), ())
    with pytest.raises(ValueError, match="two rows"):
        grades_document(DAY, AT, (), (GRADE, GRADE))


def test_a_row_of_an_unlisted_game_is_refused() -> None:
    with pytest.raises(ValueError, match="not among the games"):
        predictions_document(DAY, (), (), (SKIP,))


def test_a_day_without_games_is_a_document_too() -> None:
    empty = predictions_document(DAY, (), (), ())
    assert empty.as_of is None
    assert decode_predictions(encode(empty)) == empty


def test_names() -> None:
    assert object_name("predictions", DAY) == "predictions/2024-11-01.json"
    assert object_name("grades", DAY) == "grades/2024-11-01.json"
