"""The report of an evaluation: figures with their rows and intervals (docs/forecasting.md#report).

It is computed from a `Walk`: predictions made before the games, and the results. The same walk gives the same report.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import date

import msgspec
import numpy as np

from tipoff.forecast import distributions as dist
from tipoff.forecast import metrics, tripwires
from tipoff.forecast.distributions import Floats
from tipoff.forecast.picks import Picks, picks
from tipoff.forecast.recommend import Policy
from tipoff.forecast.systems.market_aware import fit_logistic, logit
from tipoff.forecast.systems.system import Mask
from tipoff.forecast.training import TrainingTable
from tipoff.forecast.walk_forward import Forecasts, Walk

PIT_SEED = 7
SLOPE_DRAWS = 200
TIERS = (
    ("bench (under 15 min)", 0.0, 15.0),
    ("rotation (15-25)", 15.0, 25.0),
    ("starter (25-32)", 25.0, 32.0),
    ("star (32 and more)", 32.0, 99.0),
)
NO_EDGE = "No edge over the market is shown."


class Scores(msgspec.Struct, frozen=True):
    """Errors of one system on one set of rows. CRPS, MAE and differences have 95 % date-block intervals.

    `mae` is of the interpolated median, `rmse_pts` and `bias_pts` (predicted - actual) of the mean. `line_mae` and
    `mae_minus_line` are on the same rows; None if these have no line.
    """

    rows: str
    n: int
    dates: int
    digest: str
    mae: metrics.Interval
    crps: metrics.Interval
    rmse_pts: float
    bias_pts: float
    pit_80: float
    line_mae: float | None
    mae_minus_line: metrics.Interval | None


class Probabilities(msgspec.Struct, frozen=True):
    """Scores of P(over | no push), of the market, a coin and a constant from earlier seasons, on the same rows."""

    rows: str
    n: int
    log_loss: float
    brier: float
    market_log_loss: float
    market_brier: float
    constant_log_loss: float
    coin_log_loss: float
    minus_best: metrics.Interval
    ece: float
    ece_if_perfect_95: float
    slope: metrics.Interval
    reliability: list[metrics.ReliabilityBin]


class SystemReport(msgspec.Struct, frozen=True):
    """One system on all rows where it has a forecast, and on those that also have a last-10 average.

    `may_recommend` is the share of rows that were predicted while the system was allowed to recommend.
    """

    system_id: str
    coverage: float
    scores: list[Scores]
    probabilities: list[Probabilities]
    by_tier: list[Scores]
    by_month: list[Scores]
    minus_last_10_mae: metrics.Interval
    pit_histogram: list[float]
    may_recommend: float
    picks: Picks


class Report(msgspec.Struct, frozen=True):
    """The whole evaluation. `voids` counts slate rows without an appearance, which are in no error metric.

    `missing` counts appearances of the season without a forecast, by reason; they are in no other figure.
    """

    first_date: date
    last_date: date
    weeks: int
    slate_rows: int
    appeared: int
    voids: int
    missing: dict[str, int]
    with_line: int
    pushes: int
    row_digest: str
    model_digests: tuple[str, ...]
    systems: list[SystemReport]
    wires: list[tripwires.Wire]
    verdict: str


def evaluate(walk: Walk, constant_over: float, policy: Policy, missing: Mapping[str, int]) -> Report:
    """The report of a walk. `constant_over` is the share of overs among decided rows of earlier seasons."""
    rows = walk.rows
    lined = np.isfinite(rows.line_pts) & rows.appeared
    systems = [_system(walk, name, constant_over, policy) for name in walk.systems]
    return Report(
        first_date=date.fromordinal(int(rows.dates.min())),
        last_date=date.fromordinal(int(rows.dates.max())),
        weeks=len(walk.digests),
        slate_rows=len(rows),
        appeared=int(rows.appeared.sum()),
        voids=int((~rows.appeared).sum()),
        missing=dict(missing),
        with_line=int(lined.sum()),
        pushes=int((rows.line_pts == rows.points)[lined].sum()),
        row_digest=digest(rows, rows.appeared),
        model_digests=walk.digests,
        systems=systems,
        wires=_wires(walk),
        verdict=_verdict(systems),
    )


def digest(rows: TrainingTable, mask: Mask) -> str:
    """First 12 hex digits of sha256 over the (game, player) keys of these rows, in order."""
    keys = "\n".join(f"{g}:{p}" for g, p in zip(rows.game_ids[mask], rows.player_ids[mask], strict=True))
    return hashlib.sha256(keys.encode()).hexdigest()[:12]


def pit_values(rows: TrainingTable, forecasts: Forecasts, mask: Mask) -> Floats:
    """Seeded randomised PIT of the rows in the mask. A row's draw does not depend on the mask."""
    uniforms = np.random.Generator(np.random.PCG64(PIT_SEED)).random(len(rows))
    return dist.randomised_pit(_pmf(forecasts, mask), rows.points[mask], uniforms[mask])


