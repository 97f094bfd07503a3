"""Trains a bundle on a table of past games.

There are two stages. First, each system without needs is fitted on the whole window, and for each fold on the rows
before the fold, which gives out-of-fold means. Second, the shapes, the ensemble's weights and the market's correction
are fitted on the out-of-fold means. So nothing is calibrated on rows that its model was trained on.

Folds are fitted in parallel threads. Each model uses one thread, so its bytes do not depend on the parallelism.
"""

from collections.abc import Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from datetime import date
from functools import partial

import numpy as np
from numpy.typing import NDArray

from tipoff.core.errors import NotReady
from tipoff.forecast import boosting
from tipoff.forecast.bundle import UNTRAINED, ModelBundle
from tipoff.forecast.columns import Columns
from tipoff.forecast.distributions import Floats
from tipoff.forecast.features import REQUIRED
from tipoff.forecast.shape import Shape, fit_shape
from tipoff.forecast.systems.registry import REGISTRY
from tipoff.forecast.systems.system import Estimate, ForecastInput, Market, Mask, Prediction, TrainingInput

type Integers = NDArray[np.int64]

FOLD_STARTS = ((10, 1), (1, 15))
FIRST_FOLD_ROWS = 8000
MIN_TRAINING_ROWS = 2000
FOLDS_AT_ONCE = 2  # each has a copy of its window


@dataclass(frozen=True, slots=True)
class TrainingTable:
    """Slate rows and their outcomes. All arrays have one entry per row, in the order of date, game and player.

    `dates` are Eastern game dates as proleptic ordinals (`date.toordinal`); `seasons`, the year in which a season
    starts. `features` is float32 of shape (rows, len(names)). `quality` (rows,) is 0-100. `points` and `minutes` are
    NaN if the player did not appear. `line_pts`, `line_prob_over` (de-vigged, no push) and the American prices are of
    the reference line; NaN without one. `sportsbook` is False for DFS operators. `last_10_pts` is the plain mean of the
    last ten appearances this season; NaN before the first.
    """

    dates: Integers
    seasons: Integers
    game_ids: NDArray[np.str_]
    player_ids: Integers
    names: tuple[str, ...]
    features: NDArray[np.float32]
    quality: Floats
    points: Floats
    minutes: Floats
    appeared: Mask
    playoffs: Mask
    line_pts: Floats
    line_prob_over: Floats
    over_american: Floats
    under_american: Floats
    last_10_pts: Floats
    sportsbook: Mask

    def __len__(self) -> int:
        return len(self.dates)

    def take(self, mask: Mask | Integers) -> "TrainingTable":
        """The rows in the mask, or at these positions."""
        kept = {f.name: getattr(self, f.name) for f in fields(self)}
        return TrainingTable(**{name: v if name == "names" else v[mask] for name, v in kept.items()})

    def feature(self, name: str) -> Floats:
        """One feature, shape (rows,)."""
        return self.features[:, self.names.index(name)].astype(np.float64)

    def columns(self) -> Columns:
        """The features as columns."""
        return Columns(self.names, self.features.astype(np.float64), self.player_ids)

    def market(self) -> Market:
        """Lines and fair probabilities."""
        return Market(self.line_pts, self.line_prob_over)


type Means = Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class FoldCache:
    """Finished folds of one table: bundles by the start of the fold, and means by fold. A walk fits each fold once."""

    bundles: MutableMapping[int, ModelBundle] = field(default_factory=dict)
    means: MutableMapping[tuple[int, int], Means] = field(default_factory=dict)


def fit_bundle(table: TrainingTable, before: date, cache: FoldCache | None = None) -> ModelBundle:
    """The bundle of all that is known before a date.

    It reads only rows with `game_date < before`, of players who appeared. Calls over the same table may share `cache`,
    because the results of a fold depend only on the rows before its end.

    Raises:
        NotReady: fewer than MIN_TRAINING_ROWS rows before the date.
    """
    window = table.take((table.dates < before.toordinal()) & table.appeared)
    if len(window) < MIN_TRAINING_ROWS:
        raise NotReady("too_few_training_rows", f"{len(window)} rows before {before}", {"rows": len(window)})
    bundle = ModelBundle(
        train_from=date.fromordinal(int(window.dates.min())),
        trained_before=before,
        rows=len(window),
        feature_names=REQUIRED,
        libraries=boosting.libraries(),
    )
    with ThreadPoolExecutor(1) as beside:
        whole = beside.submit(_base_fitted, bundle, window)
        folds = _out_of_fold(window, cache or FoldCache())
        return _calibrated(whole.result(), window, *folds)


