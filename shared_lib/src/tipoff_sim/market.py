"""Bookmakers' quotes: medians by the injury reports, a bias of each book, and prices with a margin."""

from dataclasses import dataclass
from hashlib import md5
from math import exp, floor
from random import Random

from tipoff_sim.lineup import Lineup


@dataclass(frozen=True, slots=True)
class Book:
    """A bookmaker.

    Attributes:
        margin: added to each side of a fair probability of one half.
        is_fantasy: has constant prices and more whole-number lines.
        has_ladder: has alternate lines in the main market.
    """

    key: str
    title: str
    margin: float = 0.035
    is_fantasy: bool = False
    has_ladder: bool = False


BOOKS = (
    Book("draftkings", "DraftKings"),
    Book("fanduel", "FanDuel", 0.03),
    Book("betmgm", "BetMGM", 0.035),
    Book("williamhill_us", "Caesars", 0.032),
    Book("betrivers", "BetRivers", 0.04, has_ladder=True),
    Book("prizepicks", "PrizePicks", is_fantasy=True),
)
_FANTASY_PRICE = -137
_LEAST_MEAN_PTS = 6.0
_LADDER = (-5, -3, -2, -1, 1, 2, 3, 5)


@dataclass(frozen=True, slots=True)
class Quote:
    """Both sides of a line, with American prices."""

    point: float
    over_american: int
    under_american: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A player whom the market quotes."""

    player_id: int
    name: str
    median_pts: float
    sd_pts: float


def event_id(seed: int, nba_game_id: str) -> str:
    """The odds source's id of a game, 32 hex characters; a rescheduled game keeps it."""
    return md5(f"{seed}/{nba_game_id}".encode(), usedforsecurity=False).hexdigest()


def offers(lineups: tuple[Lineup, Lineup]) -> list[Offer]:
    """The players who get a line, by name."""
    found = [
        Offer(player.player_id, player.name.full, median_pts(mean), sd)
        for side in lineups
        for player, mean, sd in zip(side.players, side.mean_pts.tolist(), side.sd_pts.tolist(), strict=True)
        if mean >= _LEAST_MEAN_PTS
    ]
    return sorted(found, key=lambda offer: offer.name)


def median_pts(mean_pts: float) -> float:
    """The interpolated median of points for a mean in this model, whose points are skewed to the right."""
    return mean_pts - 0.35 - 0.025 * mean_pts


def player_quotes(rng: Random, book: Book, offer: Offer, bias: float) -> list[Quote]:
    """A book's line for a player, with alternate lines if it has a ladder.

    Args:
        bias: the book's bias, points.
    """
    median = max(offer.median_pts + bias, 2.0)
    whole = rng.random() < (0.3 if book.is_fantasy else 0.04)
    main = float(max(round(median), 1)) if whole else floor(median) + 0.5
    if book.is_fantasy:
        return [Quote(main, _FANTASY_PRICE, _FANTASY_PRICE)]
    steps = sorted((0, *_LADDER)) if book.has_ladder else (0,)
    return [_quote(book, main + step, median, offer.sd_pts) for step in steps if main + step > 0]


def two_way(book: Book, point: float, median: float, sd: float) -> Quote:
    """Prices of over and under `point`, for the book's `median`."""
    return _quote(book, point, median, sd)


def american(probability: float) -> int:
    """The American price of an implied probability, a whole number; never between -100 and 100."""
    if probability >= 0.5:
        return -max(round(100 * probability / (1 - probability)), 100)
    return max(round(100 * (1 - probability) / probability), 100)


def _quote(book: Book, point: float, median: float, sd: float) -> Quote:
    over = 1 / (1 + exp(-1.7 * (median - point) / sd))
    over = min(max(over, 0.06), 0.94)
    return Quote(point, american(_with_margin(over, book)), american(_with_margin(1 - over, book)))


def _with_margin(fair: float, book: Book) -> float:
    return min(fair + book.margin * 4 * fair * (1 - fair) + 0.004, 0.975)
