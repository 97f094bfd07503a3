"""Every window is hit by the timetables and the tick of mesh.yaml. Over a whole real season, no game is without its
closing snapshot or its final box score, no date has an injury report too few, and idle dates ask for little."""

import os
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from tests.collect.documents import DAY, GAME, OTHER
from tipoff import sources
from tipoff.core.collect.completeness import CommittedGame, missing_games
from tipoff.core.collect.model import Game
from tipoff.core.collect.windows import BEFORE_FIRST, Due, Window, closing_tick, due, tick_of
from tipoff.core.expected import GameDay, deadline_of
from tipoff.core.game_date import EASTERN
from tipoff.core.timetable import Entry, Timetable, timetable
from tipoff.steps.tick import entries_due
from tipoff_local import mesh as meshes
from tipoff_local.scheduler.jobs import due as firings
from tipoff_ops.local.declared import scheduled_jobs
from tipoff_sim import SMALL, League

ROOT = Path(__file__).parents[2]
CORPUS = Path(os.environ.get("TIPOFF_CORPUS", ROOT.parent / "shared" / "corpus")) / "landing-2024-25.zip"
QUOTED = tuple(name for name, window in sources.WINDOWS.items() if window is Window.BEFORE_GAMES)
FINALS = tuple(name for name, window in sources.WINDOWS.items() if window is Window.AFTER_GAMES)
PLAYED_AFTER = timedelta(minutes=150)
NAMES = meshes.resolve(meshes.load(ROOT / "terraform" / "mesh.yaml"), "p", "1", "dev")
JOBS = [job for job in scheduled_jobs(NAMES) if job.name.startswith("tick")]


def games_of_document(name: str, body: bytes) -> list[Game]:
    rows = sources.read(name, body, None, datetime.now(UTC)).tables[0].rows
    return [
        Game(row.nba_game_id, row.game_date, row.season, row.away_team_tricode, row.home_team_tricode, row.tipoff_at)  # type: ignore[attr-defined]
        for row in rows
    ]


def real_season() -> list[Game]:
    """The schedule after the last game of 2024-25: with the Cup, the breaks, both changes of the clock."""
    if not CORPUS.is_file():
        pytest.skip("the corpus is not there: set TIPOFF_CORPUS")
    name = "nba-com/schedule/2024-25/20250623T120000Z.json"
    with zipfile.ZipFile(CORPUS) as corpus:
        return games_of_document(name, corpus.read(name))


def simulated_season() -> list[Game]:
    """Three weeks around the end of daylight saving."""
    documents = [one for one in League(5).season(date(2024, 10, 25), 14, SMALL) if "/schedule/" in one.object_name]
    return games_of_document(documents[0].object_name, documents[0].body)


@dataclass
class Kept:
    """What a season's ticks have collected."""

    closing: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    quoted: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    finals: dict[str, datetime] = field(default_factory=dict)
    injuries: dict[date, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    started: dict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list))


def ticks(first: datetime, last: datetime) -> Iterator[datetime]:
    """Firings of mesh.yaml's tick, in order."""
    return (firing.at for firing in firings(JOBS, dict.fromkeys([job.name for job in JOBS], first), last))


def entries(by_date: Mapping[date, list[Game]], first: datetime, last: datetime) -> Iterator[Entry]:
    """What the ticks start by the timetables of their dates."""
    tables: dict[date, Timetable] = {}
    started: set[str] = set()
    for at in ticks(first, last):
        today = at.astimezone(EASTERN).date()
        if today not in tables:
            around = [*by_date[today - timedelta(days=1)], *by_date[today]]
            tables[today] = timetable(today, around, sources.WINDOWS, sources.EXPECTED_OUTPUTS)
        for entry in entries_due(tables[today], at):
            if entry.key not in started:
                started.add(entry.key)
                yield entry


def played(games: list[Game]) -> Kept:
    """Let the schedules of mesh.yaml run over the season."""
    kept, by_date = Kept(), defaultdict(list)
    for game in games:
        by_date[game.game_date].append(game)
    tips = [game.tipoff_at for game in games if game.tipoff_at]
    for entry in entries(by_date, min(tips) - timedelta(days=1), max(tips) + timedelta(days=1)):
        kept.started[entry.workflow].append(entry)
        around = [*by_date[entry.game_date - timedelta(days=1)], *by_date[entry.game_date]]
        standing = [replace(game, is_final=game.nba_game_id in kept.finals) for game in around]
        if entry.workflow == "postgame":
            _finals(kept, by_date[entry.game_date], entry.at)
        elif entry.workflow == "collect":
            for one in due(sources.WINDOWS, standing, entry.at):
                _collected(kept, one, standing, entry.at)
    return kept


def _collected(kept: Kept, one: Due, games: list[Game], at: datetime) -> None:
    wanted = [
        game for game in games if game.game_date == one.game_date and (not one.games or game.nba_game_id in one.games)
    ]
    if one.source == "nbac_injury_report_pdf":
        kept.injuries[one.game_date].append(at)
    if one.source == "nbac_boxscore":
        _finals(kept, wanted, at)
    if one.source == QUOTED[1]:
        for game in wanted:
            if game.tipoff_at and at < game.tipoff_at:
                kept.quoted[game.nba_game_id].append(at)


