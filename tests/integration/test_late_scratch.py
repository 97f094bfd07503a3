"""A late scratch: a star is ruled out half an hour before tip-off, and the game is predicted again within a minute.

By the machine's own clock, because functions that are told of a change ask what time it is: the league's last date is
today, and one of its games is moved to begin soon.
"""

import json
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from rich.console import Console

from tipoff.core.game_date import game_date_of
from tipoff.sources import object_name
from tipoff_ops.local.cloud import LocalMesh
from tipoff_ops.local.upload import Upload, Uploader
from tipoff_ops.run.runner import Runner
from tipoff_ops.run.scenario import Scenario
from tipoff_sim import SMALL, Document, Kind, League

SEED, TEAMS, DAYS = 77, 4, 12
LIMIT_S = 60.0
AHEAD = timedelta(minutes=31)
SYSTEM = "ensemble"

pytestmark = [pytest.mark.timeout(600), pytest.mark.slow]


class Predicted(msgspec.Struct, frozen=True):
    """A player's prediction that counts now."""

    player_id: int
    player_lookup: str
    player_full_name: str | None
    team_abbr: str
    predicted_points: float
    cutoff_at: datetime


class Outcome(msgspec.Struct, frozen=True):
    """How a player of the newest batch ended."""

    state: str
    reason: str | None


class Missing(msgspec.Struct, frozen=True):
    """A sum of minutes."""

    minutes: float


_MISSING = """
SELECT SUM(x.value) AS minutes
FROM nba_predictions.ml_feature_store_v2 AS f CROSS JOIN UNNEST(f.features) AS x
WHERE f.game_date = @day AND f.nba_game_id = @game AND f.team_abbr = @team AND x.name = 'team_out_minutes'
"""
_PREDICTED = """
SELECT p.player_id, p.player_lookup, c.player_full_name, p.team_abbr, p.predicted_points, p.cutoff_at
FROM nba_predictions.player_prop_predictions AS p
JOIN nba_analytics.upcoming_player_game_context AS c
  ON c.game_id = p.game_id AND c.player_id = p.player_id AND c.game_date = p.game_date
WHERE p.game_date = @day AND p.nba_game_id = @game AND p.system_id = @system AND p.is_active
ORDER BY p.predicted_points DESC, p.player_id
"""
_OUTCOME = """
SELECT o.state, o.reason FROM nba_predictions.prediction_outcomes AS o
WHERE o.game_date = @day AND o.nba_game_id = @game AND o.player_id = @player
"""