def fill_folds(table: TrainingTable, before: date, cache: FoldCache) -> None:
    """Fit the models of all folds that bundles up to this date need, for the cache."""
    _out_of_fold(table.take((table.dates < before.toordinal()) & table.appeared), cache)


def _base_fitted(bundle: ModelBundle, window: TrainingTable) -> ModelBundle:
    """The bundle with the parts of the systems without needs."""
    training = TrainingInput(window.columns(), window.points, window.minutes, window.market())
    parts = {name: system.fit(training) for name, system in REGISTRY.items() if not system.needs}
    return bundle.with_parts(parts)


def fold_bounds(window: TrainingTable) -> list[tuple[int, int]]:
    """(start, end) ordinals of the folds, without the end: the two halves of each season from the second on.

    The first fold has at least FIRST_FOLD_ROWS rows before it (or a quarter of the window, if that is less).
    """
    years = range(int(window.seasons.min()), int(window.seasons.max()) + 2)
    starts = sorted(date(y + (m < 7), m, d).toordinal() for y in years for m, d in FOLD_STARTS)
    needed = min(FIRST_FOLD_ROWS, len(window) // 4)
    usable = [s for s in starts if (window.dates < s).sum() >= needed and (window.dates >= s).any()]
    if not usable:
        usable = [int(np.quantile(window.dates, 0.5))]
    return list(zip(usable, [*usable[1:], int(window.dates.max()) + 1], strict=True))


def _out_of_fold(window: TrainingTable, cache: FoldCache) -> tuple[Mask, Means]:
    """The mask of rows in a fold, and the estimates of each base system for them, in row order."""
    bounds = fold_bounds(window)
    with ThreadPoolExecutor(FOLDS_AT_ONCE) as pool:
        # The last fold has the most rows before it, so it starts first.
        done = list(pool.map(partial(_fold, window, cache), reversed(bounds)))[::-1]
    joined = {
        name: Estimate(
            np.concatenate([fold[name].has_forecast for fold in done]),
            np.concatenate([fold[name].mean for fold in done]),
        )
        for name in done[0]
    }
    return np.asarray(window.dates >= bounds[0][0]), joined


def _fold(window: TrainingTable, cache: FoldCache, bounds: tuple[int, int]) -> Means:
    """Estimates for the rows of one fold, by systems fitted on the rows before it."""
    start, end = bounds
    if start not in cache.bundles:
        cache.bundles[start] = _base_fitted(UNTRAINED, window.take(window.dates < start))
    if (start, end) not in cache.means:
        rows = window.take((window.dates >= start) & (window.dates < end))
        inputs = ForecastInput(rows.columns(), cache.bundles[start], rows.market())
        base = {name: s for name, s in REGISTRY.items() if not s.needs}
        cache.means[start, end] = {name: system.estimate(inputs) for name, system in base.items()}
    return cache.means[start, end]


def _calibrated(bundle: ModelBundle, window: TrainingTable, inside: Mask, means: Means) -> ModelBundle:
    """The bundle with the shapes of the base systems, and then the other systems with their shapes."""
    rows = window.take(inside)
    earlier: dict[str, Prediction] = {}
    for name, estimate in means.items():
        bundle = _with_shape(bundle, name, estimate, rows.points)
        earlier[name] = _shaped(bundle, name, estimate)
    columns = rows.columns()
    for name, system in REGISTRY.items():
        if system.needs:
            training = TrainingInput(columns, rows.points, rows.minutes, rows.market(), dict(earlier))
            bundle = bundle.with_parts({name: system.fit(training)})
        if system.needs and system.shape_id == name:
            estimate = system.estimate(ForecastInput(columns, bundle, rows.market(), dict(earlier)))
            bundle = _with_shape(bundle, name, estimate, rows.points)
            earlier[name] = _shaped(bundle, name, estimate)
    return bundle


def _with_shape(bundle: ModelBundle, name: str, estimate: Estimate, points: Floats) -> ModelBundle:
    said = estimate.has_forecast
    return bundle.with_parts({f"shape:{name}": fit_shape(estimate.mean[said], points[said])})


def _shaped(bundle: ModelBundle, name: str, estimate: Estimate) -> Prediction:
    return Prediction(estimate, bundle.part(f"shape:{name}", Shape))
