"""One event's quotes from The Odds API, and the rows of its game markets (spreads, totals, h2h). Row-wise."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tipoff.core import odds, teams
from tipoff.core.codes import Reason
from tipoff.core.contracts import decoding
from tipoff.core.contracts.odds_event import (
    Envelope,
    Event,
    EventHeader,
    LooseEvent,
    Meeting,
    Quote,
    Snapshot,
    event_of_name,
    game_market,
    is_envelope,
    loose_quotes,
    minutes_before,
    number,
    optional_instant,
    price,
    price_format,
    quotes,
    snapshot,
)
from tipoff.core.contracts.results import DocumentRefused, Reject, Row, RowRefused
from tipoff.core.contracts.routes import Route

MAX_SPREAD_PTS = 100
MAX_TOTAL_PTS = 500
SIDES = ("Over", "Under")


class LineRow(Row, frozen=True, gc=False, kw_only=True):
    """A row of odds_api_game_lines."""

    snapshot_timestamp: datetime
    previous_snapshot_timestamp: datetime | None
    next_snapshot_timestamp: datetime | None
    game_id: str
    sport_key: str
    sport_title: str | None
    commence_time: datetime
    game_date: date
    home_team: str
    away_team: str
    home_team_abbr: str
    away_team_abbr: str
    minutes_before_tipoff: int
    bookmaker_key: str
    bookmaker_title: str | None
    bookmaker_last_update: datetime | None
    market_key: str
    market_last_update: datetime | None
    outcome_name: str
    outcome_team_abbr: str | None
    price_american: int
    price_decimal: float
    outcome_point: Decimal | None
    price_format: str
    data_source: str


@dataclass(frozen=True, slots=True)
class EventDocument:
    """One event document: header, game, snapshot, well-formed quotes and rejects."""

    event: EventHeader
    game: Meeting
    seen: Snapshot
    quotes: tuple[Quote, ...]
    rejects: tuple[Reject, ...]
    style: odds.Format

    @property
    def minutes_before_tipoff(self) -> int:
        """Whole minutes from snapshot to commence time; negative in play."""
        return minutes_before(self.game.commence_at, self.seen.at)

    @property
    def in_play(self) -> bool:
        """True unless the snapshot is before commence time."""
        return self.seen.at >= self.game.commence_at


def read_event(route: Route, body: bytes) -> EventDocument:
    """A one-event document (live or historical), checked against its object name.

    Raises:
        DocumentRefused: any code of bytes, envelope, event header, name, or mixed_prices.
    """
    tree = decoding.check_json(body)
    rejects: tuple[Reject, ...] = ()
    envelope: Envelope[Any] | None
    event: EventHeader
    try:
        envelope, whole = _unwrap(tree, Envelope[Event], Event)
        event, found = whole, quotes(whole)
    except DocumentRefused:
        envelope, loose = _unwrap(tree, Envelope[LooseEvent], LooseEvent)
        event, (found, rejects) = loose, loose_quotes(loose)
    seen = snapshot(route, envelope)
    game = event_of_name(route, event)
    return EventDocument(event, game, seen, found, rejects, price_format(found))


def _unwrap[T](tree: Any, wrapped: type[Envelope[T]], bare: type[T]) -> tuple[Envelope[T] | None, T]:
    """The event and, if the document has one, its historical envelope."""
    if is_envelope(tree):
        envelope = decoding.typed(tree, wrapped)
        return envelope, envelope.data
    return None, decoding.typed(tree, bare)


def line_rows(document: EventDocument, found: tuple[Quote, ...]) -> tuple[tuple[LineRow, ...], tuple[Reject, ...]]:
    """Rows and rejects of game-market quotes. A quote repeated at the same price has one row."""
    rows: dict[tuple[object, ...], LineRow] = {}
    rejects: list[Reject] = []
    for quote in found:
        try:
            row = _row(document, quote)
            key = (row.bookmaker_key, row.market_key, row.outcome_name, row.outcome_point)
            if rows.setdefault(key, row).price_decimal != row.price_decimal:
                raise RowRefused(Reason.DUPLICATE_KEY, "outcomes", quote.outcome.name, "a quote has one price")
        except RowRefused as refusal:
            rejects.append(refusal.at(quote.path, quote.position))
    return tuple(rows.values()), tuple(rejects)


def _row(document: EventDocument, quote: Quote) -> LineRow:
    event, game, seen, outcome = document.event, document.game, document.seen, quote.outcome
    quoted = price(outcome.price, document.style)
    return LineRow(
        snapshot_timestamp=seen.at,
        previous_snapshot_timestamp=seen.previous_at,
        next_snapshot_timestamp=seen.next_at,
        game_id=event.id,
        sport_key=event.sport_key,
        sport_title=event.sport_title,
        commence_time=game.commence_at,
        game_date=game.game_date,
        home_team=event.home_team,
        away_team=event.away_team,
        home_team_abbr=game.home,
        away_team_abbr=game.away,
        minutes_before_tipoff=document.minutes_before_tipoff,
        bookmaker_key=quote.bookmaker.key,
        bookmaker_title=quote.bookmaker.title,
        bookmaker_last_update=optional_instant(quote.bookmaker.last_update),
        market_key=quote.market.key,
        market_last_update=optional_instant(quote.market.last_update),
        outcome_name=outcome.name,
        outcome_team_abbr=_team_of(quote, game),
        price_american=quoted.american,
        price_decimal=quoted.decimal,
        outcome_point=_point(quote),
        price_format=document.style.value,
        data_source=seen.source,
    )


def _team_of(quote: Quote, game: Meeting) -> str | None:
    """Tricode that an outcome names. Spreads and h2h must name one of the two teams; totals, Over or Under."""
    market, name = game_market(quote.market.key), quote.outcome.name
    team = None if name in SIDES else teams.by_full_name(name)
    if market == "spreads" or (market == "h2h" and name != "Draw"):
        if team is None or team.tricode not in (game.home, game.away):
            raise RowRefused(Reason.UNKNOWN_TEAM, "name", name, "the outcome names one of the two teams")
    elif market == "totals" and name not in SIDES:
        raise RowRefused(Reason.SCHEMA, "name", name, "a total's outcome is Over or Under")
    return team.tricode if team else None


def _point(quote: Quote) -> Decimal | None:
    """The point, within its market's limits. Spreads and totals must have one."""
    market, point = game_market(quote.market.key), quote.outcome.point
    if point is None:
        if market in ("spreads", "totals"):
            raise RowRefused(Reason.BAD_LINE, "point", point, "a spread or total has a point")
        return None
    if market == "spreads" and not abs(point) <= MAX_SPREAD_PTS:
        raise RowRefused(Reason.BAD_LINE, "point", point, f"a handicap is within {MAX_SPREAD_PTS} points")
    if market == "totals" and not 0 < point <= MAX_TOTAL_PTS:
        raise RowRefused(Reason.BAD_LINE, "point", point, f"a total is between 0 and {MAX_TOTAL_PTS} points")
    return number(point)
