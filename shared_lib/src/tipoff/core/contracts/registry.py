"""Which parser reads which source, and the one entrance through which every document passes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tipoff.core.codes import Reason
from tipoff.core.contracts import (
    bdl_boxscores,
    decoding,
    nba_boxscore,
    nba_gamelog,
    nba_injury_pdf,
    nba_injury_report,
    nba_play_by_play,
    nba_schedule,
    nba_scoreboard,
    nba_shot_chart,
    odds_events,
    odds_game_lines,
    odds_player_props,
)
from tipoff.core.contracts.results import Content, DocumentRefused, Parsed, accepted, refused
from tipoff.core.contracts.routes import Route, refusal, route

MAX_AHEAD = timedelta(days=1)
MAX_REJECTS = 2_000  # bad rows of a document; one with more is refused as a whole

type ParseFunction = Callable[[Route, bytes], Content]


@dataclass(frozen=True, slots=True)
class Parser:
    """A source's parser.

    Attributes:
        parse: plain bytes -> Content, raising DocumentRefused.
        seq: its PARSE_SEQ.
        is_json: whether the body must be UTF-8 text first.
    """

    parse: ParseFunction
    seq: int
    is_json: bool = True


PARSERS: dict[str, Parser] = {
    "nbac_schedule": Parser(nba_schedule.parse, nba_schedule.PARSE_SEQ),
    "nbac_boxscore": Parser(nba_boxscore.parse, nba_boxscore.PARSE_SEQ),
    "nbac_play_by_play": Parser(nba_play_by_play.parse, nba_play_by_play.PARSE_SEQ),
    "nbac_stats_boxscore": Parser(nba_gamelog.parse_box, nba_gamelog.PARSE_SEQ),
    "nbac_gamelog": Parser(nba_gamelog.parse, nba_gamelog.PARSE_SEQ),
    "nbac_shot_chart": Parser(nba_shot_chart.parse, nba_shot_chart.PARSE_SEQ),
    "nbac_scoreboard": Parser(nba_scoreboard.parse, nba_scoreboard.PARSE_SEQ),
    "bdl_player_boxscores": Parser(bdl_boxscores.parse, bdl_boxscores.PARSE_SEQ),
    "nbac_injury_report": Parser(nba_injury_report.parse, nba_injury_report.PARSE_SEQ),
    "nbac_injury_report_pdf": Parser(nba_injury_pdf.parse, nba_injury_pdf.PARSE_SEQ, is_json=False),
    "odds_api_events": Parser(odds_events.parse, odds_events.PARSE_SEQ),
    "odds_api_game_lines": Parser(odds_game_lines.parse, odds_game_lines.PARSE_SEQ),
    "odds_api_player_props": Parser(odds_player_props.parse, odds_player_props.PARSE_SEQ),
}


def parse_seq(source: str) -> int:
    """Number of the parser of a source; raised whenever its rows change."""
    return PARSERS[source].seq


def parse(
    where: Route, body: bytes, content_encoding: str | None = None, received_at: datetime | None = None
) -> Parsed:
    """Read one document; never raises on what a document may hold.

    Args:
        where: the route of its name.
        body: its stored bytes.
        content_encoding: the object's Content-Encoding, if any.
        received_at: instant (UTC) the object was stored; facts more than a day younger are refused, because a document
            from the future would stay the newest for ever. None leaves this unasked.
    """
    parser = PARSERS[where.source]
    try:
        _not_from_the_future(where.captured_at, received_at, Reason.BAD_NAME, "name")
        plain = decoding.document_bytes(body, content_encoding)
        content = parser.parse(where, decoding.json_bytes(plain) if parser.is_json else plain)
        _not_from_the_future(content.observed_at, received_at, Reason.DATE_MISMATCH, "observed_at")
        if len(content.rejects) > MAX_REJECTS:
            raise DocumentRefused(content.rejects[0].code, f"a document has at most {MAX_REJECTS} bad rows")
    except DocumentRefused as no:
        return refused(no, parser.seq)
    return accepted(content, parser.seq)


def _not_from_the_future(instant: datetime | None, received_at: datetime | None, code: Reason, field: str) -> None:
    if instant is not None and received_at is not None and instant > received_at + MAX_AHEAD:
        raise DocumentRefused(code, "facts are not younger than their arrival", field, instant)


def read(
    object_name: str, body: bytes, content_encoding: str | None = None, received_at: datetime | None = None
) -> Parsed:
    """Route and read one object; a name without a route comes back ignored or quarantined. Arguments as `parse`."""
    where = route(object_name)
    if where is None:
        return refused(refusal(object_name, len(body)))
    return parse(where, body, content_encoding, received_at)
