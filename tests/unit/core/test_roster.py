"""What a roster of the league becomes, and what refuses it. The document is made by hand, in its public shape."""

import json
from typing import Any

import pytest

from tipoff import sources
from tipoff.core import teams
from tipoff.core.codes import Reason
from tipoff.sources import nbac_roster

NAME = "nba-com/rosters/2025-10-20/20251020T150000Z.json"
# https://github.com/swar/nba_api/blob/master/docs/nba_api/stats/endpoints/playerindex.md
HEADERS = [
    "PERSON_ID", "PLAYER_LAST_NAME", "PLAYER_FIRST_NAME", "PLAYER_SLUG", "TEAM_ID", "TEAM_SLUG", "IS_DEFUNCT",
    "TEAM_CITY", "TEAM_NAME", "TEAM_ABBREVIATION", "JERSEY_NUMBER", "POSITION", "HEIGHT", "WEIGHT", "COLLEGE",
    "COUNTRY", "DRAFT_YEAR", "DRAFT_ROUND", "DRAFT_NUMBER", "ROSTER_STATUS", "PTS", "REB", "AST", "STATS_TIMEFRAME",
    "FROM_YEAR", "TO_YEAR",
]  # fmt: skip


def player(person: int, team: teams.Team | None, **changed: Any) -> list[Any]:
    known = {
        "PERSON_ID": person, "PLAYER_LAST_NAME": f"Last{chr(97 + person % 26)}", "PLAYER_FIRST_NAME": "First",
        "TEAM_ID": team.team_id if team else 0, "TEAM_ABBREVIATION": team.tricode if team else None, "POSITION": "G-F",
        "DRAFT_YEAR": 2025, "DRAFT_NUMBER": None, "ROSTER_STATUS": 1, "FROM_YEAR": "2025", "TO_YEAR": "2025",
    } | changed  # fmt: skip
    return [known.get(name) for name in HEADERS]


def league(*more: list[Any], of_a_team: int = 5) -> bytes:
    everybody = [
        player(100 * place + number, team)
        for place, team in enumerate(teams.BY_TRICODE.values(), start=1)
        for number in range(of_a_team)
    ]
    table = {"name": "PlayerIndex", "headers": HEADERS, "rowSet": [*everybody, *more]}
    return json.dumps({"resource": "playerindex", "parameters": {}, "resultSets": [table]}).encode()


def test_a_roster_gives_a_row_per_player_with_and_without_a_team() -> None:
    rookie = player(
        1642843, teams.BY_TRICODE["DAL"], PLAYER_LAST_NAME="Flagg", PLAYER_FIRST_NAME="Cooper", DRAFT_NUMBER=1
    )
    free = player(9, None, DRAFT_YEAR="Undrafted", FROM_YEAR="2019", POSITION="")
    found = sources.read(NAME, league(rookie, free))
    assert found.rows_out == 5 * 30 + 2
    rows = {row.player_id: row for row in found.tables[0].rows if isinstance(row, nbac_roster.RosterRow)}
    first = rows[1642843]
    assert (first.player_lookup, first.team_abbr, first.draft_number, first.position) == (
        "cooperflagg",
        "DAL",
        1,
        "G-F",
    )
    assert (rows[9].team_abbr, rows[9].draft_year, rows[9].position, rows[9].first_season_year) == (
        None,
        None,
        None,
        2019,
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (league(of_a_team=4), Reason.SCHEMA),  # a part of the league would take the others off their teams
        (league(player(100, teams.BY_TRICODE["BOS"])), Reason.DUPLICATE_KEY),
        (league(player(7, None, TEAM_ID=5, TEAM_ABBREVIATION="SEA")), Reason.UNKNOWN_TEAM),
        (league(player(7, None, PLAYER_LAST_NAME="", PLAYER_FIRST_NAME="")), Reason.SCHEMA),
        (b'{"resultSets": []}', Reason.SCHEMA),
    ],
)
def test_what_is_no_whole_roster_is_refused(body: bytes, reason: Reason) -> None:
    assert sources.read(NAME, body).reason is reason
