"""The market seen from the forecast's side: de-vig, main line, consensus.

Odds maths: domain reference, section 10.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from tipoff.forecast.types import Quote


@dataclass(frozen=True, slots=True)
class MainLine:
    """The quote a forecast is compared with, and the median line of all books beside it."""

    quote: Quote
    consensus_pts: float
    books: int


def decimal_odds(american: int) -> float:
    """Decimal odds: 1 + a/100 for a > 0, 1 + 100/|a| for a < 0."""
    return 1.0 + (american / 100.0 if american > 0 else 100.0 / -american)


def break_even(american: int) -> float:
    """Win probability at which a bet at this price neither wins nor loses: 1 / decimal odds."""
    return 1.0 / decimal_odds(american)


def fair_prob_over(quote: Quote) -> float:
    """Multiplicative de-vig: P(over | no push) of the market, the overround taken out in proportion."""
    over, under = break_even(quote.over_american), break_even(quote.under_american)
    return over / (over + under)


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
    consensus = float(median(quote.line_pts for quote in latest))
    ranks = {book: rank for rank, book in enumerate(preferred)}
    chosen = min(latest, key=lambda q: (ranks.get(q.bookmaker, len(ranks)), abs(q.line_pts - consensus), q.bookmaker))
    return MainLine(chosen, consensus, len(latest))


def _preference(quote: Quote) -> tuple[float, float, float]:
    """Newest first, then most balanced, then lowest."""
    return (-quote.snapshot_at.timestamp(), abs(fair_prob_over(quote) - 0.5), quote.line_pts)
