"""The league game log of stats.nba.com: every player's line of one date. Atomic."""

from tipoff.core.codes import Reason
from tipoff.core.contracts.nba_player_lines import Line, content_of, read_lines
from tipoff.core.contracts.results import Content, DocumentRefused
from tipoff.core.contracts.routes import Route, Template
from tipoff.core.contracts.source import Source
from tipoff.core.game_date import parse_iso

PARSE_SEQ = 1


def parse(where: Route, body: bytes) -> Content:
    """Rows of nbac_gamelog from a league game log (players) of the name's date.

    Raises:
        DocumentRefused: any code of an atomic document.
    """
    found = read_lines(body, "LeagueGameLog")
    for line in found:
        _check_date(where, line)
    return content_of(where, found)


def _check_date(where: Route, line: Line) -> None:
    try:
        day = parse_iso((line.GAME_DATE or "")[:10])
    except ValueError as error:
        raise DocumentRefused(Reason.WRONG_TYPE, "GAME_DATE is a date", "GAME_DATE", line.GAME_DATE) from error
    if day != where.day:
        raise DocumentRefused(Reason.DATE_MISMATCH, "name and rows are of one date", "GAME_DATE", line.GAME_DATE)


SOURCE = Source(
    name="nbac_gamelog",
    object_names=(Template("nba-com/player-boxscores/{date}/{ts}.json"),),
    parse=parse,
    parse_seq=PARSE_SEQ,
)
