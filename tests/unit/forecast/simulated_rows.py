"""A small made-up league for forecast tests: features that matter in known directions, seeded."""

from datetime import UTC, date, datetime

import numpy as np

from tipoff.forecast.features import REQUIRED
from tipoff.forecast.training import TrainingTable
from tipoff.forecast.types import FeatureRow, FeatureValue

PLAYERS = 60
FIRST_DAY = date(2022, 10, 18).toordinal()


def league(rows: int = 6000, seed: int = 1) -> TrainingTable:
    """Players with a skill, moved by absent team-mates and opponents of known strength; lines near truth."""
    random = np.random.Generator(np.random.PCG64(seed))
    values = {name: random.normal(size=rows) for name in REQUIRED}
    level = random.gamma(4.0, 2.5, rows)
    out = np.maximum(random.normal(0, 20, rows), 0)
    defence = random.normal(113, 3, rows)
    mean = np.maximum(level + 0.12 * out + 0.3 * (defence - 113), 0.3)
    values |= {
        "points_ewma": level + random.normal(0, 1, rows),
        "points_avg_season": level + random.normal(0, 2, rows),
        "points_avg_last_5": level + random.normal(0, 2, rows),
        "points_avg_last_10": level + random.normal(0, 1.5, rows),
        "team_out_minutes": out,
        "opponent_def_rating": defence,
        "fatigue_score": random.choice(np.array([70.0, 85.0, 100.0]), rows),
        "fga_avg_last_10": level * 0.8,
        "league_def_rating": np.full(rows, 113.0),
        "days_since_last_appearance": random.integers(1, 5, rows).astype(float),
        "home_away": random.integers(0, 2, rows).astype(float),
        "pct_paint": np.full(rows, 0.4),
        "pct_mid_range": np.full(rows, 0.2),
        "pct_three": np.full(rows, 0.4),
    }
    points = random.negative_binomial(mean**2 / (2.5 * mean), 1 / 3.5).astype(float)
    line = np.where(random.random(rows) < 0.5, np.round(mean) - 0.5, np.nan)
    dates = np.sort(random.integers(FIRST_DAY, FIRST_DAY + 900, rows))
    nothing = np.full(rows, np.nan)
    return TrainingTable(
        dates=dates,
        seasons=np.array([date.fromordinal(d).year - (date.fromordinal(d).month < 8) for d in dates]),
        game_ids=np.array([f"g{d}" for d in dates]),
        player_ids=random.integers(1, PLAYERS, rows),
        names=REQUIRED,
        features=np.column_stack([values[name] for name in REQUIRED]).astype(np.float32),
        quality=np.full(rows, 100.0),
        points=points,
        minutes=np.clip(mean * 1.6 + random.normal(0, 4, rows), 1, 45),
        appeared=random.random(rows) > 0.02,
        playoffs=np.zeros(rows, dtype=bool),
        line_pts=line,
        line_prob_over=np.where(np.isnan(line), nothing, 0.5),
        over_american=np.where(np.isnan(line), nothing, -110.0),
        under_american=np.where(np.isnan(line), nothing, -110.0),
        last_10_pts=values["points_avg_last_10"],
        sportsbook=np.isfinite(line),
    )


def feature_row(table: TrainingTable, index: int, **changed: float) -> FeatureRow:
    """One row of the table as the worker sees it, with some features changed."""
    values = dict(zip(table.names, (float(v) for v in table.features[index]), strict=True)) | changed
    features = {name: FeatureValue(value) for name, value in values.items()}
    instant = datetime(2025, 1, 9, 23, tzinfo=UTC)
    return FeatureRow(
        date(2025, 1, 9),
        "20250109_A_B",
        "0022400001",
        int(table.player_ids[index]),
        "p",
        "A",
        "B",
        instant,
        features,
    )
