"""The JSON structure of the sources, as far as landing documents have it; one struct for each object."""

from msgspec import UNSET, Struct, UnsetType, field


class Meta(Struct, rename="camel"):
    """Envelope of NBA documents; schedules have no `code`."""

    version: int
    request: str
    time: str
    code: int | UnsetType = UNSET


class ScheduleTeam(Struct, rename="camel"):
    """A side of a scheduled game; `score` is 0 before the game is played."""

    team_id: int
    team_name: str
    team_city: str
    team_tricode: str
    team_slug: str
    score: int


class ScheduleGame(Struct, rename="camel"):
    """A scheduled game; the `...Est` instants are Eastern wall time with a wrong `Z`, as in the real source."""

    game_id: str
    game_code: str
    game_status: int
    game_status_text: str
    game_date_est: str
    game_time_est: str
    game_date_time_est: str
    day: str
    month_num: int
    postponed_status: str
    home_team: ScheduleTeam
    away_team: ScheduleTeam
    game_time_utc: str = field(name="gameTimeUTC")
    game_date_time_utc: str = field(name="gameDateTimeUTC")


class ScheduleDate(Struct, rename="camel"):
    """All games of one date (`MM/DD/YYYY 00:00:00`)."""

    game_date: str
    games: list[ScheduleGame]


class LeagueSchedule(Struct, rename="camel"):
    """A season's games."""

    season_year: str
    league_id: str
    game_dates: list[ScheduleDate]


class ScheduleDocument(Struct, rename="camel"):
    """`scheduleLeagueV2`."""

    meta: Meta
    league_schedule: LeagueSchedule


class PlayerStatistics(Struct, rename="camel"):
    """A player's line of a box score; `minutes` is an ISO duration."""

    assists: int
    blocks: int
    field_goals_attempted: int
    field_goals_made: int
    fouls_personal: int
    free_throws_attempted: int
    free_throws_made: int
    points: int
    minutes: str
    plus_minus_points: float
    points_in_the_paint: int
    rebounds_defensive: int
    rebounds_offensive: int
    rebounds_total: int
    steals: int
    three_pointers_attempted: int
    three_pointers_made: int
    turnovers: int
    two_pointers_attempted: int
    two_pointers_made: int


class BoxPlayer(Struct, rename="camel"):
    """A player of a box score; flags are the texts "0" and "1"."""

    status: str
    person_id: int
    starter: str
    played: str
    statistics: PlayerStatistics
    name: str
    not_playing_reason: str | UnsetType = UNSET
    not_playing_description: str | UnsetType = UNSET


class TeamStatistics(Struct, rename="camel", omit_defaults=True):
    """Sums over a team's players; without a game all fields are absent."""

    assists: int = -1
    blocks: int = -1
    field_goals_attempted: int = -1
    field_goals_made: int = -1
    fouls_personal: int = -1
    free_throws_attempted: int = -1
    free_throws_made: int = -1
    minutes: str = ""
    points: int = -1
    points_against: int = -1
    points_in_the_paint: int = -1
    points_in_the_paint_attempted: int = -1
    points_in_the_paint_made: int = -1
    rebounds_defensive: int = -1
    rebounds_offensive: int = -1
    rebounds_personal: int = -1
    steals: int = -1
    three_pointers_attempted: int = -1
    three_pointers_made: int = -1
    turnovers: int = -1
    two_pointers_attempted: int = -1
    two_pointers_made: int = -1


class BoxTeam(Struct, rename="camel"):
    """A side of a box score."""

    team_id: int
    team_name: str
    team_city: str
    team_tricode: str
    score: int
    players: list[BoxPlayer]
    statistics: TeamStatistics


class BoxGame(Struct, rename="camel"):
    """`gameStatus` 3 is final."""

    game_id: str
    game_et: str
    game_code: str
    game_status_text: str
    game_status: int
    regulation_periods: int
    period: int
    game_clock: str
    home_team: BoxTeam
    away_team: BoxTeam
    game_time_utc: str = field(name="gameTimeUTC")


class BoxDocument(Struct):
    """NBA live box score."""

    meta: Meta
    game: BoxGame


class Action(Struct, rename="camel"):
    """A shot, free throw or block of the play-by-play. Optional fields are absent, never null."""

    action_number: int
    order_number: int
    clock: str
    period: int
    period_type: str
    team_id: int
    team_tricode: str
    action_type: str
    qualifiers: list[str]
    person_id: int
    player_name: str
    score_home: str
    score_away: str
    is_field_goal: int
    shot_result: str | UnsetType = UNSET
    shot_distance: int | UnsetType = UNSET
    assist_person_id: int | UnsetType = UNSET


class ActionGame(Struct, rename="camel"):
    """The actions of one game in order."""

    game_id: str
    actions: list[Action]


class ActionDocument(Struct):
    """NBA live play-by-play."""

    meta: Meta
    game: ActionGame


class ReportMetadata(Struct):
    """Header of an injury report."""

    report_time_et: str
    report_time_utc: str
    source: str
    coverage: str
    time_basis: str
    file: str
    pages: int


class ReportRecord(Struct):
    """A listed player."""

    game_date: str
    game_time_et: str
    matchup: str
    team: str
    player: str
    status: str
    reason: str


class ReportGap(Struct):
    """A team that has not submitted yet."""

    game_date: str
    matchup: str
    team: str


class ReportDocument(Struct):
    """A whole injury report, after parsing."""

    metadata: ReportMetadata
    records: list[ReportRecord]
    not_yet_submitted: list[ReportGap]


class Outcome(Struct):
    """One side of a quote; in player markets `description` is the player."""

    name: str
    price: int
    description: str | UnsetType = UNSET
    point: float | UnsetType = UNSET


class Market(Struct):
    """One market of one book."""

    key: str
    last_update: str
    outcomes: list[Outcome]


class Bookmaker(Struct):
    """One book; event odds have no `last_update`."""

    key: str
    title: str
    markets: list[Market]
    last_update: str | UnsetType = UNSET


class Event(Struct):
    """An event of The Odds API; event lists have no `bookmakers`."""

    id: str
    sport_key: str
    sport_title: str
    commence_time: str
    home_team: str
    away_team: str
    bookmakers: list[Bookmaker] | UnsetType = UNSET


class EventsEnvelope(Struct):
    """Historical response with a list of events."""

    timestamp: str
    previous_timestamp: str
    next_timestamp: str
    data: list[Event]


class EventEnvelope(Struct):
    """Historical response with one event."""

    timestamp: str
    previous_timestamp: str
    next_timestamp: str
    data: Event
