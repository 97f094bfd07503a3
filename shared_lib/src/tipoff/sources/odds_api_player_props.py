"""The Odds API player props of one event, all markets. PrizePicks and Underdog lines have the same form. Row-wise."""

from datetime import date, datetime
from decimal import Decimal
from itertools import zip_longest
from typing import NamedTuple

import msgspec

from tipoff.core import ids, odds
from tipoff.core.codes import Reason
from tipoff.core.collect import odds_api
from tipoff.core.collect.collection import Collection, Stage
from tipoff.core.collect.model import Answer, Event, Judgement, SourceRequest, Target, Verdict
from tipoff.core.collect.windows import Window
from tipoff.core.contracts.odds_event import (
    LooseEvent,
    Quote,
    event_templates,
    game_market,
    number,
    optional_instant,
    price,
)
from tipoff.core.contracts.odds_lines import EventDocument, line_rows, read_event
from tipoff.core.contracts.results import Content, Reject, Row, RowRefused, TableRows
from tipoff.core.contracts.routes import Route
from tipoff.core.expected import Output
from tipoff.core.source import Source
from tipoff.sources import odds_api_events

OBJECT_NAMES = event_templates("player-props")
PARSE_SEQ = 2
MARKETS = ("player_points",)  # requested
POINTS_MARKETS = ("player_points", "player_points_alternate")
MAX_LINE = 1000
MAX_POINTS_LINE = 100
_OVER, _UNDER = ("Over", "Yes"), ("Under", "No")


class PropRow(Row, frozen=True, gc=False, kw_only=True):
    """A row of odds_api_player_props."""

    odds_api_event_id: str
    snapshot_timestamp: datetime
    previous_snapshot_timestamp: datetime | None
    next_snapshot_timestamp: datetime | None
    sport_key: str
    sport_title: str | None
    commence_time: datetime
    game_date: date
    home_team: str
    away_team: str
    home_team_abbr: str
    away_team_abbr: str
    snapshot_tag: str | None
    capture_timestamp: datetime
    minutes_before_tipoff: int
    bookmaker: str
    bookmaker_title: str | None
    bookmaker_last_update: datetime | None
    market_key: str
    market_last_update: datetime | None
    player_name: str
    player_lookup: str
    line: Decimal | None
    offer: int
    over_price_american: int | None
    over_price_decimal: float | None
    under_price_american: int | None
    under_price_decimal: float | None
    price_format: str
    data_source: str


class _Side(NamedTuple):
    """One priced side of a player's line."""

    quote: Quote
    is_over: bool
    lookup: str
    line: Decimal | None
    price: odds.Price


type _Key = tuple[str, str, str, Decimal | None]
type _Sides = dict[odds.Price, _Side]  # of one direction, in document order
type _Offers = dict[_Key, tuple[_Sides, _Sides]]  # Over, Under


def parse(route: Route, body: bytes) -> Content:
    """Rows of odds_api_player_props: one per book, market, player and line, with Over and Under.

    A missing side is NULL. Two spellings of one player in one book are two offers, not one pair: a book may list its
    alternate lines under one spelling and its main line under the other. Game markets go to odds_api_game_lines. Every
    other market is a player market.

    Raises:
        DocumentRefused: as `odds_lines.read_event`.
    """
    document = read_event(route, body)
    of_players = tuple(quote for quote in document.quotes if not game_market(quote.market.key))
    of_game = tuple(quote for quote in document.quotes if game_market(quote.market.key))
    offers, rejects = _offers(document, of_players)
    rows = tuple(
        _row(route, document, over, under, number)
        for overs, unders in offers.values()
        for number, (over, under) in enumerate(zip_longest(overs.values(), unders.values()), 1)
    )
    lines, line_rejects = line_rows(document, of_game)
    tables = [TableRows("odds_api_player_props", rows)]
    if lines:
        tables.append(TableRows("odds_api_game_lines", lines))
    return Content(tuple(tables), document.seen.at, (*document.rejects, *rejects, *line_rejects), _note(document))


def _note(document: EventDocument) -> Reason | None:
    if not document.quotes:
        return Reason.EMPTY_LIST
    if document.in_play:
        return Reason.IN_PLAY
    other = any(quote.market.key not in POINTS_MARKETS for quote in document.quotes)
    return Reason.OTHER_MARKET_SKIPPED if other else None


def _offers(document: EventDocument, found: tuple[Quote, ...]) -> tuple[_Offers, tuple[Reject, ...]]:
    """Sides by book, market, spelling and line. A repetition at the same price is dropped.

    If a book quotes a line twice, there are two offers: the first Over belongs to the first Under, and so on.
    """
    offers: _Offers = {}
    rejects: list[Reject] = []
    for quote in found:
        try:
            side = _side(document, quote)
        except RowRefused as refusal:
            rejects.append(refusal.at(quote.path, quote.position))
            continue
        spelling = ids.normalise(quote.outcome.description or "")
        key = (quote.bookmaker.key, quote.market.key, spelling, side.line)
        overs, unders = offers.setdefault(key, ({}, {}))
        (overs if side.is_over else unders).setdefault(side.price, side)
    return offers, tuple(rejects)


