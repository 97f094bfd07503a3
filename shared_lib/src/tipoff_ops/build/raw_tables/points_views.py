"""Composes the three folders of nba_raw over points quotes: market player_points of odds_api_player_props.

The main line of a book in a document is the two-sided line whose fair (multiplicatively de-vigged) probability of Over
is nearest 0.5. Ties go to the smaller overround, then to the lower line.
"""

from collections.abc import Iterator

from tipoff.tables.registry import Column
from tipoff_ops.build.raw_tables.views import BOOKKEEPING, KNOWN, Folder, schema_text

SOURCE = "nba_raw.odds_api_player_props"
NAME = "odds_api_player_points_props"
_RENAMED = {"commence_time": "game_start_time", "line": "points_line"}
_KEPT = (
    *BOOKKEEPING, "odds_api_event_id", "game_date", "commence_time", "home_team_abbr", "away_team_abbr",
    "snapshot_timestamp", "snapshot_tag", "capture_timestamp", "minutes_before_tipoff", "bookmaker",
    "bookmaker_title", "bookmaker_last_update", "market_key", "market_last_update", "player_name", "player_lookup",
    "line", "offer", "over_price_american", "over_price_decimal", "under_price_american", "under_price_decimal",
    "price_format", "data_source", "nba_game_id", "platform_game_id", "tipoff_at", "player_id",
)  # fmt: skip
_ADDED = {
    "game_id": ("STRING", "q.platform_game_id", "Platform id, under the original's name; NULL if no game matches"),
    "over_price": ("FLOAT64", "q.over_price_decimal", "Decimal odds of Over, the original's name"),
    "under_price": ("FLOAT64", "q.under_price_decimal", "Decimal odds of Under, the original's name"),
    "fair_prob_over": ("FLOAT64", "q.fair_prob_over", "De-vigged P(Over) = under / (over + under) in decimal odds"),
    "is_main": (
        "BOOL",
        "q.fair_prob_over IS NOT NULL AND ROW_NUMBER() OVER ladder = 1",
        "The book's main line of this document and player: two-sided, fair probability nearest 0.5",
    ),
}
_SQL = """\
-- Composed by tipoff_ops.build.raw_tables.points_views (make build).
WITH q AS (
  SELECT
    p.*,
    SAFE_DIVIDE(p.under_price_decimal, p.over_price_decimal + p.under_price_decimal) AS fair_prob_over
  FROM {source} AS p
  WHERE p.market_key = 'player_points' AND p.line IS NOT NULL
)
SELECT
  {columns}
FROM q
WINDOW ladder AS (
  PARTITION BY q.game_date, q.odds_api_event_id, q.snapshot_timestamp, q.source_object, q.source_generation,
    q.parse_seq, q.bookmaker, q.player_lookup
  ORDER BY
    IF(q.fair_prob_over IS NULL, 1, 0),
    ROUND(ABS(q.fair_prob_over - 0.5), 9),
    ROUND(1 / q.over_price_decimal + 1 / q.under_price_decimal, 9),
    q.line,
    q.offer
)
"""


def compose(props: tuple[Column, ...]) -> Iterator[Folder]:
    """The three folders over the points quotes. `props`: the columns of the view over all player props."""
    yield _folder(props, "", "view", SOURCE)
    yield _folder(props, "_history", "view", f"{SOURCE}_history")
    yield _folder(props, "_asof", "table_function", f"{SOURCE}_asof(as_of)")


def _folder(props: tuple[Column, ...], suffix: str, kind: str, source: str) -> Folder:
    known = KNOWN if suffix == "_history" else ()
    by_name = {column.name: column for column in props}
    columns = [_renamed(by_name[name]) for name in _KEPT]
    columns += [Column(name, kind_, "NULLABLE", description) for name, (kind_, _, description) in _ADDED.items()]
    select = [f"q.{name} AS {_RENAMED[name]}" if name in _RENAMED else f"q.{name}" for name in _KEPT]
    select += [f"{expression} AS {name}" for name, (_, expression, _) in _ADDED.items()]
    select += [f"q.{column.name}" for column in known]
    file = "function.sql" if kind == "table_function" else "view.sql"
    sql = _SQL.format(source=source, columns=",\n  ".join(select))
    texts = {"schema.json": schema_text([*columns, *known]), "table.yaml": _yaml(suffix, kind), file: sql}
    return Folder(f"{NAME}{suffix}", texts)


def _renamed(column: Column) -> Column:
    return Column(_RENAMED.get(column.name, column.name), column.type, column.mode, column.description)


def _yaml(suffix: str, kind: str) -> str:
    known = ", known_from_at" if suffix == "_history" else ""
    arguments = "arguments: [{name: as_of, type: TIMESTAMP}]\n" if suffix == "_asof" else ""
    return f"""\
kind: {kind}
description: Points quotes (market player_points) of all books, main lines marked; other markets stay out.
grain: One row per document, book, player, line and offer.
key: [game_date, odds_api_event_id, snapshot_timestamp, bookmaker, player_lookup, points_line, offer{known}]
partition: game_date
inputs: [{SOURCE}{suffix}]
owner: ingest
freshness: several snapshots a day
volatile: [ingested_at]
{arguments}"""
