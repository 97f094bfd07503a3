"""Shared by all Odds API documents: envelope, event, prices, and the row-wise reading of bookmakers' quotes."""

import math
import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from tipoff.core import odds, teams
from tipoff.core.codes import Reason
from tipoff.core.contracts import decoding
from tipoff.core.contracts.nba_common import Instant
from tipoff.core.contracts.results import DocumentRefused, Reject, RowRefused
from tipoff.core.contracts.routes import Route, Template
from tipoff.core.game_date import game_date_of, to_utc

SPORT = "basketball_nba"
MAX_AMERICAN = 1_000_000
MAX_POINT = 10_000  # of any market; the limit of a market is lower
MAX_DECIMALS = 9  # the scale of NUMERIC
_GAME_MARKET = re.compile(r"(?:alternate_)?(h2h|spreads|totals|team_totals|outrights)(?:_.*)?", re.DOTALL)
CLOCK_TOLERANCE_SECONDS = 600  # an envelope may be dated this long after the capture


class OddsOutcome(msgspec.Struct, frozen=True, gc=False):
    """One side of a market."""

    name: str
    price: float
    point: float | None = None
    description: str | None = None


class Market(msgspec.Struct, frozen=True, gc=False):
    """One market of one bookmaker."""

    key: str
    outcomes: list[OddsOutcome]
    last_update: Instant | None = None


class Bookmaker(msgspec.Struct, frozen=True, gc=False):
    """One bookmaker."""

    key: str
    markets: list[Market]
    title: str | None = None
    last_update: Instant | None = None


class LooseMarket(msgspec.Struct, frozen=True, gc=False):
    """A market with undecoded outcomes."""

    key: str
    outcomes: list[Any]
    last_update: Instant | None = None


class LooseBookmaker(msgspec.Struct, frozen=True, gc=False):
    """A bookmaker with undecoded markets."""

    key: str
    markets: list[Any]
    title: str | None = None
    last_update: Instant | None = None


class EventHeader(msgspec.Struct, frozen=True, gc=False):
    """An event without its quotes."""

    id: str
    commence_time: Instant
    home_team: str
    away_team: str
    sport_key: str = SPORT
    sport_title: str | None = None


class Event(EventHeader, frozen=True, gc=False, kw_only=True):
    """An event whose quotes are all well formed."""

    bookmakers: list[Bookmaker]


class LooseEvent(EventHeader, frozen=True, gc=False, kw_only=True):
    """An event with undecoded bookmakers."""

    bookmakers: list[Any]


class Stamped(msgspec.Struct, frozen=True):
    """The timestamp of a historical envelope."""

    timestamp: Instant


class Envelope[T](Stamped, frozen=True):
    """The historical envelope."""

    data: T
    previous_timestamp: Instant | None = None
    next_timestamp: Instant | None = None


class Snapshot(NamedTuple):
    """When the vendor saw a document's facts.

    Attributes:
        at: instant (UTC) of the snapshot.
        previous_at, next_at: the snapshots before and after it, if the envelope states them.
        source: `historical` or `current`.
    """

    at: datetime
    previous_at: datetime | None
    next_at: datetime | None
    source: str


class Meeting(NamedTuple):
    """The event's game: UTC commence time, Eastern date, tricodes."""

    commence_at: datetime
    game_date: date
    home: str
    away: str


class Quote(NamedTuple):
    """One outcome with its path and its position in the document."""

    bookmaker: Bookmaker | LooseBookmaker
    market: Market | LooseMarket
    outcome: OddsOutcome
    path: str
    position: int


def event_templates(kind: str) -> tuple[Template, ...]:
    """Templates of the object names of one-event documents, for example of the kind `game-lines`."""
    event = "{date}/{event_id}-{away}{home}/{ts}"
    return (
        Template(f"odds-api/{kind}/{event}.json"),
        Template(f"odds-api/{kind}/{event}-snap-{{snap}}.json"),
        Template(f"odds-api/{kind}-history/{event}.json", historical=True),
        Template(f"odds-api/{kind}-history/{event}-snap-{{snap}}.json", historical=True),
    )


def snapshot(route: Route, envelope: Envelope[Any] | None) -> Snapshot:
    """Snapshot of a document: the envelope's timestamp, or else the capture instant in the name.

    Raises:
        DocumentRefused: date_mismatch if the envelope is dated after its capture or outside the league's time.
    """
    captured_at = route.captured_at
    if captured_at is None:
        raise ValueError("the name of an odds document has its capture instant")
    if envelope is None:
        return Snapshot(captured_at, None, None, "historical" if route.historical else "current")
    at = instant(envelope.timestamp, "$.timestamp")
    if (at - captured_at).total_seconds() > CLOCK_TOLERANCE_SECONDS:
        raise DocumentRefused(Reason.DATE_MISMATCH, "a snapshot is not dated after its capture", "$.timestamp", at)
    previous_at, next_at = (
        instant(stamp, "$.previous_timestamp") if stamp else None
        for stamp in (envelope.previous_timestamp, envelope.next_timestamp)
    )
    return Snapshot(at, previous_at, next_at, "historical")


def instant(stamp: datetime, field: str) -> datetime:
    """The timestamp in UTC.

    Raises:
        DocumentRefused: date_mismatch outside the league's time.
    """
    try:
        return to_utc(stamp)
    except ValueError as error:
        raise DocumentRefused(Reason.DATE_MISMATCH, str(error), field, stamp) from error