def _side(document: EventDocument, quote: Quote) -> _Side:
    outcome = quote.outcome
    if outcome.name not in (*_OVER, *_UNDER):
        raise RowRefused(Reason.SCHEMA, "name", outcome.name, "an outcome is Over, Under, Yes or No")
    lookup = ids.player_lookup(outcome.description or "")
    if not lookup:
        raise RowRefused(Reason.SCHEMA, "description", outcome.description, "an outcome names a player")
    quoted = price(outcome.price, document.style)
    return _Side(quote, outcome.name in _OVER, lookup, _line(quote), quoted)


def _line(quote: Quote) -> Decimal | None:
    """The line. Points need one above zero; Yes/No markets have none."""
    market, name, point = quote.market.key, quote.outcome.name, quote.outcome.point
    if point is None:
        if name in ("Yes", "No") and market not in POINTS_MARKETS:
            return None
        raise RowRefused(Reason.BAD_LINE, "point", point, "Over and Under have a line")
    limit = MAX_POINTS_LINE if market in POINTS_MARKETS else MAX_LINE
    if not 0 < point <= limit:
        raise RowRefused(Reason.BAD_LINE, "point", point, f"a line is above 0 and at most {limit}")
    return number(point)


def _first(over: _Side | None, under: _Side | None) -> _Side:
    """The first side in the document. The row has its spelling and timestamps."""
    sides = [side for side in (over, under) if side is not None]
    return min(sides, key=lambda side: side.quote.position)


def _row(route: Route, document: EventDocument, over: _Side | None, under: _Side | None, offer: int) -> PropRow:
    if route.captured_at is None:
        raise ValueError("the name of a props document has its capture instant")
    event, game, seen = document.event, document.game, document.seen
    one = _first(over, under)
    bookmaker, market = one.quote.bookmaker, one.quote.market
    return PropRow(
        odds_api_event_id=event.id,
        snapshot_timestamp=seen.at,
        previous_snapshot_timestamp=seen.previous_at,
        next_snapshot_timestamp=seen.next_at,
        sport_key=event.sport_key,
        sport_title=event.sport_title,
        commence_time=game.commence_at,
        game_date=game.game_date,
        home_team=event.home_team,
        away_team=event.away_team,
        home_team_abbr=game.home,
        away_team_abbr=game.away,
        snapshot_tag=route.snapshot_tag,
        capture_timestamp=route.captured_at,
        minutes_before_tipoff=document.minutes_before_tipoff,
        bookmaker=bookmaker.key,
        bookmaker_title=bookmaker.title,
        bookmaker_last_update=optional_instant(bookmaker.last_update),
        market_key=market.key,
        market_last_update=optional_instant(market.last_update),
        player_name=one.quote.outcome.description or "",
        player_lookup=one.lookup,
        line=one.line,
        offer=offer,
        over_price_american=over.price.american if over else None,
        over_price_decimal=over.price.decimal if over else None,
        under_price_american=under.price.american if under else None,
        under_price_decimal=under.price.decimal if under else None,
        price_format=document.style.value,
        data_source=seen.source,
    )


def following_requests(target: Target, request: SourceRequest, answer: Answer) -> tuple[SourceRequest, ...]:
    """One request per wanted event of the list."""
    if request.source != odds_api_events.SOURCE.name:
        return ()
    params = odds_api.quote_params(MARKETS)
    credits = odds_api.quote_credits(MARKETS, target.snapshot_at)
    return tuple(
        odds_api.event_request("odds_api_player_props", OBJECT_NAMES[0], event, target, params, credits, judge)
        for event in _events_wanted(target, answer)
    )


def following_credits(target: Target) -> int:
    """The cost of one request per wanted game."""
    return len(target.chosen) * odds_api.quote_credits(MARKETS, target.snapshot_at)


def _events_wanted(target: Target, answer: Answer) -> list[Event]:
    """Events of the date, or of the chosen games, that have not begun at the instant of the quotes."""
    at = target.snapshot_at or target.now
    pairs = {(game.away, game.home) for game in target.chosen}
    events = [odds_api.event_of(raw) for raw in odds_api.elements(answer.body)[1]]
    return [
        event
        for event in events
        if event is not None
        and event.game_date == target.day
        and event.commence_at > at
        and (not target.only or (event.away, event.home) in pairs)
    ]


def judge(request: SourceRequest, body: bytes) -> Judgement:
    """The answer must be the requested event, quoted by at least one bookmaker."""
    _, found = odds_api.elements(body)
    quotes = msgspec.json.decode(found[0], type=LooseEvent) if len(found) == 1 else None
    if quotes is None or request.event is None or quotes.id != request.event.event_id:
        return Judgement(Verdict.MOVED_SCHEMA, "not the requested event")
    if not quotes.bookmakers:
        return Judgement(Verdict.NOT_THERE_YET, "no bookmaker quotes it yet")
    return Judgement(Verdict.DOCUMENT)


SOURCE = Source(
    name="odds_api_player_props",
    object_names=OBJECT_NAMES,
    parse=parse,
    parse_seq=PARSE_SEQ,
    delivers=(Output("odds_api_player_points_props", "document", 2.0, required=False),),
    collection=Collection(
        host=odds_api.HOST,
        first_requests=odds_api_events.requests,
        following_requests=following_requests,
        following_credits=following_credits,
        key=odds_api.KEY,
        has_snapshots=True,
        window=Window.BEFORE_GAMES,
        stages={"daily": Stage(3, max_age_minutes=20)},
        game_table="odds_api_player_props",
    ),
)
