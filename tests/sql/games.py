"""Facts of one invented game, NYK at BOS, as landing rows."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

BOX_AT = "2025-01-16T03:30:00Z"
FIX_AT = "2025-01-17T15:00:00Z"


class Game:
    """A game of `day`; each stated player has made `twos` and `threes` of his shots and `fts` of his free throws."""

    def __init__(self, day: date, number: int) -> None:
        self.day = day
        self.nba_game_id = f"00224{number:05d}"
        self.game_id = f"{day:%Y%m%d}_NYK_BOS"
        self.tipoff_at = f"{day}T23:30:00Z"

    def document(self, observed_at: str, name: str | None = None, generation: int = 1) -> dict[str, Any]:
        """The bookkeeping columns of a document about this game."""
        return {
            "source_object": name or f"doc/{self.nba_game_id}/{observed_at}", "source_generation": generation,
            "parse_seq": 1, "observed_at": observed_at, "ingested_at": observed_at,
        }  # fmt: skip

    def identity(self) -> dict[str, Any]:
        """Game columns of a box row."""
        return {
            "nba_game_id": self.nba_game_id, "game_date": self.day, "game_id": self.game_id, "season_year": 2024,
            "season_type": "regular_season", "tipoff_at": self.tipoff_at,
        }  # fmt: skip

    def schedule(self) -> dict[str, Any]:
        """Its row in a schedule of the day before the season."""
        return {
            **self.document("2024-10-08T12:00:00Z", "schedule"), "nba_game_id": self.nba_game_id,
            "game_id": self.game_id, "game_date": self.day, "game_date_est": self.day, "season": "2024-25",
            "season_year": 2024, "season_type": "regular_season", "game_status": 1, "tipoff_at": self.tipoff_at,
            "home_team_tricode": "BOS", "away_team_tricode": "NYK", "is_regular_season": True,
        }  # fmt: skip

    def players(self, document: Mapping[str, Any], lines: Mapping[int, Mapping[str, int]]) -> Iterator[dict[str, Any]]:
        """Player rows; ids below 200 play for BOS, the others for NYK."""
        for player_id, line in lines.items():
            team, other = ("BOS", "NYK") if player_id < 200 else ("NYK", "BOS")
            yield {
                **document, **self.identity(), "team_abbr": team, "opponent_team_abbr": other, "is_home": team == "BOS",
                "player_id": player_id, "player_name": f"Player {player_id}", "player_lookup": f"player{player_id}",
                "starter": True, "played": True, "participation": "played", "seconds_tenths": 28800, "minutes": "48",
                **counts(line),
            }  # fmt: skip

    def teams(self, document: Mapping[str, Any], lines: Mapping[int, Mapping[str, int]]) -> Iterator[dict[str, Any]]:
        """Team rows: sums of the player rows, five players of 48 minutes."""
        sums = {team: _sums(team, lines) for team in ("BOS", "NYK")}
        for team, other in (("BOS", "NYK"), ("NYK", "BOS")):
            yield {
                **document, **self.identity(), "team_abbr": team, "opponent_team_abbr": other, "is_home": team == "BOS",
                "opponent_points": sums[other]["points"], "win_flag": sums[team]["points"] > sums[other]["points"],
                "overtime_periods": 0, "seconds_tenths": 144000, "minutes": "240", **sums[team],
            }  # fmt: skip

    def shot(
        self, document: Mapping[str, Any], number: int, player_id: int, zone: str, made: bool, *qualifiers: str
    ) -> dict[str, Any]:
        """One field-goal attempt of an all-actions play-by-play."""
        return {
            **document, "nba_game_id": self.nba_game_id, "game_date": self.day, "season_year": 2024,
            "season_type": "regular_season", "event_sequence": number, "period": 1, "clock_tenths": 7000 - number,
            "event_type": "3pt" if zone == "three" else "2pt", "shot_type": "3pt" if zone == "three" else "2pt",
            "team_abbr": "BOS" if player_id < 200 else "NYK", "player_id": player_id, "is_field_goal": True,
            "shot_made": made, "shot_zone": zone, "points_scored": made * (3 if zone == "three" else 2),
            "qualifiers": list(qualifiers), "coverage": "all_actions",
        }  # fmt: skip

    def quote(self, seen_at: str, player_id: int, line: str, book: str = "fanduel", over: int = -110) -> dict[str, Any]:
        """A two-sided points quote."""
        return {
            **self.document(seen_at), "odds_api_event_id": f"event{self.nba_game_id}", "snapshot_timestamp": seen_at,
            "commence_time": self.tipoff_at, "game_date": self.day, "home_team_abbr": "BOS", "away_team_abbr": "NYK",
            "capture_timestamp": seen_at, "bookmaker": book, "market_key": "player_points",
            "player_name": f"Player {player_id}", "player_lookup": f"player{player_id}", "line": line,
            "over_price_american": over, "over_price_decimal": decimal(over), "under_price_american": -110,
            "under_price_decimal": decimal(-110),
        }  # fmt: skip


def decimal(american: int) -> float:
    """Decimal odds."""
    return 1 + (american / 100 if american > 0 else 100 / -american)


def counts(line: Mapping[str, int]) -> dict[str, int]:
    """Box columns of `twos`, `threes`, `fts` made, and `misses` (two-pointers), `fta`, `tov`, `oreb`."""
    twos, threes, fts = line.get("twos", 0), line.get("threes", 0), line.get("fts", 0)
    return {
        "points": 2 * twos + 3 * threes + fts, "field_goals_made": twos + threes,
        "field_goals_attempted": twos + threes + line.get("misses", 0), "three_pointers_made": threes,
        "three_pointers_attempted": threes, "free_throws_made": fts,
        "free_throws_attempted": line.get("fta", fts), "turnovers": line.get("tov", 0),
        "offensive_rebounds": line.get("oreb", 0),
    }  # fmt: skip


def _sums(team: str, lines: Mapping[int, Mapping[str, int]]) -> dict[str, int]:
    mine = [counts(line) for player_id, line in lines.items() if (player_id < 200) == (team == "BOS")]
    return {name: sum(each[name] for each in mine) for name in mine[0]}
