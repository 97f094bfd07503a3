"""All composed folders of nba_raw: three per landing table, three over points quotes, and people without games."""

from collections.abc import Iterator, Sequence

from tipoff.tables.registry import Table
from tipoff_ops.build.raw_tables import people_view, points_views
from tipoff_ops.build.raw_tables import views as raw_views
from tipoff_ops.build.raw_tables.views import Folder


def composed_folders(tables: Sequence[Table]) -> Iterator[Folder]:
    """Every folder of nba_raw that follows from the landing tables among `tables`."""
    landing = {table.name: table for table in tables if table.kind == "landing"}
    for table in landing.values():
        yield from raw_views.compose(table)
    yield from points_views.compose(raw_views.newest_columns(landing["odds_api_player_props"]))
    yield people_view.compose()