class Tonight:
    """A league whose last date is today; `game` begins at `tipoff_at`."""

    def __init__(self, mesh: LocalMesh) -> None:
        now = datetime.now(UTC).replace(second=0, microsecond=0)
        self.tipoff_at = now + AHEAD
        self.day: date = game_date_of(self.tipoff_at)
        self.season = League(SEED, TEAMS).season(self.day - timedelta(days=DAYS - 1), DAYS, SMALL)
        self.matchup = next(m for m in self.season.matchups if m.game.game_date == self.day)
        self.game = self.matchup.game.nba_game_id
        known = [d for d in self.season if d.observed_at < now]
        self.documents = tuple(self.moved(d) if d.kind is Kind.SCHEDULE else d for d in known)
        self.runner = Runner(mesh, Scenario("tonight", self.documents, (), False), Console(quiet=True))

    def moved(self, schedule: Document) -> Document:
        """The schedule with tonight's game at its new time."""
        body = json.loads(schedule.body)
        for day in body["leagueSchedule"]["gameDates"]:
            for game in day["games"]:
                if game["gameId"] == self.game:
                    local = self.tipoff_at.astimezone(ZoneInfo("America/New_York"))
                    game["gameDateTimeUTC"] = f"{self.tipoff_at:%Y-%m-%dT%H:%M:%SZ}"
                    game["gameTimeUTC"] = f"1900-01-01T{self.tipoff_at:%H:%M:%S}Z"
                    game["gameDateTimeEst"] = f"{self.day}T{local:%H:%M:%S}Z"
                    game["gameTimeEst"] = f"1900-01-01T{local:%H:%M:%S}Z"
        return Document(schedule.object_name, schedule.observed_at, json.dumps(body).encode(), schedule.kind)

    def predictions(self) -> list[Predicted]:
        parameters = {"day": self.day, "game": self.game, "system": SYSTEM}
        return self.runner.warehouse.rows(_PREDICTED, parameters, Predicted)

    def outcome(self, player_id: int) -> Outcome | None:
        parameters = {"day": self.day, "game": self.game, "player": player_id}
        found = self.runner.warehouse.rows(_OUTCOME, parameters, Outcome)
        return found[0] if found else None

    def missing_minutes(self, team_abbr: str) -> float:
        """What the team's features say of absent team-mates: their usual minutes, summed over the team's rows."""
        parameters = {"day": self.day, "game": self.game, "team": team_abbr}
        return self.runner.warehouse.rows(_MISSING, parameters, Missing)[0].minutes

    def scratch(self, star: Predicted, at: datetime) -> Upload:
        """The report of this minute: what the last one said of the date, and the star out."""
        body = self.last_report()
        team = next(s.team for s in (self.matchup.home, self.matchup.away) if s.team.tricode == star.team_abbr)
        assert star.player_full_name is not None
        first, _, last = star.player_full_name.partition(" ")
        body["records"] = [r for r in body["records"] if r["player"] != f"{last}, {first}"]
        body["records"].append({
            "game_date": str(self.day), "game_time_et": "19:30", "matchup": self.matchup.game.matchup,
            "team": team.full_name, "player": f"{last}, {first}", "status": "Out", "reason": "Injury/Illness - Ankle",
        })  # fmt: skip
        local = at.astimezone(ZoneInfo("America/New_York"))
        body["metadata"] |= {"report_time_et": local.isoformat(), "report_time_utc": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
        name = object_name(Kind.INJURY_REPORT, date=local.date(), ts=at)
        return Upload(name, json.dumps(body).encode())

    def last_report(self) -> Any:
        return json.loads([d for d in self.documents if d.kind is Kind.INJURY_REPORT][-1].body)


@pytest.fixture(scope="module")
def tonight(mesh: LocalMesh) -> Tonight:
    """Everything known so far has landed, and the day's own batch is predicted."""
    found = Tonight(mesh)
    Uploader(mesh).upload([Upload(d.object_name, d.body) for d in found.documents], lambda _: None)
    Uploader(mesh).wait()
    as_of = datetime.now(UTC).isoformat()
    found.runner._execute("daily", {"game_date": str(found.day), "as_of": as_of, "lead_minutes": 60})
    return found


def test_a_late_scratch_is_predicted_again_within_a_minute(mesh: LocalMesh, tonight: Tonight) -> None:
    before = tonight.predictions()
    star = next(p for p in before if p.player_full_name)  # a debutant has none yet
    missing = tonight.missing_minutes(star.team_abbr)
    scratch = tonight.scratch(star, datetime.now(UTC).replace(microsecond=0))
    landed = time.monotonic()
    Uploader(mesh).upload([scratch], lambda _: None)
    while (seen := tonight.outcome(star.player_id)) is None or seen.reason != "ruled_out":
        assert time.monotonic() - landed < LIMIT_S, seen
        time.sleep(0.2)
    mates = {p.player_id: p for p in before if p.team_abbr == star.team_abbr and p.player_id != star.player_id}
    while not (again := _newer(tonight.predictions(), mates)):
        assert time.monotonic() - landed < LIMIT_S
        time.sleep(0.2)
    print(f"\npredicted again {time.monotonic() - landed:.1f} s after the report landed")
    assert set(again) == set(mates)
    assert tonight.missing_minutes(star.team_abbr) > missing


def _newer(now: list[Predicted], before: dict[int, Predicted]) -> dict[int, Predicted]:
    """The team-mates' predictions, once every one has a later cutoff than it had."""
    found = {p.player_id: p for p in now if p.player_id in before and p.cutoff_at > before[p.player_id].cutoff_at}
    return found if len(found) == len(before) else {}
