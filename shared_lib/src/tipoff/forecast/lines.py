"""The market seen from the forecast's side: each book's main line before the cutoff, and the one to publish.

The arithmetic of odds is `core.odds`; here stand instants, books and preferences.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tipoff.core import odds
from tipoff.forecast.types import Quote


@dataclass(frozen=True, slots=True)
class MainLine:
    """The quote a forecast is compared with, and the median line of all books beside it."""

    quote: Quote
    consensus_pts: float
    books: int


def fair_prob_over(quote: Quote) -> float:
    """P(over | no push) of the market: multiplicative de-vig (module `core.odds`)."""
    two_sided = _two_sided(quote)
    return odds.devig_multiplicative(two_sided.over_decimal, two_sided.under_decimal)


def latest_per_book(quotes: Sequence[Quote], cutoff_at: datetime) -> list[Quote]:
    """Each book's last main line strictly before the cutoff, books in name order.

    Of several lines in one snapshot (a ladder) the most balanced stays: de-vigged probability nearest 0.5,
    then the lower line.
    """
    best: dict[str, Quote] = {}
    for quote in sorted(quotes, key=_preference):
        if quote.snapshot_at < cutoff_at:
            best.setdefault(quote.bookmaker, quote)
    return [best[book] for book in sorted(best)]


def main_line(quotes: Sequence[Quote], cutoff_at: datetime, preferred: Sequence[str]) -> MainLine | None:
    """The line to publish: the first preferred book's, else the one nearest the consensus; None without."""
    latest = latest_per_book(quotes, cutoff_at)
    if not latest:
        return None
    consensus = odds.consensus([quote.line_pts for quote in latest]) or 0.0
    ranks = {book: rank for rank, book in enumerate(preferred)}
    chosen = min(latest, key=lambda q: (ranks.get(q.bookmaker, len(ranks)), abs(q.line_pts - consensus), q.bookmaker))
    return MainLine(chosen, consensus, len(latest))


def _preference(quote: Quote) -> tuple[float, float, float]:
    """Newest first, then most balanced, then lowest."""
    return (-quote.snapshot_at.timestamp(), odds.imbalance(_two_sided(quote)), quote.line_pts)


def _two_sided(quote: Quote) -> odds.TwoSided:
    prices = odds.decimal_from_american(quote.over_american), odds.decimal_from_american(quote.under_american)
    return odds.TwoSided(quote.line_pts, *prices)
