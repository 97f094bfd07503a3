"""The charts of Tipoff's pages, as SVG."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from math import ceil, floor

from tipoff.site.data import CalibrationBin, DateSummary, Execution
from tipoff.site.markup import Markup, element, join
from tipoff.site.words import count, day, duration, instant, number, percent

type Point = tuple[float, float]

SERIES = 5
LINE = "line"
_WIDTH, _HEIGHT = 1040, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 26, 14, 34


class _Axes:
    """Maps values to pixels. Neither range may be empty."""

    def __init__(self, x: Point, y: Point, width: int = _WIDTH, height: int = _HEIGHT) -> None:
        self.x_range, self.y_range, self.width, self.height = x, y, width, height

    def x(self, value: float) -> float:
        """Pixel of a horizontal value."""
        low, high = self.x_range
        return _LEFT + (value - low) / (high - low) * (self.width - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        """Pixel of a vertical value, upwards."""
        low, high = self.y_range
        return self.height - _BOTTOM - (value - low) / (high - low) * (self.height - _TOP - _BOTTOM)

    def rule(self, value: float, label: str) -> Markup:
        """A horizontal grid line with its label."""
        y = self.y(value)
        return join(
            element("line", x1=_LEFT, x2=self.width - _RIGHT, y1=y, y2=y, class_="gridline"),
            element("text", label, x=_LEFT - 8, y=y + 4, class_="tick end"),
        )

    def tick(self, value: float, label: str) -> Markup:
        """A label below the drawing."""
        return element("text", label, x=self.x(value), y=self.height - _BOTTOM + 20, class_="tick middle")


def series_class(systems: Sequence[str], system_id: str) -> str:
    """The CSS class of a system's colour."""
    return LINE if system_id == LINE else f"s{systems.index(system_id) % SERIES}"


