"""Why a game is in its state."""

import re
from datetime import date, datetime

import msgspec

from tipoff.cloud.bigquery import Warehouse
from tipoff.core.game_date import EASTERN
from tipoff.core.teams import TEAMS, by_code
from tipoff_ops.operate.explain.dates import explain_date
from tipoff_ops.operate.explain.explanation import Explanation
from tipoff_ops.queries import load

NOT_A_LETTER = re.compile(r"[^a-z0-9]+")


class GameOnDate(msgspec.Struct, frozen=True):
    """One game with counts of its candidates and grades."""

    game_id: str
    nba_game_id: str
    game_date: date
    home_team_abbr: str
    away_team_abbr: str
    tipoff_at: datetime | None
    postponed: bool
    candidates: int
    predicted: int
    skipped: int
    missing: int
    graded: int
    voided: int
    home_pts: int | None
    away_pts: int | None


def game_named(warehouse: Warehouse, day: date, name: str) -> GameOnDate | None:
    """The game of a date that a team (tricode, city or nickname), two teams or an id name; None if none does."""
    games = warehouse.rows(load(__file__, "games_on_date"), {"game_date": day}, GameOnDate)
    wanted = name.strip()
    by_id = [game for game in games if wanted.upper() in (game.game_id, game.nba_game_id)]
    teams = teams_named(wanted)
    matching = by_id or [game for game in games if teams and teams <= {game.home_team_abbr, game.away_team_abbr}]
    return matching[0] if len(matching) == 1 else None


def teams_named(name: str) -> frozenset[str]:
    """The tricodes of the teams in a text such as `LAL`, `LAL@BOS`, `lakers` or `golden state`.

    Empty if a word is no team.

    A word that is also a player's name, e.g. `magic`, is a team only if it is the whole text.
    """
    whole = _key(name)
    for team in TEAMS:
        if whole in (_key(team.city), _key(team.nickname), _key(team.full_name)):
            return frozenset({team.tricode})
    words = [word for word in NOT_A_LETTER.split(name.lower().replace("vs", " ")) if word]
    codes = [by_code(word.upper()) for word in words]
    return frozenset(team.tricode for team in codes if team) if codes and all(codes) else frozenset()


def explain_game(warehouse: Warehouse, game: GameOnDate, now: datetime) -> Explanation:
    """Explain the state of a game; what it lacks is explained by its date."""
    tipoff = f"{game.tipoff_at.astimezone(EASTERN):%H:%M} Eastern" if game.tipoff_at else "no tip-off time"
    subject = f"{game.away_team_abbr}@{game.home_team_abbr} on {game.game_date}"
    told = (f"{game.game_id}, {game.nba_game_id}, {tipoff}", *_counts(game))
    if game.postponed:
        return Explanation(subject, "EMPTY_OK", "the newest schedule has it postponed", told)
    if game.predicted and not game.missing and (game.graded or game.home_pts is None):
        cause = "predicted and graded" if game.graded else "predicted; no final box score is known yet"
        return Explanation(subject, "COMPLETE", cause, told)
    of_date = explain_date(warehouse, game.game_date, now)
    return Explanation(subject, of_date.state, of_date.cause, (*told, *of_date.told), of_date.command)


def _counts(game: GameOnDate) -> tuple[str, ...]:
    slate = f"{game.candidates} candidates: {game.predicted} predicted, {game.skipped} skipped, {game.missing} missing"
    if game.home_pts is None:
        return (slate,)
    score = f"final {game.away_team_abbr} {game.away_pts}, {game.home_team_abbr} {game.home_pts}"
    return (slate, f"{score}; {game.graded} grades, {game.voided} of them void")


def _key(text: str) -> str:
    return NOT_A_LETTER.sub("", text.lower())
