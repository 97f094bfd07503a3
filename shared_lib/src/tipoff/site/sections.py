"""The sections of the operator's page."""

from collections.abc import Iterable, Sequence

from tipoff.site import charts
from tipoff.site.data import (
    Conservation,
    DateSummary,
    Execution,
    FreshnessCell,
    PredictionLine,
    QuarantineReason,
    ReportData,
    SystemScore,
)
from tipoff.site.markup import Markup, element, join
from tipoff.site.words import MISSING, count, day, duration, instant, number, percent, shortened, signed

_STATE_CLASS = {
    "COMPLETE": "good",
    "EMPTY_OK": "good",
    "EXPECTED": "idle",
    "LATE": "warn",
    "DEGRADED": "warn",
    "FAILED": "bad",
    "SUCCEEDED": "good",
    "ACTIVE": "warn",
    "CANCELLED": "idle",
    "win": "good",
    "loss": "bad",
    "push": "warn",
    "void": "idle",
    "pass": "idle",
    "open": "idle",
}


def systems_of(data: ReportData) -> list[str]:
    """All systems on the page, in the order of colours and columns."""
    named = [score.system_id for score in data.overall]
    named += [score.system_id for one in data.dates for score in one.scores]
    named += [one.system_id for one in data.predictions]
    return sorted(dict.fromkeys(named))


def tiles(data: ReportData) -> Markup:
    """Headline numbers: sums over the dates of the page."""
    best = min(
        (score for score in data.overall if score.mae_line_rows_pts is not None),
        key=lambda score: score.mae_line_rows_pts or 0.0,
        default=None,
    )
    held = sum(one.held for one in data.quarantine)
    numbers = [
        (count(sum(one.games for one in data.dates)), f"games on {len(data.dates)} dates"),
        (count(sum(one.predictions for one in data.dates)), "predictions"),
        (count(sum(one.voids for one in data.dates)), "voids: did not play"),
        (number(best.mae_line_rows_pts if best else None), f"error of {best.system_id}" if best else "error"),
        (number(best.line_mae_pts if best else None), "error of the line, same rows"),
        (count(held), "held in quarantine"),
    ]
    drawn = [element("div", element("b", value), element("span", label), class_="tile") for value, label in numbers]
    return element("div", drawn, class_="tiles")


def dates(data: ReportData) -> Markup:
    """Games, slate, predictions, voids and errors by date."""
    systems = systems_of(data)
    head = ["Date", "Games", "Slate", "Predictions", "Without", "Voids", *systems, "Line"]
    rows = [_date_row(one, systems) for one in data.dates]
    note = (
        "Mean absolute error in points over players who played and had a published line; "
        "every figure of a row is over the same players, so only figures of one row may be compared."
    )
    drawing = charts.error_by_date(data.dates, systems)
    parts = [_table(head, rows, numbers_from=1)]
    if drawing is not None:
        names = [(charts.LINE, "line"), *((charts.series_class(systems, one), one) for one in systems)]
        parts += [drawing, charts.legend(names)]
    return section("dates", "By date", note, parts if rows else [])


def accuracy(data: ReportData) -> Markup:
    """Over all dates: errors, differences to the line with intervals, results of recommendations, and calibration."""
    systems = systems_of(data)
    head = [
        "System",
        "Graded",
        "MAE",
        "Bias",
        "Line rows",
        "MAE there",
        "Line",
        "Difference",
        "W\u2013L\u2013P",
        "Units",
    ]
    table = _table(head, [_score_row(one) for one in data.overall], numbers_from=1)
    drawing = charts.calibration(data.calibration, systems)
    parts = [table] if data.overall else []
    if drawing is not None:
        names = [(charts.series_class(systems, one), one) for one in systems]
        note = "Said P(over) against the share that went over: on the dashed line is right. Pushes are left out."
        parts.append(element("h2", "Calibration"))
        parts.append(element("p", note, class_="note"))
        parts += [drawing, charts.legend(names)]
    note = (
        "Difference is the system's error minus the line's on the same rows: below zero is better than the line. "
        "The interval is 95 %, by resampling dates; where it holds zero, no difference is shown."
    )
    return section("accuracy", "Accuracy", note, parts)


