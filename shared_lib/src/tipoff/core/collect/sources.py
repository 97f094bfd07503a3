"""The outside sources: hosts with their manners, and what a collector of each needs."""

from dataclasses import dataclass

ODDS_KEY = "odds_api"
BALLDONTLIE_KEY = "balldontlie"


@dataclass(frozen=True, slots=True)
class Host:
    """A server outside: its name and the least number of seconds between two requests to it."""

    name: str
    min_interval_s: float


@dataclass(frozen=True, slots=True)
class Source:
    """A source that can be collected.

    Attributes:
        name: the contract's source of its documents.
        host: which server is asked first.
        secret: name of the key it needs, or None.
        is_required: a workflow stops without it; the others degrade and are reported.
        needs_games: it is asked only on dates that have games.
        fallbacks: sources on other hosts that are asked, in order, when it has failed for good.
    """

    name: str
    host: Host
    secret: str | None = None
    is_required: bool = False
    needs_games: bool = True
    fallbacks: tuple[str, ...] = ()


CDN = Host("cdn.nba.com", 0.25)
STATS = Host("stats.nba.com", 2.0)
OFFICIAL = Host("official.nba.com", 1.0)
REPORTS = Host("ak-static.cms.nba.com", 0.5)
ODDS = Host("api.the-odds-api.com", 0.25)
BALLDONTLIE = Host("api.balldontlie.io", 1.0)

HOSTS = {host.name: host for host in (CDN, STATS, OFFICIAL, REPORTS, ODDS, BALLDONTLIE)}
SOURCES = {
    source.name: source
    for source in (
        Source("nbac_schedule", CDN, is_required=True, needs_games=False),
        Source("nbac_scoreboard", CDN),
        Source("nbac_boxscore", CDN, is_required=True, fallbacks=("nbac_gamelog", "bdl_player_boxscores")),
        Source("nbac_play_by_play", CDN),
        Source("nbac_gamelog", STATS),
        Source("nbac_injury_report_pdf", OFFICIAL),
        Source("odds_api_events", ODDS, ODDS_KEY),
        Source("odds_api_game_lines", ODDS, ODDS_KEY),
        Source("odds_api_player_props", ODDS, ODDS_KEY),
        Source("bdl_player_boxscores", BALLDONTLIE, BALLDONTLIE_KEY),
    )
}
