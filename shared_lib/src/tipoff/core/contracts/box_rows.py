"""Rows of the two box-score tables."""

from datetime import date, datetime
from decimal import Decimal

from tipoff.core.contracts.results import Row


class TeamRow(Row, frozen=True, gc=False, kw_only=True):
    """A row of nbac_team_boxscore."""

    nba_game_id: str
    game_date: date
    game_id: str
    season_year: int
    season_type: str
    tipoff_at: datetime | None
    team_id: int
    team_abbr: str
    opponent_team_id: int
    opponent_team_abbr: str
    is_home: bool
    opponent_points: int
    win_flag: bool
    overtime_periods: int
    seconds_tenths: int
    minutes: Decimal
    points: int
    field_goals_made: int
    field_goals_attempted: int
    three_pointers_made: int
    three_pointers_attempted: int
    free_throws_made: int
    free_throws_attempted: int
    offensive_rebounds: int
    defensive_rebounds: int
    total_rebounds: int
    assists: int
    steals: int
    blocks: int
    turnovers: int
    personal_fouls: int
    points_in_paint: int | None
    fast_break_points: int | None
    second_chance_points: int | None
    team_rebounds: int | None
    team_turnovers: int | None


class PlayerRow(Row, frozen=True, gc=False, kw_only=True):
    """A row of nbac_player_boxscores."""

    nba_game_id: str
    game_date: date
    game_id: str
    season_year: int
    season_type: str
    tipoff_at: datetime | None
    team_id: int
    team_abbr: str
    opponent_team_id: int
    opponent_team_abbr: str
    is_home: bool
    player_id: int
    player_name: str
    player_lookup: str
    starter: bool
    played: bool
    participation: str
    status: str | None
    not_playing_reason: str | None
    not_playing_description: str | None
    position: str | None
    seconds_tenths: int
    minutes: Decimal
    points: int
    field_goals_made: int
    field_goals_attempted: int
    three_pointers_made: int
    three_pointers_attempted: int
    free_throws_made: int
    free_throws_attempted: int
    offensive_rebounds: int
    defensive_rebounds: int
    total_rebounds: int
    assists: int
    steals: int
    blocks: int
    turnovers: int
    personal_fouls: int
    plus_minus: int | None
    points_in_paint: int | None
