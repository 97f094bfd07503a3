"""The Odds API game lines: spreads, totals, h2h and further game markets of one event. Row-wise."""

from dataclasses import replace

from tipoff.core.codes import Reason
from tipoff.core.collect import odds_api
from tipoff.core.collect.collection import Collection, Stage
from tipoff.core.collect.model import SourceRequest, Target
from tipoff.core.collect.windows import Window
from tipoff.core.contracts.odds_event import event_templates
from tipoff.core.contracts.odds_lines import EventDocument, line_rows, read_event
from tipoff.core.contracts.results import Content, TableRows
from tipoff.core.contracts.routes import Route
from tipoff.core.expected import Output
from tipoff.core.source import Source

OBJECT_NAMES = event_templates("game-lines")
PARSE_SEQ = 2
MARKETS = ("spreads", "totals")  # requested


def parse(route: Route, body: bytes) -> Content:
    """Rows of odds_api_game_lines of one event snapshot.

    Player markets in the document are skipped.

    Raises:
        DocumentRefused: as `read_event`.
    """
    document = read_event(route, body)
    of_game = tuple(quote for quote in document.quotes if not is_player_market(quote.market.key))
    rows, rejects = line_rows(document, of_game)
    table = TableRows("odds_api_game_lines", rows)
    return Content((table,), document.seen.at, (*document.rejects, *rejects), _note(document, len(of_game)))


def is_player_market(key: str) -> bool:
    """True for `player_points` and other player markets, ignoring case."""
    return key.strip().lower().removeprefix("alternate_").startswith("player_")


def _note(document: EventDocument, game_quotes: int) -> Reason | None:
    if not document.quotes:
        return Reason.EMPTY_LIST
    if document.in_play:
        return Reason.IN_PLAY
    return Reason.OTHER_MARKET_SKIPPED if game_quotes < len(document.quotes) else None


def requests(target: Target) -> tuple[SourceRequest, ...]:
    """The quotes of all events of one date."""
    params, credits = odds_api.quote_params(MARKETS), odds_api.quote_credits(MARKETS, target.snapshot_at)
    request = odds_api.list_request("odds_api_game_lines", OBJECT_NAMES[0], "odds", target, params, credits)
    return (replace(request, documents=odds_api.document_per_event),)


SOURCE = Source(
    name="odds_api_game_lines",
    object_names=OBJECT_NAMES,
    parse=parse,
    parse_seq=PARSE_SEQ,
    delivers=(Output("odds_api_game_lines", "document", 2.0, required=False),),
    collection=Collection(
        host=odds_api.HOST,
        first_requests=requests,
        key=odds_api.KEY,
        has_snapshots=True,
        window=Window.BEFORE_GAMES,
        stages={"daily": Stage(2, max_age_minutes=20)},
        game_table="odds_api_game_lines",
    ),
)
