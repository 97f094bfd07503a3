"""Plausible data for the page, from a simulated league: what tests render, and what a person may look at."""

from datetime import UTC, date, datetime, timedelta
from math import erf
from random import Random
from statistics import mean

from tipoff.site import (
    CalibrationBin,
    Conservation,
    DateSummary,
    Execution,
    FreshnessCell,
    PredictionLine,
    QuarantineReason,
    ReportData,
    SystemScore,
    TableFreshness,
)
from tipoff_sim import Kind, League, PlayerTruth, Season

SYSTEMS = {"ensemble_v1": 1.0, "moving_average": 2.2}
NOW = datetime(2025, 11, 6, 12, 30, tzinfo=UTC)
TABLES = ("player_game_summary", "upcoming_player_game_context", "player_daily_cache", "ml_feature_store_v2")


def report(days: int = 12, shown: int = 3) -> ReportData:
    """A page over `days` dates, predictions of the last `shown`; the newest date is still open."""
    season = League(seed=7).season(date(2025, 10, 21), days)
    dates = season.game_dates
    lines = [line for row in season.truth.values() if row.mean_pts is not None for line in _lines(row, season)]
    lines = [_open(line) if line.game_date == dates[-1] else line for line in lines]
    lines.sort(key=lambda line: (line.game_date, -line.predicted_points, line.player_name, line.system_id))
    return ReportData(
        project="tipoff-local",
        environment="dev",
        release="9f2c41d07ab35e88",
        generated_at=NOW,
        statement="No edge over the market is shown.",
        dates=tuple(_date(day, lines, season) for day in dates),
        overall=tuple(_score(system, lines, interval=(-0.04, 0.11)) for system in SYSTEMS),
        freshness=tuple(_freshness(table, dates) for table in TABLES),
        conservation=_conservation(),
        quarantine=_quarantine(),
        executions=tuple(_executions(dates[-shown:])),
        calibration=tuple(_calibration(lines)),
        predictions=tuple(line for line in lines if line.game_date in dates[-shown:]),
    )


def _lines(row: PlayerTruth, season: Season) -> list[PredictionLine]:
    rng = Random(f"{row.nba_game_id}/{row.player.player_id}")
    game = next(one.game for one in season.matchups if one.game.nba_game_id == row.nba_game_id)
    expected, is_home = row.mean_pts or 0.0, game.home.tricode == row.tricode
    has_line = expected > 7
    line = round(2 * (expected - 0.8 + rng.gauss(0, 0.6))) / 2 if has_line else None
    return [
        _line(
            row, system, expected + rng.gauss(0, spread), line, is_home, (game.away if is_home else game.home).tricode
        )
        for system, spread in SYSTEMS.items()
    ]


def _line(
    row: PlayerTruth, system: str, median: float, line: float | None, is_home: bool, opponent: str
) -> PredictionLine:
    median = max(median, 0.5)
    spread = (3.5 * median) ** 0.5
    over = None if line is None else 0.5 * (1 + erf((median - line) / spread / 2**0.5))
    points = row.points or 0
    advice = "NO_LINE" if over is None else "OVER" if over > 0.58 else "UNDER" if over < 0.42 else "PASS"
    outcome = (
        "pass" if advice in ("NO_LINE", "PASS") else "win" if (points > (line or 0)) == (advice == "OVER") else "loss"
    )
    return PredictionLine(
        game_date=row.game_date,
        player_name=row.player.name.full,
        team_abbr=row.tricode,
        opponent_team_abbr=opponent,
        is_home=is_home,
        system_id=system,
        predicted_points=median,
        low_pts=max(median - 1.28 * spread, 0),
        high_pts=median + 1.28 * spread,
        points_line=line,
        bookmaker=None if line is None else "draftkings",
        prob_over=over,
        recommendation=advice,
        actual_points=points,
        outcome="push" if points == line and outcome != "pass" else outcome,  # type: ignore[arg-type]
    )


def _open(line: PredictionLine) -> PredictionLine:
    fields = {name: getattr(line, name) for name in PredictionLine.__slots__}
    return PredictionLine(**{**fields, "actual_points": None, "outcome": "open"})


def _date(day: date, lines: list[PredictionLine], season: Season) -> DateSummary:
    today = [line for line in lines if line.game_date == day]
    graded = any(line.actual_points is not None for line in today)
    return DateSummary(
        game_date=day,
        games=sum(1 for one in season.matchups if one.game.game_date == day),
        slate_players=len(today) // 2 + 9,
        predictions=len(today),
        skipped=9,
        voids=4 if graded else 0,
        scores=tuple(_score(system, today) for system in SYSTEMS) if graded else (),
    )