def predictions(data: ReportData) -> Markup:
    """All active predictions. The browser filters them by player, date and system."""
    rows = [_prediction_row(one) for one in data.predictions]
    head = [
        "Date",
        "Player",
        "Game",
        "System",
        "Points",
        "80 %",
        "Line",
        "Book",
        "P(over)",
        "Advice",
        "Actual",
        "Result",
    ]
    numeric = frozenset({4, 5, 6, 8, 10})
    body = element("tbody", rows, id="prediction-rows")
    table = element("table", _head(head, numeric), body)
    note = "Points is the median of the forecast; 80 % its central interval; all fixed before tip-off."
    parts = [_filters(data), element("div", table, class_="tall", tabindex=0)] if rows else []
    return section("predictions", "Predictions", note, parts)


def freshness(data: ReportData) -> Markup:
    """A grid of the expected outputs by date, with their states."""
    days = sorted({cell.game_date for table in data.freshness for cell in table.cells})
    head = ["", *(day(one)[4:] for one in days)]
    rows = []
    for table in data.freshness:
        by_day = {cell.game_date: cell for cell in table.cells}
        cells = [element("td", _freshness_cell(by_day.get(one))) for one in days]
        rows.append(element("tr", element("td", element("code", table.table)), cells))
    states = ("COMPLETE", "EXPECTED", "LATE", "DEGRADED", "FAILED")
    keys = [element("span", _badge(one, one.lower()), class_="legend-item") for one in states]
    grid = element("table", _head(head, frozenset()), element("tbody", rows), class_="grid-table")
    parts = [element("div", grid, class_="scroll"), element("p", keys, class_="legend")] if rows else []
    return section("freshness", "Tables", "Rows per game date, as last reconciled with what must exist.", parts)


def intake(data: ReportData) -> Markup:
    """Row counts per source, and the contents of the quarantine by reason."""
    head = ["Source", "Documents", "Rows in", "Rows out", "Rejected", ""]
    parts = []
    if data.conservation:
        parts.append(_table(head, [_conservation_row(one) for one in data.conservation], numbers_from=1))
    if data.quarantine:
        parts.append(element("h2", "Quarantine"))
        head = ["Code", "Source", "Held", "Last seen", "Newest sample"]
        parts.append(_table(head, [_quarantine_row(one) for one in data.quarantine], numeric=frozenset({2})))
    return section("intake", "Intake", "Rows in = rows out + rejected, for every source; nothing is lost.", parts)


def workflows(data: ReportData) -> Markup:
    """A timeline of executions, and their list, newest first."""
    drawing = charts.timeline(data.executions, data.generated_at)
    head = ["Workflow", "Argument", "State", "Started", "Took", "Result"]
    newest = sorted(data.executions, key=lambda one: (one.started_at, one.execution_id), reverse=True)
    rows = [_execution_row(one, data) for one in newest]
    table = _table(head, rows, numeric=frozenset({4}))
    parts = [drawing, element("div", table, class_="tall", tabindex=0)] if drawing is not None else []
    return section("workflows", "Workflows", "A failed execution is a failed step, never a string that says so.", parts)


def section(anchor: str, title: str, note: str, parts: Sequence[Markup]) -> Markup:
    """A titled card, with a note if there is nothing to show."""
    shown: Iterable[Markup] = parts or [element("p", "Nothing yet.", class_="note")]
    return element("section", element("h2", title), element("p", note, class_="note"), shown, id=anchor)


def _table(
    head: Sequence[str], rows: Sequence[Markup], numbers_from: int | None = None, numeric: frozenset[int] = frozenset()
) -> Markup:
    columns = frozenset(range(numbers_from, len(head))) if numbers_from is not None else numeric
    return element("div", element("table", _head(head, columns), element("tbody", rows)), class_="scroll")


def _head(head: Sequence[str], numeric: frozenset[int]) -> Markup:
    cells = [
        element("th", label, scope="col", class_="num" if place in numeric else None)
        for place, label in enumerate(head)
    ]
    return element("thead", element("tr", cells))


def _numbers(*values: str | Markup) -> list[Markup]:
    return [element("td", value, class_="num") for value in values]


def _badge(state: str, label: str) -> Markup:
    return element("span", label, class_=f"badge {_STATE_CLASS.get(state, 'idle')}")


def _date_row(one: DateSummary, systems: Sequence[str]) -> Markup:
    errors = {score.system_id: score.mae_line_rows_pts for score in one.scores}
    lines = [score.line_mae_pts for score in one.scores if score.line_mae_pts is not None]
    least = min((error for error in errors.values() if error is not None), default=None)
    cells = [_error_cell(errors.get(system), least) for system in systems]
    figures = (one.games, one.slate_players, one.predictions, one.skipped, one.voids)
    return element(
        "tr",
        element("td", day(one.game_date)),
        _numbers(*(count(figure) for figure in figures)),
        cells,
        _numbers(number(lines[0] if lines else None)),
    )