def scores(name: str, rows: TrainingTable, forecasts: Forecasts, mask: Mask) -> Scores | None:
    """Errors on the rows in the mask with a forecast and an appearance; None without such rows."""
    mask = mask & forecasts.has_forecast & rows.appeared
    if not mask.any():
        return None
    pmf, actual, dates = _pmf(forecasts, mask), rows.points[mask], rows.dates[mask]
    errors = np.abs(dist.medians(pmf) - actual)
    line_errors = np.abs(rows.line_pts[mask] - actual)
    lined = bool(np.isfinite(line_errors).all())
    return Scores(
        rows=name,
        n=int(mask.sum()),
        dates=len(np.unique(dates)),
        digest=digest(rows, mask),
        mae=metrics.date_block_interval(errors, dates),
        crps=metrics.date_block_interval(dist.crps(pmf, actual), dates),
        rmse_pts=metrics.rmse(dist.means(pmf), actual),
        bias_pts=metrics.bias(dist.means(pmf), actual),
        pit_80=metrics.coverage(pit_values(rows, forecasts, mask), 0.8),
        line_mae=float(line_errors.mean()) if lined else None,
        mae_minus_line=metrics.date_block_interval(errors - line_errors, dates) if lined else None,
    )


def probabilities(
    name: str, rows: TrainingTable, forecasts: Forecasts, mask: Mask, constant_over: float
) -> Probabilities | None:
    """Scores of P(over | no push) on decided rows in the mask with a line; None for fewer than 100 rows."""
    mask = mask & forecasts.has_forecast & rows.appeared & np.isfinite(rows.line_pts)
    mask &= rows.line_pts != rows.points
    if mask.sum() < 100:
        return None
    over = (rows.points > rows.line_pts)[mask].astype(np.float64)
    prob = dist.prob_over_no_push(_pmf(forecasts, mask), rows.line_pts[mask])
    market, dates = rows.line_prob_over[mask], rows.dates[mask]
    rivals = [market, np.full(len(over), 0.5), np.full(len(over), constant_over)]
    losses = [metrics.log_loss_terms(rival, over) for rival in rivals]
    own = metrics.log_loss_terms(prob, over)
    best = min(losses, key=lambda terms: float(terms.mean()))
    return Probabilities(
        rows=name,
        n=int(mask.sum()),
        log_loss=float(own.mean()),
        brier=float(metrics.brier_terms(prob, over).mean()),
        market_log_loss=float(losses[0].mean()),
        market_brier=float(metrics.brier_terms(market, over).mean()),
        constant_log_loss=float(losses[2].mean()),
        coin_log_loss=float(losses[1].mean()),
        minus_best=metrics.date_block_interval(own - best, dates),
        ece=metrics.expected_calibration_error(prob, over),
        ece_if_perfect_95=metrics.ece_if_perfect(prob),
        slope=_slope(prob, over, dates),
        reliability=metrics.reliability(prob, over),
    )


def _slope(prob: Floats, over: Floats, dates: np.typing.NDArray[np.int64]) -> metrics.Interval:
    """Slope of a logistic regression of the outcome on the forecast's log-odds. 1 is calibrated."""
    inputs = np.column_stack((np.ones(len(prob)), logit(prob)))
    start = np.array([0.0, 1.0])

    def slope(index: np.typing.NDArray[np.int64]) -> float:
        return float(fit_logistic(inputs[index], over[index], start, 1e-6)[1])

    draws = metrics.date_block_draws(slope, dates, SLOPE_DRAWS)
    low, high = (float(bound) for bound in np.quantile(draws, [0.025, 0.975]))
    return metrics.Interval(slope(np.arange(len(prob))), low, high)


