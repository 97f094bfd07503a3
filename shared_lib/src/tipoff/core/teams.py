"""The thirty NBA teams: id, tricode, city, nickname, and the other spellings that sources use."""

import re
import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Team:
    """One NBA franchise.

    Attributes:
        team_id: NBA.com team id.
        tricode: NBA.com three-letter code, the key everywhere in Tipoff.
        city: as NBA.com prints it.
        nickname: as NBA.com prints it.
    """

    team_id: int
    tricode: str
    city: str
    nickname: str

    @property
    def full_name(self) -> str:
        """City and nickname, e.g. `LA Clippers`."""
        return f"{self.city} {self.nickname}"


TEAMS: tuple[Team, ...] = (
    Team(1610612737, "ATL", "Atlanta", "Hawks"),
    Team(1610612738, "BOS", "Boston", "Celtics"),
    Team(1610612739, "CLE", "Cleveland", "Cavaliers"),
    Team(1610612740, "NOP", "New Orleans", "Pelicans"),
    Team(1610612741, "CHI", "Chicago", "Bulls"),
    Team(1610612742, "DAL", "Dallas", "Mavericks"),
    Team(1610612743, "DEN", "Denver", "Nuggets"),
    Team(1610612744, "GSW", "Golden State", "Warriors"),
    Team(1610612745, "HOU", "Houston", "Rockets"),
    Team(1610612746, "LAC", "LA", "Clippers"),
    Team(1610612747, "LAL", "Los Angeles", "Lakers"),
    Team(1610612748, "MIA", "Miami", "Heat"),
    Team(1610612749, "MIL", "Milwaukee", "Bucks"),
    Team(1610612750, "MIN", "Minnesota", "Timberwolves"),
    Team(1610612751, "BKN", "Brooklyn", "Nets"),
    Team(1610612752, "NYK", "New York", "Knicks"),
    Team(1610612753, "ORL", "Orlando", "Magic"),
    Team(1610612754, "IND", "Indiana", "Pacers"),
    Team(1610612755, "PHI", "Philadelphia", "76ers"),
    Team(1610612756, "PHX", "Phoenix", "Suns"),
    Team(1610612757, "POR", "Portland", "Trail Blazers"),
    Team(1610612758, "SAC", "Sacramento", "Kings"),
    Team(1610612759, "SAS", "San Antonio", "Spurs"),
    Team(1610612760, "OKC", "Oklahoma City", "Thunder"),
    Team(1610612761, "TOR", "Toronto", "Raptors"),
    Team(1610612762, "UTA", "Utah", "Jazz"),
    Team(1610612763, "MEM", "Memphis", "Grizzlies"),
    Team(1610612764, "WAS", "Washington", "Wizards"),
    Team(1610612765, "DET", "Detroit", "Pistons"),
    Team(1610612766, "CHA", "Charlotte", "Hornets"),
)

TRICODE_VARIANTS: dict[str, str] = {
    "BRK": "BKN",
    "PHO": "PHX",
    "CHO": "CHA",
    "GS": "GSW",
    "NO": "NOP",
    "NOR": "NOP",
    "NY": "NYK",
    "SA": "SAS",
    "UTAH": "UTA",
    "WSH": "WAS",
}

NAME_VARIANTS: dict[str, str] = {"Los Angeles Clippers": "LAC", "LA Lakers": "LAL"}


def _key(name: str) -> str:
    folded = unicodedata.normalize("NFD", name).casefold()
    return re.sub(r"[^a-z0-9]", "", folded)


BY_TRICODE: dict[str, Team] = {team.tricode: team for team in TEAMS}
BY_ID: dict[int, Team] = {team.team_id: team for team in TEAMS}
_BY_NAME: dict[str, Team] = {_key(team.full_name): team for team in TEAMS} | {
    _key(name): BY_TRICODE[code] for name, code in NAME_VARIANTS.items()
}
_BY_USUAL_NAME: dict[str, Team] = {team.full_name: team for team in TEAMS}
_BY_CODE: dict[str, Team] = BY_TRICODE | {variant: BY_TRICODE[code] for variant, code in TRICODE_VARIANTS.items()}


def by_full_name(name: str) -> Team | None:
    """The team with this full name, ignoring case, spaces and marks; None for another name."""
    return _BY_USUAL_NAME.get(name) or _BY_NAME.get(_key(name))


def by_code(code: str) -> Team | None:
    """The team with this tricode or known variant; None for another code."""
    return _BY_CODE.get(code)


def is_same_team(team_id: int, tricode: str) -> bool:
    """True if id and tricode belong to the same NBA team."""
    team = BY_TRICODE.get(tricode)
    return team is not None and team.team_id == team_id
