"""The reference line over random quotes of many books, against a plain computation in Python."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from tests.sql.small_warehouse import SmallWarehouse

from tipoff.tables import get
from tipoff.tables.ddl import create_statement

DAY = date(2025, 1, 15)
START = datetime(2025, 1, 15, 12, tzinfo=UTC)
BOOKS = ("betmgm", "caesars", "draftkings", "fanduel", "prizepicks")
PLAYERS = 40
FOREVER = datetime(9999, 12, 31, tzinfo=UTC)

type Quote = dict[str, Any]


def random_quotes(seed: int) -> list[Quote]:
    """Each player is quoted by some books at some of six instants, with lines that tie often."""
    draw = random.Random(seed)
    return [
        quote
        for player in range(1, PLAYERS + 1)
        for book in draw.sample(BOOKS, draw.randint(1, len(BOOKS)))
        for quote in book_quotes(draw, player, book)
    ]


def book_quotes(draw: random.Random, player: int, book: str) -> Iterator[Quote]:
    instants = sorted(draw.sample(range(6), draw.randint(1, 4)))
    lines = [Decimal(draw.choice(("19.5", "20.5", "20.0", "21.5"))) for _ in instants]
    for place, (hour, line) in enumerate(zip(instants, lines, strict=True)):
        later = instants[place + 1] if place + 1 < len(instants) else None
        yield {
            "game_date": DAY, "nba_game_id": "0022400001", "player_id": player, "bookmaker": book,
            "quoted_at": START + timedelta(hours=hour), "is_first": place == 0, "opening_points_line": str(lines[0]),
            "replaced_at": FOREVER if later is None else START + timedelta(hours=later),
            "points_line": str(line), "over_price_american": -110 - player, "under_price_american": -110 + hour,
        }  # fmt: skip


def plain_reference(quotes: list[Quote], player: int, cutoff_at: datetime) -> tuple[Any, ...] | None:
    """Line, book, prices, quote's instant, books, opening line: read off the quotes one by one."""
    newest = {q["bookmaker"]: q for q in quotes if q["player_id"] == player and q["quoted_at"] < cutoff_at}
    if not newest:
        return None
    ladder = sorted(newest.values(), key=lambda q: (Decimal(q["points_line"]), q["bookmaker"]))
    opening = sorted(Decimal(q["opening_points_line"]) for q in ladder)
    middle = (len(ladder) - 1) // 2
    one = ladder[middle]
    prices = one["over_price_american"], one["under_price_american"]
    return Decimal(one["points_line"]), one["bookmaker"], *prices, one["quoted_at"], len(ladder), opening[middle]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallWarehouse]:
    """The view over a table of quotes in place of the view over documents."""
    found = SmallWarehouse(tmp_path_factory.mktemp("lines"), ())
    quotes = get("player_line_history")
    table = replace(quotes, spec=msgspec.structs.replace(quotes.spec, kind="derived"))
    found.run("CREATE SCHEMA nba_analytics")
    found.run(create_statement(table))
    found.run(create_statement(get("player_reference_line_history")))
    yield found
    found.stop()


def test_the_line_at_every_instant_is_the_lower_median_of_the_books_in_force(warehouse: SmallWarehouse) -> None:
    quotes = random_quotes(11)
    warehouse.put(get("player_line_history"), *quotes)
    rows = warehouse.run("SELECT * FROM nba_analytics.player_reference_line_history AS r")
    highest = 0
    for player in range(1, PLAYERS + 1):
        for half_hours in range(14):
            cutoff_at = START + timedelta(minutes=30 * half_hours)
            found = [
                (
                    r["points_line"], r["bookmaker"], r["over_price_american"], r["under_price_american"],
                    r["quoted_at"], r["line_books"], r["opening_points_line"],
                )
                for r in rows
                if r["player_id"] == player and r["in_force_from_at"] < cutoff_at <= r["in_force_to_at"]
            ]  # fmt: skip
            wanted = plain_reference(quotes, player, cutoff_at)
            assert found == ([] if wanted is None else [wanted])
            highest += wanted is not None and wanted[5] > 2
    assert highest > 50  # enough cases in which the lower median is neither the lowest nor the highest line
