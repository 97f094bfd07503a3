"""`tipoff run --train` rebuilds and trains on every date of the documents before the first one that is predicted."""

from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from zipfile import ZipFile

from tipoff_ops.run.runner import Runner
from tipoff_ops.run.scenario import corpus_scenario

FIRST, LAST = date(2024, 11, 1), date(2024, 11, 2)


def landing(path: Path, *days: str) -> Path:
    """A landing zip with a box score of each date, seen at noon of it."""
    with ZipFile(path, "w") as members:
        for day in days:
            name = f"nba-com/boxscores/{day}/0022400141/{day.replace('-', '')}T120000Z.json"
            members.writestr(name, b"{}")
    return path


def test_a_model_is_trained_before_the_first_date_is_predicted(tmp_path: Path) -> None:
    before = landing(tmp_path / "landing-2023-24.zip", "2023-10-25", "2024-04-14")
    season = landing(tmp_path / "landing-2024-25.zip", "2024-10-23", "2024-11-01", "2024-11-09")
    scenario = corpus_scenario(season, FIRST, LAST, [before], trains=True)
    assert [one.observed_at.date().isoformat() for one in scenario.documents] == [
        "2023-10-25", "2024-04-14", "2024-10-23", "2024-11-01",
    ]  # fmt: skip

    done: list[tuple[str, Any]] = []
    runner = Runner.__new__(Runner)
    runner._scenario = scenario
    (tmp_path / "usage").mkdir()
    runner._mesh = Mock(folder=tmp_path)
    runner._execute = Mock(side_effect=lambda key, argument: done.append((key, argument)))  # type: ignore[method-assign]
    runner._upload_until = Mock(side_effect=lambda until, what: done.append(("upload", until.date())))  # type: ignore[method-assign]
    runner._play_day = Mock(side_effect=lambda day: done.append(("play", day)))  # type: ignore[method-assign]
    runner.play()
    seen_until = "2024-11-01T09:00:00Z"
    dates = {"start_date": "2023-10-25", "end_date": "2024-10-31"}
    assert done == [
        ("upload", FIRST),
        ("reprocess", dates | {"to_step": "precompute", "as_of": seen_until}),
        ("train", {"cutoff_date": "2024-11-01", "as_of": seen_until}),
        ("play", FIRST), ("play", LAST),
    ]  # fmt: skip
    assert corpus_scenario(season, FIRST, LAST).trains_from is None
