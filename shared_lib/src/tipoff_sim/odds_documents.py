"""The documents of The Odds API: event lists, game lines, player points."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from random import Random
from statistics import NormalDist
from zlib import crc32

import msgspec

from tipoff.sources import object_name
from tipoff_sim.calendar import Game
from tipoff_sim.document import Document, Kind
from tipoff_sim.lineup import Lineup
from tipoff_sim.market import BOOKS, Book, Offer, Quote, event_id, offers, player_quotes, two_way
from tipoff_sim.shapes import Bookmaker, Event, EventEnvelope, EventsEnvelope, Market, Outcome
from tipoff_sim.stamps import iso_utc
from tipoff_sim.teams import odds_name
from tipoff_sim.world import Matchup

_ENCODER = msgspec.json.Encoder()
_GRID = timedelta(minutes=5)
_COMMENCE_AFTER = timedelta(minutes=10)
_NORMAL = NormalDist()
_MARGIN_SD, _TOTAL_SD = 12.5, 18.0


def events(seed: int, day: date, games: list[Game], at: datetime) -> Document:
    """The events of a date, in the historical envelope."""
    data = [_event(seed, game) for game in games]
    body = EventsEnvelope(iso_utc(at), iso_utc(at - _GRID), iso_utc(at + _GRID), data)
    return Document(object_name(Kind.EVENTS, date=day, ts=at), at, _ENCODER.encode(body), Kind.EVENTS)


def game_lines(seed: int, matchup: Matchup, at: datetime) -> Document:
    """Head-to-head, spread and total of several books in the historical envelope."""
    game = matchup.game
    rng = Random(f"lines/{seed}/{game.nba_game_id}/{at}")
    home, away = matchup.lineups_at(at)
    margin, total = _sum(home) - _sum(away), _sum(home) + _sum(away)
    event = _event(seed, game)
    event.bookmakers = [
        _line_book(rng, book, game, margin + rng.gauss(0, 0.5), total + rng.gauss(0, 1.0), at)
        for book in BOOKS
        if not book.is_fantasy
    ]
    envelope = EventEnvelope(iso_utc(at), iso_utc(at - _GRID), iso_utc(at + _GRID), event)
    return _document(Kind.GAME_LINES, seed, game, at, _ENCODER.encode(envelope))


def player_props(seed: int, matchup: Matchup, at: datetime, books: Sequence[Book] = BOOKS) -> Document:
    """Player points of several books, without envelope; after tip-off in-play quotes, which differ much more."""
    game = matchup.game
    in_play = 4.0 if at >= game.tipoff_at else 0.0
    priced = offers(matchup.lineups_at(at))
    event = _event(seed, game)
    event.bookmakers = [_prop_book(seed, book, game, priced, at, in_play) for book in books]
    return _document(Kind.PLAYER_PROPS, seed, game, at, _ENCODER.encode(event))


def _document(kind: Kind, seed: int, game: Game, at: datetime, body: bytes) -> Document:
    name = object_name(
        kind,
        date=game.game_date,
        event_id=event_id(seed, game.nba_game_id),
        away=game.away.tricode,
        home=game.home.tricode,
        ts=at,
    )
    return Document(name, at, body, kind)


def _event(seed: int, game: Game) -> Event:
    return Event(
        id=event_id(seed, game.nba_game_id),
        sport_key="basketball_nba",
        sport_title="NBA",
        commence_time=iso_utc(game.tipoff_at + _COMMENCE_AFTER),
        home_team=odds_name(game.home),
        away_team=odds_name(game.away),
    )


def _sum(lineup: Lineup) -> float:
    return float(lineup.mean_pts.sum())


def _line_book(rng: Random, book: Book, game: Game, margin: float, total: float, at: datetime) -> Bookmaker:
    """One book's markets, for its estimates of margin (home minus away) and total."""
    updated = iso_utc(at - timedelta(seconds=rng.randint(20, 90)))
    home, away = odds_name(game.home), odds_name(game.away)
    spread, points = round(margin * 2) / 2 or 0.5, round(total * 2) / 2
    wins = two_way(book, 0, margin, _MARGIN_SD)
    covers = two_way(book, spread, margin, _MARGIN_SD)
    over = two_way(book, points, total, _TOTAL_SD)
    markets = [
        Market("h2h", updated, [Outcome(home, wins.over_american), Outcome(away, wins.under_american)]),
        Market(
            "spreads",
            updated,
            [
                Outcome(home, covers.over_american, point=-spread),
                Outcome(away, covers.under_american, point=spread),
            ],
        ),
        Market(
            "totals",
            updated,
            [
                Outcome("Over", over.over_american, point=points),
                Outcome("Under", over.under_american, point=points),
            ],
        ),
    ]
    return Bookmaker(book.key, book.title, markets, updated)


def _prop_book(seed: int, book: Book, game: Game, priced: list[Offer], at: datetime, in_play: float) -> Bookmaker:
    rng = Random(f"props/{seed}/{game.nba_game_id}/{book.key}/{at}")
    updated = iso_utc(at - timedelta(seconds=rng.randint(5, 60)))
    outcomes: list[Outcome] = []
    for offer in priced:
        if rng.random() < 0.93:
            bias = _bias(seed, book, game, offer) + rng.gauss(0, 0.15 + in_play)
            outcomes.extend(_outcomes(offer.name, player_quotes(rng, book, offer, bias)))
    return Bookmaker(book.key, book.title, [Market("player_points", updated, outcomes)])


def _bias(seed: int, book: Book, game: Game, offer: Offer) -> float:
    """A book's constant bias for a player in a game, points; a part of it is common to all books."""
    subject = f"{seed}/{game.nba_game_id}/{offer.player_id}"
    return 0.5 * _standard_normal(subject) + 0.4 * _standard_normal(f"{subject}/{book.key}")


def _standard_normal(subject: str) -> float:
    """A normal deviate that depends on the subject only; much faster than a seeded generator for one number."""
    return _NORMAL.inv_cdf((crc32(subject.encode()) + 0.5) / 2**32)


def _outcomes(name: str, quotes: list[Quote]) -> Iterator[Outcome]:
    for quote in quotes:
        yield Outcome("Over", quote.over_american, name, quote.point)
        yield Outcome("Under", quote.under_american, name, quote.point)