def error_by_date(dates: Sequence[DateSummary], systems: Sequence[str]) -> Markup | None:
    """MAE per date on rows with a line: a polyline per system, and a dashed one for the line. None without grades."""
    tracks = {system: _track(dates, system) for system in systems}
    reference = _line_track(dates)
    values = [y for points in (*tracks.values(), reference) for _, y in points]
    if not values:
        return None
    low, high = floor(min(values) * 2) / 2 - 0.5, ceil(max(values) * 2) / 2 + 0.5
    axes = _Axes((-0.4, max(len(dates) - 1, 1) + 0.4), (max(low, 0), high))
    step = max(1, round((high - low) / 5))
    rules = [axes.rule(value, number(value, 0)) for value in range(ceil(max(low, 0)), floor(high) + 1, step)]
    every = max(1, len(dates) // 10)
    ticks = [axes.tick(index, day(one.game_date)[4:]) for index, one in enumerate(dates) if index % every == 0]
    drawn = [_polyline(axes, reference, LINE, "Line", dates)]
    drawn += [
        _polyline(axes, points, series_class(systems, system), system, dates) for system, points in tracks.items()
    ]
    return _svg("Mean absolute error by date", axes, rules + ticks + drawn)


def calibration(bins: Sequence[CalibrationBin], systems: Sequence[str]) -> Markup | None:
    """Predicted and observed shares. The area of a dot is proportional to its rows. None without grades."""
    if not bins:
        return None
    axes = _Axes((0, 1), (0, 1), width=420, height=400)
    most = max(one.rows for one in bins)
    dots = [_dot(axes, one, series_class(systems, one.system_id), most) for one in bins]
    return _svg("Share that went over, by probability said", axes, [*_unit_square(axes), *dots])


def timeline(executions: Sequence[Execution], now: datetime) -> Markup | None:
    """A bar per execution, a row per workflow. Running executions end at `now`. None without executions."""
    if not executions:
        return None
    workflows = sorted({one.workflow for one in executions})
    start = min(one.started_at for one in executions).timestamp()
    end = max(max((one.ended_at or now).timestamp() for one in executions), start + 1)
    height = 40 + 30 * len(workflows)
    axes = _Axes((start, end), (0, 1), height=height)
    left = 96
    axes.x_range = (start - (end - start) * (left - _LEFT) / (_WIDTH - left - _RIGHT), end)
    rows = [
        element("text", name, x=left - 12, y=26 + 30 * row, class_="tick end") for row, name in enumerate(workflows)
    ]
    bars = [_bar(axes, one, workflows.index(one.workflow), now) for one in executions]
    ends = [
        element("text", instant(executions_start(executions)), x=left, y=height - 8, class_="tick"),
        element("text", instant(executions_end(executions, now)), x=_WIDTH - _RIGHT, y=height - 8, class_="tick end"),
    ]
    return _svg("Workflow executions over time", axes, rows + bars + ends)


def bars(title: str, values: Sequence[tuple[str, float]]) -> Markup:
    """A labelled bar per value, with the value in its tooltip."""
    top = max((value for _, value in values), default=1.0) or 1.0
    axes = _Axes((0, max(len(values), 1)), (0, top), width=420, height=220)
    drawn = [
        element(
            "rect",
            element("title", f"{label}: {number(value, 4)}"),
            x=axes.x(index + 0.1),
            y=axes.y(value),
            width=axes.x(0.8) - axes.x(0),
            height=axes.y(0) - axes.y(value),
            class_="bar s0",
        )
        for index, (label, value) in enumerate(values)
    ]
    ticks = [axes.tick(index + 0.5, label) for index, (label, _) in enumerate(values)]
    return _titled(title, axes, [axes.rule(0, "0"), axes.rule(top, number(top)), *ticks, *drawn])


def reliability(title: str, pairs: Sequence[tuple[float, float]]) -> Markup:
    """Observed shares by predicted probability, with the diagonal of perfect calibration."""
    axes = _Axes((0, 1), (0, 1), width=420, height=400)
    drawn = [
        element(
            "circle",
            element("title", f"predicted {number(predicted, 3)}, observed {number(observed, 3)}"),
            cx=axes.x(predicted),
            cy=axes.y(observed),
            r=4,
            class_="dot s0",
        )
        for predicted, observed in pairs
    ]
    return _titled(title, axes, [*_unit_square(axes), *drawn])


def executions_start(executions: Iterable[Execution]) -> datetime:
    """The start of the first execution."""
    return min(one.started_at for one in executions)


def executions_end(executions: Iterable[Execution], now: datetime) -> datetime:
    """The end of the last execution. Running executions end at `now`."""
    return max(one.ended_at or now for one in executions)


def legend(names: Sequence[tuple[str, str]]) -> Markup:
    """Coloured keys: (css class, label) pairs."""
    keys = [element("span", element("i", class_=f"key {css}"), label, class_="legend-item") for css, label in names]
    return element("p", keys, class_="legend")


def _unit_square(axes: _Axes) -> list[Markup]:
    """Grid lines and labels of shares on both axes, and the diagonal."""
    rules = [axes.rule(step / 4, percent(step / 4)) for step in range(5)]
    ticks = [axes.tick(step / 4, percent(step / 4)) for step in range(5)]
    diagonal = element("line", x1=axes.x(0), y1=axes.y(0), x2=axes.x(1), y2=axes.y(1), class_="ideal")
    return [*rules, *ticks, diagonal]


def _titled(title: str, axes: _Axes, children: Iterable[Markup]) -> Markup:
    return element("figure", element("figcaption", title), _svg(title, axes, children))


def _svg(title: str, axes: _Axes, children: Iterable[Markup]) -> Markup:
    box = f"0 0 {axes.width} {axes.height}"
    wide = "wide" if axes.width == _WIDTH else None
    drawing = element("svg", element("title", title), children, viewBox=box, role="img", width=axes.width, class_=wide)
    return element("div", drawing, class_="scroll")


def _track(dates: Sequence[DateSummary], system: str) -> list[Point]:
    return [
        (index, score.mae_line_rows_pts)
        for index, one in enumerate(dates)
        for score in one.scores
        if score.system_id == system and score.mae_line_rows_pts is not None
    ]


def _line_track(dates: Sequence[DateSummary]) -> list[Point]:
    """The error of the line by date, from the system with the most rows."""
    points: list[Point] = []
    for index, one in enumerate(dates):
        known = [score for score in one.scores if score.line_mae_pts is not None]
        if known:
            best = max(known, key=lambda score: score.line_rows)
            points.append((index, best.line_mae_pts or 0.0))
    return points


def _polyline(axes: _Axes, points: Sequence[Point], css: str, label: str, dates: Sequence[DateSummary]) -> Markup:
    path = " ".join(f"{axes.x(x):.1f},{axes.y(y):.1f}" for x, y in points)
    dots = [
        element(
            "circle",
            element("title", f"{label}, {day(dates[int(x)].game_date)}: {number(y)}"),
            cx=axes.x(x),
            cy=axes.y(y),
            r=4,
            class_=f"dot {css}",
        )
        for x, y in points
    ]
    return join(element("polyline", points=path, class_=f"track {css}"), dots)


def _dot(axes: _Axes, one: CalibrationBin, css: str, most: int) -> Markup:
    told = f"{one.system_id}: said {percent(one.predicted)}, happened {percent(one.observed)}, {count(one.rows)} rows"
    return element(
        "circle",
        element("title", told),
        cx=axes.x(one.predicted),
        cy=axes.y(one.observed),
        r=4 + 7 * (one.rows / most) ** 0.5,
        class_=f"dot soft {css}",
    )


def _bar(axes: _Axes, one: Execution, row: int, now: datetime) -> Markup:
    start, end = one.started_at.timestamp(), (one.ended_at or now).timestamp()
    told = f"{one.workflow} {one.argument} {one.state} after {duration(end - start)}. {one.result}"
    left = axes.x(start)
    return element(
        "rect",
        element("title", told),
        x=left,
        y=12 + 30 * row,
        width=max(axes.x(end) - left, 4.0),
        height=20,
        rx=3,
        class_=f"bar {one.state.lower()}",
    )
