"""Possessions and ratings of a season's games, worked out from the box-score documents without any of our SQL.

The formulas are those of docs/domain.md#games: possessions = FGA + 0.44 FTA + TOV - OREB of a team's players,
rating = 100 points / possessions, pace = 48 possessions / (team minutes / 5), team minutes as the document says.
"""

import json
import re
import zipfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

_NAME = re.compile(r"nba-com/boxscores/(\d{4}-\d\d-\d\d)/(\d{10})/\w+\.json")


@dataclass(frozen=True)
class TeamGame:
    """One side of a game; minutes are the team's (240 without overtime)."""

    points: int
    possessions: float
    minutes: float

    @property
    def rating(self) -> float:
        """Points per 100 possessions."""
        return 100 * self.points / self.possessions

    @property
    def pace(self) -> float:
        """Possessions per 48 minutes."""
        return 48 * self.possessions / (self.minutes / 5)


def team_games(season: Path, first: date, last: date) -> dict[tuple[str, str], TeamGame]:
    """(NBA game id, tricode) -> what the newest document of each game of the dates says."""
    found = {}
    with zipfile.ZipFile(season) as archive:
        for name in sorted(archive.namelist()):
            matched = _NAME.fullmatch(name)
            if matched and first <= date.fromisoformat(matched[1]) <= last:
                game = json.loads(archive.read(name))["game"]
                for side in (game["homeTeam"], game["awayTeam"]):
                    found[game["gameId"], side["teamTricode"]] = _of(side)
    return found


def _of(side: dict[str, Any]) -> TeamGame:
    lines = [player["statistics"] for player in side["players"]]

    def total(name: str) -> int:
        return sum(line[name] for line in lines)

    return TeamGame(
        points=total("points"),
        possessions=total("fieldGoalsAttempted") + 0.44 * total("freeThrowsAttempted") + total("turnovers")
        - total("reboundsOffensive"),
        minutes=_minutes(side["statistics"]["minutes"]),
    )  # fmt: skip


def _minutes(text: str) -> float:
    matched = re.fullmatch(r"PT(\d+)M(?:([\d.]+)S)?", text)
    assert matched, text
    return int(matched[1]) + float(matched[2] or 0) / 60