def _finals(kept: Kept, games: list[Game], at: datetime) -> None:
    for game in games:
        if game.tipoff_at and at - game.tipoff_at >= PLAYED_AFTER:
            kept.finals.setdefault(game.nba_game_id, at)


@pytest.mark.parametrize("season", [real_season, simulated_season])
def test_every_window_of_a_season_is_hit(season: object) -> None:
    games = season()  # type: ignore[operator]
    assert len(games) > (1300 if season is real_season else 50)
    kept = played(games)
    for game in games:
        before = [game.tipoff_at - at for at in kept.quoted[game.nba_game_id]]
        assert timedelta(minutes=5) <= min(before) < timedelta(minutes=10), f"no closing snapshot of {game}"
        assert max(before) >= BEFORE_FIRST - timedelta(minutes=30), f"the lines of {game} begin too late"
        assert game.nba_game_id in kept.finals, f"no final box score of {game}"
        assert kept.finals[game.nba_game_id] - game.tipoff_at < timedelta(hours=20)
        start = datetime.combine(game.game_date, time(9, 35), EASTERN)
        hours = int((game.tipoff_at - start) / timedelta(hours=1))
        assert len([at for at in kept.injuries[game.game_date] if at < game.tipoff_at]) >= hours
    assert_days_are_run(games, kept)


def assert_days_are_run(games: list[Game], kept: Kept) -> None:
    """Each game is predicted and graded on time, each output is looked at when it is due, and idle dates do little."""
    dailies, postgames, reconciled = (
        {(entry.game_date, entry.at) for entry in kept.started[name]} for name in ("daily", "postgame", "reconcile")
    )
    for game in games:
        tip = game.tipoff_at or datetime.max.replace(tzinfo=UTC)
        before = [tip - at for day, at in dailies if day == game.game_date and at < tip]
        assert before and min(before) <= timedelta(hours=2), f"no daily shortly before {game}"
        after = [at - tip for day, at in postgames if day == game.game_date]
        assert max(after) >= timedelta(hours=8), f"no postgame after {game}"
    played = {game.game_date for game in games}
    assert {day for day, _ in dailies | postgames} <= played
    for day in played:
        tips = [game.tipoff_at for game in games if game.game_date == day and game.tipoff_at]
        of_day = GameDay(day, len(tips), 0, min(tips), max(tips), True, True)
        for output in sources.EXPECTED_OUTPUTS:
            deadline = deadline_of(of_day, output)
            assert any(timedelta(0) <= at - deadline <= timedelta(minutes=5) for _, at in reconciled), (day, output)
    idle = {entry.game_date for entry in kept.started["reconcile"]} - {
        day + timedelta(days=n) for day in played for n in (0, 1)
    }
    for day in idle:
        of_idle = Counter(
            entry.workflow for found in kept.started.values() for entry in found if entry.game_date == day
        )
        assert of_idle == {"collect": 2, "reconcile": 2}, (day, of_idle)


def test_tip_offs_on_the_grid_are_closed_exactly_five_minutes_before() -> None:
    tip = datetime(2024, 11, 3, 0, 40, tzinfo=UTC)
    assert tip - closing_tick(tip) == timedelta(minutes=5)
    assert tip - closing_tick(tip + timedelta(minutes=1)) == timedelta(minutes=5)
    assert tick_of(tip + timedelta(minutes=4, seconds=59)) == tip


def at(hour: int, minute: int = 0, day: int = 2) -> datetime:
    return datetime(2024, 11, day, hour, minute, tzinfo=UTC)


def windows(now: datetime, *games: Game) -> list[tuple[str, str]]:
    return [(one.source, one.window) for one in due(sources.WINDOWS, games, now)]


def test_a_date_without_games_asks_for_the_schedule_only() -> None:
    found = [windows(at(0) + timedelta(minutes=5 * tick)) for tick in range(288)]
    assert [one for one in found if one] == [[("nbac_schedule", "morning")]] * 2


def test_a_closing_snapshot_is_of_the_games_that_close() -> None:
    late = replace(OTHER, tipoff_at=at(23, 45))
    (lines, props) = due(sources.WINDOWS, [GAME, late], at(22, 5))
    assert (lines.games, props.games) == ((GAME.nba_game_id,), (GAME.nba_game_id,))
    assert [one.source for one in (lines, props)] == list(QUOTED)


def test_nothing_is_asked_of_a_game_that_is_postponed_or_over() -> None:
    off, over = replace(GAME, is_postponed=True), replace(GAME, is_final=True)
    assert windows(at(22, 5), off) == []
    assert windows(at(1, 30, day=3), GAME) == [(source, "finals") for source in FINALS]
    assert windows(at(1, 30, day=3), over) == []
    assert windows(at(1, 30, day=3), off) == []


def test_completeness_is_judged_against_the_schedule() -> None:
    games = (GAME, OTHER, replace(GAME, nba_game_id="0022400199", is_postponed=True))
    committed = (CommittedGame(GAME.nba_game_id, frozenset({"nbac_boxscore"})),)
    assert missing_games("nbac_boxscore", games, committed) == (OTHER.nba_game_id,)
    assert missing_games("nbac_play_by_play", games, committed) == (GAME.nba_game_id, OTHER.nba_game_id)
    assert GAME.game_date == DAY
