"""Walk-forward evaluation by week: train on all rows before the week, then predict the week.

It uses the functions of production, `fit_bundle` and `predict_all`. A week's bundle reads no row of the week.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial

import numpy as np

from tipoff.forecast.bundle import ModelBundle
from tipoff.forecast.distributions import Floats
from tipoff.forecast.recommenders import PART, Recommenders
from tipoff.forecast.systems.registry import predict_all
from tipoff.forecast.systems.system import Mask, Prediction
from tipoff.forecast.training import FoldCache, Integers, TrainingTable, fill_folds, fit_bundle

DAYS_PER_BLOCK = 7


@dataclass(frozen=True, slots=True)
class Block:
    """One week of predictions: its first ordinal, its rows in the table, and its bundle."""

    start: int
    rows: Mask
    bundle: ModelBundle
    digest: str
    predictions: dict[str, Prediction]


@dataclass(frozen=True, slots=True)
class Forecasts:
    """One system's forecasts for all rows of a walk: mask, means, probabilities, and whether it may recommend."""

    has_forecast: Mask
    mean: Floats
    pmf: Floats
    may_recommend: Mask


@dataclass(frozen=True, slots=True)
class Walk:
    """All blocks of a season: the tested rows, the forecasts of each system, and each row's training cutoff."""

    rows: TrainingTable
    systems: dict[str, Forecasts]
    trained_before: Integers
    digests: tuple[str, ...]


def block_starts(dates: Integers) -> list[int]:
    """The first ordinals of the weeks: every seventh day from the first date, without weeks that have no games."""
    first, last = int(dates.min()), int(dates.max())
    weeks = range(first, last + 1, DAYS_PER_BLOCK)
    return [week for week in weeks if ((dates >= week) & (dates < week + DAYS_PER_BLOCK)).any()]


def walk(
    table: TrainingTable,
    tested: Mask,
    each: Callable[[Callable[[int], Block], list[int]], Iterable[Block]] = map,
) -> Walk:
    """Predict the tested rows week by week, with bundles trained on earlier dates only.

    `each` runs the weeks in order or in parallel, with the same results, and yields them in order. The rows of `tested`
    are in the order of the table.
    """
    cache = FoldCache()
    starts = block_starts(table.dates[tested])
    fill_folds(table, date.fromordinal(starts[-1]), cache)
    return _joined(table.take(tested), list(each(partial(block, table, tested, cache), starts)))


def block(table: TrainingTable, tested: Mask, cache: FoldCache, start: int) -> Block:
    """The week that begins at this ordinal, predicted by a bundle of earlier dates."""
    rows = tested & (table.dates >= start) & (table.dates < start + DAYS_PER_BLOCK)
    bundle = fit_bundle(table, date.fromordinal(start), cache)
    part = table.take(rows)
    return Block(start, rows, bundle, bundle.digest, predict_all(part.columns(), part.market(), bundle))


def _joined(rows: TrainingTable, done: list[Block]) -> Walk:
    names = list(done[0].predictions)
    systems = {name: _system(name, done) for name in names}
    cutoffs = [np.full(int(block.rows.sum()), block.start, dtype=np.int64) for block in done]
    return Walk(rows, systems, np.concatenate(cutoffs), tuple(block.digest for block in done))


def _system(name: str, done: list[Block]) -> Forecasts:
    parts = [block.predictions[name] for block in done]
    return Forecasts(
        np.concatenate([part.has_forecast for part in parts]),
        np.concatenate([part.estimate.mean for part in parts]),
        np.concatenate([part.pmf.astype(np.float32) for part in parts]),
        np.concatenate([np.full(int(block.rows.sum()), _may_recommend(name, block)) for block in done]),
    )


def _may_recommend(name: str, done: Block) -> bool:
    return done.bundle.part(PART, Recommenders).may_recommend(name)
