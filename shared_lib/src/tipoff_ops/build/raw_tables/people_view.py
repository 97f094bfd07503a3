"""Composes `nba_raw.people_without_games` from the names that `tipoff.core.people` states."""

from tipoff.core.people import LISTED_WITHOUT_GAMES
from tipoff.tables.registry import Column
from tipoff_ops.build.raw_tables.views import Folder, schema_text

_COLUMN = Column("player_lookup", "STRING", "REQUIRED", "Normalised name of a person the league lists without a game")
_YAML = """\
kind: view
description: People whom the league's reports name before a box score does; such a name is known, though it has no id.
grain: One row per normalised name.
key: [player_lookup]
owner: ingest
freshness: with the release
"""
_SQL = """\
-- Composed by tipoff_ops.build.raw_tables.people_view (make build) from tipoff.core.people.
SELECT n AS player_lookup
FROM UNNEST([
{names}
]) AS n
"""


def compose() -> Folder:
    """The folder `people_without_games`."""
    names = ",\n".join(f"  '{name}'" for name in sorted(LISTED_WITHOUT_GAMES))
    files = {"schema.json": schema_text([_COLUMN]), "table.yaml": _YAML, "view.sql": _SQL.format(names=names)}
    return Folder("people_without_games", files)