def _score(system: str, lines: list[PredictionLine], interval: tuple[float, float] | None = None) -> SystemScore:
    rows = [line for line in lines if line.system_id == system and line.actual_points is not None]
    listed = [line for line in rows if line.points_line is not None]
    here = mean(abs(line.predicted_points - (line.actual_points or 0)) for line in listed)
    market = mean(abs((line.points_line or 0) - (line.actual_points or 0)) for line in listed)
    results = [line.outcome for line in rows]
    return SystemScore(
        system_id=system,
        graded=len(rows),
        mae_pts=mean(abs(line.predicted_points - (line.actual_points or 0)) for line in rows),
        bias_pts=mean(line.predicted_points - (line.actual_points or 0) for line in rows),
        line_rows=len(listed),
        mae_line_rows_pts=here,
        line_mae_pts=market,
        wins=results.count("win"),
        losses=results.count("loss"),
        pushes=results.count("push"),
        passes=results.count("pass"),
        profit_units=results.count("win") * 0.91 - results.count("loss"),
        mae_difference_pts=here - market if interval else None,
        interval_pts=(here - market + interval[0], here - market + interval[1]) if interval else None,
    )


def _freshness(table: str, dates: tuple[date, ...]) -> TableFreshness:
    cells = [FreshnessCell(day, "COMPLETE", 96 + (day.day * 37) % 90) for day in dates]
    cells[-1] = FreshnessCell(dates[-1], "EXPECTED", None)
    if table == "player_daily_cache":
        cells[-3] = FreshnessCell(dates[-3], "DEGRADED", 41, "box score of 0022500071 is missing")
    if table == "ml_feature_store_v2":
        cells[-3] = FreshnessCell(dates[-3], "FAILED", 0, "check null_share: usage_spike_score")
    return TableFreshness(table, tuple(cells))


def _conservation() -> tuple[Conservation, ...]:
    rows = ((Kind.BOXSCORE, 93, 2604, 0), (Kind.PLAYER_PROPS, 281, 48113, 12), (Kind.INJURY_REPORT, 131, 15210, 0))
    return tuple(Conservation(kind, documents, rows + bad, rows, bad) for kind, documents, rows, bad in rows)


def _quarantine() -> tuple[QuarantineReason, ...]:
    name = "nba-com/boxscores/2025-10-27/0022500044/20251028T023000Z.json"
    return (
        QuarantineReason(
            "bad_line", "odds_api_player_props", 12, NOW - timedelta(hours=5), name.replace("com/boxscores", "x"),
            "$.bookmakers[1].markets[0].outcomes[3].point", "-4.5", "a line is between 0.5 and 99.5",
        ),
        QuarantineReason("unknown_source", "unknown", 1, NOW - timedelta(days=2), "../<script>alert(1)</script>.json"),
    )  # fmt: skip


def _executions(dates: tuple[date, ...]) -> list[Execution]:
    found = []
    for place, day in enumerate(dates):
        start = NOW - timedelta(days=len(dates) - place - 1, hours=11)
        last = place == len(dates) - 1
        found.append(Execution("daily", f"d{place}", "SUCCEEDED", start, start + timedelta(minutes=41), f"{day}", "ok"))
        failed = place == 0
        after = start + timedelta(hours=9)
        found.append(
            Execution(
                "postgame",
                f"p{place}",
                "ACTIVE" if last else "FAILED" if failed else "SUCCEEDED",
                after,
                None if last else after + timedelta(minutes=12, seconds=8),
                f"{day}",
                "" if last else "grade: NOT_READY, box score missing" if failed else "ok",
            )
        )
    return found


def _calibration(lines: list[PredictionLine]) -> list[CalibrationBin]:
    bins = []
    for system in SYSTEMS:
        rows = [line for line in lines if line.system_id == system and line.actual_points is not None]
        said = sorted(
            (line.prob_over, (line.actual_points or 0) > (line.points_line or 0))
            for line in rows
            if line.prob_over is not None
        )
        size = len(said) // 10
        for place in range(10):
            part = said[place * size : (place + 1) * size]
            bins.append(CalibrationBin(system, mean(p for p, _ in part), mean(o for _, o in part), len(part)))
    return bins