def is_envelope(tree: Any) -> bool:
    """True if the document is a historical envelope."""
    return isinstance(tree, dict) and "data" in tree


def meeting(event: EventHeader) -> Meeting:
    """The event's game.

    Raises:
        RowRefused: schema (another sport or a malformed id), unknown_team, date_mismatch.
    """
    if event.sport_key != SPORT:
        raise RowRefused(Reason.SCHEMA, "sport_key", event.sport_key, f"the sport is {SPORT}")
    home, away = teams.by_full_name(event.home_team), teams.by_full_name(event.away_team)
    if home is None or away is None or home is away:
        value = f"{event.away_team} at {event.home_team}"
        raise RowRefused(Reason.UNKNOWN_TEAM, "home_team", value, "two different NBA teams")
    try:
        commence_at = to_utc(event.commence_time)
    except ValueError as error:
        raise RowRefused(Reason.DATE_MISMATCH, "commence_time", event.commence_time, str(error)) from error
    return Meeting(commence_at, game_date_of(commence_at), home.tricode, away.tricode)


def event_of_name(route: Route, event: EventHeader) -> Meeting:
    """The game of a one-event document, checked against the object name.

    Raises:
        DocumentRefused: id_mismatch (event id or teams), date_mismatch (filed under another date), or as `meeting`.
    """
    if event.id != route.event_id:
        raise DocumentRefused(Reason.ID_MISMATCH, "name and body have the same event id", "id", event.id)
    try:
        game = meeting(event)
    except RowRefused as error:
        raise DocumentRefused(error.reason, error.rule, error.field, error.value) from error
    if (game.away, game.home) != (route.away, route.home):
        raise DocumentRefused(Reason.ID_MISMATCH, "name and body have the same teams", "home_team", event.home_team)
    if game.game_date != route.day:
        rule = "the name's date is the Eastern date of commence_time"
        raise DocumentRefused(Reason.DATE_MISMATCH, rule, "commence_time", event.commence_time)
    return game


def quotes(event: Event) -> tuple[Quote, ...]:
    """All outcomes of a well-formed event, in order."""
    found: list[Quote] = []
    for b, bookmaker in enumerate(event.bookmakers):
        for m, market in enumerate(bookmaker.markets):
            path = f"bookmakers[{b}].markets[{m}]"
            for outcome in market.outcomes:
                found.append(Quote(bookmaker, market, outcome, path, len(found)))
    return tuple(found)


def loose_quotes(event: LooseEvent) -> tuple[tuple[Quote, ...], tuple[Reject, ...]]:
    """The well-formed outcomes of an event, and a reject for each malformed one."""
    found: list[Quote] = []
    rejects: list[Reject] = []
    for bookmaker, b_path in _each(event.bookmakers, LooseBookmaker, "bookmakers", rejects):
        for market, m_path in _each(bookmaker.markets, LooseMarket, f"{b_path}.markets", rejects):
            for outcome, _ in _each(market.outcomes, OddsOutcome, f"{m_path}.outcomes", rejects):
                found.append(Quote(bookmaker, market, outcome, m_path, len(found)))
    return tuple(found), tuple(rejects)


def _each[T](items: Sequence[Any], shape: type[T], path: str, rejects: list[Reject]) -> Iterator[tuple[T, str]]:
    for index, raw in enumerate(items):
        here = f"{path}[{index}]"
        try:
            yield decoding.convert(raw, shape), here
        except RowRefused as refusal:
            rejects.append(refusal.at(here, index))


def price_format(found: Sequence[Quote]) -> odds.Format:
    """Format of a document's prices.

    Raises:
        DocumentRefused: mixed_prices.
    """
    try:
        return odds.detect_format([quote.outcome.price for quote in found])
    except ValueError as error:
        raise DocumentRefused(Reason.MIXED_PRICES, str(error), "bookmakers") from error


@lru_cache(maxsize=8192)
def price(value: float, style: odds.Format) -> odds.Price:
    """Both forms of a quoted price.

    Raises:
        RowRefused: bad_line if it is not a price in the document's format.
    """
    try:
        return odds.Price.read(value, style)
    except ValueError as error:
        raise RowRefused(Reason.BAD_LINE, "price", value, str(error)) from error


@lru_cache(maxsize=8192)
def number(value: float) -> Decimal:
    """NUMERIC of a point or line. Minus zero becomes zero.

    Raises:
        RowRefused: bad_line if NUMERIC cannot hold it: the warehouse would refuse the whole document.
    """
    exact = Decimal(repr(value + 0.0)).normalize() + Decimal(0)
    if not abs(exact) <= MAX_POINT or exact != round(exact, MAX_DECIMALS):
        rule = f"a point is within {MAX_POINT} and has at most {MAX_DECIMALS} decimals"
        raise RowRefused(Reason.BAD_LINE, "point", value, rule)
    return exact


def game_market(key: str) -> str:
    """The game market of a key, for example `spreads` of `alternate_spreads_h1`; empty if there is none."""
    match = _GAME_MARKET.fullmatch(key)
    return match.group(1) if match else ""


def minutes_before(commence_at: datetime, seen_at: datetime) -> int:
    """floor((commence - snapshot) / 60 s); negative after the tip-off."""
    return math.floor((commence_at - seen_at).total_seconds() / 60)


def optional_instant(stamp: datetime | None) -> datetime | None:
    """A `last_update` in UTC; None if it is missing or outside the league's time."""
    try:
        return to_utc(stamp) if stamp is not None else None
    except ValueError:
        return None
