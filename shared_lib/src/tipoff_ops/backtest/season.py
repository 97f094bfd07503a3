"""A backtest of one season: a walk forward by week, in parallel, and its report as text, JSON and a page.

The walk and its scores are in `tipoff.forecast`.
"""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import msgspec
import numpy as np

from tipoff.core.errors import NotReady
from tipoff.forecast.recommend import Policy
from tipoff.forecast.report import Probabilities, Report, Scores, evaluate
from tipoff.forecast.systems.system import Mask
from tipoff.forecast.training import TrainingTable
from tipoff.forecast.walk_forward import Block, walk
from tipoff_ops.backtest.report_page import page

type MapWeeks = Callable[[Callable[[int], Block], list[int]], Iterable[Block]]


def parallel(processes: int, done: Callable[[int, int], None]) -> MapWeeks:
    """A map that runs the weeks in forked processes and yields them in order; it calls `done(weeks done, weeks)`."""

    def map_weeks(run: Callable[[int], Block], starts: list[int]) -> Iterator[Block]:
        global _run
        _run = run  # forked processes inherit it, so that the table is not pickled
        with multiprocessing.get_context("fork").Pool(processes) as pool:
            for index, block in enumerate(pool.imap(_week, starts)):
                done(index + 1, len(starts))
                yield block

    return map_weeks


_run: Callable[[int], Block]


def _week(start: int) -> Block:
    return _run(start)


def backtest(
    table: TrainingTable,
    season: int,
    map_weeks: MapWeeks = map,
    policy: Policy | None = None,
    missing: Mapping[str, int] = {},
) -> Report:
    """The report of one season (by its first year); each week is predicted from the weeks before it.

    `missing` counts the season's appearances without a slate row, by reason; the table does not hold them.

    Raises:
        NotReady: the table has no rows of that season.
    """
    tested: Mask = table.seasons == season
    if not tested.any():
        raise NotReady("season_missing", f"no slate rows of season {season}", {"season": season})
    walked = walk(table, tested, map_weeks)
    return evaluate(walked, earlier_over_share(table, season), policy or Policy(), missing)


def earlier_over_share(table: TrainingTable, season: int) -> float:
    """Share of overs among the decided rows of earlier seasons; 0.5 if there are none."""
    rows = (table.seasons < season) & table.appeared & np.isfinite(table.line_pts)
    rows &= table.line_pts != table.points
    return float((table.points > table.line_pts)[rows].mean()) if rows.any() else 0.5


def write_report(report: Report, folder: Path) -> tuple[Path, Path]:
    """Write the report as JSON and as a page with charts; the same report gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    data, html = folder / "backtest.json", folder / "backtest.html"
    data.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1))
    html.write_text(page(report), encoding="utf-8")
    return data, html


def report_lines(report: Report) -> list[str]:
    """The report as the command prints it."""
    counts = (
        f"{report.slate_rows} slate rows, {report.appeared} appeared, {report.voids} void, "
        f"{report.with_line} with a line, {report.pushes} pushes"
    )
    title = f"{'system':18}{'rows':12}{'n':>7}{'MAE':>8} {'95 %':15}{'CRPS':>7}{'RMSE':>7}{'bias':>7}{'PIT80':>7}"
    head = [
        f"{report.first_date} to {report.last_date}: {counts}",
        f"rows {report.row_digest}",
        f"appeared without a forecast: {sum(report.missing.values())} ({_counts(report.missing)})",
        title + "   line",
    ]
    body = [_score(s.system_id, score) for s in report.systems for score in s.scores]
    odds = [_prob(s.system_id, found) for s in report.systems for found in s.probabilities]
    wires = [f"tripwire {w.name}: {w.value:.4f} (limit {w.limit}) {_verdict(w.fired)}" for w in report.wires]
    return [*head, *body, *odds, *wires, report.verdict]


def _counts(found: Mapping[str, int]) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in sorted(found.items())) or "not counted"


def _score(system_id: str, s: Scores) -> str:
    line = "" if s.line_mae is None else f"{s.line_mae:7.3f}"
    errors = f"{s.mae.value:8.3f} [{s.mae.low:.3f}, {s.mae.high:.3f}] {s.crps.value:6.3f}"
    rest = f"{s.rmse_pts:7.3f}{s.bias_pts:+7.3f}{100 * s.pit_80:6.1f} {line}"
    return f"{system_id:18}{s.rows:12}{s.n:7}{errors}{rest}"


def _prob(system_id: str, p: Probabilities) -> str:
    losses = f"log-loss {p.log_loss:.4f} (market {p.market_log_loss:.4f}, constant {p.constant_log_loss:.4f})"
    calibration = f"ECE {p.ece:.4f} (perfect, 95 %: {p.ece_if_perfect_95:.4f})"
    slope = f"slope {p.slope.value:.2f} [{p.slope.low:.2f}, {p.slope.high:.2f}]"
    return f"{system_id:18}{p.rows:12}{p.n:7} {losses} Brier {p.brier:.4f} {calibration} {slope}"


def _verdict(fired: bool | None) -> str:
    return "too few rows" if fired is None else ("FIRED" if fired else "silent")
