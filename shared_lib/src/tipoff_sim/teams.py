"""The teams. They are the real ones; everything else of the league is invented."""

from tipoff.core.teams import TEAMS as REAL_TEAMS
from tipoff.core.teams import Team

__all__ = ["TEAMS", "Team", "odds_name", "slug"]

TEAMS: tuple[Team, ...] = tuple(sorted(REAL_TEAMS, key=lambda team: team.tricode))


def odds_name(team: Team) -> str:
    """City and nickname as the odds source writes them, which differs for one team."""
    return "Los Angeles Clippers" if team.tricode == "LAC" else team.full_name


def slug(team: Team) -> str:
    """The schedule's `teamSlug`."""
    return team.nickname.lower().replace(" ", "")