def _system(walk: Walk, name: str, constant_over: float, policy: Policy) -> SystemReport:
    rows, forecasts = walk.rows, walk.systems[name]
    lined = np.isfinite(rows.line_pts)
    regular = ~rows.playoffs  # play-offs have no injury reports, so they are a separate slice
    sets = {
        "all": rows.appeared & regular,
        "dfs": lined & ~rows.sportsbook & regular,
        "sportsbook": lined & rows.sportsbook & regular,
        "playoffs": rows.appeared & rows.playoffs,
    }
    judged = [probabilities(label, rows, forecasts, mask, constant_over) for label, mask in sets.items()]
    told = forecasts.has_forecast & rows.appeared
    histogram = np.histogram(pit_values(rows, forecasts, told), bins=20, range=(0.0, 1.0))[0]
    return SystemReport(
        system_id=name,
        coverage=float(told.sum() / max(int(rows.appeared.sum()), 1)),
        scores=_kept(sets, lambda label, mask: scores(label, rows, forecasts, mask)),
        probabilities=[found for found in judged if found is not None],
        by_tier=_kept(_tiers(rows), lambda label, mask: scores(label, rows, forecasts, mask)),
        by_month=_kept(_months(rows), lambda label, mask: scores(label, rows, forecasts, mask)),
        minus_last_10_mae=_against_last_10(rows, forecasts),
        pit_histogram=[float(share) for share in histogram / max(int(told.sum()), 1)],
        may_recommend=float(forecasts.may_recommend.mean()),
        picks=picks(rows, forecasts, policy),
    )


def _kept(sets: dict[str, Mask], score: Callable[[str, Mask], Scores | None]) -> list[Scores]:
    return [found for label, mask in sets.items() if (found := score(label, mask)) is not None]


def _tiers(rows: TrainingTable) -> dict[str, Mask]:
    minutes = rows.feature("minutes_avg_last_10")
    return {label: (minutes >= low) & (minutes < high) for label, low, high in TIERS}


def _months(rows: TrainingTable) -> dict[str, Mask]:
    months = np.array([date.fromordinal(int(day)).strftime("%Y-%m") for day in rows.dates])
    return {str(month): months == month for month in np.unique(months)}


def _against_last_10(rows: TrainingTable, forecasts: Forecasts) -> metrics.Interval:
    """MAE minus the MAE of the last-10 average, on the rows with both."""
    mask = forecasts.has_forecast & rows.appeared & np.isfinite(rows.last_10_pts)
    actual = rows.points[mask]
    own = np.abs(dist.medians(_pmf(forecasts, mask)) - actual)
    plain = np.abs(rows.last_10_pts[mask] - actual)
    return metrics.date_block_interval(own - plain, rows.dates[mask])


def _wires(walk: Walk) -> list[tripwires.Wire]:
    rows = walk.rows.take(walk.rows.appeared)
    median = dist.medians(_pmf(walk.systems["ensemble"], walk.rows.appeared))
    minutes = rows.feature("minutes_avg_last_10")
    averages = [
        tripwires.average_knows_the_game(name, rows.feature(name), minutes, rows.points)
        for name in tripwires.CLEAN_CORRELATION
    ]
    return [
        tripwires.mae_too_good(median, rows.points),
        tripwires.beats_the_line(median, rows.line_pts, rows.points),
        *averages,
        tripwires.cutoffs_hold(walk.trained_before, walk.rows.dates),
    ]


def _verdict(systems: list[SystemReport]) -> str:
    """The last sentence of the report. Only a profit interval above 0 over enough bets changes it."""
    shown = [s.system_id for s in systems if s.picks.shows_an_edge]
    return f"Profit above 0 by interval: {', '.join(shown)}. Re-estimate on unseen dates." if shown else NO_EDGE


def _pmf(forecasts: Forecasts, mask: Mask) -> Floats:
    return forecasts.pmf[mask].astype(np.float64)
