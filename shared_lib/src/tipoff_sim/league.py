"""The league: seasons of one seed, as source documents in the order in which they could be observed.

    for document in League(seed=7).season(date(2025, 10, 21), game_days=31):
        upload(document.object_name, document.body)

`Season.truth` has what the documents do not show: who is out, and each player's exact expected points.
"""

from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from random import Random

from tipoff_sim.calendar import Game, eastern
from tipoff_sim.document import Document, Kind
from tipoff_sim.injury_reports import injury_report, is_shown, report_instants
from tipoff_sim.market import BOOKS, Book
from tipoff_sim.nba_games import boxscore, play_by_play
from tipoff_sim.nba_schedule import schedule, season_name
from tipoff_sim.odds_documents import events, game_lines, player_props
from tipoff_sim.world import Matchup, PlayerTruth, matchups, truths

ALL_KINDS = frozenset(Kind)
_EVENTS_AT = (7, 55)
_IN_PLAY_SHARE = 0.06
_IN_PLAY_AFTER = timedelta(minutes=35)


@dataclass(frozen=True, slots=True)
class Volume:
    """How many snapshots the sources have, besides the morning's game lines.

    Attributes:
        lines_before_tipoff, props_before_tipoff: whole minutes, largest first.
        report_every: 1 for each hourly report, n for every nth; the last one of the day is always included.
        books: the bookmakers that quote player points; a book with a ladder quotes nine lines a player.
    """

    lines_before_tipoff: tuple[int, ...] = (240, 75)
    props_before_tipoff: tuple[int, ...] = (300, 90, 20)
    report_every: int = 1
    books: tuple[Book, ...] = BOOKS


FULL = Volume()
SMALL = Volume(lines_before_tipoff=(75,), props_before_tipoff=(90,), report_every=3)


@dataclass(frozen=True)
class Season:
    """The simulated games. Iterating renders the documents lazily, day by day, with the same bytes every time.

    Attributes:
        matchups: all fixtures with sides and results, in order of (tip-off, id).
    """

    seed: int
    start_date: date
    matchups: tuple[Matchup, ...]
    volume: Volume = field(default=FULL)

    def __iter__(self) -> Iterator[Document]:
        return self.documents()

    def documents(self, kinds: Container[Kind] = ALL_KINDS) -> Iterator[Document]:
        """Documents of the wanted kinds in order of (observed_at, object_name)."""
        if Kind.SCHEDULE in kinds:
            yield schedule(self.name, self.matchups, self.matchups[0].game.known_from)
        for offset in range(-1, (self.end_date - self.start_date).days + 2):
            day = self.start_date + timedelta(days=offset)
            found = [one for one in self._of_day(day, kinds) if one.kind in kinds]
            yield from sorted(found, key=lambda one: (one.observed_at, one.object_name))

    @property
    def name(self) -> str:
        """`2025-26`."""
        return season_name(self.start_date)

    @property
    def end_date(self) -> date:
        """Eastern date of the last game."""
        return max(one.game.game_date for one in self.matchups)

    @property
    def game_dates(self) -> tuple[date, ...]:
        """Dates with at least one game that was played, in order."""
        return tuple(sorted({one.game.game_date for one in self.matchups if one.result}))

    @cached_property
    def truth(self) -> dict[tuple[str, int], PlayerTruth]:
        """The truth about every roster player of every played game, by (nba_game_id, player_id)."""
        return {(row.nba_game_id, row.player.player_id): row for one in self.matchups for row in truths(one)}

    def out(self, nba_game_id: str) -> frozenset[int]:
        """Ids of the players on the rosters of a game who were not fit to play."""
        return frozenset(
            player for (game, player), row in self.truth.items() if game == nba_game_id and not row.health.plays
        )

    def _of_day(self, day: date, kinds: Container[Kind]) -> Iterator[Document]:
        """The documents observed from 06:00 Eastern of a day to 06:00 of the next."""
        near = tuple(one for one in self.matchups if day <= one.game.game_date <= day + timedelta(days=1))
        today = [one for one in near if one.game.game_date == day]
        if Kind.SCHEDULE in kinds:
            yield from (schedule(self.name, self.matchups, at) for at in self._schedule_instants(day, today))
        if Kind.INJURY_REPORT in kinds:
            yield from self._reports(day, near)
        if Kind.EVENTS in kinds and today:
            yield events(self.seed, day, [one.game for one in today], eastern(day, *_EVENTS_AT))
        for one in today:
            yield from self._of_game(one, kinds)

    def _schedule_instants(self, day: date, today: list[Matchup]) -> Iterator[datetime]:
        """Mondays, the instants after a game is postponed or rescheduled, and the morning after the last game."""
        if day.weekday() == 0 or day == self.end_date + timedelta(days=1):
            yield eastern(day, 6)
        if any(one.game.known_from.date() == day for one in self.matchups):
            yield eastern(day, 12, 5)
        yield from (one.game.called_off_at + timedelta(minutes=5) for one in today if one.game.is_postponed)

    def _reports(self, day: date, near: tuple[Matchup, ...]) -> Iterator[Document]:
        instants = report_instants(day, (one.game for one in near))
        for at in instants[:: -self.volume.report_every][::-1]:
            yield injury_report(at, tuple(one for one in near if is_shown(one.game, at)))

    def _of_game(self, one: Matchup, kinds: Container[Kind]) -> Iterator[Document]:
        if Kind.BOXSCORE in kinds:
            yield boxscore(one)
        if Kind.PLAY_BY_PLAY in kinds and one.result:
            yield play_by_play(one, one.result)
        if Kind.GAME_LINES in kinds:
            yield from (game_lines(self.seed, one, at) for at in self._line_instants(one.game))
        if Kind.PLAYER_PROPS in kinds:
            yield from (player_props(self.seed, one, at, self.volume.books) for at in self._prop_instants(one.game))

    def _line_instants(self, game: Game) -> Iterator[datetime]:
        yield eastern(game.game_date, *_EVENTS_AT)
        yield from _before(game, self.volume.lines_before_tipoff)

    def _prop_instants(self, game: Game) -> Iterator[datetime]:
        """Some instants before tip-off, and for a few games one after it."""
        yield from _before(game, self.volume.props_before_tipoff)
        rng = Random(f"in-play/{self.seed}/{game.nba_game_id}")
        if rng.random() < _IN_PLAY_SHARE and not game.is_postponed:
            yield game.tipoff_at + _IN_PLAY_AFTER


class League:
    """A league of invented players on the real teams (the first `teams` of them, at least two)."""

    def __init__(self, seed: int, teams: int = 30) -> None:
        self.seed = seed
        self.teams = teams

    def season(self, start_date: date, game_days: int, volume: Volume = FULL) -> Season:
        """Simulate `game_days` dates with games, from `start_date` on. Players keep their identity over seasons."""
        return Season(self.seed, start_date, matchups(self.seed, start_date, game_days, self.teams), volume)


def _before(game: Game, minutes: tuple[int, ...]) -> Iterator[datetime]:
    """Instants before tip-off; none after the game was postponed."""
    for one in minutes:
        at = game.tipoff_at - timedelta(minutes=one)
        if not (game.is_postponed and game.called_off_at <= at):
            yield at
