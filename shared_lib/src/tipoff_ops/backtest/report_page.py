"""The backtest's page: charts, no script, no network. The same report gives the same bytes."""

from tipoff.forecast.report import Report, SystemReport
from tipoff.site.charts import bars, reliability
from tipoff.site.markup import Markup, element, trusted
from tipoff.site.style import STYLE


def page(report: Report) -> str:
    """One page: a section per system with PIT, MAE by month, hit rate by edge, and reliability."""
    title = f"Backtest {report.first_date} to {report.last_date}"
    head = element("head", element("meta", charset="utf-8"), element("title", title), element("style", trusted(STYLE)))
    summary = f"{report.appeared} rows, digest {report.row_digest}. {report.verdict}"
    main = element("main", element("h1", title), element("p", summary), map(_section, report.systems))
    return f'<!doctype html>\n<html lang="en">{head}{element("body", main)}</html>\n'


def _section(system: SystemReport) -> Markup:
    months = [(score.rows[2:], score.mae.value) for score in system.by_month]
    edges = [(f"{e.low_pts:g}-{e.high_pts:g}", e.hit_rate.value) for e in system.picks.edges if e.decided]
    pit = [(f"{5 * i}", share) for i, share in enumerate(system.pit_histogram)]
    return element(
        "section",
        element("h2", system.system_id),
        bars("PIT histogram (calibrated: 0.05)", pit),
        bars("MAE by month (points)", months),
        bars("Hit rate by |median - line| (points)", edges),
        [
            reliability(f"P(over), {found.rows}", [(b.predicted, b.observed) for b in found.reliability])
            for found in system.probabilities
        ],
    )
