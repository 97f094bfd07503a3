"""The league's roster of stats.nba.com (`playerindex`): every player with his team and position. Atomic.

It names players before their first box score, and their new team before their first game for it. Endpoint, parameters
and headers: https://github.com/swar/nba_api/blob/master/docs/nba_api/stats/endpoints/playerindex.md
"""

from datetime import date

import msgspec

from tipoff.core import ids, teams
from tipoff.core.codes import Reason
from tipoff.core.collect.collection import Collection, Stage
from tipoff.core.collect.judging import judge_list
from tipoff.core.collect.model import Judgement, SourceRequest, Target, Verdict
from tipoff.core.collect.nba_cdn import JSON, NBA_SITE
from tipoff.core.contracts.decoding import Int
from tipoff.core.contracts.nba_result_sets import Document, table, typed_rows
from tipoff.core.contracts.results import Content, DocumentRefused, Row, TableRows
from tipoff.core.contracts.routes import Route, Template
from tipoff.core.source import Source
from tipoff.sources.nbac_gamelog import HOST

OBJECT_NAME = Template("nba-com/rosters/{date}/{ts}.json")
RESULT_SET = "PlayerIndex"
NO_TEAM = 0
FEWEST_PLAYERS_OF_A_TEAM = 5  # a league with fewer is a part of one, and would take players off their teams


class Player(msgspec.Struct, frozen=True, gc=False):
    """A row of the index. Team id 0 or null is a player without a team."""

    PERSON_ID: Int
    PLAYER_LAST_NAME: str
    PLAYER_FIRST_NAME: str | None = None
    TEAM_ID: Int | None = None
    TEAM_ABBREVIATION: str | None = None
    POSITION: str | None = None
    DRAFT_YEAR: Int | str | None = None
    DRAFT_NUMBER: Int | str | None = None
    FROM_YEAR: Int | str | None = None


class RosterRow(Row, frozen=True, gc=False, kw_only=True):
    """A row of nbac_roster."""

    roster_date: date
    player_id: int
    player_name: str
    player_lookup: str
    team_abbr: str | None
    position: str | None
    draft_year: int | None
    draft_number: int | None
    first_season_year: int | None


def parse(route: Route, body: bytes) -> Content:
    """Rows of nbac_roster: every player of the index.

    Raises:
        DocumentRefused: schema if teams are missing, duplicate_key, unknown_team, or any code of an atomic document.
    """
    if route.captured_at is None or route.day is None:
        raise ValueError("the name carries a date and an instant")
    rows = tuple(_row(player, route.day) for player in typed_rows(table(body, RESULT_SET), Player))
    if len({row.player_id for row in rows}) < len(rows):
        raise DocumentRefused(Reason.DUPLICATE_KEY, "a player is listed once", "PERSON_ID")
    _check_whole(rows)
    return Content((TableRows("nbac_roster", rows),), route.captured_at)


def _row(player: Player, day: date) -> RosterRow:
    name = f"{player.PLAYER_FIRST_NAME or ''} {player.PLAYER_LAST_NAME}".strip()
    lookup = ids.player_lookup(name)
    if not lookup:
        raise DocumentRefused(Reason.SCHEMA, "a player has a name", "PLAYER_LAST_NAME", player.PERSON_ID)
    return RosterRow(
        roster_date=day,
        player_id=player.PERSON_ID,
        player_name=name,
        player_lookup=lookup,
        team_abbr=_team(player),
        position=player.POSITION or None,
        draft_year=_number(player.DRAFT_YEAR),
        draft_number=_number(player.DRAFT_NUMBER),
        first_season_year=_number(player.FROM_YEAR),
    )


def _team(player: Player) -> str | None:
    if not player.TEAM_ID:
        return None
    code = player.TEAM_ABBREVIATION or ""
    if code not in teams.BY_TRICODE or not teams.is_same_team(player.TEAM_ID, code):
        raise DocumentRefused(Reason.UNKNOWN_TEAM, "a team is one of the league's", "TEAM_ABBREVIATION", code)
    return code


def _number(value: int | str | None) -> int | None:
    """The source prints years and picks as numbers or as text; "Undrafted" and blanks are none."""
    text = str(value or "").strip()
    return int(text) if text.isdecimal() else None


def _check_whole(rows: tuple[RosterRow, ...]) -> None:
    """A part of a roster would read as a league whose other players have no team."""
    counts = dict.fromkeys(teams.BY_TRICODE, 0)
    for row in rows:
        if row.team_abbr is not None:
            counts[row.team_abbr] += 1
    short = [code for code, count in counts.items() if count < FEWEST_PLAYERS_OF_A_TEAM]
    if short:
        raise DocumentRefused(Reason.SCHEMA, "a roster holds every team", "TEAM_ABBREVIATION", ", ".join(short))


def requests(target: Target) -> tuple[SourceRequest, ...]:
    """The roster of the season, as it is now."""
    params = (("Historical", "0"), ("LeagueID", "00"), ("Season", target.games[0].season), ("TeamID", "0"))
    return (
        SourceRequest(
            source="nbac_roster",
            host=HOST,
            path="/stats/playerindex",
            identity=f"nbac_roster/{target.day}",
            day=target.day,
            judge=judge,
            template=OBJECT_NAME,
            name_fields={"date": target.day},
            params=params,
            headers=(JSON, *NBA_SITE, ("x-nba-stats-origin", "stats"), ("x-nba-stats-token", "true")),
        ),
    )


def judge(request: SourceRequest, body: bytes) -> Judgement:
    """An index must have its result set, with the headers of player and team."""
    tables = msgspec.json.decode(body, type=Document).resultSets
    index = next((one for one in tables if one.name == RESULT_SET), None)
    if index is None or not {"PERSON_ID", "TEAM_ABBREVIATION"} <= set(index.headers):
        return Judgement(Verdict.MOVED_SCHEMA, "no PlayerIndex with its headers")
    return judge_list(request, len(index.rowSet))


SOURCE = Source(
    name="nbac_roster",
    object_names=(OBJECT_NAME,),
    parse=parse,
    parse_seq=1,
    collection=Collection(host=HOST, first_requests=requests, stages={"daily": Stage(2, max_age_minutes=240)}),
)
