"""All composed folders of nba_raw: three per landing table, three over points quotes, and the people without games."""

from collections.abc import Iterator

from tipoff.tables.registry import Table, all_tables, landing
from tipoff_ops.build.raw_tables import people_view, points_views
from tipoff_ops.build.raw_tables import views as raw_views
from tipoff_ops.build.raw_tables.views import Folder


def composed_folders() -> Iterator[Folder]:
    """Every folder that follows from the landing tables; what is committed must equal it."""
    for table in _landing_tables():
        yield from raw_views.compose(table)
    yield from points_views.compose(raw_views.newest_columns(landing("odds_api_player_props")))
    yield people_view.compose()


def _landing_tables() -> list[Table]:
    return [table for table in all_tables() if table.kind == "landing"]
