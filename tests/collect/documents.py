"""Small documents of each source, and the games of a date that they belong to."""

import json
from datetime import UTC, date, datetime
from typing import Any

from tipoff.core.collect.model import Game

DAY = date(2024, 11, 2)
GAME = Game("0022400141", DAY, "2024-25", "BOS", "CHA", datetime(2024, 11, 2, 22, 10, tzinfo=UTC))
OTHER = Game("0022400142", DAY, "2024-25", "MEM", "PHI", datetime(2024, 11, 2, 23, 40, tzinfo=UTC))
EVENT_ID = "b6a441be8a8bfbc98f81f10fc9871242"


def box(game_id: str = GAME.nba_game_id, status: int = 3, text: str = "Final") -> bytes:
    game = {"gameId": game_id, "gameStatus": status, "gameStatusText": text, "homeTeam": {}, "awayTeam": {}}
    return encoded({"meta": {}, "game": game})


def plays(*marks: tuple[str, str], game_id: str = GAME.nba_game_id) -> bytes:
    actions = [{"actionType": kind, "subType": sub} for kind, sub in marks]
    return encoded({"meta": {}, "game": {"gameId": game_id, "actions": actions}})


def event(event_id: str = EVENT_ID, commence: str = "2024-11-02T22:10:00Z", **more: Any) -> dict[str, Any]:
    head = {"id": event_id, "sport_key": "basketball_nba", "sport_title": "NBA", "commence_time": commence}
    return head | {"home_team": "Charlotte Hornets", "away_team": "Boston Celtics"} | more


def gamelog(rows: int) -> bytes:
    log = {"name": "LeagueGameLog", "headers": ["GAME_ID", "PLAYER_ID", "PTS"], "rowSet": [["1", 2, 3]] * rows}
    return encoded({"resource": "leaguegamelog", "resultSets": [log]})


def encoded(tree: object) -> bytes:
    return json.dumps(tree).encode()
