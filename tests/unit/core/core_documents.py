"""Small documents of our own making, one per source: consistent, so that a test breaks exactly one thing."""

from typing import Any

type Json = dict[str, Any]

BOX_NAME = "nba-com/boxscores/2024-01-24/0022300619/20240125T033000Z.json"
PBP_NAME = "nba-com/play-by-play/2024-01-24/0022300619/20240125T033000Z.json"
SCHEDULE_NAME = "nba-com/schedule/2023-24/20231010T120000Z.json"
SCOREBOARD_NAME = "nba-com/scoreboard/2024-01-24/20240125T010000Z.json"
INJURY_NAME = "nba-com/injury-report/2024-01-24/20240124T223000Z.json"
EVENT_ID = "0123456789abcdef0123456789abcdef"
EVENTS_NAME = "odds-api/events/2024-01-24/20240124T120000Z.json"
LINES_NAME = f"odds-api/game-lines/2024-01-24/{EVENT_ID}-CHADET/20240124T160000Z.json"
PROPS_NAME = f"odds-api/player-props/2024-01-24/{EVENT_ID}-CHADET/20240124T160000Z.json"
GAMELOG_NAME = "nba-com/player-boxscores/2024-01-24/20240125T120000Z.json"
SHOTS_NAME = "nba-com/shot-chart/2024-01-24/0022300619/20240125T120000Z.json"
BDL_NAME = "ball-dont-lie/boxscores/2024-01-24/20240125T120000Z.json"
DET, CHA = 1610612765, 1610612766


def stats(made: int, threes: int, free: int, minutes: str) -> Json:
    """A player who missed one of everything he made."""
    return {
        "points": 2 * made + threes + free,
        "fieldGoalsMade": made,
        "fieldGoalsAttempted": made + 1,
        "threePointersMade": threes,
        "threePointersAttempted": threes + 1,
        "freeThrowsMade": free,
        "freeThrowsAttempted": free,
        "reboundsOffensive": 1,
        "reboundsDefensive": 2,
        "reboundsTotal": 3,
        "assists": 2,
        "steals": 1,
        "blocks": 0,
        "turnovers": 1,
        "foulsPersonal": 2,
        "minutes": minutes,
    }


def side(team_id: int, tricode: str, first_id: int, extra: int, against: int) -> Json:
    """A team of five starters who play the whole game, one reserve who sits; `extra` free throws for the first."""
    players: list[Json] = [
        {
            "status": "ACTIVE",
            "personId": first_id + n,
            "starter": "1",
            "played": "1",
            "name": f"Player {'ABCDE'[n]} {tricode}",
            "statistics": stats(8, 2, 4 + (extra if n == 0 else 0), "PT48M00.00S"),
        }
        for n in range(5)
    ]
    team: Json = {key: sum(one["statistics"][key] for one in players) for key in stats(1, 0, 0, "") if key != "minutes"}
    reserve: Json = {
        "status": "INACTIVE",
        "notPlayingReason": "INACTIVE_INJURY",
        "personId": first_id + 9,
        "starter": "0",
        "played": "0",
        "name": f"Reserve {tricode}",
        "statistics": {**dict.fromkeys(stats(1, 0, 0, ""), 0), "minutes": "PT00M00.00S"},
    }
    return {
        "teamId": team_id,
        "teamTricode": tricode,
        "score": team["points"],
        "statistics": {**team, "minutes": "PT240M00.00S", "pointsAgainst": against},
        "players": [*players, reserve],
    }


def box() -> Json:
    """A final CHA at DET, 110:111, tip-off 2024-01-25T00:00Z."""
    return {
        "meta": {"version": 1},
        "game": {
            "gameId": "0022300619",
            "gameCode": "20240124/CHADET",
            "gameStatus": 3,
            "gameTimeUTC": "2024-01-25T00:00:00Z",
            "homeTeam": side(DET, "DET", 100, 1, 110),
            "awayTeam": side(CHA, "CHA", 200, 0, 111),
        },
    }


def play_by_play() -> Json:
    """Four actions out of order, one of them a made paint shot with an assist."""
    shot = {
        "actionNumber": 7,
        "orderNumber": 70,
        "clock": "PT11M42.00S",
        "period": 1,
        "teamTricode": "DET",
        "actionType": "2pt",
        "qualifiers": ["pointsinthepaint"],
        "personId": 100,
        "isFieldGoal": 1,
        "shotResult": "Made",
        "assistPersonId": 101,
        "scoreHome": "2",
        "scoreAway": "0",
    }
    three = {
        **shot,
        "actionNumber": 9,
        "orderNumber": 90,
        "actionType": "3pt",
        "qualifiers": [],
        "shotResult": "Missed",
    }
    mid = {**shot, "actionNumber": 8, "orderNumber": 80, "teamTricode": "CHA", "qualifiers": [], "personId": 200}
    foul = {"actionNumber": 10, "orderNumber": 60, "clock": "PT11M50.00S", "period": 1, "actionType": "foul"}
    return {"game": {"gameId": "0022300619", "actions": [shot, three, mid, foul]}}


