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
from tipoff.forecast import distributions as dist
from tipoff.forecast.bundle import UNTRAINED, ModelBundle
from tipoff.forecast.columns import Columns
from tipoff.forecast.distributions import Floats
from tipoff.forecast.features import REQUIRED
from tipoff.forecast.recommenders import PART, PastOdds, Recommenders, Rule, judge
from tipoff.forecast.shape import Shape, fit_shape
from tipoff.forecast.systems.registry import REGISTRY
from tipoff.forecast.systems.system import Estimate, ForecastInput, Market, Mask, Prediction, TrainingInput

type Integers = NDArray[np.int64]

SEASONS_BEFORE = 3
SEASON_STARTS = (10, 1)
FOLD_STARTS = (SEASON_STARTS, (1, 15))
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
    """Finished folds of one table: bundles by the start of the fold, and means and past odds by fold.

    A walk fits each fold once. The first number of each key is the first date of the training window.
    """

    bundles: MutableMapping[tuple[int, int], ModelBundle] = field(default_factory=dict)
    means: MutableMapping[tuple[int, int, int], Means] = field(default_factory=dict)
    odds: MutableMapping[tuple[int, int, int], Mapping[str, PastOdds]] = field(default_factory=dict)


def training_start(before: date) -> date:
    """The first date of the training window of a model that predicts from this date on.

    It is the one definition for production and backtest: the season of the date, and the three seasons before it. A
    season begins on 1 October; July, August and September belong to the one that follows.
    """
    season = before.year if before.month >= 7 else before.year - 1
    return date(season - SEASONS_BEFORE, *SEASON_STARTS)


def _window(table: TrainingTable, before: date) -> TrainingTable:
    """The rows that a bundle of this date is fitted on: inside the training window, of players who appeared."""
    inside = (table.dates >= training_start(before).toordinal()) & (table.dates < before.toordinal())
    return table.take(inside & table.appeared)


def fit_bundle(table: TrainingTable, before: date, cache: FoldCache | None = None) -> ModelBundle:
    """The bundle of all that is known before a date.

    It reads only rows from `training_start(before)` on with `game_date < before`, of players who appeared. Calls over
    the same table may share `cache`, because the results of a fold depend only on the rows before its end.

    Raises:
        NotReady: fewer than MIN_TRAINING_ROWS rows before the date.
    """
    window = _window(table, before)
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
        kept = cache or FoldCache()
        folds = _out_of_fold(window, kept)
        past = _past_odds(window, *folds, kept)
        return _calibrated(whole.result(), window, *folds).with_parts({PART: _verdicts(past, Rule())})


def fill_folds(table: TrainingTable, before: date, cache: FoldCache) -> None:
    """Fit the models of all folds that bundles up to this date need, for the cache."""
    window = _window(table, before)
    _past_odds(window, *_out_of_fold(window, cache), cache)


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
    first, (start, end) = int(window.dates.min()), bounds
    if (first, start) not in cache.bundles:
        cache.bundles[first, start] = _base_fitted(UNTRAINED, window.take(window.dates < start))
    if (first, start, end) not in cache.means:
        rows = window.take((window.dates >= start) & (window.dates < end))
        inputs = ForecastInput(rows.columns(), cache.bundles[first, start], rows.market())
        base = {name: s for name, s in REGISTRY.items() if not s.needs}
        cache.means[first, start, end] = {name: system.estimate(inputs) for name, system in base.items()}
    return cache.means[first, start, end]


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


def _past_odds(window: TrainingTable, inside: Mask, means: Means, cache: FoldCache) -> list[Mapping[str, PastOdds]]:
    """What each system said of P(over) in each finished fold, calibrated on the folds before it.

    The first fold has none before it, and the last one is not over.
    """
    rows, first = window.take(inside), int(window.dates.min())
    return [_odds_of_fold(rows, means, (first, *bounds), cache) for bounds in fold_bounds(window)[1:-1]]


def _odds_of_fold(
    rows: TrainingTable, means: Means, key: tuple[int, int, int], cache: FoldCache
) -> Mapping[str, PastOdds]:
    if key not in cache.odds:
        _, start, end = key
        now = (rows.dates >= start) & (rows.dates < end) & np.isfinite(rows.line_prob_over)
        now &= rows.line_pts != rows.points
        before = rows.dates < start
        every = np.ones(int(before.sum()), dtype=bool)
        bundle = _calibrated(UNTRAINED, rows.take(before), every, _taken(means, before))
        cache.odds[key] = _said(bundle, rows.take(now), _taken(means, now))
    return cache.odds[key]


def _taken(means: Means, rows: Mask) -> Means:
    return {name: Estimate(each.has_forecast[rows], each.mean[rows]) for name, each in means.items()}


def _said(bundle: ModelBundle, rows: TrainingTable, means: Means) -> Mapping[str, PastOdds]:
    """P(over | no push) of every system for these rows, from the means of the base systems."""
    if not len(rows):
        return {}
    done = {name: _shaped(bundle, name, estimate) for name, estimate in means.items()}
    columns = rows.columns()
    for name, system in REGISTRY.items():
        if system.needs:
            estimate = system.estimate(ForecastInput(columns, bundle, rows.market(), dict(done)))
            done[name] = _shaped(bundle, system.shape_id, estimate)
    return {name: _odds(rows, prediction) for name, prediction in done.items()}


def _odds(rows: TrainingTable, prediction: Prediction) -> PastOdds:
    told = prediction.has_forecast
    prob = dist.prob_over_no_push(prediction.pmf_at(told), rows.line_pts[told])
    over = (rows.points > rows.line_pts)[told].astype(np.float64)
    return PastOdds(prob, rows.line_prob_over[told], over, rows.dates[told])


def _verdicts(past: list[Mapping[str, PastOdds]], rule: Rule) -> Recommenders:
    """The rule's verdict on each system that has said anything about past rows."""
    names = [name for name in REGISTRY if any(name in fold for fold in past)]
    joined = {name: PastOdds.joined([fold[name] for fold in past if name in fold]) for name in names}
    return Recommenders(rule, {name: judge(found, rule) for name, found in joined.items()})


def _with_shape(bundle: ModelBundle, name: str, estimate: Estimate, points: Floats) -> ModelBundle:
    said = estimate.has_forecast
    return bundle.with_parts({f"shape:{name}": fit_shape(estimate.mean[said], points[said])})


def _shaped(bundle: ModelBundle, name: str, estimate: Estimate) -> Prediction:
    return Prediction(estimate, bundle.part(f"shape:{name}", Shape))