def _error_cell(error: float | None, least: float | None) -> Markup:
    """An error; the smallest of a date is highlighted."""
    is_best = error is not None and error == least
    return element("td", number(error), class_="num strong" if is_best else "num")


def _score_row(one: SystemScore) -> Markup:
    difference = signed(one.mae_difference_pts)
    if one.interval_pts is not None:
        difference += f" [{signed(one.interval_pts[0])}, {signed(one.interval_pts[1])}]"
    return element(
        "tr",
        element("td", element("code", one.system_id)),
        _numbers(
            count(one.graded),
            number(one.mae_pts),
            signed(one.bias_pts),
            count(one.line_rows),
            number(one.mae_line_rows_pts),
            number(one.line_mae_pts),
            difference,
            f"{one.wins}\u2013{one.losses}\u2013{one.pushes}",
            signed(one.profit_units, 1),
        ),
    )


def _filters(data: ReportData) -> Markup:
    days = sorted({one.game_date for one in data.predictions}, reverse=True)
    systems = sorted({one.system_id for one in data.predictions})
    return element(
        "div",
        element("input", id="filter-player", type="search", placeholder="Player or team", aria_label="Player or team"),
        _select("filter-date", "Date", [(f"{one}", day(one)) for one in days]),
        _select("filter-system", "System", [(one, one) for one in systems]),
        element("span", f"{len(data.predictions)} rows", id="filter-count", class_="meta", aria_live="polite"),
        class_="filters",
    )


def _select(name: str, label: str, options: Sequence[tuple[str, str]]) -> Markup:
    everything = element("option", f"All {label.lower()}s", value="")
    chosen = [element("option", text, value=value) for value, text in options]
    return element("select", everything, chosen, id=name, aria_label=label)


def _prediction_row(one: PredictionLine) -> Markup:
    game = f"{one.team_abbr} {'vs' if one.is_home else '@'} {one.opponent_team_abbr}"
    return element(
        "tr",
        element("td", day(one.game_date)),
        element("td", one.player_name, class_="strong"),
        element("td", game),
        element("td", element("code", one.system_id)),
        _numbers(number(one.predicted_points, 1), f"{number(one.low_pts, 0)} to {number(one.high_pts, 0)}"),
        _numbers(number(one.points_line, 1)),
        element("td", one.bookmaker or MISSING),
        _numbers(percent(one.prob_over)),
        element("td", one.recommendation),
        _numbers(count(one.actual_points)),
        element("td", _badge(one.outcome, one.outcome)),
        data_player=one.player_name,
        data_team=one.team_abbr,
        data_date=f"{one.game_date}",
        data_system=one.system_id,
    )


def _freshness_cell(cell: FreshnessCell | None) -> Markup:
    if cell is None:
        return element("span", MISSING, class_="cell")
    told = f"{cell.state}: {cell.cause}" if cell.cause else cell.state
    label = count(cell.rows) if cell.rows is not None else cell.state.lower()
    return element("span", label, class_=f"cell {_STATE_CLASS[cell.state]}", title=told)


def _conservation_row(one: Conservation) -> Markup:
    verdict = _badge("COMPLETE", "adds up") if one.holds else _badge("FAILED", "rows lost")
    figures = (one.documents, one.rows_in, one.rows_out, one.rows_rejected)
    cells = _numbers(*(count(figure) for figure in figures), verdict)
    return element("tr", element("td", element("code", one.name)), cells)


def _quarantine_row(one: QuarantineReason) -> Markup:
    sample = [element("code", shortened(one.sample_object))]
    if one.sample_field:
        sample += [element("br"), element("code", f"{one.sample_field} = {shortened(one.sample_value or '', 60)}")]
    if one.rule:
        sample += [element("br"), join(one.rule)]
    return element(
        "tr",
        element("td", _badge("LATE", one.code)),
        element("td", element("code", one.source)),
        _numbers(count(one.held)),
        element("td", instant(one.last_seen_at)),
        element("td", sample, class_="wrap"),
    )


def _execution_row(one: Execution, data: ReportData) -> Markup:
    end = one.ended_at or data.generated_at
    return element(
        "tr",
        element("td", element("code", one.workflow)),
        element("td", element("code", shortened(one.argument, 48))),
        element("td", _badge(one.state, one.state.lower())),
        element("td", instant(one.started_at)),
        _numbers(duration((end - one.started_at).total_seconds())),
        element("td", one.result, class_="wrap"),
        title=one.execution_id,
    )