def whole_action() -> Json:
    """An action with a value of its own in every field that is read."""
    return {
        "actionNumber": 7,
        "orderNumber": 70,
        "clock": "PT11M42.00S",
        "period": 2,
        "teamId": DET,
        "teamTricode": "DET",
        "actionType": "2pt",
        "subType": "Layup",
        "qualifiers": ["pointsinthepaint", "fastbreak"],
        "personId": 100,
        "playerName": "Cunningham",
        "assistPersonId": 101,
        "blockPersonId": 102,
        "foulDrawnPersonId": 103,
        "isFieldGoal": 1,
        "shotResult": "Made",
        "shotDistance": 2.75,
        "x": 5.5,
        "y": 48.25,
        "scoreHome": "31",
        "scoreAway": "29",
        "timeActual": "2024-01-25T00:40:01Z",
        "edited": "2024-01-25T00:45:02Z",
        "description": "Cunningham layup",
    }


def schedule() -> Json:
    """Two games: the final one of `box`, and one still to come."""

    def game(game_id: str, day: str, utc: str, status: int, home: Json, away: Json) -> Json:
        return {
            "gameId": game_id,
            "gameCode": f"{day.replace('-', '')}/{away['teamTricode']}{home['teamTricode']}",
            "gameStatus": status,
            "gameDateEst": f"{day}T00:00:00Z",
            "gameDateTimeUTC": utc,
            "homeTeam": home,
            "awayTeam": away,
        }

    det: Json = {"teamId": DET, "teamTricode": "DET", "teamCity": "Detroit", "teamName": "Pistons", "score": 111}
    cha: Json = {"teamId": CHA, "teamTricode": "CHA", "teamCity": "Charlotte", "teamName": "Hornets", "score": 110}
    first = game("0022300619", "2024-01-24", "2024-01-25T00:00:00Z", 3, det, cha)
    second = game("0022300700", "2024-02-05", "2024-02-06T00:00:00Z", 1, {**cha, "score": 0}, {**det, "score": 0})
    days = [
        {"gameDate": "01/24/2024 00:00:00", "games": [first]},
        {"gameDate": "02/05/2024 00:00:00", "games": [second]},
    ]
    return {"leagueSchedule": {"seasonYear": "2023-24", "leagueId": "00", "gameDates": days}}


def scoreboard_side(tricode: str) -> Json:
    """One side of the board."""
    if tricode == "DET":
        return {"teamId": DET, "teamTricode": "DET", "score": 50, "wins": 5, "losses": 38}
    return {"teamId": CHA, "teamTricode": "CHA", "score": 48, "wins": 10, "losses": 32}


def scoreboard() -> Json:
    """The game of `box`, running."""
    home, away = scoreboard_side("DET"), scoreboard_side("CHA")
    game = {
        "gameId": "0022300619",
        "gameStatus": 2,
        "period": 2,
        "gameTimeUTC": "2024-01-25T00:00:00Z",
        "homeTeam": home,
        "awayTeam": away,
    }
    return {"scoreboard": {"gameDate": "2024-01-24", "games": [game]}}


def injury_report() -> Json:
    """One listing, one silent team."""
    record = {
        "game_date": "2024-01-24",
        "game_time_et": "19:00",
        "matchup": "CHA@DET",
        "team": "Detroit Pistons",
        "player": "Porter Jr., Michael",
        "status": "Out",
        "reason": "Injury/Illness - Left Knee; Surgery",
    }
    silent = {"game_date": "2024-01-25", "matchup": "CHA@DET", "team": "Charlotte Hornets"}
    meta = {"report_time_utc": "2024-01-24T22:30:00Z", "coverage": "all_statuses", "time_basis": "pdf_header"}
    return {"metadata": meta, "records": [record], "not_yet_submitted": [silent]}


def event() -> Json:
    """CHA at DET without quotes."""
    return {
        "id": EVENT_ID,
        "sport_key": "basketball_nba",
        "sport_title": "NBA",
        "commence_time": "2024-01-25T00:10:00Z",
        "home_team": "Detroit Pistons",
        "away_team": "Charlotte Hornets",
    }


def events() -> Json:
    """A historical event list of one event."""
    return {"timestamp": "2024-01-24T11:55:39Z", "data": [event()]}


def _book(market: str, outcomes: list[Json]) -> Json:
    return {"key": "draftkings", "title": "DraftKings", "markets": [{"key": market, "outcomes": outcomes}]}


