"""The backtest's page: plain SVG bars and dots, no script, no network; same report, same bytes."""

from collections.abc import Sequence
from html import escape

from tipoff.forecast.report import Probabilities, Report, SystemReport

WIDTH, HEIGHT, PAD = 420, 200, 28


def page(report: Report) -> str:
    """One page: a section per system with PIT, reliability, MAE by month and hit rate by edge."""
    sections = "\n".join(_section(system) for system in report.systems)
    title = f"Backtest {report.first_date} to {report.last_date}"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        "<style>body{font:15px system-ui;margin:2rem auto;max-width:60rem}svg{margin:.5rem}</style>"
        f"<h1>{title}</h1><p>{report.appeared} rows, digest {report.row_digest}. {escape(report.verdict)}</p>"
        f"{sections}</html>\n"
    )


def _section(system: SystemReport) -> str:
    months = [(score.rows[2:], score.mae.value) for score in system.by_month]
    edges = [(f"{e.low_pts:g}-{e.high_pts:g}", e.hit_rate.value) for e in system.picks.edges if e.decided]
    pit = [(f"{5 * i}", share) for i, share in enumerate(system.pit_histogram)]
    charts = [
        bars("PIT histogram (calibrated: 0.05)", pit),
        bars("MAE by month (points)", months),
        bars("Hit rate by |median - line| (points)", edges),
        *(_reliability(found) for found in system.probabilities),
    ]
    return f"<h2>{escape(system.system_id)}</h2>" + "".join(charts)


def bars(title: str, values: Sequence[tuple[str, float]]) -> str:
    """Labelled bars from zero, each value in its tooltip."""
    top = max((value for _, value in values), default=1.0) or 1.0
    step = (WIDTH - 2 * PAD) / max(len(values), 1)
    marks = [_bar(PAD + i * step, step, value / top, label, value) for i, (label, value) in enumerate(values)]
    return _svg(title, "".join(marks))


def dots(title: str, pairs: Sequence[tuple[float, float]]) -> str:
    """Observed against predicted probability, with the diagonal of perfect calibration."""
    marks = [_dot(predicted, observed) for predicted, observed in pairs]
    line = f'<line x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}" stroke="#999"/>'
    return _svg(title, line + "".join(marks))


def _reliability(found: Probabilities) -> str:
    return dots(f"P(over), {found.rows}", [(b.predicted, b.observed) for b in found.reliability])


def _dot(predicted: float, observed: float) -> str:
    spot = f'<circle cx="{_x(predicted):.1f}" cy="{_y(observed):.1f}" r="3">'
    return f"{spot}<title>{predicted:.3f} {observed:.3f}</title></circle>"


def _bar(left: float, step: float, share: float, label: str, value: float) -> str:
    height = share * (HEIGHT - 2 * PAD)
    return (
        f'<rect x="{left:.1f}" y="{HEIGHT - PAD - height:.1f}" width="{0.8 * step:.1f}" '
        f'height="{height:.1f}" '
        f'fill="#36c"><title>{escape(label)}: {value:.4f}</title></rect>'
        f'<text x="{left + 0.4 * step:.1f}" y="{HEIGHT - PAD + 12}" font-size="8" text-anchor="middle">'
        f"{escape(label)}</text>"
    )


def _x(share: float) -> float:
    return PAD + share * (WIDTH - 2 * PAD)


def _y(share: float) -> float:
    return HEIGHT - PAD - share * (HEIGHT - 2 * PAD)


def _svg(title: str, marks: str) -> str:
    return (
        f'<svg width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{escape(title)}">'
        f'<text x="{PAD}" y="16" font-size="12">{escape(title)}</text>{marks}</svg>'
    )
