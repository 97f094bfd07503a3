"""The traditional box score of stats.nba.com: the line of every player of one game. Atomic."""

from tipoff.core.contracts.nba_common import identity
from tipoff.core.contracts.nba_player_lines import content_of, game_id_of, read_lines
from tipoff.core.contracts.results import Content
from tipoff.core.contracts.routes import Route, Template
from tipoff.core.source import Source

PARSE_SEQ = 2


def parse(route: Route, body: bytes) -> Content:
    """Rows of nbac_gamelog from a traditional box score (PlayerStats) of the name's game.

    Raises:
        DocumentRefused: any code of an atomic document.
    """
    found = read_lines(body, "PlayerStats")
    for line in found:
        identity(route, game_id_of(line), "GAME_ID")
    return content_of(route, found)


SOURCE = Source(
    name="nbac_stats_boxscore",
    object_names=(Template("nba-com/team-boxscore/{date}/{nba_game_id}/{ts}.json"),),
    parse=parse,
    parse_seq=PARSE_SEQ,
)