def lines() -> Json:
    """A historical document with one spread of both teams."""
    outcomes = [
        {"name": "Detroit Pistons", "price": -110, "point": -2.5},
        {"name": "Charlotte Hornets", "price": -110, "point": 2.5},
    ]
    return {"timestamp": "2024-01-24T15:55:39Z", "data": {**event(), "bookmakers": [_book("spreads", outcomes)]}}


def quote(name: str, player: str, point: float, price: float) -> Json:
    """One side of a player's line."""
    return {"name": name, "description": player, "price": price, "point": point}


def props() -> Json:
    """A live document: two players, both sides."""
    outcomes = [
        quote("Over", "Cade Cunningham", 23.5, -115),
        quote("Under", "Cade Cunningham", 23.5, -105),
        quote("Over", "LaMelo  Ball", 25.5, 100),
        quote("Under", "LaMelo Ball", 25.5, -130),
    ]
    return {**event(), "bookmakers": [_book("player_points", outcomes)]}


GAMELOG_NUMBERS = (
    "FGM",
    "FGA",
    "FG3M",
    "FG3A",
    "FTM",
    "FTA",
    "OREB",
    "DREB",
    "REB",
    "AST",
    "STL",
    "BLK",
    "TOV",
    "PF",
    "PTS",
    "PLUS_MINUS",
    "VIDEO_AVAILABLE",
)


def gamelog() -> Json:
    """A league game log of two players, columns in an order of their own."""
    headers = [
        "PLAYER_NAME",
        "PLAYER_ID",
        "TEAM_ID",
        "TEAM_ABBREVIATION",
        "GAME_ID",
        "GAME_DATE",
        "MATCHUP",
        "WL",
        "MIN",
        *GAMELOG_NUMBERS,
    ]
    line = [35, 8, 9, 2, 3, 4, 4, 1, 2, 3, 2, 1, 0, 1, 2, 22, 5, 1]
    rows = [
        ["Cade Cunningham", 1630595, DET, "DET", "0022300619", "2024-01-24", "DET vs. CHA", "W", *line],
        ["LaMelo Ball", 1630163, CHA, "CHA", "22300619", "2024-01-24", "CHA @ DET", "L", *line],
    ]
    return {"resource": "leaguegamelog", "resultSets": [{"name": "LeagueGameLog", "headers": headers, "rowSet": rows}]}


def shot_chart() -> Json:
    """A shot chart of one mid-range make."""
    row: Json = {
        "GRID_TYPE": "Shot Chart Detail",
        "GAME_ID": "0022300619",
        "GAME_EVENT_ID": 7,
        "PLAYER_ID": 1630595,
        "PLAYER_NAME": "Cade Cunningham",
        "TEAM_ID": DET,
        "PERIOD": 1,
        "MINUTES_REMAINING": 11,
        "SECONDS_REMAINING": 42,
        "ACTION_TYPE": "Jump Shot",
        "SHOT_TYPE": "2PT Field Goal",
        "SHOT_ZONE_BASIC": "Mid-Range",
        "SHOT_DISTANCE": 15,
        "LOC_X": -100,
        "LOC_Y": 110,
        "SHOT_MADE_FLAG": 1,
        "GAME_DATE": "20240124",
        "HTM": "DET",
        "VTM": "CHA",
    }
    result = {"name": "Shot_Chart_Detail", "headers": list(row), "rowSet": [list(row.values())]}
    return {"resource": "shotchartdetail", "resultSets": [result]}


def bdl() -> Json:
    """A finished game of the fallback source, one player a side and one who did not play."""

    def line(player_id: int, name: str, minutes: str, points: int) -> Json:
        person = {"id": player_id, "first_name": name.split()[0], "last_name": name.split()[1]}
        numbers = {"fgm": points // 2, "fga": points, "fg3m": 0, "fg3a": 0, "ftm": 0, "fta": 0, "pts": points}
        return {"min": minutes, "player": person, **numbers, "oreb": 0, "dreb": 0, "reb": 0}

    game = {
        "date": "2024-01-24",
        "season": 2023,
        "status": "Final",
        "home_team_score": 20,
        "visitor_team_score": 18,
        "home_team": {
            "abbreviation": "DET",
            "players": [line(1, "Cade Cunningham", "35", 20), line(2, "Marcus Sasser", "00", 0)],
        },
        "visitor_team": {"abbreviation": "CHO", "players": [line(3, "LaMelo Ball", "36", 18)]},
    }
    return {"data": [game]}


ALL: dict[str, Json] = {
    BOX_NAME: box(),
    PBP_NAME: play_by_play(),
    SCHEDULE_NAME: schedule(),
    SCOREBOARD_NAME: scoreboard(),
    INJURY_NAME: injury_report(),
    EVENTS_NAME: events(),
    LINES_NAME: lines(),
    PROPS_NAME: props(),
    GAMELOG_NAME: gamelog(),
    SHOTS_NAME: shot_chart(),
    BDL_NAME: bdl(),
}
