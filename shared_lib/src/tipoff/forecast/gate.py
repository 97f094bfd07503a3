"""The promotion gate: whether a new model may replace the incumbent.

The new bundle was trained on all dates, so the gate judges its twin: the same recipe, trained on the dates before the
judged rows. Both twin and incumbent are judged on weeks that neither was trained on.
"""

from datetime import date

import msgspec
import numpy as np

from tipoff.forecast import distributions as dist
from tipoff.forecast import metrics, tripwires
from tipoff.forecast.bundle import ModelBundle
from tipoff.forecast.distributions import Floats
from tipoff.forecast.systems.registry import predict_all
from tipoff.forecast.training import TrainingTable

JUDGED_SYSTEM = "ensemble"
MIN_ROWS = 300


class GateFigures(msgspec.Struct, frozen=True):
    """Errors of the published system on the judged rows. CRPS is in points; lower is better.

    `minus_incumbent` is the difference of CRPS on the same rows, with its 95 % date-block interval.
    """

    first_date: date
    last_date: date
    n: int
    mae: float
    crps: float
    incumbent_crps: float | None = None
    minus_incumbent: metrics.Interval | None = None


class GateDecision(msgspec.Struct, frozen=True):
    """Whether the model is promoted, the reason, and the figures (None: too few rows to judge)."""

    promoted: bool
    reason: str
    judged: GateFigures | None = None


def judged_rows(table: TrainingTable, first: date, before: date) -> TrainingTable:
    """Rows of players who appeared, with first <= game_date < before."""
    inside = (table.dates >= first.toordinal()) & (table.dates < before.toordinal())
    return table.take(inside & table.appeared)


def judge(rows: TrainingTable, twin: ModelBundle, incumbent: ModelBundle | None) -> GateDecision:
    """Promote unless the twin's CRPS is significantly worse than the incumbent's (95 % interval above 0)."""
    if len(rows) < MIN_ROWS:
        return GateDecision(True, "too_few_rows_to_judge")
    errors, crps = _errors(rows, twin)
    found = GateFigures(*_span(rows), len(rows), float(errors.mean()), float(crps.mean()))
    if incumbent is None:
        return GateDecision(True, "no_incumbent", found)
    _, other = _errors(rows, incumbent)
    difference = metrics.date_block_interval(crps - other, rows.dates)
    found = msgspec.structs.replace(found, incumbent_crps=float(other.mean()), minus_incumbent=difference)
    worse = difference.low > 0
    return GateDecision(not worse, "worse_than_incumbent" if worse else "not_worse", found)


def wires(known: TrainingTable, rows: TrainingTable, twin: ModelBundle) -> list[tripwires.Wire]:
    """The tripwires of a training: the windows in all rows that were read, and the twin's errors on the judged ones."""
    played = known.take(known.appeared)
    minutes = played.feature("minutes_avg_last_10")
    found = [
        tripwires.average_knows_the_game(name, played.feature(name), minutes, played.points)
        for name in tripwires.CLEAN_CORRELATION
    ]
    if not len(rows):
        return found
    median = dist.medians(predict_all(rows.columns(), rows.market(), twin)[JUDGED_SYSTEM].pmf)
    trained_before = np.full(len(rows), (twin.trained_before or date.min).toordinal())
    return [
        *found,
        tripwires.mae_too_good(median, rows.points, rows.dates),
        tripwires.beats_the_line(median, rows.line_pts, rows.points, rows.dates),
        tripwires.cutoffs_hold(trained_before, rows.dates),
    ]


def refused_by(found: list[tripwires.Wire], decision: GateDecision) -> GateDecision:
    """The decision, or a refusal that names the tripwires that fired: such a model is too good to be true."""
    fired = [wire.name for wire in found if wire.fired]
    return GateDecision(False, f"tripwire:{','.join(fired)}", decision.judged) if fired else decision


def _errors(rows: TrainingTable, bundle: ModelBundle) -> tuple[Floats, Floats]:
    """Absolute error of the median, and CRPS, per row."""
    pmf = predict_all(rows.columns(), rows.market(), bundle)[JUDGED_SYSTEM].pmf
    return abs(dist.medians(pmf) - rows.points), dist.crps(pmf, rows.points)


def _span(rows: TrainingTable) -> tuple[date, date]:
    return date.fromordinal(int(rows.dates.min())), date.fromordinal(int(rows.dates.max()))
